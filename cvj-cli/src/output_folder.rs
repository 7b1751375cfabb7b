//! Writes a reports folder whole or not at all.
//!
//! The new folder is made aside, as a hidden sibling, with everything that stays; then it is swapped in ([`swap`]). A swap
//! that was interrupted is mended at the next start. Formats not asked for, and files that are not ours, are kept. A
//! worksheet that was edited since cvj wrote it ([`manifest`]) is never replaced: the run is refused instead.
//!
//! **Invariant:** whatever fails, and whenever, the folder holds the earlier report or the new one, never a mixture.

mod lock;
mod manifest;
mod staging;
mod swap;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::Format;
use crate::output_folder::lock::Lock;
use crate::output_folder::manifest::{Manifest, sha256};
use crate::output_folder::swap::Neighbours;

/// A file of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// Where in the folder, parts separated by `/`.
    pub(crate) path: String,
    /// What it was written as.
    pub(crate) format: Format,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

/// The file that only a portfolio's folder has.
pub(crate) const INDEX: &str = "portfolio.json";

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A client's report.
    Report,
    /// An index of several clients.
    Portfolio,
}

/// Why the folder was not written. The earlier one is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// A worksheet would be replaced that someone worked in.
    #[error("`{}` was edited since cvj wrote it, and would be replaced; nothing was written", .0.display())]
    EditedWorksheet(PathBuf),
    /// The folder holds files, and no report of ours.
    #[error("`{}` holds files and no report that cvj wrote; nothing was written", .0.display())]
    NotOurs(PathBuf),
    /// The folder holds a portfolio where a report is to go, or the other way round.
    #[error("`{}` holds {} that cvj wrote; nothing was written", .0.display(), match .1 { Kind::Report => "a client's report", Kind::Portfolio => "a portfolio" })]
    AnotherKind(PathBuf, Kind),
    /// The folder is a file.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The folder is the root of a file system.
    #[error("`{}` cannot be swapped: it has no folder above it", .0.display())]
    NoParent(PathBuf),
    /// A newer cvj wrote the folder.
    #[error("`{}` was written by a newer cvj (version {version} of {})", path.display(), manifest::FILE_NAME)]
    Newer {
        /// The folder.
        path: PathBuf,
        /// The version of its manifest.
        version: u32,
    },
    /// Another run writes it.
    #[error("another cvj is writing `{}` right now", .0.display())]
    Busy(PathBuf),
    /// An interrupted swap left two folders, and it is not clear which is the report.
    #[error("`{}` is an earlier report that an interrupted run left, but `{}` is there too and is no report that cvj wrote", aside.display(), target.display())]
    TwoFolders {
        /// The earlier report.
        aside: PathBuf,
        /// What stands in its place.
        target: PathBuf,
    },
    /// The run was cancelled before the swap.
    #[error("stopped before the report was in place; nothing was written")]
    Cancelled,
    /// The system refused.
    #[error("`{}` cannot be {doing}: {error}; nothing was written", path.display())]
    Io {
        /// `created`, `written`, …
        doing: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl OutputError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { doing, path: path.to_owned(), error }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::EditedWorksheet(_) => {
                "move or rename that worksheet, leave worksheets out with `--format html,json,svg,png`, or write elsewhere with `--out`"
            }
            Self::NotOurs(_) | Self::AnotherKind(..) => "name a new or empty folder with `--out`",
            Self::NotAFolder(_) | Self::NoParent(_) => "name another folder with `--out`",
            Self::Newer { .. } => "use that cvj, or name another folder with `--out`",
            Self::Busy(_) => "wait for it to end, or write elsewhere with `--out`",
            Self::TwoFolders { .. } => "move one of the two away",
            Self::Io { .. } => {
                "look whether the folder may be written, whether the disk is full, and whether a program has one of its files open"
            }
            Self::Cancelled => return None,
        };
        Some(hint.to_owned())
    }
}

/// What a run was asked to write; whatever else is there stays.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// Of what.
    pub(crate) kind: Kind,
    /// The formats.
    pub(crate) formats: &'a BTreeSet<Format>,
    /// Whether of some products only.
    pub(crate) some_products: bool,
}

impl Asked<'_> {
    /// Whether an earlier file of this format that is not written again goes: it is of a product that is no more.
    fn replaces(&self, format: Format) -> bool {
        let per_product = matches!(format, Format::Worksheet | Format::Svg | Format::Png);
        self.formats.contains(&format) && !(self.some_products && per_product)
    }
}

