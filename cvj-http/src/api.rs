//! A web API: one base URL, one way to authenticate, one pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cvj_core::source::SecretName;
use cvj_core::{SourceError, Status, Task};
use reqwest::Method;
use url::Url;

use crate::address;
use crate::answer::Answer;
use crate::auth::Auth;
use crate::cassette::{Cassette, Tape};
use crate::dialect::Dialect;
use crate::pace::{Gate, Pace, gate};
use crate::request::Request;
use crate::retry::{Failure, Retries};
use crate::secrets::{self, HIDDEN};
use crate::transport::{NoAnswer, Outgoing, Timeouts, Transport};
use crate::vault::{InUse, Vault};
use crate::wait;

/// What an API is reached with.
pub struct ApiSettings {
    /// How messages call the other side: `HubSpot`.
    pub name: &'static str,
    /// `https://…`, or `http://` on loopback. A path in it stays in front of every request's.
    pub base_url: String,
    /// Who asks.
    pub auth: Auth,
    /// What answers mean.
    pub dialect: Box<dyn Dialect>,
    /// How fast to ask.
    pub pace: Pace,
    /// The pace of requests that have one of their own, by the name of their [`lane`](Request::lane). It counts apart from
    /// `pace`; a pause that the other side asks for is for all.
    pub lanes: Vec<(&'static str, Pace)>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often to try again.
    pub retries: Retries,
    /// The longest body taken, in bytes after unpacking.
    pub most_bytes: usize,
    /// Whether exchanges are recorded or replayed; what the environment says, unless set.
    pub tape: Tape,
}

impl ApiSettings {
    /// Settings that suit most vendors.
    pub fn new(name: &'static str, base_url: impl Into<String>, auth: Auth, dialect: impl Dialect + 'static) -> Self {
        Self {
            name,
            base_url: base_url.into(),
            auth,
            dialect: Box::new(dialect),
            pace: Pace::default(),
            lanes: Vec::new(),
            timeouts: Timeouts::default(),
            retries: Retries::default(),
            most_bytes: 64 << 20,
            tape: Tape::from_environment(),
        }
    }
}

/// A web API. May be used by several threads at once.
pub struct Api {
    pub(crate) settings: ApiSettings,
    base: Url,
    transport: Transport,
    gate: Arc<Gate>,
    vault: Vault,
    cassette: Cassette,
    /// Whether the other side ever answered: until then, silence may mean a wrong address.
    answered: AtomicBool,
}

impl Api {
    /// Checks the settings. Nothing is sent.
    pub fn new(settings: ApiSettings) -> Result<Self, SourceError> {
        let base = address::parse("`base_url`", &settings.base_url)?;
        let transport = Transport::new(&base, settings.timeouts, settings.most_bytes)?;
        let cassette = Cassette::new(&settings.tape)?;
        let gate = gate(&address::host(&base));
        Ok(Self { settings, base, transport, gate, vault: Vault::default(), cassette, answered: AtomicBool::new(false) })
    }

    /// A GET of a path under the base URL.
    pub fn get(&self, path: impl Into<String>) -> Request<'_> {
        self.request(Method::GET, &path.into())
    }

    /// A POST to a path under the base URL. It is tried again like a GET: use it for calls that only read.
    pub fn post(&self, path: impl Into<String>) -> Request<'_> {
        self.request(Method::POST, &path.into())
    }

    /// The value of a secret that goes into a request's body, which from now on is kept out of errors, logs and cassettes.
    /// Ask here rather than at the task. While a tape is replayed it is a stand-in, so that no secret is needed.
    pub fn secret(&self, task: &Task, name: &SecretName) -> Result<String, SourceError> {
        if self.is_replaying() {
            return Ok(HIDDEN.to_owned());
        }
        let secret = task.secret(&name.secret)?;
        let secret = secret.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(SourceError::new(Status::Unauthenticated, format!("the secret `{}` is empty", name.secret)));
        }
        secrets::keep(secret);
        Ok(secret.to_owned())
    }

    pub(crate) fn name(&self) -> &'static str {
        self.settings.name
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(crate) fn is_replaying(&self) -> bool {
        self.cassette.is_replaying()
    }

    fn request(&self, method: Method, path: &str) -> Request<'_> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        Request::new(self, method, url, path)
    }

    /// A request for a token at a path under the base URL or an absolute URL; a refusal is an answer.
    pub(crate) fn token_request(&self, url: &str, form: &[(&str, &str)]) -> Result<Request<'_>, SourceError> {
        let request = if url.starts_with('/') {
            self.request(Method::POST, url)
        } else {
            let url = address::parse("the address for tokens", url)?;
            let path = url.path().to_owned();
            Request::new(self, Method::POST, url, &path)
        };
        Ok(request.for_token(form))
    }

    /// The credentials to send; none while a tape is replayed.
    pub(crate) fn credentials(&self, task: &Task) -> Result<Option<InUse>, SourceError> {
        if self.is_replaying() {
            return Ok(None);
        }
        self.vault.credentials(task, || self.settings.auth.granted(self, task))
    }

    /// The pace of a lane, which must be one of the settings'.
    fn pace(&self, lane: &str) -> Result<Pace, SourceError> {
        if lane.is_empty() {
            return Ok(self.settings.pace);
        }
        let found = self.settings.lanes.iter().find(|(name, _)| *name == lane);
        found.map(|(_, pace)| *pace).ok_or_else(|| SourceError::new(Status::Internal, format!("there is no lane `{lane}`")))
    }

    /// One request and its answer, at the pace of its lane: from the network, or from the tape.
    pub(crate) fn exchange(
        &self,
        outgoing: &Outgoing,
        of: &str,
        lane: &str,
        task: &Task,
    ) -> Result<Result<Answer, NoAnswer>, SourceError> {
        if let Some(answer) = self.cassette.answer(task.source(), outgoing, of) {
            wait::go_on(task)?;
            return answer.map(Ok);
        }
        let permit = self.gate.enter(lane, self.pace(lane)?, task)?;
        let outcome = wait::run(self.transport.exchange(outgoing.clone(), of), task)?;
        drop(permit);
        match &outcome {
            Ok(answer) => {
                self.answered.store(true, Ordering::Relaxed);
                self.cassette.record(task.source(), outgoing, answer, self.vault.is_renewing_here())?;
            }
            // What answered before is somewhere: it is gone for a while.
            Err(NoAnswer { failure: Failure::Unreached, what }) if self.answered.load(Ordering::Relaxed) => {
                return Ok(Err(NoAnswer { failure: Failure::Cut, what: what.clone() }));
            }
            Err(_) => {}
        }
        Ok(outcome)
    }

    /// Lets no thread ask this host for a while.
    pub(crate) fn pause(&self, pause: std::time::Duration) {
        if !self.is_replaying() {
            self.gate.pause(pause);
        }
    }
}
