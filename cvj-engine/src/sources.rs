//! The client's sources: plugins loaded, configurations checked against their schema, sources opened, tables listed.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use cvj_core::columns::snake_case;
use cvj_core::nearest::nearest;
use cvj_core::source::{Level, Partition, Rejected, ScanPlan, ScanRequest, Services, TableInfo};
use cvj_core::{BatchStream, Definition, SourceError, Status, Task};
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::config::{Config, SourceSettings, Step};
use crate::engine::Request;
use crate::error::EngineError;
use crate::plugin::{self, Plugin, Search};
use crate::pull::{ClientCache, Pull};
use crate::secrets::{FoundSecret, Secrets};
use crate::watch::Watch;

/// An opened source with its tables.
pub(crate) struct OpenSource {
    pub(crate) name: String,
    pub(crate) plugin: String,
    pub(crate) supply: Supply,
    pub(crate) tables: Vec<TableInfo>,
    /// The plugin's own definitions; none where `defaults = false`.
    pub(crate) definitions: Vec<Definition>,
    host: Host,
}

/// Where a source's rows come from.
#[derive(Clone)]
pub(crate) enum Supply {
    /// The plugin itself.
    Direct(plugin::Source),
    /// What was pulled over a network, and is kept.
    Pulled(Arc<Pull>),
}

impl Supply {
    pub(crate) fn plan(&self, request: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        match self {
            Self::Direct(source) => source.plan(request, task),
            Self::Pulled(pull) => pull.plan(request),
        }
    }

    pub(crate) fn read(&self, partition: &Partition, schema: SchemaRef, task: &Task) -> Result<BatchStream, SourceError> {
        match self {
            Self::Direct(source) => source.read(partition, schema, task),
            Self::Pulled(pull) => pull.read(partition, schema, task),
        }
    }
}

/// What sources are opened for.
pub(crate) struct Opening<'a> {
    pub(crate) config: &'a Config,
    pub(crate) request: &'a Request,
    pub(crate) search: &'a Search,
    pub(crate) watch: Arc<dyn Watch>,
    /// For a look only: tables are never pulled, and what a source has is asked of it.
    pub(crate) look_only: bool,
}

/// What stays the same for all calls into one source.
#[derive(Clone)]
pub(crate) struct Host {
    source: String,
    folder: PathBuf,
    watch: Arc<dyn Watch>,
    secrets: Arc<Secrets>,
}

/// Where a scan's side channels go.
pub(crate) trait SideChannels: Send + Sync {
    fn reject(&self, rejected: &Rejected);
    fn left_out(&self, why: &str, rows: u64);

    /// Whether it tells the scan's progress itself.
    fn progress(&self, _done: u64, _total: Option<u64>, _unit: &str) -> bool {
        false
    }

    /// Whether the scan is wanted no more, though the run is.
    fn is_stopped(&self) -> bool {
        false
    }
}

struct Nowhere;

impl SideChannels for Nowhere {
    fn reject(&self, _: &Rejected) {}
    fn left_out(&self, _: &str, _: u64) {}
}

impl OpenSource {
    /// Loads, checks and opens one source.
    pub(crate) fn open(
        settings: &SourceSettings,
        opening: &Opening<'_>,
        client: &mut Option<Arc<ClientCache>>,
    ) -> Result<Self, EngineError> {
        let Opening { config, request, search, watch, .. } = opening;
        let host = Host::new(settings, config, request, Arc::clone(watch));
        let plugin = load(settings, config, &host, search)?;
        let failed = |error| host.error(error);
        let name = settings.name.clone();
        if plugin.is_remote() {
            let client = match client {
                Some(client) => client.clone(),
                None => client.insert(Arc::new(ClientCache::open(&request.folder, &host)?)).clone(),
            };
            let pull = Pull::open(plugin, settings, opening, client, host.clone())?;
            let (tables, definitions) = pull.listed();
            let supply = Supply::Pulled(Arc::new(pull));
            return Ok(Self { name, plugin: settings.plugin.clone(), supply, tables, definitions, host });
        }
        let task = host.task();
        let source = plugin.open(&settings.config, &task, request.patience).map_err(failed)?;
        let tables = source.tables(&task).map_err(failed)?;
        let definitions = if settings.defaults { source.definitions(&task).map_err(failed)? } else { Vec::new() };
        Ok(Self { name, plugin: settings.plugin.clone(), supply: Supply::Direct(source), tables, definitions, host })
    }

