//! What every partition of a scan carries, whatever it is a part of, and how its rows become record batches: each judged, filled
//! and counted the same way.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use cvj_core::source::Level;
use cvj_core::{SourceError, Task};
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::fill_down::{Above, FilledColumns};
use crate::layout::{DateRange, LeftOut, ShortRows, Sieve, Verdict};
use crate::rows::{Contradicted, Origin, RowAssembler};
use crate::settings::Nulls;
use crate::table::PlannedColumn;

/// Rows left out that are named in the log, of each kind.
const NAMED: u64 = 3;

/// Bytes of text that end a batch, however few its rows are.
const MOST_TEXT: usize = 64 << 20;

/// The cells of a row as they stand in a file, read when they are needed.
pub trait RowCells {
    /// How many there are.
    fn width(&self) -> usize;

    /// The first byte of a cell that is no white space; `None` if it is blank or not there.
    fn begins(&self, index: usize) -> Option<u8>;

    /// A cell; one that is not there is empty.
    fn cell(&self, index: usize) -> Result<Cell<'_>, SourceError>;

    /// A cell of text as its bytes, where they stand in the file as they are, in UTF-8. They are validated where they are kept as
    /// text.
    fn plain(&self, _index: usize) -> Option<&[u8]> {
        None
    }
}

/// Rows that stand one behind the other and have as many cells as the header.
pub trait RowBlock {
    /// One of them.
    type Row<'a>: RowCells
    where
        Self: 'a;

    /// How many there are.
    fn rows(&self) -> usize;

    /// The line of one.
    fn line(&self, row: usize) -> u64;

    /// The cells of one.
    fn row(&self, row: usize) -> Self::Row<'_>;

    /// The first byte of a cell of each of these rows: a space if the cell is blank, `None` if only [`RowCells::begins`] can say.
    fn begins(&self, rows: Range<usize>, index: usize) -> impl Iterator<Item = Option<u8>>;

    /// A cell of each of these rows, as [`RowCells::plain`] has it.
    fn column(&self, rows: Range<usize>, index: usize) -> impl Iterator<Item = Option<&[u8]>>;
}

impl RowCells for [Cell<'_>] {
    fn width(&self) -> usize {
        self.len()
    }

    fn begins(&self, index: usize) -> Option<u8> {
        match self.get(index)? {
            Cell::Text(text) | Cell::Error(text) => text.trim_start().bytes().next(),
            Cell::Empty => None,
            _ => Some(b'0'),
        }
    }

    fn cell(&self, index: usize) -> Result<Cell<'_>, SourceError> {
        Ok(self.get(index).cloned().unwrap_or(Cell::Empty))
    }
}

/// What a partition of a scan carries beside its place: it is a part of the plugin's token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePart {
    /// The table.
    pub table: String,
    /// The file's name, with no more folders than tell it from others.
    pub file: String,
    /// Which column of the table each cell is, from the table's first column on.
    pub fields: Vec<usize>,
    /// Which rows are data.
    pub sieve: Sieve,
    /// What is wanted.
    pub columns: Vec<PlannedColumn>,
    /// The days that the file's table covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<DateRange>,
    /// Columns that are filled down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_down: Option<FilledColumns>,
    /// What happens to rows that are too short.
    pub short_rows: ShortRows,
    /// The texts that mean "no value".
    pub nulls: Nulls,
    /// The formats were settled from all rows.
    pub settled: bool,
    /// Stop after so many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Names of files that are copies of this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
}

/// Reads the rows of a partition.
pub struct PartRows {
    part: TablePart,
    rows: RowAssembler,
    above: Option<Above>,
    left_out: BTreeMap<LeftOut, u64>,
    contradicted: Contradicted,
    task: Task,
    after_blank: bool,
    /// The line of the last row, if all its cells are empty: what follows in the next part stands behind a blank row.
    blank: Option<u64>,
    /// The line of the last row, if it lacks what all rows looked at have.
    incomplete: Option<u64>,
}

impl PartRows {
    /// A reader of this part's rows.
    pub fn new(part: TablePart, contradicted: Contradicted, task: &Task) -> Self {
        let left = part.sieve.left();
        let places: HashMap<usize, usize> =
            part.fields.iter().enumerate().rev().map(|(at, column)| (*column, at + left)).collect();
        let field_of = |column: usize| places.get(&column).copied();
        let above = part.fill_down.as_ref().and_then(|fill| match fill.key {
            Some(key) => {
                field_of(key).map(|key| Above::new(Some(key), fill.columns.iter().filter_map(|column| field_of(*column))))
            }
            None => Some(Above::new(None, fill.columns.iter().filter_map(|column| field_of(*column)))),
        });
        let origin = Origin {
            table: part.table.clone(),
            file: part.file.clone(),
            contradicted: (!part.settled).then(|| contradicted.clone()),
            task: task.clone(),
        };
        let mut rows = RowAssembler::new(&part.columns, field_of, part.nulls.clone(), part.batch_rows, origin);
        rows.covers(part.range);
        let left_out = BTreeMap::new();
        Self { part, rows, above, left_out, contradicted, task: task.clone(), after_blank: false, blank: None, incomplete: None }
    }

