//! Bytes to records: by `simd-csv` where a file's quotes are regular, by a state machine where they are not.
//!
//! `simd-csv` takes every quote for the begin or end of a quoted part, which is right for files whose quotes stand around whole
//! fields. [`crate::boundaries`] says which files those are. In the others (`5" pipe`, blank lines) [`CarefulReader`] takes a
//! quote seriously only at the beginning of a field, and knows the line of every record whatever lies between them.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use simd_csv::{ZeroCopyByteRecord, ZeroCopyReader, ZeroCopyReaderBuilder};

use crate::dialect::Dialect;

const BUFFER: usize = 256 * 1024;

/// The records of a file or of a part of one.
pub enum Records<R: Read> {
    /// Quotes stand around whole fields, and there are no blank lines.
    Regular {
        /// The tokeniser.
        reader: ZeroCopyReader<R>,
        /// The line of the next record.
        line: u64,
        /// The quote.
        quote: u8,
    },
    /// Anything else.
    Careful(CarefulReader<BufReader<R>>),
}

/// One record.
pub enum Record<'a> {
    /// From `simd-csv`, fields as written.
    Regular {
        /// The fields.
        record: ZeroCopyByteRecord<'a>,
        /// The line on which the record begins.
        line: u64,
        /// The quote.
        quote: u8,
    },
    /// Fields without quotes, one behind the other.
    Careful {
        /// The text of all fields.
        text: &'a [u8],
        /// Where each field ends.
        ends: &'a [usize],
        /// The line on which the record begins.
        line: u64,
        /// A field was quoted: an empty one is a value then, not a blank line.
        quoted: bool,
    },
}

impl Record<'_> {
    /// The number of fields.
    pub fn width(&self) -> usize {
        match self {
            Self::Regular { record, .. } => record.len(),
            Self::Careful { ends, .. } => ends.len(),
        }
    }

    /// The line on which the record begins, counted from 1.
    pub fn line(&self) -> u64 {
        match self {
            Self::Regular { line, .. } | Self::Careful { line, .. } => *line,
        }
    }

    /// A field without its quotes; one that is not there is empty.
    pub fn get(&self, field: usize) -> Cow<'_, [u8]> {
        match self {
            Self::Regular { record, quote, .. } => {
                let Some(raw) = record.get(field) else { return Cow::Borrowed(&[]) };
                if raw.first() == Some(quote) { record.unescape(field).unwrap_or_default() } else { Cow::Borrowed(raw) }
            }
            Self::Careful { text, ends, .. } => {
                let Some(end) = ends.get(field) else { return Cow::Borrowed(&[]) };
                let start = if field == 0 { 0 } else { ends[field - 1] };
                Cow::Borrowed(&text[start..*end])
            }
        }
    }

    /// Whether the line was blank.
    pub fn is_blank(&self) -> bool {
        self.width() == 1 && {
            match self {
                Self::Regular { record, .. } => record.as_slice().trim_ascii().is_empty(),
                Self::Careful { text, quoted, .. } => !quoted && text.trim_ascii().is_empty(),
            }
        }
    }
}

impl<R: Read> Records<R> {
    /// The records of these bytes, the first of which stands on `line`.
    pub fn new(bytes: R, dialect: Dialect, regular: bool, line: u64) -> Self {
        if regular {
            let mut builder = ZeroCopyReaderBuilder::with_capacity(BUFFER);
            builder.delimiter(dialect.delimiter).quote(dialect.quote).flexible(true).has_headers(false);
            Self::Regular { reader: builder.from_reader(bytes), line, quote: dialect.quote }
        } else {
            Self::Careful(CarefulReader::new(BufReader::with_capacity(BUFFER, bytes), dialect, line))
        }
    }

    /// The next record.
    pub fn advance(&mut self) -> io::Result<Option<Record<'_>>> {
        match self {
            Self::Regular { reader, line, quote } => {
                let record = reader.read_byte_record().map_err(|error| io::Error::other(error.to_string()))?;
                let Some(record) = record else { return Ok(None) };
                let begins = *line;
                *line += 1 + memchr::memchr_iter(b'\n', record.as_slice()).count() as u64;
                Ok(Some(Record::Regular { record, line: begins, quote: *quote }))
            }
            Self::Careful(reader) => reader.advance(),
        }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        match self {
            Self::Regular { reader, .. } => reader.position(),
            Self::Careful(reader) => reader.consumed,
        }
    }
}

/// A state machine over the bytes of a CSV file.
pub struct CarefulReader<B> {
    bytes: B,
    dialect: Dialect,
    text: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    consumed: u64,
    /// The byte before was a carriage return that ended a line.
    after_return: bool,
    /// A field of the record was quoted.
    quoted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// A quote within a quoted field: its end, or the first of two.
    Quote,
}

