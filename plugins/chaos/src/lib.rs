//! Misbehaves on demand, to test the host: every fault that a plugin written with cvj-core can commit, by name. Without
//! `misbehave` it is a small well-behaved source with one table, `events`.
//!
//! Faults that cvj-core makes impossible (a wrong layout, a broken Arrow array) come from `tests/c_plugin/broken.c`.

mod gate;
mod misbehave;
mod stream;
mod table;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cvj_core::source::{FilterAnswer, Level, Partition, Rejected, ScanPlan, ScanRequest, SecretName, TableDetails, TableInfo};
use cvj_core::{BatchStream, SourceError, StageMetrics, Status, Task};
use schemars::JsonSchema;
use serde::Deserialize;

pub use crate::misbehave::Misbehave;
use crate::misbehave::hang;
use crate::stream::Batches;
use crate::table::{Part, TABLE};

cvj_core::export_plugin!(ChaosSource, name = "chaos", doc = "Misbehaves on demand, to test the host");

/// The keys of a chaos source.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChaosConfig {
    /// Which fault to commit.
    #[serde(default)]
    pub misbehave: Misbehave,
    /// Rows of the table `events`.
    #[serde(default = "ten")]
    pub rows: u64,
    /// How long the hanging faults last, in seconds: bounded, so that no test leaves a thread behind for ever.
    #[serde(default = "sixty")]
    pub seconds: u64,
    /// A secret that is asked for before tables are shown: `open-sesame` is let in, `read-nothing` may do nothing, and any
    /// other is refused in a message that repeats it, as an API might.
    #[serde(default)]
    pub token: Option<SecretName>,
}

fn ten() -> u64 {
    10
}

fn sixty() -> u64 {
    60
}

/// A source that misbehaves as its configuration says.
pub struct ChaosSource {
    config: ChaosConfig,
    changed: Arc<AtomicBool>,
    kept: Option<Task>,
}

impl ChaosSource {
    fn is(&self, fault: Misbehave) -> bool {
        self.config.misbehave == fault
    }

    fn hang(&self) {
        hang(Duration::from_secs(self.config.seconds));
    }

    /// Uses the task of `open`, which ended long ago: every service must answer as if it were cancelled.
    fn use_kept_task(&self) -> Result<(), SourceError> {
        let Some(kept) = &self.kept else { return Ok(()) };
        kept.log(Level::Error, "a line from a task that has ended");
        kept.left_out("from a task that has ended", 1);
        let task = kept.clone();
        let late = std::thread::spawn(move || task.is_cancelled() && task.secret("CHAOS").is_err());
        match late.join() {
            Ok(true) => Ok(()),
            _ => Err(SourceError::new(Status::Internal, "a task that has ended still answers")),
        }
    }
}

impl Drop for ChaosSource {
    fn drop(&mut self) {
        match self.config.misbehave {
            Misbehave::PanicInRelease => panic!("chaos was asked to panic when released"),
            Misbehave::HangInRelease => self.hang(),
            _ => {}
        }
    }
}

impl StageMetrics for ChaosSource {
    type Config = ChaosConfig;

    fn open(config: ChaosConfig, task: &Task) -> Result<Self, SourceError> {
        match config.misbehave {
            Misbehave::PanicInOpen => panic!("chaos was asked to panic in open"),
            Misbehave::HangInOpen => hang(Duration::from_secs(config.seconds)),
            _ => {}
        }
        let kept = (config.misbehave == Misbehave::TaskKeptTooLong).then(|| task.clone());
        Ok(Self { config, changed: Arc::default(), kept })
    }

    fn check(&self, task: &Task) -> Result<(), SourceError> {
        match self.config.misbehave {
            Misbehave::PanicInCheck => panic!("chaos was asked to panic in check"),
            Misbehave::SlowButAlive => {
                for step in 0..self.config.seconds * 10 {
                    hang(Duration::from_millis(100));
                    task.progress(step, Some(self.config.seconds * 10), "steps");
                }
                Ok(())
            }
            _ => {
                gate::enter(&self.config, task)?;
                self.use_kept_task()
            }
        }
    }

    fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        match self.config.misbehave {
            Misbehave::PanicInTables => panic!("chaos was asked to panic in tables"),
            Misbehave::HangInTables => self.hang(),
            Misbehave::FloodsLog => (0..100_000).for_each(|line| task.log(Level::Info, &format!("line {line} of the flood"))),
            _ => {}
        }
        self.use_kept_task()?;
        gate::enter(&self.config, task)?;
        let schema = table::schema();
        let details = TableDetails {
            doc: "Made-up events".to_owned(),
            key: vec!["id".to_owned()],
            rows_expected: Some(self.config.rows),
            files: vec![table::FILE.to_owned()],
            headers: schema.fields().iter().map(|field| field.name().clone()).filter(|name| !name.starts_with('_')).collect(),
            ..TableDetails::default()
        };
        Ok(vec![TableInfo { name: TABLE.to_owned(), schema, details }])
    }

    fn plan(&self, scan: &ScanRequest, _task: &Task) -> Result<ScanPlan, SourceError> {
        assert!(!self.is(Misbehave::PanicInPlan), "chaos was asked to panic in plan");
        self.use_kept_task()?;
        if scan.table != TABLE {
            return Err(SourceError::new(Status::NotFound, format!("there is no table `{}`", scan.table)));
        }
        let parts = Part::split(self.config.rows, scan);
        let schema = table::projected_schema(&parts[0].columns)?;
        let mut filters = vec![FilterAnswer::Unsupported; scan.filters.len()];
        if self.is(Misbehave::ShortFilterAnswers) && filters.pop().is_none() {
            // None to leave out: one too many is as wrong.
            filters.push(FilterAnswer::Exact);
        }
        Ok(ScanPlan { schema, partitions: parts.iter().map(Part::token).collect(), filters, rows: Some(self.config.rows) })
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        self.use_kept_task()?;
        let part = Part::parse(partition)?;
        let schema = table::projected_schema(&part.columns)?;
        match self.config.misbehave {
            Misbehave::ProducerDies => return stream::producer_that_dies(schema, part),
            Misbehave::Rejects if part.start == 0 => reject_some(task),
            _ => {}
        }
        let wait = Duration::from_secs(self.config.seconds);
        Ok(BatchStream::new(schema, Batches::new(part, self.config.misbehave, wait, self.changed.clone())))
    }
}

fn reject_some(task: &Task) {
    let rejected = |row, column: &str, why: &str| Rejected {
        row,
        file: table::FILE.to_owned(),
        line: row.map_or(99, |row| row + 2),
        column: column.to_owned(),
        why: why.to_owned(),
        value: "not-a-number".to_owned(),
    };
    task.reject(&rejected(Some(0), "amount", "not a number"));
    task.reject(&rejected(None, "", "the row has too few cells"));
    task.left_out("total row", 2);
}
