//! A survey of a source's files: how each is written, which tables stand in them, and what a sample of their rows says.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use cvj_core::nearest::nearest;
use cvj_core::{SourceError, Status, Task};
use cvj_tabular::cell::Place;
use cvj_tabular::files::FileStamp;
use cvj_tabular::layout::{LeftOut, ShortRows, TableHead, TableLayout, Verdict, table_names};
use cvj_tabular::limits::Limits;
use cvj_tabular::part::RowCells;
use cvj_tabular::table::TableProfile;

use crate::boundaries::{Boundaries, Start};
use crate::dialect::{Found, Said};
use crate::input::{Input, copies};
use crate::records::Records;
use crate::slice::CsvRow;
use crate::tables::{Lines, Look};

/// Rows looked at from a table's begin.
const FIRST_ROWS: u64 = 10_000;
/// Places spread over the rest of a table, and the rows looked at in each.
const PLACES: usize = 64;
const ROWS_PER_PLACE: u64 = 100;
/// In a file that cannot be entered in the middle, every so manieth row is looked at.
const STRIDE: u64 = 50;

/// Sizes that tests make small.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// About how far splits may lie apart.
    pub piece: u64,
    /// Files up to this many bytes in all are looked at completely.
    pub small: u64,
    /// The bytes of a larger file's begin, and of its end, that its tables are found by.
    pub ends: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { piece: 256 * 1024, small: 4 * 1024 * 1024, ends: 256 * 1024 }
    }
}

/// A file that is read.
#[derive(Clone, Debug)]
pub struct CsvFile {
    /// What is read.
    pub input: Input,
    /// Where its records begin.
    pub boundaries: Boundaries,
    /// Names of files that are copies of it.
    pub copies: Vec<String>,
    /// Lines that belong to no table.
    pub lines: Vec<String>,
}

/// A table in one file.
#[derive(Clone, Debug)]
pub struct CsvPart {
    /// The file.
    pub file: Arc<CsvFile>,
    /// Where the table stands in it.
    pub layout: TableLayout,
    /// Which column of the table each field is.
    pub columns: Vec<usize>,
}

/// A table over all files.
#[derive(Clone, Debug)]
pub struct CsvTable {
    /// What is known of it.
    pub profile: TableProfile,
    /// Its parts, in the files' order.
    pub parts: Vec<CsvPart>,
}

/// The tables of all files.
#[derive(Clone, Debug)]
pub struct Survey {
    /// All files found, copies included.
    pub stamps: Vec<FileStamp>,
    /// The tables.
    pub tables: Vec<Arc<CsvTable>>,
    /// All rows were looked at.
    pub complete: bool,
}

/// What a survey needs to know.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The name of a single table.
    pub table: &'a str,
    /// What the configuration says of files.
    pub said: &'a Said,
    /// What it says of lines.
    pub lines: &'a Lines,
    /// What it says of rows that are too short.
    pub short_rows: ShortRows,
    /// Bounds.
    pub limits: &'a Limits,
    /// Look at every row.
    pub completely: bool,
    /// Sizes.
    pub sizes: Sizes,
}

impl Survey {
    /// Surveys these files.
    pub fn of(stamps: Vec<FileStamp>, scope: &Scope<'_>, task: &Task) -> Result<Self, SourceError> {
        let folder = task.folder();
        let Scope { said, limits, sizes, .. } = scope;
        let inputs = Input::all(&folder, &stamps, said.encoding, limits)?;
        let copied = copies(&folder, &inputs, limits)?;
        let size: u64 = (0..inputs.len()).filter(|index| !copied.contains_key(index)).map(|index| inputs[index].size()).sum();
        let complete = scope.completely || size <= sizes.small;
        let mut files = Vec::new();
        let mut layouts = Vec::new();
        for (index, input) in inputs.iter().enumerate() {
            if copied.contains_key(&index) {
                continue;
            }
            let found = Found::in_head(input, &input.head(&folder, limits)?, said)?;
            let boundaries = Boundaries::find(&folder, input, &found, sizes.piece, limits)?;
            let look = Look { folder: &folder, input, boundaries: &boundaries, limits, ends: sizes.ends };
            let outlined = look.tables(scope.lines, complete, task)?;
            layouts.push(outlined.tables);
            let copies = copied.iter().filter(|(_, original)| **original == index);
            let mut copies: Vec<_> = copies.map(|(copy, _)| inputs[*copy].name().into_owned()).collect();
            copies.sort();
            files.push(Arc::new(CsvFile { input: input.clone(), boundaries, copies, lines: outlined.lines }));
        }
        let tables = group(&files, layouts, scope.table);
        let tables = tables.into_iter().map(|mut table| {
            table.profile.complete = complete;
            table.look(&folder, scope, task)?;
            Ok(Arc::new(table))
        });
        let tables = tables.collect::<Result<Vec<_>, SourceError>>()?;
        if tables.iter().all(|table| table.profile.rows == 0) {
            let names: Vec<_> = files.iter().map(|file| file.input.name()).collect();
            let message = format!("{}: there is a header, and no row below it", names.join(", "));
            return Err(
                SourceError::new(Status::InvalidData, message).with_hint("export it again, or set `header` to the header's line")
            );
        }
        Ok(Self { stamps, tables, complete })
    }

