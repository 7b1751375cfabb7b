//! Rows to record batches: every projected cell read by its column's format, what does not read reported, and the stream ended
//! where a value contradicts a format that was settled from a sample.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, ArrayRef, Date32Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::SchemaRef;
use cvj_core::source::Rejected;
use cvj_core::{SourceError, Status, Task};

use crate::column::ColumnBuilder;
use crate::layout::DateRange;
use crate::moment::days;
use crate::part::{RowBlock, RowCells};
use crate::settings::Nulls;
use crate::table::{Content, PlannedColumn, schema};

/// The tables whose samples turned out to mislead: from then on they are looked at completely before a format is settled, so
/// that a table is planned anew once at most.
#[derive(Clone, Debug, Default)]
pub struct Contradicted(Arc<Mutex<HashSet<String>>>);

impl Contradicted {
    /// Remembers a table.
    pub fn remember(&self, table: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(table.to_owned());
    }

    /// Whether this table was remembered.
    pub fn contains(&self, table: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(table)
    }
}

/// Assembles the rows of one partition.
pub struct RowAssembler {
    schema: SchemaRef,
    columns: Vec<Assembled>,
    origin: Origin,
    range: Option<DateRange>,
    delivered: u64,
    pending: usize,
}

struct Assembled {
    name: String,
    source: Source,
}

enum Source {
    /// With the column of the last batch: batches are of one length, but for the last.
    File(Option<ArrayRef>),
    Line(Vec<i64>),
    From,
    To,
    Field(usize, ColumnBuilder),
    /// The file lacks the column.
    Absent(PlannedColumn),
}

impl RowAssembler {
    /// An assembler for a file in which `field_of` says where the columns of the table stand.
    pub fn new(
        columns: &[PlannedColumn],
        field_of: impl Fn(usize) -> Option<usize>,
        nulls: Nulls,
        batch_rows: usize,
        origin: Origin,
    ) -> Self {
        let schema = schema(columns);
        let nulls = Arc::new(nulls);
        let columns = columns.iter().map(|column| {
            let source = match &column.content {
                Content::File => Source::File(None),
                Content::Line => Source::Line(Vec::with_capacity(batch_rows)),
                Content::From => Source::From,
                Content::To => Source::To,
                Content::Cells(index, format) => match field_of(*index) {
                    Some(field) => Source::Field(field, ColumnBuilder::new(format.clone(), Arc::clone(&nulls), batch_rows)),
                    None => Source::Absent(column.clone()),
                },
            };
            Assembled { name: column.name.clone(), source }
        });
        let columns = columns.collect();
        Self { schema, columns, origin, range: None, delivered: 0, pending: 0 }
    }

    /// Says which days the rows are about.
    pub fn covers(&mut self, range: Option<DateRange>) {
        self.range = range;
    }

    /// Appends a row of the file.
    pub fn push(&mut self, line: u64, row: &(impl RowCells + ?Sized)) -> Result<(), SourceError> {
        let number = self.rows();
        for Assembled { name, source } in &mut self.columns {
            match source {
                Source::File(_) | Source::From | Source::To | Source::Absent(_) => {}
                Source::Line(lines) => lines.push(line as i64),
                Source::Field(field, builder) => self.origin.append(name, builder, line, row, *field, number)?,
            }
        }
        self.pending += 1;
        Ok(())
    }

    /// Appends these rows of a block, column by column.
    pub fn push_block(&mut self, block: &impl RowBlock, rows: Range<usize>) -> Result<(), SourceError> {
        let number = self.rows();
        for Assembled { name, source } in &mut self.columns {
            match source {
                Source::File(_) | Source::From | Source::To | Source::Absent(_) => {}
                Source::Line(lines) => lines.extend(rows.clone().map(|row| block.line(row) as i64)),
                Source::Field(field, builder) => {
                    let mut row = rows.start;
                    while row < rows.end {
                        row += builder.push_common(block.column(row..rows.end, *field));
                        if row < rows.end {
                            let number = number + (row - rows.start) as u64;
                            self.origin.append(name, builder, block.line(row), &block.row(row), *field, number)?;
                            row += 1;
                        }
                    }
                }
            }
        }
        self.pending += rows.len();
        Ok(())
    }

    /// Reports a row that is not delivered at all.
    pub fn reject_row(&self, line: u64, why: String, value: String) {
        let file = self.origin.file.clone();
        self.origin.task.reject(&Rejected { row: None, file, line, column: String::new(), why, value });
    }

