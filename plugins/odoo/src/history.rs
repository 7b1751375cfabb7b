//! The stages of leads, from what Odoo tracks: each message about a lead may hold tracked changes, with the old and the new
//! value. The stage that a lead was created in is no change: it is the old value of the first one, or the present stage.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::RecordBatch;
use cvj_core::{SourceError, Status, Task};
use cvj_http::{Field, FieldType, Rows};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::catalogue::{Catalogue, Column, Part};
use crate::client::{Client, Record, id};
use crate::records::Walk;
use crate::windows::{self, Window};

/// The table's name.
pub(crate) const TABLE: &str = "lead_stages";

/// Leads of a page.
const LEADS: usize = 250;
/// Messages and changes of a page.
const PAGE: usize = 1000;

/// Where changes of stages are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Changes {
    /// The field of a tracked change that says which field changed: `field_id`, or `field` before version 17.
    names: String,
    /// The id of the stage's field.
    field: i64,
    /// The last change at planning.
    upto: i64,
}

/// The columns of the table.
pub(crate) fn columns() -> Vec<Column> {
    let column = |name: &str, kind: FieldType, part: Part| Column { field: Field::new(name, kind), from: name.to_owned(), part };
    vec![
        column("lead_id", FieldType::Integer, Part::Value),
        column("change_id", FieldType::Integer, Part::Value),
        column("changed_at", FieldType::Instant, Part::Value),
        column("old_stage_id", FieldType::Integer, Part::Value),
        column("old_stage", FieldType::Text, Part::Value),
        column("stage_id", FieldType::Integer, Part::Value),
        column("stage", FieldType::Text, Part::Value),
        column("is_won", FieldType::Boolean, Part::Truth),
    ]
}

/// Windows over all leads, and how many rows Odoo says they give: one for each lead and one for each change. Which leads the
/// changes belong to cannot be counted, so a bound on leads leaves their number open.
pub(crate) fn plan(
    client: &Client,
    columns: Vec<Column>,
    catalogue: &Catalogue,
    since: Option<&str>,
    limit: Option<u64>,
    task: &Task,
) -> Result<(Vec<Window>, Option<u64>), SourceError> {
    let table = catalogue.table(TABLE).ok_or_else(|| SourceError::new(Status::NotFound, "this Odoo has no leads"))?;
    let names = if client.fields("mail.tracking.value", task)?.contains_key("field_id") { "field_id" } else { "field" };
    let field = [json!(["model", "=", "crm.lead"]), json!(["name", "=", "stage_id"])];
    let missing = || SourceError::new(Status::NotFound, "this Odoo does not track the stages of leads");
    let field = client.highest("ir.model.fields", &field, task)?.ok_or_else(missing)?;
    let upto = client.highest("mail.tracking.value", &[json!([names, "=", field])], task)?.unwrap_or(0);
    let of_stages = [json!([names, "=", field]), json!(["id", "<=", upto])];
    let changes = client.count("mail.tracking.value", &of_stages, task)?;
    let (mut windows, leads) = windows::plan(client, table, columns, catalogue, since, limit, task)?;
    for window in &mut windows {
        window.won.clone_from(&catalogue.won);
        window.changes = Some(Changes { names: names.to_owned(), field, upto });
    }
    Ok((windows, leads.filter(|_| since.is_none()).map(|leads| leads + changes)))
}

/// A change of a lead's stage.
struct Change {
    id: i64,
    at: Value,
    old: Stage,
    new: Stage,
}

/// A stage as it was called then.
#[derive(Clone, Default)]
struct Stage {
    id: Option<i64>,
    name: Option<String>,
}

