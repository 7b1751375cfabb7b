//! Tables that are read along the records of an object, in windows of their ids.
//!
//! A window is paged by "ids above the last one", and never by the cursor of the search: that counts rows, so that a record
//! deleted meanwhile would move another one past its edge, and it ends at ten thousand.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use cvj_core::{SourceError, Status, Task};
use cvj_http::Rows;
use serde_json::{Value, json};

use super::{Source, push};
use crate::client::{Client, Object, Order, Record, Scope};
use crate::part::{Ascent, Part};
use crate::portal::{self, PipelineStage, Portal};
use crate::tables::Table;

/// As many records as a page of a search has at most.
const SEARCHED: u64 = 200;
/// As many records as are read at once with their history.
const WITH_HISTORY: usize = 50;

pub(super) fn source(client: Arc<Client>, portal: &Portal, part: &Part) -> Box<dyn Source> {
    let object = part.table.along().unwrap_or(Object::Deals);
    let scope = Scope { object, window: part.window, until: part.until };
    let window = Walk { client, scope, ascent: Ascent::new(part.window) };
    match part.table {
        Table::ContactStages => {
            let stages = portal.lifecycle_stages().iter();
            let facts = stages.map(|stage| (stage.value.clone(), json!({"label": stage.label}))).collect();
            Box::new(History { window, facts, property: "lifecyclestage", with_email: part.wants("email") })
        }
        Table::DealStages => {
            let stages = portal.pipelines.iter().flatten().flat_map(|pipeline| &pipeline.stages);
            let fact =
                |stage: &PipelineStage| json!({"label": stage.label, "is_closed": stage.is_closed(), "is_won": stage.is_won()});
            let facts = stages.map(|stage| (stage.id.clone(), fact(stage))).collect();
            Box::new(History { window, facts, property: "dealstage", with_email: false })
        }
        Table::DealContacts => Box::new(Associations { window, to: Object::Contacts, key: "contact_id" }),
        Table::DealLineItems => Box::new(Associations { window, to: Object::LineItems, key: "line_item_id" }),
        _ => {
            let properties = part.properties().into_iter().map(ToOwned::to_owned).collect();
            Box::new(Records { window, properties, known: HashSet::new() })
        }
    }
}

/// The records of a window, page after page.
struct Walk {
    client: Arc<Client>,
    scope: Scope,
    ascent: Ascent,
}

impl Walk {
    /// The records of the next page that were not there before, and whether more follow.
    fn page(&mut self, properties: &[&str], task: &Task) -> Result<(Vec<Record>, bool), SourceError> {
        let scope = Scope { window: self.ascent.rest(), ..self.scope };
        let found = self.client.search(scope, properties, Order::Ascending, SEARCHED, task)?;
        let is_last = found.results.is_empty() || found.is_all();
        let mut records = Vec::with_capacity(found.results.len());
        let mut repeated = 0;
        for record in found.results {
            if self.ascent.admit(&record.id)? {
                records.push(record);
            } else {
                repeated += 1;
            }
        }
        if repeated > 0 {
            task.left_out("duplicate of a row read before", repeated);
        }
        if records.is_empty() && !is_last {
            let message = format!("HubSpot offers the same {} again and again, so that the rest cannot be read", self.object());
            return Err(SourceError { retryable: true, ..SourceError::new(Status::InvalidData, message) });
        }
        Ok((records, !is_last))
    }

    fn object(&self) -> &'static str {
        self.scope.object.name()
    }
}

/// The records themselves.
struct Records {
    window: Walk,
    properties: Vec<String>,
    /// Properties of which HubSpot was asked whether they are still there, since no record of a page had them.
    known: HashSet<String>,
}

impl Source for Records {
    fn page(&mut self, rows: &mut Rows, task: &Task) -> Result<bool, SourceError> {
        let properties: Vec<&str> = self.properties.iter().map(String::as_str).collect();
        let (records, has_more) = self.window.page(&properties, task)?;
        self.find_gone(&records, task)?;
        for record in records {
            let id = Value::String(record.id);
            let value = |name: &str| if name == "id" { Some(&id) } else { record.properties.get(name) };
            rows.push(id.as_str().unwrap_or_default(), |field| value(&field.name), task);
        }
        Ok(has_more)
    }
}

