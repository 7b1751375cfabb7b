//! Reads Tryton over its JSON-RPC: parties, opportunities with the history of their states, their lines, and the lines of sales.
//!
//! What stages these speak for by default is said in [`definitions`].

mod definitions;
mod history;
mod listing;
mod rpc;
mod tables;
mod wire;

use std::sync::{Arc, OnceLock};

use cvj_core::source::{FilterAnswer, Partition, ScanPlan, ScanRequest, SecretName, TableDetails, TableInfo};
use cvj_core::{BatchStream, Definition, SourceError, StageMetrics, Status, Task};
use cvj_http::{Field, schema_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::listing::Listing;
use crate::rpc::Rpc;
use crate::tables::{Columns, TABLES, Table};

cvj_core::export_plugin!(Tryton, name = "tryton", doc = "Reads leads, opportunities and what was sold from Tryton", remote);

/// The keys of a Tryton source.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrytonConfig {
    /// Where Tryton answers: `https://tryton.example.com`.
    pub url: String,
    /// The database's name.
    pub database: String,
    /// The login of a user who may read parties, opportunities and sales.
    pub user: String,
    /// The user's password, by the name of the secret.
    pub password: SecretName,
}

/// One database of a Tryton server.
pub struct Tryton {
    rpc: Arc<Rpc>,
    /// By place in [`TABLES`]: the columns that this database has.
    columns: OnceLock<Vec<Columns>>,
}

/// What a partition's token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    table: String,
    /// Columns by name, in the order wanted.
    columns: Vec<String>,
    /// The records with ids after this one,
    after: i64,
    /// up to and with this one.
    to: i64,
    /// Enough rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

/// Ids in a partition, at least: what a failed pull has to read again.
const SPAN: i64 = 2000;
/// Partitions of a table, at most.
const MOST_PARTITIONS: i64 = 64;

impl Tryton {
    fn columns(&self, task: &Task) -> Result<&[Columns], SourceError> {
        if let Some(columns) = self.columns.get() {
            return Ok(columns);
        }
        let columns = TABLES.iter().map(|table| table.columns(&self.rpc, task)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.columns.get_or_init(|| columns))
    }
}

impl StageMetrics for Tryton {
    type Config = TrytonConfig;

    fn open(config: TrytonConfig, _task: &Task) -> Result<Self, SourceError> {
        Ok(Self { rpc: Arc::new(Rpc::new(config)?), columns: OnceLock::new() })
    }

    fn check(&self, task: &Task) -> Result<(), SourceError> {
        for table in TABLES {
            self.rpc.count(table, 0, task)?;
        }
        Ok(())
    }

    fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        let info = |(table, columns): (&Table, &Columns)| TableInfo {
            name: table.name.to_owned(),
            schema: schema_of(&columns.fields()),
            details: TableDetails {
                doc: table.doc.to_owned(),
                key: table.key.iter().map(|&column| column.to_owned()).collect(),
                ..TableDetails::default()
            },
        };
        Ok(TABLES.iter().zip(self.columns(task)?).map(info).collect())
    }

    fn definitions(&self, task: &Task) -> Result<Vec<Definition>, SourceError> {
        Ok(definitions::of(task.source(), self.columns(task)?))
    }

    fn plan(&self, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        let (place, table) = tables::find(&scan.table)?;
        let all = self.columns(task)?[place].fields();
        let fields: Vec<Field> = match &scan.columns {
            None => all,
            Some(wanted) => wanted
                .iter()
                .map(|column| all.get(column.index).cloned())
                .collect::<Option<_>>()
                .ok_or_else(|| SourceError::new(Status::InvalidArgument, "a column that the table does not have"))?,
        };
        let last = self.rpc.last_id(table, task)?;
        let counted = table.is_listing() && scan.limit.is_none();
        let rows = if counted { Some(self.rpc.count(table, last, task)?) } else { None };
        let span = if scan.limit.is_some() { last.max(1) } else { (last / MOST_PARTITIONS + 1).max(SPAN) };
        let part = Part {
            table: scan.table.clone(),
            columns: fields.iter().map(|field| field.name.clone()).collect(),
            after: 0,
            to: 0,
            limit: scan.limit,
        };
        let starts = std::iter::successors(Some(0), |after| Some(after + span)).take_while(|&after| after < last);
        let partitions = starts
            .map(|after| serde_json::to_string(&Part { after, to: (after + span).min(last), ..part.clone() }).map(Partition))
            .collect::<Result<_, _>>()
            .map_err(|error| SourceError::new(Status::Internal, error.to_string()))?;
        let filters = vec![FilterAnswer::Unsupported; scan.filters.len()];
        Ok(ScanPlan { schema: schema_of(&fields), partitions, filters, rows })
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        let part: Part = serde_json::from_str(&partition.0)
            .map_err(|error| SourceError::new(Status::InvalidArgument, format!("no partition of a Tryton table: {error}")))?;
        let (_, table) = tables::find(&part.table)?;
        let fields = table.fields_named(&part.columns)?;
        let (rpc, task) = (self.rpc.clone(), task.clone());
        BatchStream::produced(schema_of(&fields), 2, move |sender| {
            let mut listing = Listing::new(rpc.as_ref(), table, &part, &fields, &task)?;
            if table.is_listing() { listing.records(sender) } else { history::states(&mut listing, sender) }
        })
    }
}
