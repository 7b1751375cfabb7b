//! One table as many programs write it (`testdata/make.py`) gives the same rows, types and values.

use super::*;

const COLUMNS: [&str; 13] =
    ["name", "id", "code", "day", "moment", "clock", "won", "rate", "amount", "empty", "error", "double", "note"];

fn scan(folder: &str, name: &str, columns: &[&str]) -> Scanned {
    let (trial, task) = Trial::new(folder);
    let source: XlsxSource = trial.open(&task, json!({"path": name})).unwrap();
    let columns: Vec<_> = columns.iter().map(|column| (*column, Kind::Any)).collect();
    trial.scan(&source, &task, &columns, |_| {}).unwrap()
}

fn read(name: &str, columns: &[&str]) -> Scanned {
    scan(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata"), name, columns)
}

/// Types, rows, and what was rejected or left out, whatever the file's name.
fn told(name: &str, columns: &[&str]) -> Vec<String> {
    let scanned = read(name, columns);
    let rows = scanned.rows.iter().map(|row| row.join("|"));
    let told = types(&scanned).into_iter().chain(rows).chain(scanned.rejected.clone()).chain(scanned.left_out.clone());
    told.map(|line| line.replace(name, "file")).collect()
}

#[test]
fn the_table_is_read_as_it_was_written() {
    let expect = [
        "name Utf8",
        "id Utf8",
        "code Utf8",
        "day Date32",
        "moment Timestamp(µs)",
        "clock Utf8",
        "won Boolean",
        "rate Decimal128(38, 3)",
        "amount Decimal128(38, 2)",
        "empty Utf8",
        "error Utf8",
        "double Decimal128(38, 1)",
        "note Utf8",
        "Ada|90071992547409931234|00123|2026-10-01|2026-10-01T09:14:35|09:14:35|true|0.125|1234.50|∅|∅|2469.0|one",
        "Zoë Müller|90071992547409931235|00042|2026-02-28|2026-02-28T23:59:59|00:00:00|false|1.500|-0.25|∅|∅|-0.5|two\nlines",
        "Ωmega & <Sons>|7|01730|1999-12-31|1999-12-31T00:00:01|23:59:59|true|0.000|0.00|∅|∅|0.0|  spaced   out ",
        "日本 😀|8|9|1904-03-01|2027-01-01T12:00:00|12:30:00|false|-0.050|1000000.00|∅|∅|2000000.0|tab\there",
        "file:2 error: the cell holds the error #DIV/0!: #DIV/0!",
        "file:5 error: the cell holds the error #N/A: #N/A",
    ];
    assert_eq!(told("xlsxwriter.xlsx", &COLUMNS), expect);
}

#[test]
fn every_program_s_workbook_reads_the_same() {
    let expect = told("xlsxwriter.xlsx", &COLUMNS);
    let all = [
        "xlsxwriter-inline-1904.xlsx",
        "xlwt.xls",
        "xlwt-1904.xls",
        "libreoffice.xlsx",
        "libreoffice.xls",
        "libreoffice.ods",
        "libreoffice.fods",
    ];
    for name in all {
        assert_eq!(told(name, &COLUMNS), expect, "{name}");
    }
    // openpyxl writes formulas without their values, and pandas neither formulas nor errors.
    let without = |missing: &[&str]| COLUMNS.into_iter().filter(|column| !missing.contains(column)).collect::<Vec<_>>();
    for (name, missing) in
        [("openpyxl.xlsx", &["double"][..]), ("openpyxl-1904.xlsx", &["double"]), ("pandas.ods", &["double", "error"])]
    {
        assert_eq!(told(name, &without(missing)), told("xlsxwriter.xlsx", &without(missing)), "{name}");
    }
    let never = "the cell holds the error of a formula that was never calculated";
    assert_eq!(read("openpyxl.xlsx", &["double"]).rejected.iter().filter(|reject| reject.contains(never)).count(), 4);
}

#[test]
fn texts_in_old_code_pages_are_read() {
    let rows = |name: &str| read(name, &["name", "amount"]).rows;
    assert_eq!(rows("excel-5-western.xls"), [["Zoë €", "0.5"], ["plain", "1.5"]]);
    assert_eq!(rows("excel-5-cyrillic.xls"), [["Зоя", "0.5"], ["plain", "1.5"]]);
}

/// Written by Creme CRM: BIFF8, and xlsx with inline strings and no shared-strings part.
#[test]
fn creme_s_workbooks_read_alike() {
    for (name, rows) in [("opportunities", 30), ("contacts", 51)] {
        let read = |extension: &str| read(&format!("creme-2.8.6-{name}.{extension}"), &[]);
        let (old, new) = (read("xls"), read("xlsx"));
        assert_eq!((&old.schema, old.rows.len()), (&new.schema, new.rows.len()));
        assert_eq!(old.rows.len(), rows);
        assert_eq!((&old.rejected, &old.left_out), (&Vec::new(), &Vec::new()));
        for (old, new) in old.rows.iter().zip(&new.rows) {
            assert_eq!(old.join("|").replace(".xls", ".xlsx"), new.join("|"));
        }
    }
}

/// Written by Odoo 19, whose demo data is not ours to copy.
#[test]
fn odoo_s_workbooks_are_read_whole() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples");
    if !std::path::Path::new(folder).is_dir() {
        println!("skipped: there is no folder ../shared/samples beside the checkout");
        return;
    }
    for (name, rows) in [("crm.lead", 52), ("res.partner", 41)] {
        let scanned = scan(folder, &format!("odoo19-export-{name}.xlsx"), &[]);
        assert_eq!((scanned.rows.len(), scanned.rejected.len(), scanned.left_out.len()), (rows, 0, 0), "{name}");
        assert_eq!(scanned.schema.field_with_name("created_on").unwrap().data_type().to_string(), "Timestamp(µs)");
    }
    let leads = scan(folder, "odoo19-export-crm.lead.xlsx", &["expected_revenue"]);
    let sum: f64 = leads.rows.iter().filter_map(|row| row[0].parse::<f64>().ok()).sum();
    // As openpyxl adds them up.
    assert_eq!(sum, 738_544.0);
}
