//! What an emulator answers.

use serde::Serialize;

/// An answer before anything spoils it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers besides those of every answer (`date`, `content-length`); names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body as it is sent.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer in JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { status, headers: vec![("content-type", "application/json;charset=utf-8".to_owned())], body }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer in HTML, as proxies and firewalls give it.
    pub fn html(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type", "text/html".to_owned())], body: body.as_bytes().to_vec() }
    }

    /// With a header besides; `name` in lower case.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}
