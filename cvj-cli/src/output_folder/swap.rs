//! Puts a folder made aside in the place of another, in steps that can each be interrupted and mended.
//!
//! | Interrupted | On disk | Mended by |
//! |---|---|---|
//! | while the new folder is made | target, `.NAME.cvj-new` | taking the new one away |
//! | between moving the old away and the new in | `.NAME.cvj-old`, `.NAME.cvj-new` | moving the old back, taking the new one away |
//! | while the old one is taken away | target (new), `.NAME.cvj-old` | taking the old one away |

use std::io;
use std::path::{Path, PathBuf};

use crate::output_folder::OutputError;
use crate::output_folder::manifest::Manifest;

const FRESH: &str = ".cvj-new";
const OLD: &str = ".cvj-old";
const LOCK: &str = ".cvj-lock";

/// A folder and the hidden places beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Neighbours {
    /// The folder, links resolved.
    pub(crate) target: PathBuf,
    /// Where the new one is made.
    pub(crate) fresh: PathBuf,
    /// Where the old one waits to be taken away.
    pub(crate) old: PathBuf,
    /// The lock file.
    pub(crate) lock: PathBuf,
}

impl Neighbours {
    /// The places beside `target`; makes the folder that holds it.
    pub(crate) fn of(target: &Path) -> Result<Self, OutputError> {
        let target = if target.exists() {
            if !target.is_dir() {
                return Err(OutputError::NotAFolder(target.to_owned()));
            }
            target.canonicalize().map_err(OutputError::io("read", target))?
        } else {
            let name = target.file_name().ok_or_else(|| OutputError::NoParent(target.to_owned()))?;
            let parent = match target.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            };
            std::fs::create_dir_all(parent).map_err(OutputError::io("created", parent))?;
            parent.canonicalize().map_err(OutputError::io("read", parent))?.join(name)
        };
        let beside = |ending: &str| {
            let mut name = std::ffi::OsString::from(".");
            name.push(target.file_name()?);
            name.push(ending);
            Some(target.parent()?.join(name))
        };
        match (beside(FRESH), beside(OLD), beside(LOCK)) {
            (Some(fresh), Some(old), Some(lock)) => Ok(Self { target, fresh, old, lock }),
            _ => Err(OutputError::NoParent(target)),
        }
    }
}

/// The folder's name, if this is the name of something that an interrupted swap leaves beside it.
pub(crate) fn name_of_leftover(name: &str) -> Option<&str> {
    let name = name.strip_prefix('.')?;
    name.strip_suffix(FRESH).or_else(|| name.strip_suffix(OLD)).filter(|name| !name.is_empty())
}

/// Mends what an interrupted swap left. The caller holds the lock.
pub(crate) fn mend(neighbours: &Neighbours) -> Result<(), OutputError> {
    let Neighbours { target, fresh, old, .. } = neighbours;
    if old.exists() {
        if !target.exists() {
            std::fs::rename(old, target).map_err(OutputError::io("moved back", old))?;
        } else if Manifest::read(target).is_some() {
            std::fs::remove_dir_all(old).map_err(OutputError::io("taken away", old))?;
        } else {
            return Err(OutputError::TwoFolders { aside: old.clone(), target: target.clone() });
        }
    }
    if fresh.exists() {
        std::fs::remove_dir_all(fresh).map_err(OutputError::io("taken away", fresh))?;
    }
    Ok(())
}

/// Swaps the new folder in; `rename` is the system's, or a test's that fails.
pub(crate) fn swap_in(neighbours: &Neighbours, rename: impl Fn(&Path, &Path) -> io::Result<()>) -> Result<(), OutputError> {
    let Neighbours { target, fresh, old, .. } = neighbours;
    if !target.exists() {
        return rename(fresh, target).map_err(OutputError::io("put in place", target));
    }
    rename(target, old).map_err(OutputError::io("replaced", target))?;
    if let Err(error) = rename(fresh, target) {
        // If this fails too, the next start moves it back.
        let _ = rename(old, target);
        return Err(OutputError::io("replaced", target)(error));
    }
    // The new report is in place; what cannot be taken away now is taken away at the next start.
    let _ = std::fs::remove_dir_all(old);
    Ok(())
}
