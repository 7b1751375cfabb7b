//! Opens a library and reads its entry before any of its functions is called.
//!
//! **Invariant:** a library that was opened stays open until the process ends: unloading one that has threads or
//! thread-locals jumps into unmapped code.
#![expect(unsafe_code, reason = "the safe caller of the plugin ABI")]

use std::collections::HashMap;
use std::ffi::c_void;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use cvj_core::abi::{
    ABI_MAJOR, CvjEntry, CvjSourceInterface, CvjStr, ENTRY_SYMBOL, FLAG_REMOTE, FLAG_UNWINDS, INTERFACE_SOURCE_1, MAGIC,
};
use cvj_core::{SourceError, Status, Task};
use serde::Deserialize;

use super::foreign::{self, Answer};
use super::patience::{Activity, patiently};
use super::source::Source;

/// How long a library may take for what needs neither files nor network.
const OFFLINE_PATIENCE: Duration = Duration::from_secs(10);
/// A description is a few lines.
const LONGEST_DESCRIPTION: usize = 1 << 16;

/// A loaded plugin. Cheap to clone; the library stays loaded until the process ends.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    path: PathBuf,
    about: About,
    remote: bool,
    interface: &'static CvjSourceInterface,
}

/// What a plugin says about itself in its entry.
#[derive(Debug, Deserialize)]
struct About {
    name: String,
    version: String,
    #[serde(default)]
    doc: String,
}

/// Why a library cannot be used as a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the system cannot load it: {0}")]
    NotLoadable(String),
    #[error("not a cvj plugin: it has no symbol `{ENTRY_SYMBOL}`")]
    NoEntry,
    #[error("it needs a newer cvj: it has the symbol `cvj_plugin_v2`, this cvj reads `{ENTRY_SYMBOL}`")]
    NewerSymbol,
    #[error("not a cvj plugin: the entry's magic number is {0:#018x}, not {MAGIC:#018x}")]
    WrongMagic(u64),
    #[error("it needs a newer cvj: it was built for plugin ABI {0}, this cvj speaks {ABI_MAJOR}")]
    NewerAbi(u16),
    #[error("it was built for plugin ABI {0}, which cvj no longer speaks ({ABI_MAJOR})")]
    OlderAbi(u16),
    #[error("its entry has {0} bytes, fewer than the {size} of plugin ABI {ABI_MAJOR}", size = size_of::<CvjEntry>())]
    SmallEntry(u32),
    #[error("it was built with panic = \"abort\", so that a fault in it would end cvj; build it with panic = \"unwind\"")]
    Aborts,
    #[error("its entry's describe is not {{\"name\", \"version\", …}}: {0}")]
    NoDescription(String),
    #[error("its entry has no function get_interface")]
    NoInterfaces,
    #[error("it does not offer the interface `{INTERFACE_SOURCE_1}`")]
    NoSourceInterface,
    #[error("its interface `{INTERFACE_SOURCE_1}` has {0} bytes, fewer than the {size} needed", size = size_of::<CvjSourceInterface>())]
    SmallInterface(u32),
    #[error("its interface `{INTERFACE_SOURCE_1}` has no function {0}")]
    MissingFunction(&'static str),
    #[error("it took longer than {0} s to answer get_interface")]
    Silent(u64),
    #[error("it calls itself `{0}`, its file name says otherwise")]
    Misnamed(String),
}

impl Plugin {
    /// Loads a library by its absolute path, once per process.
    pub(super) fn load(path: &Path) -> Result<Self, Refusal> {
        static LOADED: LazyLock<Mutex<HashMap<PathBuf, Plugin>>> = LazyLock::new(Mutex::default);
        let path = path.canonicalize().map_err(|error| Refusal::NotLoadable(error.to_string()))?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = loaded.get(&path) {
            return Ok(plugin.clone());
        }
        let entry = find_entry(&path)?;
        // SAFETY: the symbol is a static of a library that is never unloaded.
        let Read { about, remote, interface } = unsafe { read_entry(entry) }?;
        let plugin = Self(Arc::new(Loaded { path: path.clone(), about, remote, interface }));
        loaded.insert(path, plugin.clone());
        Ok(plugin)
    }

