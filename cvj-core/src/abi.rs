//! The C ABI between host and plugin: layouts only. `include/cvj_plugin.h` says the same in C.
//!
//! Rules: tables grow only at their end and begin with `struct_size`; whoever allocates frees, through `release`; text is
//! UTF-8 with a length, never NUL-terminated; data crosses as Arrow C structs; every call blocks; no panic crosses.
//!
//! **Invariant:** an existing field never moves or changes its meaning. New behaviour is a new interface id.
#![expect(unsafe_code, reason = "this module and `export` are the ABI")]

use std::ffi::{c_int, c_void};

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::ffi::FFI_ArrowSchema;

use crate::error::Status;

/// "CVJPLUG1" in ASCII, most significant byte first.
pub const MAGIC: u64 = 0x4356_4A50_4C55_4731;
/// The major version is also in the symbol's name.
pub const ABI_MAJOR: u16 = 1;
/// The highest minor version whose fields this crate fills in.
pub const ABI_MINOR: u16 = 0;
/// Set when the plugin was built so that panics unwind; without it, guards cannot protect the host.
pub const FLAG_UNWINDS: u32 = 1;
/// Set when the plugin's data comes over a network: planning and reading cost calls, and the host keeps what it pulled.
pub const FLAG_REMOTE: u32 = 2;
/// The one exported symbol: a static [`CvjEntry`].
pub const ENTRY_SYMBOL: &str = "cvj_plugin_v1";
/// The interface that every plugin offers: a [`CvjSourceInterface`].
pub const INTERFACE_SOURCE_1: &str = "cvj.source/1";
/// Error flag: the same call may work if tried again.
pub const ERROR_RETRYABLE: u32 = 1;

/// Borrowed text, valid for the call only (in static data: for ever).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct CvjStr {
    /// First byte; may be null when `len` is 0.
    pub ptr: *const u8,
    /// Bytes.
    pub len: usize,
}

// SAFETY: a `CvjStr` in static data points at static bytes; elsewhere it never outlives the call that it is passed to.
unsafe impl Sync for CvjStr {}
// SAFETY: as above.
unsafe impl Send for CvjStr {}

impl CvjStr {
    /// Borrows `text`.
    pub const fn new(text: &str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }

