//! Says what a block is, the rows from a blank one to the next: lines before a header, a table, or more of one that began above.

use super::{MOST_NOTES, MOST_PARTS, OPENING, Outline};
use crate::layout::heading::{self, Block, Heading};
use crate::layout::look::{Kept, Look};
use crate::layout::section::ColumnSketch;
use crate::layout::totals::is_label;

impl Outline {
    /// Says what the block is whose first rows wait.
    pub(super) fn decide(&mut self) {
        let rows = std::mem::take(&mut self.opening);
        let Some(first) = rows.first().map(|row| row.number) else { return };
        if self.values_at.is_some() || self.crowded_at.is_some() {
            return;
        }
        if self.tables.len() > MOST_PARTS || self.tables.iter().any(|table| table.runs.len() > MOST_PARTS) {
            self.crowded_at = Some(first);
            return;
        }
        if !self.tables.is_empty()
            && let Some(row) = rows.iter().position(|row| self.tables.iter().any(|table| table.is_header(&row.cells)))
            && rows[..row].iter().all(|row| self.is_note(row))
        {
            self.again(rows, row);
            return;
        }
        match heading::find(&rows, self.rules.ragged) {
            Block::Table(heading) if self.tables.is_empty() || self.is_new(&rows, &heading) => self.begin(rows, heading),
            Block::Values(row) if self.tables.is_empty() => self.values_at = Some(rows[row].number),
            _ if self.tables.is_empty() => {
                let many = rows.len() >= OPENING || self.notes.len() + rows.len() >= MOST_NOTES;
                self.notes.extend(rows);
                if many {
                    self.one_column();
                }
            }
            _ => self.rest(rows.into_iter()),
        }
    }

    /// Whether a header after a blank row begins another table, and is no row of this one.
    fn is_new(&self, rows: &[Kept], heading: &Heading) -> bool {
        let header = &rows[heading.row];
        let below = &rows[heading.row + 1..];
        let table = &self.tables[self.current];
        if !rows[..heading.begins].iter().all(|row| self.is_note(row))
            || header.cells.first().is_some_and(|cell| is_label(&cell.to_text()))
        {
            return false;
        }
        // Names stand above each column, but for the first perhaps.
        let blank = heading.names.iter().filter(|name| name.is_empty()).count();
        let unnamed = blank > usize::from(heading.names.first().is_some_and(String::is_empty));
        if unnamed || header.looks.iter().any(|look| !matches!(look, Look::Blank | Look::Text)) {
            return false;
        }
        let behind = self.tail.iter().filter(|(row, after)| *after && self.is_note(row)).map(|(row, _)| row);
        let mut notes = behind.chain(&self.notes).chain(&rows[..heading.row]).peekable();
        let announced = notes.peek().is_some();
        let commented = notes.any(|note| note.comment);
        if below.is_empty() && !announced {
            return false;
        }
        // Names over values, and those of them where this table has values too.
        let typed = |row: &Kept, index: usize| matches!(row.looks.get(index), Some(Look::Number | Look::Date));
        let over_values: Vec<_> = (0..header.looks.len())
            .filter(|index| header.looks[*index] == Look::Text && below.iter().any(|row| typed(row, *index)))
            .collect();
        let width = table.heading.left + table.header.len();
        if header.filled_width() != width && heading.left + heading.names.len() != width {
            // Some rows that are too short or too long, or lines behind the data, are no table.
            let wider = header.filled_width() > width && (announced || below.len() > 1);
            return commented || wider || !over_values.is_empty();
        }
        let has_values = |index: &&usize| {
            let column = index.checked_sub(table.heading.left).and_then(|column| table.columns.get(column));
            column.is_some_and(ColumnSketch::is_typed)
        };
        let clashes = over_values.iter().filter(has_values).count();
        let shares_a_name = || {
            let names = heading.names.iter().map(|name| name.to_lowercase()).filter(|name| !name.is_empty());
            names.into_iter().any(|name| self.tables.iter().any(|table| table.header.contains(&name)))
        };
        announced || clashes > 1 || (clashes == 1 && shares_a_name())
    }

    /// A line that is no row of the current table: a comment, a title, a remark.
    fn is_note(&self, row: &Kept) -> bool {
        let Some(table) = self.tables.get(self.current) else { return true };
        let width = table.heading.left + table.header.len();
        let filled = row.filled();
        if row.comment && filled < table.header.len() {
            return true;
        }
        if self.rules.ragged && row.cells.len() < width {
            return width > 2 || filled == 1;
        }
        filled == 1 && table.header.len() > 2 && row.looks.first().is_some_and(|look| *look == Look::Text)
    }

    /// A file in which no row has more than one cell is a table of one column.
    pub(super) fn one_column(&mut self) {
        if self.rules.header.is_some() {
            return;
        }
        let rows = std::mem::take(&mut self.notes);
        let skipped = |row: &Kept| row.comment || row.number <= self.rules.skip;
        let Some(first) = rows.iter().position(|row| !skipped(row)) else {
            self.notes = rows;
            return;
        };
        let left = rows[first].looks.iter().position(|look| !look.is_blank()).unwrap_or(0);
        if rows[first].looks[left] != Look::Text || heading::is_key_value(&rows[first]) {
            self.values_at = Some(rows[first].number);
            self.notes = rows;
            return;
        }
        let (left, width) = if self.rules.ragged { (0, rows[first].cells.len()) } else { (left, left + 1) };
        let heading = heading::heading(&rows, first, left, width);
        self.begin(rows, heading);
    }
}
