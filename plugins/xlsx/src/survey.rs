//! A survey of workbooks: which tables stand in which sheets, and what their rows say.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use cvj_core::columns::snake_case;
use cvj_core::nearest::nearest;
use cvj_core::{SourceError, Status, Task};
use cvj_tabular::cell::Place;
use cvj_tabular::files::{FileStamp, copies};
use cvj_tabular::layout::{Found, LeftOut, Rules, ShortRows, TableHead, TableLayout, Verdict, table_names};
use cvj_tabular::limits::Limits;
use cvj_tabular::settings::Nulls;
use cvj_tabular::table::TableProfile;

use crate::SheetChoice;
use crate::glance::{Glance, outline_all};
use crate::row::{Area, Context, Row, RowView};
use crate::shared_text::SharedText;
use crate::workbook::{SheetName, Window, Workbook};

/// Bytes of rows that are kept from the first look at all sheets to the second.
const MOST_KEPT: u64 = 16 * 1024 * 1024;

/// The tables of all files.
#[derive(Clone, Debug)]
pub struct Survey {
    /// All files found, copies included.
    pub stamps: Vec<FileStamp>,
    /// The tables.
    pub tables: Vec<Arc<SheetTable>>,
    /// The shared texts of the file opened last, so that they are not read twice.
    pub shared: Option<(FileStamp, Arc<SharedText>)>,
}

/// A table and the sheets that make it.
#[derive(Clone, Debug, Default)]
pub struct SheetTable {
    /// What is known of it.
    pub profile: TableProfile,
    /// Its parts, in order.
    pub parts: Vec<SheetPart>,
}

/// A table in a sheet of a file.
#[derive(Clone, Debug)]
pub struct SheetPart {
    /// The file as it was.
    pub stamp: FileStamp,
    /// The sheet's name.
    pub sheet: String,
    /// The sheet's merged areas.
    pub areas: Arc<Vec<Area>>,
    /// Where it stands.
    pub layout: TableLayout,
    /// Which column of the table each of its columns is.
    pub columns: Vec<usize>,
    /// Names of files that are copies of this one.
    pub copies: Vec<String>,
}

/// What a survey needs to know.
pub struct Scope<'a> {
    /// The name of a single table.
    pub table: &'a str,
    /// Which sheets are read.
    pub sheets: &'a [SheetChoice],
    /// How tables are found.
    pub rules: &'a Rules,
    /// Hidden rows are left out.
    pub skip_hidden: bool,
    /// How large things may be.
    pub limits: &'a Limits,
    /// Look at every row of all tables.
    pub completely: bool,
}

impl Scope<'_> {
    /// All rows of a sheet with these merged areas.
    fn window<'b>(&self, areas: &'b [Area]) -> Window<'b> {
        Window { areas, from: 1, to: u64::MAX, skip_hidden: self.skip_hidden }
    }
}

/// A sheet as it was looked at.
struct Sheet {
    stamp: FileStamp,
    name: String,
    areas: Arc<Vec<Area>>,
    tables: Vec<TableLayout>,
    hidden: u64,
    /// What was kept of it, if there is room.
    glance: Option<Glance>,
}

/// The workbook opened last: opening one again reads all its shared texts again.
struct Opened<'a> {
    folder: &'a Path,
    limits: &'a Limits,
    last: Option<(FileStamp, Workbook)>,
}

