//! What one definition made of the rows: those it used by period, and those it rejected by reason.

use std::ops::RangeInclusive;

use crate::rejections::{Rejection, Rejections, RowKey};

/// The rows of one definition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// By period number plus one.
    used: Vec<u64>,
    pub(crate) rejected: Rejections,
    /// The stages that it gave a touchpoint to.
    pub(crate) fed: [bool; 8],
}

impl Tally {
    /// Counts a used row of the period with this number (-1: before all).
    pub(crate) fn enter_used(&mut self, period: i32) {
        let place = (period + 1).unsigned_abs() as usize;
        if self.used.len() <= place {
            self.used.resize(place + 1, 0);
        }
        self.used[place] += 1;
    }

    /// Counts a rejected row.
    pub(crate) fn enter_rejected(&mut self, rejection: Rejection) {
        let key = RowKey::new(&rejection.sample.place, 0);
        self.rejected.enter_row(key, [rejection]);
    }

    /// Adds what the same definition made of other rows.
    pub(crate) fn add(&mut self, part: Self) {
        self.used.resize(self.used.len().max(part.used.len()), 0);
        for (rows, more) in self.used.iter_mut().zip(part.used) {
            *rows += more;
        }
        self.rejected.add(part.rejected);
        for (known, more) in self.fed.iter_mut().zip(part.fed) {
            *known |= more;
        }
    }

    /// Rows used in these periods.
    pub(crate) fn used(&self, periods: &RangeInclusive<i32>) -> u64 {
        let rows = self.used.iter().enumerate().filter(|(place, _)| periods.contains(&(*place as i32 - 1)));
        rows.map(|(_, rows)| rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_rows_are_counted_by_period() {
        let (mut tally, mut part) = (Tally::default(), Tally::default());
        for period in [-1, 3, 3, 5] {
            tally.enter_used(period);
        }
        part.enter_used(3);
        part.enter_used(7);
        tally.add(part);
        assert_eq!((tally.used(&(3..=5)), tally.used(&(-1..=-1)), tally.used(&(6..=9))), (4, 1, 1));
    }
}
