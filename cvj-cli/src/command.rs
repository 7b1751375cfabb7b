//! The commands: each asks the engine, and says or writes what comes back.

mod auth;
mod cache;
mod check;
mod explain;
mod plugin_list;
mod report;
mod schema;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use cvj_core::Period;
use cvj_engine::Request;
use jiff::Timestamp;

use crate::arguments::{Arguments, CacheCommand, Command, PluginArguments, PluginCommand, PullArguments};
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::vault;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// All is well.
    Clean,
    /// `--strict` found data-quality problems.
    WithProblems,
    /// Of several clients, some have no report; why was told.
    SomeFailed,
}

impl Done {
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Clean => ExitCode::SUCCESS,
            Self::WithProblems => ExitCode::from(3),
            Self::SomeFailed => ExitCode::from(Failure::EXIT_FAILED),
        }
    }
}

/// Does what was asked.
pub(crate) fn run(arguments: Arguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let plugins = &arguments.plugins;
    match arguments.command {
        Command::Report(report) => report::run(&report, plugins, terminal),
        Command::Check(check) => check::run(&check, plugins, terminal),
        Command::Explain(explain) => explain::run(&explain, plugins, terminal),
        Command::Auth { command } => auth::run(&command, plugins, terminal),
        Command::Template(template) => template::run(&template, terminal),
        Command::Schema { subject } => schema::run(&subject, plugins, terminal),
        Command::Cache { command: CacheCommand::List { json } } => cache::list(json, terminal),
        Command::Cache { command: CacheCommand::Clear { client, source } } => {
            cache::clear(client.as_deref(), source.as_deref(), terminal)
        }
        Command::Plugin { command: PluginCommand::List { json } } => plugin_list::run(json, plugins, terminal),
    }
}

/// What the engine is asked for. The clock is read here and nowhere else; a second is as fine as periods ask for.
fn request(
    folder: PathBuf,
    period: Option<Period>,
    products: Vec<String>,
    plugins: &PluginArguments,
    pulls: &PullArguments,
) -> Request {
    let now = Timestamp::now();
    Request {
        folder,
        period,
        products,
        plugin_path: plugins.path.clone(),
        patience: plugins.patience(),
        vaults: vault::all(),
        pulls: pulls.pulls(),
        now: Timestamp::from_second(now.as_second()).unwrap_or(now),
    }
}
