//! A sheet of an ODF spreadsheet, row by row.

use cvj_core::SourceError;

use super::text::paragraphs;
use super::{Document, Styles};
use crate::ooxml::sheet::not_calculated;
use crate::row::{Area, Held, Row};
use crate::serial::{Reading, time_of_day};
use crate::xml::{Tag, Token};
use cvj_tabular::currency::currency;
use cvj_tabular::limits::Limits;

/// No program has sheets with more rows.
const MOST_ROWS: u64 = 1 << 24;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// Reads a sheet.
pub struct SheetReader<'a> {
    xml: Document<'a>,
    styles: Styles,
    limits: &'a Limits,
    /// The number of the last row.
    row: u64,
    /// A row that is repeated, and how often it will be handed out again.
    repeated: Row,
    again: u64,
    /// The bytes that repeated rows have grown to.
    grown: u64,
    /// Up to which column, counted from 0 and exclusive, cells without a style show spans of time or not.
    columns: Vec<(u64, bool)>,
    ended: bool,
}

/// A cell's tag, taken apart before its content is read.
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
struct Cell {
    repeat: u64,
    kind: Kind,
    /// Where the value is in the row's text.
    value: Option<std::ops::Range<u32>>,
    currency: Option<&'static str>,
    formula: bool,
    truth: Option<bool>,
    span: bool,
    spanned: (u64, u64),
    covered: bool,
    empty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Number,
    Date,
    Time,
    Boolean,
    Text,
    Error,
}

impl<'a> SheetReader<'a> {
    /// A reader of the sheet whose tag was opened last.
    pub(super) fn new(xml: Document<'a>, styles: Styles, limits: &'a Limits) -> Self {
        let columns = Vec::new();
        Self { xml, styles, limits, row: 0, repeated: Row::default(), again: 0, grown: 0, columns, ended: false }
    }

    /// Reads the next row that has a cell; `false` at the sheet's end.
    pub fn next_row(&mut self, row: &mut Row) -> Result<bool, SourceError> {
        if self.again > 0 {
            self.again -= 1;
            self.repeated.number += 1;
            row.clone_from(&self.repeated);
            self.grown += row.size();
            if self.grown > self.limits.unpacked.0 {
                return Err(self.limits.too_much_unpacked(self.xml.name().trim_matches('`'), None));
            }
            return Ok(true);
        }
        while !self.ended {
            match self.xml.token()? {
                None => self.ended = true,
                Some(Token::Close(name)) => self.ended = name == b"table:table",
                Some(Token::Open(tag)) => match tag.name {
                    b"table:table-row" => {
                        let repeat = tag.number("table:number-rows-repeated").unwrap_or(1).max(1);
                        let (empty, hidden) =
                            (tag.empty, matches!(tag.attribute("table:visibility"), Some(b"collapse" | b"filter")));
                        if self.row >= MOST_ROWS {
                            return Err(self.too_many_rows());
                        }
                        row.begin(self.row + 1);
                        row.hidden = hidden;
                        self.row = self.row.saturating_add(repeat);
                        if empty || !self.cells(row)? {
                            continue;
                        }
                        if self.row > MOST_ROWS {
                            return Err(self.too_many_rows());
                        }
                        self.again = repeat - 1;
                        if self.again > 0 {
                            self.repeated.clone_from(row);
                            // An area that begins in the first row is no other row's.
                            self.repeated.areas.clear();
                        }
                        return Ok(true);
                    }
                    b"table:table-column" => {
                        let begin = self.columns.last().map_or(0, |(end, _)| *end);
                        let repeat = tag.number("table:number-columns-repeated").unwrap_or(1);
                        let style = tag.text("table:default-cell-style-name").unwrap_or_default();
                        if (self.columns.len() as u64) < self.limits.columns {
                            self.columns.push((begin.saturating_add(repeat), self.styles.is_span(&style)));
                        }
                    }
                    b"table:table-row-group"
                    | b"table:table-rows"
                    | b"table:table-header-rows"
                    | b"table:table-columns"
                    | b"table:table-column-group"
                    | b"table:table-header-columns" => {}
                    _ if !tag.empty => self.xml.skip()?,
                    _ => {}
                },
                Some(_) => {}
            }
        }
        Ok(false)
    }

