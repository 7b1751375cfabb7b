//! A request: put together, sent, judged, and sent again where that may help.

use std::time::Duration;

use cvj_core::source::Level;
use cvj_core::{SourceError, Status, Task};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use crate::answer::Answer;
use crate::api::Api;
use crate::dialect::Judgement;
use crate::retry::{Failure, Tries, retry_after, shown};
use crate::secrets;
use crate::transport::Outgoing;
use crate::vault::InUse;
use crate::wait;

/// A request being put together.
#[must_use]
pub struct Request<'a> {
    api: &'a Api,
    method: Method,
    url: Url,
    /// Method and path, for messages.
    of: String,
    lane: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    authenticated: bool,
    /// A token endpoint's answers are read by those who know OAuth, not by the vendor's dialect.
    for_token: bool,
}

/// What becomes of an answer.
enum Verdict {
    Done(Answer),
    Fail(SourceError),
    Renew(Answer),
    Again { failure: Failure, asked: Option<Duration>, what: String },
}

impl<'a> Request<'a> {
    pub(crate) fn new(api: &'a Api, method: Method, url: Url, path: &str) -> Self {
        let of = format!("{method} {path}");
        let (headers, body) = (vec![("accept", "application/json".to_owned())], None);
        Self { api, method, url, of, lane: "", headers, body, authenticated: true, for_token: false }
    }

    pub(crate) fn for_token(mut self, form: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.body = Some(body.into_bytes());
        self.for_token = true;
        self.header("content-type", "application/x-www-form-urlencoded").without_credentials()
    }

