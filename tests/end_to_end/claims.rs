//! The rendered page claims nothing that its `report.json` does not carry.

use cvj_tests::{Client, repository, unfounded};
use serde_json::Value;

#[test]
fn the_page_of_the_sample_claims_what_its_report_says() {
    let client = Client::copy_of(&repository().join("examples/northwind"));
    client.cvj_report(&["--format", "html,json"]).expect_status(0);
    let folder = std::fs::read_dir(client.path().join("reports")).unwrap().next().unwrap().unwrap();
    let label = folder.file_name().to_str().unwrap().to_owned();
    let (page, report) = (client.read(&format!("reports/{label}/report.html")), client.report_json(&label));

    let (found, looked_at) = unfounded(&page, &report);
    assert!(looked_at > 20, "the page claims {looked_at} things: does the test still find them?");
    assert!(found.is_empty(), "{} of {looked_at} claims, the first:\n{}", found.len(), found[..found.len().min(20)].join("\n"));

    let mut known = Vec::new();
    for part in [&report["overall"]["findings"]["gaps"], &report["overall"]["stages"]] {
        numbers_of(part, &mut known);
    }
    let panel = page.split_once("<section id=\"fix-first\">").unwrap().1.split_once("</section>").unwrap().0;
    let printed = printed_numbers(&plain(panel));
    let unknown: Vec<&Printed> = printed.iter().filter(|printed| !known.iter().any(|number| printed.is(*number))).collect();
    assert!(unknown.is_empty(), "numbers of the panel that are not in the report: {unknown:?}");
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
        let fixed = phrase(*index, ["95", "%"]) || phrase(*index, ["20", "of"]);
        !year && !fixed && words.get(index + 1) != Some(&"matured:")
    });
    let parsed = numbers.filter_map(|(_, word)| {
        let text = word.trim_matches(|character: char| !character.is_ascii_digit()).replace(',', "");
        let value = text.parse().ok()?;
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| i32::try_from(decimals.len()).unwrap());
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
            values.iter().for_each(|value| numbers_of(value, numbers));
        }
        Value::Object(values) => values.values().for_each(|value| numbers_of(value, numbers)),
        _ => {}
    }
}

/// The text of a piece of the page, a blank for every tag.
fn plain(html: &str) -> String {
    html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<Vec<_>>().join(" ")
}

#[test]
fn numbers_are_read_from_sentences() {
    let text =
        "Of July 2026, 36.1% (56 of 1,155), 95 % interval 29.0–43.9%; between $1,847 and 24.5 points: 0% matured: 0 of 148.";
    let values: Vec<f64> = printed_numbers(text).iter().map(|printed| printed.value).collect();
    assert_eq!(values, [36.1, 56.0, 1155.0, 29.0, 43.9, 1847.0, 24.5, 0.0, 148.0]);
    assert!(printed_numbers("36.1%")[0].is(0.3613) && !printed_numbers("36.1%")[0].is(0.3627));
}
