//! The `Cohorts` sheet: each step by the period in which people entered it, how long people take, and who makes the difference
//! between the readings of a stage.

use cvj_core::Stage;
use cvj_core::report::{Cohort, Share, Step};
use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{Color, ConditionalFormat2ColorScale, ConditionalFormatType, Worksheet, XlsxError};

use super::model::{EMPTY_PERIODS, StepLine, WorksheetModel};
use super::page::{Pages, begin, write};
use super::style::{DAYS, Styles};
use super::table::{Cell, Column, DENSE, LINE, Table, blank, numbers, texts, wide};
use crate::{number, palette, words};

const SHEET: &str = "Cohorts";
const WIDTHS: [f64; 11] = [22.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 17.0, 15.0, 15.0, 27.0];
/// Printed where fewer have gone on than the head says.
const NOT_YET: &str = "not yet";

/// Draws the sheet.
pub(super) fn draw(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Cohorts", model, styles)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(2, 1)?;
    let mut pages = Pages::new(&WIDTHS);
    let steps = model.steps();
    let mut row = 3;
    if steps.is_empty() {
        write(
            sheet,
            row,
            0,
            "Fewer than two stages are measured by people, so there is no step between them.",
            &styles.subtitle,
        )?;
        row += 1;
    } else if !periods(&steps).is_empty() {
        row = heat_map(sheet, row, &steps, &mut pages, styles)? + 1;
    }
    let mut add = |table: &Table<'_>| {
        if !table.rows.is_empty() {
            pages.place(row, table.height(&WIDTHS));
            row = table.draw(sheet, row, &WIDTHS, styles)? + 1;
        }
        Ok::<_, XlsxError>(())
    };
    add(&times(model, &steps, styles))?;
    add(&readings(model, styles))?;
    for (line, step) in steps.iter().filter_map(|line| Some((line, line.step?))) {
        let (title, early) = (step_title(line, step), early_head(step));
        let note = words::trusted(step).unwrap_or_default();
        let rows = step.cohorts.iter().map(|cohort| cohort_row(cohort, styles)).collect();
        add(&Table { title: &title, note: &note, columns: &cohort_columns(&early), rows, line: DENSE })?;
    }
    pages.set(sheet)
}

/// Rows are periods, columns are steps; shaded in proportion to the rate, within a step.
fn heat_map(
    sheet: &mut Worksheet,
    row: u32,
    steps: &[StepLine<'_>],
    pages: &mut Pages,
    styles: &Styles,
) -> Result<u32, XlsxError> {
    let heads: Vec<_> = steps.iter().map(|line| words::step_name(line.from, line.to)).collect();
    let columns: Vec<_> = std::iter::once(texts("Entered in")).chain(heads.iter().map(|head| numbers(head))).collect();
    let table = Table {
        title: "Step rates by entry cohort",
        note: "Of the people who entered in the period and have had the whole window: the share who reached the next stage. Hatched: \
               not everyone of the period has had the whole window, the rate will still change and is not shaded. Counts: fewer \
               than 20 people. Empty: not known. The darker, the higher, within a column.",
        columns: &columns,
        rows: periods(steps).iter().map(|period| heat_row(period, steps, styles)).collect(),
        line: DENSE,
    };
    pages.place(row, table.height(&WIDTHS));
    let first = table.first_row(row);
    for (column, line) in (1..).zip(steps) {
        shade(sheet, first, column, line, &periods(steps))?;
    }
    table.draw(sheet, row, &WIDTHS, styles)
}

/// The periods of the longest history; empty ones in the empty worksheet.
fn periods<'a>(steps: &[StepLine<'a>]) -> Vec<&'a str> {
    let histories = steps.iter().filter_map(|line| line.step).map(|step| step.cohorts.as_slice());
    match histories.max_by_key(|cohorts| cohorts.len()) {
        Some(cohorts) => cohorts.iter().map(|cohort| cohort.period.as_str()).collect(),
        None if steps.is_empty() => Vec::new(),
        None => vec![""; EMPTY_PERIODS],
    }
}

