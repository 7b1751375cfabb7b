//! The growth audit: one line a stage, the stage to fix first at the top.

use cvj_core::report::{AuditLine, Evidence};
use serde::Serialize;

use super::mark::Mark;
use crate::words::{self, Said, Told};

/// One line.
#[derive(Serialize)]
pub(super) struct AuditView<'a> {
    rank: Option<u32>,
    stage: &'static str,
    score: String,
    measured: &'static str,
    evidence: Vec<EvidenceView<'a>>,
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
    /// `with_activities`: whether the activities of any stage are known.
    pub(super) fn new(told: Told<'a>, line: &AuditLine, with_activities: bool) -> Self {
        let view = |label, kind, said: Said, evidence: Evidence| EvidenceView {
            label,
            text: said.text,
            tone: said.tone.class(),
            mark: Mark::evidence(told.scope.slug, line.stage, kind, evidence),
        };
        let mut evidence = vec![
            view("Target", "target", words::target_evidence(line.target), line.target),
            view("Against history", "verdict", words::verdict_evidence(line.verdict), line.verdict),
            view("Step", "step", words::step_evidence(line.step), line.step),
        ];
        if with_activities {
            evidence.push(view("Activities", "activities", words::activities_evidence(line.activities), line.activities));
        }
        Self {
            rank: line.rank,
            stage: line.stage.title(),
            score: words::score(line),
            measured: words::measured(line.measured),
            evidence,
            gap: words::audit_gap(told, line),
        }
    }
}
