//! The safe caller of plugins: finds libraries, refuses those it cannot trust, and calls them so that whatever they do, the
//! host gets an answer or an error.
//!
//! The contract is [`cvj_core::abi`], the safe implementer `cvj_core::export`. Three promises are kept here:
//! - nothing a plugin returns is used before it was checked (`foreign`, `arrow`, `scan`);
//! - no call outlasts the host's patience: it runs on a thread of its own, which is left behind if it hangs (`patience`);
//! - no library is ever unloaded (`library`).
//!
//! What cannot be checked is memory: a pointer that a plugin hands over is believed. Loading a plugin is running it.
//!
//! **Invariant:** this module is the engine's only one with `unsafe`. It knows nothing of DataFusion.

mod arrow;
mod foreign;
mod host;
mod library;
mod patience;
mod scan;
mod search;
mod source;
mod stream;
#[cfg(test)]
mod tests;

pub use library::Plugin;
pub use search::{Listed, LoadError, Origin, Place, Search, Tried};
pub use source::Source;
