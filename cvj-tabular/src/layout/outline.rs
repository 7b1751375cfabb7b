//! The outline of a file or sheet: takes its rows, asks of every block between blank ones what it is, and gathers the tables,
//! the lines before them and the footers behind them.

mod block;

use super::date_range::DateRange;
use super::draft::{Draft, TableLayout, rows_said};
use super::heading::{self, Heading};
use super::look::{Kept, Look};
use super::section::{ColumnSketch, Judged, Section};
use super::sieve::LeftOut;
use super::totals::{is_label, is_last_label, is_one_word};
use super::{LayoutSettings, Row, ShortRows, TotalRows};
use crate::cell::Cell;
use crate::moment::DateOrder;
use crate::settings::{CellSettings, DateFormat, Nulls};

/// Rows that are looked at before it is said what a block is.
const OPENING: usize = 64;
/// Lines that are kept until a table comes.
const MOST_NOTES: usize = 1000;
/// More tables, or parts of one, are none.
const MOST_PARTS: usize = 1000;
/// More lines than these behind a table are no footers.
const MOST_FOOTERS: usize = 64;

/// What an outline goes by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The row of the header, if said.
    pub header: Option<u64>,
    /// Rows up to this one are passed over.
    pub skip: u64,
    /// Rows of totals are left out.
    pub leave_out_totals: bool,
    /// Rows that are too short are filled.
    pub fill_short_rows: bool,
    /// The number of a row's cells means something, as in text files; otherwise only filled ones count.
    pub ragged: bool,
    /// The order of day and month, if said.
    pub order: Option<DateOrder>,
    /// The texts that mean "no value".
    pub nulls: Nulls,
}

impl Rules {
    /// The rules of a configuration.
    pub fn new(layout: &LayoutSettings, cells: &CellSettings, ragged: bool) -> Self {
        Self {
            header: layout.header,
            skip: 0,
            leave_out_totals: layout.totals == TotalRows::LeaveOut,
            fill_short_rows: layout.short_rows == ShortRows::Fill,
            ragged,
            order: match &cells.date_format {
                Some(DateFormat::Order(order)) => Some(*order),
                _ => None,
            },
            nulls: cells.nulls(),
        }
    }
}

/// What was found in a file or sheet.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its tables, in order.
    pub tables: Vec<TableLayout>,
    /// Lines that belong to no table: all of them if there is none.
    pub lines: Vec<String>,
    /// The row that has values where a header was looked for, if there is no table.
    pub values_at: Option<u64>,
    /// The row at which there are more tables, or parts of one, than can be meant; there is no table then.
    pub crowded_at: Option<u64>,
    /// Only the rows that were not looked at can tell whether a row holds totals: outline all of them.
    pub wants_all: bool,
}

/// Finds the tables among rows that come in order.
#[derive(Debug)]
pub struct Outline {
    rules: Rules,
    tables: Vec<Draft>,
    current: usize,
    section: Section,
    /// The first rows of a block, until it is said what it is.
    opening: Vec<Kept>,
    opened: bool,
    after_blank: bool,
    /// Lines that may belong to a table that follows.
    notes: Vec<Kept>,
    /// Rows behind the last full row of the current table, with whether a blank row was before.
    tail: Vec<(Kept, bool)>,
    /// Rows right before the next one whose label of totals may be a name: data, unless the table ends here.
    named: Vec<Kept>,
    values_at: Option<u64>,
    crowded_at: Option<u64>,
    wants_all: bool,
    last_row: u64,
    unseen: Option<(u64, u64)>,
}

