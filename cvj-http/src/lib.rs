//! What plugins over web APIs share: authentication, retries, rate limits, paging, typed rows, cassettes. Calls block, and
//! poll the task for cancellation while they wait.
//!
//! **Invariant:** no secret reaches an error, a log line, a progress line or a cassette; credentials go to the host that they
//! were meant for and to no other.

mod address;
mod answer;
mod api;
mod auth;
mod cassette;
mod dialect;
mod oauth;
mod pace;
mod pages;
mod request;
mod retry;
mod rows;
mod secrets;
mod transport;
mod values;
mod vault;
mod wait;

pub use answer::Answer;
pub use api::{Api, ApiSettings};
pub use auth::{Auth, Credentials, Login};
pub use cassette::Tape;
pub use dialect::{Dialect, Judgement, Plain};
pub use pace::Pace;
pub use pages::{Cursor, Pages};
pub use request::Request;
pub use retry::Retries;
pub use rows::{Field, FieldType, Rows, schema_of};
pub use transport::Timeouts;
