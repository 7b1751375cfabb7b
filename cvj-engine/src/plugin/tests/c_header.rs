//! `cvj_plugin.h` compiles as C99 and as C++, and says the same as `cvj_core::abi`.

use std::mem::offset_of;
use std::process::Command;

use cvj_core::Status;
use cvj_core::abi::{
    ABI_MAJOR, ABI_MINOR, CvjBuf, CvjColumn, CvjEntry, CvjError, CvjRejected, CvjScanPlan, CvjScanRequest, CvjSource,
    CvjSourceInterface, CvjStr, CvjTask, ERROR_RETRYABLE, FLAG_REMOTE, FLAG_UNWINDS, INTERFACE_SOURCE_1, MAGIC,
};

use super::{Folder, root, run};

macro_rules! layout {
    ($($type:ident { $($field:ident),* })*) => {
        vec![$(
            format!("{} {}", stringify!($type), size_of::<$type>()),
            $(format!("{}.{} {}", stringify!($type), stringify!($field), offset_of!($type, $field)),)*
        )*]
    };
}

#[test]
fn the_header_has_rusts_layout() {
    let folder = Folder::new();
    let program = folder.0.join("layout");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I"]).arg(root().join("cvj-core/include"));
    cc.arg(root().join("tests/c_plugin/layout.c")).arg("-o").arg(&program);
    if run(cc).is_none() {
        return;
    }
    let printed = run(Command::new(program)).unwrap();
    let mut expected = layout! {
        CvjStr { ptr, len }
        CvjBuf { ptr, len, release, private_data }
        CvjError { struct_size, status, flags, reserved, retry_after_ms, message, hint, release, private_data }
        CvjEntry { magic, abi_major, abi_minor, struct_size, flags, reserved, describe, get_interface }
        CvjTask { struct_size, reserved, context, source, folder, log, progress, is_cancelled, secret, reject, left_out }
        CvjRejected { struct_size, reserved, row, line, file, column, why, value }
        CvjSource { struct_size, reserved, release, private_data }
        CvjColumn { index, kind }
        CvjScanRequest { struct_size, reserved, table, columns, n_columns, filters_json, limit, target_partitions, batch_rows }
        CvjScanPlan { struct_size, reserved, n_partitions, partitions, n_filters, filters, rows, schema, release, private_data }
        CvjSourceInterface {
            struct_size, reserved, config_schema, open, check, tables, table_schema, definitions, plan, read, stream_error
        }
    };
    expected.push(format!(
        "constants {MAGIC:x} {ABI_MAJOR} {ABI_MINOR} {FLAG_UNWINDS} {FLAG_REMOTE} {ERROR_RETRYABLE} {INTERFACE_SOURCE_1}"
    ));
    let statuses = [
        Status::Internal,
        Status::InvalidArgument,
        Status::NotFound,
        Status::InvalidData,
        Status::Io,
        Status::Cancelled,
        Status::Timeout,
        Status::Unauthenticated,
        Status::Unauthorized,
        Status::RateLimited,
        Status::SchemaChanged,
        Status::NotImplemented,
    ];
    expected.push(format!("statuses {}", statuses.map(|status| status.code().to_string()).join(" ")));
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_header_is_cpp_too() {
    let folder = Folder::new();
    let source = folder.0.join("empty.cpp");
    std::fs::write(&source, "#include \"cvj_plugin.h\"\n").unwrap();
    let mut cpp = Command::new("c++");
    cpp.args(["-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"]);
    cpp.arg(root().join("cvj-core/include")).arg(source);
    run(cpp);
}
