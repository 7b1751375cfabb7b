//! The rule that tells a table's rows of data from all others. It is settled once, travels with every partition, and judges a
//! row by its number and its cells alone, so that a row is judged the same whichever partition it falls in.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::ShortRows;
use super::look::{Look, comparable};
use super::totals::{is_label, is_last_label, is_one_word, may_begin};
use crate::part::RowCells;
use crate::settings::Nulls;
use cvj_core::SourceError;

/// Why a row is no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It holds the total of others.
    Total,
    /// It stands behind the table and says something about it.
    Footer,
    /// The header once more.
    RepeatedHeader,
    /// A comment between rows.
    Comment,
    /// A line before a header that stands once more.
    Preamble,
    /// Cells are there, and all of them are empty.
    Empty,
    /// It belongs to another table: nothing to report.
    Elsewhere,
}

impl LeftOut {
    /// The word for it that is reported; `None` if it is not.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Total => Some("total row"),
            Self::Footer => Some("footer"),
            Self::RepeatedHeader => Some("repeated header"),
            Self::Comment => Some("comment"),
            Self::Preamble => Some("line before a header"),
            Self::Empty => Some("empty row"),
            Self::Elsewhere => None,
        }
    }
}

/// Rows that are no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The first of them.
    pub from: u64,
    /// The last of them.
    pub to: u64,
    /// Why.
    pub why: LeftOut,
}

/// What a column holds, as far as a row of totals must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Holds {
    Nothing,
    Numbers,
    /// The same in every row.
    Always(String),
    /// Texts or dates that tell rows apart.
    Keys,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A row of data, which may still be too short or too long.
    Data,
    /// Something else.
    LeftOut(LeftOut),
    /// It may hold totals, and only the rows around it, which were not looked at, can tell.
    Open,
}

/// The rule that tells rows of data from all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sieve {
    /// Blank columns left of the table.
    #[serde(default)]
    pub(super) left: usize,
    /// The first row behind the header.
    #[serde(default)]
    pub(super) from: u64,
    /// The row behind the last; `None`: nothing stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<u64>,
    /// The header's cells, to know them again.
    pub(super) header: Vec<String>,
    /// Rows that are no data, by number, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) skips: Vec<Skip>,
    /// What the columns hold; empty: rows of totals are data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) holds: Vec<Holds>,
    /// Rows whose label is one word and that stand where totals do, or add up, by number, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) totals: Vec<u64>,
    /// Columns filled in every row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) filled: Vec<usize>,
    /// Rows that were not looked at: the first and the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unseen: Option<(u64, u64)>,
}

impl Sieve {
    /// Blank columns left of the table.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The number of the header's cells.
    pub fn width(&self) -> usize {
        self.header.len()
    }

    /// The first row behind the header.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// The row behind the last, which belongs to something else; `None`: nothing stands there.
    pub fn to(&self) -> Option<u64> {
        self.to
    }

    /// Rows known by number to be no data.
    pub fn skips(&self) -> &[Skip] {
        &self.skips
    }

    /// Whether this row was not looked at, so that it may show that the layout is another one.
    pub fn is_unseen(&self, number: u64) -> bool {
        self.unseen.is_some_and(|(from, to)| (from..=to).contains(&number))
    }

    /// Whether this row was passed over between rows that were looked at.
    pub fn is_passed_over(&self, number: u64) -> bool {
        self.is_unseen(number) && self.unseen.is_some_and(|(_, to)| to < u64::MAX)
    }

    /// Whether there may be rows behind this one that were not looked at.
    pub fn is_open_behind(&self, number: u64) -> bool {
        self.unseen.is_some_and(|(from, to)| to == u64::MAX && number >= from)
    }

    /// Judges a row.
    pub fn judge(&self, number: u64, row: &(impl RowCells + ?Sized), nulls: &Nulls) -> Result<Verdict, SourceError> {
        if number < self.from || self.to.is_some_and(|to| number >= to) {
            return Ok(Verdict::LeftOut(LeftOut::Elsewhere));
        }
        if let Some(why) = self.skipped(number) {
            return Ok(Verdict::LeftOut(why));
        }
        match row.begins(0) {
            // Most rows end here.
            Some(byte) if !self.may_concern(byte, || row.begins(row.width() - 1)) => return Ok(Verdict::Data),
            Some(_) => {}
            None => {
                if (1..row.width()).all(|index| row.begins(index).is_none()) {
                    return Ok(if row.width() > 1 { Verdict::LeftOut(LeftOut::Empty) } else { Verdict::Data });
                }
            }
        }
        if self.is_header(row)? {
            return Ok(Verdict::LeftOut(LeftOut::RepeatedHeader));
        }
        if self.holds.is_empty() {
            return Ok(Verdict::Data);
        }
        self.totals(number, row, nulls)
    }

