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
/// The height of a row whose cells have two lines, and of each line more.
const ROW: f64 = 38.0;
const LINE: f64 = 13.0;
const GAP: f64 = 3.0;
const WIDEST: f64 = 168.0;
/// A cohort none of whom has had the days allowed.
const TOO_YOUNG: &str = "too young";
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
    /// The counts behind a rate.
    counts: Option<String>,
    /// Not all of the period have had the days allowed.
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

    /// The top and the height of each row: those with young or wide counts are higher.
    fn heights(&self) -> Vec<(f64, f64)> {
        let width = self.column_width() - GAP;
        let height = |row: usize| {
            let most = self.columns.iter().filter_map(|column| column.cells.get(row)).map(|cell| cell.lines(width).len()).max();
            ROW + LINE * most.unwrap_or(0).saturating_sub(1) as f64
        };
        let heights = (0..self.rows.len()).scan(TOP, |top, row| {
            let at = (*top, height(row));
            *top += at.1;
            Some(at)
        });
        heights.collect()
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
        let lines = cell.lines(width);
        let (ink, below) = if cell.counts.is_some() { (FIGURE, COUNTS) } else { (NOTE, NOTE) };
        let mut baseline = y + (height - LINE * lines.len() as f64) / 2.0 + 4.5;
        canvas.text(&cell.text, middle, baseline, Align::Middle, ink)?;
        for line in lines {
            baseline += LINE + 0.5;
            canvas.text(line, middle, baseline, Align::Middle, below)?;
        }
        Ok(())
    }
}

impl Cell {
    /// What stands below the text in a cell of a width: counts, in two lines where one is too narrow, and that they are young.
    fn lines(&self, width: f64) -> Vec<&str> {
        let mut lines = Vec::new();
        if let Some(counts) = self.counts.as_deref() {
            match counts.find(" of ").filter(|_| COUNTS.width(counts) > width - 6.0) {
                Some(at) => lines.extend([&counts[..at], &counts[at + 1..]]),
                None => lines.push(counts),
            }
        }
        if self.young && self.text != TOO_YOUNG {
            lines.push("young");
        }
        lines
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
                return Cell { text: if waiting { TOO_YOUNG } else { UNKNOWN }.to_owned(), young: waiting, ..cell };
            };
            let of = counts(cohort.advanced as f64, cohort.matured as f64);
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
        (WIDTH as u32, (self.heights().last().map_or(TOP, |(top, height)| top + height) + 16.0) as u32)
    }

    fn title(&self) -> String {
        format!("Step rates by period of entry: {}, {}", isolated(&self.scope), self.period)
    }

    fn description(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let cells = self.rows.iter().zip(&column.cells).map(|(row, cell)| {
                let young = if cell.young && cell.text != TOO_YOUNG { " (young)" } else { "" };
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
        let (width, heights) = (self.column_width(), self.heights());
        for (column, index) in self.columns.iter().zip(0_u32..) {
            let x = MARGIN + NAMES + width * f64::from(index);
            let middle = x + (width - GAP) / 2.0;
            canvas.text(column.from, middle, TOP - 24.0, Align::Middle, STAGE)?;
            canvas.text(&column.to, middle, TOP - 9.0, Align::Middle, STAGE)?;
            for (cell, &(top, height)) in column.cells.iter().zip(&heights) {
                let area = (x, top, width - GAP, height - GAP);
                Self::cell(canvas, cell, area)?;
                canvas.hover(area, cell.says.as_str());
            }
        }
        for (row, (top, height)) in self.rows.iter().zip(heights) {
            let y = top + (height - GAP) / 2.0 + 4.0;
            canvas.text(&COUNTS.fitted(row, NAMES - 10.0), MARGIN, y, Align::Start, COUNTS)?;
        }
        Ok(())
    }
}
