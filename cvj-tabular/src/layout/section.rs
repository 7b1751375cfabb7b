//! What the columns of a table hold, and the sums of a section: the rows from a header to the next. A first or last row that holds
//! the totals of the others without saying so is known by them.

use jiff::civil::Date;

use super::look::{Kept, Look, amounts, day};
use super::sieve::Holds;
use super::totals::begins_like_label;
use crate::cell::Cell;

/// Most values of a column that numbers or dates.
const SHARE: f64 = 0.8;
/// A value that is longer is not kept as the one that a column always has.
const LONGEST: usize = 64;

/// What one column's cells look like.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnSketch {
    filled: u64,
    values: u64,
    numbers: u64,
    dates: u64,
    always: Always,
}

#[derive(Clone, Debug, Default)]
enum Always {
    #[default]
    Unknown,
    One(String),
    Several,
}

impl ColumnSketch {
    pub(super) fn add(&mut self, cell: &Cell<'_>, look: Look) {
        if look.is_blank() {
            return;
        }
        self.filled += 1;
        if !look.has_value() {
            return;
        }
        self.values += 1;
        self.numbers += u64::from(look == Look::Number);
        self.dates += u64::from(look == Look::Date);
        if matches!(self.always, Always::Several) {
            return;
        }
        let text = cell.to_text();
        let text = text.trim();
        self.always = match std::mem::take(&mut self.always) {
            Always::Unknown if text.len() <= LONGEST => Always::One(text.to_owned()),
            Always::One(known) if known == text => Always::One(known),
            _ => Always::Several,
        };
    }

    pub(super) fn holds(&self) -> Holds {
        let most = |count: u64| count as f64 >= SHARE * self.values as f64;
        match &self.always {
            _ if self.values == 0 => Holds::Nothing,
            _ if most(self.numbers) => Holds::Numbers,
            Always::One(value) if self.values > 1 => Holds::Always(value.clone()),
            _ => Holds::Keys,
        }
    }

    /// Whether its values are numbers or dates.
    pub(super) fn is_typed(&self) -> bool {
        self.values > 0 && (self.numbers + self.dates) as f64 >= SHARE * self.values as f64
    }

    pub(super) fn is_filled_in(&self, rows: u64) -> bool {
        rows > 0 && self.filled == rows
    }
}

/// The rows from a header to the next, added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    /// Rows that are not labelled as totals.
    rows: u64,
    filled: Vec<u64>,
    sums: Vec<[Sum; 2]>,
    first: Option<Kept>,
    last: Option<Kept>,
    days: Days,
    /// The rows and sums up to the last row of totals among them.
    before: (u64, Vec<[Sum; 2]>),
    /// A row that is labelled as totals was among them.
    pub(super) labelled: bool,
    /// Rows that were not looked at stand between these.
    pub(super) gap: bool,
}

/// A sum under one decimal mark.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    total: i128,
    unreadable: u64,
    count: u64,
}

/// A row that may hold the totals of its section.
pub(super) enum Judged {
    Total(u64),
    /// The rows that were not looked at decide.
    Open,
}

impl Section {
    /// Adds a row; `keep` makes the row one that outlives the call.
    pub(super) fn add(&mut self, cells: &[Cell<'_>], looks: &[Look], keep: impl Fn() -> Kept) {
        self.filled.resize(self.filled.len().max(cells.len()), 0);
        self.sums.resize(self.sums.len().max(cells.len()), [Sum::default(); 2]);
        let filled = |index: usize| looks.get(index).is_some_and(|look| !look.is_blank());
        if self.rows == 0 {
            let first = keep();
            self.days = Days::begin(&first);
            self.first = Some(first);
        }
        let suspect = self.rows > 0 && (0..self.filled.len()).any(|index| self.filled[index] + 1 >= self.rows && !filled(index));
        self.last = (suspect || bears_label(cells, looks).is_some()).then(&keep);
        self.rows += 1;
        self.days.add(cells);
        for (index, (cell, look)) in cells.iter().zip(looks).enumerate() {
            self.filled[index] += u64::from(!look.is_blank());
            if *look == Look::Number {
                for (sum, amount) in self.sums[index].iter_mut().zip(amounts(cell)) {
                    match amount.and_then(|amount| sum.total.checked_add(amount)) {
                        Some(total) => *sum = Sum { total, count: sum.count + 1, ..*sum },
                        None => sum.unreadable += 1,
                    }
                }
            }
        }
    }

    /// Whether no row stands above, not even one that is labelled as totals.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0 && !self.labelled
    }

