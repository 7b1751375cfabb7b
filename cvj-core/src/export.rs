//! The plugin's edge: turns a [`StageMetrics`] implementation into the C ABI of [`crate::abi`].
//!
//! **Invariant:** every `extern "C"` function here, stream callbacks included, goes through [`guard`]: no panic crosses. A
//! panic poisons its handle, not the process; `release` always works.
//!
//! Nothing here is called by name: [`export_plugin!`](crate::export_plugin) does.
#![expect(unsafe_code, reason = "this module and `abi` are the ABI")]

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, RwLock};
use std::time::Duration;

use arrow_array::ffi::FFI_ArrowArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, StructArray};
use arrow_schema::ffi::FFI_ArrowSchema;
use serde::Serialize;

use crate::abi::{
    CvjBuf, CvjError, CvjRejected, CvjScanPlan, CvjScanRequest, CvjSource, CvjSourceInterface, CvjStr, CvjTask, ERROR_RETRYABLE,
    errno,
};
use crate::error::{SourceError, Status};
use crate::source::{
    BatchStream, ColumnRequest, FilterAnswer, Kind, Level, Partition, Rejected, ScanPlan, ScanRequest, Services, StageMetrics,
    TableDetails, TableInfo, Task,
};

/// Exports a type that implements [`StageMetrics`](crate::StageMetrics) as a loadable plugin: one static symbol,
/// `cvj_plugin_v1`. The crate is a `cdylib` called `cvj_plugin_<name>`.
///
/// ```ignore
/// cvj_core::export_plugin!(CsvSource, name = "csv", doc = "Reads CSV exports");
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($source:ty, name = $name:literal, doc = $doc:literal) => {
        const _: () = {
            static INTERFACE: $crate::abi::CvjSourceInterface = $crate::export::interface::<$source>();

            #[allow(unsafe_code)]
            unsafe extern "C" fn get_interface(id: $crate::abi::CvjStr) -> *const ::std::ffi::c_void {
                // SAFETY: the host passes text that is valid for this call.
                unsafe { $crate::export::find_interface(id, &INTERFACE) }
            }

            /// The plugin's entry: read by the host before it calls any code.
            #[allow(unsafe_code, non_upper_case_globals)]
            #[unsafe(no_mangle)]
            pub static cvj_plugin_v1: $crate::abi::CvjEntry = $crate::abi::CvjEntry {
                magic: $crate::abi::MAGIC,
                abi_major: $crate::abi::ABI_MAJOR,
                abi_minor: $crate::abi::ABI_MINOR,
                struct_size: ::std::mem::size_of::<$crate::abi::CvjEntry>() as u32,
                flags: if cfg!(panic = "unwind") { $crate::abi::FLAG_UNWINDS } else { 0 },
                reserved: 0,
                describe: $crate::abi::CvjStr::new(concat!(
                    "{\"name\":\"",
                    $name,
                    "\",\"version\":\"",
                    env!("CARGO_PKG_VERSION"),
                    "\",\"doc\":\"",
                    $doc,
                    "\",\"sdk\":\"cvj-core\"}"
                )),
                get_interface: Some(get_interface),
            };
        };
    };
}

/// The table of `cvj.source/1` for a source type.
pub const fn interface<S: StageMetrics>() -> CvjSourceInterface {
    CvjSourceInterface {
        struct_size: size_of::<CvjSourceInterface>() as u32,
        reserved: 0,
        config_schema: Some(config_schema::<S>),
        open: Some(open::<S>),
        check: Some(check::<S>),
        tables: Some(tables::<S>),
        table_schema: Some(table_schema::<S>),
        definitions: Some(definitions::<S>),
        plan: Some(plan::<S>),
        read: Some(read::<S>),
        stream_error: Some(stream_error),
    }
}

