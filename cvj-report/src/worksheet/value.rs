//! The `Value` sheet: what customers are worth and cost, the value ladder, and what skipping a stage costs.

use cvj_core::Unit;
use cvj_core::report::{Ladder, Mean, Rung, RungMove, Share, SkipCost, ValueMetric, Verdict};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::model::WorksheetModel;
use super::page::{Pages, begin};
use super::style::{DAYS, RATE, Styles};
use super::table::{Cell, Column, LINE, Table, blank, blanks, numbers, texts, wide};
use crate::figure::{FEWEST, counts};
use crate::number::{self, NumberStyle};
use crate::words::{self, SKIP_CAVEAT};

const SHEET: &str = "Value";
const WIDTHS: [f64; 11] = [28.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 26.0, 22.0];
/// More rungs than fit side by side: the moves are listed.
const MOST_RUNGS: usize = 9;
/// Rungs to fill in where the report knows none: the entry offer and the four cells of Ascend.
const BLANK_RUNGS: usize = 5;
const PLAIN: NumberStyle<'_> = NumberStyle { unit: Unit::Number, currency: "" };

/// Draws the sheet.
pub(super) fn draw(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Value", model, styles)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(2, 1)?;
    let ladder = model.report.and_then(|report| report.ladder.as_ref());
    let mut pages = Pages::new(&WIDTHS);
    let mut row = 3;
    let mut add = |table: &Table<'_>| {
        if !table.rows.is_empty() {
            pages.place(row, table.height(&WIDTHS));
            row = table.draw(sheet, row, &WIDTHS, styles)? + 1;
        }
        Ok::<_, XlsxError>(())
    };
    add(&metrics(model, styles))?;
    add(&rungs(ladder, model, styles))?;
    if let Some(ladder) = ladder {
        if ladder.rungs.len() <= MOST_RUNGS {
            let heads: Vec<_> = ladder.rungs.iter().map(|rung| format!("then {}", rung.name)).collect();
            let columns: Vec<_> = std::iter::once(texts("First")).chain(heads.iter().map(|head| numbers(head))).collect();
            add(&matrix(ladder, &columns, styles))?;
        } else {
            add(&moves(ladder, styles))?;
        }
    }
    add(&skips(model, styles))?;
    pages.set(sheet)
}

fn metrics<'a>(model: &WorksheetModel<'a>, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 6] = [
        texts("Metric"),
        numbers("Value"),
        numbers("Numerator"),
        numbers("Denominator"),
        Column { head: "95% interval", span: 2, numbers: true },
        wide("Definition, or what would fill it", 5),
    ];
    let row = |metric: &'a ValueMetric| {
        let style = model.style(metric.unit);
        let few = metric.numerator.zip(metric.denominator).filter(|(_, of)| metric.unit == Unit::Percent && *of < FEWEST);
        let value = match few {
            Some((numerator, denominator)) => Cell::text(counts(numerator, denominator), &styles.strong_number),
            None => Cell::number(metric.value, style, &styles.strong_number),
        };
        let interval = metric.interval.filter(|_| few.is_none());
        let said = match &metric.missing {
            Some(missing) => Cell::text(format!("{} Not measured. {missing}", metric.definition), &styles.muted),
            None => Cell::text(&metric.definition, &styles.text),
        };
        vec![
            Cell::text(&metric.name, &styles.strong),
            value,
            Cell::number(metric.numerator, PLAIN, &styles.number),
            Cell::number(metric.denominator, PLAIN, &styles.number),
            Cell::text(
                interval.map_or_else(String::new, |[low, high]| format!("{} to {}", style.value(low), style.value(high))),
                &styles.words,
            ),
            said,
        ]
    };
    let rows = match model.findings() {
        Some(findings) => findings.value.iter().map(row).collect(),
        None => blanks(BLANK_RUNGS, COLUMNS.len(), styles),
    };
    Table { title: "What customers are worth, and cost", note: "", columns: &COLUMNS, rows, line: LINE }
}

fn rungs<'a>(ladder: Option<&'a Ladder>, model: &WorksheetModel<'a>, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 5] =
        [texts("Rung"), numbers("Price"), numbers("Customers"), numbers("Bought it first"), numbers("Revenue")];
    let money = model.style(Unit::Money);
    let row = |rung: &'a Rung| {
        vec![
            Cell::text(&rung.name, &styles.strong),
            Cell::number(rung.price, money, &styles.input_number),
            Cell::count(rung.customers, &styles.number),
            Cell::count(rung.first, &styles.number),
            Cell::number(rung.revenue, money, &styles.number),
        ]
    };
    let empty = || {
        let mut cells = blank(Cell::text("", &styles.input), COLUMNS.len(), styles);
        cells[1] = Cell::text("", &styles.input_number);
        cells
    };
    let (title, rows) = match ladder {
        Some(ladder) => ("Value ladder, over all products", ladder.rungs.iter().map(row).collect()),
        None => ("Value ladder", (0..BLANK_RUNGS).map(|_| empty()).collect()),
    };
    Table { title, note: "", columns: &COLUMNS, rows, line: LINE }
}

