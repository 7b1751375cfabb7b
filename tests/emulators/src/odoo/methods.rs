//! The methods of models that clients call.

use serde_json::{Map, Value, json};

use super::User;
use super::domain::Condition;
use super::exception::Exception;
use super::schema::{self, Kind, MODELS, Model};
use super::store::{Record, Store, Stored, moment};

/// A call of a method, its arguments by name.
pub(super) struct Call<'a> {
    pub(super) version: i64,
    pub(super) user: &'a User,
    pub(super) model: &'a str,
    pub(super) method: &'a str,
    pub(super) named: Map<String, Value>,
    pub(super) json2: bool,
}

/// The arguments of a method in order; `self` are the ids of the records it is called on.
fn parameters(method: &str, version: i64) -> &'static [&'static str] {
    match method {
        "search" | "search_count" if version < 16 => &["args", "offset", "limit", "order"],
        "search" => &["domain", "offset", "limit", "order"],
        "search_count" => &["domain", "limit"],
        "search_read" => &["domain", "fields", "offset", "limit", "order"],
        "read" => &["self", "fields", "load"],
        "fields_get" => &["allfields", "attributes"],
        "default_get" => &["fields_list"],
        "create" => &["vals_list"],
        "write" => &["self", "vals"],
        "unlink" | "name_get" => &["self"],
        _ => &[],
    }
}

/// Names for arguments given in order.
pub(super) fn by_name(method: &str, version: i64, ordered: Vec<Value>) -> Result<Map<String, Value>, Exception> {
    let names = parameters(method, version);
    if ordered.len() > names.len() {
        return Err(Exception::type_error(format!("{method}() takes {} positional arguments", names.len())));
    }
    Ok(names.iter().map(|&name| name.to_owned()).zip(ordered).collect())
}

/// Does what is asked.
pub(super) fn run(store: &mut Store, mut call: Call<'_>, now: i64) -> Result<Value, Exception> {
    let model = store.model(call.model).ok_or_else(|| Exception::no_model(call.model, call.json2))?;
    let context = call.named.remove("context").unwrap_or_default();
    if call.method == "context_get" {
        return Ok(json!({"lang": "en_US", "tz": "Europe/Brussels", "uid": call.user.id}));
    }
    let known = parameters(call.method, call.version);
    if known.is_empty() {
        return Err(Exception::no_method(call.model, call.method, call.json2));
    }
    if let Some(unknown) = call.named.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(Exception::surprised(call.method, unknown, call.json2));
    }
    if call.method == "fields_get" {
        return Ok(fields_get(store, model, &call));
    }
    if call.user.barred.iter().any(|barred| barred == model.name) {
        return Err(Exception::access_error(model.name, &call.user.login));
    }
    match call.method {
        "search" => Ok(json!(search(store, model, &call, &context)?)),
        "search_count" => Ok(json!(search(store, model, &call, &context)?.len())),
        "search_read" => {
            let ids = search(store, model, &call, &context)?;
            records(store, model, &ids, call.named.get("fields"), true)
        }
        "read" => {
            // Records that are gone are left out without a word.
            let ids: Vec<i64> = ids(&call).into_iter().filter(|id| exists(store, model, *id)).collect();
            let classic = call.named.get("load").and_then(Value::as_str) != Some("_classic_write");
            records(store, model, &ids, call.named.get("fields"), classic)
        }
        "name_get" => Ok(ids(&call).iter().map(|id| json!([id, store.name(model.name, *id)])).collect()),
        "default_get" if model.kind("active").is_some() => Ok(json!({"active": true})),
        "default_get" => Ok(json!({})),
        "create" => create(store, model, &call, now),
        "write" => {
            let values = values(store, model, call.named.get("vals"))?;
            Ok(json!(ids(&call).iter().all(|id| store.write(model.name, *id, values.clone(), now))))
        }
        _ => Ok(json!(ids(&call).iter().all(|id| store.delete(model.name, *id)))),
    }
}