    /// Lists the tables again, after the source has changed its mind about their formats.
    pub(crate) fn list_tables(&mut self) -> Result<(), EngineError> {
        match &self.supply {
            Supply::Direct(source) => {
                self.tables = source.tables(&self.host.task()).map_err(|error| self.host.error(error))?;
            }
            Supply::Pulled(pull) => {
                // What was begun is of other columns.
                pull.drop_begun()?;
                self.list_again()?;
            }
        }
        Ok(())
    }

    /// Asks a source over a network what it has now.
    pub(crate) fn list_again(&mut self) -> Result<(), EngineError> {
        if let Supply::Pulled(pull) = &self.supply {
            pull.list_again()?;
            (self.tables, self.definitions) = pull.listed();
        }
        Ok(())
    }

    /// One cheap call: files exist, credentials work.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        match &self.supply {
            Supply::Direct(source) => source.check(&self.host.task()).map_err(|error| self.host.error(error)),
            // It was asked when it was opened.
            Supply::Pulled(_) => Ok(()),
        }
    }

    /// Where to look at a few rows: the source itself, or, where it is not to be asked, what is kept of it.
    pub(crate) fn to_look_at(&self) -> Supply {
        self.pull().and_then(Pull::live).map_or_else(|| self.supply.clone(), Supply::Direct)
    }

    /// What is kept of it, where it is pulled over a network.
    pub(crate) fn pull(&self) -> Option<&Pull> {
        if let Supply::Pulled(pull) = &self.supply { Some(pull) } else { None }
    }

    /// The table with this name; without a name, the only one.
    pub(crate) fn table(&self, name: Option<&str>) -> Option<&TableInfo> {
        match name {
            Some(name) => {
                // A sheet called `Key People` is the table `key_people`; either may be written.
                let same = |table: &&TableInfo| table.name == name || table.name == snake_case(name);
                self.tables.iter().find(same)
            }
            None if self.tables.len() == 1 => self.tables.first(),
            None => self.tables.iter().find(|table| table.name == self.name),
        }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }
}

impl Host {
    /// What one source of a client works with.
    pub(crate) fn new(settings: &SourceSettings, config: &Config, request: &Request, watch: Arc<dyn Watch>) -> Self {
        let secrets = Arc::new(Secrets::new(config, settings, &request.vaults));
        Self { source: settings.name.clone(), folder: request.folder.clone(), watch, secrets }
    }

    /// Finds every secret that the configuration names.
    pub(crate) fn find_secrets(&self) -> Result<(), EngineError> {
        self.secrets.names().try_for_each(|name| match self.secrets.get(name, self.watch.as_ref()) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.error(error)),
        })
    }

    /// The values of all secrets that the configuration names, as a keyed hash.
    pub(crate) fn secrets_fingerprint(&self, key: &ring::hmac::Key) -> Result<ring::hmac::Tag, EngineError> {
        self.secrets.fingerprint(key, self.watch.as_ref()).map_err(|error| self.error(error))
    }

    /// The secrets found so far, and where.
    pub(crate) fn found_secrets(&self) -> Vec<FoundSecret> {
        self.secrets.found_places()
    }

    /// A task whose side channels lead nowhere.
    pub(crate) fn task(&self) -> Task {
        self.scan_task(Arc::new(Nowhere))
    }

    /// A task for a scan.
    pub(crate) fn scan_task(&self, channels: Arc<dyn SideChannels>) -> Task {
        Task::new(Arc::new(HostServices { host: self.clone(), channels }))
    }

    /// The engine's error for a source's, without secrets.
    #[expect(clippy::needless_pass_by_value, reason = "it is the end of the error's way: `map_err` hands it over")]
    pub(crate) fn error(&self, error: SourceError) -> EngineError {
        if error.status == Status::Cancelled {
            return EngineError::Cancelled;
        }
        let (message, hint) = (self.scrub(&error.message), error.hint.as_deref().map(|hint| self.scrub(hint)));
        let hint = self.secrets.advice(error.status, hint);
        let SourceError { status, retryable, retry_after, .. } = error;
        EngineError::Source {
            source_name: self.source.clone(),
            error: SourceError { status, message, hint, retryable, retry_after },
        }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        self.watch.progress(&self.source, done, total, unit);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.watch.is_cancelled()
    }

    /// Tells the person who runs the command something about the source.
    pub(crate) fn notice(&self, message: &str) {
        self.watch.notice(&self.source, &self.scrub(message));
    }

    pub(crate) fn log(&self, level: Level, message: &str) {
        self.watch.log(&self.source, level, &self.scrub(message));
    }

    fn scrub(&self, text: &str) -> String {
        self.secrets.scrub(text)
    }
}

struct HostServices {
    host: Host,
    channels: Arc<dyn SideChannels>,
}

impl Services for HostServices {
    fn source(&self) -> &str {
        &self.host.source
    }

