//! Lists of records, single records and batches of them.

use serde::Serialize;
use serde_json::{Value, json};

use super::portal::Portal;
use super::record::{Associated, Kind, Record, Shown};
use crate::{Answer, Request};

const LARGEST_PAGE: usize = 100;
/// Histories are long: with them, pages are shorter.
const LARGEST_PAGE_WITH_HISTORY: usize = 50;
/// A list shows so many associations of a record; the others have a page of their own.
const ASSOCIATIONS_SHOWN: usize = 100;

/// What is always shown, and what is shown if nobody asks for anything.
fn basic(kind: Kind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        Kind::Contact => (&["createdate", "hs_object_id", "lastmodifieddate"], &["email", "firstname", "lastname"]),
        Kind::Company => (&["createdate", "hs_lastmodifieddate", "hs_object_id"], &["domain", "name"]),
        Kind::Deal => (
            &["createdate", "hs_lastmodifieddate", "hs_object_id"],
            &["amount", "closedate", "dealname", "dealstage", "pipeline"],
        ),
        Kind::LineItem => (&["createdate", "hs_lastmodifieddate", "hs_object_id"], &[]),
    }
}

/// The properties that an answer shows: known ones that were asked for, and what is always there.
pub(super) struct Selection {
    /// All of them.
    pub(super) wanted: Vec<String>,
    properties: Vec<String>,
    with_history: Vec<String>,
}

impl Selection {
    pub(super) fn new(portal: &Portal, kind: Kind, names: &[&str], with_history: &[&str]) -> Self {
        let (always, otherwise) = basic(kind);
        let asked = if names.is_empty() { otherwise } else { names };
        let known = |names: &mut dyn Iterator<Item = &&str>| {
            let mut kept: Vec<String> = names.map(|name| name.to_lowercase()).collect();
            kept.sort_unstable();
            kept.dedup();
            kept.retain(|name| portal.property_type(kind, name).is_some());
            kept
        };
        let properties = known(&mut asked.iter().chain(always));
        let with_history = known(&mut with_history.iter());
        Self { wanted: properties.iter().chain(&with_history).cloned().collect(), properties, with_history }
    }

    pub(super) fn show<'a>(&'a self, record: &'a Record) -> Shown<'a> {
        Shown { record, properties: &self.properties, with_history: &self.with_history, associations: Vec::new() }
    }
}

#[derive(Serialize)]
struct Page<T> {
    results: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Value>,
}

impl Portal {
    /// `GET` of a list: pages begin at an id, so that nothing is lost when records before it vanish.
    pub(super) fn list(&mut self, kind: Kind, request: &Request) -> Answer {
        let with_history = request.list("propertiesWithHistory");
        let limit = match request.parameter("limit").map(str::parse::<usize>) {
            None => 10,
            Some(Ok(limit)) => limit,
            Some(Err(_)) => return self.invalid("Unable to parse value for query parameter: limit"),
        };
        let largest = if with_history.is_empty() { LARGEST_PAGE } else { LARGEST_PAGE_WITH_HISTORY };
        if limit == 0 || limit > largest {
            return self.invalid(&format!("The 'limit' of this request must be between 1 and {largest}, and is {limit}."));
        }
        let first = match request.parameter("after").filter(|after| !after.is_empty()).map(str::parse::<u64>) {
            None => 0,
            Some(Ok(first)) => first,
            Some(Err(_)) => return self.invalid("The paging cursor 'after' is not one that was given out."),
        };
        let mut kinds = Vec::new();
        for name in request.list("associations") {
            let Some(kind) = Kind::named(name) else {
                return self.invalid(&format!("Unable to infer object type from: {name}"));
            };
            kinds.push(kind);
        }
        let archived = request.parameter("archived") == Some("true");
        let selection = Selection::new(self, kind, &request.list("properties"), &with_history);
        let mut ids: Vec<u64> = self.ids_from(kind, first, archived).take(limit + 1).collect();
        let next = (ids.len() > limit).then(|| ids.pop()).flatten();
        let records: Vec<Record> = ids.into_iter().filter_map(|id| self.record_with(kind, id, Some(&selection.wanted))).collect();
        let shown = records.iter().map(|record| {
            let associations = self.shown_associations(kind, record.id, &kinds);
            Shown { associations, ..selection.show(record) }
        });
        let results = shown.collect();
        let paging = next.map(|id| {
            let link = format!("https://api.hubapi.com{}?after={id}&limit={limit}", request.path);
            json!({"next": {"after": id.to_string(), "link": link}})
        });
        Answer::json(200, &Page { results, paging })
    }