    /// The schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Rows delivered and pending.
    pub fn rows(&self) -> u64 {
        self.delivered + self.pending as u64
    }

    /// Rows pending.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Bytes of the pending text.
    pub fn pending_text(&self) -> usize {
        let text = |column: &Assembled| if let Source::Field(_, builder) = &column.source { builder.text() } else { 0 };
        self.columns.iter().map(text).sum()
    }

    /// The pending rows as a batch.
    pub fn finish(&mut self) -> Result<RecordBatch, SourceError> {
        let rows = std::mem::take(&mut self.pending);
        let before = self.delivered;
        self.delivered += rows as u64;
        let file = &self.origin.file;
        let range = self.range;
        let arrays = self.columns.iter_mut().map(|column| -> Result<ArrayRef, SourceError> {
            Ok(match &mut column.source {
                Source::File(known) => match known {
                    Some(array) if array.len() == rows => Arc::clone(array),
                    _ => Arc::clone(known.insert(repeated(file, rows))),
                },
                Source::From => Arc::new(Date32Array::from(vec![range.map(|range| days(range.from)); rows])),
                Source::To => Arc::new(Date32Array::from(vec![range.map(|range| days(range.to)); rows])),
                Source::Line(lines) => Arc::new(Int64Array::from(std::mem::replace(lines, Vec::with_capacity(rows)))),
                Source::Field(_, builder) => {
                    builder.try_finish().map_err(|broken| not_utf8(file, &column.name, before + broken.row as u64))?
                }
                Source::Absent(planned) => match &planned.content {
                    Content::Cells(_, format) => ColumnBuilder::absent(format, rows),
                    Content::File | Content::Line | Content::From | Content::To => unreachable!("only cells can be absent"),
                },
            })
        });
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options).map_err(|error| {
            SourceError::new(Status::Internal, format!("the rows of `{}` make no batch: {error}", self.origin.file))
        })
    }
}

/// A column of one text.
fn repeated(text: &str, rows: usize) -> ArrayRef {
    let offsets = OffsetBuffer::from_repeated_length(text.len(), rows);
    Arc::new(StringArray::new(offsets, Buffer::from_vec(text.as_bytes().repeat(rows)), None))
}

/// Arrow counts the bytes of a column of text in 32 bits.
const MOST_TEXT: usize = i32::MAX as usize;

fn too_much_text(file: &str, line: u64) -> SourceError {
    SourceError::new(Status::InvalidData, format!("{file}:{line}: more than 2 GiB of text stand in one row"))
        .with_hint("set `limits.row` below that")
}

fn not_utf8(file: &str, column: &str, row: u64) -> SourceError {
    SourceError::new(Status::InvalidData, format!("`{file}`: row {} has text in column `{column}` that is not UTF-8", row + 1))
        .with_hint("export it again as UTF-8")
}

/// Where the rows of a partition come from, and where what does not read is told.
pub struct Origin {
    /// The table.
    pub table: String,
    /// The file's name, with no more folders than tell it from others.
    pub file: String,
    /// Where a contradiction is remembered; `None`: the formats are settled from all rows, and no value contradicts them.
    pub contradicted: Option<Contradicted>,
    /// The host.
    pub task: Task,
}

impl Origin {
    /// Appends the cell of a row, the `number`th delivered, to its column; one that does not read is told.
    fn append(
        &self,
        column: &str,
        builder: &mut ColumnBuilder,
        line: u64,
        row: &(impl RowCells + ?Sized),
        field: usize,
        number: u64,
    ) -> Result<(), SourceError> {
        let outcome = match row.plain(field) {
            Some(bytes) => builder.push_bytes(bytes),
            None => builder.push(&row.cell(field)?),
        };
        if builder.text() > MOST_TEXT {
            return Err(too_much_text(&self.file, line));
        }
        let Err(unreadable) = outcome else { return Ok(()) };
        let cell = row.cell(field)?;
        if unreadable.contradiction
            && let Some(contradicted) = &self.contradicted
        {
            contradicted.remember(&self.table);
            return Err(SourceError::schema_changed(format!(
                "{}:{line}: column `{column}` of table `{}`: {}: `{}`",
                self.file,
                self.table,
                unreadable.why,
                cell.to_text()
            )));
        }
        self.task.reject(&Rejected {
            row: Some(number),
            file: self.file.clone(),
            line,
            column: column.to_owned(),
            why: unreadable.why,
            value: cell.to_text().into_owned(),
        });
        Ok(())
    }
}
