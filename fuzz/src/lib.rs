//! What both targets hold a file plugin to: it reads every file or refuses it with a reason, never panics, and gives the same rows,
//! rejects and accounts whether it reads in one partition or in many.

use std::panic;
use std::path::Path;
use std::sync::Once;

use cvj_core::source::ScanRequest;
use cvj_core::{SourceError, StageMetrics, Status};
use cvj_tabular::trial::{Scanned, Trial};
use serde_json::Value;

/// What was read of one table, for further checks.
pub struct Read {
    /// Lines before the header.
    pub preamble: usize,
    /// Rows, rejects and accounts.
    pub scanned: Scanned,
}

static HOOK: Once = Once::new();

/// Reads every table of a source in this folder, twice; panics where a promise is broken. `None`: refused with a reason.
pub fn read<S: StageMetrics>(folder: &Path, config: &Value) -> Option<Vec<Read>> {
    // The fuzzer's own hook ends the process at any panic; one that a plugin turns into an error is no fault.
    HOOK.call_once(|| panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    let (trial, task) = Trial::new(folder);
    let source: S = reasoned(trial.open(&task, config.clone()))?;
    let tables = reasoned(source.tables(&task))?;
    let mut found = Vec::new();
    for table in tables {
        let scan = |partitions: usize, batch_rows: usize| {
            reasoned(trial.scan(&source, &task, &[], |request: &mut ScanRequest| {
                request.table.clone_from(&table.name);
                request.target_partitions = partitions;
                request.batch_rows = batch_rows;
            }))
        };
        match (scan(1, 8192), scan(7, 3)) {
            (Some(whole), Some(parts)) => {
                assert_eq!(whole.schema, parts.schema, "types depend on the partitions");
                assert_eq!(whole.rows, parts.rows, "rows depend on the partitions");
                assert_eq!(whole.rejected, parts.rejected, "rejects depend on the partitions");
                assert_eq!(sum(&whole.left_out), sum(&parts.left_out), "what is left out depends on the partitions");
                found.push(Read { preamble: table.details.preamble.len(), scanned: whole });
            }
            (None, None) => return None,
            (whole, parts) => panic!("refused in one way only: {:?}, {:?}", whole.is_some(), parts.is_some()),
        }
    }
    Some(found)
}

/// An error is a sentence for people, and never the plugin's own fault.
fn reasoned<T>(done: Result<T, SourceError>) -> Option<T> {
    match done {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(error.status != Status::Internal && error.status != Status::SchemaChanged, "{error:?}");
            assert!(!error.message.trim().is_empty(), "an error without a reason: {error:?}");
            None
        }
    }
}

/// Lines left out, over all reasons.
pub fn sum(left_out: &[String]) -> u64 {
    left_out.iter().filter_map(|line| line.split(' ').next()?.parse::<u64>().ok()).sum()
}
