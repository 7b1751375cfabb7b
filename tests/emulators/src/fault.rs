//! What can go wrong on the way, on demand.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::{Answer, Request};

type Respond<E> = Arc<dyn Fn(&E, &Request) -> Answer + Send + Sync>;
type Before<E> = Arc<dyn Fn(&mut E) + Send + Sync>;
type Distort = Arc<dyn Fn(&Request, &mut Value) + Send + Sync>;

/// What a fault does to a request or its answer.
pub enum Effect<E> {
    /// Something changes on the other side just before the request is answered: a record vanishes, a token expires.
    Before(Before<E>),
    /// This answer instead of the true one; the state does not see the request.
    Respond(Respond<E>),
    /// The true answer's JSON, changed: a cursor that repeats, a property that disappears.
    Distort(Distort),
    /// The connection ends before the first byte of the answer.
    CutBeforeHead,
    /// The connection ends in the middle of the body, of which `Content-Length` told more.
    CutInBody,
    /// The connection ends in the middle of a body sent in chunks.
    CutInChunks,
    /// One byte at a time, with this pause between them.
    Slow(Duration),
    /// The true answer, so much later: a server under load.
    Delay(Duration),
    /// No answer ever comes, and the connection stays open.
    Stall,
    /// The first half of the true body, with a `Content-Length` that fits it.
    Truncate,
    /// A body that is no JSON at all, under status 200.
    Garble,
    /// A page for people, under status 200.
    Html,
    /// The server ends all connections and stops listening, until [`Server::listen`](crate::Server::listen).
    Gone,
}

impl<E> Clone for Effect<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Before(change) => Self::Before(Arc::clone(change)),
            Self::Respond(respond) => Self::Respond(Arc::clone(respond)),
            Self::Distort(distort) => Self::Distort(Arc::clone(distort)),
            Self::CutBeforeHead => Self::CutBeforeHead,
            Self::CutInBody => Self::CutInBody,
            Self::CutInChunks => Self::CutInChunks,
            Self::Slow(pause) => Self::Slow(*pause),
            Self::Delay(pause) => Self::Delay(*pause),
            Self::Stall => Self::Stall,
            Self::Truncate => Self::Truncate,
            Self::Garble => Self::Garble,
            Self::Html => Self::Html,
            Self::Gone => Self::Gone,
        }
    }
}

/// A fault: which requests it meets, and what it does to them.
pub struct Fault<E> {
    method: Option<&'static str>,
    path: Option<String>,
    skip: u64,
    times: u64,
    effect: Effect<E>,
}

impl<E> Fault<E> {
    /// A fault of the next request, whatever it is.
    pub fn new(effect: Effect<E>) -> Self {
        Self { method: None, path: None, skip: 0, times: 1, effect }
    }

    /// A change of the other side's state before the next request.
    pub fn before(change: impl Fn(&mut E) + Send + Sync + 'static) -> Self {
        Self::new(Effect::Before(Arc::new(change)))
    }

    /// An answer instead of the true one.
    pub fn respond(respond: impl Fn(&E, &Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::new(Effect::Respond(Arc::new(respond)))
    }

    /// This status with this body instead of the true answer.
    pub fn status(status: u16, body: Value) -> Self {
        Self::respond(move |_, _| Answer::json(status, &body))
    }

    /// A change of the true answer's JSON.
    pub fn distort(distort: impl Fn(&Request, &mut Value) + Send + Sync + 'static) -> Self {
        Self::new(Effect::Distort(Arc::new(distort)))
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    /// Only requests whose path contains this.
    #[must_use]
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path = Some(part.into());
        self
    }

    /// Only from the `n`th matching request on, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.skip = n.saturating_sub(1);
        self
    }

    /// So many times; once, unless said.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// From then on for ever.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    fn matches(&self, request: &Request) -> bool {
        self.method.is_none_or(|method| method == request.method)
            && self.path.as_deref().is_none_or(|part| request.path.contains(part))
    }
}

/// The faults that wait for their requests.
pub struct Faults<E>(Mutex<Vec<Fault<E>>>);

impl<E> Default for Faults<E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<E> fmt::Debug for Faults<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Faults({} to come)", self.left())
    }
}

impl<E> Faults<E> {
    /// Adds a fault. Several may meet one request.
    pub fn push(&self, fault: Fault<E>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Forgets all that has not happened yet.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many faults are still to happen, so that a test can tell that its fault did.
    pub fn left(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What happens to this request.
    pub(crate) fn take(&self, request: &Request) -> Vec<Effect<E>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut effects = Vec::new();
        waiting.retain_mut(|fault| {
            if !fault.matches(request) {
                return true;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return true;
            }
            effects.push(fault.effect.clone());
            fault.times = if fault.times == u64::MAX { u64::MAX } else { fault.times.saturating_sub(1) };
            fault.times > 0
        });
        effects
    }
}
