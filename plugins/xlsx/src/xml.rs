//! A streaming XML reader of bounded memory: tags with their attributes, and text in pieces.
//!
//! Sheets are hundreds of megabytes of tiny tags, so this takes a tag apart only as far as it is asked to. A document type is
//! refused, and with it every entity but the five that XML itself has. It checks that tags are closed, not that names match.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use cvj_core::{SourceError, Status};
use memchr::{memchr, memmem, memrchr};

/// Bytes read at once: inflated data is scanned while it is in the processor's cache.
const PIECE: usize = 64 * 1024;
/// The longest tag: attributes are a few dozen bytes, texts in attributes a few thousand.
const LONGEST_TAG: usize = 1024 * 1024;
/// The longest entity: `&#x10FFFF;`.
const LONGEST_ENTITY: usize = 16;

/// A part of a document.
#[derive(Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// An opening tag.
    Open(Tag<'a>),
    /// A closing tag, by its name.
    Close(&'a [u8]),
    /// Text with its entities, or a piece of it.
    Text(&'a [u8]),
    /// Text in which nothing is escaped, or a piece of it.
    Verbatim(&'a [u8]),
}

/// An opening tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Its name with its prefix.
    pub name: &'a [u8],
    /// It has no content, and no closing tag follows.
    pub empty: bool,
    attributes: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Its name without a prefix.
    pub fn local(&self) -> &'a [u8] {
        local(self.name)
    }

    /// Its attributes as written, in order.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes(self.attributes)
    }

    /// An attribute by its full name, as written.
    pub fn attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }

    /// An attribute by its full name, as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.attribute(name).map(plain)
    }

    /// A whole number in an attribute.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.attribute(name).and_then(whole)
    }

    /// Whether an attribute says yes.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.attribute(name), Some(b"1" | b"true" | b"on"))
    }
}

/// A name without its prefix.
pub fn local(name: &[u8]) -> &[u8] {
    match memchr(b':', name) {
        Some(colon) => &name[colon + 1..],
        None => name,
    }
}

/// The digits of a whole number.
pub fn whole(digits: &[u8]) -> Option<u64> {
    let digits = digits.trim_ascii();
    let value = digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    });
    value.filter(|_| !digits.is_empty())
}

/// The attributes of a tag.
pub struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    // Names and values are a few bytes: a search that is quick over many would be slower.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_ascii_start();
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let name = rest[..equals].trim_ascii_end();
        let value = rest[equals + 1..].trim_ascii_start();
        let (quote, value) = value.split_first().filter(|(byte, _)| matches!(byte, b'"' | b'\''))?;
        let end = value.iter().position(|byte| byte == quote)?;
        self.0 = &value[end + 1..];
        Some((name, &value[..end]))
    }
}

/// Reads one document.
pub struct Xml<R> {
    reader: R,
    /// What errors call the document.
    name: String,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    begun: bool,
    ended: bool,
    depth: u64,
    verbatim: bool,
}

impl<R: Read> Xml<R> {
    /// A reader of this document; `name` is what errors call it.
    pub fn new(reader: R, name: impl Into<String>) -> Self {
        let buffer = vec![0; PIECE];
        Self { reader, name: name.into(), buffer, at: 0, end: 0, begun: false, ended: false, depth: 0, verbatim: false }
    }

