//! The only place that prints: data to stdout; notes, warnings, errors and progress to stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::arguments::OutputArguments;
use crate::failure::Failure;

/// Standard output and standard error of this run.
pub(crate) struct Terminal {
    quiet: bool,
    verbosity: u8,
    colour: bool,
    bars: MultiProgress,
    /// What is said goes here instead of to stderr.
    kept: Option<Mutex<String>>,
}

/// The colour of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// All is well.
    Good,
    /// Should be looked at.
    Warning,
    /// Went wrong.
    Error,
}

impl Mood {
    /// As a terminal is told.
    fn code(self) -> u8 {
        match self {
            Self::Good => 32,
            Self::Warning => 33,
            Self::Error => 31,
        }
    }
}

impl Terminal {
    /// Colour and progress only where stderr is a terminal; no colour where `NO_COLOR` is set or the terminal is dumb.
    pub(crate) fn new(arguments: &OutputArguments) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let target =
            if is_terminal && !dumb && !arguments.quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self {
            quiet: arguments.quiet,
            verbosity: arguments.verbose,
            colour: is_terminal && !no_colour && !dumb,
            bars: MultiProgress::with_draw_target(target),
            kept: None,
        }
    }

    /// A terminal for one of several runs at a time: warnings and failures are kept until [`Self::ended`] says them in one piece. Notes
    /// are kept where `--verbose` asks for them, and no bar is shown.
    pub(crate) fn keeping(&self) -> Self {
        Self {
            quiet: self.quiet,
            verbosity: self.verbosity,
            colour: self.colour,
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            kept: Some(Mutex::default()),
        }
    }

    /// Says how one of several runs ended, and below it all that its own terminal kept.
    pub(crate) fn ended(&self, word: &str, mood: Mood, line: &str, own: &Self) {
        const WIDTH: usize = 10;
        let kept = own.kept();
        if self.quiet && kept.is_empty() {
            return;
        }
        let space = " ".repeat(WIDTH.saturating_sub(word.len()));
        let mut text = format!("{}{space}{line}\n", self.coloured(word, mood));
        for line in kept.lines() {
            text.extend([&*" ".repeat(if line.is_empty() { 0 } else { WIDTH }), line, "\n"]);
        }
        self.to_stderr(&text);
    }

    /// What was kept since this was last asked.
    pub(crate) fn kept(&self) -> String {
        let kept = self.kept.as_ref().map(|kept| std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner)));
        kept.unwrap_or_default()
    }

    fn coloured(&self, word: &str, mood: Mood) -> String {
        if self.colour { format!("\u{1b}[{};1m{word}\u{1b}[0m", mood.code()) } else { word.to_owned() }
    }

    /// The progress bars, drawn below everything else.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// How often `--verbose` was given.
    pub(crate) fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// What was asked for, to stdout; a reader that has gone away is no error.
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        let written = self.bars.suspend(|| {
            let mut stdout = io::stdout().lock();
            stdout.write_all(harmless(text).as_bytes())?;
            if !text.ends_with('\n') {
                stdout.write_all(b"\n")?;
            }
            stdout.flush()
        });
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Stdout(error)),
            _ => Ok(()),
        }
    }

    /// What is good to know.
    pub(crate) fn note(&self, text: &str) {
        let wanted = self.kept.is_none() || self.verbosity > 0;
        if !self.quiet && wanted {
            self.to_stderr(&harmless(text));
        }
    }

    /// What should be looked at.
    pub(crate) fn warning(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(&format!("{} {}", self.coloured("warning:", Mood::Warning), harmless(text)));
        }
    }

    /// What went wrong, where, and what to do.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.to_stderr(&failure.rendered(self.colour));
    }

    /// Asks for a secret at the terminal, without showing what is typed.
    pub(crate) fn ask_secret(&self, prompt: &str) -> io::Result<String> {
        self.bars.suspend(|| rpassword::prompt_password(prompt))
    }

    fn to_stderr(&self, text: &str) {
        if let Some(kept) = &self.kept {
            kept.lock().unwrap_or_else(PoisonError::into_inner).extend([text.trim_end_matches('\n'), "\n"]);
            return;
        }
        self.bars.suspend(|| {
            let mut stderr = io::stderr().lock();
            // Nobody is left to be told when stderr is closed.
            let _ = stderr.write_all(text.trim_end_matches('\n').as_bytes()).and_then(|()| stderr.write_all(b"\n"));
        });
    }
}

/// Text with a sign for each character that a terminal would obey: names and cells of exports may hold anything.
pub(crate) fn harmless(text: &str) -> String {
    let obeyed = |character: char| character.is_control() && !['\n', '\t'].contains(&character);
    text.replace(obeyed, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_only_shown() {
        assert_eq!(harmless("a\u{1b}[31m b\u{7}\u{9b}0m\r\n\tc – ü"), "a\u{fffd}[31m b\u{fffd}\u{fffd}0m\u{fffd}\n\tc – ü");
    }
}