    /// Copies the text; bytes that are no UTF-8 become `U+FFFD`.
    ///
    /// # Safety
    /// `ptr` must point at `len` readable bytes, or `len` must be 0.
    pub unsafe fn to_text(self) -> String {
        if self.ptr.is_null() || self.len == 0 {
            return String::new();
        }
        // SAFETY: the caller vouches for pointer and length.
        let bytes = unsafe { std::slice::from_raw_parts(self.ptr, self.len) };
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// Bytes owned by the side that made them.
#[repr(C)]
pub struct CvjBuf {
    /// First byte.
    pub ptr: *const u8,
    /// Bytes.
    pub len: usize,
    /// Frees; null when there is nothing to free.
    pub release: Option<unsafe extern "C" fn(*mut CvjBuf)>,
    /// The owner's.
    pub private_data: *mut c_void,
}

impl CvjBuf {
    /// Nothing.
    pub const fn empty() -> Self {
        Self { ptr: std::ptr::null(), len: 0, release: None, private_data: std::ptr::null_mut() }
    }
}

/// Why a call failed. The caller passes [`CvjError::empty`]; the callee fills it in only on failure and only if `struct_size`
/// covers it; the caller releases it.
#[repr(C)]
pub struct CvjError {
    /// `sizeof(CvjError)` of the side that allocated it.
    pub struct_size: u32,
    /// A [`Status`] number.
    pub status: i32,
    /// Bit 0: retryable.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
    /// Milliseconds to wait before trying again; negative: not said.
    pub retry_after_ms: i64,
    /// One sentence.
    pub message: CvjStr,
    /// What to do; may be empty.
    pub hint: CvjStr,
    /// Frees; null when there is nothing to free.
    pub release: Option<unsafe extern "C" fn(*mut CvjError)>,
    /// The owner's.
    pub private_data: *mut c_void,
}

impl CvjError {
    /// An error to pass to a call: all zero but `struct_size` and `retry_after_ms` (-1).
    pub const fn empty() -> Self {
        const NONE: CvjStr = CvjStr { ptr: std::ptr::null(), len: 0 };
        Self {
            struct_size: size_of::<Self>() as u32,
            status: 0,
            flags: 0,
            reserved: 0,
            retry_after_ms: -1,
            message: NONE,
            hint: NONE,
            release: None,
            private_data: std::ptr::null_mut(),
        }
    }
}

/// The static data symbol `cvj_plugin_v1`: the host reads it before it calls any plugin code.
#[repr(C)]
pub struct CvjEntry {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`ABI_MAJOR`].
    pub abi_major: u16,
    /// The highest minor version whose fields are filled in.
    pub abi_minor: u16,
    /// `sizeof(CvjEntry)` when the plugin was built.
    pub struct_size: u32,
    /// [`FLAG_UNWINDS`], [`FLAG_REMOTE`].
    pub flags: u32,
    /// 0.
    pub reserved: u32,
    /// Static JSON: `{"name", "version", "doc", "sdk"}`.
    pub describe: CvjStr,
    /// The table of an interface id, or null. [any thread, concurrent]
    pub get_interface: Option<unsafe extern "C" fn(CvjStr) -> *const c_void>,
}

/// What the host does for a plugin during one call; for `read`, until the stream is released.
/// Every function may be called from any thread at any time.
#[repr(C)]
pub struct CvjTask {
    /// `sizeof(CvjTask)` of the host.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Pass it back as the first argument.
    pub context: *mut c_void,
    /// The source's name in the configuration.
    pub source: CvjStr,
    /// The client's folder: relative paths start here.
    pub folder: CvjStr,
    /// Level 1 (error) to 5 (trace), one line.
    pub log: Option<unsafe extern "C" fn(*mut c_void, u32, CvjStr)>,
    /// Done, total (negative: unknown), unit.
    pub progress: Option<unsafe extern "C" fn(*mut c_void, u64, i64, CvjStr)>,
    /// Non-zero when the work should stop.
    pub is_cancelled: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    /// The value of a secret by name. 0, or a status with the error filled in.
    pub secret: Option<unsafe extern "C" fn(*mut c_void, CvjStr, *mut CvjBuf, *mut CvjError) -> i32>,
    /// A cell or row that cannot be read: before the batch that holds it is returned.
    pub reject: Option<unsafe extern "C" fn(*mut c_void, *const CvjRejected)>,
    /// Lines that are no rows of data: why, how many.
    pub left_out: Option<unsafe extern "C" fn(*mut c_void, CvjStr, u64)>,
}

/// A cell or row that cannot be read.
#[repr(C)]
pub struct CvjRejected {
    /// `sizeof(CvjRejected)` of the plugin.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Place in this partition's stream, from 0; negative: the row is not delivered.
    pub row: i64,
    /// Line in the file, from 1.
    pub line: u64,
    /// File name without folders.
    pub file: CvjStr,
    /// Column; empty for the whole row.
    pub column: CvjStr,
    /// Reason, without the value.
    pub why: CvjStr,
    /// The text that could not be read.
    pub value: CvjStr,
}

/// An opened source. The caller allocates it zeroed, the plugin fills it in.
#[repr(C)]
pub struct CvjSource {
    /// `sizeof(CvjSource)` of the host.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Frees; sets itself to null. Any thread; must not fail.
    pub release: Option<unsafe extern "C" fn(*mut CvjSource)>,
    /// The plugin's.
    pub private_data: *mut c_void,
}

/// One column of a scan.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct CvjColumn {
    /// Index into the table's schema.
    pub index: u32,
    /// A [`Kind`](crate::source::Kind) number.
    pub kind: u32,
}

/// A request to scan one table.
#[repr(C)]
pub struct CvjScanRequest {
    /// `sizeof(CvjScanRequest)` of the host.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// The table's name.
    pub table: CvjStr,
    /// The columns wanted, in order.
    pub columns: *const CvjColumn,
    /// -1: all as found; 0: row counts only.
    pub n_columns: i64,
    /// A JSON array of filters, all of which must hold.
    pub filters_json: CvjStr,
    /// -1: none.
    pub limit: i64,
    /// A hint.
    pub target_partitions: u32,
    /// A hint.
    pub batch_rows: u32,
}