    /// Whether only its cells can tell that one of these rows is no data.
    pub fn judges_by_cells(&self, numbers: RangeInclusive<u64>) -> bool {
        let after = self.skips.partition_point(|skip| skip.to < *numbers.start());
        *numbers.start() >= self.from
            && self.to.is_none_or(|to| *numbers.end() < to)
            && self.skips.get(after).is_none_or(|skip| skip.from > *numbers.end())
    }

    /// Whether a row that is judged by its cells and has as many as the header is data for certain, by the first byte of its first
    /// and its last cell; a space for a blank cell.
    #[inline]
    pub fn is_plainly_data(&self, first: u8, last: u8) -> bool {
        first != b' ' && !self.may_concern(first, || Some(last))
    }

    /// Whether a row of data has the header's cells: more of them do no harm where they are blank, fewer where they are filled.
    pub fn fits(&self, row: &(impl RowCells + ?Sized), short_rows: ShortRows) -> bool {
        let end = self.left + self.width();
        let short = row.width() < end && short_rows == ShortRows::Reject;
        let blank = |index: usize| row.begins(index).is_none();
        !short && (0..self.left).all(blank) && (end..row.width()).all(blank)
    }

    /// Whether a column that is filled in every row seen is blank in this one.
    pub fn lacks_key(&self, row: &(impl RowCells + ?Sized)) -> bool {
        self.filled.iter().any(|column| row.begins(column + self.left).is_none())
    }

    fn skipped(&self, number: u64) -> Option<LeftOut> {
        let after = self.skips.partition_point(|skip| skip.to < number);
        self.skips.get(after).filter(|skip| skip.from <= number).map(|skip| skip.why)
    }

