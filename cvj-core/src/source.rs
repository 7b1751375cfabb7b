//! What plugin authors implement: a source of stage metrics, its tables, and how they are scanned.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::definition::Definition;
use crate::error::{SourceError, Status};

/// A source of stage metrics: something that opens with a configuration and yields tables, and says how these become
/// metrics and touchpoints. All calls are blocking and may come from several threads at once.
///
/// Implement it and hand the type to [`export_plugin!`](crate::export_plugin) to get a loadable plugin.
pub trait StageMetrics: Sized + Send + Sync + 'static {
    /// The source's keys in `cvj.toml`, beside `plugin` and `defaults`. Mark it `#[serde(deny_unknown_fields)]`, so that a
    /// mistyped key is an error. A secret is a [`SecretName`](crate::source::SecretName).
    type Config: DeserializeOwned + JsonSchema;

    /// Opens the source. No bulk reads.
    fn open(config: Self::Config, task: &Task) -> Result<Self, SourceError>;

    /// One cheap call that tells whether the source can be reached: files exist, credentials work.
    fn check(&self, task: &Task) -> Result<(), SourceError>;

    /// The tables that the source has now.
    fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError>;

    /// The metrics and touchpoints that these tables give by default, and views that join them.
    fn definitions(&self, _task: &Task) -> Result<Vec<Definition>, SourceError> {
        Ok(Vec::new())
    }

    /// Splits a scan into partitions that are disjoint and complete, and says which filters they answer exactly.
    fn plan(&self, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError>;

    /// Reads one partition as record batches of the plan's schema. The task stays valid until the stream is dropped.
    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError>;
}

/// A secret in a source's configuration, by name: `token = { secret = "HUBSPOT_TOKEN" }`. Ask the host for its value with
/// [`Task::secret`] when it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-cvj-secret" = true))]
pub struct SecretName {
    /// The name the host resolves.
    pub secret: String,
}

/// A table of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct TableInfo {
    /// Its name in `from = "source.table"`.
    pub name: String,
    /// Its columns with the types found, virtual ones (`_file`, `_line`) included. Types allowed across the boundary: Boolean,
    /// Int64, Float64, Decimal128, Utf8, Date32, Timestamp(Microsecond) without zone (the client's) or with zone `UTC`.
    pub schema: SchemaRef,
    /// The rest, which crosses the boundary as JSON.
    pub details: TableDetails,
}

/// What a table is beside its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableDetails {
    /// One sentence.
    pub doc: String,
    /// Columns that identify a row.
    pub key: Vec<String>,
    /// Rows the other side says it has (a control total), compared with the rows received.
    pub rows_expected: Option<u64>,
    /// File names (without folders) the table is read from.
    pub files: Vec<String>,
    /// Headers as written, in column order, virtual columns left out.
    pub headers: Vec<String>,
    /// Lines before the header.
    pub preamble: Vec<String>,
    /// How its files are written and what stands in them beside the table, a line each, for people.
    pub format: Vec<String>,
}

/// Field metadata key: the ISO 4217 code (or the sign) of a column of money.
pub const FIELD_CURRENCY: &str = "cvj.currency";
/// Field metadata key of a column of numbers: the column (by name) whose cells say each row's currency, as code or sign.
pub const FIELD_CURRENCY_COLUMN: &str = "cvj.currency_column";
/// Field metadata key: the format found, for people: `dates as day.month.year`.
pub const FIELD_FORMAT: &str = "cvj.format";
/// Virtual column: the file a row stands in (Utf8, name without folder).
pub const COLUMN_FILE: &str = "_file";
/// Virtual column: the line (CSV) or row (spreadsheet) a row stands on, counted from 1 (Int64).
pub const COLUMN_LINE: &str = "_line";
/// Virtual column: the first day that the file says it covers (Date32, null where it says none).
pub const COLUMN_FROM: &str = "_from";
/// Virtual column: the last day that the file says it covers (Date32, null where it says none).
pub const COLUMN_TO: &str = "_to";

