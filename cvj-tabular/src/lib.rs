//! What file plugins share: cells to typed Arrow columns, and all that has to be settled before that.
//!
//! A plugin finds its [`files`], takes each apart into rows of [`cell`]s, lets a [`table::TableProfile`] observe a sample (or all)
//! of them, and asks it for the columns of a scan. [`layout`] says where the tables stand and which rows are data; [`part`] is what
//! every partition of a scan carries, and reads its rows. [`evidence`] counts what the values look like, [`detect`] settles a
//! [`format`](mod@format) from it and from what is demanded, and [`rows`] assembles record batches, reporting every cell that does not read.
//! `number`, `moment` and `currency` know how people write things.
//!
//! **Invariant:** nothing here knows a file format, the engine, or the network.

pub mod cell;
pub mod column;
pub use cvj_core::currency;
pub mod currency_column;
pub mod detect;
pub mod evidence;
pub mod files;
pub mod fill_down;
pub mod format;
pub mod header;
pub mod layout;
pub mod limits;
pub mod moment;
pub mod month;
pub mod number;
pub mod part;
pub mod rows;
pub mod settings;
pub mod table;
pub mod text_values;
#[cfg(any(test, feature = "trial"))]
pub mod trial;
mod truth;