/// Answers `get_interface`.
///
/// # Safety
/// `id` must be valid for the call.
pub unsafe fn find_interface(id: CvjStr, source: &'static CvjSourceInterface) -> *const c_void {
    // SAFETY: promised by the caller.
    let id = unsafe { id.to_text() };
    if id == crate::abi::INTERFACE_SOURCE_1 { std::ptr::from_ref(source).cast() } else { std::ptr::null() }
}

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
fn guard<T>(poisoned: Option<&AtomicBool>, work: impl FnOnce() -> Result<T, SourceError>) -> Result<T, SourceError> {
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

/// Writes a failure into the caller's error and gives its status number; 0 for success.
///
/// # Safety
/// `error` must be null or point at a [`CvjError::empty`].
unsafe fn answer(result: Result<(), SourceError>, error: *mut CvjError) -> i32 {
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

unsafe extern "C" fn release_error(error: *mut CvjError) {
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

fn json_bytes(value: &impl Serialize) -> Result<CvjBuf, SourceError> {
    serde_json::to_vec(value)
        .map(owned_bytes)
        .map_err(|error| SourceError::new(Status::Internal, format!("not representable as JSON: {error}")))
}

/// The host's services behind a [`CvjTask`]. A source may keep a [`Task`] for longer than it should: once the call has ended
/// the pointer is taken away, and every service answers as if the task were cancelled.
struct ForeignTask {
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
    unsafe fn new(task: *const CvjTask) -> Arc<Self> {
        // SAFETY: promised by the caller; a null task has no services.
        let (source, folder) =
            unsafe { task.as_ref().map(|task| (task.source.to_text(), task.folder.to_text())) }.unwrap_or_default();
        let raw = (!task.is_null()).then_some(RawTask(task));
        Arc::new(Self { raw: RwLock::new(raw), source, folder: PathBuf::from(folder) })
    }

    fn end(&self) {
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

struct Handle<S> {
    source: S,
    poisoned: AtomicBool,
    /// As `tables` gave them last: `table_schema` is asked for each of them right after, and listing may read files.
    listed: Mutex<Vec<TableInfo>>,
}

/// Calls into an opened source under guard, with a task that ends with the call.
///
/// # Safety
/// `source` and `task` must be valid for the call, `error` null or a zeroed error.
unsafe fn call<S: StageMetrics>(
    source: *mut CvjSource,
    task: *const CvjTask,
    error: *mut CvjError,
    work: impl FnOnce(&Handle<S>, &Task) -> Result<(), SourceError>,
) -> i32 {
    // SAFETY: promised by the caller; `open` put a handle of this type there.
    unsafe {
        let foreign = ForeignTask::new(task);
        let handle = (*source).private_data.cast::<Handle<S>>().as_ref();
        let result = match handle {
            None => Err(SourceError::new(Status::InvalidArgument, "the source is not open")),
            Some(handle) => guard(Some(&handle.poisoned), || work(handle, &Task::new(foreign.clone()))),
        };
        foreign.end();
        answer(result, error)
    }
}

unsafe extern "C" fn config_schema<S: StageMetrics>(out: *mut CvjBuf, error: *mut CvjError) -> i32 {
    let result = guard(None, || json_bytes(&schemars::schema_for!(S::Config)));
    // SAFETY: `out` and `error` are the caller's.
    unsafe { answer(result.map(|buffer| out.write(buffer)), error) }
}

unsafe extern "C" fn open<S: StageMetrics>(
    config: CvjStr,
    task: *const CvjTask,
    out: *mut CvjSource,
    error: *mut CvjError,
) -> i32 {
    // SAFETY: all arguments are valid for the call.
    unsafe {
        let foreign = ForeignTask::new(task);
        let result = guard(None, || {
            let config = serde_json::from_str(&config.to_text())
                .map_err(|error| SourceError::new(Status::InvalidArgument, format!("the configuration is wrong: {error}")))?;
            let source = S::open(config, &Task::new(foreign.clone()))?;
            let handle = Box::new(Handle { source, poisoned: AtomicBool::new(false), listed: Mutex::default() });
            (*out).release = Some(release_source::<S>);
            (*out).private_data = Box::into_raw(handle).cast();
            Ok(())
        });
        foreign.end();
        answer(result, error)
    }
}

unsafe extern "C" fn release_source<S: StageMetrics>(source: *mut CvjSource) {
    // SAFETY: called once by the owner with a source that `open` filled in.
    unsafe {
        let handle = std::mem::replace(&mut (*source).private_data, std::ptr::null_mut()).cast::<Handle<S>>();
        (*source).release = None;
        if !handle.is_null() {
            // A panic while dropping leaks the rest of the source; the process lives.
            let _ = guard(None, || {
                drop(Box::from_raw(handle));
                Ok(())
            });
        }
    }
}

unsafe extern "C" fn check<S: StageMetrics>(source: *mut CvjSource, task: *const CvjTask, error: *mut CvjError) -> i32 {
    // SAFETY: the caller's promise is passed on.
    unsafe { call::<S>(source, task, error, |handle, task| handle.source.check(task)) }
}

#[derive(Serialize)]
struct NamedDetails<'a> {
    name: &'a str,
    #[serde(flatten)]
    details: &'a TableDetails,
}

unsafe extern "C" fn tables<S: StageMetrics>(
    source: *mut CvjSource,
    task: *const CvjTask,
    out: *mut CvjBuf,
    error: *mut CvjError,
) -> i32 {
    let list = |handle: &Handle<S>, task: &Task| {
        let tables = handle.source.tables(task)?;
        let named: Vec<_> = tables.iter().map(|table| NamedDetails { name: &table.name, details: &table.details }).collect();
        let buffer = json_bytes(&named)?;
        *handle.listed.lock().unwrap_or_else(PoisonError::into_inner) = tables;
        // SAFETY: `out` is the caller's.
        unsafe { out.write(buffer) };
        Ok(())
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { call::<S>(source, task, error, list) }
}

unsafe extern "C" fn table_schema<S: StageMetrics>(
    source: *mut CvjSource,
    table: CvjStr,
    task: *const CvjTask,
    out: *mut FFI_ArrowSchema,
    error: *mut CvjError,
) -> i32 {
    let find = |handle: &Handle<S>, task: &Task| {
        // SAFETY: valid for the call.
        let name = unsafe { table.to_text() };
        let schema_in = |tables: &[TableInfo]| tables.iter().find(|table| table.name == name).map(|table| table.schema.clone());
        let listed = schema_in(&handle.listed.lock().unwrap_or_else(PoisonError::into_inner));
        let schema = match listed {
            Some(schema) => schema,
            None => schema_in(&handle.source.tables(task)?)
                .ok_or_else(|| SourceError::new(Status::NotFound, format!("there is no table `{name}`")))?,
        };
        // SAFETY: `out` is the caller's.
        export_schema(&schema).map(|schema| unsafe { out.write(schema) })
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { call::<S>(source, task, error, find) }
}

fn export_schema(schema: &arrow_schema::Schema) -> Result<FFI_ArrowSchema, SourceError> {
    FFI_ArrowSchema::try_from(schema)
        .map_err(|error| SourceError::new(Status::Internal, format!("the schema cannot be handed over: {error}")))
}

unsafe extern "C" fn definitions<S: StageMetrics>(
    source: *mut CvjSource,
    task: *const CvjTask,
    out: *mut CvjBuf,
    error: *mut CvjError,
) -> i32 {
    let list = |handle: &Handle<S>, task: &Task| {
        // SAFETY: `out` is the caller's.
        json_bytes(&handle.source.definitions(task)?).map(|buffer| unsafe { out.write(buffer) })
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { call::<S>(source, task, error, list) }
}

/// # Safety
/// The request must be valid for the call.
unsafe fn read_request(request: &CvjScanRequest) -> Result<ScanRequest, SourceError> {
    // SAFETY: promised by the caller.
    let (table, filters, columns) = unsafe {
        let columns = usize::try_from(request.n_columns).ok().map(|length| {
            if length == 0 || request.columns.is_null() { &[][..] } else { std::slice::from_raw_parts(request.columns, length) }
        });
        (request.table.to_text(), request.filters_json.to_text(), columns)
    };
    let filters = if filters.is_empty() { Ok(Vec::new()) } else { serde_json::from_str(&filters) }
        .map_err(|error| SourceError::new(Status::InvalidArgument, format!("the filters are wrong: {error}")))?;
    let column = |column: &crate::abi::CvjColumn| ColumnRequest {
        index: column.index as usize,
        kind: Kind::from_code(u8::try_from(column.kind).unwrap_or(0)),
    };
    Ok(ScanRequest {
        table,
        columns: columns.map(|columns| columns.iter().map(column).collect()),
        filters,
        limit: u64::try_from(request.limit).ok(),
        target_partitions: request.target_partitions.max(1) as usize,
        batch_rows: request.batch_rows.max(1) as usize,
    })
}

struct PlanData {
    _tokens: Vec<String>,
    _texts: Vec<CvjStr>,
    _answers: Vec<u8>,
}

unsafe extern "C" fn plan<S: StageMetrics>(
    source: *mut CvjSource,
    request: *const CvjScanRequest,
    task: *const CvjTask,
    out: *mut CvjScanPlan,
    error: *mut CvjError,
) -> i32 {
    let make = |handle: &Handle<S>, task: &Task| {
        // SAFETY: valid for the call.
        let request = unsafe { read_request(&*request) }?;
        let ScanPlan { schema, partitions, filters, rows } = handle.source.plan(&request, task)?;
        let schema = export_schema(&schema)?;
        let tokens: Vec<String> = partitions.into_iter().map(|partition| partition.0).collect();
        let texts: Vec<CvjStr> = tokens.iter().map(|token| CvjStr::new(token)).collect();
        let answers: Vec<u8> = filters.iter().map(|answer| *answer as u8).collect();
        let plan = CvjScanPlan {
            struct_size: size_of::<CvjScanPlan>() as u32,
            reserved: 0,
            n_partitions: texts.len() as u64,
            partitions: texts.as_ptr(),
            n_filters: answers.len() as u64,
            filters: answers.as_ptr(),
            rows: rows.and_then(|rows| i64::try_from(rows).ok()).unwrap_or(-1),
            schema,
            release: Some(release_plan),
            private_data: Box::into_raw(Box::new(PlanData { _tokens: tokens, _texts: texts, _answers: answers })).cast(),
        };
        // SAFETY: `out` is the caller's.
        unsafe { out.write(plan) };
        Ok(())
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { call::<S>(source, task, error, make) }
}

unsafe extern "C" fn release_plan(plan: *mut CvjScanPlan) {
    // SAFETY: called once by the owner with a plan that `plan` made.
    unsafe {
        drop(Box::from_raw((*plan).private_data.cast::<PlanData>()));
        (*plan).release = None;
    }
}

unsafe extern "C" fn read<S: StageMetrics>(
    source: *mut CvjSource,
    token: CvjStr,
    task: *const CvjTask,
    out: *mut FFI_ArrowArrayStream,
    error: *mut CvjError,
) -> i32 {
    // SAFETY: all arguments are valid for the call, the task until the stream is released.
    unsafe {
        let foreign = ForeignTask::new(task);
        let handle = (*source).private_data.cast::<Handle<S>>().as_ref();
        let result = match handle {
            None => Err(SourceError::new(Status::InvalidArgument, "the source is not open")),
            Some(handle) => {
                guard(Some(&handle.poisoned), || handle.source.read(&Partition(token.to_text()), &Task::new(foreign.clone())))
            }
        };
        let result = match result {
            Ok(stream) => {
                out.write(GuardedStream::export(stream, foreign));
                Ok(())
            }
            Err(failure) => {
                foreign.end();
                Err(failure)
            }
        };
        answer(result, error)
    }
}

/// A stream whose callbacks are guarded. After an error every further call gives that error: it never looks like the end.
struct GuardedStream {
    stream: BatchStream,
    task: Arc<ForeignTask>,
    poisoned: AtomicBool,
    failure: Option<(CvjError, CString)>,
    status: Status,
}

impl GuardedStream {
    fn export(stream: BatchStream, task: Arc<ForeignTask>) -> FFI_ArrowArrayStream {
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

unsafe extern "C" fn stream_error(stream: *mut FFI_ArrowArrayStream) -> *const CvjError {
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

/// Filter answers by number; an unknown one is unsupported.
pub fn filter_answer(code: u8) -> FilterAnswer {
    match code {
        1 => FilterAnswer::Inexact,
        2 => FilterAnswer::Exact,
        _ => FilterAnswer::Unsupported,
    }
}
