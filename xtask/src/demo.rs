//! `cargo xtask demo`: from a fresh clone to the sample client's report.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Builds cvj, reports the sample client and names what was written.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let cvj = workspace.build()?;
    process::run(Command::new(&cvj).current_dir(&workspace.root).args(["report", "examples/northwind"]))?;
    let reports = workspace.root.join("examples/northwind/reports");
    let mut written = Vec::new();
    collect(&reports, &mut written)?;
    written.sort();
    println!();
    for path in &written {
        println!("{}", path.strip_prefix(&workspace.root).unwrap_or(path).display());
    }
    if let Some(page) = written.iter().rfind(|path| path.ends_with("report.html")) {
        println!("\nOpen {} in a browser.", page.strip_prefix(&workspace.root).unwrap_or(page).display());
    }
    Ok(())
}

/// The files of a folder and its folders; charts are one line a folder.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(|error| Failure::at(folder, &error))? {
        let path = entry.map_err(|error| Failure::at(folder, &error))?.path();
        if path.is_dir() && path.parent().is_some_and(|parent| parent.ends_with("charts")) {
            found.push(path.join("*"));
        } else if path.is_dir() {
            collect(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
