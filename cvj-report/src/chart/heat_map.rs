//! The step rates by entry cohort: a row per period, a column per step, stronger where more went on.
//!
//! A shade is the rate against the best of its own step, from zero, so that a small difference looks small. Cohorts that have not all had the
//! days allowed are hatched and called young; a rate of fewer than twenty is counts only, without a shade.

use cvj_core::report::{Cohort, NamedScope, Report, Step};
use plotters::prelude::DrawingBackend;

use super::canvas::{Area, Canvas, Picture, Undrawn, isolated};
use super::hatch::hatch;
use super::ink::{Align, COUNTS, FIGURE, NOTE, STAGE, TITLE};
use super::rates::{says, share};
use crate::figure::counts;
use crate::number::UNKNOWN;
use crate::{calendar, number, palette, words};

const MARGIN: f64 = 24.0;
const WIDTH: f64 = 960.0;
/// The width of the rows' names.
const NAMES: f64 = 92.0;
const TOP: f64 = 122.0;
const ROW: f64 = 38.0;
const GAP: f64 = 3.0;
const WIDEST: f64 = 168.0;
/// Most periods drawn.
const MOST: usize = 26;

/// The cohorts of one scope, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct HeatMap {
    scope: String,
    slug: String,
    period: String,
    /// Periods before the first row.
    left_out: usize,
    rows: Vec<String>,
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    from: &'static str,
    to: String,
    cells: Vec<Cell>,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    /// The rate, or counts where it stands on few, or a dash.
    text: String,
    counts: Option<String>,
    young: bool,
    /// From 0 to 1; none where no rate is printed.
    shade: Option<f64>,
    says: String,
}

impl HeatMap {
    /// None where no step has cohorts.
    pub(super) fn new(report: &Report, scope: NamedScope<'_>) -> Option<Self> {
        let steps = || scope.stages.iter().filter_map(|stage| Some((stage, stage.to_next.as_ref()?)));
        let longest = steps().map(|(_, step)| step.cohorts.as_slice()).max_by_key(|cohorts| cohorts.len())?;
        let left_out = longest.len().saturating_sub(MOST);
        let longest = &longest[left_out..];
        (!longest.is_empty()).then(|| Self {
            scope: scope.name.to_owned(),
            slug: scope.slug.to_owned(),
            period: calendar::period(&report.period),
            left_out,
            rows: longest.iter().map(|cohort| cohort.period.clone()).collect(),
            columns: steps().map(|(stage, step)| Column::new(stage.stage.title(), step, longest)).collect(),
        })
    }

    fn column_width(&self) -> f64 {
        ((WIDTH - 2.0 * MARGIN - NAMES) / self.columns.len() as f64).min(WIDEST)
    }

    fn cell<B: DrawingBackend>(canvas: &mut Canvas<'_, B>, cell: &Cell, (x, y, width, height): Area) -> Result<(), Undrawn> {
        let shades = palette::HEAT.len() as f64;
        let shade = cell.shade.map(|shade| palette::HEAT[(shade * (shades - 1.0)).round() as usize]);
        match shade.filter(|_| !cell.young) {
            Some(shade) => canvas.fill((x, y, width, height), shade)?,
            None if cell.young => hatch(canvas, (x, y, width, height))?,
            None => {}
        }
        canvas.outline((x, y, width, height), palette::LINE)?;
        let middle = x + width / 2.0;
        match &cell.counts {
            None => canvas.text(&cell.text, middle, y + height / 2.0 + 4.0, Align::Middle, NOTE),
            Some(counts) => {
                canvas.text(&cell.text, middle, y + 15.0, Align::Middle, FIGURE)?;
                canvas.text(&COUNTS.fitted(counts, width - 4.0), middle, y + 29.0, Align::Middle, COUNTS)
            }
        }
    }
}

