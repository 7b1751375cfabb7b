//! Tryton's JSON-RPC: one session, and the few methods that reading needs.

use std::collections::HashSet;
use std::sync::OnceLock;

use base64::Engine as _;
use cvj_core::{SourceError, Status, Task};
use cvj_http::{Answer, Api, ApiSettings, Auth, Credentials, Pace, Plain};
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::TrytonConfig;
use crate::tables::Table;
use crate::wire;

/// A session with one database. May be used by several threads at once.
pub(crate) struct Rpc {
    api: Api,
    path: String,
    context: OnceLock<Map<String, Value>>,
}

/// The server is the company's own and sets no limit; its people work on it meanwhile.
const PACE: Pace = Pace { per_second: 50.0, concurrent: 4 };

/// What a method gave, or why not.
#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    result: Value,
    error: Option<Vec<Value>>,
}

impl Rpc {
    /// Nothing is sent.
    pub(crate) fn new(config: TrytonConfig) -> Result<Self, SourceError> {
        if config.database.is_empty() || config.database.contains(['/', '?', '#', '%']) {
            let message = format!("`{}` is no name of a database", config.database);
            return Err(SourceError::new(Status::InvalidArgument, message));
        }
        let path = format!("/{}/rpc/", config.database);
        let (url, login_path) = (config.url.clone(), path.clone());
        let auth = Auth::Session(Box::new(move |api, task| login(api, &login_path, &config, task)));
        let settings = ApiSettings { pace: PACE, ..ApiSettings::new("Tryton", url, auth, Plain) };
        let api = Api::new(settings)?;
        Ok(Self { api, path, context: OnceLock::new() })
    }

    /// The names of a model's fields.
    pub(crate) fn fields(&self, model: &str, task: &Task) -> Result<HashSet<String>, SourceError> {
        let fields: Map<String, Value> = self.call(model, "fields_get", vec![json!([])], &[], task)?;
        Ok(fields.into_iter().map(|(name, _)| name).collect())
    }

    /// The greatest id of a table's records; 0 if there are none.
    pub(crate) fn last_id(&self, table: &Table, task: &Task) -> Result<i64, SourceError> {
        let arguments = vec![table.domain(0, i64::from(i32::MAX)), json!(0), json!(1), json!([["id", "DESC"]])];
        let ids: Vec<i64> = self.call(table.model, "search", arguments, &[], task)?;
        Ok(ids.first().copied().unwrap_or(0))
    }

    /// How many of a table's records have an id up to this one, as Tryton counts them.
    pub(crate) fn count(&self, table: &Table, to: i64, task: &Task) -> Result<u64, SourceError> {
        self.call(table.model, "search_count", vec![table.domain(0, to)], &[], task)
    }

    /// The records of a domain in order of their ids, `limit` at most; `more` is added to the context.
    pub(crate) fn records(
        &self,
        model: &str,
        domain: Value,
        limit: usize,
        fields: &[&str],
        more: &[(&str, Value)],
        task: &Task,
    ) -> Result<Vec<Value>, SourceError> {
        let arguments = vec![domain, json!(0), json!(limit), json!([["id", "ASC"]]), json!(fields)];
        let records: Vec<Value> = self.call(model, "search_read", arguments, more, task)?;
        Ok(records.into_iter().map(wire::plain).collect())
    }

    /// When each of these records was written, in no order: its id and the moment.
    pub(crate) fn revisions(&self, model: &str, ids: &[i64], task: &Task) -> Result<Vec<(i64, DateTime)>, SourceError> {
        let revisions: Vec<(Value, i64, Value)> = self.call(model, "history_revisions", vec![json!(ids)], &[], task)?;
        let moment = |(moment, id, _)| Some((id, wire::plain(moment).as_str()?.parse().ok()?));
        revisions.into_iter().map(moment).collect::<Option<_>>().ok_or_else(|| {
            SourceError::new(Status::InvalidData, format!("Tryton gave a revision of {model} that bears no moment"))
        })
    }

    /// Calls a method of a model, the context being its last argument.
    fn call<T: serde::de::DeserializeOwned>(
        &self,
        model: &str,
        method: &str,
        mut arguments: Vec<Value>,
        more: &[(&str, Value)],
        task: &Task,
    ) -> Result<T, SourceError> {
        let mut context = self.context(task)?.clone();
        context.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        arguments.push(Value::Object(context));
        self.send(&format!("model.{model}.{method}"), &arguments, task)
    }