impl<B: BufRead> CarefulReader<B> {
    /// A reader of bytes that begin on `line`.
    pub fn new(bytes: B, dialect: Dialect, line: u64) -> Self {
        Self { bytes, dialect, text: Vec::new(), ends: Vec::new(), line, consumed: 0, after_return: false, quoted: false }
    }

    /// Bytes read so far.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The line on which the next record begins.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next record; blank lines between records are passed over. Fails where a quote is never closed.
    pub fn advance(&mut self) -> io::Result<Option<Record<'_>>> {
        loop {
            let begins = self.line;
            self.text.clear();
            self.ends.clear();
            if !self.record(begins)? {
                return Ok(None);
            }
            if self.ends.len() > 1 || !self.text.is_empty() || self.quoted {
                return Ok(Some(Record::Careful { text: &self.text, ends: &self.ends, line: begins, quoted: self.quoted }));
            }
        }
    }

    fn record(&mut self, begins: u64) -> io::Result<bool> {
        let Dialect { delimiter, quote, .. } = self.dialect;
        let quoting = quote != 0;
        let mut state = State::FieldStart;
        let mut any = false;
        self.quoted = false;
        loop {
            let buffer = self.bytes.fill_buf()?;
            if buffer.is_empty() {
                if state == State::Quoted {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("a quote opened in the record of line {begins} is never closed"),
                    ));
                }
                self.ends.push(self.text.len());
                return Ok(any);
            }
            let mut used = 0;
            let mut done = false;
            for byte in buffer.iter().copied() {
                used += 1;
                if std::mem::take(&mut self.after_return) && byte == b'\n' {
                    continue;
                }
                any = true;
                let ends_line = matches!(byte, b'\n' | b'\r');
                state = match state {
                    State::Quoted if byte == quote => State::Quote,
                    State::Quoted => {
                        self.line += u64::from(byte == b'\n');
                        self.text.push(byte);
                        State::Quoted
                    }
                    State::Quote if byte == quote => {
                        self.text.push(byte);
                        State::Quoted
                    }
                    State::FieldStart if quoting && byte == quote => {
                        self.quoted = true;
                        State::Quoted
                    }
                    _ if byte == delimiter => {
                        self.ends.push(self.text.len());
                        State::FieldStart
                    }
                    _ if ends_line => {
                        self.line += 1;
                        self.after_return = byte == b'\r';
                        done = true;
                        break;
                    }
                    _ => {
                        self.text.push(byte);
                        State::Unquoted
                    }
                };
            }
            self.bytes.consume(used);
            self.consumed += used as u64;
            if done {
                self.ends.push(self.text.len());
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Encoding;

    const DIALECT: Dialect = Dialect { delimiter: b',', quote: b'"', encoding: Encoding::Utf8 };

    fn read(text: &str, regular: bool) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(text.as_bytes(), DIALECT, regular, 1);
        let mut rows = Vec::new();
        while let Some(record) = records.advance().unwrap() {
            let fields = (0..record.width()).map(|field| String::from_utf8(record.get(field).into_owned()).unwrap());
            rows.push((record.line(), fields.collect()));
        }
        rows
    }

    #[test]
    fn both_readers_agree_on_regular_files() {
        for text in ["a,b\n1,2\n", "a,b\r\n1,2", "\"a\nb\",c\r\n\"x\"\"y\",\n,\n", "\"\"\"VIP\"\",\"\"Blog\"\"\",1\n2,3\n"] {
            assert_eq!(read(text, true), read(text, false), "{text:?}");
        }
    }

    #[test]
    fn careful_reading_knows_lines_and_literal_quotes() {
        let check = |text: &str, expect: &[(u64, &[&str])]| {
            let expect: Vec<_> =
                expect.iter().map(|(line, fields)| (*line, fields.iter().map(|field| (*field).to_owned()).collect())).collect();
            assert_eq!(read(text, false), expect, "{text:?}");
        };
        check("5\" pipe,x\n6\" pipe,y\n", &[(1, &["5\" pipe", "x"]), (2, &["6\" pipe", "y"])]);
        check("a\n\n\r\nb\n", &[(1, &["a"]), (4, &["b"])]);
        check("a,b\rc,d\r", &[(1, &["a", "b"]), (2, &["c", "d"])]);
        check("\"a\" tail,b\n", &[(1, &["a tail", "b"])]);
        check("\"a\nb\",c\nd,e", &[(1, &["a\nb", "c"]), (3, &["d", "e"])]);
        check("a, \"b\"\n", &[(1, &["a", " \"b\""])]);
    }

    #[test]
    fn an_open_quote_is_an_error_with_its_line() {
        let mut records = Records::new("a,b\n1,\"2\n3,4\n".as_bytes(), DIALECT, false, 1);
        records.advance().unwrap();
        let error = records.advance().err().unwrap();
        assert!(error.to_string().contains("line 2"), "{error}");
    }
}
