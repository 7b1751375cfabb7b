//! Tables as people lay them out.

use rust_xlsxwriter::Worksheet;

use super::*;

fn write(sheet: &mut Worksheet, row: u32, column: u16, cells: &[&str]) {
    for (index, cell) in cells.iter().enumerate() {
        let column = column + index as u16;
        match cell.parse::<f64>() {
            Ok(number) => sheet.write(row, column, number).unwrap(),
            Err(_) if cell.is_empty() => sheet,
            Err(_) => sheet.write(row, column, *cell).unwrap(),
        };
    }
}

#[test]
fn a_report_with_title_groups_totals_and_footers_is_its_rows() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let center = Format::new();
    let sheet = workbook.add_worksheet();
    sheet.merge_range(1, 1, 1, 6, "Web report", &center).unwrap();
    write(sheet, 2, 1, &["October 1, 2026 - October 31, 2026"]);
    sheet.merge_range(4, 1, 5, 1, "Region", &center).unwrap();
    sheet.merge_range(4, 2, 5, 2, "Channel", &center).unwrap();
    sheet.merge_range(4, 3, 4, 4, "Web", &center).unwrap();
    sheet.merge_range(4, 5, 4, 6, "Ads", &center).unwrap();
    write(sheet, 5, 3, &["Sessions", "Users", "Clicks", "Cost"]);
    // A region stands for its three channels; what they cost together counts once.
    sheet.merge_range(6, 1, 8, 1, "North", &center).unwrap();
    write(sheet, 6, 2, &["mail", "10", "8", "3", "2.5"]);
    write(sheet, 7, 2, &["web", "20", "16", "5"]);
    write(sheet, 8, 2, &["shop", "30", "24", "7"]);
    sheet.merge_range(6, 6, 8, 6, "", &center).unwrap();
    sheet.write(6, 6, 2.5).unwrap();
    write(sheet, 9, 1, &["South", "mail", "40", "32", "9", "1.5"]);
    write(sheet, 10, 1, &["Total", "", "100", "80", "24", "4"]);
    write(sheet, 12, 1, &["Source: the shop"]);
    bench.save("a.xlsx", workbook);
    let scanned = bench.scan(json!({"path": "a.xlsx"}), &[]).unwrap();
    let names: Vec<_> = scanned.schema.fields().iter().map(|field| field.name().as_str()).collect();
    let expect = ["region", "channel", "web_sessions", "web_users", "ads_clicks", "ads_cost", "_file", "_line", "_from", "_to"];
    assert_eq!(names, expect);
    let rows: Vec<_> = scanned.rows.iter().map(|row| row[..6].join("|")).collect();
    assert_eq!(rows, ["North|mail|10|8|3|2.5", "North|web|20|16|5|∅", "North|shop|30|24|7|∅", "South|mail|40|32|9|1.5"]);
    assert_eq!(scanned.rows[0][8..], ["2026-10-01", "2026-10-31"]);
    assert!(scanned.rejected.is_empty(), "{:?}", scanned.rejected);
    assert_eq!(scanned.left_out, ["1 × total row", "1 × footer"]);
    let tables = bench.open(json!({"path": "a.xlsx"})).tables(&bench.task).unwrap();
    assert_eq!(tables[0].details.preamble, ["Web report", "October 1, 2026 - October 31, 2026"]);
    assert_eq!(tables[0].details.format, ["a.xlsx: sheet `Sheet1`, header in row 6, 2026-10-01 to 2026-10-31, footer in row 13"]);
}

