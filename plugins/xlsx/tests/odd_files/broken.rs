use cvj_tabular::trial::odd::Odd;
use serde_json::json;

use crate::package::{Book, number, packed, row, text, worksheet};
use crate::{check, odd};

fn plain() -> Book {
    let rows = (0..200).map(|value| vec![text(&format!("person {value}")), number(&value.to_string())]);
    Book::of(&std::iter::once(vec![text("name"), text("n")]).chain(rows).collect::<Vec<_>>())
}

/// The third row's number changed.
fn renumbered(name: &'static str, number: &str) -> Odd {
    odd(name, plain().changed("xl/worksheets/sheet1.xml", "<row r=\"3\"", &format!("<row r=\"{number}\"")).bytes())
}

/// Noise that packs badly.
fn noise(length: usize) -> String {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + (state >> 59) as u8 % 26)
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The bytes with a value set at an offset from each place where a header of this kind and of the sheet begins.
fn patched(mut bytes: Vec<u8>, magic: &[u8], offset: usize, value: &[u8]) -> Vec<u8> {
    let places: Vec<_> = bytes.windows(4).enumerate().filter(|(_, window)| *window == magic).map(|(place, _)| place).collect();
    // The sheet is the last part.
    let place = places[places.len() - 1];
    bytes[place + offset..place + offset + value.len()].copy_from_slice(value);
    bytes
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";

#[test]
fn files_cut_off_anywhere_are_refused() {
    let whole = plain().bytes();
    let cut = |name, percent: usize| odd(name, &whole[..whole.len() * percent / 100]).refused("a.xlsx", "");
    check(&[
        cut("cut off at 10 %", 10),
        cut("cut off at 20 %", 20),
        cut("cut off at 30 %", 30),
        cut("cut off at 40 %", 40),
        cut("cut off at 50 %", 50),
        cut("cut off at 60 %", 60),
        cut("cut off at 70 %", 70),
        cut("cut off at 80 %", 80),
        cut("cut off at 90 %", 90),
        odd("without its last byte", &whole[..whole.len() - 1]).refused("a.xlsx", ""),
        odd("an empty file", "").refused("empty", ""),
        odd("only the first bytes of a zip", "PK\x03\x04").refused("a.xlsx", ""),
        odd(
            "a sheet cut off in a whole zip",
            plain().changed("xl/worksheets/sheet1.xml", "</sheetData></worksheet>", "").bytes(),
        )
        .refused("a.xlsx", ""),
        odd(
            "a sheet cut off within a row",
            plain().changed("xl/worksheets/sheet1.xml", "</row></sheetData></worksheet>", "").bytes(),
        )
        .refused("a.xlsx", ""),
        odd("no workbook", plain().without("xl/workbook.xml").bytes()).refused("a.xlsx", ""),
        odd("no relations", plain().without("xl/_rels/workbook.xml.rels").bytes()).refused("a.xlsx", ""),
        odd(
            "tags that cross where no cell is lost",
            plain().changed("xl/worksheets/sheet1.xml", "</c></row>", "</row></c>").bytes(),
        )
        .reads_rows("name text, n int", 200),
        odd("a sheet of noise", plain().part("xl/worksheets/sheet1.xml", noise(500)).bytes()).refused("a.xlsx", ""),
        odd("shared texts of noise", plain().part("xl/sharedStrings.xml", "<sst><si><t>x").bytes()).refused("a.xlsx", ""),
    ]);
}

#[test]
fn files_that_lie_are_refused() {
    let whole = plain().bytes();
    check(&[
        odd("a wrong checksum", patched(patched(whole.clone(), LOCAL, 14, b"abcd"), CENTRAL, 16, b"abcd")).refused("a.xlsx", ""),
        odd("a password on a part", patched(patched(whole.clone(), LOCAL, 6, b"\x01\0"), CENTRAL, 8, b"\x01\0"))
            .refused("a.xlsx", ""),
        odd("less declared than is there", patched(patched(whole.clone(), LOCAL, 22, b"\x10\0\0\0"), CENTRAL, 24, b"\x10\0\0\0"))
            .refused("a.xlsx", ""),
        odd("more declared than is allowed", patched(patched(whole, LOCAL, 22, b"\0\0\0\xff"), CENTRAL, 24, b"\0\0\0\xff"))
            .with(json!({"limits": {"unpacked": "1 GiB"}}))
            .refused("a.xlsx", "limits.unpacked"),
        odd(
            "more than is allowed",
            plain().changed("xl/worksheets/sheet1.xml", "<sheetData>", &format!("{}<sheetData>", " ".repeat(3_000_000))).bytes(),
        )
        .with(json!({"limits": {"unpacked": "1 MB"}}))
        .refused("a.xlsx", "limits.unpacked"),
        odd(
            "a document type",
            plain()
                .changed("xl/worksheets/sheet1.xml", "<worksheet", "<!DOCTYPE worksheet [<!ENTITY a \"b\">]><worksheet")
                .bytes(),
        )
        .refused("a.xlsx", ""),
        odd("a billion laughs", {
            let entities = (1..10)
                .map(|level| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10)))
                .collect::<Vec<_>>()
                .concat();
            let head = format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{entities}]><worksheet");
            plain()
                .changed("xl/worksheets/sheet1.xml", "<worksheet", &head)
                .changed("xl/worksheets/sheet1.xml", "person 0<", "&l9;<")
                .bytes()
        })
        .refused("a.xlsx", ""),
        odd(
            "a file outside, as an entity",
            plain()
                .changed("xl/sharedStrings.xml", "<sst", "<!DOCTYPE sst [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><sst")
                .changed("xl/sharedStrings.xml", "Ada", "&a;")
                .bytes(),
        )
        .refused("a.xlsx", ""),
        odd("an entity that nobody declared", plain().changed("xl/worksheets/sheet1.xml", "person 0<", "&nbsp;<").bytes())
            .refused("a.xlsx", ""),
        odd(
            "tags within tags, a hundred thousand deep",
            plain().changed("xl/worksheets/sheet1.xml", "<sheetData>", &format!("{}<sheetData>", "<x>".repeat(100_000))).bytes(),
        )
        .refused("a.xlsx", ""),
        odd(
            "a cell that is too long",
            plain().changed("xl/worksheets/sheet1.xml", "person 7<", &format!("{}<", noise(5000))).bytes(),
        )
        .with(json!({"limits": {"cell": "4 KiB"}}))
        .refused("a.xlsx", "limits.cell"),
        odd(
            "a shared text that is too long",
            Book::sheet(&worksheet(&[row(1, &[text("a")]), row(2, &[crate::package::cell(" t=\"s\"", "2")])], ""))
                .changed("xl/sharedStrings.xml", "Ada", &noise(5000))
                .bytes(),
        )
        .with(json!({"limits": {"cell": "4 KiB"}}))
        .refused("a.xlsx", "limits.cell"),
        odd(
            "more columns than are allowed",
            Book::sheet(&worksheet(
                &[
                    format!("<row>{}</row>", "<c t=\"str\"><v>h</v></c>".repeat(20)),
                    format!("<row>{}</row>", "<c><v>1</v></c>".repeat(20)),
                ],
                "",
            ))
            .bytes(),
        )
        .with(json!({"limits": {"columns": 10}}))
        .refused("columns", "limits.columns"),
        odd("a column that no sheet has", plain().changed("xl/worksheets/sheet1.xml", "r=\"B3\"", "r=\"ZZZZZZ3\"").bytes())
            .refused("a.xlsx", ""),
        renumbered("a row beyond the last", "1048577").refused("behind row 2 stands one beyond 1048576", "save it again"),
        renumbered("a row that no number counts on from", "18446744073709551615").refused("behind row 2", "save it again"),
        renumbered("a row that no number holds", "99999999999999999999").refused("behind row 2", "save it again"),
        renumbered("a row of no number", "three").refused("behind row 2", "save it again"),
        renumbered("a row that stands there twice", "2").refused("behind row 2 stands row 2", "save it again"),
        renumbered("a row that goes back", "1").refused("behind row 2 stands row 1", "save it again"),
        renumbered("a row that leaves others out", "4").refused("behind row 4 stands row 4", "save it again"),
        odd(
            "a style that is not there",
            plain().changed("xl/worksheets/sheet1.xml", "<c r=\"B3\">", "<c r=\"B3\" s=\"4000000000\">").bytes(),
        )
        .reads_rows("name text, n int", 200),
        odd(
            "a part that leads out of the file",
            plain().changed("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "../../../../etc/passwd").bytes(),
        )
        .refused("a.xlsx", ""),
        odd("a zip of something else", packed(&[("word/document.xml", b"<x/>"), ("[Content_Types].xml", b"<Types/>")]))
            .refused("a.xlsx", ""),
    ]);
}
