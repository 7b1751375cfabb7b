//! What the first bytes of an input tell for certain: that it is UTF-16 or UTF-8, or that it is no CSV at all.

use cvj_core::SourceError;

use crate::encoding::Encoding;
use crate::input::{Head, no_csv};

/// What files begin with that are mistaken for CSV, what they are, and what to do.
const NO_CSV: [(&[u8], &str, &str); 11] = [
    (b"PK\x03\x04", "an archive within an archive", UNPACK),
    (b"\x1f\x8b", "an archive within an archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "an archive within an archive", UNPACK),
    (b"BZh", "packed as bzip2, which is not read", UNPACK),
    (b"\xfd7zXZ\0", "packed as xz, which is not read", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "packed as 7z, which is not read", UNPACK),
    (b"Rar!\x1a\x07", "packed as RAR, which is not read", UNPACK),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook, no CSV", "read it with `plugin = \"xlsx\"`"),
    (b"%PDF-", "a PDF, no CSV", "export the table as CSV"),
    (b"PAR1", "a Parquet file, no CSV", "export the table as CSV"),
    (b"SQLite format 3\0", "an SQLite database, no CSV", "export the table as CSV"),
];
const UNPACK: &str = "unpack it, and name the file in it";

/// The encoding, where the first bytes (as they are in the file) tell it or `said` does.
pub(super) fn encoding(name: &str, head: &Head, said: Encoding) -> Result<Encoding, SourceError> {
    let bytes = head.bytes.as_slice();
    if let Some((_, what, hint)) = NO_CSV.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(no_csv(format!("`{name}` is {what}"), hint));
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Err(no_csv(format!("`{name}` is a tar archive"), UNPACK));
    }
    if is_web_page(bytes) {
        return Err(no_csv(
            format!("`{name}` is a web page, no CSV"),
            "open it in a browser: it often says why the export failed",
        ));
    }
    if let [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] = bytes {
        return Err(no_csv(format!("`{name}` is written in UTF-32, which is not read"), "save it as CSV in UTF-8"));
    }
    if let [b'+', b'/', b'v', b'8' | b'9' | b'+' | b'/', ..] = bytes {
        return Err(no_csv(format!("`{name}` is written in UTF-7, which is not read"), "save it as CSV in UTF-8"));
    }
    let marked = match bytes {
        [0xff, 0xfe, ..] => Some(Encoding::Utf16le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16be),
        [0xef, 0xbb, 0xbf, ..] => Some(Encoding::Utf8),
        _ => None,
    };
    match (marked, said) {
        (Some(marked), Encoding::Auto) => Ok(marked),
        (Some(marked), said) if said != marked => {
            let message = format!("`{name}` begins with the mark of {marked}, but `encoding = \"{}\"` is set", said.key());
            Err(no_csv(message, "leave `encoding` out: the mark is certain"))
        }
        (None, Encoding::Auto) => match wide(bytes) {
            Some(encoding) => Ok(encoding),
            None if is_ebcdic(bytes) => {
                Err(no_csv(format!("`{name}` is written in EBCDIC, which is not read"), "save it as CSV in UTF-8"))
            }
            None => Ok(Encoding::Auto),
        },
        (_, said) => Ok(said),
    }
}

/// UTF-16 without a mark: one byte of most characters is NUL, and always the same one of the two.
fn wide(bytes: &[u8]) -> Option<Encoding> {
    let units = bytes.chunks_exact(2);
    let count = units.len();
    let (mut high_first, mut low_first) = (0, 0);
    for unit in units {
        high_first += usize::from(unit[0] == 0);
        low_first += usize::from(unit[1] == 0);
    }
    let much = |nuls: usize, others: usize| nuls * 2 > count && others * 10 < nuls;
    if much(low_first, high_first) {
        Some(Encoding::Utf16le)
    } else if much(high_first, low_first) {
        Some(Encoding::Utf16be)
    } else {
        None
    }
}

/// EBCDIC: no line end or space of ASCII, but those of EBCDIC.
fn is_ebcdic(bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(4096)];
    let has = |wanted: &[u8]| bytes.iter().any(|byte| wanted.contains(byte));
    !has(b"\n\r ,;\t") && has(&[0x15, 0x25]) && bytes.iter().filter(|byte| !byte.is_ascii()).count() * 2 > bytes.len()
}

fn is_web_page(bytes: &[u8]) -> bool {
    let begin = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    [&b"<!doctype html"[..], b"<html", b"<table", b"<?xml"]
        .iter()
        .any(|tag| begin.get(..tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag)))
}
