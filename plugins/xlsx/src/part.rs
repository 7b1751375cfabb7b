//! A partition of a scan: a table of one sheet of one file, and its reading.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use cvj_core::source::{BatchSender, Partition};
use cvj_core::{BatchStream, SourceError, Status, Task};
use cvj_tabular::files::FileStamp;
use cvj_tabular::part::{PartRows, TablePart};
use cvj_tabular::rows::Contradicted;
use serde::{Deserialize, Serialize};

use crate::row::{Area, Context, Row, RowView};
use crate::shared_text::SharedText;
use crate::workbook::{SheetRows, Window, Workbook};
use cvj_tabular::limits::Limits;

/// Rows are handed from the thread that reads to the one that makes batches so many at once, and so many chunks ahead.
const CHUNK_ROWS: usize = 512;
const CHUNK_BYTES: u64 = 1024 * 1024;
const CHUNKS_AHEAD: usize = 4;
/// A batch ends before its rows come to many more bytes.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// A table in a sheet, with all that is needed to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What every partition carries.
    pub part: TablePart,
    /// The file as it was planned with.
    pub file: FileStamp,
    /// The sheet's name.
    pub sheet: String,
    /// The first row of data, counted from 1.
    pub from: u64,
    /// The row behind the last.
    pub to: u64,
    /// The sheet's merged areas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
    /// Hidden rows are left out.
    pub skip_hidden: bool,
    /// How large things may be.
    pub limits: Limits,
}

impl Part {
    /// The part as a token.
    pub fn partition(&self) -> Result<Partition, SourceError> {
        serde_json::to_string(self)
            .map(Partition)
            .map_err(|error| SourceError::new(Status::Internal, format!("a partition cannot be written down: {error}")))
    }

    /// The part of a token.
    pub fn of(partition: &Partition) -> Result<Self, SourceError> {
        serde_json::from_str(&partition.0).map_err(|error| {
            SourceError::new(Status::InvalidArgument, format!("this is no partition of a workbook's table: {error}"))
        })
    }

    /// Reads the part, in a thread of its own. `known` are the file's shared texts, if they were read before.
    pub fn read(
        self,
        contradicted: Contradicted,
        known: Option<Arc<SharedText>>,
        task: &Task,
    ) -> Result<BatchStream, SourceError> {
        let rows = PartRows::new(self.part.clone(), contradicted, task);
        // The file is looked at here, so that a changed one fails before a thread is started.
        self.file.open(&task.folder())?;
        let task = task.clone();
        BatchStream::produced(rows.schema(), 2, move |sender| self.produce(rows, known, &task, sender))
    }

    fn produce(
        &self,
        rows: PartRows,
        known: Option<Arc<SharedText>>,
        task: &Task,
        sender: &BatchSender,
    ) -> Result<(), SourceError> {
        let mut workbook = Workbook::open(&task.folder(), &self.file, &self.limits, known)?;
        let (shared, epoch) = (Arc::clone(workbook.shared()), workbook.context().epoch);
        let context = Context { shared: &shared, epoch };
        let window = Window { areas: &self.areas, from: self.from, to: self.to, skip_hidden: self.skip_hidden };
        let mut sheet = workbook.read(&self.sheet, window)?;
        let (chunks, ready) = sync_channel(CHUNKS_AHEAD);
        let (used, spare) = channel();
        let mut rows = std::thread::scope(|scope| {
            let assembler = scope.spawn(move || self.assemble(rows, context, &ready, &used, task, sender));
            let read = hand_over(&mut sheet, &chunks, &spare);
            drop(chunks);
            let rows = assembler.join().unwrap_or_else(|payload| resume_unwind(payload))?;
            read.map(|()| rows)
        })?;
        self.file.unchanged(&task.folder())?;
        rows.finish()?;
        if self.skip_hidden && sheet.hidden() > 0 {
            task.left_out("hidden row", sheet.hidden());
        }
        send(&mut rows, task, sender)
    }

    /// Makes batches of rows as they become ready. Ends with the rows, or when no more are wanted.
    fn assemble(
        &self,
        mut rows: PartRows,
        context: Context<'_>,
        ready: &Receiver<Vec<Row>>,
        used: &Sender<Vec<Row>>,
        task: &Task,
        sender: &BatchSender,
    ) -> Result<PartRows, SourceError> {
        let width = self.part.sieve.left() + self.part.sieve.width();
        let mut bytes = 0;
        for chunk in ready {
            for row in &chunk {
                if rows.is_done(row.number) {
                    return Ok(rows);
                }
                if row.after_blank {
                    rows.blank();
                }
                let view = RowView::new(row, context, width);
                rows.push(row.number, &view)?;
                bytes += view.bytes();
                if rows.is_full() || bytes > BATCH_BYTES {
                    bytes = 0;
                    send(&mut rows, task, sender)?;
                }
            }
            // When the sheet is at its end nobody needs them.
            let _ = used.send(chunk);
        }
        Ok(rows)
    }
}

/// Reads rows and hands them over in chunks, until the sheet ends or nobody takes them. `spare` are chunks to use again.
fn hand_over(sheet: &mut SheetRows<'_>, chunks: &SyncSender<Vec<Row>>, spare: &Receiver<Vec<Row>>) -> Result<(), SourceError> {
    loop {
        let mut chunk = spare.try_recv().unwrap_or_default();
        let (mut rows, mut bytes) = (0, 0);
        while rows < CHUNK_ROWS && bytes < CHUNK_BYTES {
            let Some(row) = sheet.next_row()? else { break };
            bytes += row.size();
            if rows == chunk.len() {
                chunk.push(Row::default());
            }
            std::mem::swap(&mut chunk[rows], row);
            rows += 1;
        }
        chunk.truncate(rows);
        if rows == 0 || chunks.send(chunk).is_err() {
            return Ok(());
        }
    }
}

fn send(rows: &mut PartRows, task: &Task, sender: &BatchSender) -> Result<(), SourceError> {
    if task.is_cancelled() {
        return Err(SourceError::cancelled());
    }
    task.progress(rows.rows(), None, "rows");
    match rows.batch()? {
        Some(batch) => sender.send(batch),
        None => Ok(()),
    }
}
