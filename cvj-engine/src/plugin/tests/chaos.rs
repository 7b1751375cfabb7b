//! Every fault of the chaos plugin: an error, never a crash, never an early end, and never longer than the patience.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::DataType;
use cvj_core::source::{ColumnRequest, Filter, FilterAnswer, FilterOp, FilterValue, Kind, Level, ScanRequest};
use cvj_core::{SourceError, Status};

use super::{PATIENCE, Recorder, chaos, open_chaos, rows, scan};

fn misbehaving(fault: &str) -> String {
    format!(r#"{{"misbehave":"{fault}"}}"#)
}

/// The error of a whole scan of `events`; the source is released within the test.
fn failure(fault: &str) -> SourceError {
    let services = Arc::new(Recorder::default());
    let source = open_chaos(&misbehaving(fault), &services).unwrap();
    scan(&source, &ScanRequest::all("events"), &services.task()).unwrap_err()
}

fn ids(batches: &[arrow_array::RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
}

#[test]
fn a_plugin_describes_itself() {
    let plugin = chaos();
    assert_eq!((plugin.name(), plugin.version()), ("chaos", env!("CARGO_PKG_VERSION")));
    assert!(!plugin.doc().is_empty());
    let schema = plugin.config_schema().unwrap();
    assert_eq!(schema["properties"]["rows"]["type"], "integer");
}

#[test]
fn a_well_behaved_source_gives_all_rows() {
    let services = Arc::new(Recorder::default());
    let task = services.task();
    let source = open_chaos(r#"{"rows":1000}"#, &services).unwrap();
    source.check(&task).unwrap();
    assert_eq!(source.definitions(&task).unwrap(), []);
    let tables = source.tables(&task).unwrap();
    assert_eq!((tables.len(), tables[0].name.as_str(), tables[0].details.rows_expected), (1, "events", Some(1000)));
    assert_eq!(tables[0].schema.field(3).data_type(), &DataType::Decimal128(18, 2));
    let request = ScanRequest { target_partitions: 4, ..ScanRequest::all("events") };
    let batches = scan(&source, &request, &task).unwrap();
    assert_eq!(ids(&batches), (1..=1000).collect::<Vec<i64>>());
    assert_eq!(batches[0].schema().fields(), tables[0].schema.fields());
}

#[test]
fn projection_keeps_its_order_and_row_counts_need_no_column() {
    let services = Arc::new(Recorder::default());
    let source = open_chaos("{}", &services).unwrap();
    let columns = vec![ColumnRequest { index: 3, kind: Kind::Number }, ColumnRequest { index: 0, kind: Kind::Text }];
    let request = ScanRequest { columns: Some(columns), ..ScanRequest::all("events") };
    let batches = scan(&source, &request, &services.task()).unwrap();
    let schema = batches[0].schema();
    assert_eq!((schema.field(0).name().as_str(), schema.field(1).data_type()), ("amount", &DataType::Utf8));
    let request = ScanRequest { columns: Some(Vec::new()), ..ScanRequest::all("events") };
    let batches = scan(&source, &request, &services.task()).unwrap();
    assert_eq!((rows(&batches), batches[0].num_columns()), (10, 0));
}

#[test]
fn filters_are_answered_one_by_one() {
    let services = Arc::new(Recorder::default());
    let filter = Filter { column: "id".to_owned(), op: FilterOp::Ge, value: FilterValue::Integer(3) };
    let request = ScanRequest { filters: vec![filter.clone(), filter], ..ScanRequest::all("events") };
    let source = open_chaos("{}", &services).unwrap();
    assert_eq!(source.plan(&request, &services.task()).unwrap().filters, [FilterAnswer::Unsupported; 2]);
    let source = open_chaos(&misbehaving("short-filter-answers"), &services).unwrap();
    let error = source.plan(&request, &services.task()).unwrap_err();
    assert!(error.message.contains("answers 1 filters, 2 were asked"), "{error}");
}

#[test]
fn a_wrong_configuration_is_named() {
    let services = Arc::new(Recorder::default());
    let error = open_chaos(r#"{"rowz":3}"#, &services).unwrap_err();
    assert_eq!(error.status, Status::InvalidArgument);
    assert!(error.message.contains("rowz"), "{error}");
}

#[test]
fn a_panic_is_an_error_and_poisons_only_its_source() {
    let services = Arc::new(Recorder::default());
    let task = services.task();
    let error = open_chaos(&misbehaving("panic-in-open"), &services).unwrap_err();
    assert!(error.message.contains("panicked: chaos was asked to panic in open"), "{error}");
    let source = open_chaos(&misbehaving("panic-in-check"), &services).unwrap();
    assert!(source.check(&task).unwrap_err().message.contains("panic in check"));
    assert!(source.tables(&task).unwrap_err().message.contains("earlier call"));
    let source = open_chaos(&misbehaving("panic-in-tables"), &services).unwrap();
    assert!(source.tables(&task).unwrap_err().message.contains("panic in tables"));
    assert!(failure("panic-in-plan").message.contains("panic in plan"));
    assert!(failure("panic-in-stream").message.contains("panic in its stream"));
    assert_eq!(failure("panic-with-payload-that-panics-on-drop").status, Status::Internal);
    let fresh = open_chaos("{}", &services).unwrap();
    assert_eq!(rows(&scan(&fresh, &ScanRequest::all("events"), &task).unwrap()), 10);
}

#[test]
fn a_panic_while_releasing_harms_nobody() {
    let services = Arc::new(Recorder::default());
    for fault in ["panic-in-release", "panic-in-stream-release"] {
        let source = open_chaos(&misbehaving(fault), &services).unwrap();
        assert_eq!(rows(&scan(&source, &ScanRequest::all("events"), &services.task()).unwrap()), 10, "{fault}");
        drop(source);
    }
}

#[test]
fn an_error_in_a_stream_comes_whole_and_once() {
    let error = failure("error-in-stream");
    assert_eq!((error.status, error.message.as_str()), (Status::RateLimited, "chaos was asked to fail in its stream"));
    assert_eq!((error.hint.as_deref(), error.retryable), (Some("ask it for something else"), true));
    assert_eq!(error.retry_after, Some(Duration::from_millis(1500)));

    let services = Arc::new(Recorder::default());
    let source = open_chaos(&misbehaving("error-in-stream"), &services).unwrap();
    let plan = source.plan(&ScanRequest::all("events"), &services.task()).unwrap();
    let results: Vec<bool> =
        source.read(&plan.partitions[0], plan.schema.clone(), &services.task()).unwrap().map(|batch| batch.is_ok()).collect();
    assert_eq!(results, [true, false]);
}

#[test]
fn a_dead_producer_and_a_nul_byte_are_errors() {
    assert!(failure("producer-dies").message.contains("let its producer die"));
    assert_eq!(failure("nul-in-error").message, "before\u{fffd}after the NUL byte");
    assert!(failure("wrong-batch-schema").message.contains("another schema"));
}

#[test]
fn a_changed_schema_is_told_and_may_pass() {
    assert_eq!(failure("schema-changed-always").status, Status::SchemaChanged);
    let services = Arc::new(Recorder::default());
    let source = open_chaos(&misbehaving("schema-changed-once"), &services).unwrap();
    let request = ScanRequest::all("events");
    assert_eq!(scan(&source, &request, &services.task()).unwrap_err().status, Status::SchemaChanged);
    assert_eq!(rows(&scan(&source, &request, &services.task()).unwrap()), 10);
}

/// Opens with a short patience, hangs for a minute, and measures what the host waits.
fn given_up_after(fault: &str, work: impl FnOnce(&super::Source, &Arc<Recorder>) -> SourceError) -> SourceError {
    let services = Arc::new(Recorder::default());
    let config = serde_json::from_str(&misbehaving(fault)).unwrap();
    let source = chaos().open(&config, &services.task(), Duration::from_millis(500)).unwrap();
    let start = Instant::now();
    let error = work(&source, &services);
    assert!(start.elapsed() < Duration::from_secs(10), "{fault}");
    drop(source);
    assert!(start.elapsed() < Duration::from_secs(10), "{fault}");
    error
}

#[test]
fn a_source_that_hangs_is_left_behind() {
    let services = Arc::new(Recorder::default());
    let config = serde_json::from_str(&misbehaving("hang-in-open")).unwrap();
    let error = chaos().open(&config, &services.task(), Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.status, Status::Timeout);
    assert!(error.message.contains("the plugin `chaos` did not answer for 1 s"), "{error}");

    let error = given_up_after("hang-in-tables", |source, services| source.tables(&services.task()).unwrap_err());
    assert_eq!(error.status, Status::Timeout);
    let error = given_up_after("hang-in-stream", |source, services| {
        scan(source, &ScanRequest::all("events"), &services.task()).unwrap_err()
    });
    assert!(error.message.contains("did not answer for 0.5 s"), "{error}");
    given_up_after("hang-in-release", |_, _| SourceError::cancelled());
}

#[test]
fn a_stream_dropped_early_stops_and_does_not_hold_up_its_reader() {
    given_up_after("hang-in-stream", |source, services| {
        let plan = source.plan(&ScanRequest::all("events"), &services.task()).unwrap();
        let mut stream = source.read(&plan.partitions[0], plan.schema.clone(), &services.task()).unwrap();
        assert!(stream.next().unwrap().is_ok());
        SourceError::cancelled()
    });
    let services = Arc::new(Recorder::default());
    let source = open_chaos(r#"{"rows":100000}"#, &services).unwrap();
    let plan = source.plan(&ScanRequest::all("events"), &services.task()).unwrap();
    let start = Instant::now();
    drop(source.read(&plan.partitions[0], plan.schema.clone(), &services.task()).unwrap());
    assert!(start.elapsed() < Duration::from_millis(1500));
}

#[test]
fn a_host_that_cancels_is_not_kept_waiting() {
    let services = Arc::new(Recorder::default());
    let source = open_chaos(&misbehaving("hang-in-tables"), &services).unwrap();
    services.cancelled.store(true, Ordering::Release);
    let start = Instant::now();
    assert_eq!(source.tables(&services.task()).unwrap_err().status, Status::Cancelled);
    assert!(start.elapsed() < PATIENCE / 2);
}

#[test]
fn a_slow_source_that_shows_signs_of_life_is_waited_for() {
    let services = Arc::new(Recorder::default());
    let config = serde_json::json!({"misbehave": "slow-but-alive", "seconds": 2});
    let source = chaos().open(&config, &services.task(), Duration::from_millis(700)).unwrap();
    source.check(&services.task()).unwrap();
}

#[test]
fn rejects_are_passed_on() {
    let services = Arc::new(Recorder::default());
    let source = open_chaos(&misbehaving("rejects"), &services).unwrap();
    let batches = scan(&source, &ScanRequest::all("events"), &services.task()).unwrap();
    assert!(batches[0].column(3).is_null(0) && batches[0].column(3).is_valid(1));
    let rejected = services.rejected.lock().unwrap();
    let shown: Vec<_> = rejected.iter().map(|rejected| (rejected.row, rejected.line, rejected.column.as_str())).collect();
    assert_eq!(shown, [(Some(0), 2, "amount"), (None, 99, "")]);
    assert_eq!(*services.left_out.lock().unwrap(), [("total row".to_owned(), 2)]);
}

#[test]
fn a_task_that_has_ended_answers_as_cancelled() {
    let services = Arc::new(Recorder::default());
    let source = open_chaos(&misbehaving("task-kept-too-long"), &services).unwrap();
    assert_eq!(rows(&scan(&source, &ScanRequest::all("events"), &services.task()).unwrap()), 10);
    assert!(services.log.lock().unwrap().is_empty() && services.left_out.lock().unwrap().is_empty());
}

#[test]
fn a_flood_of_log_lines_is_dammed() {
    let services = Arc::new(Recorder::default());
    let source = open_chaos(&misbehaving("floods-log"), &services).unwrap();
    source.tables(&services.task()).unwrap();
    let log = services.log.lock().unwrap();
    assert_eq!((log.len(), log[1000].0), (1001, Level::Warn));
}

#[test]
fn a_panic_of_the_host_stays_in_the_host() {
    let services = Arc::new(Recorder { panics: true, ..Recorder::default() });
    let source = open_chaos(&misbehaving("floods-log"), &services).unwrap();
    // Fewer callbacks would do, but each one panics: all of them must be caught.
    assert_eq!(source.tables(&services.task()).unwrap().len(), 1);
}