    /// The schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows.rows()
    }

    /// Whether there are enough rows for a batch: take it with [`PartRows::batch`].
    pub fn is_full(&self) -> bool {
        self.rows.pending() >= self.part.batch_rows || self.rows.pending_text() >= MOST_TEXT
    }

    /// Whether no more rows are wanted, the next of which stands on this line.
    pub fn is_done(&self, line: u64) -> bool {
        self.part.limit.is_some_and(|limit| self.rows.rows() >= limit) || self.part.sieve.to().is_some_and(|to| line >= to)
    }

    /// A blank row was passed over.
    pub fn blank(&mut self) {
        self.after_blank = true;
    }

    /// Takes the first of these rows: as many as this batch has room for, and none behind the last that is wanted. Says how many.
    pub fn push_block(&mut self, block: &impl RowBlock) -> Result<usize, SourceError> {
        let wanted = self.part.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.rows.rows())) as usize;
        let room = self.part.batch_rows.saturating_sub(self.rows.pending()).min(wanted);
        let room = block.rows().min(room);
        let behind = self.part.sieve.to().and_then(|to| (0..room).find(|row| block.line(*row) >= to));
        let end = behind.unwrap_or(room);
        let Some(last) = end.checked_sub(1) else { return Ok(0) };
        // A glance at its first and last cell tells of most rows that they are data.
        let by_cells = self.part.sieve.judges_by_cells(block.line(0)..=block.line(last));
        let glances = block.begins(0..end, 0).zip(block.begins(0..end, self.part.sieve.width() - 1));
        let mut begin = 0;
        for (row, (first, last)) in glances.enumerate() {
            let alone = self.above.is_none() && !self.after_blank;
            let at_a_glance =
                by_cells && first.zip(last).is_some_and(|(first, last)| self.part.sieve.is_plainly_data(first, last));
            if !alone || !(at_a_glance || self.is_data(block.line(row), &block.row(row))?) {
                self.push_data(block, begin..row)?;
                self.push(block.line(row), &block.row(row))?;
                begin = row + 1;
            }
        }
        self.push_data(block, begin..end)?;
        Ok(end)
    }

    /// Whether a row is data, and nothing else is to be said of it.
    fn is_data(&self, line: u64, row: &impl RowCells) -> Result<bool, SourceError> {
        let sieve = &self.part.sieve;
        Ok(sieve.judge(line, row, &self.part.nulls)? == Verdict::Data && sieve.fits(row, self.part.short_rows))
    }

    fn push_data(&mut self, block: &impl RowBlock, rows: Range<usize>) -> Result<(), SourceError> {
        if rows.is_empty() {
            return Ok(());
        }
        let last = rows.end - 1;
        self.blank = None;
        self.incomplete = self.lacks_key(block.line(last), &block.row(last));
        self.rows.push_block(block, rows)
    }

    /// The line of a row that lacks what all rows looked at have, if rows that were not may stand behind it.
    fn lacks_key(&self, line: u64, row: &(impl RowCells + ?Sized)) -> Option<u64> {
        let sieve = &self.part.sieve;
        (sieve.is_open_behind(line) && sieve.lacks_key(row)).then_some(line)
    }

    /// Takes the row on this line.
    pub fn push(&mut self, line: u64, row: &(impl RowCells + ?Sized)) -> Result<(), SourceError> {
        let part = &self.part;
        if self.after_blank && part.sieve.is_unseen(line) {
            return Err(self.surprised(line, "a row behind a blank one"));
        }
        self.after_blank = false;
        self.blank = None;
        self.incomplete = self.lacks_key(line, row);
        let part = &self.part;
        let verdict = part.sieve.judge(line, row, &part.nulls)?;
        if verdict == Verdict::Open {
            return Err(self.surprised(line, "a row that may hold the totals of others"));
        }
        if let Verdict::LeftOut(why) = verdict {
            self.after_blank = why == LeftOut::Empty;
            self.blank = self.after_blank.then_some(line);
            let count = self.left_out.entry(why).or_default();
            *count += 1;
            if let Some(word) = why.word().filter(|_| *count <= NAMED) {
                let text = texts(row)?;
                self.task.log(Level::Info, &format!("{}:{line}: {word} left out: {text}", part.file));
            }
            return Ok(());
        }
        if !part.sieve.fits(row, part.short_rows) {
            let left = part.sieve.left();
            let (found, header) = (row.width().saturating_sub(left), part.sieve.width());
            let cells = if found == 1 { "cell" } else { "cells" };
            let before = (0..left).any(|index| row.begins(index).is_some());
            let why = if before {
                "a value left of the table".to_owned()
            } else {
                format!("{found} {cells} where the header has {header}")
            };
            self.rows.reject_row(line, why, texts(row)?);
            return Ok(());
        }
        match &mut self.above {
            None => self.rows.push(line, row),
            Some(above) => self.rows.push(line, &above.fill(row)?),
        }
    }

    /// The rows since the last batch; `None` if there are none.
    pub fn batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        if self.rows.pending() == 0 { Ok(None) } else { self.rows.finish().map(Some) }
    }

    /// Accounts for what was left out, once all rows are through.
    pub fn finish(&mut self) -> Result<(), SourceError> {
        if let Some(line) = self.incomplete.take() {
            return Err(self.surprised(line, "the last row lacks what the others have"));
        }
        if let Some(line) = self.blank.take().filter(|line| self.part.sieve.is_passed_over(*line)) {
            return Err(self.surprised(line, "a row of empty cells, and others behind it"));
        }
        for (why, rows) in std::mem::take(&mut self.left_out) {
            if let Some(word) = why.word() {
                self.task.left_out(word, rows);
            }
        }
        if self.rows.rows() > 0 {
            for copy in std::mem::take(&mut self.part.copies) {
                self.task.left_out(&format!("{copy} is a copy of {}", self.part.file), self.rows.rows());
            }
        }
        Ok(())
    }

    /// What stands there may mean that the layout is another one: all rows are looked at before the next try.
    fn surprised(&self, line: u64, what: &str) -> SourceError {
        self.contradicted.remember(&self.part.table);
        SourceError::schema_changed(format!("{}:{line}: {what}", self.part.file))
    }
}

