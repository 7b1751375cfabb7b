//! The state of a portal: what was generated, what has changed since, who may read it and how fast.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::generate::{Generator, Size};
use super::record::{Kind, Record, iso};
use super::schema;
use super::search::Searches;
use crate::Window;

/// The token that is always good, as one of a private app.
pub const TOKEN: &str = "pat-emulator-0123456789";

/// Requests that a portal allows; as a professional one has it, unless said otherwise.
#[derive(Clone, Debug)]
pub struct Limits {
    /// All requests, in any ten seconds.
    pub burst: Window,
    /// Searches, in any second.
    pub search: Window,
    /// All requests of a day.
    pub daily: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { burst: Window::new(190, Duration::from_secs(10)), search: Window::new(5, Duration::from_secs(1)), daily: 650_000 }
    }
}

impl Limits {
    /// Limits that no test reaches.
    pub fn none() -> Self {
        Self::per_ten_seconds(u32::MAX)
    }

    /// This many requests in any ten seconds, searches included.
    pub fn per_ten_seconds(limit: u32) -> Self {
        Self {
            burst: Window::new(limit, Duration::from_secs(10)),
            search: Window::new(u32::MAX, Duration::from_secs(1)),
            daily: 1_000_000_000,
        }
    }
}

/// What an app knows of itself, to get access tokens.
#[derive(Clone, Debug)]
pub struct OAuth {
    /// The app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// What it exchanges for an access token.
    pub refresh_token: String,
    /// How long an access token is good.
    pub lifetime: SignedDuration,
}

impl Default for OAuth {
    fn default() -> Self {
        Self {
            client_id: "emulator-client".into(),
            client_secret: "emulator-secret".into(),
            refresh_token: "emulator-refresh".into(),
            lifetime: SignedDuration::from_mins(30),
        }
    }
}

/// A HubSpot portal.
pub struct Portal {
    /// Requests allowed.
    pub limits: Limits,
    /// How apps get tokens.
    pub oauth: OAuth,
    /// Scopes that every token lacks.
    pub missing_scopes: BTreeSet<String>,
    /// Versions of the API by date that are served, besides v3 and v4.
    pub versions: Vec<String>,
    /// Whether an answer 429 says in `Retry-After` how many seconds to wait; HubSpot's do not.
    pub retry_after: bool,
    pub(super) generator: Generator,
    pub(super) changed: BTreeMap<(Kind, u64), Record>,
    pub(super) deleted: BTreeSet<(Kind, u64)>,
    /// Associations made afterwards, both ways.
    links: BTreeSet<(Kind, u64, Kind, u64)>,
    pub(super) hidden_properties: BTreeSet<(Kind, String)>,
    pub(super) property_types: BTreeMap<Kind, HashMap<String, &'static str>>,
    /// Access tokens and until when they are good.
    pub(super) tokens: BTreeMap<String, Timestamp>,
    pub(super) day: (i64, u64),
    pub(super) answers: u64,
    pub(super) searches: Searches,
}

impl Portal {
    /// A portal with people, sales and their histories, the same for the same seed and size.
    pub fn generate(seed: u64, size: Size) -> Self {
        let types = |kind| (kind, schema::properties(kind).into_iter().map(|(name, sort, _)| (name, sort.0)).collect());
        Self {
            limits: Limits::default(),
            oauth: OAuth::default(),
            missing_scopes: BTreeSet::new(),
            versions: vec!["2026-03".into(), "2026-09".into()],
            retry_after: false,
            generator: Generator { seed, size },
            changed: BTreeMap::new(),
            deleted: BTreeSet::new(),
            links: BTreeSet::new(),
            hidden_properties: BTreeSet::new(),
            property_types: Kind::ALL.map(types).into_iter().collect(),
            tokens: BTreeMap::new(),
            day: (0, 0),
            answers: 0,
            searches: Searches::default(),
        }
    }

