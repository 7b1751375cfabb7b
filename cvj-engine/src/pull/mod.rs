//! What is pulled from sources over a network, and kept: once per table, with the columns that definitions need, before anything
//! is computed. All scans then read what is kept, so that a run that failed goes on where it stopped, and another needs no
//! network at all.
//!
//! `store` has the folders and files, `record` what stands in them. `listing` is what a source has. `find` looks for a table's pull,
//! `freshness` says whether it still does, `download` pulls, `unread` is what could not be read, `kept` and `convert` read what was
//! pulled, and `inventory` is for those who want to see or clear it.
//!
//! **Invariant:** a table is read only from a pull that came to its end and whose files are as they were written.

mod convert;
mod download;
mod find;
mod freshness;
mod inventory;
mod kept;
mod listing;
mod record;
mod store;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_schema::SchemaRef;
use cvj_core::source::{FilterAnswer, Level, Partition, ScanPlan, ScanRequest, TableInfo};
use cvj_core::{BatchStream, Definition, SourceError, Status, Task};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use self::freshness::Pulls;
pub use self::inventory::{KeptTable, clear_kept, kept_tables};

use self::download::Begun;
use self::find::{Found, verified};
use self::freshness::{Unfit, age, shown};
use self::kept::{Kept, Token, scan_schema};
use self::record::{Identity, sha256};
use self::store::{Cache, Lock, TableFolder, VARIABLE};
use crate::config::SourceSettings;
use crate::error::EngineError;
use crate::plugin::{self, Plugin};
use crate::scan::locked;
use crate::sources::{Host, Opening};

const LISTING: &str = "listing.json";

/// A client's part of the cache, while this run may use it.
pub(crate) struct ClientCache {
    /// The client's own folder.
    client: PathBuf,
    folder: PathBuf,
    _lock: Lock,
}

impl ClientCache {
    /// Opens it for a client; waits while another run uses it.
    pub(crate) fn open(client: &Path, host: &Host) -> Result<Self, EngineError> {
        let cache = Cache::standard()?;
        let client = client.canonicalize().unwrap_or_else(|_| client.to_owned());
        let there = cache.folder.ancestors().find_map(|folder| folder.canonicalize().ok());
        if there.is_some_and(|folder| folder.starts_with(&client)) {
            return Err(EngineError::Cache {
                message: format!(
                    "`{}`, in which pulled data is kept, lies in the client's folder, which may be shared",
                    cache.folder.display()
                ),
                hint: Some(format!("set {VARIABLE} to a folder of your own outside it")),
            });
        }
        if !cache.make()? {
            let folder = cache.folder.display();
            host.log(Level::Warn, &format!("others may see what lies in `{folder}`, though not open it; `chmod 700` closes it"));
        }
        let folder = cache.client(&client);
        let tell = || host.notice("waits for another cvj that reads this client's sources");
        let lock = Lock::wait(&folder, tell, || !host.is_cancelled())?;
        store::make_folder(&folder)?;
        store::close_to_others(&folder)?;
        Ok(Self { client, folder, _lock: lock })
    }
}

/// What definitions need of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needed {
    pub(crate) columns: BTreeSet<String>,
    /// Those of them whose values a report may show where they cannot be read.
    pub(crate) shown: BTreeSet<String>,
}

impl Needed {
    pub(crate) fn add(&mut self, other: &Self) {
        self.columns.extend(other.columns.iter().cloned());
        self.shown.extend(other.shown.iter().cloned());
    }
}

/// What definitions need, by source and table.
pub(crate) type NeededTables = BTreeMap<String, BTreeMap<String, Needed>>;

/// A source over a network, and what is kept of it.
pub(crate) struct Pull {
    host: Host,
    plugin: Plugin,
    config: serde_json::Value,
    defaults: bool,
    patience: Duration,
    zone: TimeZone,
    now: Timestamp,
    pulls: Pulls,
    identity: Identity,
    client: Arc<ClientCache>,
    folder: PathBuf,
    state: Mutex<State>,
}

struct State {
    live: Option<plugin::Source>,
    /// Tables and definitions, as they were kept or have just been listed.
    tables: Vec<TableInfo>,
    definitions: Vec<Definition>,
    /// When they were listed, and whether that was in this run.
    listed: Timestamp,
    is_listed: bool,
    /// Tables that can be read.
    kept: BTreeMap<String, Arc<Kept>>,
    is_age_told: bool,
    /// Tables that this run pulled.
    pulled_now: BTreeSet<String>,
}

