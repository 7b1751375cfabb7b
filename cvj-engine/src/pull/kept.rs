//! A table as it was pulled: scanned like a source's own, with everything that the source said beside its rows.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use cvj_core::source::{Rejected, ScanRequest, TableInfo};
use cvj_core::{BatchStream, SourceError, Status, Task};
use jiff::tz::TimeZone;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde::{Deserialize, Serialize};

use super::convert::{convert, delivered, unreadable};
use super::record::{Plan, Receipt};
use super::store::PullFolder;

const BATCH_ROWS: usize = 8192;

/// A pull that came to its end, its files verified.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) table: String,
    pub(super) folder: PullFolder,
    pub(super) plan: Plan,
    pub(super) receipts: Vec<Receipt>,
}

/// The token of a part: a part's number and the columns read of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) table: String,
    part: usize,
    pub(super) columns: Vec<String>,
}

impl Token {
    /// Of a table that was not pulled.
    pub(super) fn of_nothing(table: &str) -> Self {
        Self { table: table.to_owned(), part: 0, columns: Vec::new() }
    }
}

/// The schema of a scan of a table, pulled or not.
pub(super) fn scan_schema(table: &TableInfo, request: &ScanRequest) -> Result<SchemaRef, SourceError> {
    let fields = request.columns.iter().flatten().map(|column| delivered(table.schema.field(column.index), column.kind));
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>, _>>()?)))
}

impl Kept {
    /// Whether the pull has all these columns.
    pub(super) fn has<'a>(&self, mut columns: impl Iterator<Item = &'a str>) -> bool {
        columns.all(|name| self.plan.columns.iter().any(|column| column.name == name))
    }

    /// Rows that the other side handed over.
    pub(super) fn received(&self) -> u64 {
        self.receipts.iter().map(Receipt::received).sum()
    }

    pub(super) fn tokens(&self, columns: &Schema) -> Vec<Token> {
        let columns: Vec<String> = columns.fields().iter().map(|field| field.name().clone()).collect();
        (0..self.receipts.len()).map(|part| Token { table: self.table.clone(), part, columns: columns.clone() }).collect()
    }

    /// Reads one part.
    pub(super) fn read(
        self: &Arc<Self>,
        token: &Token,
        schema: SchemaRef,
        zone: &TimeZone,
        task: &Task,
    ) -> Result<BatchStream, SourceError> {
        let receipt = self.receipts.get(token.part).ok_or_else(|| fault("a part that was not planned"))?;
        let path = self.folder.file(token.part);
        let damaged = |error: &dyn std::fmt::Display| self.damaged(error);
        let file = File::open(path).map_err(|error| damaged(&error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&error))?;
        let own = builder.schema().clone();
        let mut places = Vec::with_capacity(token.columns.len());
        for name in &token.columns {
            places.push(own.index_of(name).map_err(|error| damaged(&error))?);
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().copied());
        let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|error| damaged(&error))?;
        let known = |cell: &&Rejected| cell.column.is_empty() || token.columns.contains(&cell.column);
        let rejected: Vec<Rejected> = receipt.rejected.iter().map(super::record::RejectedCell::rejected).collect();
        for cell in rejected.iter().filter(|cell| cell.row.is_none()) {
            task.reject(cell);
        }
        for (why, rows) in &receipt.left_out {
            task.left_out(why, *rows);
        }
        let mut cells: Vec<Rejected> = rejected.iter().filter(|cell| cell.row.is_some()).filter(known).cloned().collect();
        // The source may tell of them in any order.
        cells.sort_by_key(|cell| cell.row);
        let reading = Reading {
            kept: self.clone(),
            reader,
            schema: schema.clone(),
            zone: zone.clone(),
            task: task.clone(),
            cells: cells.into(),
            rows: 0,
            expected: receipt.rows,
        };
        Ok(BatchStream::new(schema, reading))
    }

    fn damaged(&self, error: &dyn std::fmt::Display) -> SourceError {
        SourceError::new(Status::Io, format!("what was kept of table `{}` cannot be read: {error}", self.table))
            .with_hint("`--refresh` pulls it anew")
    }
}

struct Reading {
    kept: Arc<Kept>,
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
    zone: TimeZone,
    task: Task,
    /// Cells that the source could not read, those of the first rows first.
    cells: VecDeque<Rejected>,
    rows: u64,
    expected: u64,
}

impl Reading {
    fn shape(&mut self, batch: &RecordBatch) -> Result<RecordBatch, SourceError> {
        let end = self.rows + batch.num_rows() as u64;
        while let Some(cell) = self.cells.pop_front_if(|cell| cell.row.is_some_and(|row| row < end)) {
            self.task.reject(&cell);
        }
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            let values = batch.column_by_name(field.name()).ok_or_else(|| fault("a column that was not read"))?;
            let (values, unread) = convert(values, field.data_type(), &self.zone)?;
            for row in unread {
                let text = batch.column_by_name(field.name()).map(|texts| text_at(texts, row)).unwrap_or_default();
                self.task.reject(&Rejected {
                    row: Some(self.rows + row as u64),
                    file: self.kept.table.clone(),
                    line: 0,
                    column: field.name().clone(),
                    why: unreadable(field.data_type()).to_owned(),
                    value: text,
                });
            }
            columns.push(values);
        }
        self.rows = end;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(|error| self.kept.damaged(&error))
    }
}

fn text_at(values: &dyn Array, row: usize) -> String {
    use arrow_array::cast::AsArray;
    values.as_string_opt::<i32>().map(|texts| texts.value(row).trim().to_owned()).unwrap_or_default()
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.task.is_cancelled() {
            return Some(Err(SourceError::cancelled()));
        }
        match self.reader.next() {
            Some(Ok(batch)) => Some(self.shape(&batch)),
            Some(Err(error)) => Some(Err(self.kept.damaged(&error))),
            None if self.rows != self.expected => {
                let error = format!("it has {} rows, {} were written", self.rows, self.expected);
                Some(Err(self.kept.damaged(&error)))
            }
            None => None,
        }
    }
}

fn fault(what: &str) -> SourceError {
    SourceError::new(Status::Internal, format!("{what} was asked for"))
}
