//! A worksheet of an xlsx, row by row.

use std::io::Read;

use cvj_core::SourceError;

use super::text::{TextFault, rich_text, text, unescape_controls};
use crate::row::{Area, Held, Row};
use crate::serial::Reading;
use crate::xml::{Token, Xml, whole};
use cvj_tabular::limits::Limits;

/// The number of the last row that a sheet has.
const MOST_ROWS: u64 = 1 << 20;
/// A cell whose formula has never been calculated has no value, which is not the same as being empty.
const NOT_CALCULATED: &[u8] = b"of a formula that was never calculated";

/// What a sheet's cells need to know of their workbook.
#[derive(Clone, Debug, Default)]
pub struct CellRules {
    /// What the number format of each style makes of a number.
    pub readings: Vec<Reading>,
    /// The program that wrote the file did not calculate: a formula's 0 stands for no value.
    pub uncalculated: bool,
}

/// Reads a sheet.
pub struct SheetReader<'a, R> {
    xml: Xml<R>,
    rules: &'a CellRules,
    limits: &'a Limits,
    /// The number of the last row.
    row: u64,
    within: bool,
    /// The merged areas: they stand behind the rows.
    areas: Vec<Area>,
}

impl<'a, R: Read> SheetReader<'a, R> {
    /// A reader of this part.
    pub fn new(xml: Xml<R>, rules: &'a CellRules, limits: &'a Limits) -> Self {
        Self { xml, rules, limits, row: 0, within: false, areas: Vec::new() }
    }

    /// The merged areas, known once all rows were read.
    pub fn areas(self) -> Vec<Area> {
        self.areas
    }

    /// Reads the next row that has a cell; `false` at the sheet's end.
    pub fn next_row(&mut self, row: &mut Row) -> Result<bool, SourceError> {
        while let Some(token) = self.xml.token()? {
            match token {
                Token::Open(tag) => match tag.local() {
                    b"row" if self.within => {
                        let (hidden, empty) = (tag.is_set("hidden"), tag.empty);
                        let number = match tag.attribute("r") {
                            None => self.row + 1,
                            Some(written) => whole(written).unwrap_or(u64::MAX),
                        };
                        if number <= self.row || number > MOST_ROWS {
                            return Err(self.misplaced(number));
                        }
                        row.begin(number);
                        row.hidden = hidden;
                        self.row = number;
                        if !empty && self.cells(row)? {
                            return Ok(true);
                        }
                    }
                    b"sheetData" => self.within = !tag.empty,
                    b"mergeCell" => self.areas.extend(tag.attribute("ref").and_then(area)),
                    _ => {}
                },
                Token::Close(name) if crate::xml::local(name) == b"sheetData" => self.within = false,
                _ => {}
            }
        }
        Ok(false)
    }

    /// Reads the cells of a row up to its closing tag.
    fn cells(&mut self, row: &mut Row) -> Result<bool, SourceError> {
        let mut column = 0;
        loop {
            match self.xml.token()? {
                Some(Token::Open(tag)) if tag.local() == b"c" => {
                    let mut kind = Kind::Number;
                    let mut style = 0;
                    for (name, value) in tag.attributes() {
                        match name {
                            b"r" => column = column_of(value).unwrap_or(column),
                            b"s" => style = whole(value).unwrap_or(0) as usize,
                            b"t" => kind = Kind::of(value),
                            _ => {}
                        }
                    }
                    if !tag.empty {
                        self.cell(row, column, kind, style)?;
                    }
                    column += 1;
                }
                Some(Token::Open(tag)) => {
                    if !tag.empty {
                        self.xml.skip()?;
                    }
                }
                None | Some(Token::Close(_)) => return Ok(row.width() > 0),
                Some(_) => {}
            }
        }
    }

    /// Reads one cell up to its closing tag.
    fn cell(&mut self, row: &mut Row, column: usize, kind: Kind, style: usize) -> Result<(), SourceError> {
        if column as u64 >= self.limits.columns {
            return Err(self.limits.too_many_columns(self.place(row), column as u64 + 1));
        }
        let mark = row.mark();
        if kind != Kind::Text
            && let Some(value) = self.xml.leaf(b'v')
        {
            row.text().extend_from_slice(value);
            if self.xml.closes(b'c') {
                let held = self.held(row, mark, kind, style, false);
                return self.put(row, column, held);
            }
        }
        let mut formula = false;
        let mut inline = false;
        let mut depth = 0;
        loop {
            let read = match self.xml.token()? {
                Some(Token::Open(tag)) => match tag.local() {
                    b"v" if !tag.empty => text(&mut self.xml, row.text(), self.limits),
                    b"is" if !tag.empty => {
                        inline = true;
                        rich_text(&mut self.xml, row.text(), self.limits)
                    }
                    b"f" => {
                        formula = true;
                        if tag.empty { Ok(()) } else { self.xml.skip().map_err(TextFault::Document) }
                    }
                    _ => {
                        depth += usize::from(!tag.empty);
                        Ok(())
                    }
                },
                None => break,
                Some(Token::Close(_)) if depth == 0 => break,
                Some(Token::Close(_)) => {
                    depth -= 1;
                    Ok(())
                }
                Some(_) => Ok(()),
            };
            read.map_err(|fault| fault.error(&self.place(row), self.limits))?;
        }
        let kind = if inline { Kind::Text } else { kind };
        let held = self.held(row, mark, kind, style, formula);
        self.put(row, column, held)
    }

