//! How one CSV is written: what stands between fields and around them, found from its first records.

use std::collections::HashMap;

use cvj_core::{SourceError, Status};
use serde::{Deserialize, Serialize};

use crate::automaton::{Automaton, Step};
use crate::boundaries::Start;
use crate::encoding::Encoding;
use crate::input::{Head, Input};

/// The tokens of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// The byte around fields; 0: fields are never quoted.
    pub quote: u8,
    /// The byte before a quote that is text; 0: such quotes are doubled only.
    pub escape: u8,
    /// How bytes are characters.
    pub encoding: Encoding,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"', escape: 0, encoding: Encoding::Auto }
    }
}

impl Dialect {
    /// The delimiter, for people: `comma`.
    pub fn delimiter_name(&self) -> String {
        match self.delimiter {
            b',' => "comma".to_owned(),
            b';' => "semicolon".to_owned(),
            b'\t' => "tab".to_owned(),
            b'|' => "pipe".to_owned(),
            NO_DELIMITER => "one column".to_owned(),
            other => format!("`{}`", char::from(other)),
        }
    }
}

/// What the configuration says of a file.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The delimiter; `None`: found.
    pub delimiter: Option<u8>,
    /// The quote, 0 for none; `None`: found.
    pub quote: Option<u8>,
    /// The escape, 0 for none; `None`: found.
    pub escape: Option<u8>,
    /// The encoding.
    pub encoding: Encoding,
}

/// What the first bytes of an input tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How it is written. Its encoding and escape are settled by [`Boundaries`](crate::boundaries::Boundaries), from all of it.
    pub dialect: Dialect,
    /// Where its first line begins, behind a byte order mark and a `sep=` line.
    pub first: Start,
    /// Escaped quotes further on may show that the escape is a backslash.
    pub escape_is_open: bool,
}

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Stands in for the delimiter of a file of one column that has all the usual ones in its text: the unit separator.
const NO_DELIMITER: u8 = 0x1f;
/// So many bytes are looked at.
const SAMPLE: usize = 64 * 1024;

impl Found {
    /// Understands the first bytes of an input.
    pub fn in_head(input: &Input, head: &Head, said: &Said) -> Result<Self, SourceError> {
        let name = input.name();
        let bytes = head.bytes.as_slice();
        let mut begin = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        if bytes[begin..].trim_ascii().is_empty() {
            return Err(SourceError::new(Status::InvalidData, format!("`{name}` is empty"))
                .with_hint("export it again, or take it out of `path`"));
        }
        let mut line = 1;
        let mut separator = None;
        if let Some((delimiter, length)) = sep_line(&bytes[begin..]) {
            separator = Some(delimiter);
            begin += length;
            line += 1;
        }
        let end = bytes.len().min(begin + SAMPLE);
        let sample = Sample { bytes: &bytes[begin..end], whole: head.whole && end == bytes.len(), said };
        let settled = sample.settle(said.delimiter.or(separator));
        let Token { delimiter, quote, escape } = settled.map_err(|unsettled| unsettled.of(&name))?;
        Ok(Self {
            dialect: Dialect { delimiter, quote, escape, encoding: input.encoding },
            first: Start { offset: begin as u64, line },
            escape_is_open: said.escape.is_none() && quote != 0,
        })
    }
}

/// The delimiter that a first line `sep=;` says, and the line's length.
fn sep_line(bytes: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
    let length = match bytes.get(end..) {
        Some([b'\r', b'\n', ..]) => end + 2,
        Some([_, ..]) => end + 1,
        _ => end,
    };
    let line = bytes[..end].strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&bytes[..end]);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => Some((*delimiter, length)),
        _ => None,
    }
}

/// A delimiter as the configuration has it.
fn key(delimiter: u8) -> String {
    if delimiter == b'\t' { "tab".to_owned() } else { char::from(delimiter).to_string() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    delimiter: u8,
    quote: u8,
    escape: u8,
}

/// Why no delimiter is settled.
enum Unsettled {
    /// Two are equally likely.
    Either(u8, u8),
    /// The one that is said separates nothing, and another one makes so many fields of a row.
    Useless { said: u8, better: u8, fields: u64 },
}

impl Unsettled {
    fn of(self, name: &str) -> SourceError {
        let (message, hint) = match self {
            Self::Either(one, other) => {
                let [one, other] = [one, other].map(key);
                (
                    format!("`{name}`: fields may be separated by `{one}` or by `{other}`"),
                    format!("set `delimiter = \"{one}\"` or `delimiter = \"{other}\"`"),
                )
            }
            Self::Useless { said, better, fields } => {
                let [said, better] = [said, better].map(key);
                (
                    format!("`{name}`: `delimiter = \"{said}\"` makes one field of each row, and `{better}` would make {fields}"),
                    format!("set `delimiter = \"{better}\"`, or leave it out"),
                )
            }
        };
        SourceError::new(Status::InvalidData, message).with_hint(hint)
    }
}

/// The bytes that are tried.
struct Sample<'a> {
    bytes: &'a [u8],
    /// It ends where the input ends.
    whole: bool,
    said: &'a Said,
}

