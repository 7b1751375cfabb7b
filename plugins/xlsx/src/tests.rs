use std::io::Write;

use cvj_core::source::Kind;
use cvj_tabular::trial::{Scanned, Trial};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

mod layouts;
mod odd_ods;
mod odd_xlsx;
mod round_trip;
mod safety;
mod writers;
mod xlsb;

use super::*;

struct Bench {
    folder: tempfile::TempDir,
    trial: Arc<Trial>,
    task: Task,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (trial, task) = Trial::new(folder.path());
        Self { folder, trial, task }
    }

    fn save(&self, name: &str, mut workbook: Workbook) {
        workbook.save(self.folder.path().join(name)).unwrap();
    }

    /// A zip archive of these parts.
    fn zip(&self, name: &str, parts: &[(&str, &str)]) {
        let mut archive = zip::ZipWriter::new(std::fs::File::create(self.folder.path().join(name)).unwrap());
        for (part, content) in parts {
            archive.start_file(*part, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(content.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
    }

    /// What reading `name` gives: rows as text, then what was rejected or left out.
    fn told(&self, name: &str, more: &Value) -> Vec<String> {
        let mut config = json!({"path": name});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        match self.scan(config, &[]) {
            Err(error) => vec![error.message, error.hint.unwrap_or_default()],
            Ok(scanned) => {
                let width = scanned.schema.fields().len() - 2;
                let header: Vec<_> = scanned.schema.fields()[..width].iter().map(|field| field.name().clone()).collect();
                let rows = scanned.rows.iter().map(|row| row[..width].join("|"));
                std::iter::once(header.join("|")).chain(rows).chain(scanned.rejected).chain(scanned.left_out).collect()
            }
        }
    }

    fn open(&self, config: Value) -> XlsxSource {
        self.trial.open(&self.task, config).unwrap()
    }

    fn scan(&self, config: Value, columns: &[(&str, Kind)]) -> Result<Scanned, SourceError> {
        self.trial.scan(&self.open(config), &self.task, columns, |_| {})
    }
}

fn types(scanned: &Scanned) -> Vec<String> {
    scanned.schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect()
}

fn deals() -> Workbook {
    let mut workbook = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet().set_name("Deals").unwrap();
    for (column, header) in ["Id", "Value", "Created", "At", "Won", "Code", "Amount (EUR)", "When"].into_iter().enumerate() {
        sheet.write(0, column as u16, header).unwrap();
    }
    for row in 1..=25_u32 {
        sheet.write(row, 0, row).unwrap();
        sheet.write(row, 1, f64::from(row) + 0.1).unwrap();
        let created = ExcelDateTime::from_ymd(2026, 10, row as u8).unwrap();
        sheet.write_with_format(row, 2, &created, &day).unwrap();
        sheet.write_with_format(row, 3, created.and_hms(9, 14, 35).unwrap(), &day).unwrap();
        sheet.write(row, 4, row % 2 == 0).unwrap();
        sheet.write(row, 5, format!("{row:05}")).unwrap();
        sheet.write(row, 6, row * 10).unwrap();
        sheet.write(row, 7, format!("{row}/10/2026")).unwrap();
    }
    workbook
}

#[test]
fn cells_keep_their_types() {
    let bench = Bench::new();
    bench.save("deals.xlsx", deals());
    let scanned = bench.scan(json!({"path": "*.xlsx"}), &[]).unwrap();
    let expect = [
        "id Int64",
        "value Decimal128(38, 1)",
        "created Date32",
        "at Timestamp(µs)",
        "won Boolean",
        "code Utf8",
        "amount_eur Decimal128(38, 2)",
        "when Date32",
        "_file Utf8",
        "_line Int64",
    ];
    assert_eq!(types(&scanned), expect);
    let row = ["3", "3.1", "2026-10-03", "2026-10-03T09:14:35", "false", "00003", "30.00", "2026-10-03", "deals.xlsx", "4"];
    assert_eq!(scanned.rows[2], row);
    assert_eq!(scanned.rows.len(), 25);
    let text =
        bench.scan(json!({"path": "*.xlsx"}), &[("created", Kind::Text), ("value", Kind::Text), ("at", Kind::Text)]).unwrap();
    assert_eq!(text.rows[2], ["2026-10-03", "3.1", "2026-10-03 09:14:35"]);
    let error = bench.scan(json!({"path": "*.xlsx"}), &[("won", Kind::Time)]).unwrap_err();
    assert!(error.message.contains("`false` (deals.xlsx:2)"), "{}", error.message);
}

#[test]
fn sheets_make_tables() {
    let bench = Bench::new();
    let mut workbook = deals();
    let people = workbook.add_worksheet().set_name("Key People").unwrap();
    people.write(1, 1, "Staff list").unwrap();
    people.write(3, 1, "Name").unwrap();
    people.write(3, 2, "Age").unwrap();
    people.write(4, 1, "Ada").unwrap();
    people.write(4, 2, 36).unwrap();
    people.write(6, 1, "Bo").unwrap();
    people.write(6, 2, "unknown").unwrap();
    people.write(7, 4, "a note beside").unwrap();
    workbook.add_worksheet().set_name("Empty").unwrap();
    let hidden = workbook.add_worksheet().set_name("Hidden").unwrap();
    hidden.set_hidden(true);
    hidden.write(0, 0, "secret").unwrap();
    hidden.write(1, 0, 1).unwrap();
    bench.save("a.xlsx", workbook);
    let names = |config: Value| {
        let tables = bench.open(config).tables(&bench.task);
        tables.map(|tables| tables.into_iter().map(|table| table.name).collect::<Vec<_>>())
    };
    let config = json!({"path": "a.xlsx", "sheet": ["Key People", 1], "header": 4});
    assert_eq!(names(config).unwrap(), ["key_people", "deals"]);
    assert_eq!(names(json!({"path": "a.xlsx", "sheet": 1})).unwrap(), ["demo"]);
    assert_eq!(names(json!({"path": "a.xlsx", "sheet": "Hidden"})).unwrap(), ["demo"]);
    let error = names(json!({"path": "a.xlsx", "sheet": "Deal"})).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean `Deals`?"));
    let config = json!({"path": "a.xlsx", "sheet": "Key People", "header": 4, "columns": {"age": {"type": "integer"}}});
    let scanned = bench.scan(config, &[("name", Kind::Any), ("age", Kind::Number), ("_line", Kind::Any)]).unwrap();
    assert_eq!(scanned.rows, [["Ada", "36", "5"], ["Bo", "∅", "7"]]);
    assert_eq!(
        scanned.rejected,
        ["a.xlsx:7 age: not a number: unknown", "a.xlsx:8 : 4 cells where the header has 2: , , , , a note beside"]
    );
    let tables = bench.open(json!({"path": "a.xlsx", "sheet": "Key People", "header": 4})).tables(&bench.task).unwrap();
    assert_eq!(tables[0].details.preamble, ["Staff list"]);
}

#[test]
fn workbooks_of_one_sheet_are_joined_and_copies_left_out() {
    let bench = Bench::new();
    for (name, sheet, header, value) in [("1.xlsx", "Oct", "Sessions", 5), ("2.xlsx", "Nov", "sessions", 6)] {
        let mut workbook = Workbook::new();
        let worksheet = workbook.add_worksheet().set_name(sheet).unwrap();
        worksheet.write(0, 0, header).unwrap();
        worksheet.write(1, 0, value).unwrap();
        bench.save(name, workbook);
    }
    std::fs::copy(bench.folder.path().join("1.xlsx"), bench.folder.path().join("3.xlsx")).unwrap();
    let scanned = bench.scan(json!({"path": "*.xlsx"}), &[("sessions", Kind::Number), ("_file", Kind::Any)]).unwrap();
    assert_eq!(scanned.rows, [["5", "1.xlsx"], ["6", "2.xlsx"]]);
    assert_eq!(scanned.left_out, ["1 × 3.xlsx is a copy of 1.xlsx"]);
}

#[test]
fn a_contradiction_beyond_the_first_rows_is_planned_anew_once() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "n").unwrap();
    for row in 1..=12_000_u32 {
        sheet.write(row, 0, if row == 10_401 { 0.25 } else { f64::from(row) }).unwrap();
    }
    bench.save("a.xlsx", workbook);
    let scanned = bench.scan(json!({"path": "a.xlsx"}), &[("n", Kind::Number)]).unwrap();
    assert_eq!(types(&scanned), ["n Decimal128(38, 2)"]);
    assert_eq!((scanned.replanned, scanned.rows.len()), (1, 12_000));
    assert_eq!(scanned.rows[10_400], ["0.25"]);
}

