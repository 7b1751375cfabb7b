//! First and later orders: rows of one order are one occurrence, and a person's occurrences about one product have an order in
//! time.

use std::collections::BTreeMap;

use cvj_core::Occurrence;

use crate::people::PersonId;
use crate::products::ProductCode;

/// One used row of a touchpoint definition whose occurrences matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderRow {
    pub(crate) person: PersonId,
    pub(crate) product: ProductCode,
    pub(crate) stage: u8,
    pub(crate) at: i64,
    /// The order's id; empty where a row is an order of its own.
    pub(crate) order: String,
    /// Money in units of 10⁻⁸.
    pub(crate) value: Option<i128>,
}

/// The occurrences that count, as rows: each at its earliest time with the sum of its values.
///
/// Occurrences are ordered by time; at equal times by order id (none first), then by value (none first), so that the result
/// does not depend on the order of the rows.
pub(crate) fn select(rows: Vec<OrderRow>, which: Occurrence) -> Vec<OrderRow> {
    let mut groups: BTreeMap<(PersonId, ProductCode), Vec<OrderRow>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.person, row.product)).or_default().push(row);
    }
    groups
        .into_values()
        .flat_map(|rows| {
            let mut occurrences = merge_orders(rows);
            occurrences.sort_by(|a, b| (a.at, &a.order, a.value, a.stage).cmp(&(b.at, &b.order, b.value, b.stage)));
            match which {
                Occurrence::All => occurrences,
                Occurrence::First => occurrences.into_iter().take(1).collect(),
                Occurrence::Later => occurrences.into_iter().skip(1).collect::<Vec<_>>(),
            }
        })
        .collect()
}

fn merge_orders(rows: Vec<OrderRow>) -> Vec<OrderRow> {
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
        OrderRow { person: 0, product: 0, stage: 3, at, order: order.to_owned(), value: Some(value) }
    }

    #[test]
    fn rows_of_one_order_are_one_occurrence() {
        let rows = vec![row(5, "#2", 10), row(1, "#1", 1), row(2, "#1", 2)];
        assert_eq!(select(rows.clone(), Occurrence::First), [row(1, "#1", 3)]);
        assert_eq!(select(rows.clone(), Occurrence::Later), [row(5, "#2", 10)]);
        assert_eq!(select(rows, Occurrence::All).len(), 2);
    }

    #[test]
    fn ties_do_not_depend_on_row_order() {
        let rows = vec![row(1, "b", 1), row(1, "a", 2), row(1, "", 9)];
        let mut reversed = rows.clone();
        reversed.reverse();
        assert_eq!(select(rows, Occurrence::First), select(reversed, Occurrence::First));
    }
}
