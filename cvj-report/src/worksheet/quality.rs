//! The `Data quality` sheet: sources and rows read, what was rejected or left out and why, rows of no product, notes.

use cvj_core::report::{Report, Source, Table as SourceTable, Unassigned};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::model::WorksheetModel;
use super::page::{begin, height, write};
use super::style::Styles;
use super::table::{Cell, Column, LINE, Table, numbers, texts, wide};
use crate::{calendar, number, words};

const SHEET: &str = "Data quality";
const WIDTHS: [f64; 7] = [20.0, 20.0, 34.0, 40.0, 16.0, 16.0, 34.0];

/// Draws the sheet.
pub(super) fn draw(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Data quality", model, styles)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(2, 0)?;
    let Some(report) = model.report else {
        return sources(&[], styles).draw(sheet, 3, &WIDTHS, styles).map(drop);
    };
    let mut row = sources(&report.sources, styles).draw(sheet, 3, &WIDTHS, styles)?;
    for table in [
        totals(report, styles),
        dates(report, styles),
        reasons(report, styles),
        samples(report, styles),
        unassigned(report, styles),
    ] {
        if !table.rows.is_empty() {
            row = table.draw(sheet, row + 1, &WIDTHS, styles)?;
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

fn sources<'a>(sources: &'a [Source], styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 7] = [
        texts("Source (plugin)"),
        texts("Table"),
        texts("Covers"),
        texts("Files"),
        numbers("Rows read"),
        numbers("Rejected"),
        texts("Left out by rule"),
    ];
    let row = |(source, table): (&'a Source, &'a SourceTable)| {
        let left = table.rows_left_out.iter().map(|left| format!("{} × {}", number::count(left.rows), left.why));
        let covers = source.covers.as_ref().map_or_else(
            || "no row has a time".to_owned(),
            |covers| format!("{} to {}", calendar::day(&covers.from), calendar::last_day(&covers.to)),
        );
        let covers = if source.ends_early {
            Cell::text(format!("{covers}: ends before the period does"), &styles.warning)
        } else {
            Cell::text(covers, &styles.text)
        };
        vec![
            Cell::text(format!("{} ({})", source.name, source.plugin), &styles.text),
            Cell::text(&table.name, &styles.text),
            covers,
            Cell::text(table.files.join(", "), &styles.text),
            Cell::count(table.rows_read, &styles.number),
            Cell::count(table.rows_rejected, &styles.number),
            Cell::text(left.collect::<Vec<_>>().join(", "), &styles.text),
        ]
    };
    let tables = sources.iter().flat_map(|source| source.tables.iter().map(move |table| (source, table)));
    Table { title: "Sources", note: "", columns: &COLUMNS, rows: tables.map(row).collect(), line: LINE }
}

fn totals<'a>(report: &'a Report, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 3] = [texts("Source"), texts("Table"), wide("Not all rows, or too many", 5)];
    let row = |(source, table): (&'a Source, &'a SourceTable)| {
        let text = words::control_total(table)?;
        Some(vec![
            Cell::text(&source.name, &styles.text),
            Cell::text(&table.name, &styles.text),
            Cell::text(text, &styles.warning),
        ])
    };
    let rows = tables(report).filter_map(row).collect();
    Table { title: "What sources say they have", note: "", columns: &COLUMNS, rows, line: LINE }
}

fn dates<'a>(report: &'a Report, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 3] = [texts("Source"), numbers("Touchpoints"), wide("What is doubtful", 5)];
    let row = |source: &'a Source| {
        let dates = source.dates.as_ref()?;
        Some(vec![
            Cell::text(&source.name, &styles.text),
            Cell::count(dates.touchpoints, &styles.number),
            Cell::text(words::date_trust(dates).join("\n"), &styles.text),
        ])
    };
    let rows = report.sources.iter().filter_map(row).collect();
    Table { title: "How far dates can be trusted", note: "", columns: &COLUMNS, rows, line: LINE }
}

fn tables(report: &Report) -> impl Iterator<Item = (&Source, &SourceTable)> {
    report.sources.iter().flat_map(|source| source.tables.iter().map(move |table| (source, table)))
}

fn reasons<'a>(report: &'a Report, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 6] =
        [texts("Source"), texts("Table"), texts("Definition"), texts("Why"), numbers("Rows"), texts("Column")];
    let rows = tables(report).flat_map(|(source, table)| {
        let reasons = table.rejected_by_reason.iter().filter(|reason| reason.rows > 0);
        reasons.map(|reason| {
            let said = [&source.name, &table.name, &reason.definition, &reason.why];
            let mut cells: Vec<_> = said.into_iter().map(|text| Cell::text(text, &styles.text)).collect();
            cells.extend([Cell::count(reason.rows, &styles.number), Cell::text(&reason.column, &styles.text)]);
            cells
        })
    });
    Table { title: "Why rows were rejected", note: "", columns: &COLUMNS, rows: rows.collect(), line: LINE }
}

fn samples<'a>(report: &'a Report, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 6] =
        [texts("Source"), texts("Table"), texts("Where"), texts("Why"), texts("Column"), texts("Definition")];
    let rows = tables(report).flat_map(|(source, table)| {
        table.rejects.iter().map(|reject| {
            let said = [&source.name, &table.name, &reject.place, &reject.why, &reject.column, &reject.definition];
            said.into_iter().map(|text| Cell::text(text, &styles.text)).collect()
        })
    });
    Table { title: "Samples of rejected rows", note: "", columns: &COLUMNS, rows: rows.collect(), line: LINE }
}

fn unassigned<'a>(report: &'a Report, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 5] =
        [texts("Source"), texts("Table"), texts("Value as written"), texts("Counted in"), numbers("Rows")];
    let row = |row: &'a Unassigned| {
        let value = match row.value.as_deref() {
            None => "(all other values)",
            Some("") => "(no product named)",
            Some(value) => value,
        };
        let said = [&row.source, &row.table, value, "Overall only"];
        let mut cells: Vec<_> = said.into_iter().map(|text| Cell::text(text, &styles.text)).collect();
        cells.push(Cell::count(row.rows, &styles.number));
        cells
    };
    let rows = report.unassigned.iter().map(row).collect();
    Table { title: "Rows that no product claims", note: "", columns: &COLUMNS, rows, line: LINE }
}
