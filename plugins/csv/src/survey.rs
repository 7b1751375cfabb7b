//! A survey of a table's files: how each is written, where its records begin, and what a sample of its rows says.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use cvj_core::{SourceError, Status, Task};
use cvj_tabular::cell::{Cell, Place};
use cvj_tabular::files::FileStamp;
use cvj_tabular::header::Header;
use cvj_tabular::limits::Limits;
use cvj_tabular::settings::Nulls;
use cvj_tabular::table::TableProfile;

use crate::beginning::{Beginning, beginning};
use crate::boundaries::{Boundaries, not_utf8};
use crate::dialect::{Found, Said};
use crate::input::{Input, copies};
use crate::records::{Record, Records};

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
    /// A table up to this many bytes is looked at completely.
    pub small: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { piece: 1024 * 1024, small: 4 * 1024 * 1024 }
    }
}

/// A file of the table.
#[derive(Clone, Debug)]
pub struct CsvFile {
    /// What is read.
    pub input: Input,
    /// Where its data begins.
    pub beginning: Beginning,
    /// Which column of the table each field is.
    pub columns: Vec<usize>,
    /// Where its records begin.
    pub boundaries: Boundaries,
    /// Names of files that are copies of it.
    pub copies: Vec<String>,
}

/// A table and its files.
#[derive(Clone, Debug)]
pub struct Survey {
    /// All files found, copies included.
    pub stamps: Vec<FileStamp>,
    /// The files that are read.
    pub files: Vec<Arc<CsvFile>>,
    /// What is known of the table.
    pub profile: TableProfile,
}

/// What a survey needs to know.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The table's name.
    pub table: &'a str,
    /// What the configuration says.
    pub said: &'a Said,
    /// Bounds.
    pub limits: &'a Limits,
    /// The texts that mean "no value".
    pub nulls: &'a Nulls,
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
        let mut header = Header::default();
        let mut files = Vec::new();
        let mut preamble = Vec::new();
        for (index, input) in inputs.iter().enumerate() {
            if copied.contains_key(&index) {
                continue;
            }
            let head = input.head(&folder, limits)?;
            let found = Found::in_head(input, &head, said)?;
            let boundaries = Boundaries::find(&folder, input, &found, sizes.piece, limits)?;
            let beginning = beginning(&input.name(), &head, &found, boundaries.dialect, said, limits)?;
            let columns = header.add(&beginning.headers);
            if files.is_empty() {
                preamble.clone_from(&beginning.preamble);
            }
            let copies =
                copied.iter().filter(|(_, original)| **original == index).map(|(copy, _)| inputs[*copy].name().into_owned());
            let mut copies: Vec<_> = copies.collect();
            copies.sort();
            files.push(Arc::new(CsvFile { input: input.clone(), beginning, columns, boundaries, copies }));
        }
        let names = files.iter().map(|file| file.input.name().into_owned()).collect();
        let profile = TableProfile { name: scope.table.to_owned(), header, files: names, preamble, ..TableProfile::default() };
        let mut survey = Self { stamps, files, profile };
        survey.look(&folder, scope, task)?;
        Ok(survey)
    }

    fn look(&mut self, folder: &Path, scope: &Scope<'_>, task: &Task) -> Result<(), SourceError> {
        let size: u64 = self.files.iter().map(|file| file.input.size()).sum();
        self.profile.complete = scope.completely || size <= scope.sizes.small;
        let mut lengths = Lengths::default();
        if self.profile.complete {
            for file in self.files.clone() {
                self.observe(folder, scope, task, &file, 0, Some(u64::MAX), 1, &mut lengths)?;
            }
        } else {
            let mut budget = FIRST_ROWS;
            for file in self.files.clone() {
                if file.input.splittable().is_some() {
                    if budget > 0 {
                        let before = self.profile.rows;
                        self.observe(folder, scope, task, &file, 0, Some(budget), 1, &mut lengths)?;
                        budget = budget.saturating_sub(self.profile.rows - before);
                    }
                } else {
                    self.observe(folder, scope, task, &file, 0, None, STRIDE, &mut lengths)?;
                }
            }
            let places: Vec<_> = self
                .files
                .iter()
                .filter(|file| file.input.splittable().is_some())
                .flat_map(|file| (0..file.boundaries.starts.len()).map(|start| (Arc::clone(file), start)))
                .collect();
            for (file, start) in places.iter().step_by(places.len().div_ceil(PLACES).max(1)) {
                self.observe(folder, scope, task, file, *start, Some(ROWS_PER_PLACE), 1, &mut lengths)?;
            }
        }
        if self.profile.rows == 0 && lengths.wrong == 0 {
            let names = self.profile.files.join(", ");
            return Err(SourceError::new(Status::InvalidData, format!("{names}: there is a header, and no row below it"))
                .with_hint("export it again, or set `header` to the header's line"));
        }
        lengths.judge(self.profile.rows)
    }

    /// Looks at rows from one start on: `rows` of them, or with `None` all, the first thousands and every `stride`th after them.
    #[expect(clippy::too_many_arguments, reason = "one caller, three ways to look")]
    fn observe(
        &mut self,
        folder: &Path,
        scope: &Scope<'_>,
        task: &Task,
        file: &CsvFile,
        start: usize,
        rows: Option<u64>,
        stride: u64,
        lengths: &mut Lengths,
    ) -> Result<(), SourceError> {
        let (boundaries, data) = (&file.boundaries, file.beginning.data);
        let start = boundaries.starts.get(start).copied().filter(|start| start.offset > data.offset).unwrap_or(data);
        let name = &*file.input.name();
        let runs = boundaries.runs(start, boundaries.end);
        let mut records = Records::open(folder, &file.input, boundaries.dialect, runs, scope.limits);
        let mut seen = 0;
        let encoding = boundaries.dialect.encoding;
        while rows.is_none_or(|rows| seen < rows) {
            let Some(record) = records.advance()? else { break };
            if record.is_blank() {
                continue;
            }
            seen += 1;
            if seen % 8192 == 0 && task.is_cancelled() {
                return Err(SourceError::cancelled());
            }
            if seen > FIRST_ROWS && seen % stride != 0 {
                continue;
            }
            if !fits(&record, file.columns.len()) {
                lengths.count(name, &record, file.columns.len());
                continue;
            }
            let mut invalid = false;
            let texts: Vec<_> = (0..record.width()).map(|field| record.get(field)).collect();
            let cells = texts.iter().map(|bytes| {
                let text = encoding.decode(bytes);
                invalid |= text.is_none();
                text.map_or(Cell::Empty, Cell::Text)
            });
            self.profile.observe(&file.columns, cells, scope.nulls, Place { file: name, line: record.line() });
            if invalid {
                return Err(not_utf8(name, record.line()));
            }
        }
        Ok(())
    }
}

/// Whether a record has the header's fields; empty ones more do no harm.
pub fn fits(record: &Record<'_>, header: usize) -> bool {
    record.width() == header
        || (record.width() > header && (header..record.width()).all(|field| record.get(field).trim_ascii().is_empty()))
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
    fn count(&mut self, file: &str, record: &Record<'_>, header: usize) {
        if self.wrong == 0 {
            self.header = header;
            file.clone_into(&mut self.file);
        }
        self.wrong += 1;
        if self.file == file {
            self.counts.entry(record.width()).or_insert((0, record.line())).0 += 1;
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
        let message = format!("{file}:{line}: {fields} fields where the header has {header}, and so in most rows");
        Err(SourceError::new(Status::InvalidData, message)
            .with_hint(format!("if line {line} is the header, set `header = {line}`; else check `delimiter` and `quote`")))
    }
}
