//! Where records begin: a pass over the whole of an input, so that it can be split at true record boundaries although quoted
//! fields hold line breaks, and so that nothing has to be guessed about its encoding.
//!
//! Pieces are looked at in parallel, before it is known whether a piece begins within quotes: both cases are followed, and a run
//! over the pieces in order picks the true one. That is a count of quotes and line ends, and as good as the [`Automaton`] where
//! every quote stands at a field's begin or end, no line is blank and none ends in a lone carriage return. Pieces in which
//! something else stands (`5" pipe`) are gone over with the automaton itself.

mod piece;

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use cvj_core::{SourceError, Status};
use cvj_tabular::files::fill;
use cvj_tabular::limits::Limits;
use serde::{Deserialize, Serialize};

use crate::automaton::{Automaton, Step, Strays};
use crate::boundaries::piece::{CONTEXT, Piece, Window, judge};
use crate::dialect::{Dialect, Found};
use crate::encoding::{Doubt, Encoding, Evidence};
use crate::input::{Input, failed};
use crate::records::{ran_away, unclosed};

/// So many blank lines are remembered.
const BLANKS: usize = 10_000;
/// More runs than this in one part are read as one.
const RUNS: usize = 100;

/// The begin of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// In bytes from the begin of the input's text.
    pub offset: u64,
    /// Its line, counted from 1.
    pub line: u64,
}

/// A stretch of records that one reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Where it begins, in bytes from the begin of the input's text.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// The line on which it begins.
    pub line: u64,
    /// Every quote stands at a field's begin or end, no line is blank, and all end alike.
    pub regular: bool,
}

/// Where the records of an input begin, and what else only all of it can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundaries {
    /// How it is written, settled.
    pub dialect: Dialect,
    /// Where it can be entered: at its first record, and, if it is splittable, at one record for about each piece.
    pub starts: Vec<Start>,
    /// Where its text ends.
    pub end: u64,
    /// The records that follow blank lines, the first thousands of them.
    pub after_blank: Vec<Start>,
    /// Whether each start's stretch is regular.
    regular: Vec<bool>,
}

impl Boundaries {
    /// Looks at an input in pieces of about `piece` bytes.
    pub fn find(folder: &Path, input: &Input, found: &Found, piece: u64, limits: &Limits) -> Result<Self, SourceError> {
        let pass = |dialect| Pass { folder, input, dialect, first: found.first, piece: piece.max(1), limits };
        let mut dialect = found.dialect;
        let mut passed = pass(dialect).run()?;
        if found.escape_is_open && dialect.escape == 0 && passed.strays.after_backslash > 0 {
            dialect.escape = b'\\';
            passed = pass(dialect).run()?;
        }
        if found.escape_is_open && dialect.escape != 0 && (passed.strays.tails > 0 || passed.trouble.is_some()) {
            let message = format!("{}: quotes within fields are written both as `\\\"` and in other ways", input.name());
            return Err(SourceError::new(Status::InvalidData, message)
                .with_hint("set `escape = \"\\\\\"` if a backslash before a quote makes it text, or `escape = \"none\"`"));
        }
        let at = |offset| line_of(folder, input, offset, limits);
        if let Some(nul) = passed.evidence.nul {
            return Err(SourceError::new(
                Status::InvalidData,
                format!("{}:{}: a NUL byte: this is no text file", input.name(), at(nul)?),
            )
            .with_hint("check that `path` names a CSV file; a workbook is read by `plugin = \"xlsx\"`"));
        }
        dialect.encoding = match (input.encoding, passed.evidence.invalid) {
            (Encoding::Auto, _) => match passed.evidence.settle() {
                Ok(encoding) => encoding,
                Err(Doubt { at: offset, why }) => return Err(doubtful(&input.name(), at(offset)?, why)),
            },
            (Encoding::Utf8, Some(invalid)) => return Err(not_utf8(&input.name(), at(invalid)?)),
            (encoding, _) => encoding,
        };
        if let Some(runaway) = passed.strays.runaway {
            return Err(ran_away(&input.name(), runaway));
        }
        if let Some(trouble) = passed.trouble {
            return Err(trouble);
        }
        let Passed { starts, regular, end, after_blank, .. } = passed;
        Ok(Self { dialect, starts, end, after_blank, regular })
    }

