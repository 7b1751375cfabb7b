//! Text as Office Open XML has it: runs of rich text, and control characters written as `_x000D_`.

use std::io::Read;

use cvj_core::{SourceError, Status};
use cvj_tabular::limits::Limits;
use memchr::memmem;

use crate::xml::{Token, Xml, local, unescape};

/// Why a text cannot be read.
pub enum TextFault {
    /// It is longer than allowed.
    TooLong(u64),
    /// It has an entity that XML does not know.
    UnknownEntity,
    /// The document around it is broken.
    Document(SourceError),
}

impl TextFault {
    /// The error of a cell's text at this place.
    pub fn error(self, place: &str, limits: &Limits) -> SourceError {
        match self {
            Self::TooLong(length) => limits.cell_too_long(place, length),
            Self::UnknownEntity => {
                SourceError::new(Status::InvalidData, format!("{place}: a cell has an entity that XML does not know"))
                    .with_hint("open the file in the program that wrote it and save it again")
            }
            Self::Document(error) => error,
        }
    }
}

/// Appends the text of the tag that was opened last, tags within it left out, and reads its closing tag.
pub fn text<R: Read>(xml: &mut Xml<R>, into: &mut Vec<u8>, limits: &Limits) -> Result<(), TextFault> {
    let begin = into.len();
    let mut depth = 0;
    loop {
        let known = match xml.token().map_err(TextFault::Document)? {
            None => return Ok(()),
            Some(Token::Text(piece)) => unescape(piece, into),
            Some(Token::Verbatim(piece)) => {
                into.extend_from_slice(piece);
                true
            }
            Some(Token::Open(tag)) => {
                depth += usize::from(!tag.empty);
                true
            }
            Some(Token::Close(_)) if depth == 0 => return Ok(()),
            Some(Token::Close(_)) => {
                depth -= 1;
                true
            }
        };
        if !known {
            return Err(TextFault::UnknownEntity);
        }
        too_long(into, begin, limits)?;
    }
}

/// Appends the texts of all runs in the tag that was opened last, but not how they are pronounced.
pub fn rich_text<R: Read>(xml: &mut Xml<R>, into: &mut Vec<u8>, limits: &Limits) -> Result<(), TextFault> {
    let begin = into.len();
    let mut depth = 0;
    loop {
        match xml.token().map_err(TextFault::Document)? {
            None => return Ok(()),
            Some(Token::Open(tag)) if !tag.empty => match local(tag.name) {
                b"t" => {
                    text(xml, into, limits)?;
                    too_long(into, begin, limits)?;
                }
                b"rPh" => xml.skip().map_err(TextFault::Document)?,
                _ => depth += 1,
            },
            Some(Token::Close(_)) if depth == 0 => return Ok(()),
            Some(Token::Close(_)) => depth -= 1,
            Some(_) => {}
        }
    }
}

/// Fails if a cell's text, which begins there, is longer than allowed.
pub fn too_long(text: &[u8], begin: usize, limits: &Limits) -> Result<(), TextFault> {
    let length = (text.len() - begin) as u64;
    if length > limits.cell.0 { Err(TextFault::TooLong(length)) } else { Ok(()) }
}

/// Resolves `_x000D_` and the like behind `from`: characters that XML cannot hold, and underscores that only look so.
pub fn unescape_controls(bytes: &mut Vec<u8>, from: usize) {
    if memmem::find(&bytes[from..], b"_x").is_none() {
        return;
    }
    let written = bytes.split_off(from);
    let mut rest = written.as_slice();
    while let Some(found) = memmem::find(rest, b"_x") {
        bytes.extend_from_slice(&rest[..found]);
        rest = &rest[found..];
        let mut units = Vec::new();
        while let Some(unit) = escaped(rest) {
            units.push(unit);
            rest = &rest[7..];
        }
        if units.is_empty() {
            bytes.extend_from_slice(b"_x");
            rest = &rest[2..];
        }
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    bytes.extend_from_slice(rest);
}

fn escaped(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.get(..7)?.strip_prefix(b"_x")?.strip_suffix(b"_")?;
    let all_digits = digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits).ok().filter(|_| all_digits).and_then(|digits| u16::from_str_radix(digits, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_resolved() {
        let check = |written: &str, expect: &str| {
            let mut bytes = format!("_x0041_{written}").into_bytes();
            unescape_controls(&mut bytes, 7);
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("_x0041_{expect}"));
        };
        check("plain", "plain");
        check("a_x000D_\nb", "a\r\nb");
        check("_x005F_x000D_", "_x000D_");
        check("_xD83D__xDE00_", "\u{1f600}");
        check("_x12_ _xyzzy_ _x", "_x12_ _xyzzy_ _x");
        check("_x+123_", "_x+123_");
    }

    #[test]
    fn runs_are_joined_without_their_pronunciation() {
        let written = "<si><r><rPr><b/></rPr><t>K\u{e4}</t></r><rPh sb=\"0\"><t>no</t></rPh><x:r><x:t xml:space='preserve'>se </x:t></x:r></si>";
        let mut xml = Xml::new(written.as_bytes(), "a");
        xml.token().unwrap();
        let mut bytes = Vec::new();
        assert!(rich_text(&mut xml, &mut bytes, &Limits::default()).is_ok());
        assert_eq!(bytes, "K\u{e4}se ".as_bytes());
        let short = Limits { cell: cvj_tabular::limits::Bytes(3), ..Limits::default() };
        let mut xml = Xml::new(written.as_bytes(), "a");
        xml.token().unwrap();
        assert!(matches!(rich_text(&mut xml, &mut Vec::new(), &short), Err(TextFault::TooLong(6))));
    }
}
