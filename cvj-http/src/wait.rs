//! Waiting without going deaf: every wait polls the task, which is also the sign of life that the host listens for.

use std::pin::pin;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status, Task};

/// How long a wait goes without a look at the task.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// Fails if the host wants the work to stop.
pub(crate) fn go_on(task: &Task) -> Result<(), SourceError> {
    if task.is_cancelled() { Err(SourceError::cancelled()) } else { Ok(()) }
}

/// Sleeps, and wakes for cancellation.
pub(crate) fn sleep(pause: Duration, task: &Task) -> Result<(), SourceError> {
    let end = Instant::now() + pause;
    loop {
        go_on(task)?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(POLL));
    }
}

/// Runs a future to its end on this thread, or drops it on cancellation.
pub(crate) fn run<F: Future>(future: F, task: &Task) -> Result<F::Output, SourceError> {
    go_on(task)?;
    runtime()?.block_on(async {
        let mut future = pin!(future);
        loop {
            match tokio::time::timeout(POLL, future.as_mut()).await {
                Ok(output) => return Ok(output),
                Err(_) => go_on(task)?,
            }
        }
    })
}

/// One runtime for all APIs of a plugin: connections are looked after by its one thread, answers read by those who ask.
fn runtime() -> Result<&'static tokio::runtime::Runtime, SourceError> {
    static RUNTIME: OnceLock<Result<tokio::runtime::Runtime, String>> = OnceLock::new();
    let built = RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().map_err(|error| error.to_string())
    });
    built.as_ref().map_err(|error| SourceError::new(Status::Internal, format!("no runtime could be started: {error}")))
}