    /// Adds a parameter to the query.
    #[expect(clippy::needless_pass_by_value, reason = "callers write numbers and texts as they are")]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.url.query_pairs_mut().append_pair(name, &value.to_string());
        self
    }

    /// Sets a header, which must hold no secret.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name, value.into()));
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self.header("content-type", "application/json")
    }

    /// Keeps to the pace of a lane of the settings.
    pub fn lane(mut self, lane: &'static str) -> Self {
        self.lane = lane;
        self
    }

    /// Sends no credentials: for logging in.
    pub fn without_credentials(mut self) -> Self {
        self.authenticated = false;
        self
    }

    /// Sends the request, again where that may help, and gives the answer that was accepted.
    pub fn send(self, task: &Task) -> Result<Answer, SourceError> {
        self.tries(task).map_err(secrets::scrubbed_error)
    }

    fn tries(&self, task: &Task) -> Result<Answer, SourceError> {
        let mut tries = Tries::new(self.api.settings.retries);
        let mut renewed = false;
        let request = format!("{}: {}", self.api.name(), self.of);
        loop {
            let in_use = if self.authenticated { self.api.credentials(task)? } else { None };
            let outgoing = self.outgoing(in_use.as_ref())?;
            let verdict = match self.api.exchange(&outgoing, &self.of, self.lane, task)? {
                Ok(answer) => self.judged(answer, task),
                Err(none) => Verdict::Again { failure: none.failure, asked: None, what: none.what },
            };
            let (failure, asked, what) = match verdict {
                Verdict::Done(answer) => return Ok(answer),
                Verdict::Fail(error) => return Err(error),
                Verdict::Renew(answer) if renewed || !self.renews() => return Err(self.refused(&answer)),
                Verdict::Renew(_) => {
                    renewed = true;
                    if let Some(in_use) = &in_use {
                        self.api.vault().refused(in_use);
                    }
                    continue;
                }
                Verdict::Again { failure, asked, what } => (failure, asked, what),
            };
            let pause = tries.failed(failure, asked, &request, &what)?;
            if self.api.is_replaying() {
                continue;
            }
            let message = format!("{request}: {what}; trying again in {}", shown(pause));
            task.log(level(pause), &secrets::scrubbed(&message));
            if failure == Failure::Slow {
                self.api.pause(pause);
            } else {
                wait::sleep(pause, task)?;
            }
        }
    }

    fn renews(&self) -> bool {
        self.authenticated && self.api.settings.auth.renews()
    }

    fn outgoing(&self, in_use: Option<&InUse>) -> Result<Outgoing, SourceError> {
        let mut headers = HeaderMap::new();
        let wrong = |what: &str| SourceError::new(Status::InvalidArgument, format!("{}: {what}", self.api.name()));
        let named = |name: &str| HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(&format!("`{name}` is no header")));
        for (name, value) in &self.headers {
            let value = HeaderValue::from_str(value).map_err(|_| wrong("a header holds a line break or the like"))?;
            headers.insert(named(name)?, value);
        }
        if let Some(credentials) = in_use.map(|in_use| &in_use.credentials) {
            let mut value = HeaderValue::from_bytes(credentials.value.as_bytes())
                .map_err(|_| wrong("the credentials hold a line break or another character that no header can carry"))?;
            value.set_sensitive(true);
            headers.insert(named(credentials.header)?, value);
        }
        Ok(Outgoing { method: self.method.clone(), url: self.url.clone(), headers, body: self.body.clone() })
    }

    fn judged(&self, answer: Answer, task: &Task) -> Verdict {
        let is_good = (200..300).contains(&answer.status);
        if is_good && let Some(what) = answer.garbled() {
            return Verdict::Again { failure: Failure::Garbled, asked: None, what };
        }
        let dialect = &self.api.settings.dialect;
        let judgement = if self.for_token {
            (is_good || (400..=403).contains(&answer.status)).then_some(Judgement::Accept)
        } else {
            self.keep_pause(dialect.pause(&answer), task);
            dialect.judge(&answer)
        };
        let again = |failure, asked: Option<Duration>, answer: &Answer| Verdict::Again {
            failure,
            asked: asked.or_else(|| retry_after(answer)),
            what: self.words(answer),
        };
        match (judgement, answer.status) {
            (Some(Judgement::Fail(error)), _) => Verdict::Fail(error),
            (Some(Judgement::Reauthenticate), _) | (None, 401) => Verdict::Renew(answer),
            (Some(Judgement::Retry(asked)), status) => {
                let failure = if status == 429 || asked.is_some() { Failure::Slow } else { Failure::Busy };
                again(failure, asked, &answer)
            }
            (Some(Judgement::Accept), _) | (None, 200..300) => Verdict::Done(answer),
            (None, 429) => again(Failure::Slow, None, &answer),
            (None, 408 | 502..=504) => again(Failure::Busy, None, &answer),
            (None, 500) => again(Failure::Broken, None, &answer),
            (None, 403) => self.fails(Status::Unauthorized, &answer),
            (None, 404 | 410) => self.fails(Status::NotFound, &answer),
            (None, 400..500) => self.fails(Status::InvalidArgument, &answer),
            (None, _) => self.fails(Status::Io, &answer),
        }
    }

    /// Pauses where the vendor's headers say that nothing is left.
    fn keep_pause(&self, pause: Option<Duration>, task: &Task) {
        let Some(pause) = pause.map(|pause| pause.min(self.api.settings.retries.longest)) else { return };
        if pause >= Duration::from_secs(1) {
            task.log(
                level(pause),
                &format!("{}: nothing is left of what it allows for now; on in {}", self.api.name(), shown(pause)),
            );
        }
        self.api.pause(pause);
    }

    fn fails(&self, status: Status, answer: &Answer) -> Verdict {
        Verdict::Fail(SourceError::new(status, format!("{}: {}: {}", self.api.name(), self.of, self.words(answer))))
    }

    /// What an answer says, with the vendor's reason.
    fn words(&self, answer: &Answer) -> String {
        let meaning = match answer.status {
            401 => " (the credentials are not accepted)",
            403 => " (not allowed)",
            404 | 410 => " (not found)",
            429 => " (too many requests)",
            500..=599 => " (its server failed)",
            _ => "",
        };
        let reason = if self.for_token { None } else { self.api.settings.dialect.reason(answer) };
        let reason = reason.map(|reason| format!(": {}", secrets::quoted(&reason))).unwrap_or_default();
        format!("answered {}{meaning}{reason}", answer.status)
    }

    fn refused(&self, answer: &Answer) -> SourceError {
        let message = format!("{}: {}: {}", self.api.name(), self.of, self.words(answer));
        let error = SourceError::new(Status::Unauthenticated, message);
        match self.api.settings.auth.secret() {
            Some(name) => error.with_hint(format!("check the secret `{}`: it may be wrong, expired or revoked", name.secret)),
            None => error,
        }
    }
}

/// A wait that one notices is told without being asked for.
fn level(pause: Duration) -> Level {
    if pause >= Duration::from_secs(10) { Level::Warn } else { Level::Info }
}
