//! JSON records to typed columns. A value that does not read as its column's type becomes null and is reported, like a cell of
//! a spreadsheet.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use cvj_core::source::{ColumnRequest, FIELD_CURRENCY, FIELD_CURRENCY_COLUMN, Rejected};
use cvj_core::{SourceError, Status, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Text; numbers and truth values are taken as they are written.
    Text,
    /// A whole number (Int64), also as text.
    Integer,
    /// A number (Float64), also as text.
    Number,
    /// A truth value, also as text.
    Boolean,
    /// `2026-10-31` (Date32); a moment is cut to its day in UTC.
    Date,
    /// A moment in UTC (Timestamp(us, UTC)): RFC 3339, `2026-10-31 09:14:35` taken as UTC, or milliseconds since 1970.
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
        FieldType::Boolean => DataType::Boolean,
        FieldType::Date => DataType::Date32,
        FieldType::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// Builds the batches of one partition: the columns asked for, in the order asked for.
pub struct Rows {
    fields: Vec<Field>,
    schema: SchemaRef,
    builders: Vec<Box<dyn ArrayBuilder>>,
    /// Rows in the batch being built.
    pending: usize,
    /// Rows of the partition so far.
    rows: u64,
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
        let builders = fields.iter().map(|field| builder(field.kind)).collect();
        Ok(Self { schema: schema_of(&fields), fields, builders, pending: 0, rows: 0, place: place.into() })
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

    /// Adds a record. `value` gives the value of a column; absent, null and "" are null.
    /// `record` names it in reports of bad values: its id.
    pub fn push<'a>(&mut self, record: &str, value: impl Fn(&Field) -> Option<&'a Value>, task: &Task) {
        for (field, builder) in self.fields.iter().zip(&mut self.builders) {
            let value = value(field).filter(|value| !value.is_null() && value.as_str() != Some(""));
            let fits = append(field.kind, builder.as_mut(), value);
            if let (false, Some(value)) = (fits, value) {
                task.reject(&Rejected {
                    row: Some(self.rows),
                    file: format!("{} {record}", self.place),
                    line: 0,
                    column: field.name.clone(),
                    why: not_a(field.kind).to_owned(),
                    value: value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned),
                });
            }
        }
        self.pending += 1;
        self.rows += 1;
    }

    /// The batch built so far, which may have no rows.
    pub fn finish(&mut self) -> Result<RecordBatch, SourceError> {
        let columns = self.builders.iter_mut().map(|builder| builder.finish()).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.pending)));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|error| SourceError::new(Status::Internal, error.to_string()))
    }
}

fn builder(kind: FieldType) -> Box<dyn ArrayBuilder> {
    match kind {
        FieldType::Text => Box::new(StringBuilder::new()),
        FieldType::Integer => Box::new(Int64Builder::new()),
        FieldType::Number => Box::new(Float64Builder::new()),
        FieldType::Boolean => Box::new(BooleanBuilder::new()),
        FieldType::Date => Box::new(Date32Builder::new()),
        FieldType::Instant => Box::new(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
    }
}

/// Appends a value, or null; says whether the value read as the kind.
fn append(kind: FieldType, builder: &mut dyn ArrayBuilder, value: Option<&Value>) -> bool {
    macro_rules! append {
        ($builder:ty, $read:expr) => {{
            let read = value.and_then($read);
            let fits = value.is_none() || read.is_some();
            if let Some(builder) = builder.as_any_mut().downcast_mut::<$builder>() {
                builder.append_option(read);
            }
            fits
        }};
    }
    match kind {
        FieldType::Text => append!(StringBuilder, text),
        FieldType::Integer => append!(Int64Builder, integer),
        FieldType::Number => append!(Float64Builder, number),
        FieldType::Boolean => append!(BooleanBuilder, boolean),
        FieldType::Date => append!(Date32Builder, date),
        FieldType::Instant => append!(TimestampMicrosecondBuilder, instant),
    }
}

fn text(value: &Value) -> Option<String> {
    Some(value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

fn boolean(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| match value.as_str()?.trim() {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    })
}

fn date(value: &Value) -> Option<i32> {
    const MICROSECONDS: i64 = 86_400_000_000;
    i32::try_from(instant(value)?.div_euclid(MICROSECONDS)).ok()
}

fn instant(value: &Value) -> Option<i64> {
    if let Some(milliseconds) = value.as_i64() {
        return milliseconds.checked_mul(1000);
    }
    let text = value.as_str()?.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_microsecond());
    }
    if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
        return civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|moment| moment.timestamp().as_microsecond());
    }
    text.parse::<i64>().ok()?.checked_mul(1000)
}

fn not_a(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "not text",
        FieldType::Integer => "not a whole number",
        FieldType::Number => "not a number",
        FieldType::Boolean => "not yes or no",
        FieldType::Date => "not a date",
        FieldType::Instant => "not a time",
    }
}
