//! `bench-cells`: the bare loop over a sheet's cells by calamine's streaming reader, which the XLSX plugin is measured against.

use std::path::Path;

use calamine::{DataRef, Reader, Xlsx, open_workbook};

use crate::failure::Failure;

/// Reads every cell of the first sheet and prints how many there are and what the numbers sum to.
pub(crate) fn read_cells(path: &Path) -> Result<(), Failure> {
    let failure = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
    let mut workbook: Xlsx<_> = open_workbook(path).map_err(|error: calamine::XlsxError| failure(&error))?;
    let sheet = workbook.sheet_names().first().cloned().ok_or_else(|| failure(&"no sheet"))?;
    let mut reader = workbook.worksheet_cells_reader(&sheet).map_err(|error| failure(&error))?;
    let (mut cells, mut sum) = (0_u64, 0.0);
    while let Some(cell) = reader.next_cell().map_err(|error| failure(&error))? {
        cells += 1;
        if let DataRef::Float(value) = cell.get_value() {
            sum += value;
        }
    }
    println!("{{\"cells\": {cells}, \"sum\": {sum}}}");
    Ok(())
}
