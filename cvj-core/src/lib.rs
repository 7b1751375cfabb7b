//! What a Customer Value Journey *is*: its eight [`Stage`]s, reporting [`Period`]s, the [`Definition`]s that turn a table
//! into metrics and touchpoints, the [`Report`] that every output draws, and the boundary that plugins implement
//! ([`StageMetrics`], [`abi`]).
//!
//! **Invariant:** nothing here knows a query engine, an async runtime, a loader, a command line, a file or the network,
//! and nothing prints.

pub mod abi;
pub mod columns;
pub mod currency;
pub mod definition;
pub mod error;
#[doc(hidden)]
pub mod export;
pub mod nearest;
pub mod period;
pub mod report;
pub mod slug;
pub mod source;
pub mod stage;
pub mod stats;

pub use definition::{Definition, Good, Metric, Occurrence, StageOf, Touchpoint, Unit, View};
pub use error::{SourceError, Status};
pub use period::{Period, PeriodKind};
pub use report::Report;
pub use source::{BatchStream, StageMetrics, Task};
pub use stage::Stage;