    /// The stretches from one record to the begin of another, or to the end.
    pub fn runs(&self, from: Start, to: u64) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let first = self.starts.partition_point(|start| start.offset <= from.offset).saturating_sub(1);
        let ends = self.starts.iter().skip(1).map(|start| start.offset).chain([self.end]);
        for ((start, end), regular) in self.starts.iter().zip(ends).zip(&self.regular).skip(first) {
            let begin = if start.offset < from.offset { from } else { *start };
            let length = end.min(to).saturating_sub(begin.offset);
            if length == 0 {
                continue;
            }
            match runs.last_mut() {
                Some(last) if last.regular == *regular => last.length += length,
                _ => runs.push(Run { offset: begin.offset, length, line: begin.line, regular: *regular }),
            }
        }
        if runs.len() > RUNS {
            runs = vec![Run { length: to - from.offset, regular: false, ..runs[0] }];
        }
        runs
    }

    /// Splits the records from one to the begin of another, or to the end, into at most `count` parts of about the same size.
    pub fn split(&self, from: Start, to: u64, count: u64) -> Vec<Vec<Run>> {
        let share = (to.saturating_sub(from.offset) / count.max(1)).max(1);
        let mut chosen = vec![from];
        for start in self.starts.iter().filter(|start| start.offset > from.offset && start.offset < to) {
            if start.offset >= from.offset + share * chosen.len() as u64 && (chosen.len() as u64) < count {
                chosen.push(*start);
            }
        }
        let ends = chosen.iter().skip(1).map(|start| start.offset).chain([to]);
        chosen.iter().zip(ends).map(|(start, end)| self.runs(*start, end)).filter(|runs| !runs.is_empty()).collect()
    }
}

/// The error of an input that is not UTF-8 although the configuration or its mark says so.
pub fn not_utf8(name: &str, line: u64) -> SourceError {
    SourceError::new(Status::InvalidData, format!("{name}:{line}: not UTF-8")).with_hint(
        "set `encoding = \"windows-1252\"` if the file comes from a Western European Windows program, or save it as UTF-8",
    )
}

fn doubtful(name: &str, line: u64, why: &str) -> SourceError {
    SourceError::new(Status::InvalidData, format!("{name}:{line}: {why}")).with_hint(
        "export it again as UTF-8, or set `encoding` (`windows-1252` reads any byte, and wrongly those that are something else)",
    )
}

/// The line of a byte.
fn line_of(folder: &Path, input: &Input, offset: u64, limits: &Limits) -> Result<u64, SourceError> {
    let mut reader = input.open(folder, limits)?.take(offset);
    let mut buffer = vec![0; 64 * 1024];
    let (mut line, mut after_return) = (1, false);
    loop {
        let read = fill(&mut reader, &mut buffer).map_err(|error| failed(&input.name(), error))?;
        for byte in &buffer[..read] {
            line += u64::from(*byte == b'\r' || (*byte == b'\n' && !after_return));
            after_return = *byte == b'\r';
        }
        if read == 0 {
            return Ok(line);
        }
    }
}

/// One pass over an input.
struct Pass<'a> {
    folder: &'a Path,
    input: &'a Input,
    dialect: Dialect,
    first: Start,
    piece: u64,
    limits: &'a Limits,
}

/// What a pass found.
#[derive(Default)]
struct Passed {
    starts: Vec<Start>,
    regular: Vec<bool>,
    end: u64,
    after_blank: Vec<Start>,
    evidence: Evidence,
    strays: Strays,
    /// Why the records cannot be read.
    trouble: Option<SourceError>,
}