    /// The table with this name.
    pub fn table(&self, name: &str, task: &Task) -> Result<Arc<CsvTable>, SourceError> {
        let found = self.tables.iter().find(|table| table.profile.name == name);
        found.cloned().ok_or_else(|| {
            let names = || self.tables.iter().map(|table| table.profile.name.as_str());
            let error = SourceError::new(Status::NotFound, format!("there is no table `{name}` in source `{}`", task.source()));
            match nearest(name, names()) {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint(format!("its tables are {}", names().collect::<Vec<_>>().join(", "))),
            }
        })
    }
}

/// The tables of one name over all files.
fn group(files: &[Arc<CsvFile>], layouts: Vec<Vec<TableLayout>>, single: &str) -> Vec<CsvTable> {
    let heads = layouts.iter().map(|tables| {
        let heads = tables.iter().map(|table| TableHead { title: table.title.as_deref(), headers: &table.headers });
        heads.collect::<Vec<_>>()
    });
    let names = table_names(&heads.collect::<Vec<_>>(), single);
    let mut tables: Vec<CsvTable> = Vec::new();
    for ((file, layouts), names) in files.iter().zip(layouts).zip(names) {
        for (layout, name) in layouts.into_iter().zip(names) {
            let place = tables.iter().position(|table| table.profile.name == name).unwrap_or_else(|| {
                let profile = TableProfile { name, preamble: layout.preamble.clone(), ..TableProfile::default() };
                tables.push(CsvTable { profile, parts: Vec::new() });
                tables.len() - 1
            });
            tables[place].add(file, layout);
        }
    }
    tables
}

impl CsvTable {
    fn add(&mut self, file: &Arc<CsvFile>, layout: TableLayout) {
        let profile = &mut self.profile;
        let expected = |sum: u64| layout.rows_expected.map(|rows| rows + sum);
        profile.rows_expected = if self.parts.is_empty() { expected(0) } else { profile.rows_expected.and_then(expected) };
        // Lists are divided by a comma, or a tab, where numbers are written with a point.
        profile.comma_in_doubt |= !matches!(file.boundaries.dialect.delimiter, b',' | b'\t');
        profile.ranged |= layout.range.is_some();
        profile.files.push(file.input.name().into_owned());
        profile.format.push(words(file, &layout));
        let columns = profile.header.add(&layout.headers);
        self.parts.push(CsvPart { file: Arc::clone(file), layout, columns });
    }

    fn look(&mut self, folder: &Path, scope: &Scope<'_>, task: &Task) -> Result<(), SourceError> {
        let mut lengths = Lengths::default();
        let parts = std::mem::take(&mut self.parts);
        let mut observer = Observer { profile: &mut self.profile, lengths: &mut lengths, folder, scope, task };
        if observer.profile.complete {
            for part in &parts {
                observer.observe(part, part.begin(), None, 1)?;
            }
        } else {
            let mut budget = FIRST_ROWS;
            for part in &parts {
                if part.file.input.splittable().is_none() {
                    observer.observe(part, part.begin(), None, STRIDE)?;
                } else if budget > 0 {
                    budget -= observer.observe(part, part.begin(), Some(budget), 1)?.min(budget);
                }
            }
            let splittable = parts.iter().filter(|part| part.file.input.splittable().is_some());
            let places: Vec<_> = splittable.flat_map(|part| part.starts().map(move |start| (part, start))).collect();
            for (part, start) in places.iter().step_by(places.len().div_ceil(PLACES).max(1)) {
                observer.observe(part, *start, Some(ROWS_PER_PLACE), 1)?;
            }
        }
        self.parts = parts;
        lengths.judge(self.profile.rows)
    }
}

impl CsvPart {
    /// A place at which reading must begin to reach its first row: at that row, or before it.
    pub fn begin(&self) -> Start {
        let starts = &self.file.boundaries.starts;
        let first = self.layout.sieve.from();
        starts[starts.partition_point(|start| start.line <= first).saturating_sub(1)]
    }

    /// Where reading may end, in bytes: behind its last row.
    pub fn end(&self) -> u64 {
        let Boundaries { starts, end, .. } = &self.file.boundaries;
        let behind = self.layout.sieve.to().and_then(|to| starts.iter().find(|start| start.line >= to));
        behind.map_or(*end, |start| start.offset)
    }

    fn starts(&self) -> impl Iterator<Item = Start> {
        let (begin, end) = (self.begin().offset, self.end());
        self.file.boundaries.starts.iter().copied().filter(move |start| (begin..end).contains(&start.offset))
    }
}

