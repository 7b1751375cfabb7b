//! What of a part could not be read. It takes the room of what there is to tell: numbers of rows, and the first few texts.

use std::collections::{BTreeMap, BTreeSet};

use cvj_core::source::Rejected;
use serde::{Deserialize, Serialize};

/// Places and values kept of one column and reason: more than a report lists of a table.
const SAMPLES: usize = 100;
/// Characters kept of a value: one more than a report shows, so that it sees that there are more.
const VALUE_KEPT: usize = 41;
/// Different reasons told apart in one part.
const REASONS: usize = 1000;
/// The reason beyond those.
const OTHER_REASON: &str = "cannot be read, for one of many reasons";
/// What stands for a value or a place that is not kept. It comes after those that are.
const NOT_KEPT: &str = "…";

/// Cells of one column, or whole rows, that could not be read for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unread {
    /// Empty: whole rows.
    pub(super) column: String,
    why: String,
    /// The rows delivered that it is about.
    pub(super) rows: RowNumbers,
    /// Rows of which nothing was delivered.
    #[serde(default)]
    pub(super) undelivered: u64,
    /// The first, in the order in which a report lists them.
    samples: BTreeSet<Sample>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Sample {
    file: String,
    line: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    value: String,
    row: Option<u64>,
}

/// Numbers of rows in ascending order, as runs of their first and last. Written as `3 7-9 15`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct RowNumbers(Vec<(u64, u64)>);

/// How far the numbers of rows were gone through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    run: usize,
    offset: u64,
}

/// What is gathered of a part while it is pulled.
#[derive(Debug, Default)]
pub(super) struct Gathering(BTreeMap<(String, String), Unread>);

impl Gathering {
    /// Enters a cell or row; its value only where a report may show it.
    pub(super) fn add(&mut self, rejected: &Rejected, may_show: bool) {
        let mut key = (rejected.column.clone(), rejected.why.clone());
        if self.0.len() >= REASONS && !self.0.contains_key(&key) {
            OTHER_REASON.clone_into(&mut key.1);
        }
        let (column, why) = key.clone();
        let known = self.0.entry(key).or_insert_with(|| Unread { column, why, ..Unread::default() });
        match rejected.row {
            Some(row) => known.rows.push(row),
            None => known.undelivered += 1,
        }
        let is_shown = may_show && rejected.row.is_some() && !rejected.column.is_empty();
        let value = if is_shown { rejected.value.chars().take(VALUE_KEPT).collect() } else { String::new() };
        known.samples.insert(Sample { file: rejected.file.clone(), line: rejected.line, value, row: rejected.row });
        if known.samples.len() > SAMPLES {
            known.samples.pop_last();
        }
    }

    /// All of it, by column and reason.
    pub(super) fn finish(self) -> Vec<Unread> {
        let settled = |mut unread: Unread| {
            unread.rows.settle();
            unread
        };
        self.0.into_values().map(settled).collect()
    }
}

impl Unread {
    /// The cell or row of a row that was delivered.
    pub(super) fn cell(&self, row: u64, table: &str) -> Rejected {
        self.rejected(Some(row), self.samples.iter().find(|sample| sample.row == Some(row)), table)
    }

    /// The rows that were not delivered.
    pub(super) fn undelivered<'a>(&'a self, table: &'a str) -> impl Iterator<Item = Rejected> + 'a {
        let mut samples = self.samples.iter().filter(|sample| sample.row.is_none());
        (0..self.undelivered).map(move |_| self.rejected(None, samples.next(), table))
    }

    fn rejected(&self, row: Option<u64>, sample: Option<&Sample>, table: &str) -> Rejected {
        let (file, line, value) = if let Some(sample) = sample {
            (sample.file.clone(), sample.line, sample.value.clone())
        } else {
            let may_show = self.samples.iter().any(|sample| !sample.value.is_empty());
            (format!("{NOT_KEPT} {table}"), 0, if may_show { NOT_KEPT } else { "" }.to_owned())
        };
        Rejected { row, file, line, column: self.column.clone(), why: self.why.clone(), value }
    }
}

