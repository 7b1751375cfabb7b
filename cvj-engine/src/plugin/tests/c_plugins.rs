//! Plugins written in C: one that behaves, and one for every way to break the contract that Rust's side cannot.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use cvj_core::source::{ColumnRequest, Filter, FilterOp, FilterValue, Kind, ScanRequest};
use cvj_core::{SourceError, Status};

use super::{PATIENCE, Plugin, Recorder, compile, rows, scan};

fn open(plugin: &Plugin, patience: Duration) -> Result<(super::Source, Arc<Recorder>), SourceError> {
    let services = Arc::new(Recorder::default());
    Ok((plugin.open(&serde_json::json!({}), &services.task(), patience)?, services))
}

#[test]
fn a_source_in_c_works_like_any_other() {
    let Some((_folder, library)) = compile("minimal.c", "minimal", &[]) else { return };
    let plugin = Plugin::load(&library).unwrap();
    assert_eq!((plugin.name(), plugin.version()), ("minimal", "1.0.0"));
    assert_eq!(plugin.config_schema().unwrap()["type"], "object");
    let (source, services) = open(&plugin, PATIENCE).unwrap();
    let task = services.task();
    source.check(&task).unwrap();
    assert_eq!(services.log.lock().unwrap()[0].1, "opened the minimal source");
    let tables = source.tables(&task).unwrap();
    assert_eq!((tables[0].name.as_str(), tables[0].details.headers.len()), ("people", 3));
    assert_eq!(source.definitions(&task).unwrap(), []);

    let batches = scan(&source, &ScanRequest::all("people"), &task).unwrap();
    assert_eq!(batches[0].column(0).as_string::<i32>().value(2), "cat@example.com");
    let columns = vec![ColumnRequest { index: 2, kind: Kind::Text }, ColumnRequest { index: 1, kind: Kind::Number }];
    let request = ScanRequest { columns: Some(columns), ..ScanRequest::all("people") };
    let batches = scan(&source, &request, &task).unwrap();
    assert_eq!(batches[0].column(0).as_string::<i32>().value(0), "2026-10-01T09:00:00");
    let request = ScanRequest { columns: Some(Vec::new()), ..ScanRequest::all("people") };
    let filters = vec![Filter { column: "email".to_owned(), op: FilterOp::Eq, value: FilterValue::Text("a{\"}".to_owned()) }];
    assert_eq!(rows(&scan(&source, &ScanRequest { filters, ..request }, &task).unwrap()), 3);
    let time = vec![ColumnRequest { index: 0, kind: Kind::Time }];
    let error = source.plan(&ScanRequest { columns: Some(time), ..ScanRequest::all("people") }, &task).unwrap_err();
    assert_eq!(error.status, Status::InvalidData);
    assert_eq!(source.plan(&ScanRequest::all("nobody"), &task).unwrap_err().status, Status::NotFound);
}

#[test]
fn an_entry_that_does_not_fit_is_refused_with_its_own_message() {
    let cases: [(&[&str], &str); 16] = [
        (&["FAULT=WRONG_MAGIC"], "not a cvj plugin: the entry's magic number is 0x000000000000002a"),
        (&["FAULT=NEWER_ABI"], "it needs a newer cvj: it was built for plugin ABI 2"),
        (&["FAULT=OLDER_ABI"], "plugin ABI 0, which cvj no longer speaks"),
        (&["FAULT=SMALL_ENTRY"], "its entry has 24 bytes, fewer than the 48"),
        (&["FAULT=ABORTS"], "panic = \"abort\""),
        (&["DESCRIBE=\"\\\"just text\\\"\""], "its entry's describe is not"),
        (&["DESCRIBE=\"\""], "its entry's describe is not"),
        (&["DESCRIBE=\"{\\\"name\\\":\\\"\\\",\\\"version\\\":\\\"1\\\"}\""], "the name is empty"),
        (&["FAULT=NO_GET_INTERFACE"], "no function get_interface"),
        (&["FAULT=NO_INTERFACE"], "does not offer the interface `cvj.source/1`"),
        (&["FAULT=SMALL_INTERFACE"], "has 16 bytes, fewer than the 80 needed"),
        (&["FAULT=NULL_OPEN"], "has no function open"),
        (&["FAULT=NULL_READ"], "has no function read"),
        (&["SYMBOL=cvj_plugin_v2"], "it needs a newer cvj: it has the symbol `cvj_plugin_v2`"),
        (&["SYMBOL=something_else"], "not a cvj plugin: it has no symbol `cvj_plugin_v1`"),
        (&["FAULT=NONE"], ""),
    ];
    for (defines, expected) in cases {
        let Some((_folder, library)) = compile("broken.c", "broken", defines) else { return };
        match Plugin::load(&library) {
            Ok(plugin) => assert_eq!((plugin.name(), expected), ("broken", ""), "{defines:?}"),
            Err(refusal) => assert!(!expected.is_empty() && refusal.to_string().contains(expected), "{defines:?}: {refusal}"),
        }
    }
}

#[test]
fn a_library_under_another_plugins_name_is_refused() {
    let Some((folder, _library)) = compile("broken.c", "decent", &[]) else { return };
    let search = super::Search::standard(std::slice::from_ref(&folder.0));
    let error = search.load("decent").unwrap_err();
    assert!(error.to_string().ends_with("calls itself `broken`"), "{error}");
    let list = search.list();
    assert_eq!((list[0].name.as_str(), list[0].outcome.is_err()), ("decent", true));
}

