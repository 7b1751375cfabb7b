//! The tables `contacts` and `deals`: deterministic rows made from their number.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cvj_core::source::{Partition, ScanRequest};
use cvj_core::{SourceError, Status};
use serde::{Deserialize, Serialize};

use crate::state::State;

/// Rows of a batch.
pub(crate) const BATCH: u64 = 5;
/// Rows of a part.
const PART: u64 = 20;
/// The deal whose amount cannot be read.
pub(crate) const UNREADABLE: u64 = 3;
/// 2026-10-01T06:00Z as microseconds.
const START: i64 = 1_790_834_400_000_000;
const HOUR: i64 = 3_600_000_000;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Table {
    Contacts,
    Deals,
}

impl Table {
    pub(crate) const ALL: [Self; 2] = [Self::Contacts, Self::Deals];

    pub(crate) fn named(name: &str) -> Result<Self, SourceError> {
        let table = Self::ALL.into_iter().find(|table| table.name() == name);
        table.ok_or_else(|| SourceError::new(Status::NotFound, format!("there is no table `{name}`")))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Deals => "deals",
        }
    }

    pub(crate) fn doc(self) -> &'static str {
        match self {
            Self::Contacts => "Made-up people",
            Self::Deals => "What they bought",
        }
    }

    pub(crate) fn schema(self, state: &State) -> SchemaRef {
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let key = if state.text_keys { DataType::Utf8 } else { DataType::Int64 };
        let mut fields = match self {
            Self::Contacts => vec![
                ("id", key),
                ("email", DataType::Utf8),
                ("created", instant),
                ("phone", DataType::Utf8),
                ("city", DataType::Utf8),
            ],
            // Amounts as text, as many APIs have them.
            Self::Deals => vec![("id", DataType::Int64), ("contact", key), ("closed", instant), ("amount", DataType::Utf8)],
        };
        if self == Self::Contacts && state.languages {
            fields.push(("language", DataType::Utf8));
        }
        Arc::new(Schema::new(fields.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect::<Vec<_>>()))
    }

    /// The names of the columns asked for.
    pub(crate) fn columns(self, scan: &ScanRequest) -> Vec<String> {
        let schema = self.schema(&State { languages: true, ..State::default() });
        let all = || (0..schema.fields().len()).collect();
        let places: Vec<usize> =
            scan.columns.as_ref().map_or_else(all, |columns| columns.iter().map(|column| column.index).collect());
        places.into_iter().map(|place| schema.field(place).name().clone()).collect()
    }

    pub(crate) fn projected(self, state: &State, columns: &[String]) -> Result<SchemaRef, SourceError> {
        let schema = self.schema(state);
        let fields: Result<Vec<Field>, _> = columns.iter().map(|name| schema.field_with_name(name).cloned()).collect();
        fields
            .map(|fields| Arc::new(Schema::new(fields)) as SchemaRef)
            .map_err(|error| SourceError::new(Status::Internal, error.to_string()))
    }

    fn values(self, column: &str, text_keys: bool, rows: std::ops::Range<u64>) -> ArrayRef {
        let rows = rows.map(|row| row as i64);
        let texts = |text: &dyn Fn(i64) -> String| Arc::new(StringArray::from_iter_values(rows.clone().map(text))) as ArrayRef;
        let keys = |key: &dyn Fn(i64) -> i64| {
            if text_keys {
                texts(&|row| key(row).to_string())
            } else {
                Arc::new(Int64Array::from_iter_values(rows.clone().map(key)))
            }
        };
        let instants = |hours: &dyn Fn(i64) -> i64| {
            let instants = rows.clone().map(|row| START + hours(row) * HOUR);
            Arc::new(TimestampMicrosecondArray::from_iter_values(instants).with_timezone("UTC")) as ArrayRef
        };
        match (self, column) {
            (Self::Contacts, "id") => keys(&|row| row + 1),
            (Self::Deals, "id") => Arc::new(Int64Array::from_iter_values(rows)),
            (_, "contact") => keys(&|row| row * 2 + 1),
            (_, "email") => texts(&|row| format!("person{row}@example.com")),
            (_, "phone") => texts(&|row| format!("+1 555 {row:04}")),
            (_, "city") => texts(&|row| ["Springfield", "Shelbyville"][(row % 2) as usize].to_owned()),
            (_, "language") => texts(&|row| ["en", "cy"][(row % 2) as usize].to_owned()),
            (_, "amount") => {
                let amount = |row: i64| (row as u64 != UNREADABLE).then(|| format!("{}.50", 100 + row));
                Arc::new(rows.map(amount).collect::<StringArray>())
            }
            (_, "created") => instants(&|row| row % 200),
            _ => instants(&|row| 200 + row % 200),
        }
    }
}

/// One part of a table, as its token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) table: Table,
    pub(crate) number: u64,
    rows: u64,
    pub(crate) columns: Vec<String>,
}

impl Part {
    /// All parts; of a table of which a few rows are wanted, the first.
    pub(crate) fn all(table: Table, columns: &[String], rows: u64, limit: Option<u64>) -> Vec<Self> {
        let parts = if limit.is_some() { 1 } else { rows.div_ceil(PART) };
        let part = |number| Self { table, number, rows, columns: columns.to_vec() };
        (0..parts).map(part).collect()
    }

    pub(crate) fn token(&self) -> Partition {
        Partition(serde_json::to_string(self).unwrap_or_default())
    }

    pub(crate) fn parse(token: &Partition) -> Result<Self, SourceError> {
        serde_json::from_str(&token.0)
            .map_err(|error| SourceError::new(Status::InvalidArgument, format!("not a token of this source: {error}")))
    }

    pub(crate) fn batches(&self, schema: &SchemaRef, state: &State) -> Result<Vec<RecordBatch>, SourceError> {
        let (start, end) = (self.number * PART, ((self.number + 1) * PART).min(self.rows));
        // The last deal is the one that cannot be read at all.
        let end = if self.table == Table::Deals && end == self.rows { end - 1 } else { end };
        let starts = (start..end).step_by(BATCH as usize);
        let batch = |start: u64| {
            let rows = start..(start + BATCH).min(end);
            let options = RecordBatchOptions::new().with_row_count(Some((rows.end - rows.start) as usize));
            let values = self.columns.iter().map(|column| self.table.values(column, state.text_keys, rows.clone())).collect();
            RecordBatch::try_new_with_options(schema.clone(), values, &options)
                .map_err(|error| SourceError::new(Status::Internal, error.to_string()))
        };
        starts.map(batch).collect()
    }
}
