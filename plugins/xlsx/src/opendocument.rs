//! ODF spreadsheets (ods, ots, and flat fods): one document of XML holds all sheets.

pub mod sheet;
mod text;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use cvj_core::SourceError;

use self::sheet::SheetReader;
use crate::package::{Package, locked};
use crate::workbook::SheetName;
use crate::xml::{Token, Xml};
use cvj_tabular::limits::Limits;

/// An open spreadsheet.
pub struct OpenDocument {
    content: Content,
    limits: Limits,
    sheets: Vec<SheetName>,
}

/// Where the document lies.
enum Content {
    Package(Package),
    Flat(String, BufReader<File>),
}

type Document<'a> = Xml<Box<dyn Read + 'a>>;

/// What the styles before the sheets say.
#[derive(Debug, Default)]
pub struct Styles {
    /// Styles of sheets that are not shown.
    hidden: HashSet<String>,
    /// Formats of time that go beyond 24 hours.
    spans: HashSet<String>,
    /// Formats by style of cells.
    formats: HashMap<String, String>,
}

impl Styles {
    /// Whether cells of this style show spans of time, not times of day.
    pub fn is_span(&self, style: &str) -> bool {
        self.formats.get(style).is_some_and(|format| self.spans.contains(format))
    }
}

impl OpenDocument {
    /// Opens the spreadsheet in a package.
    pub fn open(mut package: Package, limits: &Limits) -> Result<Self, SourceError> {
        if package.has("encrypted-package") || is_encrypted(&mut package)? {
            return Err(locked(package.file()));
        }
        Self::of(Content::Package(package), limits)
    }

    /// Opens a spreadsheet that is a single document; `file` is its name.
    pub fn open_flat(file: &str, bytes: BufReader<File>, limits: &Limits) -> Result<Self, SourceError> {
        Self::of(Content::Flat(file.to_owned(), bytes), limits)
    }

    fn of(mut content: Content, limits: &Limits) -> Result<Self, SourceError> {
        let mut sheets = Vec::new();
        let mut xml = content.document()?;
        let mut styles = Styles::default();
        while let Some(table) = next_table(&mut xml, &mut styles)? {
            sheets.push(table);
            xml.skip()?;
        }
        drop(xml);
        Ok(Self { content, limits: limits.clone(), sheets })
    }

    /// The sheets in order.
    pub fn sheets(&self) -> &[SheetName] {
        &self.sheets
    }

    /// Reads a sheet.
    pub fn read(&mut self, sheet: &str) -> Result<SheetReader<'_>, SourceError> {
        let mut xml = self.content.document()?;
        let mut styles = Styles::default();
        while let Some(table) = next_table(&mut xml, &mut styles)? {
            if table.name == sheet {
                return Ok(SheetReader::new(xml, styles, &self.limits));
            }
            xml.skip()?;
        }
        Err(xml.broken(&format!("it has no sheet `{sheet}`")))
    }
}

impl Content {
    fn document(&mut self) -> Result<Document<'_>, SourceError> {
        match self {
            Self::Package(package) => {
                let name = format!("`content.xml` of `{}`", package.file());
                let part = package.part("content.xml")?;
                let reader: Box<dyn Read + '_> = match part {
                    Some(part) => Box::new(part),
                    None => Box::new(std::io::empty()),
                };
                Ok(Xml::new(reader, name))
            }
            Self::Flat(file, bytes) => {
                let begin = bytes.seek(SeekFrom::Start(0));
                let reader: Box<dyn Read + '_> = Box::new(bytes);
                let xml = Xml::new(reader, format!("`{file}`"));
                begin.map_err(|error| xml.broken(&error.to_string()))?;
                Ok(xml)
            }
        }
    }
}

/// Finds the next sheet, whose tag is then the one opened last, and collects the styles before it.
fn next_table(xml: &mut Document<'_>, styles: &mut Styles) -> Result<Option<SheetName>, SourceError> {
    let mut style = String::new();
    while let Some(token) = xml.token()? {
        let Token::Open(tag) = token else { continue };
        match tag.name {
            b"style:style" => {
                style = tag.text("style:name").unwrap_or_default();
                if let Some(format) = tag.text("style:data-style-name") {
                    styles.formats.insert(style.clone(), format);
                }
            }
            b"style:table-properties" if tag.attribute("table:display") == Some(b"false") => {
                styles.hidden.insert(style.clone());
            }
            b"number:time-style" if tag.attribute("number:truncate-on-overflow") == Some(b"false") => {
                styles.spans.extend(tag.text("style:name"));
            }
            b"table:table" => {
                let name = tag.text("table:name").unwrap_or_default();
                let visible = !tag.text("table:style-name").is_some_and(|style| styles.hidden.contains(&style));
                if !tag.empty {
                    return Ok(Some(SheetName { name, visible }));
                }
            }
            // Earlier versions of cells, sheets of other files, and pictures are no data.
            b"table:tracked-changes" | b"table:dde-links" | b"office:scripts" | b"office:master-styles" | b"draw:frame"
                if !tag.empty =>
            {
                xml.skip()?;
            }
            _ => {}
        }
    }
    Ok(None)
}

fn is_encrypted(package: &mut Package) -> Result<bool, SourceError> {
    let Some(mut xml) = package.xml("META-INF/manifest.xml")? else { return Ok(false) };
    while let Some(token) = xml.token()? {
        if let Token::Open(tag) = token
            && tag.local() == b"encryption-data"
        {
            return Ok(true);
        }
    }
    Ok(false)
}