impl Sample<'_> {
    /// The tokens; `said` is the delimiter, if it is.
    fn settle(&self, said: Option<u8>) -> Result<Token, Unsettled> {
        let mut trials: Vec<(Token, Measure)> = Vec::new();
        // The one that is said goes last.
        for delimiter in DELIMITERS.into_iter().filter(|byte| said != Some(*byte)).chain(said) {
            trials.push(self.best_quotes(delimiter));
        }
        if let Some(said) = said {
            let Some((token, own)) = trials.pop() else { return Ok(Token { delimiter: said, quote: b'"', escape: 0 }) };
            let rival = trials.iter().max_by_key(|(_, measure)| measure.score());
            let splits = |rival: &Measure| rival.first_width > 1 && rival.steady * 10 >= rival.records * 9;
            return match rival.filter(|(_, rival)| own.widest <= 1 && splits(rival)) {
                Some((rival, measure)) => Err(Unsettled::Useless { said, better: rival.delimiter, fields: measure.first_width }),
                None => Ok(token),
            };
        }
        trials.sort_by_key(|(_, measure)| std::cmp::Reverse(measure.score()));
        let (best, measure) = trials[0];
        let (second, rival) = trials[1];
        if measure.is_one_column() {
            return Ok(Token { delimiter: self.unused(best.quote), ..best });
        }
        if rival.steady > 1 && rival.score().0 * 10 >= measure.score().0 * 9 {
            return Err(Unsettled::Either(best.delimiter, second.delimiter));
        }
        Ok(best)
    }

    /// The quote and escape that go best with a delimiter.
    fn best_quotes(&self, delimiter: u8) -> (Token, Measure) {
        let (token, measure) = self.best_escape(delimiter, self.said.quote.unwrap_or(b'"'));
        if self.said.quote.is_none() && measure.all.quoted == 0 {
            let (single, other) = self.best_escape(delimiter, b'\'');
            if other.are_quotes_real() && other.unsteady() <= measure.unsteady() {
                return (single, other);
            }
        }
        (token, measure)
    }

    fn best_escape(&self, delimiter: u8, quote: u8) -> (Token, Measure) {
        let token = Token { delimiter, quote, escape: self.said.escape.unwrap_or(0) };
        let measure = self.measure(token);
        if self.said.escape.is_none() && (measure.after_backslash > 0 || measure.unclosed) {
            let escaped = Token { escape: b'\\', ..token };
            let other = self.measure(escaped);
            if other.all.tails == 0 && !other.unclosed {
                return (escaped, other);
            }
        }
        (token, measure)
    }

    /// A delimiter that the text of a file of one column does not have.
    fn unused(&self, quote: u8) -> u8 {
        let unused = |delimiter: &u8| self.measure(Token { delimiter: *delimiter, quote, escape: 0 }).widest <= 1;
        DELIMITERS.into_iter().find(unused).unwrap_or(NO_DELIMITER)
    }

    /// What becomes of the sample with these tokens.
    fn measure(&self, token: Token) -> Measure {
        let Token { delimiter, quote, escape } = token;
        let mut automaton = Automaton::new(Dialect { delimiter, quote, escape, encoding: Encoding::Auto }, 1);
        let mut records = Vec::new();
        let (mut record, mut tails) = (Shape::default(), 0);
        let (mut field, mut quoted, mut protects) = (Vec::new(), false, false);
        // Without a line end at its end the last record would not be counted; cut short, it must not be.
        let end = usize::from(self.whole);
        for byte in self.bytes.iter().copied().chain(std::iter::repeat_n(b'\n', end)) {
            let within = automaton.within();
            match automaton.step(byte) {
                Step::Text | Step::Escaped => {
                    protects |= within && (byte == delimiter || byte == b'\n');
                    field.push(byte);
                }
                Step::Nothing => quoted |= byte != b'\n',
                Step::Blank => {}
                step @ (Step::Field | Step::Record) => {
                    record.add(&field, quoted, protects);
                    field.clear();
                    (quoted, protects) = (false, false);
                    if step == Step::Record {
                        record.tails = automaton.strays().tails - tails;
                        tails += record.tails;
                        records.push(std::mem::take(&mut record));
                    }
                }
            }
        }
        let after_backslash = automaton.strays().after_backslash;
        Measure { after_backslash, unclosed: self.whole && automaton.within(), ..Measure::of(&records) }
    }
}

