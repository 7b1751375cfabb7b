//! A table as far as it is known: its header, what its values say, and the columns of a scan settled from both.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use cvj_core::source::{
    COLUMN_FILE, COLUMN_FROM, COLUMN_LINE, COLUMN_TO, ColumnRequest, Kind, ScanRequest, TableDetails, TableInfo,
};
use cvj_core::{SourceError, Status};
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Place};
use crate::currency_column::currency_columns;
use crate::detect::Question;
use crate::evidence::ColumnEvidence;
use crate::format::ColumnFormat;
use crate::header::Header;
use crate::number::DecimalMark;
use crate::settings::{CellSettings, Nulls};

/// What is known of a table.
#[derive(Clone, Debug, Default)]
pub struct TableProfile {
    /// The table's name.
    pub name: String,
    /// Its columns.
    pub header: Header,
    /// What their values say, by column.
    pub evidence: Vec<ColumnEvidence>,
    /// All rows were looked at, so that no row can contradict what is settled.
    pub complete: bool,
    /// Rows looked at: all of them if `complete`.
    pub rows: u64,
    /// File names, with no more folders than tell them apart.
    pub files: Vec<String>,
    /// Some file is written as where a comma is the decimal mark: `1,234` may be a little over one.
    pub comma_in_doubt: bool,
    /// Lines before the header.
    pub preamble: Vec<String>,
    /// The lines before the header of some file say which days it covers.
    pub ranged: bool,
    /// The number of rows that its footers say it has, if all files have one.
    pub rows_expected: Option<u64>,
    /// How its files are written, a line each.
    pub format: Vec<String>,
}

/// One column of a scan, self-contained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// What a column of a scan holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The file's name.
    File,
    /// The line.
    Line,
    /// The first day that the file covers.
    From,
    /// The last day that the file covers.
    To,
    /// The cells of a column of the table, in this format.
    Cells(usize, ColumnFormat),
}

impl PlannedColumn {
    /// Its Arrow field.
    pub fn field(&self) -> Field {
        match &self.content {
            Content::File => Field::new(&self.name, DataType::Utf8, false),
            Content::Line => Field::new(&self.name, DataType::Int64, false),
            Content::From | Content::To => Field::new(&self.name, DataType::Date32, true),
            Content::Cells(_, format) => format.field(&self.name),
        }
    }
}

/// The schema of the batches of these columns.
pub fn schema(columns: &[PlannedColumn]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(PlannedColumn::field).collect::<Vec<_>>()))
}

impl TableProfile {
    /// Counts the cells of one row of a file whose fields are these columns of the table.
    pub fn observe<'a>(&mut self, columns: &[usize], cells: impl Iterator<Item = Cell<'a>>, nulls: &Nulls, place: Place<'_>) {
        self.evidence.resize_with(self.header.names().len(), ColumnEvidence::default);
        for (column, cell) in columns.iter().zip(cells) {
            self.evidence[*column].observe(&cell, nulls, place);
        }
        self.rows += 1;
    }

    /// The table as the host sees it.
    pub fn info(&self, settings: &CellSettings) -> Result<TableInfo, SourceError> {
        let columns = self.planned(&self.everything(), settings)?;
        Ok(TableInfo {
            name: self.name.clone(),
            schema: schema(&columns),
            details: TableDetails {
                doc: format!("Rows of {}.", self.files.join(", ")),
                files: self.files.clone(),
                headers: self.header.headers().to_vec(),
                preamble: self.preamble.clone(),
                rows_expected: self.rows_expected,
                format: self.format.clone(),
                ..TableDetails::default()
            },
        })
    }

    /// The columns of a scan, each settled as what it is needed as.
    pub fn settle(&self, scan: &ScanRequest, settings: &CellSettings) -> Result<Vec<PlannedColumn>, SourceError> {
        match &scan.columns {
            Some(requests) => self.planned(requests, settings),
            None => self.planned(&self.everything(), settings),
        }
    }

    fn everything(&self) -> Vec<ColumnRequest> {
        (0..self.width()).map(|index| ColumnRequest { index, kind: Kind::Any }).collect()
    }

    /// Columns, the virtual ones included.
    fn width(&self) -> usize {
        self.header.names().len() + if self.ranged { 4 } else { 2 }
    }

    /// These columns, settled. What depends on all columns of the table is found once.
    fn planned(&self, requests: &[ColumnRequest], settings: &CellSettings) -> Result<Vec<PlannedColumn>, SourceError> {
        let decimal_hint = self.decimal_hint();
        let currencies = currency_columns(self.header.headers(), &self.evidence);
        let planned = requests.iter().map(|request| {
            let currency = currencies.get(request.index).copied().flatten();
            self.column(*request, decimal_hint, currency, settings)
        });
        planned.collect()
    }

    fn column(
        &self,
        request: ColumnRequest,
        decimal_hint: Option<DecimalMark>,
        currency: Option<usize>,
        settings: &CellSettings,
    ) -> Result<PlannedColumn, SourceError> {
        let names = self.header.names();
        let Some(name) = names.get(request.index) else {
            let virtual_column = |name: &str, content| Ok(PlannedColumn { name: name.to_owned(), content });
            return match request.index - names.len() {
                0 => virtual_column(COLUMN_FILE, Content::File),
                1 => virtual_column(COLUMN_LINE, Content::Line),
                2 if self.ranged => virtual_column(COLUMN_FROM, Content::From),
                3 if self.ranged => virtual_column(COLUMN_TO, Content::To),
                _ => Err(SourceError::new(
                    Status::InvalidArgument,
                    format!("column {} was asked of table `{}`, which has {}", request.index, self.name, self.width()),
                )),
            };
        };
        let question = Question {
            table: &self.name,
            column: name,
            header: &self.header.headers()[request.index],
            comma_in_doubt: self.comma_in_doubt,
            kind: request.kind,
            decimal_hint,
        };
        let nothing = ColumnEvidence::default();
        let format = self.evidence.get(request.index).unwrap_or(&nothing).settle(&question, settings)?;
        let format = format.with_currency_column(currency.map(|index| names[index].as_str()));
        Ok(PlannedColumn { name: name.clone(), content: Content::Cells(request.index, format) })
    }

    /// The decimal mark that the columns agree on which prove one.
    fn decimal_hint(&self) -> Option<DecimalMark> {
        let mut marks = self.evidence.iter().filter_map(ColumnEvidence::decimal_mark);
        let first = marks.next()?;
        marks.all(|mark| mark == first).then_some(first)
    }
}
