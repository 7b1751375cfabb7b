//! One table as many programs write it (`testdata/make.py`) gives the same rows, types and values.

use super::*;

const COLUMNS: [&str; 13] =
    ["name", "id", "code", "day", "moment", "clock", "won", "rate", "amount", "empty", "error", "double", "note"];

fn read(name: &str, columns: &[&str]) -> Scanned {
    let (trial, task) = Trial::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata"));
    let source: XlsxSource = trial.open(&task, json!({"path": name})).unwrap();
    let columns: Vec<_> = columns.iter().map(|column| (*column, Kind::Any)).collect();
    trial.scan(&source, &task, &columns, |_| {}).unwrap()
}

fn told(scanned: &Scanned) -> Vec<String> {
    let rows = scanned.rows.iter().map(|row| format!("{row:?}"));
    types(scanned).into_iter().chain(rows).chain(scanned.rejected.clone()).chain(scanned.left_out.clone()).collect()
}

#[test]
fn the_table_is_read_as_it_was_written() {
    println!("{}", told(&read("xlsxwriter.xlsx", &COLUMNS)).join("\n"));
}

#[test]
fn every_program_s_workbook_reads_the_same() {
    let expect = told(&read("xlsxwriter.xlsx", &COLUMNS));
    for name in [
        "xlsxwriter-inline-1904.xlsx",
        "xlwt.xls",
        "xlwt-1904.xls",
        "libreoffice.xlsx",
        "libreoffice.xls",
        "libreoffice.ods",
        "libreoffice.fods",
    ] {
        let told = told(&read(name, &COLUMNS)).join("\n").replace(name, "xlsxwriter.xlsx");
        println!("{name} {}", told == expect.join("\n"));
        if told != expect.join("\n") {
            println!("{told}");
        }
    }
}
