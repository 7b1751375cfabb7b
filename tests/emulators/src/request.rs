//! What a client asked.

use axum::extract::Query;
use axum::http::Uri;
use serde_json::Value;

/// A request as an emulator sees it.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The pairs of the query, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a query's key.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Every value of a query's key, split at commas.
    pub fn list(&self, key: &str) -> Vec<&str> {
        let values = self.query.iter().filter(|(name, _)| name == key);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|value| !value.is_empty()).collect()
    }

    /// A header's value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What follows `Bearer` in the `Authorization` header.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// The body as JSON; `None` if it is none.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as the pairs of a form.
    pub fn form(&self) -> Vec<(String, String)> {
        str::from_utf8(&self.body).map(pairs).unwrap_or_default()
    }
}

/// The decoded pairs of a query or a form.
pub(crate) fn pairs(encoded: &str) -> Vec<(String, String)> {
    let uri: Option<Uri> = format!("/?{encoded}").parse().ok();
    uri.and_then(|uri| Query::try_from_uri(&uri).ok()).map(|Query(pairs)| pairs).unwrap_or_default()
}

/// A request in the log, for assertions: never with a credential.
#[derive(Clone, Debug)]
pub struct Logged {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The pairs of the query, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The body as text; empty for a form and for JSON-RPC, which may hold a secret.
    pub body: String,
    /// Whether there was an `Authorization` header.
    pub authorization: bool,
    /// The status it was answered with, before the connection was spoilt.
    pub status: u16,
}

impl Logged {
    pub(crate) fn new(request: &Request, status: u16) -> Self {
        let form = request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let secret = form || request.path.ends_with("/jsonrpc");
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: if secret { String::new() } else { String::from_utf8_lossy(&request.body).into_owned() },
            authorization: request.header("authorization").is_some(),
            status,
        }
    }

    /// The first value of a query's key.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}
