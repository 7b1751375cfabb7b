//! Records of regular text, many at a time: a block is read, and where its fields and records end is found for all of it, 64 bytes
//! at once. Text is regular where every quote stands at a field's begin or end; [`crate::boundaries`] says where that is so.

use std::io::{self, Read};

use cvj_tabular::files::fill;
use wide::u8x16;

use crate::dialect::Dialect;

/// Small enough that a block, its index and what is made of it stay in a processor's cache. Tests see many blocks.
const BLOCK: usize = if cfg!(test) { 256 } else { 128 * 1024 };
/// Bytes looked at at once.
const CHUNK: usize = 64;

/// Reads the records of a stretch of regular text.
pub struct RegularReader<R> {
    bytes: R,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were read.
    filled: usize,
    ended: bool,
    index: Index,
    /// The next record of the buffer.
    next: usize,
    /// Where the buffer begins in the stretch.
    base: u64,
}

impl<R: Read> RegularReader<R> {
    /// A reader of bytes that begin with a record, on `line`.
    pub fn new(bytes: R, dialect: Dialect, line: u64) -> Self {
        Self { bytes, buffer: Vec::new(), filled: 0, ended: false, index: Index::new(dialect, line), next: 0, base: 0 }
    }

    /// Bytes of the records passed so far.
    pub fn position(&self) -> u64 {
        self.base + self.passed() as u64
    }

    fn passed(&self) -> usize {
        self.index.begins(self.next).min(self.filled)
    }

    /// Reads on if no record is at hand; `false` at the end.
    pub fn read(&mut self) -> io::Result<bool> {
        while self.next == self.index.records.len() && !self.ended {
            let passed = self.passed();
            self.base += passed as u64;
            self.buffer.copy_within(passed..self.filled, 0);
            self.filled -= passed;
            // A record longer than a block takes as much as it needs.
            let wanted = self.buffer.len().max(BLOCK).max(self.filled * 2);
            if wanted > u32::MAX as usize {
                return Err(io::Error::other("a row is longer than 2 GiB"));
            }
            self.buffer.resize(wanted, 0);
            let read = fill(&mut self.bytes, &mut self.buffer[self.filled..])?;
            self.filled += read;
            self.ended = self.filled < wanted;
            self.index.find(&self.buffer[..self.filled], self.ended);
            self.next = 0;
        }
        Ok(self.next < self.index.records.len())
    }

    /// The next record at hand, and its line.
    pub fn advance(&mut self) -> (Fields<'_>, u64) {
        self.next += 1;
        let block = Block { first: self.next - 1, ..self.records() };
        (block.first(), block.line(0))
    }

    /// The records at hand.
    pub fn records(&self) -> Block<'_> {
        Block { text: &self.buffer[..self.filled], index: &self.index, first: self.next }
    }

    /// Passes over so many of the records at hand.
    pub fn pass(&mut self, records: usize) {
        self.next += records;
    }
}

/// Records at hand.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    text: &'a [u8],
    index: &'a Index,
    first: usize,
}

/// Fields as they are written, and where each begins; behind the last, where the next would.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    text: &'a [u8],
    begins: &'a [u32],
}

impl<'a> Block<'a> {
    /// The line on which a record begins.
    #[inline]
    pub fn line(&self, record: usize) -> u64 {
        self.index.lines[self.first + record]
    }

    /// The fields of the first record.
    pub fn first(&self) -> Fields<'a> {
        let (from, to) = (self.index.first_field(self.first), self.index.first_field(self.first + 1));
        Fields { text: self.text, begins: &self.index.fields[from..=to] }
    }

    /// The fields of the first records that have `width` of them each, and how many records those are.
    pub fn of_width(&self, width: usize) -> (Fields<'a>, usize) {
        let from = self.index.first_field(self.first);
        let ends = &self.index.records[self.first..];
        let pairs = || ends.iter().zip((from + width..).step_by(width));
        // Without a way out of the loop, many records are looked at at once.
        let others = pairs().filter(|(end, expected)| **end as usize != *expected).count();
        let records =
            if others == 0 { ends.len() } else { pairs().take_while(|(end, expected)| **end as usize == *expected).count() };
        (Fields { text: self.text, begins: &self.index.fields[from..=from + records * width] }, records)
    }
}

