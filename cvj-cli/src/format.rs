//! The formats in which a report is written.

use serde::{Deserialize, Serialize};

/// One format of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A spreadsheet per product: `<slug>.worksheet.xlsx`
    Worksheet,
    /// One page: `report.html`
    Html,
    /// The contract: `report.json`
    Json,
    /// The charts as drawings: `charts/<slug>/<chart>.svg`
    Svg,
    /// The charts as pictures: `charts/<slug>/<chart>.png`
    Png,
}
