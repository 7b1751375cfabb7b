//! A workbook of any format: what it is, its sheets, and their rows with merged cells resolved.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use cvj_core::{SourceError, Status};
use cvj_tabular::files::{FileStamp, cannot};

use crate::binary::{self, Binary};
use crate::merged::Merged;
use crate::nature::{Nature, nature};
use crate::ooxml::{self, Ooxml};
use crate::opendocument::{self, OpenDocument};
use crate::package::{Package, Part};
use crate::row::{Area, Context, Row};
use crate::serial::Epoch;
use crate::shared_text::SharedText;
use cvj_tabular::limits::Limits;

/// A worksheet's name, and whether it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetName {
    /// Its name.
    pub name: String,
    /// It is not hidden.
    pub visible: bool,
}

/// An open workbook.
pub struct Workbook {
    format: Format,
    shared: Arc<SharedText>,
    epoch: Epoch,
}

enum Format {
    Ooxml(Box<Ooxml>),
    OpenDocument(Box<OpenDocument>),
    Binary(Binary),
}

impl Workbook {
    /// Opens a workbook by what it is, whatever its extension says. `known` are its shared texts, if they were read before.
    pub fn open(folder: &Path, stamp: &FileStamp, limits: &Limits, known: Option<Arc<SharedText>>) -> Result<Self, SourceError> {
        let mut file = stamp.open(folder)?;
        let name = stamp.name();
        let nature = nature(name, &mut file, limits)?;
        file.seek(SeekFrom::Start(0)).map_err(|error| cannot("read", &stamp.path, &error))?;
        let bytes = BufReader::with_capacity(64 * 1024, file);
        let format = match nature {
            Nature::Xls => Format::Binary(Binary::open_xls(name, bytes, limits)?),
            Nature::FlatOpenDocument => Format::OpenDocument(Box::new(OpenDocument::open_flat(name, bytes, limits)?)),
            Nature::Package => packaged(name, bytes, limits, known)?,
        };
        let (shared, epoch) = match &format {
            Format::Ooxml(book) => (Arc::clone(book.shared()), book.epoch()),
            Format::OpenDocument(_) => (Arc::default(), Epoch::default()),
            Format::Binary(book) => (Arc::default(), book.epoch()),
        };
        let book = Self { format, shared, epoch };
        let mut names = HashSet::new();
        if let Some(twice) = book.sheets().into_iter().map(|sheet| sheet.name).find(|sheet| !names.insert(sheet.clone())) {
            let message = format!("`{name}` has two sheets of the name `{twice}`, of which only one would be read");
            return Err(SourceError::new(Status::InvalidData, message)
                .with_hint("give each its own name in a program that opens it, and save it again"));
        }
        Ok(book)
    }

    /// The worksheets in order; charts and macros are none.
    pub fn sheets(&self) -> Vec<SheetName> {
        match &self.format {
            Format::Ooxml(book) => book.sheets().cloned().collect(),
            Format::OpenDocument(book) => book.sheets().to_vec(),
            Format::Binary(book) => book.sheets(),
        }
    }

    /// Texts that cells name by number.
    pub fn shared(&self) -> &Arc<SharedText> {
        &self.shared
    }

    /// What cells need to become values.
    pub fn context(&self) -> Context<'_> {
        Context { shared: &self.shared, epoch: self.epoch }
    }

    /// Reads a sheet.
    pub fn read(&mut self, sheet: &str, window: Window<'_>) -> Result<SheetRows<'_>, SourceError> {
        let context = Context { shared: &self.shared, epoch: self.epoch };
        let reader = match &mut self.format {
            Format::Ooxml(book) => Reader::Ooxml(Box::new(book.read(sheet)?)),
            Format::OpenDocument(book) => Reader::OpenDocument(Box::new(book.read(sheet)?)),
            Format::Binary(_) if window.skip_hidden => {
                let message = "which rows are hidden cannot be told in an .xls or .xlsb file";
                return Err(SourceError::new(Status::InvalidArgument, message)
                    .with_hint("save it as .xlsx, or take out `hidden_rows = \"skip\"`"));
            }
            Format::Binary(book) => Reader::Binary(book.read(sheet)?),
        };
        let areas = if let Reader::Binary(reader) = &reader { reader.areas() } else { window.areas };
        let merged = Merged::new(areas);
        let Window { from, to, skip_hidden, .. } = window;
        Ok(SheetRows { reader, merged, context, row: Row::default(), before: 0, from, to, skip_hidden, hidden: 0 })
    }
}