/// The first cells of a row, for people.
fn texts(row: &(impl RowCells + ?Sized)) -> Result<String, SourceError> {
    let texts = (0..row.width().min(20)).map(|index| row.cell(index).map(|cell| cell.to_text().into_owned()));
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join(", ").chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::ColumnFormat;
    use crate::layout::{LayoutSettings, Outline, Row, Rules};
    use crate::settings::CellSettings;
    use crate::table::Content;
    use crate::trial::Trial;

    /// The part of a sheet of which only so many rows were looked at.
    fn part(rows: &[&[&str]], seen: usize) -> TablePart {
        let mut outline = Outline::new(Rules::new(&LayoutSettings::default(), &CellSettings::default(), false));
        for (number, row) in (1..).zip(&rows[..seen]) {
            let cells: Vec<_> = row.iter().map(|cell| Cell::text(cell)).collect();
            outline.row(&Row { number, cells: &cells, comment: false, merged: &[] });
        }
        let table = outline.finish(seen == rows.len()).tables.remove(0);
        let column = |(index, name): (usize, &String)| PlannedColumn {
            name: name.clone(),
            content: Content::Cells(index, ColumnFormat::Text),
        };
        TablePart {
            table: "t".to_owned(),
            file: "a.xlsx".to_owned(),
            fields: (0..table.headers.len()).collect(),
            columns: table.headers.iter().enumerate().map(column).collect(),
            sieve: table.sieve,
            range: None,
            fill_down: None,
            short_rows: ShortRows::Fill,
            nulls: CellSettings::default().nulls(),
            settled: false,
            limit: None,
            batch_rows: 8,
            copies: Vec::new(),
        }
    }

    /// Reads the rows as a part that knows the first `seen` of them: how many there are, or what is surprising.
    fn read(rows: &[&[&str]], seen: usize) -> Result<u64, String> {
        let (_, task) = Trial::new(".");
        let contradicted = Contradicted::default();
        let mut reader = PartRows::new(part(rows, seen), contradicted.clone(), &task);
        let mut read = || {
            for (line, row) in (1..).zip(rows) {
                let cells: Vec<_> = row.iter().map(|cell| Cell::text(cell)).collect();
                if cells.iter().all(Cell::is_blank) { reader.blank() } else { reader.push(line, &cells[..])? }
            }
            reader.finish().map(|()| reader.rows())
        };
        read().map_err(|error| {
            assert!(error.status == cvj_core::Status::SchemaChanged && contradicted.contains("t"));
            error.message
        })
    }

    #[test]
    fn what_was_not_looked_at_is_a_surprise_if_it_may_change_the_layout() {
        let header: &[&str] = &["name", "day", "clicks"];
        let (a, b, c): (&[&str], &[&str], &[&str]) = (&["a", "1", "5"], &["b", "2", "6"], &["c", "3", "7"]);
        assert_eq!(read(&[header, a, b, c], 3), Ok(3));
        assert_eq!(read(&[header, a, b, &[], c], 5), Ok(3));
        assert_eq!(read(&[header, a, b, &[], c], 3).unwrap_err(), "a.xlsx:5: a row behind a blank one");
        // A total, or a footer.
        let total: &[&str] = &["", "", "18"];
        assert_eq!(read(&[header, a, b, c, total], 3).unwrap_err(), "a.xlsx:5: the last row lacks what the others have");
        assert_eq!(read(&[header, a, b, c, total], 5), Ok(3));
        assert_eq!(read(&[header, a, b, c, &["made by x"]], 4).unwrap_err(), "a.xlsx:5: the last row lacks what the others have");
        // In the middle such a row is one like others.
        assert_eq!(read(&[header, a, b, &["", "", "7"], c], 3), Ok(4));
    }

    #[test]
    fn a_blank_row_at_the_end_of_a_part_is_before_the_next() {
        let rows: Vec<[String; 2]> = (0..200).map(|row| [format!("r{row}"), row.to_string()]).collect();
        let mut outline = Outline::new(Rules::new(&LayoutSettings::default(), &CellSettings::default(), true));
        let feed = |outline: &mut Outline, number: u64, row: &[&str]| {
            let cells: Vec<_> = row.iter().map(|cell| Cell::text(cell)).collect();
            outline.row(&Row { number, cells: &cells, comment: false, merged: &[] });
        };
        feed(&mut outline, 1, &["name", "clicks"]);
        for (number, [name, clicks]) in (2..).zip(&rows) {
            if number == 100 {
                outline.gap();
            }
            if !(100..150).contains(&number) {
                feed(&mut outline, number, &[name, clicks]);
            }
        }
        let sieve = outline.finish(true).tables.remove(0).sieve;
        let (_, task) = Trial::new(".");
        let read = |lines: &[(u64, [&str; 2])]| {
            let part = TablePart { sieve: sieve.clone(), ..part(&[&["name", "clicks"], &["a", "5"]], 2) };
            let mut reader = PartRows::new(part, Contradicted::default(), &task);
            lines.iter().try_for_each(|(line, row)| reader.push(*line, &row.map(Cell::text)[..]))?;
            reader.finish()
        };
        let error = read(&[(120, ["x", "1"]), (121, ["", ""])]).unwrap_err();
        assert_eq!(error.message, "a.xlsx:121: a row of empty cells, and others behind it");
        read(&[(120, ["x", "1"]), (121, ["y", "2"])]).unwrap();
        read(&[(200, ["x", "1"]), (201, ["", ""])]).unwrap();
    }

    #[test]
    fn a_batch_ends_where_its_text_is_much() {
        let (_, task) = Trial::new(".");
        let mut part = part(&[&["name", "clicks"], &["a", "5"]], 2);
        part.batch_rows = 1 << 20;
        let mut reader = PartRows::new(part, Contradicted::default(), &task);
        let long = "x".repeat(1 << 20);
        let mut rows = 0;
        for line in 2..202 {
            reader.push(line, &[&long, "5"].map(Cell::text)[..]).unwrap();
            if reader.is_full() {
                rows += reader.batch().unwrap().unwrap().num_rows();
                assert_eq!(rows % 64, 0);
            }
        }
        assert_eq!(rows, 192);
        assert_eq!(reader.batch().unwrap().unwrap().num_rows(), 8);
    }

    #[test]
    fn values_beside_the_table_are_rejected() {
        let (trial, task) = Trial::new(".");
        let rows: [&[&str]; 3] = [&["", "name", "clicks"], &["", "a", "5"], &["", "b", "6"]];
        let mut reader = PartRows::new(part(&rows, 3), Contradicted::default(), &task);
        for (line, row) in [(2, ["", "a", "5", ""]), (3, ["x", "b", "6", ""]), (4, ["", "c", "7", "y"])] {
            reader.push(line, &row.map(Cell::text)[..]).unwrap();
        }
        let why: Vec<_> = trial.rejects().into_iter().map(|reject| (reject.line, reject.why)).collect();
        let expect = [(3, "a value left of the table"), (4, "3 cells where the header has 2")];
        assert_eq!(why, expect.map(|(line, why)| (line, why.to_owned())));
        assert_eq!(reader.rows(), 1);
    }
}
