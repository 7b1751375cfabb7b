//! Workbooks as odd programs write them.

use super::*;

pub(super) const RELS: &str =
    r#"<Relationships><Relationship Id="r1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
pub(super) const BOOK_RELS: &str =
    r#"<Relationships><Relationship Id="s1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
pub(super) const BOOK: &str = r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="s1"/></sheets></workbook>"#;

impl Bench {
    /// A workbook of one sheet with this content between `<worksheet>` and its end.
    pub(super) fn sheet(&self, name: &str, content: &str) {
        let sheet = format!("<worksheet>{content}</worksheet>");
        let parts = [("_rels/.rels", RELS), ("xl/workbook.xml", BOOK), ("xl/_rels/workbook.xml.rels", BOOK_RELS)];
        self.zip(name, &[&parts[..], &[("xl/worksheets/sheet1.xml", sheet.as_str())]].concat());
    }
}

/// A row of inline texts and numbers: a cell that reads as a number is one.
pub(super) fn row(cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| match cell.parse::<f64>() {
        Ok(_) => format!("<c><v>{cell}</v></c>"),
        Err(_) if cell.is_empty() => "<c/>".to_owned(),
        Err(_) => format!("<c t='inlineStr'><is><t>{cell}</t></is></c>"),
    });
    format!("<row>{}</row>", cells.collect::<String>())
}

#[test]
fn what_a_file_may_leave_out_is_left_out() {
    let bench = Bench::new();
    // No places, no styles, no shared texts, no dimension; sheets named by an absolute path with backslashes.
    let relations = BOOK_RELS.replace("worksheets/sheet1.xml", "/xl\\worksheets\\Sheet1.xml");
    let sheet =
        format!("<worksheet><dimension ref='Z9:A1'/><sheetData>{}{}</sheetData></worksheet>", row(&["a", "b"]), row(&["x", "1"]));
    bench.zip(
        "a.xlsx",
        &[
            ("[Content_Types].xml", "<Types/>"),
            ("xl\\workbook.xml", BOOK),
            ("xl\\_rels\\workbook.xml.rels", &relations),
            ("xl\\worksheets\\sheet1.xml", &sheet),
        ],
    );
    assert_eq!(bench.told("a.xlsx", &json!({})), ["a|b", "x|1"]);
}

#[test]
fn prefixes_strict_names_and_rich_text_are_understood() {
    let bench = Bench::new();
    let book = r#"<x:workbook xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main" xmlns:q="http://purl.oclc.org/ooxml/officeDocument/relationships"><x:workbookPr date1904="true"/><x:sheets><x:sheet name="A &amp; B" sheetId="1" q:id="s1"/></x:sheets></x:workbook>"#;
    let relations = BOOK_RELS.replace("http://x/worksheet", "http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet");
    let relations = relations.replace("</Relationships>", "<Relationship Id='s2' Type='x/sharedStrings' Target='../texts.xml'/><Relationship Id='s3' Type='x/styles' Target='styles.xml'/></Relationships>");
    let texts = "<x:sst><x:si><x:r><x:t>na</x:t></x:r><x:r><x:t xml:space='preserve'>me </x:t></x:r><x:rPh><x:t>no</x:t></x:rPh></x:si><x:si><x:t>a_x000D_\nb_x005F_x0041_</x:t></x:si><x:si/></x:sst>";
    let styles = "<x:styleSheet><x:numFmts><x:numFmt numFmtId='170' formatCode='dd\\.mm\\.yyyy'/></x:numFmts><x:cellStyleXfs><x:xf numFmtId='1'/></x:cellStyleXfs><x:cellXfs><x:xf numFmtId='0'/><x:xf numFmtId='170'/></x:cellXfs></x:styleSheet>";
    let sheet = "<x:worksheet><x:sheetData><x:row r='3'><x:c r='B3' t='s'><x:v>0</x:v></x:c><x:c r='C3' t='inlineStr'><x:is><x:r><x:t>d</x:t></x:r><x:r><x:t>ay</x:t></x:r></x:is></x:c><x:c t='str'><x:v>iso</x:v></x:c></x:row>\
        <x:row r='4'><x:c r='B4' t='s'><x:v>1</x:v></x:c><x:c r='C4' s='1'><x:v>44834</x:v></x:c><x:c r='D4' t='d'><x:v>2026-10-01T09:00:00</x:v></x:c></x:row>\
        <x:row r='5'><x:c r='B5' t='s'><x:v>7</x:v></x:c><x:c r='C5' s='1'><x:v>44835</x:v></x:c><x:c r='D5' t='s'><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>";
    bench.zip(
        "a.xlsx",
        &[
            ("_rels/.rels", RELS),
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", &relations),
            ("texts.xml", texts),
            ("xl/styles.xml", styles),
            ("xl/worksheets/sheet1.xml", sheet),
        ],
    );
    let expect = [
        "name|day|iso",
        "a\r\nb_x0041_|2026-10-01|2026-10-01T09:00:00",
        "∅|2026-10-02|∅",
        "a.xlsx:5 name: the cell holds the error a shared text that the file lacks: a shared text that the file lacks",
    ];
    assert_eq!(bench.told("a.xlsx", &json!({})), expect);
}

