//! The journey as a list, for screens on which the chart does not fit.

use cvj_core::report::{NamedScope, StageReport};
use cvj_core::{Stage, Unit};
use serde::Serialize;

use super::mark::Mark;
use crate::figure::{Figure, counts, waiting};
use crate::number::{self, NumberStyle};

/// One stage.
#[derive(Serialize)]
pub(super) struct GlanceView<'a> {
    title: &'static str,
    people: Option<String>,
    /// Why there are no people.
    absent: &'static str,
    /// How long the bar is, of 100 for the stage that most people reached.
    bar: f64,
    step: Option<GlanceStep<'a>>,
}

/// The step that begins at the stage.
#[derive(Serialize)]
struct GlanceStep<'a> {
    rate: String,
    counts: Option<String>,
    waiting: String,
    /// What it rests on that this step is to be fixed first.
    mark: Option<Mark<'a>>,
}

/// The stages of a scope.
pub(super) fn glance(scope: NamedScope<'_>) -> Vec<GlanceView<'_>> {
    let people = |stage: &StageReport| stage.people.map(|people| people.ordered);
    let most = scope.stages.iter().filter_map(people).max().unwrap_or(0).max(1) as f64;
    let first = scope.findings.fix_first().map(|gap| gap.from);
    let evidence = |stage: Stage| scope.findings.audit.iter().find(|line| line.stage == stage).map(|line| line.step);
    let step = |stage: &StageReport| {
        let step = stage.to_next.as_ref()?;
        let figure = Figure::step(step);
        let rated = figure.value().is_some();
        let too_young = step.matured == 0 && step.entered > 0;
        Some(GlanceStep {
            rate: if too_young { "too young".to_owned() } else { figure.text(NumberStyle { unit: Unit::Percent, currency: "" }) },
            counts: rated.then(|| counts(step.advanced as f64, step.matured as f64)),
            waiting: waiting(step),
            mark: evidence(stage.stage)
                .filter(|_| first == Some(stage.stage))
                .map(|evidence| Mark::evidence(scope.slug, stage.stage, "step", evidence)),
        })
    };
    let view = |stage: &StageReport| GlanceView {
        title: stage.stage.title(),
        people: people(stage).map(number::count),
        absent: if stage.measured { "totals only" } else { "not measured" },
        bar: people(stage).unwrap_or(0) as f64 / most * 100.0,
        step: step(stage),
    };
    scope.stages.iter().map(view).collect()
}
