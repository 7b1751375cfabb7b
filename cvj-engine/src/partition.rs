//! One partition of a scan: the source's batches in the shape that DataFusion reads, and the account of what came with them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use arrow_array::builder::BooleanBuilder;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use cvj_core::source::{Partition, Rejected};
use cvj_core::{BatchStream, SourceError, Status};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

use crate::rejections::{Place, Rejection, RowKey, Sample, When};
use crate::scan::{ROW_BITS, SharedAccount, SourceTable, Unreadable, locked};
use crate::sources::SideChannels;

/// A partition that is to be read.
#[derive(Clone)]
pub(crate) struct PartitionScan {
    pub(crate) table: SourceTable,
    pub(crate) number: u64,
    pub(crate) partition: Partition,
    /// Schema that the source delivers.
    pub(crate) delivered: SchemaRef,
    /// Own columns that are read, in delivery order.
    pub(crate) read: Vec<usize>,
    /// Those of them by which rows are dropped, where the table drops rows.
    pub(crate) needed: Vec<usize>,
    /// Columns of the table's whole schema that are wanted, in output order.
    pub(crate) wanted: Vec<usize>,
    pub(crate) schema: SchemaRef,
    pub(crate) account: SharedAccount,
    /// The definition for which rows with unreadable cells are dropped.
    pub(crate) dropped_for: String,
}

impl fmt::Debug for PartitionScan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}#{}", self.table, self.number)
    }
}

/// Read on the thread that asks for the batches.
impl PartitionStream for PartitionScan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), futures::stream::iter(self.clone().batches())))
    }
}

impl PartitionScan {
    /// The batches as they come; the source is opened when the first is asked for.
    pub(crate) fn batches(self) -> impl Iterator<Item = DataFusionResult<RecordBatch>> {
        let mut reading = Some(Reading { scan: self, pending: Arc::default(), stream: None, first_row: 0 });
        std::iter::from_fn(move || {
            let batch = reading.as_mut()?.next().transpose();
            if !matches!(batch, Some(Ok(_))) {
                reading = None;
            }
            batch
        })
    }

    fn failed(&self, error: SourceError) -> DataFusionError {
        self.table.failure(error)
    }

    /// A rejected cell is of a column that is read, or of the whole row, and of a row that is about to be delivered: else it
    /// would count for nothing.
    fn check_cells(&self, cells: &[Rejected], first_row: u64) -> DataFusionResult<()> {
        let known =
            |column: &str| column.is_empty() || self.read.iter().any(|index| self.table.own.field(*index).name() == column);
        for cell in cells {
            if !known(&cell.column) {
                let message = format!("rejected a cell of column `{}`, which it was not asked for", cell.column);
                return Err(self.failed(fault(&message)));
            }
            if cell.row.is_some_and(|row| row < first_row) {
                return Err(self.failed(fault("rejected a row that it had delivered before")));
            }
        }
        Ok(())
    }

    /// Whether an unreadable cell of this column, or a whole row, drops the row.
    fn drops_by(&self, column: &str) -> bool {
        column.is_empty() || self.needed.iter().any(|index| self.table.own.field(*index).name() == column)
    }

    /// Enters rows and what of them could not be read: for those who judge the rows, or, where they are dropped, for good.
    fn enter(&self, rows: u64, cells: Vec<Rejected>, undelivered: Vec<Rejected>) {
        let mut account = locked(&self.account);
        account.rows += rows;
        for cell in undelivered {
            let key = RowKey::new(&place(&cell), u64::MAX - account.undelivered);
            account.undelivered += 1;
            account.rejections.enter_row(key, [rejection("all definitions", &cell)]);
        }
        let mut by_row: BTreeMap<u64, Vec<Rejected>> = BTreeMap::new();
        for cell in cells {
            by_row.entry(self.row_number(cell.row.unwrap_or_default())).or_default().push(cell);
        }
        match self.table.unreadable {
            Unreadable::Flagged if self.table.spread => account.unread.extend(by_row),
            // Its rows were judged before.
            Unreadable::Flagged => {}
            Unreadable::Dropped => {
                for (row, cells) in by_row {
                    let key = RowKey::new(&place(&cells[0]), row);
                    account.rejections.enter_row(key, cells.iter().map(|cell| rejection(&self.dropped_for, cell)));
                }
            }
        }
    }

    fn row_number(&self, row: u64) -> u64 {
        (self.number << ROW_BITS) | row
    }

