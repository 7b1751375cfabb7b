//! Scripts with what they need from a package registry, installed once into the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// A folder with copies of these files of the workspace's `source` and what `install` puts beside them; installed anew where a file has
/// changed.
pub(super) fn installed(
    workspace: &Workspace,
    name: &str,
    source: &str,
    files: &[&str],
    install: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let folder = workspace.target.join("xtask").join(name);
    let done = folder.join("installed");
    let copies = files.iter().map(|file| (workspace.root.join(source).join(file), folder.join(file)));
    let copies: Vec<(PathBuf, PathBuf)> = copies.collect();
    let same = |(from, to): &(PathBuf, PathBuf)| matches!((fs::read(from), fs::read(to)), (Ok(from), Ok(to)) if from == to);
    if done.exists() && copies.iter().all(same) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    for (from, to) in &copies {
        fs::copy(from, to).map_err(|error| Failure::at(from, &error))?;
    }
    install(&folder)?;
    fs::write(&done, "").map_err(|error| Failure::at(&done, &error))?;
    Ok(folder)
}

/// Installs what the folder's lock file names.
pub(super) fn npm_ci(npm: &Path, folder: &Path) -> Result<(), Failure> {
    process::read(Command::new(npm).current_dir(folder).args(["ci", "--no-audit", "--no-fund"])).map(drop)
}
