//! What one pass over a sheet keeps of it: its first rows, its last ones, and some spread between. That is enough to find the
//! tables in it and what its columns hold, whatever its size.

use std::collections::VecDeque;

use cvj_core::{SourceError, Task};
use cvj_tabular::layout::{Found, Outline, Rules};

use crate::row::{Area, Context, Row};
use crate::workbook::SheetRows;

/// Rows kept from a sheet's begin.
const FIRST_ROWS: usize = 10_000;
/// Rows kept at its end: more than footers may have.
const LAST_ROWS: usize = 256;
/// Bytes that the first rows may have, and those between.
const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// Between, every so manieth row is kept, and fewer of a long sheet.
const STRIDE: u64 = 50;

/// What was kept of a sheet.
pub struct Glance {
    first: Vec<Row>,
    between: Vec<Row>,
    last: VecDeque<Row>,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them are hidden.
    pub hidden: u64,
    /// Rows were passed over.
    pub gap: bool,
    /// A blank row is among those that were passed over, so that another table may be.
    pub blank_in_gap: bool,
    /// Merged areas that were not known before the rows were read.
    pub late_areas: Vec<Area>,
}

impl Glance {
    /// Reads a sheet to its end.
    pub fn at(mut sheet: SheetRows<'_>, task: &Task) -> Result<Self, SourceError> {
        let mut glance = Self {
            first: Vec::new(),
            between: Vec::new(),
            last: VecDeque::with_capacity(LAST_ROWS),
            rows: 0,
            hidden: 0,
            gap: false,
            blank_in_gap: false,
            late_areas: Vec::new(),
        };
        let (mut first_bytes, mut between_bytes, mut stride) = (0, 0, STRIDE);
        while let Some(row) = sheet.next_row()? {
            glance.rows += 1;
            if glance.rows.is_multiple_of(8192) {
                if task.is_cancelled() {
                    return Err(SourceError::cancelled());
                }
                task.progress(glance.rows, None, "rows");
            }
            if glance.first.len() < FIRST_ROWS && first_bytes < MOST_BYTES {
                first_bytes += row.size();
                glance.first.push(row.clone());
                continue;
            }
            if glance.rows.is_multiple_of(stride) {
                between_bytes += row.size();
                glance.between.push(row.clone());
                if between_bytes > MOST_BYTES {
                    stride *= 2;
                    let mut odd = false;
                    glance.between.retain(|_| {
                        odd = !odd;
                        odd
                    });
                    between_bytes /= 2;
                }
            }
            if glance.last.len() < LAST_ROWS {
                glance.last.push_back(row.clone());
            } else if let Some(mut oldest) = glance.last.pop_front() {
                glance.gap = true;
                glance.blank_in_gap |= oldest.after_blank;
                oldest.clone_from(row);
                glance.last.push_back(oldest);
            }
        }
        glance.hidden = sheet.hidden();
        glance.late_areas = sheet.late_areas();
        if let Some(last) = glance.last.front() {
            let from = last.number;
            glance.between.retain(|row| row.number < from);
        }
        Ok(glance)
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> u64 {
        self.kept().map(Row::size).sum()
    }

    /// The rows that were kept, in order.
    pub fn kept(&self) -> impl Iterator<Item = &Row> {
        self.first.iter().chain(&self.between).chain(&self.last)
    }

    /// The tables among the first and the last rows.
    pub fn outline(&self, rules: &Rules, context: &Context<'_>) -> Found {
        let mut outline = Outline::new(rules.clone());
        self.first.iter().for_each(|row| outline_row(&mut outline, row, context));
        if self.gap {
            outline.gap();
        }
        self.last.iter().for_each(|row| outline_row(&mut outline, row, context));
        outline.finish(true)
    }
}

/// The tables among all rows.
pub fn outline_all(mut sheet: SheetRows<'_>, rules: &Rules, task: &Task) -> Result<Found, SourceError> {
    let mut outline = Outline::new(rules.clone());
    let context = sheet.context();
    while let Some(row) = sheet.next_row()? {
        if row.number.is_multiple_of(8192) && task.is_cancelled() {
            return Err(SourceError::cancelled());
        }
        outline_row(&mut outline, row, &context);
    }
    Ok(outline.finish(true))
}

fn outline_row(outline: &mut Outline, row: &Row, context: &Context<'_>) {
    if row.after_blank {
        outline.blank();
    }
    let cells: Vec<_> = (0..row.filled_width(context)).map(|column| row.cell(column, context)).collect();
    // A title is often merged over its whole table; the groups of a header stand side by side.
    let groups = cells.iter().filter(|cell| !cell.is_blank()).count() > 1;
    let across = row.areas.iter().filter(|area| groups && area.right > area.left);
    let merged: Vec<_> = across.map(|area| (area.left as usize, area.right as usize)).collect();
    outline.row(&cvj_tabular::layout::Row { number: row.number, cells: &cells, comment: false, merged: &merged });
}
