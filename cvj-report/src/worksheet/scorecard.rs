//! The `Scorecard` sheet: each stage's headline metrics, at most ten to a printed page.

use cvj_core::report::{MetricReport, Step};
use rust_xlsxwriter::{ChartEmptyCells, Color, Format, Sparkline, Worksheet, XlsxError};

use super::bindings::Bindings;
use super::model::{Content, Line, WorksheetModel};
use super::page::{begin, height, write, write_figure, write_number};
use super::style::{Styles, change_format};
use super::trends;
use crate::figure::{Figure, change, counts};
use crate::number::NumberStyle;
use crate::palette;
use crate::scorecard::PAGE;
use crate::verdict::{status_tone, status_words, verdict_tone, verdict_words};
use crate::words;

const SHEET: &str = "Scorecard";
const HEAD: u32 = 3;
const COLUMNS: [(&str, f64); 12] = [
    ("Stage", 12.0),
    ("Metric", 28.0),
    ("Owner", 14.0),
    ("Target", 14.0),
    ("Actual", 15.0),
    ("Previous", 15.0),
    ("Change", 15.0),
    ("Verdict", 17.0),
    ("Status", 11.0),
    ("Trend", 20.0),
    ("Counts and 95% interval", 25.0),
    ("Source", 20.0),
];

/// Draws the sheet.
pub(super) fn draw(
    sheet: &mut Worksheet,
    model: &WorksheetModel<'_>,
    styles: &Styles,
    bindings: &mut Bindings,
) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Growth scorecard", model, styles)?;
    for (column, (title, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, width)?;
        let numeric = (3..=6).contains(&column);
        write(sheet, HEAD, column, title, if numeric { &styles.head_right } else { &styles.head })?;
    }
    sheet.set_row_height(HEAD, 22)?;
    let lines = model.lines();
    let places = trends::places(model);
    let mut breaks = Vec::new();
    let mut metrics = 0;
    for ((row, line), place) in (HEAD + 1..).zip(&lines).zip(places) {
        if matches!(line.content, Content::Metric(_)) {
            metrics += 1;
            if metrics > 1 && metrics % PAGE == 1 {
                breaks.push(row);
            }
        }
        sheet.set_row_height(row, tallness(line, model))?;
        write(sheet, row, 0, line.stage.title(), &styles.label)?;
        content(sheet, row, line, place, model, styles)?;
        if let Some(number) = line.headline {
            bind(row, line, number, bindings);
        }
    }
    let note = HEAD + 2 + lines.len() as u32;
    let hint =
        "Yellow cells are for people to fill in. An empty cell is not known, never 0. How to read the rest: sheet Definitions.";
    write(sheet, note, 0, hint, &styles.subtitle)?;
    if !breaks.is_empty() {
        sheet.set_page_breaks(&breaks)?;
    }
    sheet.set_freeze_panes(HEAD + 1, 2)?;
    sheet.set_repeat_rows(HEAD, HEAD)?;
    Ok(())
}

/// The height that shows all of a row's texts.
fn tallness(line: &Line<'_>, model: &WorksheetModel<'_>) -> f64 {
    let Content::Metric(metric) = line.content else { return 30.0 };
    let style = model.style(metric.unit);
    let grounds = grounds(metric, style);
    let texts =
        [(1, metric.name.as_str()), (2, metric.owner.as_deref().unwrap_or_default()), (10, &grounds), (11, &metric.source)];
    texts.into_iter().map(|(column, text)| height(text, COLUMNS[column].1)).fold(32.0, f64::max)
}

fn content(
    sheet: &mut Worksheet,
    row: u32,
    line: &Line<'_>,
    place: Option<u32>,
    model: &WorksheetModel<'_>,
    styles: &Styles,
) -> Result<(), XlsxError> {
    match line.content {
        Content::Metric(metric) => {
            let step = model.stage(line.stage).and_then(|stage| stage.to_next.as_ref());
            metric_row(sheet, row, (metric, step), model.style(metric.unit), styles)?;
        }
        Content::Blank => {
            for column in 1..12 {
                let format: &Format = if (1..=3).contains(&column) { &styles.input } else { &styles.number };
                write(sheet, row, column, "", format)?;
            }
        }
        Content::NoMetric => {
            sheet.merge_range(row, 1, row, 11, "No metric is declared for this stage.", &styles.muted)?;
        }
        Content::Unmeasured => {
            let text = format!("Not measured. Would be filled by {}.", line.stage.filled_by());
            sheet.merge_range(row, 1, row, 11, &text, &styles.muted)?;
        }
    }
    let (Some(place), false) = (place, matches!(line.content, Content::Unmeasured | Content::NoMetric)) else { return Ok(()) };
    let sparkline = Sparkline::new()
        .set_range((trends::SHEET, place, trends::FIRST, place, trends::last(model)))
        .show_empty_cells_as(ChartEmptyCells::Gaps)
        .show_last_point(true)
        .set_line_weight(1.5)
        .set_sparkline_color(Color::RGB(palette::DATA))
        .set_last_point_color(Color::RGB(palette::NAVY));
    sheet.add_sparkline(row, 9, &sparkline)?;
    Ok(())
}

fn metric_row(
    sheet: &mut Worksheet,
    row: u32,
    (metric, step): (&MetricReport, Option<&Step>),
    style: NumberStyle<'_>,
    styles: &Styles,
) -> Result<(), XlsxError> {
    write(sheet, row, 1, &metric.name, &styles.strong)?;
    write(sheet, row, 2, metric.owner.as_deref().unwrap_or_default(), &styles.input)?;
    write_number(sheet, row, 3, metric.target, style, &styles.input_number)?;
    write_figure(sheet, row, 4, Figure::actual(metric), style, &styles.strong_number)?;
    write_figure(sheet, row, 5, Figure::previous(metric), style, &styles.number)?;
    match change(metric) {
        Some(change) => {
            let format = styles.number.clone().set_num_format(change_format(style, change));
            sheet.write_number_with_format(row, 6, change, &format)?;
        }
        None => write(sheet, row, 6, "", &styles.number)?,
    }
    write(sheet, row, 7, verdict_words(metric, step), styles.tone(verdict_tone(metric, step)))?;
    write(sheet, row, 8, status_words(metric.status), styles.tone(status_tone(metric.status)))?;
    write(sheet, row, 9, "", &styles.text)?;
    write(sheet, row, 10, &grounds(metric, style), &styles.text)?;
    write(sheet, row, 11, &metric.source, &styles.text)
}

/// What a ratio stands on: its counts, or the answers behind a score.
fn grounds(metric: &MetricReport, style: NumberStyle<'_>) -> String {
    let of = || metric.numerator.zip(metric.denominator).map(|(numerator, denominator)| counts(numerator, denominator));
    let of = words::promoters(metric).or_else(of);
    let interval = metric.interval.filter(|_| Figure::actual(metric).value().is_some());
    let interval = interval.map(|[low, high]| format!("{} to {}", style.value(low), style.value(high)));
    of.into_iter().chain(interval).collect::<Vec<_>>().join("\n")
}

fn bind(row: u32, line: &Line<'_>, number: usize, bindings: &mut Bindings) {
    let paths = ["name", "owner", "target", "actual", "previous", "change", "verdict", "status"];
    for (column, path) in (1..).zip(paths) {
        bindings.bind(&format!("{}.headline_{number}.{path}", line.stage), SHEET, row, column);
    }
    bindings.bind(&format!("{}.headline_{number}.source", line.stage), SHEET, row, 11);
}
