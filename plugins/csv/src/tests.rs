use std::fmt::Write as _;
use std::fs;

use cvj_core::source::{Kind, ScanRequest};
use cvj_tabular::trial::{Scanned, Trial};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod layout;
mod samples;

struct Bench {
    _folder: tempfile::TempDir,
    trial: Arc<Trial>,
    task: Task,
    source: CsvSource,
}

const TINY: Sizes = Sizes { piece: 64, small: 256, ends: 128 };

fn bench(files: &[(&str, &[u8])], mut config: Value) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    if config.get("path").is_none() {
        config["path"] = json!("*.csv");
    }
    let (trial, task) = Trial::new(folder.path());
    let source = trial.open(&task, config).unwrap();
    Bench { _folder: folder, trial, task, source }
}

impl Bench {
    fn scan(&self, columns: &[(&str, Kind)]) -> Result<Scanned, SourceError> {
        self.trial.scan(&self.source, &self.task, columns, |_| {})
    }

    fn split(&self, columns: &[(&str, Kind)], partitions: usize) -> Result<Scanned, SourceError> {
        self.trial.scan(&self.source, &self.task, columns, |request: &mut ScanRequest| {
            request.target_partitions = partitions;
            request.batch_rows = 7;
        })
    }
}

fn types(scanned: &Scanned) -> Vec<String> {
    scanned.schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect()
}

#[test]
fn a_table_has_types_headers_and_virtual_columns() {
    let text = "\u{feff}Email,Amount spent (USD),Date,Email\na@x.org,\"1,204.50\",2026-10-01,\nb@x.org,3,2026-10-02,z\n";
    let bench = bench(&[("a.csv", text.as_bytes())], json!({}));
    let table = bench.source.tables(&bench.task).unwrap().remove(0);
    assert_eq!(table.name, "demo");
    assert_eq!(table.details.headers, ["Email", "Amount spent (USD)", "Date", "Email"]);
    assert_eq!(table.details.files, ["a.csv"]);
    assert_eq!(table.schema.field(1).metadata()["cvj.currency"], "USD");
    let scanned = bench.scan(&[]).unwrap();
    let expect = ["email Utf8", "amount_spent_usd Decimal128(38, 2)", "date Date32", "email_2 Utf8", "_file Utf8", "_line Int64"];
    assert_eq!(types(&scanned), expect);
    assert_eq!(scanned.rows[0], ["a@x.org", "1204.50", "2026-10-01", "∅", "a.csv", "2"]);
    assert_eq!(scanned.rows[1], ["b@x.org", "3.00", "2026-10-02", "z", "a.csv", "3"]);
    assert!(scanned.rejected.is_empty());
}

#[test]
fn projection_order_repetition_and_limit_are_honoured() {
    let bench = bench(&[("a.csv", b"a,b\n1,x\n2,y\n3,z\n")], json!({}));
    let scanned = bench.scan(&[("_line", Kind::Any), ("a", Kind::Text), ("a", Kind::Number)]).unwrap();
    assert_eq!(scanned.rows[2], ["4", "3", "3"]);
    let limited = bench.trial.scan(&bench.source, &bench.task, &[("b", Kind::Any)], |scan| scan.limit = Some(2)).unwrap();
    assert_eq!(limited.rows, [["x"], ["y"]]);
    let counted = bench.trial.scan(&bench.source, &bench.task, &[], |scan| scan.columns = Some(Vec::new())).unwrap();
    assert_eq!(counted.rows.len(), 3);
}

