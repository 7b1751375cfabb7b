//! An opened source, safe to call from any thread.
#![expect(unsafe_code, reason = "the safe caller of the plugin ABI")]

use std::cell::UnsafeCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::SchemaRef;
use arrow_schema::ffi::FFI_ArrowSchema;
use cvj_core::abi::{CvjSource, CvjStr, CvjTask};
use cvj_core::source::{Partition, ScanPlan, ScanRequest, TableDetails, TableInfo};
use cvj_core::{BatchStream, Definition, SourceError, Task};
use serde::Deserialize;

use super::foreign::{Answer, Buffer, one_line};
use super::host::HostTask;
use super::library::Plugin;
use super::patience::{Activity, patiently};
use super::{arrow, scan, stream};

/// A source with more tables is a mistake.
const MOST_TABLES: usize = 4096;
/// A source that does not let go in this time is left behind.
const RELEASE_PATIENCE: Duration = Duration::from_secs(2);

/// A source opened with a configuration. Cheap to clone; released when the last clone and the last stream are gone.
#[derive(Clone)]
pub struct Source(Arc<Opened>);

/// The source behind a [`Source`] and its streams.
pub(super) struct Opened {
    pub(super) plugin: Plugin,
    pub(super) patience: Duration,
    handle: Box<Handle>,
}

struct Handle(UnsafeCell<CvjSource>);

// SAFETY: the ABI says that a source's functions, its release included, may be called from any thread.
unsafe impl Send for Handle {}
// SAFETY: and concurrently; the host never touches the struct itself in between.
unsafe impl Sync for Handle {}

impl Handle {
    fn empty() -> Self {
        let size = size_of::<CvjSource>() as u32;
        let source = CvjSource { struct_size: size, reserved: 0, release: None, private_data: std::ptr::null_mut() };
        Self(UnsafeCell::new(source))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(release) = self.0.get_mut().release {
            // SAFETY: released once, by its owner's function, at the address it was filled in at; nobody else has it.
            unsafe { release(self.0.get()) };
        }
    }
}

impl Opened {
    pub(super) fn raw(&self) -> *mut CvjSource {
        self.handle.0.get()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let handle = std::mem::replace(&mut self.handle, Box::new(Handle::empty()));
        let release = move || {
            drop(handle);
            Ok(())
        };
        // A source that cannot let go is left behind: there is nothing to tell anyone.
        let _ =
            patiently(self.plugin.name(), "release its source", RELEASE_PATIENCE.min(self.patience), &Activity::none(), release);
    }
}

#[derive(Deserialize)]
struct NamedDetails {
    name: String,
    #[serde(flatten)]
    details: TableDetails,
}

impl Source {
    pub(super) fn open(
        plugin: &Plugin,
        config: &serde_json::Value,
        task: &Task,
        patience: Duration,
    ) -> Result<Self, SourceError> {
        let (host, config, plugin_there) = (HostTask::new(task), config.to_string(), plugin.clone());
        patiently(plugin.name(), "open", patience, &host.activity().clone(), move || {
            let plugin = plugin_there;
            let table = host.table();
            let opened = Opened { plugin, patience, handle: Box::new(Handle::empty()) };
            let mut answer = Answer::new();
            if let Some(open) = opened.plugin.interface().open {
                // SAFETY: all arguments are valid for the call; the source and the error are zeroed.
                let code = unsafe { open(CvjStr::new(&config), &raw const table, opened.raw(), answer.as_mut()) };
                answer.check(code)?;
            }
            // SAFETY: the call is over, and nobody else has the source yet.
            if unsafe { (*opened.raw()).release }.is_none() {
                return Err(opened.plugin.fault("open succeeded but gave no source"));
            }
            Ok(Self(Arc::new(opened)))
        })
    }

