//! Broken, hostile and protected files: an error that says what to do, never a panic, and never the end of the data.

use proptest::prelude::*;

use super::odd_xlsx::{BOOK, BOOK_RELS, RELS, row};
use super::*;

fn check(bench: &Bench, name: &str, limits: &Value, message: &str, hint: &str) {
    let told = bench.told(name, &json!({"limits": limits}));
    assert!(told[0].contains(message) && told[1].contains(hint), "{told:?}");
}

#[test]
fn what_is_larger_than_allowed_is_refused() {
    let bench = Bench::new();
    let rows = format!("<sheetData>{}{}</sheetData>", row(&["a", "b"]), row(&["x", "1"]).repeat(1000));
    bench.sheet("a.xlsx", &rows);
    check(&bench, "a.xlsx", &json!({"unpacked": "10 kB"}), "`a.xlsx` unpacks to", "limits.unpacked");
    bench.sheet("b.xlsx", &format!("<sheetData>{}{}</sheetData>", row(&["a", "b"]), row(&["x".repeat(100).as_str(), "1"])));
    check(&bench, "b.xlsx", &json!({"cell": 99}), "`xl/worksheets/sheet1.xml` of `b.xlsx`: row 2: a cell of", "limits.cell");
    check(&bench, "b.xlsx", &json!({"row": 50}), "row 2: a row longer than", "limits.row");
    check(&bench, "b.xlsx", &json!({"columns": 1}), "row 1: 2 columns", "limits.columns");
    let texts =
        BOOK_RELS.replace("</Relationships>", "<Relationship Id='t' Type='x/sharedStrings' Target='t.xml'/></Relationships>");
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(100));
    let sheet = "<worksheet><sheetData/></worksheet>";
    bench.zip(
        "c.xlsx",
        &[
            ("_rels/.rels", RELS),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", &texts),
            ("xl/t.xml", &long),
            ("xl/worksheets/sheet1.xml", sheet),
        ],
    );
    check(&bench, "c.xlsx", &json!({"cell": 99}), "text 1 in `xl/t.xml` of `c.xlsx`: a cell of", "limits.cell");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/xlwt.xls"), bench.folder.path().join("d.xls")).unwrap();
    check(&bench, "d.xls", &json!({"unpacked": 1000}), "`d.xls` unpacks to more than", "limits.unpacked");
    let told = bench.told("d.xls", &json!({"hidden_rows": "skip"}));
    assert!(told[0].contains("which rows are hidden") && told[1].contains("save it as .xlsx"), "{told:?}");
}