/// Opens the source with this fault and does everything with it.
fn use_broken(fault: &str) -> Option<Result<Vec<RecordBatch>, SourceError>> {
    let (_folder, library) = compile("broken.c", "broken", &[&format!("FAULT={fault}")])?;
    let plugin = Plugin::load(&library).unwrap();
    Some((|| {
        let (source, services) = open(&plugin, Duration::from_secs(1))?;
        let task = services.task();
        source.check(&task)?;
        source.tables(&task)?;
        scan(&source, &ScanRequest::all("people"), &task)
    })())
}

#[test]
fn what_a_plugin_returns_is_checked() {
    let cases = [
        ("NO_SOURCE", "open succeeded but gave no source"),
        ("FAILS_WITHOUT_MESSAGE", "the plugin failed with status 5 and gave no message"),
        ("FAILS_WITH_NULL_TEXT", "the plugin failed with status 5 and gave no message"),
        ("FAILS_WITH_ESCAPES", "before\u{fffd}[2Jafter"),
        ("TABLES_NO_JSON", "its list of tables is not the JSON expected"),
        ("TABLES_NO_UTF8", "its list of tables is no text: it is not UTF-8"),
        ("TABLES_TWICE", "it has two tables `people`"),
        ("TABLES_NAMELESS", "it has a table with the name ``"),
        ("SCHEMA_EMPTY", "the schema of its table `people`: it was not filled in"),
        ("SCHEMA_NO_STRUCT", "it is no struct but `l`"),
        ("SCHEMA_FLOAT32", "column `id` has the type Float32, which plugins may not deliver"),
        ("SCHEMA_DICTIONARY", "column `id` is dictionary-encoded"),
        ("SCHEMA_NAME_NO_UTF8", "a format or name that is not UTF-8"),
        ("SCHEMA_NULL_CHILD", "column 2 is missing"),
        ("SCHEMA_TWICE", "it has two columns `email`"),
        ("PLAN_TOO_MANY", "it has 5000 partitions, more than 4096"),
        ("PLAN_NULL_TOKENS", "its partitions are missing"),
        ("PLAN_SAME_TOKENS", "two of its partitions have the same token"),
        ("PLAN_NO_PARTITION", "it expects 3 rows but has no partition"),
        ("PLAN_EXTRA_ANSWER", "it answers 1 filters, 0 were asked"),
        ("HANGS_IN_CHECK", "the plugin `broken` did not answer for 1 s"),
        ("NO_STREAM", "read succeeded but gave no stream"),
        ("STREAM_OTHER_SCHEMA", "a stream has another schema than it planned: column `surprise` instead of `email`"),
        ("STREAM_FAILS_SILENTLY", "the plugin `broken` ended a stream with error 5 and gave no message"),
        ("STREAM_FAILS_WITH_TEXT", "the disk is gone"),
        ("STREAM_ENDS_IN_FAILURE", "the plugin `broken` ended a stream with error 5 and gave no message"),
        ("HANGS_IN_NEXT", "the plugin `broken` did not answer for 1 s"),
    ];
    for (fault, expected) in cases {
        let Some(result) = use_broken(fault) else { return };
        let error = result.unwrap_err();
        assert!(error.message.contains(expected), "{fault}: {error}");
    }
}

#[test]
fn broken_arrays_are_errors_not_undefined_behaviour() {
    let cases = [
        ("NO_UTF8", "column `email`: "),
        ("OFFSETS_FALL", "column `email`: "),
        ("OFFSETS_NEGATIVE", "column `email`: the last offset is -1"),
        ("OFFSETS_MISALIGNED", "column `email`: the offsets are not aligned"),
        ("SHORT_COLUMN", "column `id`: 2 rows, the batch has 3"),
        ("NEGATIVE_LENGTH", "it claims -3 rows"),
        ("HUGE_LENGTH", "it claims 9223372036854775807 rows"),
        ("MISSING_VALUES", "column `id`: the values are missing"),
        ("FEW_BUFFERS", "column `email`: it has 2 buffers instead of 3"),
        ("FEW_COLUMNS", "it has 1 columns instead of 3"),
        ("NULL_COLUMN", "column `id` is missing"),
        ("NULL_ROWS", "it has rows that are null as a whole"),
        ("NULL_COUNT_LIES", "column `id`: "),
        ("NULLS_WITHOUT_BUFFER", "column `id`: 1 nulls but no validity buffer"),
    ];
    for (fault, expected) in cases {
        let Some(result) = use_broken(fault) else { return };
        let error = result.unwrap_err();
        assert!(error.message.starts_with("the plugin `broken` broke its contract: a batch: "), "{fault}: {error}");
        assert!(error.message.contains(expected), "{fault}: {error}");
    }
}

#[test]
fn nonsense_that_does_no_harm_is_borne() {
    for fault in ["NONE", "CALLBACK_NONSENSE", "MISALIGNED_VALUES"] {
        let Some(result) = use_broken(fault) else { return };
        assert_eq!(rows(&result.unwrap()), 3, "{fault}");
    }
}

#[test]
fn answers_to_filters_and_columns_are_counted() {
    for (fault, expected) in
        [("PLAN_ANSWER_7", "it answers a filter with 7"), ("PLAN_OTHER_COLUMNS", "has 1 columns, 2 were asked for")]
    {
        let Some((_folder, library)) = compile("broken.c", "broken", &[&format!("FAULT={fault}")]) else { return };
        let (source, services) = open(&Plugin::load(&library).unwrap(), PATIENCE).unwrap();
        let filter = Filter { column: "id".to_owned(), op: FilterOp::NotNull, value: FilterValue::Null };
        let columns = [0, 1].map(|index| ColumnRequest { index, kind: Kind::Any }).to_vec();
        let request = ScanRequest { filters: vec![filter], columns: Some(columns), ..ScanRequest::all("people") };
        let error = source.plan(&request, &services.task()).unwrap_err();
        assert!(error.message.contains(expected), "{fault}: {error}");
    }
}
