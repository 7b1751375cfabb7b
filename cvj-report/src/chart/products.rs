//! The products side by side: the rate of each step with its 95 % interval, a row per product, against that of all products together.

use cvj_core::report::{Findings, NamedScope, Report, Share, StageReport, Step};
use cvj_core::{Stage, Unit};
use plotters::prelude::DrawingBackend;

use super::canvas::{Canvas, Picture, Undrawn, isolated};
use super::ink::{Align, COUNTS, FIGURE, NAME, NOTE, STAGE, TITLE};
use super::rates::share;
use crate::number::{self, NumberStyle};
use crate::{calendar, palette, words};

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
/// The width of the products' names.
const NAMES: f64 = 176.0;
const TOP: f64 = 122.0;
const ROW: f64 = 46.0;
const GAP: f64 = 14.0;
/// Most products drawn.
const MOST: usize = 12;

/// The products, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct ProductsChart {
    period: String,
    rows: Vec<Row>,
    columns: Vec<Column>,
    more: usize,
}

#[derive(Clone, Debug)]
struct Row {
    name: String,
    slug: String,
    cells: Vec<Cell>,
}

/// One step of the journey.
#[derive(Clone, Debug)]
struct Column {
    from: Stage,
    to: Stage,
    /// The greatest rate that the axis holds; none where there is no rate to draw.
    most: Option<f64>,
    /// The rate of all products together.
    overall: Option<f64>,
}

/// One step of one product.
#[derive(Clone, Debug)]
struct Cell {
    shown: Shown,
    says: String,
}

#[derive(Clone, Debug)]
enum Shown {
    Rate {
        rate: f64,
        interval: Option<[f64; 2]>,
        young: bool,
        text: String,
    },
    /// Counts, where a rate would stand on too few; or what is of another step than the column's, and of which.
    Text(String, Option<String>),
    /// The product has no such step.
    Unmeasured,
    Unknown,
}

impl ProductsChart {
    /// Of the first scope, with at least two products.
    pub(super) fn of_scope(report: &Report, scope: NamedScope<'_>) -> Option<Self> {
        let whole = report.scopes().next().is_some_and(|first| first.slug == scope.slug);
        (whole && report.products.len() > 1).then(|| Self::new(report)).filter(|chart| !chart.columns.is_empty())
    }

    fn new(report: &Report) -> Self {
        let drawn = &report.products[..report.products.len().min(MOST)];
        // A column for each stage that a step begins at, to where it leads overall, or else in the first product that has it.
        let scopes = || Some(&report.overall.stages).into_iter().chain(drawn.iter().map(|product| &product.stages));
        let steps = Stage::ALL.into_iter().filter_map(|from| {
            let step = scopes().find_map(|stages| step_of(stages, from))?;
            Some((from, step.to))
        });
        let steps: Vec<(Stage, Stage)> = steps.collect();
        let rows: Vec<Row> = drawn
            .iter()
            .map(|product| Row {
                name: product.name.clone(),
                slug: product.slug.clone(),
                cells: steps
                    .iter()
                    .map(|&(from, to)| Cell::new(&product.name, &product.findings, (from, to), step_of(&product.stages, from)))
                    .collect(),
            })
            .collect();
        let columns = steps.iter().enumerate().map(|(index, &(from, to))| {
            let overall =
                step_of(&report.overall.stages, from).and_then(|step| Present::new(&report.overall.findings, from, step).rate());
            let end = |cell: &Cell| match &cell.shown {
                Shown::Rate { rate, interval, .. } => Some(interval.map_or(*rate, |[_, high]| high)),
                _ => None,
            };
            let highest = rows.iter().filter_map(|row| end(&row.cells[index])).chain(overall).reduce(f64::max);
            let most = [0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0]
                .into_iter()
                .find(|most| highest.is_some_and(|highest| *most >= highest));
            Column { from, to, most, overall }
        });
        Self {
            period: calendar::period(&report.period),
            columns: columns.collect(),
            rows,
            more: report.products.len() - drawn.len(),
        }
    }

    fn left(&self, column: usize) -> f64 {
        MARGIN + NAMES + (WIDTH - 2.0 * MARGIN - NAMES) / self.columns.len() as f64 * column as f64 + GAP
    }

    fn wide(&self) -> f64 {
        (WIDTH - 2.0 * MARGIN - NAMES) / self.columns.len() as f64 - GAP
    }

    fn bottom(&self) -> f64 {
        TOP + ROW * self.rows.len() as f64
    }

