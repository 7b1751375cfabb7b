//! What an account has: its properties, pipelines and stages, as far as the credentials may see them.

use std::collections::{BTreeMap, BTreeSet};

use cvj_core::source::Level;
use cvj_core::{SourceError, Status, Task};
use serde::Deserialize;

use crate::client::{Client, Object};

/// What was found of an account. What the credentials may not see is `None`.
#[derive(Debug, Default)]
pub(crate) struct Portal {
    properties: BTreeMap<Object, Vec<Property>>,
    /// Objects whose records may be read, which is more than to see what properties they have.
    readable: BTreeSet<Object>,
    pub(crate) pipelines: Option<Vec<Pipeline>>,
    pub(crate) has_emails: bool,
    pub(crate) has_campaigns: bool,
    /// The currency that amounts are converted to, in an account with several.
    pub(crate) home_currency: Option<String>,
}

/// The property of deals that holds the amount in the account's own currency, where it has several.
pub(crate) const HOME_AMOUNT: &str = "amount_in_home_currency";

/// A property of an object.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Property {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) options: Vec<PropertyOption>,
}

/// A value that a property may have.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PropertyOption {
    pub(crate) label: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) display_order: Option<i64>,
}

/// A pipeline of deals.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pipeline {
    pub(crate) id: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) display_order: Option<i64>,
    pub(crate) stages: Vec<PipelineStage>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PipelineStage {
    pub(crate) id: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) display_order: Option<i64>,
    #[serde(default)]
    metadata: BTreeMap<String, serde_json::Value>,
}

impl PipelineStage {
    /// The chance that HubSpot gives a deal here, from 0 to 1.
    pub(crate) fn probability(&self) -> Option<f64> {
        let value = self.metadata.get("probability")?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.metadata.get("isClosed").is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true"))
    }

    /// Deals here are won: HubSpot's own rule is a chance of 1.
    pub(crate) fn is_won(&self) -> bool {
        self.probability() == Some(1.0)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    company_currency: String,
}

#[derive(Deserialize)]
struct Results<T> {
    results: Vec<T>,
}

impl Portal {
    /// Asks what there is, in a handful of calls. A missing scope is no error here, so that a table that nobody uses breaks
    /// nothing: reading it says which scope is missing.
    pub(crate) fn find(client: &Client, task: &Task) -> Result<Self, SourceError> {
        let version = &client.version;
        let mut portal = Self::default();
        for object in Object::ALL {
            if let Some(properties) = granted(object.name(), properties(client, object, task), task)? {
                portal.properties.insert(object, properties);
                if granted(object.name(), client.listing(&client.records_path(object), task), task)?.is_some() {
                    portal.readable.insert(object);
                }
            }
        }
        let pipelines = client.get(format!("{}/deals", version.path("crm", "pipelines"))).send(task);
        let pipelines = pipelines.and_then(|answer| answer.json::<Results<Pipeline>>());
        portal.pipelines = granted("pipelines of deals", pipelines, task)?.map(|found| found.results);
        let reached = |part| granted(part, client.get(version.path("marketing", part)).query("limit", 1).send(task), task);
        portal.has_emails = reached("emails")?.is_some();
        portal.has_campaigns = reached("campaigns")?.is_some();
        if portal.has(Object::Deals, HOME_AMOUNT) {
            let account = client.get(version.account_path()).send(task).and_then(|answer| answer.json::<Account>());
            portal.home_currency = granted("the account's currency", account, task)?.map(|account| account.company_currency);
        }
        Ok(portal)
    }

    /// The properties of an object, if they may be seen.
    pub(crate) fn properties(&self, object: Object) -> Option<&[Property]> {
        self.properties.get(&object).map(Vec::as_slice)
    }

    pub(crate) fn reads(&self, object: Object) -> bool {
        self.readable.contains(&object)
    }

    pub(crate) fn has(&self, object: Object, property: &str) -> bool {
        self.properties(object).is_some_and(|properties| properties.iter().any(|found| found.name == property))
    }

    /// The account's lifecycle stages, its own included.
    pub(crate) fn lifecycle_stages(&self) -> &[PropertyOption] {
        let properties = self.properties(Object::Contacts).unwrap_or_default();
        properties.iter().find(|property| property.name == "lifecyclestage").map_or(&[], |property| &property.options)
    }
}

/// The properties that an object has now.
pub(crate) fn properties(client: &Client, object: Object, task: &Task) -> Result<Vec<Property>, SourceError> {
    let path = format!("{}/{}", client.version.path("crm", "properties"), object.name());
    Ok(client.get(path).send(task)?.json::<Results<Property>>()?.results)
}

fn granted<T>(what: &str, found: Result<T, SourceError>, task: &Task) -> Result<Option<T>, SourceError> {
    match found {
        Err(error) if error.status == Status::Unauthorized => {
            task.log(Level::Info, &format!("{what} cannot be read: {}", error.message));
            Ok(None)
        }
        found => found.map(Some),
    }
}
