//! What came back.

use cvj_core::{SourceError, Status};
use serde::de::DeserializeOwned;

/// A whole answer, its body read to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// Method and path of the request, for messages: `GET /crm/objects/2026-09/contacts`.
    pub of: String,
}

impl Answer {
    /// The value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; an error names the request and where the text stops making sense.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            SourceError::new(Status::InvalidData, format!("{}: the answer is not the JSON expected: {error}", self.of))
        })
    }
}