/// How a file is written and what stands in it beside the table, for people.
fn words(file: &CsvFile, layout: &TableLayout) -> String {
    let dialect = file.boundaries.dialect;
    let mut words = vec![dialect.delimiter_name(), dialect.encoding.to_string()];
    words.extend([file.input.packed()].iter().filter(|word| !word.is_empty()).map(|word| (*word).to_owned()));
    words.push(format!("header on line {}", layout.header_row));
    words.extend(layout.range.map(|range| range.to_string()));
    for skip in layout.sieve.skips().iter().filter(|skip| matches!(skip.why, LeftOut::Total | LeftOut::Footer)) {
        let (word, Some(what)) = (if skip.from == skip.to { "line" } else { "lines" }, skip.why.word()) else { continue };
        let lines = if skip.from == skip.to { skip.from.to_string() } else { format!("{} to {}", skip.from, skip.to) };
        words.push(format!("{what} on {word} {lines}"));
    }
    if !file.lines.is_empty() {
        words.push(format!("outside of tables: `{}`", file.lines.join("`, `")));
    }
    words.extend(file.copies.iter().map(|copy| format!("the same as {copy}")));
    format!("{}: {}", file.input.name(), words.join(", "))
}

/// Looks at rows of a table.
struct Observer<'a> {
    profile: &'a mut TableProfile,
    lengths: &'a mut Lengths,
    folder: &'a Path,
    scope: &'a Scope<'a>,
    task: &'a Task,
}

impl Observer<'_> {
    /// Looks at rows from one start on: so many, or all; of these the first thousands and every `stride`th after them. Says how
    /// many rows it passed.
    fn observe(&mut self, part: &CsvPart, start: Start, rows: Option<u64>, stride: u64) -> Result<u64, SourceError> {
        let file = &part.file;
        let boundaries = &file.boundaries;
        let sieve = &part.layout.sieve;
        let name = &*file.input.name();
        let runs = boundaries.runs(start, part.end());
        let mut records = Records::open(self.folder, &file.input, boundaries.dialect, runs, self.scope.limits);
        let nulls = &self.scope.lines.rules.nulls;
        let mut seen = 0;
        while rows.is_none_or(|rows| seen < rows) {
            let Some(record) = records.advance()? else { break };
            let line = record.line();
            if sieve.to().is_some_and(|to| line >= to) {
                break;
            }
            let row = CsvRow { record, dialect: boundaries.dialect, file: name };
            if record.is_blank() || sieve.judge(line, &row, nulls)? != Verdict::Data {
                continue;
            }
            seen += 1;
            if seen % 8192 == 0 && self.task.is_cancelled() {
                return Err(SourceError::cancelled());
            }
            if seen > FIRST_ROWS && seen % stride != 0 {
                continue;
            }
            if !sieve.fits(&row, self.scope.short_rows) {
                self.lengths.count(name, line, row.width(), sieve.width());
                continue;
            }
            let cells = (0..part.columns.len()).map(|index| row.cell(index + sieve.left())).collect::<Result<Vec<_>, _>>()?;
            self.profile.observe(&part.columns, cells.into_iter(), nulls, Place { file: name, line });
        }
        Ok(seen)
    }
}

/// Records that have other than the header's fields.
#[derive(Debug, Default)]
struct Lengths {
    wrong: u64,
    header: usize,
    file: String,
    /// By number of fields: how many records, and the line of the first.
    counts: HashMap<usize, (u64, u64)>,
}

impl Lengths {
    fn count(&mut self, file: &str, line: u64, width: usize, header: usize) {
        if self.wrong == 0 {
            self.header = header;
            file.clone_into(&mut self.file);
        }
        self.wrong += 1;
        if self.file == file {
            self.counts.entry(width).or_insert((0, line)).0 += 1;
        }
    }

    /// More wrong records than right ones: the header is not where it was looked for.
    fn judge(&self, right: u64) -> Result<(), SourceError> {
        if self.wrong <= right {
            return Ok(());
        }
        let Self { file, header, .. } = self;
        let usual = self.counts.iter().max_by_key(|(fields, (count, line))| (*count, std::cmp::Reverse(*line), **fields));
        let (fields, line) = usual.map_or((0, 0), |(fields, (_, line))| (*fields, *line));
        let cells = if fields == 1 { "cell" } else { "cells" };
        let message = format!("{file}:{line}: {fields} {cells} where the header has {header}, and so in most rows");
        let hint = if fields < *header {
            format!(
                "set `short_rows = \"fill\"` if the cells missing at their ends are empty; if line {line} is the header, set `header = {line}`"
            )
        } else {
            format!("if line {line} is the header, set `header = {line}`; else check `delimiter` and `quote`")
        };
        Err(SourceError::new(Status::InvalidData, message).with_hint(hint))
    }
}
