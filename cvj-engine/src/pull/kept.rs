//! A table as it was pulled: scanned like a source's own, with everything that the source said beside its rows.

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
use super::unread::{Cursor, Unread};

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
        for rejected in receipt.unread.iter().flat_map(|unread| unread.undelivered(&self.table)) {
            task.reject(&rejected);
        }
        for (why, rows) in &receipt.left_out {
            task.left_out(why, *rows);
        }
        let is_read = |(_, unread): &(usize, &Unread)| unread.column.is_empty() || token.columns.contains(&unread.column);
        let unread = receipt.unread.iter().enumerate().filter(is_read).map(|(place, _)| (place, Cursor::default()));
        let reading = Reading {
            kept: self.clone(),
            reader,
            schema: schema.clone(),
            zone: zone.clone(),
            task: task.clone(),
            part: token.part,
            unread: unread.collect(),
            rows: 0,
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
    part: usize,
    /// What the source could not read, by its place in the receipt, and how far it was told.
    unread: Vec<(usize, Cursor)>,
    rows: u64,
}

impl Reading {
    fn shape(&mut self, batch: &RecordBatch) -> Result<RecordBatch, SourceError> {
        let end = self.rows + batch.num_rows() as u64;
        let receipt = &self.kept.receipts[self.part];
        for (place, cursor) in &mut self.unread {
            let unread = &receipt.unread[*place];
            while let Some(row) = unread.rows.next_before(end, cursor) {
                self.task.reject(&unread.cell(row, &self.kept.table));
            }
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
            None => {
                let written = self.kept.receipts[self.part].rows;
                let error = || self.kept.damaged(&format!("it has {} rows, {written} were written", self.rows));
                (self.rows != written).then(|| Err(error()))
            }
        }
    }
}

fn fault(what: &str) -> SourceError {
    SourceError::new(Status::Internal, format!("{what} was asked for"))
}
