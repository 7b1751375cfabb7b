//! Odoo: records of models behind two protocols, JSON-2 (from version 19 on) and JSON-RPC.
//!
//! What makes trouble is as in the real one: lost leads are archived and unseen unless `active_test` is off, no value is
//! `false`, `write_date` is shown cut to the second and compared with microseconds, deleted records leave no trace, and errors of
//! JSON-RPC come with status 200.
//!
//! `GET /_truth/<model>` is none of Odoo's: it gives the records as the database has them, for those who check the emulator.

mod domain;
mod exception;
mod generate;
mod methods;
mod schema;
mod store;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use generate::Sample;
pub use store::{Record, Store, Stored};

use self::exception::Exception;
use self::methods::Call;
use crate::{Answer, Emulator, Request};

/// An Odoo with one database.
#[derive(Clone, Debug)]
pub struct Odoo {
    /// 17 (JSON-RPC only) or 19 (both protocols).
    pub version: i64,
    /// The database's name.
    pub database: String,
    /// Who may log in.
    pub users: Vec<User>,
    /// The records.
    pub store: Store,
    starts_at: Timestamp,
}

/// Someone with a key.
#[derive(Clone, Debug)]
pub struct User {
    /// The id among `res.users`.
    pub id: i64,
    /// The login.
    pub login: String,
    /// The API key, which JSON-RPC takes as a password.
    pub key: String,
    /// Models that this user may not read.
    pub barred: Vec<String>,
}

impl Odoo {
    /// An Odoo of this version with sample records.
    pub fn new(version: i64, sample: &Sample) -> Self {
        let store = generate::store(sample);
        let user = |id: i64, login: &str, key: &str, barred: &[&str]| User {
            id,
            login: login.to_owned(),
            key: key.to_owned(),
            barred: barred.iter().map(|&model| model.to_owned()).collect(),
        };
        Self {
            version,
            database: "acme".to_owned(),
            users: vec![
                user(2, "admin", "admin-key-5f2c9a", &[]),
                user(
                    3,
                    "clerk",
                    "clerk-key-81be07",
                    &["ir.model.fields", "mail.tracking.value", "mailing.mailing", "mailing.trace"],
                ),
            ],
            store,
            starts_at: sample.now(),
        }
    }

    /// Takes a model away, as if its application were not installed.
    pub fn uninstall(&mut self, model: &str) {
        self.store.uninstall(model);
    }

    fn version_info(&self) -> Value {
        json!([self.version, 0, 0, "final", 0, ""])
    }

    fn known(&self) -> Value {
        let version = format!("{}.0", self.version);
        let info = self.version_info();
        json!({"server_version": version, "server_version_info": info, "server_serie": version, "protocol_version": 1})
    }

    fn json2(&mut self, model: &str, method: &str, request: &Request, now: i64) -> Answer {
        if request.header("x-odoo-database").is_some_and(|database| database != self.database) {
            return nowhere();
        }
        let user = request.bearer().and_then(|key| self.users.iter().find(|user| user.key == key));
        let Some(user) = user.cloned() else {
            return Exception::unauthorized().answer();
        };
        let Some(Value::Object(named)) = request.json() else {
            return Exception::bad_request().answer();
        };
        let mut call = Call { version: self.version, user: &user, model, method, named, json2: true };
        if let Some(ids) = call.named.remove("ids") {
            call.named.insert("self".to_owned(), ids);
        }
        match methods::run(&mut self.store, call, now) {
            Ok(result) => Answer::json(200, &result),
            Err(exception) => exception.answer(),
        }
    }

    fn json_rpc(&mut self, request: &Request, now: i64) -> Answer {
        let Some(call) = request.json() else {
            return Exception::bad_request().answer();
        };
        let id = call.get("id").cloned().unwrap_or_default();
        let params = call.get("params").cloned().unwrap_or_default();
        let text = |key: &str| params.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let arguments = params.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
        let result = match (request.path.as_str(), text("service").as_str(), text("method").as_str()) {
            ("/web/webclient/version_info", ..) | (_, "common", "version") => Ok(self.known()),
            (_, "common", "login" | "authenticate") => self.log_in(&arguments),
            (_, "object", "execute") => self.execute(&arguments, false, now),
            (_, "object", "execute_kw") => self.execute(&arguments, true, now),
            (_, _, method) => Err(Exception::key_error(method)),
        };
        let code = if self.version < 19 { 200 } else { 0 };
        Answer::json(
            200,
            &match result {
                Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                Err(exception) => json!({"jsonrpc": "2.0", "id": id, "error": {
                    "code": code, "message": "Odoo Server Error", "data": exception.body(),
                }}),
            },
        )
    }

    fn in_database(&self, arguments: &[Value]) -> Result<(), Exception> {
        let database = arguments.first().and_then(Value::as_str).unwrap_or_default();
        if database == self.database { Ok(()) } else { Err(Exception::no_database(database)) }
    }

    fn log_in(&self, arguments: &[Value]) -> Result<Value, Exception> {
        self.in_database(arguments)?;
        let is = |index: usize, text: &str| arguments.get(index).and_then(Value::as_str) == Some(text);
        let user = self.users.iter().find(|user| is(1, &user.login) && is(2, &user.key));
        Ok(user.map_or(json!(false), |user| json!(user.id)))
    }

    fn execute(&mut self, arguments: &[Value], named: bool, now: i64) -> Result<Value, Exception> {
        self.in_database(arguments)?;
        let [_, id, key, model, method, rest @ ..] = arguments else {
            return Err(Exception::type_error("execute() missing required arguments"));
        };
        let user = self.users.iter().find(|user| Some(user.id) == id.as_i64() && Some(user.key.as_str()) == key.as_str());
        let user = user.cloned().ok_or_else(Exception::access_denied)?;
        let (model, method) = (model.as_str().unwrap_or_default(), method.as_str().unwrap_or_default());
        let (ordered, mut by_name) = if named {
            let ordered = rest.first().and_then(Value::as_array).cloned().unwrap_or_default();
            (ordered, rest.get(1).and_then(Value::as_object).cloned().unwrap_or_default())
        } else {
            (rest.to_vec(), Map::new())
        };
        by_name.extend(methods::by_name(method, self.version, ordered)?);
        let call = Call { version: self.version, user: &user, model, method, named: by_name, json2: false };
        methods::run(&mut self.store, call, now)
    }
}

impl Emulator for Odoo {
    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer {
        let now = now.as_microsecond();
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["web", "version"]) if self.version >= 19 => {
                Answer::json(200, &json!({"version_info": self.version_info(), "version": format!("{}.0", self.version)}))
            }
            ("POST", ["json", "2", model, method]) if self.version >= 19 => self.json2(model, method, request, now),
            ("POST", ["jsonrpc"] | ["web", "webclient", "version_info"]) => self.json_rpc(request, now),
            ("GET", ["_truth", model]) => Answer::json(200, &self.store.told(model)),
            _ => nowhere(),
        }
    }

    fn starts_at(&self) -> Timestamp {
        self.starts_at
    }
}

/// The page of an address that is not there.
fn nowhere() -> Answer {
    Answer::html(404, "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n")
}
