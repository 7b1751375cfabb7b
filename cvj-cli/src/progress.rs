//! What the engine's progress and log lines look like.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::source::Level;
use cvj_engine::Watch;
use indicatif::{ProgressBar, ProgressStyle};

use crate::grid::shown;
use crate::terminal::Terminal;

/// A source's bar.
struct Bar {
    shape: ProgressBar,
    /// What it counts, and of how many.
    unit: String,
    has_total: bool,
}

/// Shows how many of several clients are done, and who is under way.
pub(crate) struct ClientBar {
    shape: ProgressBar,
    running: Mutex<BTreeSet<String>>,
}

impl ClientBar {
    /// A bar of so many clients.
    pub(crate) fn new(terminal: &Terminal, clients: usize) -> Self {
        let shape = terminal.bars().add(ProgressBar::new(clients as u64));
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} clients {wide_msg}") {
            shape.set_style(style);
        }
        shape.tick();
        Self { shape, running: Mutex::default() }
    }

    /// Does the work of a client while it is shown as under way.
    pub(crate) fn during<T>(&self, client: &str, work: impl FnOnce() -> T) -> T {
        let turn = |change: &dyn Fn(&mut BTreeSet<String>)| {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut running);
            let names: Vec<String> = running.iter().map(|name| shown(name, 40)).collect();
            self.shape.set_message(names.join(", "));
        };
        turn(&|running| _ = running.insert(client.to_owned()));
        let done = work();
        turn(&|running| _ = running.remove(client));
        self.shape.inc(1);
        done
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        self.shape.finish_and_clear();
    }
}

/// Shows one bar per source while it is read, prints log lines, and passes on that the run was cancelled.
pub(crate) struct Progress {
    terminal: Arc<Terminal>,
    cancelled: Arc<AtomicBool>,
    bars: Mutex<HashMap<String, Bar>>,
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
            bar.shape.finish_and_clear();
        }
    }

    fn new_bar(&self, source: &str) -> Bar {
        let bar = self.terminal.bars().add(ProgressBar::no_length());
        bar.set_prefix(source.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{prefix:>16} {spinner} {wide_msg}") {
            bar.set_style(style);
        }
        Bar { shape: bar, unit: String::new(), has_total: false }
    }
}

impl Bar {
    /// Shows how far the source is; what was waited for is over.
    fn go_on(&mut self, done: u64, total: Option<u64>, unit: &str) {
        if self.unit != unit || self.has_total != total.is_some() {
            self.count(total, unit);
        }
        if let Some(total) = total {
            self.shape.set_length(total);
        }
        self.shape.set_message("");
        self.shape.set_position(done);
    }

    fn count(&mut self, total: Option<u64>, unit: &str) {
        let amount = match (unit, total) {
            ("bytes", Some(_)) => "{bytes} of {total_bytes}".to_owned(),
            ("bytes", None) => "{bytes}".to_owned(),
            (unit, Some(_)) => format!("{{human_pos}} of {{human_len}} {unit}"),
            (unit, None) => format!("{{human_pos}} {unit}"),
        };
        let shape = if total.is_some() { "{bar:30}" } else { "{spinner}" };
        // A unit that holds braces would be no template; the style before then does.
        if let Ok(style) = ProgressStyle::with_template(&format!("{{prefix:>16}} {shape} {amount} {{wide_msg}}")) {
            self.shape.set_style(style);
        }
        (self.unit, self.has_total) = (unit.to_owned(), total.is_some());
    }
}

impl Watch for Progress {
    fn log(&self, source: &str, level: Level, message: &str) {
        match (level, self.terminal.verbosity()) {
            (Level::Error | Level::Warn, _) => self.terminal.warning(&format!("source `{source}`: {message}")),
            (Level::Info, 1..) | (Level::Debug | Level::Trace, 2..) => {
                self.terminal.note(&format!("source `{source}`: {message}"));
            }
            // What a source waits for is seen beside its bar until it goes on.
            (Level::Info, 0) if !self.terminal.bars().is_hidden() => {
                let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
                bars.entry(source.to_owned())
                    .or_insert_with(|| self.new_bar(source))
                    .shape
                    .set_message(shown(message, usize::MAX));
            }
            _ => {}
        }
    }

    fn notice(&self, source: &str, message: &str) {
        self.terminal.note(&format!("{source}: {message}"));
    }

    fn progress(&self, source: &str, done: u64, total: Option<u64>, unit: &str) {
        if self.terminal.bars().is_hidden() {
            return;
        }
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        bars.entry(source.to_owned()).or_insert_with(|| self.new_bar(source)).go_on(done, total, unit);
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