fn cohort<'a>(line: &StepLine<'a>, period: &str) -> Option<&'a Cohort> {
    line.step.and_then(|step| step.cohorts.iter().find(|cohort| cohort.period == period))
}

fn heat_row<'a>(period: &str, steps: &[StepLine<'_>], styles: &'a Styles) -> Vec<Cell<'a>> {
    let cell = |line: &StepLine<'_>| match cohort(line, period) {
        Some(cohort) if cohort.known => Cell::share(&share(cohort), if cohort.mature { &styles.number } else { &styles.hatched }),
        _ => Cell::text("", &styles.number),
    };
    std::iter::once(Cell::text(period, &styles.label)).chain(steps.iter().map(cell)).collect()
}

/// Shades a step's column, from none at 0 to full at its highest rate.
fn shade(sheet: &mut Worksheet, first: u32, column: u16, line: &StepLine<'_>, periods: &[&str]) -> Result<(), XlsxError> {
    let rows = (first..).zip(periods).filter(|(_, period)| cohort(line, period).is_some_and(is_shaded)).map(|(row, _)| row);
    let rows: Vec<u32> = rows.collect();
    let (Some(&top), Some(&bottom)) = (rows.first(), rows.last()) else { return Ok(()) };
    let cells: Vec<_> = rows.iter().map(|&row| row_col_to_cell(row, column)).collect();
    let scale = ConditionalFormat2ColorScale::new()
        .set_minimum(ConditionalFormatType::Number, 0)
        .set_minimum_color(Color::RGB(palette::HEAT[0]))
        .set_maximum_color(Color::RGB(palette::HEAT[palette::HEAT.len() - 1]))
        .set_multi_range(cells.join(" "));
    sheet.add_conditional_format(top, column, bottom, column, &scale)?;
    Ok(())
}

/// Whether a cohort's rate may be compared with others by eye.
fn is_shaded(cohort: &Cohort) -> bool {
    cohort.known && cohort.mature && words::rate(&share(cohort)).is_some()
}

fn share(cohort: &Cohort) -> Share {
    Share { numerator: cohort.advanced, denominator: cohort.matured, rate: cohort.rate, interval: cohort.interval }
}

fn times<'a>(model: &WorksheetModel<'_>, steps: &[StepLine<'_>], styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 8] = [
        texts("Step"),
        numbers("Days allowed"),
        numbers("Entered in the period"),
        numbers("Reached the next so far"),
        numbers("A quarter had after"),
        numbers("Half had after"),
        numbers("Three quarters had after"),
        wide("Does it get better?", 4),
    ];
    let row = |line: &StepLine<'_>| {
        let name = Cell::text(words::step_name(line.from, line.to), &styles.label);
        let Some(step) = line.step else { return blank(name, COLUMNS.len(), styles) };
        let quartiles = step.waiting.quartiles.map(|days| match days {
            None if step.waiting.people > 0 => Cell::text(NOT_YET, &styles.words),
            days => Cell::number(days, DAYS, &styles.number),
        });
        let claim = model.told().zip(model.stage(line.from));
        let claim = claim.map(|(told, stage)| words::progress(told, stage, step, words::UP_OR_DOWN));
        let format = styles.claim(claim.as_ref().and_then(|claim| claim.verdict));
        let said = claim.map_or_else(String::new, |claim| claim.text);
        let counts = [u64::from(step.window_days), step.waiting.people, step.waiting.reached];
        let mut cells = vec![name];
        cells.extend(counts.map(|count| Cell::count(count, &styles.number)));
        cells.extend(quartiles);
        cells.push(Cell::text(said, format));
        cells
    };
    Table {
        title: "How long people take, and whether that gets better",
        note: "People who are still waiting count for as long as they have waited (Kaplan-Meier). It gets better or worse by \
               the rate of those who have had the whole window; where they are too few, by people of the same age.",
        columns: &COLUMNS,
        rows: steps.iter().map(row).collect(),
        line: LINE,
    }
}

