//! A source's table as DataFusion sees it: one stream per partition, each pulled on a blocking thread.
//!
//! Beside the table's columns it has `_row` (the row's number in the scan) and, for every column that a definition needs, a
//! truth value `_unread.<column>`: the cell is not empty, but could not be read.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use cvj_core::source::{ColumnRequest, Filter, FilterOp, FilterValue, Kind, Partition, Rejected, ScanRequest, TableInfo};
use cvj_core::{SourceError, Status};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use crate::error::EngineError;
use crate::plugin;
use crate::sources::{Host, OpenSource, SideChannels};

/// Column with the row's number: the partition's place in the upper 24 bits, the row's in its stream in the lower 40.
pub(crate) const COLUMN_ROW: &str = "_row";
const ROW_BITS: u32 = 40;
/// The row's part of a row number.
pub(crate) const ROW_MASK: u64 = (1 << ROW_BITS) - 1;

/// Name of the column that says whether another could not be read.
pub(crate) fn unread_column(column: &str) -> String {
    format!("_unread.{column}")
}

/// What a scan said beside its rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// Rows delivered by the source.
    pub(crate) rows: u64,
    /// Cells that could not be read, by row number.
    pub(crate) unread: HashMap<u64, Vec<Rejected>>,
    /// Rows that could not be delivered at all.
    pub(crate) undelivered: Vec<Rejected>,
    /// Lines that are no rows of data.
    pub(crate) left_out: BTreeMap<String, u64>,
}

/// What becomes of rows with unreadable cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// They stay, flagged: each definition decides for itself.
    Flagged,
    /// They are left out, because a view has no place for flags; the account has them.
    Dropped,
}

/// A failure of a source on its way through DataFusion.
#[derive(Debug)]
pub(crate) struct ScanFailure {
    pub(crate) source: String,
    pub(crate) error: SourceError,
}

impl fmt::Display for ScanFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "source `{}`: {}", self.source, self.error)
    }
}

impl std::error::Error for ScanFailure {}

/// The engine's error for one of DataFusion's: the source's own, if a scan failed.
pub(crate) fn engine_error(error: &DataFusionError, host_of: &dyn Fn(&str) -> Option<Host>) -> EngineError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        let failure = current.downcast_ref::<ScanFailure>().or_else(|| match current.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => inner.downcast_ref::<ScanFailure>(),
            Some(DataFusionError::Shared(inner)) => match inner.as_ref() {
                DataFusionError::External(inner) => inner.downcast_ref::<ScanFailure>(),
                _ => None,
            },
            _ => None,
        });
        if let Some(failure) = failure {
            let source_name = failure.source.clone();
            return host_of(&source_name).map_or_else(
                || EngineError::Source { source_name, error: failure.error.clone() },
                |host| host.error(failure.error.clone()),
            );
        }
        cause = current.source();
    }
    let message = error.strip_backtrace();
    EngineError::Data { message, hint: Some("`cvj check` shows how each column was read".to_owned()) }
}

/// A table of a source, scannable by DataFusion.
#[derive(Clone)]
pub(crate) struct SourceTable {
    source: plugin::Source,
    host: Host,
    name: String,
    table: String,
    /// Schema of the table's own columns, as the source delivers them for the kinds demanded.
    own: SchemaRef,
    kinds: Vec<Kind>,
    /// Own columns, then `_row`, then the flags.
    schema: SchemaRef,
    unreadable: Unreadable,
    /// Own columns by which a view's rows are dropped, whichever of them a scan delivers.
    needed: Arc<Mutex<Vec<usize>>>,
    /// One account a scan: a query may scan a table twice.
    accounts: Arc<Mutex<Vec<SharedAccount>>>,
}

type SharedAccount = Arc<Mutex<Account>>;

impl fmt::Debug for SourceTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.name, self.table)
    }
}

