//! Merged cells: a text or a date stands for all rows that its area spans, a number counts once.

use std::collections::BTreeMap;

use cvj_tabular::cell::Cell;

use crate::row::{Area, Context, Row};

/// The areas of a sheet, as its rows go by.
pub struct Merged {
    /// Areas known before, those of the first rows last.
    waiting: Vec<Area>,
    /// Areas that reach below their first row, by column: of areas that overlap, which no program writes, the last counts.
    open: BTreeMap<u32, Open>,
}

struct Open {
    /// The last row, counted from 0.
    bottom: u32,
    /// A row that holds the area's value only.
    value: Row,
}

impl Merged {
    /// The areas that are known before any row is read.
    pub fn new(areas: &[Area]) -> Self {
        let mut waiting = areas.to_vec();
        waiting.sort_unstable_by_key(|area| std::cmp::Reverse((area.top, area.left)));
        Self { waiting, open: BTreeMap::new() }
    }

    /// Gives the row the areas that begin in it, and the values of those that reach into it. A row that has nothing of its own
    /// gets nothing.
    pub fn spread(&mut self, row: &mut Row, context: &Context<'_>) {
        let number = row.number.saturating_sub(1);
        while let Some(area) = self.waiting.pop_if(|area| u64::from(area.top) <= number) {
            if u64::from(area.top) == number {
                row.areas.push(area);
            }
        }
        if !self.open.is_empty() {
            self.open.retain(|_, open| u64::from(open.bottom) >= number);
            if row.filled_width(context) > 0 {
                for (column, open) in &self.open {
                    let column = *column as usize;
                    if row.is_blank(column, context) {
                        row.put_copy(column, &open.value, 0);
                    }
                }
            }
        }
        for area in row.areas.iter().filter(|area| area.bottom > area.top) {
            let column = area.left as usize;
            if matches!(row.cell(column, context), Cell::Text(_) | Cell::Moment(_) | Cell::Boolean(_)) {
                let mut value = Row::default();
                value.put_copy(0, row, column);
                self.open.insert(area.left, Open { bottom: area.bottom, value });
            }
        }
    }
}
