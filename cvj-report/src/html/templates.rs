//! The page's templates: ours, and those of the brand that replace them.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, UndefinedBehavior, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::RenderError;
use crate::look::Template;

macro_rules! ours {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("../../../templates/report/", $name)))),*] };
}

const PAGE: &str = "report.html.j2";
pub(super) const STYLE: &str = "style.css";
pub(super) const SCRIPT: &str = "script.js";
const OURS: [(&str, &str); 25] = ours![
    "report.html.j2",
    "header.html.j2",
    "navigation.html.j2",
    "summary.html.j2",
    "commentary.html.j2",
    "journey.html.j2",
    "glance.html.j2",
    "fix_first.html.j2",
    "scorecard.html.j2",
    "comparison.html.j2",
    "product.html.j2",
    "stages.html.j2",
    "stage_list.html.j2",
    "deeper.html.j2",
    "cohorts.html.j2",
    "value.html.j2",
    "breakdowns.html.j2",
    "next.html.j2",
    "audit.html.j2",
    "definitions.html.j2",
    "quality.html.j2",
    "notes.html.j2",
    "footer.html.j2",
    "style.css",
    "script.js",
];

/// The names of the templates that a brand can replace, the whole page first.
pub fn template_names() -> impl Iterator<Item = &'static str> {
    OURS.into_iter().map(|(name, _)| name)
}

/// One of ours.
pub(super) fn ours(name: &str) -> &'static str {
    OURS.into_iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

/// All templates of a page.
pub(super) struct Templates<'a> {
    environment: Environment<'a>,
    replaced: &'a [Template],
    style: &'a str,
    script: &'a str,
}

impl<'a> Templates<'a> {
    /// Ours, but for those that `replaced` has.
    pub(super) fn new(replaced: &'a [Template]) -> Result<Self, RenderError> {
        let mut environment = environment()?;
        let theirs = || replaced.iter().map(|template| (template.name.as_str(), template.text.as_str()));
        let of = |name: &str| theirs().chain(OURS).find(|(known, _)| *known == name).map_or("", |(_, text)| text);
        for (name, text) in OURS.into_iter().chain(theirs()) {
            if name != STYLE && name != SCRIPT {
                environment.add_template(name, text).map_err(|error| failed(error, replaced))?;
            }
        }
        Ok(Self { environment, replaced, style: of(STYLE), script: of(SCRIPT) })
    }

    /// Fills the template of the whole page.
    pub(super) fn page(&self, view: &impl Serialize) -> Result<String, RenderError> {
        let page = self.environment.get_template(PAGE).and_then(|page| page.render(Serde(view)));
        page.map_err(|error| failed(error, self.replaced))
    }

    /// The style sheet.
    pub(super) fn style(&self) -> &'a str {
        self.style
    }

    /// The script.
    pub(super) fn script(&self) -> &'a str {
        self.script
    }
}

/// Where templates are filled: everything is escaped.
pub(super) fn environment<'a>() -> Result<Environment<'a>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("code", code);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    Ok(environment)
}

/// Instructions of one page: that of forty products takes some hundred thousand.
const FUEL: u64 = 50_000_000;

/// What stands between backticks as code; all of it escaped.
fn code(text: &str) -> Value {
    let mut html = String::with_capacity(text.len() + 32);
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return Value::from(text);
    }
    for (index, piece) in pieces.iter().enumerate() {
        let escaped = HtmlEscape(piece);
        let _ = if index % 2 == 0 { write!(html, "{escaped}") } else { write!(html, "<code>{escaped}</code>") };
    }
    Value::from_safe_string(html)
}

/// A script's hash as a content security policy names it: only this script runs. A browser turns every line's end into `\n` first.
pub(super) fn script_hash(script: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(script.replace("\r\n", "\n").replace('\r', "\n"))))
}

/// A failure, with the place where it began if that is in a template of the brand.
fn failed(error: minijinja::Error, replaced: &[Template]) -> RenderError {
    let mut cause: &(dyn std::error::Error + 'static) = &error;
    let mut found = None;
    // An error in an included template is the source of the error of the template that includes it.
    loop {
        if let Some(error) = cause.downcast_ref::<minijinja::Error>() {
            let place = error.name().zip(error.line()).filter(|(name, _)| replaced.iter().any(|template| template.name == *name));
            found = place
                .map(|(name, line)| {
                    let why =
                        error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
                    RenderError::Template { name: name.to_owned(), line, why }
                })
                .or(found);
        }
        match cause.source() {
            Some(source) => cause = source,
            None => break,
        }
    }
    found.unwrap_or(RenderError::Page(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Look, fixture, html};

    fn page_with(name: &str, text: &str) -> Result<String, String> {
        let templates = vec![Template { name: name.to_owned(), text: text.to_owned() }];
        html(&fixture::report(), &Look { templates, ..Look::default() }).map_err(|error| error.to_string())
    }

    #[test]
    fn any_part_can_be_replaced() {
        let page = page_with("footer.html.j2", "<p>Ours: {{ client }} & co</p>").unwrap();
        assert!(page.contains("<p>Ours: ") && !page.contains("made with cvj"));
        assert!(page_with("style.css", "body { color: teal }").unwrap().contains("body { color: teal }"));
    }

    #[test]
    fn an_error_in_a_template_names_its_file_and_line() {
        for text in ["<p>\n{{ client", "<p>\n{{ clinet }}", "<p>\n{{ client.name.first }}", "<p>\n{% include \"nothing.j2\" %}"] {
            let error = page_with("footer.html.j2", text).unwrap_err();
            assert!(error.contains("footer.html.j2:2"), "{error}");
        }
    }

    #[test]
    fn every_template_of_the_folder_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/report");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let mut known: Vec<_> = template_names().map(str::to_owned).collect();
        known.sort();
        assert_eq!(files, known);
    }
}
