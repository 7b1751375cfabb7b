//! The growth audit: one line a stage, the stage to fix first at the top.

use cvj_core::report::{AuditLine, Evidence};
use serde::Serialize;

use super::mark::Mark;
use crate::verdict::Tone;
use crate::words::{self, Told};

/// One line.
#[derive(Serialize)]
pub(super) struct AuditView<'a> {
    rank: Option<u32>,
    stage: &'static str,
    score: String,
    measured: &'static str,
    evidence: [EvidenceView<'a>; 3],
    gap: Option<String>,
}

#[derive(Serialize)]
struct EvidenceView<'a> {
    label: &'static str,
    text: &'static str,
    tone: &'static str,
    mark: Mark<'a>,
}

impl<'a> AuditView<'a> {
    pub(super) fn new(told: Told<'a>, line: &AuditLine) -> Self {
        // Only a target can be nearly missed; a change or a gap is known or it is not.
        let tone = |kind, evidence| match (kind, evidence) {
            ("verdict" | "step", Evidence::Between) => Tone::Neutral,
            _ => words::evidence_tone(evidence),
        };
        let view = |label, kind, text, evidence: Evidence| EvidenceView {
            label,
            text,
            tone: tone(kind, evidence).class(),
            mark: Mark::evidence(told.scope.slug, line.stage, kind, evidence),
        };
        Self {
            rank: line.rank,
            stage: line.stage.title(),
            score: words::score(line),
            measured: words::measured(line.measured),
            evidence: [
                view("Target", "target", words::target_evidence(line.target), line.target),
                view("Against history", "verdict", words::verdict_evidence(line.verdict), line.verdict),
                view("Step", "step", words::step_evidence(line.step), line.step),
            ],
            gap: words::audit_gap(told, line),
        }
    }
}
