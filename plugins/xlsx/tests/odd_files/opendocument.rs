use cvj_core::source::Kind;
use cvj_tabular::trial::odd::Odd;
use serde_json::json;

use crate::check;
use crate::package::packed;

const MANIFEST: &str = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"#;

fn content(tables: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"#
    )
}

fn document(content: &str, manifest: &str) -> Vec<u8> {
    packed(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

/// A sheet of these rows.
fn odd(name: &'static str, rows: &str) -> Odd {
    Odd::new(name, "a.ods", document(&content(&format!(r#"<table:table table:name="S">{rows}</table:table>"#)), MANIFEST))
}

fn row(cells: &str) -> String {
    format!("<table:table-row>{cells}</table:table-row>")
}

fn repeated(times: u64, cells: &str) -> String {
    format!(r#"<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>"#)
}

fn text(text: &str) -> String {
    format!(r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#)
}

fn number(value: &str) -> String {
    format!(
        r#"<table:table-cell office:value-type="float" office:value="{value}"><text:p>shown otherwise</text:p></table:table-cell>"#
    )
}

fn table(rows: &str) -> String {
    row(&(text("name") + &text("n"))) + &row(&(text("Ada") + &number("1"))) + &row(&(text("Bo") + &number("2"))) + rows
}

const ROWS: [&str; 2] = ["Ada|1", "Bo|2"];

#[test]
fn repeats_and_kinds_of_cells_are_read() {
    let blank = r#"<table:table-cell table:number-columns-repeated="16384"/>"#;
    let typed = |name, cell: &str| {
        let rows = row(&(text("k") + &text("v"))) + &row(&(text("x") + cell)) + &row(&(text("y") + cell));
        odd(name, &rows).asking(&[("v", Kind::Any)])
    };
    let twice = |value: &'static str| [value, value];
    check(&[
        odd("a plain sheet", &table("")).reads("name text, n int", &ROWS),
        odd("a million blank rows behind", &table(&repeated(1_048_573, blank))).reads("name text, n int", &ROWS),
        odd("blank cells behind each row", &table("").replace("</table:table-row>", &format!("{blank}</table:table-row>"))).reads("name text, n int", &ROWS),
        odd("a row that stands for three", &table(&repeated(3, &(text("Cy") + &number("3"))))).reads("name text, n int", &["Ada|1", "Bo|2", "Cy|3", "Cy|3", "Cy|3"]),
        odd("a cell that stands for two", &(row(&(text("a") + &text("b"))) + &row(r#"<table:table-cell office:value-type="float" office:value="4" table:number-columns-repeated="2"/>"#)))
            .reads("a int, b int", &["4|4"]),
        odd("blank rows between", &(row(&(text("name") + &text("n"))) + &repeated(4, blank) + &row(&(text("Ada") + &number("1")))))
            .asking(&[("n", Kind::Any), ("_line", Kind::Any)])
            .reads("n int, _line int", &["1|6"]),
        odd("rows in groups and headers", &format!("<table:table-header-rows>{}</table:table-header-rows><table:table-row-group>{}</table:table-row-group>", row(&(text("name") + &text("n"))), row(&(text("Ada") + &number("1")))))
            .reads("name text, n int", &["Ada|1"]),
        typed("a day", r#"<table:table-cell office:value-type="date" office:date-value="2026-10-01"><text:p>01.10.26</text:p></table:table-cell>"#).reads("v date", &twice("2026-10-01")),
        typed("a time", r#"<table:table-cell office:value-type="date" office:date-value="2026-10-01T09:30:00"/>"#).reads("v time", &twice("2026-10-01T09:30:00")),
        typed("truth", r#"<table:table-cell office:value-type="boolean" office:boolean-value="true"/>"#).reads("v bool", &twice("true")),
        typed("a percentage", r#"<table:table-cell office:value-type="percentage" office:value="0.125"/>"#).reads("v dec", &twice("0.125")),
        typed("money", r#"<table:table-cell office:value-type="currency" office:currency="EUR" office:value="12.5"/>"#).reads("v dec", &twice("12.50")),
        typed("a text of its own value", r#"<table:table-cell office:value-type="string" office:string-value="x &amp; y"/>"#).reads("v text", &twice("x & y")),
        typed("paragraphs, spaces and tabs", r#"<table:table-cell office:value-type="string"><text:p>a<text:s text:c="3"/>b<text:tab/>c</text:p><text:p><text:span>d</text:span></text:p></table:table-cell>"#)
            .reads("v text", &twice("a   b\tc\nd")),
        typed("a comment is no text", r#"<table:table-cell office:value-type="string"><office:annotation><dc:creator>X</dc:creator><text:p>a note</text:p></office:annotation><text:p>word</text:p></table:table-cell>"#)
            .reads("v text", &twice("word")),
        odd("hidden rows are skipped by order", &table(&format!(r#"<table:table-row table:visibility="filter">{}{}</table:table-row>"#, text("Cy"), number("3"))))
            .with(json!({"hidden_rows": "skip"}))
            .reads("name text, n int", &ROWS)
            .leaves_out(&["1 × hidden row"]),
    ]);
}

#[test]
fn broken_documents_are_refused() {
    let whole = document(&content(&format!(r#"<table:table table:name="S">{}</table:table>"#, table(""))), MANIFEST);
    let locked = MANIFEST.replace(
        r#"media-type="text/xml"/>"#,
        r#"media-type="text/xml"><manifest:encryption-data manifest:checksum="x"><manifest:algorithm manifest:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></manifest:encryption-data></manifest:file-entry>"#,
    );
    check(&[
        Odd::new("an ods called xlsx", "a.xlsx", &whole).reads("name text, n int", &ROWS),
        Odd::new(
            "two sheets of one name",
            "a.ods",
            document(&content(&format!(r#"<table:table table:name="S">{}</table:table>"#, table("")).repeat(2)), MANIFEST),
        )
        .refused("`a.ods` has two sheets of the name `S`", "own name"),
        Odd::new(
            "what other files' cells were is no sheet",
            "a.ods",
            document(
                &content(&format!(
                    r#"<table:table table:name="S">{}</table:table><table:dde-links>{}</table:dde-links>"#,
                    table(""),
                    format!("<table:dde-link><table:table>{}</table:table></table:dde-link>", table("")).repeat(2)
                )),
                MANIFEST,
            ),
        )
        .reads("name text, n int", &ROWS),
        Odd::new("cut off at 50 %", "a.ods", &whole[..whole.len() / 2]).refused("a.ods", ""),
        Odd::new("no content", "a.ods", packed(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")]))
            .refused("a.ods", ""),
        Odd::new(
            "a text document",
            "a.ods",
            packed(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")]),
        )
        .refused("a.ods", ""),
        Odd::new("a password", "a.ods", document("\u{1}\u{2}\u{3}", &locked)).refused("password", ""),
        Odd::new(
            "a document type",
            "a.ods",
            document(
                &content("").replace("<office:document-content", "<!DOCTYPE x [<!ENTITY a \"b\">]><office:document-content"),
                MANIFEST,
            ),
        )
        .refused("a.ods", ""),
        odd("blank rows without end", &table(&repeated(u64::MAX, "<table:table-cell/>"))).reads("name text, n int", &ROWS),
        odd(
            "a row behind blank rows without end",
            &(table(&repeated(u64::MAX, "<table:table-cell/>")) + &row(&(text("Cy") + &number("3")))),
        )
        .refused("more than 16777216 rows", "save it again"),
        odd(
            "a merged cell in a row whose number is cut to none",
            &(table(&repeated((1 << 32) - 4, "<table:table-cell/>"))
                + &row(&text("Cy").replacen(' ', r#" table:number-rows-spanned="2" "#, 1))),
        )
        .refused("more than 16777216 rows", "save it again"),
        odd("a data row that stands for a billion", &table(&repeated(1_000_000_000, &(text("Cy") + &number("3")))))
            .refused("a.ods", ""),
        odd(
            "a cell that stands for a billion",
            &table(&row(
                r#"<table:table-cell office:value-type="float" office:value="4" table:number-columns-repeated="1000000000"/>"#,
            )),
        )
        .refused("a.ods", "limits.columns"),
        odd(
            "a row that stands for less than none",
            &table(r#"<table:table-row table:number-rows-repeated="-3"><table:table-cell/></table:table-row>"#),
        )
        .reads("name text, n int", &ROWS),
        odd("nothing", "").refused("a.ods", ""),
    ]);
}
