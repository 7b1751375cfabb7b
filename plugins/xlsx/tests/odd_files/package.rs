//! Workbooks made part by part.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Styles by number: 1 a day, 2 a time, 3 a percentage, 4 euros, 5 a duration, 6 two decimals.
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="[$€-407]\ #,##0.00"/><numFmt numFmtId="166" formatCode="[h]:mm:ss"/></numFmts><cellXfs count="7"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/><xf numFmtId="10" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="166" applyNumberFormat="1"/><xf numFmtId="2" applyNumberFormat="1"/></cellXfs></styleSheet>"#;
const STRINGS: &str = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="4" uniqueCount="4"><si><t>name</t></si><si><t>n</t></si><si><t>Ada</t></si><si><r><rPr><b/></rPr><t>B</t></r><r><t xml:space="preserve">o </t></r><rPh sb="0" eb="1"><t>ビー</t></rPh></si></sst>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const PACKAGE: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;

/// The workbook part; `attributes` are those of the only sheet, `properties` those of the workbook.
pub(crate) fn workbook(attributes: &str, properties: &str) -> String {
    workbook_of(&format!(r#"<sheet name="Sheet1" sheetId="1" r:id="rId1"{attributes}/>"#), properties)
}

/// The workbook part with these sheets.
pub(crate) fn workbook_of(sheets: &str, properties: &str) -> String {
    format!(
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr{properties}/><sheets>{sheets}</sheets></workbook>"#
    )
}

/// A worksheet part of these rows; `rest` stands behind them.
pub(crate) fn worksheet(rows: &[String], rest: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>{rest}</worksheet>"#,
        rows.concat()
    )
}

/// A row; an empty cell is left out.
pub(crate) fn row(number: usize, cells: &[String]) -> String {
    row_with(number, "", cells)
}

/// A row with further attributes.
pub(crate) fn row_with(number: usize, attributes: &str, cells: &[String]) -> String {
    let place = |column: usize| format!("{}{number}", (b'A' + column as u8) as char);
    let cells: String = cells.iter().enumerate().map(|(column, cell)| cell.replace("{place}", &place(column))).collect();
    format!(r#"<row r="{number}"{attributes}>{cells}</row>"#)
}

/// No cell.
pub(crate) fn none() -> String {
    String::new()
}

/// A text, in the cell.
pub(crate) fn text(text: &str) -> String {
    format!(r#"<c r="{{place}}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

/// A number.
pub(crate) fn number(value: &str) -> String {
    cell("", value)
}

/// A number in a style.
pub(crate) fn styled(style: u8, value: &str) -> String {
    cell(&format!(r#" s="{style}""#), value)
}

/// A cell with these attributes.
pub(crate) fn cell(attributes: &str, value: &str) -> String {
    format!(r#"<c r="{{place}}"{attributes}><v>{value}</v></c>"#)
}

/// A workbook in the making.
pub(crate) struct Book {
    parts: Vec<(String, Vec<u8>)>,
}

impl Book {
    /// One sheet of these rows, from row 1.
    pub(crate) fn of(rows: &[Vec<String>]) -> Self {
        let rows: Vec<_> = rows.iter().enumerate().map(|(index, cells)| row(index + 1, cells)).collect();
        Self::sheet(&worksheet(&rows, ""))
    }

    /// One sheet, as it is.
    pub(crate) fn sheet(sheet: &str) -> Self {
        let parts = [
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", PACKAGE),
            ("xl/workbook.xml", &workbook("", "")),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/styles.xml", STYLES),
            ("xl/sharedStrings.xml", STRINGS),
            ("xl/worksheets/sheet1.xml", sheet),
        ];
        Self { parts: parts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect() }
    }

    /// A part more, or another one in its place.
    pub(crate) fn part(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self = self.without(name);
        self.parts.push((name.to_owned(), bytes.as_ref().to_vec()));
        self
    }

    /// A part less.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parts.retain(|(known, _)| known != name);
        self
    }

    /// A part by another name.
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        self.parts.iter_mut().filter(|(name, _)| name == from).for_each(|(name, _)| to.clone_into(name));
        self
    }

    /// One part's text changed.
    pub(crate) fn changed(mut self, name: &str, from: &str, to: &str) -> Self {
        for (_, bytes) in self.parts.iter_mut().filter(|(known, _)| known == name) {
            *bytes = String::from_utf8(bytes.clone()).unwrap().replace(from, to).into_bytes();
        }
        self
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let parts: Vec<_> = self.parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        packed(&parts)
    }
}

/// A zip of these.
pub(crate) fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
