//! `cvj report`: computes a period's report and writes it in the formats asked for; of one client, or of all in a folder.

mod client;
mod clients;
mod pool;
mod portfolio;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use self::client::{PAGE, shown};
use crate::arguments::{PluginArguments, ReportArguments};
use crate::command::{Done, request};
use crate::failure::Failure;
use crate::format::Format;
use crate::terminal::Terminal;
use crate::{data_quality, interrupt};

/// Computes, writes, and says what was written.
pub(crate) fn run(arguments: &ReportArguments, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let formats: BTreeSet<Format> = arguments.formats.iter().copied().collect();
    match &arguments.all {
        Some(folder) => portfolio::run(folder, &formats, arguments, plugins, terminal),
        None => one(&formats, arguments, plugins, terminal),
    }
}

fn one(
    formats: &BTreeSet<Format>,
    arguments: &ReportArguments,
    plugins: &PluginArguments,
    terminal: &Arc<Terminal>,
) -> Result<Done, Failure> {
    if arguments.open && !formats.contains(&Format::Html) {
        return Err(Failure::Usage {
            message: "`--open` shows the page, and `--format` leaves it out".to_owned(),
            hint: "add `html` to `--format`".to_owned(),
        });
    }
    refuse_folder_of_clients(&arguments.folder)?;
    let cancelled = interrupt::flag(terminal);
    let products = arguments.products.clone();
    let request = request(arguments.folder.clone(), arguments.period, products, plugins, &arguments.pulls);
    let made = client::make(&request, formats, arguments.out.as_deref(), terminal, &cancelled)?;

    terminal.data(&made.written())?;
    for note in made.report.notes.iter().chain(&made.brand_notes) {
        terminal.note(&format!("note: {note}"));
    }
    for warning in data_quality::warnings(&made.report) {
        terminal.warning(&warning);
    }
    terminal.note(&made.summary());
    if arguments.open {
        show(&made.target.join(PAGE), terminal);
    }
    let problems = arguments.strict && !data_quality::problems(&made.report).is_empty();
    Ok(if problems { Done::WithProblems } else { Done::Clean })
}

/// Where the clients are one folder below, the run of all is probably meant.
fn refuse_folder_of_clients(folder: &Path) -> Result<(), Failure> {
    let Ok(false) = clients::holds_config(folder) else { return Ok(()) };
    let Ok(found) = clients::find(folder) else { return Ok(()) };
    let Some(client) = found.clients.iter().find(|client| client.fault.is_none()) else { return Ok(()) };
    let (folder, client) = (folder.display(), shown(&client.path));
    Err(Failure::Clients {
        message: format!("there is no cvj.toml in `{folder}`, but there is one in `{}`", client.display()),
        hint: format!(
            "`cvj report {}` makes the report of that client, `cvj report --all {folder}` of all in the folder",
            client.display()
        ),
    })
}

fn show(page: &Path, terminal: &Terminal) {
    if let Err(error) = open::that_detached(page) {
        terminal.warning(&format!("`{}` cannot be shown ({error}); open it yourself", shown(page).display()));
    }
}
