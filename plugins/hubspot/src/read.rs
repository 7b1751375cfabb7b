//! Reads a partition, a page at a time.

mod along;
mod listed;

use std::sync::Arc;

use arrow_array::RecordBatch;
use cvj_core::{BatchStream, SourceError, Task};
use cvj_http::Rows;
use serde_json::Value;

use crate::client::Client;
use crate::part::Part;
use crate::portal::Portal;
use crate::tables::Table;

/// Rows gathered before a batch is handed on.
const BATCH: usize = 8192;

/// What a partition's rows come from.
trait Source: Send {
    /// Adds the rows of the next page; gives whether more follow.
    fn page(&mut self, rows: &mut Rows, task: &Task) -> Result<bool, SourceError>;
}

/// Reads a partition. `portal` says how stages are called now.
pub(crate) fn read(client: Arc<Client>, portal: &Portal, part: Part, task: &Task) -> Result<BatchStream, SourceError> {
    let rows = Rows::new(part.table.name(), &part.columns, None)?;
    let source: Box<dyn Source> = match part.table {
        Table::DealPipelineStages | Table::LifecycleStages => Box::new(listed::Known::new(portal, part.table)),
        table if table.along().is_some() => along::source(client, portal, &part),
        _ => Box::new(listed::Listing::new(client, &part)),
    };
    let schema = rows.schema().clone();
    let reading = Reading { source, rows, part, task: task.clone(), received: 0, is_over: false };
    Ok(BatchStream::new(schema, reading))
}

struct Reading {
    source: Box<dyn Source>,
    rows: Rows,
    part: Part,
    task: Task,
    received: u64,
    is_over: bool,
}

impl Reading {
    fn batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        while !self.is_over && self.rows.pending() < BATCH {
            let before = self.rows.pending();
            let has_more = self.source.page(&mut self.rows, &self.task)?;
            self.received += (self.rows.pending() - before) as u64;
            self.task.progress(self.received, self.part.rows, self.part.table.unit());
            self.is_over = !has_more || self.part.limit.is_some_and(|limit| self.received >= limit);
        }
        if self.rows.pending() == 0 { Ok(None) } else { self.rows.finish().map(Some) }
    }
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batch().transpose();
        if matches!(batch, Some(Err(_))) {
            self.is_over = true;
        }
        batch
    }
}

/// Adds a row that is a JSON object with the columns' names.
fn push(rows: &mut Rows, id: &str, row: &Value, task: &Task) {
    rows.push(id, |field| row.get(&field.name), task);
}