impl<'a> Fields<'a> {
    /// How many there are.
    #[inline]
    pub fn count(&self) -> usize {
        self.begins.len() - 1
    }

    /// A field. A carriage return before a line feed belongs to the last one of a record.
    #[inline]
    pub fn get(&self, field: usize) -> &'a [u8] {
        &self.text[self.begins[field] as usize..self.begins[field + 1] as usize - 1]
    }

    /// All of them, with what stands between them and behind the last.
    pub fn text(&self) -> &'a [u8] {
        &self.text[self.begins[0] as usize..(self.begins[self.count()] as usize).min(self.text.len())]
    }

    /// One field of each record from one on, if all have `width`.
    #[inline]
    pub fn column(&self, record: usize, field: usize, width: usize) -> impl Iterator<Item = &'a [u8]> {
        let text = self.text;
        self.begins[record * width + field..].chunks(width).map_while(move |begins| match begins {
            [begin, end, ..] => Some(&text[*begin as usize..*end as usize - 1]),
            _ => None,
        })
    }

    /// Those of one record, if all have `width`.
    #[inline]
    #[must_use]
    pub fn of_record(&self, record: usize, width: usize) -> Self {
        Self { text: self.text, begins: &self.begins[record * width..=(record + 1) * width] }
    }
}

/// Where the fields and records of a text begin.
struct Index {
    delimiter: u8x16,
    /// `None`: fields are never quoted.
    quote: Option<u8x16>,
    /// Where each field begins, and behind the last, where the next would.
    fields: Vec<u32>,
    /// How many fields there are up to the end of each record.
    records: Vec<u32>,
    /// The line on which each record begins, and behind the last, the next.
    lines: Vec<u64>,
}

impl Index {
    fn new(dialect: Dialect, line: u64) -> Self {
        let quote = (dialect.quote != 0).then(|| u8x16::splat(dialect.quote));
        Self { delimiter: u8x16::splat(dialect.delimiter), quote, fields: vec![0], records: Vec::new(), lines: vec![line] }
    }

    /// The number of a record's first field.
    fn first_field(&self, record: usize) -> usize {
        record.checked_sub(1).map_or(0, |before| self.records[before] as usize)
    }

    /// Where a record begins, or would.
    fn begins(&self, record: usize) -> usize {
        self.fields[self.first_field(record)] as usize
    }

    /// Indexes a text that begins where the record after the last one did. If it is the last, its end ends a record, too.
    fn find(&mut self, text: &[u8], last: bool) {
        let line = self.lines.last().copied().unwrap_or_default();
        self.fields.clear();
        self.records.clear();
        self.lines.clear();
        self.fields.push(0);
        self.lines.push(line);
        let (chunks, rest) = text.as_chunks::<CHUNK>();
        let mut walk = Walk { within: 0, line };
        for (number, chunk) in chunks.iter().enumerate() {
            self.find_in(chunk, !0, (number * CHUNK) as u32, &mut walk);
        }
        if !rest.is_empty() {
            let mut chunk = [0; CHUNK];
            chunk[..rest.len()].copy_from_slice(rest);
            self.find_in(&chunk, (1 << rest.len()) - 1, (text.len() - rest.len()) as u32, &mut walk);
        }
        if last && self.begins(self.records.len()) < text.len() {
            self.fields.push(text.len() as u32 + 1);
            self.records.push(self.fields.len() as u32 - 1);
            self.lines.push(walk.line + 1);
        }
    }

