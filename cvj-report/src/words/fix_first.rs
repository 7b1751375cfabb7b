//! The step to fix first: which it is and why, whether it gets better, what it is worth and how sure that is; or what prevents a claim.

use cvj_core::Stage;
use cvj_core::report::{GapOutcome, Goal, Step, StepGap, Verdict};

use super::gap::{gap as outcome, goal};
use super::step::{Claim, far_from_trusted, getting_better, matured};
use super::{Told, between, estimated, interval, points, share, step_name};
use crate::calendar;

/// What to fix first.
#[derive(Clone, Debug)]
pub(crate) struct FixFirst {
    /// The step, where one can be claimed.
    pub(crate) step: Option<(Stage, Stage)>,
    /// `Fix first: Subscribe → Convert`, or that no step can be named.
    pub(crate) headline: String,
    /// Why it is that step, or why none can be named.
    pub(crate) why: String,
    /// The questions that a reader has, answered; none without a claim.
    pub(crate) answers: Vec<Answer>,
    /// Every other step and what can be said of it, in journey order.
    pub(crate) others: Vec<(String, String)>,
}

/// A question and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The question.
    pub(crate) question: &'static str,
    /// The answer.
    pub(crate) text: String,
    /// Where the answer tells of a change: what was judged (`step` or `rate`), and how.
    pub(crate) claim: Option<(&'static str, Verdict)>,
}

/// What to fix first in a scope.
pub(crate) fn fix_first(told: Told<'_>) -> FixFirst {
    let gaps = &told.scope.findings.gaps;
    let first = told.scope.findings.fix_first();
    let others = gaps.iter().filter(|gap| first.is_none_or(|first| first.from != gap.from));
    let others = others.map(|gap| (step_name(gap.from, gap.to), outcome(told, gap))).collect();
    let Some(first) = first else {
        return FixFirst {
            step: None,
            headline: "No step can be named to fix first".to_owned(),
            why: nothing_claimed(gaps).to_owned(),
            answers: Vec::new(),
            others,
        };
    };
    let step = told.stage(first.from).and_then(|stage| stage.to_next.as_ref());
    let (judged, Claim { text, verdict }) = getting_better(told, first.from);
    let answer = |question, text| Answer { question, text, claim: None };
    FixFirst {
        step: Some((first.from, first.to)),
        headline: format!("Fix first: {}", step_name(first.from, first.to)),
        why: why(first, step, gaps),
        answers: vec![
            Answer { question: "Is it getting better?", text, claim: verdict.map(|verdict| (judged, verdict)) },
            answer("What is it worth?", worth(told, first)),
            answer("How sure is that?", how_sure(told, first, step)),
        ],
        others,
    }
}

fn nothing_claimed(gaps: &[StepGap]) -> &'static str {
    let judged = |gap: &StepGap| matches!(gap.outcome, GapOutcome::AtTarget | GapOutcome::TooClose | GapOutcome::NoBetterPeriod);
    if gaps.is_empty() {
        "Fewer than two stages are measured by people, so there is no step between them."
    } else if gaps.iter().all(judged) {
        "No step is worse than its goal by more than chance explains."
    } else if gaps.iter().any(judged) {
        "No step that can be judged is worse than its goal by more than chance explains."
    } else {
        "No step can be judged yet."
    }
}

fn why(gap: &StepGap, step: Option<&Step>, gaps: &[StepGap]) -> String {
    let (from, to) = (gap.from.title(), gap.to.title());
    let now = gap.now.as_ref().map_or_else(|| "an unknown share".to_owned(), share);
    let cohort = gap.cohort.as_deref().map_or_else(String::new, |cohort| format!(" in {}", calendar::named(cohort)));
    let within = step.map_or_else(String::new, |step| format!(" within {} days", step.window_days));
    let claims = gaps.iter().filter(|gap| gap.outcome == GapOutcome::Claim).count();
    let most = match (&gap.money, &gap.customers) {
        (Some(_), _) => "money",
        (None, Some(_)) => "customers",
        (None, None) => "people",
    };
    let rank = if claims > 1 {
        format!("Of the {claims} steps that fall short by more than chance explains, this gap is worth the most {most}.")
    } else {
        "It is the only step known to fall short by more than chance explains.".to_owned()
    };
    format!("Of those who reached {from}{cohort}, {now} went on to {to}{within}, against {}. {rank}", goal(gap))
}

/// What closing a gap is worth: money and customers, or people, as ranges; the most telling first.
pub(crate) fn gains(told: Told<'_>, gap: &StepGap) -> Vec<String> {
    let each = told.each();
    let money = gap.money.as_ref().map(|money| format!("{} a {each}", between(money, |amount| told.money().value(amount))));
    let people = match (&gap.customers, &gap.people) {
        (Some(customers), _) => Some(format!("{} more customers a {each}", between(customers, estimated))),
        (None, Some(people)) => Some(format!("{} more people at {} a {each}", between(people, estimated), gap.to.title())),
        (None, None) => None,
    };
    money.into_iter().chain(people).collect()
}

fn worth(told: Told<'_>, gap: &StepGap) -> String {
    let condition = match &gap.goal {
        Some(Goal { period: Some(period), .. }) => format!("as good again as in {}", calendar::named(period)),
        _ => "at its target".to_owned(),
    };
    let gains = gains(told, gap);
    if gains.is_empty() {
        return "Not known.".to_owned();
    }
    let sum = super::capitalised(&gains.join(": "));
    let ends = told.scope.stages.iter().filter(|stage| stage.people.is_some()).map(|stage| stage.stage).next_back();
    let carried =
        gap.carried_to.filter(|carried| gap.money.is_some() && Some(*carried) != ends).map_or_else(String::new, |stage| {
            format!(" Nothing beyond {} is counted: the next step has no rate to go by.", stage.title())
        });
    format!("{sum}, if the step were {condition} and those who go on did as people do now.{carried}")
}

fn how_sure(told: Told<'_>, gap: &StepGap, step: Option<&Step>) -> String {
    let mut sentences = Vec::new();
    if let (Some(now), Some(goal)) = (&gap.now, &gap.goal) {
        let within = now.interval.map_or_else(String::new, |ends| format!(", 95 % interval {}", interval(ends)));
        sentences.push(format!("The rate is {}{within}; the gap is {}.", share(now), points(goal.gap)));
    }
    if let (Some(step), Some(cohort)) = (step, &gap.cohort) {
        let each = told.each();
        sentences.push(format!(
            "{} is the newest {each} whose people have all had the {} days allowed.",
            calendar::named(cohort),
            step.window_days
        ));
        sentences.push(format!("Of {}, {}.", calendar::period(told.period), matured(step)));
        sentences.extend(far_from_trusted(step));
    }
    sentences.join(" ")
}