/// What a definition needs of a column; the source settles the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// As the source finds it.
    Any = 0,
    /// Text, as written.
    Text = 1,
    /// Int64, Decimal128 or Float64.
    Number = 2,
    /// Date32 or Timestamp.
    Time = 3,
    /// Boolean.
    Boolean = 4,
}

impl Kind {
    /// The kind with this number; an unknown one is [`Kind::Any`].
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Text,
            2 => Self::Number,
            3 => Self::Time,
            4 => Self::Boolean,
            _ => Self::Any,
        }
    }
}

/// One column of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnRequest {
    /// Index into the table's schema.
    pub index: usize,
    /// What it is needed as. Where the column's values do not read as this kind (under 95 %), `plan` fails with
    /// [`Status::InvalidData`] and says which value does not.
    pub kind: Kind,
}

/// A request to scan one table.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanRequest {
    /// The table's name.
    pub table: String,
    /// The columns wanted, in the order wanted; `None` for all, an empty list for row counts only.
    pub columns: Option<Vec<ColumnRequest>>,
    /// Conditions, all of which must hold.
    pub filters: Vec<Filter>,
    /// Stop after this many rows over all partitions; more is allowed.
    pub limit: Option<u64>,
    /// How many partitions would be welcome.
    pub target_partitions: usize,
    /// How many rows a batch would be welcome to have.
    pub batch_rows: usize,
}

impl ScanRequest {
    /// A request for the whole table in one partition.
    pub fn all(table: impl Into<String>) -> Self {
        Self { table: table.into(), columns: None, filters: Vec::new(), limit: None, target_partitions: 1, batch_rows: 8192 }
    }
}

/// `column op value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// The column's name.
    pub column: String,
    /// The comparison.
    pub op: FilterOp,
    /// The value compared with; null for `is_null` and `not_null`.
    #[serde(default)]
    pub value: FilterValue,
}

/// A comparison that sources may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the comparisons")]
pub enum FilterOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    IsNull,
    NotNull,
}

/// The value of a filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterValue {
    /// None.
    #[default]
    Null,
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Number(f64),
    /// Text.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00 UTC.
    Instant(i64),
    /// Microseconds since 1970-01-01T00:00 of the client's wall clock.
    Local(i64),
}

/// How a source answers one filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FilterAnswer {
    /// Not at all: the host applies it.
    Unsupported = 0,
    /// Some rows that fail are left out: the host applies it again.
    Inexact = 1,
    /// Exactly the rows that pass are delivered.
    Exact = 2,
}

/// How a scan is split.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanPlan {
    /// Schema of every batch of every partition.
    pub schema: SchemaRef,
    /// Disjoint and together complete, in the table's row order.
    pub partitions: Vec<Partition>,
    /// One answer per filter of the request.
    pub filters: Vec<FilterAnswer>,
    /// Rows expected over all partitions, if known.
    pub rows: Option<u64>,
}

/// One part of a scan: a self-contained token without secrets, which another process could open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Partition(pub String);

/// How loud a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the usual five")]
pub enum Level {
    Error = 1,
    Warn = 2,
    Info = 3,
    Debug = 4,
    Trace = 5,
}

/// A cell or a row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The row's place in this partition's stream, counted from 0 over all batches: the row is delivered with null in the
    /// column. `None`: the row is not delivered at all.
    pub row: Option<u64>,
    /// File name, without folders.
    pub file: String,
    /// Line or row in the file, counted from 1.
    pub line: u64,
    /// The column's name; empty where the whole row is meant.
    pub column: String,
    /// The reason, without the value: `not a date`.
    pub why: String,
    /// The text that could not be read, shortened by the host for samples.
    pub value: String,
}

