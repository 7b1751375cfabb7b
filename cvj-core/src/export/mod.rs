//! The plugin's edge: turns a [`StageMetrics`] implementation into the C ABI of [`crate::abi`].
//!
//! **Invariant:** every `extern "C"` function here that runs a plugin's code, stream callbacks included, goes through `guard`:
//! no panic crosses. A panic poisons its handle, not the process; `release` always works. What is not guarded (releasing
//! errors, bytes and plans; answering with an error at hand) runs no code of the plugin's author.
//!
//! Nothing here is called by name: [`export_plugin!`](crate::export_plugin) does.
#![expect(unsafe_code, reason = "this module and `abi` are the ABI")]

mod foreign_task;
mod guard;
mod owned;
mod stream;

use std::ffi::c_void;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::ffi::FFI_ArrowSchema;
use serde::Serialize;

use crate::abi::{CvjBuf, CvjError, CvjScanPlan, CvjScanRequest, CvjSource, CvjSourceInterface, CvjStr, CvjTask};
use crate::error::{SourceError, Status};
use crate::source::{
    ColumnRequest, FilterAnswer, Kind, Partition, ScanPlan, ScanRequest, StageMetrics, TableDetails, TableInfo, Task,
};

use foreign_task::ForeignTask;
use guard::guard;
pub(crate) use guard::panic_text;
use owned::{answer, json_bytes};
pub use owned::{copy_error, owned_error, take_error};
use stream::{GuardedStream, stream_error};

/// Exports a type that implements [`StageMetrics`](crate::StageMetrics) as a loadable plugin: one static symbol,
/// `cvj_plugin_v1`. The crate is a `cdylib` called `cvj_plugin_<name>`.
///
/// ```ignore
/// cvj_core::export_plugin!(CsvSource, name = "csv", doc = "Reads CSV exports");
/// ```
///
/// A source whose data comes over a network says so, and the host keeps what it pulled:
///
/// ```ignore
/// cvj_core::export_plugin!(ShopSource, name = "shop", doc = "Reads Shop", remote);
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($source:ty, name = $name:literal, doc = $doc:literal) => {
        $crate::export_plugin!(@entry $source, $name, $doc, 0);
    };
    ($source:ty, name = $name:literal, doc = $doc:literal, remote) => {
        $crate::export_plugin!(@entry $source, $name, $doc, $crate::abi::FLAG_REMOTE);
    };
    (@entry $source:ty, $name:literal, $doc:literal, $flags:expr) => {
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
                flags: $flags | if cfg!(panic = "unwind") { $crate::abi::FLAG_UNWINDS } else { 0 },
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

struct Handle<S> {
    source: S,
    poisoned: AtomicBool,
    /// As `tables` gave them last: `table_schema` is asked for each of them right after, and listing may read files.
    listed: Mutex<Vec<TableInfo>>,
}

/// What `open` put behind a source.
///
/// # Safety
/// `source` must be valid for the call and opened by this plugin, for this type.
unsafe fn opened<'a, S>(source: *mut CvjSource) -> Result<&'a Handle<S>, SourceError> {
    // SAFETY: promised by the caller.
    let handle = unsafe { (*source).private_data.cast::<Handle<S>>().as_ref() };
    handle.ok_or_else(|| SourceError::new(Status::InvalidArgument, "the source is not open"))
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
        let result =
            opened::<S>(source).and_then(|handle| guard(Some(&handle.poisoned), || work(handle, &Task::new(foreign.clone()))));
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
        let result = opened::<S>(source).and_then(|handle| {
            guard(Some(&handle.poisoned), || handle.source.read(&Partition(token.to_text()), &Task::new(foreign.clone())))
        });
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

/// Filter answers by number; an unknown one is unsupported.
pub fn filter_answer(code: u8) -> FilterAnswer {
    match code {
        1 => FilterAnswer::Inexact,
        2 => FilterAnswer::Exact,
        _ => FilterAnswer::Unsupported,
    }
}
