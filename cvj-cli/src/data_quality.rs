//! What a reader of the report should know about the data: rows rejected or missing, rows of no product, sources that end early.
//! These are the problems that `--strict` turns into exit code 3.
//!
//! That a source ends early stands in the report's own notes.

use std::collections::BTreeMap;

use cvj_core::Report;
use cvj_core::report::{Table, Unassigned};

/// Reasons named of a table whose rows are rejected.
const REASONS: usize = 4;

/// Every problem of the data, one sentence each.
pub(crate) fn problems(report: &Report) -> Vec<String> {
    let early = report.sources.iter().filter(|source| source.ends_early);
    let early = early.map(|source| format!("source `{}` ends before the period does", source.name));
    early.chain(warnings(report)).collect()
}

/// One sentence per table with rows rejected, missing or too many, or of no product, in the report's order.
pub(crate) fn warnings(report: &Report) -> Vec<String> {
    let mut warnings = Vec::new();
    for source in &report.sources {
        for table in &source.tables {
            if let Some(expected) = table.contradicted() {
                let name = table_name(&source.name, &table.name);
                warnings.push(format!("{name}: the source says it has {expected} rows, {} were received", table.rows_read));
            }
            if table.rows_rejected > 0 {
                let first = table.rejects.first().map_or_else(String::new, |reject| {
                    format!("; the first at {}, column `{}`: {}", reject.place, reject.column, reject.why)
                });
                let name = table_name(&source.name, &table.name);
                let reasons = reasons(table);
                warnings.push(format!("{name}: {} of {} rows rejected{reasons}{first}", table.rows_rejected, table.rows_read));
            }
        }
    }
    // Listed by rows, most first: the first of a table is its most frequent value.
    let mut unassigned: Vec<(&Unassigned, u64)> = Vec::new();
    for row in &report.unassigned {
        match unassigned.iter_mut().find(|(first, _)| (&first.source, &first.table) == (&row.source, &row.table)) {
            Some((_, rows)) => *rows += row.rows,
            None => unassigned.push((row, row.rows)),
        }
    }
    for (first, rows) in unassigned {
        let most = match first.value.as_deref() {
            Some("") => "; most often no product is named".to_owned(),
            Some(value) => format!("; most often `{value}`"),
            None => String::new(),
        };
        let rows = if rows == 1 { "1 row matches".to_owned() } else { format!("{rows} rows match") };
        warnings.push(format!("{}: {rows} no product{most}", table_name(&first.source, &first.table)));
    }
    warnings
}

/// Why rows were rejected, most frequent first, where there is more than one reason.
fn reasons(table: &Table) -> String {
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for reason in &table.rejected_by_reason {
        // Definitions that reject the same rows for the same reason say the same.
        let most = rows.entry(&reason.why).or_default();
        *most = reason.rows.max(*most);
    }
    let mut rows: Vec<(&str, u64)> = rows.into_iter().filter(|(_, rows)| *rows > 0).collect();
    rows.sort_by_key(|(why, rows)| (std::cmp::Reverse(*rows), *why));
    let listed: Vec<String> = rows.iter().take(REASONS).map(|(why, rows)| format!("{rows}: {why}")).collect();
    if listed.len() > 1 { format!(" ({})", listed.join("; ")) } else { String::new() }
}

/// A source's only table usually bears the source's name.
fn table_name(source: &str, table: &str) -> String {
    if table.is_empty() || source == table { format!("source `{source}`") } else { format!("table `{source}.{table}`") }
}
