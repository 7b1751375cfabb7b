//! What a source says when it cannot do what it was asked.

use std::time::Duration;

/// Why a call into a source failed; the numbers are part of the plugin ABI and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Status {
    /// A fault in the plugin itself, a caught panic included.
    Internal = 1,
    /// The configuration or an argument is wrong.
    InvalidArgument = 2,
    /// A file, table, column or remote object does not exist.
    NotFound = 3,
    /// Data is there but cannot be read as asked.
    InvalidData = 4,
    /// Reading or writing failed below the plugin.
    Io = 5,
    /// The call was cancelled by the host.
    Cancelled = 6,
    /// The call took too long.
    Timeout = 7,
    /// Credentials are missing or wrong.
    Unauthenticated = 8,
    /// Credentials are right but may not do this.
    Unauthorized = 9,
    /// The other side asks to slow down.
    RateLimited = 10,
    /// The data contradicts the schema planned with: the host drops what it got from this source and plans once more.
    SchemaChanged = 11,
    /// The plugin does not do this.
    NotImplemented = 12,
}

impl Status {
    /// The status with this number; an unknown one is [`Status::Internal`].
    pub fn from_code(code: i32) -> Self {
        match code {
            2 => Self::InvalidArgument,
            3 => Self::NotFound,
            4 => Self::InvalidData,
            5 => Self::Io,
            6 => Self::Cancelled,
            7 => Self::Timeout,
            8 => Self::Unauthenticated,
            9 => Self::Unauthorized,
            10 => Self::RateLimited,
            11 => Self::SchemaChanged,
            12 => Self::NotImplemented,
            _ => Self::Internal,
        }
    }

    /// The number that crosses the plugin boundary.
    pub fn code(self) -> i32 {
        self as i32
    }
}

/// An error of a source: one sentence that says what, where and what to do, and never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What kind of failure this is.
    pub status: Status,
    /// One sentence for the person who ran the command.
    pub message: String,
    /// What to do about it, if known; printed as `hint:`.
    pub hint: Option<String>,
    /// Trying the same call again may work.
    pub retryable: bool,
    /// How long to wait before trying again.
    pub retry_after: Option<Duration>,
}

impl SourceError {
    /// An error of this status with this message.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hint: None, retryable: false, retry_after: None }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The data contradicts the schema: the host plans again.
    pub fn schema_changed(message: impl Into<String>) -> Self {
        Self::new(Status::SchemaChanged, message)
    }

    /// The call was cancelled.
    pub fn cancelled() -> Self {
        Self::new(Status::Cancelled, "cancelled")
    }
}
