//! Where the tables of a file or sheet stand, and which of its rows are no data.
//!
//! A plugin hands the rows to an [`Outline`], in order: all of them, or the first and the last ones of a file too large to look
//! at twice. The outline finds each table's header, what stands before it ([`TableLayout::preamble`]), the days that it covers,
//! and a [`Sieve`]: the rule that tells rows of data from totals, footers and repeated headers. The sieve goes into every
//! partition's token, so that a row is judged the same whichever partition it falls in.
//!
//! Nothing here knows how rows are written; a row is cells and a number.

mod date_range;
mod draft;
mod heading;
mod look;
mod naming;
mod outline;
mod section;
mod sieve;
mod totals;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::date_range::DateRange;
pub use self::draft::TableLayout;
pub use self::naming::{TableHead, table_names};
pub use self::outline::{Found, Outline, Rules};
pub use self::sieve::{LeftOut, Sieve, Skip, Verdict};
use crate::cell::Cell;
use crate::fill_down::FillDown;

/// A row of a file or sheet.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its number, counted from 1: the line on which it begins.
    pub number: u64,
    /// Its cells.
    pub cells: &'a [Cell<'a>],
    /// It is written as a comment. It counts as one only where comments stand: before a header.
    pub comment: bool,
    /// Cells that span several columns: the first and the last column.
    pub merged: &'a [(usize, usize)],
}

/// The keys that say where tables stand and which rows are data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutSettings {
    /// The line or row of the header, counted from 1; left out: found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub header: Option<u64>,
    /// What happens to rows that hold the totals of others.
    #[serde(default)]
    pub totals: TotalRows,
    /// What happens to rows that have fewer cells than the header.
    #[serde(default)]
    pub short_rows: ShortRows,
    /// Columns whose value stands only in the first of the rows that it holds for:
    /// `fill_down = { key = "name", columns = ["paid_at"] }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_down: Option<FillDown>,
}

/// What happens to rows that hold the totals of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TotalRows {
    /// They are left out and counted.
    #[default]
    LeaveOut,
    /// They are data.
    Keep,
}

/// What happens to rows that have fewer cells than the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShortRows {
    /// They are rejected.
    #[default]
    Reject,
    /// The cells that are missing are empty.
    Fill,
}

#[cfg(test)]
mod tests;
