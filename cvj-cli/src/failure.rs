//! Why a command failed, how that is told, and which exit code it gives.

use std::fmt::{self, Write as _};
use std::io;
use std::path::PathBuf;

use cvj_engine::{Diagnostic, EngineError};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use crate::output_folder::OutputError;
use crate::terminal::harmless;

/// What to do where a plugin is not found.
pub(crate) const MORE_PLUGINS: &str = "`cvj plugin list` shows the plugins found; `--plugin-path` adds a place to look in";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No report could be computed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The report could not be drawn.
    #[error("the report cannot be drawn: {0}")]
    Render(#[from] cvj_report::RenderError),
    /// The report could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// `cvj check` found problems, all of them told before.
    #[error("problems found: {0}")]
    Problems(usize),
    /// No plugin of this name can be loaded.
    #[error("plugin `{name}`: {why}")]
    Plugin {
        /// The name asked for.
        name: String,
        /// Why not.
        why: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A secret can be neither read, stored nor removed.
    #[error("{message}")]
    Secret {
        /// Which secret, and why.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A file stands where the template would go.
    #[error("`{}` is there already and differs from the empty worksheet; it was left as it is", .0.display())]
    TemplateDiffers(PathBuf),
    /// A file could not be read or written.
    #[error("`{}` cannot be {doing}: {error}", path.display())]
    File {
        /// `read`, `written`.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Two flags contradict each other.
    #[error("{message}")]
    Usage {
        /// Which flags, and why.
        message: String,
        /// What to do.
        hint: String,
    },
    /// There are no clients where they were looked for.
    #[error("{message}")]
    Clients {
        /// Where, and what is there.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The run of several clients was stopped.
    #[error("stopped before the end; {written} of {of} reports were written, and no index")]
    Stopped {
        /// Reports that are in place.
        written: usize,
        /// How many there would have been.
        of: usize,
    },
    /// Standard output does not take what is written.
    #[error("standard output cannot be written: {0}")]
    Stdout(io::Error),
    /// A fault of ours.
    #[error("internal error: {0}")]
    Fault(String),
}

impl Failure {
    /// The command failed.
    pub(crate) const EXIT_FAILED: u8 = 1;
    /// The command line is wrong.
    pub(crate) const EXIT_USAGE: u8 = 2;

    /// The exit code of a run that ends so.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => Self::EXIT_USAGE,
            _ => Self::EXIT_FAILED,
        }
    }

    /// What to do about it, if known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Render(cvj_report::RenderError::Template { .. }) => {
                Some("the template is in the folder of `[brand] templates`; docs/branding.md lists what templates see".to_owned())
            }
            Self::Fault(_) | Self::Render(_) | Self::Engine(EngineError::Internal(_)) => {
                Some("this is a fault in cvj: please report it with the command and this message".to_owned())
            }
            Self::Engine(error @ EngineError::Load { .. }) => error.hint().or_else(|| Some(MORE_PLUGINS.to_owned())),
            Self::Engine(error) => error.hint(),
            Self::Output(error) => error.hint(),
            Self::Plugin { hint, .. } | Self::Secret { hint, .. } => hint.clone(),
            Self::TemplateDiffers(_) => Some("name another file with `--out`, or give `--force` to replace this one".to_owned()),
            Self::Usage { hint, .. } | Self::Clients { hint, .. } => Some(hint.clone()),
            Self::Stopped { .. } | Self::Problems(_) | Self::File { .. } | Self::Stdout(_) => None,
        }
    }

    /// What went wrong in one line, the place in the file named before it.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Engine(EngineError::Config(diagnostic) | EngineError::Load { diagnostic, .. }) => {
                let Diagnostic { message, file, text, span, .. } = &**diagnostic;
                let before = span.as_ref().and_then(|span| text.get(..span.start));
                match before.map(|before| 1 + before.matches('\n').count()) {
                    Some(line) => format!("{file}:{line}: {message}"),
                    None if message.contains(file) => message.clone(),
                    None => format!("{file}: {message}"),
                }
            }
            other => other.to_string(),
        }
    }

    /// The lines printed: `error: …`, the place in the file with a caret, the places tried, `hint: …`.
    pub(crate) fn rendered(&self, colour: bool) -> String {
        let mut text = match self {
            Self::Engine(error) => rendered_engine_error(error, colour),
            other => headline(&other.to_string(), None, colour),
        };
        if let Some(hint) = self.hint() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "hint: {}", harmless(&hint));
        }
        text
    }
}

fn rendered_engine_error(error: &EngineError, colour: bool) -> String {
    match error {
        EngineError::Config(diagnostic) => at(diagnostic, colour),
        EngineError::Load { diagnostic, error } => {
            let mut text = at(diagnostic, colour);
            for tried in error.tried() {
                let _ = writeln!(text, "  tried {}", harmless(&format!("{}: {}", tried.path.display(), tried.why)));
            }
            text
        }
        EngineError::Cancelled => headline("stopped before the end; nothing was written", None, colour),
        other => headline(&other.to_string(), None, colour),
    }
}

