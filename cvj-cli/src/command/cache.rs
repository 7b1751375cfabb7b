//! `cvj cache`: what was pulled from sources over a network, and is kept.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cvj_core::nearest::nearest;
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
        0 if client.is_some() || source.is_some() => return Err(nothing_of(client, source)?),
        0 => "nothing was kept".to_owned(),
        1 => "what was kept of 1 source is removed".to_owned(),
        count => format!("what was kept of {count} sources is removed"),
    };
    terminal.note(&sources);
    Ok(Done::Clean)
}

/// What was named is not there: a slip of the pen must not look like a removal.
fn nothing_of(client: Option<&Path>, source: Option<&str>) -> Result<Failure, Failure> {
    let tables = kept_tables()?;
    let sources: BTreeSet<&str> = tables.iter().map(|table| table.source.as_str()).collect();
    let clients: BTreeSet<&str> = tables.iter().map(|table| table.client.as_str()).collect();
    let named = source.map(|source| format!("of source `{source}`"));
    let of_client = client.map(|client| format!("of the client in `{}`", client.display()));
    let message = format!("nothing is kept {}", named.into_iter().chain(of_client).collect::<Vec<_>>().join(" "));
    let hint = match source.and_then(|source| nearest(source, sources.iter().copied())) {
        Some(near) if !sources.contains(source.unwrap_or_default()) => format!("did you mean `{near}`?"),
        _ if clients.is_empty() => "nothing is kept of any client".to_owned(),
        _ => format!("`cvj cache list` shows what is kept: of {}", clients.into_iter().collect::<Vec<_>>().join(", ")),
    };
    Ok(Failure::Usage { message, hint })
}

fn as_text(tables: &[KeptTable]) -> String {
    let mut grid = vec![["client", "source", "table", "rows", "size", "pulled", ""].map(str::to_owned).to_vec()];
    grid.extend(tables.iter().map(|table| {
        let pulled = table.pulled.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M %Z").to_string();
        let unfinished = if table.complete { "" } else { "not finished" };
        let size = indicatif::HumanBytes(table.bytes).to_string();
        let texts = [&table.client, &table.source, &table.table].map(Clone::clone);
        texts.into_iter().chain([table.rows.to_string(), size, pulled, unfinished.to_owned()]).collect()
    }));
    let mut text = String::new();
    write_grid(&mut text, &grid);
    text
}
