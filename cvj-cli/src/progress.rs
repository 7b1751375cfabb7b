//! What the engine's progress and log lines look like.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::source::Level;
use cvj_engine::Watch;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::Terminal;

/// Shows one bar per source while it is read, prints log lines, and passes on that the run was cancelled.
pub(crate) struct Progress {
    terminal: Arc<Terminal>,
    cancelled: Arc<AtomicBool>,
    bars: Mutex<HashMap<String, ProgressBar>>,
}

impl Progress {
    /// Progress of a run that stops when `cancelled` becomes true.
    pub(crate) fn new(terminal: Arc<Terminal>, cancelled: Arc<AtomicBool>) -> Self {
        Self { terminal, cancelled, bars: Mutex::default() }
    }

    /// Takes all bars away: the reading is over.
    pub(crate) fn finish(&self) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, bar) in bars.drain() {
            bar.finish_and_clear();
        }
    }

    fn new_bar(&self, source: &str, total: Option<u64>, unit: &str) -> ProgressBar {
        let amount = match (unit, total) {
            ("bytes", Some(_)) => "{bytes} of {total_bytes}".to_owned(),
            ("bytes", None) => "{bytes}".to_owned(),
            (unit, Some(_)) => format!("{{human_pos}} of {{human_len}} {unit}"),
            (unit, None) => format!("{{human_pos}} {unit}"),
        };
        let shape = if total.is_some() { "{bar:30}" } else { "{spinner}" };
        let bar = self.terminal.bars().add(total.map_or_else(ProgressBar::no_length, ProgressBar::new));
        // A unit that holds braces would be no template; the default style then does.
        if let Ok(style) = ProgressStyle::with_template(&format!("{{prefix:>16}} {shape} {amount}")) {
            bar.set_style(style);
        }
        bar.set_prefix(source.to_owned());
        bar
    }
}

impl Watch for Progress {
    fn log(&self, source: &str, level: Level, message: &str) {
        match (level, self.terminal.verbosity()) {
            (Level::Error | Level::Warn, _) => self.terminal.warning(&format!("source `{source}`: {message}")),
            (Level::Info, 1..) | (Level::Debug | Level::Trace, 2..) => {
                self.terminal.note(&format!("source `{source}`: {message}"));
            }
            _ => {}
        }
    }

    fn progress(&self, source: &str, done: u64, total: Option<u64>, unit: &str) {
        if self.terminal.bars().is_hidden() {
            return;
        }
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(source.to_owned()).or_insert_with(|| self.new_bar(source, total, unit));
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(done);
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
