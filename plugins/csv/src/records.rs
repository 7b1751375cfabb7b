//! Bytes to records: many at a time where a stretch of a file is [regular](crate::regular), by a state machine where it is not.
//!
//! A regular stretch is one in which quotes stand around whole fields: [`crate::boundaries`] says where that is so. Elsewhere
//! (`5" pipe`, blank lines, backslashes before quotes) [`CarefulReader`] follows the [`Automaton`], and knows the line of every
//! record whatever lies between them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use cvj_core::{SourceError, Status};
use cvj_tabular::limits::Limits;
use cvj_tabular::part::RowBlock;

use crate::automaton::{Automaton, Runaway, Step};
use crate::boundaries::Run;
use crate::dialect::Dialect;
use crate::input::{Input, failed};
use crate::regular::{Block, Fields, RegularReader};
use crate::slice::CsvRow;

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
    /// With the length of its run.
    Regular(Box<RegularReader<Box<dyn Read + Send>>>, u64),
    Careful(Box<CarefulReader<BufReader<Box<dyn Read + Send>>>>),
}

/// One record.
#[derive(Clone, Copy)]
pub enum Record<'a> {
    /// Fields as written.
    Regular {
        /// The fields.
        fields: Fields<'a>,
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

/// Regular records of one width.
pub struct Rows<'a> {
    block: Block<'a>,
    fields: Fields<'a>,
    width: usize,
    count: usize,
    dialect: Dialect,
    is_utf8: bool,
    file: &'a str,
}

impl RowBlock for Rows<'_> {
    type Row<'a>
        = CsvRow<'a>
    where
        Self: 'a;

    fn rows(&self) -> usize {
        self.count
    }

    fn line(&self, row: usize) -> u64 {
        self.block.line(row)
    }

    #[inline]
    fn row(&self, row: usize) -> CsvRow<'_> {
        let fields = self.fields.of_record(row, self.width);
        let record = Record::Regular { fields, line: self.line(row), quote: self.dialect.quote };
        CsvRow { record, dialect: self.dialect, file: self.file }
    }

    fn begins(&self, rows: Range<usize>, index: usize) -> impl Iterator<Item = Option<u8>> {
        let quote = self.dialect.quote;
        self.fields.column(rows.start, index, self.width).take(rows.len()).map(move |text| match text {
            [] | [b'\r'] => Some(b' '),
            [first, ..] if *first != quote => Some(*first).filter(u8::is_ascii_graphic),
            [_, second, ..] if *second != quote => Some(*second).filter(u8::is_ascii_graphic),
            _ => None,
        })
    }

    #[inline]
    fn column(&self, rows: Range<usize>, index: usize) -> impl Iterator<Item = Option<&[u8]>> {
        // Most cells are neither quoted nor at the begin or end of a line.
        let inner = self.is_utf8 && index > 0 && index + 1 < self.width;
        rows.clone().zip(self.fields.column(rows.start, index, self.width)).map(move |(row, text)| {
            if inner && text.first() != Some(&self.dialect.quote) { Some(text) } else { self.plain(row, index) }
        })
    }
}

impl Rows<'_> {
    #[inline(never)]
    fn plain(&self, row: usize, index: usize) -> Option<&[u8]> {
        self.row(row).record.plain(index).filter(|bytes| self.is_utf8 || bytes.is_ascii())
    }
}

impl<'a> Record<'a> {
    /// The number of fields.
    pub fn width(&self) -> usize {
        match self {
            Self::Regular { fields, .. } => fields.count(),
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
    pub fn get(&self, field: usize) -> Cow<'a, [u8]> {
        match (self.plain(field), self) {
            (Some(text), _) => Cow::Borrowed(text),
            (None, Self::Regular { fields, quote, .. }) => Cow::Owned(without_doubled(raw(fields, field), *quote)),
            (None, Self::Careful { .. }) => Cow::Borrowed(&[]),
        }
    }

    /// A field without its quotes, if its text stands there as it is: no quote in it is written as two.
    #[inline]
    pub fn plain(&self, field: usize) -> Option<&'a [u8]> {
        if field >= self.width() {
            return Some(&[]);
        }
        let text = match self {
            Self::Regular { fields, quote, .. } => match raw(fields, field) {
                [first, text @ .., _] if first == quote => {
                    if memchr::memchr(*quote, text).is_some() {
                        return None;
                    }
                    text
                }
                text => text,
            },
            Self::Careful { text, ends, .. } => {
                let start = if field == 0 { 0 } else { ends[field - 1] };
                &text[start..ends[field]]
            }
        };
        // Files that were put together have one where the second begins.
        Some(if field == 0 { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text })
    }