impl SourceTable {
    /// Asks the source how it reads the columns demanded, and fixes the schema.
    pub(crate) fn new(
        source: &OpenSource,
        table: &TableInfo,
        demands: &BTreeMap<String, Kind>,
        unreadable: Unreadable,
    ) -> Result<Self, EngineError> {
        let kinds: Vec<Kind> =
            table.schema.fields().iter().map(|field| demands.get(field.name()).copied().unwrap_or(Kind::Any)).collect();
        let wanted: Vec<usize> = (0..kinds.len()).filter(|index| kinds[*index] != Kind::Any).collect();
        let columns = wanted.iter().map(|&index| ColumnRequest { index, kind: kinds[index] }).collect();
        let request = ScanRequest { columns: Some(columns), ..ScanRequest::all(&table.name) };
        let plan = source.source.plan(&request, &source.host().task()).map_err(|error| source.host().error(error))?;
        let mut fields: Vec<_> = table.schema.fields().iter().cloned().collect();
        for (place, &index) in wanted.iter().enumerate() {
            let field = plan.schema.fields().get(place).ok_or_else(|| {
                EngineError::Internal(format!(
                    "source `{}` planned {} of {} columns",
                    source.name,
                    plan.schema.fields().len(),
                    wanted.len()
                ))
            })?;
            fields[index] = Arc::new(field.as_ref().clone().with_name(table.schema.field(index).name()));
        }
        let own: SchemaRef = Arc::new(Schema::new(fields));
        let mut all: Vec<_> = own.fields().iter().cloned().collect();
        if unreadable == Unreadable::Flagged {
            all.push(Arc::new(Field::new(COLUMN_ROW, DataType::UInt64, false)));
            all.extend(
                own.fields().iter().map(|field| Arc::new(Field::new(unread_column(field.name()), DataType::Boolean, false))),
            );
        }
        Ok(Self {
            source: source.source.clone(),
            host: source.host().clone(),
            name: source.name.clone(),
            table: table.name.clone(),
            own,
            kinds,
            schema: Arc::new(Schema::new(all)),
            unreadable,
            needed: Arc::default(),
            accounts: Arc::default(),
        })
    }

    /// Takes what the scans so far said: each row once, however often it was scanned.
    pub(crate) fn take_account(&self) -> Account {
        let accounts: Vec<Account> = std::mem::take(&mut *locked(&self.accounts))
            .into_iter()
            .map(|account| std::mem::take(&mut *locked(&account)))
            .filter(|account| account.rows > 0 || !account.undelivered.is_empty() || !account.left_out.is_empty())
            .collect();
        if let [account] = accounts.as_slice() {
            return account.clone();
        }
        let mut merged = Account::default();
        let mut seen = HashSet::new();
        for account in accounts {
            merged.rows = merged.rows.max(account.rows);
            for (row, cells) in account.unread {
                let known = merged.unread.entry(row).or_default();
                for cell in cells {
                    if !known.contains(&cell) {
                        known.push(cell);
                    }
                }
            }
            for row in account.undelivered {
                if seen.insert((row.file.clone(), row.line, row.why.clone())) {
                    merged.undelivered.push(row);
                }
            }
            for (why, rows) in account.left_out {
                let known = merged.left_out.entry(why).or_default();
                *known = rows.max(*known);
            }
        }
        merged
    }

    /// Sets the columns by which rows are dropped for the view that is read next.
    pub(crate) fn need(&self, columns: &[String]) {
        let index = |column: &String| self.own.index_of(column).ok();
        *locked(&self.needed) = columns.iter().filter_map(index).collect();
    }

    /// The field of an own column.
    pub(crate) fn field(&self, column: &str) -> Option<&Field> {
        self.own.field_with_name(column).ok()
    }

    fn failure(&self, error: SourceError) -> DataFusionError {
        DataFusionError::External(Box::new(ScanFailure { source: self.name.clone(), error }))
    }

