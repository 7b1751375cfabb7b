//! `cvj report --all`: the report of every client in a folder, beside each other, and an index of them.
//!
//! **Invariant:** a client that fails stops no other, and nothing of one client is in another's folder.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use cvj_engine::config::Config;
use cvj_engine::{EngineError, Request, SecretKey};
use cvj_report::{ClientEntry, Digest, EarlierReport, Files, Outcome, Portfolio, Standing, Trouble};

use super::client::{self, Made, PAGE, WORKSHEET, shown};
use super::clients::{self, ClientFolder, Fault, Found};
use super::pool;
use crate::arguments::{PluginArguments, ReportArguments};
use crate::command::{Done, request};
use crate::failure::Failure;
use crate::format::Format;
use crate::output_folder::{self, Asked, INDEX, Kind, NewFile, OutputError};
use crate::progress::ClientBar;
use crate::terminal::{Mood, Terminal};
use crate::{data_quality, earlier_report, grid, interrupt};

const PAGE_OF_ALL: &str = "index.html";

/// Most clients at a time where `--jobs` does not say how many. One run keeps all processors busy while it reads, but not while it
/// plans, writes or waits for a network: a few fill these gaps. Each may need hundreds of megabytes, so that more would sooner cost
/// a machine its memory than save time.
const MOST_AT_A_TIME: usize = 4;

/// Runs every client, writes the index, and says how each run ended.
pub(super) fn run(
    folder: &Path,
    formats: &BTreeSet<Format>,
    arguments: &ReportArguments,
    plugins: &PluginArguments,
    terminal: &Arc<Terminal>,
) -> Result<Done, Failure> {
    let target = arguments.out.clone().unwrap_or_else(|| folder.join("portfolio"));
    let Found { clients, without_config, again } = clients::find(folder)?;
    let place = clients::resolved(&target);
    refuse_clients_own(&target, &place, &clients)?;
    output_folder::refuse_foreign(&target, Kind::Portfolio)?;
    for (names, what) in [(without_config, "no cvj.toml in"), (again, "a link to a client that is there already")] {
        let names: Vec<String> = names.iter().map(|name| format!("`{}`", grid::shown(name, 60))).collect();
        if !names.is_empty() {
            terminal.note(&format!("note: {what}: {}", names.join(", ")));
        }
    }
    for warning in shared_secrets(&clients, |name| std::env::var_os(name).is_some()) {
        terminal.warning(&warning);
    }

    let cancelled = interrupt::flag(terminal);
    let jobs = arguments.jobs.unwrap_or_else(|| {
        let processors = available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        processors.min(NonZero::new(MOST_AT_A_TIME).unwrap_or(processors))
    });
    // One clock for all: what is fresh for one is fresh for another.
    let request = request(PathBuf::new(), arguments.period, Vec::new(), plugins, &arguments.pulls);
    let run = Run { request, formats, place, bar: ClientBar::new(terminal, clients.len()), terminal, cancelled };
    let ended = pool::each(&clients, jobs, |client| run.client(client))?;
    let entries: Vec<ClientEntry> =
        clients.iter().zip(ended).map(|(client, ended)| ended.unwrap_or_else(|| run.panicked(client))).collect();
    let Run { place, cancelled, bar, .. } = run;
    bar.finish();

    let portfolio = Portfolio::new(entries);
    let with = |standing: Standing| portfolio.clients().iter().filter(|client| client.standing() == standing).count();
    if cancelled.load(Ordering::Relaxed) {
        return Err(Failure::Stopped { written: clients.len() - with(Standing::Failed), of: clients.len() });
    }
    let files = [
        (PAGE_OF_ALL, Format::Html, cvj_report::portfolio_html(&portfolio)?),
        (INDEX, Format::Json, cvj_report::portfolio_json(&portfolio)),
    ];
    let files = files.map(|(path, format, text)| NewFile { path: path.to_owned(), format, bytes: text.into_bytes() });
    let both = BTreeSet::from([Format::Html, Format::Json]);
    let asked = Asked { kind: Kind::Portfolio, formats: &both, some_products: false };
    output_folder::write(&place, &asked, &files, || cancelled.load(Ordering::Relaxed))?;

    let written: Vec<String> = files.iter().map(|file| shown(&target.join(&file.path)).display().to_string()).collect();
    terminal.data(&written.join("\n"))?;
    terminal.note(&format!("{}; the index is {}", portfolio.headline(), written[0]));
    if arguments.open {
        super::show(&target.join(PAGE_OF_ALL), terminal);
    }
    Ok(match (with(Standing::Failed), with(Standing::Problems)) {
        (0, 0) => Done::Clean,
        (0, _) if arguments.strict => Done::WithProblems,
        (0, _) => Done::Clean,
        _ => Done::SomeFailed,
    })
}

