//! The value ladder: what customers buy first, and what they buy next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Share;

/// The rungs and the moves between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ladder {
    /// Whether the rungs are of `cvj.toml`; else they are the products bought.
    pub declared: bool,
    /// The rungs, lowest first.
    pub rungs: Vec<Rung>,
    /// Moves from the rung bought first to the one bought next, by rungs.
    pub moves: Vec<RungMove>,
}

/// One rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rung {
    /// Its name.
    pub name: String,
    /// Its price, as `cvj.toml` says.
    pub price: Option<f64>,
    /// People who bought it before the end of the period.
    pub customers: u64,
    /// Those of them who bought it before any other rung.
    pub first: u64,
    /// What they paid for it.
    pub revenue: Option<f64>,
}

/// People who bought one rung and then, as the next new one, another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RungMove {
    /// Place of the rung left.
    pub from: usize,
    /// Place of the rung taken next.
    pub to: usize,
    /// Those who moved so, of all customers of `from`.
    pub share: Share,
    /// Median days between the two first purchases, of those who moved.
    pub median_days: Option<f64>,
}
