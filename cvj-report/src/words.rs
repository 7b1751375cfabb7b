//! The findings in words: every sentence and label that page and worksheet print about a journey, so that both say the same.
//!
//! **Invariant:** no sentence claims what its verdict or interval does not carry, and none computes a business number.

mod dates;
mod evidence;
mod fix_first;
mod gap;
mod skip;
mod step;

use cvj_core::period::PeriodKind;
use cvj_core::report::{NamedScope, Range, Report, ReportPeriod, Share, StageReport, Table};
use cvj_core::{Stage, Unit};

pub(crate) use dates::date_trust;
pub(crate) use evidence::{
    Said, activities_evidence, attribution, audit_gap, measured, score, step_evidence, target_evidence, unvalued,
    verdict_evidence,
};
pub(crate) use fix_first::{Answer, FixFirst, first_in_a_line, fix_first, most_telling_gain, whole_client};
pub(crate) use gap::gap;
pub(crate) use skip::{SKIP_CAVEAT, skip_money, skip_outcome};
pub(crate) use step::{Claim, UP_OR_DOWN, matured, missing, progress, promoters, quartiles, readings, trusted, without};

use crate::figure::{FEWEST, counts};
use crate::locale;
use crate::number::{self, NumberStyle, UNKNOWN};

/// What a source says of its rows, where it is not what was received.
pub(crate) fn control_total(table: &Table) -> Option<String> {
    let expected = number::counted(table.contradicted()?, "row", "rows");
    Some(format!("the source says it has {expected}, {} received", number::count(table.rows_read)))
}

/// A scope as its words need it.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    /// The reported period.
    pub(crate) period: &'a ReportPeriod,
    /// ISO 4217 code.
    pub(crate) currency: &'a str,
    /// The scope.
    pub(crate) scope: NamedScope<'a>,
}

impl<'a> Told<'a> {
    /// A scope of a report.
    pub(crate) fn new(report: &'a Report, scope: NamedScope<'a>) -> Self {
        Self { period: &report.period, currency: &report.currency, scope }
    }

    /// The stage as reported.
    pub(crate) fn stage(&self, stage: Stage) -> Option<&'a StageReport> {
        self.scope.stages.iter().find(|reported| reported.stage == stage)
    }

    /// `month`, `week` or `quarter`.
    fn each(&self) -> &'static str {
        match self.period.kind {
            PeriodKind::Week => "week",
            PeriodKind::Month => "month",
            PeriodKind::Quarter => "quarter",
        }
    }

    fn money(&self) -> NumberStyle<'a> {
        NumberStyle { unit: Unit::Money, currency: self.currency }
    }
}

/// `Subscribe → Convert`.
pub(crate) fn step_name(from: Stage, to: Stage) -> String {
    format!("{} → {}", from.title(), to.title())
}

/// `36.8% (57 of 155)`; counts only under twenty: `3 of 12`.
pub(crate) fn share(share: &Share) -> String {
    let counts = counts(share.numerator as f64, share.denominator as f64);
    match rate(share) {
        Some(rate) => format!("{} ({counts})", number::percent(rate)),
        None if share.denominator == 0 => UNKNOWN.to_owned(),
        None => counts,
    }
}

/// The rate of a share of at least twenty.
pub(crate) fn rate(share: &Share) -> Option<f64> {
    share.rate.filter(|_| share.denominator as f64 >= FEWEST)
}

/// `29.6–44.6%`.
pub(crate) fn interval([low, high]: [f64; 2]) -> String {
    let low = number::percent(low);
    format!("{}–{}", low.strip_suffix(locale::percent_sign()).unwrap_or(&low), number::percent(high))
}

/// `between 3.3 and 24.4 points`.
fn points([low, high]: [f64; 2]) -> String {
    let score = NumberStyle { unit: Unit::Score, currency: "" };
    format!("between {} and {} points", score.value(low * 100.0), score.value(high * 100.0))
}

/// People that are an estimate: whole from ten up, to one decimal below.
pub(crate) fn estimated(people: f64) -> String {
    let rounded = if people.abs() < 10.0 { (people * 10.0).round() / 10.0 } else { people.round() };
    NumberStyle { unit: Unit::Number, currency: "" }.value(rounded)
}

/// `between 4.9 and 36`.
pub(crate) fn between(range: &Range, print: impl Fn(f64) -> String) -> String {
    let (low, high) = (print(range.low), print(range.high));
    if low == high { format!("about {low}") } else { format!("between {low} and {high}") }
}

/// The text with its first letter in upper case.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