/// The batches of a window: a page of leads each.
pub(crate) fn read(
    client: Arc<Client>,
    window: Window,
    changes: Changes,
    mut rows: Rows,
    task: Task,
) -> impl Iterator<Item = Result<RecordBatch, SourceError>> + Send {
    let wanted = ["id", "create_date", "stage_id"].map(ToOwned::to_owned).to_vec();
    let mut walk = Walk::new(client.clone(), &window, wanted, LEADS);
    let mut pushed = 0;
    std::iter::from_fn(move || {
        let leads = match walk.next(&task).transpose()? {
            Ok(leads) => leads,
            Err(error) => return Some(Err(error)),
        };
        let ids: Vec<i64> = leads.iter().map(|(id, _)| *id).collect();
        let mut of_leads = match changes_of(&client, &changes, &ids, &task) {
            Ok(of_leads) => of_leads,
            Err(error) => return Some(Err(error)),
        };
        for (lead, record) in leads {
            let changed = of_leads.remove(&lead).unwrap_or_default();
            let created = record.get("create_date").cloned().unwrap_or_default();
            let first = changed.first().map_or_else(|| present(&record), |change| change.old.clone());
            let mut row = |change: i64, at: Value, old: Stage, new: &Stage| {
                let won = new.id.map(|stage| window.won.contains(&stage));
                let values: Map<String, Value> = [
                    ("lead_id", json!(lead)),
                    ("change_id", json!(change)),
                    ("changed_at", at),
                    ("old_stage_id", json!(old.id)),
                    ("old_stage", json!(old.name)),
                    ("stage_id", json!(new.id)),
                    ("stage", json!(new.name)),
                    ("is_won", json!(won)),
                ]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
                rows.push(&lead.to_string(), |field| values.get(&field.name), &task);
                pushed += 1;
            };
            row(0, created, Stage::default(), &first);
            for change in changed {
                if change.id <= changes.upto {
                    row(change.id, change.at, change.old, &change.new);
                }
            }
        }
        task.progress(pushed, None, &window.table);
        Some(rows.finish())
    })
}

/// The changes of these leads' stages, in order.
fn changes_of(
    client: &Arc<Client>,
    changes: &Changes,
    leads: &[i64],
    task: &Task,
) -> Result<BTreeMap<i64, Vec<Change>>, SourceError> {
    let about = [json!(["model", "=", "crm.lead"]), json!(["res_id", "in", leads]), json!(["tracking_value_ids", "!=", false])];
    let mut lead_of = HashMap::new();
    every(client, "mail.message", &about, &["res_id"], task, |message, record| {
        lead_of.extend(record.get("res_id").and_then(Value::as_i64).map(|lead| (message, lead)));
    })?;
    let mut messages: Vec<i64> = lead_of.keys().copied().collect();
    messages.sort_unstable();
    let mut of_leads: BTreeMap<i64, Vec<Change>> = BTreeMap::new();
    let wanted = ["mail_message_id", "create_date", "old_value_integer", "old_value_char", "new_value_integer", "new_value_char"];
    for messages in messages.chunks(PAGE) {
        let of_stages = [json!(["mail_message_id", "in", messages]), json!([changes.names, "=", changes.field])];
        every(client, "mail.tracking.value", &of_stages, &wanted, task, |id, record| {
            let message = record.get("mail_message_id").and_then(|pair| pair.get(0)?.as_i64());
            if let Some(lead) = message.and_then(|message| lead_of.get(&message)) {
                let at = record.get("create_date").cloned().unwrap_or_default();
                of_leads.entry(*lead).or_default().push(Change {
                    id,
                    at,
                    old: stage(&record, "old"),
                    new: stage(&record, "new"),
                });
            }
        })?;
    }
    for changes in of_leads.values_mut() {
        changes.sort_by_key(|change| change.id);
    }
    Ok(of_leads)
}

/// Hands over every record that meets the conditions.
fn every(
    client: &Client,
    model: &str,
    domain: &[Value],
    wanted: &[&str],
    task: &Task,
    mut take: impl FnMut(i64, Record),
) -> Result<(), SourceError> {
    let mut last = 0;
    loop {
        let mut after = domain.to_vec();
        after.push(json!(["id", ">", last]));
        let page = client.search(model, &after, wanted, "id asc", PAGE, task)?;
        let before = last;
        for record in page {
            let id = id(&record, model)?;
            if id > last {
                last = id;
                take(id, record);
            }
        }
        if last == before {
            return Ok(());
        }
    }
}

/// The stage that the lead is in now.
fn present(lead: &Record) -> Stage {
    let part = |index: usize| lead.get("stage_id").and_then(|pair| pair.get(index));
    Stage { id: part(0).and_then(Value::as_i64), name: part(1).and_then(Value::as_str).map(ToOwned::to_owned) }
}

/// A side of a change: 0 and "" stand for no stage.
fn stage(change: &Record, side: &str) -> Stage {
    let id = change.get(&format!("{side}_value_integer")).and_then(Value::as_i64).filter(|id| *id != 0);
    let name = change.get(&format!("{side}_value_char")).and_then(Value::as_str).filter(|name| !name.is_empty());
    Stage { id, name: name.map(ToOwned::to_owned) }
}
