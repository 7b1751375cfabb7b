//! Verdicts and target statuses in words, and whether they are good news. Colour is never without its word.

use cvj_core::report::{MetricReport, Step, TargetStatus, Verdict};
use cvj_core::stats::XMR_MINIMUM;
use cvj_core::{Good, Unit};

use crate::figure::Figure;
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

/// What may be said of a metric's change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// The verdict.
    As(Verdict),
    /// Nothing: the rate stands on fewer than twenty, now or in the period before.
    TooFew,
    /// Nothing: people of the same age moved the other way.
    Opposed,
}

/// What may be said of a metric's change; `step`: the step that starts at its stage.
pub(crate) fn called(metric: &MetricReport, step: Option<&Step>) -> Called {
    let few = |figure| matches!(figure, Figure::Counts { .. });
    if metric.verdict != Verdict::None && (few(Figure::actual(metric)) || few(Figure::previous(metric))) {
        return Called::TooFew;
    }
    let aged = step.filter(|_| is_step_rate(metric)).and_then(like_aged);
    match (metric.verdict, aged) {
        (Verdict::Up, Some(Verdict::Down)) | (Verdict::Down, Some(Verdict::Up)) => Called::Opposed,
        (verdict, _) => Called::As(verdict),
    }
}

/// Whether a metric is the rate of the step that starts at its stage.
pub(crate) fn is_step_rate(metric: &MetricReport) -> bool {
    metric.built_in && metric.unit == Unit::Percent
}

/// The verdict of people of the same age; none where they cannot be compared.
pub(crate) fn like_aged(step: &Step) -> Option<Verdict> {
    step.like_aged.as_ref().map(|aged| aged.verdict).filter(|verdict| *verdict != Verdict::None)
}

/// The verdict as printed: an arrow only where the change is more than chance, and only for headline metrics, because among many
/// comparisons some cross their limits by chance.
pub(crate) fn verdict_words(metric: &MetricReport, step: Option<&Step>) -> &'static str {
    match (called(metric, step), is_rate(metric)) {
        _ if !metric.headline => "",
        (Called::TooFew, _) => "too few to call",
        (Called::As(Verdict::Up), true) => "▲ up",
        (Called::As(Verdict::Down), true) => "▼ down",
        (Called::As(Verdict::Up), false) if still_outside(metric) => "▲ still above its usual range",
        (Called::As(Verdict::Down), false) if still_outside(metric) => "▼ still below its usual range",
        (Called::As(Verdict::Up), false) => "▲ above its usual range",
        (Called::As(Verdict::Down), false) => "▼ below its usual range",
        (Called::As(Verdict::TooClose) | Called::Opposed, _) => "too close to call",
        (Called::As(Verdict::None), _) if metric.change.is_none() => UNKNOWN,
        (Called::As(Verdict::None), _) if has_history(metric) => "not judged yet",
        (Called::As(Verdict::None), _) => "too little history",
    }
}

/// Whether a number outside its usual range has come nearer to it since the period before, which was further outside.
pub(crate) fn still_outside(metric: &MetricReport) -> bool {
    let change = metric.change.unwrap_or_default();
    metric.verdict == Verdict::Up && change < 0.0 || metric.verdict == Verdict::Down && change > 0.0
}

/// Whether there is enough history to judge by: what is not judged then is an unfinished period.
fn has_history(metric: &MetricReport) -> bool {
    let earlier = metric.series.len().saturating_sub(1);
    metric.series.iter().take(earlier).filter(|point| point.value.is_some()).count() >= XMR_MINIMUM
}

/// Whether the verdict is good news; never for metrics that are no headlines.
pub(crate) fn verdict_tone(metric: &MetricReport, step: Option<&Step>) -> Tone {
    match (called(metric, step), metric.good) {
        _ if !metric.headline => Tone::Neutral,
        (Called::As(Verdict::Up), Good::Up) | (Called::As(Verdict::Down), Good::Down) => Tone::Good,
        (Called::As(Verdict::Up), Good::Down) | (Called::As(Verdict::Down), Good::Up) => Tone::Bad,
        (Called::As(Verdict::TooClose | Verdict::None) | Called::TooFew | Called::Opposed, _) => Tone::Neutral,
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
