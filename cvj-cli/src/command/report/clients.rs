//! The clients of a folder: each of its sub-folders that holds `cvj.toml`.

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
    /// Where its reports go, links resolved: the folder of them, and what the links in it lead to.
    pub(super) reports: Vec<PathBuf>,
    /// Why it cannot be run.
    pub(super) fault: Option<Fault>,
}

/// Why a client's folder is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong, in one sentence.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: String,
}

/// What a folder of clients holds.
#[derive(Debug)]
pub(super) struct Found {
    /// In the order of their names.
    pub(super) clients: Vec<ClientFolder>,
    /// Folders without `cvj.toml`.
    pub(super) without_config: Vec<String>,
    /// Links to a client that is there already.
    pub(super) again: Vec<String>,
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
    if matches!(holds_config(folder), Ok(true)) {
        let message = format!("`{shown}` is the folder of one client: it holds {} itself", config::FILE_NAME);
        return Err(wrong(message, format!("`cvj report {shown}` writes its report; `--all` takes the folder above it")));
    }

    let mut folders: Vec<(bool, String, PathBuf)> = Vec::new();
    for entry in entries {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let may_be_one = match path.metadata() {
            Ok(metadata) => metadata.is_dir(),
            // What went away meanwhile is no client; what a link no longer leads to may be one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.is_symlink(),
            Err(_) => true,
        };
        let is_reports = name == "reports" || (output_folder::is_ours(&path) && matches!(holds_config(&path), Ok(false)));
        if may_be_one && !name.starts_with('.') && !is_reports {
            folders.push((path.is_symlink(), name, path));
        }
    }
    // Folders before links, so that a client is known by its folder's own name.
    folders.sort();
    let mut clients: Vec<ClientFolder> = Vec::new();
    let (mut without_config, mut again) = (Vec::new(), Vec::new());
    for (_, name, path) in folders {
        let fault = match path.metadata().and_then(|_| holds_config(&path)) {
            Ok(true) => None,
            Ok(false) => {
                without_config.push(name);
                continue;
            }
            Err(error) => Some(unreadable(&path, &error)),
        };
        let place = resolved(&path);
        if fault.is_none() && clients.iter().any(|client| client.fault.is_none() && client.place == place) {
            again.push(name);
        } else {
            let reports = places_of_reports(&path);
            clients.push(ClientFolder { name, path, place, reports, fault });
        }
    }
    clients.sort_by(|left, right| left.name.cmp(&right.name));
    without_config.sort();
    again.sort();
    if clients.is_empty() {
        let message = format!("`{shown}` holds no client: no folder in it has a {}", config::FILE_NAME);
        return Err(wrong(message, "each client is a folder of its own, with its cvj.toml and its exports".to_owned()));
    }
    let shared: Vec<Option<Fault>> = clients.iter().map(|client| shared_reports(client, &clients)).collect();
    for (client, shared) in clients.iter_mut().zip(shared) {
        client.fault = client.fault.take().or(shared);
    }
    Ok(Found { clients, without_config, again })
}

/// Whether a folder is a client's. A `cvj.toml` that cannot be opened is one too: its run says what is wrong.
pub(super) fn holds_config(folder: &Path) -> io::Result<bool> {
    match folder.join(config::FILE_NAME).symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    if path.is_symlink() && error.kind() == io::ErrorKind::NotFound {
        return Fault {
            message: "it is a link that leads nowhere".to_owned(),
            hint: "is the disk or the share that it leads to connected? If the client is gone, remove the link".to_owned(),
        };
    }
    Fault {
        message: format!("its folder cannot be read: {error}"),
        hint: "look whether you may read the folder and where links lead".to_owned(),
    }
}

/// Where a client's reports may be written: links lead elsewhere.
fn places_of_reports(client: &Path) -> Vec<PathBuf> {
    let reports = client.join("reports");
    let entries = fs::read_dir(&reports).map(|entries| entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>());
    let links = entries.unwrap_or_default().into_iter().filter(|path| path.is_symlink());
    let mut places: Vec<PathBuf> = std::iter::once(reports.clone()).chain(links).map(|path| resolved(&path)).collect();
    places.sort();
    places
}

/// Why a client's reports would lie among another's: nothing of one client is in another's folder.
fn shared_reports(client: &ClientFolder, clients: &[ClientFolder]) -> Option<Fault> {
    let overlap = |left: &PathBuf, right: &PathBuf| left.starts_with(right) || right.starts_with(left);
    let others = clients.iter().filter(|other| other.path != client.path && other.fault.is_none());
    let mut clashes = others.filter_map(|other| {
        if client.reports.iter().any(|place| other.reports.iter().any(|own| overlap(place, own))) {
            Some((other, "share a folder with those of"))
        } else if client.reports.iter().any(|place| place.starts_with(&other.place)) {
            Some((other, "lie in the folder of"))
        } else {
            None
        }
    });
    clashes.next().map(|(other, how)| Fault {
        message: format!("its reports would {how} the client `{}`, so that one would be read as the other's", other.name),
        hint: "give each client a folder `reports` of its own; links in it may not lead to another client's".to_owned(),
    })
}

