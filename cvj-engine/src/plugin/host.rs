//! What the host does for a plugin: a [`CvjTask`] whose functions call the host's services.
//!
//! **Invariant:** no panic of the host's crosses into the plugin, and a task that has ended (done, cancelled or given up)
//! answers as cancelled and passes nothing on.
#![expect(unsafe_code, reason = "the safe caller of the plugin ABI")]

use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cvj_core::abi::{CvjBuf, CvjError, CvjRejected, CvjStr, CvjTask};
use cvj_core::source::{Level, Rejected};
use cvj_core::{SourceError, Status, Task};

use super::foreign::{lossy_text, one_line, strict_text};
use super::patience::Activity;

/// Lines that one task may log; the rest of a flood is counted only.
const MOST_LOG_LINES: u64 = 1000;
const LONGEST_SECRET_NAME: usize = 1 << 10;

/// What the callbacks of one task work on.
struct Context {
    task: Task,
    source: String,
    folder: String,
    activity: Arc<Activity>,
    log_lines: AtomicU64,
}

/// The services of one call or stream, and its signs of life. Cheap to clone.
#[derive(Clone)]
pub(super) struct HostTask(Arc<Context>);

impl HostTask {
    pub(super) fn new(task: &Task) -> Self {
        let cancelled = task.clone();
        Self(Arc::new(Context {
            source: task.source().to_owned(),
            folder: task.folder().to_string_lossy().into_owned(),
            activity: Arc::new(Activity::new(move || cancelled.is_cancelled())),
            log_lines: AtomicU64::new(0),
            task: task.clone(),
        }))
    }

    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.0.activity
    }

    /// The table to hand to a plugin; valid as long as `self`.
    pub(super) fn table(&self) -> CvjTask {
        CvjTask {
            struct_size: size_of::<CvjTask>() as u32,
            reserved: 0,
            context: Arc::as_ptr(&self.0).cast_mut().cast(),
            source: CvjStr::new(&self.0.source),
            folder: CvjStr::new(&self.0.folder),
            log: Some(log),
            progress: Some(progress),
            is_cancelled: Some(is_cancelled),
            secret: Some(secret),
            reject: Some(reject),
            left_out: Some(left_out),
        }
    }
}

/// Runs a callback: counts as a sign of life, keeps the host's panics in the host.
///
/// # Safety
/// `context` must be null or that of a table whose [`HostTask`] lives.
unsafe fn serve<T>(context: *mut c_void, otherwise: T, work: impl FnOnce(&Context) -> T) -> T {
    // SAFETY: promised by the caller.
    let Some(context) = (unsafe { context.cast::<Context>().as_ref() }) else { return otherwise };
    let in_host = context.activity.enter_host();
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| work(context)));
    drop(in_host);
    result.unwrap_or_else(|payload| {
        // Dropping a payload may panic again.
        std::mem::forget(payload);
        otherwise
    })
}

unsafe extern "C" fn log(context: *mut c_void, level: u32, message: CvjStr) {
    // SAFETY: the plugin passes back the context, and text that is valid for the call.
    unsafe {
        serve(context, (), |context| {
            if context.activity.has_ended() {
                return;
            }
            match context.log_lines.fetch_add(1, Ordering::Relaxed) {
                lines if lines < MOST_LOG_LINES => context.task.log(level_of(level), &one_line(&lossy_text(message))),
                MOST_LOG_LINES => context.task.log(Level::Warn, "the plugin logs too much: no more of its lines are shown"),
                _ => {}
            }
        });
    }
}

fn level_of(number: u32) -> Level {
    match number {
        0 | 1 => Level::Error,
        2 => Level::Warn,
        3 => Level::Info,
        4 => Level::Debug,
        _ => Level::Trace,
    }
}

unsafe extern "C" fn progress(context: *mut c_void, done: u64, total: i64, unit: CvjStr) {
    // SAFETY: as for `log`.
    unsafe {
        serve(context, (), |context| {
            if !context.activity.has_ended() {
                context.task.progress(done, u64::try_from(total).ok(), &one_line(&lossy_text(unit)));
            }
        });
    }
}