/// How a scan is split. The caller allocates it zeroed, the plugin fills it in.
#[repr(C)]
pub struct CvjScanPlan {
    /// `sizeof(CvjScanPlan)` of the host.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Number of partitions.
    pub n_partitions: u64,
    /// Their tokens.
    pub partitions: *const CvjStr,
    /// Number of filter answers: exactly that of the filters.
    pub n_filters: u64,
    /// 0 unsupported, 1 inexact, 2 exact.
    pub filters: *const u8,
    /// Rows expected; -1: unknown.
    pub rows: i64,
    /// Schema of every stream.
    pub schema: FFI_ArrowSchema,
    /// Frees all but the schema, which has its own release.
    pub release: Option<unsafe extern "C" fn(*mut CvjScanPlan)>,
    /// The plugin's.
    pub private_data: *mut c_void,
}

/// The interface `cvj.source/1`. Every function returns 0, or a [`Status`] number with the error filled in.
/// All may be called from any thread, concurrently; a stream by one thread at a time.
#[repr(C)]
pub struct CvjSourceInterface {
    /// `sizeof(CvjSourceInterface)` when the plugin was built.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// JSON Schema 2020-12 of the configuration, offline.
    pub config_schema: Option<unsafe extern "C" fn(*mut CvjBuf, *mut CvjError) -> i32>,
    /// Opens a source with a JSON configuration.
    pub open: Option<unsafe extern "C" fn(CvjStr, *const CvjTask, *mut CvjSource, *mut CvjError) -> i32>,
    /// One cheap call.
    pub check: Option<unsafe extern "C" fn(*mut CvjSource, *const CvjTask, *mut CvjError) -> i32>,
    /// JSON array of tables: `{"name", "doc", "key", "rows_expected", "files", "headers", "preamble", "format"}`.
    pub tables: Option<unsafe extern "C" fn(*mut CvjSource, *const CvjTask, *mut CvjBuf, *mut CvjError) -> i32>,
    /// Schema of one table, by name.
    pub table_schema:
        Option<unsafe extern "C" fn(*mut CvjSource, CvjStr, *const CvjTask, *mut FFI_ArrowSchema, *mut CvjError) -> i32>,
    /// JSON array of default definitions; may be null.
    pub definitions: Option<unsafe extern "C" fn(*mut CvjSource, *const CvjTask, *mut CvjBuf, *mut CvjError) -> i32>,
    /// Plans a scan.
    pub plan: Option<
        unsafe extern "C" fn(*mut CvjSource, *const CvjScanRequest, *const CvjTask, *mut CvjScanPlan, *mut CvjError) -> i32,
    >,
    /// Opens one partition. The task stays valid until the stream is released.
    pub read:
        Option<unsafe extern "C" fn(*mut CvjSource, CvjStr, *const CvjTask, *mut FFI_ArrowArrayStream, *mut CvjError) -> i32>,
    /// The rich error behind the errno of a stream's last call, borrowed until its next one; null if there is none.
    /// Only for streams that this plugin's `read` made.
    pub stream_error: Option<unsafe extern "C" fn(*mut FFI_ArrowArrayStream) -> *const CvjError>,
}

/// The errno that a stream callback returns for a status.
pub fn errno(status: Status) -> c_int {
    match status {
        Status::Cancelled => 125,
        Status::Timeout => 110,
        Status::InvalidArgument | Status::InvalidData | Status::SchemaChanged => 22,
        Status::Unauthenticated | Status::Unauthorized => 13,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    /// The layout is frozen: a changed row here is a broken plugin somewhere. Sizes are for 64-bit targets.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn layout_is_frozen() {
        assert_eq!(size_of::<CvjStr>(), 16);
        assert_eq!(size_of::<CvjBuf>(), 32);
        assert_eq!((size_of::<CvjError>(), offset_of!(CvjError, message), offset_of!(CvjError, release)), (72, 24, 56));
        assert_eq!((size_of::<CvjEntry>(), offset_of!(CvjEntry, describe), offset_of!(CvjEntry, get_interface)), (48, 24, 40));
        assert_eq!((size_of::<CvjTask>(), offset_of!(CvjTask, log), offset_of!(CvjTask, left_out)), (96, 48, 88));
        assert_eq!((size_of::<CvjRejected>(), offset_of!(CvjRejected, file)), (88, 24));
        assert_eq!(size_of::<CvjSource>(), 24);
        assert_eq!((size_of::<CvjScanRequest>(), offset_of!(CvjScanRequest, filters_json)), (72, 40));
        assert_eq!((size_of::<CvjScanPlan>(), offset_of!(CvjScanPlan, schema)), (136, 48));
        assert_eq!((size_of::<CvjSourceInterface>(), offset_of!(CvjSourceInterface, stream_error)), (80, 72));
    }
}