impl Survey {
    /// Surveys these files.
    pub fn of(stamps: Vec<FileStamp>, scope: &Scope<'_>, task: &Task) -> Result<Self, SourceError> {
        let folder = task.folder();
        let copied = copies(&folder, &stamps)?;
        let mut opened = Opened { folder: &folder, limits: scope.limits, last: None };
        let mut files: Vec<Vec<Sheet>> = Vec::new();
        let mut remarks = Vec::new();
        let mut room = MOST_KEPT;
        for (_, stamp) in stamps.iter().enumerate().filter(|(index, _)| !copied.contains_key(index)) {
            files.push(sheets(&mut opened, stamp, scope, &mut room, &mut remarks, task)?);
        }
        let names = names(&files, scope.table);
        let mut tables: Vec<SheetTable> = Vec::new();
        for (sheet, names) in files.iter_mut().flatten().zip(names) {
            let mut copies: Vec<_> = copied.iter().filter(|(_, original)| stamps[**original] == sheet.stamp).collect();
            copies.sort();
            let copies: Vec<_> = copies.into_iter().map(|(copy, _)| stamps[*copy].name().to_owned()).collect();
            let mut found = Vec::with_capacity(names.len());
            for (name, layout) in names.into_iter().zip(&sheet.tables) {
                let table = tables.iter().position(|table| table.profile.name == name).unwrap_or_else(|| {
                    let profile = TableProfile { name, complete: true, rows_expected: Some(0), ..TableProfile::default() };
                    tables.push(SheetTable { profile, parts: Vec::new() });
                    tables.len() - 1
                });
                tables[table].add(sheet, layout, copies.clone(), scope);
                found.push(table);
            }
            observe(&mut opened, sheet, &found, &mut tables, scope, task)?;
        }
        if let Some(first) = tables.first_mut() {
            first.profile.format.extend(remarks);
        }
        let shared = opened.last.map(|(stamp, workbook)| (stamp, Arc::clone(workbook.shared())));
        Ok(Self { stamps, tables: tables.into_iter().map(Arc::new).collect(), shared })
    }
}

impl SheetTable {
    /// Adds what stands in a sheet.
    fn add(&mut self, sheet: &Sheet, layout: &TableLayout, copies: Vec<String>, scope: &Scope<'_>) {
        let profile = &mut self.profile;
        let columns = profile.header.add(&layout.headers);
        if self.parts.is_empty() {
            profile.preamble.clone_from(&layout.preamble);
        }
        let file = sheet.stamp.name().to_owned();
        profile.format.push(describe(&file, sheet, layout, scope));
        if !profile.files.contains(&file) {
            profile.files.push(file);
        }
        profile.ranged |= layout.range.is_some();
        profile.rows_expected = profile.rows_expected.zip(layout.rows_expected).map(|(rows, more)| rows + more);
        self.parts.push(SheetPart {
            stamp: sheet.stamp.clone(),
            sheet: sheet.name.clone(),
            areas: Arc::clone(&sheet.areas),
            layout: layout.clone(),
            columns,
            copies,
        });
    }

    /// Counts the values of a row of the part added last, if it is one of its rows of data.
    fn observe(&mut self, row: &Row, context: Context<'_>, nulls: &Nulls) -> Result<(), SourceError> {
        let Some(part) = self.parts.last() else { return Ok(()) };
        let sieve = &part.layout.sieve;
        let view = RowView::new(row, context, sieve.left() + sieve.width());
        if sieve.judge(row.number, &view, nulls)? == Verdict::Data && sieve.fits(&view, ShortRows::Fill) {
            let cells = (0..sieve.width()).map(|column| row.cell(sieve.left() + column, &context));
            let place = Place { file: part.stamp.name(), line: row.number };
            self.profile.observe(&part.columns, cells, nulls, place);
        }
        Ok(())
    }
}

impl SheetPart {
    /// The first row, and the row behind the last.
    pub fn rows(&self) -> (u64, u64) {
        (self.layout.sieve.from(), self.layout.sieve.to().unwrap_or(u64::MAX))
    }
}

impl Opened<'_> {
    fn workbook(&mut self, stamp: &FileStamp) -> Result<&mut Workbook, SourceError> {
        let workbook = match self.last.take() {
            Some((opened, workbook)) if opened == *stamp => workbook,
            _ => Workbook::open(self.folder, stamp, self.limits, None)?,
        };
        Ok(&mut self.last.insert((stamp.clone(), workbook)).1)
    }
}

