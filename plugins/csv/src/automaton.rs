//! What each byte of a CSV means: the one grammar by which records are read carefully and their boundaries are found.
//!
//! A quote counts only at the begin of a field; elsewhere it is text (`5" pipe`). Text after a closing quote goes on the field.

use crate::dialect::Dialect;

/// What a byte does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is text of the field.
    Text,
    /// It is text of the field and takes the place of the escape before it.
    Escaped,
    /// It ends the field.
    Field,
    /// It ends the field and the record.
    Record,
    /// It ends a line that is blank.
    Blank,
    /// It stands around the text: a quote, or the second half of a line end.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    RecordStart,
    FieldStart,
    Unquoted,
    Quoted,
    /// A quote within a quoted field: its end, or the first of two.
    Quote,
}

/// Follows a CSV byte by byte.
#[derive(Clone, Debug)]
pub struct Automaton {
    delimiter: u8,
    quote: u8,
    escape: u8,
    /// Bytes that may be more than text.
    special: [bool; 256],
    state: State,
    /// The byte before was a carriage return that ended a line.
    after_return: bool,
    /// The byte before was an escape.
    after_escape: bool,
    previous: u8,
    /// The byte before the last quote within quotes was a backslash.
    after_backslash: bool,
    line: u64,
    opened: u64,
    strays: Strays,
}

/// Quotes that do not stand where the dialect has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// Text that follows a closing quote.
    pub tails: u64,
    /// Those among them whose quote follows a backslash.
    pub after_backslash: u64,
    /// The first whose quote opened on a line before: a quote is missing there, and rows ran together.
    pub runaway: Option<Runaway>,
}

/// A quoted part that goes over lines and closes within text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runaway {
    /// The line on which it opened.
    pub opened: u64,
    /// The line on which it closed.
    pub closed: u64,
}

impl Automaton {
    /// At the begin of a record on `line`.
    pub fn new(dialect: Dialect, line: u64) -> Self {
        let mut special = [false; 256];
        for byte in [dialect.delimiter, dialect.quote, dialect.escape, b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        Self {
            special,
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            escape: dialect.escape,
            state: State::RecordStart,
            after_return: false,
            after_escape: false,
            previous: 0,
            after_backslash: false,
            line,
            opened: line,
            strays: Strays::default(),
        }
    }

    /// In the middle of a regular file: behind `previous`, within quotes or not; the last quote opened on line `opened`.
    #[must_use]
    pub fn resumed(&self, within: bool, previous: u8, line: u64, opened: u64) -> Self {
        let outside = match previous {
            b'\n' | b'\r' => State::RecordStart,
            byte if byte == self.delimiter => State::FieldStart,
            byte if byte == self.quote => State::Quote,
            _ => State::Unquoted,
        };
        Self {
            state: if within { State::Quoted } else { outside },
            after_return: previous == b'\r',
            after_escape: false,
            previous,
            line,
            opened,
            ..self.clone()
        }
    }

    /// Whether this is where it would be [resumed](Self::resumed) in a regular file.
    pub fn is_regular(&self) -> bool {
        let regular = self.resumed(self.within(), self.previous, self.line, self.opened);
        self.state == State::RecordStart && self.previous == 0
            || (self.state == regular.state && self.after_return == regular.after_return && !self.after_escape)
    }

    /// The line of the next byte; after a record, the one on which the next begins.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether the last byte was a carriage return that ended a line; a line feed would belong to it.
    pub fn ended_in_return(&self) -> bool {
        self.after_return
    }

    /// The line on which the last quote opened.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Whether the next byte stands within quotes.
    pub fn within(&self) -> bool {
        self.state == State::Quoted
    }

    /// The stray quotes so far.
    pub fn strays(&self) -> Strays {
        self.strays
    }

    /// Passes over the next bytes as long as they are text for certain, and says how many that were. The others take steps.
    #[inline]
    pub fn pass_text(&mut self, bytes: &[u8]) -> usize {
        if self.after_escape || !matches!(self.state, State::Quoted | State::Unquoted) {
            return 0;
        }
        let count = bytes.iter().position(|byte| self.special[usize::from(*byte)]).unwrap_or(bytes.len());
        if count > 0 {
            self.previous = bytes[count - 1];
            self.after_return = false;
        }
        count
    }

    /// What the next byte does.
    #[inline]
    pub fn step(&mut self, byte: u8) -> Step {
        let second_half = std::mem::take(&mut self.after_return) && byte == b'\n';
        if matches!(byte, b'\n' | b'\r') && !second_half {
            self.line += 1;
            self.after_return = byte == b'\r';
        }
        let previous = std::mem::replace(&mut self.previous, byte);
        if std::mem::take(&mut self.after_escape) && self.can_be_escaped(byte) {
            return Step::Escaped;
        }
        match self.state {
            State::Quoted if byte == self.quote => {
                self.after_backslash = previous == b'\\';
                self.state = State::Quote;
                Step::Nothing
            }
            State::Quoted => {
                self.after_escape = byte == self.escape && byte != 0;
                Step::Text
            }
            State::Quote if byte == self.quote => {
                self.state = State::Quoted;
                Step::Text
            }
            State::RecordStart if second_half => Step::Nothing,
            // The first half was escaped.
            State::Unquoted if second_half => Step::Text,
            State::RecordStart | State::FieldStart if byte == self.quote && byte != 0 => {
                self.opened = self.line;
                self.state = State::Quoted;
                Step::Nothing
            }
            state if matches!(byte, b'\n' | b'\r') => {
                self.state = State::RecordStart;
                if state == State::RecordStart { Step::Blank } else { Step::Record }
            }
            _ if byte == self.delimiter => {
                self.state = State::FieldStart;
                Step::Field
            }
            state => {
                if state == State::Quote {
                    self.strays.tails += 1;
                    self.strays.after_backslash += u64::from(self.after_backslash);
                    if self.opened < self.line && byte != b' ' && self.strays.runaway.is_none() {
                        self.strays.runaway = Some(Runaway { opened: self.opened, closed: self.line });
                    }
                }
                self.state = State::Unquoted;
                self.after_escape = byte == self.escape && byte != 0;
                Step::Text
            }
        }
    }

    fn can_be_escaped(&self, byte: u8) -> bool {
        byte == self.quote || byte == self.escape || byte == self.delimiter || matches!(byte, b'\n' | b'\r')
    }
}
