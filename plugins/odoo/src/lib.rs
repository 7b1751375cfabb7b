//! Reads Odoo over its own web API: JSON-2 from version 19 on, JSON-RPC before.
//!
//! The way of a table: [`catalogue`] asks which models there are and what fields they have, [`windows`] splits a model's ids
//! into partitions that a later process can read again, [`records`] reads one of them page by page, [`history`] does so for the
//! stages of leads. [`client`] speaks both protocols, [`dialect`] understands what Odoo says when it fails.
//!
//! Pages go by id (`id > last`, in order of ids, up to the highest id at planning): nothing that is written or deleted
//! meanwhile moves a record to another page. `write_date`, which Odoo shows cut to the second, only bounds a pull from below.

mod catalogue;
mod client;
mod definitions;
mod dialect;
mod history;
mod records;
mod windows;

use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::source::{FilterAnswer, Level, Partition, ScanPlan, ScanRequest, SecretName, TableDetails, TableInfo};
use cvj_core::{BatchStream, Definition, SourceError, StageMetrics, Status, Task};
use cvj_http::schema_of;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::catalogue::{Catalogue, Column};
use crate::client::{Client, Protocol};
use crate::windows::Window;

cvj_core::export_plugin!(OdooSource, name = "odoo", doc = "Reads leads, orders and mailings from Odoo", remote);

/// A source that reads Odoo.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OdooConfig {
    /// Where Odoo answers: `https://acme.odoo.com`.
    pub url: String,
    /// The database. Before version 19 it is needed; from then on only where a server has several.
    #[serde(default)]
    pub database: Option<String>,
    /// The login of the key's user, needed before version 19.
    #[serde(default)]
    pub user: Option<String>,
    /// An API key (Odoo: Preferences, Account Security).
    pub key: SecretName,
    /// How to speak to it; left out: as its version asks for.
    #[serde(default)]
    pub protocol: Protocol,
    /// Leaves out records last written before this day in UTC, `2025-01-01`. Whose first order is older, counts as new then.
    #[serde(default)]
    pub since: Option<String>,
    /// Calls a second; Odoo Online asks for restraint, a server of one's own can take more.
    #[serde(default = "gently")]
    pub calls_per_second: f64,
}

fn gently() -> f64 {
    4.0
}

/// The Odoo source.
pub struct OdooSource {
    client: Arc<Client>,
    since: Option<String>,
    catalogue: Arc<Mutex<Option<Arc<Catalogue>>>>,
}

impl OdooSource {
    fn catalogue(&self, task: &Task) -> Result<Arc<Catalogue>, SourceError> {
        let mut known = self.catalogue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(catalogue) = known.as_ref() {
            return Ok(catalogue.clone());
        }
        let catalogue = Arc::new(Catalogue::ask(&self.client, task)?);
        *known = Some(catalogue.clone());
        Ok(catalogue)
    }
}

impl StageMetrics for OdooSource {
    type Config = OdooConfig;

    fn open(config: OdooConfig, _task: &Task) -> Result<Self, SourceError> {
        let since = config.since.as_deref().map(midnight).transpose()?;
        Ok(Self { client: Arc::new(Client::new(config)?), since, catalogue: Arc::default() })
    }

    fn check(&self, task: &Task) -> Result<(), SourceError> {
        match self.client.highest("crm.lead", &[], task) {
            // An Odoo without the CRM application has orders and mailings all the same.
            Err(error) if error.status == Status::NotFound => self.client.highest("res.partner", &[], task).map(|_| ()),
            answer => answer.map(|_| ()),
        }
    }

    fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        let catalogue = self.catalogue(task)?;
        let info = |table: &catalogue::Table| TableInfo {
            name: table.spec.name.to_owned(),
            schema: schema_of(&table.fields()),
            details: TableDetails {
                doc: table.spec.doc.to_owned(),
                key: table.spec.key.iter().map(|&column| column.to_owned()).collect(),
                ..TableDetails::default()
            },
        };
        Ok(catalogue.tables.iter().map(info).collect())
    }

    fn definitions(&self, task: &Task) -> Result<Vec<Definition>, SourceError> {
        let catalogue = self.catalogue(task)?;
        let readable = |name: &str, domain: &[Value]| match catalogue.table(name) {
            Some(table) => match self.client.highest(table.spec.model, domain, task) {
                // Whoever may not read orders or mailings has a report of the rest.
                Err(error) if error.status == Status::Unauthorized => {
                    task.log(Level::Warn, &format!("{}: nothing of `{name}` is in the default definitions", error.message));
                    Ok(None)
                }
                highest => Ok(highest?.map(|_| table)),
            },
            None => Ok(None),
        };
        let leads = readable("leads", &[])?;
        let mailings = readable("mailings", &[])?;
        let sold = readable("orders", &definitions::confirmed())?.is_some() && readable("order_lines", &[])?.is_some();
        let Some(partners) = catalogue.table("partners") else { return Ok(Vec::new()) };
        Ok(definitions::defaults(task.source(), partners, leads, sold, mailings))
    }

    fn plan(&self, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        let catalogue = self.catalogue(task)?;
        let table = catalogue.table(&scan.table).ok_or_else(|| {
            let message = format!("this Odoo has no table `{}`", scan.table);
            SourceError::new(Status::NotFound, message).with_hint("the application that it belongs to may not be installed")
        })?;
        let columns: Vec<Column> = match &scan.columns {
            None => table.columns.clone(),
            Some(wanted) => wanted
                .iter()
                .map(|column| table.columns.get(column.index).cloned())
                .collect::<Option<_>>()
                .ok_or_else(|| SourceError::new(Status::InvalidArgument, "a column that the table does not have"))?,
        };
        let fields: Vec<_> = columns.iter().map(|column| column.field.clone()).collect();
        let (windows, rows) = if table.spec.name == history::TABLE {
            history::plan(&self.client, columns, &catalogue, self.since.as_deref(), scan.limit, task)?
        } else {
            windows::plan(&self.client, table, columns, &catalogue, self.since.as_deref(), scan.limit, task)?
        };
        Ok(ScanPlan {
            schema: schema_of(&fields),
            partitions: windows.iter().map(Window::token).collect::<Result<_, _>>()?,
            filters: vec![FilterAnswer::Unsupported; scan.filters.len()],
            rows: scan.limit.map_or(rows, |limit| rows.map(|rows| rows.min(limit))),
        })
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        let window = Window::of(partition)?;
        let catalogue = self.catalogue.clone();
        let fields: Vec<_> = window.columns.iter().map(|column| column.field.clone()).collect();
        let pages = records::read(self.client.clone(), window, task.clone())?;
        let pages = pages.inspect(move |page| {
            if page.as_ref().is_err_and(|error| error.status == Status::SchemaChanged) {
                // What the fields are is asked again before the next plan.
                *catalogue.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
        });
        Ok(BatchStream::new(schema_of(&fields), pages))
    }
}

/// Midnight of a day as Odoo writes moments.
fn midnight(day: &str) -> Result<String, SourceError> {
    day.parse::<jiff::civil::Date>().map(|day| format!("{day} 00:00:00")).map_err(|_| {
        let message = format!("`since` is `{day}`, which is no date");
        SourceError::new(Status::InvalidArgument, message).with_hint("write it like 2025-01-01")
    })
}
