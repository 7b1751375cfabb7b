//! What became of those who skipped a stage, in words that leave the cause open.

use cvj_core::Unit;
use cvj_core::report::{Mean, SkipMoney, SkipOutcome, Verdict};

use super::step::Claim;
use super::{Told, share};
use crate::number::{self, NumberStyle};

/// Stands beside every such number.
pub(crate) const SKIP_CAVEAT: &str = "People choose to skip: what became of them differs for other reasons too. These numbers compare two groups; \
     they do not say that skipping is the cause. Both groups reached the stage after it; what made some skip may be what made the \
     difference.";

/// What became of both groups, and whether the difference is more than chance.
pub(crate) fn skip_outcome(outcome: &SkipOutcome) -> Claim {
    let verdict = match outcome.verdict {
        Verdict::Up => with_interval("those who skipped did better", outcome.interval),
        Verdict::Down => with_interval("those who skipped did worse", outcome.interval),
        Verdict::TooClose => "too close to call".to_owned(),
        Verdict::None => "too few to compare".to_owned(),
    };
    let text = format!(
        "{} within {}: {} of those who skipped, {} of those who did not: {verdict}.",
        outcome.stage.title(),
        number::days(f64::from(outcome.window_days)),
        share(&outcome.skipped),
        share(&outcome.took),
    );
    Claim { text, verdict: Some(("skip", outcome.verdict)) }
}

fn with_interval(claim: &str, interval: Option<[f64; 2]>) -> String {
    let size = |[low, high]: [f64; 2]| if high < 0.0 { [-high, -low] } else { [low, high] };
    let score = NumberStyle { unit: Unit::Score, currency: "" };
    interval.map(size).map_or_else(
        || claim.to_owned(),
        |[low, high]| format!("{claim}, by {} to {} points", score.value(low * 100.0), score.value(high * 100.0)),
    )
}

/// The money of both groups, and whether the difference is more than chance.
pub(crate) fn skip_money(told: Told<'_>, money: &SkipMoney) -> Claim {
    let style = told.money();
    let group = |group: &Mean| match group.mean {
        Some(mean) => format!("{} a person ({})", style.value(mean), number::counted(group.people, "person", "people")),
        None => "no one".to_owned(),
    };
    let by = |claim: &str| {
        let size = |[low, high]: [f64; 2]| if high < 0.0 { (-high, -low) } else { (low, high) };
        money
            .interval
            .map(size)
            .map_or_else(|| claim.to_owned(), |(low, high)| format!("{claim}, by {} to {}", style.value(low), style.value(high)))
    };
    let verdict = match money.verdict {
        Verdict::Up => by("those who skipped brought more"),
        Verdict::Down => by("those who skipped brought less"),
        Verdict::TooClose => "too close to call".to_owned(),
        Verdict::None => "too few to compare".to_owned(),
    };
    let (skipped, took) = (group(&money.skipped), group(&money.took));
    let text = format!(
        "Money within {}: {skipped} of those who skipped, {took} of those who did not: {verdict}.",
        number::days(f64::from(money.window_days))
    );
    Claim { text, verdict: Some(("skip", money.verdict)) }
}
