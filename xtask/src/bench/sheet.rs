//! The workbook: orders with shared texts, numbers, a date and a time.

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::journal::{PRODUCTS, STAGES, product};
use crate::sample::random::Random;

const SEED: u64 = 0x6265_6E63_7865_6C73;

const HEADERS: [&str; 10] =
    ["Order", "Email", "Product", "Stage", "Ordered on", "Paid at", "Amount", "Quantity", "Country", "Campaign"];

/// Writes the workbook: the same for the same number of rows.
pub(super) fn write(rows: u64, path: &Path) -> Result<(), XlsxError> {
    let mut random = Random::new(SEED);
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2026, 10, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let sheet = workbook.add_worksheet().set_name("Orders")?;
    for (column, header) in (0..).zip(HEADERS) {
        sheet.write(0, column, header)?;
    }
    for row in 1..=rows as u32 {
        // 45,931 is the first of October 2025.
        let at = 45_931.0 + random.between(0, 364 * 86_400 - 1) as f64 / 86_400.0;
        sheet.write(row, 0, row)?;
        sheet.write(row, 1, format!("person{}@example.com", random.between(1, 40_000)))?;
        sheet.write(row, 2, product(random.between(0, PRODUCTS as i64 - 1) as usize))?;
        sheet.write(row, 3, random.pick(&STAGES))?;
        sheet.write_with_format(row, 4, at.floor(), &day)?;
        sheet.write_with_format(row, 5, at, &time)?;
        sheet.write(row, 6, random.between(500, 99_999) as f64 / 100.0)?;
        sheet.write(row, 7, random.between(1, 9) as u32)?;
        sheet.write(row, 8, random.pick(&["US", "CA", "GB", "DE", "AU"]))?;
        sheet.write(row, 9, format!("campaign-{:02}", random.between(1, 40)))?;
    }
    workbook.save(path)
}

/// The client over the workbook.
pub(super) fn config(file: &str) -> String {
    format!(
        "[client]\nname = \"Bench\"\ncurrency = \"USD\"\ntimezone = \"UTC\"\n\n[report]\nperiod = \"month\"\nhistory = 12\n\
         as_of = \"2026-10-01\"\n\n[source.orders]\nplugin = \"xlsx\"\npath = \"{file}\"\n\n[[touchpoint]]\n\
         stage = {{ column = \"stage\" }}\nfrom = \"orders\"\nperson = \"email\"\nat = \"paid_at\"\nvalue = \"amount\"\n"
    )
}
