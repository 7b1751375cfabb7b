//! One exchange with the other side: a request, redirects on the same host, an answer with a bounded body.

use std::error::Error as _;
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, redirect};
use url::Url;

use crate::address;
use crate::answer::Answer;
use crate::retry::{Failure, shown};

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

/// Redirects followed in one exchange.
const MOST_REDIRECTS: usize = 5;

/// A request as it goes out.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    pub(crate) failure: Failure,
    pub(crate) what: String,
}

impl NoAnswer {
    fn hopeless(what: String) -> Self {
        Self { failure: Failure::Hopeless, what }
    }
}

/// Connections to one host.
pub(crate) struct Transport {
    client: reqwest::Client,
    timeouts: Timeouts,
    most_bytes: usize,
}

impl Transport {
    pub(crate) fn new(base: &Url, timeouts: Timeouts, most_bytes: usize) -> Result<Self, SourceError> {
        // Fails where another API of this plugin was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("cvj/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.silence)
            .timeout(timeouts.answer)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        if base.scheme() == "http" {
            // This machine: no proxy stands between, and the system's certificates, which a bare machine has not, are not needed.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| {
            SourceError::new(Status::Internal, format!("no connection can be made ready: {}", innermost(&error)))
        })?;
        Ok(Self { client, timeouts, most_bytes })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn exchange(&self, mut outgoing: Outgoing, of: &str) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(&outgoing, of).await.map_err(|error| self.no_answer(error, started, &outgoing.url))?;
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let Some(target) = answer.header("location").and_then(|target| outgoing.url.join(target).ok()) else {
                return Err(NoAnswer::hopeless(format!("answered {} without saying where to", answer.status)));
            };
            // Credentials go where they were meant for, and an API whose data lies elsewhere is not the one that was set.
            if target.origin() != outgoing.url.origin() {
                let target = format!("{}://{}", target.scheme(), address::host(&target));
                return Err(NoAnswer::hopeless(format!("the answer sends on to {target}, which is not followed")));
            }
            outgoing.url = target;
            if answer.status == 303 {
                outgoing.method = Method::GET;
                outgoing.body = None;
                outgoing.headers.remove("content-type");
            }
        }
        Err(NoAnswer::hopeless(format!("it was redirected more than {MOST_REDIRECTS} times")))
    }

    async fn once(&self, outgoing: &Outgoing, of: &str) -> Result<Answer, Trouble> {
        let mut request = self.client.request(outgoing.method.clone(), outgoing.url.clone()).headers(outgoing.headers.clone());
        if let Some(body) = &outgoing.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await?;
        let status = response.status().as_u16();
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let headers = response.headers().iter().map(header).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > self.most_bytes {
                return Err(Trouble::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body, of: of.to_owned() })
    }

    fn no_answer(&self, trouble: Trouble, started: Instant, url: &Url) -> NoAnswer {
        let host = address::host(url);
        let error = match trouble {
            Trouble::TooLarge => {
                let what = format!("the answer is larger than {} KiB", self.most_bytes >> 10);
                return NoAnswer { failure: Failure::TooLarge, what };
            }
            Trouble::Broken(error) => error,
        };
        let Timeouts { connect, silence, answer } = self.timeouts;
        let what = innermost(&error);
        let (failure, what) = if error.is_timeout() && error.is_connect() {
            (Failure::Unreached, format!("no connection to {host} within {}", shown(connect)))
        } else if error.is_timeout() && started.elapsed() >= answer {
            (Failure::Silent, format!("the answer was not complete within {}", shown(answer)))
        } else if error.is_timeout() {
            (Failure::Silent, format!("no answer came for {}", shown(silence)))
        } else if what.contains("certificate") {
            (Failure::Hopeless, format!("the host's certificate is not trusted: {what}"))
        } else if error.is_dns() {
            (Failure::Unreached, format!("there is no host {host}"))
        } else if error.is_connect() {
            (Failure::Unreached, format!("no connection to {host}: {what}"))
        } else if error.is_builder() {
            (Failure::Hopeless, what)
        } else {
            (Failure::Cut, format!("the connection broke: {what}"))
        };
        NoAnswer { failure, what }
    }
}

enum Trouble {
    Broken(reqwest::Error),
    TooLarge,
}

impl From<reqwest::Error> for Trouble {
    fn from(error: reqwest::Error) -> Self {
        Self::Broken(error)
    }
}

/// What lies at the bottom of an error: the layers above only repeat that it failed, and one of them the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = match error.source() {
        Some(source) => source,
        None => return "the request failed".to_owned(),
    };
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
