//! What a reader of the report should know about the data: rows rejected, rows of no product, sources that end early.
//! These are the problems that `--strict` turns into exit code 3.
//!
//! That a source ends early stands in the report's own notes.

use cvj_core::Report;

/// Whether the data has a problem.
pub(crate) fn has_problems(report: &Report) -> bool {
    report.sources.iter().any(|source| source.ends_early) || !warnings(report).is_empty()
}

/// One sentence per table with rows rejected or of no product, in the report's order.
pub(crate) fn warnings(report: &Report) -> Vec<String> {
    let mut warnings = Vec::new();
    for source in &report.sources {
        for table in &source.tables {
            if table.rows_rejected > 0 {
                let first = table.rejects.first().map_or_else(String::new, |reject| {
                    format!("; the first at {}, column `{}`: {}", reject.place, reject.column, reject.why)
                });
                let name = table_name(&source.name, &table.name);
                warnings.push(format!("{name}: {} of {} rows rejected{first}", table.rows_rejected, table.rows_read));
            }
        }
    }
    let mut rest = report.unassigned.as_slice();
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|row| (&row.source, &row.table) == (&first.source, &first.table)).count();
        let (group, others) = rest.split_at(same);
        rest = others;
        let rows: u64 = group.iter().map(|row| row.rows).sum();
        let most = group.iter().max_by_key(|row| row.rows).map_or_else(String::new, |row| match row.value.as_deref() {
            Some("") => "; most name no product".to_owned(),
            Some(value) => format!("; most often `{value}`"),
            None => String::new(),
        });
        warnings.push(format!("{}: {rows} rows match no product{most}", table_name(&first.source, &first.table)));
    }
    warnings
}

/// A source's only table usually bears the source's name.
fn table_name(source: &str, table: &str) -> String {
    if table.is_empty() || source == table { format!("source `{source}`") } else { format!("table `{source}.{table}`") }
}
