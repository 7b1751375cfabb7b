//! The time that the other side believes it is.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A clock that ticks as the real one does, from a moment of its own. `Date` headers and times of records follow it.
#[derive(Debug)]
pub struct Clock {
    set: Mutex<(Timestamp, Instant)>,
}

impl Clock {
    /// A clock that shows `at` now.
    pub fn new(at: Timestamp) -> Self {
        Self { set: Mutex::new((at, Instant::now())) }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        let (at, since) = *self.set.lock().unwrap_or_else(PoisonError::into_inner);
        at + since.elapsed()
    }

    /// Sets it.
    pub fn set(&self, at: Timestamp) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = (at, Instant::now());
    }

    /// Moves it forwards, or backwards: a clock that is wrong, or a token that grows old.
    pub fn advance(&self, by: SignedDuration) {
        self.set(self.now() + by);
    }
}
