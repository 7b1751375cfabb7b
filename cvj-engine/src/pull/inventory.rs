//! What is kept, for those who want to see or clear it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::LISTING;
use super::record::{Listing, Receipt};
use super::store::{self, Cache, Lock, PullFolder, TableFolder};
use crate::error::EngineError;

/// A table that was pulled, or is being.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptTable {
    /// The client's folder.
    pub client: String,
    /// The source's name in its `cvj.toml`.
    pub source: String,
    /// The table.
    pub table: String,
    /// Rows kept.
    pub rows: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// When the pull was planned.
    pub pulled: Timestamp,
    /// Whether it came to its end.
    pub complete: bool,
}

/// All tables kept, by client, source and table.
pub fn kept_tables() -> Result<Vec<KeptTable>, EngineError> {
    let cache = Cache::standard()?;
    let mut tables = Vec::new();
    for source in folders(&cache.folder)?.iter().map(|client| folders(client)).collect::<Result<Vec<_>, _>>()?.concat() {
        // What cannot be read is none that could be used.
        let Ok(Some(listing)) = store::read_json::<Listing>(&source.join(LISTING)) else { continue };
        for table in listing.tables().unwrap_or_default() {
            let folder = TableFolder::new(&source, &table.name);
            for (pull, complete) in [(folder.whole(), true), (folder.begun(), false)] {
                let Ok(Some(plan)) = pull.plan() else { continue };
                let receipts: Vec<Receipt> = pull.receipts(plan.parts.len()).collect();
                tables.push(KeptTable {
                    client: listing.folder.clone(),
                    source: listing.source.clone(),
                    table: table.name.clone(),
                    rows: receipts.iter().map(|receipt| receipt.rows).sum(),
                    bytes: size(&pull)?,
                    pulled: plan.planned,
                    complete: complete || receipts.len() == plan.parts.len(),
                });
            }
        }
    }
    tables.sort_by(|a, b| (&a.client, &a.source, &a.table, !a.complete).cmp(&(&b.client, &b.source, &b.table, !b.complete)));
    Ok(tables)
}

/// Removes what is kept: of a client, of sources of this name, or all. Gives how many sources it was.
pub fn clear_kept(client: Option<&Path>, source: Option<&str>) -> Result<usize, EngineError> {
    let cache = Cache::standard()?;
    let clients = match client {
        Some(client) => {
            let absolute = || std::path::absolute(client).unwrap_or_else(|_| client.to_owned());
            vec![cache.client(&client.canonicalize().unwrap_or_else(|_| absolute()))]
        }
        None => folders(&cache.folder)?,
    };
    let mut cleared = 0;
    for client in clients.into_iter().filter(|client| client.is_dir()) {
        let Some(lock) = Lock::take(&client)? else {
            return Err(EngineError::Cache {
                message: "what is kept is being used by another cvj".to_owned(),
                hint: Some("clear it when that has ended".to_owned()),
            });
        };
        for folder in folders(&client)? {
            if source.is_none_or(|source| folder.file_name().is_some_and(|name| *name == *store::file_name(source))) {
                fs::remove_dir_all(&folder).map_err(store::failed("removed", &folder))?;
                cleared += 1;
            }
        }
        drop(lock);
    }
    Ok(cleared)
}

/// The folders in a folder, by name; none where it is not there.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(store::failed("read", folder)(error)),
    };
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    found.sort();
    Ok(found)
}

fn size(pull: &PullFolder) -> Result<u64, EngineError> {
    let entries = fs::read_dir(&pull.folder).map_err(store::failed("read", &pull.folder))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum())
}