    fn folder(&self) -> PathBuf {
        self.host.folder.clone()
    }

    fn log(&self, level: Level, message: &str) {
        self.host.log(level, message);
    }

    fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        if !self.channels.progress(done, total, unit) {
            self.host.progress(done, total, unit);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.host.is_cancelled() || self.channels.is_stopped()
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        self.host.secrets.get(name, self.host.watch.as_ref())
    }

    fn reject(&self, rejected: &Rejected) {
        self.channels.reject(rejected);
    }

    fn left_out(&self, why: &str, rows: u64) {
        self.channels.left_out(why, rows);
    }
}

/// Loads a source's plugin and checks the source's keys against its schema.
pub(crate) fn load(settings: &SourceSettings, config: &Config, host: &Host, search: &Search) -> Result<Plugin, EngineError> {
    let plugin = search.load(&settings.plugin).map_err(|error| {
        let path = [Step::Key("source"), Step::Key(&settings.name), Step::Key("plugin")];
        let hint = error.nearest().map(|name| format!("did you mean `{name}`?"));
        let diagnostic = config.diagnostic_at(&path, format!("source `{}`: {error}", settings.name), hint);
        EngineError::Load { diagnostic: Box::new(diagnostic), error }
    })?;
    validate(settings, config, &plugin.config_schema().map_err(|error| host.error(error))?)?;
    Ok(plugin)
}

/// Whether a part of a plugin's schema describes a secret's name, or something with one in it.
fn holds_secret(schema: &Value, part: &Value) -> bool {
    match part {
        Value::Object(map) => {
            let of_reference = |reference: &str| {
                let place = reference.strip_prefix('#').and_then(|place| schema.pointer(place));
                place.is_some_and(|place| holds_secret(schema, place))
            };
            map.get("x-cvj-secret") == Some(&Value::Bool(true))
                || map.get("$ref").and_then(Value::as_str).is_some_and(of_reference)
                || map.values().any(|value| holds_secret(schema, value))
        }
        Value::Array(list) => list.iter().any(|value| holds_secret(schema, value)),
        _ => false,
    }
}

/// Checks a source's keys against the plugin's schema; the error points at the key in `cvj.toml`.
fn validate(settings: &SourceSettings, config: &Config, schema: &Value) -> Result<(), EngineError> {
    let validator = jsonschema::validator_for(schema).map_err(|error| EngineError::Source {
        source_name: settings.name.clone(),
        error: SourceError::new(
            Status::Internal,
            format!("the plugin `{}` describes its configuration wrongly: {error}", settings.plugin),
        ),
    })?;
    let Some(problem) = validator.iter_errors(&settings.config).next() else { return Ok(()) };
    let place = problem.instance_path().to_string();
    let mut path = vec![Step::Key("source"), Step::Key(&settings.name)];
    path.extend(place.split('/').skip(1).map(|step| step.parse().map_or(Step::Key(step), Step::Index)));
    if let ValidationErrorKind::AdditionalProperties { unexpected } = problem.kind()
        && let Some(key) = unexpected.first()
    {
        let known: Vec<&str> =
            schema["properties"].as_object().map(|keys| keys.keys().map(String::as_str).collect()).unwrap_or_default();
        let near = nearest(key, known.iter().copied());
        let hint = near.map_or_else(
            || format!("its keys are plugin, defaults, {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("the plugin `{}` has no key `{key}`", settings.plugin);
        path.push(Step::Key(key));
        return Err(config.error_at_key(&path, message, Some(hint)));
    }
    let key = path.iter().rev().find_map(|step| if let Step::Key(key) = step { Some(*key) } else { None }).unwrap_or_default();
    if let Some(Step::Key(top)) = path.get(2)
        && holds_secret(schema, &schema["properties"][*top])
    {
        let message = format!("source `{}`, `{top}`: a secret is named here, and never written", settings.name);
        let hint = format!("write {{ secret = \"A_NAME\" }}; `cvj auth set {}` then asks for its value", settings.name);
        let mut diagnostic = config.diagnostic_at(&path[..3], message, Some(hint));
        diagnostic.veil();
        return Err(diagnostic.into());
    }
    let mut hint = format!("`cvj schema plugin {}` prints what it takes", settings.plugin);
    let mut what = problem.to_string();
    if matches!(problem.kind(), ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. }) {
        what = format!("{} is not accepted", problem.instance());
        if let Some(description) = schema["properties"][key]["description"].as_str() {
            hint = description.replace('\n', " ");
        }
    }
    Err(config.error(&path, format!("source `{}`, `{key}`: {what}", settings.name), Some(hint)))
}
