//! The `Trends` sheet: the scorecard's metrics period by period, and a native line chart of each.
//!
//! A rate over too few is left empty in its row, because Excel would draw a text as 0; its counts stand in the row below.

use cvj_core::report::{MetricReport, SeriesPoint};
use cvj_core::{Stage, Unit};
use rust_xlsxwriter::{
    Chart, ChartAxisLabelPosition, ChartEmptyCells, ChartFont, ChartFormat, ChartLine, ChartLineDashType, ChartMarker,
    ChartMarkerType, ChartSolidFill, ChartType, Color, Worksheet, XlsxError,
};

use super::journey;
use super::model::{Content, WorksheetModel};
use super::page::{begin, write, write_number};
use super::style::{Styles, value_format};
use crate::figure::{Figure, counts};
use crate::palette;

/// The sheet's name.
pub(super) const SHEET: &str = "Trends";
/// The first column of periods.
pub(super) const FIRST: u16 = 3;
const HEAD: u32 = 3;
/// Charts side by side, their width in pixels, and the rows each covers.
const ACROSS: u32 = 3;
const CHART_WIDTH: u32 = 400;
const CHART_ROWS: u32 = 15;
const JOURNEY_ROWS: u32 = 16;

/// The rows of one metric.
struct Block<'a> {
    stage: Stage,
    metric: Option<&'a MetricReport>,
    row: u32,
    counts: Option<u32>,
    target: Option<u32>,
}

/// The last column of periods.
pub(super) fn last(model: &WorksheetModel<'_>) -> u16 {
    FIRST + (model.periods().len().clamp(1, 500) as u16) - 1
}

/// The row of each scorecard line's series; none for a line without one.
pub(super) fn places(model: &WorksheetModel<'_>) -> Vec<Option<u32>> {
    blocks(model).into_iter().map(|block| block.map(|block| block.row)).collect()
}

fn blocks<'a>(model: &WorksheetModel<'a>) -> Vec<Option<Block<'a>>> {
    let mut row = HEAD + 1;
    let mut next = || {
        row += 1;
        row - 1
    };
    let block = |line: super::model::Line<'a>| {
        let metric = match line.content {
            Content::Metric(metric) => Some(metric),
            Content::Blank => None,
            Content::NoMetric | Content::Unmeasured => return None,
        };
        let is_rate = metric.is_some_and(|metric| metric.unit == Unit::Percent && metric.denominator.is_some());
        let (value, counts) = (next(), is_rate.then(&mut next));
        let target = metric.and_then(|metric| metric.target).map(|_| next());
        Some(Block { stage: line.stage, metric, row: value, counts, target })
    };
    model.lines().into_iter().map(block).collect()
}

/// Draws the sheet.
pub(super) fn draw(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Trends", model, styles)?;
    let periods = model.periods();
    sheet.set_column_width(0, 12)?.set_column_width(1, 28)?.set_column_width(2, 12)?;
    sheet.set_column_range_width(FIRST, last(model), 14)?;
    for (column, title) in (0..).zip(["Stage", "Metric", "Row"]) {
        write(sheet, HEAD, column, title, &styles.head)?;
    }
    for (column, period) in (FIRST..=last(model)).zip(&periods) {
        write(sheet, HEAD, column, period, &styles.head_right)?;
    }
    let blocks: Vec<_> = blocks(model).into_iter().flatten().collect();
    for block in &blocks {
        table(sheet, block, model, styles)?;
    }
    let below = blocks.iter().map(|block| block.target.or(block.counts).unwrap_or(block.row)).max().unwrap_or(HEAD) + 2;
    if blocks.is_empty() {
        write(sheet, HEAD + 1, 0, "No metric is measured yet.", &styles.subtitle)?;
    }
    sheet.insert_chart_with_offset(below, 0, &journey::chart(model), 4, 4)?;
    let first = below + JOURNEY_ROWS;
    for (place, block) in (0_u32..).zip(&blocks) {
        let (row, across) = (first + place / ACROSS * CHART_ROWS, place % ACROSS);
        sheet.insert_chart_with_offset(row, 0, &chart(block, model), 4 + across * (CHART_WIDTH + 20), 4)?;
    }
    let pages = (blocks.len() as u32).div_ceil(3 * ACROSS);
    let breaks: Vec<u32> = (0..pages).map(|page| first + page * 3 * CHART_ROWS).collect();
    if !breaks.is_empty() {
        sheet.set_page_breaks(&breaks)?;
    }
    sheet.set_freeze_panes(HEAD + 1, FIRST)?;
    sheet.set_repeat_rows(HEAD, HEAD)?;
    Ok(())
}