    fn plan_scan(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = projection.map_or_else(|| (0..self.schema.fields().len()).collect(), Clone::clone);
        let own = self.own.fields().len();
        // A flag needs its column to be read.
        let mut read: Vec<usize> = wanted
            .iter()
            .filter_map(|&index| if index < own { Some(index) } else { (index > own).then(|| index - own - 1) })
            .collect();
        read.extend(locked(&self.needed).iter());
        read.sort_unstable();
        read.dedup();
        let columns = read.iter().map(|&index| ColumnRequest { index, kind: self.kinds[index] }).collect();
        let filters: Vec<Filter> =
            if self.unreadable == Unreadable::Dropped { filters.iter().filter_map(translate).collect() } else { Vec::new() };
        let request = ScanRequest {
            table: self.table.clone(),
            columns: Some(columns),
            // A row that is dropped must not use up a limit.
            limit: limit.filter(|_| self.unreadable == Unreadable::Flagged).map(|limit| limit as u64),
            filters,
            target_partitions: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            batch_rows: 8192,
        };
        let plan = self.source.plan(&request, &self.host.task()).map_err(|error| self.failure(error))?;
        let schema = Arc::new(self.schema.project(&wanted)?);
        let account = SharedAccount::default();
        locked(&self.accounts).push(account.clone());
        let scans = plan.partitions.into_iter().enumerate().map(|(number, partition)| PartitionScan {
            table: self.clone(),
            number: number as u64,
            partition,
            delivered: plan.schema.clone(),
            read: read.clone(),
            wanted: wanted.clone(),
            schema: schema.clone(),
            account: account.clone(),
        });
        let scan: Arc<dyn PartitionStream> = Arc::new(TableScan { schema: schema.clone(), partitions: scans.collect() });
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![scan], None, [], false, None)?))
    }
}

#[async_trait::async_trait]
impl TableProvider for SourceTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        self.plan_scan(projection, filters, limit)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        // DataFusion applies every filter again, so a source may answer or ignore it.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

/// `column op literal` as sources understand it.
fn translate(filter: &Expr) -> Option<Filter> {
    match filter {
        Expr::IsNull(inner) => column_name(inner).map(|column| Filter { column, op: FilterOp::IsNull, value: FilterValue::Null }),
        Expr::IsNotNull(inner) => {
            column_name(inner).map(|column| Filter { column, op: FilterOp::NotNull, value: FilterValue::Null })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let op = match op {
                Operator::Eq => FilterOp::Eq,
                Operator::NotEq => FilterOp::Ne,
                Operator::Lt => FilterOp::Lt,
                Operator::LtEq => FilterOp::Le,
                Operator::Gt => FilterOp::Gt,
                Operator::GtEq => FilterOp::Ge,
                _ => return None,
            };
            let Expr::Literal(literal, _) = right.as_ref() else { return None };
            let value = match literal {
                ScalarValue::Boolean(Some(value)) => FilterValue::Boolean(*value),
                ScalarValue::Int64(Some(value)) => FilterValue::Integer(*value),
                ScalarValue::Float64(Some(value)) => FilterValue::Number(*value),
                ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => FilterValue::Text(text.clone()),
                ScalarValue::Date32(Some(days)) => FilterValue::Date(*days),
                ScalarValue::TimestampMicrosecond(Some(value), None) => FilterValue::Local(*value),
                ScalarValue::TimestampMicrosecond(Some(value), Some(_)) => FilterValue::Instant(*value),
                _ => return None,
            };
            column_name(left).map(|column| Filter { column, op, value })
        }
        _ => None,
    }
}

fn column_name(expression: &Expr) -> Option<String> {
    if let Expr::Column(column) = expression { Some(column.name.clone()) } else { None }
}

/// Rejects of one partition that wait for their batch.
#[derive(Default)]
struct Pending {
    cells: Mutex<Vec<Rejected>>,
    undelivered: Mutex<Vec<Rejected>>,
    left_out: Mutex<Vec<(String, u64)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    /// The rejected cells of rows before `end`.
    fn take_cells(&self, end: u64) -> Vec<Rejected> {
        let mut cells = locked(&self.cells);
        let (now, later) = cells.drain(..).partition(|cell| cell.row.is_none_or(|row| row < end));
        *cells = later;
        now
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

#[derive(Clone)]
struct PartitionScan {
    table: SourceTable,
    number: u64,
    partition: Partition,
    /// Schema that the source delivers.
    delivered: SchemaRef,
    /// Own columns that are read, in delivery order.
    read: Vec<usize>,
    /// Columns of the table's whole schema that are wanted, in output order.
    wanted: Vec<usize>,
    schema: SchemaRef,
    account: SharedAccount,
}

impl fmt::Debug for PartitionScan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}#{}", self.table, self.number)
    }
}

