//! What is kept, as definitions need it. A source afar gives each column one type; a file's reader settles formats from the
//! evidence of a whole column, here only what says itself what it is reads: plain numbers, ISO dates and times, `true` and `false`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray, TimestampMicrosecondArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, TimeUnit};
use cvj_core::source::Kind;
use cvj_core::{SourceError, Status};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Of numbers that were kept as text: what money is summed in.
const NUMBER: DataType = DataType::Decimal128(30, 8);
const ZONE: &str = "UTC";

/// The column as delivered for a demand; an error where its type contradicts it.
pub(super) fn delivered(field: &Field, kind: Kind) -> Result<Field, SourceError> {
    let own = field.data_type();
    let data_type = match (kind, own) {
        (Kind::Any, _)
        | (Kind::Text, DataType::Utf8)
        | (Kind::Number, DataType::Int64 | DataType::Float64 | DataType::Decimal128(..))
        | (Kind::Time, DataType::Date32 | DataType::Timestamp(..))
        | (Kind::Boolean, DataType::Boolean) => own.clone(),
        (Kind::Text, _) => DataType::Utf8,
        (Kind::Number, DataType::Utf8) => NUMBER,
        (Kind::Time, DataType::Utf8) => DataType::Timestamp(TimeUnit::Microsecond, Some(ZONE.into())),
        (Kind::Boolean, DataType::Utf8) => DataType::Boolean,
        (kind, _) => {
            let message = format!("column `{}` holds {}, and a definition needs {}", field.name(), held(own), needed(kind));
            let hint = "`cvj check` shows the columns and what uses them".to_owned();
            return Err(SourceError::new(Status::InvalidData, message).with_hint(hint));
        }
    };
    // A unit or currency that is said of numbers is none of text.
    Ok(if &data_type == own { field.clone().with_nullable(true) } else { Field::new(field.name(), data_type, true) })
}

fn held(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "truth values",
        DataType::Int64 | DataType::Float64 | DataType::Decimal128(..) => "numbers",
        DataType::Date32 | DataType::Timestamp(..) => "times",
        _ => "text",
    }
}

fn needed(kind: Kind) -> &'static str {
    match kind {
        Kind::Any | Kind::Text => "text",
        Kind::Number => "numbers",
        Kind::Time => "times",
        Kind::Boolean => "truth values",
    }
}

/// What is said of a text that does not read as this type.
pub(super) fn unreadable(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "not true or false",
        DataType::Timestamp(..) => "not a date or time",
        _ => "not a number",
    }
}

/// The values in a type that [`delivered`] gave, with the rows of texts that do not read as it: these are null.
pub(super) fn convert(values: &ArrayRef, to: &DataType, zone: &TimeZone) -> Result<(ArrayRef, Vec<usize>), SourceError> {
    if values.data_type() == to {
        return Ok((values.clone(), Vec::new()));
    }
    let Some(texts) = values.as_string_opt::<i32>() else {
        return Ok((cast(values, to)?, Vec::new()));
    };
    let trimmed: StringArray = texts.iter().map(|text| text.map(str::trim).filter(|text| !text.is_empty())).collect();
    let trimmed: ArrayRef = Arc::new(trimmed);
    let read: ArrayRef = if matches!(to, DataType::Timestamp(..)) {
        let instants: TimestampMicrosecondArray =
            trimmed.as_string::<i32>().iter().map(|text| text.and_then(|text| instant(text, zone))).collect();
        Arc::new(instants.with_timezone(ZONE))
    } else {
        cast(&trimmed, to)?
    };
    let unread = (0..read.len()).filter(|row| read.is_null(*row) && trimmed.is_valid(*row)).collect();
    Ok((read, unread))
}

fn cast(values: &ArrayRef, to: &DataType) -> Result<ArrayRef, SourceError> {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    cast_with_options(values, to, &options).map_err(|error| SourceError::new(Status::Internal, error.to_string()))
}

/// Microseconds since 1970 of an ISO date or time; one without an offset is the client's.
fn instant(text: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_microsecond());
    }
    let local = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Date::into)).ok()?;
    // A local time that a clock change skips moves forward, a repeated one is its first occurrence.
    zone.to_ambiguous_timestamp(local).compatible().ok().map(Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use arrow_array::{Decimal128Array, Int64Array};
    use arrow_cast::display::array_value_to_string;

    use super::*;

    #[track_caller]
    fn check(values: &ArrayRef, kind: Kind, expected: &[&str], unread: &[usize]) {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let field = Field::new("x", values.data_type().clone(), true);
        let to = delivered(&field, kind).unwrap();
        let (read, found) = convert(values, to.data_type(), &zone).unwrap();
        assert_eq!(read.data_type(), to.data_type());
        let shown: Vec<String> = (0..read.len()).map(|row| array_value_to_string(&read, row).unwrap()).collect();
        assert_eq!(shown, expected, "as {kind:?}");
        assert_eq!(found, unread, "unread as {kind:?}");
    }

    fn texts(texts: &[&str]) -> ArrayRef {
        Arc::new(texts.iter().map(|text| (*text != "null").then_some(*text)).collect::<StringArray>())
    }

    #[test]
    fn text_is_read_value_by_value() {
        let numbers = texts(&["12.50", " -3 ", "", "null", "1,234", "n/a", "1e3"]);
        check(&numbers, Kind::Number, &["12.50000000", "-3.00000000", "", "", "", "", ""], &[4, 5, 6]);
        let times = texts(&["2026-10-01T12:00:00Z", "2026-10-01 12:00", "2026-10-01", "2026-11-01T01:30:00", "soon"]);
        let expected = ["2026-10-01T12:00:00Z", "2026-10-01T17:00:00Z", "2026-10-01T05:00:00Z", "2026-11-01T06:30:00Z", ""];
        check(&times, Kind::Time, &expected, &[4]);
        check(&texts(&["true", "False", "maybe"]), Kind::Boolean, &["true", "false", ""], &[2]);
        check(&texts(&["as it is "]), Kind::Text, &["as it is "], &[]);
    }

    #[test]
    fn other_types_become_text_and_nothing_else() {
        check(&(Arc::new(Int64Array::from(vec![Some(7), None])) as ArrayRef), Kind::Text, &["7", ""], &[]);
        let money: ArrayRef = Arc::new(Decimal128Array::from(vec![1250]).with_data_type(DataType::Decimal128(18, 2)));
        check(&money, Kind::Text, &["12.50"], &[]);
        check(&money, Kind::Number, &["12.50"], &[]);
        let error = delivered(&Field::new("amount", DataType::Int64, true), Kind::Time).unwrap_err();
        assert_eq!(error.message, "column `amount` holds numbers, and a definition needs times");
    }
}
