//! One row of a sheet, with its cells as the file keeps them. They become values when they are asked for, so that columns nobody
//! needs cost next to nothing.

use std::borrow::Cow;
use std::ops::Range;

use cvj_core::SourceError;
use cvj_tabular::cell::Cell;
use cvj_tabular::part::RowCells;
use jiff::civil::{Date, DateTime};

use crate::serial::{self, Epoch, Reading};
use crate::shared_text::SharedText;

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its number, counted from 1.
    pub number: u64,
    /// It is not shown: hidden by hand or by a filter.
    pub hidden: bool,
    /// A blank row stands before it.
    pub after_blank: bool,
    /// The merged areas that begin in it.
    pub areas: Vec<Area>,
    text: Vec<u8>,
    cells: Vec<Held>,
}

/// An area of merged cells, rows and columns counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Area {
    /// The first row.
    pub top: u32,
    /// The first column.
    pub left: u32,
    /// The last row.
    pub bottom: u32,
    /// The last column.
    pub right: u32,
}

/// What all cells of a workbook need to become values.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Texts that cells name by number.
    pub shared: &'a SharedText,
    /// From which day dates are counted.
    pub epoch: Epoch,
}

/// A cell as it is kept; texts are places in the row's text.
#[derive(Clone, Debug, Default)]
pub enum Held {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text(Range<u32>),
    /// Text by its number.
    Shared(u32),
    /// A number's digits, and what they mean.
    Digits(Range<u32>, Reading),
    /// A number, and what it means.
    Number(f64, Reading),
    /// A date in ISO 8601.
    Iso(Range<u32>),
    /// A truth value.
    Boolean(bool),
    /// An error's name.
    Error(Range<u32>),
}

impl Row {
    /// Makes it an empty row of this number.
    pub fn begin(&mut self, number: u64) {
        self.number = number;
        self.hidden = false;
        self.after_blank = false;
        self.areas.clear();
        self.text.clear();
        self.cells.clear();
    }

    /// Where text that is appended now will begin.
    pub fn mark(&self) -> u32 {
        self.text.len() as u32
    }

    /// The bytes of all texts, to append to.
    pub fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// What was appended since a mark.
    pub fn since(&self, mark: u32) -> Range<u32> {
        mark..self.text.len() as u32
    }

    /// The bytes there.
    pub fn bytes(&self, range: &Range<u32>) -> &[u8] {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// Puts a cell in a column, counted from 0.
    pub fn put(&mut self, column: usize, held: Held) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Held::Empty);
        }
        self.cells[column] = held;
    }

    /// Puts a copy of another row's cell in a column.
    pub fn put_copy(&mut self, column: usize, other: &Self, from: usize) {
        let Some(held) = other.cells.get(from) else { return };
        let mut held = held.clone();
        if let Held::Text(range) | Held::Iso(range) | Held::Digits(range, _) | Held::Error(range) = &mut held {
            let mark = self.mark();
            self.text.extend_from_slice(other.bytes(range));
            *range = self.since(mark);
        }
        self.put(column, held);
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> u64 {
        (self.text.len() + self.cells.len() * size_of::<Held>()) as u64
    }

    /// How many columns it reaches over.
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    /// How many columns it reaches over up to its last cell that is not blank.
    pub fn filled_width(&self, context: &Context<'_>) -> usize {
        (0..self.cells.len()).rposition(|column| !self.is_blank(column, context)).map_or(0, |last| last + 1)
    }

    /// Whether a cell holds nothing but white space.
    pub fn is_blank(&self, column: usize, context: &Context<'_>) -> bool {
        match self.cells.get(column) {
            None | Some(Held::Empty) => true,
            Some(Held::Text(range)) => self.bytes(range).trim_ascii().is_empty() || self.cell(column, context).is_blank(),
            Some(Held::Shared(_)) => self.cell(column, context).is_blank(),
            Some(_) => false,
        }
    }

    /// The value in a column.
    pub fn cell<'a>(&'a self, column: usize, context: &Context<'a>) -> Cell<'a> {
        match self.cells.get(column) {
            None | Some(Held::Empty) => Cell::Empty,
            Some(Held::Text(range)) => self.string(range).map_or(NOT_UTF8, Cell::text),
            Some(Held::Shared(number)) => {
                context.shared.get(*number).map_or(Cell::Error(Cow::Borrowed("a shared text that the file lacks")), Cell::text)
            }
            Some(Held::Digits(range, reading)) => match self.string(range).map(str::trim) {
                None => NOT_UTF8,
                Some(digits) => match digits.parse::<f64>() {
                    Ok(number) if number.is_finite() => serial::cell(number, *reading, context.epoch),
                    _ => Cell::text(digits),
                },
            },
            Some(Held::Number(number, reading)) => serial::cell(*number, *reading, context.epoch),
            Some(Held::Iso(range)) => self.string(range).map_or(NOT_UTF8, |text| iso(text.trim())),
            Some(Held::Boolean(value)) => Cell::Boolean(*value),
            Some(Held::Error(range)) => self.string(range).map_or(NOT_UTF8, |text| Cell::Error(Cow::Borrowed(text))),
        }
    }

    fn string(&self, range: &Range<u32>) -> Option<&str> {
        std::str::from_utf8(self.bytes(range)).ok()
    }
}

/// A row's cells as values, as wide as its table at least: cells that are missing at a row's end are empty.
pub struct RowView<'a> {
    row: &'a Row,
    context: Context<'a>,
    width: usize,
    /// Bytes of shared texts that were asked for: the file holds them once, what is read from it over and over.
    shared: std::cell::Cell<u64>,
}

impl<'a> RowView<'a> {
    /// A view of a row of a table that is so wide.
    pub fn new(row: &'a Row, context: Context<'a>, width: usize) -> Self {
        Self { row, context, width: width.max(row.filled_width(&context)), shared: std::cell::Cell::new(0) }
    }

    /// About how many bytes were asked for.
    pub fn bytes(&self) -> u64 {
        self.row.size() + self.shared.get()
    }
}

impl RowCells for RowView<'_> {
    fn width(&self) -> usize {
        self.width
    }

    fn begins(&self, index: usize) -> Option<u8> {
        match self.row.cells.get(index)? {
            Held::Empty => None,
            Held::Text(_) | Held::Shared(_) | Held::Error(_) => match self.row.cell(index, &self.context) {
                Cell::Text(text) | Cell::Error(text) => text.trim_start().bytes().next(),
                _ => None,
            },
            _ => Some(b'0'),
        }
    }

    fn cell(&self, index: usize) -> Result<Cell<'_>, SourceError> {
        let cell = self.row.cell(index, &self.context);
        if let (Some(Held::Shared(_)), Cell::Text(text)) = (self.row.cells.get(index), &cell) {
            self.shared.set(self.shared.get() + text.len() as u64);
        }
        Ok(cell)
    }
}

const NOT_UTF8: Cell<'static> = Cell::Error(Cow::Borrowed("text that is not UTF-8"));

/// A date or date-time in ISO 8601 is a moment; what else stands there, such as a zone, stays text.
fn iso(text: &str) -> Cell<'_> {
    let has_zone = text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|time| time.contains(['+', '-']));
    if has_zone {
        return Cell::text(text);
    }
    let moment = text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)).ok().filter(|_| text.len() <= 10);
    match moment.or_else(|| text.parse::<DateTime>().ok()) {
        Some(moment) => Cell::Moment(moment),
        None => Cell::text(text),
    }
}