/// Which rows of a sheet are read, and how.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The sheet's merged areas as an earlier reading found them: in an xlsx they stand behind the rows.
    pub areas: &'a [Area],
    /// The first row, counted from 1.
    pub from: u64,
    /// The row behind the last.
    pub to: u64,
    /// Hidden rows are passed over.
    pub skip_hidden: bool,
}

/// The rows of a sheet.
pub struct SheetRows<'a> {
    reader: Reader<'a>,
    merged: Merged,
    context: Context<'a>,
    row: Row,
    /// The number of the row before, hidden ones included.
    before: u64,
    from: u64,
    to: u64,
    skip_hidden: bool,
    hidden: u64,
}

enum Reader<'a> {
    Ooxml(Box<ooxml::sheet::SheetReader<'a, Part<'a>>>),
    OpenDocument(Box<opendocument::sheet::SheetReader<'a>>),
    Binary(binary::SheetReader<'a>),
}

impl<'a> SheetRows<'a> {
    /// What the cells need to become values.
    pub fn context(&self) -> Context<'a> {
        self.context
    }

    /// Hidden rows so far, whether they were passed over or not.
    pub fn hidden(&self) -> u64 {
        self.hidden
    }

    /// The next row that is not blank, or `None` at the end.
    pub fn next_row(&mut self) -> Result<Option<&mut Row>, SourceError> {
        let row = &mut self.row;
        let mut after_blank = false;
        loop {
            let found = match &mut self.reader {
                Reader::Ooxml(reader) => reader.next_row(row)?,
                Reader::OpenDocument(reader) => reader.next_row(row)?,
                Reader::Binary(reader) => reader.next_row(row)?,
            };
            if !found || row.number >= self.to {
                return Ok(None);
            }
            self.merged.spread(row, &self.context);
            if row.number < self.from || row.filled_width(&self.context) == 0 {
                continue;
            }
            after_blank |= self.before > 0 && row.number > self.before + 1;
            self.before = row.number;
            self.hidden += u64::from(row.hidden);
            if row.hidden && self.skip_hidden {
                continue;
            }
            row.after_blank = after_blank;
            return Ok(Some(row));
        }
    }

    /// Merged areas that came too late for the rows, once all rows were read.
    pub fn late_areas(self) -> Vec<Area> {
        match self.reader {
            Reader::Ooxml(reader) => reader.areas(),
            Reader::OpenDocument(_) | Reader::Binary(_) => Vec::new(),
        }
    }
}

fn packaged(file: &str, bytes: BufReader<File>, limits: &Limits, known: Option<Arc<SharedText>>) -> Result<Format, SourceError> {
    let mut package = Package::open(file, bytes, limits)?;
    if package.has("content.xml") || package.has("encrypted-package") {
        return OpenDocument::open(package, limits).map(|book| Format::OpenDocument(Box::new(book)));
    }
    if !package.has("[Content_Types].xml") && !package.has("_rels/.rels") {
        return Err(crate::nature::other_archive(file));
    }
    if ooxml::main_part(&mut package)?.to_lowercase().ends_with(".bin") {
        // `calamine` unpacks parts without a bound.
        package.measure()?;
        // It takes worksheets from this folder only, under any name.
        for name in package.names().iter().filter(|name| name.starts_with("xl/worksheets/")) {
            let called = format!("`{name}` of `{file}`");
            package.part(name)?.map_or(Ok(()), |part| binary::check_sheet(&called, part))?;
        }
        let bytes = package.into_bytes()?;
        return Binary::open_xlsb(file, bytes, limits).map(Format::Binary);
    }
    Ooxml::open(package, limits, known).map(|book| Format::Ooxml(Box::new(book)))
}
