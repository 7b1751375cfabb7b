//! The table `events`: deterministic rows made from their number.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cvj_core::source::{COLUMN_FILE, COLUMN_LINE, Kind, Partition, ScanRequest};
use cvj_core::{SourceError, Status};
use serde::{Deserialize, Serialize};

/// The table's name.
pub(crate) const TABLE: &str = "events";
/// The column of money.
pub(crate) const AMOUNT: usize = 3;
/// The file that the rows claim to stand in.
pub(crate) const FILE: &str = "events.csv";
/// 2026-10-01T00:00 as microseconds.
const START: i64 = 1_790_812_800_000_000;
const HOUR: i64 = 3_600_000_000;

/// Columns: `id`, `email`, `at`, `amount`, and the virtual `_file` and `_line`.
pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("email", DataType::Utf8, true),
        Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("amount", DataType::Decimal128(18, 2), true),
        Field::new(COLUMN_FILE, DataType::Utf8, true),
        Field::new(COLUMN_LINE, DataType::Int64, true),
    ]))
}

/// The schema of a scan of these columns.
pub(crate) fn projected_schema(columns: &[Column]) -> Result<SchemaRef, SourceError> {
    let fields: Result<Vec<Field>, SourceError> = columns.iter().map(Column::field).collect();
    Ok(Arc::new(Schema::new(fields?)))
}

/// One column of a scan, as it stands in a token: index and the number of its [`Kind`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Column(usize, u8);

impl Column {
    fn field(&self) -> Result<Field, SourceError> {
        let schema = schema();
        let field = schema
            .fields()
            .get(self.0)
            .ok_or_else(|| SourceError::new(Status::InvalidArgument, format!("there is no column number {}", self.0)))?;
        let data_type = match (Kind::from_code(self.1), field.data_type()) {
            (Kind::Any, data_type)
            | (Kind::Number, data_type @ (DataType::Int64 | DataType::Decimal128(..)))
            | (Kind::Time, data_type @ DataType::Timestamp(..)) => data_type.clone(),
            (Kind::Text, _) => DataType::Utf8,
            (kind, _) => {
                let why = format!("column `{}` does not read as {kind:?}", field.name());
                return Err(SourceError::new(Status::InvalidData, why));
            }
        };
        Ok(Field::new(field.name(), data_type, true))
    }

    fn values(self, rows: Range<u64>, first_null: bool) -> ArrayRef {
        let first = rows.start as i64;
        let numbers = rows.map(|row| row as i64);
        match self.0 {
            0 => Arc::new(Int64Array::from_iter_values(numbers.map(|row| row + 1))),
            1 => Arc::new(StringArray::from_iter_values(numbers.map(|row| format!("person{row}@example.com")))),
            2 => Arc::new(TimestampMicrosecondArray::from_iter_values(numbers.map(|row| START + row % 500 * HOUR))),
            AMOUNT => {
                let amount = |row: i64| (!first_null || row > first).then(|| i128::from(row) * 100 + 99);
                let amounts: Decimal128Array = numbers.map(amount).collect();
                Arc::new(amounts.with_data_type(DataType::Decimal128(18, 2)))
            }
            4 => Arc::new(StringArray::from_iter_values(numbers.map(|_| FILE))),
            _ => Arc::new(Int64Array::from_iter_values(numbers.map(|row| row + 2))),
        }
    }
}

/// One partition: rows and columns, as its token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// First row.
    pub(crate) start: u64,
    /// Row after the last.
    end: u64,
    /// What to deliver.
    pub(crate) columns: Vec<Column>,
    batch_rows: u64,
}

impl Part {
    /// At most two parts; there is always one.
    pub(crate) fn split(rows: u64, scan: &ScanRequest) -> Vec<Self> {
        let columns: Vec<Column> = match &scan.columns {
            Some(columns) => columns.iter().map(|column| Column(column.index, column.kind as u8)).collect(),
            None => (0..schema().fields().len()).map(|index| Column(index, 0)).collect(),
        };
        // Small batches, so that faults "on the second batch" happen with few rows.
        let batch_rows = (scan.batch_rows as u64).min((rows / 4).max(1));
        let middle = if scan.target_partitions > 1 { rows.div_ceil(2) } else { rows };
        let part = |start, end| Self { start, end, columns: columns.clone(), batch_rows };
        if middle < rows { vec![part(0, middle), part(middle, rows)] } else { vec![part(0, rows)] }
    }

    pub(crate) fn token(&self) -> Partition {
        Partition(serde_json::to_string(self).unwrap_or_default())
    }

    pub(crate) fn parse(token: &Partition) -> Result<Self, SourceError> {
        serde_json::from_str(&token.0)
            .map_err(|error| SourceError::new(Status::InvalidArgument, format!("not a token of this source: {error}")))
    }

    /// The row ranges of its batches.
    pub(crate) fn batches(&self) -> Vec<Range<u64>> {
        let step = self.batch_rows.max(1);
        (self.start..self.end)
            .step_by(usize::try_from(step).unwrap_or(1))
            .map(|start| start..(start + step).min(self.end))
            .collect()
    }

    /// One batch; in the column `first_null`, its first value is null.
    pub(crate) fn batch(&self, rows: Range<u64>, first_null: Option<usize>) -> Result<RecordBatch, SourceError> {
        let schema = projected_schema(&self.columns)?;
        let count = (rows.end - rows.start) as usize;
        let internal = |error: arrow_schema::ArrowError| SourceError::new(Status::Internal, error.to_string());
        let values = |column: &Column| column.values(rows.clone(), first_null == Some(column.0));
        let arrays: Result<Vec<ArrayRef>, SourceError> = self
            .columns
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| arrow_cast::cast(&values(column), field.data_type()).map_err(internal))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(schema, arrays?, &options).map_err(internal)
    }
}