    /// The first byte of a field that is no white space, if there is one.
    #[inline]
    pub fn begins(&self, field: usize) -> Option<u8> {
        if let Self::Regular { fields, quote, .. } = self
            && field < fields.count()
        {
            match fields.get(field) {
                [] => return None,
                [first, ..] if first != quote && first.is_ascii_graphic() => return Some(*first),
                [first, second, ..] if first == quote && second != quote && second.is_ascii_graphic() => return Some(*second),
                _ => {}
            }
        }
        self.get(field).iter().find(|byte| !byte.is_ascii_whitespace()).copied()
    }

    /// Whether the line holds nothing but spaces.
    pub fn is_blank(&self) -> bool {
        self.width() == 1 && {
            match self {
                Self::Regular { fields, .. } => fields.text().trim_ascii().is_empty(),
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
            Self::Regular { fields, .. } => (fields.count(), fields.text().len()),
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
            Reader::Regular(reader, _) => {
                let (fields, line) = reader.advance();
                Record::Regular { fields, line, quote: self.dialect.quote }
            }
            Reader::Careful(reader) => reader.record(),
        };
        record.check(&self.name, &self.limits).map(Some)
    }

    /// The next records, as far as they are at hand and all of them are regular, bounded, and of this width; [pass](Self::pass)
    /// over those that were taken.
    pub fn at_hand(&self, width: usize) -> Option<Rows<'_>> {
        let Reader::Regular(reader, _) = &self.reader else { return None };
        let block = reader.records();
        let (fields, count) = block.of_width(width);
        // A record of one field may be blank.
        let any = count > 0 && width > 1 && width as u64 <= self.limits.columns;
        (any && fields.text().len() as u64 <= self.limits.cell.0).then_some(Rows {
            block,
            fields,
            width,
            count,
            dialect: self.dialect,
            is_utf8: self.dialect.encoding.is_utf8(),
            file: &self.name,
        })
    }

    /// Passes over so many records at hand.
    pub fn pass(&mut self, records: usize) {
        if let Reader::Regular(reader, _) = &mut self.reader {
            reader.pass(records);
        }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.passed
            + match &self.reader {
                Reader::None => 0,
                Reader::Regular(reader, _) => reader.position(),
                Reader::Careful(reader) => reader.consumed,
            }
    }

    /// Whether the run has another record; a careful reader has read it then.
    fn begins(&mut self) -> Result<bool, SourceError> {
        match &mut self.reader {
            Reader::None => Ok(false),
            Reader::Regular(reader, length) => match reader.read() {
                Ok(false) if reader.position() < *length => Err(self.input.stamp.changed()),
                read => read.map_err(|error| failed(&self.name, error)),
            },
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
            Reader::Regular(Box::new(RegularReader::new(bytes, self.dialect, run.line)), run.length)
        } else {
            let bytes = BufReader::with_capacity(BUFFER, bytes);
            Reader::Careful(Box::new(CarefulReader::new(bytes, self.dialect, run.line, &self.name, &self.limits)))
        };
        Ok(())
    }
}

/// A field of a regular record as it is written, without the half of a line end that belongs to no field.
#[inline]
fn raw<'a>(fields: &Fields<'a>, field: usize) -> &'a [u8] {
    let text = fields.get(field);
    if field + 1 == fields.count() { text.strip_suffix(b"\r").unwrap_or(text) } else { text }
}

/// The text of a quoted field in which quotes are written as two.
fn without_doubled(field: &[u8], quote: u8) -> Vec<u8> {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = &field[1..field.len() - 1];
    while let Some(at) = memchr::memchr(quote, rest) {
        text.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    text
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