/// The archive says that a part has ten bytes, and it goes on for megabytes.
#[test]
fn a_size_that_is_a_lie_is_found_out() {
    let bench = Bench::new();
    bench.sheet("a.xlsx", &format!("<sheetData>{}</sheetData>", row(&["a", "b"]).repeat(100_000)));
    let path = bench.folder.path().join("a.xlsx");
    let mut bytes = std::fs::read(&path).unwrap();
    let entry = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
    bytes[entry + 24..entry + 28].copy_from_slice(&10_u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    check(&bench, "a.xlsx", &json!({"unpacked": "100 kB"}), "of `a.xlsx` cannot be read: File is larger", "save it again");
}

#[test]
fn entities_and_broken_documents_are_refused() {
    let bench = Bench::new();
    let bomb = "<!DOCTYPE w [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><worksheet><sheetData/></worksheet>";
    let parts = [("_rels/.rels", RELS), ("xl/workbook.xml", BOOK), ("xl/_rels/workbook.xml.rels", BOOK_RELS)];
    bench.zip("a.xlsx", &[&parts[..], &[("xl/worksheets/sheet1.xml", bomb)]].concat());
    check(
        &bench,
        "a.xlsx",
        &json!({}),
        "`xl/worksheets/sheet1.xml` of `a.xlsx` cannot be read: it declares a document type",
        "save it again",
    );
    bench.zip("b.xlsx", &[&parts[..], &[("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c><v>1")]].concat());
    check(&bench, "b.xlsx", &json!({}), "ends in the middle", "save it again");
    bench.zip("c.xlsx", &parts);
    check(&bench, "c.xlsx", &json!({}), "it lacks its sheet `S`", "save it again");
    bench.sheet("d.xlsx", "<sheetData><row><c t='str'><v>&nbsp;</v></c></row></sheetData>");
    check(&bench, "d.xlsx", &json!({}), "row 1: a cell has an entity that XML does not know", "save it again");
    bench.zip("e.zip", &[("a.csv", "a,b")]);
    check(&bench, "e.zip", &json!({}), "`e.zip` is a zip archive without a workbook's parts", "plugin = \"csv\"");
}

#[test]
fn bytes_that_changed_on_the_way_are_found_out() {
    let bench = Bench::new();
    let sheet = format!("<worksheet><sheetData>{}{}</sheetData></worksheet>", row(&["a", "b"]), row(&["x", "1234"]));
    let path = bench.folder.path().join("a.xlsx");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (part, content) in [
        ("_rels/.rels", RELS),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS),
        ("xl/worksheets/sheet1.xml", &sheet),
    ] {
        archive.start_file(part, stored).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    assert_eq!(bench.told("a.xlsx", &json!({})), ["a|b", "x|1234"]);
    let bytes = std::fs::read(&path).unwrap();
    let at = memchr::memmem::find(&bytes, b"1234").unwrap();
    let mut changed = bytes.clone();
    changed[at] = b'9';
    std::fs::write(&path, changed).unwrap();
    check(&bench, "a.xlsx", &json!({}), "of `a.xlsx` cannot be read: Invalid checksum", "save it again");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    check(&bench, "a.xlsx", &json!({}), "`a.xlsx` cannot be read as a workbook", "cut off on its way");
}

#[test]
fn protected_workbooks_are_said_to_be() {
    let bench = Bench::new();
    let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
    for name in ["locked.ods", "locked.xls"] {
        std::fs::copy(format!("{testdata}/{name}"), bench.folder.path().join(name)).unwrap();
        check(&bench, name, &json!({}), &format!("`{name}` is protected with a password"), "without one");
    }
    // An encrypted xlsx is a compound file with a stream of this name; here is one with its name changed.
    let mut bytes = std::fs::read(format!("{testdata}/xlwt.xls")).unwrap();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let at = memchr::memmem::find(&bytes, &wide("Workbook")).unwrap();
    bytes[at..at + 32].copy_from_slice(&wide("EncryptedPackage"));
    std::fs::write(bench.folder.path().join("a.xlsx"), bytes).unwrap();
    check(&bench, "a.xlsx", &json!({}), "`a.xlsx` is protected with a password", "without one");
}

#[test]
fn what_is_only_called_a_workbook_is_said() {
    let bench = Bench::new();
    let is = |name: &str, bytes: &[u8], message: &str, hint: &str| {
        std::fs::write(bench.folder.path().join(name), bytes).unwrap();
        check(&bench, name, &json!({}), message, hint);
    };
    is("a.xls", b"<!DOCTYPE html><html><body><table>", "is a web page", "save it as xlsx");
    is("b.xls", b"\xef\xbb\xbf<table><tr>", "is a web page", "save it as xlsx");
    is("c.xls", b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">", "XML of Excel 2003", "save it as xlsx");
    is("d.xls", b"id\tname\n1\tx\n", "`d.xls` is text", "plugin = \"csv\"");
    is("e.xls", b"\xff\xfei\0d\0\t\0", "`e.xls` is text", "plugin = \"csv\"");
    is("f.xls", b"\x09\x04\x06\0\0\0\x10\0", "Excel 4 or older", "save it as xlsx");
    is("g.xls", b"MIME-Version: 1.0\r\n", "is a web page", "save it as xlsx");
    is("h.xlsx", b"\x1f\x8b\x08", "is packed with gzip", "unpack it");
    is("i.xlsx", b"\0\x01\x02", "is no workbook", "export it again");
    is("j.xls", &[&[0xd0, 0xcf, 0x11, 0xe0][..], &[0; 600]].concat(), "is a file of Microsoft Office", "save it as xlsx");
}

/// What follows in the allocation table is the sector itself.
#[test]
fn sectors_in_a_circle_are_refused() {
    let bench = Bench::new();
    let mut bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/xlwt.xls")).unwrap();
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (table, directory) = (number(&bytes, 76), number(&bytes, 48));
    let at = (table as usize + 1) * 512 + directory as usize * 4;
    bytes[at..at + 4].copy_from_slice(&directory.to_le_bytes());
    std::fs::write(bench.folder.path().join("a.xls"), bytes).unwrap();
    check(&bench, "a.xls", &json!({}), "its sectors run in a circle", "export it again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_with_a_few_wrong_bytes_reads_or_fails_with_a_reason(
        file in 0_usize..6,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        kept in 0.5_f64..1.5,
    ) {
        let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
        let name = ["xlsxwriter.xlsx", "libreoffice.ods", "libreoffice.fods", "xlwt.xls", "excel-5-western.xls", "locked.xls"][file];
        let mut bytes = std::fs::read(format!("{testdata}/{name}")).unwrap();
        for (place, byte) in changes {
            *place.get_mut(&mut bytes) = byte;
        }
        bytes.truncate((bytes.len() as f64 * kept) as usize);
        let bench = Bench::new();
        std::fs::write(bench.folder.path().join(name), bytes).unwrap();
        let told = bench.told(name, &json!({"limits": {"unpacked": "10 MB"}}));
        prop_assert!(!told[0].is_empty());
    }

    #[test]
    fn a_document_of_any_tags_reads_or_fails_with_a_reason(pieces in proptest::collection::vec(prop_oneof![
        Just("<row>"), Just("</row>"), Just("<row r='3' hidden='1'>"), Just("<c t='s'>"), Just("<c r='ZZZ9'>"), Just("<c r='B2' t='inlineStr'>"),
        Just("</c>"), Just("<v>"), Just("</v>"), Just("12"), Just("<f/>"), Just("<is><t>x</t></is>"), Just("&amp;"), Just("&bad;"), Just("<v>7</v>"),
        Just("<c><v>1</v></c>"), Just("<c t='inlineStr'><is><t>a</t></is></c>"), Just("</sheetData>"), Just("<mergeCell ref='A1:B9'/>"), Just("<sheetData>"),
    ], 0..40)) {
        let bench = Bench::new();
        bench.sheet("a.xlsx", &format!("<sheetData>{}{}</sheetData>", row(&["a", "b"]), pieces.concat()));
        let told = bench.told("a.xlsx", &json!({}));
        prop_assert!(!told[0].is_empty());
    }
}