/// What the host does for a source during a task.
pub trait Services: Send + Sync {
    /// The source's name in the configuration.
    fn source(&self) -> &str;
    /// The client's folder: relative paths start here.
    fn folder(&self) -> PathBuf;
    /// Writes to the host's log.
    fn log(&self, level: Level, message: &str);
    /// Says how far the work is.
    fn progress(&self, done: u64, total: Option<u64>, unit: &str);
    /// Whether the host wants the work to stop; poll it between pages or batches.
    fn is_cancelled(&self) -> bool;
    /// The value of a secret that the configuration names.
    fn secret(&self, name: &str) -> Result<String, SourceError>;
    /// A cell or row that cannot be read. Call it before the batch that holds the row is returned.
    fn reject(&self, rejected: &Rejected);
    /// Lines that are no rows of data: totals, footers, comments, duplicates.
    fn left_out(&self, why: &str, rows: u64);
}

/// A handle to the host's services; cheap to clone, valid until the call (for `read`: the stream) ends.
#[derive(Clone)]
pub struct Task(Arc<dyn Services>);

impl Task {
    /// A task over these services.
    pub fn new(services: Arc<dyn Services>) -> Self {
        Self(services)
    }
}

impl std::ops::Deref for Task {
    type Target = dyn Services;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}

/// Record batches of one partition. It ends with `None` after everything was delivered, or with one error.
pub struct BatchStream {
    schema: SchemaRef,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, SourceError>> + Send>,
}

impl BatchStream {
    /// A stream of batches of `schema` over an iterator that does its work as it is pulled.
    pub fn new(schema: SchemaRef, batches: impl Iterator<Item = Result<RecordBatch, SourceError>> + Send + 'static) -> Self {
        Self { schema, batches: Box::new(batches) }
    }

    /// A stream fed by a thread of its own. The end is reported only when `produce` returned `Ok`: a producer that panics
    /// or fails is an error, never the end of the data.
    pub fn produced(
        schema: SchemaRef,
        capacity: usize,
        produce: impl FnOnce(&BatchSender) -> Result<(), SourceError> + Send + 'static,
    ) -> Result<Self, SourceError> {
        let (sender, receiver) = sync_channel(capacity);
        let producer = std::thread::Builder::new()
            .spawn(move || {
                let sender = BatchSender(sender);
                std::panic::catch_unwind(AssertUnwindSafe(|| produce(&sender))).unwrap_or_else(|payload| {
                    let text = crate::export::panic_text(payload);
                    Err(SourceError::new(Status::Internal, format!("the thread that produces the data panicked: {text}")))
                })
            })
            .map_err(|error| SourceError::new(Status::Internal, format!("no thread could be started: {error}")))?;
        Ok(Self::new(schema, Produced { receiver: Some(receiver), producer: Some(producer) }))
    }

    /// A stream over batches at hand.
    pub fn from_batches(schema: SchemaRef, batches: impl IntoIterator<Item = RecordBatch>) -> Self {
        let batches: VecDeque<_> = batches.into_iter().collect();
        Self::new(schema, batches.into_iter().map(Ok))
    }

    /// Schema of every batch.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Iterator for BatchStream {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.next()
    }
}

/// The sending half of [`BatchStream::produced`].
pub struct BatchSender(SyncSender<RecordBatch>);

impl BatchSender {
    /// Hands one batch to the reader; waits while the reader is behind. Fails once the reader is gone: return the error.
    pub fn send(&self, batch: RecordBatch) -> Result<(), SourceError> {
        self.0.send(batch).map_err(|_| SourceError::cancelled())
    }
}

struct Produced {
    receiver: Option<Receiver<RecordBatch>>,
    producer: Option<JoinHandle<Result<(), SourceError>>>,
}

impl Iterator for Produced {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(batch) = self.receiver.as_ref()?.recv().ok().map(Ok) {
            return Some(batch);
        }
        self.receiver = None;
        match self.producer.take()?.join() {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(error)),
            Err(_) => Some(Err(SourceError::new(Status::Internal, "the thread that produces the data died"))),
        }
    }
}

impl Drop for Produced {
    fn drop(&mut self) {
        self.receiver = None;
        if let Some(producer) = self.producer.take() {
            let _ = producer.join();
        }
    }
}
