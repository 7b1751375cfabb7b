//! The worksheet: one workbook per product, filled from the report, with cells for what people type.
//!
//! The empty worksheet is drawn by the same code from a model without a report, so that both have the same layout and names.
//! Cells that carry a value of the report bear a defined name: `cvj.` and the value's path, seen from one product.

mod audit;
mod bindings;
mod breakdowns;
mod cohorts;
mod definitions;
mod journey;
mod model;
mod page;
mod quality;
mod scorecard;
mod style;
mod table;
mod trends;
mod typed;
mod value;

use cvj_core::report::{NamedScope, Scope};
use cvj_core::{Report, Stage};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use crate::calendar;
use crate::error::RenderError;
use crate::locale;
use crate::look::Look;
pub use typed::activity_states;

use bindings::Bindings;
use model::WorksheetModel;
use style::Styles;

/// The worksheet of one product, by its place in [`Report::products`]. Numbers in cells follow the locale of the spreadsheet program.
pub fn worksheet(report: &Report, product: usize, look: &Look) -> Result<Vec<u8>, RenderError> {
    let found = report.scopes().skip(1).nth(product);
    let scope = found.ok_or(RenderError::NoSuchProduct { index: product, count: report.products.len() })?;
    locale::within(&look.locale, || workbook(&WorksheetModel::of(report, scope), look.prepared_by.as_deref()))
}

/// The worksheet of the whole client: for a report without products.
pub fn overall_worksheet(report: &Report, look: &Look) -> Result<Vec<u8>, RenderError> {
    let Scope { stages, findings } = &report.overall;
    let scope = NamedScope { name: "Overall", slug: "overall", stages, findings };
    locale::within(&look.locale, || workbook(&WorksheetModel::of(report, scope), look.prepared_by.as_deref()))
}

/// The empty worksheet: the same layout and names, no data.
pub fn empty_worksheet() -> Result<Vec<u8>, RenderError> {
    workbook(&WorksheetModel::empty(), None)
}

fn workbook(model: &WorksheetModel<'_>, author: Option<&str>) -> Result<Vec<u8>, RenderError> {
    let styles = Styles::new();
    let mut bindings = Bindings::default();
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(model, author));
    journey::draw(workbook.add_worksheet(), model, &styles, &mut bindings)?;
    scorecard::draw(workbook.add_worksheet(), model, &styles, &mut bindings)?;
    audit::draw(workbook.add_worksheet(), model, &styles, &mut bindings)?;
    trends::draw(workbook.add_worksheet(), model, &styles)?;
    cohorts::draw(workbook.add_worksheet(), model, &styles)?;
    if let Some(findings) = model.findings().filter(|findings| !findings.breakdowns.is_empty()) {
        breakdowns::draw(workbook.add_worksheet(), model, &findings.breakdowns, &styles)?;
    }
    value::draw(workbook.add_worksheet(), model, &styles)?;
    definitions::draw(workbook.add_worksheet(), model, &styles)?;
    quality::draw(workbook.add_worksheet(), model, &styles)?;
    bindings.define(&mut workbook)?;
    Ok(workbook.save_to_buffer()?)
}

/// Created at the report's `as_of`, so that the same report gives the same bytes.
fn properties(model: &WorksheetModel<'_>, author: Option<&str>) -> DocProperties {
    let at = model.report.and_then(|report| calendar::local(&report.as_of));
    let (year, month, day) = at.map_or((2026, 1, 1), |at| (at.year().unsigned_abs(), at.month(), at.day()));
    let title = match model.client() {
        Some(client) => format!("{client}: customer value journey"),
        None => "Customer value journey".to_owned(),
    };
    let subject = model.product().unwrap_or_default();
    let properties = DocProperties::new().set_title(title).set_subject(subject).set_author(author.unwrap_or("cvj"));
    match ExcelDateTime::from_ymd(year, month.unsigned_abs(), day.unsigned_abs()) {
        Ok(date) => properties.set_creation_datetime(&date),
        Err(_) => properties,
    }
}

/// The column of a stage on the journey sheet.
fn stage_column(stage: Stage) -> u16 {
    stage.index() as u16 + 1
}

#[cfg(test)]
mod tests;