/// All partitions of a scan as one stream in the table's row order: sums of floating-point numbers depend on the order, and
/// the same inputs must give the same bytes on any number of cores. Partitions are read in parallel, a few batches ahead.
#[derive(Debug)]
struct TableScan {
    schema: SchemaRef,
    partitions: Vec<PartitionScan>,
}

/// Batches that a partition may be ahead.
const AHEAD: usize = 16;

impl PartitionStream for TableScan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(self.schema.clone(), 2);
        let sender = builder.tx();
        let mut waiting: VecDeque<PartitionScan> = self.partitions.iter().cloned().collect();
        builder.spawn_blocking(move || {
            let readers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let mut reading = VecDeque::new();
            loop {
                while reading.len() < readers
                    && let Some(scan) = waiting.pop_front()
                {
                    reading.push_back(scan.start()?);
                }
                let Some((batches, reader)) = reading.pop_front() else { return Ok(()) };
                for batch in batches {
                    if sender.blocking_send(Ok(batch)).is_err() {
                        return Ok(());
                    }
                }
                reader.join().map_err(|_| DataFusionError::Internal("a reader died".to_owned()))??;
            }
        });
        builder.build()
    }
}

type Reader = (Receiver<RecordBatch>, JoinHandle<DataFusionResult<()>>);

impl PartitionScan {
    /// Reads on a thread of its own, up to [`AHEAD`] batches ahead.
    fn start(self) -> DataFusionResult<Reader> {
        let (sender, receiver) = sync_channel(AHEAD);
        let thread = std::thread::Builder::new().spawn(move || self.run(&mut |batch| sender.send(batch).is_ok()));
        let thread = thread.map_err(|error| DataFusionError::Internal(format!("no thread could be started: {error}")))?;
        Ok((receiver, thread))
    }

    /// Pulls the source's stream and hands every batch on until `send` says that nobody listens.
    fn run(&self, send: &mut dyn FnMut(RecordBatch) -> bool) -> DataFusionResult<()> {
        let pending = Arc::new(Pending::default());
        let task = self.table.host.scan_task(pending.clone());
        let failed = |error| self.table.failure(error);
        let stream = self.table.source.read(&self.partition, self.delivered.clone(), &task).map_err(failed)?;
        let mut first_row = 0_u64;
        for batch in stream {
            let batch = batch.map_err(failed)?;
            let rows = batch.num_rows() as u64;
            let cells = pending.take_cells(first_row + rows);
            self.check_cells(&cells, first_row)?;
            let batch = self.shape(&batch, first_row, &cells)?;
            self.enter(rows, cells);
            first_row += rows;
            if !send(batch) {
                return Ok(());
            }
        }
        if let Some(cell) = locked(&pending.cells).first() {
            return Err(failed(fault(&format!("rejected row {}, which it did not deliver", cell.row.unwrap_or_default()))));
        }
        let mut account = locked(&self.account);
        account.undelivered.append(&mut locked(&pending.undelivered));
        for (why, rows) in locked(&pending.left_out).drain(..) {
            *account.left_out.entry(why).or_default() += rows;
        }
        Ok(())
    }

    /// A rejected cell is of a column that is read, or of the whole row, and of a row that is about to be delivered: else it
    /// would count for nothing.
    fn check_cells(&self, cells: &[Rejected], first_row: u64) -> DataFusionResult<()> {
        let known =
            |column: &str| column.is_empty() || self.read.iter().any(|index| self.table.own.field(*index).name() == column);
        for cell in cells {
            if !known(&cell.column) {
                let message = format!("rejected a cell of column `{}`, which it was not asked for", cell.column);
                return Err(self.table.failure(fault(&message)));
            }
            if cell.row.is_some_and(|row| row < first_row) {
                return Err(self.table.failure(fault("rejected a row that it had delivered before")));
            }
        }
        Ok(())
    }

    fn enter(&self, rows: u64, cells: Vec<Rejected>) {
        let mut account = locked(&self.account);
        account.rows += rows;
        for cell in cells {
            let row = cell.row.unwrap_or_default();
            account.unread.entry(self.row_number(row)).or_default().push(cell);
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

/// A breach of the plugin contract.
fn fault(what: &str) -> SourceError {
    SourceError::new(Status::Internal, format!("the plugin breaks its contract: it {what}"))
        .with_hint("report this to the plugin's author".to_owned())
}
