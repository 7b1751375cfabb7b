//! When rows happened: the periods and the days that have any.

use std::collections::{BTreeMap, BTreeSet};

/// Periods and local days in which there is a row with a readable time.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// By period number plus one: the earliest time; the latest possible where there is none.
    earliest: Vec<i64>,
    /// One bit for each of the days from 1970-01-01 on.
    days: Vec<u64>,
    /// Days before 1970 or in a far future.
    far_days: BTreeSet<i64>,
}

/// Days that have a bit: until 2328.
const NEAR: i64 = 1 << 17;

impl Presence {
    /// Sees a row at this instant, in the period with this number (-1: before all) and on this local day since 1970-01-01.
    pub(crate) fn see(&mut self, at: i64, period: i32, day: i64) {
        let place = (period + 1).unsigned_abs() as usize;
        if self.earliest.len() <= place {
            self.earliest.resize(place + 1, i64::MAX);
        }
        self.earliest[place] = self.earliest[place].min(at);
        if !(0..NEAR).contains(&day) {
            self.far_days.insert(day);
            return;
        }
        let (word, bit) = (day as usize / 64, day as usize % 64);
        if self.days.len() <= word {
            self.days.resize(word + 1, 0);
        }
        self.days[word] |= 1 << bit;
    }

    /// The earliest time by period.
    pub(crate) fn periods(&self) -> BTreeMap<i32, i64> {
        let periods = self.earliest.iter().enumerate();
        periods.filter(|(_, at)| **at < i64::MAX).map(|(place, at)| (place as i32 - 1, *at)).collect()
    }

    /// The days.
    pub(crate) fn days(&self) -> BTreeSet<i64> {
        let bits = self.days.iter().enumerate().flat_map(|(word, bits)| {
            let set = (0..64).filter(move |bit| bits & (1 << bit) != 0);
            set.map(move |bit| word as i64 * 64 + bit)
        });
        bits.chain(self.far_days.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_days_are_kept() {
        let mut presence = Presence::default();
        for (at, period, day) in [(9, 3, 70), (7, 3, 64), (-5, -1, -30), (90, 4, 1 << 20)] {
            presence.see(at, period, day);
        }
        assert_eq!(presence.periods(), BTreeMap::from([(-1, -5), (3, 7), (4, 90)]));
        assert_eq!(presence.days(), BTreeSet::from([-30, 64, 70, 1 << 20]));
    }
}
