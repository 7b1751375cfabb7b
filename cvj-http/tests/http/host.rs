//! A host that remembers what it was told.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cvj_core::source::{Level, Rejected, Services};
use cvj_core::{SourceError, Status, Task};

/// The secrets that the host knows, by name.
pub(crate) const SECRETS: [(&str, &str); 5] = [
    ("TOKEN", "tok-8f2a&é"),
    ("PASSWORD", "pass/word+1"),
    ("CLIENT_SECRET", "cs-77aa\"x"),
    ("REFRESH", "rt-first-31"),
    ("KEY", include_str!("key.pem")),
];

#[derive(Default)]
pub(crate) struct Host {
    source: String,
    cancelled: AtomicBool,
    polls: AtomicUsize,
    log: Mutex<Vec<String>>,
}

impl Host {
    pub(crate) fn new() -> Arc<Self> {
        Self::named("crm")
    }

    pub(crate) fn named(source: &str) -> Arc<Self> {
        Arc::new(Self { source: source.to_owned(), ..Self::default() })
    }

    pub(crate) fn task(self: &Arc<Self>) -> Task {
        Task::new(self.clone())
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    /// How often it was asked whether to go on.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(Ordering::SeqCst)
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Services for Host {
    fn source(&self) -> &str {
        &self.source
    }

    fn folder(&self) -> PathBuf {
        PathBuf::new()
    }

    fn log(&self, _: Level, message: &str) {
        self.log.lock().unwrap().push(message.to_owned());
    }

    fn progress(&self, _: u64, _: Option<u64>, _: &str) {}

    fn is_cancelled(&self) -> bool {
        self.polls.fetch_add(1, Ordering::SeqCst);
        self.cancelled.load(Ordering::SeqCst)
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        let found = SECRETS.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned()).ok_or_else(|| SourceError::new(Status::Unauthenticated, "no such secret"))
    }

    fn reject(&self, _: &Rejected) {}

    fn left_out(&self, _: &str, _: u64) {}
}
