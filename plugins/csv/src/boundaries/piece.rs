//! One piece of an input, judged before it is known whether it begins within quotes.

use std::io::{self, Read};
use std::ops::Range;

use cvj_tabular::files::fill;

use crate::dialect::Dialect;
use crate::encoding::Evidence;

/// Bytes before a piece and after it by which its first and last are judged.
pub(super) const CONTEXT: usize = 2;
const AHEAD: usize = 4;

/// A buffer, where it begins, and which part of it is a piece.
pub(super) type View<'a> = (&'a [u8], u64, Range<usize>);

/// Goes over a stream in pieces that know their surroundings.
pub(super) struct Window {
    buffer: Vec<u8>,
    /// Where the buffer begins.
    base: u64,
    /// Bytes in the buffer that belong to the piece before.
    behind: usize,
    ended: bool,
}

impl Window {
    /// A window over a stream at `base`, the first bytes of which stand `before` the first piece.
    pub(super) fn new(base: u64, before: usize) -> Self {
        Self { buffer: Vec::new(), base, behind: before, ended: false }
    }

    /// The next piece.
    pub(super) fn next(&mut self, reader: &mut impl Read, piece: u64) -> io::Result<Option<View<'_>>> {
        let passed = self.behind.saturating_sub(CONTEXT);
        self.buffer.drain(..passed.min(self.buffer.len()));
        self.base += passed as u64;
        let begin = self.behind - passed;
        let wanted = begin + piece as usize + AHEAD;
        let filled = self.buffer.len();
        if filled < wanted && !self.ended {
            self.buffer.resize(wanted, 0);
            let read = fill(reader, &mut self.buffer[filled..])?;
            self.buffer.truncate(filled + read);
            self.ended = self.buffer.len() < wanted;
        }
        let end = (begin + piece as usize).min(self.buffer.len());
        self.behind = end;
        Ok((begin < end).then_some((&self.buffer, self.base, begin..end)))
    }
}

/// What one piece says, if it begins outside quotes and if it begins within them.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) range: Range<u64>,
    /// An odd number of quotes.
    pub(super) odd: bool,
    /// Lines that end in it; a line ends with the first of its end's characters.
    pub(super) lines: u64,
    pub(super) last: u8,
    pub(super) evidence: Evidence,
    pub(super) cases: [Case; 2],
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Case {
    pub(super) irregular: bool,
    /// The first and the last record that follow a line end of the piece: offset, and lines before it in the piece.
    pub(super) records: Option<[(u64, u64); 2]>,
    /// Lines before the last quote that opens in the piece.
    pub(super) opened: Option<u64>,
}

/// Looks at the part `body` of `bytes`, which begin at `base`.
pub(super) fn judge(bytes: &[u8], body: Range<usize>, base: u64, dialect: Dialect) -> Piece {
    let Dialect { delimiter, quote, escape, .. } = dialect;
    let mut cases = [Case::default(); 2];
    let mut odd = false;
    let mut newlines = 0;
    let mut pairs = 0;
    let starts_in_pair = body.start > 0 && bytes[body.start - 1] == b'\r' && bytes[body.start] == b'\n';
    let ends_in_pair = bytes[body.end - 1] == b'\r' && bytes.get(body.end) == Some(&b'\n');
    let may_follow_quote = |byte: &u8| *byte == delimiter || matches!(*byte, b'\n' | b'\r') || *byte == quote;
    if body.start > 0 && bytes[body.start - 1] == quote {
        cases[0].irregular = !may_follow_quote(&bytes[body.start]);
    }
    for at in memchr::memchr2_iter(b'\n', quote, &bytes[body.clone()]).map(|at| at + body.start) {
        let previous = at.checked_sub(1).map(|at| bytes[at]);
        if bytes[at] == b'\n' {
            newlines += 1;
            let blank = match previous {
                None | Some(b'\n') => true,
                Some(b'\r') => {
                    pairs += 1;
                    at < 2 || matches!(bytes[at - 2], b'\n' | b'\r')
                }
                Some(_) => false,
            };
            let case = &mut cases[usize::from(odd)];
            case.irregular |= blank;
            let record = (base + at as u64 + 1, newlines - u64::from(starts_in_pair));
            case.records = Some([case.records.map_or(record, |[first, _]| first), record]);
        } else {
            let opens = previous.is_none_or(|byte| byte == delimiter || byte == b'\n' || byte == quote);
            let closes = bytes.get(at + 1).is_none_or(&may_follow_quote);
            // Which case finds itself outside quotes here.
            let outside = usize::from(odd);
            cases[outside].irregular |= !opens;
            cases[1 - outside].irregular |= !closes;
            // One right behind another is the second of two.
            if previous != Some(quote) {
                cases[outside].opened = Some(newlines - u64::from(starts_in_pair));
            }
            odd = !odd;
        }
    }
    let returns = memchr::memchr_iter(b'\r', &bytes[body.clone()]).count() as u64;
    let lone = returns + u64::from(starts_in_pair) != pairs + u64::from(ends_in_pair);
    let escaped = escape != 0 && memchr::memchr(escape, &bytes[body.clone()]).is_some();
    // Its line feed is the next piece's, but the line ends in this one.
    let ends_blank = ends_in_pair && (body.end < 2 || matches!(bytes[body.end - 2], b'\n' | b'\r'));
    for case in &mut cases {
        case.irregular |= lone || escaped || ends_blank;
    }
    let text = if body.start == 0 { 0 } else { next_character(bytes, body.start) };
    let text = text..next_character(bytes, body.end).max(text);
    Piece {
        range: base + body.start as u64..base + body.end as u64,
        odd,
        lines: newlines + u64::from(ends_in_pair) - u64::from(starts_in_pair),
        last: bytes[body.end - 1],
        evidence: Evidence::of(&bytes[text.clone()], base + text.start as u64),
        cases,
    }
}

/// Where the next character of UTF-8 begins: a piece leaves to the one before it what belongs to that one's last character.
fn next_character(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count()
}
