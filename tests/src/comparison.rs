//! Compares a JSON document with the part of it that is known.

use serde_json::Value;

/// How far two numbers may lie apart, relative to the larger of 1 and the expected one.
const TOLERANCE: f64 = 1e-9;

/// Where `actual` differs from `expected`, one line each. Keys that `expected` does not have are not looked at; arrays have
/// the same length and order; whole numbers are equal, others equal to 1e-9.
pub fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(expected, actual, "", &mut found);
    found
}

fn compare(expected: &Value, actual: &Value, path: &str, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                compare(value, actual.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"), found);
                if !actual.contains_key(key) {
                    found.push(format!("{path}.{key} is missing"));
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            if expected.len() != actual.len() {
                found.push(format!("{path} has {} elements, expected {}", actual.len(), expected.len()));
            }
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                // A name says more than a number.
                let label = ["name", "stage", "value"].into_iter().find_map(|key| expected.get(key)?.as_str());
                let label = label.map_or_else(|| index.to_string(), str::to_owned);
                compare(expected, actual, &format!("{path}[{label}]"), found);
            }
        }
        (Value::Number(left), Value::Number(right)) => {
            let same = match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => left == right,
                _ => match (left.as_f64(), right.as_f64()) {
                    (Some(left), Some(right)) => (left - right).abs() <= TOLERANCE * left.abs().max(1.0),
                    _ => false,
                },
            };
            if !same {
                found.push(format!("{path} is {right}, expected {left}"));
            }
        }
        _ if expected == actual => {}
        _ => found.push(format!("{path} is {actual}, expected {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_difference_is_found_and_placed() {
        let expected = json!({ "a": [{ "name": "x", "n": 1.0, "m": 2 }], "b": null, "c": [1, 2], "d": "t" });
        let same =
            json!({ "a": [{ "name": "x", "n": 1.000_000_000_000_1, "m": 2, "more": true }], "b": null, "c": [1, 2], "d": "t" });
        assert_eq!(differences(&expected, &same), Vec::<String>::new());
        let other = json!({ "a": [{ "name": "x", "n": 1.1, "m": 3 }], "c": [1], "d": null });
        assert_eq!(
            differences(&expected, &other),
            [
                ".a[x].n is 1.1, expected 1.0",
                ".a[x].m is 3, expected 2",
                ".b is missing",
                ".c has 1 elements, expected 2",
                ".d is null, expected \"t\"",
            ]
        );
    }
}
