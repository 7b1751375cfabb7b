//! A partition of a scan: a part of one file between two record boundaries, and its reading.

use arrow_array::RecordBatch;
use cvj_core::source::Partition;
use cvj_core::{BatchStream, SourceError, Status, Task};
use cvj_tabular::cell::Cell;
use cvj_tabular::limits::Limits;
use cvj_tabular::rows::{Contradicted, Origin, RowAssembler};
use cvj_tabular::settings::Nulls;
use cvj_tabular::table::PlannedColumn;
use serde::{Deserialize, Serialize};

use crate::boundaries::{Run, not_utf8};
use crate::dialect::Dialect;
use crate::input::Input;
use crate::records::{Record, Records};
use crate::survey::fits;

/// A part of a file, with all that is needed to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The table.
    pub table: String,
    /// The file as it was planned with.
    pub input: Input,
    /// How it is written.
    pub dialect: Dialect,
    /// The part.
    pub runs: Vec<Run>,
    /// Bounds.
    pub limits: Limits,
    /// Which column of the table each field of the file is.
    pub fields: Vec<usize>,
    /// What is wanted.
    pub columns: Vec<PlannedColumn>,
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
        self.input.unchanged(&task.folder())?;
        let records = Records::open(&task.folder(), &self.input, self.dialect, self.runs.clone(), &self.limits);
        let origin = Origin {
            table: self.table.clone(),
            file: self.input.name().into_owned(),
            contradicted: (!self.settled).then_some(contradicted),
        };
        let field_of = |column: usize| self.fields.iter().position(|field| *field == column);
        let rows = RowAssembler::new(&self.columns, field_of, self.nulls.clone(), self.batch_rows, origin, task.clone());
        Ok(BatchStream::new(rows.schema(), Reading { records, rows, task: task.clone(), slice: self, done: false }))
    }
}

struct Reading {
    records: Records,
    rows: RowAssembler,
    task: Task,
    slice: Slice,
    done: bool,
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.batch() {
            Ok(Some(batch)) => Some(Ok(batch)),
            Ok(None) => {
                self.done = true;
                None
            }
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}

impl Reading {
    fn batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        if self.task.is_cancelled() {
            return Err(SourceError::cancelled());
        }
        let limit = self.slice.limit.unwrap_or(u64::MAX);
        let mut ended = false;
        while self.rows.pending() < self.slice.batch_rows {
            if self.rows.rows() >= limit {
                ended = true;
                break;
            }
            let record = self.records.advance()?;
            let Some(record) = record else {
                ended = true;
                break;
            };
            push(&mut self.rows, &self.slice, &record)?;
        }
        let length = self.slice.runs.iter().map(|run| run.length).sum();
        self.task.progress(self.records.position(), Some(length), "bytes");
        if ended {
            self.slice.limit = Some(0);
            if self.rows.rows() > 0 {
                for copy in std::mem::take(&mut self.slice.copies) {
                    self.task.left_out(&format!("{copy} is a copy of {}", self.slice.input.name()), self.rows.rows());
                }
            }
            if self.rows.pending() == 0 {
                return Ok(None);
            }
        }
        self.rows.finish().map(Some)
    }
}

fn push(rows: &mut RowAssembler, slice: &Slice, record: &Record<'_>) -> Result<(), SourceError> {
    if record.is_blank() {
        return Ok(());
    }
    let line = record.line();
    let header = slice.fields.len();
    if !fits(record, header) {
        let found = record.width();
        let fields = if found == 1 { "field" } else { "fields" };
        let mut value: Vec<u8> = Vec::new();
        for field in 0..found.min(20) {
            if field > 0 {
                value.push(slice.dialect.delimiter);
            }
            value.extend_from_slice(&record.get(field));
        }
        value.truncate(200);
        rows.reject_row(
            line,
            format!("{found} {fields} where the header has {header}"),
            String::from_utf8_lossy(&value).into_owned(),
        );
        return Ok(());
    }
    rows.push(line, |field| cell(record, field, slice))
}

fn cell<'a>(record: &'a Record<'_>, field: usize, slice: &Slice) -> Result<Cell<'a>, SourceError> {
    use std::borrow::Cow;
    let encoding = slice.dialect.encoding;
    let text = match record.get(field) {
        Cow::Borrowed(bytes) => encoding.decode(bytes),
        Cow::Owned(bytes) => encoding.decode(&bytes).map(|text| Cow::Owned(text.into_owned())),
    };
    text.map(Cell::Text).ok_or_else(|| not_utf8(&slice.input.name(), record.line()))
}
