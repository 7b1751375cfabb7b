//! Page after page, guarded against cursors that repeat and listings that are cut off.

use std::collections::HashSet;

use cvj_core::{SourceError, Status};

/// Where the next page begins, as the vendor says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// The cursors of one listing, each of which may come once only.
#[derive(Debug, Default)]
pub struct Pages {
    seen: HashSet<Cursor>,
    rows: u64,
    /// A listing that ends at exactly this many rows was cut off.
    cap: Option<u64>,
}

impl Pages {
    /// The pages of a listing without a cap.
    pub fn new() -> Self {
        Self::default()
    }

    /// The pages of a listing that the vendor cuts off after `cap` rows.
    pub fn capped(cap: u64) -> Self {
        Self { cap: Some(cap), ..Self::default() }
    }

    /// Notes a page of `rows` rows and the cursor of the next one (`None`: this was the last); gives that cursor back.
    ///
    /// Fails if the cursor was there before: the listing would go on for ever. Fails if the listing ends exactly at the cap.
    pub fn next(&mut self, rows: usize, cursor: Option<Cursor>) -> Result<Option<Cursor>, SourceError> {
        self.rows += rows as u64;
        match cursor {
            Some(cursor) if !self.seen.insert(cursor.clone()) => {
                let message = format!("after {} rows the same page was offered again, so the listing would never end", self.rows);
                Err(SourceError::new(Status::InvalidData, message))
            }
            None if self.cap == Some(self.rows) => {
                let message = format!("the listing ends at exactly {} rows, where the other side cuts off", self.rows);
                Err(SourceError::new(Status::InvalidData, message))
            }
            cursor => Ok(cursor),
        }
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}
