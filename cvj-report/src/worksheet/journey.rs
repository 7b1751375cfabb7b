//! The `Journey` sheet: the head, and the canvas of the eight stages side by side with a chart of the people below.

use cvj_core::report::{StageReport, Step};
use cvj_core::{Stage, Unit};
use rust_xlsxwriter::{
    Chart, ChartDataLabel, ChartDataLabelPosition, ChartFont, ChartFormat, ChartLine, ChartSolidFill, ChartType, Color,
    DataValidation, DataValidationErrorStyle, Worksheet, XlsxError,
};

use super::bindings::Bindings;
use super::model::WorksheetModel;
use super::page::{begin, write, write_figure, write_number};
use super::stage_column;
use super::style::Styles;
use crate::figure::{Figure, waiting};
use crate::{calendar, number, palette};

const SHEET: &str = "Journey";
/// States of an activity.
const STATES: [&str; 5] = ["live", "half-built", "planned", "abandoned", "missing"];
const ACTIVITIES: u32 = 4;

const HEAD: u32 = 7;
const ASKS: u32 = HEAD + 1;
const REACHED: u32 = HEAD + 2;
const OFFER: u32 = HEAD + 3;
const ACTIVITY: u32 = OFFER + 4;
const NEXT: u32 = ACTIVITY + 3 * ACTIVITIES;
const DATA: u32 = NEXT + 1;
const PEOPLE: u32 = DATA + 1;
const STEP: u32 = PEOPLE + 3;
const ENTERED: u32 = STEP + 2;
const MEDIAN: u32 = ENTERED + 3;
const LAST_COLUMN: u16 = 8;

/// Draws the sheet.
pub(super) fn draw(
    sheet: &mut Worksheet,
    model: &WorksheetModel<'_>,
    styles: &Styles,
    bindings: &mut Bindings,
) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Customer value journey", model, styles)?;
    sheet.set_column_width(0, 22)?.set_column_range_width(1, LAST_COLUMN, 20)?;
    head(sheet, model, styles, bindings)?;
    labels(sheet, styles)?;
    for stage in Stage::ALL {
        canvas(sheet, stage, styles)?;
        readings(sheet, stage, model.stage(stage), styles)?;
        bind(stage, bindings);
    }
    sheet.set_freeze_panes(HEAD + 1, 1)?;
    sheet.set_repeat_rows(HEAD, HEAD)?;
    sheet.set_print_fit_to_pages(1, 1);
    Ok(())
}

fn head(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles, bindings: &mut Bindings) -> Result<(), XlsxError> {
    let period = model.report.map(|report| &report.period);
    let words = period.map_or_else(String::new, |period| {
        let unfinished = if period.complete { "" } else { " (unfinished)" };
        format!("{}{unfinished}", calendar::period(period))
    });
    let as_of = model.report.map_or_else(String::new, |report| calendar::moment(&report.as_of));
    for (row, left, right) in
        [(2, "Client", "Period"), (3, "Product", "As of"), (4, "Buyer persona", "Goal"), (5, "Version", "Author")]
    {
        write(sheet, row, 0, left, &styles.label)?;
        write(sheet, row, 5, right, &styles.label)?;
        sheet.set_row_height(row, 20)?;
    }
    sheet.merge_range(2, 1, 2, 4, model.client().unwrap_or_default(), &styles.strong)?;
    sheet.merge_range(3, 1, 3, 4, model.product().unwrap_or_default(), &styles.strong)?;
    write(sheet, 2, 6, period.map_or("", |period| &period.label), &styles.strong)?;
    let marked = if period.is_some_and(|period| !period.complete) { &styles.warning } else { &styles.text };
    sheet.merge_range(2, 7, 2, LAST_COLUMN, &words, marked)?;
    sheet.merge_range(3, 6, 3, LAST_COLUMN, &as_of, &styles.text)?;
    for row in [4, 5] {
        sheet.merge_range(row, 1, row, 4, "", &styles.input)?;
        sheet.merge_range(row, 6, row, LAST_COLUMN, "", &styles.input)?;
    }
    bindings.bind("client", SHEET, 2, 1);
    bindings.bind("product.name", SHEET, 3, 1);
    bindings.bind("period.label", SHEET, 2, 6);
    Ok(())
}

