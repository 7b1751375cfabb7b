//! JSON records to typed columns. A value that does not read as its column's type becomes null and is reported, like a cell of
//! a spreadsheet.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use cvj_core::source::{ColumnRequest, FIELD_CURRENCY, FIELD_CURRENCY_COLUMN, Rejected};
use cvj_core::{SourceError, Status, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values;

/// A column of a remote table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name in expressions.
    pub name: String,
    /// What its values are.
    pub kind: FieldType,
    /// ISO 4217 code of a column of money in one currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The column whose values say each row's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency_column: Option<String>,
}

/// What a column's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text; numbers, truth values, lists and objects are taken as they are written.
    Text,
    /// A whole number (Int64), also as text, which keeps one beyond 2^53 exact.
    Integer,
    /// A number (Float64), also as text.
    Number,
    /// An amount (Decimal128 with eight decimals, further ones rounded), also as text, which keeps it exact.
    Decimal,
    /// A truth value, also as 1 and 0 and as text.
    Boolean,
    /// `2026-10-31` (Date32). A moment, in any form of [`Instant`](Self::Instant), is cut to its day in UTC: vendors write days
    /// as midnight UTC.
    Date,
    /// A moment in UTC (Timestamp(us, UTC)): RFC 3339, `2026-10-31 09:14:35` taken as UTC, `2026-10-31` as its midnight, or
    /// milliseconds since 1970 as number or text.
    Instant,
}

impl Field {
    /// A column without a currency.
    pub fn new(name: impl Into<String>, kind: FieldType) -> Self {
        Self { name: name.into(), kind, currency: None, currency_column: None }
    }
}

/// The Arrow schema of these columns, all nullable.
pub fn schema_of(fields: &[Field]) -> SchemaRef {
    let fields: Vec<arrow_schema::Field> = fields
        .iter()
        .map(|field| {
            let mut metadata = std::collections::HashMap::new();
            metadata.extend(field.currency.iter().map(|code| (FIELD_CURRENCY.to_owned(), code.clone())));
            metadata.extend(field.currency_column.iter().map(|name| (FIELD_CURRENCY_COLUMN.to_owned(), name.clone())));
            arrow_schema::Field::new(&field.name, data_type(field.kind), true).with_metadata(metadata)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn data_type(kind: FieldType) -> DataType {
    match kind {
        FieldType::Text => DataType::Utf8,
        FieldType::Integer => DataType::Int64,
        FieldType::Number => DataType::Float64,
        FieldType::Decimal => DataType::Decimal128(values::DECIMAL_DIGITS, values::DECIMALS as i8),
        FieldType::Boolean => DataType::Boolean,
        FieldType::Date => DataType::Date32,
        FieldType::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// Builds the batches of one partition: the columns asked for, in the order asked for.
pub struct Rows {
    fields: Vec<Field>,
    schema: SchemaRef,
    columns: Vec<Column>,
    /// Rows in the batch being built.
    pending: usize,
    /// Rows of the partition so far.
    total: u64,
    /// How a place is named: `contacts`.
    place: String,
}

impl Rows {
    /// Rows of `columns` (all if `None`) of a table with these fields; `place` names the table in reports of bad values.
    pub fn new(place: impl Into<String>, fields: &[Field], columns: Option<&[ColumnRequest]>) -> Result<Self, SourceError> {
        let fields: Vec<Field> = match columns {
            None => fields.to_vec(),
            Some(columns) => columns
                .iter()
                .map(|column| fields.get(column.index).cloned())
                .collect::<Option<_>>()
                .ok_or_else(|| SourceError::new(Status::InvalidArgument, "a column that the table does not have"))?,
        };
        let columns = fields.iter().map(|field| Column::of(field.kind)).collect();
        Ok(Self { schema: schema_of(&fields), fields, columns, pending: 0, total: 0, place: place.into() })
    }

    /// The columns delivered, in order: what to ask the other side for.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows in the batch being built.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Rows of the partition so far.
    pub fn rows(&self) -> u64 {
        self.total
    }

    /// Adds a record. `value` gives the value of a column; absent, null and "" are null.
    /// `record` names it in reports of bad values: its id.
    pub fn push<'a>(&mut self, record: &str, value: impl Fn(&Field) -> Option<&'a Value>, task: &Task) {
        for (field, column) in self.fields.iter().zip(&mut self.columns) {
            let value = value(field).filter(|value| !value.is_null() && value.as_str() != Some(""));
            let fits = column.append(value);
            if let (false, Some(value)) = (fits, value) {
                task.reject(&Rejected {
                    row: Some(self.total),
                    file: format!("{} {record}", self.place),
                    line: 0,
                    column: field.name.clone(),
                    why: not_a(field.kind).to_owned(),
                    value: values::text(value),
                });
            }
        }
        self.pending += 1;
        self.total += 1;
    }

    /// The batch built so far, which may have no rows.
    pub fn finish(&mut self) -> Result<RecordBatch, SourceError> {
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.pending)));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|error| SourceError::new(Status::Internal, error.to_string()))
    }
}

