//! An xlsb made by hand, record by record: no program at hand writes one.

use super::odd_xlsx::RELS;
use super::*;

fn variable(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn record(kind: usize, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    [variable(kind), variable(body.len()), body].concat()
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    [(units.len() as u32).to_le_bytes().to_vec(), units.into_iter().flat_map(u16::to_le_bytes).collect()].concat()
}

fn number(number: u32) -> [u8; 4] {
    number.to_le_bytes()
}

impl Bench {
    /// A workbook of one sheet with a header, a row, and these records behind them.
    fn xlsb(&self, name: &str, more: &[Vec<u8>]) {
        self.xlsb_of(name, &["S"], "sheet1.bin", more);
    }

    /// A workbook whose sheets have these names and all this part.
    fn xlsb_of(&self, name: &str, sheets: &[&str], part: &str, more: &[Vec<u8>]) {
        let cell = |column: u32| [number(column), number(0)].concat();
        let text = |column: u32, text: &str| record(6, &[&cell(column), &wide(text)]);
        let real = |column: u32, value: f64| record(5, &[&cell(column), &value.to_le_bytes()]);
        let sheet = [
            vec![record(0x94, &[&[0; 16]]), record(0x91, &[])],
            vec![record(0, &[&number(0)]), text(0, "a"), text(1, "b"), record(0, &[&number(1)]), text(0, "x"), real(1, 2.5)],
            more.to_vec(),
            vec![record(0x92, &[])],
        ];
        let bundles = sheets.iter().map(|sheet| record(0x9c, &[&number(0), &number(1), &wide("s1"), &wide(sheet)]));
        let book: Vec<_> = bundles.chain([record(0x90, &[]), record(0x9d, &[])]).collect();
        let relations =
            format!("<Relationships><Relationship Id='s1' Type='x/worksheet' Target='worksheets/{part}'/></Relationships>");
        let part = format!("xl/worksheets/{part}");
        let rels = RELS.replace("workbook.xml", "workbook.bin");
        let parts: [(&str, Vec<u8>); 4] = [
            ("_rels/.rels", rels.into_bytes()),
            ("xl/workbook.bin", book.concat()),
            ("xl/_rels/workbook.bin.rels", relations.into_bytes()),
            (&part, sheet.concat().concat()),
        ];
        let mut archive = zip::ZipWriter::new(std::fs::File::create(self.folder.path().join(name)).unwrap());
        for (part, content) in parts {
            archive.start_file(part, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&content).unwrap();
        }
        archive.finish().unwrap();
    }
}

#[test]
fn binary_cells_are_read_and_what_cannot_be_is_refused() {
    let bench = Bench::new();
    bench.xlsb("a.xlsb", &[]);
    assert_eq!(bench.told("a.xlsb", &json!({})), ["a|b", "x|2.5"]);
    let told = bench.told("a.xlsb", &json!({"limits": {"unpacked": 100}}));
    assert!(told[1].contains("limits.unpacked"), "{told:?}");
    bench.xlsb("a.xlsb", &[record(0x0b, &[&number(1), &number(0), &[0x07]])]);
    assert!(bench.told("a.xlsb", &json!({}))[0].contains("has formulas that came to an error"));
    bench.xlsb("a.xlsb", &[record(0, &[&number(0x10_0000)])]);
    assert!(bench.told("a.xlsb", &json!({}))[0].contains("has a row beyond the last"));
    for back in [0, 1] {
        bench.xlsb("a.xlsb", &[record(0, &[&number(back)])]);
        assert!(bench.told("a.xlsb", &json!({}))[0].contains("has rows out of order"));
    }
    let merged = [record(0x92, &[]), record(0xb1, &[&number(1)]), record(0xb0, &[&[0; 16]]), record(0xb2, &[])];
    bench.xlsb("a.xlsb", &merged);
    let told = bench.told("a.xlsb", &json!({}));
    let message = "`xl/worksheets/sheet1.bin` of `a.xlsb` has merged cells, which are not read in this format";
    assert_eq!(told, [message, "save it as xlsx"]);
}

#[test]
fn binary_sheets_are_checked_whatever_their_parts_are_called() {
    let bench = Bench::new();
    let error = [record(0x0b, &[&number(1), &number(0), &[0x07]])];
    for part in ["data.bin", "Sheet1.BIN", "deep/sheet1.bin", "sheet1"] {
        bench.xlsb_of("a.xlsb", &["S"], part, &[]);
        assert_eq!(bench.told("a.xlsb", &json!({})), ["a|b", "x|2.5"], "{part}");
        bench.xlsb_of("a.xlsb", &["S"], part, &error);
        assert!(bench.told("a.xlsb", &json!({}))[0].contains("has formulas that came to an error"), "{part}");
    }
}

#[test]
fn binary_sheets_of_one_name_are_refused() {
    let bench = Bench::new();
    bench.xlsb_of("a.xlsb", &["S", "T"], "sheet1.bin", &[]);
    assert_eq!(bench.open(json!({"path": "a.xlsb"})).tables(&bench.task).unwrap().len(), 2);
    bench.xlsb_of("a.xlsb", &["S", "S"], "sheet1.bin", &[]);
    assert!(bench.told("a.xlsb", &json!({}))[0].contains("`a.xlsb` has two sheets of the name `S`"));
}
