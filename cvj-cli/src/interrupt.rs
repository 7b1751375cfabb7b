//! Ctrl-C: the first asks the work to stop, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::terminal::Terminal;

/// Exit code of a process that was told twice to stop: failed.
const EXIT_INTERRUPTED: i32 = 1;

/// A flag that becomes true at the first Ctrl-C (or SIGTERM). Without a handler (the system refuses one), Ctrl-C ends the
/// process at once; an interrupted swap of the output folder is mended at the next start.
pub(crate) fn flag(terminal: &Arc<Terminal>) -> Arc<AtomicBool> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let handler = {
        let (cancelled, terminal) = (Arc::clone(&cancelled), Arc::clone(terminal));
        move || {
            if cancelled.swap(true, Ordering::Relaxed) {
                leave();
            }
            terminal.note("stopping; press Ctrl-C again to stop at once");
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        terminal.warning(&format!("Ctrl-C will stop at once: {error}"));
    }
    cancelled
}

#[expect(clippy::exit, reason = "asked to twice; the working thread may be inside a plugin that does not come back")]
fn leave() -> ! {
    std::process::exit(EXIT_INTERRUPTED)
}
