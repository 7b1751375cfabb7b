//! Pulls what was planned: a few parts at once, each written to a file of its own as it comes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::{fs, io};

use arrow_schema::SchemaRef;
use cvj_core::source::{Partition, Rejected};
use cvj_core::{SourceError, Status};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::record::{Plan, Receipt};
use super::store::{Hashed, PullFolder, failed};
use super::unread::{Gathering, Unread};
use crate::error::EngineError;
use crate::plugin;
use crate::scan::locked;
use crate::sources::{Host, SideChannels};

/// Parts that are pulled at once.
const AT_ONCE: usize = 4;
/// What a file being written may hold back in memory.
const GROUP_BYTES: usize = 8 << 20;
const GROUP_ROWS: usize = 1 << 17;

/// A table that is being pulled.
pub(super) struct Begun {
    pub(super) folder: PullFolder,
    pub(super) plan: Plan,
    pub(super) schema: SchemaRef,
    /// By part; none where it is to be pulled.
    pub(super) receipts: Vec<Option<Receipt>>,
    /// Columns whose values a report may show where they cannot be read.
    pub(super) shown: BTreeSet<String>,
}

/// How far all tables of a source are.
struct Progress {
    host: Host,
    done: AtomicU64,
    total: Option<u64>,
    /// A part failed: the others need not go on.
    stop: AtomicBool,
}

/// Pulls the parts that are not there yet, in order; what came of them is written even if others fail.
pub(super) fn pull(host: &Host, source: &plugin::Source, tables: &[Begun]) -> Result<(), EngineError> {
    let part_numbers = |table: usize| (0..tables[table].receipts.len()).map(move |part| (table, part));
    let all = (0..tables.len()).flat_map(part_numbers);
    let queue: VecDeque<(usize, usize)> = all.filter(|(table, part)| tables[*table].receipts[*part].is_none()).collect();
    let received = tables.iter().flat_map(|table| table.receipts.iter().flatten()).map(Receipt::received).sum();
    let progress = Arc::new(Progress {
        host: host.clone(),
        done: AtomicU64::new(received),
        total: tables.iter().map(|table| table.plan.rows_expected).sum(),
        stop: AtomicBool::new(false),
    });
    let threads = AT_ONCE.min(queue.len());
    let (queue, failure) = (Mutex::new(queue), Mutex::new(None));
    let work = || {
        while !progress.is_stopped() {
            let Some((table, part)) = locked(&queue).pop_front() else { return };
            if let Err(error) = pull_part(host, source, &tables[table], part, &progress) {
                // The others are stopped by it: what they say is no cause.
                locked(&failure).get_or_insert(error);
                progress.stop.store(true, Ordering::Release);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    match failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(error) => Err(error),
        None if host.is_cancelled() => Err(EngineError::Cancelled),
        None => Ok(()),
    }
}

fn pull_part(
    host: &Host,
    source: &plugin::Source,
    table: &Begun,
    part: usize,
    progress: &Arc<Progress>,
) -> Result<(), EngineError> {
    let channels = Arc::new(Channels::new(progress.clone(), table));
    let task = host.scan_task(channels.clone());
    let path = table.folder.file(part);
    let aside = path.with_extension("parquet.new");
    let unwritten = |error: ParquetError| failed("written", &aside)(system_error(error));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // Least and greatest values would be of no use.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .build();
    let stream = source.read(&Partition(table.plan.parts[part].clone()), table.schema.clone(), &task);
    let stream = stream.map_err(|error| host.error(error))?;
    let mut writer = ArrowWriter::try_new(Hashed::create(&aside)?, table.schema.clone(), Some(properties)).map_err(unwritten)?;
    let mut rows = 0;
    for batch in stream {
        let batch = batch.map_err(|error| host.error(error))?;
        if progress.is_stopped() {
            return Err(EngineError::Cancelled);
        }
        writer.write(&batch).map_err(unwritten)?;
        rows += batch.num_rows() as u64;
        channels.received(rows);
    }
    let file = writer.into_inner().map_err(unwritten)?;
    let (bytes, sha256) = file.finish().map_err(|error| failed("written", &aside)(error))?;
    let unread = channels.take_unread(rows).map_err(|error| host.error(error))?;
    let left_out = std::mem::take(&mut *locked(&channels.left_out));
    fs::rename(&aside, &path).map_err(failed("written", &path))?;
    table.folder.write_receipt(part, &Receipt { rows, bytes, sha256, unread, left_out })
}

/// What the system said, where a file could not be written.
fn system_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => inner.downcast().map_or_else(io::Error::other, |error| *error),
        other => io::Error::other(other),
    }
}

impl Progress {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire) || self.host.is_cancelled()
    }
}

/// What a source says beside the rows of one part.
struct Channels {
    progress: Arc<Progress>,
    schema: SchemaRef,
    shown: BTreeSet<String>,
    unread: Mutex<Gathering>,
    /// A column that it told of though it was not asked for it.
    foreign_column: Mutex<Option<String>>,
    left_out: Mutex<BTreeMap<String, u64>>,
    /// Rows that are in the progress of all.
    told: AtomicU64,
}

impl Channels {
    fn new(progress: Arc<Progress>, table: &Begun) -> Self {
        Self {
            progress,
            schema: table.schema.clone(),
            shown: table.shown.clone(),
            unread: Mutex::default(),
            foreign_column: Mutex::default(),
            left_out: Mutex::default(),
            told: AtomicU64::new(0),
        }
    }

    /// So many rows of this part were received.
    fn received(&self, rows: u64) {
        let before = self.told.fetch_max(rows, Ordering::AcqRel);
        let more = rows.saturating_sub(before);
        let done = self.progress.done.fetch_add(more, Ordering::AcqRel) + more;
        self.progress.host.progress(done, self.progress.total, "rows");
    }

    /// What could not be read; an error where it is about no row or column of the part.
    fn take_unread(&self, rows: u64) -> Result<Vec<Unread>, SourceError> {
        let fault = |what: String| {
            SourceError::new(Status::Internal, format!("the plugin breaks its contract: it rejected {what}"))
                .with_hint("report this to the plugin's author")
        };
        if let Some(column) = locked(&self.foreign_column).take() {
            return Err(fault(format!("a cell of column `{column}`, which it was not asked for")));
        }
        let unread = std::mem::take(&mut *locked(&self.unread)).finish();
        match unread.iter().filter_map(|unread| unread.rows.last()).find(|row| *row >= rows) {
            Some(row) => Err(fault(format!("row {row}, which it did not deliver"))),
            None => Ok(unread),
        }
    }
}

impl SideChannels for Channels {
    fn reject(&self, rejected: &Rejected) {
        if rejected.column.is_empty() || self.schema.index_of(&rejected.column).is_ok() {
            locked(&self.unread).add(rejected, self.shown.contains(&rejected.column));
        } else {
            locked(&self.foreign_column).get_or_insert_with(|| rejected.column.clone());
        }
    }

    fn left_out(&self, why: &str, rows: u64) {
        *locked(&self.left_out).entry(why.to_owned()).or_default() += rows;
    }

    fn progress(&self, done: u64, _total: Option<u64>, _unit: &str) -> bool {
        self.received(done);
        true
    }

    fn is_stopped(&self) -> bool {
        self.progress.stop.load(Ordering::Acquire)
    }
}
