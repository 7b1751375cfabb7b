//! What the engine tells its caller while it works.

use cvj_core::source::Level;

/// Receives log lines and progress; says when to stop. Called from several threads.
pub trait Watch: Send + Sync {
    /// A log line of a source, secrets already taken out.
    fn log(&self, _source: &str, _level: Level, _message: &str) {}

    /// What the person who runs the command should know about a source: how old its data is, what is waited for.
    fn notice(&self, _source: &str, _message: &str) {}

    /// How far a source's scan is: `done` of `total` (if known) of a unit such as `bytes` or `rows`.
    fn progress(&self, _source: &str, _done: u64, _total: Option<u64>, _unit: &str) {}

    /// Whether the work should stop.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Hears nothing and never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Watch for Silent {}
