//! A table of a sheet: a title, a line of heads, and rows of cells in formats.

use cvj_core::report::Share;
use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::page::{height, write, write_number};
use super::style::{COUNT, RATE, Styles};
use crate::figure::counts;
use crate::number::NumberStyle;
use crate::words;

/// Height of a line in points.
pub(super) const LINE: f64 = 20.0;
/// Height of a line of a long table.
pub(super) const DENSE: f64 = 16.0;
const TITLE: f64 = 24.0;

/// A table, drawn from the sheet's first column on.
pub(super) struct Table<'a> {
    pub(super) title: &'a str,
    /// What to know before reading it; empty for nothing.
    pub(super) note: &'a str,
    pub(super) columns: &'a [Column<'a>],
    pub(super) rows: Vec<Vec<Cell<'a>>>,
    /// Least height of a row in points.
    pub(super) line: f64,
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) head: &'a str,
    /// Columns of the sheet that it covers.
    pub(super) span: u16,
    /// Whether its head stands over numbers.
    pub(super) numbers: bool,
}

/// A cell: what it holds, and how it looks.
pub(super) struct Cell<'a> {
    content: Content<'a>,
    format: &'a Format,
}

enum Content<'a> {
    Text(String),
    Number(Option<f64>, NumberStyle<'a>),
}

/// A column of texts.
pub(super) const fn texts(head: &str) -> Column<'_> {
    wide(head, 1)
}

/// A column of numbers.
pub(super) const fn numbers(head: &str) -> Column<'_> {
    Column { head, span: 1, numbers: true }
}

/// A column of texts over several columns of the sheet.
pub(super) const fn wide(head: &str, span: u16) -> Column<'_> {
    Column { head, span, numbers: false }
}

impl<'a> Cell<'a> {
    /// A text; empty for nothing.
    pub(super) fn text(text: impl Into<String>, format: &'a Format) -> Self {
        Self { content: Content::Text(text.into()), format }
    }

    /// A number, or nothing where it is not known.
    pub(super) fn number(value: Option<f64>, style: NumberStyle<'a>, format: &'a Format) -> Self {
        Self { content: Content::Number(value, style), format }
    }

    /// A count of people or rows.
    pub(super) fn count(count: u64, format: &'a Format) -> Self {
        Self::number(Some(count as f64), COUNT, format)
    }

    /// A share of people: a rate, only its counts where it stands on too few, or nothing without anyone.
    pub(super) fn share(share: &Share, format: &'a Format) -> Self {
        match words::rate(share) {
            None if share.denominator > 0 => Self::counts(Some(share), format),
            rate => Self::number(rate, RATE, format),
        }
    }

    /// The counts of a share.
    pub(super) fn counts(share: Option<&Share>, format: &'a Format) -> Self {
        let of = |share: &Share| counts(share.numerator as f64, share.denominator as f64);
        Self::text(share.map_or_else(String::new, of), format)
    }

    fn write(&self, sheet: &mut Worksheet, row: u32, first: u16, last: u16) -> Result<(), XlsxError> {
        if last > first {
            sheet.merge_range(row, first, row, last, "", self.format)?;
        }
        match &self.content {
            Content::Text(text) => write(sheet, row, first, text, self.format),
            Content::Number(value, style) => write_number(sheet, row, first, *value, *style, self.format),
        }
    }
}

impl Table<'_> {
    /// The row of the first line of cells, when the table begins at a row.
    pub(super) fn first_row(&self, row: u32) -> u32 {
        row + 2 + u32::from(!self.note.is_empty())
    }

    /// Its height in points, on columns of these widths.
    pub(super) fn height(&self, widths: &[f64]) -> f64 {
        let rows: f64 = self.rows.iter().map(|cells| self.row_height(cells, widths)).sum();
        TITLE + self.note_height(widths) + self.head_height(widths) + rows
    }

    /// Draws the table on columns of these widths; returns the first free row.
    pub(super) fn draw(&self, sheet: &mut Worksheet, row: u32, widths: &[f64], styles: &Styles) -> Result<u32, XlsxError> {
        let first = self.first_row(row);
        write(sheet, row, 0, self.title, &styles.section)?;
        sheet.set_row_height(row, TITLE)?;
        if !self.note.is_empty() {
            let note = Cell::text(self.note, &styles.note);
            note.write(sheet, row + 1, 0, widths.len() as u16 - 1)?;
            sheet.set_row_height(row + 1, self.note_height(widths))?;
        }
        for (place, column) in self.places() {
            let format = if column.numbers { &styles.head_right } else { &styles.head };
            Cell::text(column.head, format).write(sheet, first - 1, place.0, place.1)?;
        }
        sheet.set_row_height(first - 1, self.head_height(widths))?;
        for (row, cells) in (first..).zip(&self.rows) {
            for ((place, _), cell) in self.places().zip(cells) {
                cell.write(sheet, row, place.0, place.1)?;
            }
            sheet.set_row_height(row, self.row_height(cells, widths))?;
        }
        Ok(first + self.rows.len() as u32)
    }

    /// The first and last column of the sheet that each column covers.
    fn places(&self) -> impl Iterator<Item = ((u16, u16), &Column<'_>)> {
        self.columns.iter().scan(0, |next, column| {
            let first = *next;
            *next += column.span;
            Some(((first, *next - 1), column))
        })
    }

    fn note_height(&self, widths: &[f64]) -> f64 {
        if self.note.is_empty() { 0.0 } else { height(self.note, widths.iter().sum()) }
    }

    fn head_height(&self, widths: &[f64]) -> f64 {
        // Bold letters are wider.
        self.places().map(|(place, column)| height(column.head, width(widths, place) * 0.9)).fold(LINE, f64::max)
    }

    fn row_height(&self, cells: &[Cell<'_>], widths: &[f64]) -> f64 {
        let heights = self.places().zip(cells).map(|((place, _), cell)| match &cell.content {
            Content::Text(text) if text.chars().count() as f64 + 2.0 > width(widths, place) => height(text, width(widths, place)),
            Content::Text(_) | Content::Number(..) => 0.0,
        });
        heights.fold(self.line, f64::max)
    }
}

/// A line of which only the first cell says something.
pub(super) fn blank<'a>(first: Cell<'a>, columns: usize, styles: &'a Styles) -> Vec<Cell<'a>> {
    std::iter::once(first).chain((1..columns).map(|_| Cell::text("", &styles.text))).collect()
}

/// Empty lines.
pub(super) fn blanks(lines: usize, columns: usize, styles: &Styles) -> Vec<Vec<Cell<'_>>> {
    (0..lines).map(|_| blank(Cell::text("", &styles.text), columns, styles)).collect()
}

fn width(widths: &[f64], (first, last): (u16, u16)) -> f64 {
    widths.iter().take(usize::from(last) + 1).skip(usize::from(first)).sum()
}
