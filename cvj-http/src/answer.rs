//! What came back.

use cvj_core::{SourceError, Status};
use serde::de::{DeserializeOwned, IgnoredAny};

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

    /// The other side's clock, by the `Date` header: what "now" is in questions to it.
    pub fn date(&self) -> Option<jiff::Timestamp> {
        crate::retry::http_date(self.header("date")?)
    }

    /// The body as JSON; an error names the request and where the text stops making sense.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            SourceError::new(Status::InvalidData, format!("{}: the answer is not the JSON expected: {}", self.of, misfit(&error)))
        })
    }

    /// What is wrong with the body of an answer that says it is JSON.
    pub(crate) fn garbled(&self) -> Option<String> {
        let kind = self.header("content-type")?.split(';').next()?.trim();
        let says_json = kind == "application/json" || kind.ends_with("+json");
        if !says_json || self.status == 204 {
            return None;
        }
        let error = serde_json::from_slice::<IgnoredAny>(&self.body).err()?;
        let what = if error.is_eof() { "the answer's JSON is cut short" } else { "the answer says it is JSON and is not" };
        Some(format!("{what} (line {}, column {})", error.line(), error.column()))
    }
}

/// What a parser says, without the values that it quotes: they may be personal.
fn misfit(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    if text.starts_with("missing field") {
        return text;
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) if error.is_data() => format!("expected {expected}"),
        _ if error.is_eof() => format!("it is cut short at {place}"),
        _ => format!("it stops making sense at {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: &str, body: &str) -> Answer {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Answer { status: 200, headers, body: body.as_bytes().to_vec(), of: "GET /x".to_owned() }
    }

    #[test]
    fn errors_quote_no_value() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only its reading is looked at")]
        struct Page {
            total: u64,
        }
        let check = |body: &str, expected: &str| {
            let error = answer("", body).json::<Page>().expect_err(body);
            assert_eq!(error.message, format!("GET /x: the answer is not the JSON expected: {expected}"));
        };
        check("{\"total\":\"Anna\"}", "expected u64 at line 1 column 15");
        check("{\"total\":-7}", "expected u64 at line 1 column 11");
        check("{\"name\":\"Anna\"}", "missing field `total` at line 1 column 15");
        check("{\"total\":1,", "it is cut short at line 1, column 11");
        check("<html>", "it stops making sense at line 1, column 1");
    }

    #[test]
    fn only_what_says_it_is_json_is_held_to_it() {
        assert_eq!(answer("text/html", "<html>").garbled(), None);
        assert_eq!(answer("application/problem+json", "{}").garbled(), None);
        assert_eq!(
            answer("application/json; charset=utf-8", "{\"a\":[1,").garbled().as_deref(),
            Some("the answer's JSON is cut short (line 1, column 8)")
        );
        assert_eq!(
            answer("application/json", "oops").garbled().as_deref(),
            Some("the answer says it is JSON and is not (line 1, column 1)")
        );
    }

    #[test]
    fn the_other_sides_clock_is_read() {
        let headers = vec![("date".to_owned(), "Sun, 22 Nov 2026 10:00:00 GMT".to_owned())];
        let answer = Answer { headers, ..answer("", "") };
        assert_eq!(answer.date().expect("a date").to_string(), "2026-11-22T10:00:00Z");
    }
}
