//! `cvj check`: everything but the report. What each source holds, how its columns were read, and what is wrong.

use std::fmt::Write;
use std::sync::Arc;

use cvj_engine::{CheckedColumn, CheckedTable, Checkup, EngineError, FoundSecret};
use serde_json::{Value, json};

use crate::arguments::{CheckArguments, PluginArguments};
use crate::command::{Done, request};
use crate::failure::Failure;
use crate::grid::{shown, write_grid};
use crate::interrupt;
use crate::progress::Progress;
use crate::terminal::Terminal;

/// The widest an example is shown; the rest of a longer one is left out.
const EXAMPLE_WIDTH: usize = 32;
/// Files named one by one; of more, the first and the last.
const FILES_NAMED: usize = 3;

/// Prints what was found to stdout and the problems to stderr; fails if there is a problem.
pub(crate) fn run(arguments: &CheckArguments, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let progress = Arc::new(Progress::new(Arc::clone(terminal), interrupt::flag(terminal)));
    let request = request(arguments.folder.clone(), None, Vec::new(), plugins, &arguments.pulls);
    let checked = cvj_engine::check(&request, Arc::<Progress>::clone(&progress));
    progress.finish();
    let checkup = checked?;
    if arguments.json {
        terminal.data(&format!("{:#}", as_json(&checkup)))?;
    } else {
        terminal.data(&as_text(&checkup))?;
    }
    let problems = checkup.problems.len();
    for problem in checkup.problems {
        terminal.failure(&Failure::Engine(problem));
    }
    if problems == 0 { Ok(Done::Clean) } else { Err(Failure::Problems(problems)) }
}

fn as_json(checkup: &Checkup) -> Value {
    let column = |column: &CheckedColumn| {
        json!({
            "name": column.name, "header": column.header, "type": column.kind, "format": column.format, "used_by": column.used_by,
        })
    };
    let table = |table: &CheckedTable| {
        json!({
            "name": table.name,
            "files": table.files,
            "read_as": table.format,
            "rows": table.rows,
            "not_pulled": table.not_pulled,
            "rows_expected": table.rows_expected,
            "rows_rejected": table.rows_rejected,
            "rejected_by_reason": table.rejected_by_reason,
            "rows_left_out": table.left_out,
            "columns": table.columns.iter().map(column).collect::<Vec<_>>(),
            "samples": table.samples,
        })
    };
    let sources: Vec<Value> = checkup
        .sources
        .iter()
        .map(|source| {
            let tables: Vec<Value> = source.tables.iter().map(table).collect();
            let secret = |secret: &FoundSecret| json!({ "name": secret.name, "from": secret.place });
            let secrets: Vec<Value> = source.secrets.iter().map(secret).collect();
            json!({
                "name": source.name, "plugin": source.plugin, "opened": source.opened, "secrets": secrets, "tables": tables,
            })
        })
        .collect();
    json!({
        "client": checkup.client,
        "definitions": checkup.definitions,
        "sources": sources,
        "problems": checkup.problems.iter().map(problem_as_json).collect::<Vec<_>>(),
    })
}

fn problem_as_json(problem: &EngineError) -> Value {
    let (file, line) = match problem {
        EngineError::Config(diagnostic) => {
            let before = diagnostic.span.as_ref().and_then(|span| diagnostic.text.get(..span.start));
            (Some(diagnostic.file.as_str()), before.map(|before| before.matches('\n').count() + 1))
        }
        _ => (None, None),
    };
    json!({ "message": problem.to_string(), "hint": problem.hint(), "file": file, "line": line })
}

fn as_text(checkup: &Checkup) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}: {} sources, {} definitions", checkup.client, checkup.sources.len(), checkup.definitions);
    for source in &checkup.sources {
        let opened = if source.opened { "" } else { ": could not be opened" };
        let _ = writeln!(text, "\n{} ({}){opened}", source.name, source.plugin);
        for FoundSecret { name, place } in &source.secrets {
            let _ = writeln!(text, "  secret `{name}` from {place}");
        }
        for table in &source.tables {
            // Without definitions in force there was a problem, and no table was read.
            write_table(&mut text, table, checkup.definitions > 0);
        }
    }
    text
}

fn write_table(text: &mut String, table: &CheckedTable, was_read: bool) {
    let files = match table.files.as_slice() {
        [] => String::new(),
        [first, .., last] if table.files.len() > FILES_NAMED => {
            format!(" from {} files, {first} to {last}", table.files.len())
        }
        files => format!(" from {}", files.join(", ")),
    };
    let mut rows = match table.rows {
        Some(rows) => match table.rows_expected.filter(|expected| *expected != rows) {
            Some(expected) => format!("{rows} rows{files}; the source says it has {expected}"),
            None => format!("{rows} rows{files}"),
        },
        None if table.not_pulled => {
            let expected = table.rows_expected.map(|rows| format!("; the source says it has {rows} rows"));
            format!("not pulled: `cvj report` pulls it{}", expected.unwrap_or_default())
        }
        None if table.columns.iter().any(|column| !column.used_by.is_empty()) => format!("read by views{files}"),
        None if was_read => format!("used by no definition{files}"),
        None => format!("not read{files}"),
    };
    if table.rows_rejected > 0 {
        let _ = write!(rows, "; {} rejected", table.rows_rejected);
    }
    for left_out in &table.left_out {
        let _ = write!(rows, "; {} left out: {}", left_out.rows, left_out.why);
    }
    let _ = writeln!(text, "  {}: {rows}", table.name);
    for reason in &table.rejected_by_reason {
        let _ =
            writeln!(text, "    rejected by {}: `{}`, {} ({} rows)", reason.definition, reason.column, reason.why, reason.rows);
    }

    for line in &table.format {
        let _ = writeln!(text, "    read as {}", shown(line, usize::MAX));
    }
    let mut columns = vec![["column", "header", "type", "first value", "used by", "format"].map(str::to_owned).to_vec()];
    columns.extend(table.columns.iter().enumerate().map(|(index, column)| {
        let mut values = table.samples.iter().filter_map(|row| row.get(index));
        let example = values.find(|value| !value.is_empty()).map(|value| shown(value, EXAMPLE_WIDTH)).unwrap_or_default();
        let format = column.format.clone().unwrap_or_default();
        vec![column.name.clone(), column.header.clone(), column.kind.clone(), example, column.used_by.join(", "), format]
    }));
    write_grid(text, &columns);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_tells_its_line() {
        let diagnostic = cvj_engine::Diagnostic {
            message: "unknown key".to_owned(),
            hint: None,
            file: "cvj.toml".to_owned(),
            text: "[client]\nname = \"X\"\nnmae = 1\n".to_owned(),
            span: Some(20..24),
            label: None,
        };
        let problem = problem_as_json(&diagnostic.into());
        assert_eq!((problem["file"].as_str(), problem["line"].as_u64()), (Some("cvj.toml"), Some(3)));
    }
}
