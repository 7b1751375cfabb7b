//! A table in the making: what an outline knows of it so far, and the layout that comes of it.

use super::Rules;
use super::date_range::DateRange;
use super::heading::Heading;
use super::look::comparable;
use super::section::ColumnSketch;
use super::sieve::{LeftOut, Sieve, Skip};
use crate::cell::Cell;

/// A table of more rows than these is no set of lines about another.
const MOST_LINES: usize = 20;
/// Rows that are left out by number, at most.
const MOST_SKIPS: usize = 10_000;

/// A table in a file or sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLayout {
    /// The line above its header that names it.
    pub title: Option<String>,
    /// Its header as written, groups and names joined.
    pub headers: Vec<String>,
    /// The row in which the names stand.
    pub header_row: u64,
    /// The lines before it.
    pub preamble: Vec<String>,
    /// The days it covers, if the lines before it say so.
    pub range: Option<DateRange>,
    /// Rows that look like data.
    pub rows: u64,
    /// The number of rows that a footer says it has.
    pub rows_expected: Option<u64>,
    /// The footers.
    pub footers: Vec<String>,
    /// Which of its rows are data.
    pub sieve: Sieve,
}

/// A table in the making.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) heading: Heading,
    pub(super) header: Vec<String>,
    pub(super) header_row: u64,
    pub(super) title: Option<String>,
    pub(super) preamble: Vec<String>,
    pub(super) range: Option<DateRange>,
    pub(super) commented: bool,
    pub(super) columns: Vec<ColumnSketch>,
    /// Its rows, as long as it may be lines about another table.
    pub(super) lines: Vec<String>,
    pub(super) rows: u64,
    pub(super) full_rows: u64,
    /// The parts of the rows that are its, from and to.
    pub(super) runs: Vec<(u64, Option<u64>)>,
    pub(super) skips: Vec<Skip>,
    /// Rows whose label of totals is one word, and that are totals by their place or sum.
    pub(super) totals: Vec<u64>,
    pub(super) rows_expected: Option<u64>,
    pub(super) footers: Vec<String>,
}

impl Draft {
    /// Whether this is its header once more.
    pub(super) fn is_header(&self, cells: &[Cell<'_>]) -> bool {
        let left = self.heading.left;
        cells.len() >= left + self.header.len()
            && self.header.iter().zip(&cells[left..]).all(|(header, cell)| *header == comparable(cell))
            && cells[left + self.header.len()..].iter().all(Cell::is_blank)
            && self.header.iter().any(|header| !header.is_empty())
    }

    /// Leaves out a row; `false` if there are too many of them: lines like it are rows that are too short then.
    pub(super) fn skip(&mut self, number: u64, why: LeftOut) -> bool {
        let room = self.skips.len() < MOST_SKIPS;
        match self.skips.last_mut() {
            Some(last) if last.why == why && last.to + 1 == number => last.to = number,
            _ if room => self.skips.push(Skip { from: number, to: number, why }),
            _ => return false,
        }
        true
    }

    /// Notes a row of totals that is known by its number; `false` if there are too many of them.
    #[must_use]
    pub(super) fn total(&mut self, number: u64) -> bool {
        let room = self.totals.len() < MOST_SKIPS;
        self.totals.extend(room.then_some(number));
        room
    }

    /// Whether its next row may be a line about another table.
    pub(super) fn may_be_lines(&self) -> bool {
        self.header.len() <= 2 && self.lines.len() <= MOST_LINES
    }

    /// Two columns of text, or no row at all, before a wider table: lines about it.
    pub(super) fn is_no_table(&self, wider: usize) -> bool {
        let about = wider > 2 && self.may_be_lines() && !self.columns.iter().any(ColumnSketch::is_typed);
        !self.commented && self.title.is_none() && (self.rows == 0 || about)
    }

    /// The lines that it is if it is no table.
    pub(super) fn into_lines(self) -> impl Iterator<Item = String> {
        self.preamble.into_iter().chain([self.heading.names.join(", ")]).chain(self.lines).chain(self.footers)
    }

    /// The table's layout.
    pub(super) fn finish(mut self, rules: &Rules, unseen: Option<(u64, u64)>) -> TableLayout {
        for pair in self.runs.windows(2) {
            let (ended, begins) = (pair[0].1, pair[1].0);
            if let Some(ended) = ended.filter(|ended| *ended < begins) {
                self.skips.push(Skip { from: ended, to: begins - 1, why: LeftOut::Elsewhere });
            }
        }
        self.skips.sort_by_key(|skip| (skip.from, skip.to));
        self.totals.sort_unstable();
        let filled = (0..self.columns.len()).filter(|column| self.columns[*column].is_filled_in(self.full_rows));
        let sieve = Sieve {
            left: self.heading.left,
            from: self.runs.first().map_or(self.header_row + 1, |run| run.0),
            to: self.runs.last().and_then(|run| run.1),
            filled: filled.collect(),
            holds: if rules.leave_out_totals { self.columns.iter().map(ColumnSketch::holds).collect() } else { Vec::new() },
            header: self.header,
            skips: self.skips,
            totals: self.totals,
            unseen,
        };
        TableLayout {
            title: self.title,
            headers: self.heading.names,
            header_row: self.header_row,
            preamble: self.preamble,
            range: self.range,
            rows: self.rows,
            rows_expected: self.rows_expected,
            footers: self.footers,
            sieve,
        }
    }
}

/// The number of rows that a footer names: `Grand totals (29 records)`, `Rows: 29`.
pub(super) fn rows_said(text: &str) -> Option<u64> {
    const WORDS: [&str; 16] = [
        "records",
        "record",
        "rows",
        "row",
        "results",
        "entries",
        "total records",
        "total rows",
        "row count",
        "record count",
        "datensätze",
        "zeilen",
        "einträge",
        "lignes",
        "enregistrements",
        "registros",
    ];
    let within = text.rsplit_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(within, _)| within);
    let text = within.unwrap_or(text).trim().to_lowercase();
    let (number, word) = text.split_once(':').map(|(word, number)| (number, word)).or_else(|| text.split_once(' '))?;
    if !WORDS.contains(&word.trim()) {
        return None;
    }
    let digits: String = number.trim().chars().filter(|c| !matches!(c, ',' | '.' | '\'' | '\u{a0}')).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footers_say_how_many_rows_there_are() {
        let check = |text: &str, expect: Option<u64>| assert_eq!(rows_said(text), expect, "{text}");
        check("Grand Totals (1,029 records)", Some(1029));
        check("29 rows", Some(29));
        check("Datensätze: 29", Some(29));
        check("Copyright (c) 2000-2026 salesforce.com", None);
        check("All records", None);
    }
}
