//! What the other side has and how it behaves.

use serde::Deserialize;

use crate::table::Table;

/// `state.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct State {
    /// Rows of `contacts`; `deals` has half as many.
    pub(crate) contacts: u64,
    /// Rows that it says each table has, where it does not say the truth.
    pub(crate) says: Option<u64>,
    /// The part that fails after its first batch: `contacts 3`.
    pub(crate) fails: Option<String>,
    /// Every part says after its first batch that the columns have changed.
    pub(crate) changes: bool,
    /// How long each batch takes.
    pub(crate) wait_ms: u64,
    /// Whether contacts have a number as their key, not a text.
    pub(crate) text_keys: bool,
    /// Whether contacts have a column `language`.
    pub(crate) languages: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { contacts: 100, says: None, fails: None, changes: false, wait_ms: 0, text_keys: false, languages: false }
    }
}

impl State {
    /// Rows of a table, the one that cannot be read at all included.
    pub(crate) fn rows(&self, table: Table) -> u64 {
        match table {
            Table::Contacts => self.contacts,
            Table::Deals => self.contacts / 2,
        }
    }
}
