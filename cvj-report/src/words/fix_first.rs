//! The step to fix first: which it is and why, whether it gets better, what it is worth and how sure that is; or what prevents a claim.

use cvj_core::report::{GapOutcome, Goal, NamedScope, Report, Step, StepGap, Verdict};
use cvj_core::{Stage, Unit};

use super::gap::{gap as outcome, goal};
use super::step::{Claim, far_from_trusted, matured, progress};
use super::{Told, between, estimated, interval, points, share, step_name};
use crate::calendar;
use crate::figure::Figure;
use crate::number::{self, NumberStyle};

/// What to fix first.
#[derive(Clone, Debug)]
pub(crate) struct FixFirst {
    /// The step, where one can be claimed.
    pub(crate) step: Option<(Stage, Stage)>,
    /// `Fix first: Subscribe → Convert`, or that no step can be named.
    pub(crate) headline: String,
    /// Why it is that step, or why none can be named.
    pub(crate) why: String,
    /// Which rate that is, where the journey chart shows another.
    pub(crate) basis: Option<String>,
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
            why: nothing_claimed(told),
            basis: bases(told),
            answers: Vec::new(),
            others,
        };
    };
    let stage = told.stage(first.from);
    let step = stage.and_then(|stage| stage.to_next.as_ref());
    let better = stage.zip(step).map(|(stage, step)| progress(told, stage, step, ["Yes", "No, it got worse"]));
    let Claim { text, verdict } = better.unwrap_or_else(|| Claim { text: "Not known.".to_owned(), verdict: None });
    let answer = |question, text| Answer { question, text, claim: None };
    FixFirst {
        step: Some((first.from, first.to)),
        headline: format!("Fix first: {}", step_name(first.from, first.to)),
        why: why(first, step, gaps),
        basis: step.and_then(|step| basis(told, first, step)),
        answers: vec![
            Answer { question: "Is it getting better?", text, claim: verdict },
            answer("What is it worth?", worth(told, first)),
            answer("How sure is that?", how_sure(told, first, step)),
        ],
        others,
    }
}

fn nothing_claimed(told: Told<'_>) -> String {
    let each = told.each();
    let gaps = &told.scope.findings.gaps;
    let judged = |gap: &StepGap| matches!(gap.outcome, GapOutcome::AtTarget | GapOutcome::TooClose | GapOutcome::NoBetterPeriod);
    if told.scope.stages.iter().all(|stage| stage.to_next.is_none()) {
        "Fewer than two stages are measured by people, so there is no step between them.".to_owned()
    } else if !gaps.is_empty() && gaps.iter().all(judged) {
        format!("No step falls short of its target or of an earlier {each} by more than chance explains.")
    } else if gaps.iter().any(judged) {
        format!("No step that can be judged falls short of its target or of an earlier {each} by more than chance explains.")
    } else {
        "No step can be judged yet.".to_owned()
    }
}

fn why(gap: &StepGap, step: Option<&Step>, gaps: &[StepGap]) -> String {
    let (from, to) = (gap.from.title(), gap.to.title());
    let now = gap.now.as_ref().map_or_else(|| "an unknown share".to_owned(), share);
    let cohort = gap.cohort.as_deref().map_or_else(String::new, |cohort| format!(" in {}", calendar::named(cohort)));
    let within = step.map_or_else(String::new, |step| format!(" within {}", number::days(f64::from(step.window_days))));
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

/// Why the rate is not the one that the journey chart shows.
fn basis(told: Told<'_>, gap: &StepGap, step: &Step) -> Option<String> {
    let cohort = gap.cohort.as_deref().filter(|cohort| *cohort != told.period.label)?;
    let (days, period) = (number::days(f64::from(step.window_days)), calendar::period(told.period));
    let style = NumberStyle { unit: Unit::Percent, currency: "" };
    let chart = match Figure::step(step) {
        Figure::Unknown => format!("The journey chart has no rate for it yet, as no one of {period} has had that long."),
        figure => format!("The journey chart shows {}, of the part of {period} that has had that long.", figure.text(style)),
    };
    Some(format!("{} is the newest {} whose people have all had the {days}. {chart}", calendar::named(cohort), told.each()))
}

/// Why rates are not those that the journey chart shows.
fn bases(told: Told<'_>) -> Option<String> {
    let mut cohorts = told.scope.findings.gaps.iter().filter_map(|gap| gap.cohort.as_deref());
    cohorts.any(|cohort| cohort != told.period.label).then(|| {
        format!(
            "Rates here are of the newest {} whose people have all had the days allowed; those of the journey chart, of the part of {} \
             that has.",
            told.each(),
            calendar::period(told.period)
        )
    })
}

/// What closing a gap is worth: money and customers, or people, as ranges; the most telling first.
fn gains(told: Told<'_>, gap: &StepGap) -> Vec<String> {
    let each = told.each();
    let money =
        gap.money.as_ref().map(|money| format!("{} of revenue a {each}", between(money, |amount| told.money().value(amount))));
    let people = match (&gap.customers, &gap.people) {
        (Some(customers), _) => Some(format!("{} more customers a {each}", between(customers, estimated))),
        (None, Some(people)) => Some(format!("{} more people at {} a {each}", between(people, estimated), gap.to.title())),
        (None, None) => None,
    };
    money.into_iter().chain(people).collect()
}

/// The step to fix first and what it is worth, in one line: `Subscribe → Convert, worth between …`; none without a claim.
pub(crate) fn first_in_a_line(told: Told<'_>) -> Option<String> {
    let gap = told.scope.findings.fix_first()?;
    let worth = most_telling_gain(told, gap).map_or_else(String::new, |gain| format!(", worth {gain}"));
    Some(format!("{}{worth}", step_name(gap.from, gap.to)))
}

/// What closing a gap is worth, in the words that tell the most: money, else customers, else people.
pub(crate) fn most_telling_gain(told: Told<'_>, gap: &StepGap) -> Option<String> {
    gains(told, gap).into_iter().next()
}

/// The whole client's step to fix first in one line, for the sheet of a product.
pub(crate) fn whole_client(report: &Report, scope: NamedScope<'_>) -> Option<String> {
    let whole = report.scopes().next().filter(|whole| whole.slug != scope.slug)?;
    first_in_a_line(Told::new(report, whole)).map(|line| format!("Over all products, fix first: {line}."))
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
        let within = now.interval.map_or_else(String::new, |ends| format!(", 95% interval {}", interval(ends)));
        let allowing = if goal.period.is_some() { ", allowing for every comparison that was made" } else { "" };
        sentences.push(format!("The rate is {}{within}; the gap is {}{allowing}.", share(now), points(goal.gap)));
    }
    if let Some(step) = step {
        sentences.push(format!("Of {}, {}.", calendar::period(told.period), matured(step)));
        sentences.extend(far_from_trusted(step));
    }
    sentences.join(" ")
}
