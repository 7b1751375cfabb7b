//! A partition of a scan: one sheet of one file, and its reading.

use cvj_core::source::{BatchSender, Partition};
use cvj_core::{BatchStream, SourceError, Status, Task};
use cvj_tabular::cell::Cell;
use cvj_tabular::files::FileStamp;
use cvj_tabular::rows::{Contradicted, Origin, RowAssembler};
use cvj_tabular::settings::Nulls;
use cvj_tabular::table::PlannedColumn;
use serde::{Deserialize, Serialize};

use crate::workbook::{Next, Workbook};

/// A sheet, with all that is needed to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The table.
    pub table: String,
    /// The file as it was planned with.
    pub file: FileStamp,
    /// The sheet's name.
    pub sheet: String,
    /// The row of the header, counted from 1.
    pub header_row: u64,
    /// Which column of the table each column of the sheet is.
    pub fields: Vec<usize>,
    /// What is wanted.
    pub columns: Vec<PlannedColumn>,
    /// The texts that mean "no value".
    pub nulls: Nulls,
    /// The formats were settled from all rows.
    pub settled: bool,
    /// Stop after so many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Names of files that are copies of this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
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

    /// Reads the part, in a thread of its own.
    pub fn read(self, contradicted: Contradicted, task: &Task) -> Result<BatchStream, SourceError> {
        let origin = Origin {
            table: self.table.clone(),
            file: self.file.name().to_owned(),
            contradicted: (!self.settled).then_some(contradicted),
        };
        let field_of = |column: usize| self.fields.iter().position(|field| *field == column);
        let rows = RowAssembler::new(&self.columns, field_of, self.nulls.clone(), self.batch_rows, origin, task.clone());
        // The file is looked at here, so that a changed one fails before a thread is started.
        self.file.open(&task.folder())?;
        let task = task.clone();
        BatchStream::produced(rows.schema(), 2, move |sender| self.produce(rows, &task, sender))
    }

    fn produce(&self, mut rows: RowAssembler, task: &Task, sender: &BatchSender) -> Result<(), SourceError> {
        let mut workbook = Workbook::open(&task.folder(), &self.file)?;
        let width = self.fields.len();
        let limit = self.limit.unwrap_or(u64::MAX);
        if limit > 0 {
            workbook.rows(&self.sheet, |row, cells| {
                if row <= self.header_row || cells.iter().all(Cell::is_blank) {
                    return Ok(Next::Row);
                }
                let beyond = cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
                if beyond > width {
                    let texts: Vec<_> = cells.iter().take(20).map(Cell::to_text).collect();
                    rows.reject_row(row, format!("{beyond} cells where the header has {width}"), texts.join("\t"));
                    return Ok(Next::Row);
                }
                rows.push(row, |field| Ok(cells.get(field).cloned().unwrap_or(Cell::Empty)))?;
                if rows.pending() >= self.batch_rows {
                    if task.is_cancelled() {
                        return Err(SourceError::cancelled());
                    }
                    task.progress(rows.rows(), None, "rows");
                    sender.send(rows.finish()?)?;
                }
                Ok(if rows.rows() >= limit { Next::Stop } else { Next::Row })
            })?;
        }
        for copy in &self.copies {
            task.left_out(&format!("{copy} is a copy of {}", self.file.name()), rows.rows());
        }
        if rows.pending() > 0 {
            sender.send(rows.finish()?)?;
        }
        Ok(())
    }
}
