//! Hang protection: a call runs on a thread of its own, and the host waits for signs of life only so long.
//!
//! A thread that was given up is left behind. It owns all that it uses, so that nothing is freed under it, and cleans up
//! after itself should it ever come back.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status};

/// How often a waiting host looks up.
const TICK: Duration = Duration::from_millis(50);
/// How long a plugin may take to stop once it was told to: the contract's two seconds, and some more for a busy machine.
const GRACE: Duration = Duration::from_secs(5);

/// The signs of life of one task, and whether the host still wants it.
pub(super) struct Activity {
    last: Mutex<Instant>,
    in_host: AtomicU32,
    ended: AtomicBool,
    cancelled: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Activity {
    /// Of a task that the host may cancel, as `cancelled` says.
    pub(super) fn new(cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            last: Mutex::new(Instant::now()),
            in_host: AtomicU32::new(0),
            ended: AtomicBool::new(false),
            cancelled: Box::new(cancelled),
        }
    }

    /// Of a call without callbacks.
    pub(super) fn none() -> Self {
        Self::new(|| false)
    }

    /// Something happened.
    pub(super) fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The plugin is inside a callback until the guard is dropped: the host's own slowness is not the plugin's.
    pub(super) fn enter_host(&self) -> impl Drop + '_ {
        struct InHost<'a>(&'a Activity);
        impl Drop for InHost<'_> {
            fn drop(&mut self) {
                self.0.beat();
                self.0.in_host.fetch_sub(1, Ordering::AcqRel);
            }
        }
        self.in_host.fetch_add(1, Ordering::AcqRel);
        InHost(self)
    }

    /// The host wants nothing more from this task: callbacks answer as if it were cancelled.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether the plugin should stop.
    pub(super) fn is_cancelled(&self) -> bool {
        self.has_ended() || (self.cancelled)()
    }

    fn silent_for(&self) -> Duration {
        if self.in_host.load(Ordering::Acquire) > 0 {
            return Duration::ZERO;
        }
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

/// Waits for a message from a plugin's thread until `patience` passed without a sign of life.
pub(super) fn wait<M>(
    plugin: &str,
    doing: &str,
    patience: Duration,
    activity: &Activity,
    receiver: &Receiver<M>,
) -> Result<M, SourceError> {
    let start = Instant::now();
    let mut told_to_stop = None;
    loop {
        match receiver.recv_timeout(TICK.min(patience)) {
            Ok(message) => return Ok(message),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(SourceError::new(
                    Status::Internal,
                    format!("the plugin `{plugin}` ended its thread without an answer"),
                ));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if activity.is_cancelled() && told_to_stop.get_or_insert_with(Instant::now).elapsed() >= GRACE.min(patience) {
            activity.end();
            return Err(SourceError::cancelled());
        }
        if activity.silent_for().min(start.elapsed()) >= patience {
            activity.end();
            return Err(timeout(plugin, doing, patience));
        }
    }
}

fn timeout(plugin: &str, doing: &str, patience: Duration) -> SourceError {
    let seconds =
        if patience.subsec_millis() == 0 { patience.as_secs().to_string() } else { format!("{:.1}", patience.as_secs_f64()) };
    SourceError::new(Status::Timeout, format!("the plugin `{plugin}` did not answer for {seconds} s when asked to {doing}"))
}

/// Runs one call into a plugin on a thread of its own and waits for it patiently.
pub(super) fn patiently<T: Send + 'static>(
    plugin: &str,
    doing: &str,
    patience: Duration,
    activity: &Activity,
    call: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let (sender, receiver) = sync_channel(1);
    activity.beat();
    start(plugin, move || {
        // A late result is dropped here, by the thread that made it.
        let _ = sender.send(caught(call));
    })?;
    let answer = wait(plugin, doing, patience, activity, &receiver);
    activity.end();
    answer.flatten()
}

/// Starts a thread for a plugin's code.
pub(super) fn start(plugin: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, SourceError> {
    let failed =
        |error| SourceError::new(Status::Internal, format!("no thread could be started for the plugin `{plugin}`: {error}"));
    Builder::new().name(format!("plugin {plugin}")).spawn(work).map_err(failed)
}

/// Runs host code that reads what a plugin made; a panic in it becomes an error.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, SourceError>) -> Result<T, SourceError> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        std::mem::forget(payload);
        Err(SourceError::new(Status::Internal, "what the plugin returned could not be read"))
    })
}
