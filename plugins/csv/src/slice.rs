//! A partition of a scan: a part of one input between two record boundaries, and its reading.

use std::borrow::Cow;

use arrow_array::RecordBatch;
use cvj_core::source::Partition;
use cvj_core::{BatchStream, SourceError, Status, Task};
use cvj_tabular::cell::Cell;
use cvj_tabular::limits::Limits;
use cvj_tabular::part::{PartRows, RowCells, TablePart};
use cvj_tabular::rows::Contradicted;
use serde::{Deserialize, Serialize};

use crate::boundaries::{Run, not_utf8};
use crate::dialect::Dialect;
use crate::input::Input;
use crate::records::{Record, Records};

/// A part of an input, with all that is needed to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// What is wanted of which table.
    pub part: TablePart,
    /// The input as it was planned with.
    pub input: Input,
    /// How it is written.
    pub dialect: Dialect,
    /// The records that are read.
    pub runs: Vec<Run>,
    /// Bounds.
    pub limits: Limits,
}

impl Slice {
    /// The slice as a token.
    pub fn partition(&self) -> Result<Partition, SourceError> {
        serde_json::to_string(self)
            .map(Partition)
            .map_err(|error| SourceError::new(Status::Internal, format!("a partition cannot be written down: {error}")))
    }

    /// The slice of a token.
    pub fn of(partition: &Partition) -> Result<Self, SourceError> {
        serde_json::from_str(&partition.0)
            .map_err(|error| SourceError::new(Status::InvalidArgument, format!("this is no partition of a CSV table: {error}")))
    }

    /// Reads the slice.
    pub fn read(self, contradicted: Contradicted, task: &Task) -> Result<BatchStream, SourceError> {
        let Self { part, input, dialect, runs, limits } = self;
        input.unchanged(&task.folder())?;
        let length = runs.iter().map(|run| run.length).sum();
        let records = Records::open(&task.folder(), &input, dialect, runs, &limits);
        let (name, width) = (part.file.clone(), part.sieve.width());
        let rows = PartRows::new(part, contradicted, task);
        Ok(BatchStream::new(
            rows.schema(),
            Reading { records, rows, dialect, name, width, length, task: task.clone(), done: false },
        ))
    }
}

struct Reading {
    records: Records,
    rows: PartRows,
    dialect: Dialect,
    name: String,
    /// The number of the header's cells.
    width: usize,
    length: u64,
    task: Task,
    done: bool,
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let batch = self.batch().transpose();
        self.done |= !matches!(batch, Some(Ok(_)));
        batch
    }
}

impl Reading {
    fn batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        if self.task.is_cancelled() {
            return Err(SourceError::cancelled());
        }
        while !self.rows.is_full() {
            if let Some(rows) = self.records.at_hand(self.width) {
                let taken = self.rows.push_block(&rows)?;
                self.records.pass(taken);
                if taken > 0 {
                    continue;
                }
            }
            let record = self.records.advance()?.filter(|record| !self.rows.is_done(record.line()));
            let Some(record) = record else {
                self.rows.finish()?;
                self.done = true;
                break;
            };
            if record.after_blank() || record.is_blank() {
                self.rows.blank();
            }
            if !record.is_blank() {
                self.rows.push(record.line(), &CsvRow { record, dialect: self.dialect, file: &self.name })?;
            }
        }
        self.task.progress(self.records.position(), Some(self.length), "bytes");
        self.rows.batch()
    }
}

/// A record as a row of a table.
pub struct CsvRow<'a> {
    /// The record.
    pub record: Record<'a>,
    /// How it is written.
    pub dialect: Dialect,
    /// The file's name, for messages.
    pub file: &'a str,
}

impl RowCells for CsvRow<'_> {
    #[inline]
    fn width(&self) -> usize {
        self.record.width()
    }

    #[inline]
    fn begins(&self, index: usize) -> Option<u8> {
        self.record.begins(index)
    }

    fn cell(&self, index: usize) -> Result<Cell<'_>, SourceError> {
        let encoding = self.dialect.encoding;
        let text = match self.record.get(index) {
            Cow::Borrowed(bytes) => encoding.decode(bytes),
            Cow::Owned(bytes) => encoding.decode(&bytes).map(|text| Cow::Owned(text.into_owned())),
        };
        text.map(Cell::Text).ok_or_else(|| not_utf8(self.file, self.record.line()))
    }

    #[inline]
    fn plain(&self, index: usize) -> Option<&[u8]> {
        self.record.plain(index).filter(|bytes| self.dialect.encoding.is_utf8() || bytes.is_ascii())
    }
}