/// The sheets of a file in which tables stand.
fn sheets(
    opened: &mut Opened<'_>,
    stamp: &FileStamp,
    scope: &Scope<'_>,
    room: &mut u64,
    remarks: &mut Vec<String>,
    task: &Task,
) -> Result<Vec<Sheet>, SourceError> {
    let file = stamp.name();
    let workbook = opened.workbook(stamp)?;
    let all = workbook.sheets();
    let chosen = chosen(&all, file, scope.sheets)?;
    let mut found = Vec::new();
    let mut values = None;
    for sheet in all {
        if !chosen.contains(&sheet.name) {
            if scope.sheets.is_empty() {
                remarks.push(format!("{file}: the hidden sheet `{}` is passed over", sheet.name));
            }
            continue;
        }
        let (outlined, sheet) = outlined(workbook, stamp, sheet.name, scope, task)?;
        if let Some(row) = outlined.values_at {
            values = values.or_else(|| Some((sheet.name.clone(), row)));
        }
        if outlined.tables.iter().any(|table| table.rows > 0) {
            let size = sheet.glance.as_ref().map_or(0, Glance::size);
            let glance = if size <= *room { sheet.glance } else { None };
            *room -= if glance.is_some() { size } else { 0 };
            found.push(Sheet { glance, ..sheet });
        } else if sheet.glance.is_some_and(|glance| glance.rows > 0) {
            remarks.push(format!("{file}: in sheet `{}` there is no table", sheet.name));
        }
    }
    // In the order in which they were asked for.
    found.sort_by_key(|sheet| chosen.iter().position(|name| *name == sheet.name));
    if !found.is_empty() {
        return Ok(found);
    }
    Err(match values {
        Some((sheet, row)) => {
            let message = format!("{file}:{row}: in sheet `{sheet}` there are values where a header was looked for");
            SourceError::new(Status::InvalidData, message)
                .with_hint("set `header` to the header's row, or write a header above the values")
        }
        None => SourceError::new(Status::InvalidData, format!("`{file}` has no sheet with a header and rows below it"))
            .with_hint("set `sheet` and `header`, or take the file out of `path`"),
    })
}

/// The names of the sheets that are read, in the order asked for.
fn chosen(sheets: &[SheetName], file: &str, choices: &[SheetChoice]) -> Result<Vec<String>, SourceError> {
    if choices.is_empty() {
        return Ok(sheets.iter().filter(|sheet| sheet.visible).map(|sheet| sheet.name.clone()).collect());
    }
    let find = |choice: &SheetChoice| {
        let found = match choice {
            SheetChoice::Name(name) => sheets.iter().find(|sheet| sheet.name == *name),
            SheetChoice::Number(number) => sheets.get(number.get() as usize - 1),
        };
        found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
            let names: Vec<_> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
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

/// Looks at a sheet, once more if merged areas or totals ask for it.
fn outlined(
    workbook: &mut Workbook,
    stamp: &FileStamp,
    name: String,
    scope: &Scope<'_>,
    task: &Task,
) -> Result<(Found, Sheet), SourceError> {
    let mut areas = Vec::new();
    let mut glance = Glance::at(workbook.read(&name, scope.window(&areas))?, task)?;
    if !glance.late_areas.is_empty() {
        areas = std::mem::take(&mut glance.late_areas);
        glance = Glance::at(workbook.read(&name, scope.window(&areas))?, task)?;
    }
    let mut found = glance.outline(scope.rules, &workbook.context());
    if glance.gap && (found.wants_all || glance.blank_in_gap || scope.completely) {
        found = outline_all(workbook.read(&name, scope.window(&areas))?, scope.rules, task)?;
    }
    let tables = found.tables.iter().filter(|table| table.rows > 0).cloned().collect();
    let hidden = glance.hidden;
    Ok((found, Sheet { stamp: stamp.clone(), name, areas: Arc::new(areas), tables, hidden, glance: Some(glance) }))
}

/// The names of the tables of all sheets: the source's if no file has more than one, else the sheet's, and where a sheet has
/// several, their own behind it.
fn names(files: &[Vec<Sheet>], single: &str) -> Vec<Vec<String>> {
    if files.iter().all(|sheets| sheets.iter().map(|sheet| sheet.tables.len()).sum::<usize>() <= 1) {
        return files.iter().flatten().map(|sheet| sheet.tables.iter().map(|_| single.to_owned()).collect()).collect();
    }
    let head = |table: &TableLayout| (table.title.clone(), table.headers.clone());
    let heads: Vec<Vec<_>> = files.iter().flatten().map(|sheet| sheet.tables.iter().map(head).collect()).collect();
    let heads: Vec<Vec<_>> = heads
        .iter()
        .map(|tables| tables.iter().map(|(title, headers)| TableHead { title: title.as_deref(), headers }).collect())
        .collect();
    let mut own = table_names(&heads, single).into_iter();
    let mut names = Vec::new();
    for sheets in files {
        let mut taken = HashSet::new();
        for (index, sheet) in sheets.iter().enumerate() {
            let base = snake_case(&sheet.name);
            let base = if base.is_empty() { format!("sheet_{}", index + 1) } else { base };
            let own = own.next().unwrap_or_default().into_iter();
            let full = own.map(|own| match (sheet.tables.len(), sheets.len()) {
                (1, _) => base.clone(),
                (_, 1) => own,
                _ => format!("{base}_{own}"),
            });
            let unique = full.map(|name| {
                let numbered = (2..).map(|number| format!("{name}_{number}"));
                std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone())).unwrap_or(name)
            });
            names.push(unique.collect());
        }
    }
    names
}

