//! Where plugins are looked for, and what is said when none fits.
//!
//! **Invariant:** neither the working directory nor the dynamic linker's own search is ever consulted.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use cvj_core::nearest::nearest;

use super::library::{Plugin, Refusal};

/// Why a place is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Given on the command line.
    Explicit,
    /// Given by the environment.
    Environment,
    /// The folder of the running executable.
    BesideExecutable,
    /// The user's data folder.
    UserData,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Explicit => "--plugin-path",
            Self::Environment => "CVJ_PLUGIN_PATH",
            Self::BesideExecutable => "beside cvj",
            Self::UserData => "user data folder",
        })
    }
}

/// A folder of libraries, or one library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Absolute.
    pub path: PathBuf,
    /// Why it is searched.
    pub origin: Origin,
}

/// The places where plugins are looked for, in order.
#[derive(Clone, Debug)]
pub struct Search {
    places: Vec<Place>,
}

/// One library that has a plugin's file name.
#[derive(Debug)]
pub struct Listed {
    /// The plugin's name; where it cannot be used, the one in the file's name.
    pub name: String,
    /// The library.
    pub path: PathBuf,
    /// Where it was found.
    pub origin: Origin,
    /// The plugin, or why it cannot be used.
    pub outcome: Result<Plugin, String>,
    /// Another library of this name that can be used comes first in the search.
    pub shadowed: bool,
}

/// One place tried for a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The library or folder.
    pub path: PathBuf,
    /// Why it is not the plugin.
    pub why: String,
}

/// No place has a plugin of this name that can be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the plugin `{name}` {what}")]
pub struct LoadError {
    name: String,
    what: String,
    tried: Vec<Tried>,
    nearest: Option<String>,
}

impl LoadError {
    /// The plugin asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every place tried, in order, and why it is not the plugin.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// The name of an available plugin that is close to the one asked for.
    pub fn nearest(&self) -> Option<String> {
        self.nearest.clone()
    }
}

impl Search {
    /// The standard places: `explicit` (`--plugin-path`), `CVJ_PLUGIN_PATH` (split like `PATH`), beside the executable, the
    /// user's data folder. Relative explicit paths are made absolute; relative ones in the environment are left out, because
    /// they would make the working directory a place to load code from.
    pub fn standard(explicit: &[PathBuf]) -> Self {
        let explicit = explicit.iter().filter_map(|path| std::path::absolute(path).ok()).map(|path| (path, Origin::Explicit));
        let environment = env::var_os("CVJ_PLUGIN_PATH").unwrap_or_default();
        let environment: Vec<_> = env::split_paths(&environment).map(|path| (path, Origin::Environment)).collect();
        let executable = env::current_exe().ok().map(|path| path.canonicalize().unwrap_or(path));
        let beside = executable.and_then(|path| Some((path.parent()?.to_owned(), Origin::BesideExecutable)));
        let data = user_data_folder().map(|path| (path.join("cvj").join("plugins"), Origin::UserData));
        let mut places: Vec<Place> = Vec::new();
        for (path, origin) in explicit.chain(environment).chain(beside).chain(data) {
            if path.is_absolute() && !places.iter().any(|place| place.path == path) {
                places.push(Place { path, origin });
            }
        }
        Self { places }
    }

    /// The places, in order.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The first usable plugin of this name. Loading runs the library's code.
    pub fn load(&self, name: &str) -> Result<Plugin, LoadError> {
        if !is_name(name) {
            let what = "cannot exist: names consist of lower-case letters, digits, `-` and `_`".to_owned();
            return Err(self.not_loaded(name, what, Vec::new()));
        }
        let mut tried = Vec::new();
        let mut refused = None;
        for place in &self.places {
            let (path, exact) = match candidate(&place.path, name) {
                Ok(candidate) => candidate,
                Err(missing) => {
                    tried.push(missing);
                    continue;
                }
            };
            match Plugin::load(&path) {
                Ok(plugin) if same_name(plugin.name(), name) => return Ok(plugin),
                Ok(plugin) => {
                    let why = format!("it is the plugin `{}`", plugin.name());
                    if exact {
                        refused.get_or_insert_with(|| format!("its library calls itself `{}`", plugin.name()));
                    }
                    tried.push(Tried { path, why });
                }
                Err(refusal) => {
                    refused.get_or_insert_with(|| refusal.to_string());
                    tried.push(Tried { path, why: refusal.to_string() });
                }
            }
        }
        let what = match refused {
            // It is there: no other name is meant.
            Some(refused) => {
                let what = format!("cannot be used: {refused}");
                return Err(LoadError { name: name.to_owned(), what, tried, nearest: None });
            }
            None => "was not found".to_owned(),
        };
        Err(self.not_loaded(name, what, tried))
    }

