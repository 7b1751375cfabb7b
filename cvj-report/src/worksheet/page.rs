//! What every sheet has: its title, print set-up and footer, and how texts and unknown values are written.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::model::WorksheetModel;
use super::style::{Styles, value_format};
use crate::figure::Figure;
use crate::number::NumberStyle;

/// Excel's limit on a cell's text is 32,767.
const LONGEST_TEXT: usize = 32_000;
/// Paper size number of A4.
const A4: u8 = 9;
/// Points between the margins of a sheet of A4, across and down.
const PAPER_WIDTH: f64 = 784.0;
const PAPER_HEIGHT: f64 = 516.0;
/// Points that the title covers, and that a row between blocks does.
const TOP: f64 = 67.0;
const GAP: f64 = 15.0;

/// Names the sheet, sets it up for print and writes its title.
pub(super) fn begin(
    sheet: &mut Worksheet,
    name: &str,
    title: &str,
    model: &WorksheetModel<'_>,
    styles: &Styles,
) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    sheet.set_screen_gridlines(false);
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0).set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3);
    sheet.set_footer(footer(model));
    sheet.set_row_height(0, 28)?.set_row_height(1, 24)?;
    write(sheet, 0, 0, title, &styles.title)?;
    write(sheet, 1, 0, &model.about(), &styles.subtitle)
}

/// Left who, right which page. `&` is the footer's own sign; the blank keeps a name's digits out of the font size.
fn footer(model: &WorksheetModel<'_>) -> String {
    let short = |text: &str| text.chars().take(60).collect::<String>().replace('&', "&&");
    let who = [model.client(), model.product()].into_iter().flatten().map(short).collect::<Vec<_>>().join(" · ");
    let period = model.report.map_or_else(String::new, |report| short(&report.period.label));
    format!("&L&9 {who}&C&9 {period}&R&9 Page &P of &N")
}

/// Writes a text, cut where Excel would refuse it.
pub(super) fn write(sheet: &mut Worksheet, row: u32, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
    if text.is_empty() {
        sheet.write_blank(row, column, format)?;
    } else if text.len() > LONGEST_TEXT {
        sheet.write_string_with_format(row, column, text.chars().take(LONGEST_TEXT / 4).collect::<String>(), format)?;
    } else {
        sheet.write_string_with_format(row, column, text, format)?;
    }
    Ok(())
}

/// Writes a number, or an empty cell where it is not known.
pub(super) fn write_number(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    value: Option<f64>,
    style: NumberStyle<'_>,
    format: &Format,
) -> Result<(), XlsxError> {
    let value = value.filter(|value| value.is_finite());
    let format = format.clone().set_num_format(value_format(style, value.unwrap_or(0.0)));
    if let Some(value) = value {
        sheet.write_number_with_format(row, column, value, &format)?;
    } else {
        sheet.write_blank(row, column, &format)?;
    }
    Ok(())
}

/// Writes a figure: a number, counts as text, or an empty cell.
pub(super) fn write_figure(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    figure: Figure,
    style: NumberStyle<'_>,
    format: &Format,
) -> Result<(), XlsxError> {
    match figure {
        Figure::Counts { .. } => write(sheet, row, column, &figure.text(style), format),
        Figure::Value(_) | Figure::Unknown => write_number(sheet, row, column, figure.value(), style, format),
    }
}

/// Page breaks that keep blocks whole where they fit on a page.
pub(super) struct Pages {
    /// Points of rows that a page has room for.
    room: f64,
    used: f64,
    breaks: Vec<u32>,
}

impl Pages {
    /// The pages of a sheet with columns of these widths, printed to the width of the paper, below its title.
    pub(super) fn new(widths: &[f64]) -> Self {
        let points: f64 = widths.iter().map(|width| (width * 7.0 + 5.0) * 0.75).sum();
        Self { room: PAPER_HEIGHT * (points / PAPER_WIDTH).max(1.0), used: TOP, breaks: Vec::new() }
    }

    /// Places a block of some height in points at a row: on a page of its own if it does not fit on the one begun.
    pub(super) fn place(&mut self, row: u32, height: f64) {
        if self.used + height > self.room && self.used > TOP {
            self.breaks.push(row);
            self.used = 0.0;
        }
        self.used += height + GAP;
    }

    /// Sets the page breaks.
    pub(super) fn set(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        if !self.breaks.is_empty() {
            sheet.set_page_breaks(&self.breaks)?;
        }
        Ok(())
    }
}

/// A height that shows the text in a column (or merged columns) of that width, in points.
pub(super) fn height(text: &str, width: f64) -> f64 {
    let line = |line: &str| (line.chars().count() as f64 / ((width - 2.0) * 0.98)).ceil().max(1.0);
    let lines: f64 = text.lines().map(line).sum();
    (lines.max(1.0) * 13.5 + 5.0).min(400.0)
}
