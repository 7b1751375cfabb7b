//! How one CSV file is written: encoding, delimiter, preamble and header, found from its beginning.

use std::borrow::Cow;

use cvj_core::{SourceError, Status};
use cvj_tabular::header::header_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::CarefulReader;

/// How the bytes of a file are characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Western European, as Windows has it. It reads Latin-1 too.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// The same as `windows-1252`, as browsers understand the name.
    #[serde(rename = "latin-1")]
    Latin1,
}

/// What Windows-1252 has at 0x80 to 0x9F.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”',
    '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// Bytes as text; `None` if they are none in this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match (self, std::str::from_utf8(bytes)) {
            (Self::Utf8, text) => text.ok().map(Cow::Borrowed),
            (_, Ok(text)) if bytes.is_ascii() => Some(Cow::Borrowed(text)),
            _ => Some(Cow::Owned(
                bytes
                    .iter()
                    .map(|byte| if let 0x80..=0x9f = byte { WINDOWS[usize::from(byte - 0x80)] } else { char::from(*byte) })
                    .collect(),
            )),
        }
    }
}

/// The tokens of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// The byte around fields; 0: fields are never quoted.
    pub quote: u8,
    /// How bytes are characters.
    pub encoding: Encoding,
}

/// What the configuration says about dialect and header.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The delimiter; `None`: found.
    pub delimiter: Option<u8>,
    /// The quote.
    pub quote: u8,
    /// The encoding.
    pub encoding: Encoding,
    /// The line of the header.
    pub header: Option<u64>,
    /// Lines before anything that counts.
    pub skip_lines: u64,
    /// What a comment before the header begins with.
    pub comment: Option<String>,
}

/// The beginning of a file: everything up to its first row of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// How the file is written.
    pub dialect: Dialect,
    /// The header as written.
    pub headers: Vec<String>,
    /// The lines before it.
    pub preamble: Vec<String>,
    /// Where the data begins, in bytes.
    pub data_offset: u64,
    /// The line on which it begins, counted from 1.
    pub data_line: u64,
}

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Understands the first bytes of a file. `whole`: they are all of it.
pub fn beginning(file: &str, head: &[u8], whole: bool, said: &Said) -> Result<Beginning, SourceError> {
    let wrong = |message: String, hint: &str| SourceError::new(Status::InvalidData, message).with_hint(hint);
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(wrong(format!("`{file}` is written in UTF-16, which is not read"), "save it as CSV in UTF-8"));
    }
    let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    if let Some(at) = memchr::memchr(0, head) {
        let line = line_of(head, at);
        return Err(wrong(
            format!("{file}:{line}: a NUL byte: this is no text file"),
            "check that `path` names a CSV file; a workbook is read by `plugin = \"xlsx\"`",
        ));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\x1f\x8b") {
        return Err(wrong(
            format!("`{file}` is no text file: it is compressed"),
            "unpack it first; a workbook is read by `plugin = \"xlsx\"`",
        ));
    }
    check_encoding(file, head, whole, said.encoding)?;
    let (start, line, separator) = find_header(&head[mark..], said);
    let start = start + mark;
    if head[start..].trim_ascii().is_empty() {
        return Err(if head[mark..].trim_ascii().is_empty() {
            wrong(format!("`{file}` is empty"), "export it again, or take it out of `path`")
        } else {
            wrong(format!("`{file}` has no header: it ends before line {line}"), "check `header`, `skip_lines` and `comment`")
        });
    }
    let delimiter = said.delimiter.or(separator).unwrap_or_else(|| find_delimiter(&head[start..], said.quote));
    let dialect = Dialect { delimiter, quote: said.quote, encoding: said.encoding };
    let mut reader = CarefulReader::new(&head[start..], dialect, line);
    let headers = match reader.advance() {
        Ok(Some(record)) => {
            (0..record.width()).map(|field| dialect.encoding.decode(&record.get(field)).map(|text| header_text(&text))).collect()
        }
        Ok(None) | Err(_) => None,
    };
    let mut consumed = reader.consumed();
    let end = start + consumed as usize;
    if head[..end].ends_with(b"\r") && head.get(end) == Some(&b'\n') {
        consumed += 1;
    }
    if consumed as usize >= head.len() - start && !whole {
        return Err(wrong(format!("{file}:{line}: the header does not end"), "check `quote` and `delimiter`"));
    }
    let Some(headers) = headers else {
        return Err(wrong(format!("{file}:{line}: the header cannot be read"), "check `header`, `quote` and `encoding`"));
    };
    let preamble = dialect.encoding.decode(&head[mark..start]).unwrap_or_default();
    let preamble = preamble.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    Ok(Beginning { dialect, headers, preamble, data_offset: start as u64 + consumed, data_line: reader.line() })
}

fn check_encoding(file: &str, head: &[u8], whole: bool, encoding: Encoding) -> Result<(), SourceError> {
    if encoding != Encoding::Utf8 {
        return Ok(());
    }
    match std::str::from_utf8(head) {
        Ok(_) => Ok(()),
        // The piece may end within a character.
        Err(error) if error.error_len().is_none() && !whole => Ok(()),
        Err(error) => Err(not_utf8(file, line_of(head, error.valid_up_to()))),
    }
}

