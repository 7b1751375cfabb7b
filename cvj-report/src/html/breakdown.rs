//! Where people come from: one table per dimension by first touch, the other attributions behind it.

use cvj_core::report::{Breakdown, BreakdownRow, BreakdownStage};
use serde::Serialize;

use crate::number::{self, UNKNOWN};
use crate::words;

/// One dimension: its first attribution is shown, the others are unfolded.
#[derive(Serialize)]
pub(super) struct DimensionView<'a> {
    name: &'a str,
    shown: AttributionView<'a>,
    others: Vec<AttributionView<'a>>,
}

#[derive(Serialize)]
struct AttributionView<'a> {
    title: &'static str,
    meaning: &'static str,
    stages: Vec<&'static str>,
    rows: Vec<RowView<'a>>,
}

#[derive(Serialize)]
struct RowView<'a> {
    /// The value; none for the others and for people without one.
    value: Option<&'a str>,
    /// What stands in its place.
    stands_for: String,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    people: String,
    step: Option<String>,
    title: Option<String>,
}

/// The dimensions in the report's order.
pub(super) fn dimensions(breakdowns: &[Breakdown]) -> Vec<DimensionView<'_>> {
    let mut views: Vec<DimensionView<'_>> = Vec::new();
    for breakdown in breakdowns {
        let view = AttributionView::new(breakdown);
        match views.last_mut().filter(|last| last.name == breakdown.dimension) {
            Some(last) => last.others.push(view),
            None => views.push(DimensionView { name: &breakdown.dimension, shown: view, others: Vec::new() }),
        }
    }
    views
}

impl<'a> AttributionView<'a> {
    fn new(breakdown: &'a Breakdown) -> Self {
        let (title, meaning) = words::attribution(breakdown.attribution);
        let stages = breakdown.rows.first().map(|row| row.stages.iter().map(|stage| stage.stage.title()).collect());
        Self {
            title,
            meaning,
            stages: stages.unwrap_or_default(),
            rows: breakdown.rows.iter().map(|row| RowView::new(breakdown, row)).collect(),
        }
    }
}

impl<'a> RowView<'a> {
    fn new(breakdown: &Breakdown, row: &'a BreakdownRow) -> Self {
        let without = row.value.is_none() && row.others.is_none();
        let cell = |stage: &BreakdownStage| CellView::new(stage, without || !words::unvalued(breakdown, stage.stage));
        Self {
            value: row.value.as_deref(),
            stands_for: row.others.map_or_else(|| "no value".to_owned(), |others| format!("other ({})", number::count(others))),
            cells: row.stages.iter().map(cell).collect(),
        }
    }
}

impl CellView {
    /// Not known where the stage's touchpoints bear no value at all.
    fn new(stage: &BreakdownStage, known: bool) -> Self {
        let counts = stage.step.as_ref().filter(|share| share.denominator > 0);
        Self {
            people: if known { number::count(stage.people) } else { UNKNOWN.to_owned() },
            step: counts.map(|share| words::rate(share).map_or_else(|| words::share(share), number::percent)),
            title: counts.map(|share| format!("{} of those who entered in the period", words::share(share))),
        }
    }
}