fn table(sheet: &mut Worksheet, block: &Block<'_>, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    let periods = model.periods();
    let column =
        |point: &SeriesPoint| periods.iter().position(|period| *period == point.period).map(|place| FIRST + place as u16);
    write(sheet, block.row, 0, block.stage.title(), &styles.label)?;
    let Some(metric) = block.metric else {
        for column in 1..=last(model) {
            write(sheet, block.row, column, "", &styles.input)?;
        }
        return Ok(());
    };
    let style = model.style(metric.unit);
    write(sheet, block.row, 1, &metric.name, &styles.strong)?;
    write(sheet, block.row, 2, "value", &styles.text)?;
    sheet.set_row_height(block.row, super::page::height(&metric.name, 26.0).max(18.0))?;
    for (place, point) in metric.series.iter().filter_map(|point| column(point).map(|place| (place, point))) {
        write_number(sheet, block.row, place, Figure::point(metric, point).value(), style, &styles.number)?;
    }
    if let Some(row) = block.counts {
        second(sheet, row, block, "counts", styles)?;
        for (place, point) in metric.series.iter().filter_map(|point| column(point).map(|place| (place, point))) {
            let of = point
                .numerator
                .zip(point.denominator)
                .map_or_else(String::new, |(numerator, denominator)| counts(numerator, denominator));
            write(sheet, row, place, &of, &styles.words)?;
        }
    }
    if let Some(row) = block.target {
        second(sheet, row, block, "target", styles)?;
        for place in FIRST..=last(model) {
            write_number(sheet, row, place, metric.target, style, &styles.number)?;
        }
    }
    Ok(())
}

fn second(sheet: &mut Worksheet, row: u32, block: &Block<'_>, what: &str, styles: &Styles) -> Result<(), XlsxError> {
    let muted = styles.muted.clone().unset_text_wrap();
    write(sheet, row, 0, block.stage.title(), &muted)?;
    write(sheet, row, 1, block.metric.map_or("", |metric| &metric.name), &muted)?;
    write(sheet, row, 2, what, &muted)
}

fn chart(block: &Block<'_>, model: &WorksheetModel<'_>) -> Chart {
    let mut chart = Chart::new(ChartType::Line);
    let line = ChartLine::new().set_color(Color::RGB(palette::DATA)).set_width(2.25).clone();
    let dot = ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(Color::RGB(palette::DATA))).clone();
    let marker = ChartMarker::new().set_type(ChartMarkerType::Circle).set_size(5).set_format(&mut dot.clone()).clone();
    let columns = (FIRST, last(model));
    chart
        .add_series()
        .set_categories((SHEET, HEAD, columns.0, HEAD, columns.1))
        .set_values((SHEET, block.row, columns.0, block.row, columns.1))
        .set_name((SHEET, block.row, 1))
        .set_format(ChartFormat::new().set_line(&line))
        .set_marker(&marker);
    if let Some(row) = block.target {
        let dashed =
            ChartLine::new().set_color(Color::RGB(palette::TARGET)).set_width(1.5).set_dash_type(ChartLineDashType::Dash).clone();
        chart
            .add_series()
            .set_categories((SHEET, HEAD, columns.0, HEAD, columns.1))
            .set_values((SHEET, row, columns.0, row, columns.1))
            .set_name("Target")
            .set_format(ChartFormat::new().set_line(&dashed))
            .set_marker(ChartMarker::new().set_none());
    }
    let (mut title, mut small) = (ChartFont::new(), ChartFont::new());
    title.set_size(11).set_bold().set_color(Color::RGB(palette::NAVY));
    small.set_size(8).set_color(Color::RGB(palette::MUTED));
    match block.metric {
        Some(metric) => {
            let name: String = metric.name.chars().take(60).collect();
            let target = if block.target.is_some() { " (dashed: target)" } else { "" };
            chart.title().set_name(&format!("{}: {name}{target}", block.stage.title())).set_font(&title);
        }
        None => {
            chart.title().set_name(block.stage.title()).set_font(&title);
        }
    }
    chart.legend().set_hidden();
    let periods = u32::from(columns.1 - columns.0) + 1;
    chart
        .x_axis()
        .set_font(&small)
        .set_label_interval(periods.div_ceil(5) as u16)
        .set_label_position(ChartAxisLabelPosition::Low);
    let grid = ChartLine::new().set_color(Color::RGB(palette::LINE)).clone();
    chart.y_axis().set_font(&small).set_major_gridlines_line(&grid);
    let values =
        block.metric.into_iter().flat_map(|metric| metric.series.iter().filter_map(|point| Figure::point(metric, point).value()));
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    if low >= 0.0 {
        chart.y_axis().set_min(0);
    }
    if let Some(metric) = block.metric {
        let format = if metric.unit == Unit::Percent {
            "0.0%".to_owned()
        } else {
            value_format(model.style(metric.unit), high.max(1000.0))
        };
        let format =
            if metric.unit != Unit::Percent && high < 1000.0 { value_format(model.style(metric.unit), high) } else { format };
        chart.y_axis().set_num_format(format);
    }
    chart.show_empty_cells_as(ChartEmptyCells::Gaps);
    chart.set_width(CHART_WIDTH).set_height(280);
    chart.set_alt_text(format!("Line chart over time, stage {}", block.stage.title()));
    chart
}
