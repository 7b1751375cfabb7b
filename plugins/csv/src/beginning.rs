//! The beginning of a file: everything up to its first row of data.

use cvj_core::{SourceError, Status};
use cvj_tabular::header::header_text;
use cvj_tabular::limits::Limits;

use crate::boundaries::Start;
use crate::dialect::{Dialect, Found, Said};
use crate::input::Head;
use crate::records::CarefulReader;

/// The beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The header as written.
    pub headers: Vec<String>,
    /// The lines before it.
    pub preamble: Vec<String>,
    /// Where the data begins.
    pub data: Start,
}

/// Finds the header in the first bytes of a file.
pub fn beginning(
    name: &str,
    head: &Head,
    found: &Found,
    dialect: Dialect,
    said: &Said,
    limits: &Limits,
) -> Result<Beginning, SourceError> {
    let wrong = |message: String, hint: &str| SourceError::new(Status::InvalidData, message).with_hint(hint);
    let first = found.first.offset as usize;
    let text = &head.bytes[first..];
    let (skipped, line) = find_header(text, found.first.line, said);
    if text[skipped..].trim_ascii().is_empty() {
        return Err(wrong(
            format!("`{name}` has no header: it ends before line {line}"),
            "check `header`, `skip_lines` and `comment`",
        ));
    }
    let mut reader = CarefulReader::new(&text[skipped..], dialect, line, name, limits);
    let headers: Option<Vec<String>> = match reader.advance()? {
        Some(record) => {
            (0..record.width()).map(|field| dialect.encoding.decode(&record.get(field)).map(|text| header_text(&text))).collect()
        }
        None => None,
    };
    let Some(headers) = headers else {
        return Err(wrong(format!("{name}:{line}: the header cannot be read"), "check `header`, `quote` and `encoding`"));
    };
    let preamble = dialect.encoding.decode(&text[..skipped]).unwrap_or_default();
    let preamble = preamble.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let data = Start { offset: (first + skipped) as u64 + reader.consumed(), line: reader.line() };
    Ok(Beginning { headers, preamble, data })
}

/// Where the header begins, in bytes and lines.
fn find_header(text: &[u8], first: u64, said: &Said) -> (usize, u64) {
    let (mut offset, mut number) = (0, first);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        let passed = match said.header {
            Some(header) => number < header,
            None => number <= said.skip_lines || trimmed.is_empty() || is_comment(trimmed, said),
        };
        if !passed {
            break;
        }
        offset += line.len();
        number += 1;
    }
    (offset, number)
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
