//! The text of a cell in ODF: paragraphs, in which spaces are counted.

use std::io::Read;

use cvj_tabular::limits::Limits;

use crate::ooxml::text::{TextFault, too_long};
use crate::xml::{Token, Xml, unescape};

/// Appends the paragraphs of the cell whose tag was opened last, on lines of their own, and reads its closing tag. What else
/// stands in the cell (annotations, pictures, tables) is no text of it.
pub(super) fn paragraphs<R: Read>(xml: &mut Xml<R>, into: &mut Vec<u8>, limits: &Limits) -> Result<(), TextFault> {
    let begin = into.len();
    let mut first = true;
    loop {
        match xml.token().map_err(TextFault::Document)? {
            None | Some(Token::Close(_)) => return Ok(()),
            Some(Token::Open(tag)) => {
                let paragraph = tag.name == b"text:p" || tag.name == b"text:h";
                if paragraph {
                    if !first {
                        into.push(b'\n');
                    }
                    first = false;
                }
                if !tag.empty {
                    if paragraph {
                        runs(xml, into, limits)?;
                        too_long(into, begin, limits)?;
                    } else {
                        xml.skip().map_err(TextFault::Document)?;
                    }
                }
            }
            Some(_) => {}
        }
    }
}

/// Appends the text of a paragraph and reads its closing tag.
fn runs<R: Read>(xml: &mut Xml<R>, into: &mut Vec<u8>, limits: &Limits) -> Result<(), TextFault> {
    let begin = into.len();
    let mut depth = 0;
    loop {
        let mut known = true;
        match xml.token().map_err(TextFault::Document)? {
            None => return Ok(()),
            Some(Token::Text(piece)) => {
                let from = into.len();
                known = unescape(piece, into);
                collapse(into, from);
            }
            Some(Token::Verbatim(piece)) => into.extend_from_slice(piece),
            Some(Token::Open(tag)) => match tag.name {
                b"text:s" => {
                    let count = tag.number("text:c").unwrap_or(1).min(limits.cell.0 + 1);
                    into.resize(into.len() + count as usize, b' ');
                    depth += usize::from(!tag.empty);
                }
                b"text:tab" => {
                    into.push(b'\t');
                    depth += usize::from(!tag.empty);
                }
                b"text:line-break" => {
                    into.push(b'\n');
                    depth += usize::from(!tag.empty);
                }
                b"office:annotation" | b"text:note" | b"text:ruby-text" | b"draw:frame" if !tag.empty => {
                    xml.skip().map_err(TextFault::Document)?;
                }
                _ => depth += usize::from(!tag.empty),
            },
            Some(Token::Close(_)) if depth == 0 => return Ok(()),
            Some(Token::Close(_)) => depth -= 1,
        }
        if !known {
            return Err(TextFault::UnknownEntity);
        }
        too_long(into, begin, limits)?;
    }
}

/// White space of the document, such as its own line breaks, is one space.
fn collapse(bytes: &mut Vec<u8>, from: usize) {
    if !bytes[from..].windows(2).any(|pair| pair == b"  ") && memchr::memchr3(b'\n', b'\t', b'\r', &bytes[from..]).is_none() {
        return;
    }
    let written = bytes.split_off(from);
    for byte in written {
        let space = byte.is_ascii_whitespace();
        if !space || bytes.get(from..).is_some_and(|kept| kept.last() != Some(&b' ')) {
            bytes.push(if space { b' ' } else { byte });
        }
    }
}
