//! Workbooks in Office Open XML (xlsx, xlsm, and their templates), the strict dialect included.

pub mod sheet;
pub mod styles;
pub mod text;

use std::collections::HashMap;
use std::sync::Arc;

use cvj_core::{SourceError, Status};

use self::sheet::{CellRules, SheetReader};
use crate::package::{Package, Part};
use crate::serial::Epoch;
use crate::shared_text::SharedText;
use crate::workbook::SheetName;
use crate::xml::Token;
use cvj_tabular::limits::Limits;

/// An open workbook.
pub struct Ooxml {
    package: Package,
    limits: Limits,
    epoch: Epoch,
    rules: CellRules,
    shared: Arc<SharedText>,
    /// The worksheets, and their parts.
    sheets: Vec<(SheetName, String)>,
}

/// What a relation points to.
struct Relation {
    kind: String,
    part: String,
}

impl Ooxml {
    /// Opens the workbook in a package; `known` are its shared texts, if they were read before.
    pub fn open(mut package: Package, limits: &Limits, known: Option<Arc<SharedText>>) -> Result<Self, SourceError> {
        let main = main_part(&mut package)?;
        let relations = relations(&mut package, &main)?;
        let mut book = Self {
            package,
            limits: limits.clone(),
            epoch: Epoch::Y1900,
            rules: CellRules::default(),
            shared: Arc::default(),
            sheets: Vec::new(),
        };
        book.contents(&main, &relations)?;
        let part_of =
            |kind: &str| relations.values().find(|relation| relation.kind == kind).map(|relation| relation.part.as_str());
        if let Some(part) = part_of("styles")
            && let Some(xml) = book.package.xml(part)?
        {
            book.rules.readings = styles::readings(xml)?;
        }
        if let Some(shared) = known {
            book.shared = shared;
        } else if let Some(part) = part_of("sharedStrings")
            && let Some(xml) = book.package.xml(part)?
        {
            book.shared = Arc::new(SharedText::read(xml, limits)?);
        }
        Ok(book)
    }

    /// The worksheets in order.
    pub fn sheets(&self) -> impl Iterator<Item = &SheetName> {
        self.sheets.iter().map(|(sheet, _)| sheet)
    }

    /// The shared texts.
    pub fn shared(&self) -> &Arc<SharedText> {
        &self.shared
    }

    /// From which day dates are counted.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Reads a worksheet.
    pub fn read(&mut self, sheet: &str) -> Result<SheetReader<'_, Part<'_>>, SourceError> {
        let part = self.sheets.iter().find(|(found, _)| found.name == sheet).map(|(_, part)| part.clone());
        let file = self.package.file().to_owned();
        let xml = match &part {
            Some(part) => self.package.xml(part)?,
            None => None,
        };
        let xml = xml.ok_or_else(|| missing(&file, &format!("its sheet `{sheet}`")))?;
        Ok(SheetReader::new(xml, &self.rules, &self.limits))
    }

    /// Reads `workbook.xml`.
    fn contents(&mut self, main: &str, relations: &HashMap<String, Relation>) -> Result<(), SourceError> {
        let file = self.package.file().to_owned();
        let mut xml = self.package.xml(main)?.ok_or_else(|| missing(&file, "its list of sheets"))?;
        while let Some(token) = xml.token()? {
            let Token::Open(tag) = token else { continue };
            match tag.local() {
                b"workbookPr" if tag.is_set("date1904") => self.epoch = Epoch::Y1904,
                b"calcPr" => self.rules.uncalculated = tag.is_set("fullCalcOnLoad"),
                b"sheet" => {
                    let id = tag.attributes().find(|(name, _)| name.ends_with(b":id")).map(|(_, id)| crate::xml::plain(id));
                    let relation = id.and_then(|id| relations.get(&id));
                    if let (Some(name), Some(relation)) = (tag.text("name"), relation)
                        && relation.kind == "worksheet"
                    {
                        let visible = tag.attribute("state").is_none_or(|state| state == b"visible");
                        self.sheets.push((SheetName { name, visible }, relation.part.clone()));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The workbook's own part.
pub fn main_part(package: &mut Package) -> Result<String, SourceError> {
    let relations = relations(package, "")?;
    let named = relations.into_values().find(|relation| relation.kind == "officeDocument").map(|relation| relation.part);
    Ok(named.unwrap_or_else(|| "xl/workbook.xml".to_owned()))
}

/// The relations of a part, by id; the package's own have a part without a name.
fn relations(package: &mut Package, part: &str) -> Result<HashMap<String, Relation>, SourceError> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let mut relations = HashMap::new();
    let Some(mut xml) = package.xml(&format!("{folder}/_rels/{name}.rels"))? else { return Ok(relations) };
    while let Some(token) = xml.token()? {
        let Token::Open(tag) = token else { continue };
        if tag.local() != b"Relationship" || tag.attribute("TargetMode") == Some(b"External") {
            continue;
        }
        if let (Some(id), Some(kind), Some(target)) = (tag.text("Id"), tag.text("Type"), tag.text("Target")) {
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            relations.insert(id, Relation { kind, part: resolved(folder, &target) });
        }
    }
    Ok(relations)
}

/// A target's part: relative to the folder, or absolute.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

fn missing(file: &str, what: &str) -> SourceError {
    SourceError::new(Status::InvalidData, format!("`{file}` cannot be read as a workbook: it lacks {what}"))
        .with_hint("open it in the program that wrote it and save it again")
}
