//! A host for tests of file plugins: it keeps what a source reports, and scans as the engine does.

pub mod odd;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::SchemaRef;
use cvj_core::source::{ColumnRequest, Kind, Level, Rejected, ScanRequest, Services};
use cvj_core::{SourceError, StageMetrics, Status, Task};

/// What a source reported.
#[derive(Debug, Default)]
pub struct Trial {
    folder: PathBuf,
    rejected: Mutex<Vec<Rejected>>,
    left_out: Mutex<Vec<(String, u64)>>,
}

/// What a scan gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanned {
    /// The schema of the batches.
    pub schema: SchemaRef,
    /// All rows in order, every cell as text, null as `∅`.
    pub rows: Vec<Vec<String>>,
    /// How often the source asked to be planned again.
    pub replanned: usize,
    /// How many partitions the last plan had.
    pub partitions: usize,
    /// `file:line column: why: value` of every reject; a whole row has no column.
    pub rejected: Vec<String>,
    /// `rows × why` of all lines left out.
    pub left_out: Vec<String>,
}

impl Trial {
    /// A host whose client's folder this is, and a task of the source `demo`.
    pub fn new(folder: impl Into<PathBuf>) -> (Arc<Self>, Task) {
        let trial = Arc::new(Self { folder: folder.into(), ..Self::default() });
        let services: Arc<dyn Services> = trial.clone();
        (trial, Task::new(services))
    }

    /// Opens a source in this folder with a configuration in JSON.
    pub fn open<S: StageMetrics>(&self, task: &Task, config: serde_json::Value) -> Result<S, SourceError> {
        let config =
            serde_json::from_value(config).map_err(|error| SourceError::new(Status::InvalidArgument, error.to_string()))?;
        S::open(config, task)
    }

    /// Scans columns by name, each as a kind; none named: all columns.
    pub fn scan<S: StageMetrics>(
        &self,
        source: &S,
        task: &Task,
        columns: &[(&str, Kind)],
        shape: impl Fn(&mut ScanRequest),
    ) -> Result<Scanned, SourceError> {
        for replanned in 0..10 {
            locked(&self.rejected).clear();
            locked(&self.left_out).clear();
            let tables = source.tables(task)?;
            let mut request = ScanRequest::all(tables[0].name.clone());
            shape(&mut request);
            let missing = |name: &str| SourceError::new(Status::NotFound, format!("no table or column `{name}`"));
            let table = tables.iter().find(|table| table.name == request.table).ok_or_else(|| missing(&request.table))?;
            if !columns.is_empty() {
                let requests = columns.iter().map(|(name, kind)| {
                    let index = table.schema.index_of(name).map_err(|_| missing(name))?;
                    Ok(ColumnRequest { index, kind: *kind })
                });
                request.columns = Some(requests.collect::<Result<_, SourceError>>()?);
            }
            match self.once(source, task, &request) {
                Err(error) if error.status == Status::SchemaChanged => {}
                other => return other.map(|scanned| Scanned { replanned, ..scanned }),
            }
        }
        Err(SourceError::new(Status::Internal, "planned ten times and never settled"))
    }

    fn once<S: StageMetrics>(&self, source: &S, task: &Task, request: &ScanRequest) -> Result<Scanned, SourceError> {
        let plan = source.plan(request, task)?;
        let mut rows = Vec::new();
        for partition in &plan.partitions {
            for batch in source.read(partition, task)? {
                let batch = batch?;
                assert_eq!(batch.schema(), plan.schema, "every batch has the plan's schema");
                rows.extend(texts(&batch));
            }
        }
        let rejected = self.rejects().into_iter().map(|rejected| {
            let Rejected { file, line, column, why, value, .. } = rejected;
            format!("{file}:{line} {column}: {why}: {value}")
        });
        Ok(Scanned {
            schema: plan.schema,
            rows,
            replanned: 0,
            partitions: plan.partitions.len(),
            rejected: rejected.collect(),
            left_out: locked(&self.left_out).iter().map(|(why, rows)| format!("{rows} × {why}")).collect(),
        })
    }

    /// The rejects as they came.
    pub fn rejects(&self) -> Vec<Rejected> {
        locked(&self.rejected).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default();
    (0..batch.num_rows())
        .map(|row| {
            let cell = |array: &ArrayRef| {
                if array.is_null(row) {
                    return "∅".to_owned();
                }
                ArrayFormatter::try_new(array.as_ref(), &options)
                    .map(|formatter| formatter.value(row).to_string())
                    .unwrap_or_default()
            };
            batch.columns().iter().map(without_zone).map(|array| cell(&array)).collect()
        })
        .collect()
}

/// Instants are shown as UTC wall clock: naming a zone needs a zone database.
fn without_zone(array: &ArrayRef) -> ArrayRef {
    match array.as_any().downcast_ref::<TimestampMicrosecondArray>() {
        Some(instants) if instants.timezone().is_some() => Arc::new(instants.clone().with_timezone_opt(None::<&str>)),
        _ => Arc::clone(array),
    }
}

impl Services for Trial {
    fn source(&self) -> &'static str {
        "demo"
    }

    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    fn log(&self, _level: Level, _message: &str) {}

    fn progress(&self, _done: u64, _total: Option<u64>, _unit: &str) {}

    fn is_cancelled(&self) -> bool {
        false
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        Err(SourceError::new(Status::NotFound, format!("no secret `{name}`")))
    }

    fn reject(&self, rejected: &Rejected) {
        locked(&self.rejected).push(rejected.clone());
    }

    fn left_out(&self, why: &str, rows: u64) {
        locked(&self.left_out).push((why.to_owned(), rows));
    }
}