    fn axis<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>, index: usize, column: &Column) -> Result<(), Undrawn> {
        let (left, wide, bottom) = (self.left(index), self.wide(), self.bottom());
        let percent = NumberStyle { unit: Unit::Percent, currency: "" };
        canvas.text(column.from.title(), left, TOP - 28.0, Align::Start, STAGE)?;
        canvas.text(&format!("→ {}", column.to.title()), left, TOP - 12.0, Align::Start, STAGE)?;
        canvas.path(&[(left, TOP), (left, bottom)], 1.0, palette::OUTLINE)?;
        canvas.path(&[(left + wide, TOP), (left + wide, bottom)], 1.0, palette::LINE)?;
        let Some(most) = column.most else { return Ok(()) };
        canvas.text("0", left, bottom + 17.0, Align::Start, NOTE)?;
        canvas.text(&percent.tick(most), left + wide, bottom + 17.0, Align::End, NOTE)?;
        let Some(overall) = column.overall else { return Ok(()) };
        let x = left + wide * (overall / most).min(1.0);
        let says = format!("Overall, {}: {}", words::step_name(column.from, column.to), number::percent(overall));
        // Beside rates only: it does not run through words.
        let rated = self.rows.iter().zip(0_u32..).filter(|(row, _)| matches!(row.cells[index].shown, Shown::Rate { .. }));
        for (_, row) in rated {
            let top = TOP + ROW * f64::from(row);
            canvas.dashes((x, top), (x, top + ROW), 1.0, palette::MUTED)?;
            canvas.hover((x - 4.0, top, 8.0, ROW), says.as_str());
        }
        Ok(())
    }

    fn cell<B: DrawingBackend>(
        &self,
        canvas: &mut Canvas<'_, B>,
        (row, index): (usize, usize),
        cell: &Cell,
    ) -> Result<(), Undrawn> {
        let (left, wide, top) = (self.left(index), self.wide(), TOP + ROW * row as f64);
        let x = |rate: f64| left + wide * (rate / self.columns[index].most.unwrap_or(1.0)).clamp(0.0, 1.0);
        let y = top + 30.0;
        match &cell.shown {
            Shown::Rate { rate, interval, young, text } => {
                if let Some([low, high]) = *interval {
                    canvas.fill((x(low), y - 4.0, (x(high) - x(low)).max(1.0), 8.0), palette::INTERVAL)?;
                }
                canvas.dot(x(*rate), y, 4.5, palette::DATA, *young)?;
                let middle = x(*rate).clamp(left + FIGURE.width(text) / 2.0, left + wide - FIGURE.width(text) / 2.0);
                // The line of all products does not run through the number.
                let width = FIGURE.width(text) + 4.0;
                canvas.fill((middle - width / 2.0, top + 6.0, width, 17.0), palette::PAPER)?;
                canvas.text(text, middle, top + 19.0, Align::Middle, FIGURE)?;
            }
            Shown::Text(text, None) => canvas.text(text, left + 6.0, y + 1.0, Align::Start, COUNTS)?,
            Shown::Text(text, Some(step)) => {
                canvas.text(text, left + 6.0, y - 6.0, Align::Start, COUNTS)?;
                canvas.text(&NOTE.fitted(step, wide - 6.0), left + 6.0, y + 9.0, Align::Start, NOTE)?;
            }
            Shown::Unmeasured => {
                canvas.empty_slot((left + 4.0, top + 5.0, wide - 8.0, ROW - 10.0))?;
                canvas.text("not", left + wide / 2.0, top + 20.0, Align::Middle, NOTE)?;
                canvas.text("measured", left + wide / 2.0, top + 34.0, Align::Middle, NOTE)?;
            }
            Shown::Unknown => canvas.text(number::UNKNOWN, left + 6.0, y + 1.0, Align::Start, NOTE)?,
        }
        canvas.hover((left, top, wide, ROW), cell.says.as_str());
        Ok(())
    }
}

/// The step that begins at a stage.
fn step_of(stages: &[StageReport], from: Stage) -> Option<&Step> {
    stages.iter().find(|stage| stage.stage == from)?.to_next.as_ref()
}

/// The present rate of a step: of its newest period whose people have all had the days allowed, and are at least twenty if there is one
/// with as many; without one, of those of the reported period who have had them.
struct Present {
    share: Share,
    /// The period, where it is one that is whole.
    of: Option<String>,
}

