//! The host's services as a plugin's [`Task`](crate::Task) sees them.
#![expect(unsafe_code, reason = "this module and `abi` are the ABI")]

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use crate::abi::{CvjBuf, CvjError, CvjRejected, CvjStr, CvjTask};
use crate::error::{SourceError, Status};
use crate::export::owned::take_error;
use crate::source::{Level, Rejected, Services};

/// The host's services behind a [`CvjTask`]. A source may keep a [`Task`](crate::Task) for longer than it should: once the call has ended
/// the pointer is taken away, and every service answers as if the task were cancelled.
pub(super) struct ForeignTask {
    raw: RwLock<Option<RawTask>>,
    source: String,
    folder: PathBuf,
}

#[derive(Clone, Copy)]
struct RawTask(*const CvjTask);
// SAFETY: the ABI says that a task's functions may be called from any thread.
unsafe impl Send for RawTask {}
// SAFETY: as above.
unsafe impl Sync for RawTask {}

impl ForeignTask {
    /// # Safety
    /// `task` must stay valid until [`ForeignTask::end`] is called.
    pub(super) unsafe fn new(task: *const CvjTask) -> Arc<Self> {
        // SAFETY: promised by the caller; a null task has no services.
        let (source, folder) =
            unsafe { task.as_ref().map(|task| (task.source.to_text(), task.folder.to_text())) }.unwrap_or_default();
        let raw = (!task.is_null()).then_some(RawTask(task));
        Arc::new(Self { raw: RwLock::new(raw), source, folder: PathBuf::from(folder) })
    }

    pub(super) fn end(&self) {
        *self.raw.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn with<T>(&self, call: impl FnOnce(&CvjTask) -> T) -> Option<T> {
        let raw = self.raw.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the pointer is taken away before the host frees the task.
        raw.map(|raw| call(unsafe { &*raw.0 }))
    }
}

impl Services for ForeignTask {
    fn source(&self) -> &str {
        &self.source
    }

    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    fn log(&self, level: Level, message: &str) {
        self.with(|task| {
            if let Some(log) = task.log {
                // SAFETY: the host's function with the host's context.
                unsafe { log(task.context, level as u32, CvjStr::new(message)) };
            }
        });
    }

    fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        self.with(|task| {
            if let Some(progress) = task.progress {
                let total = total.and_then(|total| i64::try_from(total).ok()).unwrap_or(-1);
                // SAFETY: the host's function with the host's context.
                unsafe { progress(task.context, done, total, CvjStr::new(unit)) };
            }
        });
    }

    fn is_cancelled(&self) -> bool {
        // SAFETY: the host's function with the host's context.
        self.with(|task| task.is_cancelled.is_some_and(|is_cancelled| unsafe { is_cancelled(task.context) } != 0)).unwrap_or(true)
    }

    fn secret(&self, name: &str) -> Result<String, SourceError> {
        let ask = |task: &CvjTask| {
            let secret = task.secret.ok_or_else(|| SourceError::new(Status::NotImplemented, "the host offers no secrets"))?;
            let (mut buffer, mut error) = (CvjBuf::empty(), CvjError::empty());
            // SAFETY: the host's function with the host's context and two structs of ours.
            let code = unsafe { secret(task.context, CvjStr::new(name), &raw mut buffer, &raw mut error) };
            if code != 0 {
                // SAFETY: filled in by the host, used once.
                return Err(unsafe { take_error(code, &mut error) });
            }
            // SAFETY: the host filled the buffer in; it is released right after.
            let text = unsafe { CvjStr { ptr: buffer.ptr, len: buffer.len }.to_text() };
            if let Some(release) = buffer.release {
                // SAFETY: released once, by its owner's function.
                unsafe { release(&raw mut buffer) };
            }
            Ok(text)
        };
        self.with(ask).unwrap_or_else(|| Err(SourceError::cancelled()))
    }

    fn reject(&self, rejected: &Rejected) {
        self.with(|task| {
            if let Some(reject) = task.reject {
                let rejected = CvjRejected {
                    struct_size: size_of::<CvjRejected>() as u32,
                    reserved: 0,
                    row: rejected.row.and_then(|row| i64::try_from(row).ok()).unwrap_or(-1),
                    line: rejected.line,
                    file: CvjStr::new(&rejected.file),
                    column: CvjStr::new(&rejected.column),
                    why: CvjStr::new(&rejected.why),
                    value: CvjStr::new(&rejected.value),
                };
                // SAFETY: the host's function with the host's context; the host copies what it keeps.
                unsafe { reject(task.context, &raw const rejected) };
            }
        });
    }

    fn left_out(&self, why: &str, rows: u64) {
        self.with(|task| {
            if let Some(left_out) = task.left_out {
                // SAFETY: the host's function with the host's context.
                unsafe { left_out(task.context, CvjStr::new(why), rows) };
            }
        });
    }
}
