//! The credentials of one API, got once for all threads, and anew by one thread while the others wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status, Task};

use crate::auth::Credentials;
use crate::wait::{POLL, go_on};

#[derive(Default)]
pub(crate) struct Vault {
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    granted: Option<Granted>,
    /// How many were got: tells whether credentials that were refused are still those held.
    generation: u64,
    /// The thread that gets new ones.
    renewing: Option<ThreadId>,
    /// The newest refresh token, where the other side gives a new one with every access token.
    refresh_token: Option<String>,
}

/// Credentials just got.
pub(crate) struct Granted {
    pub(crate) credentials: Credentials,
    /// When to get new ones without waiting for a refusal.
    renew_at: Option<Instant>,
}

/// Credentials in use.
#[derive(Clone)]
pub(crate) struct InUse {
    pub(crate) credentials: Credentials,
    generation: u64,
}

impl Granted {
    /// Credentials that last until they are refused.
    pub(crate) fn for_ever(credentials: Credentials) -> Self {
        Self { credentials, renew_at: None }
    }

    /// Credentials that are renewed a minute, or a tenth of their time, before they end.
    pub(crate) fn lasting(credentials: Credentials, lasts: Duration) -> Self {
        let early = (lasts / 10).min(Duration::from_mins(1));
        Self { credentials, renew_at: Instant::now().checked_add(lasts.saturating_sub(early)) }
    }

    fn is_due(&self) -> bool {
        self.renew_at.is_some_and(|moment| moment <= Instant::now())
    }
}

impl Vault {
    fn locked(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credentials held, or those that `get` gives, if any. Only one thread gets at a time.
    pub(crate) fn credentials(
        &self,
        task: &Task,
        get: impl FnOnce() -> Result<Option<Granted>, SourceError>,
    ) -> Result<Option<InUse>, SourceError> {
        let this = std::thread::current().id();
        loop {
            go_on(task)?;
            let mut held = self.locked();
            if let Some(granted) = held.granted.as_ref().filter(|granted| !granted.is_due()) {
                return Ok(Some(InUse { credentials: granted.credentials.clone(), generation: held.generation }));
            }
            match held.renewing {
                None => {
                    held.renewing = Some(this);
                    break;
                }
                Some(thread) if thread == this => {
                    let message = "a log-in waits for itself: its requests need `without_credentials()`";
                    return Err(SourceError::new(Status::Internal, message));
                }
                Some(_) => drop(self.changed.wait_timeout(held, POLL)),
            }
        }
        let renewing = Renewing(self);
        Ok(get()?.map(|granted| renewing.0.put(granted)))
    }

    fn put(&self, granted: Granted) -> InUse {
        let mut held = self.locked();
        held.generation += 1;
        let in_use = InUse { credentials: granted.credentials.clone(), generation: held.generation };
        held.granted = Some(granted);
        in_use
    }

    /// Forgets credentials that were refused, unless others were got since.
    pub(crate) fn refused(&self, in_use: &InUse) {
        let mut held = self.locked();
        if held.generation == in_use.generation {
            held.granted = None;
        }
    }

    /// Whether this thread is getting credentials.
    pub(crate) fn is_renewing_here(&self) -> bool {
        self.locked().renewing == Some(std::thread::current().id())
    }

    pub(crate) fn refresh_token(&self) -> Option<String> {
        self.locked().refresh_token.clone()
    }

    pub(crate) fn keep_refresh_token(&self, token: String) {
        self.locked().refresh_token = Some(token);
    }
}

/// Lets the next thread try, whichever way this one's try ends.
struct Renewing<'a>(&'a Vault);

impl Drop for Renewing<'_> {
    fn drop(&mut self) {
        self.0.locked().renewing = None;
        self.0.changed.notify_all();
    }
}
