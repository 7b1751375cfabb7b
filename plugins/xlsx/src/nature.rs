//! What a file is, from its first bytes: a workbook of some format, or something else that is called one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use cvj_core::{SourceError, Status};
use cvj_tabular::files::{cannot, fill};
use memchr::memmem;

use crate::package::locked;
use cvj_tabular::limits::Limits;

/// A kind of file that holds a workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// A zip archive.
    Package,
    /// An old binary workbook.
    Xls,
    /// A spreadsheet that is a single document of XML.
    FlatOpenDocument,
}

/// Says what the file is, or why it is no workbook; `name` is the file's name.
pub fn nature(name: &str, file: &mut File, limits: &Limits) -> Result<Nature, SourceError> {
    let mut begin = vec![0; 4096];
    let read = fill(file, &mut begin).map_err(|error| cannot("read", name, &error))?;
    let begin = &begin[..read];
    match begin {
        [] => Err(no_workbook(name, "is empty", "export it again, or take it out of `path`")),
        [b'P', b'K', 3, 4, ..] => Ok(Nature::Package),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => compound(name, file, limits),
        [b'P', b'K', 5, 6, ..] => Err(no_workbook(name, "is an empty zip archive", "export it again")),
        [0x09, 0x00 | 0x02 | 0x04, ..] => {
            Err(no_workbook(name, "is a worksheet of Excel 4 or older", "open it in LibreOffice and save it as xlsx"))
        }
        [0x1f, 0x8b, ..] => Err(no_workbook(name, "is packed with gzip", "unpack it first")),
        _ => text(name, begin),
    }
}

/// The error of an archive that holds no workbook.
pub fn other_archive(name: &str) -> SourceError {
    no_workbook(name, "is a zip archive without a workbook's parts", "unpack it, or use `plugin = \"csv\"` if it holds CSV files")
}

/// A file in Microsoft's compound format: an old workbook, or the wrapping of an encrypted new one.
fn compound(name: &str, file: &mut File, limits: &Limits) -> Result<Nature, SourceError> {
    let mut whole = Vec::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(limits.unpacked.0.saturating_add(1)).read_to_end(&mut whole));
    let read = read.map_err(|error| cannot("read", name, &error))?;
    if read as u64 > limits.unpacked.0 {
        // The format is held in memory whole.
        return Err(limits.too_much_unpacked(name, None));
    }
    let holds = |stream: &str| {
        let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0]).collect();
        memmem::find(&whole, &name).is_some()
    };
    if holds("EncryptedPackage") {
        return Err(locked(name));
    }
    if holds("Workbook") || holds("Book") {
        return Ok(Nature::Xls);
    }
    Err(no_workbook(name, "is a file of Microsoft Office, and no workbook", "save it as xlsx, or take it out of `path`"))
}

fn text(name: &str, begin: &[u8]) -> Result<Nature, SourceError> {
    let text = String::from_utf8_lossy(begin).to_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let has = |word: &str| text.contains(word);
    if has("office:document") && has("opendocument:xmlns:office") {
        return if has("opendocument.spreadsheet") {
            Ok(Nature::FlatOpenDocument)
        } else {
            Err(no_workbook(name, "is a document of OpenDocument, and no spreadsheet", "save it as xlsx"))
        };
    }
    if has("urn:schemas-microsoft-com:office:spreadsheet") && text.starts_with("<?xml") {
        let what = "is XML of Excel 2003 (SpreadsheetML)";
        return Err(no_workbook(name, what, "open it in Excel or LibreOffice and save it as xlsx"));
    }
    if text.starts_with("mime-version:") || (text.starts_with('<') && (has("<html") || has("<table") || has("<!doctype html"))) {
        let what = "is a web page that is called a workbook";
        return Err(no_workbook(name, what, "open it in Excel or LibreOffice and save it as xlsx, or export CSV"));
    }
    if text.starts_with("{\\rtf") || text.starts_with("%pdf") {
        return Err(no_workbook(name, "is a document for reading", "export the data as xlsx or CSV"));
    }
    if text.starts_with("id;p") {
        return Err(no_workbook(name, "is a file of the SYLK format", "open it in Excel or LibreOffice and save it as xlsx"));
    }
    let printable = !begin.contains(&0) || matches!(begin, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if printable {
        return Err(no_workbook(name, "is text that is called a workbook", "try `plugin = \"csv\"`"));
    }
    Err(no_workbook(name, "is no workbook", "export it again, or take it out of `path`"))
}

fn no_workbook(name: &str, what: &str, hint: &str) -> SourceError {
    SourceError::new(Status::InvalidData, format!("`{name}` {what}")).with_hint(hint)
}
