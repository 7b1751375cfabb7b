//! A survey of workbooks: which sheets make which tables, where their headers stand, and what their first rows say.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cvj_core::columns::column_names;
use cvj_core::nearest::nearest;
use cvj_core::{SourceError, Status, Task};
use cvj_tabular::cell::Place;
use cvj_tabular::files::{FileStamp, copies};
use cvj_tabular::header::header_text;
use cvj_tabular::settings::Nulls;
use cvj_tabular::table::TableProfile;

use crate::SheetChoice;
use crate::limits::Bounds;
use crate::row::Area;
use crate::shared_text::SharedText;
use crate::workbook::Workbook;

/// Rows looked at from a sheet's begin; what lies beyond may contradict them.
const FIRST_ROWS: u64 = 10_000;
const STRIDE: u64 = 50;

/// A sheet of a file.
#[derive(Clone, Debug)]
pub struct SheetPart {
    /// The file as it was.
    pub stamp: FileStamp,
    /// The sheet's name.
    pub sheet: String,
    /// The row of the header, counted from 1.
    pub header_row: u64,
    /// Which column of the table each column of the sheet is.
    pub columns: Vec<usize>,
    /// Names of files that are copies of this one.
    pub copies: Vec<String>,
    /// Merged areas.
    pub areas: Vec<Area>,
}

/// A table and the sheets that make it.
#[derive(Clone, Debug)]
pub struct SheetTable {
    /// What is known of it.
    pub profile: TableProfile,
    /// Its parts, in order.
    pub parts: Vec<SheetPart>,
}

/// The tables of all files.
#[derive(Clone, Debug)]
pub struct Survey {
    /// All files found, copies included.
    pub stamps: Vec<FileStamp>,
    /// The tables.
    pub tables: Vec<Arc<SheetTable>>,
    /// The shared texts of the last file, so that they are not read twice.
    pub shared: Option<(FileStamp, Arc<SharedText>)>,
}

/// What a survey needs to know.
pub struct Scope<'a> {
    /// The name of a single table.
    pub table: &'a str,
    /// Which sheets are read.
    pub sheets: &'a [SheetChoice],
    /// The row of the header, if said.
    pub header: Option<u64>,
    /// The texts that mean "no value".
    pub nulls: &'a Nulls,
    /// Look at every row of all tables.
    pub completely: bool,
}

/// A sheet as it was looked at.
struct Looked {
    part: SheetPart,
    headers: Vec<String>,
    preamble: Vec<String>,
}

impl Survey {
    /// Surveys these files.
    pub fn of(stamps: Vec<FileStamp>, scope: &Scope<'_>, task: &Task) -> Result<Self, SourceError> {
        let folder = task.folder();
        let copied = copies(&folder, &stamps)?;
        let mut looked: Vec<Looked> = Vec::new();
        let mut widest = 0;
        let mut open = None;
        for (index, stamp) in stamps.iter().enumerate() {
            if copied.contains_key(&index) {
                continue;
            }
            let copies =
                copied.iter().filter(|(_, original)| **original == index).map(|(copy, _)| stamps[*copy].name().to_owned());
            let mut copies: Vec<_> = copies.collect();
            copies.sort();
            let before = looked.len();
            let mut workbook = Workbook::open(&folder, stamp, &Bounds::default(), None)?;
            for sheet in chosen(&workbook, stamp.name(), scope.sheets)? {
                if let Some(found) = begin(&mut workbook, stamp, &sheet, scope.header, copies.clone())? {
                    looked.push(found);
                }
            }
            if looked.len() == before {
                let message = format!("`{}` has no sheet with a header and rows below it", stamp.name());
                return Err(SourceError::new(Status::InvalidData, message)
                    .with_hint("set `sheet` and `header`, or take the file out of `path`"));
            }
            widest = widest.max(looked.len() - before);
            open = Some((stamp.clone(), workbook));
        }
        let tables = group(looked, scope.table, widest > 1)
            .into_iter()
            .map(|(name, sheets)| {
                if task.is_cancelled() {
                    return Err(SourceError::cancelled());
                }
                look(&folder, name, sheets, scope, &mut open).map(Arc::new)
            })
            .collect::<Result<_, _>>()?;
        let shared = open.map(|(stamp, workbook)| (stamp, Arc::clone(workbook.shared())));
        Ok(Self { stamps, tables, shared })
    }
}

/// The names of the sheets that are read.
fn chosen(workbook: &Workbook, file: &str, choices: &[SheetChoice]) -> Result<Vec<String>, SourceError> {
    let sheets: Vec<_> = workbook.sheets().into_iter().map(|sheet| (sheet.name, sheet.visible)).collect();
    if choices.is_empty() {
        return Ok(sheets.into_iter().filter(|(_, visible)| *visible).map(|(name, _)| name).collect());
    }
    let find = |choice: &SheetChoice| {
        let found = match choice {
            SheetChoice::Name(name) => sheets.iter().find(|(sheet, _)| sheet == name),
            SheetChoice::Number(number) => sheets.get(number.get() as usize - 1),
        };
        found.map(|(name, _)| name.clone()).ok_or_else(|| {
            let names: Vec<_> = sheets.iter().map(|(name, _)| name.as_str()).collect();
            let error = SourceError::new(Status::NotFound, format!("`{file}` has no sheet {choice}"));
            match choice {
                SheetChoice::Name(name) if nearest(name, names.iter().copied()).is_some() => {
                    error.with_hint(format!("did you mean `{}`?", nearest(name, names.iter().copied()).unwrap_or_default()))
                }
                _ => error.with_hint(format!("its sheets are {}", names.join(", "))),
            }
        })
    };
    choices.iter().map(find).collect()
}