/// Writes `files` as the whole of what was asked into `target`; `cancelled` is asked once more before the swap.
pub(crate) fn write(
    target: &Path,
    asked: &Asked<'_>,
    files: &[NewFile],
    cancelled: impl Fn() -> bool,
) -> Result<(), OutputError> {
    let neighbours = Neighbours::of(target)?;
    let _lock = Lock::take(&neighbours.lock, target)?;
    swap::mend(&neighbours)?;
    let earlier = earlier_manifest(&neighbours.target, target, asked.kind)?;
    refuse_edited_worksheets(&neighbours.target, target, &earlier, files)?;
    let aside = Aside(&neighbours.fresh);
    staging::fill(&neighbours, &earlier, asked, files)?;
    if cancelled() {
        return Err(OutputError::Cancelled);
    }
    swap::swap_in(&neighbours, |from, to| std::fs::rename(from, to))?;
    drop(aside);
    Ok(())
}

/// Refuses a folder that [`write`] would refuse for what it holds, before there is any work to lose.
pub(crate) fn refuse_foreign(target: &Path, kind: Kind) -> Result<(), OutputError> {
    if target.exists() && !target.is_dir() {
        return Err(OutputError::NotAFolder(target.to_owned()));
    }
    earlier_manifest(target, target, kind).map(drop)
}

/// Whether cvj wrote the folder.
pub(crate) fn is_ours(folder: &Path) -> bool {
    folder.join(manifest::FILE_NAME).is_file()
}

/// Mends what interrupted runs left in `reports`, the folder that holds a client's reports. A folder that another run is
/// writing is left alone.
pub(crate) fn mend_all(reports: &Path) -> Result<(), OutputError> {
    let Ok(entries) = std::fs::read_dir(reports) else { return Ok(()) };
    let mut names: BTreeSet<String> = BTreeSet::new();
    for entry in entries.flatten() {
        if let Some(name) = entry.file_name().to_str().and_then(swap::name_of_leftover) {
            names.insert(name.to_owned());
        }
    }
    for name in names {
        let neighbours = Neighbours::of(&reports.join(name))?;
        match Lock::take(&neighbours.lock, &neighbours.target) {
            Ok(_lock) => swap::mend(&neighbours)?,
            Err(OutputError::Busy(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What cvj wrote into the folder before; an error if the folder holds something else.
fn earlier_manifest(folder: &Path, shown: &Path, kind: Kind) -> Result<Manifest, OutputError> {
    if !folder.exists() {
        return Ok(Manifest::default());
    }
    match Manifest::read(folder) {
        Some(manifest) if manifest.version > manifest::VERSION => {
            Err(OutputError::Newer { path: shown.to_owned(), version: manifest.version })
        }
        Some(manifest) => match manifest.kind() {
            Some(other) if other != kind => Err(OutputError::AnotherKind(shown.to_owned(), other)),
            _ => Ok(manifest),
        },
        None => {
            let mut entries = std::fs::read_dir(folder).map_err(OutputError::io("read", folder))?.flatten();
            // Desktops leave hidden files in folders that were only looked at.
            if entries.any(|entry| !entry.file_name().to_string_lossy().starts_with('.')) {
                return Err(OutputError::NotOurs(shown.to_owned()));
            }
            Ok(Manifest::default())
        }
    }
}

fn refuse_edited_worksheets(folder: &Path, shown: &Path, earlier: &Manifest, files: &[NewFile]) -> Result<(), OutputError> {
    for file in files.iter().filter(|file| file.format == Format::Worksheet) {
        let path = folder.join(&file.path);
        if path.exists() && !earlier.is_unchanged(folder, &file.path)? && !is_the_same(&path, &file.bytes)? {
            return Err(OutputError::EditedWorksheet(shown.join(&file.path)));
        }
    }
    Ok(())
}

/// A worksheet that already is what would be written loses nothing, whoever wrote it.
fn is_the_same(path: &Path, bytes: &[u8]) -> Result<bool, OutputError> {
    let present = std::fs::read(path).map_err(OutputError::io("read", path))?;
    Ok(sha256(&present) == sha256(bytes))
}

/// Takes the folder made aside away, unless it was swapped in.
struct Aside<'a>(&'a Path);

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        // What cannot be taken away now is taken away at the next start.
        let _ = std::fs::remove_dir_all(self.0);
    }
}

#[cfg(test)]
mod tests;
