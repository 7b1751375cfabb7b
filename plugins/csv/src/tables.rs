//! Finds the tables of an input: its rows go through an outline, all of them or, where it is large and no blank line stands in
//! its middle, those of its begin and its end.

use std::path::Path;

use cvj_core::{SourceError, Status, Task};
use cvj_tabular::cell::Cell;
use cvj_tabular::layout::{Found, Outline, Row, Rules};
use cvj_tabular::limits::Limits;

use crate::boundaries::{Boundaries, Start, not_utf8};
use crate::input::Input;
use crate::records::{Record, Records};

/// Blank lines that are remembered; if there are as many, there may be more.
const BLANKS: usize = 10_000;

/// A table's first rows that must be looked at before others are passed over.
const MOST_TELLING: u64 = 100;

/// What becomes of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Row,
    Passed,
    /// It is not taken, nor is any behind it.
    Stop,
}

/// What the configuration says about lines that are no data.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What tables are found by.
    pub rules: Rules,
    /// What a comment begins with; `None`: `#` and what no value goes on with.
    pub comment: Option<String>,
}

/// An input whose tables are looked for.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The client's folder.
    pub folder: &'a Path,
    /// What is read.
    pub input: &'a Input,
    /// Where its records begin.
    pub boundaries: &'a Boundaries,
    /// Bounds.
    pub limits: &'a Limits,
    /// The bytes of a large input's begin, and of its end, that are looked at.
    pub ends: u64,
}

impl Look<'_> {
    /// The tables of the input.
    pub fn tables(&self, lines: &Lines, completely: bool, task: &Task) -> Result<Found, SourceError> {
        let middle = if completely { None } else { self.middle() };
        let found = self.outline(lines, middle, task)?;
        let found = if found.wants_all && middle.is_some() { self.outline(lines, None, task)? } else { found };
        if found.tables.is_empty() { Err(self.no_table(lines, &found)) } else { Ok(found) }
    }

    /// The part that need not be looked at: from a byte to the begin of a record.
    fn middle(&self) -> Option<(u64, Start)> {
        let Boundaries { starts, end, after_blank, .. } = self.boundaries;
        let from = starts.first()?.offset + self.ends;
        let tail = end.checked_sub(self.ends)?;
        let to = match self.input.splittable() {
            Some(_) => *starts.iter().rfind(|start| start.offset <= tail)?,
            None => Start { offset: tail, line: 0 },
        };
        let blank = after_blank.len() >= BLANKS || after_blank.iter().any(|start| (from..=to.offset).contains(&start.offset));
        (from < to.offset && !blank).then_some((from, to))
    }

    fn outline(&self, lines: &Lines, middle: Option<(u64, Start)>, task: &Task) -> Result<Found, SourceError> {
        let mut outline = Outline::new(lines.rules.clone());
        let Some(first) = self.boundaries.starts.first() else { return Ok(outline.finish(true)) };
        let Some((from, to)) = middle else {
            self.feed(&mut outline, lines, *first, task, |_, _| Taken::Row)?;
            return Ok(outline.finish(true));
        };
        let enough = |outline: &Outline, offset: u64| offset >= from && outline.rows() >= MOST_TELLING;
        if self.input.splittable().is_none() {
            let mut gap = false;
            self.feed(&mut outline, lines, *first, task, |outline, offset| {
                if offset >= to.offset || !(gap || enough(outline, offset)) {
                    return Taken::Row;
                }
                if !std::mem::replace(&mut gap, true) {
                    outline.gap();
                }
                Taken::Passed
            })?;
            return Ok(outline.finish(true));
        }
        let reached = self.feed(&mut outline, lines, *first, task, |outline, offset| {
            if enough(outline, offset) && offset < to.offset { Taken::Stop } else { Taken::Row }
        })?;
        if reached == Taken::Stop {
            outline.gap();
            self.feed(&mut outline, lines, to, task, |_, _| Taken::Row)?;
        }
        Ok(outline.finish(true))
    }

    /// Hands over the rows from one on, as far as `take` says, which is asked with the byte where the row begins. Says what it
    /// said last.
    fn feed(
        &self,
        outline: &mut Outline,
        lines: &Lines,
        from: Start,
        task: &Task,
        mut take: impl FnMut(&mut Outline, u64) -> Taken,
    ) -> Result<Taken, SourceError> {
        let Self { folder, input, boundaries, limits, .. } = *self;
        let encoding = boundaries.dialect.encoding;
        let mut records = Records::open(folder, input, boundaries.dialect, boundaries.runs(from, boundaries.end), limits);
        let mut count = 0_u64;
        loop {
            let offset = from.offset + records.position();
            let Some(record) = records.advance()? else { return Ok(Taken::Row) };
            count += 1;
            if count.is_multiple_of(8192) && task.is_cancelled() {
                return Err(SourceError::cancelled());
            }
            match take(outline, offset) {
                Taken::Row => {}
                Taken::Passed => continue,
                Taken::Stop => return Ok(Taken::Stop),
            }
            if record.after_blank() {
                outline.blank();
            }
            if record.is_blank() {
                outline.blank();
                continue;
            }
            let number = record.line();
            let texts: Vec<_> = (0..record.width()).map(|field| record.get(field)).collect();
            let cells: Option<Vec<_>> = texts.iter().map(|bytes| encoding.decode(bytes).map(Cell::Text)).collect();
            let cells = cells.ok_or_else(|| not_utf8(&input.name(), number))?;
            let comment = lines.is_comment(&record);
            outline.row(&Row { number, cells: &cells, comment, merged: &[] });
        }
    }

    fn no_table(&self, lines: &Lines, found: &Found) -> SourceError {
        let name = self.input.name();
        if let Some(line) = found.crowded_at {
            let message = format!("{name}:{line}: more tables, or parts of one, than one file can be meant to have");
            return SourceError::new(Status::InvalidData, message).with_hint("take out the blank lines, or split the file");
        }
        let (message, hint) = match (found.values_at, lines.rules.header) {
            (Some(line), _) => (
                format!("{name}:{line}: there are values, and no header above them"),
                format!("set `header = {line}` if this line is the header all the same; else write one above it"),
            ),
            (None, Some(header)) => {
                (format!("`{name}` has no header: it ends before line {header}"), "check `header` and `skip_lines`".to_owned())
            }
            (None, None) => (format!("`{name}` holds no table"), "check `skip_lines` and `comment`, or set `header`".to_owned()),
        };
        SourceError::new(Status::InvalidData, message).with_hint(hint)
    }
}

impl Lines {
    /// Without `comment` set, a `#` that nothing goes on from as from a value is one: `# Account: …`, `#----`.
    fn is_comment(&self, record: &Record<'_>) -> bool {
        let first = record.get(0);
        match &self.comment {
            Some(prefix) => !prefix.is_empty() && first.starts_with(prefix.as_bytes()),
            None => match &*first {
                [b'#'] => (1..record.width()).all(|field| record.get(field).trim_ascii().is_empty()),
                [b'#', next, ..] => matches!(next, b' ' | b'\t' | b'-' | b'=' | b'#'),
                _ => false,
            },
        }
    }
}