/// Finds a sheet's header; `None` for a sheet without one or without rows.
fn begin(
    workbook: &mut Workbook,
    stamp: &FileStamp,
    sheet: &str,
    header: Option<u64>,
    copies: Vec<String>,
) -> Result<Option<Looked>, SourceError> {
    let mut found: Option<(u64, Vec<String>)> = None;
    let mut preamble = Vec::new();
    let mut any_row = false;
    let mut rows = workbook.read(sheet, &[])?;
    let context = rows.context();
    while let Some(row) = rows.next_row()? {
        let width = row.filled_width(&context);
        if width == 0 {
            continue;
        }
        if found.is_some() {
            any_row = true;
            break;
        }
        let texts = (0..width).map(|column| header_text(&row.cell(column, &context).to_text()));
        if header.is_none_or(|header| row.number >= header) {
            found = Some((row.number, texts.collect()));
        } else {
            preamble.push(texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "));
        }
    }
    let Some((header_row, headers)) = found.filter(|_| any_row) else { return Ok(None) };
    let part = SheetPart { stamp: stamp.clone(), sheet: sheet.to_owned(), header_row, columns: Vec::new(), copies, areas: Vec::new() };
    Ok(Some(Looked { part, headers, preamble }))
}

/// One table if no file has several sheets, else one for every sheet name.
fn group(looked: Vec<Looked>, table: &str, several: bool) -> Vec<(String, Vec<Looked>)> {
    if !several {
        return vec![(table.to_owned(), looked)];
    }
    let mut order: Vec<String> = Vec::new();
    let mut sheets: BTreeMap<String, Vec<Looked>> = BTreeMap::new();
    for found in looked {
        let sheet = found.part.sheet.clone();
        if !order.contains(&sheet) {
            order.push(sheet.clone());
        }
        sheets.entry(sheet).or_default().push(found);
    }
    let names = column_names(order.iter().map(String::as_str));
    names.into_iter().zip(order).map(|(name, sheet)| (name, sheets.remove(&sheet).unwrap_or_default())).collect()
}

/// `open` is the workbook opened last: opening one again reads all its shared texts again.
fn look(
    folder: &Path,
    name: String,
    sheets: Vec<Looked>,
    scope: &Scope<'_>,
    open: &mut Option<(FileStamp, Workbook)>,
) -> Result<SheetTable, SourceError> {
    let mut profile = TableProfile { name, complete: true, ..TableProfile::default() };
    let mut parts = Vec::new();
    for Looked { mut part, headers, preamble } in sheets {
        part.columns = profile.header.add(&headers);
        if parts.is_empty() {
            profile.preamble = preamble;
        }
        let file = part.stamp.name().to_owned();
        if !profile.files.contains(&file) {
            profile.files.push(file);
        }
        parts.push(part);
    }
    for part in &parts {
        let file = part.stamp.name();
        let width = part.columns.len();
        let mut seen = 0;
        let mut wide = (0, 0, 0);
        let workbook = match open.take() {
            Some((stamp, workbook)) if stamp == part.stamp => workbook,
            _ => Workbook::open(folder, &part.stamp, &Bounds::default(), None)?,
        };
        let (_, workbook) = open.insert((part.stamp.clone(), workbook));
        let mut rows = workbook.read(&part.sheet, &[])?;
        let context = rows.context();
        while let Some(row) = rows.next_row()? {
            let filled = row.filled_width(&context);
            if row.number <= part.header_row || filled == 0 {
                continue;
            }
            seen += 1;
            if filled > width {
                wide = if wide.0 == 0 { (1, row.number, filled) } else { (wide.0 + 1, wide.1, wide.2) };
            } else if seen <= FIRST_ROWS || scope.completely || seen % STRIDE == 0 {
                let all = (0..width).map(|column| row.cell(column, &context));
                profile.observe(&part.columns, all, scope.nulls, Place { file, line: row.number });
            }
        }
        profile.complete &= scope.completely || seen <= FIRST_ROWS;
        let (count, row, beyond) = wide;
        if count * 2 > seen {
            let message = format!(
                "{file}:{row}: {beyond} cells where the header of sheet `{}` has {width}, and so in most rows",
                part.sheet
            );
            return Err(SourceError::new(Status::InvalidData, message)
                .with_hint(format!("if row {row} is the header, set `header = {row}`")));
        }
    }
    Ok(SheetTable { profile, parts })
}
