//! What a pass over a relation's rows gathers.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::expression::Expression;
use crate::products::{ProductCode, Products};
use crate::rejections::Rejections;
use crate::relation::RowParts;
use crate::scan::Account;
use crate::tally::Tally;

/// Digits after the point of money in the accumulator.
pub(crate) const MONEY_SCALE: i8 = 8;

/// Money of the accumulator in the client's currency.
pub(crate) fn money(units: i128) -> f64 {
    // Through decimal text, so that the nearest double is chosen.
    let (sign, units) = if units < 0 { ("-", units.unsigned_abs()) } else { ("", units.unsigned_abs()) };
    let scale = 10_u128.pow(MONEY_SCALE.unsigned_abs().into());
    format!("{sign}{}.{:08}", units / scale, units % scale).parse().unwrap_or(f64::NAN)
}

/// Millionths of the client's currency, in which touchpoints bear money, to one of it.
pub(crate) const MILLION: f64 = 1e6;

/// Money of the accumulator in millionths, halves away from zero; what does not fit is the most that does.
pub(crate) fn millionths(units: i128) -> i64 {
    const UNITS: i64 = 100;
    // Few amounts are too large for a division that the processor does itself.
    if let Ok(units) = i64::try_from(units)
        && let Some(rounded) = units.checked_add(units.signum() * UNITS / 2)
    {
        return rounded / UNITS;
    }
    let rounded = (units + units.signum() * i128::from(UNITS) / 2) / i128::from(UNITS);
    rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// What a pass gathered.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Money by product, stage and period.
    pub(crate) revenue: BTreeMap<(ProductCode, u8, i32), i128>,
    /// Stages fed, and in which scopes: whether with values.
    pub(crate) feeds: BTreeMap<(u8, FeedScope), bool>,
    /// Periods in which there is a row with a readable time, with the earliest.
    pub(crate) presence: BTreeMap<i32, i64>,
    /// Local days (since 1970-01-01) with a row with a readable time.
    pub(crate) days: BTreeSet<i64>,
    /// Newest time of a used row.
    pub(crate) newest: Option<i64>,
    pub(crate) rows: u64,
    pub(crate) rejects: Rejections,
    pub(crate) left_out: BTreeMap<String, u64>,
    /// By the value's key.
    pub(crate) unassigned: HashMap<(String, Uses), UnassignedRows>,
    /// Where products are found, used rows by spelling: the product, and rows by the period for metrics.
    pub(crate) spellings: HashMap<String, (ProductCode, BTreeMap<Option<i32>, u64>)>,
    /// Rows after the limit, by which `now` cut data off.
    pub(crate) future_rows: u64,
    /// Distinct rows of these that a touchpoint definition uses.
    pub(crate) future_touchpoints: u64,
    /// Per definition of the relation, metrics first.
    pub(crate) tallies: Vec<Tally>,
    /// Of a view: the tables that it read rows of, as source and table.
    pub(crate) behind: Vec<(String, String)>,
}

impl Gathered {
    /// Notes a table that a view read, and the rows of it that were left out because they could not be read: rejected by all
    /// definitions over the view.
    pub(crate) fn enter_behind(&mut self, table: &(String, String), account: &Account) {
        self.behind.push(table.clone());
        for tally in &mut self.tallies {
            tally.rejected.add(account.rejections.clone());
        }
    }

    /// Adds what another part of the same pass gathered.
    pub(crate) fn add(&mut self, part: Self) {
        for (key, sum) in part.revenue {
            *self.revenue.entry(key).or_default() += sum;
        }
        for (key, has_value) in part.feeds {
            *self.feeds.entry(key).or_default() |= has_value;
        }
        for (period, earliest) in part.presence {
            let known = self.presence.entry(period).or_insert(earliest);
            *known = earliest.min(*known);
        }
        self.days.extend(part.days);
        self.newest = self.newest.max(part.newest);
        self.rows += part.rows;
        self.rejects.add(part.rejects);
        for (why, rows) in part.left_out {
            *self.left_out.entry(why).or_default() += rows;
        }
        for (key, rows) in part.unassigned {
            match self.unassigned.entry(key) {
                Entry::Occupied(mut known) => known.get_mut().add(rows),
                Entry::Vacant(place) => {
                    place.insert(rows);
                }
            }
        }
        for (spelling, (product, periods)) in part.spellings {
            let (_, known) = self.spellings.entry(spelling).or_insert((product, BTreeMap::new()));
            for (period, rows) in periods {
                *known.entry(period).or_default() += rows;
            }
        }
        self.future_rows += part.future_rows;
        self.future_touchpoints += part.future_touchpoints;
        self.tallies.resize_with(self.tallies.len().max(part.tallies.len()), Tally::default);
        for (tally, more) in self.tallies.iter_mut().zip(part.tallies) {
            tally.add(more);
        }
    }
}

/// The scopes that a definition's touchpoints may belong to, beside overall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FeedScope {
    /// No product.
    Overall,
    /// Any product.
    Products,
    /// One product, by a literal.
    Product(ProductCode),
}

impl FeedScope {
    pub(crate) fn of(row: &RowParts, products: &Products) -> Self {
        match row.product.as_ref().map(Expression::literal) {
            None => Self::Overall,
            Some(None) => Self::Products,
            Some(Some(literal)) => Self::Product(products.resolve(literal)),
        }
    }

    /// Whether the scope is one of them.
    pub(crate) fn holds(self, product: Option<ProductCode>) -> bool {
        match (self, product) {
            (_, None) | (Self::Products, _) => true,
            (Self::Overall, Some(_)) => false,
            (Self::Product(own), Some(product)) => own == product,
        }
    }
}

/// What decides whether an unassigned row counts, once the periods of the history are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Uses {
    /// Periods in which metrics use the row; `None`: a touchpoint uses it, which counts whatever the period.
    pub(crate) used: Option<Vec<i32>>,
    /// Periods in which metrics reject it: a rejected row is not also unassigned.
    pub(crate) rejected: Vec<i32>,
}

/// Rows of one product value that matches none.
#[derive(Clone, Debug)]
pub(crate) struct UnassignedRows {
    /// The value as first written, and the row it was written in.
    pub(crate) first: (u64, String),
    pub(crate) rows: u64,
}

impl UnassignedRows {
    /// Adds rows of the same value.
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        if other.first < self.first {
            self.first = other.first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_the_nearest_double() {
        assert_eq!(money(1_234_567_890), 12.345_678_9);
        assert_eq!(money(-1_000_000), -0.01);
        assert_eq!(money(30_000_000), 0.3);
    }

    #[test]
    fn millionths_are_rounded_half_away_from_zero() {
        let cases = [(49, 0), (50, 1), (149, 1), (150, 2), (-49, 0), (-50, -1), (-150, -2), (12_345_678_900, 123_456_789)];
        for (units, expected) in cases {
            assert_eq!(millionths(units), expected, "{units}");
        }
        assert_eq!(millionths(i128::MAX / 2), i64::MAX);
        assert_eq!(millionths(i128::MIN / 2), i64::MIN);
    }
}
