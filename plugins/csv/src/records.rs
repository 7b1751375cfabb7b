//! Bytes to records: by `simd-csv` where a stretch of a file is regular, by a state machine where it is not.
//!
//! `simd-csv` takes every quote for the begin or end of a quoted part, which is right where quotes stand around whole fields.
//! [`crate::boundaries`] says where that is so. Elsewhere (`5" pipe`, blank lines, backslashes before quotes) [`CarefulReader`]
//! follows the [`Automaton`], and knows the line of every record whatever lies between them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use cvj_core::{SourceError, Status};
use cvj_tabular::limits::Limits;
use simd_csv::{ZeroCopyByteRecord, ZeroCopyReader, ZeroCopyReaderBuilder};

use crate::automaton::{Automaton, Runaway, Step};
use crate::boundaries::Run;
use crate::dialect::Dialect;
use crate::input::{Input, failed};

const BUFFER: usize = 256 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The records of a part of an input, run after run.
pub struct Records {
    folder: PathBuf,
    input: Input,
    name: String,
    dialect: Dialect,
    limits: Limits,
    runs: VecDeque<Run>,
    reader: Reader,
    /// Bytes of the runs that are over.
    passed: u64,
}

enum Reader {
    None,
    Regular { reader: ZeroCopyReader<Box<dyn Read + Send>>, length: u64, line: u64 },
    Careful(CarefulReader<BufReader<Box<dyn Read + Send>>>),
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
        /// There are blank lines before it.
        after_blank: bool,
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
        let text = match self {
            Self::Regular { record, quote, .. } => {
                let Some(raw) = record.get(field) else { return Cow::Borrowed(&[]) };
                if raw.first() == Some(quote) { record.unescape(field).unwrap_or_default() } else { Cow::Borrowed(raw) }
            }
            Self::Careful { text, ends, .. } => {
                let Some(end) = ends.get(field) else { return Cow::Borrowed(&[]) };
                let start = if field == 0 { 0 } else { ends[field - 1] };
                Cow::Borrowed(&text[start..*end])
            }
        };
        match text {
            // Files that were put together have one where the second begins, and `simd-csv` passes it over where it begins.
            Cow::Borrowed(text) if field == 0 => Cow::Borrowed(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)),
            text => text,
        }
    }

    /// Whether the line holds nothing but spaces.
    pub fn is_blank(&self) -> bool {
        self.width() == 1 && {
            match self {
                Self::Regular { record, .. } => record.as_slice().trim_ascii().is_empty(),
                Self::Careful { text, quoted, .. } => !quoted && text.trim_ascii().is_empty(),
            }
        }
    }

    /// Whether empty lines stand before it in its run; one with spaces is a record that [is blank](Self::is_blank).
    pub fn after_blank(&self) -> bool {
        matches!(self, Self::Careful { after_blank: true, .. })
    }

    fn check(self, name: &str, limits: &Limits) -> Result<Self, SourceError> {
        let (width, length) = match &self {
            Self::Regular { record, .. } => (record.len(), record.as_slice().len()),
            Self::Careful { text, ends, .. } => (ends.len(), text.len()),
        };
        if width as u64 > limits.columns {
            return Err(limits.too_many_columns(format!("{name}:{}", self.line()), width as u64));
        }
        if length as u64 > limits.cell.0 {
            let longest = (0..width).map(|field| self.get(field).len() as u64).max().unwrap_or(0);
            if longest > limits.cell.0 {
                return Err(limits.cell_too_long(format!("{name}:{}", self.line()), longest));
            }
        }
        Ok(self)
    }
}

impl Records {
    /// The records of these runs of an input, as [`Boundaries`](crate::boundaries::Boundaries) gives them.
    pub fn open(folder: &Path, input: &Input, dialect: Dialect, runs: Vec<Run>, limits: &Limits) -> Self {
        Self {
            folder: folder.to_owned(),
            input: input.clone(),
            name: input.name().into_owned(),
            dialect,
            limits: limits.clone(),
            runs: runs.into(),
            reader: Reader::None,
            passed: 0,
        }
    }