    fn too_many_rows(&self) -> SourceError {
        self.xml.broken(&format!("it has more than {MOST_ROWS} rows"))
    }

    /// Reads the cells of a row up to its closing tag, and says whether there are any.
    fn cells(&mut self, row: &mut Row) -> Result<bool, SourceError> {
        let mut column: u64 = 0;
        loop {
            match self.xml.token()? {
                Some(Token::Open(tag)) => match tag.name {
                    b"table:table-cell" | b"table:covered-table-cell" => {
                        let cell = Cell::of(&tag, row, &self.styles, &self.columns, column);
                        let repeat = cell.repeat;
                        self.cell(row, column, &cell)?;
                        column = column.saturating_add(repeat);
                    }
                    _ if !tag.empty => self.xml.skip()?,
                    _ => {}
                },
                None | Some(Token::Close(_)) => return Ok(row.width() > 0),
                Some(_) => {}
            }
        }
    }

    fn cell(&mut self, row: &mut Row, column: u64, cell: &Cell) -> Result<(), SourceError> {
        if cell.spanned.0 > 1 || cell.spanned.1 > 1 {
            let (top, left) = (row.number as u32 - 1, column.min(u64::from(u32::MAX)) as u32);
            let far = |begin: u32, count: u64| begin.saturating_add(count.clamp(1, MOST_ROWS) as u32 - 1);
            row.areas.push(Area { top, left, bottom: far(top, cell.spanned.1), right: far(left, cell.spanned.0) });
        }
        let held = self.value(row, cell)?;
        if cell.covered || matches!(held, Held::Empty) {
            return Ok(());
        }
        let place = || format!("{}: row {}", self.xml.name(), row.number);
        if column.saturating_add(cell.repeat) > self.limits.columns {
            return Err(self.limits.too_many_columns(place(), column.saturating_add(cell.repeat)));
        }
        if u64::from(row.mark()) > self.limits.row.0 {
            return Err(self.limits.row_too_long(place()));
        }
        for column in column..column + cell.repeat {
            row.put(column as usize, held.clone());
        }
        Ok(())
    }

    /// Reads a cell's content up to its closing tag.
    fn value(&mut self, row: &mut Row, cell: &Cell) -> Result<Held, SourceError> {
        let mark = row.mark();
        // A formula's error may stand in the text only.
        let text_matters = cell.formula || cell.value.is_none() || cell.kind == Kind::Error;
        if !cell.empty {
            if text_matters {
                paragraphs(&mut self.xml, row.text(), self.limits)
                    .map_err(|fault| fault.error(&format!("{}: row {}", self.xml.name(), row.number), self.limits))?;
            } else {
                self.xml.skip()?;
            }
        }
        if let Some(truth) = cell.truth {
            return Ok(Held::Boolean(truth));
        }
        let text = row.since(mark);
        let shown = row.bytes(&text);
        let failed = cell.formula && (shown.starts_with(b"Err:") || shown.starts_with(b"#"));
        if cell.kind == Kind::Error || (failed && cell.kind != Kind::Text) {
            return Ok(Held::Error(text));
        }
        let Some(value) = cell.value.clone() else {
            return Ok(match cell.kind {
                _ if !text.is_empty() => Held::Text(text),
                Kind::Text => Held::Empty,
                _ if cell.formula => not_calculated(row),
                _ => Held::Empty,
            });
        };
        Ok(match cell.kind {
            Kind::Number => Held::Digits(value, cell.currency.map_or(Reading::Number, Reading::Money)),
            Kind::Date => Held::Iso(value),
            Kind::Boolean => Held::Boolean(row.bytes(&value) == b"true"),
            Kind::Time => match duration(row.bytes(&value)) {
                Some(millis) if cell.span || !(0..MILLIS_PER_DAY).contains(&millis) => {
                    Held::Number(millis as f64 / MILLIS_PER_DAY as f64, Reading::Span)
                }
                Some(millis) => {
                    let mark = row.mark();
                    row.text().extend_from_slice(time_of_day(millis).as_bytes());
                    Held::Text(row.since(mark))
                }
                None => Held::Text(value),
            },
            Kind::None | Kind::Text | Kind::Error => Held::Text(value),
        })
    }
}

