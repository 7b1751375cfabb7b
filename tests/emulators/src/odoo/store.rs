//! The records, and what happens of itself when they change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::schema::{self, Kind, Model, TRACKED};

/// A value as the database has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// No value.
    Null,
    /// A truth value.
    Truth(bool),
    /// A whole number, or the id of a record.
    Integer(i64),
    /// Any number.
    Number(f64),
    /// Text, or a day.
    Text(String),
    /// Microseconds since 1970, all of which count when moments are compared.
    Moment(i64),
}

impl From<&str> for Stored {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A record's values by field; a field that is not there has none.
pub type Record = BTreeMap<String, Stored>;

/// All records of a database.
#[derive(Clone, Debug, Default)]
pub struct Store {
    records: BTreeMap<&'static str, BTreeMap<i64, Record>>,
    highest: BTreeMap<&'static str, i64>,
    /// Records by what they point at: field and id. Only of fields that are looked up backwards.
    pointing: BTreeMap<(&'static str, &'static str, i64), BTreeSet<i64>>,
    /// Fields that were taken away since, by model.
    removed: BTreeSet<(String, String)>,
    uninstalled: BTreeSet<String>,
    /// The truth about leads: the moment and the stage of each entry, from creation on.
    entered: BTreeMap<i64, Vec<(i64, i64)>>,
}

/// Fields that are looked up backwards: model, field.
const BACKWARDS: [(&str, &str); 4] = [
    ("mail.message", "res_id"),
    ("mail.tracking.value", "mail_message_id"),
    ("mailing.trace", "mass_mailing_id"),
    ("sale.order.line", "order_id"),
];

impl Store {
    /// The records of a model by id.
    pub fn records(&self, model: &str) -> impl DoubleEndedIterator<Item = (i64, &Record)> {
        self.records.get(model).into_iter().flatten().map(|(id, record)| (*id, record))
    }

    /// One record.
    pub fn record(&self, model: &str, id: i64) -> Option<&Record> {
        self.records.get(model)?.get(&id)
    }

    /// The records of a model as they are stored: moments in microseconds, no value as null, records pointed at by id.
    pub(super) fn told(&self, model: &str) -> Value {
        let told = |value: &Stored| match value {
            Stored::Null => Value::Null,
            Stored::Truth(truth) => json!(truth),
            Stored::Integer(number) | Stored::Moment(number) => json!(number),
            Stored::Number(number) => json!(number),
            Stored::Text(text) => json!(text),
        };
        let record = |(id, record): (i64, &Record)| {
            let values = record.iter().map(|(field, value)| (field.clone(), told(value)));
            Value::Object(std::iter::once(("id".to_owned(), json!(id))).chain(values).collect())
        };
        self.records(model).map(record).collect()
    }

    /// The stages that a lead was in, with the moment of each entry in microseconds, from its creation on.
    pub fn entered(&self) -> &BTreeMap<i64, Vec<(i64, i64)>> {
        &self.entered
    }

    /// Adds a record at this moment.
    ///
    /// # Panics
    /// If there is no such model.
    #[expect(clippy::expect_used, reason = "a test that names a model wrongly cannot go on")]
    pub fn create(&mut self, model: &str, values: Record, now: i64) -> i64 {
        let name = schema::model(model).expect("a model of the schema").name;
        let highest = self.highest.entry(name).or_default();
        *highest += 1;
        let id = *highest;
        self.create_as(name, id, values, now);
        id
    }

    /// Adds a record of this id.
    pub(super) fn create_as(&mut self, model: &'static str, id: i64, values: Record, now: i64) {
        let highest = self.highest.entry(model).or_default();
        *highest = id.max(*highest);
        let mut record = values;
        for (field, value) in [("create_date", Stored::Moment(now)), ("write_date", Stored::Moment(now))] {
            record.entry(field.to_owned()).or_insert(value);
        }
        if schema::model(model).is_some_and(|model| model.kind("active").is_some()) {
            record.entry("active".to_owned()).or_insert(Stored::Truth(true));
        }
        for (_, field) in BACKWARDS.into_iter().filter(|(of, _)| *of == model) {
            if let Some(Stored::Integer(target)) = record.get(field) {
                self.pointing.entry((model, field, *target)).or_default().insert(id);
            }
        }
        if model == "crm.lead" {
            record.entry("date_last_stage_update".to_owned()).or_insert(Stored::Moment(now));
            if let Some(Stored::Integer(stage)) = record.get("stage_id") {
                self.entered.insert(id, vec![(now, *stage)]);
            }
        }
        self.records.entry(model).or_default().insert(id, record);
    }

