//! Reads CSV exports: one table from one file or many, split at true record boundaries, only the wanted columns decoded.
//!
//! The way of a file: [`input`] unpacks it, [`dialect`] understands its beginning, [`boundaries`] finds where records begin and
//! settles the [`encoding`], [`tables`] finds the tables in it, [`survey`] looks at a sample (or all) of their rows,
//! [`slice`](mod@slice) is a partition and reads it, [`records`] tokenises, [`regular`] the most of it in blocks. Which rows are
//! data and what types columns have is settled by `cvj-tabular`.

pub mod automaton;
pub mod boundaries;
pub mod dialect;
pub mod encoding;
pub mod input;
pub mod records;
pub mod regular;
pub mod slice;
pub mod survey;
pub mod tables;

use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::source::{FilterAnswer, Partition, ScanPlan, ScanRequest, TableInfo};
use cvj_core::{BatchStream, SourceError, StageMetrics, Status, Task};
use cvj_tabular::files::find;
use cvj_tabular::fill_down::FilledColumns;
use cvj_tabular::layout::{LayoutSettings, Rules};
use cvj_tabular::limits::Limits;
use cvj_tabular::part::TablePart;
use cvj_tabular::rows::Contradicted;
use cvj_tabular::settings::{CellSettings, Paths};
use cvj_tabular::table::schema;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::dialect::Said;
use crate::encoding::Encoding;
use crate::slice::Slice;
use crate::survey::{CsvTable, Scope, Sizes, Survey};
use crate::tables::Lines;

/// A source that reads CSV files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvConfig {
    /// The files: a path or glob, or several, relative to `cvj.toml`. All of them make one table, joined by column name; where
    /// a file has several tables, those of one name over all files make one.
    pub path: Paths,
    /// The name of the table, where there is one only; left out: the source's.
    #[serde(default)]
    pub table: Option<String>,
    /// The character between fields: one character, `tab`, or `auto` (the default).
    #[serde(default)]
    pub delimiter: Option<String>,
    /// The character around fields: one character, `none`, or `auto` (the default): `"`, or `'` if the content shows it.
    #[serde(default)]
    pub quote: Option<String>,
    /// What makes a quote within quotes text, beside doubling it: `\\`, `none`, or `auto` (the default).
    #[serde(default)]
    pub escape: Option<String>,
    /// How the bytes are characters; left out: found from the content.
    #[serde(default)]
    pub encoding: Encoding,
    /// Lines to pass over before the header.
    #[serde(default)]
    pub skip_lines: u64,
    /// What a comment begins with; left out: `# `. Comments stand before a header only.
    #[serde(default)]
    pub comment: Option<String>,
    /// Bounds on what files may ask of memory and time.
    #[serde(default)]
    pub limits: Limits,
    /// Where tables stand, and which rows are data.
    #[serde(flatten)]
    pub layout: LayoutSettings,
    /// How cells are read.
    #[serde(flatten)]
    pub cells: CellSettings,
}

/// The CSV source.
pub struct CsvSource {
    path: Paths,
    table: String,
    said: Said,
    lines: Lines,
    limits: Limits,
    layout: LayoutSettings,
    cells: CellSettings,
    sizes: Sizes,
    contradicted: Contradicted,
    survey: Mutex<Option<Arc<Survey>>>,
}

impl StageMetrics for CsvSource {
    type Config = CsvConfig;

    fn open(config: CsvConfig, task: &Task) -> Result<Self, SourceError> {
        config.cells.check()?;
        let said = Said {
            delimiter: delimiter(config.delimiter.as_deref())?,
            quote: quote(config.quote.as_deref())?,
            escape: escape(config.escape.as_deref())?,
            encoding: config.encoding,
        };
        let rules = Rules { skip: config.skip_lines, ..Rules::new(&config.layout, &config.cells, true) };
        Ok(Self {
            path: config.path,
            table: config.table.unwrap_or_else(|| task.source().to_owned()),
            said,
            lines: Lines { rules, comment: config.comment },
            limits: config.limits,
            layout: config.layout,
            cells: config.cells,
            sizes: Sizes::default(),
            contradicted: Contradicted::default(),
            survey: Mutex::new(None),
        })
    }

    fn check(&self, task: &Task) -> Result<(), SourceError> {
        let folder = task.folder();
        find(&folder, &self.path, &self.limits)?.iter().try_for_each(|file| file.open(&folder).map(|_| ()))
    }

    fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        let survey = self.survey(task, false)?;
        let known = survey.tables.iter().flat_map(|table| {
            let header = &table.profile.header;
            header.names().iter().map(String::as_str).zip(header.headers().iter().map(String::as_str))
        });
        self.cells.check_columns(known)?;
        survey
            .tables
            .iter()
            .map(|table| {
                self.fill_down(table, &survey)?;
                table.profile.info(&self.cells)
            })
            .collect()
    }

    fn plan(&self, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        let mut survey = self.survey(task, false)?;
        let mut table = survey.table(&scan.table, task)?;
        let mut columns = table.profile.settle(scan, &self.cells);
        if columns.is_err() && !survey.complete {
            // Rows outside the sample may settle what those within left open.
            survey = self.survey(task, true)?;
            table = survey.table(&scan.table, task)?;
            columns = table.profile.settle(scan, &self.cells);
        }
        let columns = columns?;
        let fill_down = self.fill_down(&table, &survey)?;
        let total: u64 = table.parts.iter().map(|part| part.file.input.size()).sum();
        let share = (total / scan.target_partitions.max(1) as u64).max(1);
        let mut partitions = Vec::new();
        for part in &table.parts {
            let boundaries = &part.file.boundaries;
            // What a row is filled with may stand in the part before.
            let count = if fill_down.is_some() { 1 } else { (part.file.input.size() + share / 2) / share };
            for runs in boundaries.split(part.begin(), part.end(), count) {
                let slice = Slice {
                    part: TablePart {
                        table: table.profile.name.clone(),
                        file: part.file.input.name().into_owned(),
                        fields: part.columns.clone(),
                        sieve: part.layout.sieve.clone(),
                        columns: columns.clone(),
                        range: part.layout.range,
                        fill_down: fill_down.clone(),
                        short_rows: self.layout.short_rows,
                        nulls: self.cells.nulls(),
                        settled: survey.complete,
                        limit: scan.limit,
                        batch_rows: scan.batch_rows.clamp(1, 1 << 20),
                        copies: part.file.copies.clone(),
                    },
                    input: part.file.input.clone(),
                    dialect: boundaries.dialect,
                    runs,
                    limits: self.limits.clone(),
                };
                partitions.push(slice.partition()?);
            }
        }
        Ok(ScanPlan {
            schema: schema(&columns),
            partitions,
            filters: vec![FilterAnswer::Unsupported; scan.filters.len()],
            rows: survey.complete.then_some(table.profile.rows),
        })
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        Slice::of(partition)?.read(self.contradicted.clone(), task)
    }
}

impl CsvSource {
    /// The survey of the files as they are now, looked at again only if one of them changed or more must be known.
    fn survey(&self, task: &Task, completely: bool) -> Result<Arc<Survey>, SourceError> {
        let stamps = find(&task.folder(), &self.path, &self.limits)?;
        let mut kept = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        let mut completely = completely;
        if let Some(survey) = kept.as_ref() {
            completely |= survey.tables.iter().any(|table| self.contradicted.contains(&table.profile.name));
            if survey.stamps == stamps && (survey.complete || !completely) {
                return Ok(Arc::clone(survey));
            }
        }
        let scope = Scope {
            table: &self.table,
            said: &self.said,
            lines: &self.lines,
            short_rows: self.layout.short_rows,
            limits: &self.limits,
            completely,
            sizes: self.sizes,
        };
        let survey = Arc::new(Survey::of(stamps, &scope, task)?);
        *kept = Some(Arc::clone(&survey));
        Ok(survey)
    }

    fn fill_down(&self, table: &CsvTable, survey: &Survey) -> Result<Option<FilledColumns>, SourceError> {
        let Some(fill_down) = &self.layout.fill_down else { return Ok(None) };
        let all: Vec<_> = survey.tables.iter().map(|table| &table.profile.header).collect();
        fill_down.of(&table.profile.header, &all)
    }
}

fn delimiter(written: Option<&str>) -> Result<Option<u8>, SourceError> {
    match written {
        None | Some("auto") => Ok(None),
        Some("tab") => Ok(Some(b'\t')),
        Some(written) => one_byte("delimiter", written, "use one character, `tab`, or `auto`").map(Some),
    }
}

fn quote(written: Option<&str>) -> Result<Option<u8>, SourceError> {
    match written {
        None | Some("auto") => Ok(None),
        Some("none") => Ok(Some(0)),
        Some(written) => one_byte("quote", written, "use one character, `none`, or `auto`").map(Some),
    }
}

fn escape(written: Option<&str>) -> Result<Option<u8>, SourceError> {
    match written {
        None | Some("auto") => Ok(None),
        Some("none") => Ok(Some(0)),
        Some(written) => one_byte("escape", written, "use `\\\\`, `none`, or `auto`").map(Some),
    }
}

fn one_byte(key: &str, written: &str, hint: &str) -> Result<u8, SourceError> {
    match written.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => {
            Err(SourceError::new(Status::InvalidArgument, format!("`{key} = \"{written}\"` is no single character"))
                .with_hint(hint))
        }
    }
}

#[cfg(test)]
mod tests;

cvj_core::export_plugin!(CsvSource, name = "csv", doc = "Reads CSV exports");