impl RowNumbers {
    fn push(&mut self, row: u64) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => self.0.push((row, row)),
        }
    }

    /// Puts them in order: a source may tell of rows in any.
    fn settle(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by(|next, before| {
            let joins = next.0 <= before.1.saturating_add(1);
            if joins {
                before.1 = before.1.max(next.1);
            }
            joins
        });
    }

    pub(super) fn last(&self) -> Option<u64> {
        self.0.last().map(|(_, last)| *last)
    }

    /// The next row, if it comes before this one.
    pub(super) fn next_before(&self, end: u64, cursor: &mut Cursor) -> Option<u64> {
        let (first, last) = *self.0.get(cursor.run)?;
        let row = first + cursor.offset;
        if row >= end {
            return None;
        }
        *cursor =
            if row == last { Cursor { run: cursor.run + 1, offset: 0 } } else { Cursor { offset: cursor.offset + 1, ..*cursor } };
        Some(row)
    }
}

impl From<RowNumbers> for String {
    fn from(rows: RowNumbers) -> Self {
        use std::fmt::Write;
        rows.0.iter().fold(Self::new(), |mut text, (first, last)| {
            if !text.is_empty() {
                text.push(' ');
            }
            // Writing to a String cannot fail.
            let _ = if first == last { write!(text, "{first}") } else { write!(text, "{first}-{last}") };
            text
        })
    }
}

impl TryFrom<String> for RowNumbers {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let run = |run: &str| {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            let run: (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            (run.0 <= run.1).then_some(run)
        };
        let runs = text.split_ascii_whitespace().map(|text| run(text).ok_or_else(|| format!("`{text}` are no numbers of rows")));
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        if !runs.is_sorted_by(|one, next| one.1 < next.0) {
            return Err("the numbers of rows are not in order".to_owned());
        }
        Ok(Self(runs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(row: Option<u64>, column: &str, value: &str) -> Rejected {
        Rejected {
            row,
            file: "deals".to_owned(),
            line: 0,
            column: column.to_owned(),
            why: "not a number".to_owned(),
            value: value.to_owned(),
        }
    }

    fn gathered(cells: &[Rejected], may_show: bool) -> Vec<Unread> {
        let mut gathering = Gathering::default();
        for cell in cells {
            gathering.add(cell, may_show);
        }
        let text = serde_json::to_string(&gathering.finish()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn told(unread: &Unread) -> Vec<Rejected> {
        let mut cursor = Cursor::default();
        let rows = std::iter::from_fn(|| unread.rows.next_before(u64::MAX, &mut cursor));
        rows.map(|row| unread.cell(row, "deals")).chain(unread.undelivered("deals")).collect()
    }

    #[test]
    fn few_cells_come_back_as_they_were_told() {
        let cells = [cell(Some(2), "amount", "a"), cell(Some(3), "amount", "b"), cell(Some(9), "amount", "c")];
        let [one] = gathered(&[cells[2].clone(), cells[0].clone(), cells[1].clone()], true).try_into().unwrap();
        assert_eq!((told(&one), String::from(one.rows.clone())), (cells.to_vec(), "2-3 9".to_owned()));
        let mut cursor = Cursor::default();
        assert_eq!([3, 3, 9, 10].map(|end| one.rows.next_before(end, &mut cursor)), [Some(2), None, Some(3), Some(9)]);
    }

    #[test]
    fn a_value_is_kept_only_where_a_report_may_show_it() {
        let long = "x".repeat(100);
        let value = |cell: Rejected, may_show| told(&gathered(&[cell], may_show)[0])[0].value.clone();
        assert_eq!(value(cell(Some(1), "amount", &long), true).len(), VALUE_KEPT);
        assert_eq!(value(cell(Some(1), "email", &long), false), "");
        assert_eq!(value(cell(None, "", &long), true), "");
    }

    #[test]
    fn many_cells_take_little_room() {
        let mut gathering = Gathering::default();
        for row in (0..200_000).rev() {
            gathering.add(&cell(Some(row), "amount", &format!("{row:07}")), true);
            gathering.add(&Rejected { why: format!("not number {row}"), ..cell(None, "", "") }, true);
        }
        let all = gathering.finish();
        assert_eq!(all.len(), REASONS + 1);
        assert!(serde_json::to_string(&all).unwrap().len() < 200_000);
        assert_eq!(all.iter().map(|unread| unread.undelivered).sum::<u64>(), 200_000);
        let amounts = all.iter().find(|unread| unread.column == "amount").unwrap();
        assert_eq!(String::from(amounts.rows.clone()), "0-199999");
        assert_eq!((amounts.cell(7, "deals").value.as_str(), amounts.cell(100, "deals").value.as_str()), ("0000007", NOT_KEPT));
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for text in ["3-1", "x", "5 2", "1-3 3", "-"] {
            assert!(RowNumbers::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