    /// What errors call the document.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next part, or `None` at the end of a document whose tags are all closed.
    #[inline]
    pub fn token(&mut self) -> Result<Option<Token<'_>>, SourceError> {
        loop {
            if self.verbatim {
                return self.next_verbatim();
            }
            if self.at == self.end && !self.more()? {
                return if self.depth == 0 { Ok(None) } else { Err(self.broken("it ends in the middle")) };
            }
            if self.buffer[self.at] != b'<' {
                let end = self.text_end()?;
                let text = self.at..end;
                self.at = end;
                return Ok(Some(Token::Text(&self.buffer[text])));
            }
            while self.end - self.at < 2 {
                self.needed()?;
            }
            match self.buffer[self.at + 1] {
                b'/' => {
                    let end = self.until(b'>')?;
                    let tag = self.at + 2..end;
                    self.at = end + 1;
                    self.depth = self.depth.checked_sub(1).ok_or_else(|| self.broken("a tag is closed that was not opened"))?;
                    return Ok(Some(Token::Close(self.buffer[tag].trim_ascii_end())));
                }
                b'?' => self.pass_over(b"?>")?,
                b'!' => self.declaration()?,
                _ => {
                    let end = self.tag_end()?;
                    let (from, to) = (self.at + 1, end);
                    self.at = end + 1;
                    let empty = self.buffer[to - 1] == b'/' && to > from;
                    self.depth += u64::from(!empty);
                    let tag = &self.buffer[from..to - usize::from(empty)];
                    let name = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
                    return Ok(Some(Token::Open(Tag { name: &tag[..name], empty, attributes: &tag[name..] })));
                }
            }
        }
    }

    /// The text of `<name>text</name>`, if exactly that comes next, is at hand and has no entity; otherwise nothing is read. What cells hold is
    /// nearly always written so.
    #[inline]
    pub fn leaf(&mut self, name: u8) -> Option<&[u8]> {
        let rest = &self.buffer[self.at..self.end];
        if self.verbatim || !rest.starts_with(&[b'<', name, b'>']) {
            return None;
        }
        let length = rest[3..].iter().take(64).position(|byte| matches!(byte, b'<' | b'&'))?;
        if !rest[3 + length..].starts_with(&[b'<', b'/', name, b'>']) {
            return None;
        }
        let text = self.at + 3..self.at + 3 + length;
        self.at = text.end + 4;
        Some(&self.buffer[text])
    }

    /// Reads `</name>`, if exactly that comes next and is at hand.
    #[inline]
    pub fn closes(&mut self, name: u8) -> bool {
        let closes = !self.verbatim && self.depth > 0 && self.buffer[self.at..self.end].starts_with(&[b'<', b'/', name, b'>']);
        if closes {
            self.at += 4;
            self.depth -= 1;
        }
        closes
    }

    /// Passes over the content and the closing tag of the tag that was opened last.
    pub fn skip(&mut self) -> Result<(), SourceError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if self.token()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// An error in this document.
    pub fn broken(&self, why: &str) -> SourceError {
        SourceError::new(Status::InvalidData, format!("{} cannot be read: {why}", self.name))
            .with_hint("open the file in the program that wrote it and save it again")
    }

    /// The end of the text that begins here: at a tag, or, if it is long, at a place where no entity is cut.
    fn text_end(&mut self) -> Result<usize, SourceError> {
        loop {
            if let Some(length) = memchr(b'<', &self.buffer[self.at..self.end]) {
                return Ok(self.at + length);
            }
            if self.end - self.at >= PIECE / 2 {
                let tail = self.end - LONGEST_ENTITY;
                let cut = memrchr(b'&', &self.buffer[tail..self.end]).map_or(self.end, |found| tail + found);
                return Ok(if self.buffer[cut - 1] == b'\r' { cut - 1 } else { cut });
            }
            if !self.more()? {
                return Ok(self.end);
            }
        }
    }

    /// The place of the next such byte.
    fn until(&mut self, byte: u8) -> Result<usize, SourceError> {
        let mut looked = 0;
        loop {
            if let Some(length) = memchr(byte, &self.buffer[self.at + looked..self.end]) {
                return Ok(self.at + looked + length);
            }
            looked = self.end - self.at;
            self.needed()?;
        }
    }

    /// The place of the `>` that ends the opening tag that begins here; one within quotes does not.
    fn tag_end(&mut self) -> Result<usize, SourceError> {
        let mut looked = 1;
        let mut quote = 0;
        loop {
            for (index, byte) in self.buffer[self.at + looked..self.end].iter().enumerate() {
                match *byte {
                    b'>' if quote == 0 => return Ok(self.at + looked + index),
                    byte @ (b'"' | b'\'') if quote == 0 => quote = byte,
                    byte if byte == quote => quote = 0,
                    _ => {}
                }
            }
            looked = self.end - self.at;
            self.needed()?;
        }
    }

    fn declaration(&mut self) -> Result<(), SourceError> {
        while self.end - self.at < 9 && self.more()? {}
        let begin = &self.buffer[self.at..self.end];
        if begin.starts_with(b"<!--") {
            self.at += 4;
            return self.pass_over(b"-->");
        }
        if begin.starts_with(b"<![CDATA[") {
            self.at += 9;
            self.verbatim = true;
            return Ok(());
        }
        Err(self.broken("it declares a document type, whose entities could grow without bound"))
    }

    fn next_verbatim(&mut self) -> Result<Option<Token<'_>>, SourceError> {
        loop {
            let found = memmem::find(&self.buffer[self.at..self.end], b"]]>");
            let held = if self.end - self.at >= PIECE / 2 { self.end - self.at - 2 } else { 0 };
            if let Some(length) = found.or((held > 0).then_some(held)) {
                let text = self.at..self.at + length;
                self.verbatim = found.is_none();
                self.at = text.end + if self.verbatim { 0 } else { 3 };
                return Ok(Some(Token::Verbatim(&self.buffer[text])));
            }
            self.needed()?;
        }
    }

    /// Passes over everything up to this end, however long it is.
    fn pass_over(&mut self, end: &[u8]) -> Result<(), SourceError> {
        loop {
            if let Some(found) = memmem::find(&self.buffer[self.at..self.end], end) {
                self.at += found + end.len();
                return Ok(());
            }
            self.at = self.at.max(self.end.saturating_sub(end.len() - 1));
            self.needed()?;
        }
    }

    fn needed(&mut self) -> Result<(), SourceError> {
        if self.more()? { Ok(()) } else { Err(self.broken("it ends in the middle")) }
    }

    /// Reads more bytes behind those that are not used yet.
    #[cold]
    fn more(&mut self) -> Result<bool, SourceError> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        if self.end == self.buffer.len() {
            if self.end >= LONGEST_TAG {
                return Err(self.broken("one of its tags has more than a megabyte"));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        while self.end < self.buffer.len() {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => self.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        if !std::mem::replace(&mut self.begun, true) {
            match &self.buffer[..self.end] {
                [0xef, 0xbb, 0xbf, ..] => self.at = 3,
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'<', ..] | [b'<', 0, ..] => {
                    return Err(self.broken("it is written in UTF-16, where UTF-8 is usual"));
                }
                _ => {}
            }
        }
        Ok(self.at < self.end)
    }

    /// An error of the reader below, which may carry one of ours.
    fn failed(&self, error: std::io::Error) -> SourceError {
        match error.downcast::<SourceError>() {
            Ok(error) => error,
            Err(error) => self.broken(&error.to_string()),
        }
    }
}

