//! First and later orders: rows of one order are one occurrence, and a person's occurrences about one product have an order in
//! time.

use std::collections::BTreeMap;

use cvj_core::Occurrence;

use crate::people::PersonId;
use crate::products::ProductCode;
use crate::segments::SegmentCode;

/// One used row of a touchpoint definition whose occurrences matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderRow {
    pub(crate) person: PersonId,
    pub(crate) product: ProductCode,
    pub(crate) segment: SegmentCode,
    pub(crate) stage: u8,
    pub(crate) at: i64,
    /// The order's id; empty where a row is an order of its own.
    pub(crate) order: String,
    /// Money in units of 10⁻⁸.
    pub(crate) value: Option<i128>,
}

/// The occurrences that count, as rows: each at its earliest time, with the segment of then and the sum of its values.
///
/// Occurrences are ordered by time; at equal times by order id (none first), then by value (none first), so that the result
/// does not depend on the order of the rows. Of the segments of one time the first by `segment_ranks` stands.
pub(crate) fn select(rows: Vec<OrderRow>, which: Occurrence, segment_ranks: &[SegmentCode]) -> Vec<OrderRow> {
    let rank = |row: &OrderRow| segment_ranks[usize::from(row.segment)];
    let mut groups: BTreeMap<(PersonId, ProductCode), Vec<OrderRow>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.person, row.product)).or_default().push(row);
    }
    groups
        .into_values()
        .flat_map(|rows| {
            let mut occurrences = merge_orders(rows, rank);
            occurrences
                .sort_by(|a, b| (a.at, &a.order, a.value, a.stage, rank(a)).cmp(&(b.at, &b.order, b.value, b.stage, rank(b))));
            match which {
                Occurrence::All => occurrences,
                Occurrence::First => occurrences.into_iter().take(1).collect(),
                Occurrence::Later => occurrences.into_iter().skip(1).collect::<Vec<_>>(),
            }
        })
        .collect()
}

fn merge_orders(rows: Vec<OrderRow>, rank: impl Fn(&OrderRow) -> SegmentCode) -> Vec<OrderRow> {
    let mut orders: BTreeMap<String, OrderRow> = BTreeMap::new();
    let mut alone = Vec::new();
    for row in rows {
        if row.order.is_empty() {
            alone.push(row);
            continue;
        }
        match orders.get_mut(&row.order) {
            None => {
                orders.insert(row.order.clone(), row);
            }
            Some(order) => {
                if (row.at, rank(&row)) < (order.at, rank(order)) {
                    order.segment = row.segment;
                }
                if (row.at, row.stage) < (order.at, order.stage) {
                    (order.at, order.stage) = (row.at, row.stage);
                }
                order.value = match (order.value, row.value) {
                    (Some(sum), Some(value)) => Some(sum + value),
                    (sum, value) => sum.or(value),
                };
            }
        }
    }
    alone.extend(orders.into_values());
    alone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at: i64, order: &str, value: i128) -> OrderRow {
        OrderRow { person: 0, product: 0, segment: 0, stage: 3, at, order: order.to_owned(), value: Some(value) }
    }

    #[test]
    fn rows_of_one_order_are_one_occurrence() {
        let rows = vec![row(5, "#2", 10), row(1, "#1", 1), row(2, "#1", 2)];
        assert_eq!(select(rows.clone(), Occurrence::First, &[0]), [row(1, "#1", 3)]);
        assert_eq!(select(rows.clone(), Occurrence::Later, &[0]), [row(5, "#2", 10)]);
        assert_eq!(select(rows, Occurrence::All, &[0]).len(), 2);
    }

    #[test]
    fn ties_do_not_depend_on_row_order() {
        let rows = vec![row(1, "b", 1), row(1, "a", 2), row(1, "", 9), OrderRow { segment: 1, ..row(1, "", 9) }];
        let mut reversed = rows.clone();
        reversed.reverse();
        let first = select(rows, Occurrence::First, &[1, 0]);
        assert_eq!(first[0].segment, 1);
        assert_eq!(first, select(reversed, Occurrence::First, &[1, 0]));
    }

    #[test]
    fn the_segment_is_that_of_the_earliest_row() {
        let of = |segment, row: OrderRow| OrderRow { segment, ..row };
        let mut rows = vec![of(0, row(9, "#1", 1)), of(1, row(2, "#1", 1)), of(2, row(2, "#1", 1)), of(3, row(3, "#1", 1))];
        for _ in 0..rows.len() {
            rows.rotate_left(1);
            assert_eq!(select(rows.clone(), Occurrence::All, &[0, 3, 2, 1]), [of(2, row(2, "#1", 4))]);
        }
    }
}
