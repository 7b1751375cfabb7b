//! Tryton's JSON: decimals, days and moments are objects that name their class.

use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

/// The same value with decimals, days and moments as text: `1000.50`, `2026-10-31`, `2026-10-31T09:14:35.208866`.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::Object(object) => match object.get("__class__").and_then(Value::as_str) {
            Some("Decimal") => object.get("decimal").cloned().unwrap_or_default(),
            Some("date") => day(&object).map_or(Value::Null, Value::String),
            Some("datetime") => moment(&object).map_or(Value::Null, Value::String),
            _ => Value::Object(object.into_iter().map(|(key, value)| (key, plain(value))).collect()),
        },
        Value::Array(values) => Value::Array(values.into_iter().map(plain).collect()),
        value => value,
    }
}

/// A moment in Tryton's JSON.
pub(crate) fn datetime(moment: DateTime) -> Value {
    json!({
        "__class__": "datetime",
        "year": moment.year(),
        "month": moment.month(),
        "day": moment.day(),
        "hour": moment.hour(),
        "minute": moment.minute(),
        "second": moment.second(),
        "microsecond": moment.subsec_nanosecond() / 1000,
    })
}

fn number(object: &Map<String, Value>, part: &str) -> Option<u64> {
    object.get(part)?.as_u64()
}

fn day(object: &Map<String, Value>) -> Option<String> {
    let [year, month, day] = ["year", "month", "day"].map(|part| number(object, part));
    Some(format!("{:04}-{:02}-{:02}", year?, month?, day?))
}

fn moment(object: &Map<String, Value>) -> Option<String> {
    let [hour, minute, second, micro] = ["hour", "minute", "second", "microsecond"].map(|part| number(object, part));
    Some(format!("{}T{:02}:{:02}:{:02}.{:06}", day(object)?, hour?, minute?, second?, micro.unwrap_or(0)))
}

/// The value at a dotted path of a record: Tryton nests what a record points to under its name with a dot, `"party.": {…}`.
pub(crate) fn at<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => record.get(path),
        Some((first, rest)) => at(record.get(format!("{first}."))?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_text_at_any_depth() {
        let decimal = json!({"__class__": "Decimal", "decimal": "1000.50"});
        let date = json!({"__class__": "date", "year": 2026, "month": 3, "day": 9});
        let value = json!({"amount": decimal, "days": [date], "party.": {"email": null, "active": true}});
        let expected = json!({"amount": "1000.50", "days": ["2026-03-09"], "party.": {"email": null, "active": true}});
        assert_eq!(plain(value), expected);
    }

    #[test]
    fn a_moment_comes_back_as_it_was() {
        let wire = json!({
            "__class__": "datetime", "year": 2026, "month": 11, "day": 2,
            "hour": 9, "minute": 5, "second": 0, "microsecond": 20041,
        });
        assert_eq!(plain(wire.clone()), json!("2026-11-02T09:05:00.020041"));
        assert_eq!(datetime("2026-11-02T09:05:00.020041".parse().unwrap()), wire);
    }

    #[test]
    fn paths_follow_nested_records() {
        let record = json!({"sale.": {"currency.": {"code": "EUR"}}, "party.": null});
        assert_eq!(at(&record, "sale.currency.code"), Some(&json!("EUR")));
        assert_eq!(at(&record, "party.email"), None);
    }
}