    /// `GET` of one record.
    pub(super) fn read(&mut self, kind: Kind, id: &str, request: &Request) -> Answer {
        let archived = request.parameter("archived") == Some("true");
        let record = id.parse().ok().and_then(|id| self.record(kind, id));
        let Some(record) = record.filter(|record| record.archived.is_some() == archived) else { return self.not_found() };
        let selection = Selection::new(self, kind, &request.list("properties"), &request.list("propertiesWithHistory"));
        let kinds: Vec<Kind> = request.list("associations").into_iter().filter_map(Kind::named).collect();
        let associations = self.shown_associations(kind, record.id, &kinds);
        Answer::json(200, &Shown { associations, ..selection.show(&record) })
    }

    /// `POST …/batch/read`.
    pub(super) fn batch_read(&mut self, kind: Kind, request: &Request) -> Answer {
        let Some(query) = request.json() else { return self.invalid("Invalid input JSON on line 1, column 1") };
        let names = |key: &str| -> Vec<String> {
            let names = query[key].as_array().into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (properties, with_history) = (names("properties"), names("propertiesWithHistory"));
        let ids: Vec<String> = query["inputs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|input| input["id"].as_str().map(str::to_owned))
            .collect();
        let largest = if with_history.is_empty() { LARGEST_PAGE } else { LARGEST_PAGE_WITH_HISTORY };
        if ids.len() > largest {
            return self.invalid(&format!("Invalid input JSON: 'inputs' may hold {largest} ids, and holds {}.", ids.len()));
        }
        let archived = request.parameter("archived") == Some("true");
        let properties: Vec<&str> = properties.iter().map(String::as_str).collect();
        let with_history: Vec<&str> = with_history.iter().map(String::as_str).collect();
        let selection = Selection::new(self, kind, &properties, &with_history);
        let mut records: Vec<Record> = Vec::new();
        let mut missing = Vec::new();
        for id in ids {
            let record = id.parse().ok().and_then(|id| self.record_with(kind, id, Some(&selection.wanted)));
            match record.filter(|record| record.archived.is_some() == archived) {
                Some(record) if records.iter().any(|other| other.id == record.id) => {}
                Some(record) => records.push(record),
                None => missing.push(id),
            }
        }
        let results: Vec<Shown<'_>> = records.iter().map(|record| selection.show(record)).collect();
        let errors = if missing.is_empty() { Vec::new() } else { vec![Self::not_in_batch(kind, &missing)] };
        Batch::answer(results, errors)
    }

    /// What lists show of a record's associations: by kind, as HubSpot names the kind there.
    fn shown_associations(&self, kind: Kind, id: u64, kinds: &[Kind]) -> Vec<(&'static str, Associated)> {
        let mut shown = Vec::new();
        for &to in kinds {
            let mut ids = self.associated(kind, id, to);
            let after = ids.get(ASSOCIATIONS_SHOWN).copied();
            ids.truncate(ASSOCIATIONS_SHOWN);
            if ids.is_empty() {
                continue;
            }
            let name = format!("{}_to_{}", kind.singular(), to.singular());
            // The same record comes once per type of association: as the primary one, and without a label.
            let labelled = to == Kind::Company;
            let results = ids.into_iter().flat_map(|id| {
                let unlabelled = labelled.then(|| (id, format!("{name}_unlabeled")));
                [Some((id, name.clone())), unlabelled].into_iter().flatten()
            });
            let title = if to == Kind::LineItem { "line items" } else { to.plural() };
            shown.push((title, Associated { results: results.collect(), after }));
        }
        shown
    }
}

/// The answer to a batch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Batch<T> {
    status: &'static str,
    results: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
    started_at: &'static str,
    completed_at: &'static str,
}

impl<T: Serialize> Batch<T> {
    /// The answer with these results and errors.
    pub(super) fn answer(results: Vec<T>, errors: Vec<Value>) -> Answer {
        let num_errors = (!errors.is_empty()).then_some(errors.len());
        let status = if errors.is_empty() { 200 } else { 207 };
        let batch = Self {
            status: "COMPLETE",
            results,
            num_errors,
            errors,
            started_at: "2026-07-01T08:00:00.000Z",
            completed_at: "2026-07-01T08:00:00.001Z",
        };
        Answer::json(status, &batch)
    }
}