    /// Indexes those of 64 bytes that `valid` has a bit for.
    #[inline]
    fn find_in(&mut self, chunk: &[u8; CHUNK], valid: u64, at: u32, walk: &mut Walk) {
        let (parts, _) = chunk.as_chunks::<16>();
        let mask = |wanted: u8x16| {
            let bits =
                |(part, bytes): (usize, &[u8; 16])| u64::from(u8x16::new(*bytes).simd_eq(wanted).to_bitmask()) << (part * 16);
            parts.iter().enumerate().map(bits).fold(0, |all, bits| all | bits) & valid
        };
        let line_feeds = mask(u8x16::splat(b'\n'));
        let quotes = self.quote.map_or(0, &mask);
        let within = if quotes == 0 { walk.within } else { parity(quotes) ^ walk.within };
        walk.within = if within >> 63 == 1 { !0 } else { 0 };
        let mut ends = (mask(self.delimiter) | line_feeds) & !within;
        let mut record_ends = line_feeds & !within;
        let fields = self.fields.len() as u32 - 1;
        while record_ends != 0 {
            let up_to = record_ends ^ (record_ends - 1);
            self.records.push(fields + (ends & up_to).count_ones());
            self.lines.push(walk.line + u64::from((line_feeds & up_to).count_ones()));
            record_ends &= record_ends - 1;
        }
        walk.line += u64::from(line_feeds.count_ones());
        while ends != 0 {
            self.fields.push(at + ends.trailing_zeros() + 1);
            ends &= ends - 1;
        }
    }
}

/// What a chunk has to know of those before it.
struct Walk {
    /// All bits: it begins within quotes.
    within: u64,
    line: u64,
}

/// Of every bit, whether it and those below it are an odd number of ones.
fn parity(mut bits: u64) -> u64 {
    for step in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << step;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a text: lines, and fields as written.
    fn read(text: &str, dialect: Dialect) -> Vec<(u64, Vec<String>)> {
        let mut reader = RegularReader::new(text.as_bytes(), dialect, 1);
        let mut records = Vec::new();
        while reader.read().unwrap() {
            let (fields, line) = reader.advance();
            let text = (0..fields.count()).map(|field| String::from_utf8(fields.get(field).to_vec()).unwrap());
            records.push((line, text.collect()));
        }
        assert_eq!(reader.position(), text.len() as u64);
        records
    }

    fn check(text: &str, dialect: Dialect, expect: &[(u64, &[&str])]) {
        let expect: Vec<_> =
            expect.iter().map(|(line, fields)| (*line, fields.iter().map(|field| (*field).to_owned()).collect())).collect();
        assert_eq!(read(text, dialect), expect, "{text:?}");
    }

    #[test]
    fn fields_and_lines_are_found_across_chunks_and_blocks() {
        let long = "x".repeat(3 * BLOCK + 7);
        let text = format!("a,\"b\nc\",d\ne,{long},\"f,\"\"\n\"\ng,,");
        let expect: [(u64, &[&str]); 3] = [(1, &["a", "\"b\nc\"", "d"]), (3, &["e", &long, "\"f,\"\"\n\""]), (5, &["g", "", ""])];
        check(&text, Dialect::default(), &expect);
        check("a\"b\n\"c\n", Dialect { quote: 0, ..Dialect::default() }, &[(1, &["a\"b"]), (2, &["\"c"])]);
        check("", Dialect::default(), &[]);
    }

    #[test]
    fn records_of_one_width_come_together() {
        let mut reader = RegularReader::new("a,b\nc,\"d\n\"\ne\nf,g\n".as_bytes(), Dialect::default(), 1);
        assert!(reader.read().unwrap());
        let (fields, records) = reader.records().of_width(2);
        assert_eq!((records, fields.count(), fields.of_record(1, 2).get(1)), (2, 4, &b"\"d\n\""[..]));
        assert_eq!(reader.records().of_width(1).1, 0);
        reader.pass(2);
        assert_eq!((reader.records().of_width(2).1, reader.records().of_width(1).1, reader.records().line(0)), (0, 1, 4));
    }
}