/// Counts the values of a sheet's rows: of all of them, or of those that were kept.
fn observe(
    opened: &mut Opened<'_>,
    sheet: &mut Sheet,
    found: &[usize],
    tables: &mut [SheetTable],
    scope: &Scope<'_>,
    task: &Task,
) -> Result<(), SourceError> {
    let nulls = &scope.rules.nulls;
    let workbook = opened.workbook(&sheet.stamp)?;
    let window = scope.window(&sheet.areas);
    let all = scope.completely && sheet.glance.as_ref().is_none_or(|glance| glance.gap);
    if all {
        let mut rows = workbook.read(&sheet.name, window)?;
        let context = rows.context();
        while let Some(row) = rows.next_row()? {
            if row.number.is_multiple_of(8192) && task.is_cancelled() {
                return Err(SourceError::cancelled());
            }
            found.iter().try_for_each(|table| tables[*table].observe(row, context, nulls))?;
        }
        return Ok(());
    }
    let glance = match sheet.glance.take() {
        Some(glance) => glance,
        None => Glance::at(workbook.read(&sheet.name, window)?, task)?,
    };
    let context = workbook.context();
    for row in glance.kept() {
        found.iter().try_for_each(|table| tables[*table].observe(row, context, nulls))?;
    }
    for table in found {
        tables[*table].profile.complete &= !glance.gap;
    }
    Ok(())
}

/// How a table stands in its file, for people.
fn describe(file: &str, sheet: &Sheet, layout: &TableLayout, scope: &Scope<'_>) -> String {
    let mut words = vec![format!("sheet `{}`", sheet.name), format!("header in row {}", layout.header_row)];
    words.extend(layout.range.map(|range| range.to_string()));
    for skip in layout.sieve.skips().iter().filter(|skip| matches!(skip.why, LeftOut::Total | LeftOut::Footer)) {
        words.extend(skip.why.word().map(|what| match skip.to - skip.from {
            0 => format!("{what} in row {}", skip.from),
            _ => format!("{what} in rows {} to {}", skip.from, skip.to),
        }));
    }
    match sheet.hidden {
        0 => {}
        hidden => {
            let rows = if hidden == 1 { "1 hidden row".to_owned() } else { format!("{hidden} hidden rows") };
            words.push(format!("{rows} {}", if scope.skip_hidden { "left out" } else { "read" }));
        }
    }
    format!("{file}: {}", words.join(", "))
}
