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
    assert!(
        worth.starts_with("Between $1,847 and $13,326 of revenue a month: between 5 and 36 more customers a month"),
        "{worth}"
    );
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
    assert_eq!(fix_first(scopes(&report).next().unwrap()).why, "No step can be judged yet.");
    report.overall.stages.iter_mut().for_each(|stage| stage.to_next = None);
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

/// The answer to whether it gets better, after a month of 50 % of 40 matured people; `aged`: the verdict of people of the same age.
fn better(verdict: Verdict, matured: f64, aged: Verdict) -> Answer {
    let mut report = fixture::report();
    let stage = &mut report.overall.stages[2];
    stage.to_next.as_mut().unwrap().like_aged.as_mut().unwrap().verdict = aged;
    let metric = stage.metrics.iter_mut().find(|metric| metric.name == "Step rate").unwrap();
    (metric.verdict, metric.actual, metric.previous) = (verdict, Some(0.25), Some(0.5));
    (metric.numerator, metric.denominator) = (Some(matured / 4.0), Some(matured));
    let before = metric.series.len() - 2;
    (metric.series[before].numerator, metric.series[before].denominator) = (Some(20.0), Some(40.0));
    fix_first(scopes(&report).next().unwrap()).answers.remove(0)
}

#[test]
fn a_step_gets_better_by_its_rate_where_enough_have_had_the_window() {
    let answer = better(Verdict::Down, 40.0, Verdict::TooClose);
    assert_eq!(
        answer.text,
        "No, it got worse: 25.0% (10 of 40) of those of October 2026 who have had all 90 days went on, against 50.0% (20 of 40) of \
         September 2026."
    );
    assert_eq!(answer.claim, Some(("rate", Verdict::Down)));
    assert_eq!(better(Verdict::Down, 16.0, Verdict::TooClose).claim, Some(("step", Verdict::TooClose)));
    assert_eq!(
        better(Verdict::Down, 16.0, Verdict::None).text,
        "Not known yet: this month and the one before do not both have 20 people to compare."
    );
    let opposed = better(Verdict::Down, 40.0, Verdict::Up);
    assert!(opposed.text.starts_with("Too close to call, as the two comparisons differ: 25.0% (10 of 40)"), "{}", opposed.text);
    assert_eq!(opposed.claim, None);
}

#[test]
fn a_rate_that_is_not_the_chart_s_says_so() {
    let report = fixture::report();
    let basis = fix_first(scopes(&report).next().unwrap()).basis.unwrap();
    assert_eq!(
        basis,
        "July 2026 is the newest month whose people have all had the 90 days. The journey chart has no rate for it yet, as no one of \
         October 2026 has had that long."
    );
}

#[test]
fn an_unfinished_period_is_not_blamed_on_the_sources() {
    let mut report = fixture::report();
    report.period.complete = false;
    let told = scopes(&report).next().unwrap();
    let mut unknown = told.scope.findings.gaps[0].clone();
    unknown.outcome = GapOutcome::NotKnown;
    assert_eq!(super::gap(told, &unknown), "Cannot be judged yet: October 2026 is not over.");
}

#[test]
fn a_value_at_a_stage_where_nobody_has_one_is_not_zero() {
    let report = fixture::report();
    let mut breakdown = report.overall.findings.breakdowns[0].clone();
    let stage = breakdown.rows[0].stages[1].stage;
    assert!(!unvalued(&breakdown, stage));
    for row in breakdown.rows.iter_mut().filter(|row| row.value.is_some()) {
        (row.stages[1].people, row.stages[1].entered) = (0, 0);
    }
    assert!(unvalued(&breakdown, stage));
    breakdown.rows.pop();
    assert!(!unvalued(&breakdown, stage), "nobody is there at all");
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
    assert!(sentences[0].contains("The fullest is March 4, 2026, 09:12, with 214 at Subscribe."), "{}", sentences[0]);
    let current = Some(cvj_core::report::CurrentStage { people: 0, disagree: 0 });
    let silent = date_trust(&cvj_core::report::DateTrust { current, ..report.sources[0].dates.clone().unwrap() });
    assert!(silent[0].contains("names none of the stages for anyone"), "{silent:?}");
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