/// The error of a file that is not UTF-8.
pub fn not_utf8(file: &str, line: u64) -> SourceError {
    SourceError::new(Status::InvalidData, format!("{file}:{line}: not UTF-8")).with_hint(
        "set `encoding = \"windows-1252\"` if the file comes from a Western European Windows program, or save it as UTF-8",
    )
}

fn line_of(bytes: &[u8], at: usize) -> u64 {
    memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1
}

/// Where the header begins (in bytes and lines), and the delimiter if a `sep=` line says it.
fn find_header(text: &[u8], said: &Said) -> (usize, u64, Option<u8>) {
    let mut offset = 0;
    let mut number = 1;
    let mut separator = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        let passed = match said.header {
            Some(header) => number < header,
            None => number <= said.skip_lines || trimmed.is_empty() || is_comment(trimmed, said),
        };
        let hint = if number == 1 { trimmed.strip_prefix(b"sep=") } else { None };
        if let Some([delimiter]) = hint {
            separator = Some(*delimiter);
        } else if !passed {
            break;
        }
        offset += line.len();
        number += 1;
    }
    (offset, number, separator)
}

/// Without `comment` set, a `#` followed by nothing that a header begins with is one: `# Account: …`, `#----`.
fn is_comment(line: &[u8], said: &Said) -> bool {
    match &said.comment {
        Some(prefix) => !prefix.is_empty() && line.starts_with(prefix.as_bytes()),
        None => match line {
            [b'#'] => true,
            [b'#', next, ..] => matches!(next, b' ' | b'\t' | b'-' | b'=' | b'#'),
            _ => false,
        },
    }
}

/// The candidate that splits the most records into the same number of fields; among equals, into the most.
fn find_delimiter(text: &[u8], quote: u8) -> u8 {
    let mut best = (0, 0, b',');
    for delimiter in CANDIDATES {
        let dialect = Dialect { delimiter, quote, encoding: Encoding::Utf8 };
        let mut reader = CarefulReader::new(&text[..text.len().min(256 * 1024)], dialect, 1);
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for _ in 0..100 {
            let Ok(Some(record)) = reader.advance() else { break };
            let fields = record.width();
            match counts.iter_mut().find(|(known, _)| *known == fields) {
                Some((_, count)) => *count += 1,
                None => counts.push((fields, 1)),
            }
        }
        let usual = counts.into_iter().filter(|(fields, _)| *fields > 1).max_by_key(|(fields, count)| (*count, *fields));
        if let Some((fields, count)) = usual
            && (count, fields) > (best.0, best.1)
        {
            best = (count, fields, delimiter);
        }
    }
    best.2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Said {
        Said { quote: b'"', ..Said::default() }
    }

    #[test]
    fn beginnings_are_understood() {
        let check = |text: &str, said: &Said, delimiter: u8, headers: &[&str], line: u64| {
            let found = beginning("a.csv", text.as_bytes(), true, said).unwrap();
            assert_eq!(found.dialect.delimiter, delimiter, "{text:?}");
            assert_eq!(found.headers, headers, "{text:?}");
            assert_eq!(found.data_line, line, "{text:?}");
        };
        check("a,b\n1,2\n", &said(), b',', &["a", "b"], 2);
        check("\u{feff}a;b\r\n1,5;2\r\n", &said(), b';', &["a", "b"], 2);
        check("a\tb,c\n1\t2\n", &said(), b'\t', &["a", "b,c"], 2);
        check("sep=|\na|b\n", &said(), b'|', &["a", "b"], 3);
        check("\n\na,b\n", &said(), b',', &["a", "b"], 4);
        check("# Account: x, y\n# ---\na,b\n1,2\n", &said(), b',', &["a", "b"], 4);
        check("#,Name\n1,Ada\n", &said(), b',', &["#", "Name"], 2);
        check("\"a\nb\",c\n1,2\n", &said(), b',', &["a b", "c"], 3);
        check("Report\nOctober\na,b\n", &Said { header: Some(3), ..said() }, b',', &["a", "b"], 4);
        check("Report\nOctober\na,b\n", &Said { skip_lines: 2, ..said() }, b',', &["a", "b"], 4);
        check("% note\na,b\n", &Said { comment: Some("%".to_owned()), ..said() }, b',', &["a", "b"], 3);
    }

    #[test]
    fn what_is_no_csv_is_refused() {
        let check = |bytes: &[u8], message: &str| {
            let error = beginning("a.csv", bytes, true, &said()).unwrap_err();
            assert!(error.message.contains(message), "{}", error.message);
            assert!(error.hint.is_some());
        };
        check(b"", "`a.csv` is empty");
        check(b"\xef\xbb\xbf \n", "`a.csv` is empty");
        check(b"a,b\n1,\0\n", "a.csv:2: a NUL byte");
        check(b"a,b\n1,\xe4\n", "a.csv:2: not UTF-8");
        check(b"PK\x03\x04", "compressed");
        check(b"\xff\xfea\0", "UTF-16");
    }

    #[test]
    fn windows_text_decodes() {
        assert_eq!(Encoding::Windows1252.decode(b"Caf\xe9 \x80").as_deref(), Some("Café €"));
        assert_eq!(Encoding::Utf8.decode(b"Caf\xe9"), None);
    }
}
