//! A source's table as DataFusion sees it: one stream in the table's row order, or one per partition.
//!
//! Beside the table's columns it has `_row` (the row's number in the scan) and, for every column that a definition needs, a
//! truth value `_unread.<column>`: the cell is not empty, but could not be read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use cvj_core::SourceError;
use cvj_core::source::{ColumnRequest, Filter, FilterOp, FilterValue, Kind, Rejected, ScanRequest, TableInfo};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use crate::error::EngineError;
use crate::partition::PartitionScan;
use crate::rejections::Rejections;
use crate::sources::{Host, OpenSource, Supply};

/// Column with the row's number: the partition's place in the upper 24 bits, the row's in its stream in the lower 40.
pub(crate) const COLUMN_ROW: &str = "_row";
pub(crate) const ROW_BITS: u32 = 40;
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
    /// Rows that could not be delivered at all.
    pub(crate) undelivered: u64,
    /// Rows that are rejected whatever the definition.
    pub(crate) rejections: Rejections,
    /// Cells that could not be read, by row number, until the rows are judged.
    pub(crate) unread: BTreeMap<u64, Vec<Rejected>>,
    /// Lines that are no rows of data.
    pub(crate) left_out: BTreeMap<String, u64>,
}

impl Account {
    /// Rows, delivered or not.
    pub(crate) fn all_rows(&self) -> u64 {
        self.rows + self.undelivered
    }
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
    pub(crate) supply: Supply,
    pub(crate) host: Host,
    name: String,
    table: String,
    /// Schema of the table's own columns, as the source delivers them for the kinds demanded.
    pub(crate) own: SchemaRef,
    kinds: Vec<Kind>,
    /// Own columns, then `_row`, then the flags.
    schema: SchemaRef,
    pub(crate) unreadable: Unreadable,
    /// Views read the table.
    behind_views: bool,
    /// Partitions are streams of their own, in any order beside each other.
    pub(crate) spread: bool,
    /// For whom rows are dropped.
    needed: Arc<Mutex<Needed>>,
    /// One account a scan: a query may scan a table twice.
    accounts: Arc<Mutex<Vec<SharedAccount>>>,
}

/// A view, and the own columns by which its rows are dropped, whichever of them a scan delivers.
#[derive(Clone, Default)]
struct Needed {
    view: String,
    columns: Vec<usize>,
}

