//! What is handed over by whoever made it: errors and bytes with a `release` of their own.
#![expect(unsafe_code, reason = "this module and `abi` are the ABI")]

use std::time::Duration;

use serde::Serialize;

use crate::abi::{CvjBuf, CvjError, CvjStr, ERROR_RETRYABLE};
use crate::error::{SourceError, Status};

/// Writes a failure into the caller's error and gives its status number; 0 for success.
///
/// # Safety
/// `error` must be null or point at a [`CvjError::empty`].
pub(super) unsafe fn answer(result: Result<(), SourceError>, error: *mut CvjError) -> i32 {
    match result {
        Ok(()) => 0,
        Err(failure) => {
            let code = failure.status.code();
            // SAFETY: the caller passes a pointer to an error of its own, which is written only if it is as long as ours.
            unsafe {
                if !error.is_null() && (*error).struct_size as usize >= size_of::<CvjError>() {
                    error.write(owned_error(&failure));
                }
            }
            code
        }
    }
}

struct ErrorText {
    message: String,
    hint: String,
}

/// An error that its receiver releases.
pub fn owned_error(failure: &SourceError) -> CvjError {
    let text = Box::new(ErrorText { message: failure.message.clone(), hint: failure.hint.clone().unwrap_or_default() });
    CvjError {
        status: failure.status.code(),
        flags: if failure.retryable { ERROR_RETRYABLE } else { 0 },
        retry_after_ms: failure.retry_after.map_or(-1, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        message: CvjStr::new(&text.message),
        hint: CvjStr::new(&text.hint),
        release: Some(release_error),
        private_data: Box::into_raw(text).cast(),
        ..CvjError::empty()
    }
}

pub(super) unsafe extern "C" fn release_error(error: *mut CvjError) {
    // SAFETY: called once by the owner with an error that `owned_error` made.
    unsafe {
        drop(Box::from_raw((*error).private_data.cast::<ErrorText>()));
        (*error).release = None;
    }
}

fn owned_bytes(bytes: Vec<u8>) -> CvjBuf {
    let bytes = Box::new(bytes);
    CvjBuf { ptr: bytes.as_ptr(), len: bytes.len(), release: Some(release_bytes), private_data: Box::into_raw(bytes).cast() }
}

unsafe extern "C" fn release_bytes(buffer: *mut CvjBuf) {
    // SAFETY: called once by the owner with a buffer that `owned_bytes` made.
    unsafe {
        drop(Box::from_raw((*buffer).private_data.cast::<Vec<u8>>()));
        (*buffer).release = None;
    }
}

pub(super) fn json_bytes(value: &impl Serialize) -> Result<CvjBuf, SourceError> {
    serde_json::to_vec(value)
        .map(owned_bytes)
        .map_err(|error| SourceError::new(Status::Internal, format!("not representable as JSON: {error}")))
}

/// Copies an error that the other side filled in, and releases it.
///
/// # Safety
/// `error` must be an error that a failed call filled in, used once.
pub unsafe fn take_error(code: i32, error: &mut CvjError) -> SourceError {
    // SAFETY: promised by the caller.
    let copy = unsafe { copy_error(code, error) };
    if let Some(release) = error.release.take() {
        // SAFETY: released once, by its owner's function.
        unsafe { release(std::ptr::from_mut(error)) };
    }
    copy
}

/// Copies an error without releasing it.
///
/// # Safety
/// `error` must have been filled in by a failed call and not yet been released.
pub unsafe fn copy_error(code: i32, error: &CvjError) -> SourceError {
    // SAFETY: promised by the caller.
    let (message, hint) = unsafe { (error.message.to_text(), error.hint.to_text()) };
    SourceError {
        status: Status::from_code(if error.status == 0 { code } else { error.status }),
        message: if message.is_empty() { format!("the call failed with status {code} and no message") } else { message },
        hint: (!hint.is_empty()).then_some(hint),
        retryable: error.flags & ERROR_RETRYABLE != 0,
        retry_after: u64::try_from(error.retry_after_ms).ok().map(Duration::from_millis),
    }
}
