//! What is shown of a value: the value itself, only its counts when a rate stands on too few, or that it is not known.

use cvj_core::Unit;
use cvj_core::report::{MetricReport, SeriesPoint, Step};

use crate::number::{self, NumberStyle, UNKNOWN};

/// A rate over fewer than this is shown as counts only.
pub(crate) const FEWEST: f64 = 20.0;

/// One shown value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Figure {
    /// Not known.
    Unknown,
    /// A value.
    Value(f64),
    /// A rate over too few to print as one.
    Counts {
        /// Those who did.
        numerator: f64,
        /// Those who could.
        denominator: f64,
    },
}

impl Figure {
    /// The value of the reported period.
    pub(crate) fn actual(metric: &MetricReport) -> Self {
        Self::new(metric.unit, metric.actual, metric.numerator, metric.denominator)
    }

    /// The value of the period before.
    pub(crate) fn previous(metric: &MetricReport) -> Self {
        let point = metric.series.len().checked_sub(2).and_then(|index| metric.series.get(index));
        let (numerator, denominator) = point.map_or((None, None), |point| (point.numerator, point.denominator));
        Self::new(metric.unit, metric.previous, numerator, denominator)
    }

    /// The value of one period of the history.
    pub(crate) fn point(metric: &MetricReport, point: &SeriesPoint) -> Self {
        Self::new(metric.unit, point.value, point.numerator, point.denominator)
    }

    /// The rate of a step.
    pub(crate) fn step(step: &Step) -> Self {
        Self::new(Unit::Percent, step.rate, Some(step.advanced as f64), Some(step.matured as f64))
    }

    fn new(unit: Unit, value: Option<f64>, numerator: Option<f64>, denominator: Option<f64>) -> Self {
        match (unit, numerator, denominator) {
            (Unit::Percent, Some(numerator), Some(denominator)) if denominator > 0.0 && denominator < FEWEST => {
                Self::Counts { numerator, denominator }
            }
            _ => value.filter(|value| value.is_finite()).map_or(Self::Unknown, Self::Value),
        }
    }

    /// The value, where it is one.
    pub(crate) fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unknown | Self::Counts { .. } => None,
        }
    }

    /// As text: `5,120`, `3 of 12` or `–`.
    pub(crate) fn text(self, style: NumberStyle<'_>) -> String {
        match self {
            Self::Unknown => UNKNOWN.to_owned(),
            Self::Value(value) => style.value(value),
            Self::Counts { numerator, denominator } => counts(numerator, denominator),
        }
    }
}

/// `3 of 12`.
pub(crate) fn counts(numerator: f64, denominator: f64) -> String {
    let whole = NumberStyle { unit: Unit::Count, currency: "" };
    format!("{} of {}", whole.value(numerator), whole.value(denominator))
}

/// The change to show: none where either side is shown as counts only.
pub(crate) fn change(metric: &MetricReport) -> Option<f64> {
    let shown = |figure| !matches!(figure, Figure::Counts { .. });
    metric.change.filter(|change| change.is_finite() && shown(Figure::actual(metric)) && shown(Figure::previous(metric)))
}

/// How long the step takes: `median 12.5 days`, or why that is not known.
pub(crate) fn waiting(step: &Step) -> String {
    match step.median_days {
        Some(days) => format!("median {}", number::days(days)),
        None if step.entered == 0 => "no one entered".to_owned(),
        None => "over half still waiting".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_over_fewer_than_twenty_is_counts_only() {
        let figure = |denominator| Figure::new(Unit::Percent, Some(0.25), Some(3.0), Some(denominator));
        assert_eq!(figure(19.0).text(NumberStyle { unit: Unit::Percent, currency: "" }), "3 of 19");
        assert_eq!(figure(19.0).value(), None);
        assert_eq!(figure(20.0).value(), Some(0.25));
    }

    #[test]
    fn other_ratios_are_shown_however_few() {
        assert_eq!(Figure::new(Unit::Money, Some(80.0), Some(240.0), Some(3.0)), Figure::Value(80.0));
    }
}
