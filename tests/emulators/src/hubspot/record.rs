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
        self.note(self.kind.modified_property(), &iso(at), at);
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

/// A moment as HubSpot writes it. Answers are full of moments, and this takes a fraction of what a formatter for all cases takes.
pub(super) fn iso(at: Timestamp) -> String {
    const TO_YEAR_0: i64 = 719_468;
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let milliseconds = at.as_millisecond();
    let (days, time) = (milliseconds.div_euclid(86_400_000) + TO_YEAR_0, milliseconds.rem_euclid(86_400_000));
    // Years that begin in March: the leap day is the last of the year.
    let (era, day) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);

    let mut text = Vec::with_capacity(24);
    let mut put = |mut number: i64, digits: usize, then: u8| {
        let start = text.len();
        text.resize(start + digits, b'0');
        for place in text[start..].iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
        text.push(then);
    };
    put(year, 4, b'-');
    put(month, 2, b'-');
    put(day, 2, b'T');
    put(time / 3_600_000, 2, b':');
    put(time / 60_000 % 60, 2, b':');
    put(time / 1000 % 60, 2, if time % 1000 == 0 { b'Z' } else { b'.' });
    if time % 1000 != 0 {
        put(time % 1000, 3, b'Z');
    }
    String::from_utf8(text).unwrap_or_default()
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
        map.serialize_entry("createdAt", &iso(record.created))?;
        map.serialize_entry("updatedAt", &iso(record.updated))?;
        map.serialize_entry("archived", &record.archived.is_some())?;
        if let Some(at) = record.archived {
            map.serialize_entry("archivedAt", &iso(at))?;
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
        map.serialize_entry("timestamp", &iso(self.0.at))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_back_as_they_were() {
        let mut milliseconds = -62_000_000_000_000_i64;
        while milliseconds < 250_000_000_000_000 {
            let at = Timestamp::from_millisecond(milliseconds).unwrap();
            assert_eq!(iso(at).parse::<Timestamp>().unwrap(), at, "{}", iso(at));
            milliseconds += 86_399_999 * 37;
        }
        assert_eq!(iso(Timestamp::from_second(1_709_164_800).unwrap()), "2024-02-29T00:00:00Z");
    }
}
