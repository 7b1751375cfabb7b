//! What is pulled from sources over a network, and kept: once per table, with the columns that definitions need, before anything
//! is computed. All scans then read what is kept, so that a run that failed goes on where it stopped, and another needs no
//! network at all.
//!
//! `store` has the folders and files, `record` what stands in them, `freshness` says whether a pull still does, `download` pulls,
//! `kept` and `convert` read what was pulled, and `inventory` is for those who want to see or clear it.
//!
//! **Invariant:** a table is read only from a pull that came to its end and whose files are as they were written.

mod convert;
mod download;
mod freshness;
mod inventory;
mod kept;
mod record;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_schema::SchemaRef;
use cvj_core::source::{
    COLUMN_FILE, COLUMN_LINE, ColumnRequest, FilterAnswer, Kind, Level, Partition, ScanPlan, ScanRequest, TableInfo,
};
use cvj_core::{BatchStream, Definition, SourceError, Status, Task};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use self::freshness::Pulls;
pub use self::inventory::{KeptTable, clear_kept, kept_tables};

use self::download::Begun;
use self::freshness::{Unfit, Wanted, age, shown};
use self::kept::{Kept, Token, scan_schema};
use self::record::{Column, Identity, Listing, Plan, sha256};
use self::store::{Cache, Lock, PullFolder, TableFolder, VARIABLE};
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
    /// Whether they have just been listed.
    is_listed: bool,
    /// Tables that can be read.
    kept: BTreeMap<String, Arc<Kept>>,
    is_age_told: bool,
}

