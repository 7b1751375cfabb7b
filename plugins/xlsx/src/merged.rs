//! Merged cells: a text or a date stands for all rows that its area spans, a number counts once.

use crate::row::{Area, Context, Row};
use cvj_tabular::cell::Cell;

/// The areas of a sheet, as its rows go by.
pub struct Merged {
    /// Areas known before, those of the first rows last.
    waiting: Vec<Area>,
    /// Areas that reach below their first row.
    open: Vec<Open>,
}

struct Open {
    area: Area,
    /// A row that holds the area's value only.
    value: Row,
}

impl Merged {
    /// The areas that are known before any row is read.
    pub fn new(areas: &[Area]) -> Self {
        let mut waiting = areas.to_vec();
        waiting.sort_unstable_by_key(|area| std::cmp::Reverse((area.top, area.left)));
        Self { waiting, open: Vec::new() }
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
            self.open.retain(|open| u64::from(open.area.bottom) >= number);
            if row.filled_width(context) > 0 {
                for open in &self.open {
                    let column = open.area.left as usize;
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
                self.open.push(Open { area: *area, value });
            }
        }
    }
}
