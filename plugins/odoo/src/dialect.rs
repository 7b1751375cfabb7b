//! What Odoo says when it fails: an object with the name of a Python exception, with a status in JSON-2, within an answer of
//! status 200 in JSON-RPC.

use cvj_core::{SourceError, Status};
use cvj_http::{Answer, Dialect, Judgement};
use serde::Deserialize;

/// Odoo's manner of saying no.
pub(crate) struct OdooDialect;

/// An exception as Odoo writes it. Its trace (`debug`) is never read.
#[derive(Debug, Default, Deserialize)]
struct Fault {
    #[serde(default)]
    name: String,
    #[serde(default)]
    message: String,
}

/// The answer of JSON-RPC to a call that failed.
#[derive(Deserialize)]
struct Envelope {
    error: Refusal,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
    data: Option<Fault>,
}

/// An answer longer than this holds records, not an error.
const LONGEST_FAULT: usize = 1 << 20;

impl Dialect for OdooDialect {
    fn judge(&self, answer: &Answer) -> Option<Judgement> {
        match fault(answer) {
            Some(fault) => judge(&fault, answer.status),
            None if answer.status == 404 || is_page(answer) => {
                let error = SourceError::new(Status::NotFound, format!("Odoo: nothing answers {} there", answer.of));
                Some(Judgement::Fail(error.with_hint("check `url`, `database` and `protocol`")))
            }
            // A proxy before Odoo, or a worker that was stopped in the middle of its work.
            None if answer.status == 500 => Some(Judgement::Retry(None)),
            None => None,
        }
    }

    fn reason(&self, answer: &Answer) -> Option<String> {
        fault(answer).map(|fault| fault.name)
    }
}

/// Whether a program was asked and a page for people came.
fn is_page(answer: &Answer) -> bool {
    (200..300).contains(&answer.status) && answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
}

fn fault(answer: &Answer) -> Option<Fault> {
    // A list of records would read as a struct, field by field.
    if answer.body.len() > LONGEST_FAULT || !answer.body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    if answer.status >= 400 {
        return serde_json::from_slice::<Fault>(&answer.body).ok().filter(|fault| !fault.name.is_empty());
    }
    // In JSON-2, `error` in an object of status 200 is a field.
    if !answer.of.ends_with("/jsonrpc") {
        return None;
    }
    let Refusal { message, data } = serde_json::from_slice::<Envelope>(&answer.body).ok()?.error;
    Some(data.filter(|fault| !fault.name.is_empty()).unwrap_or(Fault { name: "an error".to_owned(), message }))
}

