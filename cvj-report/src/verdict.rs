//! Verdicts and target statuses in words, and whether they are good news. Colour is never without its word.

use cvj_core::report::{MetricReport, TargetStatus, Verdict};
use cvj_core::{Good, Unit};

use crate::number::UNKNOWN;

/// Whether something is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Good news.
    Good,
    /// Bad news.
    Bad,
    /// Between: nearly missed.
    Warning,
    /// No news.
    Neutral,
}

impl Tone {
    /// The CSS class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warning => "warning",
            Self::Neutral => "neutral",
        }
    }
}

/// Whether a metric is judged as a rate, against the period before; any other number is judged against its own usual range, and may
/// well have moved the other way since the period before.
pub(crate) fn is_rate(metric: &MetricReport) -> bool {
    metric.unit == Unit::Percent && metric.interval.is_some()
}

/// The verdict as printed: an arrow only where the change is more than chance, and only for headline metrics, because among many
/// comparisons some cross their limits by chance.
pub(crate) fn verdict_words(metric: &MetricReport) -> &'static str {
    match (metric.verdict, is_rate(metric)) {
        _ if !metric.headline => "",
        (Verdict::Up, true) => "▲ up",
        (Verdict::Down, true) => "▼ down",
        (Verdict::Up, false) => "▲ above its usual range",
        (Verdict::Down, false) => "▼ below its usual range",
        (Verdict::TooClose, _) => "too close to call",
        (Verdict::None, _) if metric.change.is_none() => UNKNOWN,
        (Verdict::None, _) => "too little history",
    }
}

/// Whether the verdict is good news; never for metrics that are no headlines.
pub(crate) fn verdict_tone(metric: &MetricReport) -> Tone {
    match (metric.verdict, metric.good) {
        _ if !metric.headline => Tone::Neutral,
        (Verdict::Up, Good::Up) | (Verdict::Down, Good::Down) => Tone::Good,
        (Verdict::Up, Good::Down) | (Verdict::Down, Good::Up) => Tone::Bad,
        (Verdict::TooClose | Verdict::None, _) => Tone::Neutral,
    }
}

/// The target status as printed.
pub(crate) fn status_words(status: TargetStatus) -> &'static str {
    match status {
        TargetStatus::OnTrack => "on track",
        TargetStatus::AtRisk => "at risk",
        TargetStatus::OffTrack => "off track",
        TargetStatus::None => UNKNOWN,
    }
}

/// Whether the status is good news.
pub(crate) fn status_tone(status: TargetStatus) -> Tone {
    match status {
        TargetStatus::OnTrack => Tone::Good,
        TargetStatus::AtRisk => Tone::Warning,
        TargetStatus::OffTrack => Tone::Bad,
        TargetStatus::None => Tone::Neutral,
    }
}
