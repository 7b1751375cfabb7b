//! What every partition of a scan carries, whatever it is a part of, and how its rows become record batches: each judged, filled
//! and counted the same way.

use std::collections::BTreeMap;

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

/// The cells of a row as they stand in a file, read when they are needed.
pub trait RowCells {
    /// How many there are.
    fn width(&self) -> usize;

    /// The first byte of a cell that is no white space; `None` if it is blank or not there.
    fn begins(&self, index: usize) -> Option<u8>;

    /// A cell; one that is not there is empty.
    fn cell(&self, index: usize) -> Result<Cell<'_>, SourceError>;
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
    /// The file's name, without folders.
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
    /// The line of the last row, if it lacks what all rows looked at have.
    incomplete: Option<u64>,
}

impl PartRows {
    /// A reader of this part's rows.
    pub fn new(part: TablePart, contradicted: Contradicted, task: &Task) -> Self {
        let left = part.sieve.left();
        let field_of = |column: usize| part.fields.iter().position(|field| *field == column).map(|field| field + left);
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
        };
        let mut rows = RowAssembler::new(&part.columns, field_of, part.nulls.clone(), part.batch_rows, origin, task.clone());
        rows.covers(part.range);
        let left_out = BTreeMap::new();
        Self { part, rows, above, left_out, contradicted, task: task.clone(), after_blank: false, incomplete: None }
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
        self.rows.pending() >= self.part.batch_rows
    }

    /// Whether no more rows are wanted, the next of which stands on this line.
    pub fn is_done(&self, line: u64) -> bool {
        self.part.limit.is_some_and(|limit| self.rows.rows() >= limit) || self.part.sieve.to().is_some_and(|to| line >= to)
    }

    /// A blank row was passed over.
    pub fn blank(&mut self) {
        self.after_blank = true;
    }

    /// Takes the row on this line.
    pub fn push(&mut self, line: u64, row: &(impl RowCells + ?Sized)) -> Result<(), SourceError> {
        let part = &self.part;
        if self.after_blank && part.sieve.is_unseen(line) {
            return Err(self.surprised(line, "a row behind a blank one"));
        }
        self.after_blank = false;
        self.incomplete = (part.sieve.is_open_behind(line) && part.sieve.lacks_key(row)).then_some(line);
        if let Verdict::LeftOut(why) = part.sieve.judge(line, row, &part.nulls)? {
            self.after_blank = why == LeftOut::Empty;
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
            None => self.rows.push(line, |field| row.cell(field)),
            Some(above) => {
                let filled = above.fill(row)?;
                self.rows.push(line, |field| filled.cell(field))
            }
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
