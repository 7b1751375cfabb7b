//! What customers bought first and what they bought next, by the rungs of the value ladder.

use std::collections::BTreeMap;

use super::Bounds;
use super::orders::is_order;
use crate::calendar::DAY;
use crate::people::Touch;
use crate::products::UNASSIGNED;

/// Customers by rung, and their moves between rungs.
#[derive(Debug, Default)]
pub(crate) struct Climbs {
    /// By rung.
    pub(crate) rungs: Vec<RungCounts>,
    /// Microseconds between the first orders of two rungs, by the rungs left and taken next.
    moves: BTreeMap<(usize, usize), Vec<i64>>,
    /// Whether any order is of a product, on a rung or not.
    pub(crate) any_order: bool,
    /// One person's rungs with the first order of each, in order.
    path: Vec<(i64, usize)>,
}

/// Customers of one rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RungCounts {
    pub(crate) customers: u64,
    pub(crate) first: u64,
    /// In millionths of the client's currency.
    pub(crate) money: i128,
}

/// People who moved from one rung to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Climb {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) people: u64,
    pub(crate) median_days: f64,
}

impl Climbs {
    /// Counts one person's touchpoints, given in time order.
    pub(super) fn count_person(&mut self, touches: &[Touch], bounds: &Bounds<'_>) {
        self.path.clear();
        for touch in touches.iter().filter(|touch| is_order(touch) && touch.product != UNASSIGNED && touch.at < bounds.end) {
            self.any_order = true;
            let Some(rung) = bounds.rungs.get(usize::from(touch.product)).copied().flatten() else { continue };
            if self.rungs.len() <= rung {
                self.rungs.resize(rung + 1, RungCounts::default());
            }
            self.rungs[rung].money += i128::from(touch.amount);
            if !self.path.iter().any(|(_, known)| *known == rung) {
                self.path.push((touch.at, rung));
            }
        }
        self.path.sort_unstable();
        for (_, rung) in &self.path {
            self.rungs[*rung].customers += 1;
        }
        if let Some((_, rung)) = self.path.first() {
            self.rungs[*rung].first += 1;
        }
        for pair in self.path.windows(2) {
            let ((left, from), (taken, to)) = (pair[0], pair[1]);
            self.moves.entry((from, to)).or_default().push(taken - left);
        }
    }

    pub(super) fn add(&mut self, part: Self) {
        self.any_order |= part.any_order;
        self.rungs.resize(self.rungs.len().max(part.rungs.len()), RungCounts::default());
        for (rung, more) in self.rungs.iter_mut().zip(part.rungs) {
            rung.customers += more.customers;
            rung.first += more.first;
            rung.money += more.money;
        }
        for (rungs, more) in part.moves {
            self.moves.entry(rungs).or_default().extend(more);
        }
    }

    /// The moves, by rungs.
    pub(crate) fn moves(&self) -> impl Iterator<Item = Climb> {
        self.moves.iter().map(|(&(from, to), times)| {
            let mut times = times.clone();
            times.sort_unstable();
            // Of an even number the mean of the two in the middle.
            let twice = times[(times.len() - 1) / 2] + times[times.len() / 2];
            Climb { from, to, people: times.len() as u64, median_days: twice as f64 / (2 * DAY) as f64 }
        })
    }
}