    /// A row of totals stands here.
    pub(super) fn total(&mut self) {
        self.labelled = true;
        self.before = (self.rows, self.sums.clone());
    }

    /// Whether a row holds the sums of all rows above, or of those behind the last row of totals.
    pub(super) fn is_sum(&self, cells: &[Cell<'_>], looks: &[Look]) -> bool {
        let none = [Sum::default(); 2];
        let (before, sums_before) = &self.before;
        let of = |rows: u64, sums_before: &[[Sum; 2]]| {
            let matches = |(index, (cell, _)): (usize, (&Cell<'_>, &Look))| {
                let (sums, before) = (self.sums.get(index).unwrap_or(&none), sums_before.get(index).unwrap_or(&none));
                sums.iter().zip(before).zip(amounts(cell)).any(|((sum, before), amount)| {
                    let enough = sum.unreadable == before.unreadable && (sum.count - before.count) * 2 > rows;
                    amount.is_some_and(|amount| enough && amount != 0 && sum.total - before.total == amount)
                })
            };
            let mut numbers = cells.iter().zip(looks).enumerate().filter(|(_, (_, look))| **look == Look::Number).peekable();
            // A single row is easily the same in one of its numbers.
            if rows == 1 { numbers.peek().is_some() && numbers.all(matches) } else { numbers.any(matches) }
        };
        of(self.rows, &[]) || of(self.rows - before, sums_before)
    }

    /// The first or last row, if it holds the totals of the others.
    pub(super) fn totals(&self, columns: &[ColumnSketch]) -> Vec<Judged> {
        [&self.first, &self.last].into_iter().flatten().filter_map(|row| self.judge(row, columns)).collect()
    }

    fn judge(&self, row: &Kept, columns: &[ColumnSketch]) -> Option<Judged> {
        let others = self.rows.checked_sub(1).filter(|others| *others >= 2)?;
        let look = |index: usize| row.looks.get(index).copied().unwrap_or(Look::Blank);
        let label = bears_label(&row.cells, &row.looks);
        let (mut lacks, mut dated, mut named) = (None, false, false);
        for (index, column) in columns.iter().enumerate() {
            let look = look(index);
            let elsewhere = self.filled.get(index).copied().unwrap_or(0) - u64::from(!look.is_blank());
            if elsewhere < others {
                continue;
            }
            if label == Some(index) {
                named = true;
                continue;
            }
            if look.is_blank() {
                lacks = lacks.or(Some(index));
            }
            let constant = row
                .cells
                .get(index)
                .is_some_and(|cell| matches!(column.holds(), Holds::Always(value) if cell.to_text().trim() == value));
            if look.has_value() && !matches!(look, Look::Number | Look::Date) && !constant {
                return None;
            }
            // With a label, it is the day up to which it counts.
            dated |= look == Look::Date && !constant && !named;
        }
        let lacks = if named { label } else { lacks }?;
        if self.gap {
            return Some(Judged::Open);
        }
        // A row of a day is one among others, whatever it adds up to.
        let total = (!named && self.spans(row, others)) || (self.adds_up(row, lacks, others) && (!dated || self.covers(row)));
        total.then_some(Judged::Total(row.number))
    }

    /// Whether a number of the row is the sum of all others in its column, which is one behind the key that the row lacks.
    fn adds_up(&self, row: &Kept, lacks: usize, others: u64) -> bool {
        row.cells.iter().zip(&row.looks).enumerate().skip(lacks).any(|(index, (cell, look))| {
            *look == Look::Number
                && self.sums[index].iter().zip(amounts(cell)).any(|(sum, amount)| {
                    let enough = sum.unreadable == 0 && sum.count > others / 2 + 1;
                    amount.is_some_and(|amount| enough && amount != 0 && sum.total - amount == amount)
                })
        })
    }

    /// Whether the row covers all days of the others.
    fn covers(&self, row: &Kept) -> bool {
        let (Some((from, to)), Some((first, last))) = (self.days.of(row), self.days.within) else { return false };
        from <= first && last <= to
    }

    /// Whether the row covers several days, and all others one day within them.
    fn spans(&self, row: &Kept, others: u64) -> bool {
        let several = self.days.of(row).is_some_and(|(from, to)| from < to);
        several && self.covers(row) && self.days.single == others
    }
}

/// The first filled cell, if its text begins as labels of totals do.
fn bears_label(cells: &[Cell<'_>], looks: &[Look]) -> Option<usize> {
    let first = looks.iter().position(|look| !look.is_blank())?;
    (looks[first] == Look::Text && begins_like_label(&cells[first].to_text())).then_some(first)
}

/// The days of rows that say from when to when they are.
#[derive(Clone, Copy, Debug, Default)]
struct Days {
    columns: Option<(usize, usize)>,
    /// Rows of a single day.
    single: u64,
    /// The first and the last day of all rows.
    within: Option<(Date, Date)>,
}

impl Days {
    /// The columns are the first two that hold a day in the section's first row.
    fn begin(row: &Kept) -> Self {
        let mut columns = (0..row.cells.len()).filter(|index| row.looks[*index].has_value() && day(&row.cells[*index]).is_some());
        Self { columns: columns.next().zip(columns.next()), ..Self::default() }
    }

    fn of(&self, row: &Kept) -> Option<(Date, Date)> {
        let (from, to) = self.columns?;
        Some((day(row.cells.get(from)?)?, day(row.cells.get(to)?)?))
    }

    fn add(&mut self, cells: &[Cell<'_>]) {
        let Some((from, to)) = self.columns else { return };
        let (Some(from), Some(to)) = (cells.get(from).and_then(day), cells.get(to).and_then(day)) else { return };
        self.single += u64::from(from == to);
        let (first, last) = self.within.unwrap_or((from, to));
        self.within = Some((first.min(from), last.max(to)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Row;
    use crate::settings::CellSettings;

    fn totals(rows: &[&str]) -> Vec<u64> {
        let nulls = CellSettings::default().nulls();
        let mut section = Section::default();
        let mut columns = Vec::new();
        for (number, row) in (1..).zip(rows) {
            let cells: Vec<_> = row.split('|').map(Cell::text).collect();
            let looks: Vec<_> = cells.iter().map(|cell| Look::of(cell, &nulls)).collect();
            columns.resize_with(cells.len(), ColumnSketch::default);
            columns.iter_mut().zip(&cells).zip(&looks).for_each(|((column, cell), look)| column.add(cell, *look));
            section.add(&cells, &looks, || Kept::of(&Row { number, cells: &cells, comment: false, merged: &[] }, &nulls));
        }
        let found = section.totals(&columns).into_iter();
        found
            .map(|judged| match judged {
                Judged::Total(number) => number,
                Judged::Open => 0,
            })
            .collect()
    }

    #[test]
    fn unlabelled_totals_are_known_by_sums_or_days() {
        let check = |rows: &[&str], expect: &[u64]| assert_eq!(totals(rows), expect, "{rows:?}");
        check(&["a|USD|5", "b|USD|7", "|USD|12"], &[3]);
        check(&["|12", "a|5", "b|7"], &[1]);
        check(&["|1,234.50", "a|1,000.00", "b|234.50"], &[1]);
        check(&["|1.234,50", "a|1.000,00", "b|234,50"], &[1]);
        // No evidence: data.
        check(&["a|5", "b|7", "|13"], &[]);
        check(&["a|5", "|5"], &[]);
        check(&["a|5", "b|7", "c|12"], &[]);
        check(&["a|0", "b|0", "|0"], &[]);
        check(&["1|a|5", "3|b|7", "4||"], &[]);
        check(&["a|x|5", "b|y|7", "|z|12"], &[]);
        check(&["2026-10-01|a|5", "2026-10-02|b|7", "2026-10-03||12"], &[]);
        check(&["2026-10-01|2026-10-07|a|5", "2026-10-08|2026-10-14|b|7", "2026-10-01|2026-10-14||12"], &[3]);
        // A text that begins like a label of totals is no key, if the row adds up.
        check(&["a|2026-10-01|10", "b|2026-10-02|10", "Totals for October|2026-10-31|20"], &[3]);
        check(&["Total care|2026-10-01|20", "b|2026-10-02|10", "c|2026-10-31|10"], &[1]);
        check(&["a|2026-10-01|10", "b|2026-10-02|10", "Totals for October|2026-10-31|21"], &[]);
        check(&["a|x|10", "b|y|10", "Total care|z|20"], &[]);
        // A whole period, and days within it.
        check(&["2026-10-01|2026-10-31||50.1", "2026-10-01|2026-10-01|a|3", "2026-10-02|2026-10-02|b|4"], &[1]);
        check(&["2026-10-02|2026-10-31||50.1", "2026-10-01|2026-10-01|a|3", "2026-10-02|2026-10-02|b|4"], &[]);
        check(&["2026-10-01|2026-10-01|a|3", "2026-10-02|2026-10-02|b|4", "2026-10-01|2026-10-31||9"], &[3]);
    }
}
