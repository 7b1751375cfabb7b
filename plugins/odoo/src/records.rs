//! Reads the records of a window, page by page in order of ids.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::RecordBatch;
use cvj_core::{SourceError, Task};
use cvj_http::{Cursor, Field, Pages, Rows};

use crate::catalogue::Column;
use crate::client::{Client, Record, id};
use crate::history;
use crate::windows::Window;

/// Records of a page.
const PAGE: usize = 1000;

/// The batches of a window.
pub(crate) fn read(
    client: Arc<Client>,
    window: Window,
    task: Task,
) -> Result<Box<dyn Iterator<Item = Result<RecordBatch, SourceError>> + Send>, SourceError> {
    let fields: Vec<Field> = window.columns.iter().map(|column| column.field.clone()).collect();
    let mut rows = Rows::new(window.table.as_str(), &fields, None)?;
    if let Some(changes) = window.changes.clone() {
        return Ok(Box::new(history::read(client, window, changes, rows, task)));
    }
    let wanted: BTreeSet<String> = window.columns.iter().map(|column| column.from.clone()).chain(["id".to_owned()]).collect();
    let columns: HashMap<String, Column> =
        window.columns.iter().map(|column| (column.field.name.clone(), column.clone())).collect();
    let mut walk = Walk::new(client, &window, wanted.into_iter().collect(), PAGE);
    let mut pushed = 0;
    let pages = std::iter::from_fn(move || {
        let page = match walk.next(&task).transpose()? {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        for (id, record) in &page {
            let value = |field: &Field| {
                let column = columns.get(&field.name)?;
                column.value(record.get(&column.from)?, &window.won)
            };
            rows.push(&id.to_string(), value, &task);
        }
        pushed += page.len() as u64;
        task.progress(pushed, None, &window.table);
        Some(rows.finish())
    });
    Ok(Box::new(pages))
}

/// A walk over the records of a window, in order of ids.
pub(crate) struct Walk {
    client: Arc<Client>,
    window: Window,
    wanted: Vec<String>,
    page: usize,
    last: i64,
    /// Rows that may still come, if not all are wanted.
    left: Option<u64>,
    pages: Pages,
}

impl Walk {
    pub(crate) fn new(client: Arc<Client>, window: &Window, wanted: Vec<String>, page: usize) -> Self {
        Self { client, last: window.after, left: window.most, window: window.clone(), wanted, page, pages: Pages::new() }
    }

    /// The next page, with ids; `None` at the end. A page may be short, so only an empty one ends a walk before its last id.
    pub(crate) fn next(&mut self, task: &Task) -> Result<Option<Vec<(i64, Record)>>, SourceError> {
        if self.last >= self.window.upto || self.left == Some(0) {
            return Ok(None);
        }
        let (model, table) = (&self.window.model, &self.window.table);
        let most = self.left.map_or(self.page, |left| self.page.min(left as usize));
        let wanted: Vec<&str> = self.wanted.iter().map(String::as_str).collect();
        let records = self.client.search(model, &self.window.domain(self.last), &wanted, "id asc", most, task)?;
        if records.is_empty() {
            return Ok(None);
        }
        let (mut page, mut repeated) = (Vec::with_capacity(records.len()), 0);
        for record in records {
            match id(&record, model)? {
                id if id > self.last && id <= self.window.upto => {
                    self.last = id;
                    page.push((id, record));
                }
                _ => repeated += 1,
            }
        }
        if repeated > 0 {
            task.left_out("duplicate of a row read before", repeated);
        }
        // A page of nothing but what was there before would be asked for without end.
        self.pages.next(page.len(), Some(Cursor(format!("{table} {}", self.last))))?;
        self.left = self.left.map(|left| left.saturating_sub(page.len() as u64));
        Ok(Some(page))
    }
}
