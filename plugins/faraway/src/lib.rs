//! Pretends to be afar, to test what the host keeps of it: a source whose other side is a folder. `state.json` in it says what
//! the other side has and how it behaves; every call is a line of `calls.log`. The state is no part of the configuration, as a
//! CRM's is not.

mod state;
mod table;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use cvj_core::source::{FilterAnswer, Level, Partition, Rejected, ScanPlan, ScanRequest, SecretName, TableDetails, TableInfo};
use cvj_core::{BatchStream, Definition, SourceError, StageMetrics, Status, Task, View};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::state::State;
use crate::table::{Part, Table};

cvj_core::export_plugin!(Faraway, name = "faraway", doc = "Pretends to be afar, to test what the host keeps of it", remote);

/// The keys of a source afar.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FarawayConfig {
    /// The other side.
    pub folder: PathBuf,
    /// What stands for settings on which the data depends.
    #[serde(default)]
    pub account: String,
    /// What stands for a log-in.
    #[serde(default)]
    pub token: Option<SecretName>,
}

/// A source afar.
pub struct Faraway {
    folder: PathBuf,
}

impl Faraway {
    /// The other side as it is now, with the call in its log.
    fn called(&self, call: &str) -> Result<State, SourceError> {
        let failed = |error: std::io::Error| SourceError::new(Status::Io, format!("no answer: {error}"));
        let log = self.folder.join("calls.log");
        let mut log = OpenOptions::new().create(true).append(true).open(log).map_err(failed)?;
        log.write_all(format!("{call}\n").as_bytes()).map_err(failed)?;
        let text = std::fs::read(self.folder.join("state.json")).map_err(failed)?;
        serde_json::from_slice(&text).map_err(|error| SourceError::new(Status::InvalidData, format!("an odd answer: {error}")))
    }
}

impl StageMetrics for Faraway {
    type Config = FarawayConfig;

    fn open(config: FarawayConfig, task: &Task) -> Result<Self, SourceError> {
        let source = Self { folder: task.folder().join(config.folder) };
        source.called("open")?;
        if let Some(token) = config.token {
            task.secret(&token.secret)?;
        }
        Ok(source)
    }

    fn check(&self, _task: &Task) -> Result<(), SourceError> {
        self.called("check").map(drop)
    }

    fn tables(&self, _task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        let state = self.called("tables")?;
        let table = |table: Table| TableInfo {
            name: table.name().to_owned(),
            schema: table.schema(&state),
            details: TableDetails { doc: table.doc().to_owned(), key: vec!["id".to_owned()], ..TableDetails::default() },
        };
        Ok(Table::ALL.map(table).to_vec())
    }

    fn definitions(&self, task: &Task) -> Result<Vec<Definition>, SourceError> {
        let source = task.source();
        let view = View {
            name: format!("{source}_won"),
            sql: format!("SELECT d.closed, d.amount, c.email FROM {source}.deals d JOIN {source}.contacts c ON c.id = d.contact"),
        };
        Ok(vec![Definition::View(view)])
    }

    fn plan(&self, scan: &ScanRequest, _task: &Task) -> Result<ScanPlan, SourceError> {
        let table = Table::named(&scan.table)?;
        let columns = table.columns(scan);
        let state = self.called(&format!("plan {} {} limit {}", table.name(), columns.join(" "), scan.limit.is_some()))?;
        let parts = Part::all(table, &columns, state.rows(table), scan.limit);
        Ok(ScanPlan {
            schema: table.projected(&state, &columns)?,
            partitions: parts.iter().map(Part::token).collect(),
            filters: vec![FilterAnswer::Unsupported; scan.filters.len()],
            rows: Some(state.says.unwrap_or(state.rows(table))),
        })
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        let part = Part::parse(partition)?;
        let state = self.called(&format!("read {} {}", part.table.name(), part.number))?;
        let schema = part.table.projected(&state, &part.columns)?;
        if part.table == Table::Deals && part.number == 0 {
            tell_beside_rows(&part, task);
        }
        let (task, fails) = (task.clone(), state.fails.as_deref() == Some(&format!("{} {}", part.table.name(), part.number)));
        let mut batches = part.batches(&schema, &state)?.into_iter().enumerate();
        let rest = move || {
            let (number, batch) = batches.next()?;
            if number == 1 && fails {
                return Some(Err(SourceError::new(Status::RateLimited, "the daily quota is used up")));
            }
            if number == 1 && state.changes {
                return Some(Err(SourceError::schema_changed("a column was taken away")));
            }
            let mut waited = Duration::ZERO;
            while waited < Duration::from_millis(state.wait_ms) {
                task.log(Level::Info, "waits (rate limit)");
                if task.is_cancelled() {
                    return Some(Err(SourceError::cancelled()));
                }
                std::thread::sleep(Duration::from_millis(20));
                waited += Duration::from_millis(20);
            }
            task.progress((number as u64 + 1) * table::BATCH, None, part.table.name());
            Some(Ok(batch))
        };
        Ok(BatchStream::new(schema, std::iter::from_fn(rest)))
    }
}

/// A cell and a row that cannot be read, and duplicates.
fn tell_beside_rows(part: &Part, task: &Task) {
    let rejected = |row, column: &str, why: &str, value: &str| Rejected {
        row,
        file: part.table.name().to_owned(),
        line: 0,
        column: column.to_owned(),
        why: why.to_owned(),
        value: value.to_owned(),
    };
    if part.columns.iter().any(|column| column == "amount") {
        task.reject(&rejected(Some(table::UNREADABLE), "amount", "not a number", "about 300"));
    }
    task.reject(&rejected(None, "", "half of it is missing", "someone@example.com"));
    task.left_out("duplicate of a row read before", 2);
}
