//! What customers ordered, and how often: touchpoints at Convert and Ascend.

use cvj_core::Stage;
use cvj_core::stats::ratio_of_sums;

use super::Bounds;
use super::path::Path;
use super::referrals::{ReferralCounts, ScopeReferrals};
use crate::calendar::DAY;
use crate::gathered::MILLION;
use crate::people::{PersonId, Touch};

/// The stages whose touchpoints are orders, one bit each.
const ORDERS: u8 = (1 << Stage::Convert as u8) | (1 << Stage::Ascend as u8);

/// Whether a touchpoint is an order.
pub(super) fn is_order(touch: &Touch) -> bool {
    ORDERS & (1 << touch.stage) != 0
}

/// Whether someone has an order before the end of the period.
pub(super) fn has_order(path: &Path) -> bool {
    path.any & ORDERS != 0
}

/// Orders and customers of one scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    /// People with an order before the end of the period.
    pub(crate) customers: u64,
    /// Of those whose first order lies in the history, and long enough back: who ordered again in time, and all.
    pub(crate) repeated: (u64, u64),
    /// Orders in the history, and the customers who placed them.
    pub(crate) placed: u64,
    pub(crate) placing: u64,
    /// The place of the first period of the history with an order.
    pub(crate) first_period: Option<usize>,
    /// People who entered Convert in the reported period after somebody had brought them.
    pub(crate) entered_referred: u64,
    pub(crate) referrals: ReferralCounts,
    /// Money of the orders in the history, in millionths.
    money: i128,
    squares: Squares,
    /// Who was brought in the history and came to Convert at or after it, and how long that took.
    converted: Vec<(PersonId, i64)>,
}

/// Sums over customers of squares and products of their number of orders and their money in millionths; `None` where they are
/// too large.
#[derive(Clone, Copy, Debug)]
struct Squares(Option<[i128; 3]>);

impl Default for Squares {
    fn default() -> Self {
        Self(Some([0; 3]))
    }
}

impl Squares {
    fn of(orders: u64, money: i128) -> Self {
        // Nearly all fit a multiplication that cannot overflow.
        if let (Ok(orders), Ok(money)) = (i64::try_from(orders), i64::try_from(money)) {
            let (orders, money) = (i128::from(orders), i128::from(money));
            return Self(Some([orders * orders, orders * money, money * money]));
        }
        let orders = i128::from(orders);
        let product = |a: i128, b: i128| a.checked_mul(b);
        let squares = product(orders, orders).zip(product(orders, money)).zip(product(money, money));
        Self(squares.map(|((orders, mixed), money)| [orders, mixed, money]))
    }

    fn add(&mut self, more: Self) {
        self.0 =
            self.0.zip(more.0).and_then(|([a, b, c], [d, e, f])| Some([a.checked_add(d)?, b.checked_add(e)?, c.checked_add(f)?]));
    }
}

impl Orders {
    /// Counts one person's touchpoints of the scope, given in time order.
    pub(super) fn count_person(
        &mut self,
        person: PersonId,
        path: &Path,
        touches: &[Touch],
        referrals: &ScopeReferrals,
        bounds: &Bounds<'_>,
    ) {
        if let Some(referred) = referrals.of(person) {
            let convert = Stage::Convert.index();
            let entered = path.touched(Stage::Convert).filter(|_| path.forward & (1 << convert) != 0);
            let reported = bounds.periods.clone().count() - 1;
            let counts = |entered: i64| bounds.place(entered) == Some(reported) && referred.ever <= entered;
            self.entered_referred += u64::from(entered.is_some_and(counts));
            if let Some(referred) = referred.in_history
                && let Some(touch) = touches.iter().find(|touch| usize::from(touch.stage) == convert && touch.at >= referred)
            {
                self.converted.push((person, touch.at - referred));
            }
        }
        if !has_order(path) {
            return;
        }
        self.customers += 1;
        // Touchpoints of one moment are one order, of several products.
        let mut orders = touches.chunk_by(|a, b| a.at == b.at).filter(|moment| moment.iter().any(is_order));
        let (mut number, mut money) = (0_u64, 0_i128);
        for (order, place) in orders.clone().filter_map(|moment| Some((moment, bounds.place(moment[0].at)?))) {
            self.first_period = Some(self.first_period.map_or(place, |first| first.min(place)));
            number += 1;
            money += order.iter().filter(|touch| is_order(touch)).map(|touch| i128::from(touch.amount)).sum::<i128>();
        }
        if number > 0 {
            self.placing += 1;
            self.placed += number;
            self.money += money;
            self.squares.add(Squares::of(number, money));
        }
        if let Some(first) = orders.next().map(|order| order[0].at).filter(|first| bounds.place(*first).is_some()) {
            let until = first + i64::from(bounds.repeat_days) * DAY;
            if until <= bounds.as_of {
                self.repeated.0 += u64::from(orders.next().is_some_and(|second| second[0].at <= until));
                self.repeated.1 += 1;
            }
        }
    }

    pub(super) fn add(&mut self, part: &Self) {
        self.customers += part.customers;
        self.repeated.0 += part.repeated.0;
        self.repeated.1 += part.repeated.1;
        self.placed += part.placed;
        self.placing += part.placing;
        self.first_period = self.first_period.into_iter().chain(part.first_period).min();
        self.entered_referred += part.entered_referred;
        self.money += part.money;
        self.squares.add(part.squares);
        self.converted.extend_from_slice(&part.converted);
    }

    /// Counts the referrals, once all people have been looked at.
    pub(super) fn finish(mut self, referrals: &ScopeReferrals, bounds: &Bounds<'_>) -> Self {
        self.referrals = referrals.count(&std::mem::take(&mut self.converted), bounds);
        self
    }

    /// Money of the orders in the history, in the client's currency.
    pub(crate) fn money(&self) -> f64 {
        self.money as f64 / MILLION
    }

    /// The interval of money an order.
    pub(crate) fn money_interval(&self) -> Option<[f64; 2]> {
        let [orders, mixed, money] = self.squares.0?.map(|sum| sum as f64);
        ratio_of_sums(
            self.placing as f64,
            [self.placed as f64, self.money()],
            [orders, mixed / MILLION, money / MILLION / MILLION],
        )
    }

    /// Days of the history from its first period with an order on, as far as they are known.
    pub(crate) fn days(&self, bounds: &Bounds<'_>) -> Option<f64> {
        let first = bounds.periods.start() + i32::try_from(self.first_period?).ok()?;
        let days = (bounds.end.min(bounds.as_of) - bounds.calendar.start(first)) as f64 / DAY as f64;
        Some(days).filter(|days| *days > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_that_are_too_large_are_not_known() {
        let mut squares = Squares::of(2, 30);
        squares.add(Squares::of(1, -10));
        assert_eq!(squares.0, Some([5, 50, 1000]));
        squares.add(Squares::of(1, i128::MAX / 2));
        squares.add(Squares::of(1, 1));
        assert_eq!(squares.0, None);
    }
}