pub(crate) type SharedAccount = Arc<Mutex<Account>>;

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
        behind_views: bool,
    ) -> Result<Self, EngineError> {
        let kinds: Vec<Kind> =
            table.schema.fields().iter().map(|field| demands.get(field.name()).copied().unwrap_or(Kind::Any)).collect();
        let wanted: Vec<usize> = (0..kinds.len()).filter(|index| kinds[*index] != Kind::Any).collect();
        let columns = wanted.iter().map(|&index| ColumnRequest { index, kind: kinds[index] }).collect();
        let request = ScanRequest { columns: Some(columns), ..ScanRequest::all(&table.name) };
        let plan = source.supply.plan(&request, &source.host().task()).map_err(|error| source.host().error(error))?;
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
            supply: source.supply.clone(),
            host: source.host().clone(),
            name: source.name.clone(),
            table: table.name.clone(),
            own,
            kinds,
            schema: Arc::new(Schema::new(all)),
            unreadable,
            behind_views,
            spread: false,
            needed: Arc::default(),
            accounts: Arc::default(),
        })
    }

    /// Takes what the scans so far said. A query may scan a table twice, or not to its end: the longest scan tells all.
    pub(crate) fn take_account(&self) -> Account {
        let accounts = std::mem::take(&mut *locked(&self.accounts)).into_iter();
        let accounts = accounts.map(|account| std::mem::take(&mut *locked(&account)));
        accounts.max_by_key(|account| (account.all_rows(), account.left_out.len())).unwrap_or_default()
    }

    /// Takes the cells of these rows that could not be read.
    pub(crate) fn take_unread(&self, rows: RangeInclusive<u64>) -> BTreeMap<u64, Vec<Rejected>> {
        let mut taken = BTreeMap::new();
        for account in locked(&self.accounts).iter() {
            let unread = &mut locked(account).unread;
            while let Some(row) = unread.range(rows.clone()).next().map(|(row, _)| *row) {
                taken.extend(unread.remove(&row).map(|cells| (row, cells)));
            }
        }
        taken
    }

    /// The same table, for readers to whom the order of rows means nothing: one stream per partition, read on the thread that
    /// asks. Both keep one account.
    pub(crate) fn spread(&self) -> Self {
        Self { spread: true, ..self.clone() }
    }

    /// Sets the view that is read next, and the columns by which its rows are dropped.
    pub(crate) fn need(&self, view: &str, columns: &[String]) {
        let index = |column: &String| self.own.index_of(column).ok();
        *locked(&self.needed) = Needed { view: view.to_owned(), columns: columns.iter().filter_map(index).collect() };
    }

    /// An account of rejected rows, which knows every row if views tell of them, too.
    pub(crate) fn rejections(&self) -> Rejections {
        if self.behind_views { Rejections::knowing_rows() } else { Rejections::default() }
    }

    /// The field of an own column.
    pub(crate) fn field(&self, column: &str) -> Option<&Field> {
        self.own.field_with_name(column).ok()
    }

    pub(crate) fn failure(&self, error: SourceError) -> DataFusionError {
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
        let Needed { view, columns: needed } = locked(&self.needed).clone();
        read.extend(&needed);
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
        let plan = self.supply.plan(&request, &self.host.task()).map_err(|error| self.failure(error))?;
        let schema = Arc::new(self.schema.project(&wanted)?);
        let account = Account { rejections: self.rejections(), ..Account::default() };
        let account: SharedAccount = Arc::new(Mutex::new(account));
        locked(&self.accounts).push(account.clone());
        let scans = plan.partitions.into_iter().enumerate().map(|(number, partition)| PartitionScan {
            table: self.clone(),
            number: number as u64,
            partition,
            delivered: plan.schema.clone(),
            read: read.clone(),
            needed: needed.clone(),
            wanted: wanted.clone(),
            schema: schema.clone(),
            account: account.clone(),
            dropped_for: format!("view {view}"),
        });
        let streams: Vec<Arc<dyn PartitionStream>> = if self.spread {
            scans.map(|scan| Arc::new(scan) as Arc<dyn PartitionStream>).collect()
        } else {
            vec![Arc::new(TableScan { schema: schema.clone(), partitions: scans.collect() })]
        };
        Ok(Arc::new(StreamingTableExec::try_new(schema, streams, None, [], false, None)?))
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

/// The value behind a lock, whatever became of the thread that held it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
                    reading.push_back(start(scan)?);
                }
                let Some((batches, reader)) = reading.pop_front() else { return Ok(()) };
                for batch in batches {
                    if sender.blocking_send(Ok(batch?)).is_err() {
                        return Ok(());
                    }
                }
                reader.join().map_err(|_| DataFusionError::Internal("a reader died".to_owned()))?;
            }
        });
        builder.build()
    }
}

type Reader = (Receiver<DataFusionResult<RecordBatch>>, JoinHandle<()>);

/// Reads a partition on a thread of its own, up to [`AHEAD`] batches ahead.
fn start(scan: PartitionScan) -> DataFusionResult<Reader> {
    let (sender, receiver) = sync_channel(AHEAD);
    let thread = std::thread::Builder::new().spawn(move || {
        for batch in scan.batches() {
            if sender.send(batch).is_err() {
                return;
            }
        }
    });
    let thread = thread.map_err(|error| DataFusionError::Internal(format!("no thread could be started: {error}")))?;
    Ok((receiver, thread))
}
