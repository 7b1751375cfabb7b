//! The binary workbooks of Excel, read by `calamine`: xls, which it holds whole, and xlsb, cell by cell.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    Cell, Data, DataRef, Dimensions, Error, ExcelDateTime, Range, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError,
};
use cvj_core::{SourceError, Status};

use crate::package::locked;
use crate::row::{Area, Held, Row};
use crate::serial::{Epoch, Reading};
use crate::workbook::SheetName;
use cvj_tabular::limits::Limits;

/// The last row of a sheet in an xlsb, counted from 0.
const MOST_ROWS: u32 = 0x000f_ffff;

/// An open workbook.
pub struct Binary {
    file: String,
    limits: Limits,
    epoch: Epoch,
    kind: Kind,
}

enum Kind {
    Xls(Box<Xls<BufReader<File>>>),
    Xlsb(Box<Xlsb<BufReader<File>>>),
}

impl Binary {
    /// Opens an xls; `file` is its name.
    pub fn open_xls(file: &str, bytes: BufReader<File>, limits: &Limits) -> Result<Self, SourceError> {
        let xls = guarded(file, || Xls::new(bytes).map_err(Error::Xls))?;
        let epoch = if xls.has_1904_epoch() { Epoch::Y1904 } else { Epoch::Y1900 };
        Ok(Self { file: file.to_owned(), limits: limits.clone(), epoch, kind: Kind::Xls(Box::new(xls)) })
    }

    /// Opens an xlsb; `file` is its name.
    pub fn open_xlsb(file: &str, bytes: BufReader<File>, limits: &Limits) -> Result<Self, SourceError> {
        let xlsb = guarded(file, || Xlsb::new(bytes).map_err(Error::Xlsb))?;
        let epoch = if xlsb.has_1904_epoch() { Epoch::Y1904 } else { Epoch::Y1900 };
        Ok(Self { file: file.to_owned(), limits: limits.clone(), epoch, kind: Kind::Xlsb(Box::new(xlsb)) })
    }

    /// From which day dates are counted.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The worksheets in order.
    pub fn sheets(&self) -> Vec<SheetName> {
        let metadata = match &self.kind {
            Kind::Xls(xls) => xls.sheets_metadata(),
            Kind::Xlsb(xlsb) => xlsb.sheets_metadata(),
        };
        let worksheets = metadata.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        worksheets.map(|sheet| SheetName { name: sheet.name.clone(), visible: sheet.visible == SheetVisible::Visible }).collect()
    }

    /// Reads a sheet.
    pub fn read(&mut self, sheet: &str) -> Result<SheetReader<'_>, SourceError> {
        let file = &self.file;
        let (cells, areas) = match &mut self.kind {
            Kind::Xls(xls) => {
                let areas = guarded(file, || xls.merge_cells_by_sheet_name(sheet).map_err(Error::Xls))?;
                let range = guarded(file, || xls.worksheet_range(sheet).map_err(Error::Xls))?;
                (Cells::Range(range, 0), areas)
            }
            Kind::Xlsb(xlsb) => {
                let mut reader = guarded(file, || xlsb.worksheet_cells_reader(sheet).map_err(Error::Xlsb))?;
                let next = move || guarded(file, || reader.next_cell().map_err(Error::Xlsb));
                (Cells::Stream(Box::new(next), None), Vec::new())
            }
        };
        Ok(SheetReader { file, limits: &self.limits, cells, areas: areas.iter().map(area).collect() })
    }
}

/// Reads a sheet.
pub struct SheetReader<'a> {
    file: &'a str,
    limits: &'a Limits,
    cells: Cells<'a>,
    areas: Vec<Area>,
}

enum Cells<'a> {
    Range(Range<Data>, usize),
    /// And the first cell of the next row.
    Stream(Box<NextCell<'a>>, Option<Cell<DataRef<'a>>>),
    Ended,
}

type NextCell<'a> = dyn FnMut() -> Result<Option<Cell<DataRef<'a>>>, SourceError> + 'a;

