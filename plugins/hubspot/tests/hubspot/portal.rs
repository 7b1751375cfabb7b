//! A portal, a source that reads it, and what a correct pull gives.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use cvj_core::source::{ColumnRequest, Kind as Wanted, Level, Partition, Rejected, ScanPlan, ScanRequest, Services};
use cvj_core::{SourceError, StageMetrics, Status, Task};
use cvj_emulators::Server;
use cvj_emulators::hubspot::{Kind, Limits, Portal, Record, Size, TOKEN};
use cvj_plugin_hubspot::HubSpotSource;
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

/// The host: it knows the secrets and keeps what it is told.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) log: Mutex<Vec<String>>,
    pub(crate) rejected: Mutex<Vec<Rejected>>,
    pub(crate) left_out: Mutex<BTreeMap<String, u64>>,
    pub(crate) cancelled: AtomicBool,
}

impl Services for Host {
    fn source(&self) -> &'static str {
        "crm"
    }

    fn folder(&self) -> PathBuf {
        PathBuf::from(".")
    }

    fn log(&self, _level: Level, message: &str) {
        self.log.lock().unwrap().push(message.to_owned());
    }

    fn progress(&self, _done: u64, _total: Option<u64>, _unit: &str) {}

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        match name {
            "HUBSPOT_TOKEN" => Ok(TOKEN.to_owned()),
            "HUBSPOT_CLIENT_SECRET" => Ok("emulator-secret".to_owned()),
            "HUBSPOT_REFRESH_TOKEN" => Ok("emulator-refresh".to_owned()),
            _ => Ok("not-the-token".to_owned()),
        }
    }

    fn reject(&self, rejected: &Rejected) {
        self.rejected.lock().unwrap().push(rejected.clone());
    }

    fn left_out(&self, why: &str, rows: u64) {
        *self.left_out.lock().unwrap().entry(why.to_owned()).or_default() += rows;
    }
}

/// A server, and a source that reads it.
pub(crate) struct Reader {
    pub(crate) server: Server<Portal>,
    pub(crate) host: Arc<Host>,
    pub(crate) source: HubSpotSource,
}

/// Rows as text, in order.
pub(crate) type Table = Vec<Vec<String>>;

impl Reader {
    /// A portal of this many contacts, without limits.
    pub(crate) fn of(contacts: u64) -> Self {
        Self::new(Portal::generate(7, Size::of(contacts)).with_limits(Limits::none()), &json!({}))
    }

    /// A source with these keys beside the usual ones.
    pub(crate) fn new(portal: Portal, keys: &Value) -> Self {
        Self::at(Server::start(portal), keys)
    }

    pub(crate) fn at(server: Server<Portal>, keys: &Value) -> Self {
        let host = Arc::new(Host::default());
        let source = Self::open(&server.url(), keys, &Task::new(host.clone())).unwrap();
        Self { server, host, source }
    }

    pub(crate) fn open(url: &str, keys: &Value, task: &Task) -> Result<HubSpotSource, SourceError> {
        let mut config = json!({"base_url": url, "searches_per_second": 1000.0, "requests_per_second": 1000.0});
        if keys.get("oauth").is_none() {
            config["token"] = json!({"secret": "HUBSPOT_TOKEN"});
        }
        config.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        HubSpotSource::open(serde_json::from_value(config).unwrap(), task)
    }

    pub(crate) fn task(&self) -> Task {
        Task::new(self.host.clone())
    }

    pub(crate) fn plan(&self, table: &str, columns: &[&str]) -> Result<ScanPlan, SourceError> {
        let tables = self.source.tables(&self.task())?;
        let info = tables.iter().find(|info| info.name == table).unwrap();
        let request = |name: &&str| {
            let index = info.schema.index_of(name).unwrap_or_else(|_| panic!("{table} has no column {name}"));
            ColumnRequest { index, kind: Wanted::Any }
        };
        let columns = Some(columns.iter().map(request).collect());
        self.source.plan(&ScanRequest { columns, ..ScanRequest::all(table) }, &self.task())
    }

    pub(crate) fn read(&self, partition: &Partition) -> Result<Table, SourceError> {
        let mut rows = Vec::new();
        for batch in self.source.read(partition, &self.task())? {
            let batch = batch?;
            rows.extend((0..batch.num_rows()).map(|row| (0..batch.num_columns()).map(|at| cell(&batch, at, row)).collect()));
        }
        Ok(rows)
    }

    /// All rows of a table, sorted.
    pub(crate) fn pull(&self, table: &str, columns: &[&str]) -> Result<Table, SourceError> {
        let plan = self.plan(table, columns)?;
        let mut rows = Vec::new();
        for partition in &plan.partitions {
            rows.extend(self.read(partition)?);
        }
        rows.sort();
        Ok(rows)
    }

    /// The rows that a correct pull of a table of records gives now, sorted.
    pub(crate) fn truth(&self, kind: Kind, columns: &[&str]) -> Table {
        let portal = self.server.state();
        let mut rows: Table = portal.records(kind).map(|record| row(&record, columns)).collect();
        rows.sort();
        rows
    }

    pub(crate) fn log(&self) -> String {
        self.host.log.lock().unwrap().join("\n")
    }
}

fn row(record: &Record, columns: &[&str]) -> Vec<String> {
    let value = |column: &&str| match *column {
        "id" => record.id.to_string(),
        "amount" | "price" | "quantity" | "nps_score" | "hs_object_id" => {
            record.value(column).map_or(String::new(), |text| text.parse::<f64>().unwrap().to_string())
        }
        // HubSpot writes milliseconds even where there are none.
        _ => record.value(column).map_or(String::new(), |text| {
            text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), |moment| moment.to_string())
        }),
    };
    columns.iter().map(value).collect()
}

fn cell(batch: &RecordBatch, column: usize, row: usize) -> String {
    let array = batch.column(column);
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Decimal128(_, 8) => (array.as_primitive::<Decimal128Type>().value(row) as f64 / 1e8).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Date32 => (date(1970, 1, 1) + i64::from(array.as_primitive::<Date32Type>().value(row)).days()).to_string(),
        DataType::Timestamp(..) => {
            Timestamp::from_microsecond(array.as_primitive::<TimestampMicrosecondType>().value(row)).unwrap().to_string()
        }
        other => panic!("a column of {other}"),
    }
}

/// Fails with the first row that differs, and not with thousands that do not.
#[track_caller]
pub(crate) fn same(rows: &Table, truth: &Table) {
    let differs = rows.iter().zip(truth).find(|(row, truth)| row != truth);
    assert_eq!(differs, None, "{} rows, {} in truth", rows.len(), truth.len());
    assert_eq!(rows.len(), truth.len());
}

/// The status and message of what should have failed.
pub(crate) fn failure<T>(result: Result<T, SourceError>) -> (Status, String) {
    let error = result.err().expect("it should have failed");
    (error.status, error.message)
}