#[test]
fn rejects_name_file_line_and_place_in_the_stream() {
    let mut text = "id,note,amount (EUR)\n".to_owned();
    for row in 0..40 {
        let _ = write!(text, "{row},\"two\nlines\",\"{row},50 €\"\n");
    }
    text.push_str("40,x,many\n41,x\n42,x,\"5 $\",,\n\n43,x,\"7,25\"\n");
    let bench = bench(&[("a.csv", text.as_bytes())], json!({}));
    let scanned = bench.scan(&[("amount_eur", Kind::Number)]).unwrap();
    assert_eq!(
        scanned.rejected,
        [
            "a.csv:82 amount_eur: not a number: many",
            "a.csv:83 : 2 cells where the header has 3: 41, x",
            "a.csv:84 amount_eur: currency $, the column is in EUR: 5 $",
        ]
    );
    assert_eq!(bench.trial.rejects().iter().map(|reject| reject.row).collect::<Vec<_>>(), [Some(40), None, Some(41)]);
    assert_eq!(scanned.rows.len(), 43);
    assert_eq!(scanned.rows[42], ["7.25"]);
    // What is not projected never rejects.
    assert_eq!(bench.scan(&[("id", Kind::Any)]).unwrap().rejected.len(), 1);
}

#[test]
fn files_are_joined_by_column_name_and_copies_are_left_out() {
    let files: [(&str, &[u8]); 4] = [
        ("1.csv", b"id,name\n1,Ada\n"),
        ("2.csv", b"Name;Plan;ID\nBo;pro;2\nCy;;3\n"),
        ("3.csv", b"id,name\n1,Ada\n"),
        ("4.txt", b"id\n9\n"),
    ];
    let bench = bench(&files, json!({}));
    let scanned = bench.scan(&[]).unwrap();
    assert_eq!(types(&scanned)[..3], ["id Int64", "name Utf8", "plan Utf8"]);
    assert_eq!(scanned.rows, [["1", "Ada", "∅", "1.csv", "2"], ["2", "Bo", "pro", "2.csv", "2"], ["3", "Cy", "∅", "2.csv", "3"]]);
    assert_eq!(scanned.left_out, ["1 × 3.csv is a copy of 1.csv"]);
}

#[test]
fn a_contradiction_outside_the_sample_is_planned_anew_once() {
    let check = |column: &str, value: &dyn Fn(usize) -> String, odd: &str, kind: Kind, before: &str, after: &str| {
        let mut text = format!("{column},filler\n");
        for row in 0..11_000 {
            let _ = writeln!(text, "{},{row}", if row == 10_997 { odd.to_owned() } else { value(row) });
        }
        let mut bench = bench(&[("a.csv", text.as_bytes())], json!({}));
        bench.source.sizes = Sizes { piece: 1 << 20, small: 256, ends: 1 << 16 };
        let request = |index| Some(vec![cvj_core::source::ColumnRequest { index, kind }]);
        let plan = bench.source.plan(&ScanRequest { columns: request(0), ..ScanRequest::all("demo") }, &bench.task).unwrap();
        assert_eq!(plan.schema.field(0).data_type().to_string(), before);
        let scanned = bench.scan(&[(column, kind)]).unwrap();
        assert_eq!(types(&scanned), [format!("{column} {after}")]);
        assert_eq!(scanned.replanned, 1);
        assert_eq!(scanned.rows.len(), 11_000);
        assert_eq!(scanned.rejected, [""; 0]);
    };
    check("n", &|row| row.to_string(), "1.5", Kind::Number, "Int64", "Decimal128(38, 1)");
    check("n", &|row| format!("{row}.5"), "1.123456", Kind::Any, "Decimal128(38, 1)", "Decimal128(38, 6)");
    check("n", &|row| row.to_string(), "007", Kind::Any, "Int64", "Utf8");
    check("d", &|_| "2026-10-01".to_owned(), "2026-10-01 10:00", Kind::Any, "Date32", "Timestamp(µs)");
    check("d", &|row| format!("{0}/{0}/2026", row % 12 + 1), "13/2/2026", Kind::Time, "Date32", "Date32");
}

