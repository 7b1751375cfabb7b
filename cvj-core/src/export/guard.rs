//! Where panics stop: everything of a plugin runs inside [`guard`].

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{SourceError, Status};

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The text of a caught panic; the payload is forgotten, because dropping it may panic again.
pub(crate) fn panic_text(payload: Box<dyn std::any::Any + Send>) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    std::mem::forget(payload);
    LAST_PANIC.with_borrow_mut(Option::take).unwrap_or(text)
}

/// A plugin is a library with a standard library of its own, so this hook is the plugin's alone: it keeps panics from being
/// printed (plugins never print) and remembers where they happened.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let text = info.payload_as_str().unwrap_or("no message");
            let place = info.location().map(|at| format!(" (at {}:{})", at.file(), at.line())).unwrap_or_default();
            let _ = LAST_PANIC.try_with(|last| last.try_borrow_mut().map(|mut last| *last = Some(format!("{text}{place}"))));
        }));
    });
}

/// Runs plugin code; a panic becomes an [`Status::Internal`] error and sets `poisoned`.
pub(super) fn guard<T>(poisoned: Option<&AtomicBool>, work: impl FnOnce() -> Result<T, SourceError>) -> Result<T, SourceError> {
    quiet_panics();
    if poisoned.is_some_and(|poisoned| poisoned.load(Ordering::Acquire)) {
        return Err(SourceError::new(Status::Internal, "the source panicked in an earlier call and cannot be used any more"));
    }
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        if let Some(poisoned) = poisoned {
            poisoned.store(true, Ordering::Release);
        }
        Err(SourceError::new(Status::Internal, format!("the plugin panicked: {}", panic_text(payload))))
    })
}
