//! `feedback.xlsx`: reviews and survey answers, a sheet each, times as Excel has them.

use jiff::civil::{DateTime, date};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::world::{Answer, World};

/// The workbook's bytes: the same for the same world.
pub(super) fn feedback(world: &World) -> Result<Vec<u8>, String> {
    workbook(world).map_err(|error| format!("feedback.xlsx: {error}"))
}

fn workbook(world: &World) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // Without a fixed time of creation, no two runs would give the same bytes.
    let created = ExcelDateTime::from_ymd(2026, 11, 4)?;
    workbook.set_properties(&DocProperties::new().set_title("Customer feedback").set_creation_datetime(&created));
    let reviews = workbook.add_worksheet().set_name("Reviews")?;
    sheet(reviews, ["Date", "Reviewer email", "Product", "Stars"], &world.reviews)?;
    let surveys = workbook.add_worksheet().set_name("NPS")?;
    sheet(surveys, ["Answered", "Email", "Service", "Score"], &world.surveys)?;
    workbook.save_to_buffer()
}

fn sheet(sheet: &mut Worksheet, headers: [&str; 4], answers: &[Answer]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    for (column, header) in headers.iter().enumerate() {
        sheet.write_with_format(0, column as u16, *header, &bold)?;
    }
    for (row, answer) in (1..).zip(answers) {
        match answer.at {
            Some(at) => sheet.write_with_format(row, 0, &excel(at)?, &time)?,
            None => sheet.write(row, 0, "last week")?,
        };
        if !answer.contact.text.is_empty() {
            sheet.write(row, 1, &answer.contact.text)?;
        }
        sheet.write(row, 2, &answer.named.text)?;
        sheet.write(row, 3, answer.score as f64)?;
    }
    sheet.set_column_width(0, 17)?.set_column_width(1, 32)?.set_column_width(2, 16)?.set_freeze_panes(1, 0)?;
    Ok(())
}

fn excel(at: DateTime) -> Result<ExcelDateTime, XlsxError> {
    debug_assert!(at >= date(1900, 3, 1).at(0, 0, 0, 0), "Excel's calendar has a day too many before");
    ExcelDateTime::from_ymd(at.year() as u16, at.month() as u8, at.day() as u8)?.and_hms(at.hour() as u16, at.minute() as u8, 0.0)
}