    /// Its name, as in `plugin = "csv"`.
    pub fn name(&self) -> &str {
        &self.0.about.name
    }

    /// Its own version.
    pub fn version(&self) -> &str {
        &self.0.about.version
    }

    /// One sentence about it.
    pub fn doc(&self) -> &str {
        &self.0.about.doc
    }

    /// Whether its data comes over a network: what is pulled is kept.
    pub fn is_remote(&self) -> bool {
        self.0.remote
    }

    /// The library it was loaded from.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The JSON Schema of its configuration.
    pub fn config_schema(&self) -> Result<serde_json::Value, SourceError> {
        let plugin = self.clone();
        patiently(self.name(), "say its configuration", OFFLINE_PATIENCE, &Activity::none(), move || {
            let mut answer = Answer::new();
            let mut out = foreign::Buffer::new();
            if let Some(config_schema) = plugin.interface().config_schema {
                // SAFETY: the function was checked when the library was loaded; both arguments are zeroed and ours.
                let code = unsafe { config_schema(out.as_mut(), answer.as_mut()) };
                answer.check(code)?;
            }
            let schema: serde_json::Value = out.json(&plugin, "configuration schema")?;
            if schema.is_object() { Ok(schema) } else { Err(plugin.fault("its configuration schema is no JSON object")) }
        })
    }

    /// Opens a source. `config` is the source's table in `cvj.toml` without `plugin` and `defaults`; no call into the
    /// source, this one included, is waited for longer than `patience` without a sign of life.
    pub fn open(&self, config: &serde_json::Value, task: &Task, patience: Duration) -> Result<Source, SourceError> {
        Source::open(self, config, task, patience)
    }

    pub(super) fn interface(&self) -> &'static CvjSourceInterface {
        self.0.interface
    }

    /// The error for an answer that breaks the contract.
    pub(super) fn fault(&self, what: impl fmt::Display) -> SourceError {
        SourceError::new(Status::Internal, format!("the plugin `{}` broke its contract: {what}", self.name()))
            .with_hint(format!("this is a fault in the plugin, version {}: tell its authors", self.version()))
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Plugin").field("about", &self.0.about).field("path", &self.0.path).finish_non_exhaustive()
    }
}

/// Opens the library for good and gives the address of its entry.
fn find_entry(path: &Path) -> Result<*const CvjEntry, Refusal> {
    let library = open_for_ever(path).map_err(|error| Refusal::NotLoadable(foreign::one_line(&chain(&error))))?;
    // SAFETY: only the address is taken; whether an entry stands there is checked before it is used.
    let symbol = unsafe { library.get::<*const c_void>(ENTRY_SYMBOL) }.map(|symbol| symbol.as_raw_ptr().cast_const());
    // SAFETY: as above.
    let newer = unsafe { library.get::<*const c_void>("cvj_plugin_v2") }.is_ok();
    std::mem::forget(library);
    match symbol {
        Ok(entry) if !entry.is_null() => Ok(entry.cast()),
        _ if newer => Err(Refusal::NewerSymbol),
        _ => Err(Refusal::NoEntry),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(unix)]
fn open_for_ever(path: &Path) -> Result<libloading::os::unix::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    const RTLD_NODELETE: std::ffi::c_int = if cfg!(target_vendor = "apple") { 0x80 } else { 0x1000 };
    // SAFETY: opening runs the library's constructors, which is what loading a plugin means.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) }
}

#[cfg(windows)]
fn open_for_ever(path: &Path) -> Result<libloading::os::windows::Library, libloading::Error> {
    use libloading::os::windows::{LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, LOAD_LIBRARY_SEARCH_SYSTEM32, Library};
    // SAFETY: opening runs the library's initialisers, which is what loading a plugin means.
    let library = unsafe { Library::load_with_flags(path, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32) }?;
    library.pin()?;
    Ok(library)
}