unsafe extern "C" fn is_cancelled(context: *mut c_void) -> c_int {
    // SAFETY: as for `log`.
    unsafe { serve(context, 1, |context| c_int::from(context.activity.is_cancelled())) }
}

unsafe extern "C" fn reject(context: *mut c_void, rejected: *const CvjRejected) {
    // SAFETY: as for `log`; a plugin's struct is read only if it is as long as ours.
    unsafe {
        serve(context, (), |context| {
            if rejected.is_null() || !rejected.is_aligned() || context.activity.has_ended() {
                return;
            }
            if ((*rejected).struct_size as usize) < size_of::<CvjRejected>() {
                context.task.log(Level::Error, "the plugin rejected a row in a form that cvj does not know");
                return;
            }
            let rejected = &*rejected;
            context.task.reject(&Rejected {
                row: u64::try_from(rejected.row).ok(),
                file: one_line(&lossy_text(rejected.file)),
                line: rejected.line,
                column: lossy_text(rejected.column),
                why: one_line(&lossy_text(rejected.why)),
                value: lossy_text(rejected.value),
            });
        });
    }
}

unsafe extern "C" fn left_out(context: *mut c_void, why: CvjStr, rows: u64) {
    // SAFETY: as for `log`.
    unsafe {
        serve(context, (), |context| {
            if !context.activity.has_ended() {
                context.task.left_out(&one_line(&lossy_text(why)), rows);
            }
        });
    }
}

unsafe extern "C" fn secret(context: *mut c_void, name: CvjStr, out: *mut CvjBuf, error: *mut CvjError) -> i32 {
    // SAFETY: as for `log`; the plugin passes two structs of its own.
    unsafe {
        let failed = || Err(SourceError::new(Status::Internal, "the host failed to look the secret up"));
        let answer = serve(context, failed(), |context| {
            if context.activity.has_ended() {
                return Err(SourceError::cancelled());
            }
            let name = strict_text(name, LONGEST_SECRET_NAME)
                .map_err(|why| SourceError::new(Status::InvalidArgument, format!("the secret's name is no text: {why}")))?;
            context.task.secret(&name)
        });
        let answer = match answer {
            Ok(_) if out.is_null() => Err(SourceError::new(Status::InvalidArgument, "there is no buffer for the secret")),
            answer => answer,
        };
        match answer {
            Ok(value) => {
                out.write(secret_bytes(value));
                0
            }
            Err(failure) => {
                let code = failure.status.code();
                let fits = !error.is_null() && error_size(error) >= size_of::<CvjError>();
                if fits {
                    error.write(cvj_core::export::owned_error(&failure));
                }
                code
            }
        }
    }
}

/// # Safety
/// `error` must point at a struct that begins with its size.
unsafe fn error_size(error: *const CvjError) -> usize {
    // SAFETY: promised by the caller.
    unsafe { error.byte_add(offset_of!(CvjError, struct_size)).cast::<u32>().read_unaligned() as usize }
}

fn secret_bytes(value: String) -> CvjBuf {
    let bytes = Box::new(value.into_bytes());
    CvjBuf { ptr: bytes.as_ptr(), len: bytes.len(), release: Some(release_secret), private_data: Box::into_raw(bytes).cast() }
}

/// Wipes the secret before its memory is used for something else.
unsafe extern "C" fn release_secret(buffer: *mut CvjBuf) {
    // SAFETY: called once by the plugin with a buffer that `secret_bytes` made.
    unsafe {
        if buffer.is_null() || (*buffer).private_data.is_null() {
            return;
        }
        let mut bytes = Box::from_raw(std::mem::replace(&mut (*buffer).private_data, std::ptr::null_mut()).cast::<Vec<u8>>());
        for byte in bytes.iter_mut() {
            std::ptr::from_mut(byte).write_volatile(0);
        }
        (*buffer).release = None;
    }
}
