//! Reads XLSX, XLS, XLSB and ODS exports: one table a sheet, cells with the types that the workbook gives them.
//!
//! [`workbook`] turns any of the four formats into rows of cells, [`survey`] finds tables and headers and looks at the first rows,
//! [`part`] is a partition and reads it. What types columns have is settled by `cvj-tabular`.

pub mod part;
pub mod survey;
pub mod workbook;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::nearest::nearest;
use cvj_core::source::{FilterAnswer, Partition, ScanPlan, ScanRequest, TableInfo};
use cvj_core::{BatchStream, SourceError, StageMetrics, Status, Task};
use cvj_tabular::files::find;
use cvj_tabular::limits::Limits;
use cvj_tabular::rows::Contradicted;
use cvj_tabular::settings::{CellSettings, Paths};
use cvj_tabular::table::schema;
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
    /// The row of the header, counted from 1; left out: the first row that is not blank.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub header: Option<u64>,
    /// How cells are read.
    #[serde(flatten)]
    pub cells: CellSettings,
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
        let table = config.table.clone().unwrap_or_else(|| task.source().to_owned());
        Ok(Self { config, table, contradicted: Contradicted::default(), survey: Mutex::new(None) })
    }

    fn check(&self, task: &Task) -> Result<(), SourceError> {
        let folder = task.folder();
        find(&folder, &self.config.path)?.iter().try_for_each(|file| file.open(&folder).map(|_| ()))
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
        let partitions = table.parts.iter().map(|part| {
            let part = Part {
                table: table.profile.name.clone(),
                file: part.stamp.clone(),
                sheet: part.sheet.clone(),
                header_row: part.header_row,
                fields: part.columns.clone(),
                columns: columns.clone(),
                nulls: cells.nulls(),
                settled: table.profile.complete,
                limit: scan.limit,
                batch_rows: scan.batch_rows.clamp(1, 1 << 20),
                copies: part.copies.clone(),
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
        Part::of(partition)?.read(self.contradicted.clone(), task)
    }
}

impl XlsxSource {
    /// The survey of the files as they are now, looked at again only if one of them changed or more must be known.
    fn survey(&self, task: &Task, completely: bool) -> Result<Arc<Survey>, SourceError> {
        let stamps = find(&task.folder(), &self.config.path)?;
        let mut kept = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        let mut completely = completely;
        if let Some((survey, looked_completely)) = kept.as_ref() {
            completely |= survey.tables.iter().any(|table| self.contradicted.contains(&table.profile.name));
            if survey.stamps == stamps && (*looked_completely || !completely) {
                return Ok(Arc::clone(survey));
            }
        }
        let nulls = self.config.cells.nulls();
        let sheets = match &self.config.sheet {
            None => &[],
            Some(SheetChoices::One(sheet)) => std::slice::from_ref(sheet),
            Some(SheetChoices::Several(sheets)) => sheets.as_slice(),
        };
        let scope = Scope { table: &self.table, sheets, header: self.config.header, nulls: &nulls, completely };
        let survey = Arc::new(Survey::of(stamps, &scope, task)?);
        *kept = Some((Arc::clone(&survey), completely));
        Ok(survey)
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