/// One record of a sample.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    width: u64,
    /// Fields that are quoted, and those among them that hold a delimiter or a line break.
    quoted: u64,
    protected: u64,
    /// Fields that are neither quoted nor empty, and those among them that are no numbers, or hold a delimiter.
    bare: u64,
    words: u64,
    unclean: u64,
    /// Fields whose text goes on behind their closing quote.
    tails: u64,
}

impl Shape {
    fn add(&mut self, field: &[u8], quoted: bool, protects: bool) {
        self.width += 1;
        if quoted {
            self.quoted += 1;
            self.protected += u64::from(protects);
        } else if !field.trim_ascii().is_empty() {
            let number = is_number(field);
            self.bare += 1;
            self.words += u64::from(!number);
            self.unclean += u64::from(!number && holds_delimiter(field));
        }
    }

    fn agrees(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|other| other.width == self.width && other.tails == 0)
    }
}

/// Digits, and what people write between and around them.
fn is_number(field: &[u8]) -> bool {
    field.iter().any(u8::is_ascii_digit)
        && field.iter().all(|byte| byte.is_ascii_digit() || b".,'+-()%$ ".contains(byte) || !byte.is_ascii())
}

/// A comma before a space is a comma of a text.
fn holds_delimiter(field: &[u8]) -> bool {
    field.iter().enumerate().any(|(at, byte)| match byte {
        b';' | b'\t' | b'|' => true,
        b',' => field.get(at + 1) != Some(&b' '),
        _ => false,
    })
}

/// What becomes of a sample.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    records: u64,
    first_width: u64,
    widest: u64,
    /// Records of several fields, and no text behind quotes, that have as many as a neighbour or as most.
    steady: u64,
    /// Records from the first of several fields on.
    from_wide: u64,
    all: Shape,
    after_backslash: u64,
    unclosed: bool,
}

impl Measure {
    fn of(records: &[Shape]) -> Self {
        let mut measure = Self { records: records.len() as u64, ..Self::default() };
        measure.first_width = records.first().map_or(0, |record| record.width);
        let mut widths: HashMap<u64, u64> = HashMap::new();
        for (at, record) in records.iter().enumerate() {
            measure.widest = measure.widest.max(record.width);
            measure.from_wide += u64::from(measure.widest > 1);
            if record.width > 1 && record.tails == 0 {
                let before = at.checked_sub(1).and_then(|at| records.get(at));
                let agrees = record.agrees(before) || record.agrees(records.get(at + 1)) || records.len() == 1;
                measure.steady += u64::from(agrees);
                *widths.entry(record.width).or_default() += 1;
            }
            measure.all.quoted += record.quoted;
            measure.all.protected += record.protected;
            measure.all.bare += record.bare;
            measure.all.words += record.words;
            measure.all.unclean += record.unclean;
            measure.all.tails += record.tails;
        }
        let most = widths.into_values().max().filter(|most| *most > 1);
        measure.steady = measure.steady.max(most.unwrap_or(0));
        measure
    }

    /// How much speaks for the tokens: steady records, less the share of fields that hold other delimiters; among equals, width.
    fn score(&self) -> (u64, u64) {
        (self.steady * 1000 * (self.all.bare + 1 - self.all.unclean) / (self.all.bare + 1), self.widest)
    }

    fn unsteady(&self) -> u64 {
        self.records - self.steady
    }

    fn is_one_column(&self) -> bool {
        self.first_width <= 1 && self.steady * 2 < self.from_wide.max(1)
    }

    /// Quotes that are not the usual ones have to show that they are quotes.
    fn are_quotes_real(&self) -> bool {
        self.all.quoted > 1 && self.all.tails == 0 && !self.unclosed && (self.all.protected > 0 || self.all.words == 0)
    }
}

#[cfg(test)]
mod tests;
