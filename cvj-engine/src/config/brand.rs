//! `[brand]`: whose report it looks like. The engine only checks where its files lie; how they look is not known here.

use std::path::{Component, Path};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, Step};
use crate::error::EngineError;

/// Stands for the period's label in the path of the commentary.
pub const PERIOD: &str = "{period}";

/// `[brand]`; paths are relative to `cvj.toml` and stay in the client's folder.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BrandSettings {
    /// An SVG, PNG or JPEG of at most 512 KB, shown in the header.
    pub logo: Option<String>,
    /// Colour of header, links and bars, as #rrggbb.
    pub accent: Option<String>,
    /// Who made the report.
    pub prepared_by: Option<String>,
    /// The last line of the page.
    pub footer: Option<String>,
    /// What the consultant has to say: a Markdown file; {period} stands for the period, such as 2026-10.
    pub commentary: Option<String>,
    /// A folder of templates that replace parts of the page.
    pub templates: Option<String>,
}

impl Config {
    /// Checks that the brand's files lie in the client's folder.
    pub(super) fn check_brand(&self) -> Result<(), EngineError> {
        let brand = &self.brand;
        for (key, path) in [("logo", &brand.logo), ("commentary", &brand.commentary), ("templates", &brand.templates)] {
            let Some(path) = path else { continue };
            let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
            if path.trim().is_empty() || path.contains('\\') || !Path::new(path).components().all(inside) {
                let message = format!("`{path}` does not lie in the client's folder");
                let hint = "a path relative to cvj.toml, without `..` and with `/` between its parts".to_owned();
                return Err(self.error(&[Step::Key("brand"), Step::Key(key)], message, Some(hint)));
            }
        }
        Ok(())
    }
}
