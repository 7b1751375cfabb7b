//! Calls of methods of Odoo's models, in either protocol.

use std::sync::{Mutex, PoisonError};

use cvj_core::source::SecretName;
use cvj_core::{SourceError, Status, Task};
use cvj_http::{Api, ApiSettings, Auth, Pace};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::OdooConfig;
use crate::dialect::OdooDialect;

/// Records come as objects by field name.
pub(crate) type Record = Map<String, Value>;
/// A condition of a search: `["id", ">", 7]`.
pub(crate) type Condition = Value;

/// How to speak to Odoo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// JSON-2 if the version is 19 or later, else JSON-RPC.
    #[default]
    Auto,
    /// `/json/2/…`, from version 19 on.
    Json2,
    /// `/jsonrpc`, up to version 21.
    Jsonrpc,
}

/// What was found out about how to call.
#[derive(Clone, Copy)]
enum Manner {
    Json2,
    JsonRpc { user: i64 },
}

/// An Odoo database, reached as one user.
pub(crate) struct Client {
    api: Api,
    url: String,
    protocol: Protocol,
    database: Option<String>,
    user: Option<String>,
    key: SecretName,
    manner: Mutex<Option<Manner>>,
}

impl Client {
    pub(crate) fn new(config: OdooConfig) -> Result<Self, SourceError> {
        if !(config.calls_per_second > 0.0 && config.calls_per_second <= 1e6) {
            let message = "`calls_per_second` is not a number above 0".to_owned();
            return Err(SourceError::new(Status::InvalidArgument, message));
        }
        let settings = ApiSettings {
            pace: Pace { per_second: config.calls_per_second, concurrent: 2 },
            ..ApiSettings::new("Odoo", &config.url, Auth::Bearer(config.key.clone()), OdooDialect)
        };
        Ok(Self {
            api: Api::new(settings)?,
            url: config.url,
            protocol: config.protocol,
            database: config.database,
            user: config.user,
            key: config.key,
            manner: Mutex::default(),
        })
    }

    /// The model's fields by name, with what Odoo says of each.
    pub(crate) fn fields(&self, model: &str, task: &Task) -> Result<Map<String, Value>, SourceError> {
        let attributes = json!(["type", "string", "currency_field", "relation"]);
        let named = Map::from_iter([("attributes".to_owned(), attributes)]);
        self.call(model, "fields_get", None, named, task).and_then(|answer| object(answer, model))
    }

    /// How many records meet the conditions, archived ones included.
    pub(crate) fn count(&self, model: &str, domain: &[Condition], task: &Task) -> Result<u64, SourceError> {
        let answer = self.call(model, "search_count", Some(json!(domain)), everything(), task)?;
        answer.as_u64().ok_or_else(|| unexpected(model))
    }

    /// The first `limit` records that meet the conditions, in this order, archived ones included. Fewer may come although there
    /// are more: some models leave out what the user may not see after they have cut off at the limit.
    pub(crate) fn search(
        &self,
        model: &str,
        domain: &[Condition],
        fields: &[&str],
        order: &str,
        limit: usize,
        task: &Task,
    ) -> Result<Vec<Record>, SourceError> {
        let mut named = everything();
        named.insert("fields".to_owned(), json!(fields));
        named.insert("order".to_owned(), json!(order));
        named.insert("limit".to_owned(), json!(limit));
        match self.call(model, "search_read", Some(json!(domain)), named, task)? {
            Value::Array(records) => records.into_iter().map(|record| object(record, model)).collect(),
            _ => Err(unexpected(model)),
        }
    }

    /// The highest id among records that meet the conditions.
    pub(crate) fn highest(&self, model: &str, domain: &[Condition], task: &Task) -> Result<Option<i64>, SourceError> {
        self.search(model, domain, &["id"], "id desc", 1, task)?.first().map(|record| id(record, model)).transpose()
    }

    /// The lowest id among records that meet the conditions.
    pub(crate) fn lowest(&self, model: &str, domain: &[Condition], task: &Task) -> Result<Option<i64>, SourceError> {
        self.search(model, domain, &["id"], "id asc", 1, task)?.first().map(|record| id(record, model)).transpose()
    }

    /// Calls a method. Its domain has another name in older versions, which only the order of arguments gets round.
    fn call(
        &self,
        model: &str,
        method: &str,
        domain: Option<Value>,
        mut named: Map<String, Value>,
        task: &Task,
    ) -> Result<Value, SourceError> {
        let answer = match self.manner(task)? {
            Manner::Json2 => {
                named.extend(domain.map(|domain| ("domain".to_owned(), domain)));
                let mut request = self.api.post(format!("/json/2/{model}/{method}")).json(&Value::Object(named));
                if let Some(database) = &self.database {
                    request = request.header("x-odoo-database", database);
                }
                request.send(task).and_then(|answer| answer.json())
            }
            Manner::JsonRpc { user } => {
                let key = self.api.secret(task, &self.key)?;
                let ordered: Vec<Value> = domain.into_iter().collect();
                let arguments = json!([self.database, user, key, model, method, ordered, named]);
                self.rpc("object", "execute_kw", &arguments, task)
            }
        };
        answer.map_err(|error| about(error, model))
    }

