//! Defined names: `cvj.` and a path into the report, each on one cell.

use rust_xlsxwriter::{Workbook, XlsxError};

/// The names of one workbook.
#[derive(Default)]
pub(super) struct Bindings(Vec<(String, String)>);

impl Bindings {
    /// Binds a cell to a path: `aware.people.any`.
    pub(super) fn bind(&mut self, path: &str, sheet: &str, row: u32, column: u16) {
        self.0.push((format!("cvj.{path}"), format!("='{sheet}'!{}", absolute(row, column))));
    }

    /// Writes the names into the workbook.
    pub(super) fn define(self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        for (name, cell) in self.0 {
            workbook.define_name(name, &cell)?;
        }
        Ok(())
    }
}

/// `$B$2`.
fn absolute(row: u32, column: u16) -> String {
    format!("${}${}", rust_xlsxwriter::utility::column_number_to_name(column), row + 1)
}
