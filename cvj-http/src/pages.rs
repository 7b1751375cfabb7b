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

    /// Rows of all pages noted.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(text: &str) -> Cursor {
        Cursor(text.to_owned())
    }

    #[test]
    fn a_listing_is_followed_to_its_end() {
        let mut pages = Pages::capped(10_000);
        assert_eq!(pages.next(100, Some(to("a"))).unwrap(), Some(to("a")));
        assert_eq!(pages.next(0, Some(to("b"))).unwrap(), Some(to("b")));
        assert_eq!(pages.next(7, None).unwrap(), None);
        assert_eq!(pages.rows(), 107);
    }

    #[test]
    fn a_page_offered_again_is_an_error_however_long_ago_it_was() {
        let mut pages = Pages::new();
        for cursor in ["a", "b", "c"] {
            pages.next(100, Some(to(cursor))).unwrap();
        }
        let error = pages.next(100, Some(to("a"))).unwrap_err();
        assert_eq!(error.status, Status::InvalidData);
        assert_eq!(error.message, "after 400 rows the same page was offered again, so the listing would never end");
    }

    #[test]
    fn a_listing_that_ends_where_the_other_side_cuts_off_is_an_error() {
        let end = |mut pages: Pages, last| {
            pages.next(9_900, Some(to("a"))).unwrap();
            pages.next(last, None)
        };
        let error = end(Pages::capped(10_000), 100).unwrap_err();
        assert_eq!(error.message, "the listing ends at exactly 10000 rows, where the other side cuts off");
        assert_eq!(end(Pages::capped(10_000), 99), Ok(None));
        assert_eq!(end(Pages::new(), 100), Ok(None));
    }
}