/// A message with the place in the text that it is about.
fn at(diagnostic: &Diagnostic, colour: bool) -> String {
    let source = NamedSource::new(harmless(&diagnostic.file), harmless_in_place(&diagnostic.text));
    let label = diagnostic.label.as_deref().map(harmless);
    let snippet = diagnostic
        .span
        .clone()
        .map(|span| Snippet { source, label: LabeledSpan::new_with_span(label, clamped(span, diagnostic.text.len())) });
    match snippet {
        Some(snippet) => headline(&diagnostic.message, Some(snippet), colour),
        None if diagnostic.message.contains(&diagnostic.file) => headline(&diagnostic.message, None, colour),
        None => headline(&format!("{}: {}", diagnostic.file, diagnostic.message), None, colour),
    }
}

/// A span inside the text: a message about the end of the file still has a caret.
fn clamped(span: std::ops::Range<usize>, length: usize) -> std::ops::Range<usize> {
    let start = span.start.min(length);
    start..span.end.clamp(start, length)
}

/// Text of the same length with `?` for what a terminal would obey: places in it stay where they are.
fn harmless_in_place(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let ends_line = character == '\n' || (character == '\r' && rest.peek() == Some(&'\n'));
        if character.is_control() && character != '\t' && !ends_line {
            shown.extend(std::iter::repeat_n('?', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The message, and the place it is about.
fn headline(message: &str, snippet: Option<Snippet>, colour: bool) -> String {
    let message = &harmless(message);
    let mut theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    "error:".clone_into(&mut theme.characters.error);
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .without_cause_chain()
        .with_wrap_lines(false)
        .with_context_lines(1);
    let mut text = String::new();
    match handler.render_report(&mut text, &Told { message, snippet }) {
        Ok(()) => text.trim_start().to_owned(),
        Err(_) => format!("error: {message}\n"),
    }
}

/// A message as the renderer wants it.
#[derive(Debug)]
struct Told<'a> {
    message: &'a str,
    snippet: Option<Snippet>,
}

#[derive(Debug)]
struct Snippet {
    source: NamedSource<String>,
    label: LabeledSpan,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message)
    }
}

impl std::error::Error for Told<'_> {}

impl miette::Diagnostic for Told<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| &snippet.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.snippet.as_ref().map(|snippet| Box::new(std::iter::once(snippet.label.clone())) as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(span: Option<std::ops::Range<usize>>) -> Failure {
        Failure::Engine(
            Diagnostic {
                message: "unknown key `clent`".to_owned(),
                hint: Some("did you mean `client`?".to_owned()),
                file: "cvj.toml".to_owned(),
                text: "# first\n[clent]\nname = \"X\"\n".to_owned(),
                span,
                label: Some("not a key".to_owned()),
            }
            .into(),
        )
    }

    #[test]
    fn a_config_error_shows_file_line_caret_and_hint() {
        let text = diagnostic(Some(9..14)).rendered(false);
        assert!(text.starts_with("error: unknown key `clent`\n"), "{text}");
        for part in ["cvj.toml:2:2", "[clent]", "^^", "not a key", "\nhint: did you mean `client`?\n"] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(diagnostic(Some(9..14)).rendered(true).contains('\u{1b}'));
    }

    #[test]
    fn nothing_in_a_file_is_obeyed_by_the_terminal() {
        let text = "# \u{1b}[2J\u{7}\r\n[cl\u{9b}ent]\rname = \"X\"\n";
        let diagnostic = Diagnostic {
            message: "unknown key".to_owned(),
            hint: Some("no \u{1b}[31m".to_owned()),
            file: "cvj\u{7}.toml".to_owned(),
            text: text.to_owned(),
            span: Some(10..18),
            label: Some("not\u{1b} a key".to_owned()),
        };
        let text = Failure::Engine(diagnostic.into()).rendered(false);
        assert!(!text.contains(|character: char| character.is_control() && character != '\n'), "{text:?}");
        for part in ["# ?[2J?\n", "[cl??ent]?name", "not\u{fffd} a key", "\nhint: no \u{fffd}[31m\n", ":2:2"] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
    }

    #[test]
    fn a_span_beyond_the_text_is_no_panic() {
        assert!(diagnostic(Some(500..600)).rendered(false).contains("unknown key"));
    }

    #[test]
    fn without_a_place_the_file_is_still_named() {
        let text = diagnostic(None).rendered(false);
        assert_eq!(text, "error: cvj.toml: unknown key `clent`\nhint: did you mean `client`?\n");
    }

    #[test]
    fn a_sentence_names_file_and_line() {
        assert_eq!(diagnostic(Some(9..14)).sentence(), "cvj.toml:2: unknown key `clent`");
        assert_eq!(diagnostic(Some(500..600)).sentence(), "cvj.toml: unknown key `clent`");
        assert_eq!(diagnostic(None).sentence(), "cvj.toml: unknown key `clent`");
    }

    #[test]
    fn only_usage_errors_exit_with_2() {
        let usage = Failure::Usage { message: "a".to_owned(), hint: "b".to_owned() };
        assert_eq!((usage.exit_code(), diagnostic(None).exit_code()), (2, 1));
    }
}
