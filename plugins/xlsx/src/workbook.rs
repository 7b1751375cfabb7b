//! Workbooks to rows of cells: xlsx and xlsb cell by cell, xls and ods from memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

use calamine::{
    CellType, Data, DataRef, Error, ExcelDateTime, Ods, OdsError, Reader, SheetType, SheetVisible, Sheets, Xls, XlsError, Xlsb,
    XlsbError, Xlsx, XlsxError,
};
use cvj_core::{SourceError, Status};
use cvj_tabular::cell::Cell;
use cvj_tabular::files::{FileStamp, cannot, fill};
use jiff::civil::DateTime;

/// An open workbook.
pub struct Workbook {
    name: String,
    sheets: Sheets<BufReader<File>>,
}

/// What to do after a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read the next row.
    Row,
    /// Stop here.
    Stop,
}

impl Workbook {
    /// Opens a workbook by what it is, whatever its extension says.
    pub fn open(folder: &Path, stamp: &FileStamp) -> Result<Self, SourceError> {
        let mut file = stamp.open(folder)?;
        let mut magic = [0; 8];
        let read = fill(&mut file, &mut magic).map_err(|error| cannot("read", &stamp.path, &error))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| cannot("read", &stamp.path, &error))?;
        let name = stamp.name().to_owned();
        let extension =
            Path::new(&name).extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
        let bytes = BufReader::new(file);
        let sheets = match (&magic[..read], extension.as_str()) {
            ([], _) => {
                return Err(SourceError::new(Status::InvalidData, format!("`{name}` is empty"))
                    .with_hint("export it again, or take it out of `path`"));
            }
            ([b'P', b'K', 3, 4, ..], "ods") => Ods::new(bytes).map(Sheets::Ods).map_err(Error::Ods),
            ([b'P', b'K', 3, 4, ..], "xlsb") => Xlsb::new(bytes).map(Sheets::Xlsb).map_err(Error::Xlsb),
            // An encrypted xlsx has the wrapping of an old xls.
            ([b'P', b'K', 3, 4, ..], _) | ([0xd0, 0xcf, 0x11, 0xe0, ..], "xlsx" | "xlsm" | "xlsb") => {
                Xlsx::new(bytes).map(Sheets::Xlsx).map_err(Error::Xlsx)
            }
            ([0xd0, 0xcf, 0x11, 0xe0, ..], _) => Xls::new(bytes).map(Sheets::Xls).map_err(Error::Xls),
            _ => {
                return Err(SourceError::new(Status::InvalidData, format!("`{name}` is no workbook"))
                    .with_hint("many programs call a text file `.xls`: try `plugin = \"csv\"`"));
            }
        };
        let sheets = sheets.map_err(|error| broken(&name, &error))?;
        Ok(Self { name, sheets })
    }

    /// The worksheets in order, and whether each is visible.
    pub fn worksheets(&self) -> Vec<(String, bool)> {
        let sheets = self.sheets.sheets_metadata().iter();
        let worksheets = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet);
        worksheets.map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible)).collect()
    }

    /// Hands every row that has a cell to `each`, with its number counted from 1. Says whether the sheet was read to its end.
    pub fn rows(
        &mut self,
        sheet: &str,
        mut each: impl FnMut(u64, &[Cell<'_>]) -> Result<Next, SourceError>,
    ) -> Result<bool, SourceError> {
        let name = &self.name;
        match &mut self.sheets {
            Sheets::Xlsx(xlsx) => {
                let mut reader = xlsx.worksheet_cells_reader(sheet).map_err(|error| broken(name, &Error::Xlsx(error)))?;
                streamed(|| reader.next_cell().map_err(|error| broken(name, &Error::Xlsx(error))), each)
            }
            Sheets::Xlsb(xlsb) => {
                let mut reader = xlsb.worksheet_cells_reader(sheet).map_err(|error| broken(name, &Error::Xlsb(error)))?;
                streamed(|| reader.next_cell().map_err(|error| broken(name, &Error::Xlsb(error))), each)
            }
            other => {
                let range = other.worksheet_range(sheet).map_err(|error| broken(name, &error))?;
                let Some((first_row, first_column)) = range.start() else { return Ok(true) };
                let mut cells = Vec::new();
                for (index, row) in range.rows().enumerate() {
                    cells.clear();
                    cells.resize(first_column as usize, Cell::Empty);
                    cells.extend(row.iter().map(from_data));
                    if each(u64::from(first_row) + index as u64 + 1, &cells)? == Next::Stop {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }
}

fn streamed<'a>(
    mut next: impl FnMut() -> Result<Option<calamine::Cell<DataRef<'a>>>, SourceError>,
    mut each: impl FnMut(u64, &[Cell<'_>]) -> Result<Next, SourceError>,
) -> Result<bool, SourceError>
where
    DataRef<'a>: CellType,
{
    let mut cells: Vec<Cell<'a>> = Vec::new();
    let mut current = None;
    while let Some(found) = next()? {
        let (row, column) = found.get_position();
        if current != Some(row) {
            if let Some(row) = current
                && each(u64::from(row) + 1, &cells)? == Next::Stop
            {
                return Ok(false);
            }
            cells.clear();
            current = Some(row);
        }
        let column = column as usize;
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        cells[column] = from_reference(found.get_value());
    }
    if let Some(row) = current {
        return Ok(each(u64::from(row) + 1, &cells)? == Next::Row);
    }
    Ok(true)
}

fn from_reference<'a>(value: &DataRef<'a>) -> Cell<'a> {
    match value {
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::SharedString(text) => Cell::Text(Cow::Borrowed(text)),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(Cow::Owned(text.clone())),
        DataRef::Bool(value) => Cell::Boolean(*value),
        DataRef::DateTime(at) => moment(*at),
        DataRef::Error(error) => Cell::Error(Cow::Owned(error.to_string())),
        DataRef::Empty => Cell::Empty,
    }
}

fn from_data(value: &Data) -> Cell<'_> {
    match value {
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(Cow::Borrowed(text)),
        Data::Bool(value) => Cell::Boolean(*value),
        Data::DateTime(at) => moment(*at),
        Data::Error(error) => Cell::Error(Cow::Owned(error.to_string())),
        Data::Empty => Cell::Empty,
    }
}

/// A date is a moment, a span is its days, and a time of day without a date is text.
fn moment(at: ExcelDateTime) -> Cell<'static> {
    let serial = at.as_f64();
    if at.is_duration() {
        return Cell::Number(serial);
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    if (0.0..1.0).contains(&serial) {
        return Cell::Text(Cow::Owned(format!("{hour:02}:{minute:02}:{second:02}")));
    }
    let nanos = i32::from(milli) * 1_000_000;
    let found = DateTime::new(year as i16, month as i8, day as i8, hour as i8, minute as i8, second as i8, nanos);
    // Only 29 February 1900, which Excel believes in, is no date.
    found.map_or_else(|_| Cell::Text(Cow::Owned(format!("{year:04}-{month:02}-{day:02}"))), Cell::Moment)
}

fn broken(name: &str, error: &Error) -> SourceError {
    let locked = matches!(
        error,
        Error::Xlsx(XlsxError::Password)
            | Error::Xls(XlsError::Password)
            | Error::Xlsb(XlsbError::Password)
            | Error::Ods(OdsError::Password)
    );
    if locked {
        return SourceError::new(Status::InvalidData, format!("`{name}` is protected with a password"))
            .with_hint("save it without one");
    }
    SourceError::new(Status::InvalidData, format!("`{name}` cannot be read as a workbook: {error}"))
        .with_hint("open it in the program that wrote it and save it again")
}