    /// Changes a record at this moment, and tracks what is tracked. Gives whether there is such a record.
    pub fn write(&mut self, model: &str, id: i64, values: Record, now: i64) -> bool {
        let Some(mut record) = self.record(model, id).cloned() else { return false };
        let before = record.clone();
        record.extend(values);
        record.insert("write_date".to_owned(), Stored::Moment(now));
        if model == "crm.lead" {
            self.follow(&before, &mut record, now);
            self.track(id, &before, &record, now);
        }
        if let Some(records) = self.records.get_mut(model) {
            records.insert(id, record);
        }
        true
    }

    /// What follows from a lead's change: won and lost leads are closed.
    fn follow(&self, before: &Record, lead: &mut Record, now: i64) {
        let differs = |lead: &Record, field: &str| lead.get(field) != before.get(field);
        if differs(lead, "stage_id") {
            let won = self.is_won(lead.get("stage_id"));
            lead.insert("date_last_stage_update".to_owned(), Stored::Moment(now));
            lead.insert("probability".to_owned(), Stored::Number(if won { 100.0 } else { 40.0 }));
            lead.insert("date_closed".to_owned(), if won { Stored::Moment(now) } else { Stored::Null });
        }
        if differs(lead, "active") {
            let lost = lead.get("active") == Some(&Stored::Truth(false));
            lead.insert("probability".to_owned(), Stored::Number(if lost { 0.0 } else { 20.0 }));
            lead.insert("date_closed".to_owned(), if lost { Stored::Moment(now) } else { Stored::Null });
        }
    }

    fn is_won(&self, stage: Option<&Stored>) -> bool {
        let Some(Stored::Integer(stage)) = stage else { return false };
        self.record("crm.stage", *stage).and_then(|stage| stage.get("is_won")) == Some(&Stored::Truth(true))
    }

    /// Writes a message with a tracked value for each tracked field that changed.
    fn track(&mut self, lead: i64, before: &Record, after: &Record, now: i64) {
        let changed: Vec<_> = TRACKED.into_iter().filter(|(field, _)| before.get(*field) != after.get(*field)).collect();
        if changed.is_empty() {
            return;
        }
        let message = Record::from([
            ("model".to_owned(), Stored::from("crm.lead")),
            ("res_id".to_owned(), Stored::Integer(lead)),
            ("date".to_owned(), Stored::Moment(now)),
        ]);
        let message = self.create("mail.message", message, now);
        for (field, id) in changed {
            let mut tracked = Record::from([
                ("field_id".to_owned(), Stored::Integer(id)),
                ("mail_message_id".to_owned(), Stored::Integer(message)),
            ]);
            for (side, record) in [("old", before), ("new", after)] {
                match record.get(field) {
                    Some(Stored::Integer(stage)) => {
                        tracked.insert(format!("{side}_value_integer"), Stored::Integer(*stage));
                        tracked.insert(format!("{side}_value_char"), Stored::Text(self.name("crm.stage", *stage)));
                    }
                    Some(Stored::Truth(truth)) => {
                        tracked.insert(format!("{side}_value_integer"), Stored::Integer(i64::from(*truth)));
                    }
                    Some(Stored::Number(number)) => {
                        tracked.insert(format!("{side}_value_float"), Stored::Number(*number));
                    }
                    _ => {}
                }
            }
            self.create("mail.tracking.value", tracked, now);
        }
        if let (true, Some(Stored::Integer(stage))) = (before.get("stage_id") != after.get("stage_id"), after.get("stage_id")) {
            self.entered.entry(lead).or_default().push((now, *stage));
        }
    }

    /// Deletes a record, and with a lead what was said about it; what points at it points nowhere. Nothing tells afterwards that
    /// it was there.
    pub fn delete(&mut self, model: &str, id: i64) -> bool {
        let gone = self.remove(model, id);
        if gone {
            self.forget(model, id);
        }
        if gone && model == "crm.lead" {
            self.entered.remove(&id);
            for message in self.pointing_at("mail.message", "res_id", id) {
                for value in self.pointing_at("mail.tracking.value", "mail_message_id", message) {
                    self.remove("mail.tracking.value", value);
                }
                self.remove("mail.message", message);
            }
        }
        gone
    }

    fn remove(&mut self, model: &str, id: i64) -> bool {
        self.records.get_mut(model).and_then(|records| records.remove(&id)).is_some()
    }

    fn forget(&mut self, model: &str, id: i64) {
        for of in schema::MODELS {
            for (field, _) in of.fields.iter().filter(|(_, kind)| matches!(kind, Kind::Many2one(target) if *target == model)) {
                for record in self.records.get_mut(of.name).into_iter().flatten().map(|(_, record)| record) {
                    if record.get(*field) == Some(&Stored::Integer(id)) {
                        record.insert((*field).to_owned(), Stored::Null);
                    }
                }
            }
        }
    }