/// What there is of a table that was asked for.
enum Found {
    Whole(Kept),
    /// To be gone on with.
    Begun(PullFolder, Plan),
    Nothing(Option<Unfit>),
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
        let identity = Identity {
            plugin: plugin.name().to_owned(),
            plugin_version: plugin.version().to_owned(),
            settings: sha256(settings.config.to_string().as_bytes()),
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
            pulls: opening.request.pulls,
            identity,
            client,
            folder,
            state: Mutex::new(State {
                live: None,
                tables: Vec::new(),
                definitions: Vec::new(),
                is_listed: false,
                kept: BTreeMap::new(),
                is_age_told: false,
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

    /// The tables, and the definitions that come with them.
    pub(crate) fn listed(&self) -> (Vec<TableInfo>, Vec<Definition>) {
        let state = locked(&self.state);
        let definitions = if self.defaults { state.definitions.clone() } else { Vec::new() };
        (state.tables.clone(), definitions)
    }

    /// Asks the source once more what it has, after it has changed its mind; what was begun is worth nothing then.
    pub(crate) fn list_again(&self) -> Result<(), EngineError> {
        let tables = std::mem::take(&mut locked(&self.state).tables);
        for table in tables {
            self.table_folder(&table.name).begun().remove()?;
        }
        let live = locked(&self.state).live.clone();
        self.list(match live {
            Some(source) => source,
            None => self.open_source()?,
        })
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
            let mut begun = Vec::with_capacity(missing.len());
            for (table, columns, needed, found) in missing {
                if let Found::Nothing(Some(unfit)) = &found
                    && !matches!(unfit, Unfit::Old | Unfit::Anew)
                {
                    self.host.notice(&format!("table `{table}` is pulled anew: {unfit}"));
                }
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
            self.keep(kept);
        }
        Ok(())
    }

    fn needed_columns(&self, table: &str, needed: &Needed) -> Result<Vec<Column>, EngineError> {
        let state = locked(&self.state);
        table_named(&state.tables, table).map(|table| needed_columns(table, needed)).map_err(|error| self.host.error(error))
    }

    fn wanted<'a>(&'a self, columns: &'a [Column]) -> Wanted<'a> {
        Wanted { identity: &self.identity, columns, pulls: self.pulls, now: self.now }
    }

    /// What there is of a table of which these columns are needed.
    fn find(&self, table: &str, columns: &[Column]) -> Result<Found, EngineError> {
        let wanted = self.wanted(columns);
        let folder = self.table_folder(table);
        let mut reason = None;
        // A pull that was begun is the newer one.
        for (pull, is_begun) in [(folder.begun(), true), (folder.whole(), false)] {
            let plan = match pull.plan() {
                Ok(Some(plan)) => plan,
                Ok(None) => continue,
                Err(error) if self.is_offline() => return Err(error),
                Err(error) => {
                    self.told(&error);
                    continue;
                }
            };
            if let Some(unfit) = wanted.unfit(&plan) {
                reason = Some(unfit);
                continue;
            }
            if let Some(kept) = verified(table, pull.clone(), plan.clone()) {
                let folder = if is_begun { folder.finish()? } else { pull };
                return Ok(Found::Whole(Kept { folder, ..kept }));
            }
            if is_begun {
                if !self.is_offline() {
                    return Ok(Found::Begun(pull, plan));
                }
            } else {
                let damaged = EngineError::Cache {
                    message: format!("what was kept of table `{table}` is damaged, in `{}`", pull.folder.display()),
                    hint: Some("run it without `--offline` to pull it anew".to_owned()),
                };
                if self.is_offline() {
                    return Err(damaged);
                }
                self.told(&damaged);
            }
        }
        Ok(Found::Nothing(reason))
    }

    /// Plans a table's pull.
    fn begin(&self, source: &plugin::Source, table: &str, columns: &[Column]) -> Result<(PullFolder, Plan), EngineError> {
        let schema = record::schema(columns).map_err(EngineError::Internal)?;
        let request = {
            let state = locked(&self.state);
            let own = &table_named(&state.tables, table).map_err(|error| self.host.error(error))?.schema;
            let index = |column: &Column| own.index_of(&column.name).ok().map(|index| ColumnRequest { index, kind: Kind::Any });
            ScanRequest {
                columns: Some(columns.iter().filter_map(index).collect()),
                target_partitions: 4,
                ..ScanRequest::all(table)
            }
        };
        let plan = source.plan(&request, &self.host.task()).map_err(|error| self.host.error(error))?;
        let types = |schema: &SchemaRef| -> Vec<_> {
            schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
        };
        if types(&plan.schema) != types(&schema) {
            return Err(self.host.error(SourceError::schema_changed(format!("the columns of table `{table}` have changed"))));
        }
        let parts = plan.partitions.into_iter().map(|partition| partition.0).collect();
        let plan = Plan::new(self.identity.clone(), self.now, &plan.schema, plan.rows, parts);
        Ok((self.table_folder(table).begin(&plan)?, plan))
    }

    /// A pull with the parts of it that are there.
    fn going_on(&self, folder: PullFolder, plan: Plan, needed: &Needed) -> Result<Begun, EngineError> {
        let schema = record::schema(&plan.columns).map_err(EngineError::Internal)?;
        let receipts: Vec<_> = (0..plan.parts.len()).map(|part| folder.verified(part)).collect();
        let there = receipts.iter().flatten().count();
        if there > 0 {
            let begun = shown(plan.planned, &self.zone);
            self.host.notice(&format!("goes on with what was begun at {begun}: {there} of {} parts are there", receipts.len()));
        }
        Ok(Begun { folder, plan, schema, receipts, shown: needed.shown.clone() })
    }

    fn keep(&self, kept: Kept) {
        locked(&self.state).kept.insert(kept.table.clone(), Arc::new(kept));
    }

    /// Says once how old the data is, unless it was pulled just now.
    fn tell_age(&self) {
        let mut state = locked(&self.state);
        let Some(oldest) = state.kept.values().map(|kept| kept.plan.planned).min() else { return };
        if oldest == self.now || std::mem::replace(&mut state.is_age_told, true) {
            return;
        }
        let how =
            if self.is_offline() { format!("{}, --offline", age(oldest, self.now)) } else { "--refresh pulls anew".to_owned() };
        self.host.notice(&format!("as pulled {} ({how})", shown(oldest, &self.zone)));
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

    /// Uses what the source said before, if that does.
    fn use_kept_listing(&self) -> Result<bool, EngineError> {
        let Some(listing) = store::read_json::<Listing>(&self.folder.join(LISTING))? else {
            return if self.is_offline() { Err(self.offline_error("nothing of it is kept")) } else { Ok(false) };
        };
        if let Some(unfit) = self.wanted(&[]).unfit_source(&listing.identity, listing.listed) {
            return if self.is_offline() { Err(self.offline_error(&unfit.to_string())) } else { Ok(false) };
        }
        let tables = listing.tables().map_err(EngineError::Internal)?;
        let mut state = locked(&self.state);
        (state.tables, state.definitions) = (tables, listing.definitions);
        Ok(true)
    }

    fn open_source(&self) -> Result<plugin::Source, EngineError> {
        self.plugin.open(&self.config, &self.host.task(), self.patience).map_err(|error| self.host.error(error))
    }

    /// Asks a source what it has, and keeps the answer.
    fn list(&self, source: plugin::Source) -> Result<(), EngineError> {
        let failed = |error| self.host.error(error);
        let tables = source.tables(&self.host.task()).map_err(failed)?;
        let definitions = source.definitions(&self.host.task()).map_err(failed)?;
        let client = self.client.client.display().to_string();
        let listing =
            Listing::new(client, self.host.source().to_owned(), self.identity.clone(), self.now, &tables, definitions.clone());
        store::make_folder(&self.folder)?;
        store::write_json(&self.folder.join(LISTING), &listing)?;
        let mut state = locked(&self.state);
        state.live = Some(source);
        (state.tables, state.definitions, state.is_listed) = (tables, definitions, true);
        Ok(())
    }

    /// The source itself, which must still have the tables that definitions were bound to.
    fn live_source(&self) -> Result<plugin::Source, EngineError> {
        let (live, is_listed) = {
            let state = locked(&self.state);
            (state.live.clone(), state.is_listed)
        };
        let source = match live {
            Some(source) => source,
            None => self.open_source()?,
        };
        if !is_listed {
            let now = source.tables(&self.host.task()).map_err(|error| self.host.error(error))?;
            let mut state = locked(&self.state);
            state.live = Some(source.clone());
            let columns = |tables: &[TableInfo]| -> Vec<_> {
                tables.iter().map(|table| (table.name.clone(), table.schema.clone())).collect()
            };
            if columns(&now) != columns(&state.tables) {
                return Err(self.host.error(SourceError::schema_changed("its tables have changed since they were listed")));
            }
            state.is_listed = true;
        }
        Ok(source)
    }
}

/// A pull all of whose parts are there, as they were written.
fn verified(table: &str, folder: PullFolder, plan: Plan) -> Option<Kept> {
    let receipts = (0..plan.parts.len()).map(|part| folder.verified(part)).collect::<Option<Vec<_>>>()?;
    Some(Kept { table: table.to_owned(), folder, plan, receipts })
}

fn table_named<'a>(tables: &'a [TableInfo], name: &str) -> Result<&'a TableInfo, SourceError> {
    let table = tables.iter().find(|table| table.name == name);
    table.ok_or_else(|| SourceError::new(Status::NotFound, format!("there is no table `{name}`")))
}

/// The columns that are pulled: those needed, those that identify a row, and those that say where it stands.
fn needed_columns(table: &TableInfo, needed: &Needed) -> Vec<Column> {
    let is_needed = |name: &String| {
        needed.columns.contains(name) || table.details.key.contains(name) || [COLUMN_FILE, COLUMN_LINE].contains(&name.as_str())
    };
    let mut fields: Vec<_> = table.schema.fields().iter().filter(|field| is_needed(field.name())).collect();
    if fields.is_empty() {
        // A file without columns would not know its rows.
        fields.extend(table.schema.fields().first());
    }
    fields.into_iter().map(|field| Column::new(field)).collect()
}

fn fault(what: &str) -> SourceError {
    SourceError::new(Status::Internal, what.to_owned())
}
