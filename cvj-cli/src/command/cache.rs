//! `cvj cache`: what was pulled from sources over a network, and is kept.

use std::path::Path;
use std::sync::Arc;

use cvj_engine::{KeptTable, clear_kept, kept_tables};

use crate::command::Done;
use crate::failure::Failure;
use crate::grid::write_grid;
use crate::terminal::Terminal;

/// Prints the tables kept.
pub(crate) fn list(json: bool, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let tables = kept_tables()?;
    if json {
        let text = serde_json::to_string_pretty(&tables).map_err(|error| Failure::Fault(error.to_string()))?;
        terminal.data(&text)?;
    } else if tables.is_empty() {
        terminal.note("nothing is kept");
    } else {
        terminal.data(&as_text(&tables))?;
    }
    Ok(Done::Clean)
}

/// Removes what is kept.
pub(crate) fn clear(client: Option<&Path>, source: Option<&str>, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let sources = match clear_kept(client, source)? {
        0 => "nothing was kept".to_owned(),
        1 => "what was kept of 1 source is removed".to_owned(),
        count => format!("what was kept of {count} sources is removed"),
    };
    terminal.note(&sources);
    Ok(Done::Clean)
}

fn as_text(tables: &[KeptTable]) -> String {
    let mut grid = vec![["client", "source", "table", "rows", "size", "pulled", ""].map(str::to_owned).to_vec()];
    grid.extend(tables.iter().map(|table| {
        let pulled = table.pulled.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string();
        let unfinished = if table.complete { "" } else { "not finished" };
        let size = indicatif::HumanBytes(table.bytes).to_string();
        let texts = [&table.client, &table.source, &table.table].map(Clone::clone);
        texts.into_iter().chain([table.rows.to_string(), size, pulled, unfinished.to_owned()]).collect()
    }));
    let mut text = String::new();
    write_grid(&mut text, &grid);
    text
}