/// What an entry says.
struct Read {
    about: About,
    remote: bool,
    interface: &'static CvjSourceInterface,
}

/// Reads an entry field by field, each only once the fields before it allow that.
///
/// # Safety
/// `entry` must be the address of a static in a library that stays loaded.
unsafe fn read_entry(entry: *const CvjEntry) -> Result<Read, Refusal> {
    // SAFETY: whatever the symbol is, the magic number comes first; after the right one stand version, size and flags, which
    // every entry has.
    let (major, size, flags) = unsafe {
        let magic = (&raw const (*entry).magic).read_unaligned();
        if magic != MAGIC {
            return Err(Refusal::WrongMagic(magic));
        }
        let major = (&raw const (*entry).abi_major).read_unaligned();
        let size = (&raw const (*entry).struct_size).read_unaligned();
        (major, size, (&raw const (*entry).flags).read_unaligned())
    };
    match major.cmp(&ABI_MAJOR) {
        std::cmp::Ordering::Greater => return Err(Refusal::NewerAbi(major)),
        std::cmp::Ordering::Less => return Err(Refusal::OlderAbi(major)),
        std::cmp::Ordering::Equal => {}
    }
    if (size as usize) < size_of::<CvjEntry>() {
        return Err(Refusal::SmallEntry(size));
    }
    if flags & FLAG_UNWINDS == 0 {
        return Err(Refusal::Aborts);
    }
    // SAFETY: the struct is long enough; its text is static.
    let (describe, get_interface) = unsafe {
        let describe = (&raw const (*entry).describe).read_unaligned();
        (foreign::strict_text(describe, LONGEST_DESCRIPTION), (&raw const (*entry).get_interface).read_unaligned())
    };
    let describe = describe.map_err(|why| Refusal::NoDescription(why.to_string()))?;
    let about: About = serde_json::from_str(&describe).map_err(|error| Refusal::NoDescription(error.to_string()))?;
    if about.name.is_empty() {
        return Err(Refusal::NoDescription("the name is empty".to_owned()));
    }
    let get_interface = get_interface.ok_or(Refusal::NoInterfaces)?;
    let ask = move || {
        // SAFETY: the function stands in a checked entry; its argument is static.
        let interface = unsafe { get_interface(CvjStr::new(INTERFACE_SOURCE_1)) };
        Ok(interface as usize)
    };
    let address = patiently(&about.name, "give its interface", OFFLINE_PATIENCE, &Activity::none(), ask)
        .map_err(|_| Refusal::Silent(OFFLINE_PATIENCE.as_secs()))?;
    // SAFETY: the table is static data of a library that stays loaded.
    let interface = unsafe { check_interface(std::ptr::with_exposed_provenance(address)) }?;
    Ok(Read { about, remote: flags & FLAG_REMOTE != 0, interface })
}

/// # Safety
/// `interface` must be null or the address of a table that begins with its size and lives for ever.
unsafe fn check_interface(interface: *const CvjSourceInterface) -> Result<&'static CvjSourceInterface, Refusal> {
    if interface.is_null() || !interface.is_aligned() {
        return Err(Refusal::NoSourceInterface);
    }
    // SAFETY: not null and aligned; the size comes first.
    let size = unsafe { (*interface).struct_size };
    if (size as usize) < size_of::<CvjSourceInterface>() {
        return Err(Refusal::SmallInterface(size));
    }
    // SAFETY: the table is as long as ours.
    let interface = unsafe { &*interface };
    let needed = [
        ("config_schema", interface.config_schema.is_some()),
        ("open", interface.open.is_some()),
        ("check", interface.check.is_some()),
        ("tables", interface.tables.is_some()),
        ("table_schema", interface.table_schema.is_some()),
        ("plan", interface.plan.is_some()),
        ("read", interface.read.is_some()),
    ];
    match needed.iter().find(|(_, there)| !there) {
        Some((name, _)) => Err(Refusal::MissingFunction(name)),
        None => Ok(interface),
    }
}