    /// One cheap call that tells whether the source can be reached.
    pub fn check(&self, task: &Task) -> Result<(), SourceError> {
        self.call("check its source", task, |opened, task| {
            let mut answer = Answer::new();
            let Some(check) = opened.plugin.interface().check else { return Ok(()) };
            // SAFETY: source and task are valid for the call, the error is zeroed.
            let code = unsafe { check(opened.raw(), task, answer.as_mut()) };
            answer.check(code)
        })
    }

    /// The tables that the source has now.
    pub fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        self.call("list its tables", task, |opened, task| {
            let mut answer = Answer::new();
            let mut out = Buffer::new();
            if let Some(tables) = opened.plugin.interface().tables {
                // SAFETY: source and task are valid for the call, buffer and error are zeroed.
                let code = unsafe { tables(opened.raw(), task, out.as_mut(), answer.as_mut()) };
                answer.check(code)?;
            }
            let named: Vec<NamedDetails> = out.json(&opened.plugin, "list of tables")?;
            check_names(&named).map_err(|what| opened.plugin.fault(what))?;
            named
                .into_iter()
                .map(|NamedDetails { name, details }| Ok(TableInfo { schema: table_schema(opened, &name, task)?, name, details }))
                .collect()
        })
    }

    /// The metrics, touchpoints and views that its tables give by default.
    pub fn definitions(&self, task: &Task) -> Result<Vec<Definition>, SourceError> {
        self.call("give its definitions", task, |opened, task| {
            let Some(definitions) = opened.plugin.interface().definitions else { return Ok(Vec::new()) };
            let mut answer = Answer::new();
            let mut out = Buffer::new();
            // SAFETY: source and task are valid for the call, buffer and error are zeroed.
            let code = unsafe { definitions(opened.raw(), task, out.as_mut(), answer.as_mut()) };
            answer.check(code)?;
            out.json(&opened.plugin, "list of definitions")
        })
    }

    /// Splits a scan into partitions.
    pub fn plan(&self, request: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        let request = request.clone();
        self.call("plan a scan", task, move |opened, task| scan::plan(opened, &request, task))
    }

    /// Reads one partition. `schema` is the plan's: every batch is checked against it. Dropping the stream cancels it.
    pub fn read(&self, partition: &Partition, schema: SchemaRef, task: &Task) -> Result<BatchStream, SourceError> {
        stream::read(&self.0, partition, schema, task)
    }

    /// Runs one call patiently, with a task that ends with the call.
    fn call<T: Send + 'static>(
        &self,
        doing: &str,
        task: &Task,
        work: impl FnOnce(&Opened, *const CvjTask) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let (host, opened) = (HostTask::new(task), self.0.clone());
        patiently(self.0.plugin.name(), doing, self.0.patience, &host.activity().clone(), move || {
            let table = host.table();
            work(&opened, &raw const table)
        })
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Source").field("plugin", &self.0.plugin.name()).finish_non_exhaustive()
    }
}

fn check_names(tables: &[NamedDetails]) -> Result<(), String> {
    if tables.len() > MOST_TABLES {
        return Err(format!("it has {} tables, more than {MOST_TABLES}", tables.len()));
    }
    let mut names = HashSet::new();
    for NamedDetails { name, .. } in tables {
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(format!("it has a table with the name `{}`", one_line(name)));
        }
        if !names.insert(name) {
            return Err(format!("it has two tables `{name}`"));
        }
    }
    Ok(())
}

fn table_schema(opened: &Opened, name: &str, task: *const CvjTask) -> Result<SchemaRef, SourceError> {
    let mut answer = Answer::new();
    let mut schema = FFI_ArrowSchema::empty();
    if let Some(table_schema) = opened.plugin.interface().table_schema {
        // SAFETY: source, name and task are valid for the call, schema and error are zeroed.
        let code = unsafe { table_schema(opened.raw(), CvjStr::new(name), task, &raw mut schema, answer.as_mut()) };
        answer.check(code)?;
    }
    arrow::import_schema(&schema).map_err(|what| opened.plugin.fault(format_args!("the schema of its table `{name}`: {what}")))
}