/// Rows are the rung bought first, columns the rung bought next; the counts and days below each rate.
fn matrix<'a>(ladder: &Ladder, columns: &'a [Column<'a>], styles: &'a Styles) -> Table<'a> {
    let lines = |(from, rung): (usize, &Rung)| {
        let (mut first, mut second) =
            (vec![Cell::text(&rung.name, &styles.strong)], vec![Cell::text("counts, median days", &styles.muted)]);
        for to in 0..ladder.rungs.len() {
            let moved = ladder.moves.iter().find(|moved| (moved.from, moved.to) == (from, to));
            let share = moved.map(|moved| &moved.share);
            first.push(share.map_or_else(|| Cell::text("", &styles.number), |share| Cell::share(share, &styles.number)));
            second.push(Cell::text(moved.map_or_else(String::new, below), &styles.muted_number));
        }
        [first, second]
    };
    Table {
        title: "From rung to rung, over all products",
        note: "Of all customers of the rung in the row: those who bought the rung in the column as their next new one.",
        columns,
        rows: if ladder.moves.is_empty() { Vec::new() } else { ladder.rungs.iter().enumerate().flat_map(lines).collect() },
        line: LINE,
    }
}

/// What stands below a rate: its counts, and the median days.
fn below(moved: &RungMove) -> String {
    let share = Some(&moved.share).filter(|share| words::rate(share).is_some());
    let counts = share.map(|share| counts(share.numerator as f64, share.denominator as f64));
    counts.into_iter().chain(moved.median_days.map(number::days)).collect::<Vec<_>>().join("\n")
}

fn moves<'a>(ladder: &'a Ladder, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 6] = [
        texts("First"),
        wide("Then, as the next new rung", 3),
        numbers("Share"),
        numbers("Counts"),
        Column { head: "95% interval", span: 2, numbers: true },
        numbers("Median days"),
    ];
    let name = |place: usize| ladder.rungs.get(place).map_or("", |rung| rung.name.as_str());
    let row = |moved: &RungMove| {
        let interval = moved.share.interval.filter(|_| words::rate(&moved.share).is_some());
        vec![
            Cell::text(name(moved.from), &styles.strong),
            Cell::text(name(moved.to), &styles.strong),
            Cell::share(&moved.share, &styles.number),
            Cell::counts(Some(&moved.share), &styles.words),
            Cell::text(interval.map_or_else(String::new, words::interval), &styles.words),
            Cell::number(moved.median_days, DAYS, &styles.number),
        ]
    };
    Table {
        title: "From rung to rung, over all products",
        note: "Of all customers of the first rung: those who bought the second as their next new one.",
        columns: &COLUMNS,
        rows: ladder.moves.iter().map(row).collect(),
        line: LINE,
    }
}

fn skips<'a>(model: &WorksheetModel<'a>, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 9] = [
        texts("Skipped stage"),
        numbers("Days allowed"),
        wide("What became of them", 2),
        numbers("Who skipped"),
        numbers("of people"),
        numbers("Who did not"),
        numbers("of people"),
        Column { head: "Difference, 95% interval", span: 2, numbers: true },
        texts("Those who skipped did"),
    ];
    let costs = model.findings().map_or(&[][..], |findings| &findings.skip_costs);
    let mut rows: Vec<_> = costs.iter().flat_map(|cost| skip_rows(cost, model, styles)).collect();
    if model.report.is_none() {
        rows = blanks(BLANK_RUNGS, COLUMNS.len(), styles);
    }
    Table { title: "What skipping a stage costs", note: SKIP_CAVEAT, columns: &COLUMNS, rows, line: LINE }
}

/// A line per outcome, and one for money.
fn skip_rows<'a>(cost: &'a SkipCost, model: &WorksheetModel<'a>, styles: &'a Styles) -> Vec<Vec<Cell<'a>>> {
    let money = model.style(Unit::Money);
    let line = |days: u32, what: &str, [skipped, took]: [[Cell<'a>; 2]; 2], difference: String, verdict: Verdict| {
        let said = match verdict {
            Verdict::Up => "better",
            Verdict::Down => "worse",
            Verdict::TooClose => "too close to call",
            Verdict::None => "too few to compare",
        };
        let mut cells = vec![
            Cell::text(cost.stage.title(), &styles.label),
            Cell::count(u64::from(days), &styles.number),
            Cell::text(what, &styles.text),
        ];
        cells.extend(skipped);
        cells.extend(took);
        cells.extend([Cell::text(difference, &styles.words), Cell::text(said, &styles.text)]);
        cells
    };
    let difference = |difference: Option<f64>, range: Option<[f64; 2]>, verdict: Verdict, style: NumberStyle<'_>| {
        let known = difference.zip(range).filter(|_| verdict != Verdict::None);
        known.map_or_else(String::new, |(difference, [low, high])| {
            format!("{} ({} to {})", style.change(difference), style.change(low), style.change(high))
        })
    };
    let share = |share: &Share| [Cell::share(share, &styles.number), Cell::count(share.denominator, &styles.number)];
    let mean = |mean: Mean| [Cell::number(mean.mean, money, &styles.number), Cell::count(mean.people, &styles.number)];
    let mut rows: Vec<_> = cost
        .outcomes
        .iter()
        .map(|outcome| {
            let difference = difference(outcome.difference, outcome.interval, outcome.verdict, RATE);
            let what = format!("reached {}", outcome.stage.title());
            line(outcome.window_days, &what, [share(&outcome.skipped), share(&outcome.took)], difference, outcome.verdict)
        })
        .collect();
    rows.extend(cost.money.as_ref().map(|bought| {
        let difference = difference(bought.difference, bought.interval, bought.verdict, money);
        line(bought.window_days, "money a person", [mean(bought.skipped), mean(bought.took)], difference, bought.verdict)
    }));
    rows
}
