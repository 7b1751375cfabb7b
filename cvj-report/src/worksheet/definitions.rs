//! The `Definitions` sheet: how to read the numbers, what cvj computes itself, and the card of every definition.

use cvj_core::report::DefinitionCard;
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::model::WorksheetModel;
use super::page::{begin, height, write};
use super::style::Styles;
use super::table::{Cell, Column, LINE, Table, numbers, texts};
use crate::glossary::{BUILT_IN, HOW_TO_READ, Term};
use crate::html::kind_words;

const SHEET: &str = "Definitions";
const WIDTHS: [f64; 8] = [28.0, 16.0, 12.0, 56.0, 24.0, 20.0, 20.0, 20.0];

/// Draws the sheet.
pub(super) fn draw(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Definitions", model, styles)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    let mut row = terms(sheet, 3, "How to read the numbers", &HOW_TO_READ, styles)?;
    row = terms(sheet, row + 1, "What cvj computes itself", &BUILT_IN, styles)?;
    let cards = model.report.map_or(&[][..], |report| &report.definitions);
    for table in [definitions(cards, styles), trails(cards, styles)] {
        if !table.rows.is_empty() {
            row = table.draw(sheet, row + 1, &WIDTHS, styles)?;
        }
    }
    sheet.set_freeze_panes(2, 1)?;
    Ok(())
}

/// Terms and meanings; returns the first free row.
fn terms(sheet: &mut Worksheet, row: u32, title: &str, terms: &[Term], styles: &Styles) -> Result<u32, XlsxError> {
    write(sheet, row, 0, title, &styles.section)?;
    sheet.set_row_height(row, 22)?;
    for (row, term) in (row + 1..).zip(terms) {
        write(sheet, row, 0, term.term, &styles.label)?;
        sheet.merge_range(row, 1, row, 5, term.meaning, &styles.text)?;
        sheet.set_row_height(row, height(term.meaning, 118.0).max(20.0))?;
    }
    Ok(row + 1 + terms.len() as u32)
}

fn definitions<'a>(cards: &'a [DefinitionCard], styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 8] = [
        texts("Name"),
        texts("Stage"),
        texts("Kind"),
        texts("What it counts"),
        texts("From"),
        texts("Dated by"),
        texts("Product from"),
        texts("Defined in"),
    ];
    let row = |card: &'a DefinitionCard| {
        let product = card.product.as_deref().unwrap_or("overall only");
        let said = [stage(card), kind_words(card.kind), &card.formula, &card.from, &card.at, product, &card.origin];
        let name = Cell::text(&card.name, &styles.strong);
        std::iter::once(name).chain(said.map(|text| Cell::text(text, &styles.text))).collect()
    };
    let rows = cards.iter().map(row).collect();
    Table { title: "This report's definitions", note: "", columns: &COLUMNS, rows, line: LINE }
}

/// The rows that each definition was computed from.
fn trails<'a>(cards: &'a [DefinitionCard], styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 8] = [
        texts("Name"),
        texts("Stage"),
        texts("Kind"),
        texts("SQL as run"),
        texts("Files"),
        numbers("Rows read"),
        numbers("Used in the periods"),
        numbers("Rejected"),
    ];
    let row = |card: &'a DefinitionCard| {
        let trail = card.trail.as_ref()?;
        let said = [stage(card), kind_words(card.kind), &trail.sql, &trail.files.join(", ")];
        let mut cells = vec![Cell::text(&card.name, &styles.strong)];
        cells.extend(said.map(|text| Cell::text(text, &styles.text)));
        cells.extend([trail.rows_read, trail.rows_used, trail.rows_rejected].map(|rows| Cell::count(rows, &styles.number)));
        Some(cells)
    };
    let rows = cards.iter().filter_map(row).collect();
    Table { title: "The rows that they were computed from", note: "", columns: &COLUMNS, rows, line: LINE }
}

fn stage(card: &DefinitionCard) -> &'static str {
    card.stage.map_or("named in a column", |stage| stage.title())
}
