//! Finds, trusts and loads plugins; runs definitions on DataFusion; merges; computes journeys into a
//! [`Report`](cvj_core::Report).
//!
//! The way through this crate: [`config`] → [`plugin`] → `sources` → `expression` → `scan` → `rows` (touchpoints and the
//! account of rejected and unassigned rows) → `metrics`, `people` and `journey` → `assemble`.
//!
//! **Invariant:** nothing here knows how a report looks or how a command line is written, and nothing prints.

mod accounts;
mod assemble;
mod blocks;
mod calendar;
mod cards;
mod checkup;
mod client;
pub mod config;
mod credentials;
mod engine;
mod error;
mod explain;
mod expression;
mod findings;
mod functions;
mod gathered;
mod journey;
mod judge;
mod metrics;
mod occurrence;
mod parallel;
mod partition;
mod people;
pub mod plugin;
mod presence;
mod products;
mod pull;
mod recall;
mod rejections;
mod relation;
mod restatement;
mod revenue;
mod rows;
mod scan;
mod scrub;
mod secrets;
mod segments;
mod session;
mod sources;
mod tally;
mod trail;
mod veil;
mod view;
mod watch;
mod witness;

pub use checkup::{CheckedColumn, CheckedSource, CheckedTable, Checkup, check};
pub use credentials::{Trial, try_credentials};
pub use engine::{Request, report};
pub use error::{Diagnostic, EngineError};
pub use explain::{Explanation, Part, Question, SampleRow, explain};
pub use findings::judge_activities;
pub use pull::{KeptTable, Pulls, clear_kept, kept_tables};
pub use restatement::restatements;
pub use secrets::{FoundSecret, NotFound, SecretKey, Vault};
pub use watch::{Silent, Watch};
