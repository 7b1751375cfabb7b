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
    /// A workbook of one sheet with a header and these records behind it.
    fn xlsb(&self, name: &str, more: &[Vec<u8>]) {
        let cell = |column: u32| [number(column), number(0)].concat();
        let text = |column: u32, text: &str| record(6, &[&cell(column), &wide(text)]);
        let real = |column: u32, value: f64| record(5, &[&cell(column), &value.to_le_bytes()]);
        let sheet = [
            vec![record(0x94, &[&[0; 16]]), record(0x91, &[])],
            vec![record(0, &[&number(0)]), text(0, "a"), text(1, "b"), record(0, &[&number(1)]), text(0, "x"), real(1, 2.5)],
            more.to_vec(),
            vec![record(0x92, &[])],
        ];
        let book = [record(0x9c, &[&number(0), &number(1), &wide("s1"), &wide("S")]), record(0x90, &[]), record(0x9d, &[])];
        let relations =
            "<Relationships><Relationship Id='s1' Type='x/worksheet' Target='worksheets/sheet1.bin'/></Relationships>";
        let rels = RELS.replace("workbook.xml", "workbook.bin");
        let parts: [(&str, Vec<u8>); 4] = [
            ("_rels/.rels", rels.into_bytes()),
            ("xl/workbook.bin", book.concat()),
            ("xl/_rels/workbook.bin.rels", relations.as_bytes().to_vec()),
            ("xl/worksheets/sheet1.bin", sheet.concat().concat()),
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
}
