//! The `Data quality` sheet: sources and rows read, what was rejected or left out and why, rows of no product, notes.

use cvj_core::report::{Report, Source, Table};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::model::WorksheetModel;
use super::page::{begin, height, write};
use super::style::Styles;
use crate::{calendar, number};

const SHEET: &str = "Data quality";
const WIDTHS: [f64; 7] = [20.0, 20.0, 34.0, 40.0, 16.0, 16.0, 34.0];

/// A table of the sheet: its title, heads, and rows of texts.
struct Grid<'a> {
    title: &'a str,
    heads: &'a [&'a str],
    rows: Vec<Vec<String>>,
    /// Columns of numbers.
    numbers: &'a [usize],
}

/// Draws the sheet.
pub(super) fn draw(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Data quality", model, styles)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(2, 0)?;
    let Some(report) = model.report else {
        return grid(sheet, 3, &sources(&[]), styles).map(drop);
    };
    let mut row = grid(sheet, 3, &sources(&report.sources), styles)?;
    for table in [reasons(report), samples(report), unassigned(report)] {
        if !table.rows.is_empty() {
            row = grid(sheet, row + 1, &table, styles)?;
        }
    }
    if !report.notes.is_empty() {
        row += 1;
        write(sheet, row, 0, "Notes", &styles.section)?;
        for (row, note) in (row + 1..).zip(&report.notes) {
            sheet.merge_range(row, 0, row, 6, &note.chars().take(8000).collect::<String>(), &styles.text)?;
            sheet.set_row_height(row, height(note, 150.0).max(20.0))?;
        }
    }
    Ok(())
}

/// Draws a table; returns the first free row.
fn grid(sheet: &mut Worksheet, row: u32, grid: &Grid<'_>, styles: &Styles) -> Result<u32, XlsxError> {
    write(sheet, row, 0, grid.title, &styles.section)?;
    sheet.set_row_height(row, 22)?;
    for (column, head) in (0..).zip(grid.heads) {
        let numeric = grid.numbers.contains(&(column as usize));
        write(sheet, row + 1, column, head, if numeric { &styles.head_right } else { &styles.head })?;
    }
    for (row, texts) in (row + 2..).zip(&grid.rows) {
        let mut tallest = 20.0_f64;
        for ((column, text), width) in (0..).zip(texts).zip(WIDTHS) {
            let marked = text.starts_with("! ");
            let numeric = grid.numbers.contains(&(column as usize));
            match text.parse::<u64>() {
                Ok(count) if numeric => {
                    let format = styles.number.clone().set_num_format("#,##0");
                    sheet.write_number_with_format(row, column, count as f64, &format)?;
                }
                _ => write(sheet, row, column, text, if marked { &styles.warning } else { &styles.text })?,
            }
            tallest = tallest.max(height(text, width));
        }
        sheet.set_row_height(row, tallest)?;
    }
    Ok(row + 2 + grid.rows.len() as u32)
}

fn sources(sources: &[Source]) -> Grid<'static> {
    let row = |source: &Source, table: &Table| {
        let left = table.rows_left_out.iter().map(|left| format!("{} × {}", number::count(left.rows), left.why));
        let covers = source.covers.as_ref().map_or_else(
            || "no row has a time".to_owned(),
            |covers| format!("{} to {}", calendar::day(&covers.from), calendar::last_day(&covers.to)),
        );
        vec![
            format!("{} ({})", source.name, source.plugin),
            table.name.clone(),
            if source.ends_early { format!("! {covers}: ends before the period does") } else { covers },
            table.files.join(", "),
            table.rows_read.to_string(),
            table.rows_rejected.to_string(),
            left.collect::<Vec<_>>().join(", "),
        ]
    };
    Grid {
        title: "Sources",
        heads: &["Source (plugin)", "Table", "Covers", "Files", "Rows read", "Rejected", "Left out by rule"],
        rows: sources.iter().flat_map(|source| source.tables.iter().map(move |table| row(source, table))).collect(),
        numbers: &[4, 5],
    }
}

fn tables(report: &Report) -> impl Iterator<Item = (&Source, &Table)> {
    report.sources.iter().flat_map(|source| source.tables.iter().map(move |table| (source, table)))
}

fn reasons(report: &Report) -> Grid<'_> {
    let rows = tables(report).flat_map(|(source, table)| {
        let reasons = table.rejected_by_reason.iter().filter(|reason| reason.rows > 0);
        reasons.map(|reason| {
            let texts = [&source.name, &table.name, &reason.definition, &reason.why];
            let mut row: Vec<String> = texts.into_iter().cloned().collect();
            row.extend([reason.rows.to_string(), reason.column.clone()]);
            row
        })
    });
    Grid {
        title: "Why rows were rejected",
        heads: &["Source", "Table", "Definition", "Why", "Rows", "Column"],
        rows: rows.collect(),
        numbers: &[4],
    }
}

fn samples(report: &Report) -> Grid<'_> {
    let rows = tables(report).flat_map(|(source, table)| {
        let row = |reject: &cvj_core::report::Reject| -> Vec<String> {
            let texts = [&source.name, &table.name, &reject.place, &reject.why, &reject.column, &reject.definition];
            texts.into_iter().cloned().collect()
        };
        table.rejects.iter().map(row).collect::<Vec<_>>()
    });
    Grid {
        title: "Samples of rejected rows",
        heads: &["Source", "Table", "Where", "Why", "Column", "Definition"],
        rows: rows.collect(),
        numbers: &[],
    }
}

fn unassigned(report: &Report) -> Grid<'_> {
    let value = |value: Option<&str>| match value {
        None => "(all other values)".to_owned(),
        Some("") => "(no product named)".to_owned(),
        Some(value) => value.to_owned(),
    };
    let row = |row: &cvj_core::report::Unassigned| {
        vec![row.source.clone(), row.table.clone(), value(row.value.as_deref()), "Overall only".to_owned(), row.rows.to_string()]
    };
    Grid {
        title: "Rows that no product claims",
        heads: &["Source", "Table", "Value as written", "Counted in", "Rows"],
        rows: report.unassigned.iter().map(row).collect(),
        numbers: &[4],
    }
}
