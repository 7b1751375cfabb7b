//! `cvj schema`: the JSON Schemas of `cvj.toml`, `report.json`, `portfolio.json` and of the plugins' keys.

use std::sync::Arc;

use cvj_core::nearest::nearest;
use cvj_engine::config;
use cvj_engine::plugin::{Listed, Plugin, Search};
use serde_json::Value;

use crate::arguments::{PluginArguments, SchemaSubject};
use crate::command::Done;
use crate::failure::{Failure, MORE_PLUGINS};
use crate::terminal::Terminal;

/// Prints the schema asked for.
pub(crate) fn run(subject: &SchemaSubject, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let text = match subject {
        SchemaSubject::Config => pretty(&config::json_schema()),
        SchemaSubject::Report => cvj_report::json_schema(),
        SchemaSubject::Portfolio => cvj_report::portfolio_json_schema(),
        SchemaSubject::Plugin { name } => pretty(&plugin_schema(name.as_deref(), plugins)?),
    };
    terminal.data(&text)?;
    Ok(Done::Clean)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

/// The schema of one plugin's keys, or an object of all plugins' schemas by name.
fn plugin_schema(name: Option<&str>, plugins: &PluginArguments) -> Result<Value, Failure> {
    let listed: Vec<Listed> = Search::standard(&plugins.path).list().into_iter().filter(|listed| !listed.shadowed).collect();
    let Some(name) = name else {
        let loadable = listed.iter().filter_map(|listed| Some((listed, listed.outcome.as_ref().ok()?)));
        return loadable.map(|(listed, plugin)| Ok((listed.name.clone(), schema_of(&listed.name, plugin)?))).collect();
    };
    match listed.iter().find(|listed| listed.name == name) {
        Some(Listed { outcome: Ok(plugin), .. }) => schema_of(name, plugin),
        Some(Listed { outcome: Err(why), path, .. }) => {
            let why = format!("`{}`: {why}", path.display());
            Err(Failure::Plugin { name: name.to_owned(), why, hint: None })
        }
        None => {
            let names = listed.iter().map(|listed| listed.name.as_str());
            let hint = match nearest(name, names) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => MORE_PLUGINS.to_owned(),
            };
            Err(Failure::Plugin { name: name.to_owned(), why: "not found".to_owned(), hint: Some(hint) })
        }
    }
}

fn schema_of(name: &str, plugin: &Plugin) -> Result<Value, Failure> {
    let failed = |error: cvj_core::SourceError| Failure::Plugin { name: name.to_owned(), why: error.message, hint: error.hint };
    plugin.config_schema().map_err(failed)
}
