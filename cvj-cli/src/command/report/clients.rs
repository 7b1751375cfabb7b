//! The clients of a folder: each of its sub-folders that holds `cvj.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cvj_engine::config;

use crate::failure::Failure;
use crate::output_folder;

/// A client's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientFolder {
    /// Its name, which no other has.
    pub(super) name: String,
    /// Where it is, below the folder asked for.
    pub(super) path: PathBuf,
    /// The same, links resolved.
    pub(super) place: PathBuf,
}

/// What a folder of clients holds.
#[derive(Debug)]
pub(super) struct Found {
    /// In the order of their names.
    pub(super) clients: Vec<ClientFolder>,
    /// Folders without `cvj.toml`, and links to a client that is there already.
    pub(super) left_out: Vec<String>,
}

/// Looks for clients in `folder`, not below them. Hidden folders, `reports` and what cvj wrote are none.
pub(super) fn find(folder: &Path) -> Result<Found, Failure> {
    let shown = super::shown(folder);
    let shown = if shown == Path::new("") { Path::new(".") } else { &shown }.display();
    let wrong = |message, hint: String| Failure::Clients { message, hint };
    if folder.is_file() {
        let hint = "name the folder that holds a folder per client".to_owned();
        return Err(wrong(format!("`{shown}` is a file"), hint));
    }
    let read = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = read.map_err(|error| {
        let hint = "name the folder that holds a folder per client".to_owned();
        wrong(format!("`{shown}` cannot be read: {error}"), hint)
    })?;
    if holds_config(folder) {
        let message = format!("`{shown}` is the folder of one client: it holds {} itself", config::FILE_NAME);
        return Err(wrong(message, format!("`cvj report {shown}` writes its report; `--all` takes the folder above it")));
    }

    let mut folders: Vec<(bool, String, PathBuf)> = Vec::new();
    for entry in entries {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let is_reports = name == "reports" || (output_folder::is_ours(&path) && !holds_config(&path));
        if path.is_dir() && !name.starts_with('.') && !is_reports {
            folders.push((path.is_symlink(), name, path));
        }
    }
    // Folders before links, so that a client is known by its folder's own name.
    folders.sort();
    let mut clients: BTreeMap<PathBuf, ClientFolder> = BTreeMap::new();
    let mut left_out = Vec::new();
    for (_, name, path) in folders {
        match path.canonicalize() {
            Ok(place) if holds_config(&path) && !clients.contains_key(&place) => {
                clients.insert(place.clone(), ClientFolder { name, path, place });
            }
            _ => left_out.push(name),
        }
    }
    let mut clients: Vec<ClientFolder> = clients.into_values().collect();
    clients.sort_by(|left, right| left.name.cmp(&right.name));
    left_out.sort();
    if clients.is_empty() {
        let message = format!("`{shown}` holds no client: no folder in it has a {}", config::FILE_NAME);
        return Err(wrong(message, "each client is a folder of its own, with its cvj.toml and its exports".to_owned()));
    }
    Ok(Found { clients, left_out })
}

/// Whether a folder is a client's. A `cvj.toml` that cannot be opened is one too: its run says what is wrong.
fn holds_config(folder: &Path) -> bool {
    folder.join(config::FILE_NAME).symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(clients: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for client in clients {
            fs::create_dir_all(folder.path().join(client)).unwrap();
            fs::write(folder.path().join(client).join("cvj.toml"), "").unwrap();
        }
        folder
    }

    fn names(found: &Found) -> Vec<&str> {
        found.clients.iter().map(|client| client.name.as_str()).collect()
    }

    #[test]
    fn clients_are_the_folders_with_a_configuration() {
        let folder = folder_with(&["b", "a", "reports", ".hidden", "outer/inner"]);
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        fs::create_dir(folder.path().join("portfolio")).unwrap();
        fs::write(folder.path().join("portfolio/.cvj-written.json"), "{}").unwrap();
        let found = find(folder.path()).unwrap();
        assert_eq!((names(&found), found.left_out.as_slice()), (vec!["a", "b"], ["outer".to_owned()].as_slice()));
    }

    #[test]
    fn what_holds_no_client_is_told() {
        let check = |folder: &Path, message: &str, hint: &str| match find(folder) {
            Err(Failure::Clients { message: said, hint: to_do }) => {
                assert!(said.contains(message) && to_do.contains(hint), "{said}; {to_do}");
            }
            other => panic!("{other:?}"),
        };
        let folder = folder_with(&["client"]);
        check(&folder.path().join("client"), "is the folder of one client", "cvj report");
        check(&folder.path().join("client/cvj.toml"), "is a file", "a folder per client");
        check(&folder.path().join("nowhere"), "cannot be read", "a folder per client");
        check(folder_with(&[]).path(), "holds no client", "cvj.toml");
        check(folder_with(&["outer/inner"]).path(), "holds no client", "cvj.toml");
    }

    #[cfg(unix)]
    #[test]
    fn a_client_that_is_linked_twice_is_one() {
        let folder = folder_with(&["b"]);
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        let elsewhere = folder_with(&["far"]);
        link("b", "a");
        link(".", "itself");
        link("round", "round");
        link(elsewhere.path().join("far").to_str().unwrap(), "linked");
        let found = find(folder.path()).unwrap();
        assert_eq!(names(&found), ["b", "linked"]);
        assert_eq!(found.left_out, ["a", "itself"]);
    }
}