    /// Every library in the places that has a plugin's file name; the usable ones are loaded.
    pub fn list(&self) -> Vec<Listed> {
        let mut usable: BTreeMap<String, PathBuf> = BTreeMap::new();
        let mut listed = Vec::new();
        for (path, origin) in self.libraries() {
            let stem = name_in(&path);
            let outcome = match Plugin::load(&path) {
                Ok(plugin) if stem.as_ref().is_none_or(|stem| same_name(stem, plugin.name())) => Ok(plugin),
                Ok(plugin) => Err(Refusal::Misnamed(plugin.name().to_owned()).to_string()),
                Err(refusal) => Err(refusal.to_string()),
            };
            let name = match (&outcome, stem) {
                (Ok(plugin), _) => plugin.name().to_owned(),
                (Err(_), Some(stem)) => stem,
                (Err(_), None) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            };
            let first = usable.get(&normal(&name));
            let shadowed = first.is_some_and(|first| *first != path);
            if outcome.is_ok() && first.is_none() {
                usable.insert(normal(&name), path.clone());
            }
            listed.push(Listed { name, path, origin, outcome, shadowed });
        }
        listed
    }

    /// The libraries with a plugin's file name, and the explicit files whatever their name, each once.
    fn libraries(&self) -> Vec<(PathBuf, Origin)> {
        let mut found: Vec<(PathBuf, Origin)> = Vec::new();
        for place in &self.places {
            let mut here: Vec<PathBuf> = if place.path.is_file() {
                vec![place.path.clone()]
            } else {
                let entries = std::fs::read_dir(&place.path).into_iter().flatten().flatten();
                entries.map(|entry| entry.path()).filter(|path| name_in(path).is_some() && path.is_file()).collect()
            };
            here.sort();
            for path in here {
                if !found.iter().any(|(other, _)| *other == path) {
                    found.push((path, place.origin));
                }
            }
        }
        found
    }

    fn not_loaded(&self, name: &str, what: String, tried: Vec<Tried>) -> LoadError {
        let available: Vec<String> = self.libraries().iter().filter_map(|(path, _)| name_in(path)).collect();
        let others = available.iter().map(String::as_str).filter(|other| !same_name(other, name));
        let nearest = nearest(name, others).map(str::to_owned);
        LoadError { name: name.to_owned(), what, tried, nearest }
    }
}

/// The library in a place that may be the plugin, and whether its file name says so; else why there is none.
fn candidate(place: &Path, name: &str) -> Result<(PathBuf, bool), Tried> {
    if place.is_file() {
        return match name_in(place) {
            Some(other) if !same_name(&other, name) => {
                Err(Tried { path: place.to_owned(), why: format!("its name says it is the plugin `{other}`") })
            }
            stem => Ok((place.to_owned(), stem.is_some())),
        };
    }
    let path = place.join(file_name(name));
    if path.is_file() {
        return Ok((path, true));
    }
    let why = if place.is_dir() { "no such file" } else { "no such folder" };
    Err(Tried { path: if place.is_dir() { path } else { place.to_owned() }, why: why.to_owned() })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
}

/// Library names know no `-`.
fn normal(name: &str) -> String {
    name.replace('-', "_")
}

fn same_name(one: &str, other: &str) -> bool {
    normal(one) == normal(other)
}

/// `libcvj_plugin_<name>.so`, as this system writes it.
fn file_name(name: &str) -> String {
    format!("{}cvj_plugin_{}{}", env::consts::DLL_PREFIX, normal(name), env::consts::DLL_SUFFIX)
}

/// The plugin's name in a library's file name.
fn name_in(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let name = file.strip_prefix(env::consts::DLL_PREFIX)?.strip_prefix("cvj_plugin_")?.strip_suffix(env::consts::DLL_SUFFIX)?;
    is_name(name).then(|| name.to_owned())
}

fn folder_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn user_data_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        folder_in("APPDATA")
    } else if cfg!(target_os = "macos") {
        Some(folder_in("HOME")?.join("Library").join("Application Support"))
    } else {
        folder_in("XDG_DATA_HOME").or_else(|| Some(folder_in("HOME")?.join(".local").join("share")))
    }
}
