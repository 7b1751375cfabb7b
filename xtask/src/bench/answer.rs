//! What the contenders answer: people per product × stage, revenue per product × stage × month. Those who do not agree are not
//! worth measuring.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// A number by what it is of: `Service 01/convert/2026-03/revenue`.
pub(super) type Answer = BTreeMap<String, f64>;

/// What cvj answers.
pub(super) fn of_report(path: &Path) -> Result<Answer, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::at(path, &error))?;
    let report: Value = serde_json::from_str(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let mut answer = Answer::new();
    let products = report["products"].as_array().into_iter().flatten();
    for scope in products.chain([&report["overall"]]) {
        let product = scope["name"].as_str().unwrap_or("all");
        for stage in scope["stages"].as_array().into_iter().flatten() {
            let place = format!("{product}/{}", stage["stage"].as_str().unwrap_or_default());
            if let Some(people) = stage["people"]["any"].as_f64() {
                answer.insert(format!("{place}/people"), people);
            }
            let revenue = stage["metrics"].as_array().into_iter().flatten().find(|metric| metric["name"] == "Revenue");
            for point in revenue.and_then(|metric| metric["series"].as_array()).into_iter().flatten() {
                let (Some(month), Some(value)) = (point["period"].as_str(), point["value"].as_f64()) else { continue };
                answer.insert(format!("{place}/{month}/revenue"), value);
            }
        }
    }
    Ok(answer)
}

/// What a script prints: one JSON object of numbers.
pub(super) fn of_script(name: &str, text: &str) -> Result<Answer, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::new(format!("{name} prints no numbers: {error}")))
}

/// Fails where two answers differ. What one does not name is 0 to it: a group without rows.
pub(super) fn agree(one: (&str, &Answer), other: (&str, &Answer)) -> Result<(), Failure> {
    for key in one.1.keys().chain(other.1.keys()) {
        let [left, right] = [one.1, other.1].map(|answer| answer.get(key).copied().unwrap_or(0.0));
        if (left - right).abs() > 1e-9 * left.abs().max(1.0) {
            return Err(Failure::new(format!("{key}: {left} by {}, {right} by {}", one.0, other.0)));
        }
    }
    if one.1.is_empty() { Err(Failure::new(format!("{} answers nothing", one.0))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_differ_or_lack_a_number_do_not_agree() {
        let answer = |pairs: &[(&str, f64)]| -> Answer { pairs.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect() };
        let one = answer(&[("a", 1.0), ("b", 2.5)]);
        let check = |other: &Answer| agree(("one", &one), ("other", other));
        assert!(check(&answer(&[("a", 1.0), ("b", 2.5 + 1e-10)])).is_ok());
        assert!(check(&answer(&[("a", 1.0), ("b", 2.5), ("c", 0.0)])).is_ok());
        assert!(check(&answer(&[("a", 1.0), ("b", 2.6)])).is_err());
        assert!(check(&answer(&[("a", 1.0)])).is_err());
        assert!(check(&answer(&[("a", 1.0), ("b", 2.5), ("c", 0.1)])).is_err());
        assert!(agree(("one", &Answer::new()), ("other", &Answer::new())).is_err());
    }
}
