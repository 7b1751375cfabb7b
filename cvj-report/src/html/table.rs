//! The products side by side: people per stage and the step rate between.

use cvj_core::report::{Report, StageReport};
use serde::Serialize;

use crate::figure::{Figure, counts};
use crate::number::{self, NumberStyle};

/// One row per product, one column per stage.
#[derive(Serialize)]
pub(super) struct Comparison<'a> {
    stages: Vec<&'static str>,
    rows: Vec<ComparisonRow<'a>>,
}

#[derive(Serialize)]
struct ComparisonRow<'a> {
    name: &'a str,
    slug: &'a str,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    people: Option<String>,
    /// Why there are no people.
    absent: &'static str,
    step: Option<String>,
    step_title: Option<String>,
}

/// The table; none with fewer than two products.
pub(super) fn comparison(report: &Report) -> Option<Comparison<'_>> {
    let stages = cvj_core::Stage::ALL.map(cvj_core::Stage::title).to_vec();
    let rows = report.products.iter().map(|product| ComparisonRow {
        name: &product.name,
        slug: &product.slug,
        cells: product.stages.iter().map(cell).collect(),
    });
    (report.products.len() > 1).then(|| Comparison { stages, rows: rows.collect() })
}

fn cell(stage: &StageReport) -> Cell {
    let style = NumberStyle { unit: cvj_core::Unit::Percent, currency: "" };
    let step = stage.to_next.as_ref();
    Cell {
        people: stage.people.map(|people| number::count(people.ordered)),
        absent: if stage.measured { "totals only" } else { "not measured" },
        step: step.map(|step| Figure::step(step).text(style)),
        step_title: step.map(|step| format!("to {}: {}", step.to.title(), counts(step.advanced as f64, step.matured as f64))),
    }
}
