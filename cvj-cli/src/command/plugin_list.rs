//! `cvj plugin list`: the plugins found, and those that cannot be loaded.

use std::fmt::Write;
use std::sync::Arc;

use cvj_engine::plugin::{Listed, Search};
use serde_json::{Value, json};

use crate::arguments::PluginArguments;
use crate::command::Done;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Lists them, as text or as JSON.
pub(crate) fn run(as_json: bool, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let search = Search::standard(&plugins.path);
    let listed = search.list();
    if as_json {
        let plugins: Vec<Value> = listed.iter().map(entry).collect();
        let places: Vec<Value> =
            search.places().iter().map(|place| json!({ "path": place.path, "origin": place.origin.to_string() })).collect();
        terminal.data(&format!("{:#}", json!({ "plugins": plugins, "places": places })))?;
    } else if listed.is_empty() {
        terminal.warning("no plugin was found; `--plugin-path` adds a place to look in");
        for place in search.places() {
            terminal.note(&format!("  looked in {} ({})", place.path.display(), place.origin));
        }
    } else {
        terminal.data(&table(&listed))?;
    }
    Ok(Done::Clean)
}

fn entry(listed: &Listed) -> Value {
    let plugin = listed.outcome.as_ref().ok();
    json!({
        "name": listed.name,
        "version": plugin.map(|plugin| plugin.version().to_string()),
        "doc": plugin.map(|plugin| plugin.doc().to_string()),
        "path": listed.path,
        "origin": listed.origin.to_string(),
        "shadowed": listed.shadowed,
        "error": listed.outcome.as_ref().err(),
    })
}

fn table(listed: &[Listed]) -> String {
    let width = listed.iter().map(|listed| listed.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for listed in listed {
        let about = match &listed.outcome {
            Ok(plugin) => format!("{}  {}", plugin.version(), plugin.doc()),
            Err(why) => format!("cannot be loaded: {why}"),
        };
        let shadowed = if listed.shadowed { "; not used, one of this name stands before it" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:width$}  {about}", listed.name);
        let _ = writeln!(text, "{:width$}  {} ({}){shadowed}", "", listed.path.display(), listed.origin);
    }
    text
}
