//! The stream of one partition: a thread of its own pulls batches from the plugin and hands them over through a short
//! queue, so that a plugin that hangs holds up only that thread.
#![expect(unsafe_code, reason = "the safe caller of the plugin ABI")]

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::ffi::FFI_ArrowArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::SchemaRef;
use arrow_schema::ffi::FFI_ArrowSchema;
use cvj_core::abi::{CvjError, CvjStr, CvjTask};
use cvj_core::source::Partition;
use cvj_core::{BatchStream, SourceError, Status, Task};

use super::arrow::{difference, import_batch, import_schema};
use super::foreign::{Answer, c_text, copy_error};
use super::host::HostTask;
use super::patience::{Activity, caught, start, wait};
use super::source::Opened;

/// Batches that may wait for the host.
const QUEUE: usize = 2;
/// How long a dropped stream is waited for, so that it is released by the time its reader goes on.
const RELEASE_PATIENCE: Duration = Duration::from_secs(2);

/// A batch; `None` first for "opened", then for "the end".
type Message = Result<Option<RecordBatch>, SourceError>;

/// Opens a partition and gives its batches as they come.
pub(super) fn read(
    opened: &Arc<Opened>,
    partition: &Partition,
    schema: SchemaRef,
    task: &Task,
) -> Result<BatchStream, SourceError> {
    let host = HostTask::new(task);
    let (sender, receiver) = sync_channel(QUEUE);
    let (alive, over) = channel();
    let mut batches =
        Batches { opened: opened.clone(), activity: host.activity().clone(), receiver: Some(receiver), over: Some(over) };
    let (there, token, planned) = (opened.clone(), partition.0.clone(), schema.clone());
    start(opened.plugin.name(), move || {
        // Dropped last: its end tells that everything was released.
        let _alive: Sender<()> = alive;
        produce(&there, &token, &planned, &host, &sender);
        drop((sender, host, there));
    })?;
    batches.receive("open a partition")?;
    Ok(BatchStream::new(schema, batches))
}

fn produce(opened: &Opened, token: &str, schema: &SchemaRef, host: &HostTask, sender: &SyncSender<Message>) {
    let table = host.table();
    let mut stream = None;
    let outcome = caught(|| {
        let stream = stream.insert(Stream::open(opened, token, &raw const table)?);
        stream.check_schema(schema)?;
        let mut message = None;
        loop {
            host.activity().beat();
            if sender.send(Ok(message)).is_err() {
                return Ok(());
            }
            message = match stream.next(schema)? {
                Some(batch) => Some(batch),
                None => return Ok(()),
            };
        }
    });
    // Before the release, which may hang: the data is complete whatever comes of it. Fails if nobody reads any more.
    let _ = sender.send(outcome.map(|()| None));
    drop(stream);
}

/// The reader's end.
struct Batches {
    opened: Arc<Opened>,
    activity: Arc<Activity>,
    receiver: Option<Receiver<Message>>,
    over: Option<Receiver<()>>,
}

impl Batches {
    fn receive(&mut self, doing: &str) -> Message {
        let Some(receiver) = &self.receiver else { return Ok(None) };
        match wait(self.opened.plugin.name(), doing, self.opened.patience, &self.activity, receiver) {
            Ok(message) => message,
            Err(given_up) => {
                self.over = None;
                Err(given_up)
            }
        }
    }

    fn close(&mut self) {
        self.activity.end();
        self.receiver = None;
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let message = self.receive("deliver its next batch").transpose();
        if !matches!(message, Some(Ok(_))) {
            self.close();
        }
        message
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.close();
        if let Some(over) = self.over.take() {
            // Nothing is ever sent: the wait ends when the thread does.
            let _ = over.recv_timeout(RELEASE_PATIENCE.min(self.opened.patience));
        }
    }
}

/// A stream that a plugin's `read` made; released when dropped.
struct Stream<'a> {
    raw: FFI_ArrowArrayStream,
    opened: &'a Opened,
}

impl<'a> Stream<'a> {
    fn open(opened: &'a Opened, token: &str, task: *const CvjTask) -> Result<Self, SourceError> {
        let mut answer = Answer::new();
        let mut raw = FFI_ArrowArrayStream::empty();
        if let Some(read) = opened.plugin.interface().read {
            // SAFETY: source and token are valid for the call, the task until the stream is dropped, which the caller does
            // first; stream and error are zeroed.
            let code = unsafe { read(opened.raw(), CvjStr::new(token), task, &raw mut raw, answer.as_mut()) };
            answer.check(code)?;
        }
        if raw.release.is_none() || raw.get_schema.is_none() || raw.get_next.is_none() {
            return Err(opened.plugin.fault("read succeeded but gave no stream"));
        }
        Ok(Self { raw, opened })
    }

    fn check_schema(&mut self, planned: &SchemaRef) -> Result<(), SourceError> {
        let mut schema = FFI_ArrowSchema::empty();
        // SAFETY: the stream is open, and the schema is zeroed.
        let code = self.raw.get_schema.map_or(0, |get_schema| unsafe { get_schema(&raw mut self.raw, &raw mut schema) });
        if code != 0 {
            return Err(self.failure(code));
        }
        let found = import_schema(&schema).map_err(|what| self.opened.plugin.fault(format_args!("a stream's schema: {what}")))?;
        match difference(planned, &found) {
            Some(what) => Err(self.opened.plugin.fault(format_args!("a stream has another schema than it planned: {what}"))),
            None => Ok(()),
        }
    }

    fn next(&mut self, schema: &SchemaRef) -> Result<Option<RecordBatch>, SourceError> {
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: the stream is open and used by this thread only, and the array is zeroed.
        let code = self.raw.get_next.map_or(0, |get_next| unsafe { get_next(&raw mut self.raw, &raw mut array) });
        if code != 0 {
            return Err(self.failure(code));
        }
        if array.is_released() {
            return Ok(None);
        }
        import_batch(array, schema).map(Some).map_err(|what| self.opened.plugin.fault(format_args!("a batch: {what}")))
    }

    /// The error behind the errno of the last call: the plugin's own if it has one, else Arrow's text.
    fn failure(&mut self, errno: c_int) -> SourceError {
        let mut error = self.rich_error().unwrap_or_else(|| SourceError::new(status_of(errno), ""));
        if error.message.is_empty() {
            // SAFETY: called right after the call that failed; the text is copied before the next one.
            error.message = self.raw.get_last_error.map(|last| unsafe { c_text(last(&raw mut self.raw)) }).unwrap_or_default();
        }
        if error.message.is_empty() {
            let name = self.opened.plugin.name();
            error.message = format!("the plugin `{name}` ended a stream with error {errno} and gave no message");
        }
        error
    }

    fn rich_error(&mut self) -> Option<SourceError> {
        let stream_error = self.opened.plugin.interface().stream_error?;
        // SAFETY: the stream is one that this plugin's `read` made.
        let error = unsafe { stream_error(&raw mut self.raw) };
        if error.is_null() || !error.is_aligned() {
            return None;
        }
        // SAFETY: the error is borrowed until the stream's next call; its size comes first and is looked at first.
        unsafe { ((*error).struct_size as usize >= size_of::<CvjError>()).then(|| copy_error(&*error)) }
    }
}

/// What an errno says; the numbers of Linux, which cvj-core uses everywhere, and those of macOS.
fn status_of(errno: c_int) -> Status {
    match errno {
        5 => Status::Io,
        13 => Status::Unauthorized,
        22 => Status::InvalidData,
        89 | 125 => Status::Cancelled,
        60 | 110 => Status::Timeout,
        _ => Status::Internal,
    }
}
