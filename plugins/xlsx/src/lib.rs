//! Reads XLSX, XLS, XLSB and ODS exports: the tables in their sheets, cells with the types that the workbook gives them.
//!
//! The way of a file: [`nature`] says what it is, [`workbook`] opens it and gives the [`row`]s of a sheet, whatever the format.
//! [`ooxml`] and [`opendocument`] read their sheets in pieces with [`xml`] out of a [`package`], [`binary`] has `calamine` read
//! the old formats. [`survey`] takes a [`glance`] at every sheet and finds the tables in it, [`part`] is a partition and reads
//! it. What is a header, a total or a footer, and what types columns have, is settled by `cvj-tabular`.

pub mod binary;
pub mod compound;
pub mod glance;
pub mod merged;
pub mod nature;
pub mod ooxml;
pub mod opendocument;
pub mod package;
pub mod part;
pub mod row;
pub mod serial;
pub mod shared_text;
pub mod survey;
pub mod workbook;
pub mod xml;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::nearest::nearest;
use cvj_core::source::{FilterAnswer, Partition, ScanPlan, ScanRequest, TableInfo};
use cvj_core::{BatchStream, SourceError, StageMetrics, Status, Task};
use cvj_tabular::files::find;
use cvj_tabular::fill_down::FilledColumns;
use cvj_tabular::layout::{LayoutSettings, Rules, ShortRows};
use cvj_tabular::limits::Limits;
use cvj_tabular::part::TablePart;
use cvj_tabular::rows::Contradicted;
use cvj_tabular::settings::{CellSettings, Paths};
use cvj_tabular::table::{TableProfile, schema};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::part::Part;
use crate::survey::{Scope, SheetTable, Survey};

/// A source that reads workbooks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct XlsxConfig {
    /// The files: a path or glob, or several, relative to `cvj.toml`. Sheets of the same name make one table, joined by column
    /// name; where no file has more than one sheet with rows, all of them make one.
    pub path: Paths,
    /// The sheets: a name or a number counted from 1, or several; left out: all visible ones.
    #[serde(default)]
    pub sheet: Option<SheetChoices>,
    /// The name of the table, where there is one only; left out: the source's.
    #[serde(default)]
    pub table: Option<String>,
    /// What happens to rows that are hidden, by hand or by a filter.
    #[serde(default)]
    pub hidden_rows: HiddenRows,
    /// Bounds on the files.
    #[serde(default)]
    pub limits: Limits,
    /// A key of plugin csv, refused here: in a sheet the cells that are missing are empty.
    #[serde(default)]
    pub short_rows: Option<ShortRows>,
    /// Where tables stand in the sheets.
    #[serde(flatten)]
    pub layout: LayoutSettings,
    /// How cells are read.
    #[serde(flatten)]
    pub cells: CellSettings,
}

/// What happens to rows that are hidden, by hand or by a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HiddenRows {
    /// They are data: other programs, and sums in the sheet, see them too.
    #[default]
    Read,
    /// They are left out and counted.
    Skip,
}

/// One sheet or several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SheetChoices {
    /// One.
    One(SheetChoice),
    /// Several.
    Several(Vec<SheetChoice>),
}

/// A sheet by name or by place.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SheetChoice {
    /// Its place, counted from 1.
    Number(NonZeroU32),
    /// Its name.
    Name(String),
}

impl fmt::Display for SheetChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Name(name) => write!(formatter, "`{name}`"),
        }
    }
}

/// The workbook source.
pub struct XlsxSource {
    config: XlsxConfig,
    table: String,
    contradicted: Contradicted,
    survey: Mutex<Option<(Arc<Survey>, bool)>>,
}

impl StageMetrics for XlsxSource {
    type Config = XlsxConfig;

    fn open(config: XlsxConfig, task: &Task) -> Result<Self, SourceError> {
        config.cells.check()?;
        if config.short_rows.is_some() {
            let message = "`short_rows` is a key of plugin csv: in a sheet the cells that are missing are empty";
            return Err(SourceError::new(Status::InvalidArgument, message).with_hint("take it out"));
        }
        let table = config.table.clone().unwrap_or_else(|| task.source().to_owned());
        Ok(Self { config, table, contradicted: Contradicted::default(), survey: Mutex::new(None) })
    }

    fn check(&self, task: &Task) -> Result<(), SourceError> {
        let folder = task.folder();
        find(&folder, &self.config.path, &self.config.limits)?.iter().try_for_each(|file| file.open(&folder).map(|_| ()))
    }

    fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        let survey = self.survey(task, false)?;
        let known = survey.tables.iter().flat_map(|table| {
            let header = &table.profile.header;
            header.names().iter().map(String::as_str).zip(header.headers().iter().map(String::as_str))
        });
        self.config.cells.check_columns(known)?;
        survey.tables.iter().map(|table| table.profile.info(&self.config.cells)).collect()
    }

    fn plan(&self, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        let cells = &self.config.cells;
        let mut table = self.table(scan, task, false)?;
        let mut columns = table.profile.settle(scan, cells);
        if columns.is_err() && !table.profile.complete {
            // Rows beyond the first may settle what those left open.
            table = self.table(scan, task, true)?;
            columns = table.profile.settle(scan, cells);
        }
        let columns = columns?;
        let profile = &table.profile;
        let fill_down = self.fill_down(profile, task)?;
        let partitions = table.parts.iter().map(|part| {
            let (from, to) = part.rows();
            let spread = part.areas.iter().filter(|area| area.bottom > area.top && u64::from(area.bottom) + 1 >= from);
            let carried = TablePart {
                table: profile.name.clone(),
                file: part.stamp.name().to_owned(),
                fields: part.columns.clone(),
                sieve: part.layout.sieve.clone(),
                columns: columns.clone(),
                range: part.layout.range,
                fill_down: fill_down.clone(),
                short_rows: ShortRows::Fill,
                nulls: cells.nulls(),
                settled: profile.complete,
                limit: scan.limit,
                batch_rows: scan.batch_rows.clamp(1, 1 << 20),
                copies: part.copies.clone(),
            };
            let part = Part {
                part: carried,
                file: part.stamp.clone(),
                sheet: part.sheet.clone(),
                from,
                to,
                areas: spread.copied().collect(),
                skip_hidden: self.config.hidden_rows == HiddenRows::Skip,
                limits: self.config.limits.clone(),
            };
            part.partition()
        });
        Ok(ScanPlan {
            schema: schema(&columns),
            partitions: partitions.collect::<Result<_, _>>()?,
            filters: vec![FilterAnswer::Unsupported; scan.filters.len()],
            rows: table.profile.complete.then_some(table.profile.rows),
        })
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        let part = Part::of(partition)?;
        let kept = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.as_ref().and_then(|(survey, _)| survey.shared.clone()).filter(|(stamp, _)| *stamp == part.file);
        drop(kept);
        part.read(self.contradicted.clone(), known.map(|(_, shared)| shared), task)
    }
}

impl XlsxSource {
    /// The survey of the files as they are now, looked at again only if one of them changed or more must be known.
    fn survey(&self, task: &Task, completely: bool) -> Result<Arc<Survey>, SourceError> {
        let stamps = find(&task.folder(), &self.config.path, &self.config.limits)?;
        let mut kept = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        let mut completely = completely;
        if let Some((survey, looked_completely)) = kept.as_ref() {
            completely |= survey.tables.iter().any(|table| self.contradicted.contains(&table.profile.name));
            if survey.stamps == stamps && (*looked_completely || !completely) {
                return Ok(Arc::clone(survey));
            }
        }
        let sheets = match &self.config.sheet {
            None => &[],
            Some(SheetChoices::One(sheet)) => std::slice::from_ref(sheet),
            Some(SheetChoices::Several(sheets)) => sheets.as_slice(),
        };
        let scope = Scope {
            table: &self.table,
            sheets,
            rules: &Rules::new(&self.config.layout, &self.config.cells, false),
            skip_hidden: self.config.hidden_rows == HiddenRows::Skip,
            limits: &self.config.limits,
            completely,
        };
        let survey = Arc::new(Survey::of(stamps, &scope, task)?);
        *kept = Some((Arc::clone(&survey), completely));
        Ok(survey)
    }

    /// The columns of a table that are filled down.
    fn fill_down(&self, profile: &TableProfile, task: &Task) -> Result<Option<FilledColumns>, SourceError> {
        let Some(fill) = &self.config.layout.fill_down else { return Ok(None) };
        let survey = self.survey(task, false)?;
        let all: Vec<_> = survey.tables.iter().map(|table| &table.profile.header).collect();
        fill.of(&profile.header, &all)
    }

    fn table(&self, scan: &ScanRequest, task: &Task, completely: bool) -> Result<Arc<SheetTable>, SourceError> {
        let survey = self.survey(task, completely)?;
        let found = survey.tables.iter().find(|table| table.profile.name == scan.table);
        found.cloned().ok_or_else(|| {
            let names: Vec<_> = survey.tables.iter().map(|table| table.profile.name.as_str()).collect();
            let message = format!("there is no table `{}` in source `{}`", scan.table, task.source());
            let error = SourceError::new(Status::NotFound, message);
            match nearest(&scan.table, names.iter().copied()) {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint(format!("its tables are {}", names.join(", "))),
            }
        })
    }
}

cvj_core::export_plugin!(XlsxSource, name = "xlsx", doc = "Reads XLSX, XLS, XLSB and ODS exports");

#[cfg(test)]
mod tests;
