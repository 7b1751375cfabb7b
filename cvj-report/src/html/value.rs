//! What customers are worth and cost, what skipping a stage went with, and the value ladder.

use cvj_core::Unit;
use cvj_core::report::{Ladder, Share, SkipCost, ValueMetric};
use serde::Serialize;

use super::mark::Mark;
use crate::figure::counts;
use crate::number::{self, NumberStyle, UNKNOWN};
use crate::words::{self, Told};

/// One number of value.
#[derive(Serialize)]
pub(super) struct ValueView<'a> {
    name: &'a str,
    value: Option<String>,
    made_of: Option<String>,
    interval: Option<String>,
    definition: &'a str,
    missing: Option<&'a str>,
}

impl<'a> ValueView<'a> {
    pub(super) fn new(metric: &'a ValueMetric, currency: &str) -> Self {
        let style = NumberStyle { unit: metric.unit, currency };
        let numerator = NumberStyle { unit: if metric.unit == Unit::Money { Unit::Money } else { Unit::Number }, currency };
        let denominator = NumberStyle { unit: Unit::Number, currency };
        let parts = metric.numerator.zip(metric.denominator).filter(|_| metric.value.is_some());
        Self {
            name: &metric.name,
            value: metric.value.map(|value| style.value(value)),
            made_of: parts.map(|(top, bottom)| match metric.unit {
                Unit::Percent => format!("{} of {}", denominator.value(top), denominator.value(bottom)),
                _ => format!("{} ÷ {}", numerator.value(top), denominator.value(bottom)),
            }),
            interval: metric.interval.map(|[low, high]| format!("{} to {}", style.value(low), style.value(high))),
            definition: &metric.definition,
            missing: metric.missing.as_deref().filter(|_| metric.value.is_none()),
        }
    }
}

/// What became of those who skipped one stage.
#[derive(Serialize)]
pub(super) struct SkipView<'a> {
    stage: &'static str,
    skipped: String,
    took: String,
    lines: Vec<SkipLine<'a>>,
}

#[derive(Serialize)]
struct SkipLine<'a> {
    text: String,
    mark: Option<Mark<'a>>,
}

impl<'a> SkipView<'a> {
    /// None where no one skipped, or nothing comes after.
    pub(super) fn new(told: Told<'a>, cost: &SkipCost) -> Option<Self> {
        let line = |of: String, claim: words::Claim| SkipLine {
            text: claim.text,
            mark: claim.verdict.map(|(_, verdict)| Mark::verdict(told.scope.slug, cost.stage, of, verdict)),
        };
        let outcomes =
            cost.outcomes.iter().map(|outcome| line(format!("skip {}", outcome.stage.key()), words::skip_outcome(outcome)));
        let money = cost.money.iter().map(|money| line("skip money".to_owned(), words::skip_money(told, money)));
        let lines: Vec<_> = outcomes.chain(money).collect();
        (cost.skipped > 0 && !lines.is_empty()).then(|| Self {
            stage: cost.stage.title(),
            skipped: number::count(cost.skipped),
            took: number::count(cost.took),
            lines,
        })
    }
}

/// The value ladder.
#[derive(Serialize)]
pub(super) struct LadderView<'a> {
    declared: bool,
    rungs: Vec<RungView<'a>>,
    /// Whether anyone bought a second rung.
    moved: bool,
}

#[derive(Serialize)]
struct RungView<'a> {
    name: &'a str,
    price: String,
    customers: String,
    first: String,
    revenue: String,
    /// The moves to each rung; none from a rung to itself.
    moves: Vec<Option<MoveView>>,
}

#[derive(Serialize)]
struct MoveView {
    share: String,
    details: Vec<String>,
}

impl<'a> LadderView<'a> {
    pub(super) fn new(ladder: &'a Ladder, currency: &str) -> Self {
        let money = |amount: Option<f64>| {
            amount.map_or_else(|| UNKNOWN.to_owned(), |amount| NumberStyle { unit: Unit::Money, currency }.value(amount))
        };
        let step = |from: usize, to: usize| {
            let found = ladder.moves.iter().find(|step| (step.from, step.to) == (from, to));
            (from != to).then(|| {
                let share = found.map(|step| &step.share);
                let of = |share: &Share| counts(share.numerator as f64, share.denominator as f64);
                let rate = share.and_then(words::rate).map(number::percent);
                let counts = share.filter(|_| rate.is_some()).map(of);
                let days = found.and_then(|step| step.median_days).map(number::days);
                MoveView {
                    share: rate.or_else(|| share.map(of)).unwrap_or_else(|| UNKNOWN.to_owned()),
                    details: counts.into_iter().chain(days).collect(),
                }
            })
        };
        let rung = |(index, rung): (usize, &'a cvj_core::report::Rung)| RungView {
            name: &rung.name,
            price: money(rung.price),
            customers: number::count(rung.customers),
            first: number::count(rung.first),
            revenue: money(rung.revenue),
            moves: (0..ladder.rungs.len()).map(|to| step(index, to)).collect(),
        };
        Self {
            declared: ladder.declared,
            rungs: ladder.rungs.iter().enumerate().map(rung).collect(),
            moved: !ladder.moves.is_empty(),
        }
    }
}