fn readings<'a>(model: &WorksheetModel<'_>, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 8] = [
        texts("Stage"),
        numbers("Any order"),
        numbers("Only after a later stage"),
        numbers("In order"),
        numbers("Skipped a stage"),
        numbers("No earlier stage at all"),
        numbers("Every step"),
        wide("Stages that those who skipped have missed", 4),
    ];
    let row = |stage: Stage| {
        let report = model.stage(stage);
        let counted = report.and_then(|report| Some((report.people?, report.readings.as_ref()?)));
        let name = Cell::text(stage.title(), &styles.label);
        let Some((people, readings)) = counted else {
            return blank(name, COLUMNS.len(), styles);
        };
        let counts = [people.any, readings.backward, people.ordered, readings.skipped, readings.no_earlier, people.strict];
        let mut cells = vec![name];
        cells.extend(counts.map(|count| Cell::count(count, &styles.number)));
        cells.push(Cell::text(words::missing(readings), &styles.text));
        cells
    };
    let shown = |stage: &Stage| model.report.is_none() || model.stage(*stage).is_some_and(|report| report.people.is_some());
    Table {
        title: "Who makes the difference between the readings",
        note: "Any order = in order + only after a later stage. In order = every step + skipped a stage + no earlier stage at all. One \
               person may have missed several stages.",
        columns: &COLUMNS,
        rows: Stage::ALL.into_iter().filter(shown).map(row).collect(),
        line: LINE,
    }
}

fn step_title(line: &StepLine<'_>, step: &Step) -> String {
    let over: Vec<_> = step.passes_over.iter().map(|stage| stage.title()).collect();
    let over = if over.is_empty() { String::new() } else { format!(" (over {}: not measured)", over.join(" and ")) };
    format!("{} within {} days{over}", words::step_name(line.from, line.to), step.window_days)
}

fn early_head(step: &Step) -> String {
    let days = step.like_aged.as_ref().map(|aged| number::days(f64::from(aged.days)));
    days.map_or_else(|| "Early share".to_owned(), |days| format!("Within {days}"))
}

fn cohort_columns(early: &str) -> [Column<'_>; 10] {
    [
        texts("Entered in"),
        numbers("Entered"),
        numbers("Matured"),
        numbers("Advanced"),
        numbers("Skipped it"),
        numbers("Rate"),
        numbers("95% interval"),
        numbers(early),
        numbers("Half had after"),
        wide("To know", 2),
    ]
}

fn cohort_row<'a>(cohort: &Cohort, styles: &'a Styles) -> Vec<Cell<'a>> {
    let name = Cell::text(&cohort.period, &styles.label);
    if !cohort.known {
        let mut cells = blank(name, 9, styles);
        cells.push(Cell::text("not known: a source has no row", &styles.muted));
        return cells;
    }
    let share = share(cohort);
    let interval = share.interval.filter(|_| words::rate(&share).is_some());
    let early = cohort.early.as_ref();
    let median = match cohort.median_days {
        None if cohort.entered > 0 => Cell::text(NOT_YET, &styles.words),
        days => Cell::number(days, DAYS, &styles.number),
    };
    let mut cells = vec![name];
    let counts = [cohort.entered, cohort.matured, cohort.advanced, cohort.skipped];
    cells.extend(counts.map(|count| Cell::count(count, &styles.number)));
    cells.extend([
        Cell::share(&share, if cohort.mature { &styles.strong_number } else { &styles.hatched }),
        Cell::text(interval.map_or_else(String::new, words::interval), &styles.words),
        early.map_or_else(|| Cell::text("", &styles.number), |early| Cell::share(early, &styles.number)),
        median,
        Cell::text(if cohort.mature { "" } else { "hatched: not all had the whole window" }, &styles.muted),
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_mature_cohorts_of_twenty_are_shaded() {
        let whole = Cohort {
            period: "2026-10".into(),
            known: true,
            mature: true,
            entered: 20,
            matured: 20,
            advanced: 5,
            skipped: 0,
            rate: Some(0.25),
            interval: Some([0.11, 0.47]),
            median_days: None,
            early: None,
        };
        assert!(is_shaded(&whole));
        assert!(!is_shaded(&Cohort { known: false, ..whole.clone() }));
        assert!(!is_shaded(&Cohort { mature: false, ..whole.clone() }));
        assert!(!is_shaded(&Cohort { matured: 19, ..whole }));
    }
}
