//! What can be said of a step against its goal, and if nothing, what prevents it.

use cvj_core::report::{GapOutcome, Goal, StepGap};

use super::{Told, capitalised, interval, points, share};
use crate::{calendar, number};

/// What the step's outcome means, in one or two sentences.
pub(crate) fn gap(told: Told<'_>, gap: &StepGap) -> String {
    let each = told.each();
    let now = present(gap);
    let days = told
        .stage(gap.from)
        .and_then(|stage| stage.to_next.as_ref())
        .map_or_else(|| "whole window".to_owned(), |step| format!("{} allowed", number::days(f64::from(step.window_days))));
    match gap.outcome {
        GapOutcome::Claim => {
            let width = gap.goal.as_ref().map_or_else(String::new, |goal| format!(": a gap of {}", points(goal.gap)));
            format!("{now} against {}{width}.", goal(gap))
        }
        GapOutcome::AtTarget => format!("At its target: {now} against {}.", goal(gap)),
        GapOutcome::TooClose => format!("Too close to its target to call: {now} against {}.", goal(gap)),
        GapOutcome::NoBetterPeriod => {
            format!("No earlier {each} was better by more than chance explains, counting every comparison: {now}.")
        }
        GapOutcome::NothingToCompare => {
            format!("Nothing to compare with yet: {now}. A rate to reach in `[target]` or a longer history would allow it.")
        }
        GapOutcome::Unmeasured => unmeasured(gap),
        GapOutcome::Immature => format!(
            "Cannot be judged yet: no {each}'s people have all had the {days}. Time will fill it, or exports that reach further back."
        ),
        GapOutcome::TooFew => format!(
            "Cannot be judged: no {each} whose people have all had the {days} has 20 of them. Longer periods would gather more."
        ),
        GapOutcome::NotKnown if !told.period.complete => {
            format!("Cannot be judged yet: {} is not over.", calendar::period(told.period))
        }
        GapOutcome::NotKnown => format!(
            "Cannot be judged: what feeds {} does not cover {}. {} that does would fill it.",
            gap.from.title(),
            calendar::period(told.period),
            capitalised(gap.from.filled_by()),
        ),
    }
}

fn unmeasured(gap: &StepGap) -> String {
    let between: Vec<_> = cvj_core::Stage::ALL.into_iter().filter(|stage| *stage > gap.from && *stage < gap.to).collect();
    let names: Vec<_> = between.iter().map(|stage| stage.title()).collect();
    let exports: Vec<_> = between.iter().map(|stage| stage.filled_by()).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    format!(
        "Cannot be judged: {}, between them, {are} not measured. {} would fill it.",
        names.join(" and "),
        capitalised(&exports.join(" and "))
    )
}

/// `36.8% (57 of 155) of July 2026, 95% interval 29.6–44.6%`.
fn present(gap: &StepGap) -> String {
    let Some(now) = &gap.now else { return "not known".to_owned() };
    let of = gap.cohort.as_deref().map_or_else(String::new, |cohort| format!(" of {}", calendar::named(cohort)));
    let within = now.interval.map_or_else(String::new, |ends| format!(", 95% interval {}", interval(ends)));
    format!("{}{of}{within}", share(now))
}

/// `50.9% in November 2025`, `the target of 42.0%`.
pub(super) fn goal(gap: &StepGap) -> String {
    match &gap.goal {
        Some(Goal { period: Some(period), rate, .. }) => format!("{} in {}", number::percent(*rate), calendar::named(period)),
        Some(Goal { period: None, rate, .. }) => format!("the target of {}", number::percent(*rate)),
        None => "a goal that is not known".to_owned(),
    }
}