impl SheetReader<'_> {
    /// The merged areas.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// Reads the next row that has a cell; `false` at the sheet's end.
    pub fn next_row(&mut self, row: &mut Row) -> Result<bool, SourceError> {
        let (file, limits) = (self.file, self.limits);
        match &mut self.cells {
            Cells::Ended => Ok(false),
            Cells::Range(range, next) => {
                let Some((top, left)) = range.start() else { return Ok(false) };
                while *next < range.height() {
                    let cells = &range[*next];
                    row.begin(u64::from(top) + *next as u64 + 1);
                    *next += 1;
                    for (index, data) in cells.iter().enumerate() {
                        put(row, left as usize + index, &borrowed(data), file, limits)?;
                    }
                    if row.width() > 0 {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Cells::Stream(next, first) => {
                let Some(begin) = (match first.take() {
                    Some(cell) => Some(cell),
                    None => next()?,
                }) else {
                    self.cells = Cells::Ended;
                    return Ok(false);
                };
                let number = begin.get_position().0;
                row.begin(u64::from(number) + 1);
                put(row, begin.get_position().1 as usize, begin.get_value(), file, limits)?;
                loop {
                    // Behind the last cell stand records of other things.
                    let Some(cell) = next()? else {
                        self.cells = Cells::Ended;
                        return Ok(true);
                    };
                    let (found, column) = cell.get_position();
                    if found != number {
                        *first = Some(cell);
                        return Ok(true);
                    }
                    put(row, column as usize, cell.get_value(), file, limits)?;
                }
            }
        }
    }
}

fn put(row: &mut Row, column: usize, data: &DataRef<'_>, file: &str, limits: &Limits) -> Result<(), SourceError> {
    let held = match data {
        DataRef::Empty => return Ok(()),
        DataRef::Int(number) => Held::Number(*number as f64, Reading::Number),
        DataRef::Float(number) => Held::Number(*number, Reading::Number),
        DataRef::Bool(value) => Held::Boolean(*value),
        DataRef::DateTime(at) => Held::Number(at.as_f64(), reading(*at)),
        DataRef::SharedString(text) => text_of(row, text, Held::Text),
        DataRef::String(text) | DataRef::DurationIso(text) => text_of(row, text, Held::Text),
        DataRef::DateTimeIso(text) => text_of(row, text, Held::Iso),
        DataRef::Error(error) => text_of(row, &error.to_string(), Held::Error),
    };
    let place = || format!("`{file}`: row {}", row.number);
    if column as u64 >= limits.columns {
        return Err(limits.too_many_columns(place(), column as u64 + 1));
    }
    if u64::from(row.mark()) > limits.row.0 {
        return Err(limits.row_too_long(place()));
    }
    row.put(column, held);
    Ok(())
}

fn borrowed(data: &Data) -> DataRef<'_> {
    match data {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(at) => DataRef::DateTime(*at),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

fn text_of(row: &mut Row, text: &str, held: fn(std::ops::Range<u32>) -> Held) -> Held {
    let mark = row.mark();
    row.text().extend_from_slice(text.as_bytes());
    held(row.since(mark))
}

/// `calamine` does not tell days from times of day; a day that is no day then is taken for a time.
fn reading(at: ExcelDateTime) -> Reading {
    if at.is_duration() { Reading::Span } else { Reading::Time }
}

fn area(dimensions: &Dimensions) -> Area {
    let ((top, left), (bottom, right)) = (dimensions.start, dimensions.end);
    Area { top, left, bottom, right }
}

/// Fails if a sheet of an xlsb has what `calamine` passes over in silence: merged cells, formulas that came to an error, and rows
/// beyond the last, at which it ends, or out of order. `part` is what errors call it.
pub fn check_sheet(part: &str, sheet: impl Read) -> Result<(), SourceError> {
    const ROW: u64 = 0x0000;
    const FORMULA_ERROR: u64 = 0x000b;
    const MERGED_CELLS: u64 = 0x00b0;
    let mut sheet = BufReader::new(sheet);
    let mut last = None;
    loop {
        let Some(kind) = variable(&mut sheet, 2) else { return Ok(()) };
        let length = variable(&mut sheet, 4).unwrap_or(0);
        let mut record = Vec::new();
        // One that is cut off ends the sheet here, and fails when it is read.
        if sheet.by_ref().take(length).read_to_end(&mut record).is_err() || (record.len() as u64) < length {
            return Ok(());
        }
        let row = record.first_chunk().map_or(0, |row| u32::from_le_bytes(*row));
        let error = |what: &str, hint: &str| Err(SourceError::new(Status::InvalidData, format!("{part} {what}")).with_hint(hint));
        match kind {
            FORMULA_ERROR => {
                return error("has formulas that came to an error, which do not show in this format", "save it as xlsx");
            }
            MERGED_CELLS => return error("has merged cells, which are not read in this format", "save it as xlsx"),
            ROW if row > MOST_ROWS => return error("has a row beyond the last that a sheet has", "export it again"),
            ROW if last.is_some_and(|last| row <= last) => {
                return error("has rows out of order", "open it in the program that wrote it and save it again");
            }
            ROW => last = Some(row),
            _ => {}
        }
    }
}

/// A number of up to so many bytes, seven bits in each.
fn variable(bytes: &mut impl Read, most: usize) -> Option<u64> {
    let mut number = 0;
    for place in 0..most {
        let mut byte = [0];
        bytes.read_exact(&mut byte).ok()?;
        number |= u64::from(byte[0] & 0x7f) << (7 * place);
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}

/// Calls into `calamine`, which indexes into broken files here and there: a panic of it is an error of the file.
fn guarded<T>(file: &str, call: impl FnOnce() -> Result<T, Error>) -> Result<T, SourceError> {
    let error = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(Error::Xls(XlsError::Password) | Error::Xlsb(XlsbError::Password))) => return Err(locked(file)),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its records are damaged".to_owned(),
    };
    Err(SourceError::new(Status::InvalidData, format!("`{file}` cannot be read as a workbook: {error}"))
        .with_hint("open it in the program that wrote it and save it again"))
}
