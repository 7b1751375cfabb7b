//! What Tryton says when it fails: status 200 and `["UserError", ["message", …]]`, or `["text of an exception", "traceback"]`.

use cvj_core::{SourceError, Status};
use cvj_http::{Answer, Dialect, Judgement};
use serde::Deserialize;
use serde_json::Value;

/// Tryton's manner of saying no.
pub(crate) struct TrytonDialect;

#[derive(Deserialize)]
struct Refusal {
    error: Vec<Value>,
}

/// An answer longer than this holds records, not an error.
const LONGEST_REFUSAL: usize = 1 << 20;

impl Dialect for TrytonDialect {
    fn judge(&self, answer: &Answer) -> Option<Judgement> {
        if answer.status != 200 {
            return None;
        }
        Some(judge(&refusal(answer)?))
    }

    fn reason(&self, answer: &Answer) -> Option<String> {
        Some(told(kind(&refusal(answer)?)))
    }
}

fn refusal(answer: &Answer) -> Option<Vec<Value>> {
    // A list of records would read as a struct, field by field.
    if answer.body.len() > LONGEST_REFUSAL || !answer.body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    Some(serde_json::from_slice::<Refusal>(&answer.body).ok()?.error)
}

fn kind(error: &[Value]) -> &str {
    error.first().and_then(Value::as_str).unwrap_or_default()
}

fn judge(error: &[Value]) -> Judgement {
    let kind = kind(error);
    let detail = |place: usize| error.get(1).and_then(|details| details.get(place)).and_then(Value::as_str).map(told);
    let missing = kind.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')).filter(|name| is_name(name));
    Judgement::Fail(match (kind, missing) {
        ("UserError", _) => {
            let message = format!("Tryton refuses this: {}", detail(0).unwrap_or_default());
            SourceError::new(Status::Unauthorized, message).with_hint("give the user read access in Tryton")
        }
        ("LoginException", _) => {
            let message = format!("Tryton asks for more than a password to log in ({})", detail(1).unwrap_or_default());
            SourceError::new(Status::Unauthenticated, message).with_hint("use a user that logs in by password alone")
        }
        // SQLite lets one write at a time, and others wait only so long.
        ("database is locked", _) => return Judgement::Retry(None),
        (_, Some(name)) => {
            let message = format!("Tryton does not know '{name}'");
            SourceError::new(Status::NotFound, message).with_hint("activate Tryton's module sale_opportunity")
        }
        _ => SourceError::new(Status::Io, format!("Tryton failed: {}", told(kind))),
    })
}

/// Whether this is the name of a model or field, and no value.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte))
}

/// The first line of a message, at most 200 characters of it, without the values that it quotes: they may be personal.
fn told(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = text.lines().next().unwrap_or_default();
    let (mut kept, mut quote) = (String::new(), None);
    for character in line.chars() {
        match quote {
            Some(end) if character == end => quote = None,
            Some(_) => {}
            // An apostrophe within a word quotes nothing.
            None if character == '"' || (character == '\'' && !kept.ends_with(char::is_alphanumeric)) => {
                quote = Some(character);
                kept.push('…');
            }
            None => kept.push(character),
        }
    }
    kept.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(error: &Value) -> Option<Judgement> {
        let body = json!({"id": 1, "error": error}).to_string().into_bytes();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        TrytonDialect.judge(&Answer { status: 200, headers, body, of: "POST /crm/rpc/".to_owned() })
    }

    #[test]
    fn failures_say_what_to_do() {
        let check = |error: Value, status: Status, expected: &str| {
            let Some(Judgement::Fail(error)) = judged(&error) else { panic!("no failure") };
            assert_eq!((error.status, error.message.as_str()), (status, expected));
        };
        check(json!(["UserError", ["You may not\nSELECT", "", null]]), Status::Unauthorized, "Tryton refuses this: You may not");
        check(
            json!(["LoginException", ["code", "Code", "char"]]),
            Status::Unauthenticated,
            "Tryton asks for more than a password to log in (Code)",
        );
        check(json!(["'sale.opportunity'", ""]), Status::NotFound, "Tryton does not know 'sale.opportunity'");
        check(json!([]), Status::Io, "Tryton failed: ");
    }

    #[test]
    fn no_value_is_quoted() {
        for error in [
            json!(["'Anna Berg'", ""]),
            json!(["invalid literal for int(): 'Anna'", "Traceback …"]),
            json!(["UserError", ["You can't read \"Anna\" of \"Party\".", ""]]),
        ] {
            let Some(Judgement::Fail(error)) = judged(&error) else { panic!("no failure") };
            assert!(!error.message.contains("Anna"), "{error}");
        }
    }

    #[test]
    fn a_locked_database_is_asked_again_and_data_is_data() {
        assert_eq!(judged(&json!(["database is locked", "Traceback …"])), Some(Judgement::Retry(None)));
        let data =
            |body: &str| TrytonDialect.judge(&Answer { status: 200, headers: Vec::new(), body: body.into(), of: String::new() });
        assert_eq!(data(r#"{"id": 1, "result": [{"error": ["UserError"]}]}"#), None);
        assert_eq!(data("[[1]]"), None);
    }
}
