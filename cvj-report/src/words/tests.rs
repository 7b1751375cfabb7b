//! The words say what the numbers carry, and nothing else.

use cvj_core::report::{GapOutcome, Report, Verdict};

use super::*;
use crate::fixture;

fn scopes(report: &Report) -> impl Iterator<Item = Told<'_>> {
    report.scopes().map(move |scope| Told::new(report, scope))
}

#[test]
fn a_claim_names_the_step_its_reason_and_its_range() {
    let report = fixture::report();
    let told = scopes(&report).next().unwrap();
    let words = fix_first(told);
    assert_eq!(words.headline, "Fix first: Subscribe → Convert");
    assert_eq!(
        words.why,
        "Of those who reached Subscribe in July 2026, 36.1% (56 of 155) went on to Convert within 90 days, against 50.3% in November \
         2025. Of the 2 steps that fall short by more than chance explains, this gap is worth the most money."
    );
    let worth = &words.answers[1].text;
    assert!(worth.starts_with("Between $1,847 and $13,326 a month: between 5 and 36 more customers a month"), "{worth}");
    assert!(worth.contains("Nothing beyond Convert is counted"), "{worth}");
    let sure = &words.answers[2].text;
    assert!(sure.contains("the gap is between 3.4 and 24.5 points") && sure.contains("0% matured: 0 of 148"), "{sure}");
    assert_eq!(words.others.len(), told.scope.findings.gaps.len() - 1);
}

#[test]
fn without_a_claim_it_says_what_prevents_one() {
    let mut report = fixture::report();
    for gap in &mut report.overall.findings.gaps {
        (gap.outcome, gap.rank, gap.now, gap.goal) = (GapOutcome::Immature, None, None, None);
    }
    let words = fix_first(scopes(&report).next().unwrap());
    assert_eq!((words.step, words.answers.len()), (None, 0));
    assert_eq!(words.why, "No step can be judged yet.");
    assert!(words.others.iter().all(|(_, reason)| reason.starts_with("Cannot be judged yet: no month's people")));
    report.overall.findings.gaps.clear();
    assert!(fix_first(scopes(&report).next().unwrap()).why.starts_with("Fewer than two stages"));
}

#[test]
fn every_outcome_of_a_step_has_its_reason() {
    let report = fixture::report();
    let told = scopes(&report).next().unwrap();
    let mut gap = told.scope.findings.gaps[3].clone();
    let mut reason = |outcome| {
        gap.outcome = outcome;
        super::gap(told, &gap)
    };
    assert_eq!(
        reason(GapOutcome::Unmeasured),
        "Cannot be judged: Excite, between them, is not measured. An onboarding or first-use export would fill it."
    );
    assert!(reason(GapOutcome::NotKnown).contains("does not cover October 2026. A shop-order or CRM deal export that does"));
    assert!(reason(GapOutcome::TooFew).starts_with("Cannot be judged: no month whose people have all had the 365 days allowed"));
}

#[test]
fn better_or_worse_is_said_only_by_a_verdict() {
    for (verdict, begins) in [
        (Verdict::Up, "Yes: "),
        (Verdict::Down, "No, it got worse: "),
        (Verdict::TooClose, "Too close to call: "),
        (Verdict::None, "Not known"),
    ] {
        let mut report = fixture::report();
        if let Some(like_aged) = report.overall.stages[2].to_next.as_mut().and_then(|step| step.like_aged.as_mut()) {
            like_aged.verdict = verdict;
        }
        let told = scopes(&report).next().unwrap();
        let answer = fix_first(told).answers.remove(0);
        assert!(answer.text.starts_with(begins), "{}", answer.text);
        assert_eq!(answer.claim, (verdict != Verdict::None).then_some(("step", verdict)));
    }
}

#[test]
fn without_people_of_an_age_the_step_rate_answers() {
    let mut report = fixture::report();
    let stage = &mut report.overall.stages[2];
    stage.to_next.as_mut().unwrap().like_aged = None;
    let metric = stage.metrics.iter_mut().find(|metric| metric.name == "Step rate").unwrap();
    (metric.verdict, metric.actual, metric.denominator) = (Verdict::Down, Some(0.25), Some(40.0));
    let answer = fix_first(scopes(&report).next().unwrap()).answers.remove(0);
    assert!(answer.text.starts_with("No, it got worse: a step rate of 25.0%, after"), "{}", answer.text);
}

#[test]
fn doubtful_dates_are_told_where_they_matter() {
    let report = fixture::report();
    let mut step = report.overall.stages[0].to_next.clone().unwrap();
    assert_eq!(trusted(&step).unwrap(), "Without the people whose dates are doubtful: 26.0% (33 of 127).");
    step.trusted.as_mut().unwrap().entered = step.entered;
    assert_eq!(trusted(&step), None);
    let sentences = date_trust(report.sources[1].dates.as_ref().unwrap());
    assert_eq!(sentences.len(), 5);
    assert!(sentences[0].contains("The fullest is 4 March 2026, 09:12, with 214 at Subscribe."), "{}", sentences[0]);
    let clean = date_trust(report.sources[0].dates.as_ref().unwrap());
    assert_eq!(clean, ["Nothing is doubtful about the dates of 14,720 touchpoints."]);
}

#[test]
fn a_curve_that_does_not_fall_so_far_has_no_quartile() {
    let mut waiting = fixture::report().overall.stages[0].to_next.clone().unwrap().waiting;
    assert_eq!(quartiles(&waiting), "a quarter within 2.6 days; over half still waiting");
    waiting.quartiles = [None; 3];
    assert_eq!(quartiles(&waiting), "over three quarters still waiting");
    waiting.people = 0;
    assert_eq!(quartiles(&waiting), "no one entered");
}

#[test]
fn a_share_of_few_is_counts_only() {
    let few = Share { numerator: 3, denominator: 12, rate: Some(0.25), interval: Some([0.09, 0.53]) };
    assert_eq!(share(&few), "3 of 12");
    assert_eq!(share(&Share::default()), UNKNOWN);
}
