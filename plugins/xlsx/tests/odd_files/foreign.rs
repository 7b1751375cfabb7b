use std::fs;

use cvj_tabular::trial::odd::Odd;

use crate::{check, odd};

fn creme(ending: &str) -> Vec<u8> {
    fs::read(format!("{}/testdata/creme-2.8.6-opportunities.{ending}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

const CREME: &str = "name_of_the_opportunity text, targets_the_organisation_contact text, sales_phase text, estimated_sales int, made_sales text, actual_closing_date text";

#[test]
fn old_workbooks_are_told_by_their_content() {
    let old = creme("xls");
    check(&[
        Odd::new("an xls", "a.xls", &old).reads_rows(CREME, 30),
        odd("an xls called xlsx", &old).reads_rows(CREME, 30),
        Odd::new("an xlsx called xls", "a.xls", creme("xlsx")).reads_rows(CREME, 30),
        Odd::new("an xls cut off at 20 %", "a.xls", &old[..old.len() / 5]).refused("a.xls", ""),
        Odd::new("an xls cut off at 50 %", "a.xls", &old[..old.len() / 2]).refused("a.xls", ""),
        Odd::new("an xls cut off at 90 %", "a.xls", &old[..old.len() * 9 / 10]).refused("a.xls", ""),
        Odd::new("an xls of nothing but its first bytes", "a.xls", &old[..8]).refused("a.xls", ""),
        Odd::new("an xls with a broken directory", "a.xls", {
            let mut bytes = old.clone();
            bytes[48..52].copy_from_slice(b"\xf0\xff\xff\x7f");
            bytes
        })
        .refused("a.xls", ""),
    ]);
}

/// A chain of sectors that leads back to its begin.
#[test]
fn an_old_workbook_that_goes_in_circles_is_refused() {
    let mut bytes = creme("xls");
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (directory, table) = (number(&bytes, 48), number(&bytes, 76));
    let entry = 512 + table * 512 + directory * 4;
    bytes[entry..entry + 4].copy_from_slice(&(directory as u32).to_le_bytes());
    check(&[Odd::new("a directory in a circle", "a.xls", bytes).refused("a.xls", "")]);
}

#[test]
fn what_is_no_workbook_is_refused_and_said() {
    check(&[
        Odd::new("a table of a web page called xls", "a.xls", "<html><body><table><tr><td>a</td></tr></table></body></html>").refused("a.xls", "xlsx"),
        Odd::new("a spreadsheet of 2003 in XML", "a.xls", "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet/></Workbook>")
            .refused("a.xls", "xlsx"),
        Odd::new("tabs called xls", "a.xls", "a\tb\n1\tx\n").refused("a.xls", "plugin = \"csv\""),
        Odd::new("a CSV called xls", "a.xls", "a,b\n1,x\n").refused("a.xls", "plugin = \"csv\""),
        Odd::new("a CSV in UTF-16 called xls", "a.xls", "\u{feff}a\tb\n1\tx\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()).refused("a.xls", "plugin = \"csv\""),
        odd("a PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").refused("a.xlsx", ""),
        odd("a PDF", "%PDF-1.7\n%âãÏÓ\n1 0 obj\n").refused("a.xlsx", ""),
        odd("JSON", "{\"error\": \"token expired\"}").refused("a.xlsx", ""),
        odd("NULs", vec![0; 4096]).refused("a.xlsx", ""),
        odd("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0").refused("a.xlsx", ""),
    ]);
}