    /// Takes a field away from a model, as an administrator or an update may do.
    pub fn remove_field(&mut self, model: &str, field: &str) {
        self.removed.insert((model.to_owned(), field.to_owned()));
    }

    /// Takes a model away.
    pub(super) fn uninstall(&mut self, model: &str) {
        self.uninstalled.insert(model.to_owned());
    }

    /// The model of this name, if it is there.
    pub(super) fn model(&self, name: &str) -> Option<&'static Model> {
        schema::model(name).filter(|_| !self.uninstalled.contains(name))
    }

    /// What a field holds, if it is there.
    pub(super) fn kind(&self, model: &str, field: &str) -> Option<Kind> {
        if self.removed.contains(&(model.to_owned(), field.to_owned())) {
            return None;
        }
        schema::model(model)?.kind(field)
    }

    /// Ids of the records that point at this one.
    pub(super) fn pointing_at(&self, model: &'static str, field: &'static str, target: i64) -> Vec<i64> {
        let pointing = self.pointing.get(&(model, field, target)).into_iter().flatten().copied();
        pointing.filter(|id| self.record(model, *id).is_some()).collect()
    }

    /// What a record is called.
    pub(super) fn name(&self, model: &str, id: i64) -> String {
        let Some(called) = schema::model(model).map(|model| model.called) else { return String::new() };
        match (model, self.record(model, id)) {
            (_, None) => String::new(),
            ("product.product", Some(product)) => {
                let text = |field: &str| if let Some(Stored::Text(text)) = product.get(field) { text.as_str() } else { "" };
                if text("default_code").is_empty() {
                    text("name").to_owned()
                } else {
                    format!("[{}] {}", text("default_code"), text("name"))
                }
            }
            (_, Some(record)) => match record.get(called) {
                Some(Stored::Text(name)) => name.clone(),
                _ => format!("{model},{id}"),
            },
        }
    }

    /// The value of a field, computed ones included.
    pub(super) fn value(&self, model: &str, id: i64, field: &str) -> Stored {
        match (model, field) {
            (_, "id") => Stored::Integer(id),
            (_, "display_name") => Stored::Text(self.name(model, id)),
            ("mailing.mailing", "sent" | "delivered" | "opened" | "clicked" | "replied" | "bounced") => {
                Stored::Integer(self.statistic(id, field))
            }
            _ => self.record(model, id).and_then(|record| record.get(field)).cloned().unwrap_or(Stored::Null),
        }
    }

    /// How many traces of a mailing count for this.
    fn statistic(&self, mailing: i64, which: &str) -> i64 {
        let traces = self.pointing_at("mailing.trace", "mass_mailing_id", mailing);
        let counts = |id: &&i64| {
            let at = |field: &str| self.value("mailing.trace", **id, field) != Stored::Null;
            let status = |statuses: &[&str]| {
                statuses.iter().any(|status| self.value("mailing.trace", **id, "trace_status") == Stored::from(*status))
            };
            match which {
                "sent" => at("sent_datetime"),
                "clicked" => at("links_click_datetime"),
                "delivered" => status(&["sent", "open", "reply"]),
                "opened" => status(&["open", "reply"]),
                "replied" => status(&["reply"]),
                _ => status(&["bounce"]),
            }
        };
        traces.iter().filter(counts).count() as i64
    }

    /// A field's value as it is shown: no value is `false`, but for numbers, where it is 0; moments are cut to the second.
    pub(super) fn shown(&self, model: &str, id: i64, field: &str, kind: Kind, classic: bool) -> Value {
        if let Kind::One2many(of, by) = kind {
            return json!(self.pointing_at(of, by, id));
        }
        match (self.value(model, id, field), kind) {
            (Stored::Integer(target), Kind::Many2one(of)) if classic => json!([target, self.name(of, target)]),
            (Stored::Null, Kind::Integer | Kind::Reference) => json!(0),
            (Stored::Null, Kind::Float | Kind::Monetary(_)) => json!(0.0),
            (Stored::Null, _) => json!(false),
            (Stored::Truth(truth), _) => json!(truth),
            (Stored::Integer(number), _) => json!(number),
            (Stored::Number(number), _) => json!(number),
            (Stored::Text(text), _) => json!(text),
            (Stored::Moment(moment), _) => json!(written(moment)),
        }
    }
}

/// A moment as Odoo writes it: `2026-10-31 09:14:35`.
pub(super) fn written(moment: i64) -> String {
    let seconds = moment.div_euclid(1_000_000);
    Timestamp::from_second(seconds).map(|moment| moment.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// The moment that is written so; a day is its midnight.
pub(super) fn moment(text: &str) -> Option<i64> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}
