//! What went wrong, where, and what to do.

use std::ops::Range;

use cvj_core::SourceError;

use crate::plugin::LoadError;

/// A message with, where known, the place in a text file it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The file, as the user would name it: `cvj.toml`.
    pub file: String,
    /// The file's text.
    pub text: String,
    /// The bytes of the text that the message is about.
    pub span: Option<Range<usize>>,
    /// A few words under the caret.
    pub label: Option<String>,
}

impl Diagnostic {
    /// Makes the part that the message is about unreadable: it may hold a secret.
    pub(crate) fn veil(&mut self) {
        if let Some(span) = self.span.clone()
            && let Some(part) = self.text.get(span.clone())
        {
            let veiled: String = part.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
            self.text.replace_range(span, &veiled);
        }
    }
}

/// Why no report could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(Box<Diagnostic>),
    /// A plugin cannot be loaded.
    #[error("{diagnostic}")]
    Load {
        /// Which source asked for it, and where.
        diagnostic: Box<Diagnostic>,
        /// Why, and every place tried.
        error: LoadError,
    },
    /// A source failed.
    #[error("source `{source_name}`: {error}")]
    Source {
        /// The source's name in the configuration.
        source_name: String,
        /// What it says.
        error: SourceError,
    },
    /// The data contradicts a definition.
    #[error("{message}")]
    Data {
        /// What, where.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// What is pulled cannot be kept, or what was kept does not do.
    #[error("{message}")]
    Cache {
        /// What, why.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The request cannot be met.
    #[error("{message}")]
    Request {
        /// What, why.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The work was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A fault of ours.
    #[error("internal error: {0}")]
    Internal(String),
}

impl EngineError {
    /// What to do about it, if known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(diagnostic) | Self::Load { diagnostic, .. } => diagnostic.hint.clone(),
            Self::Source { error, .. } => error.hint.clone(),
            Self::Data { hint, .. } | Self::Request { hint, .. } | Self::Cache { hint, .. } => hint.clone(),
            Self::Cancelled | Self::Internal(_) => None,
        }
    }

    /// The same with something more to do about it.
    #[must_use]
    pub(crate) fn with_more_hint(mut self, more: &str) -> Self {
        let hint = match &mut self {
            Self::Config(diagnostic) | Self::Load { diagnostic, .. } => &mut diagnostic.hint,
            Self::Source { error, .. } => &mut error.hint,
            Self::Data { hint, .. } | Self::Request { hint, .. } | Self::Cache { hint, .. } => hint,
            Self::Cancelled | Self::Internal(_) => return self,
        };
        let parts = [hint.take().unwrap_or_default(), more.to_owned()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        *hint = (!parts.is_empty()).then(|| parts.join("; "));
        self
    }
}

impl From<Diagnostic> for EngineError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Config(Box::new(diagnostic))
    }
}