impl Present {
    fn new(findings: &Findings, from: Stage, step: &Step) -> Self {
        let gap = findings.gaps.iter().find(|gap| gap.from == from);
        let judged = gap.and_then(|gap| Some((gap.cohort.as_deref()?, gap.now.clone()?)));
        let whole = || {
            let newest = step.cohorts.iter().rfind(|cohort| cohort.known && cohort.mature && cohort.matured > 0)?;
            Some((&*newest.period, share(newest)))
        };
        match judged.or_else(whole) {
            Some((period, share)) => Self { share, of: Some(calendar::named(period)) },
            None => Self {
                share: Share { numerator: step.advanced, denominator: step.matured, rate: step.rate, interval: step.interval },
                of: None,
            },
        }
    }

    fn rate(&self) -> Option<f64> {
        words::rate(&self.share)
    }
}

impl Cell {
    fn new(product: &str, findings: &Findings, (from, to): (Stage, Stage), step: Option<&Step>) -> Self {
        let leads_to = step.map_or(to, |step| step.to);
        let named = format!("{}, {}", isolated(product), words::step_name(from, leads_to));
        let Some(step) = step else { return Self { shown: Shown::Unmeasured, says: format!("{named}: not measured") } };
        let present = Present::new(findings, from, step);
        let of = present.of.as_ref().map_or_else(String::new, |period| format!(" of {period}"));
        let Share { interval, denominator, .. } = present.share;
        let told = interval.filter(|_| present.rate().is_some());
        let told = told.map_or_else(String::new, |interval| format!(", 95% interval {}", words::interval(interval)));
        let so_far = if present.of.is_none() && denominator > 0 { "; not all have had the days allowed" } else { "" };
        let share = words::share(&present.share);
        let says = format!("{named}{of}: {share}{told}{so_far}");
        let other = (leads_to != to).then(|| format!("→ {}", leads_to.title()));
        let shown = match present.rate() {
            Some(rate) if leads_to != to => Shown::Text(number::percent(rate), other),
            Some(rate) => Shown::Rate { rate, interval, young: present.of.is_none(), text: number::percent(rate) },
            None if denominator > 0 => Shown::Text(share, other),
            None if step.entered > 0 => Shown::Text("too young".to_owned(), other),
            None => Shown::Unknown,
        };
        Self { shown, says }
    }
}

impl Picture for ProductsChart {
    const HEADING: u32 = 36;

    fn size(&self) -> (u32, u32) {
        let more = if self.more > 0 { 20.0 } else { 0.0 };
        (WIDTH as u32, (self.bottom() + 30.0 + more) as u32)
    }

    fn title(&self) -> String {
        format!("Step rates of the products side by side, {}", self.period)
    }

    fn description(&self) -> String {
        let says: Vec<_> = self.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.says.as_str()).collect();
        let more = if self.more > 0 { format!(" And {} more products.", self.more) } else { String::new() };
        format!("{}.{more}", says.join("; "))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        if canvas.headed {
            canvas.text("Products side by side", MARGIN, 32.0, Align::Start, TITLE)?;
        }
        let says = "The share who took the step, of the newest period of entry whose people have all had the days allowed.";
        canvas.text(says, MARGIN, 53.0, Align::Start, NOTE)?;
        let marks =
            "Pale: 95% interval. Dashed: overall. Hollow: no period has had the days allowed yet. Fewer than 20: counts only.";
        canvas.text(marks, MARGIN, 70.0, Align::Start, NOTE)?;
        for (index, column) in self.columns.iter().enumerate() {
            self.axis(canvas, index, column)?;
        }
        for (row, product) in self.rows.iter().enumerate() {
            let top = TOP + ROW * row as f64;
            canvas.path(&[(MARGIN, top), (WIDTH - MARGIN, top)], 1.0, palette::LINE)?;
            canvas.name(&product.name, &product.slug, (MARGIN, top + 27.0), NAMES - 8.0, NAME)?;
            canvas.hover((MARGIN, top, NAMES, ROW), isolated(&product.name));
            for (index, cell) in product.cells.iter().enumerate() {
                self.cell(canvas, (row, index), cell)?;
            }
        }
        canvas.path(&[(MARGIN, self.bottom()), (WIDTH - MARGIN, self.bottom())], 1.0, palette::OUTLINE)?;
        if self.more > 0 {
            canvas.text(&format!("and {} more", self.more), MARGIN, self.bottom() + 20.0, Align::Start, NOTE)?;
        }
        Ok(())
    }
}