    /// The next record. At the end of the last run it fails if the file is not what it was.
    pub fn advance(&mut self) -> Result<Option<Record<'_>>, SourceError> {
        while !self.begins()? {
            let Some(run) = self.runs.pop_front() else {
                self.input.unchanged(&self.folder)?;
                return Ok(None);
            };
            self.enter(run)?;
        }
        let record = match &mut self.reader {
            Reader::None => return Ok(None),
            Reader::Regular { reader, line, .. } => {
                let record = match reader.read_byte_record() {
                    Ok(Some(record)) => record,
                    Ok(None) => return Err(self.input.stamp.changed()),
                    Err(error) => return Err(told(&self.name, error)),
                };
                let begins = *line;
                *line += 1 + memchr::memchr_iter(b'\n', record.as_slice()).count() as u64;
                Record::Regular { record, line: begins, quote: self.dialect.quote }
            }
            Reader::Careful(reader) => reader.record(),
        };
        record.check(&self.name, &self.limits).map(Some)
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.passed
            + match &self.reader {
                Reader::None => 0,
                Reader::Regular { reader, .. } => reader.position(),
                Reader::Careful(reader) => reader.consumed,
            }
    }

    /// Whether the run has another record; a careful reader has read it then.
    fn begins(&mut self) -> Result<bool, SourceError> {
        match &mut self.reader {
            Reader::None => Ok(false),
            Reader::Regular { reader, length, .. } => Ok(reader.position() < *length),
            Reader::Careful(reader) => reader.read(),
        }
    }

    fn enter(&mut self, run: Run) -> Result<(), SourceError> {
        self.passed = self.position();
        let bytes: Box<dyn Read + Send> = if self.input.splittable().is_some() {
            self.input.open_at(&self.folder, run.offset, run.length)?
        } else {
            let mut bytes = self.input.open(&self.folder, &self.limits)?;
            io::copy(&mut (&mut bytes).take(run.offset), &mut io::sink()).map_err(|error| failed(&self.name, error))?;
            Box::new(bytes.take(run.length))
        };
        self.reader = if run.regular {
            let mut builder = ZeroCopyReaderBuilder::with_capacity(BUFFER);
            builder.delimiter(self.dialect.delimiter).quote(self.dialect.quote).flexible(true).has_headers(false);
            Reader::Regular { reader: builder.from_reader(bytes), length: run.length, line: run.line }
        } else {
            let bytes = BufReader::with_capacity(BUFFER, bytes);
            Reader::Careful(CarefulReader::new(bytes, self.dialect, run.line, &self.name, &self.limits))
        };
        Ok(())
    }
}

/// An error of `simd-csv`, which has none of its own for records of any width.
fn told(name: &str, error: simd_csv::Error) -> SourceError {
    match error.into_kind() {
        simd_csv::ErrorKind::Io(error) => failed(name, error),
        kind => SourceError::new(Status::InvalidData, format!("{name}: {kind:?}")),
    }
}

/// Reads records byte by byte.
pub struct CarefulReader<B> {
    bytes: B,
    automaton: Automaton,
    name: String,
    limits: Limits,
    text: Vec<u8>,
    ends: Vec<usize>,
    begins: u64,
    consumed: u64,
    /// A field of the record was quoted.
    quoted: bool,
    after_blank: bool,
}

impl<B: BufRead> CarefulReader<B> {
    /// A reader of the bytes of `name` that begin on `line`.
    pub fn new(bytes: B, dialect: Dialect, line: u64, name: &str, limits: &Limits) -> Self {
        Self {
            bytes,
            automaton: Automaton::new(dialect, line),
            name: name.to_owned(),
            limits: limits.clone(),
            text: Vec::new(),
            ends: Vec::new(),
            begins: line,
            consumed: 0,
            quoted: false,
            after_blank: false,
        }
    }