fn labels(sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
    write(sheet, HEAD, 0, "Stage", &styles.head)?;
    let fixed = [
        (ASKS, "The buyer asks"),
        (REACHED, "Reached when a person"),
        (OFFER, "What we offer\n(Ascend: core offer)"),
        (OFFER + 1, "Ascend: second rung"),
        (OFFER + 2, "Ascend: third rung"),
        (OFFER + 3, "Ascend: fourth rung"),
        (NEXT, "Next action"),
        (DATA, "Data"),
        (PEOPLE, "People, any order"),
        (PEOPLE + 1, "People, in order"),
        (PEOPLE + 2, "People, every step"),
        (STEP, "Step rate to the next"),
        (STEP + 1, "95% interval"),
        (ENTERED, "Entered in the period"),
        (ENTERED + 1, "Matured (whole window)"),
        (ENTERED + 2, "Advanced to the next"),
        (MEDIAN, "Median days to the next"),
        (MEDIAN + 1, "Next stage of the chain"),
    ];
    for (row, label) in fixed {
        write(sheet, row, 0, label, &styles.label)?;
    }
    for number in 0..ACTIVITIES {
        let row = ACTIVITY + 3 * number;
        write(sheet, row, 0, &format!("Activity {}", number + 1), &styles.label)?;
        write(sheet, row + 1, 0, "    its state", &styles.label)?;
        write(sheet, row + 2, 0, "    its owner", &styles.label)?;
        sheet.set_row_height(row, 32)?;
    }
    for (row, height) in [(HEAD, 24), (ASKS, 34), (REACHED, 34), (NEXT, 46), (DATA, 60)] {
        sheet.set_row_height(row, height)?;
    }
    for row in OFFER..OFFER + 4 {
        sheet.set_row_height(row, 30)?;
    }
    for row in PEOPLE..MEDIAN + 2 {
        sheet.set_row_height(row, 19)?;
    }
    sheet.set_row_height(MEDIAN, 30)?;
    Ok(())
}

/// What people fill in.
fn canvas(sheet: &mut Worksheet, stage: Stage, styles: &Styles) -> Result<(), XlsxError> {
    let column = stage_column(stage);
    write(sheet, HEAD, column, stage.title(), &styles.stage)?;
    write(sheet, ASKS, column, stage.buyer_asks(), &styles.strong)?;
    write(sheet, REACHED, column, stage.reached_when(), &styles.text)?;
    if stage == Stage::Ascend {
        for row in OFFER..OFFER + 4 {
            write(sheet, row, column, "", &styles.input)?;
        }
    } else {
        sheet.merge_range(OFFER, column, OFFER + 3, column, "", &styles.input)?;
    }
    let states = DataValidation::new()
        .allow_list_strings(&STATES)?
        .set_error_title("State of an activity")?
        .set_error_message("Choose live, half-built, planned, abandoned or missing.")?
        .set_error_style(DataValidationErrorStyle::Warning);
    for row in ACTIVITY..NEXT {
        write(sheet, row, column, "", &styles.input)?;
    }
    for number in 0..ACTIVITIES {
        let row = ACTIVITY + 3 * number + 1;
        sheet.add_data_validation(row, column, row, column, &states)?;
    }
    write(sheet, NEXT, column, "", &styles.input)
}

/// What the report knows.
fn readings(sheet: &mut Worksheet, stage: Stage, report: Option<&StageReport>, styles: &Styles) -> Result<(), XlsxError> {
    let column = stage_column(stage);
    let count = number::NumberStyle { unit: Unit::Count, currency: "" };
    let (data, format) = match report {
        None => (String::new(), &styles.text),
        Some(report) if !report.measured => (format!("Not measured. Would be filled by {}.", stage.filled_by()), &styles.muted),
        Some(report) if report.people.is_none() => ("Totals only: no source names the persons.".to_owned(), &styles.muted),
        Some(_) => ("Measured".to_owned(), &styles.text),
    };
    write(sheet, DATA, column, &data, format)?;
    let people = report.and_then(|report| report.people);
    for (row, people) in
        (PEOPLE..).zip([people.map(|people| people.any), people.map(|people| people.ordered), people.map(|people| people.strict)])
    {
        let format = if row == PEOPLE + 1 { &styles.strong_number } else { &styles.number };
        write_number(sheet, row, column, people.map(|people| people as f64), count, format)?;
    }
    step(sheet, column, report.and_then(|report| report.to_next.as_ref()), styles)
}

