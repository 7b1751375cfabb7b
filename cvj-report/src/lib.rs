//! Draws a [`Report`]: the worksheet (xlsx), one HTML page, charts (SVG, PNG) and JSON; and the index of a [`Portfolio`] of them.
//!
//! Everything returns bytes or text, and the same report always gives the same bytes: no clock, no random number, no unordered map.
//!
//! **Invariant:** no business number is computed here. What is not in the report is not shown; `null` is "not known", never 0.
//! Nothing here knows a query engine, a plugin, the network or a file.

mod calendar;
mod chart;
mod colour;
mod commentary;
mod direction;
mod error;
mod figure;
mod font;
mod glossary;
mod html;
mod locale;
mod logo;
mod look;
mod metric_text;
mod number;
mod palette;
mod portfolio;
mod scorecard;
mod summary;
mod verdict;
mod words;
mod worksheet;

#[cfg(test)]
mod fixture;

use cvj_core::Report;

pub use chart::{Chart, charts, pngs};
pub use error::RenderError;
pub use html::{html, portfolio_html, template_names};
pub use locale::Locale;
pub use logo::{LARGEST_LOGO, Logo, LogoError};
pub use look::{Accent, Look, Template};
pub use metric_text::{MetricText, metric_text};
pub use portfolio::{
    Change, ClientEntry, Digest, EarlierReport, Files, FixFirst, Move, Outcome, Place, Portfolio, Standing, Target, Trouble,
};
pub use worksheet::{activity_states, empty_worksheet, overall_worksheet, worksheet};

/// The report as pretty JSON with a newline at its end: the contents of `report.json`.
pub fn json(report: &Report) -> String {
    pretty(report)
}

/// The JSON Schema of `report.json`.
pub fn json_schema() -> String {
    pretty(&schemars::schema_for!(Report))
}

/// The contents of `portfolio.json`.
pub fn portfolio_json(portfolio: &Portfolio) -> String {
    pretty(portfolio)
}

/// The JSON Schema of `portfolio.json`.
pub fn portfolio_json_schema() -> String {
    pretty(&schemars::schema_for!(Portfolio))
}

#[expect(clippy::expect_used, reason = "plain structs with text keys always serialise, and writing to memory does not fail")]
fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a report serialises");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_reads_back_to_the_same_report() {
        let report = fixture::report();
        let text = json(&report);
        assert!(text.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }

    #[test]
    fn the_schema_names_every_top_level_key_of_the_json() {
        let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
        let report: serde_json::Value = serde_json::from_str(&json(&fixture::report())).unwrap();
        for key in report.as_object().unwrap().keys() {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
    }
}