    /// The next record; empty lines between records are passed over. Fails where a quote is never closed.
    #[cfg(test)]
    pub fn advance(&mut self) -> Result<Option<Record<'_>>, SourceError> {
        if self.read()? { self.record().check(&self.name.clone(), &self.limits.clone()).map(Some) } else { Ok(None) }
    }

    /// The record that was read last.
    fn record(&self) -> Record<'_> {
        Record::Careful {
            text: &self.text,
            ends: &self.ends,
            line: self.begins,
            quoted: self.quoted,
            after_blank: self.after_blank,
        }
    }

    /// Reads the next record; `false` if there is none.
    fn read(&mut self) -> Result<bool, SourceError> {
        self.text.clear();
        self.ends.clear();
        self.begins = self.automaton.line();
        (self.quoted, self.after_blank) = (false, false);
        let mut any = false;
        loop {
            let buffer = self.bytes.fill_buf().map_err(|error| failed(&self.name, error))?;
            if buffer.is_empty() {
                if self.automaton.within() {
                    return Err(unclosed(&self.name, self.automaton.opened()));
                }
                self.ends.push(self.text.len());
                return Ok(any);
            }
            let mut used = 0;
            let mut done = false;
            while used < buffer.len() {
                let text = self.automaton.pass_text(&buffer[used..]);
                self.text.extend_from_slice(&buffer[used..used + text]);
                used += text;
                let Some(byte) = buffer.get(used) else { break };
                used += 1;
                match self.automaton.step(*byte) {
                    Step::Text => self.text.push(*byte),
                    Step::Escaped => {
                        self.text.pop();
                        self.text.push(*byte);
                    }
                    Step::Field => self.ends.push(self.text.len()),
                    Step::Record => {
                        done = true;
                        break;
                    }
                    Step::Blank => {
                        self.after_blank = true;
                        self.begins = self.automaton.line();
                        continue;
                    }
                    Step::Nothing if *byte == b'\n' => continue,
                    Step::Nothing => self.quoted = true,
                }
                any = true;
            }
            self.bytes.consume(used);
            self.consumed += used as u64;
            if self.text.len() as u64 > self.limits.row.0 {
                let error = self.limits.row_too_long(format!("{}:{}", self.name, self.begins));
                return Err(if self.automaton.within() { unclosed(&self.name, self.automaton.opened()) } else { error });
            }
            if let Some(runaway) = self.automaton.strays().runaway {
                return Err(ran_away(&self.name, runaway));
            }
            if done {
                self.ends.push(self.text.len());
                return self.end_line().map(|()| true);
            }
        }
    }

    /// Reads the second half of a line end.
    fn end_line(&mut self) -> Result<(), SourceError> {
        if self.automaton.ended_in_return() {
            let next = self.bytes.fill_buf().map_err(|error| failed(&self.name, error))?;
            if next.first() == Some(&b'\n') {
                self.automaton.step(b'\n');
                self.bytes.consume(1);
                self.consumed += 1;
            }
        }
        Ok(())
    }
}

/// The error of a quote that does not close.
pub fn unclosed(name: &str, line: u64) -> SourceError {
    SourceError::new(Status::InvalidData, format!("{name}:{line}: a quote opened on this line is never closed"))
        .with_hint("mend the quote, or set `quote = \"none\"` if the file does not quote fields")
}