#[test]
fn an_open_order_is_settled_by_any_row_or_by_the_person() {
    let mut text = "d\n".to_owned();
    for _ in 0..11_000 {
        text.push_str("1/2/2026\n");
    }
    let open = bench(&[("a.csv", text.as_bytes())], json!({}));
    let error = open.scan(&[("d", Kind::Time)]).unwrap_err();
    assert_eq!(error.status, Status::InvalidData);
    assert!(error.message.contains("`1/2/2026` (a.csv:2)"), "{}", error.message);
    assert!(error.hint.unwrap().contains("date_format = \"day-month-year\""));
    assert_eq!(types(&open.scan(&[("d", Kind::Any)]).unwrap()), ["d Utf8"]);
    let told = bench(&[("a.csv", text.as_bytes())], json!({"date_format": "day-month-year"}));
    assert_eq!(told.scan(&[("d", Kind::Time)]).unwrap().rows[0], ["2026-02-01"]);
    text.push_str("1/31/2026\n");
    let mut settled = bench(&[("a.csv", text.as_bytes())], json!({}));
    settled.source.sizes = TINY;
    let scanned = settled.scan(&[("d", Kind::Time)]).unwrap();
    assert_eq!(scanned.rows[0], ["2026-01-02"]);
}

#[test]
fn the_configuration_settles_columns() {
    let text = "a;b;c;d\n1.234;x;01.02.26;-\n5.678;1;03.04.26;n.a.\n";
    let config = json!({"decimal": ",", "null_values": ["n.a.", "-"], "columns": {
        "b": {"type": "integer"}, "c": {"format": "%d.%m.%y"}, "a": {"type": "money", "currency": "EUR"}}});
    let bench = bench(&[("a.csv", text.as_bytes())], config);
    let scanned = bench.scan(&[]).unwrap();
    assert_eq!(types(&scanned)[..4], ["a Decimal128(38, 2)", "b Int64", "c Date32", "d Utf8"]);
    assert_eq!(scanned.rows[0][..4], ["1234.00", "∅", "2026-02-01", "∅"]);
    assert_eq!(scanned.rejected, ["a.csv:2 b: not a number: x"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let check = |bytes: &[u8], config: Value, message: &str, hint: &str| {
        let bench = bench(&[("a.csv", bytes)], config);
        let error = bench.source.tables(&bench.task).unwrap_err();
        assert!(error.message.contains(message), "{}", error.message);
        let found = error.hint.unwrap_or_default();
        assert!(found.contains(hint), "{found}");
    };
    check(b"", json!({}), "`a.csv` is empty", "export it again");
    check(b"a,b\n", json!({}), "no row below it", "header");
    check(b"a\nCaf\xe9\n", json!({"encoding": "utf-8"}), "a.csv:2: not UTF-8", "encoding = \"windows-1252\"");
    check(b"a,b\n1,\0\n", json!({}), "a.csv:2: a NUL byte", "xlsx");
    check(b"1,2\n3,4\n", json!({}), "a.csv:1: there are values, and no header above them", "header = 1");
    check(b"a\n1,2\n3,4\n", json!({"header": 1, "delimiter": ","}), "a.csv:2: 2 cells where the header has 1", "header = 2");
    check(b"a,b,c\n1,2\n3,4\n", json!({}), "a.csv:2: 2 cells where the header has 3", "short_rows = \"fill\"");
    check(b"a,b\n1,\"2\n3,4\n", json!({}), "a.csv:2: a quote opened on this line is never closed", "quote = \"none\"");
    check(b"a,b\n1,2\n", json!({"columns": {"amout": {"type": "money"}, "b": {}}}), "no column `amout`", "");
    check(b"a,b\n1,2\n", json!({"path": "b.csv"}), "no file matches", "a.csv");
}

#[test]
fn unknown_keys_are_refused_and_known_ones_described() {
    let folder = tempfile::tempdir().unwrap();
    let (trial, task) = Trial::new(folder.path());
    let error = trial.open::<CsvSource>(&task, json!({"path": "a.csv", "delimitr": ";"})).err().unwrap();
    assert!(error.message.contains("delimitr"), "{}", error.message);
    let schema = serde_json::to_value(schemars::schema_for!(CsvConfig)).unwrap();
    for key in ["path", "delimiter", "decimal", "date_format", "columns", "null_values", "currency"] {
        assert!(schema["properties"][key]["description"].is_string(), "{key}: {schema}");
    }
    assert!(schema["additionalProperties"] == json!(false) || schema["unevaluatedProperties"] == json!(false), "{schema}");
}

#[test]
fn a_file_that_changes_between_plan_and_read_is_an_error() {
    let bench = bench(&[("a.csv", b"a\n1\n")], json!({}));
    let plan = bench.source.plan(&ScanRequest::all("demo"), &bench.task).unwrap();
    fs::write(bench.task.folder().join("a.csv"), "a\n1\n2\n").unwrap();
    let error = bench.source.read(&plan.partitions[0], &bench.task).err().unwrap();
    assert!(error.message.contains("`a.csv` was changed"), "{}", error.message);
}

#[test]
fn stray_quotes_and_latin_text_are_read_whole() {
    let mut text = "size,name\n".to_owned();
    for row in 0..50 {
        let _ = writeln!(text, "{row}\" pipe,\"a, b\"");
    }
    let mut bench = bench(&[("a.csv", text.as_bytes())], json!({}));
    bench.source.sizes = TINY;
    let scanned = bench.split(&[], 4).unwrap();
    assert_eq!((scanned.partitions, scanned.rows.len()), (4, 50));
    assert_eq!(scanned.rows[7][..2], ["7\" pipe", "a, b"]);
    let latin = self::bench(&[("a.csv", b"a\nCaf\xe9 \x80\n")], json!({"encoding": "latin-1"}));
    assert_eq!(latin.scan(&[("a", Kind::Any)]).unwrap().rows, [["Café €"]]);
}

/// A cell as CSV, quoted where it must be or may be.
fn written(cell: &str, delimiter: char, quote: bool) -> String {
    if quote || cell.contains([delimiter, '"', '\n', '\r']) || cell.is_empty() {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Three cells, of which the second is filled: a row of blank cells is none.
fn cells() -> impl Strategy<Value = [String; 3]> {
    let text = "[a-z ,;|\t\"\n\u{e9}\u{20ac}]{0,12}";
    (text, "[a-z]", text, text).prop_map(|(one, letter, two, three)| [one, letter + &two, three])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A table written with any delimiter, quoting and line ends reads back the same, in one partition and in many.
    #[test]
    fn tables_round_trip(
        rows in proptest::collection::vec((cells(), any::<u8>()), 1..60),
        delimiter in 0_usize..4,
        crlf: bool,
        bom: bool,
    ) {
        let delimiter = [',', ';', '\t', '|'][delimiter];
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = if bom { "\u{feff}".to_owned() } else { String::new() };
        text.push_str(&["one", "two", "three"].join(&delimiter.to_string()));
        text.push_str(end);
        let mut line = 2;
        let mut expect = Vec::new();
        for (cells, quoting) in &rows {
            let fields: Vec<_> = cells.iter().enumerate().map(|(index, cell)| written(cell, delimiter, quoting >> index & 1 == 1)).collect();
            text.push_str(&fields.join(&delimiter.to_string()));
            text.push_str(end);
            let values = cells.iter().map(|cell| if cell.trim().is_empty() { "∅".to_owned() } else { cell.clone() });
            expect.push(values.chain([line.to_string()]).collect::<Vec<_>>());
            line += 1 + cells.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
        }
        let mut bench = bench(&[("a.csv", text.as_bytes())], json!({"delimiter": delimiter.to_string()}));
        bench.source.sizes = TINY;
        let columns = [("one", Kind::Text), ("two", Kind::Text), ("three", Kind::Text), ("_line", Kind::Any)];
        let whole = bench.split(&columns, 1).unwrap();
        prop_assert_eq!(&whole.rows, &expect);
        let parts = bench.split(&columns, 5).unwrap();
        prop_assert_eq!(&parts.rows, &expect);
        prop_assert_eq!(parts.rejected.len(), 0);
        if text.len() > 2000 {
            prop_assert!(parts.partitions > 1);
        }
    }
}