#[test]
fn hidden_rows_are_read_and_told_or_skipped_and_counted() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    write(sheet, 0, 0, &["a", "b"]);
    for row in 1..=4 {
        write(sheet, row, 0, &["x", &row.to_string()]);
    }
    sheet.set_row_hidden(2).unwrap();
    sheet.set_row_hidden(3).unwrap();
    bench.save("a.xlsx", workbook);
    assert_eq!(bench.told("a.xlsx", &json!({})), ["a|b", "x|1", "x|2", "x|3", "x|4"]);
    assert_eq!(bench.told("a.xlsx", &json!({"hidden_rows": "skip"})), ["a|b", "x|1", "x|4", "2 × hidden row"]);
    let format = |config: Value| bench.open(config).tables(&bench.task).unwrap()[0].details.format.join("");
    assert!(format(json!({"path": "a.xlsx"})).ends_with("2 hidden rows read"));
    assert!(format(json!({"path": "a.xlsx", "hidden_rows": "skip"})).ends_with("2 hidden rows left out"));
}

#[test]
fn several_tables_in_a_sheet_are_several_tables() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Web").unwrap();
    write(sheet, 0, 0, &["Sessions by day"]);
    write(sheet, 1, 0, &["day", "sessions", "views"]);
    write(sheet, 2, 0, &["Mon", "1", "7"]);
    write(sheet, 3, 0, &["Tue", "2", "8"]);
    write(sheet, 5, 0, &["Users by country"]);
    write(sheet, 6, 0, &["country", "users", "new"]);
    write(sheet, 7, 0, &["DE", "3", "4"]);
    write(sheet, 8, 0, &["FR", "5", "6"]);
    let other = workbook.add_worksheet().set_name("Key People").unwrap();
    write(other, 0, 0, &["name", "age"]);
    write(other, 1, 0, &["Ada", "36"]);
    bench.save("a.xlsx", workbook);
    let read = |table: &str| {
        let source = bench.open(json!({"path": "a.xlsx"}));
        let scanned = bench.trial.scan(&source, &bench.task, &[], |scan| table.clone_into(&mut scan.table)).unwrap();
        scanned.rows.iter().map(|row| row[..row.len() - 2].join("|")).collect::<Vec<_>>()
    };
    assert_eq!(read("web_sessions_by_day"), ["Mon|1|7", "Tue|2|8"]);
    assert_eq!(read("web_users_by_country"), ["DE|3|4", "FR|5|6"]);
    assert_eq!(read("key_people"), ["Ada|36"]);
}

#[test]
fn a_long_sheet_s_totals_and_footers_are_found_at_its_end() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    write(sheet, 0, 0, &["product", "amount", "note"]);
    for row in 1..=11_000 {
        write(sheet, row, 0, &["p", "2", "n"]);
    }
    write(sheet, 11_001, 0, &["Total", "22000"]);
    write(sheet, 11_003, 0, &["Printed in October"]);
    bench.save("a.xlsx", workbook);
    let scanned = bench.scan(json!({"path": "a.xlsx"}), &[("amount", Kind::Number)]).unwrap();
    assert_eq!(scanned.rows.len(), 11_000);
    assert_eq!(scanned.left_out, ["1 × total row", "1 × footer"]);
    assert!(scanned.rejected.is_empty());
}

#[test]
fn values_without_a_header_are_said() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("S").unwrap();
    write(sheet, 2, 0, &["1", "2"]);
    write(sheet, 3, 0, &["3", "4"]);
    bench.save("a.xlsx", workbook);
    let message = "a.xlsx:3: in sheet `S` there are values where a header was looked for";
    let hint = "set `header` to the header's row, or write a header above the values";
    assert_eq!(bench.told("a.xlsx", &json!({})), [message, hint]);
}

#[test]
fn keys_of_csv_mean_the_same_in_sheets() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    write(sheet, 0, 0, &["order", "paid", "amount"]);
    write(sheet, 1, 0, &["A1", "yes", "2"]);
    write(sheet, 2, 0, &["A1", "", "3"]);
    write(sheet, 3, 0, &["A2", "", "4"]);
    write(sheet, 4, 0, &["Total", "", "9"]);
    bench.save("a.xlsx", workbook);
    let config = json!({"fill_down": {"key": "order", "columns": ["paid"]}, "totals": "keep"});
    assert_eq!(bench.told("a.xlsx", &config), ["order|paid|amount", "A1|true|2", "A1|true|3", "A2|∅|4", "Total|∅|9"]);
}