impl Outline {
    /// An outline without rows.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            tables: Vec::new(),
            current: 0,
            section: Section::default(),
            opening: Vec::new(),
            opened: false,
            after_blank: false,
            notes: Vec::new(),
            tail: Vec::new(),
            named: Vec::new(),
            values_at: None,
            crowded_at: None,
            wants_all: false,
            last_row: 0,
            unseen: None,
        }
    }

    /// Takes the next row that is not blank.
    pub fn row(&mut self, row: &Row<'_>) {
        if let Some((from, to @ u64::MAX)) = &mut self.unseen {
            *to = row.number.max(*from + 1) - 1;
        }
        self.last_row = row.number;
        if row.cells.iter().all(Cell::is_blank) {
            self.blank();
            return;
        }
        if self.values_at.is_some() || self.crowded_at.is_some() {
            return;
        }
        if self.tables.is_empty()
            && (row.number <= self.rules.skip || self.rules.header.is_some_and(|header| row.number < header))
        {
            self.note(Kept::of(row, &self.rules.nulls));
        } else if self.tables.is_empty() && self.rules.header.is_some() {
            let rows = [Kept::of(row, &self.rules.nulls)];
            let width = if self.rules.ragged { row.cells.len() } else { 0 };
            let left = if self.rules.ragged { 0 } else { rows[0].looks.iter().position(|look| !look.is_blank()).unwrap_or(0) };
            // The rows above may hold its groups.
            let above = self.notes.iter().rposition(|note| note.merged.is_empty()).map_or(0, |last| last + 1);
            let mut all = self.notes.split_off(above);
            all.extend(rows);
            let at = all.len() - 1;
            let heading = heading::heading(&all, at, left, width);
            self.begin(all, heading);
        } else if self.opened && !self.tables.is_empty() {
            self.data(row);
        } else {
            self.opening.push(Kept::of(row, &self.rules.nulls));
            if self.opening.len() >= OPENING {
                self.decide();
                self.opened = true;
            }
        }
    }

    /// Takes a blank row: a block ends.
    pub fn blank(&mut self) {
        self.decide();
        self.opened = false;
        self.after_blank = true;
    }

    /// Full rows of the current table so far.
    pub fn rows(&self) -> u64 {
        self.tables.get(self.current).map_or(0, |table| table.full_rows)
    }

    /// Rows are passed over here, none of them blank.
    pub fn gap(&mut self) {
        self.decide();
        if self.tables.is_empty() {
            self.one_column();
        }
        self.opened = true;
        self.names();
        self.section.gap = true;
        self.tail.clear();
        self.unseen = Some((self.last_row + 1, u64::MAX));
    }

    /// The tables. `complete`: no row stands behind the last one taken.
    pub fn finish(mut self, complete: bool) -> Found {
        self.decide();
        if self.tables.is_empty() && self.values_at.is_none() {
            self.one_column();
        }
        if !self.tables.is_empty() {
            self.section.gap |= !complete;
            if !complete {
                self.names();
            }
            self.close_section();
            if complete {
                self.footers();
            }
        }
        let mut lines = self.without_rows();
        if self.crowded_at.is_some() {
            self.tables.clear();
        }
        lines.extend(self.notes.iter().map(Kept::line));
        let unseen = if complete { self.unseen } else { Some((self.last_row + 1, u64::MAX)) };
        let rules = self.rules;
        let tables = self.tables.into_iter().map(|draft| draft.finish(&rules, unseen)).collect();
        Found { tables, lines, values_at: self.values_at, crowded_at: self.crowded_at, wants_all: self.wants_all }
    }

    fn note(&mut self, row: Kept) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(row);
        }
    }

    /// Begins a table.
    fn begin(&mut self, rows: Vec<Kept>, heading: Heading) {
        self.end_run(rows.first());
        let mut notes = std::mem::take(&mut self.notes);
        let own = notes.len();
        let mut rows = rows.into_iter();
        notes.extend(rows.by_ref().take(heading.begins));
        let header = rows.by_ref().nth(heading.row - heading.begins);
        let header_row = header.map_or(0, |header| header.number);
        let mut demoted = Vec::new();
        let said = usize::from(self.rules.header.is_some());
        while self.tables.len() > said
            && let Some(draft) = self.tables.pop_if(|draft| draft.is_no_table(heading.names.len()))
        {
            demoted.splice(0..0, draft.into_lines());
        }
        demoted.extend(notes.iter().map(Kept::line));
        let order = self.rules.order;
        let range = DateRange::in_lines(&demoted, order);
        let title = notes.iter().rfind(|note| {
            let text = note.line();
            !note.comment
                && note.filled() == 1
                && text.len() <= 80
                && text.chars().any(char::is_alphabetic)
                && DateRange::in_lines(&[&text], order).is_none()
        });
        self.tables.push(Draft {
            header: heading.names.iter().map(|name| name.to_lowercase()).collect(),
            header_row,
            title: title.map(|title| title.line().trim_end_matches(':').to_owned()),
            range: range.or_else(|| self.tables.last().and_then(|table| table.range)),
            commented: notes[own.min(notes.len())..].iter().any(|note| note.comment),
            preamble: demoted,
            columns: vec![ColumnSketch::default(); heading.names.len()],
            lines: Vec::new(),
            rows: 0,
            full_rows: 0,
            runs: vec![(header_row + 1, None)],
            skips: Vec::new(),
            totals: Vec::new(),
            rows_expected: None,
            footers: Vec::new(),
            heading,
        });
        self.current = self.tables.len() - 1;
        self.opened = true;
        self.after_blank = false;
        self.rest(rows);
    }

    /// A table whose header stands once more goes on.
    fn again(&mut self, rows: Vec<Kept>, row: usize) {
        let Some(table) = self.tables.iter().position(|table| table.is_header(&rows[row].cells)) else { return };
        self.end_run(rows.first());
        let mut notes = std::mem::take(&mut self.notes);
        let header = rows[row].number;
        let mut rows = rows.into_iter();
        notes.extend(rows.by_ref().take(row));
        let draft = &mut self.tables[table];
        draft.runs.push((notes.first().map_or(header, |note| note.number), None));
        for note in &notes {
            draft.skip(note.number, LeftOut::Preamble);
        }
        self.current = table;
        self.opened = true;
        self.after_blank = false;
        self.rest(rows);
    }

    fn rest(&mut self, rows: impl Iterator<Item = Kept>) {
        for row in rows {
            self.data(&row.as_row());
        }
    }

    /// The current table is interrupted by another, which `next` belongs to.
    fn end_run(&mut self, next: Option<&Kept>) {
        if self.tables.is_empty() {
            return;
        }
        self.close_section();
        // Lines after a blank row belong to what follows.
        let from = self.tail.iter().position(|(_, after)| *after).unwrap_or(self.tail.len());
        let behind: Vec<_> = self.tail.drain(from..).map(|(row, _)| row).collect();
        self.tail.clear();
        let next = behind.first().or(next).map(|row| row.number);
        let draft = &mut self.tables[self.current];
        if let Some(run) = draft.runs.last_mut() {
            run.1 = next;
        }
        self.notes.splice(0..0, behind);
    }

    /// Takes a row of the current table.
    fn data(&mut self, row: &Row<'_>) {
        let looks: Vec<_> = row.cells.iter().map(|cell| Look::of(cell, &self.rules.nulls)).collect();
        let nulls = &self.rules.nulls;
        let draft = &mut self.tables[self.current];
        if draft.may_be_lines() {
            draft.lines.push(Kept::of(row, nulls).line());
        }
        if draft.is_header(row.cells) {
            self.tail.clear();
            self.close_section();
            return;
        }
        let left = draft.heading.left;
        let width = left + draft.header.len();
        let filled = looks.iter().filter(|look| !look.is_blank()).count();
        let alone = draft.header.len() > 2 && filled == 1;
        let begins = looks.iter().take(left + 1).any(|look| *look == Look::Text);
        let short = if self.rules.ragged {
            row.cells.len() < width || (self.after_blank && row.comment && filled < draft.header.len())
        } else {
            alone && begins
        };
        let first = looks.iter().position(|look| !look.is_blank()).unwrap_or(0);
        let last = looks.iter().rposition(|look| !look.is_blank()).unwrap_or(0);
        let label = row.cells.get(first).map(Cell::to_text).filter(|label| is_label(label));
        let named = filled > 1 && label.as_ref().is_some_and(|label| is_one_word(label));
        // Behind a blank row a line that only its first cell fills is no row.
        let remark = self.after_blank && alone && begins;
        if (short && !named) || remark {
            self.tail.push((Kept::of(row, nulls), self.after_blank));
            if self.tail.len() > MOST_FOOTERS * 2 {
                self.tail.drain(..MOST_FOOTERS);
            }
            draft.rows += 1;
            return;
        }
        for (note, after) in self.tail.drain(..) {
            if after && note.comment {
                draft.skip(note.number, LeftOut::Comment);
            }
        }
        self.after_blank = false;
        draft.rows += 1;
        if named {
            self.named(row, &looks);
        } else if label.is_some() || row.cells.get(last).is_some_and(|cell| is_last_label(&cell.to_text())) {
            self.section.total();
        } else {
            self.names();
            self.count(row, &looks);
        }
    }

    /// Takes a row whose label of totals may be a name.
    fn named(&mut self, row: &Row<'_>, looks: &[Look]) {
        if !self.rules.leave_out_totals {
            return;
        }
        let left = self.tables[self.current].heading.left.min(row.cells.len());
        if self.section.is_empty() || self.section.is_sum(&row.cells[left..], &looks[left..]) {
            self.total(row.number);
            self.section.total();
            return;
        }
        self.named.push(Kept::of(row, &self.rules.nulls));
        if self.named.len() > MOST_FOOTERS {
            self.names();
        }
    }

    /// The rows before were named like totals, and are data: others follow.
    fn names(&mut self) {
        for row in std::mem::take(&mut self.named) {
            // Behind rows that were not looked at, no sum tells.
            self.wants_all |= self.section.gap;
            self.count(&row.as_row(), &row.looks);
        }
    }

    fn total(&mut self, number: u64) {
        if !self.tables[self.current].total(number) {
            self.crowded_at = Some(number);
        }
    }

    /// Counts in a row of data.
    fn count(&mut self, row: &Row<'_>, looks: &[Look]) {
        let nulls = &self.rules.nulls;
        let draft = &mut self.tables[self.current];
        let left = draft.heading.left;
        let width = left + draft.header.len();
        if self.rules.ragged && row.cells.len() < width {
            return;
        }
        if looks.iter().skip(width).any(|look| !look.is_blank()) {
            return;
        }
        let (cells, looks) = (&row.cells[left.min(row.cells.len())..], &looks[left.min(looks.len())..]);
        let (cells, looks) = (&cells[..cells.len().min(draft.header.len())], &looks[..looks.len().min(draft.header.len())]);
        draft.full_rows += 1;
        draft.columns.iter_mut().zip(cells.iter().zip(looks)).for_each(|(column, (cell, look))| column.add(cell, *look));
        self.section.add(cells, looks, || Kept::of(&Row { cells, ..*row }, nulls));
    }

    fn close_section(&mut self) {
        // The last row with each label stands where totals do.
        let mut labels = Vec::new();
        while let Some(row) = self.named.pop() {
            let label = row.line().split(',').next().unwrap_or_default().to_lowercase();
            if labels.contains(&label) {
                self.named.push(row);
                break;
            }
            labels.push(label);
            self.total(row.number);
        }
        self.names();
        let section = std::mem::take(&mut self.section);
        let Some(draft) = self.tables.get_mut(self.current) else { return };
        if !self.rules.leave_out_totals {
            return;
        }
        for judged in section.totals(&draft.columns) {
            match judged {
                Judged::Total(number) if draft.skip(number, LeftOut::Total) => {}
                Judged::Total(number) => self.crowded_at = Some(number),
                Judged::Open => self.wants_all = true,
            }
        }
    }

    /// The lines behind the last table.
    fn footers(&mut self) {
        let draft = &mut self.tables[self.current];
        let width = draft.header.len();
        let mut tail = std::mem::take(&mut self.tail);
        // Right below the data only a text is one: a value is the begin of a row that was cut off.
        let attached = |row: &Kept, rules: &Rules| {
            let alone = row.filled() == 1 && row.cells.len() < width && row.looks.first() == Some(&Look::Text);
            rules.ragged && !rules.fill_short_rows && width > 2 && alone
        };
        let from = tail.iter().rposition(|(row, after)| !after && !attached(row, &self.rules)).map_or(0, |last| last + 1);
        let footers = tail.split_off(from);
        if footers.len() > MOST_FOOTERS {
            return;
        }
        for (row, _) in footers {
            let text = row.line();
            draft.rows = draft.rows.saturating_sub(1);
            draft.rows_expected = draft.rows_expected.or_else(|| rows_said(&text));
            draft.skip(row.number, if row.comment { LeftOut::Comment } else { LeftOut::Footer });
            draft.footers.push(text);
        }
    }

    /// Tables without rows are none where others have some: they are lines.
    fn without_rows(&mut self) -> Vec<String> {
        if self.tables.iter().all(|table| table.rows == 0) {
            return Vec::new();
        }
        let empty = self.tables.extract_if(.., |table| table.rows == 0 && !table.commented);
        empty.flat_map(Draft::into_lines).collect()
    }
}
