//! Text, buffers and errors that a plugin made: copied with limits, then given back to their owner.
#![expect(unsafe_code, reason = "the safe caller of the plugin ABI")]

use std::ffi::c_char;
use std::time::Duration;

use cvj_core::abi::{CvjBuf, CvjError, CvjStr, ERROR_RETRYABLE};
use cvj_core::{SourceError, Status};
use serde::de::DeserializeOwned;

use super::library::Plugin;

/// A message is a sentence; the rest of a longer one is cut.
const LONGEST_MESSAGE: usize = 1 << 14;
/// What tables and definitions may take as JSON.
const LONGEST_JSON: usize = 1 << 26;

/// Why a text is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoText {
    #[error("it is a null pointer with a length")]
    Null,
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    #[error("it is not UTF-8")]
    NotUtf8,
}

/// Copies a text that must be right.
///
/// # Safety
/// A `text` that is not null must point at its length of readable bytes.
pub(super) unsafe fn strict_text(text: CvjStr, longest: usize) -> Result<String, NoText> {
    if text.len == 0 {
        return Ok(String::new());
    }
    if text.ptr.is_null() {
        return Err(NoText::Null);
    }
    if text.len > longest {
        return Err(NoText::TooLong(longest));
    }
    // SAFETY: not null, of a length that is no nonsense, readable as promised.
    let bytes = unsafe { std::slice::from_raw_parts(text.ptr, text.len) };
    String::from_utf8(bytes.to_vec()).map_err(|_| NoText::NotUtf8)
}

/// Copies the beginning of a text for people to read, whatever it is.
///
/// # Safety
/// As [`strict_text`].
pub(super) unsafe fn lossy_text(text: CvjStr) -> String {
    // SAFETY: promised by the caller.
    let text = unsafe { CvjStr { ptr: text.ptr, len: text.len.min(LONGEST_MESSAGE) }.to_text() };
    printable(&text)
}

/// Control characters would let a plugin's text move the cursor or hide what stands before it: only line ends remain.
fn printable(text: &str) -> String {
    let plain = |character: char| match character {
        '\n' => '\n',
        '\t' | '\r' => ' ',
        control if control.is_control() => char::REPLACEMENT_CHARACTER,
        other => other,
    };
    text.chars().map(plain).collect()
}

/// The text as one line without control characters.
pub(super) fn one_line(text: &str) -> String {
    printable(text).replace('\n', " ").trim().to_owned()
}

/// The error argument of a call.
pub(super) struct Answer(CvjError);

impl Answer {
    pub(super) fn new() -> Self {
        Self(CvjError::empty())
    }

    pub(super) fn as_mut(&mut self) -> *mut CvjError {
        &raw mut self.0
    }

    /// What a call's return code and its error say together.
    pub(super) fn check(&self, code: i32) -> Result<(), SourceError> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: zeroed, or filled in by the call; released when `self` is dropped.
        let mut error = unsafe { copy_error(&self.0) };
        if self.0.status == 0 {
            error.status = Status::from_code(code);
        }
        if error.message.is_empty() {
            error.message = format!("the plugin failed with status {code} and gave no message");
        }
        Err(error)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: released once, by its owner's function, at the address it was filled in at.
            unsafe { release(&raw mut self.0) };
        }
    }
}

/// Copies an error; its message may be empty.
///
/// # Safety
/// The texts of `error` must be readable.
pub(super) unsafe fn copy_error(error: &CvjError) -> SourceError {
    // SAFETY: promised by the caller.
    let (message, hint) = unsafe { (lossy_text(error.message), lossy_text(error.hint)) };
    SourceError {
        status: Status::from_code(error.status),
        message,
        hint: (!hint.is_empty()).then_some(hint),
        retryable: error.flags & ERROR_RETRYABLE != 0,
        retry_after: u64::try_from(error.retry_after_ms).ok().map(Duration::from_millis),
    }
}

/// Copies the beginning of a C string; empty for null.
///
/// # Safety
/// `text` must be null or NUL-terminated.
pub(super) unsafe fn c_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: every byte up to the terminator is readable, and none after it is read.
    let bytes = (0..LONGEST_MESSAGE).map(|index| unsafe { *text.add(index) }.to_ne_bytes()[0]).take_while(|byte| *byte != 0);
    printable(&String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()))
}

/// A buffer argument of a call.
pub(super) struct Buffer(CvjBuf);

impl Buffer {
    pub(super) fn new() -> Self {
        Self(CvjBuf::empty())
    }

    pub(super) fn as_mut(&mut self) -> *mut CvjBuf {
        &raw mut self.0
    }

    /// The buffer's JSON. `what` names it in the error: `list of tables`.
    pub(super) fn json<T: DeserializeOwned>(&self, plugin: &Plugin, what: &str) -> Result<T, SourceError> {
        // SAFETY: empty, or filled in by a call that succeeded; released when `self` is dropped.
        let text = unsafe { strict_text(CvjStr { ptr: self.0.ptr, len: self.0.len }, LONGEST_JSON) };
        let text = text.map_err(|why| plugin.fault(format_args!("its {what} is no text: {why}")))?;
        serde_json::from_str(&text).map_err(|error| plugin.fault(format_args!("its {what} is not the JSON expected: {error}")))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: released once, by its owner's function, at the address it was filled in at.
            unsafe { release(&raw mut self.0) };
        }
    }
}
