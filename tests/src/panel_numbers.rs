//! The numbers of the panels that name the step to fix first, looked for in the `report.json` that they were drawn from.

use serde_json::Value;

/// The numbers that the panels of a page print and their scopes' steps and gaps do not have; and how many there were to look at.
pub fn unknown_numbers(page: &str, report: &Value) -> (Vec<String>, usize) {
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
        for printed in printed_numbers(&text) {
            looked_at += 1;
            if !known.iter().any(|number| printed.is(*number)) {
                unknown.push(format!("{slug}: {}", printed.text));
            }
        }
    }
    (unknown, looked_at)
}

/// A number as printed: `13,326` or `24.5`, perhaps a percentage or percentage points.
#[derive(Debug)]
struct Printed {
    text: String,
    value: f64,
    decimals: i32,
}

impl Printed {
    /// Whether it is this number of the report, rounded.
    fn is(&self, number: f64) -> bool {
        let half = 0.5 * 0.1_f64.powi(self.decimals) * 1.000_001;
        [number, number * 100.0].into_iter().any(|number| (number.abs() - self.value).abs() <= half)
    }
}

/// The numbers of a text that are neither part of a date, nor of a fixed phrase, nor the maturity, whose counts stand beside it.
fn printed_numbers(text: &str) -> Vec<Printed> {
    let words: Vec<&str> = text.split(|character: char| character.is_whitespace() || "–()→".contains(character)).collect();
    let phrase = |index: usize, texts: [&str; 2]| words[index] == texts[0] && words.get(index + 1) == Some(&texts[1]);
    let numbers = words.iter().enumerate().filter(|(index, word)| {
        let year = *index > 0 && word.len() >= 4 && word.starts_with("20") && words[index - 1].chars().all(char::is_alphabetic);
        let fixed = [["95%", "interval"], ["20", "of"], ["20", "people"]].into_iter().any(|texts| phrase(*index, texts));
        !year && !fixed && words.get(index + 1) != Some(&"matured:")
    });
    let parsed = numbers.filter_map(|(_, word)| {
        let text = word.trim_matches(|character: char| !character.is_ascii_digit()).replace(',', "");
        let value = text.parse().ok()?;
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
        Some(Printed { text: (*word).to_owned(), value, decimals })
    });
    parsed.collect()
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
    fn numbers_are_read_from_sentences() {
        let text =
            "Of July 2026, 36.1% (56 of 1,155), 95% interval 29.0–43.9%; between $1,847 and 24.5 points: 0% matured: 0 of 148.";
        let values: Vec<f64> = printed_numbers(text).iter().map(|printed| printed.value).collect();
        assert_eq!(values, [36.1, 56.0, 1155.0, 29.0, 43.9, 1847.0, 24.5, 0.0, 148.0]);
        assert!(printed_numbers("36.1%")[0].is(0.3613) && !printed_numbers("36.1%")[0].is(0.3627));
    }

    #[test]
    fn a_number_that_is_not_in_the_report_is_found() {
        let report =
            serde_json::json!({ "overall": { "findings": { "gaps": [{ "rate": 0.3613 }] }, "stages": [] }, "products": [] });
        let panel = |number: &str| format!("<aside class=\"fix\" data-fix=\"overall\"><p>Of July 2026, {number}</p></aside> 77");
        assert_eq!(unknown_numbers(&panel("36.1%"), &report), (Vec::new(), 1));
        assert_eq!(unknown_numbers(&panel("36.2%"), &report), (vec!["overall: 36.2%".to_owned()], 1));
    }
}
