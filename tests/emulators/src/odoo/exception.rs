//! What Odoo says when it fails: the name of a Python exception, its message and its trace.

use serde_json::{Value, json};

use crate::Answer;

/// A failure.
#[derive(Clone, Debug)]
pub(super) struct Exception {
    name: &'static str,
    message: String,
    /// The status in JSON-2; JSON-RPC answers 200.
    status: u16,
}

impl Exception {
    fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), status }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
    }

    pub(super) fn bad_request() -> Self {
        Self::new(400, "werkzeug.exceptions.BadRequest", "could not parse the body as json")
    }

    pub(super) fn access_denied() -> Self {
        Self::new(403, "odoo.exceptions.AccessDenied", "Access Denied")
    }

    /// With a name in it, as the real one has.
    pub(super) fn access_error(model: &str, login: &str) -> Self {
        let message = format!("Uh-oh! {login} ({login}@acme.example) is not allowed to access '{model}' records.");
        Self::new(403, "odoo.exceptions.AccessError", message)
    }

    pub(super) fn no_model(model: &str, json2: bool) -> Self {
        if json2 {
            Self::new(404, "werkzeug.exceptions.NotFound", format!("the model '{model}' does not exist"))
        } else {
            Self::new(422, "odoo.exceptions.UserError", format!("Object {model} doesn't exist"))
        }
    }

    pub(super) fn no_method(model: &str, method: &str, json2: bool) -> Self {
        let message = format!("The method '{model}.{method}' does not exist");
        if json2 {
            Self::new(404, "werkzeug.exceptions.NotFound", message)
        } else {
            Self::new(500, "builtins.AttributeError", message)
        }
    }

    pub(super) fn no_field(model: &str, field: &str) -> Self {
        Self::new(500, "builtins.ValueError", format!("Invalid field '{field}' on '{model}'"))
    }

    pub(super) fn value_error(message: impl Into<String>) -> Self {
        Self::new(500, "builtins.ValueError", message)
    }

    pub(super) fn type_error(message: impl Into<String>) -> Self {
        Self::new(500, "builtins.TypeError", message)
    }

    pub(super) fn key_error(key: &str) -> Self {
        Self::new(500, "builtins.KeyError", format!("'{key}'"))
    }

    pub(super) fn surprised(method: &str, argument: &str, json2: bool) -> Self {
        let message = format!("got an unexpected keyword argument '{argument}'");
        if json2 {
            Self::new(422, "werkzeug.exceptions.UnprocessableEntity", message)
        } else {
            Self::type_error(format!("BaseModel.{method}() {message}"))
        }
    }

    pub(super) fn no_database(database: &str) -> Self {
        let message = format!("connection to server failed: FATAL:  database \"{database}\" does not exist\n");
        Self::new(500, "psycopg2.OperationalError", message)
    }

    /// As it stands in an answer.
    pub(super) fn body(&self) -> Value {
        let trace =
            format!("Traceback (most recent call last):\n  File \"/usr/lib/odoo/http.py\"\n{}: {}\n", self.name, self.message);
        json!({"name": self.name, "message": self.message, "arguments": [self.message], "context": {}, "debug": trace})
    }

    /// The answer of JSON-2.
    pub(super) fn answer(&self) -> Answer {
        Answer::json(self.status, &self.body())
    }
}
