//! What manifests have to say, or must not: workspace lints everywhere, no abort on panic, printing only where it is due.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use super::graph::Graph;
use crate::failure::Failure;

/// Crates that talk to people, and so may take exception to the lints against printing and exiting.
const TALKING: [&str; 2] = ["cvj-cli", "xtask"];

const SILENT_LINTS: [&str; 3] = ["clippy::print_stdout", "clippy::print_stderr", "clippy::exit"];

/// Problems of the root manifest and of every member's manifest and sources.
pub(super) fn problems(root: &Path, graph: &Graph) -> Result<Vec<String>, Failure> {
    let mut problems = profile_problems(&table(&root.join("Cargo.toml"))?);
    for (_, package) in graph.members() {
        let folder = Path::new(&package.folder);
        if !takes_workspace_lints(&table(&folder.join("Cargo.toml"))?) {
            problems.push(format!("`{}` does not say `[lints] workspace = true`", package.name));
        }
        if !TALKING.contains(&package.name.as_str()) {
            for path in sources(&folder.join("src"))? {
                let text = fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))?;
                let excepted = SILENT_LINTS.iter().filter(|lint| text.contains(**lint));
                problems.extend(
                    excepted.map(|lint| format!("{}: only cvj-cli may print or exit, so no exception to {lint}", path.display())),
                );
            }
        }
    }
    Ok(problems)
}

fn table(path: &Path) -> Result<Table, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::at(path, &error))?;
    text.parse().map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn takes_workspace_lints(manifest: &Table) -> bool {
    manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
}

/// A plugin's panic is caught at its edge; with `panic = "abort"` it would end the host.
fn profile_problems(manifest: &Table) -> Vec<String> {
    let profiles = manifest.get("profile").and_then(toml::Value::as_table).into_iter().flatten();
    profiles
        .filter(|(_, profile)| profile.get("panic").is_some_and(|panic| panic.as_str() != Some("unwind")))
        .map(|(name, _)| format!("profile `{name}` sets `panic`, but plugin guards need unwinding"))
        .collect()
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::at(folder, &error))? {
        let path = entry.map_err(|error| Failure::at(folder, &error))?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Table {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn an_aborting_profile_is_named() {
        assert_eq!(profile_problems(&parsed("[profile.release]\nopt-level = 2")), Vec::<String>::new());
        assert_eq!(profile_problems(&parsed("[profile.release]\npanic = \"abort\"")).len(), 1);
    }

    #[test]
    fn lints_have_to_be_the_workspaces() {
        assert!(takes_workspace_lints(&parsed("[lints]\nworkspace = true")));
        assert!(!takes_workspace_lints(&parsed("[lints.clippy]\npedantic = \"allow\"")));
        assert!(!takes_workspace_lints(&parsed("")));
    }
}
