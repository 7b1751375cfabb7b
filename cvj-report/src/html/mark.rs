//! What a coloured word or a claim rests on, as attributes beside it, so that it can be followed to `report.json` from outside.

use std::borrow::Cow;

use cvj_core::Stage;
use cvj_core::report::{Evidence, MetricReport, TargetStatus, Verdict};
use serde::Serialize;

use crate::portfolio::{Move, Place, Target};

/// One judgement of the report, and where it stands there.
#[derive(Serialize)]
pub(crate) struct Mark<'a> {
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
    pub(crate) fn metric(scope: &'a str, stage: Stage, metric: &MetricReport) -> Self {
        Self { judged: Judged::Verdict(metric.verdict), scope, stage: stage.key(), of: format!("metric {}", metric.name).into() }
    }

    /// A metric against its target.
    pub(crate) fn status(scope: &'a str, stage: Stage, metric: &MetricReport) -> Self {
        Self { judged: Judged::Status(metric.status), ..Self::metric(scope, stage, metric) }
    }

    /// A metric of a report that is no longer at hand against its history.
    pub(crate) fn moved(moved: &'a Move) -> Self {
        Self::placed(&moved.of, Judged::Verdict(moved.verdict))
    }

    /// A metric of a report that is no longer at hand against its target.
    pub(crate) fn target(target: &'a Target) -> Self {
        Self::placed(&target.of, Judged::Status(target.status))
    }

    fn placed(Place { scope, stage, metric }: &'a Place, judged: Judged) -> Self {
        Self { judged, scope, stage: stage.key(), of: format!("metric {metric}").into() }
    }

    /// Something else of a stage against chance.
    pub(crate) fn verdict(scope: &'a str, stage: Stage, of: impl Into<Cow<'a, str>>, verdict: Verdict) -> Self {
        Self { judged: Judged::Verdict(verdict), scope, stage: stage.key(), of: of.into() }
    }

    /// Evidence of the growth audit.
    pub(crate) fn evidence(scope: &'a str, stage: Stage, kind: &'static str, evidence: Evidence) -> Self {
        Self { judged: Judged::Evidence(evidence), scope, stage: stage.key(), of: kind.into() }
    }

    /// As attributes of an element that no template writes.
    pub(crate) fn attributes(&self, escaped: impl Fn(&str) -> String) -> String {
        let judged = serde_json::to_value(&self.judged).unwrap_or_default();
        let judged = judged.as_object().into_iter().flatten();
        let judged = judged.map(|(kind, judged)| (kind.as_str(), judged.as_str().unwrap_or_default()));
        let place = [("scope", self.scope), ("stage", self.stage), ("of", &*self.of)];
        let mut attributes = String::new();
        for (name, value) in judged.chain(place) {
            attributes.extend([" data-", name, "=\"", &escaped(value), "\""]);
        }
        attributes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_those_that_the_templates_write() {
        let metric = crate::fixture::report().overall.stages[0].metrics[0].clone();
        let attributes = Mark::status("overall", Stage::Aware, &metric).attributes(str::to_uppercase);
        assert_eq!(
            attributes,
            " data-status=\"ON_TRACK\" data-scope=\"OVERALL\" data-stage=\"AWARE\" data-of=\"METRIC SESSIONS\""
        );
    }
}
