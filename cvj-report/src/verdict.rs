//! Verdicts and target statuses in words, and whether they are good news. Colour is never without its word.

use cvj_core::Good;
use cvj_core::report::{MetricReport, TargetStatus, Verdict};

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

/// The verdict as printed: an arrow only where the change is more than chance.
pub(crate) fn verdict_words(metric: &MetricReport) -> &'static str {
    match metric.verdict {
        Verdict::Up => "▲ up",
        Verdict::Down => "▼ down",
        Verdict::TooClose => "too close to call",
        Verdict::None if metric.change.is_none() => UNKNOWN,
        Verdict::None => "too little history",
    }
}

/// Whether the verdict is good news.
pub(crate) fn verdict_tone(metric: &MetricReport) -> Tone {
    match (metric.verdict, metric.good) {
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