impl Pull {
    /// Opens a source over a network: by what it said before, where that does, else by asking it.
    pub(crate) fn open(
        plugin: Plugin,
        settings: &SourceSettings,
        opening: &Opening<'_>,
        client: Arc<ClientCache>,
        host: Host,
    ) -> Result<Self, EngineError> {
        let pulls = opening.request.pulls;
        let credentials = match pulls {
            // What is kept is read without them.
            Pulls::Offline => None,
            Pulls::Fresh | Pulls::Anew => {
                let fingerprint = host.secrets_fingerprint(&store::key(&client.folder)?)?;
                Some(record::hexadecimal(fingerprint.as_ref()))
            }
        };
        let identity = Identity {
            plugin: plugin.name().to_owned(),
            plugin_version: plugin.version().to_owned(),
            settings: sha256(settings.config.to_string().as_bytes()),
            credentials,
        };
        let folder = client.folder.join(store::file_name(&settings.name));
        let pull = Self {
            host,
            plugin,
            config: settings.config.clone(),
            defaults: settings.defaults,
            patience: opening.request.patience,
            zone: opening.config.zone.clone(),
            now: opening.request.now,
            pulls,
            identity,
            client,
            folder,
            state: Mutex::new(State {
                live: None,
                tables: Vec::new(),
                definitions: Vec::new(),
                listed: Timestamp::default(),
                is_listed: false,
                kept: BTreeMap::new(),
                is_age_told: false,
                pulled_now: BTreeSet::new(),
            }),
        };
        if pull.is_offline() {
            pull.use_kept_listing()?;
        } else if opening.look_only {
            let source = pull.open_source()?;
            source.check(&pull.host.task()).map_err(|error| pull.host.error(error))?;
            pull.list(source)?;
        } else if !pull.use_kept_listing().unwrap_or_else(|error| pull.told(&error)) {
            pull.list(pull.open_source()?)?;
        }
        Ok(pull)
    }

    /// Removes what was begun and has not come to its end.
    pub(crate) fn drop_begun(&self) -> Result<(), EngineError> {
        let state = locked(&self.state);
        state.tables.iter().try_for_each(|table| self.table_folder(&table.name).begun().remove())
    }

    /// The schema of a scan, and its parts where the table can be read.
    pub(crate) fn plan(&self, request: &ScanRequest) -> Result<ScanPlan, SourceError> {
        let state = locked(&self.state);
        let schema = scan_schema(table_named(&state.tables, &request.table)?, request)?;
        // A table that was not pulled has no rows that could be counted: reading this part fails.
        let tokens = match state.kept.get(&request.table) {
            Some(kept) => kept.tokens(&schema),
            None => vec![Token::of_nothing(&request.table)],
        };
        let partitions = tokens.iter().map(serde_json::to_string).map(|token| token.map(Partition));
        Ok(ScanPlan {
            partitions: partitions.collect::<Result<_, _>>().map_err(|error| fault(&error.to_string()))?,
            filters: vec![FilterAnswer::Unsupported; request.filters.len()],
            rows: None,
            schema,
        })
    }

    pub(crate) fn read(&self, partition: &Partition, schema: SchemaRef, task: &Task) -> Result<BatchStream, SourceError> {
        let token: Token = serde_json::from_str(&partition.0).map_err(|error| fault(&error.to_string()))?;
        let kept = locked(&self.state).kept.get(&token.table).cloned();
        let kept = kept.filter(|kept| kept.has(token.columns.iter().map(String::as_str)));
        let kept = kept.ok_or_else(|| fault(&format!("what is read of table `{}` was not pulled", token.table)))?;
        kept.read(&token, schema, &self.zone, task)
    }

    /// Rows that the other side said a table that was pulled has, if it said so, and those that it handed over.
    pub(crate) fn rows(&self, table: &str) -> Option<(Option<u64>, u64)> {
        let state = locked(&self.state);
        let kept = state.kept.get(table)?;
        let listed = || table_named(&state.tables, table).ok().and_then(|table| table.details.rows_expected);
        Some((kept.plan.rows_expected.or_else(listed), kept.received()))
    }

    /// When a table that was pulled was planned: what it had by then is all there.
    pub(crate) fn planned(&self, table: &str) -> Option<Timestamp> {
        locked(&self.state).kept.get(table).map(|kept| kept.plan.planned)
    }

    /// The source itself, to look at a few rows; none where it is not to be asked.
    pub(crate) fn live(&self) -> Option<plugin::Source> {
        locked(&self.state).live.clone()
    }

    /// The columns kept of a table.
    pub(crate) fn kept_columns(&self, table: &str) -> Vec<String> {
        let state = locked(&self.state);
        let columns = state.kept.get(table).map(|kept| kept.plan.columns.iter().map(|column| column.name.clone()));
        columns.into_iter().flatten().collect()
    }

    /// Finds what is kept of these tables, as far as it does, and pulls nothing.
    pub(crate) fn find_kept(&self, needed: &BTreeMap<String, Needed>) {
        for (table, needed) in needed {
            match self.needed_columns(table, needed).and_then(|columns| self.find(table, &columns)) {
                Ok(Found::Whole(kept)) => self.keep(kept),
                Ok(_) => {}
                Err(error) => {
                    self.told(&error);
                }
            }
        }
        self.tell_age();
    }

