//! What plugins over web APIs share: authentication, retries, rate limits, paging, typed rows, cassettes. Calls block, and
//! poll the task for cancellation while they wait.
//!
//! **Invariant:** no secret reaches an error, a log line, a progress line or a cassette; credentials go to the host that they
//! were meant for and to no other.

mod answer;
mod api;
mod auth;
mod dialect;
mod pages;
mod rows;

pub use answer::Answer;
pub use api::{Api, ApiSettings, Pace, Request, Retries, Timeouts};
pub use auth::{Auth, Credentials};
pub use dialect::{Dialect, Judgement, Plain};
pub use pages::{Cursor, Pages};
pub use rows::{Field, FieldType, Rows, schema_of};
