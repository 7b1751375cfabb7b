use cvj_core::source::Kind;
use cvj_tabular::trial::odd::Odd;
use serde_json::json;

use crate::package::{Book, cell, none, number, row, row_with, text, workbook, workbook_of, worksheet};
use crate::{check, odd};

fn words(words: &[&str]) -> Vec<String> {
    words
        .iter()
        .map(|word| {
            if word.is_empty() {
                none()
            } else if word.parse::<f64>().is_ok() {
                number(word)
            } else {
                text(word)
            }
        })
        .collect()
}

/// A sheet of these rows: numbers as numbers, nothing as no cell.
fn book(rows: &[&[&str]]) -> Book {
    Book::of(&rows.iter().map(|row| words(row)).collect::<Vec<_>>())
}

const TABLE: [&[&str]; 3] = [&["name", "n"], &["Ada", "1"], &["Bo", "2"]];
const ROWS: [&str; 2] = ["Ada|1", "Bo|2"];

#[test]
fn parts_are_found_however_they_are_written() {
    let plain = || book(&TABLE);
    let read = |name, book: Book| odd(name, book.bytes()).reads("name text, n int", &ROWS);
    let sheet = "xl/worksheets/sheet1.xml";
    let head = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#;
    let dimension = |area: &str| format!(r#"{head}<dimension ref="{area}"/>"#);
    check(&[
        read("a plain sheet", plain()),
        read("no shared texts", plain().without("xl/sharedStrings.xml")),
        read("no styles", plain().without("xl/styles.xml")),
        read("neither", plain().without("xl/styles.xml").without("xl/sharedStrings.xml")),
        read("a dimension that is too small", plain().changed(sheet, head, &dimension("A1"))),
        read("a dimension that is too large", plain().changed(sheet, head, &dimension("A1:XFD1048576"))),
        read("a dimension that is none", plain().changed(sheet, head, &dimension("nonsense"))),
        read(
            "no places in cells",
            [1, 2, 3].iter().fold(plain(), |book, row| {
                book.changed(sheet, &format!(r#" r="A{row}""#), "").changed(sheet, &format!(r#" r="B{row}""#), "")
            }),
        ),
        read(
            "no places at all",
            [1, 2, 3].iter().fold(plain(), |book, row| {
                book.changed(sheet, &format!(r#" r="A{row}""#), "").changed(sheet, &format!(r#" r="B{row}""#), "").changed(
                    sheet,
                    &format!(r#" r="{row}""#),
                    "",
                )
            }),
        ),
        read(
            "a prefix before every name",
            ["worksheet", "sheetData", "row", "c ", "c>", "is>", "t>", "v>"]
                .iter()
                .fold(plain(), |book, name| {
                    book.changed(sheet, &format!("<{name}"), &format!("<x:{name}")).changed(
                        sheet,
                        &format!("</{name}"),
                        &format!("</x:{name}"),
                    )
                })
                .changed(sheet, "xmlns=", "xmlns:x="),
        ),
        read(
            "the strict form of the format",
            ["xl/workbook.xml", sheet, "xl/styles.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"]
                .iter()
                .fold(plain(), |book, part| {
                    book.changed(
                        part,
                        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                        "http://purl.oclc.org/ooxml/spreadsheetml/main",
                    )
                    .changed(
                        part,
                        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                        "http://purl.oclc.org/ooxml/officeDocument/relationships",
                    )
                }),
        ),
        read("names of parts from the root", plain().changed("xl/_rels/workbook.xml.rels", "Target=\"", "Target=\"/xl/")),
        read(
            "backslashes in names of parts",
            plain().renamed(sheet, "xl\\worksheets\\sheet1.xml").renamed("xl/workbook.xml", "xl\\workbook.xml"),
        ),
        read(
            "names of parts in other case",
            plain().renamed("xl/sharedStrings.xml", "xl/SharedStrings.xml").renamed(sheet, "xl/worksheets/Sheet1.xml"),
        ),
        read("a byte order mark before the XML", plain().changed(sheet, "<?xml", "\u{feff}<?xml")),
        read("single quotes around attributes", plain().changed(sheet, "\"", "'")),
        read("blanks between all", plain().changed(sheet, "><", ">\n  <").changed(sheet, "<t>\n  ", "<t>")),
        read("comments in the XML", plain().changed(sheet, "<row", "<!-- a <row> --><row")),
        read("text in CDATA", plain().changed(sheet, "<t>Ada</t>", "<t><![CDATA[Ada]]></t>")),
        read(
            "attributes nobody knows",
            plain().changed(sheet, "<row ", "<row spans=\"1:2\" ht=\"15\" x14ac:dyDescent=\"0.25\" "),
        ),
        read("cells with styles beyond the table", plain().changed(sheet, "</row>", r#"<c r="XFD1" s="1"/></row>"#)),
        Odd::new("an xlsx called xls", "a.xls", plain().bytes()).reads("name text, n int", &ROWS),
        read(
            "parts that are no sheets",
            plain()
                .part("xl/comments1.xml", "<comments/>")
                .part("xl/drawings/drawing1.xml", "<x/>")
                .part("docProps/app.xml", "<x/>"),
        ),
    ]);
}

#[test]
fn tables_are_found_where_they_stand() {
    let far =
        worksheet(&[row(1, &words(&["name", "n"])), row(2, &words(&["Ada", "1"])), row(1_048_576, &words(&["Bo", "2"]))], "");
    let wide = |columns: usize, value: &str| {
        (0..columns).map(|column| format!(r#"<c t="str"><v>{value}{column}</v></c>"#)).collect::<Vec<_>>().concat()
    };
    check(&[
        odd(
            "away from the first cell",
            book(&[&[], &[], &["", "", "name", "n"], &["", "", "Ada", "1"], &["", "", "Bo", "2"]]).bytes(),
        )
        .reads("name text, n int", &ROWS),
        odd("below a title", book(&[&["Report"], &["October 2026"], &["name", "n"], &["Ada", "1"], &["Bo", "2"]]).bytes())
            .reads("name text, n int", &ROWS),
        odd("blank rows between the rows", book(&[&["name", "n"], &[], &["Ada", "1"], &[], &[], &["Bo", "2"]]).bytes())
            .reads("name text, n int", &ROWS),
        odd("a row at the very end of the sheet", Book::sheet(&far).bytes()).reads("name text, n int", &ROWS),
        odd("a total", book(&[&["name", "n"], &["Ada", "1"], &["Bo", "2"], &["Total", "3"]]).bytes())
            .reads("name text, n int", &ROWS)
            .leaves_out(&["1 × total"]),
        odd(
            "footers",
            book(&[
                &["name", "n", "m"],
                &["Ada", "1", "5"],
                &["Bo", "2", "6"],
                &["Cy", "3", "7"],
                &[],
                &["Confidential"],
                &["Printed by Example"],
            ])
            .bytes(),
        )
        .reads("name text, n int, m int", &["Ada|1|5", "Bo|2|6", "Cy|3|7"])
        .leaves_out(&["2 × footer"]),
        odd("a value beside the table", book(&[&["name", "n"], &["Ada", "1"], &["Bo", "2", "", "a note"], &["Cy", "3"]]).bytes())
            .reads("name text, n int", &["Ada|1", "Cy|3"])
            .rejects(&["a.xlsx:3"]),
        odd(
            "a last row without the cell that is the same in all others",
            book(&[&["name", "kind"], &["Ada", "x"], &["Ada", "x"], &["5"]]).bytes(),
        )
        .reads("name text, kind text", &["Ada|x", "Ada|x", "5|∅"]),
        odd("equal and empty headers", book(&[&["a", "A", "", "b", "c"], &["1", "2", "3", "4", "5"]]).bytes())
            .reads("a int, a_2 int, column_3 int, b int, c int", &["1|2|3|4|5"]),
        odd("years as headers", book(&[&["Region", "2024", "2025"], &["North", "10", "20"], &["South", "30", "40"]]).bytes())
            .reads("region text, _2024 int, _2025 int", &["North|10|20", "South|30|40"]),
        odd("a told header", book(&[&["x", "y"], &["name", "n"], &["Ada", "1"], &["Bo", "2"]]).bytes())
            .with(json!({"header": 2}))
            .reads("name text, n int", &ROWS),
        odd("rows are counted as the sheet does", book(&[&[], &["name", "n"], &[], &["Ada", "1"]]).bytes())
            .asking(&[("n", Kind::Any), ("_line", Kind::Any)])
            .reads("n int, _line int", &["1|4"]),
        odd(
            "five thousand columns",
            Book::sheet(&worksheet(
                &[format!("<row r=\"1\">{}</row>", wide(5000, "h")), format!("<row r=\"2\">{}</row>", wide(5000, "7"))],
                "",
            ))
            .bytes(),
        )
        .asking(&[("h4999", Kind::Any)])
        .reads("h4999 int", &["74999"]),
        odd("short rows are a matter of text", book(&TABLE).bytes())
            .with(json!({"short_rows": "fill"}))
            .refused("`short_rows` is a key of plugin csv", "take it out"),
        odd("nor are they rejected", book(&TABLE).bytes())
            .with(json!({"short_rows": "reject"}))
            .refused("`short_rows` is a key of plugin csv", "take it out"),
        odd("only a header", book(&[&["name", "n"]]).bytes()).refused("a.xlsx", ""),
        odd("nothing", book(&[]).bytes()).refused("a.xlsx", ""),
        odd(
            "cells with styles and nothing else",
            book(&[&["x"]]).changed("xl/worksheets/sheet1.xml", r#" t="inlineStr"><is><t>x</t></is></c>"#, r#" s="1"/>"#).bytes(),
        )
        .refused("a.xlsx", ""),
    ]);
}

#[test]
fn merged_cells_speak_for_all_they_span() {
    let merged = |rows: &[&[&str]], areas: &[&str]| {
        let cells = areas.iter().map(|area| format!(r#"<mergeCell ref="{area}"/>"#)).collect::<Vec<_>>().concat();
        let rows: Vec<_> = rows.iter().enumerate().map(|(index, cells)| row(index + 1, &words(cells))).collect();
        Book::sheet(&worksheet(&rows, &format!("<mergeCells>{cells}</mergeCells>"))).bytes()
    };
    check(&[
        odd(
            "groups above columns",
            merged(
                &[
                    &["Day", "Web", "", "Shop", ""],
                    &["", "Users", "Sessions", "Orders", "Revenue"],
                    &["x", "1", "2", "3", "4"],
                    &["y", "5", "6", "7", "8"],
                ],
                &["A1:A2", "B1:C1", "D1:E1"],
            ),
        )
        .reads("day text, web_users int, web_sessions int, shop_orders int, shop_revenue int", &["x|1|2|3|4", "y|5|6|7|8"]),
        odd("a title over the whole table", merged(&[&["Report", ""], &["name", "n"], &["Ada", "1"], &["Bo", "2"]], &["A1:B1"]))
            .reads("name text, n int", &ROWS),
        odd("a name for several rows", merged(&[&["name", "n"], &["Ada", "1"], &["", "2"], &["Bo", "3"]], &["A2:A3"]))
            .reads("name text, n int", &["Ada|1", "Ada|2", "Bo|3"]),
        odd(
            "a number for several rows counts once",
            merged(&[&["name", "n"], &["Ada", "5"], &["Bo", ""], &["Cy", "3"]], &["B2:B3"]),
        )
        .reads("name text, n int", &["Ada|5", "Bo|∅", "Cy|3"]),
        odd("a merge of everything", merged(&[&["name", "n"], &["Ada", "1"], &["Bo", "2"]], &["A5:XFD1048576"]))
            .reads("name text, n int", &ROWS),
    ]);
}

#[test]
fn hidden_things_are_said() {
    let hidden = |attributes: &str| {
        let rows = [row(1, &words(&["name", "n"])), row(2, &words(&["Ada", "1"])), row_with(3, attributes, &words(&["Bo", "2"]))];
        Book::sheet(&worksheet(&rows, "")).bytes()
    };
    let other = worksheet(&[row(1, &words(&["secret"])), row(2, &words(&["7"]))], "");
    let two_named = |second: &str, state: &str| {
        let sheets =
            format!(r#"<sheet name="Data" sheetId="1" r:id="rId1"/><sheet name="{second}" sheetId="2" r:id="rId2"{state}/>"#);
        book(&TABLE).part("xl/workbook.xml", workbook_of(&sheets, "")).part("xl/worksheets/sheet2.xml", &other).bytes()
    };
    let two = |state: &str| two_named("Other One", state);
    check(&[
        odd("hidden rows are read", hidden(r#" hidden="1""#)).reads("name text, n int", &ROWS),
        odd("hidden rows are skipped by order", hidden(r#" hidden="true""#))
            .with(json!({"hidden_rows": "skip"}))
            .reads("name text, n int", &["Ada|1"])
            .leaves_out(&["1 × hidden row"]),
        odd("rows that are not hidden", hidden(r#" hidden="0""#))
            .with(json!({"hidden_rows": "skip"}))
            .reads("name text, n int", &ROWS),
        odd("a hidden sheet is passed over", two(r#" state="hidden""#)).reads("name text, n int", &ROWS),
        odd("a very hidden sheet is passed over", two(r#" state="veryHidden""#)).reads("name text, n int", &ROWS),
        odd("a hidden sheet that is named", two(r#" state="hidden""#))
            .with(json!({"sheet": "Other One"}))
            .reads("secret int", &["7"]),
        odd("two sheets are two tables", two("")).table("data").reads("name text, n int", &ROWS),
        odd("the second table", two("")).table("other_one").reads("secret int", &["7"]),
        odd("a sheet by number", two("")).with(json!({"sheet": 2})).reads("secret int", &["7"]),
        odd("a sheet that is not there", two("")).with(json!({"sheet": "Dat"})).refused("Dat", "Data"),
        odd("two sheets of one name", two_named("Data", "")).refused("`a.xlsx` has two sheets of the name `Data`", "own name"),
        odd("only hidden sheets", book(&TABLE).part("xl/workbook.xml", workbook(r#" state="hidden""#, "")).bytes())
            .refused("", "sheet"),
        odd("a sheet without its part", book(&TABLE).without("xl/worksheets/sheet1.xml").bytes()).refused("a.xlsx", ""),
        odd("a text that is not shared", Book::of(&[words(&["name", "n"]), vec![cell(r#" t="s""#, "99"), number("1")]]).bytes())
            .reads("name text, n int", &["∅|1"])
            .rejects(&["a.xlsx:2 name: "]),
    ]);
}
