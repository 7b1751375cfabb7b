//! The growth audit's evidence, and attributions, in words.

use cvj_core::Stage;
use cvj_core::report::{Attribution, AuditLine, Breakdown, Evidence, Measured};

use super::{Told, capitalised, gap};
use crate::number::{NumberStyle, UNKNOWN};
use crate::verdict::Tone;

/// Evidence in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// The words.
    pub(crate) text: &'static str,
    /// Whether they are good news.
    pub(crate) tone: Tone,
}

/// The words for good, between and bad, and the tone of between: only a target or an activity can be nearly missed.
fn said(evidence: Evidence, [good, between, bad]: [&'static str; 3], nearly: Tone) -> Said {
    match evidence {
        Evidence::Good => Said { text: good, tone: Tone::Good },
        Evidence::Between => Said { text: between, tone: nearly },
        Evidence::Bad => Said { text: bad, tone: Tone::Bad },
        Evidence::Unknown => Said { text: UNKNOWN, tone: Tone::Neutral },
    }
}

/// Headline metrics against their targets.
pub(crate) fn target_evidence(evidence: Evidence) -> Said {
    said(evidence, ["on track", "at risk", "off track"], Tone::Warning)
}

/// Headline metrics against their history.
pub(crate) fn verdict_evidence(evidence: Evidence) -> Said {
    said(evidence, ["good news", "no clear news", "bad news"], Tone::Neutral)
}

/// The step to the next stage against its goal.
pub(crate) fn step_evidence(evidence: Evidence) -> Said {
    said(evidence, ["at target", "no clear gap", "below its goal"], Tone::Neutral)
}

/// The stage's activities, in words.
pub(crate) fn activities_evidence(evidence: Evidence) -> Said {
    said(evidence, ["in place", "half-built", "missing"], Tone::Warning)
}

/// How a stage is measured.
pub(crate) fn measured(measured: Measured) -> &'static str {
    match measured {
        Measured::People => "people",
        Measured::Totals => "totals only",
        Measured::No => "not measured",
    }
}

/// `50 of 100`.
pub(crate) fn score(line: &AuditLine) -> String {
    let whole = |score: f64| NumberStyle { unit: cvj_core::Unit::Number, currency: "" }.value((score * 100.0).round());
    line.score.map_or_else(|| UNKNOWN.to_owned(), |score| format!("{} of 100", whole(score)))
}

/// What of a stage cannot be judged, and what would fill it; none where all can.
pub(crate) fn audit_gap(told: Told<'_>, line: &AuditLine) -> Option<String> {
    match line.measured {
        Measured::No => return Some(format!("Not measured. {} would fill it.", capitalised(line.stage.filled_by()))),
        Measured::Totals => {
            let export = capitalised(line.stage.filled_by());
            return Some(format!("No step: only totals are known. {export} that names persons would fill it."));
        }
        Measured::People => {}
    }
    let step = told.scope.findings.gaps.iter().find(|gap| gap.from == line.stage);
    let unjudged = step
        .filter(|_| line.step == Evidence::Unknown)
        .map(|step| format!("Step to {}: {}", step.to.title(), lower(&gap(told, step))));
    let neither = line.target == Evidence::Unknown && line.verdict == Evidence::Unknown;
    let bare = neither.then(|| "No headline metric has a target or enough history.".to_owned());
    let parts: Vec<_> = unjudged.into_iter().chain(bare).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// An attribution's name and meaning.
pub(crate) fn attribution(attribution: Attribution) -> (&'static str, &'static str) {
    match attribution {
        Attribution::FirstTouch => (
            "First touch",
            "A person counts under the value of their first touchpoint that has one, from the stage reached then on.",
        ),
        Attribution::LastTouch => (
            "Last touch",
            "A person counts, at each stage, under the value of the last touchpoint that has one, up to and with the one that reached the stage.",
        ),
        Attribution::TouchAtStage => {
            ("Touch at stage", "A person counts, at each stage, under the value of the touchpoint that reached it.")
        }
    }
}

/// Whether no one who reached a stage has a value: then a value's people there are not measured, rather than none.
pub(crate) fn unvalued(breakdown: &Breakdown, stage: Stage) -> bool {
    let at = |without: bool| {
        let rows = breakdown.rows.iter().filter(move |row| (row.value.is_none() && row.others.is_none()) == without);
        rows.flat_map(|row| &row.stages).filter(|at| at.stage == stage).map(|at| at.people + at.entered).sum::<u64>()
    };
    at(false) == 0 && at(true) > 0
}
