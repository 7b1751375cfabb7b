//! The calls to HubSpot that this source makes. All of them only read.

use std::collections::HashMap;

use cvj_core::{SourceError, Status, Task};
use cvj_http::{Answer, Api, ApiSettings, Pace, Request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::config::{HubSpotConfig, Version};
use crate::dialect::HubSpotDialect;
use crate::windows::Window;

/// Searches have a limit of their own.
const SEARCH: &str = "search";

/// A kind of record that HubSpot's objects API serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Object {
    Contacts,
    Companies,
    Deals,
    LineItems,
}

impl Object {
    pub(crate) const ALL: [Self; 4] = [Self::Contacts, Self::Companies, Self::Deals, Self::LineItems];

    /// Its name in paths, and as a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Companies => "companies",
            Self::Deals => "deals",
            Self::LineItems => "line_items",
        }
    }
}

/// A record as HubSpot sends it: every value is text, or null.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) properties: Map<String, Value>,
    /// Newest first.
    #[serde(default, rename = "propertiesWithHistory")]
    pub(crate) history: HashMap<String, Vec<Change>>,
}

/// A value that a property had from some moment on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    pub(crate) value: Option<String>,
    pub(crate) timestamp: Timestamp,
    pub(crate) source_type: Option<String>,
}

/// What a search found.
#[derive(Debug, Deserialize)]
pub(crate) struct Found {
    /// All that fit, on this page or not.
    pub(crate) total: u64,
    pub(crate) results: Vec<Record>,
    #[serde(default)]
    paging: Option<Paging>,
}

impl Found {
    /// Whether everything that fits is on this page. A page may be short though more follows.
    pub(crate) fn is_all(&self) -> bool {
        self.paging.is_none() && self.results.len() as u64 >= self.total
    }
}

/// Where a listing goes on.
#[derive(Debug, Deserialize)]
pub(crate) struct Paging {
    next: Option<NextPage>,
}

#[derive(Debug, Deserialize)]
struct NextPage {
    after: String,
}

impl Paging {
    pub(crate) fn after(paging: Option<Self>) -> Option<String> {
        Some(paging?.next?.after)
    }
}

/// A page of a listing.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) results: Vec<Value>,
    pub(crate) total: Option<u64>,
    #[serde(default)]
    pub(crate) paging: Option<Paging>,
}