    /// A portal without records, to be filled by hand.
    pub fn empty() -> Self {
        Self::generate(0, Size { contacts: 0, companies: 0, deals: 0 })
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The record of this id, archived or not. The id of a record that was merged into another gives the other one.
    pub fn record(&self, kind: Kind, id: u64) -> Option<Record> {
        self.record_with(kind, id, None)
    }

    /// The record of this id; only with these properties, if that saves work.
    pub(super) fn record_with(&self, kind: Kind, id: u64, wanted: Option<&[String]>) -> Option<Record> {
        if self.deleted.contains(&(kind, id)) {
            let text = id.to_string();
            let survivor = self.changed.values().find(|record| {
                record.kind == kind
                    && record.value("hs_merged_object_ids").is_some_and(|merged| merged.split(';').any(|id| id == text))
            });
            return survivor.cloned();
        }
        if let Some(record) = self.changed.get(&(kind, id)) {
            return Some(record.clone());
        }
        self.generator.index(kind, id).map(|index| self.generator.record(kind, index, wanted))
    }

    /// The records of a kind that are not archived, in the order of their ids: what a correct pull gives.
    pub fn records(&self, kind: Kind) -> impl Iterator<Item = Record> {
        self.ids_from(kind, 0, false).filter_map(move |id| self.record(kind, id))
    }

    /// The archived records of a kind.
    pub fn archived(&self, kind: Kind) -> impl Iterator<Item = Record> {
        self.ids_from(kind, 0, true).filter_map(move |id| self.record(kind, id))
    }

    /// The ids of a kind's records from `first` on, archived ones or the others.
    pub(super) fn ids_from(&self, kind: Kind, first: u64, archived: bool) -> impl Iterator<Item = u64> {
        let generated = Generator::index_from(kind, first)..self.generator.count(kind);
        let beyond = Generator::id(kind, self.generator.count(kind));
        let added = self.changed.range((kind, first.max(beyond))..=(kind, u64::MAX)).map(|((_, id), _)| *id);
        generated
            .map(move |index| Generator::id(kind, index))
            .chain(added)
            .filter(move |id| !self.deleted.contains(&(kind, *id)) && self.is_archived(kind, *id) == archived)
    }

    fn is_archived(&self, kind: Kind, id: u64) -> bool {
        let generated = || Generator::is_archived(kind, Generator::index_from(kind, id));
        self.changed.get(&(kind, id)).map_or_else(generated, |record| record.archived.is_some())
    }

    /// When a record was created and changed, in milliseconds, without computing the rest of it.
    pub(super) fn times(&self, kind: Kind, id: u64) -> (i64, i64) {
        let Some(record) = self.changed.get(&(kind, id)) else {
            return self.generator.outline(kind, Generator::index_from(kind, id)).times();
        };
        (record.created.as_millisecond(), record.updated.as_millisecond())
    }

    /// The ids of what is associated with a record, in order; archived and deleted records are not.
    pub fn associated(&self, kind: Kind, id: u64, to: Kind) -> Vec<u64> {
        if self.deleted.contains(&(kind, id)) {
            return Vec::new();
        }
        let linked = self.links.range((kind, id, to, 0)..=(kind, id, to, u64::MAX)).map(|link| link.3);
        let generated = self.generator.index(kind, id).map_or(Vec::new(), |index| self.generated_with(kind, index, to));
        let ids: BTreeSet<u64> = generated.into_iter().map(|index| Generator::id(to, index)).chain(linked).collect();
        ids.into_iter().filter(|id| !self.deleted.contains(&(to, *id)) && !self.is_archived(to, *id)).collect()
    }

    /// The numbers of what was generated together with a record.
    fn generated_with(&self, kind: Kind, index: u64, to: Kind) -> Vec<u64> {
        let generator = self.generator;
        match (kind, to) {
            (Kind::Contact, Kind::Company) => generator.company_of_contact(index).into_iter().collect(),
            (Kind::Contact, Kind::Deal) => generator.deals_of_contact(index),
            (Kind::Company, Kind::Contact) => generator.contacts_of_company(index),
            (Kind::Company, Kind::Deal) => {
                let contacts = generator.contacts_of_company(index).into_iter();
                let deals: BTreeSet<u64> = contacts.flat_map(|contact| generator.deals_of_contact(contact)).collect();
                deals.into_iter().filter(|deal| generator.company_of_deal(*deal) == Some(index)).collect()
            }
            (Kind::Deal, Kind::Contact) => generator.contacts_of_deal(index),
            (Kind::Deal, Kind::Company) => generator.company_of_deal(index).into_iter().collect(),
            (Kind::Deal, Kind::LineItem) => Generator::line_items_of(index).collect(),
            (Kind::LineItem, Kind::Deal) => vec![Generator::deal_of(index)],
            _ => Vec::new(),
        }
    }

    /// Associates two records.
    pub fn associate(&mut self, kind: Kind, id: u64, to: Kind, other: u64) {
        self.links.insert((kind, id, to, other));
        self.links.insert((to, other, kind, id));
    }

    /// Changes a record.
    ///
    /// # Panics
    /// If there is none of this id.
    #[expect(clippy::expect_used, reason = "a test that changes what is not there is wrong")]
    pub fn change(&mut self, kind: Kind, id: u64, change: impl FnOnce(&mut Record)) {
        let mut record = self.record(kind, id).expect("the record is there");
        change(&mut record);
        self.changed.insert((kind, record.id), record);
        self.searches.forget();
    }

    /// Adds a record with these properties, and gives its id, the highest of its kind.
    pub fn create(&mut self, kind: Kind, properties: &[(&str, &str)], at: Timestamp) -> u64 {
        let added = self.changed.range((kind, 0)..=(kind, u64::MAX)).next_back().map_or(0, |((_, id), _)| id + 1);
        let id = added.max(Generator::id(kind, self.generator.count(kind)));
        let mut record = Record { kind, id, created: at, updated: at, archived: None, properties: Vec::new() };
        record.set("hs_object_id", &id.to_string(), at);
        record.set("createdate", &iso(at), at);
        for (name, value) in properties {
            record.set(name, value, at);
        }
        self.changed.insert((kind, id), record);
        self.searches.forget();
        id
    }

    /// Puts a record into the archive: lists and searches show it no more.
    pub fn archive(&mut self, kind: Kind, id: u64, at: Timestamp) {
        self.change(kind, id, |record| record.archived = Some(at));
    }

    /// Deletes a record without a trace.
    pub fn delete(&mut self, kind: Kind, id: u64) {
        self.deleted.insert((kind, id));
        self.changed.remove(&(kind, id));
        self.searches.forget();
    }

    /// Merges `loser` into `winner`, which keeps its own values; the loser is gone, its id leads to the winner.
    pub fn merge(&mut self, kind: Kind, winner: u64, loser: u64, at: Timestamp) {
        self.change(kind, winner, |record| {
            let merged = record.value("hs_merged_object_ids").map_or(String::new(), |ids| format!("{ids};"));
            record.set("hs_merged_object_ids", &format!("{merged}{loser}"), at);
        });
        self.delete(kind, loser);
    }

    /// Takes a property away, as when somebody deletes it from the settings.
    pub fn remove_property(&mut self, kind: Kind, name: &str) {
        self.hidden_properties.insert((kind, name.to_owned()));
        self.searches.forget();
    }

    /// The type of a property that the portal has.
    pub(super) fn property_type(&self, kind: Kind, name: &str) -> Option<&'static str> {
        let hidden = !self.hidden_properties.is_empty() && self.hidden_properties.contains(&(kind, name.to_owned()));
        self.property_types.get(&kind).and_then(|types| types.get(name)).filter(|_| !hidden).copied()
    }

    /// Ends all access tokens got by OAuth, as if their time were over.
    pub fn expire_tokens(&mut self) {
        for until in self.tokens.values_mut() {
            *until = Timestamp::MIN;
        }
    }

    /// How many requests were counted today.
    pub fn used_today(&self) -> u64 {
        self.day.1
    }

    /// Lets the day's quota be used up after so many more requests.
    pub fn leave_today(&mut self, requests: u64) {
        self.limits.daily = self.day.1 + requests;
    }
}