impl Column {
    /// One cell per row: empty where the step has no cohort of the period.
    fn new(from: &'static str, step: &Step, rows: &[Cohort]) -> Self {
        let find = |row: &Cohort| step.cohorts.iter().find(|cohort| cohort.period == row.period);
        let rate = |cohort: &Cohort| words::rate(&share(cohort)).filter(|_| cohort.known);
        let best = step.cohorts.iter().filter(|cohort| cohort.mature).filter_map(rate).fold(0.0, f64::max);
        let named = format!("{from} → {}", step.to.title());
        let cell = |row: &Cohort| {
            let cohort = find(row);
            let told = cohort.map_or_else(|| "not known".to_owned(), says);
            let cell = Cell { says: format!("{named}, {}: {told}", row.period), ..Cell::default() };
            let Some(cohort) = cohort.filter(|cohort| cohort.known && cohort.matured > 0) else {
                let waiting = cohort.is_some_and(|cohort| cohort.known && cohort.entered > 0 && !cohort.mature);
                return Cell { text: if waiting { "too young" } else { UNKNOWN }.to_owned(), young: waiting, ..cell };
            };
            let of = counts(cohort.advanced as f64, cohort.matured as f64);
            let of = if cohort.mature { of } else { format!("{of} · young") };
            let cell = Cell { young: !cohort.mature, ..cell };
            match rate(cohort) {
                Some(rate) => Cell {
                    text: number::percent(rate),
                    counts: Some(of),
                    shade: Some(if best > 0.0 { (rate / best).min(1.0) } else { 0.0 }),
                    ..cell
                },
                None => Cell { text: of, ..cell },
            }
        };
        Self { from, to: format!("→ {}", step.to.title()), cells: rows.iter().map(cell).collect() }
    }
}

impl Picture for HeatMap {
    const HEADING: u32 = 36;

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, (TOP + ROW * self.rows.len() as f64 + 16.0) as u32)
    }

    fn title(&self) -> String {
        format!("Step rates by period of entry: {}, {}", isolated(&self.scope), self.period)
    }

    fn description(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let cells = self.rows.iter().zip(&column.cells).map(|(row, cell)| {
                let young = if cell.young && cell.counts.is_some() { " (young)" } else { "" };
                format!("{row} {}{young}", cell.text)
            });
            format!("{} {}: {}", column.from, column.to, cells.collect::<Vec<_>>().join(", "))
        });
        format!("{}.", columns.collect::<Vec<_>>().join("; "))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        if canvas.headed {
            canvas.name(&self.scope, &self.slug, (MARGIN, 32.0), 912.0, TITLE)?;
        }
        let says = "Of those who entered in the period: the share who took the step in the days allowed. Stronger colour: nearer to the step's best.";
        canvas.text(says, MARGIN, 53.0, Align::Start, NOTE)?;
        let young = "Hatched, “young”: not all of the period have had the days allowed yet. Fewer than 20: counts only.";
        let left_out =
            if self.left_out > 0 { format!(" {} earlier periods are not drawn.", self.left_out) } else { String::new() };
        canvas.text(&format!("{young}{left_out}"), MARGIN, 70.0, Align::Start, NOTE)?;
        let width = self.column_width();
        for (column, index) in self.columns.iter().zip(0_u32..) {
            let x = MARGIN + NAMES + width * f64::from(index);
            let middle = x + (width - GAP) / 2.0;
            canvas.text(column.from, middle, TOP - 24.0, Align::Middle, STAGE)?;
            canvas.text(&column.to, middle, TOP - 9.0, Align::Middle, STAGE)?;
            for (cell, row) in column.cells.iter().zip(0_u32..) {
                let area = (x, TOP + ROW * f64::from(row), width - GAP, ROW - GAP);
                Self::cell(canvas, cell, area)?;
                canvas.hover(area, cell.says.as_str());
            }
        }
        for (row, index) in self.rows.iter().zip(0_u32..) {
            let y = TOP + ROW * f64::from(index) + (ROW - GAP) / 2.0 + 4.0;
            canvas.text(&COUNTS.fitted(row, NAMES - 10.0), MARGIN, y, Align::Start, COUNTS)?;
        }
        Ok(())
    }
}
