//! A host of the plugin: what it was told, and the rows that it got.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::DataType;
use cvj_core::source::{ColumnRequest, Kind, Level, Partition, Rejected, ScanRequest, Services};
use cvj_core::{SourceError, StageMetrics as _, Status, Task};
use cvj_emulators::Server;
use cvj_emulators::odoo::{Odoo, Sample, Stored};
use cvj_plugin_odoo::{OdooConfig, OdooSource};
use serde_json::{Value, json};

/// What the plugin told its host.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) log: Mutex<Vec<String>>,
    pub(crate) rejected: Mutex<Vec<Rejected>>,
    pub(crate) left_out: Mutex<Vec<(String, u64)>>,
    pub(crate) cancelled: AtomicBool,
}

struct Host {
    told: Arc<Told>,
    name: String,
    key: String,
}

impl Services for Host {
    fn source(&self) -> &str {
        &self.name
    }

    fn folder(&self) -> PathBuf {
        PathBuf::new()
    }

    fn log(&self, _: Level, message: &str) {
        self.told.log.lock().unwrap().push(message.to_owned());
    }

    fn progress(&self, _: u64, _: Option<u64>, _: &str) {}

    fn is_cancelled(&self) -> bool {
        self.told.cancelled.load(Ordering::Relaxed)
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        assert_eq!(name, "ODOO_KEY");
        Ok(self.key.clone())
    }

    fn reject(&self, rejected: &Rejected) {
        self.told.rejected.lock().unwrap().push(rejected.clone());
    }

    fn left_out(&self, why: &str, rows: u64) {
        self.told.left_out.lock().unwrap().push((why.to_owned(), rows));
    }
}

/// A row: its values in the order of columns.
pub(crate) type Row = Vec<Stored>;

/// A source over an emulator.
pub(crate) struct Bench {
    pub(crate) server: Server<Odoo>,
    pub(crate) told: Arc<Told>,
    pub(crate) task: Task,
    pub(crate) source: OdooSource,
}

/// The versions that speak JSON-RPC and JSON-2.
pub(crate) const VERSIONS: [i64; 2] = [17, 19];

impl Bench {
    /// A source over a fresh Odoo of this version.
    pub(crate) fn new(version: i64) -> Self {
        Self::with(Server::start(Odoo::new(version, &Sample::default())), "admin", &json!({}))
    }

    /// A source over this Odoo, as this user, with these keys besides.
    pub(crate) fn with(server: Server<Odoo>, user: &str, keys: &Value) -> Self {
        let key = server.state().users.iter().find(|known| known.login == user).map(|user| user.key.clone());
        let told = Arc::new(Told::default());
        let task =
            Task::new(Arc::new(Host { told: told.clone(), name: "crm".to_owned(), key: key.unwrap_or("wrong-key".to_owned()) }));
        let config = config(&server.url(), user, keys);
        let source = OdooSource::open(config, &task).unwrap();
        Self { server, told, task, source }
    }

    /// All rows of a table, with the number that Odoo itself gave.
    pub(crate) fn table(&self, name: &str, columns: Option<&[&str]>) -> Result<(Vec<Row>, Option<u64>), SourceError> {
        let (partitions, rows) = self.plan(name, columns)?;
        let mut all = Vec::new();
        for partition in &partitions {
            all.extend(self.read(partition)?);
        }
        Ok((all, rows))
    }

    /// The partitions of a table.
    pub(crate) fn plan(&self, name: &str, columns: Option<&[&str]>) -> Result<(Vec<Partition>, Option<u64>), SourceError> {
        let schema = self.columns(name)?;
        let request = |column: &&str| {
            let index = schema.iter().position(|(known, _)| known == column);
            ColumnRequest { index: index.unwrap_or_else(|| panic!("no column {column}")), kind: Kind::Any }
        };
        let columns = columns.map(|columns| columns.iter().map(request).collect());
        let plan = self.source.plan(&ScanRequest { columns, ..ScanRequest::all(name) }, &self.task)?;
        Ok((plan.partitions, plan.rows))
    }

    /// The rows of a partition.
    pub(crate) fn read(&self, partition: &Partition) -> Result<Vec<Row>, SourceError> {
        let mut all = Vec::new();
        for batch in self.source.read(partition, &self.task)? {
            all.extend(rows(&batch?));
        }
        Ok(all)
    }

    /// The columns of a table, with their types.
    pub(crate) fn columns(&self, name: &str) -> Result<Vec<(String, DataType)>, SourceError> {
        let tables = self.source.tables(&self.task)?;
        let table = tables.into_iter().find(|table| table.name == name);
        let table = table.ok_or_else(|| SourceError::new(Status::NotFound, format!("no table {name}")))?;
        Ok(table.schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect())
    }
}

/// The configuration of a source.
pub(crate) fn config(url: &str, user: &str, keys: &Value) -> OdooConfig {
    let mut config = json!({
        "url": url, "database": "acme", "user": user, "key": {"secret": "ODOO_KEY"}, "calls_per_second": 10_000.0,
    });
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    serde_json::from_value(config).unwrap()
}

fn rows(batch: &RecordBatch) -> Vec<Row> {
    (0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| cell(column.as_ref(), row)).collect()).collect()
}

fn cell(column: &dyn arrow_array::Array, row: usize) -> Stored {
    if column.is_null(row) {
        return Stored::Null;
    }
    match column.data_type() {
        DataType::Boolean => Stored::Truth(column.as_boolean().value(row)),
        DataType::Int64 => Stored::Integer(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Stored::Number(column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, decimals) => {
            let units = column.as_primitive::<Decimal128Type>().value(row);
            Stored::Number(units as f64 / 10_f64.powi(i32::from(*decimals)))
        }
        DataType::Utf8 => Stored::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().value(row);
            let day = jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(days);
            Stored::Text(day.to_string())
        }
        DataType::Timestamp(..) => Stored::Moment(column.as_primitive::<TimestampMicrosecondType>().value(row)),
        other => panic!("a column of {other}"),
    }
}
