//! A partition of a scan: a table of one sheet of one file, and its reading.

use std::sync::Arc;

use cvj_core::source::{BatchSender, Partition};
use cvj_core::{BatchStream, SourceError, Status, Task};
use cvj_tabular::files::FileStamp;
use cvj_tabular::part::{PartRows, TablePart};
use cvj_tabular::rows::Contradicted;
use serde::{Deserialize, Serialize};

use crate::row::{Area, RowView};
use crate::shared_text::SharedText;
use crate::workbook::{Window, Workbook};
use cvj_tabular::limits::Limits;

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
        mut rows: PartRows,
        known: Option<Arc<SharedText>>,
        task: &Task,
        sender: &BatchSender,
    ) -> Result<(), SourceError> {
        let mut workbook = Workbook::open(&task.folder(), &self.file, &self.limits, known)?;
        let window = Window { areas: &self.areas, from: self.from, to: self.to, skip_hidden: self.skip_hidden };
        let mut sheet = workbook.read(&self.sheet, window)?;
        let context = sheet.context();
        let width = self.part.sieve.left() + self.part.sieve.width();
        let mut bytes = 0;
        while let Some(row) = sheet.next_row()?.filter(|row| !rows.is_done(row.number)) {
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
        self.file.unchanged(&task.folder())?;
        rows.finish()?;
        if self.skip_hidden && sheet.hidden() > 0 {
            task.left_out("hidden row", sheet.hidden());
        }
        send(&mut rows, task, sender)
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