impl Pass<'_> {
    fn run(&self) -> Result<Passed, SourceError> {
        let name = self.input.name();
        let mut reader = self.input.open(self.folder, self.limits)?;
        let mut before = vec![0; self.first.offset as usize];
        fill(&mut reader, &mut before).map_err(|error| failed(&name, error))?;
        let mut walk = Walk::new(self);
        walk.passed.evidence = Evidence::of(&before, 0);
        if let Some(end) = self.input.splittable() {
            let look = |piece: &Piece| self.bytes(piece.range.clone(), end);
            for piece in self.judge_all(end)? {
                if !walk.go(&piece, || look(&piece))? {
                    break;
                }
            }
        } else {
            let mut window = Window::new(self.first.offset, 0);
            while let Some((bytes, base, body)) = window.next(&mut reader, self.piece).map_err(|error| failed(&name, error))? {
                let piece = judge(bytes, body.clone(), base, self.dialect);
                if !walk.go(&piece, || Ok(bytes[body].to_vec()))? {
                    break;
                }
            }
        }
        Ok(walk.finish())
    }

    /// Judges all pieces of a splittable input.
    fn judge_all(&self, end: u64) -> Result<Vec<Piece>, SourceError> {
        let first = self.first.offset;
        let count = end.saturating_sub(first).div_ceil(self.piece);
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8).min(count.max(1) as usize) as u64;
        let per_thread = count.div_ceil(threads);
        let pieces: Result<Vec<Vec<Piece>>, SourceError> = std::thread::scope(|scope| {
            let work = |thread: u64| {
                let range = thread * per_thread..((thread + 1) * per_thread).min(count);
                let begin = first + range.start * self.piece;
                let before = (begin - first).min(CONTEXT as u64);
                let mut reader = self.input.open_at(self.folder, begin - before, end - (begin - before))?;
                let mut window = Window::new(begin - before, before as usize);
                let mut pieces = Vec::new();
                for _ in range {
                    let piece = window.next(&mut reader, self.piece).map_err(|error| failed(&self.input.name(), error))?;
                    pieces.extend(piece.map(|(bytes, base, body)| judge(bytes, body, base, self.dialect)));
                }
                Ok(pieces)
            };
            let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
            let join = |worker: std::thread::ScopedJoinHandle<'_, Result<Vec<Piece>, SourceError>>| match worker.join() {
                Ok(pieces) => pieces,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            workers.into_iter().map(join).collect()
        });
        Ok(pieces?.concat())
    }

    fn bytes(&self, range: Range<u64>, end: u64) -> Result<Vec<u8>, SourceError> {
        let mut bytes = vec![0; (range.end.min(end) - range.start) as usize];
        let mut reader = self.input.open_at(self.folder, range.start, bytes.len() as u64)?;
        fill(&mut reader, &mut bytes).map_err(|error| failed(&self.input.name(), error))?;
        Ok(bytes)
    }
}

/// The way over the pieces in order.
struct Walk<'a> {
    pass: &'a Pass<'a>,
    automaton: Automaton,
    /// Where the record began that is not yet over.
    record: Start,
    after_blank: bool,
    passed: Passed,
}

impl<'a> Walk<'a> {
    fn new(pass: &'a Pass<'a>) -> Self {
        let first = pass.first;
        let passed = Passed { starts: vec![first], regular: vec![true], end: first.offset, ..Passed::default() };
        Self { pass, automaton: Automaton::new(pass.dialect, first.line), record: first, after_blank: false, passed }
    }

