//! A record and how it came to be what it is.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A kind of CRM object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person.
    Contact,
    /// An organisation.
    Company,
    /// A sale, won, lost or open.
    Deal,
    /// A product in a deal.
    LineItem,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Contact, Self::Company, Self::Deal, Self::LineItem];

    /// The kind that a path calls by this name, in the plural, the singular or by its type id.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "contacts" | "contact" | "0-1" => Some(Self::Contact),
            "companies" | "company" | "0-2" => Some(Self::Company),
            "deals" | "deal" | "0-3" => Some(Self::Deal),
            "line_items" | "line_item" | "0-8" => Some(Self::LineItem),
            _ => None,
        }
    }

    /// Its name in paths.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Company => "companies",
            Self::Deal => "deals",
            Self::LineItem => "line_items",
        }
    }

    /// Its name in names of association types.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Deal => "deal",
            Self::LineItem => "line_item",
        }
    }

    /// The property that tells when it changed last: contacts have one of their own.
    pub fn modified_property(self) -> &'static str {
        if self == Self::Contact { "lastmodifieddate" } else { "hs_lastmodifieddate" }
    }
}

/// One value that a property had, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The value; empty if it was cleared.
    pub value: String,
    /// Since when.
    pub at: Timestamp,
    /// What set it: `CRM_UI`, `FORM`, `IMPORT`, `INTEGRATION`, `AUTOMATION_PLATFORM`.
    pub source: &'static str,
}

/// A property of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its internal name.
    pub name: Cow<'static, str>,
    /// Its values, the newest first.
    pub changes: Vec<Change>,
}

/// A record of the portal.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// Its id, unique among its kind.
    pub id: u64,
    /// When it was created.
    pub created: Timestamp,
    /// When it changed last.
    pub updated: Timestamp,
    /// When it was archived, if it was.
    pub archived: Option<Timestamp>,
    /// What is known of it.
    pub properties: Vec<Property>,
}

impl Record {
    /// The present value of a property; `None` if it was never set or is empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.history(name).first().map(|change| change.value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values that a property had, the newest first.
    pub fn history(&self, name: &str) -> &[Change] {
        self.properties.iter().find(|property| property.name == name).map_or(&[], |property| &property.changes)
    }

    /// Sets a property, as a person does in the CRM.
    pub fn set(&mut self, name: &str, value: &str, at: Timestamp) {
        self.note(name, value, at);
        self.note(self.kind.modified_property(), &at.to_string(), at);
        self.updated = at;
    }

    fn note(&mut self, name: &str, value: &str, at: Timestamp) {
        let change = Change { value: value.to_owned(), at, source: "CRM_UI" };
        match self.properties.iter_mut().find(|property| property.name == name) {
            Some(property) => property.changes.insert(0, change),
            None => self.properties.push(Property { name: name.to_owned().into(), changes: vec![change] }),
        }
    }
}

/// A record as an answer shows it.
pub(super) struct Shown<'a> {
    pub(super) record: &'a Record,
    /// Properties to show, all of them known to the portal.
    pub(super) properties: &'a [String],
    /// Properties to show with all their values.
    pub(super) with_history: &'a [String],
    pub(super) associations: Vec<(&'static str, Associated)>,
}

/// Ids and association types of one kind; and where to go on, if there are more.
pub(super) struct Associated {
    pub(super) results: Vec<(u64, String)>,
    pub(super) after: Option<u64>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.record;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &record.id.to_string())?;
        map.serialize_entry("properties", &Values(self))?;
        if !self.with_history.is_empty() {
            map.serialize_entry("propertiesWithHistory", &Histories(self))?;
        }
        map.serialize_entry("createdAt", &record.created.to_string())?;
        map.serialize_entry("updatedAt", &record.updated.to_string())?;
        map.serialize_entry("archived", &record.archived.is_some())?;
        if let Some(at) = record.archived {
            map.serialize_entry("archivedAt", &at.to_string())?;
        }
        if !self.associations.is_empty() {
            map.serialize_entry("associations", &Associations(self))?;
        }
        map.end()
    }
}

struct Values<'a>(&'a Shown<'a>);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.properties.iter().map(|name| (name, self.0.record.value(name))))
    }
}

struct Histories<'a>(&'a Shown<'a>);

impl Serialize for Histories<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = |name: &String| self.0.record.history(name).iter().map(Past).collect::<Vec<_>>();
        serializer.collect_map(self.0.with_history.iter().map(|name| (name, of(name))))
    }
}

struct Past<'a>(&'a Change);

impl Serialize for Past<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &self.0.value)?;
        map.serialize_entry("timestamp", &self.0.at.to_string())?;
        map.serialize_entry("sourceType", self.0.source)?;
        if self.0.source == "CRM_UI" {
            map.serialize_entry("sourceId", "userId:101")?;
            map.serialize_entry("updatedByUserId", &101)?;
        }
        map.end()
    }
}

struct Associations<'a>(&'a Shown<'a>);

impl Serialize for Associations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.associations.iter().map(|(name, associated)| (name, associated)))
    }
}

impl Serialize for Associated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let results = self.results.iter().map(|(id, kind)| serde_json::json!({"id": id.to_string(), "type": kind}));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("results", &results.collect::<Vec<_>>())?;
        if let Some(after) = self.after {
            let after = after.to_string();
            map.serialize_entry("paging", &serde_json::json!({"next": {"after": after, "link": format!("?after={after}")}}))?;
        }
        map.end()
    }
}