    /// By the first byte of a row and of its last cell.
    #[inline]
    fn may_concern(&self, first: u8, last: impl FnOnce() -> Option<u8>) -> bool {
        if self.left > 0 {
            return true;
        }
        let heads = self.header.first().and_then(|header| header.bytes().next());
        let is_head = heads.is_none_or(|byte| !byte.is_ascii() || byte == first.to_ascii_lowercase());
        let totals = !self.holds.is_empty();
        is_head || (totals && (may_begin(first) || last().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'g'))))
    }

    fn is_header(&self, row: &(impl RowCells + ?Sized)) -> Result<bool, SourceError> {
        let end = self.left + self.width();
        if row.width() < end || self.header.iter().all(String::is_empty) {
            return Ok(false);
        }
        for (index, header) in self.header.iter().enumerate() {
            let cell = row.cell(index + self.left)?;
            if comparable(&cell) != *header {
                return Ok(false);
            }
        }
        Ok((end..row.width()).all(|index| row.begins(index).is_none()))
    }

    /// A row with a label of totals is one if it looks like it. A label of one word may be a name: there, its place or its sum
    /// must say so too.
    fn totals(&self, number: u64, row: &(impl RowCells + ?Sized), nulls: &Nulls) -> Result<Verdict, SourceError> {
        let Some(first) = (0..row.width()).find(|index| row.begins(*index).is_some()) else { return Ok(Verdict::Data) };
        if !self.is_total(first, row, nulls)? {
            return Ok(Verdict::Data);
        }
        let label = row.cell(first)?;
        let label = label.to_text();
        if !is_label(&label) || !is_one_word(&label) || self.totals.binary_search(&number).is_ok() {
            return Ok(Verdict::LeftOut(LeftOut::Total));
        }
        Ok(if self.is_unseen(number) { Verdict::Open } else { Verdict::Data })
    }

    /// Whether the row bears a label of totals and looks like a row of them: a number, and nothing that tells it from others.
    fn is_total(&self, first: usize, row: &(impl RowCells + ?Sized), nulls: &Nulls) -> Result<bool, SourceError> {
        let last = (first..row.width()).rfind(|index| row.begins(*index).is_some()).unwrap_or(first);
        let labelled = if is_label(&row.cell(first)?.to_text()) {
            first
        } else if is_last_label(&row.cell(last)?.to_text()) {
            last
        } else {
            return Ok(false);
        };
        let mut any_number = false;
        for index in first..=last {
            if index == labelled {
                continue;
            }
            let cell = row.cell(index)?;
            let look = Look::of(&cell, nulls);
            if !look.has_value() {
                continue;
            }
            let Some(holds) = index.checked_sub(self.left).and_then(|column| self.holds.get(column)) else { return Ok(false) };
            let fits = match holds {
                Holds::Numbers | Holds::Nothing => look == Look::Number,
                Holds::Always(value) => cell.to_text().trim() == value,
                Holds::Keys => is_label(&cell.to_text()),
            };
            if !fits {
                return Ok(false);
            }
            any_number |= look == Look::Number;
        }
        Ok(any_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Cell;
    use crate::settings::CellSettings;

    #[test]
    fn totals_have_a_label_and_nothing_that_tells_them_apart() {
        let sieve = Sieve {
            header: ["campaign", "currency", "status", "clicks", "notes"].map(str::to_owned).to_vec(),
            totals: vec![7],
            holds: vec![Holds::Keys, Holds::Always("USD".to_owned()), Holds::Keys, Holds::Numbers, Holds::Nothing],
            ..Sieve::default()
        };
        let check = |cells: &[&str], expect: Verdict| {
            let row: Vec<_> = cells.iter().map(|cell| Cell::text(cell)).collect();
            assert_eq!(sieve.judge(7, &row[..], &CellSettings::default().nulls()).unwrap(), expect, "{cells:?}");
            let [first, last] = [0, cells.len() - 1].map(|index| row[..].begins(index).unwrap_or(b' '));
            assert!(expect == Verdict::Data || !sieve.is_plainly_data(first, last), "{cells:?}");
        };
        let total = Verdict::LeftOut(LeftOut::Total);
        check(&["Total: Campaigns", "USD", " --", "12", ""], total);
        check(&["Total", "", "", "12"], total);
        check(&["", "", "", "12", "", "Grand total"], total);
        check(&["", "Total", "", "12", ""], total);
        check(&["Total", "EUR", "", "12", ""], Verdict::Data);
        check(&["Total", "USD", "active", "12", ""], Verdict::Data);
        check(&["Total", "", "", "many", ""], Verdict::Data);
        check(&["Total", "", "", "", ""], Verdict::Data);
        check(&["Total care", "USD", "", "12", ""], Verdict::Data);
        check(&["Campaign", "Currency", " STATUS", "Clicks", "Notes", ""], Verdict::LeftOut(LeftOut::RepeatedHeader));
        check(&["", "", "", "", ""], Verdict::LeftOut(LeftOut::Empty));
        check(&["c", "USD", "active", "12", ""], Verdict::Data);
        assert!(sieve.is_plainly_data(b'x', b' ') && !sieve.is_plainly_data(b'c', b' '));
        // One word may be a name: the row's number tells.
        let named = Sieve { totals: Vec::new(), ..sieve.clone() };
        let judge = |sieve: &Sieve, label: &str| {
            sieve.judge(7, &[label, "", "", "12", ""].map(Cell::text)[..], &CellSettings::default().nulls()).unwrap()
        };
        assert_eq!(
            (judge(&named, "Total"), judge(&named, "Total:"), judge(&named, "Grand total")),
            (Verdict::Data, total, total)
        );
        let unseen = Sieve { unseen: Some((7, 9)), ..named };
        assert_eq!((judge(&unseen, "Total"), judge(&unseen, "Total:")), (Verdict::Open, total));
        let kept = Sieve { holds: Vec::new(), ..sieve.clone() };
        let row = ["Total", "", "", "12", ""].map(Cell::text);
        assert_eq!(kept.judge(7, &row[..], &CellSettings::default().nulls()).unwrap(), Verdict::Data);
    }

    #[test]
    fn rows_are_skipped_by_number() {
        let skips = vec![Skip { from: 3, to: 3, why: LeftOut::Total }, Skip { from: 9, to: 11, why: LeftOut::Footer }];
        let sieve = Sieve { skips, ..Sieve::default() };
        let found: Vec<_> = (1..13).filter_map(|number| sieve.skipped(number).map(|why| (number, why))).collect();
        assert_eq!(found, [(3, LeftOut::Total), (9, LeftOut::Footer), (10, LeftOut::Footer), (11, LeftOut::Footer)]);
        let by_cells = [(1, 2), (2, 3), (4, 8), (4, 9), (10, 10), (12, 20)].map(|(from, to)| sieve.judges_by_cells(from..=to));
        assert_eq!(by_cells, [true, false, true, false, false, true]);
    }
}
