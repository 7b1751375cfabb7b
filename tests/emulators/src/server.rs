//! An emulator on a port of loopback.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::line::{Control, Lines, Manner};
use crate::{Answer, Clock, Effect, Faults, Logged, Request};

/// A vendor's other side: a state that answers requests.
pub trait Emulator: Send + Sized + 'static {
    /// The true answer, at this moment of the server's clock.
    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer;

    /// The moment that the server's clock starts at.
    fn starts_at(&self) -> Timestamp;
}

/// A running emulator; it stops when dropped. Everything here blocks, so that tests need no runtime.
pub struct Server<E: Emulator> {
    shared: Arc<Shared<E>>,
    address: SocketAddr,
}

struct Shared<E> {
    state: Mutex<E>,
    faults: Faults<E>,
    requests: Mutex<Vec<Logged>>,
    clock: Clock,
    runtime: Mutex<Option<Runtime>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<E: Emulator> fmt::Debug for Server<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Server({})", self.url())
    }
}

impl<E: Emulator> Server<E> {
    /// Starts an emulator on a free port.
    ///
    /// # Panics
    /// If loopback offers no port.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its server")]
    pub fn start(emulator: E) -> Self {
        Self::start_on(emulator, 0).expect("loopback has a free port")
    }

    /// Starts an emulator on this port of 127.0.0.1; 0 takes a free one.
    pub fn start_on(emulator: E, port: u16) -> io::Result<Self> {
        let shared = Shared {
            clock: Clock::new(emulator.starts_at()),
            state: Mutex::new(emulator),
            faults: Faults::default(),
            requests: Mutex::default(),
            runtime: Mutex::default(),
        };
        let mut server = Self { shared: Arc::new(shared), address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) };
        server.address = server.bind()?;
        Ok(server)
    }

    fn bind(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = {
            let _guard = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let service = Router::new().fallback(handle::<E>).with_state(Arc::clone(&self.shared));
        runtime
            .spawn(async move { axum::serve(Lines(listener), service.into_make_service_with_connect_info::<Control>()).await });
        *lock(&self.shared.runtime) = Some(runtime);
        Ok(address)
    }

    /// Where it answers, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The faults to come.
    pub fn faults(&self) -> &Faults<E> {
        &self.shared.faults
    }

    /// The time of the other side.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The requests so far, in the order of their answers.
    pub fn requests(&self) -> Vec<Logged> {
        lock(&self.shared.requests).clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
    }

    /// The state, to look at or to change. No request is answered while this is held.
    pub fn state(&self) -> MutexGuard<'_, E> {
        lock(&self.shared.state)
    }

    /// Ends all connections and stops listening.
    pub fn hang_up(&self) {
        if let Some(runtime) = lock(&self.shared.runtime).take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }

    /// Listens again on the same port, after [`Server::hang_up`] or [`Effect::Gone`].
    pub fn listen(&self) -> io::Result<()> {
        self.hang_up();
        self.bind().map(drop)
    }
}

impl<E: Emulator> Drop for Server<E> {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// No request is longer than this.
const LONGEST_BODY: usize = 64 << 20;

async fn handle<E: Emulator>(
    State(shared): State<Arc<Shared<E>>>,
    ConnectInfo(line): ConnectInfo<Control>,
    request: axum::extract::Request,
) -> Response {
    line.set(Manner::Whole);
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST_BODY).await.unwrap_or_default().to_vec();
    let headers = head.headers.iter();
    let request = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: crate::request::pairs(head.uri.query().unwrap_or_default()),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body,
    };

    let effects = shared.faults.take(&request);
    let answer = {
        let mut state = lock(&shared.state);
        for effect in &effects {
            if let Effect::Before(change) = effect {
                change(&mut state);
            }
        }
        let instead = effects.iter().find_map(|effect| if let Effect::Respond(respond) = effect { Some(respond) } else { None });
        let now = shared.clock.now();
        match instead {
            Some(respond) => respond(&state, &request),
            None => state.answer(&request, now),
        }
    };
    lock(&shared.requests).push(Logged::new(&request, answer.status));

    let mut answer = spoil(&effects, &request, answer);
    let mut chunked = false;
    for effect in &effects {
        let half = answer.body.len() / 2;
        match effect {
            Effect::CutBeforeHead => line.set(Manner::CutBeforeHead),
            Effect::CutInBody => line.set(Manner::CutInBody { left: half, head: 0 }),
            Effect::CutInChunks => {
                chunked = true;
                line.set(Manner::CutInBody { left: half, head: 0 });
            }
            Effect::Slow(pause) => line.set(Manner::Slow(*pause)),
            Effect::Delay(pause) => tokio::time::sleep(*pause).await,
            Effect::Stall => std::future::pending().await,
            Effect::Gone => {
                // From inside, the runtime can only be told to stop; this task ends with it.
                if let Some(runtime) = lock(&shared.runtime).take() {
                    runtime.shutdown_background();
                }
                line.set(Manner::CutBeforeHead);
            }
            _ => {}
        }
    }

    let date = shared.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut response = Response::builder().status(answer.status).header("date", date);
    for (name, value) in answer.headers.drain(..) {
        response = response.header(name, value);
    }
    let body = Body::from(answer.body);
    let body = if chunked { Body::from_stream(body.into_data_stream()) } else { body };
    response.body(body).unwrap_or_default()
}

/// The answer with all effects on its content.
fn spoil<E>(effects: &[Effect<E>], request: &Request, mut answer: Answer) -> Answer {
    for effect in effects {
        match effect {
            Effect::Distort(distort) => {
                if let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) {
                    distort(request, &mut value);
                    answer.body = serde_json::to_vec(&value).unwrap_or_default();
                }
            }
            Effect::Truncate => answer.body.truncate(answer.body.len() / 2),
            Effect::Garble => answer = Answer { body: b"{\"results\": [,]}".to_vec(), ..answer },
            Effect::Html => answer = Answer::html(200, "<html><body>Please sign in to the network</body></html>"),
            _ => {}
        }
    }
    answer
}