/// What the runs of all clients share.
struct Run<'a> {
    /// Without its folder.
    request: Request,
    formats: &'a BTreeSet<Format>,
    /// Where the index goes, links resolved.
    place: PathBuf,
    bar: ClientBar,
    terminal: &'a Arc<Terminal>,
    cancelled: Arc<AtomicBool>,
}

impl Run<'_> {
    /// Runs one client, and says how it ended with all that it had to say. One that was not begun is passed over in silence.
    fn client(&self, client: &ClientFolder) -> ClientEntry {
        if self.cancelled.load(Ordering::Relaxed) {
            return self.failed(client, &EngineError::Cancelled.into());
        }
        let own = Arc::new(self.terminal.keeping());
        let request = Request { folder: client.path.clone(), ..self.request.clone() };
        let made = match &client.fault {
            Some(Fault { message, hint }) => Err(Failure::Clients { message: message.clone(), hint: hint.clone() }),
            None => self.bar.during(&client.name, || client::make(&request, self.formats, None, &own, &self.cancelled)),
        };
        let mut stopped = false;
        let (entry, line) = match made {
            Ok(made) => {
                for note in made.report.notes.iter().chain(&made.brand_notes) {
                    own.note(&format!("note: {note}"));
                }
                let problems = data_quality::problems(&made.report);
                // In full they stand in the index.
                for problem in &problems {
                    own.note(&format!("data problem: {problem}"));
                }
                let count = match problems.len() {
                    0 => String::new(),
                    1 => "; 1 data problem".to_owned(),
                    count => format!("; {count} data problems"),
                };
                let line = format!("{}{count}", made.summary());
                (self.entry(client, made, problems), line)
            }
            Err(failure) => {
                use Failure::{Engine, Output};
                stopped = matches!(&failure, Engine(EngineError::Cancelled) | Output(OutputError::Cancelled));
                let failure = of_one_client(failure, client);
                own.failure(&failure);
                (self.failed(client, &failure), shown(&client.path).display().to_string())
            }
        };
        let (word, mood) = match entry.standing() {
            Standing::Failed if stopped => ("stopped", Mood::Warning),
            Standing::Failed => ("failed", Mood::Error),
            Standing::Problems => ("problems", Mood::Warning),
            Standing::Report => ("report", Mood::Good),
        };
        self.terminal.ended(word, mood, &grid::shown(&line, usize::MAX), &own);
        entry
    }

    fn entry(&self, client: &ClientFolder, made: Made, problems: Vec<String>) -> ClientEntry {
        let reports = clients::resolved(&made.target);
        let link = |file: &String| relative(&self.place, &reports.join(file));
        let files = Files {
            page: made.files.iter().find(|file| *file == PAGE).and_then(link),
            worksheets: made.files.iter().filter(|file| file.ends_with(WORKSHEET)).filter_map(link).collect(),
        };
        let digest = Digest::new(&made.report, &made.look, problems, files);
        ClientEntry { folder: client.name.clone(), name: Some(made.report.client), outcome: Outcome::Report(Box::new(digest)) }
    }

    /// A client without a report. Its name is told where its configuration tells it.
    fn failed(&self, client: &ClientFolder, failure: &Failure) -> ClientEntry {
        // The index says the same wherever the folder of clients lies.
        let at_home = |text: &str| {
            let homes = [&client.place, &client.path].map(|path| path.display().to_string());
            let text = homes
                .iter()
                .fold(text.to_owned(), |text, home| text.replace(&format!("{home}{}", std::path::MAIN_SEPARATOR), ""));
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        // What lies in the reports folder of a client with a fault may be another's.
        let newest = client.fault.is_none().then(|| earlier_report::newest_file(&client.path.join("reports"), PAGE)).flatten();
        let earlier = newest.and_then(|(period, page)| {
            let page = relative(&self.place, &clients::resolved(&page))?;
            Some(EarlierReport { period: period.label(), page })
        });
        let trouble = Trouble { error: at_home(&failure.sentence()), hint: failure.hint().as_deref().map(at_home), earlier };
        let name = Config::read(&client.path).ok().map(|config| config.client.name);
        ClientEntry { folder: client.name.clone(), name, outcome: Outcome::Failed(trouble) }
    }

    /// A client whose run ended in a fault of ours, which is said as any other end.
    fn panicked(&self, client: &ClientFolder) -> ClientEntry {
        let failure = Failure::Fault("the run of this client stopped half-way".to_owned());
        let own = self.terminal.keeping();
        own.failure(&failure);
        let line = grid::shown(&shown(&client.path).display().to_string(), usize::MAX);
        self.terminal.ended("failed", Mood::Error, &line, &own);
        self.failed(client, &failure)
    }
}

/// With `--all`, `--out` is not of the client: a hint that names it says whose it is.
fn of_one_client(failure: Failure, client: &ClientFolder) -> Failure {
    match failure.hint().filter(|hint| hint.contains("`--out`")) {
        Some(hint) => Failure::Clients {
            message: failure.to_string(),
            hint: format!("{hint}; that is `--out` of this client alone: `cvj report {} --out`", shown(&client.path).display()),
        },
        None => failure,
    }
}