impl Records {
    /// Fails if a property that was asked for is there no more: HubSpot leaves it out without a word, and nulls would look like
    /// data.
    fn find_gone(&mut self, records: &[Record], task: &Task) -> Result<(), SourceError> {
        let is_absent =
            |name: &&String| !self.known.contains(*name) && !records.iter().any(|record| record.properties.contains_key(*name));
        let absent: Vec<String> = self.properties.iter().filter(is_absent).cloned().collect();
        if records.is_empty() || absent.is_empty() {
            return Ok(());
        }
        let object = self.window.scope.object;
        let now: HashSet<String> =
            portal::properties(&self.window.client, object, task)?.into_iter().map(|property| property.name).collect();
        if let Some(gone) = absent.iter().find(|name| !now.contains(*name)) {
            let message = format!("HubSpot no longer has the property `{gone}` of {}", self.window.object());
            return Err(SourceError::schema_changed(message));
        }
        self.known.extend(absent);
        Ok(())
    }
}

/// What a property of the records was, and from when on.
struct History {
    window: Walk,
    /// What to say beside each value.
    facts: BTreeMap<String, Value>,
    property: &'static str,
    with_email: bool,
}

impl Source for History {
    fn page(&mut self, rows: &mut Rows, task: &Task) -> Result<bool, SourceError> {
        let (records, has_more) = self.window.page(&[], task)?;
        let ids: Vec<String> = records.into_iter().map(|record| record.id).collect();
        let Scope { object, until, .. } = self.window.scope;
        let properties: &[&str] = if self.with_email { &["email"] } else { &[] };
        let key = if object == Object::Contacts { "contact_id" } else { "deal_id" };
        for ids in ids.chunks(WITH_HISTORY) {
            let mut records = self.window.client.history(object, ids, properties, self.property, task)?;
            // A merged record may come back under the survivor's id.
            let place = |id: &String| ids.iter().position(|asked| asked == id);
            records.retain(|record| place(&record.id).is_some());
            records.sort_by_key(|record| place(&record.id));
            for record in &records {
                let changes = record.history.get(self.property).into_iter().flatten().rev();
                for change in changes.filter(|change| change.timestamp.as_millisecond() < until) {
                    let mut row = json!({
                        key: record.id,
                        "email": record.properties.get("email"),
                        "stage": change.value,
                        "at": change.timestamp.to_string(),
                        "source_type": change.source_type,
                    });
                    let facts = change.value.as_ref().and_then(|value| self.facts.get(value)).and_then(Value::as_object);
                    if let (Some(row), Some(facts)) = (row.as_object_mut(), facts) {
                        row.extend(facts.clone());
                    }
                    push(rows, &record.id, &row, task);
                }
            }
        }
        Ok(has_more)
    }
}

/// What deals are associated with: a row for each pair, whatever the number of its labels.
struct Associations {
    window: Walk,
    to: Object,
    key: &'static str,
}

impl Source for Associations {
    fn page(&mut self, rows: &mut Rows, task: &Task) -> Result<bool, SourceError> {
        let (records, has_more) = self.window.page(&[], task)?;
        let mut asked: Vec<(String, Option<String>)> = records.into_iter().map(|record| (record.id, None)).collect();
        let mut pairs: HashSet<(String, String)> = HashSet::new();
        let mut cursors: HashSet<(String, Option<String>)> = HashSet::new();
        while !asked.is_empty() {
            let mut next = Vec::new();
            for associated in self.window.client.associations((self.window.scope.object, self.to), &asked, task)? {
                let from = associated.from.id;
                for to in associated.to {
                    let id = to.to_object_id.as_str().map_or_else(|| to.to_object_id.to_string(), ToOwned::to_owned);
                    if !pairs.insert((from.clone(), id.clone())) {
                        task.left_out("duplicate of a row read before", 1);
                        continue;
                    }
                    let mut labels: Vec<&str> = to.association_types.iter().filter_map(|kind| kind.label.as_deref()).collect();
                    labels.sort_unstable();
                    labels.dedup();
                    let row = json!({
                        "deal_id": from,
                        self.key: id,
                        "label": labels.join("; "),
                        "is_primary": labels.contains(&"Primary"),
                    });
                    push(rows, &from, &row, task);
                }
                next.extend(crate::client::Paging::after(associated.paging).map(|after| (from, Some(after))));
            }
            if next.iter().any(|cursor| !cursors.insert(cursor.clone())) {
                let message = "HubSpot offers the same associations again and again, so that the rest cannot be read";
                return Err(SourceError { retryable: true, ..SourceError::new(Status::InvalidData, message) });
            }
            asked = next;
        }
        Ok(has_more)
    }
}
