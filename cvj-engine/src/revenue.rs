//! Money by product, stage and period, summed exactly.

use std::collections::BTreeMap;

use crate::products::{ProductCode, UNASSIGNED};

/// Sums of money in units of 10⁻⁸.
#[derive(Debug, Default)]
pub(crate) struct Revenue {
    /// By product (none first) and stage.
    cells: Vec<Periods>,
}

/// Sums of consecutive periods.
#[derive(Clone, Debug, Default)]
struct Periods {
    first: i32,
    sums: Vec<Option<i128>>,
}

impl Revenue {
    pub(crate) fn add(&mut self, product: ProductCode, stage: u8, period: i32, value: i128) {
        let place = usize::from(product.wrapping_sub(UNASSIGNED)) * 8 + usize::from(stage);
        if self.cells.len() <= place {
            self.cells.resize(place + 1, Periods::default());
        }
        *self.cells[place].sum(period).get_or_insert(0) += value;
    }

    /// All sums.
    pub(crate) fn sums(&self) -> BTreeMap<(ProductCode, u8, i32), i128> {
        let cells = self.cells.iter().enumerate().flat_map(|(place, periods)| {
            let product = UNASSIGNED.wrapping_add((place / 8) as ProductCode);
            let sums = periods.sums.iter().enumerate();
            sums.filter_map(move |(after, sum)| Some(((product, (place % 8) as u8, periods.first + after as i32), (*sum)?)))
        });
        cells.collect()
    }
}

impl Periods {
    fn sum(&mut self, period: i32) -> &mut Option<i128> {
        if self.sums.is_empty() {
            self.first = period;
        }
        if period < self.first {
            let before = (self.first - period) as usize;
            self.sums.splice(0..0, std::iter::repeat_n(None, before));
            self.first = period;
        }
        let place = (period - self.first) as usize;
        if self.sums.len() <= place {
            self.sums.resize(place + 1, None);
        }
        &mut self.sums[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_kept_by_product_stage_and_period() {
        let mut revenue = Revenue::default();
        for (product, stage, period, value) in
            [(2, 3, 10, 5), (2, 3, 12, 1), (2, 3, 9, 2), (UNASSIGNED, 0, 10, 7), (0, 7, -1, 4), (2, 3, 10, 1)]
        {
            revenue.add(product, stage, period, value);
        }
        let expected = [((0, 7, -1), 4), ((2, 3, 9), 2), ((2, 3, 10), 6), ((2, 3, 12), 1), ((UNASSIGNED, 0, 10), 7)];
        assert_eq!(revenue.sums(), BTreeMap::from(expected));
    }
}
