//! Reads CSV exports: one table from one file or many, split at true record boundaries, only the wanted columns decoded.
//!
//! The way of a file: [`input`] unpacks it, [`dialect`] understands its beginning, [`boundaries`] finds where records begin and
//! settles the [`encoding`], [`survey`] looks at a sample (or all) of its rows, [`slice`](mod@slice) is a partition and reads it, [`records`] tokenises. What types columns have is settled by
//! `cvj-tabular`.

pub mod automaton;
pub mod beginning;
pub mod boundaries;
pub mod dialect;
pub mod encoding;
pub mod input;
pub mod records;
pub mod slice;
pub mod survey;

use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::source::{FilterAnswer, Partition, ScanPlan, ScanRequest, TableInfo};
use cvj_core::{BatchStream, SourceError, StageMetrics, Status, Task};
use cvj_tabular::files::find;
use cvj_tabular::limits::Limits;
use cvj_tabular::rows::Contradicted;
use cvj_tabular::settings::{CellSettings, Paths};
use cvj_tabular::table::schema;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::dialect::Said;
use crate::encoding::Encoding;
use crate::slice::Slice;
use crate::survey::{Scope, Sizes, Survey};

/// A source that reads CSV files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvConfig {
    /// The files: a path or glob, or several, relative to `cvj.toml`. All of them make one table, joined by column name.
    pub path: Paths,
    /// The table's name; left out: the source's.
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
    /// The line of the header, counted from 1; left out: the first that is neither blank nor a comment.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub header: Option<u64>,
    /// Lines to pass over before the header.
    #[serde(default)]
    pub skip_lines: u64,
    /// What a comment line before the header begins with; left out: `# `.
    #[serde(default)]
    pub comment: Option<String>,
    /// Bounds on what files may ask of memory and time.
    #[serde(default)]
    pub limits: Limits,
    /// How cells are read.
    #[serde(flatten)]
    pub cells: CellSettings,
}

/// The CSV source.
pub struct CsvSource {
    path: Paths,
    table: String,
    said: Said,
    limits: Limits,
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
            header: config.header,
            skip_lines: config.skip_lines,
            comment: config.comment,
        };
        Ok(Self {
            path: config.path,
            table: config.table.unwrap_or_else(|| task.source().to_owned()),
            said,
            limits: config.limits,
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
        let header = &survey.profile.header;
        self.cells.check_columns(header.names().iter().map(String::as_str).zip(header.headers().iter().map(String::as_str)))?;
        Ok(vec![survey.profile.info(&self.cells)?])
    }

    fn plan(&self, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        if scan.table != self.table {
            let message = format!("there is no table `{}` in source `{}`", scan.table, task.source());
            return Err(SourceError::new(Status::NotFound, message).with_hint(format!("its table is `{}`", self.table)));
        }
        let mut survey = self.survey(task, false)?;
        let mut columns = survey.profile.settle(scan, &self.cells);
        if columns.is_err() && !survey.profile.complete {
            // Rows outside the sample may settle what those within left open.
            survey = self.survey(task, true)?;
            columns = survey.profile.settle(scan, &self.cells);
        }
        let columns = columns?;
        let total: u64 = survey.files.iter().map(|file| file.input.size()).sum();
        let share = (total / scan.target_partitions.max(1) as u64).max(1);
        let mut partitions = Vec::new();
        for file in &survey.files {
            let boundaries = &file.boundaries;
            for runs in boundaries.split(file.beginning.data, boundaries.end, (file.input.size() + share / 2) / share) {
                let slice = Slice {
                    table: self.table.clone(),
                    input: file.input.clone(),
                    dialect: boundaries.dialect,
                    runs,
                    limits: self.limits.clone(),
                    fields: file.columns.clone(),
                    columns: columns.clone(),
                    nulls: self.cells.nulls(),
                    settled: survey.profile.complete,
                    limit: scan.limit,
                    batch_rows: scan.batch_rows.clamp(1, 1 << 20),
                    copies: file.copies.clone(),
                };
                partitions.push(slice.partition()?);
            }
        }
        Ok(ScanPlan {
            schema: schema(&columns),
            partitions,
            filters: vec![FilterAnswer::Unsupported; scan.filters.len()],
            rows: survey.profile.complete.then_some(survey.profile.rows),
        })
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        Slice::of(partition)?.read(self.contradicted.clone(), task)
    }
}

impl CsvSource {
    /// The survey of the files as they are now, looked at again only if one of them changed or more must be known.
    fn survey(&self, task: &Task, completely: bool) -> Result<Arc<Survey>, SourceError> {
        let completely = completely || self.contradicted.contains(&self.table);
        let stamps = find(&task.folder(), &self.path, &self.limits)?;
        let mut kept = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(survey) = kept.as_ref()
            && survey.stamps == stamps
            && (survey.profile.complete || !completely)
        {
            return Ok(Arc::clone(survey));
        }
        let nulls = self.cells.nulls();
        let scope =
            Scope { table: &self.table, said: &self.said, limits: &self.limits, nulls: &nulls, completely, sizes: self.sizes };
        let survey = Arc::new(Survey::of(stamps, &scope, task)?);
        *kept = Some(Arc::clone(&survey));
        Ok(survey)
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
