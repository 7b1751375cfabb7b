//! Arrow data from a plugin, believed only after it was checked: shapes before the import, values after it.
#![expect(unsafe_code, reason = "the safe caller of the plugin ABI")]

use std::ffi::CStr;
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};

/// A table that is wider is a mistake.
const MOST_COLUMNS: i64 = 1 << 14;
/// A batch that is longer is a mistake: offsets of text are 32-bit.
const MOST_ROWS: i64 = i32::MAX as i64;

/// The schema of a table, plan or stream; the error says what is wrong with it.
pub(super) fn import_schema(raw: &FFI_ArrowSchema) -> Result<SchemaRef, String> {
    // SAFETY: filled in by a call that succeeded and not yet released.
    unsafe { check_schema(raw, true) }?;
    let schema = Schema::try_from(raw).map_err(|error| error.to_string())?;
    let mut names = std::collections::HashSet::new();
    for field in schema.fields() {
        let name = field.name();
        if name.is_empty() {
            return Err("it has a column without a name".to_owned());
        }
        if !names.insert(name) {
            return Err(format!("it has two columns `{name}`"));
        }
        if !is_allowed(field.data_type()) {
            return Err(format!("column `{name}` has the type {}, which plugins may not deliver", field.data_type()));
        }
    }
    Ok(Arc::new(schema))
}

/// The types allowed across the boundary: see [`TableInfo::schema`](cvj_core::source::TableInfo::schema).
fn is_allowed(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Int64
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Utf8
        | DataType::Date32 => true,
        DataType::Timestamp(TimeUnit::Microsecond, zone) => zone.as_deref().is_none_or(|zone| zone == "UTC"),
        _ => false,
    }
}

/// Refuses what makes the Arrow library panic: missing pointers and text that is not UTF-8.
///
/// # Safety
/// The pointers in `raw` must be null or valid.
unsafe fn check_schema(raw: &FFI_ArrowSchema, is_table: bool) -> Result<(), String> {
    if raw.release.is_none() {
        return Err("it was not filled in".to_owned());
    }
    if raw.format.is_null() {
        return Err("it has no format".to_owned());
    }
    // SAFETY: the Arrow specification has NUL-terminated text there.
    let (format, name) = unsafe {
        let name = (!raw.name.is_null()).then(|| CStr::from_ptr(raw.name));
        (CStr::from_ptr(raw.format).to_str(), name.map_or(Ok(""), CStr::to_str))
    };
    let (Ok(format), Ok(name)) = (format, name) else {
        return Err("it has a format or name that is not UTF-8".to_owned());
    };
    if !raw.dictionary.is_null() {
        return Err(format!("column `{name}` is dictionary-encoded, which plugins may not deliver"));
    }
    if !is_table {
        // Nested types are told by the type check, with the column's name; their children are not looked at.
        return if raw.n_children == 0 { Ok(()) } else { Err(format!("column `{name}` has the nested type `{format}`")) };
    }
    if format != "+s" {
        return Err(format!("it is no struct but `{format}`"));
    }
    if !(0..=MOST_COLUMNS).contains(&raw.n_children) || (raw.n_children > 0 && raw.children.is_null()) {
        return Err(format!("it claims {} columns", raw.n_children));
    }
    for index in 0..raw.n_children as usize {
        // SAFETY: `children` has that many pointers.
        match unsafe { (*raw.children.add(index)).as_ref() } {
            // SAFETY: promised by the caller.
            Some(child) => unsafe { check_schema(child, false) }?,
            None => return Err(format!("column {} is missing", index + 1)),
        }
    }
    Ok(())
}

/// The first difference between the schema planned and the one of a stream.
pub(super) fn difference(planned: &Schema, found: &Schema) -> Option<String> {
    if planned.fields().len() != found.fields().len() {
        return Some(format!("{} columns instead of {}", found.fields().len(), planned.fields().len()));
    }
    planned.fields().iter().zip(found.fields()).find_map(|(planned, found)| {
        if planned.name() != found.name() {
            Some(format!("column `{}` instead of `{}`", found.name(), planned.name()))
        } else if planned.data_type() != found.data_type() {
            Some(format!("column `{}` as {} instead of {}", found.name(), found.data_type(), planned.data_type()))
        } else if found.is_nullable() && !planned.is_nullable() {
            Some(format!("column `{}` nullable instead of not", found.name()))
        } else {
            None
        }
    })
}