    /// One call of JSON-RPC. What Odoo says when it fails comes with status 200; the dialect has made an error of it.
    fn rpc(&self, service: &str, method: &str, arguments: &Value, task: &Task) -> Result<Value, SourceError> {
        #[derive(Deserialize)]
        struct Envelope {
            // A method that returns nothing leaves it out.
            #[serde(default)]
            result: Value,
        }
        let params = json!({"service": service, "method": method, "args": arguments});
        let call = json!({"jsonrpc": "2.0", "method": "call", "params": params, "id": 1});
        let answer = self.api.post("/jsonrpc").without_credentials().json(&call).send(task)?;
        Ok(answer.json::<Envelope>()?.result)
    }

    fn manner(&self, task: &Task) -> Result<Manner, SourceError> {
        let mut known = self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manner) = *known {
            return Ok(manner);
        }
        let json2 = match self.protocol {
            Protocol::Json2 => true,
            Protocol::Jsonrpc => false,
            Protocol::Auto => self.version(task)? >= 19,
        };
        let manner = if json2 { Manner::Json2 } else { Manner::JsonRpc { user: self.log_in(task)? } };
        *known = Some(manner);
        Ok(manner)
    }

    /// The number of the server's version.
    fn version(&self, task: &Task) -> Result<i64, SourceError> {
        let told = match self.api.get("/web/version").without_credentials().send(task) {
            Ok(answer) => answer.json::<Value>()?.get("version_info").cloned(),
            // Before version 19 that address is not there.
            Err(error) if error.status == Status::NotFound => match self.rpc("common", "version", &json!([]), task) {
                Err(error) if error.status == Status::NotFound => return Err(self.nobody()),
                answer => answer?.get("server_version_info").cloned(),
            },
            Err(error) => return Err(error),
        };
        told.as_ref().and_then(number).ok_or_else(|| self.nobody())
    }

    fn nobody(&self) -> SourceError {
        SourceError::new(Status::NotFound, format!("no Odoo answers at {}", self.url))
            .with_hint("`url` is the address of Odoo itself, such as https://acme.odoo.com, without /web or /odoo")
    }

    fn log_in(&self, task: &Task) -> Result<i64, SourceError> {
        let missing = |key: &str| {
            let message = format!("`{key}` is missing: this Odoo is spoken to by JSON-RPC, which asks for it");
            SourceError::new(Status::InvalidArgument, message).with_hint("set `database` and `user` beside `url`")
        };
        let database = self.database.as_ref().ok_or_else(|| missing("database"))?;
        let user = self.user.as_ref().ok_or_else(|| missing("user"))?;
        let key = self.api.secret(task, &self.key)?;
        let answer = self.rpc("common", "login", &json!([database, user, key]), task)?;
        answer.as_i64().ok_or_else(|| {
            let message = "Odoo does not know this user with this key".to_owned();
            SourceError::new(Status::Unauthenticated, message)
                .with_hint("check `user` and `database`, or make a new key in Odoo: Preferences, Account Security")
        })
    }
}

/// The id of a record.
pub(crate) fn id(record: &Record, model: &str) -> Result<i64, SourceError> {
    record.get("id").and_then(Value::as_i64).ok_or_else(|| unexpected(model))
}

/// Arguments that let searches find archived records too, such as lost leads.
fn everything() -> Map<String, Value> {
    Map::from_iter([("context".to_owned(), json!({"active_test": false}))])
}

/// `[19, 0, …]`, or `["saas~18", 2, …]`.
fn number(info: &Value) -> Option<i64> {
    let first = info.get(0)?;
    first.as_i64().or_else(|| first.as_str()?.rsplit('~').next()?.parse().ok())
}

fn object(value: Value, model: &str) -> Result<Record, SourceError> {
    match value {
        Value::Object(record) => Ok(record),
        _ => Err(unexpected(model)),
    }
}

fn unexpected(model: &str) -> SourceError {
    SourceError::new(Status::InvalidData, format!("Odoo: the answer about `{model}` has not the form that Odoo documents"))
}

/// The same error, with the model that it is about.
fn about(error: SourceError, model: &str) -> SourceError {
    match error.status {
        Status::Unauthorized => {
            let hint = match model {
                "ir.model.fields" | "mail.tracking.value" | "mail.message" => {
                    "stage history is shown to administrators only (Administration: Settings)"
                }
                _ => "give its user access in Odoo: Settings, Users",
            };
            SourceError { message: format!("Odoo: the key's user may not read `{model}`"), ..error }.with_hint(hint)
        }
        Status::NotFound | Status::InvalidArgument | Status::InvalidData | Status::SchemaChanged => {
            SourceError { message: format!("{} (asked of `{model}`)", error.message), ..error }
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_or_follow_a_tilde() {
        assert_eq!(number(&json!([19, 0, 0, "final", 0, ""])), Some(19));
        assert_eq!(number(&json!(["saas~18", 2, 0, "final", 0, ""])), Some(18));
        assert_eq!(number(&json!({"version": "19"})), None);
    }
}