    /// The batch in output shape: own columns, the row number, the flags.
    fn shape(&self, batch: &RecordBatch, first_row: u64, cells: &[Rejected]) -> DataFusionResult<RecordBatch> {
        let rows = batch.num_rows();
        let own = self.table.own.fields().len();
        let flags = |column: &str| -> BooleanArray {
            if cells.is_empty() {
                let mut none = BooleanBuilder::with_capacity(rows);
                none.append_n(rows, false);
                return none.finish();
            }
            let mut unread = vec![false; rows];
            for cell in cells.iter().filter(|cell| cell.column.is_empty() || cell.column == column) {
                if let Some(flag) = cell.row.and_then(|row| unread.get_mut(row.checked_sub(first_row)? as usize)) {
                    *flag = true;
                }
            }
            unread.into()
        };
        let columns = self
            .wanted
            .iter()
            .map(|&index| -> DataFusionResult<ArrayRef> {
                match index.cmp(&own) {
                    Ordering::Less => {
                        let place = self.read.iter().position(|read| *read == index);
                        let place = place.ok_or_else(|| DataFusionError::Internal("a column was not read".to_owned()))?;
                        Ok(batch.column(place).clone())
                    }
                    Ordering::Equal => {
                        let numbers = (0..rows as u64).map(|row| self.row_number(first_row + row));
                        Ok(Arc::new(UInt64Array::from_iter_values(numbers)))
                    }
                    Ordering::Greater => Ok(Arc::new(flags(self.table.own.field(index - own - 1).name()))),
                }
            })
            .collect::<DataFusionResult<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let shaped = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        if self.table.unreadable == Unreadable::Flagged || cells.is_empty() {
            return Ok(shaped);
        }
        let mut keep = vec![true; rows];
        for row in cells.iter().filter_map(|cell| cell.row?.checked_sub(first_row)) {
            if let Some(keep) = keep.get_mut(row as usize) {
                *keep = false;
            }
        }
        Ok(filter_record_batch(&shaped, &keep.into())?)
    }
}

/// A partition that is being read.
struct Reading {
    scan: PartitionScan,
    pending: Arc<Pending>,
    stream: Option<BatchStream>,
    first_row: u64,
}

impl Reading {
    fn next(&mut self) -> DataFusionResult<Option<RecordBatch>> {
        let Self { scan, pending, stream, first_row } = self;
        let stream = if let Some(stream) = stream {
            stream
        } else {
            let task = scan.table.host.scan_task(pending.clone());
            let opened = scan.table.supply.read(&scan.partition, scan.delivered.clone(), &task);
            stream.insert(opened.map_err(|error| scan.failed(error))?)
        };
        let Some(batch) = stream.next() else { return self.end().map(|()| None) };
        let batch = batch.map_err(|error| scan.failed(error))?;
        let rows = batch.num_rows() as u64;
        let mut cells = pending.take_cells(*first_row + rows);
        scan.check_cells(&cells, *first_row)?;
        if scan.table.unreadable == Unreadable::Dropped {
            cells.retain(|cell| scan.drops_by(&cell.column));
        }
        let batch = scan.shape(&batch, *first_row, &cells)?;
        scan.enter(rows, cells, pending.take_undelivered());
        *first_row += rows;
        Ok(Some(batch))
    }

    fn end(&self) -> DataFusionResult<()> {
        if let Some(cell) = locked(&self.pending.cells).first() {
            let row = cell.row.unwrap_or_default();
            return Err(self.scan.failed(fault(&format!("rejected row {row}, which it did not deliver"))));
        }
        self.scan.enter(0, Vec::new(), self.pending.take_undelivered());
        let mut account = locked(&self.scan.account);
        for (why, rows) in locked(&self.pending.left_out).drain(..) {
            *account.left_out.entry(why).or_default() += rows;
        }
        Ok(())
    }
}

/// Rejects of one partition that wait for their batch.
#[derive(Default)]
struct Pending {
    cells: Mutex<Vec<Rejected>>,
    undelivered: Mutex<Vec<Rejected>>,
    left_out: Mutex<Vec<(String, u64)>>,
}

impl Pending {
    /// The rejected cells of rows before `end`.
    fn take_cells(&self, end: u64) -> Vec<Rejected> {
        let mut cells = locked(&self.cells);
        let (now, later) = cells.drain(..).partition(|cell| cell.row.is_none_or(|row| row < end));
        *cells = later;
        now
    }

    fn take_undelivered(&self) -> Vec<Rejected> {
        std::mem::take(&mut *locked(&self.undelivered))
    }
}

impl SideChannels for Pending {
    fn reject(&self, rejected: &Rejected) {
        if rejected.row.is_some() {
            locked(&self.cells).push(rejected.clone());
        } else {
            locked(&self.undelivered).push(rejected.clone());
        }
    }

    fn left_out(&self, why: &str, rows: u64) {
        locked(&self.left_out).push((why.to_owned(), rows));
    }
}

fn place(cell: &Rejected) -> Place {
    Place { file: cell.file.clone(), line: cell.line }
}

/// A rejection without its value: the text of a whole row may name a person, and what a view makes of a column is not known.
fn rejection(definition: &str, cell: &Rejected) -> Rejection {
    let sample = Sample {
        place: place(cell),
        definition: definition.to_owned(),
        column: cell.column.clone(),
        why: cell.why.clone(),
        value: String::new(),
    };
    Rejection { when: When::ALWAYS, sample }
}

/// A breach of the plugin contract.
fn fault(what: &str) -> SourceError {
    SourceError::new(Status::Internal, format!("the plugin breaks its contract: it {what}"))
        .with_hint("report this to the plugin's author".to_owned())
}
