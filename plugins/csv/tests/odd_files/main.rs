//! Odd and broken files as platforms, spreadsheets and colleagues leave them, each with its outcome: read right, or refused with a
//! reason. A file is one case; nothing here looks inside the crate.
#![expect(clippy::unwrap_used, reason = "a test's set-up fails the test")]

mod archives;
mod dialects;
mod encodings;
mod foreign;
mod layouts;
mod limits;
mod paths;
mod values;

use cvj_plugin_csv::CsvSource;
use cvj_tabular::trial::odd::Odd;

/// A case of one file, `a.csv`.
fn odd(name: &'static str, bytes: impl AsRef<[u8]>) -> Odd {
    Odd::new(name, "a.csv", bytes)
}

/// Tries all cases and names every one that comes out otherwise.
fn check(cases: &[Odd]) {
    let problems: Vec<_> =
        cases.iter().filter_map(|case| case.problem::<CsvSource>(tempfile::tempdir().unwrap().path())).collect();
    assert!(problems.is_empty(), "{} of {} cases:\n{}", problems.len(), cases.len(), problems.join("\n"));
}
