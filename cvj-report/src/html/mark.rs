//! What a coloured word or a claim rests on, as attributes beside it, so that it can be followed to `report.json` from outside.

use std::borrow::Cow;

use cvj_core::Stage;
use cvj_core::report::{Evidence, MetricReport, TargetStatus, Verdict};
use serde::Serialize;

/// One judgement of the report, and where it stands there.
#[derive(Serialize)]
pub(super) struct Mark<'a> {
    judged: Judged,
    /// The scope's slug.
    scope: &'a str,
    /// The stage's key.
    stage: &'static str,
    /// `metric NAME`, `step`, `rate`, `skip STAGE`, `skip money`, or a kind of evidence.
    of: Cow<'a, str>,
}

/// Becomes `data-verdict="up"` and the like.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Judged {
    Verdict(Verdict),
    Status(TargetStatus),
    Evidence(Evidence),
}

impl<'a> Mark<'a> {
    /// A metric against its history.
    pub(super) fn metric(scope: &'a str, stage: Stage, metric: &MetricReport) -> Self {
        Self { judged: Judged::Verdict(metric.verdict), scope, stage: stage.key(), of: format!("metric {}", metric.name).into() }
    }

    /// A metric against its target.
    pub(super) fn status(scope: &'a str, stage: Stage, metric: &MetricReport) -> Self {
        Self { judged: Judged::Status(metric.status), ..Self::metric(scope, stage, metric) }
    }

    /// Something else of a stage against chance.
    pub(super) fn verdict(scope: &'a str, stage: Stage, of: impl Into<Cow<'a, str>>, verdict: Verdict) -> Self {
        Self { judged: Judged::Verdict(verdict), scope, stage: stage.key(), of: of.into() }
    }

    /// Evidence of the growth audit.
    pub(super) fn evidence(scope: &'a str, stage: Stage, kind: &'static str, evidence: Evidence) -> Self {
        Self { judged: Judged::Evidence(evidence), scope, stage: stage.key(), of: kind.into() }
    }
}