/// Appends text with its entities resolved and its line ends as line feeds; says whether all entities were known.
#[inline]
pub fn unescape(text: &[u8], into: &mut Vec<u8>) -> bool {
    if text.len() < 64 && !text.iter().any(|byte| matches!(byte, b'&' | b'\r')) {
        into.extend_from_slice(text);
        return true;
    }
    unescape_slowly(text, into)
}

fn unescape_slowly(mut text: &[u8], into: &mut Vec<u8>) -> bool {
    while let Some(found) = memchr::memchr2(b'&', b'\r', text) {
        into.extend_from_slice(&text[..found]);
        text = &text[found..];
        if text[0] == b'\r' {
            into.push(b'\n');
            text = text.strip_prefix(b"\r\n").unwrap_or(&text[1..]);
            continue;
        }
        let Some(end) = memchr(b';', text).filter(|end| *end < LONGEST_ENTITY) else { return false };
        let Some(character) = entity(&text[1..end]) else { return false };
        into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        text = &text[end + 1..];
    }
    into.extend_from_slice(text);
    true
}

fn entity(name: &[u8]) -> Option<char> {
    match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x' | b'X', digits @ ..] => {
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().and_then(char::from_u32)
        }
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok().and_then(char::from_u32),
        _ => None,
    }
}

/// An attribute's value as text.
pub fn plain(value: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    if !unescape(value, &mut bytes) {
        value.clone_into(&mut bytes);
    }
    match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(_) => String::from_utf8(bytes).unwrap_or_default(),
        Cow::Owned(text) => text,
    }
}

#[cfg(test)]
mod tests;
