//! A partition: what its token says, and how scans are split.

use std::collections::HashSet;

use cvj_core::source::{FilterAnswer, Partition, ScanPlan, ScanRequest};
use cvj_core::{SourceError, Status, Task};
use cvj_http::{Field, schema_of};
use serde::{Deserialize, Serialize};

use crate::client::{Client, Order, Scope};
use crate::portal::Portal;
use crate::tables::Table;
use crate::windows::{self, Counted, Window};

/// All that reading a partition needs, whenever and by whomever it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) table: Table,
    pub(crate) columns: Vec<Field>,
    /// The ids of the records it is read along.
    pub(crate) window: Window,
    /// Milliseconds since 1970: what was made from then on is not in.
    pub(crate) until: i64,
    /// How many records HubSpot said there are.
    pub(crate) rows: Option<u64>,
    /// Read no further than this many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u64>,
}

impl Part {
    pub(crate) fn of(partition: &Partition) -> Result<Self, SourceError> {
        serde_json::from_str(&partition.0)
            .map_err(|error| SourceError::new(Status::InvalidArgument, format!("a partition that is none of HubSpot's: {error}")))
    }

    /// The columns that are properties of a record.
    pub(crate) fn properties(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).filter(|name| *name != "id").collect()
    }

    pub(crate) fn wants(&self, column: &str) -> bool {
        self.columns.iter().any(|wanted| wanted.name == column)
    }
}

/// Splits a scan into partitions.
pub(crate) fn plan(client: &Client, portal: &Portal, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
    let Some(table) = Table::named(&scan.table) else {
        return Err(SourceError::new(Status::NotFound, format!("HubSpot has no table `{}`", scan.table)));
    };
    let mut columns = table.fields(portal);
    if let Some(wanted) = &scan.columns {
        let chosen = wanted.iter().map(|column| columns.get(column.index).cloned());
        let missing = || SourceError::schema_changed(format!("{}: a column that the table does not have", scan.table));
        columns = chosen.collect::<Option<Vec<Field>>>().ok_or_else(missing)?;
    }
    let nothing_made_later = i64::MAX;
    let whole = |rows| vec![Counted { window: Window::default(), rows }];
    let (until, mut windows, is_counted) = match table {
        Table::Emails | Table::Campaigns | Table::CampaignMonths => {
            let (until, total) = client.listing(&listing_path(table, client), task)?;
            (until, whole(total.unwrap_or(0)), total.is_some() && table != Table::CampaignMonths)
        }
        _ => match table.along() {
            None => (nothing_made_later, whole(0), false),
            Some(object) => {
                let until = client.moment(object, task)?;
                let windows = along(client, Scope { object, window: Window::default(), until }, task)?;
                (until, windows, matches!(table, Table::Objects(_)))
            }
        },
    };
    if let Some(limit) = scan.limit.filter(|_| is_counted) {
        let mut planned = 0;
        windows.retain(|counted| {
            let is_needed = planned < limit;
            planned += counted.rows;
            is_needed
        });
    }
    let rows = is_counted.then(|| windows.iter().map(|counted| counted.rows).sum());
    let part = |counted: &Counted| {
        let rows = is_counted.then_some(counted.rows);
        let part = Part { table, columns: columns.clone(), window: counted.window, until, rows, limit: scan.limit };
        serde_json::to_string(&part).map(Partition).map_err(|error| SourceError::new(Status::Internal, error.to_string()))
    };
    Ok(ScanPlan {
        schema: schema_of(&columns),
        partitions: windows.iter().map(part).collect::<Result<_, _>>()?,
        filters: vec![FilterAnswer::Unsupported; scan.filters.len()],
        rows: rows.filter(|_| scan.limit.is_none()),
    })
}

/// Where a table that is read in one piece is listed.
pub(crate) fn listing_path(table: Table, client: &Client) -> String {
    match table {
        Table::Emails => client.version.path("marketing", "emails"),
        Table::Campaigns | Table::CampaignMonths => client.version.path("marketing", "campaigns"),
        _ => client.version.path("crm", "owners"),
    }
}

/// Windows over the records of a scope, which has no bounds of ids yet.
fn along(client: &Client, scope: Scope, task: &Task) -> Result<Vec<Counted>, SourceError> {
    let first = client.search(scope, &[], Order::Ascending, 1, task)?;
    let whole = vec![Counted { window: Window::default(), rows: first.total }];
    let (Some(lowest), true) = (first.results.first(), first.total > windows::MOST) else {
        return Ok(whole);
    };
    let last = client.search(scope, &[], Order::Descending, 1, task)?;
    let Some(highest) = last.results.first() else {
        return Ok(whole);
    };
    windows::split((id(&lowest.id)?, id(&highest.id)?), first.total, |window| {
        Ok(client.search(Scope { window, ..scope }, &[], Order::Ascending, 1, task)?.total)
    })
}

/// A record's id, as a number.
fn id(text: &str) -> Result<u64, SourceError> {
    text.parse().map_err(|_| SourceError::new(Status::InvalidData, "HubSpot gave a record an id that is no number"))
}

/// The ids of a window's records as they come: each once, upwards, and none from outside.
#[derive(Debug)]
pub(crate) struct Ascent {
    window: Window,
    seen: HashSet<u64>,
    last: Option<u64>,
}

impl Ascent {
    pub(crate) fn new(window: Window) -> Self {
        Self { window, seen: HashSet::new(), last: None }
    }

    /// What is left to read.
    pub(crate) fn rest(&self) -> Window {
        Window { above: self.last.or(self.window.above), ..self.window }
    }

    /// Whether a record is new; it fails where the other side did not do what it was asked, so that rows would be lost.
    pub(crate) fn admit(&mut self, text: &str) -> Result<bool, SourceError> {
        let id = id(text)?;
        if !self.seen.insert(id) {
            return Ok(false);
        }
        let is_inside = self.rest().above.is_none_or(|above| id > above) && self.window.up_to.is_none_or(|up_to| id <= up_to);
        if !is_inside {
            let message = "HubSpot's search gave records out of order or that were not asked for, so that some may be missing";
            return Err(SourceError { retryable: true, ..SourceError::new(Status::InvalidData, message) });
        }
        self.last = Some(id);
        Ok(true)
    }
}