fn ids(call: &Call<'_>) -> Vec<i64> {
    match call.named.get("self") {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_i64).collect(),
        Some(id) => id.as_i64().into_iter().collect(),
        None => Vec::new(),
    }
}

/// Models are records too, for those who ask whether there is one.
fn all_ids(store: &Store, model: &Model) -> Vec<i64> {
    if model.name == "ir.model" {
        (1..=MODELS.len() as i64).collect()
    } else {
        store.records(model.name).map(|(id, _)| id).collect()
    }
}

fn exists(store: &Store, model: &Model, id: i64) -> bool {
    model.name == "ir.model" || store.record(model.name, id).is_some()
}

fn fields_get(store: &Store, model: &Model, call: &Call<'_>) -> Value {
    let listed = |key: &str| {
        let list = call.named.get(key)?.as_array()?;
        (!list.is_empty()).then(|| list.iter().filter_map(Value::as_str).collect::<Vec<_>>())
    };
    let (wanted, attributes) = (listed("allfields"), listed("attributes"));
    let fields = model.fields().filter(|(name, _)| store.kind(model.name, name).is_some());
    let fields = fields.filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)));
    let told = fields.map(|(name, kind)| {
        let mut told = Map::from_iter([
            ("type".to_owned(), json!(kind.name())),
            ("string".to_owned(), json!(name.replace('_', " "))),
            ("required".to_owned(), json!(false)),
            ("readonly".to_owned(), json!(schema::MAGIC.iter().any(|(magic, _)| *magic == name))),
            ("store".to_owned(), json!(name != "display_name")),
        ]);
        match kind {
            Kind::Monetary(field) => {
                told.insert("currency_field".to_owned(), json!(field));
            }
            Kind::Many2one(of) => {
                told.insert("relation".to_owned(), json!(of));
            }
            Kind::One2many(of, by) => {
                told.insert("relation".to_owned(), json!(of));
                told.insert("relation_field".to_owned(), json!(by));
            }
            Kind::Selection => {
                told.insert("selection".to_owned(), json!([]));
            }
            _ => {}
        }
        told.retain(|attribute, _| attributes.as_ref().is_none_or(|wanted| wanted.contains(&attribute.as_str())));
        (name.to_owned(), Value::Object(told))
    });
    Value::Object(told.collect())
}

fn search(store: &Store, model: &Model, call: &Call<'_>, context: &Value) -> Result<Vec<i64>, Exception> {
    let argument = |name: &str| call.named.get(name).filter(|value| !value.is_null() && **value != Value::Bool(false));
    let domain = argument("domain").or_else(|| argument("args")).cloned().unwrap_or_default();
    if model.name == "ir.model" {
        let asked = domain.pointer("/0/2").and_then(Value::as_str);
        let known = MODELS.iter().zip(1..).filter(|(known, _)| asked == Some(known.name)).map(|(_, id)| id);
        return Ok(known.collect());
    }
    let condition = Condition::of(store, model.name, &domain)?;
    let only_active =
        model.kind("active").is_some() && context.get("active_test") != Some(&Value::Bool(false)) && !condition.names("active");
    let mut found: Vec<i64> = all_ids(store, model)
        .into_iter()
        .filter(|id| !only_active || store.value(model.name, *id, "active") == Stored::Truth(true))
        .filter(|id| condition.holds(store, model.name, *id))
        .collect();
    for part in argument("order").and_then(Value::as_str).unwrap_or("id").split(',').rev() {
        let mut words = part.split_whitespace();
        let field = words.next().unwrap_or_default();
        store.kind(model.name, field).ok_or_else(|| Exception::no_field(model.name, field))?;
        let backwards = words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"));
        if field == "id" {
            found.sort_by_key(|id| if backwards { -id } else { *id });
            continue;
        }
        found.sort_by(|one, other| {
            let order = compare(&store.value(model.name, *one, field), &store.value(model.name, *other, field));
            if backwards { order.reverse() } else { order }
        });
    }
    let number = |name: &str| argument(name).and_then(Value::as_u64).map(|number| number as usize);
    let found = found.into_iter().skip(number("offset").unwrap_or(0));
    Ok(found.take(number("limit").unwrap_or(usize::MAX)).collect())
}

