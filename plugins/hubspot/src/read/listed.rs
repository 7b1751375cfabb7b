//! Tables that are small enough to be listed from end to end.

use std::collections::HashSet;
use std::sync::Arc;

use cvj_core::{SourceError, Status, Task};
use cvj_http::{Cursor, Pages, Rows};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::{Source, push};
use crate::client::{Client, Listed, Paging};
use crate::part::{self, Part};
use crate::portal::Portal;
use crate::tables::{CAMPAIGN_METRICS, CAMPAIGN_PROPERTIES, EMAIL_COUNTERS, Table};

/// How many whole months before the present one campaigns are counted by month.
const CAMPAIGN_MONTHS: i64 = 24;

/// Stages as the account has them now, which are at hand.
pub(super) struct Known(Vec<Value>);

impl Known {
    pub(super) fn new(portal: &Portal, table: Table) -> Self {
        if table == Table::LifecycleStages {
            let stages = portal.lifecycle_stages().iter();
            let row =
                stages.map(|stage| json!({"stage": stage.value, "label": stage.label, "display_order": stage.display_order}));
            return Self(row.collect());
        }
        let rows = portal.pipelines.iter().flatten().flat_map(|pipeline| {
            pipeline.stages.iter().map(|stage| {
                json!({
                    "pipeline": pipeline.id,
                    "pipeline_label": pipeline.label,
                    "pipeline_order": pipeline.display_order,
                    "stage": stage.id,
                    "label": stage.label,
                    "display_order": stage.display_order,
                    "probability": stage.probability(),
                    "is_closed": stage.is_closed(),
                    "is_won": stage.is_won(),
                })
            })
        });
        Self(rows.collect())
    }
}

impl Source for Known {
    fn page(&mut self, rows: &mut Rows, task: &Task) -> Result<bool, SourceError> {
        for row in std::mem::take(&mut self.0) {
            push(rows, row["stage"].as_str().unwrap_or_default(), &row, task);
        }
        Ok(false)
    }
}

/// A listing, page after page by its cursors.
pub(super) struct Listing {
    client: Arc<Client>,
    part: Part,
    pages: Pages,
    after: Option<Cursor>,
    seen: HashSet<String>,
    /// Owners who left are a listing of their own.
    archived: bool,
}

impl Listing {
    pub(super) fn new(client: Arc<Client>, part: &Part) -> Self {
        Self { client, part: part.clone(), pages: Pages::new(), after: None, seen: HashSet::new(), archived: false }
    }

    fn wants_any(&self, columns: impl IntoIterator<Item = &'static str>) -> bool {
        columns.into_iter().any(|column| self.part.wants(column))
    }

    fn rows_of(&self, record: &Value, task: &Task) -> Result<Vec<Value>, SourceError> {
        Ok(match self.part.table {
            Table::Emails => vec![email(record)],
            Table::Campaigns => {
                let mut row = campaign(record);
                if self.wants_any(CAMPAIGN_METRICS.map(|(name, _)| name)) {
                    row.extend(self.metrics(record, None, task)?);
                }
                vec![Value::Object(row)]
            }
            Table::CampaignMonths => self.campaign_months(record, task)?,
            _ => vec![json!({
                "id": record["id"],
                "email": record["email"],
                "first_name": record["firstName"],
                "last_name": record["lastName"],
                "type": record["type"],
                "archived": record["archived"],
                "created_at": record["createdAt"],
            })],
        })
    }

    /// A campaign's numbers, of all time or between two days, both included.
    fn metrics(&self, campaign: &Value, days: Option<(Date, Date)>, task: &Task) -> Result<Map<String, Value>, SourceError> {
        let path = part::listing_path(self.part.table, &self.client);
        let mut request = self.client.get(format!("{path}/{}/reports/metrics", campaign["id"].as_str().unwrap_or_default()));
        if let Some((first, last)) = days {
            request = request.query("startDate", first).query("endDate", last);
        }
        let numbers: Value = request.send(task)?.json()?;
        Ok(CAMPAIGN_METRICS.iter().map(|&(column, name)| (column.to_owned(), numbers[name].clone())).collect())
    }

