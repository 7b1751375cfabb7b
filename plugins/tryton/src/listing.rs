//! Pages of records by ascending id: what is written or deleted meanwhile moves no record from one page to another.

use cvj_core::source::BatchSender;
use cvj_core::{SourceError, Status, Task};
use cvj_http::{Field, Rows};
use serde_json::Value;

use crate::Part;
use crate::rpc::Rpc;
use crate::tables::Table;
use crate::wire;

/// One partition being read.
pub(crate) struct Listing<'a> {
    pub(crate) rpc: &'a Rpc,
    pub(crate) table: &'a Table,
    pub(crate) rows: Rows,
    pub(crate) task: &'a Task,
    /// The id of the last record read.
    after: i64,
    to: i64,
    limit: Option<u64>,
    /// Rows sent.
    sent: u64,
}

/// Records in a page. Tryton answers at most 2,000.
const PAGE: usize = 500;

impl<'a> Listing<'a> {
    pub(crate) fn new(
        rpc: &'a Rpc,
        table: &'a Table,
        part: &Part,
        fields: &[Field],
        task: &'a Task,
    ) -> Result<Self, SourceError> {
        let rows = Rows::new(table.name, fields, None)?;
        Ok(Self { rpc, table, rows, task, after: part.after, to: part.to, limit: part.limit, sent: 0 })
    }

    /// Sends the records with the columns asked for.
    pub(crate) fn records(&mut self, sender: &BatchSender) -> Result<(), SourceError> {
        let table = self.table;
        let mut paths: Vec<&str> = self.rows.fields().iter().map(|field| table.path(&field.name)).collect();
        paths.sort_unstable();
        paths.dedup();
        while let Some(page) = self.page(PAGE, &paths)? {
            for (id, record) in &page {
                self.rows.push(&id.to_string(), |field| wire::at(record, table.path(&field.name)), self.task);
            }
            self.send(sender)?;
        }
        Ok(())
    }

    /// The next page of at most `size` records with these fields, and their ids; `None` at the end.
    pub(crate) fn page(&mut self, size: usize, fields: &[&str]) -> Result<Option<Vec<(i64, Value)>>, SourceError> {
        let missing = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.sent));
        let size = size.min(usize::try_from(missing).unwrap_or(usize::MAX));
        if self.after >= self.to || size == 0 {
            return Ok(None);
        }
        let domain = self.table.domain(self.after, self.to);
        let records = self.rpc.records(self.table.model, domain, size, fields, &[], self.task)?;
        if records.is_empty() {
            return Ok(None);
        }
        let received = records.len();
        let mut page = Vec::with_capacity(received);
        for record in records {
            let id = record.get("id").and_then(Value::as_i64).ok_or_else(|| self.wrong("has a record without an id"))?;
            if id > self.after && id <= self.to {
                self.after = id;
                page.push((id, record));
            }
        }
        match received - page.len() {
            0 => {}
            repeated if page.is_empty() => return Err(self.wrong(&format!("repeats {repeated} records for ever"))),
            repeated => self.task.left_out("duplicate of a row read before", repeated as u64),
        }
        Ok(Some(page))
    }

    /// Sends the rows gathered, and says how far it is.
    pub(crate) fn send(&mut self, sender: &BatchSender) -> Result<(), SourceError> {
        self.sent += self.rows.pending() as u64;
        self.task.progress(self.sent, None, &self.table.name.replace('_', " "));
        sender.send(self.rows.finish()?)
    }

    fn wrong(&self, what: &str) -> SourceError {
        SourceError::new(Status::InvalidData, format!("Tryton's list of {} {what}", self.table.model))
    }
}
