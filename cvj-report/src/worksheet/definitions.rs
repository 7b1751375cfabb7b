//! The `Definitions` sheet: how to read the numbers, what cvj computes itself, and the card of every definition.

use cvj_core::report::DefinitionCard;
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::model::WorksheetModel;
use super::page::{begin, height, write};
use super::style::Styles;
use crate::glossary::{BUILT_IN, HOW_TO_READ, Term};
use crate::html::kind_words;

const SHEET: &str = "Definitions";
const COLUMNS: [(&str, f64); 8] = [
    ("Name", 28.0),
    ("Stage", 16.0),
    ("Kind", 12.0),
    ("What it counts", 56.0),
    ("From", 20.0),
    ("Dated by", 20.0),
    ("Product from", 20.0),
    ("Defined in", 20.0),
];

/// Draws the sheet.
pub(super) fn draw(sheet: &mut Worksheet, model: &WorksheetModel<'_>, styles: &Styles) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Definitions", model, styles)?;
    for (column, (_, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, width)?;
    }
    let mut row = terms(sheet, 3, "How to read the numbers", &HOW_TO_READ, styles)?;
    row = terms(sheet, row + 1, "What cvj computes itself", &BUILT_IN, styles)?;
    let cards = model.report.map_or(&[][..], |report| &report.definitions);
    if !cards.is_empty() {
        definitions(sheet, row + 1, cards, styles)?;
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

fn definitions(sheet: &mut Worksheet, row: u32, cards: &[DefinitionCard], styles: &Styles) -> Result<(), XlsxError> {
    write(sheet, row, 0, "This report's definitions", &styles.section)?;
    sheet.set_row_height(row, 22)?;
    for (column, (title, _)) in (0..).zip(COLUMNS) {
        write(sheet, row + 1, column, title, &styles.head)?;
    }
    for (row, card) in (row + 2..).zip(cards) {
        let stage = card.stage.map_or("named in a column", |stage| stage.title());
        let product = card.product.as_deref().unwrap_or("overall only");
        let texts = [&card.name, stage, kind_words(card.kind), &card.formula, &card.from, &card.at, product, &card.origin];
        let mut tallest = 20.0_f64;
        for ((column, text), (_, width)) in (0..).zip(texts).zip(COLUMNS) {
            write(sheet, row, column, text, if column == 0 { &styles.strong } else { &styles.text })?;
            tallest = tallest.max(height(text, width));
        }
        sheet.set_row_height(row, tallest)?;
    }
    Ok(())
}
