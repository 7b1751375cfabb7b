//! `cvj explain`: where a number comes from.

use std::fmt::Write;
use std::sync::Arc;

use cvj_engine::{Explanation, Part, Question};

use crate::arguments::{ExplainArguments, PluginArguments};
use crate::command::{Done, request};
use crate::failure::Failure;
use crate::grid::{shown, write_grid};
use crate::interrupt;
use crate::progress::Progress;
use crate::terminal::Terminal;

/// The widest a cell is shown; the rest of a longer one is left out.
const CELL_WIDTH: usize = 40;

/// Prints the number and what it is made of.
pub(crate) fn run(arguments: &ExplainArguments, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let progress = Arc::new(Progress::new(Arc::clone(terminal), interrupt::flag(terminal)));
    let request = request(arguments.folder.clone(), arguments.period, Vec::new(), plugins, &arguments.pulls);
    let question = Question { metric: arguments.metric.clone(), product: arguments.product.clone() };
    let explained = cvj_engine::explain(&request, &question, Arc::<Progress>::clone(&progress));
    progress.finish();
    let explanation = explained?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&explanation).map_err(|error| Failure::Fault(error.to_string()))?;
        terminal.data(&json)?;
    } else {
        terminal.data(&as_text(&explanation))?;
    }
    Ok(Done::Clean)
}

// Writing to a String cannot fail: what it returns is passed over below.

fn as_text(explanation: &Explanation) -> String {
    let Explanation { client, currency, period, as_of, product, stage, metric, built_in, parts } = explanation;
    let text = cvj_report::metric_text(metric, currency);
    let mut out = String::new();
    let scope = product.as_deref().unwrap_or("overall");
    let incomplete = if period.complete { "" } else { " (not complete)" };
    let _ = writeln!(out, "{client}: {}, {}, {scope}, {}{incomplete}\n", metric.name, stage.title(), period.label);
    let mut lines: Vec<(&str, String)> = vec![("value", text.actual)];
    lines.extend(text.parts.map(|parts| ("made of", parts)));
    lines.extend(text.interval.map(|interval| ("95% interval", interval)));
    let change = text.change.map(|change| format!(", change {change}")).unwrap_or_default();
    let verdict = text.verdict.map(|verdict| format!(": {verdict}")).unwrap_or_default();
    let previous = text.previous.unwrap_or_else(|| "not known".to_owned());
    lines.push(("period before", format!("{previous}{change}{verdict}")));
    lines.extend(text.target.map(|target| ("target", target)));
    lines.extend(metric.owner.iter().map(|owner| ("owner", owner.clone())));
    lines.extend(built_in.iter().map(|card| ("what it is", card.formula.clone())));
    lines.push(("data until", as_of.clone()));
    write_lines(&mut out, &lines);
    for (number, part) in parts.iter().enumerate() {
        let of = if parts.len() > 1 { format!(" {} of {}", number + 1, parts.len()) } else { String::new() };
        let _ = writeln!(out, "\nDefinition{of}: {} ({})\n", part.definition.name, part.definition.origin);
        write_part(&mut out, part, &period.label);
    }
    out
}

fn write_part(out: &mut String, part: &Part, period: &str) {
    let card = &part.definition;
    let mut lines: Vec<(&str, String)> = vec![("counts", card.formula.clone())];
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
    if let (Some(_), None) | (_, Some(_)) = (part.value, part.per) {
        let per = part.per.map(|per| format!(" ÷ {per}")).unwrap_or_default();
        lines.push(("gives", format!("{}{per}", number(part.value))));
    }
    lines.extend([("at", card.at.clone()), ("product", card.product.clone().unwrap_or_else(|| "none: overall only".to_owned()))]);
    lines.push(("from", format!("{} ({}), table {}", part.source, part.plugin, part.table)));
    if let Some(trail) = &card.trail {
        lines.push(("files", trail.files.join(", ")));
        let rows = format!(
            "{} read, {} used in the report's periods, {} here in {period}, {} rejected",
            trail.rows_read, trail.rows_used, part.rows_used, trail.rows_rejected
        );
        lines.push(("rows", rows));
    }
    for reason in &part.rejected_by_reason {
        let column = if reason.column.is_empty() { String::new() } else { format!("`{}`, ", reason.column) };
        let rows = if reason.rows == 1 { "row" } else { "rows" };
        lines.push(("rejected", format!("{} {rows}: {column}{}", reason.rows, reason.why)));
    }
    write_lines(out, &lines);
    if let Some(view) = &part.view {
        write_block(out, "view", view);
    }
    if let Some(trail) = &card.trail {
        write_block(out, "SQL, over the rows that can be read", &trail.sql);
    }
    if part.sample.is_empty() {
        let _ = writeln!(out, "  no row was used in {period}");
        return;
    }
    let _ = writeln!(out, "  rows used in {period}, {} of {}, persons masked", part.sample.len(), part.rows_used);
    let has_place = part.sample.iter().any(|row| row.place.is_some());
    let mut grid = vec![has_place.then(|| "row".to_owned()).into_iter().chain(part.columns.iter().cloned()).collect()];
    grid.extend(part.sample.iter().map(|row| {
        let place = row.place.iter().cloned();
        place.chain(row.cells.iter().map(|cell| shown(cell, CELL_WIDTH))).collect::<Vec<String>>()
    }));
    write_grid(out, &grid);
}

/// Names and texts, the texts below each other.
fn write_lines(out: &mut String, lines: &[(&str, String)]) {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, text) in lines {
        let _ = writeln!(out, "  {name:width$}  {}", shown(text, usize::MAX));
    }
}

fn write_block(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "  {title}");
    for line in text.lines() {
        let _ = writeln!(out, "      {}", shown(line, usize::MAX));
    }
}
