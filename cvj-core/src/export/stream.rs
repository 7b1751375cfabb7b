//! A guarded Arrow stream.
#![expect(unsafe_code, reason = "this module and `abi` are the ABI")]

use std::ffi::{CString, c_char, c_int};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::ffi::FFI_ArrowArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, StructArray};
use arrow_schema::ffi::FFI_ArrowSchema;

use crate::abi::{CvjError, errno};
use crate::error::{SourceError, Status};
use crate::export::export_schema;
use crate::export::foreign_task::ForeignTask;
use crate::export::guard::guard;
use crate::export::owned::{owned_error, release_error};
use crate::source::BatchStream;

/// A stream whose callbacks are guarded. After an error every further call gives that error: it never looks like the end.
pub(super) struct GuardedStream {
    stream: BatchStream,
    task: Arc<ForeignTask>,
    poisoned: AtomicBool,
    failure: Option<(CvjError, CString)>,
    status: Status,
}

impl GuardedStream {
    pub(super) fn export(stream: BatchStream, task: Arc<ForeignTask>) -> FFI_ArrowArrayStream {
        let guarded = Self { stream, task, poisoned: AtomicBool::new(false), failure: None, status: Status::Internal };
        FFI_ArrowArrayStream {
            get_schema: Some(stream_schema),
            get_next: Some(stream_next),
            get_last_error: Some(stream_last_error),
            release: Some(release_stream),
            private_data: Box::into_raw(Box::new(guarded)).cast(),
        }
    }

    fn fail(&mut self, failure: &SourceError) -> c_int {
        // An Arrow error is a C string: a NUL byte would cut or abort it.
        let text = CString::new(failure.message.replace('\0', "\u{fffd}")).unwrap_or_default();
        self.status = failure.status;
        self.forget_failure();
        self.failure = Some((owned_error(failure), text));
        errno(failure.status)
    }

    fn forget_failure(&mut self) {
        if let Some((mut error, _)) = self.failure.take() {
            // SAFETY: made by `owned_error`, released once.
            unsafe { release_error(&raw mut error) };
        }
    }

    fn next_array(&mut self) -> Result<FFI_ArrowArray, SourceError> {
        let (stream, poisoned) = (&mut self.stream, &self.poisoned);
        guard(Some(poisoned), || match stream.next() {
            None => Ok(FFI_ArrowArray::empty()),
            Some(batch) => {
                let batch = batch?;
                if batch.schema_ref().fields() != stream.schema().fields() {
                    return Err(SourceError::new(
                        Status::Internal,
                        "the plugin delivered a batch of another schema than it planned",
                    ));
                }
                Ok(FFI_ArrowArray::new(&StructArray::from(batch).to_data()))
            }
        })
    }
}

/// # Safety
/// `stream` must be one that `GuardedStream::export` made and that is not released.
unsafe fn guarded<'a>(stream: *mut FFI_ArrowArrayStream) -> &'a mut GuardedStream {
    // SAFETY: promised by the caller.
    unsafe { &mut *(*stream).private_data.cast::<GuardedStream>() }
}

unsafe extern "C" fn stream_schema(stream: *mut FFI_ArrowArrayStream, out: *mut FFI_ArrowSchema) -> c_int {
    // SAFETY: called by the stream's owner.
    let this = unsafe { guarded(stream) };
    match guard(None, || export_schema(this.stream.schema())) {
        Ok(schema) => {
            // SAFETY: `out` is the caller's.
            unsafe { out.write(schema) };
            0
        }
        Err(failure) => this.fail(&failure),
    }
}

unsafe extern "C" fn stream_next(stream: *mut FFI_ArrowArrayStream, out: *mut FFI_ArrowArray) -> c_int {
    // SAFETY: called by the stream's owner.
    let this = unsafe { guarded(stream) };
    if this.failure.is_some() {
        return errno(this.status);
    }
    match this.next_array() {
        Ok(array) => {
            // SAFETY: `out` is the caller's.
            unsafe { out.write(array) };
            0
        }
        Err(failure) => this.fail(&failure),
    }
}

unsafe extern "C" fn stream_last_error(stream: *mut FFI_ArrowArrayStream) -> *const c_char {
    // SAFETY: called by the stream's owner.
    unsafe { guarded(stream) }.failure.as_ref().map_or(std::ptr::null(), |(_, text)| text.as_ptr())
}

pub(super) unsafe extern "C" fn stream_error(stream: *mut FFI_ArrowArrayStream) -> *const CvjError {
    // SAFETY: called by the stream's owner, with a stream that this plugin's `read` made.
    unsafe {
        if stream.is_null() || (*stream).private_data.is_null() {
            return std::ptr::null();
        }
        guarded(stream).failure.as_ref().map_or(std::ptr::null(), |(error, _)| std::ptr::from_ref(error))
    }
}

unsafe extern "C" fn release_stream(stream: *mut FFI_ArrowArrayStream) {
    // SAFETY: called once by the stream's owner.
    unsafe {
        let raw = std::mem::replace(&mut (*stream).private_data, std::ptr::null_mut()).cast::<GuardedStream>();
        (*stream).release = None;
        (*stream).get_schema = None;
        (*stream).get_next = None;
        (*stream).get_last_error = None;
        if raw.is_null() {
            return;
        }
        let mut this = Box::from_raw(raw);
        this.forget_failure();
        let GuardedStream { stream: batches, task, .. } = *this;
        let _ = guard(None, || {
            drop(batches);
            Ok(())
        });
        // Only now: a thread of the stream's own may have used the task until it was joined.
        task.end();
    }
}