/// The error of a quote that closes within text, lines further down.
pub fn ran_away(name: &str, runaway: Runaway) -> SourceError {
    let Runaway { opened, closed } = runaway;
    let message = format!("{name}:{opened}: a quote opened on this line closes within a field on line {closed}");
    SourceError::new(Status::InvalidData, message)
        .with_hint("mend the quote, or set `quote = \"none\"` if the file does not quote fields")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn read(text: &str, dialect: Dialect) -> Vec<(u64, Vec<String>)> {
        let mut records = CarefulReader::new(text.as_bytes(), dialect, 1, "a.csv", &Limits::default());
        let mut rows = Vec::new();
        while let Some(record) = records.advance().unwrap() {
            let fields = (0..record.width()).map(|field| String::from_utf8(record.get(field).into_owned()).unwrap());
            rows.push((record.line(), fields.collect()));
        }
        rows
    }

    fn check(text: &str, dialect: Dialect, expect: &[(u64, &[&str])]) {
        let expect: Vec<_> =
            expect.iter().map(|(line, fields)| (*line, fields.iter().map(|field| (*field).to_owned()).collect())).collect();
        assert_eq!(read(text, dialect), expect, "{text:?}");
    }

    #[test]
    fn careful_reading_knows_lines_and_literal_quotes() {
        let check = |text, expect: &[(u64, &[&str])]| check(text, Dialect::default(), expect);
        check("5\" pipe,x\n6\" pipe,y\n", &[(1, &["5\" pipe", "x"]), (2, &["6\" pipe", "y"])]);
        check("a\n\n\r\nb\n", &[(1, &["a"]), (4, &["b"])]);
        check("a,b\rc,d\r", &[(1, &["a", "b"]), (2, &["c", "d"])]);
        check("a\rb\nc\r\nd\n\re", &[(1, &["a"]), (2, &["b"]), (3, &["c"]), (4, &["d"]), (6, &["e"])]);
        check("\"a\" tail,b\n", &[(1, &["a tail", "b"])]);
        check("\"a\nb\",c\nd,e", &[(1, &["a\nb", "c"]), (3, &["d", "e"])]);
        check("\"a\r\nb\rc\",d\r\ne,f", &[(1, &["a\r\nb\rc", "d"]), (4, &["e", "f"])]);
        check("a, \"b\"\n", &[(1, &["a", " \"b\""])]);
        check("\"\"\n\n\"\"\"\"\n", &[(1, &[""]), (3, &["\""])]);
        check("a,\n,\n", &[(1, &["a", ""]), (2, &["", ""])]);
    }

    #[test]
    fn escapes_make_text_of_what_follows() {
        let check = |text, expect: &[(u64, &[&str])]| check(text, Dialect { escape: b'\\', ..Dialect::default() }, expect);
        check(r#""a \"b\" c",d"#, &[(1, &["a \"b\" c", "d"])]);
        check(r#""C:\\dir\\",C:\temp"#, &[(1, &["C:\\dir\\", "C:\\temp"])]);
        check(r#"a\,b,"x""y""#, &[(1, &["a,b", "x\"y"])]);
        check("\"a\\\n b\",c\nd", &[(1, &["a\n b", "c"]), (3, &["d"])]);
    }

    #[test]
    fn an_open_quote_is_an_error_with_its_line() {
        let limits = Limits::default();
        let mut records = CarefulReader::new("a,b\nx,\"2\n3,4\n".as_bytes(), Dialect::default(), 1, "a.csv", &limits);
        records.advance().unwrap();
        let error = records.advance().err().unwrap();
        assert_eq!(error.message, "a.csv:2: a quote opened on this line is never closed");
        let mut records = CarefulReader::new("x,\"2\n3,\"4\"\n".as_bytes(), Dialect::default(), 1, "a.csv", &limits);
        let error = records.advance().err().unwrap();
        assert_eq!(error.message, "a.csv:1: a quote opened on this line closes within a field on line 2");
    }

    #[test]
    fn rows_cells_and_columns_are_bounded() {
        use cvj_tabular::limits::Bytes;
        let check = |text: &str, limits: &Limits, expect: &str| {
            let mut records = CarefulReader::new(text.as_bytes(), Dialect::default(), 1, "a.csv", limits);
            let error = records.advance().err().unwrap();
            assert!(error.message.contains(expect), "{}", error.message);
            assert!(error.hint.is_some());
        };
        check("aaaaaaa,b", &Limits { cell: Bytes(6), ..Limits::default() }, "a.csv:1: a cell of 7 bytes");
        check("aaaaaaa,b", &Limits { row: Bytes(6), ..Limits::default() }, "a.csv:1: a row longer than 6 bytes");
        check("\na,b,c", &Limits { columns: 2, ..Limits::default() }, "a.csv:2: 3 columns");
        check("a,\"\nbbbbbbbbbbbb", &Limits { row: Bytes(6), ..Limits::default() }, "opened on this line");
    }
}
