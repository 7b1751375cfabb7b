//! The faults, by name.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// A fault to commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Misbehave {
    /// Behaves.
    #[default]
    None,
    /// Panics in `open`.
    PanicInOpen,
    /// Panics in `check`.
    PanicInCheck,
    /// Panics in `tables`.
    PanicInTables,
    /// Panics in `plan`.
    PanicInPlan,
    /// Panics after the first batch.
    PanicInStream,
    /// Panics while the source is dropped.
    PanicInRelease,
    /// Panics while a stream is dropped.
    PanicInStreamRelease,
    /// Panics after the first batch, with a payload that panics once more when it is dropped.
    PanicWithPayloadThatPanicsOnDrop,
    /// Fails after the first batch with a NUL byte in the message.
    NulInError,
    /// The thread that produces the data dies after the first batch.
    ProducerDies,
    /// Fails after the first batch.
    ErrorInStream,
    /// The first stream says that the schema has changed.
    SchemaChangedOnce,
    /// Every stream says that the schema has changed.
    SchemaChangedAlways,
    /// The second batch has another schema.
    WrongBatchSchema,
    /// Answers not as many filters as it was asked.
    ShortFilterAnswers,
    /// Does not come back from `open`.
    HangInOpen,
    /// Does not come back from `tables`.
    HangInTables,
    /// Does not come back with the second batch.
    HangInStream,
    /// Does not come back from being dropped.
    HangInRelease,
    /// Takes long in `check`, but reports progress all the while.
    SlowButAlive,
    /// Reports rejected rows and rows left out.
    Rejects,
    /// Uses the task of `open` in later calls.
    TaskKeptTooLong,
    /// Logs a hundred thousand lines.
    FloodsLog,
    /// Says that the other side cannot be reached.
    NobodyAnswers,
}

/// Panics when it is dropped.
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // Within another panic a second one would end the process, which is the host's to prevent by never dropping this.
        panic!("chaos was asked to panic while dropping");
    }
}

/// Sleeps without asking whether the host still wants the work.
pub(crate) fn hang(wait: Duration) {
    std::thread::sleep(wait);
}