impl Cell {
    fn of(tag: &Tag<'_>, row: &mut Row, styles: &Styles, columns: &[(u64, bool)], column: u64) -> Self {
        let mut cell = Self {
            repeat: 1,
            kind: Kind::None,
            value: None,
            currency: None,
            formula: false,
            truth: None,
            span: false,
            spanned: (1, 1),
            covered: tag.name == b"table:covered-table-cell",
            empty: tag.empty,
        };
        let mut style = None;
        for (name, value) in tag.attributes() {
            match name {
                b"table:number-columns-repeated" => cell.repeat = crate::xml::whole(value).unwrap_or(1).max(1),
                b"office:value-type" if cell.kind != Kind::Error => cell.kind = Kind::of(value),
                b"calcext:value-type" if value == b"error" => cell.kind = Kind::Error,
                b"office:value"
                | b"office:date-value"
                | b"office:time-value"
                | b"office:boolean-value"
                | b"office:string-value" => {
                    let mark = row.mark();
                    if crate::xml::unescape(value, row.text()) && row.mark() > mark {
                        cell.value = Some(row.since(mark));
                    }
                }
                // How LibreOffice keeps truth values that came from Excel.
                b"table:formula" if matches!(value, b"of:=TRUE()" | b"of:=FALSE()") => cell.truth = Some(value == b"of:=TRUE()"),
                b"office:currency" => cell.currency = currency(&crate::xml::plain(value)),
                b"table:formula" => cell.formula = true,
                b"table:style-name" => style = Some(value),
                b"table:number-columns-spanned" => cell.spanned.0 = crate::xml::whole(value).unwrap_or(1),
                b"table:number-rows-spanned" => cell.spanned.1 = crate::xml::whole(value).unwrap_or(1),
                _ => {}
            }
        }
        if cell.kind == Kind::Time {
            cell.span = match style {
                Some(style) => styles.is_span(&crate::xml::plain(style)),
                None => columns.iter().find(|(end, _)| column < *end).is_some_and(|(_, span)| *span),
            };
        }
        cell
    }
}

impl Kind {
    fn of(written: &[u8]) -> Self {
        match written {
            b"float" | b"percentage" | b"currency" => Self::Number,
            b"date" => Self::Date,
            b"time" => Self::Time,
            b"boolean" => Self::Boolean,
            b"string" => Self::Text,
            _ => Self::None,
        }
    }
}

/// The milliseconds of an ISO 8601 duration without months: `PT09H14M35.5S`.
fn duration(written: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(written).ok()?.trim();
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |text| (-1.0, text));
    let mut millis = 0.0;
    let mut number = String::new();
    for character in text.strip_prefix('P')?.chars() {
        let unit = match character {
            'T' => continue,
            'D' => 86_400_000.0,
            'H' => 3_600_000.0,
            'M' => 60_000.0,
            'S' => 1000.0,
            '0'..='9' | '.' => {
                number.push(character);
                continue;
            }
            ',' => {
                number.push('.');
                continue;
            }
            _ => return None,
        };
        millis += std::mem::take(&mut number).parse::<f64>().ok()? * unit;
    }
    let whole = (sign * millis).round();
    (number.is_empty() && whole.abs() < 1e15).then_some(whole as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_milliseconds() {
        let check = |written: &str, expect: Option<i64>| assert_eq!(duration(written.as_bytes()), expect, "{written}");
        check("PT09H14M35S", Some(33_275_000));
        check("PT36H00M00.5S", Some(129_600_500));
        check("P1DT1S", Some(86_401_000));
        check("-PT1M", Some(-60_000));
        check("PT1", None);
        check("P1Y", None);
        check("09:14", None);
    }
}