/// A path without links; what is not there yet is taken as it is written, also where a link leads to it.
pub(super) fn resolved(path: &Path) -> PathBuf {
    /// More than any system follows.
    const MOST_LINKS: usize = 64;
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for _ in 0..MOST_LINKS {
        let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
        let Some((above, place)) = there else { break };
        let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
        let mut parts = rest.components();
        let Some(first) = parts.next() else { return place };
        path = match place.join(first).read_link() {
            Ok(to) => place.join(to).join(parts.as_path()),
            Err(_) => return place.join(rest).components().collect(),
        };
    }
    path
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
        assert_eq!((names(&found), found.without_config.as_slice()), (vec!["a", "b"], ["outer".to_owned()].as_slice()));
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

    #[test]
    fn what_is_not_there_yet_is_resolved_as_far_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().canonicalize().unwrap();
        assert_eq!(resolved(&folder.path().join("new/index")), place.join("new/index"));
        assert_eq!(resolved(folder.path()), place);
    }

    #[test]
    fn only_what_is_not_there_is_no_configuration() {
        let folder = folder_with(&["a"]);
        assert!(holds_config(&folder.path().join("a")).unwrap() && !holds_config(folder.path()).unwrap());
        #[cfg(unix)]
        assert!(holds_config(&folder.path().join("a/cvj.toml")).is_err(), "a file holds nothing that can be looked for");
    }

    #[cfg(unix)]
    fn link(to: impl AsRef<Path>, from: &tempfile::TempDir, name: &str) {
        std::os::unix::fs::symlink(to, from.path().join(name)).unwrap();
    }

    /// Whom something is wrong with, and what.
    #[cfg(unix)]
    fn faults(found: &Found) -> Vec<(&str, &str)> {
        let faulty = found.clients.iter().filter_map(|client| Some((client, client.fault.as_ref()?)));
        faulty.map(|(client, fault)| (client.name.as_str(), fault.message.as_str())).collect()
    }

    #[cfg(unix)]
    #[test]
    fn a_client_that_is_linked_twice_is_one() {
        let folder = folder_with(&["b"]);
        let elsewhere = folder_with(&["far"]);
        link("b", &folder, "a");
        link(".", &folder, "itself");
        link(elsewhere.path().join("far"), &folder, "linked");
        let found = find(folder.path()).unwrap();
        assert_eq!((names(&found), faults(&found)), (vec!["b", "linked"], vec![]));
        assert_eq!((found.again, found.without_config), (vec!["a".to_owned()], vec!["itself".to_owned()]));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_and_a_folder_that_is_closed_are_told() {
        use std::os::unix::fs::PermissionsExt;

        let folder = folder_with(&["a", "closed"]);
        link("/nowhere/at/all", &folder, "gone");
        link("round", &folder, "round");
        let closed = folder.path().join("closed");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        let found = find(folder.path()).unwrap();
        // Nothing is closed to the system's administrator.
        let is_closed = fs::read_dir(&closed).is_err();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(names(&found), ["a", "closed", "gone", "round"]);
        let faults = faults(&found);
        assert_eq!(faults.iter().any(|(name, _)| *name == "closed"), is_closed, "{faults:?}");
        assert!(faults.contains(&("gone", "it is a link that leads nowhere")), "{faults:?}");
        assert!(faults.iter().any(|(name, why)| *name == "round" && why.contains("cannot be read")), "{faults:?}");
    }

    #[cfg(unix)]
    #[test]
    fn reports_in_one_folder_or_in_anothers_are_told() {
        let check = |links: &[(&str, &str)], expected: &[(&str, &str)]| {
            let folder = folder_with(&["a", "b", "c"]);
            fs::create_dir_all(folder.path().join("c/reports")).unwrap();
            fs::create_dir(folder.path().join("shared")).unwrap();
            for (to, from) in links {
                link(to, &folder, from);
            }
            let found = find(folder.path()).unwrap();
            let faults = faults(&found);
            let told: Vec<&str> = faults.iter().map(|(name, _)| *name).collect();
            assert_eq!(told, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{links:?}");
            for ((_, why), (_, part)) in faults.iter().zip(expected) {
                assert!(why.contains(part), "{part}: {why}");
            }
        };
        check(&[], &[]);
        check(&[("../shared", "a/reports"), ("../elsewhere", "b/reports")], &[]);
        let both = [("a", "share a folder with those of the client `b`"), ("b", "of the client `a`")];
        check(&[("../shared", "a/reports"), ("../shared", "b/reports")], &both);
        check(&[("../shared/of/a", "a/reports"), ("../shared", "b/reports")], &both);
        check(&[("../b/reports", "a/reports")], &both);
        check(&[("../b", "a/reports")], &both);
        check(&[("../b/notes", "a/reports")], &[("a", "lie in the folder of the client `b`")]);
        check(&[("../../shared", "c/reports/2026-10"), ("../shared", "b/reports")], &[("b", "client `c`"), ("c", "client `b`")]);
    }
}