    /// A row for each month from the campaign's beginning to its end, or to the moment of planning. Each costs a call, and
    /// campaigns may run for many years: months further back than two years are left out, as the table says.
    fn campaign_months(&self, record: &Value, task: &Task) -> Result<Vec<Value>, SourceError> {
        let campaign = campaign(record);
        let day = |column: &str| campaign.get(column)?.as_str()?.get(..10)?.parse::<Date>().ok();
        let Some(begin) = [day("start_date"), day("created_at")].into_iter().flatten().min() else {
            return Ok(Vec::new());
        };
        let now = Timestamp::from_millisecond(self.part.until).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date();
        let oldest = now.first_of_month().saturating_sub(CAMPAIGN_MONTHS.months());
        let end = day("end_date").map_or(now, |end| end.min(now));
        let mut rows = Vec::new();
        let mut month = begin.first_of_month().max(oldest);
        while month <= end {
            let mut row = campaign.clone();
            row.insert("month".to_owned(), json!(month));
            row.extend(self.metrics(record, Some((month, month.last_of_month().min(now))), task)?);
            rows.push(Value::Object(row));
            month = month.saturating_add(1.month());
        }
        Ok(rows)
    }
}

impl Source for Listing {
    fn page(&mut self, rows: &mut Rows, task: &Task) -> Result<bool, SourceError> {
        let table = self.part.table;
        let mut request = self.client.get(part::listing_path(table, &self.client)).query("limit", 100);
        match table {
            Table::Emails => request = request.query("includeStats", true),
            Table::Campaigns | Table::CampaignMonths => {
                request = request.query("properties", CAMPAIGN_PROPERTIES.map(|(_, name, _)| name).join(","));
            }
            _ => request = request.query("archived", self.archived),
        }
        if let Some(Cursor(after)) = &self.after {
            request = request.query("after", after);
        }
        let page: Listed = request.send(task)?.json()?;
        let next = self.pages.next(page.results.len(), Paging::after(page.paging).map(Cursor))?;
        let is_late = |record: &Value| {
            let made = record["createdAt"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
            made.is_some_and(|made| made.as_millisecond() >= self.part.until)
        };
        for record in page.results.iter().filter(|record| !is_late(record)) {
            let Some(id) = record["id"].as_str() else {
                return Err(SourceError::new(Status::InvalidData, format!("HubSpot lists {} without an id", table.unit())));
            };
            if !self.seen.insert(id.to_owned()) {
                task.left_out("duplicate of a row read before", 1);
                continue;
            }
            for row in self.rows_of(record, task)? {
                push(rows, id, &row, task);
            }
        }
        self.after = next;
        if self.after.is_none() && table == Table::Owners && !self.archived {
            self.archived = true;
            self.pages = Pages::new();
            return Ok(true);
        }
        Ok(self.after.is_some())
    }
}

fn email(record: &Value) -> Value {
    let mut row = json!({
        "id": record["id"],
        "name": record["name"],
        "subject": record["subject"],
        "type": record["type"],
        "state": record["state"],
        "campaign": record["campaign"],
        "campaign_name": record["campaignName"],
        "created_at": record["createdAt"],
        "published_at": record["publishedAt"],
    });
    for counter in EMAIL_COUNTERS {
        row[counter] = record["stats"]["counters"][counter].clone();
    }
    row
}

fn campaign(record: &Value) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("id".to_owned(), record["id"].clone());
    row.insert("created_at".to_owned(), record["createdAt"].clone());
    row.extend(CAMPAIGN_PROPERTIES.iter().map(|&(column, name, _)| (column.to_owned(), record["properties"][name].clone())));
    row
}
