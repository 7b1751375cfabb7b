//! The host's callbacks, called as a plugin calls them.
#![expect(unsafe_code, reason = "the tests stand in for a plugin")]

use std::sync::Arc;

use cvj_core::abi::{CvjBuf, CvjError, CvjStr};
use cvj_core::export::take_error;
use cvj_core::{SourceError, Status};

use super::Recorder;
use crate::plugin::host::HostTask;

/// Asks for a secret and gives it back at once.
fn secret(host: &HostTask, name: &str) -> Result<String, SourceError> {
    let table = host.table();
    let (mut buffer, mut error) = (CvjBuf::empty(), CvjError::empty());
    // SAFETY: the table's own context, and two structs of ours, released once.
    unsafe {
        let code = table.secret.unwrap()(table.context, CvjStr::new(name), &raw mut buffer, &raw mut error);
        if code != 0 {
            return Err(take_error(code, &mut error));
        }
        let text = CvjStr { ptr: buffer.ptr, len: buffer.len }.to_text();
        buffer.release.unwrap()(&raw mut buffer);
        assert!(buffer.release.is_none() && buffer.private_data.is_null());
        Ok(text)
    }
}

#[test]
fn a_secret_is_handed_over_by_name_until_the_task_ends() {
    let services = Arc::new(Recorder::default());
    let host = HostTask::new(&services.task());
    assert_eq!(secret(&host, "TOKEN").unwrap(), "s3cret");
    let error = secret(&host, "OTHER").unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (Status::NotFound, "no secret `OTHER`"));
    host.activity().end();
    assert_eq!(secret(&host, "TOKEN").unwrap_err().status, Status::Cancelled);
}

#[test]
fn a_host_that_panics_over_a_secret_says_so() {
    let services = Arc::new(Recorder { panics: true, ..Recorder::default() });
    let error = secret(&HostTask::new(&services.task()), "TOKEN").unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (Status::Internal, "the host failed to look the secret up"));
}

#[test]
fn an_error_too_small_for_the_host_is_not_written_to() {
    let services = Arc::new(Recorder::default());
    let host = HostTask::new(&services.task());
    let table = host.table();
    let mut buffer = CvjBuf::empty();
    let mut error = CvjError { struct_size: 8, ..CvjError::empty() };
    // SAFETY: the table's own context, and two structs of ours.
    let code = unsafe { table.secret.unwrap()(table.context, CvjStr::new("OTHER"), &raw mut buffer, &raw mut error) };
    assert_eq!((code, error.status, error.release.is_none()), (Status::NotFound.code(), 0, true));
}

#[test]
fn the_task_says_whose_it_is() {
    let services = Arc::new(Recorder::default());
    let host = HostTask::new(&services.task());
    let table = host.table();
    // SAFETY: both texts live as long as the host task.
    let (source, folder) = unsafe { (table.source.to_text(), table.folder.to_text()) };
    assert_eq!((source.as_str(), folder.as_str(), table.struct_size as usize), ("x", "/nowhere", size_of_val(&table)));
}
