//! What the first bytes of an input tell for certain: that it is UTF-16 or UTF-8, or that it is no CSV at all.

use cvj_core::SourceError;
use serde::de::IgnoredAny;

use crate::encoding::Encoding;
use crate::input::{Head, no_csv};

/// What files begin with that are mistaken for CSV, what they are, and what to do.
const NO_CSV: [(&[u8], &str, &str); 12] = [
    (b"PK\x03\x04", "an archive within an archive", UNPACK),
    (b"\x1f\x8b", "an archive within an archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "an archive within an archive", UNPACK),
    (b"BZh", "packed as bzip2, which is not read", UNPACK),
    (b"\xfd7zXZ\0", "packed as xz, which is not read", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "packed as 7z, which is not read", UNPACK),
    (b"Rar!\x1a\x07", "packed as RAR, which is not read", UNPACK),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook, no CSV", "read it with `plugin = \"xlsx\"`"),
    (b"%PDF-", "a PDF, no CSV", "export the table as CSV"),
    (b"{\\rtf", "a text document (RTF), no CSV", "export the table as CSV"),
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
    if let Some((what, hint)) = markup(bytes) {
        return Err(no_csv(format!("`{name}` is {what}, no CSV"), hint));
    }
    if is_json(bytes) {
        let hint = "export the table as CSV; if it is a short one, it may say why the export failed";
        return Err(no_csv(format!("`{name}` is JSON, no CSV"), hint));
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

/// What is written in tags, and what to do.
fn markup(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const WEB_PAGE: (&str, &str) = ("a web page", "open it in a browser: it often says why the export failed");
    const SPREADSHEET: (&str, &str) = ("an Excel workbook in XML", "open it in Excel and save it as .xlsx or CSV");
    const XML: (&str, &str) = ("XML", "export the table as CSV");
    let begin = text(bytes);
    let begins = |tag: &[u8]| begin.get(..tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag));
    let holds = |words: &[u8]| memchr::memmem::find(begin, words).is_some();
    if [&b"<!doctype html"[..], b"<html", b"<table"].into_iter().any(begins) {
        return Some(WEB_PAGE);
    }
    let name = begin.strip_prefix(b"<")?;
    let name = &name[..name.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_.:".contains(byte))?];
    let closed = !name.is_empty() && begin.ends_with(&[b"</", name, b">"].concat());
    if !begins(b"<?xml") && !closed {
        return None;
    }
    Some(match () {
        () if holds(b"urn:schemas-microsoft-com:office:spreadsheet") => SPREADSHEET,
        () if holds(b"<html") => WEB_PAGE,
        () => XML,
    })
}

/// An object or a list, as far as the first bytes go, alone on its line.
fn is_json(bytes: &[u8]) -> bool {
    let begin = text(bytes);
    if !begin.starts_with(b"{") && !begin.starts_with(b"[") {
        return false;
    }
    let mut values = serde_json::Deserializer::from_slice(begin).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {
            let behind = &begin[values.byte_offset()..];
            behind.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).is_none_or(|byte| *byte == b'\n')
        }
        Some(Err(error)) => error.is_eof(),
        None => false,
    }
}

fn text(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_markup_are_told_from_tables() {
        let check = |bytes: &[u8], json: bool, what: Option<&str>| {
            let found = (is_json(bytes), markup(bytes).map(|(what, _)| what));
            assert_eq!(found, (json, what), "{}", bytes.escape_ascii());
        };
        check(b"\xef\xbb\xbf [ {\"a\": 1},\n{\"a\"", true, None);
        check(b"{\"a\": \"caf\xe9\"}\r\n{\"a\": 2}", true, None);
        check(b"{\"a\": 1},5\n", false, None);
        check(b"[id],[name]\n1,x\n", false, None);
        check(b"[1],[2]\n", false, None);
        check(b"{id};name\n1;x\n", false, None);
        check(b"<?xml version=\"1.0\"?>\n<rows/>\n", false, Some("XML"));
        check(b"<rows>\n<row a=\"1\"/>\n</rows>\n", false, Some("XML"));
        check(b"<?xml version=\"1.0\"?><!DOCTYPE html><html></html>", false, Some("a web page"));
        let spreadsheet = b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"/>";
        check(spreadsheet, false, Some("an Excel workbook in XML"));
        check(b"<b>Name</b>,<b>City</b>\nx,y\n", false, None);
        check(b"<5,>5\n1,2\n", false, None);
    }
}