/// No value comes last, as in the database.
fn compare(one: &Stored, other: &Stored) -> std::cmp::Ordering {
    match (one, other) {
        (Stored::Integer(one), Stored::Integer(other)) | (Stored::Moment(one), Stored::Moment(other)) => one.cmp(other),
        (Stored::Number(one), Stored::Number(other)) => one.total_cmp(other),
        (Stored::Text(one), Stored::Text(other)) => one.cmp(other),
        (Stored::Truth(one), Stored::Truth(other)) => one.cmp(other),
        _ => (*one == Stored::Null).cmp(&(*other == Stored::Null)),
    }
}

fn records(store: &Store, model: &Model, ids: &[i64], wanted: Option<&Value>, classic: bool) -> Result<Value, Exception> {
    let wanted: Vec<String> = match wanted.and_then(Value::as_array).filter(|wanted| !wanted.is_empty()) {
        Some(wanted) => wanted.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        None => model.fields().map(|(name, _)| name.to_owned()).filter(|name| store.kind(model.name, name).is_some()).collect(),
    };
    let mut fields = vec![("id".to_owned(), Kind::Integer)];
    for name in wanted.into_iter().filter(|name| name != "id") {
        let kind = store.kind(model.name, &name).ok_or_else(|| Exception::no_field(model.name, &name))?;
        fields.push((name, kind));
    }
    let record = |id: &i64| -> Value {
        Value::Object(
            fields
                .iter()
                .map(|(name, kind)| {
                    let value = match (model.name, name.as_str()) {
                        ("ir.model", "model" | "name") => json!(MODELS.get(*id as usize - 1).map(|model| model.name)),
                        _ => store.shown(model.name, *id, name, *kind, classic),
                    };
                    (name.clone(), value)
                })
                .collect(),
        )
    };
    Ok(ids.iter().map(record).collect())
}

fn create(store: &mut Store, model: &Model, call: &Call<'_>, now: i64) -> Result<Value, Exception> {
    match call.named.get("vals_list") {
        Some(Value::Array(several)) => {
            let several = several.iter().map(|one| values(store, model, Some(one))).collect::<Result<Vec<_>, _>>()?;
            Ok(several.into_iter().map(|values| store.create(model.name, values, now)).collect())
        }
        one => {
            let values = values(store, model, one)?;
            Ok(json!(store.create(model.name, values, now)))
        }
    }
}

/// Values as a client writes them.
fn values(store: &Store, model: &Model, written: Option<&Value>) -> Result<Record, Exception> {
    let written = written.and_then(Value::as_object).ok_or_else(|| Exception::type_error("missing values"))?;
    let mut record = Record::new();
    for (field, value) in written {
        let kind = store.kind(model.name, field).ok_or_else(|| Exception::no_field(model.name, field))?;
        let stored = match (kind, value) {
            (Kind::Boolean, Value::Bool(truth)) => Stored::Truth(*truth),
            (_, Value::Null | Value::Bool(false)) => Stored::Null,
            (Kind::Datetime, Value::String(text)) => Stored::Moment(
                moment(text).ok_or_else(|| Exception::value_error(format!("time data {text:?} does not match format")))?,
            ),
            (Kind::Float | Kind::Monetary(_), value) => value.as_f64().map_or(Stored::Null, Stored::Number),
            (_, Value::String(text)) => Stored::Text(text.clone()),
            (_, value) => value.as_i64().map_or(Stored::Null, Stored::Integer),
        };
        record.insert(field.clone(), stored);
    }
    Ok(record)
}
