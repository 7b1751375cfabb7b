//! A web API: one base URL, one way to authenticate, one pace.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use cvj_core::{SourceError, Status, Task};
use serde_json::Value;
use url::Url;

use crate::answer::Answer;
use crate::auth::{Auth, Credentials};
use crate::dialect::{Dialect, Judgement};

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
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often to try again.
    pub retries: Retries,
    /// The longest body taken, in bytes.
    pub most_bytes: usize,
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
            timeouts: Timeouts::default(),
            retries: Retries::default(),
            most_bytes: 64 << 20,
        }
    }
}

/// The pace at which one process asks one host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Requests a second, over any second.
    pub per_second: f64,
    /// Requests under way at once.
    pub concurrent: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { per_second: 10.0, concurrent: 4 }
    }
}

/// How long to wait for the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To be connected.
    pub connect: Duration,
    /// For the next byte.
    pub silence: Duration,
    /// For one whole answer.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), silence: Duration::from_secs(30), answer: Duration::from_mins(2) }
    }
}

/// How often the same request is tried again, and how long the pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Tries in all.
    pub attempts: u32,
    /// The first pause; each later one is twice as long, with jitter.
    pub first: Duration,
    /// The longest pause, and the longest `Retry-After` that is waited for.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 6, first: Duration::from_secs(1), longest: Duration::from_mins(2) }
    }
}

/// A web API. May be used by several threads at once.
pub struct Api {
    settings: ApiSettings,
    base: Url,
    client: reqwest::Client,
    credentials: Mutex<Option<Credentials>>,
}

/// A request being put together.
pub struct Request<'a> {
    api: &'a Api,
    method: reqwest::Method,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    authenticated: bool,
}

fn runtime() -> Result<&'static tokio::runtime::Runtime, SourceError> {
    static RUNTIME: OnceLock<Result<tokio::runtime::Runtime, String>> = OnceLock::new();
    let built = RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().map_err(|error| error.to_string())
    });
    built.as_ref().map_err(|error| SourceError::new(Status::Internal, format!("no runtime could be started: {error}")))
}

impl Api {
    /// Checks the settings. Nothing is sent.
    pub fn new(settings: ApiSettings) -> Result<Self, SourceError> {
        let wrong = |what: String| SourceError::new(Status::InvalidArgument, what);
        let base =
            Url::parse(&settings.base_url).map_err(|error| wrong(format!("`{}` is no URL: {error}", settings.base_url)))?;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(settings.timeouts.connect)
            .read_timeout(settings.timeouts.silence)
            .timeout(settings.timeouts.answer)
            .build()
            .map_err(|error| SourceError::new(Status::Internal, error.to_string()))?;
        Ok(Self { settings, base, client, credentials: Mutex::default() })
    }

    /// A GET of a path under the base URL.
    pub fn get(&self, path: impl Into<String>) -> Request<'_> {
        self.request(reqwest::Method::GET, path.into())
    }

    /// A POST to a path under the base URL. It is tried again like a GET: use it for calls that only read.
    pub fn post(&self, path: impl Into<String>) -> Request<'_> {
        self.request(reqwest::Method::POST, path.into())
    }

    fn request(&self, method: reqwest::Method, path: String) -> Request<'_> {
        Request { api: self, method, path, query: Vec::new(), headers: Vec::new(), body: None, authenticated: true }
    }

    fn credentials(&self, task: &Task) -> Result<Option<Credentials>, SourceError> {
        let mut held = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = match &self.settings.auth {
                Auth::Bearer(name) => {
                    let value = format!("Bearer {}", task.secret(&name.secret)?);
                    Some(Credentials { header: "authorization", value })
                }
                Auth::Basic { user, password } => {
                    let pair = format!("{user}:{}", task.secret(&password.secret)?);
                    let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
                    Some(Credentials { header: "authorization", value })
                }
                Auth::Header { name, value } => Some(Credentials { header: name, value: task.secret(&value.secret)? }),
                Auth::Session(login) => Some(login(self, task)?),
                _ => None,
            };
        }
        Ok(held.clone())
    }
}

impl Request<'_> {
    /// Adds a parameter to the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a header, which must hold no secret.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self.headers.push(("content-type", "application/json".to_owned()));
        self
    }

    /// Sends no credentials: for logging in.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.authenticated = false;
        self
    }

    /// Sends the request, again where that may help, and gives the answer that was accepted.
    pub fn send(self, task: &Task) -> Result<Answer, SourceError> {
        let of = format!("{} {}", self.method, self.path);
        let mut url = self.api.base.clone();
        url.set_path(&format!("{}{}", self.api.base.path().trim_end_matches('/'), self.path));
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = self.api.client.request(self.method, url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if self.authenticated
            && let Some(credentials) = self.api.credentials(task)?
        {
            request = request.header(credentials.header, credentials.value);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let name = self.api.settings.name;
        let answer = runtime()?.block_on(async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
            let headers = headers.collect();
            Ok::<_, reqwest::Error>(Answer { status, headers, body: response.bytes().await?.to_vec(), of })
        });
        let answer = answer.map_err(|error| SourceError::new(Status::Io, format!("{name}: {}", error.without_url())))?;
        match self.api.settings.dialect.judge(&answer) {
            Some(Judgement::Accept) => Ok(answer),
            Some(Judgement::Fail(error)) => Err(error),
            _ if (200..300).contains(&answer.status) => Ok(answer),
            _ => Err(SourceError::new(Status::Io, format!("{name}: {} answered {}", answer.of, answer.status))),
        }
    }
}