/// The index names all clients, so that it belongs into no client's folder.
fn refuse_clients_own(target: &Path, place: &Path, clients: &[ClientFolder]) -> Result<(), Failure> {
    let own = |client: &&ClientFolder| client.reports.iter().chain([&client.place]).any(|own| place.starts_with(own));
    match clients.iter().find(own) {
        None => Ok(()),
        Some(client) => Err(Failure::Usage {
            message: format!(
                "the index would be written to `{}`, which lies in the folder of the client `{}`, and it names the others",
                shown(target).display(),
                grid::shown(&client.name, usize::MAX),
            ),
            hint: "name a folder outside the clients' folders with `--out`".to_owned(),
        }),
    }
}

/// What to say of secrets in the environment that several clients would take: there they are told apart by their names alone.
fn shared_secrets(clients: &[ClientFolder], is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut takers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for client in clients.iter().filter(|client| client.fault.is_none()) {
        // What is wrong with a configuration is said by the client's run.
        let Ok(config) = Config::read(&client.path) else { continue };
        let keys = config.sources.iter().filter_map(|source| SecretKey::all_of(&config, &source.name).ok());
        for SecretKey { name, .. } in keys.flatten() {
            takers.entry(name).or_default().insert(&client.name);
        }
    }
    let shared = takers.into_iter().filter(|(name, clients)| clients.len() > 1 && is_there(name));
    let said = shared.map(|(name, clients)| {
        let clients: Vec<String> = clients.into_iter().map(|client| format!("`{}`", grid::shown(client, 60))).collect();
        format!(
            "the secret `{name}` in the environment goes to {} clients, so that they may all report one account: {}; \
             give the secret another name in each cvj.toml, or keep it in the keyring with `cvj auth set`",
            clients.len(),
            clients.join(", "),
        )
    });
    said.collect()
}

/// The way from a folder to a file, its parts separated by `/`; none where there is none, as between two drives.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let same = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
    if same == 0 {
        return None;
    }
    let up = from[same..].iter().map(|_| "..".to_owned());
    let down = to[same..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{OutputArguments, PullArguments};

    #[test]
    fn the_way_to_a_file_goes_up_and_down() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(way("/clients/portfolio", "/clients/a b/r.html").as_deref(), Some("../a b/r.html"));
        assert_eq!(way("/clients", "/clients/a/r.html").as_deref(), Some("a/r.html"));
        assert_eq!(way("/x/y", "/clients/a").as_deref(), Some("../../clients/a"));
        assert_eq!(way("x", "/clients/a"), None);
    }

    fn clients_with(configs: &[(&str, &str)]) -> (tempfile::TempDir, Vec<ClientFolder>) {
        let folder = tempfile::tempdir().unwrap();
        for (client, config) in configs {
            std::fs::create_dir(folder.path().join(client)).unwrap();
            std::fs::write(folder.path().join(client).join("cvj.toml"), config).unwrap();
        }
        let clients = clients::find(folder.path()).unwrap().clients;
        (folder, clients)
    }

    #[test]
    fn secrets_of_the_environment_that_several_clients_take_are_told() {
        let config = |secret: &str| {
            format!(
                "[client]\nname = \"N\"\ncurrency = \"USD\"\ntimezone = \"UTC\"\n\
                 [source.crm]\nplugin = \"hubspot\"\ntoken = {{ secret = \"{secret}\" }}\n"
            )
        };
        let (one, own) = (config("TOKEN"), config("TOKEN_C"));
        let (_folder, clients) = clients_with(&[("a", &one), ("b", &one), ("c", &own), ("d", "broken")]);
        let told = shared_secrets(&clients, |_| true);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("`TOKEN` in the environment goes to 2 clients") && told[0].contains(": `a`, `b`;"), "{told:?}");
        assert!(shared_secrets(&clients, |name| name == "TOKEN_C").is_empty());
    }

    #[test]
    fn a_run_that_panics_is_told_as_any_other_failure() {
        let (_folder, clients) = clients_with(&[("a", "")]);
        let output = OutputArguments { quiet: false, verbose: 0 };
        let terminal = Arc::new(Terminal::new(&output).keeping());
        let run = Run {
            request: request(
                PathBuf::new(),
                None,
                Vec::new(),
                &PluginArguments { path: Vec::new(), timeout: 1 },
                &PullArguments::default(),
            ),
            formats: &BTreeSet::new(),
            place: PathBuf::new(),
            bar: ClientBar::new(&terminal, 1),
            terminal: &terminal,
            cancelled: Arc::default(),
        };
        let entry = run.panicked(&clients[0]);
        assert_eq!(entry.standing(), Standing::Failed);
        let said = terminal.kept();
        assert!(said.starts_with("failed    ") && said.contains("\n          error: internal error: the run"), "{said}");
    }
}