/// Messages of access errors name records and users, so only those about fields and arguments are passed on.
fn judge(fault: &Fault, status: u16) -> Option<Judgement> {
    let fail = |status, message: String| Some(Judgement::Fail(SourceError::new(status, message)));
    let said = fault.message.lines().next().unwrap_or_default();
    match fault.name.as_str() {
        "odoo.exceptions.AccessDenied" | "odoo.http.SessionExpiredException" | "werkzeug.exceptions.Unauthorized" => {
            let error = SourceError::new(Status::Unauthenticated, "Odoo does not accept the key");
            Some(Judgement::Fail(error.with_hint("make a new key in Odoo: Preferences, Account Security")))
        }
        "odoo.exceptions.AccessError" | "werkzeug.exceptions.Forbidden" => {
            fail(Status::Unauthorized, "Odoo: the key's user may not do this".to_owned())
        }
        "werkzeug.exceptions.NotFound" => fail(Status::NotFound, format!("Odoo: {said}")),
        "odoo.exceptions.UserError" if said.contains("exist") => fail(Status::NotFound, format!("Odoo: {said}")),
        "builtins.KeyError" => fail(Status::NotFound, format!("Odoo: {said} is not there")),
        "builtins.ValueError" if said.contains("Invalid field") => fail(Status::SchemaChanged, format!("Odoo: {said}")),
        "builtins.ValueError" | "builtins.TypeError" | "builtins.AttributeError" | "werkzeug.exceptions.UnprocessableEntity" => {
            fail(Status::InvalidArgument, format!("Odoo cannot do what it was asked: {said}"))
        }
        name if name.starts_with("psycopg2.") && said.contains("database") && said.contains("does not exist") => {
            let error = SourceError::new(Status::NotFound, "Odoo has no database of this name");
            Some(Judgement::Fail(error.with_hint("check `database`")))
        }
        // The database refused for the moment: too many connections, or two transactions in each other's way.
        name if name.starts_with("psycopg2.") => Some(Judgement::Retry(None)),
        _ if status >= 500 => Some(Judgement::Retry(None)),
        _ if status == 429 => None,
        name => fail(Status::InvalidData, format!("Odoo failed with {name}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(status: u16, body: &str) -> Option<Judgement> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        OdooDialect.judge(&Answer { status, headers, body: body.into(), of: "POST /jsonrpc".to_owned() })
    }

    fn status(judgement: Option<Judgement>) -> Option<Status> {
        match judgement {
            Some(Judgement::Fail(error)) => Some(error.status),
            _ => None,
        }
    }

    #[test]
    fn exceptions_within_an_answer_of_status_200_are_errors() {
        let rpc = |name: &str, message: &str| {
            let data = json!({"name": name, "message": message, "debug": "…"});
            json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error", "data": data}}).to_string()
        };
        for (name, message, expected) in [
            ("odoo.exceptions.AccessDenied", "Access Denied", Status::Unauthenticated),
            ("odoo.exceptions.AccessError", "You are not allowed …", Status::Unauthorized),
            ("odoo.exceptions.UserError", "Object sale.order doesn't exist", Status::NotFound),
            ("builtins.ValueError", "Invalid field 'x' on model 'crm.lead'", Status::SchemaChanged),
            ("builtins.TypeError", "unexpected keyword argument", Status::InvalidArgument),
            ("psycopg2.OperationalError", "FATAL:  database \"x\" does not exist", Status::NotFound),
            ("odoo.exceptions.ValidationError", "…", Status::InvalidData),
        ] {
            assert_eq!(status(judged(200, &rpc(name, message))), Some(expected), "{name}");
        }
        assert_eq!(judged(200, &rpc("psycopg2.errors.SerializationFailure", "…")), Some(Judgement::Retry(None)));
        assert_eq!(judged(200, r#"{"jsonrpc":"2.0","id":1,"result":[{"error":1}]}"#), None);
        assert_eq!(judged(200, r#"[{"id":1}]"#), None);
    }

    #[test]
    fn statuses_alone_do_not_say_whether_to_try_again() {
        let fault = |name: &str| format!(r#"{{"name":"{name}","message":"m","arguments":[],"context":{{}},"debug":"…"}}"#);
        assert_eq!(status(judged(500, &fault("builtins.TypeError"))), Some(Status::InvalidArgument));
        assert_eq!(judged(500, &fault("builtins.MemoryError")), Some(Judgement::Retry(None)));
        assert_eq!(judged(500, "<html>"), Some(Judgement::Retry(None)));
        assert_eq!(status(judged(401, &fault("werkzeug.exceptions.Unauthorized"))), Some(Status::Unauthenticated));
        assert_eq!(status(judged(404, "<html>")), Some(Status::NotFound));
        assert_eq!(judged(429, "{}"), None);
    }

    #[test]
    fn messages_about_access_are_not_passed_on() {
        let body = r#"{"name":"odoo.exceptions.AccessError","message":"Marc Demo (ann@example.com) may not read this"}"#;
        let Some(Judgement::Fail(error)) = judged(403, body) else { panic!("no failure") };
        assert!(!error.message.contains("Marc") && !error.message.contains('@'), "{}", error.message);
    }
}