    /// Makes these tables readable: by what is kept, else by pulling them.
    pub(crate) fn provide(&self, needed: &BTreeMap<String, Needed>) -> Result<(), EngineError> {
        let mut missing = Vec::new();
        for (table, needed) in needed {
            let columns = self.needed_columns(table, needed)?;
            // What this run pulled is used also where everything is to be pulled anew.
            let known = locked(&self.state).kept.get(table).cloned();
            if known.is_some_and(|kept| self.wanted(&columns).unfit_columns(&kept.plan).is_none()) {
                continue;
            }
            match self.find(table, &columns)? {
                Found::Whole(kept) => self.keep(kept),
                found => missing.push((table, columns, needed, found)),
            }
        }
        if !missing.is_empty() {
            if self.is_offline() {
                let (table, _, _, found) = &missing[0];
                return Err(self.not_kept(table, found));
            }
            let source = self.live_source()?;
            self.tell_anew(missing.iter().map(|(table, .., found)| (table.as_str(), found)));
            let mut begun = Vec::with_capacity(missing.len());
            for (table, columns, needed, found) in missing {
                let (folder, plan) = match found {
                    Found::Begun(folder, plan) => (folder, plan),
                    _ => self.begin(&source, table, &columns)?,
                };
                begun.push((table, self.going_on(folder, plan, needed)?));
            }
            self.pull(&source, begun)?;
        }
        self.tell_age();
        Ok(())
    }

    fn pull(&self, source: &plugin::Source, begun: Vec<(&String, Begun)>) -> Result<(), EngineError> {
        let (names, begun): (Vec<_>, Vec<_>) = begun.into_iter().unzip();
        if let Err(error) = download::pull(&self.host, source, &begun) {
            let all: usize = begun.iter().map(|begun| begun.plan.parts.len()).sum();
            let there: usize = begun.iter().map(|begun| begun.folder.receipts(begun.plan.parts.len()).count()).sum();
            let may_go_on = !matches!(&error, EngineError::Source { error, .. } if error.status == Status::SchemaChanged);
            if may_go_on && there > 0 {
                self.host.notice(&format!("{there} of {all} parts are kept: the next run goes on from there"));
            }
            return Err(error);
        }
        for (table, begun) in names.into_iter().zip(begun) {
            let folder = self.table_folder(table).finish()?;
            let kept = verified(table, folder, begun.plan).ok_or_else(|| EngineError::Cache {
                message: format!("what was just pulled of table `{table}` is not on the disk as it was written"),
                hint: Some(format!("set {VARIABLE} to a folder on another disk")),
            })?;
            locked(&self.state).pulled_now.insert(kept.table.clone());
            self.keep(kept);
        }
        Ok(())
    }

    fn keep(&self, kept: Kept) {
        locked(&self.state).kept.insert(kept.table.clone(), Arc::new(kept));
    }

    /// Says once how old the data is that was not pulled just now.
    fn tell_age(&self) {
        let mut state = locked(&self.state);
        let older = state.kept.values().filter(|kept| !state.pulled_now.contains(&kept.table));
        let Some(oldest) = older.map(|kept| kept.plan.planned).min() else { return };
        if std::mem::replace(&mut state.is_age_told, true) {
            return;
        }
        let how =
            if self.is_offline() { format!("{}, --offline", age(oldest, self.now)) } else { "--refresh pulls anew".to_owned() };
        self.host.notice(&format!("as pulled {} ({how})", shown(oldest, &self.zone)));
    }

    /// Says which tables are pulled anew though it was not asked for, in one line a reason.
    fn tell_anew<'a>(&self, missing: impl Iterator<Item = (&'a str, &'a Found)>) {
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, found) in missing {
            if let Found::Nothing(Some(unfit)) = found
                && !matches!(unfit, Unfit::Old | Unfit::Anew)
            {
                reasons.entry(unfit.to_string()).or_default().push(format!("`{table}`"));
            }
        }
        for (why, tables) in reasons {
            let (noun, verb) = if tables.len() == 1 { ("table", "is") } else { ("tables", "are") };
            self.host.notice(&format!("{noun} {} {verb} pulled anew: {why}", tables.join(", ")));
        }
    }

    fn not_kept(&self, table: &str, found: &Found) -> EngineError {
        let why = match found {
            Found::Nothing(Some(unfit)) => format!("what is kept of its table `{table}` does not do: {unfit}"),
            _ => format!("its table `{table}` was never pulled to the end"),
        };
        self.offline_error(&why)
    }

    fn offline_error(&self, why: &str) -> EngineError {
        EngineError::Cache {
            message: format!("source `{}` cannot be read offline: {why}", self.host.source()),
            hint: Some("run it once without `--offline`; `cvj cache list` shows what is kept".to_owned()),
        }
    }

    fn is_offline(&self) -> bool {
        self.pulls == Pulls::Offline
    }

    fn table_folder(&self, table: &str) -> TableFolder {
        TableFolder::new(&self.folder, table)
    }

    /// What is wrong with what was kept costs a pull, not the run.
    fn told(&self, error: &EngineError) -> bool {
        self.host.log(Level::Warn, &format!("{error}; it is pulled anew"));
        false
    }
}

fn table_named<'a>(tables: &'a [TableInfo], name: &str) -> Result<&'a TableInfo, SourceError> {
    let table = tables.iter().find(|table| table.name == name);
    table.ok_or_else(|| SourceError::new(Status::NotFound, format!("there is no table `{name}`")))
}

fn fault(what: &str) -> SourceError {
    SourceError::new(Status::Internal, what.to_owned())
}
