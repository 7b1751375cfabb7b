//! The numbers of the panels that name the step to fix first, looked for in the `report.json` that they were drawn from.

use serde_json::Value;

use crate::printed::{Decimal, Printed, printed};

/// The numbers that the panels of a page print and their scopes' steps and gaps do not have; and how many there were to look at.
pub fn unknown_numbers(page: &str, report: &Value, decimal: Decimal) -> (Vec<String>, usize) {
    let products = report["products"].as_array().into_iter().flatten();
    let scopes =
        products.filter_map(|product| Some((product["slug"].as_str()?, product))).chain([("overall", &report["overall"])]);
    let (mut unknown, mut looked_at) = (Vec::new(), 0);
    for (slug, scope) in scopes {
        let Some((_, rest)) = page.split_once(&format!("data-fix=\"{slug}\">")) else {
            unknown.push(format!("no panel for {slug}"));
            continue;
        };
        let mut known = Vec::new();
        numbers_of(&scope["findings"]["gaps"], &mut known);
        numbers_of(&scope["stages"], &mut known);
        let text = plain(rest.split_once("</aside>").map_or(rest, |(panel, _)| panel));
        for printed in told(&text, decimal) {
            looked_at += 1;
            if !known.iter().any(|number| printed.is_size_of(*number)) {
                unknown.push(format!("{slug}: {}", printed.text));
            }
        }
    }
    (unknown, looked_at)
}

/// The numbers of a text that are neither part of a date, nor of a fixed phrase, nor the maturity, whose counts stand beside it.
fn told(text: &str, decimal: Decimal) -> impl Iterator<Item = Printed<'_>> {
    let fixed = |number: &Printed<'_>| match number.text {
        "95" => number.after.replace('\u{a0}', "").starts_with("% interval"),
        "20" => [" of ", " people"].iter().any(|phrase| number.after.starts_with(phrase)),
        _ => false,
    };
    let maturity = |number: &Printed<'_>| number.after.trim_start_matches(['%', '\u{a0}']).starts_with(" matured:");
    printed(text, decimal).into_iter().filter(move |number| !number.is_year() && !fixed(number) && !maturity(number))
}

/// Every number of a JSON document, at any depth; and the counts of its lists, which words may tell.
fn numbers_of(value: &Value, numbers: &mut Vec<f64>) {
    match value {
        Value::Number(number) => numbers.extend(number.as_f64()),
        Value::Array(values) => {
            numbers.push(values.iter().filter(|value| value["outcome"] == "claim").count() as f64);
            for value in values {
                numbers_of(value, numbers);
            }
        }
        Value::Object(values) => values.values().for_each(|value| numbers_of(value, numbers)),
        _ => {}
    }
}

/// The text of a piece of the page, a blank for every tag.
fn plain(html: &str) -> String {
    html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_fixed_phrases_and_maturities_are_not_looked_at() {
        let text = "Of July 2026, 36.1% (56 of 1,155), 95% interval 29.0–43.9%; 20 people; 0% matured: 0 of 148.";
        let texts: Vec<&str> = told(text, Decimal::Point).map(|printed| printed.text).collect();
        assert_eq!(texts, ["36.1", "56", "1,155", "29.0", "43.9", "0", "148"]);
    }

    #[test]
    fn a_number_that_is_not_in_the_report_is_found() {
        let report =
            serde_json::json!({ "overall": { "findings": { "gaps": [{ "rate": 0.3613 }] }, "stages": [] }, "products": [] });
        let panel = |number: &str| format!("<aside class=\"fix\" data-fix=\"overall\"><p>Of July 2026, {number}</p></aside> 77");
        assert_eq!(unknown_numbers(&panel("36.1%"), &report, Decimal::Point), (Vec::new(), 1));
        assert_eq!(unknown_numbers(&panel("36.2%"), &report, Decimal::Point), (vec!["overall: 36.2".to_owned()], 1));
    }
}