#[test]
fn formulas_have_the_value_that_was_kept_or_none() {
    let bench = Bench::new();
    let formulas = "<row><c t='inlineStr'><is><t>x</t></is></c><c><f>1+1</f><v>2</v></c></row>\
        <row><c t='str'><f>\"\"</f><v></v></c><c><f>1/0</f></c></row>\
        <row><c t='str'><f>A1</f><v>y</v></c><c t='e'><f>1/0</f><v>#DIV/0!</v></c></row>\
        <row><c t='str'><f>A1</f><v>z</v></c><c><f t='shared' si='1'/><v/></c></row>\
        <row><c t='str'><f>A1</f><v>w</v></c><c><f>0</f><v>0</v></c></row>";
    bench.sheet("a.xlsx", &format!("<sheetData>{}{formulas}</sheetData>", row(&["a", "b"])));
    let config = json!({"columns": {"b": {"type": "integer"}}});
    let why = "the cell holds the error of a formula that was never calculated: of a formula that was never calculated";
    let never = |row: u32| format!("a.xlsx:{row} b: {why}");
    let div = "a.xlsx:4 b: the cell holds the error #DIV/0!: #DIV/0!".to_owned();
    let rows = ["a|b", "x|2", "∅|∅", "y|∅", "z|∅", "w|0"].map(str::to_owned);
    assert_eq!(bench.told("a.xlsx", &config), [&rows[..], &[never(3), div.clone(), never(5)]].concat());
    // A program that asks for everything to be calculated has written 0 for what it does not know.
    let book = BOOK.replace("</workbook>", "<calcPr calcId='1' fullCalcOnLoad='1'/></workbook>");
    let sheet = format!("<worksheet><sheetData>{}{formulas}</sheetData></worksheet>", row(&["a", "b"]));
    let parts = [("_rels/.rels", RELS), ("xl/workbook.xml", book.as_str()), ("xl/_rels/workbook.xml.rels", BOOK_RELS)];
    bench.zip("a.xlsx", &[&parts[..], &[("xl/worksheets/sheet1.xml", sheet.as_str())]].concat());
    let rows = ["a|b", "x|2", "∅|∅", "y|∅", "z|∅", "w|∅"].map(str::to_owned);
    assert_eq!(bench.told("a.xlsx", &config), [&rows[..], &[never(3), div, never(5), never(6)]].concat());
}

#[test]
fn charts_and_macros_are_no_sheets() {
    let bench = Bench::new();
    let book = BOOK.replace("<sheets>", "<sheets><sheet name='C' sheetId='2' r:id='c'/><sheet name='M' sheetId='3' r:id='m'/><sheet name='H' sheetId='4' state='veryHidden' r:id='s1'/>");
    let relations = BOOK_RELS.replace("</Relationships>", "<Relationship Id='c' Type='x/chartsheet' Target='c.xml'/><Relationship Id='m' Type='x/xlMacrosheet' Target='m.xml'/></Relationships>");
    let sheet = format!("<worksheet><sheetData>{}{}</sheetData></worksheet>", row(&["a", "b"]), row(&["x", "1"]));
    bench.zip(
        "a.xlsx",
        &[
            ("_rels/.rels", RELS),
            ("xl/workbook.xml", &book),
            ("xl/_rels/workbook.xml.rels", &relations),
            ("xl/worksheets/sheet1.xml", &sheet),
        ],
    );
    assert_eq!(bench.told("a.xlsx", &json!({})), ["a|b", "x|1"]);
    let tables = bench.open(json!({"path": "a.xlsx"})).tables(&bench.task).unwrap();
    assert_eq!(tables[0].details.format, ["a.xlsx: sheet `S`, header in row 1", "a.xlsx: the hidden sheet `H` is passed over"]);
}