    /// Goes over one piece; `false` if there is no use in going on.
    fn go(&mut self, piece: &Piece, bytes: impl FnOnce() -> Result<Vec<u8>, SourceError>) -> Result<bool, SourceError> {
        let passed = &mut self.passed;
        passed.end = piece.range.end;
        passed.evidence = passed.evidence.and(&piece.evidence);
        let within = self.automaton.within();
        let case = piece.cases[usize::from(within)];
        let line = self.automaton.line();
        // A row as long as a piece is looked at byte by byte, so that it is found too long where it is.
        let short = piece.range.end - piece.range.start <= self.pass.limits.row.0;
        let in_blank = self.after_blank && self.automaton.ended_in_return();
        let regular = !case.irregular && short && !in_blank && self.automaton.is_regular();
        let first = if regular {
            self.begin_record();
            let opened = case.opened.map_or(self.automaton.opened(), |lines| line + lines);
            self.automaton = self.automaton.resumed(within ^ piece.odd, piece.last, line + piece.lines, opened);
            let start = |(offset, lines)| Start { offset, line: line + lines };
            let records = case.records.map(|records| records.map(start));
            self.goes_on(records.map_or(piece.range.start, |[first, _]| first.offset));
            records.map(|[first, last]| {
                self.record = last;
                first
            })
        } else {
            self.careful(piece.range.start, &bytes()?)
        };
        self.goes_on(piece.range.end);
        if let Some(is_regular) = self.passed.regular.last_mut() {
            *is_regular &= regular;
        }
        if let Some(first) = first
            && self.pass.input.splittable().is_some_and(|end| first.offset < end)
            && self.passed.starts.last().is_some_and(|last| last.offset < first.offset)
        {
            self.passed.starts.push(first);
            self.passed.regular.push(regular);
        }
        Ok(self.passed.trouble.is_none())
    }

    /// The record goes on up to here, line end included.
    fn goes_on(&mut self, end: u64) {
        if end.saturating_sub(self.record.offset) > self.pass.limits.row.0.saturating_add(2) && self.passed.trouble.is_none() {
            self.passed.trouble = Some(self.row_too_long());
        }
    }

    /// Goes over a piece byte by byte; gives the first record that follows a line end in it.
    fn careful(&mut self, offset: u64, bytes: &[u8]) -> Option<Start> {
        let mut first = None;
        let mut at = 0;
        loop {
            at += self.automaton.pass_text(&bytes[at..]);
            let Some(byte) = bytes.get(at) else { return first };
            at += 1;
            let step = self.automaton.step(*byte);
            // The second half of a line end belongs to the line.
            let ends_line = matches!(step, Step::Record | Step::Blank) || (step == Step::Nothing && *byte == b'\n');
            if !ends_line {
                self.begin_record();
                continue;
            }
            let ended = offset + at as u64;
            self.after_blank |= step == Step::Blank;
            self.goes_on(ended);
            self.record = Start { offset: ended, line: self.automaton.line() };
            // No part begins between the two halves of a line end, or behind a blank line, which its first record has to know of.
            if !self.after_blank && (*byte == b'\n' || bytes.get(at).is_some_and(|next| *next != b'\n')) {
                first = first.or(Some(self.record));
            }
        }
    }

    /// There is something in the record: it is no blank line.
    fn begin_record(&mut self) {
        if std::mem::take(&mut self.after_blank) && self.passed.after_blank.len() < BLANKS {
            self.passed.after_blank.push(self.record);
        }
    }

    fn finish(mut self) -> Passed {
        let length = self.passed.end - self.record.offset;
        if self.passed.trouble.is_none() {
            if length > self.pass.limits.row.0 {
                self.passed.trouble = Some(self.row_too_long());
            } else if self.automaton.within() {
                self.passed.trouble = Some(unclosed(&self.pass.input.name(), self.automaton.opened()));
            }
        }
        self.passed.strays = self.automaton.strays();
        self.passed
    }

    /// The error of a row that does not end within bounds.
    fn row_too_long(&self) -> SourceError {
        let name = self.pass.input.name();
        let error = self.pass.limits.row_too_long(format!("{name}:{}", self.record.line));
        if !self.automaton.within() {
            return error;
        }
        let hint = format!(
            "a quote opened on line {} does not close: mend it, or set `quote = \"none\"` if the file does not quote fields; {}",
            self.automaton.opened(),
            error.hint.clone().unwrap_or_default()
        );
        error.with_hint(hint)
    }
}

#[cfg(test)]
mod tests;
