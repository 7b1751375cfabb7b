//! Planning a scan: the request as the plugin reads it, and the plan that comes back.
#![expect(unsafe_code, reason = "the safe caller of the plugin ABI")]

use std::collections::HashSet;

use arrow_schema::ffi::FFI_ArrowSchema;
use cvj_core::SourceError;
use cvj_core::abi::{CvjColumn, CvjScanPlan, CvjScanRequest, CvjStr, CvjTask};
use cvj_core::export::filter_answer;
use cvj_core::source::{FilterAnswer, Partition, ScanPlan, ScanRequest};

use super::arrow::import_schema;
use super::foreign::{Answer, strict_text};
use super::source::Opened;

/// More partitions than this help nobody.
const MOST_PARTITIONS: u64 = 4096;
const LONGEST_TOKEN: usize = 1 << 20;

/// Calls `plan` and checks its answer.
pub(super) fn plan(opened: &Opened, request: &ScanRequest, task: *const CvjTask) -> Result<ScanPlan, SourceError> {
    let columns: Vec<CvjColumn> = request
        .columns
        .iter()
        .flatten()
        .map(|column| CvjColumn { index: u32::try_from(column.index).unwrap_or(u32::MAX), kind: column.kind as u32 })
        .collect();
    let filters = serde_json::to_string(&request.filters).map_err(|error| {
        SourceError::new(cvj_core::Status::InvalidArgument, format!("a filter cannot be written as JSON: {error}"))
    })?;
    let raw_request = CvjScanRequest {
        struct_size: size_of::<CvjScanRequest>() as u32,
        reserved: 0,
        table: CvjStr::new(&request.table),
        columns: columns.as_ptr(),
        n_columns: if request.columns.is_some() { columns.len() as i64 } else { -1 },
        filters_json: CvjStr::new(&filters),
        limit: request.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1),
        target_partitions: u32::try_from(request.target_partitions).unwrap_or(u32::MAX),
        batch_rows: u32::try_from(request.batch_rows).unwrap_or(u32::MAX),
    };
    let mut answer = Answer::new();
    let mut plan = RawPlan::new();
    if let Some(make_plan) = opened.plugin.interface().plan {
        // SAFETY: source, request and task are valid for the call, plan and error are zeroed.
        let code = unsafe { make_plan(opened.raw(), &raw const raw_request, task, &raw mut plan.0, answer.as_mut()) };
        answer.check(code)?;
    }
    // SAFETY: filled in by a call that succeeded; released when `plan` is dropped.
    unsafe { plan.copy(request) }
        .map_err(|what| opened.plugin.fault(format_args!("the plan for its table `{}`: {what}", request.table)))
}

struct RawPlan(CvjScanPlan);

impl RawPlan {
    fn new() -> Self {
        Self(CvjScanPlan {
            struct_size: size_of::<CvjScanPlan>() as u32,
            reserved: 0,
            n_partitions: 0,
            partitions: std::ptr::null(),
            n_filters: 0,
            filters: std::ptr::null(),
            rows: -1,
            schema: FFI_ArrowSchema::empty(),
            release: None,
            private_data: std::ptr::null_mut(),
        })
    }

    /// # Safety
    /// Arrays and texts must be null or readable as long as they say.
    unsafe fn copy(&self, request: &ScanRequest) -> Result<ScanPlan, String> {
        let raw = &self.0;
        let schema = import_schema(&raw.schema)?;
        if let Some(columns) = &request.columns
            && columns.len() != schema.fields().len()
        {
            return Err(format!("its schema has {} columns, {} were asked for", schema.fields().len(), columns.len()));
        }
        let rows = u64::try_from(raw.rows).ok();
        if raw.n_partitions > MOST_PARTITIONS {
            return Err(format!("it has {} partitions, more than {MOST_PARTITIONS}", raw.n_partitions));
        }
        if raw.n_partitions == 0 && rows.is_some_and(|rows| rows > 0) {
            return Err(format!("it expects {} rows but has no partition", raw.rows));
        }
        // SAFETY: promised by the caller.
        let (texts, answers) = unsafe {
            let texts = elements(raw.partitions, raw.n_partitions).ok_or("its partitions are missing")?;
            if raw.n_filters != request.filters.len() as u64 {
                return Err(format!("it answers {} filters, {} were asked", raw.n_filters, request.filters.len()));
            }
            (texts, elements(raw.filters, raw.n_filters).ok_or("its filter answers are missing")?)
        };
        let mut tokens = HashSet::new();
        let mut partitions = Vec::with_capacity(texts.len());
        for text in texts {
            // SAFETY: promised by the caller.
            let token =
                unsafe { strict_text(*text, LONGEST_TOKEN) }.map_err(|why| format!("a partition's token is no text: {why}"))?;
            if !tokens.insert(token.clone()) {
                return Err("two of its partitions have the same token: their rows would count twice".to_owned());
            }
            partitions.push(Partition(token));
        }
        let filters: Result<Vec<FilterAnswer>, String> = answers
            .iter()
            .map(|code| {
                if *code <= FilterAnswer::Exact as u8 {
                    Ok(filter_answer(*code))
                } else {
                    Err(format!("it answers a filter with {code}"))
                }
            })
            .collect();
        Ok(ScanPlan { schema, partitions, filters: filters?, rows })
    }
}

/// # Safety
/// `first` must be null or point at `count` elements.
unsafe fn elements<'a, T>(first: *const T, count: u64) -> Option<&'a [T]> {
    if count == 0 {
        return Some(&[]);
    }
    let count = usize::try_from(count).ok()?;
    // SAFETY: promised by the caller; not null and aligned.
    (!first.is_null() && first.is_aligned()).then(|| unsafe { std::slice::from_raw_parts(first, count) })
}

impl Drop for RawPlan {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: released once, by its owner's function; the schema has a release of its own.
            unsafe { release(&raw mut self.0) };
        }
    }
}