fn step(sheet: &mut Worksheet, column: u16, step: Option<&Step>, styles: &Styles) -> Result<(), XlsxError> {
    let rate = number::NumberStyle { unit: Unit::Percent, currency: "" };
    let figure = step.map_or(Figure::Unknown, Figure::step);
    write_figure(sheet, STEP, column, figure, rate, &styles.strong_number)?;
    let count = number::NumberStyle { unit: Unit::Count, currency: "" };
    for (row, people) in
        (ENTERED..).zip([step.map(|step| step.entered), step.map(|step| step.matured), step.map(|step| step.advanced)])
    {
        write_number(sheet, row, column, people.map(|people| people as f64), count, &styles.number)?;
    }
    let interval = step.and_then(|step| step.interval).filter(|_| figure.value().is_some());
    let interval =
        interval.map_or_else(String::new, |[low, high]| format!("{} to {}", number::percent(low), number::percent(high)));
    write(sheet, STEP + 1, column, &interval, &styles.words)?;
    match step {
        Some(step) if step.median_days.is_none() => write(sheet, MEDIAN, column, &waiting(step), &styles.words)?,
        step => {
            let days = number::NumberStyle { unit: Unit::Duration, currency: "" };
            write_number(sheet, MEDIAN, column, step.and_then(|step| step.median_days), days, &styles.number)?;
        }
    }
    write(sheet, MEDIAN + 1, column, step.map_or("", |step| step.to.title()), &styles.words)
}

fn bind(stage: Stage, bindings: &mut Bindings) {
    let column = stage_column(stage);
    let rows = [
        (PEOPLE, "people.any"),
        (PEOPLE + 1, "people.ordered"),
        (PEOPLE + 2, "people.strict"),
        (STEP, "to_next.rate"),
        (ENTERED, "to_next.entered"),
        (ENTERED + 1, "to_next.matured"),
        (ENTERED + 2, "to_next.advanced"),
        (MEDIAN, "to_next.median_days"),
        (MEDIAN + 1, "to_next.to"),
    ];
    for (row, path) in rows {
        bindings.bind(&format!("{stage}.{path}"), SHEET, row, column);
    }
    for number in 0..ACTIVITIES {
        bindings.bind(&state_path(stage, number), SHEET, ACTIVITY + 3 * number + 1, column);
    }
}

/// The path of the state of a stage's activity, counted from 1: `aware.activity_1.state`.
fn state_path(stage: Stage, number: u32) -> String {
    format!("{stage}.activity_{}.state", number + 1)
}

/// The paths of the states of all activities of a stage.
pub(super) fn state_paths(stage: Stage) -> impl Iterator<Item = String> {
    (0..ACTIVITIES).map(move |number| state_path(stage, number))
}

/// A column chart of the people per stage, for another sheet.
pub(super) fn chart(model: &WorksheetModel<'_>) -> Chart {
    let mut chart = Chart::new(ChartType::Column);
    let mut font = ChartFont::new();
    font.set_size(9).set_color(Color::RGB(palette::MUTED));
    let mut labels = ChartDataLabel::new();
    labels.show_value().set_position(ChartDataLabelPosition::OutsideEnd).set_num_format("#,##0");
    chart
        .add_series()
        .set_categories((SHEET, HEAD, 1, HEAD, LAST_COLUMN))
        .set_values((SHEET, PEOPLE + 1, 1, PEOPLE + 1, LAST_COLUMN))
        .set_name("People, in order")
        .set_format(ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(Color::RGB(palette::DATA))))
        .set_data_label(&labels)
        .set_gap(60);
    let until = model.report.map_or_else(String::new, |report| format!(" by {}", calendar::until(report)));
    let mut title = ChartFont::new();
    title.set_size(12).set_bold().set_color(Color::RGB(palette::NAVY));
    chart.title().set_name(&format!("People who reached each stage, in order{until} (no bar: not measured)")).set_font(&title);
    chart.legend().set_hidden();
    chart.x_axis().set_font(&font);
    let grid = ChartLine::new().set_color(Color::RGB(palette::LINE)).clone();
    chart.y_axis().set_font(&font).set_num_format("#,##0").set_major_gridlines_line(&grid).set_min(0);
    chart.set_width(1240).set_height(300);
    chart.set_alt_text("Column chart of the people who reached each stage in order");
    chart
}