#[test]
fn what_is_no_workbook_is_said() {
    let bench = Bench::new();
    let check = |name: &str, bytes: &[u8], message: &str, hint: &str| {
        std::fs::write(bench.folder.path().join(name), bytes).unwrap();
        let error = bench.open(json!({"path": name})).tables(&bench.task).unwrap_err();
        assert!(error.message.contains(message), "{}", error.message);
        assert!(error.hint.unwrap().contains(hint));
    };
    check("a.xls", b"<html><table>", "`a.xls` is a web page", "save it as xlsx");
    check("b.xlsx", b"", "`b.xlsx` is empty", "export it again");
    check("c.xlsx", b"PK\x03\x04junk", "`c.xlsx` cannot be read as a workbook", "export it again");
    bench.save("d.xlsx", Workbook::new());
    let error = bench.open(json!({"path": "d.xlsx"})).tables(&bench.task).unwrap_err();
    assert!(error.message.contains("no sheet with a header and rows"), "{}", error.message);
}

#[test]
fn a_limit_stops_reading() {
    let bench = Bench::new();
    bench.save("deals.xlsx", deals());
    let source = bench.open(json!({"path": "deals.xlsx"}));
    let scanned = bench.trial.scan(&source, &bench.task, &[("id", Kind::Any)], |scan| scan.limit = Some(3)).unwrap();
    assert_eq!(scanned.rows, [["1"], ["2"], ["3"]]);
}

#[test]
fn a_number_format_s_currency_is_the_column_s() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, (header, format)) in
        [("Euro", "#,##0.00 [$\u{20ac}-407]"), ("Plain", "#,##0.00"), ("Pound", "\"GBP\" 0.0")].into_iter().enumerate()
    {
        sheet.write(0, column as u16, header).unwrap();
        for row in 1..4_u32 {
            sheet.write_with_format(row, column as u16, row, &Format::new().set_num_format(format)).unwrap();
        }
    }
    bench.save("a.xlsx", workbook);
    let tables = bench.open(json!({"path": "a.xlsx"})).tables(&bench.task).unwrap();
    let currency = |index: usize| tables[0].schema.field(index).metadata().get(cvj_core::source::FIELD_CURRENCY).cloned();
    assert_eq!([0, 1, 2].map(currency), [Some("EUR".to_owned()), None, Some("GBP".to_owned())]);
}
