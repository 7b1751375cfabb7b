//! Odd and broken workbooks, each with its outcome: read right, or refused with a reason. A file is one case, made part by part,
//! because no program that is well writes them; nothing here looks inside the crate.
#![expect(clippy::unwrap_used, reason = "a test's set-up fails the test")]

mod broken;
mod cells;
mod foreign;
mod opendocument;
mod package;
mod sheets;

use cvj_plugin_xlsx::XlsxSource;
use cvj_tabular::trial::odd::Odd;

/// A case of one file, `a.xlsx`.
fn odd(name: &'static str, bytes: impl AsRef<[u8]>) -> Odd {
    Odd::new(name, "a.xlsx", bytes)
}

/// Tries all cases and names every one that comes out otherwise.
fn check(cases: &[Odd]) {
    let problems: Vec<_> =
        cases.iter().filter_map(|case| case.problem::<XlsxSource>(tempfile::tempdir().unwrap().path())).collect();
    assert!(problems.is_empty(), "{} of {} cases:\n{}", problems.len(), cases.len(), problems.join("\n"));
}