/// A column being built.
enum Column {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Decimal(Decimal128Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
}

impl Column {
    fn of(kind: FieldType) -> Self {
        match kind {
            FieldType::Text => Self::Text(StringBuilder::new()),
            FieldType::Integer => Self::Integer(Int64Builder::new()),
            FieldType::Number => Self::Number(Float64Builder::new()),
            FieldType::Decimal => Self::Decimal(Decimal128Builder::new().with_data_type(data_type(kind))),
            FieldType::Boolean => Self::Boolean(BooleanBuilder::new()),
            FieldType::Date => Self::Date(Date32Builder::new()),
            FieldType::Instant => Self::Instant(TimestampMicrosecondBuilder::new().with_data_type(data_type(kind))),
        }
    }

    /// Appends a value, or null where it does not read; says whether it read.
    fn append(&mut self, value: Option<&Value>) -> bool {
        fn taken<T>(value: Option<&Value>, read: impl Fn(&Value) -> Option<T>, append: impl FnOnce(Option<T>)) -> bool {
            let read = value.and_then(read);
            let fits = value.is_none() || read.is_some();
            append(read);
            fits
        }
        match self {
            Self::Text(column) => taken(value, |value| Some(values::text(value)), |text| column.append_option(text)),
            Self::Integer(column) => taken(value, values::integer, |number| column.append_option(number)),
            Self::Number(column) => taken(value, values::number, |number| column.append_option(number)),
            Self::Decimal(column) => taken(value, values::decimal, |amount| column.append_option(amount)),
            Self::Boolean(column) => taken(value, values::boolean, |truth| column.append_option(truth)),
            Self::Date(column) => taken(value, values::date, |day| column.append_option(day)),
            Self::Instant(column) => taken(value, values::instant, |moment| column.append_option(moment)),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Number(column) => Arc::new(column.finish()),
            Self::Decimal(column) => Arc::new(column.finish()),
            Self::Boolean(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
            Self::Instant(column) => Arc::new(column.finish()),
        }
    }
}

fn not_a(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "not text",
        FieldType::Integer => "not a whole number",
        FieldType::Number => "not a number",
        FieldType::Decimal => "not an amount",
        FieldType::Boolean => "not yes or no",
        FieldType::Date => "not a date",
        FieldType::Instant => "not a time",
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Mutex;

    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
    use cvj_core::source::{Kind, Level, Services};
    use serde_json::json;

    use super::*;

    #[derive(Default)]
    struct Host(Mutex<Vec<Rejected>>);

    impl Services for Host {
        fn source(&self) -> &'static str {
            "crm"
        }

        fn folder(&self) -> PathBuf {
            PathBuf::new()
        }

        fn log(&self, _: Level, _: &str) {}

        fn progress(&self, _: u64, _: Option<u64>, _: &str) {}

        fn is_cancelled(&self) -> bool {
            false
        }

        fn secret(&self, _: &str) -> Result<String, SourceError> {
            Err(SourceError::cancelled())
        }

        fn reject(&self, rejected: &Rejected) {
            self.0.lock().unwrap().push(rejected.clone());
        }

        fn left_out(&self, _: &str, _: u64) {}
    }

    #[test]
    fn records_become_rows_of_the_columns_asked_for() {
        let amount = Field { currency: Some("EUR".to_owned()), ..Field::new("amount", FieldType::Decimal) };
        let fields = [
            Field::new("id", FieldType::Text),
            amount,
            Field::new("n", FieldType::Integer),
            Field::new("at", FieldType::Instant),
        ];
        let asked = [3, 1, 2].map(|index| ColumnRequest { index, kind: Kind::Any });
        let mut rows = Rows::new("deals", &fields, Some(&asked)).unwrap();
        let host = Arc::new(Host::default());
        let task = Task::new(host.clone());
        let first = json!({ "at": "2026-10-31T09:14:35.5Z", "amount": "1000.10", "n": 7 });
        let second = json!({ "at": "soon", "amount": "", "n": null });
        rows.push("512", |field| first.get(&field.name), &task);
        assert_eq!((rows.pending(), rows.finish().unwrap().num_rows(), rows.pending()), (1, 1, 0));
        rows.push("513", |field| second.get(&field.name), &task);
        rows.push("514", |field| first.get(&field.name), &task);
        let batch = rows.finish().unwrap();
        assert_eq!(batch.schema(), *rows.schema());
        assert_eq!(batch.schema().field(1).metadata()[FIELD_CURRENCY], "EUR");
        assert_eq!(batch.column(0).as_primitive::<TimestampMicrosecondType>().iter().collect::<Vec<_>>()[0], None);
        assert_eq!(batch.column(1).as_primitive::<Decimal128Type>().iter().collect::<Vec<_>>(), [None, Some(100_010_000_000)]);
        assert_eq!(batch.column(2).as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [None, Some(7)]);
        let place = |row, record: &str| Rejected {
            row: Some(row),
            file: format!("deals {record}"),
            line: 0,
            column: "at".to_owned(),
            why: "not a time".to_owned(),
            value: "soon".to_owned(),
        };
        assert_eq!(*host.0.lock().unwrap(), [place(1, "513")]);
        assert_eq!(rows.rows(), 3);
    }

    #[test]
    fn rows_without_columns_are_counted() {
        let mut rows = Rows::new("deals", &[], Some(&[])).unwrap();
        let task = Task::new(Arc::new(Host::default()));
        rows.push("1", |_| None, &task);
        rows.push("2", |_| None, &task);
        assert_eq!(rows.finish().unwrap().num_rows(), 2);
    }
}