    fn put(&self, row: &mut Row, column: usize, held: Held) -> Result<(), SourceError> {
        if u64::from(row.mark()) > self.limits.row.0 {
            return Err(self.limits.row_too_long(self.place(row)));
        }
        if !matches!(held, Held::Empty) {
            row.put(column, held);
        }
        Ok(())
    }

    fn held(&self, row: &mut Row, mark: u32, kind: Kind, style: usize, formula: bool) -> Held {
        let range = row.since(mark);
        let empty = if kind == Kind::Text { range.is_empty() } else { row.bytes(&range).trim_ascii().is_empty() };
        if empty {
            return if formula && kind != Kind::Text { not_calculated(row) } else { Held::Empty };
        }
        match kind {
            Kind::Text => {
                unescape_controls(row.text(), mark as usize);
                Held::Text(row.since(mark))
            }
            // A number that no text can have stands for one that does not read.
            Kind::Shared => Held::Shared(whole(row.bytes(&range)).and_then(|number| number.try_into().ok()).unwrap_or(u32::MAX)),
            Kind::Boolean => Held::Boolean(matches!(row.bytes(&range).trim_ascii(), b"1" | b"true")),
            Kind::Error => Held::Error(range),
            Kind::Iso => Held::Iso(range),
            Kind::Number if formula && self.rules.uncalculated && row.bytes(&range) == b"0" => not_calculated(row),
            Kind::Number => Held::Digits(range, self.rules.readings.get(style).copied().unwrap_or_default()),
        }
    }

    /// The error of a row that would be lost: rows are found by their numbers, which go up.
    fn misplaced(&self, number: u64) -> SourceError {
        let last = self.row;
        self.xml.broken(&if number > MOST_ROWS {
            format!("behind row {last} stands one beyond {MOST_ROWS}, the last that a sheet has")
        } else {
            format!("behind row {last} stands row {number}, where rows go up")
        })
    }

    fn place(&self, row: &Row) -> String {
        format!("{}: row {}", self.xml.name(), row.number)
    }
}

/// How a cell's value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Text,
    Boolean,
    Error,
    Iso,
}

impl Kind {
    fn of(written: &[u8]) -> Self {
        match written {
            b"s" => Self::Shared,
            b"str" | b"inlineStr" => Self::Text,
            b"b" => Self::Boolean,
            b"e" => Self::Error,
            b"d" => Self::Iso,
            _ => Self::Number,
        }
    }
}

/// The cell of a formula that has no value.
pub fn not_calculated(row: &mut Row) -> Held {
    let mark = row.mark();
    row.text().extend_from_slice(NOT_CALCULATED);
    Held::Error(row.since(mark))
}

/// The column of `AB12`, counted from 0.
#[inline]
fn column_of(reference: &[u8]) -> Option<usize> {
    let mut column: u32 = 0;
    for byte in reference.iter().filter(|byte| **byte != b'$').take_while(|byte| byte.is_ascii_alphabetic()) {
        column = column.checked_mul(26)?.checked_add(u32::from(byte.to_ascii_uppercase() - b'A') + 1)?;
    }
    column.checked_sub(1).map(|column| column as usize)
}

/// The row and the column of `AB12`, counted from 0.
fn place(reference: &[u8]) -> Option<(u32, u32)> {
    let digits = &reference[reference.iter().position(u8::is_ascii_digit)?..];
    let row = u32::try_from(whole(digits)?).ok()?.checked_sub(1)?;
    Some((row, column_of(reference)? as u32))
}

/// The area `A1:B2`.
fn area(reference: &[u8]) -> Option<Area> {
    let colon = memchr::memchr(b':', reference)?;
    let ((top, left), (bottom, right)) = (place(&reference[..colon])?, place(&reference[colon + 1..])?);
    Some(Area { top, left, bottom, right })
}
