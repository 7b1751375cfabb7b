//! A partition of a scan: one sheet of one file, and its reading.

use cvj_core::source::{BatchSender, Partition};
use cvj_core::{BatchStream, SourceError, Status, Task};
use cvj_tabular::files::FileStamp;
use cvj_tabular::rows::{Contradicted, Origin, RowAssembler};
use cvj_tabular::settings::Nulls;
use cvj_tabular::table::PlannedColumn;
use serde::{Deserialize, Serialize};

use crate::limits::Bounds;
use crate::row::Area;
use crate::shared_text::SharedText;
use crate::workbook::Workbook;
use std::sync::Arc;

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
    /// Merged areas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
    /// How large things may be.
    pub bounds: Bounds,
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
    pub fn read(self, contradicted: Contradicted, known: Option<Arc<SharedText>>, task: &Task) -> Result<BatchStream, SourceError> {
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
        BatchStream::produced(rows.schema(), 2, move |sender| self.produce(rows, known, &task, sender))
    }

    fn produce(
        &self,
        mut rows: RowAssembler,
        known: Option<Arc<SharedText>>,
        task: &Task,
        sender: &BatchSender,
    ) -> Result<(), SourceError> {
        let mut workbook = Workbook::open(&task.folder(), &self.file, &self.bounds, known)?;
        let width = self.fields.len();
        let limit = self.limit.unwrap_or(u64::MAX);
        let mut sheet = workbook.read(&self.sheet, &self.areas)?;
        let context = sheet.context();
        while rows.rows() < limit {
            let Some(row) = sheet.next_row()? else { break };
            let filled = row.filled_width(&context);
            if row.number <= self.header_row || filled == 0 {
                continue;
            }
            if filled > width {
                let texts: Vec<_> = (0..filled.min(20)).map(|field| row.cell(field, &context).to_text().into_owned()).collect();
                rows.reject_row(row.number, format!("{filled} cells where the header has {width}"), texts.join("\t"));
                continue;
            }
            rows.push(row.number, |field| Ok(row.cell(field, &context)))?;
            if rows.pending() >= self.batch_rows {
                if task.is_cancelled() {
                    return Err(SourceError::cancelled());
                }
                task.progress(rows.rows(), None, "rows");
                sender.send(rows.finish()?)?;
            }
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