/// What a record is associated with.
#[derive(Debug, Deserialize)]
pub(crate) struct Associated {
    pub(crate) from: Referred,
    pub(crate) to: Vec<AssociatedTo>,
    #[serde(default)]
    pub(crate) paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Referred {
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssociatedTo {
    /// A number in older versions, text in newer ones.
    pub(crate) to_object_id: Value,
    pub(crate) association_types: Vec<AssociationType>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AssociationType {
    pub(crate) label: Option<String>,
}

/// What a batch read gives: records that are gone are errors beside the results.
#[derive(Debug, Deserialize)]
struct Batch<T> {
    results: Vec<T>,
    #[serde(default)]
    errors: Vec<BatchError>,
}

#[derive(Debug, Deserialize)]
struct BatchError {
    #[serde(default)]
    category: String,
}

/// A stretch of an object's records: those with ids in a window, created before a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) object: Object,
    pub(crate) window: Window,
    /// Milliseconds since 1970.
    pub(crate) until: i64,
}

/// The order of a search.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

/// HubSpot, as this source talks to it.
pub(crate) struct Client {
    api: Api,
    pub(crate) version: Version,
    base_url: String,
}

impl Client {
    pub(crate) fn new(config: HubSpotConfig) -> Result<Self, SourceError> {
        let mut settings = ApiSettings::new("HubSpot", config.base_url.clone(), config.auth()?, HubSpotDialect);
        settings.pace = Pace { per_second: config.requests_per_second, concurrent: 8 };
        settings.lanes = vec![(SEARCH, Pace { per_second: config.searches_per_second, concurrent: 8 })];
        Ok(Self { api: Api::new(settings)?, version: config.version, base_url: config.base_url })
    }

    /// Where the records of an object are.
    pub(crate) fn records_path(&self, object: Object) -> String {
        format!("{}/{}", self.version.path("crm", "objects"), object.name())
    }

    pub(crate) fn get(&self, path: String) -> Request<'_> {
        self.api.get(path)
    }

    /// One cheap call that tells who answers and whether the credentials are taken.
    pub(crate) fn check(&self, task: &Task) -> Result<(), SourceError> {
        match self.listing(&self.records_path(Object::Contacts), task) {
            Err(error) if matches!(error.status, Status::NotFound | Status::InvalidData) => {
                let message = format!("no HubSpot answers at {}: {}", self.base_url, error.message);
                Err(SourceError::new(Status::NotFound, message).with_hint("set `base_url`, or leave it out"))
            }
            answered => answered.map(drop),
        }
    }

    /// The moment before which records are read: a little before HubSpot's own now, because a new record is found by search only
    /// some seconds after it was made, and the same search must find the same whenever it is asked.
    pub(crate) fn moment(&self, object: Object, task: &Task) -> Result<i64, SourceError> {
        const SEARCH_LAG: i64 = 60_000;
        Ok(self.listing(&self.records_path(object), task)?.0 - SEARCH_LAG)
    }

    /// HubSpot's now, in milliseconds since 1970, and how many records a listing has in all.
    pub(crate) fn listing(&self, path: &str, task: &Task) -> Result<(i64, Option<u64>), SourceError> {
        let answer = self.get(path.to_owned()).query("limit", 1).send(task)?;
        let now = answer.date().unwrap_or_else(Timestamp::now);
        Ok((now.as_millisecond(), answer.json::<Listed>()?.total))
    }

    pub(crate) fn search(
        &self,
        scope: Scope,
        properties: &[&str],
        order: Order,
        limit: u64,
        task: &Task,
    ) -> Result<Found, SourceError> {
        let filter = |property: &str, operator: &str, value: String| json!({"propertyName": property, "operator": operator, "value": value});
        let mut filters = vec![filter("createdate", "LT", scope.until.to_string())];
        filters.extend(scope.window.above.map(|id| filter("hs_object_id", "GT", id.to_string())));
        filters.extend(scope.window.up_to.map(|id| filter("hs_object_id", "LTE", id.to_string())));
        let direction = match order {
            Order::Ascending => "ASCENDING",
            Order::Descending => "DESCENDING",
        };
        let body = json!({
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": direction}],
            "properties": named(properties),
            "limit": limit,
        });
        let path = format!("{}/search", self.records_path(scope.object));
        self.api.post(path).lane(SEARCH).json(&body).send(task)?.json()
    }

    /// These records with the history of one property; those that are gone are left out.
    pub(crate) fn history(
        &self,
        object: Object,
        ids: &[String],
        properties: &[&str],
        with_history: &str,
        task: &Task,
    ) -> Result<Vec<Record>, SourceError> {
        let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        let body = json!({"inputs": inputs, "properties": named(properties), "propertiesWithHistory": [with_history]});
        let path = format!("{}/batch/read", self.records_path(object));
        whole(&self.api.post(path).json(&body).send(task)?)
    }

    /// What these records are associated with; a record without associations is left out. `inputs` are ids, each perhaps with
    /// the cursor of its next page.
    pub(crate) fn associations(
        &self,
        (from, to): (Object, Object),
        inputs: &[(String, Option<String>)],
        task: &Task,
    ) -> Result<Vec<Associated>, SourceError> {
        let input = |(id, after): &(String, Option<String>)| match after {
            Some(after) => json!({"id": id, "after": after}),
            None => json!({"id": id}),
        };
        let body = json!({"inputs": inputs.iter().map(input).collect::<Vec<_>>()});
        let path = self.version.associations_path(from.name(), to.name());
        whole(&self.api.post(path).json(&body).send(task)?)
    }
}

/// The properties to ask for. Without any HubSpot sends some of its choice, names and addresses among them.
fn named<'a>(properties: &'a [&'a str]) -> &'a [&'a str] {
    if properties.is_empty() { &["hs_object_id"] } else { properties }
}

/// The results of a batch read. Only "there is none" may be among its errors: anything else would be data lost without a word.
fn whole<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, SourceError> {
    let batch: Batch<T> = answer.json()?;
    match batch.errors.iter().find(|error| error.category != "OBJECT_NOT_FOUND") {
        None => Ok(batch.results),
        Some(error) => {
            let message = format!("HubSpot: {} could not be answered in whole: {}", answer.of, error.category);
            Err(SourceError { retryable: true, ..SourceError::new(Status::Io, message) })
        }
    }
}