/// A batch of `schema`; the error says what is wrong with it.
pub(super) fn import_batch(raw: FFI_ArrowArray, schema: &SchemaRef) -> Result<RecordBatch, String> {
    check_shape(&raw, 1, schema.fields().len())?;
    if raw.length == 0 {
        return Ok(RecordBatch::new_empty(schema.clone()));
    }
    let (rows, offset) = (raw.len(), raw.offset());
    for (index, field) in schema.fields().iter().enumerate() {
        // SAFETY: the shape says that there are that many children.
        let child = unsafe { (*raw.children.add(index)).as_ref() };
        let child = child.ok_or_else(|| format!("column `{}` is missing", field.name()))?;
        check_column(child, field.data_type(), rows + offset).map_err(|why| format!("column `{}`: {why}", field.name()))?;
    }
    let named = |error: arrow_schema::ArrowError| error.to_string();
    // SAFETY: the shape was checked; that pointers point at what they should is the plugin's promise.
    let data = unsafe { from_ffi_and_data_type(raw, DataType::Struct(schema.fields().clone())) }.map_err(named)?;
    if data.null_count() > 0 {
        return Err("it has rows that are null as a whole".to_owned());
    }
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (child, field) in data.child_data().iter().zip(schema.fields()) {
        child.validate_full().map_err(|error| format!("column `{}`: {error}", field.name()))?;
        columns.push(make_array(child.slice(offset, rows)));
    }
    RecordBatch::try_new_with_options(schema.clone(), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
        .map_err(named)
}

fn check_shape(raw: &FFI_ArrowArray, buffers: i64, children: usize) -> Result<(), String> {
    if !(0..=MOST_ROWS).contains(&raw.length) || !(0..=MOST_ROWS).contains(&raw.offset) || raw.length + raw.offset > MOST_ROWS {
        return Err(format!("it claims {} rows from row {}", raw.length, raw.offset));
    }
    if raw.null_count < -1 || raw.null_count > raw.length {
        return Err(format!("it claims {} nulls in {} rows", raw.null_count, raw.length));
    }
    if raw.n_buffers != buffers || raw.buffers.is_null() {
        return Err(format!("it has {} buffers instead of {buffers}", raw.n_buffers));
    }
    if usize::try_from(raw.n_children) != Ok(children) || (children > 0 && raw.children.is_null()) {
        return Err(format!("it has {} columns instead of {children}", raw.n_children));
    }
    if !raw.dictionary.is_null() {
        return Err("it has a dictionary".to_owned());
    }
    Ok(())
}

fn check_column(raw: &FFI_ArrowArray, data_type: &DataType, needed: usize) -> Result<(), String> {
    let is_text = *data_type == DataType::Utf8;
    check_shape(raw, if is_text { 3 } else { 2 }, 0)?;
    if raw.len() < needed {
        return Err(format!("{} rows, the batch has {needed}", raw.len()));
    }
    if raw.null_count > 0 && raw.buffer(0).is_null() {
        return Err(format!("{} nulls but no validity buffer", raw.null_count));
    }
    let values = raw.buffer(1);
    if values.is_null() {
        return Err("the values are missing".to_owned());
    }
    if !is_text {
        return Ok(());
    }
    #[expect(clippy::cast_ptr_alignment, reason = "checked in the next line")]
    let offsets = values.cast::<i32>();
    if !offsets.is_aligned() {
        return Err("the offsets are not aligned to 4 bytes".to_owned());
    }
    // SAFETY: there is one more offset than there are rows, from the array's own offset on.
    let last = unsafe { *offsets.add(raw.len() + raw.offset()) };
    if last < 0 {
        return Err(format!("the last offset is {last}"));
    }
    if last > 0 && raw.buffer(2).is_null() { Err("the text is missing".to_owned()) } else { Ok(()) }
}