    fn send<T: serde::de::DeserializeOwned>(&self, method: &str, arguments: &[Value], task: &Task) -> Result<T, SourceError> {
        if task.is_cancelled() {
            return Err(SourceError::cancelled());
        }
        let answer = self.api.post(&self.path).json(&request(method, arguments)).send(task)?;
        result(method, &answer)
    }

    /// The context that Tryton's own clients send with every call: the user's company and language.
    fn context(&self, task: &Task) -> Result<&Map<String, Value>, SourceError> {
        if let Some(context) = self.context.get() {
            return Ok(context);
        }
        let kept = ["company", "companies", "company_filter", "employee", "employees", "language"];
        let preferences: Map<String, Value> = self.send("model.res.user.get_preferences", &[json!(true), json!({})], task)?;
        let context = preferences.into_iter().filter(|(key, _)| kept.contains(&key.as_str())).collect();
        Ok(self.context.get_or_init(|| context))
    }
}

fn request(method: &str, arguments: &[Value]) -> Value {
    json!({ "id": 1, "method": method, "params": arguments })
}

fn login(api: &Api, path: &str, config: &TrytonConfig, task: &Task) -> Result<Credentials, SourceError> {
    let method = "common.db.login";
    let arguments = [json!(config.user), json!({ "password": api.secret(task, &config.password)? })];
    let sent = api.post(path).without_credentials().json(&request(method, &arguments)).send(task);
    let answer = sent.map_err(|error| match error.status {
        Status::Unauthenticated => {
            let message = format!("Tryton refuses the login to database `{}`", config.database);
            let hint = format!("check `user`, and the password kept as `{}`", config.password.secret);
            SourceError::new(Status::Unauthenticated, message).with_hint(hint)
        }
        Status::NotFound => {
            let message = format!("no database `{}` answers at {}", config.database, config.url);
            SourceError::new(Status::NotFound, message).with_hint("check `url` and `database`")
        }
        _ => error,
    })?;
    let (uid, key, _): (i64, String, Value) = result(method, &answer)?;
    let session = base64::engine::general_purpose::STANDARD.encode(format!("{}:{uid}:{key}", config.user));
    Ok(Credentials { header: "authorization", value: format!("Session {session}") })
}

/// What a method gave. Tryton answers 200 also where it failed.
fn result<T: serde::de::DeserializeOwned>(method: &str, answer: &Answer) -> Result<T, SourceError> {
    let response: Response = answer.json()?;
    if let Some(error) = response.error {
        return Err(failure(method, &error));
    }
    serde_json::from_value(response.result)
        .map_err(|error| SourceError::new(Status::InvalidData, format!("{method} gave something unexpected: {error}")))
}

/// Why a method failed: `["UserError", ["message", …]]` of Tryton itself, else `["text of the exception", "traceback"]`.
fn failure(method: &str, error: &[Value]) -> SourceError {
    let method = method.trim_start_matches("model.");
    let kind = error.first().and_then(Value::as_str).unwrap_or_default();
    let detail = |place: usize| error.get(1).and_then(|details| details.get(place)).and_then(Value::as_str).map(first_line);
    match kind {
        "UserError" => {
            let message = format!("Tryton refuses {method}: {}", detail(0).unwrap_or_default());
            SourceError::new(Status::Unauthorized, message).with_hint("give the user read access in Tryton")
        }
        "LoginException" => {
            let message = format!("Tryton asks for more than a password to log in ({})", detail(1).unwrap_or_default());
            SourceError::new(Status::Unauthenticated, message).with_hint("use a user that logs in by password alone")
        }
        _ if kind.len() > 2 && kind.starts_with('\'') && kind.ends_with('\'') => {
            let message = format!("Tryton does not know {kind}, which {method} needs");
            SourceError::new(Status::NotFound, message).with_hint("activate Tryton's module sale_opportunity")
        }
        _ => SourceError::new(Status::Io, format!("{method} failed in Tryton: {}", first_line(kind))),
    }
}

/// The first line of a message, at most 200 characters of it.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_what_to_do() {
        let check = |error: Value, status: Status, part: &str| {
            let error = failure("model.sale.opportunity.search_read", error.as_array().unwrap());
            assert_eq!(error.status, status, "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check(json!(["UserError", ["You may not\nSELECT", "", null]]), Status::Unauthorized, "search_read: You may not");
        check(
            json!(["LoginException", ["code", "Code", "char"]]),
            Status::Unauthenticated,
            "more than a password to log in (Code)",
        );
        check(json!(["'sale.opportunity'", ""]), Status::NotFound, "'sale.opportunity'");
        check(json!(["database is locked", "Traceback …"]), Status::Io, "database is locked");
        check(json!([]), Status::Io, "failed in Tryton");
    }
}
