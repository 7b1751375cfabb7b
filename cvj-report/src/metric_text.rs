//! A metric's numbers as texts, for readers of a terminal.

use cvj_core::Unit;
use cvj_core::report::{MetricReport, TargetStatus};

use crate::figure::{self, Figure};
use crate::number::{NumberStyle, UNKNOWN};
use crate::verdict::{status_words, verdict_words};

/// What the report prints of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricText {
    /// The value in the reported period: `5,120`, `3 of 12`, or `–` where it is not known.
    pub actual: String,
    /// What a ratio is made of: `22 ÷ 220`.
    pub parts: Option<String>,
    /// The 95 % interval of a rate.
    pub interval: Option<String>,
    /// The value in the period before; none where it is not known.
    pub previous: Option<String>,
    /// The change, signed; none where either side is not known or shown as counts only.
    pub change: Option<String>,
    /// Whether the change is more than chance; none where that is not judged.
    pub verdict: Option<&'static str>,
    /// The value to reach, and where the value stands against it.
    pub target: Option<String>,
}

/// A metric's numbers as the report prints them.
pub fn metric_text(metric: &MetricReport, currency: &str) -> MetricText {
    let style = NumberStyle { unit: metric.unit, currency };
    let actual = Figure::actual(metric);
    let whole = NumberStyle { unit: Unit::Number, currency };
    let parts = metric.numerator.zip(metric.denominator);
    let interval = metric.interval.filter(|_| actual.value().is_some());
    let status = match metric.status {
        TargetStatus::None => String::new(),
        status => format!(": {}", status_words(status)),
    };
    MetricText {
        actual: actual.text(style),
        parts: parts.map(|(numerator, denominator)| format!("{} ÷ {}", whole.value(numerator), whole.value(denominator))),
        interval: interval.map(|[low, high]| format!("{} to {}", style.value(low), style.value(high))),
        previous: Some(Figure::previous(metric)).filter(|figure| *figure != Figure::Unknown).map(|figure| figure.text(style)),
        change: figure::change(metric).map(|change| style.change(change)),
        verdict: Some(verdict_words(metric, None)).filter(|words| !words.is_empty() && *words != UNKNOWN),
        target: metric.target.map(|target| format!("{}{status}", style.value(target))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_rate_has_its_parts_and_interval_and_few_are_counts() {
        let report = fixture::report();
        let metrics = report.overall.stages.iter().flat_map(|stage| &stage.metrics);
        let mut rate = metrics.clone().find(|metric| metric.interval.is_some()).unwrap().clone();
        (rate.actual, rate.numerator, rate.denominator, rate.interval) =
            (Some(0.1), Some(22.0), Some(220.0), Some([0.067, 0.147]));
        let text = metric_text(&rate, "USD");
        assert_eq!((text.actual.as_str(), text.parts.as_deref()), ("10.0%", Some("22 ÷ 220")));
        assert_eq!(text.interval.as_deref(), Some("6.7% to 14.7%"));
        (rate.actual, rate.numerator, rate.denominator) = (Some(0.25), Some(3.0), Some(12.0));
        let text = metric_text(&rate, "USD");
        assert_eq!((text.actual.as_str(), text.interval, text.change), ("3 of 12", None, None));
    }
}
