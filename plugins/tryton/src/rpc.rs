//! Tryton's JSON-RPC: one session, and the few methods that reading needs.

use std::collections::HashSet;
use std::sync::OnceLock;

use base64::Engine as _;
use cvj_core::{SourceError, Status, Task};
use cvj_http::{Api, ApiSettings, Auth, Credentials, Pace};
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::TrytonConfig;
use crate::dialect::TrytonDialect;
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

/// What a method gave.
#[derive(Deserialize)]
struct Response<T> {
    result: T,
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
        let settings = ApiSettings { pace: PACE, ..ApiSettings::new("Tryton", url, auth, TrytonDialect) };
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
        let domain = table.domain(0, i64::from(i32::MAX));
        let arguments = vec![domain.clone(), json!(0), json!(1), json!([["id", "DESC"]])];
        let ids: Vec<i64> = self.call(table.model, "search", arguments, &[], task)?;
        if let Some(last) = ids.first() {
            return Ok(*last);
        }
        match self.count(table.model, &domain, &[], task)? {
            0 => Ok(0),
            counted => Err(lacking(table.model, 0, counted)),
        }
    }

    /// How many records meet a domain, as Tryton counts them.
    pub(crate) fn count(&self, model: &str, domain: &Value, more: &[(&str, Value)], task: &Task) -> Result<u64, SourceError> {
        self.call(model, "search_count", vec![domain.clone()], more, task)
    }

    /// The records of a domain in order of their ids, `limit` at most; `more` is added to the context. Where fewer come, Tryton
    /// has to count no more than these, so that an answer that was cut short does not pass for the end.
    pub(crate) fn records(
        &self,
        model: &str,
        domain: &Value,
        limit: usize,
        fields: &[&str],
        more: &[(&str, Value)],
        task: &Task,
    ) -> Result<Vec<Value>, SourceError> {
        const TRIES: usize = 3;
        let arguments = vec![domain.clone(), json!(0), json!(limit), json!([["id", "ASC"]]), json!(fields)];
        let mut tries = 0;
        loop {
            let records: Vec<Value> = self.call(model, "search_read", arguments.clone(), more, task)?;
            let shown = records.len();
            let counted = if shown < limit { self.count(model, domain, more, task)? } else { 0 };
            if counted <= shown as u64 {
                return Ok(records.into_iter().map(wire::plain).collect());
            }
            tries += 1;
            if tries == TRIES {
                return Err(lacking(model, shown, counted));
            }
        }
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
        let answer = self.api.post(&self.path).json(&request(method, arguments)).send(task);
        let result = answer.and_then(|answer| Ok(answer.json::<Response<T>>()?.result));
        result.map_err(|error| about(error, method))
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

fn lacking(model: &str, shown: usize, counted: u64) -> SourceError {
    let message = format!("Tryton shows {shown} records of {model} where it counts {counted}");
    SourceError { retryable: true, ..SourceError::new(Status::InvalidData, message) }.with_hint("run it again")
}

/// The same error, with the method that was called: the path of all calls is one.
fn about(error: SourceError, method: &str) -> SourceError {
    match error.status {
        Status::Unauthorized | Status::NotFound | Status::InvalidArgument | Status::InvalidData | Status::Io => {
            let message = format!("{} (asked of {})", error.message, method.trim_start_matches("model."));
            SourceError { message, ..error }
        }
        _ => error,
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
        Status::Unauthenticated if error.hint.is_none() => {
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
    let (uid, key, _) = answer.json::<Response<(i64, String, Value)>>()?.result;
    let session = base64::engine::general_purpose::STANDARD.encode(format!("{}:{uid}:{key}", config.user));
    Ok(Credentials { header: "authorization", value: format!("Session {session}") })
}
