//! What goes wrong on the way, over both protocols: nothing is lost or doubled, or there is an error that says what to do.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status};
use cvj_emulators::odoo::{Odoo, Record, Sample, Stored};
use cvj_emulators::{Answer, Effect, Fault, Server};
use serde_json::{Value, json};

use crate::host::{Bench, Row, VERSIONS};

const COLUMNS: [&str; 3] = ["id", "name", "expected_revenue"];

/// A source over some pages of leads.
fn bench(version: i64) -> Bench {
    let server = Server::start(Odoo::new(version, &Sample { leads: 2_400, mailings: 1, orders: false }));
    Bench::with(server, "admin", &json!({}))
}

/// Reads the leads while this fault meets the second page; planning is over by then.
fn read(bench: &Bench, fault: Fault<Odoo>) -> Result<Vec<Row>, SourceError> {
    let (partitions, counted) = bench.plan("leads", Some(&COLUMNS))?;
    bench.server.faults().push(fault.nth(2));
    let mut rows = Vec::new();
    for partition in &partitions {
        rows.extend(bench.read(partition)?);
    }
    assert_eq!(bench.server.faults().left(), 0, "the fault did not happen");
    assert_eq!(counted, Some(rows.len() as u64));
    Ok(rows)
}

fn truth(bench: &Bench) -> Vec<Row> {
    let state = bench.server.state();
    let row = |(id, lead): (i64, &Record)| vec![Stored::Integer(id), lead["name"].clone(), lead["expected_revenue"].clone()];
    state.store.records("crm.lead").map(row).collect()
}

/// The fault passes, and every row is there once.
fn survives(fault: impl Fn() -> Fault<Odoo>) {
    for version in VERSIONS {
        let bench = bench(version);
        let rows = read(&bench, fault()).unwrap_or_else(|error| panic!("Odoo {version}: {error}"));
        assert!(rows == truth(&bench), "Odoo {version}");
    }
}

/// The fault ends the reading with this error.
fn fails(fault: impl Fn() -> Fault<Odoo>, status: Status, says: &str) {
    for version in VERSIONS {
        let error = read(&bench(version), fault()).unwrap_err();
        assert_eq!(error.status, status, "Odoo {version}: {error}");
        assert!(error.message.contains(says), "Odoo {version}: {error}");
        assert!(!error.message.contains("admin-key"), "{error}");
    }
}

fn exception(name: &str, message: &str) -> Value {
    json!({"name": name, "message": message, "arguments": [], "context": {}, "debug": "Traceback …"})
}

/// An exception as the protocol of the request wraps it.
fn raise(status: u16, name: &'static str, message: &'static str) -> Fault<Odoo> {
    Fault::respond(move |_, request| match request.path.as_str() {
        "/jsonrpc" => {
            let error = json!({"code": 200, "message": "Odoo Server Error", "data": exception(name, message)});
            Answer::json(200, &json!({"jsonrpc": "2.0", "id": 1, "error": error}))
        }
        _ => Answer::json(status, &exception(name, message)),
    })
}

#[test]
fn too_many_requests() {
    survives(|| Fault::status(429, json!({})));
    survives(|| Fault::respond(|_, _| Answer::html(429, "Too Many Requests").with("retry-after", &1)));
}

#[test]
fn a_proxy_before_odoo_fails_for_a_while() {
    survives(|| Fault::respond(|_, _| Answer::html(500, "Internal Server Error")).times(2));
    survives(|| Fault::respond(|_, _| Answer::html(502, "Bad Gateway")).times(2));
}

#[test]
fn the_database_refuses_for_a_moment() {
    survives(|| raise(500, "psycopg2.errors.SerializationFailure", "could not serialize access"));
    survives(|| raise(503, "psycopg2.pool.PoolError", "The Connection Pool Is Full"));
}

#[test]
fn connections_break_and_texts_are_cut() {
    survives(|| Fault::new(Effect::CutBeforeHead));
    survives(|| Fault::new(Effect::CutInBody));
    survives(|| Fault::new(Effect::CutInChunks));
    survives(|| Fault::new(Effect::Truncate));
    survives(|| Fault::new(Effect::Garble));
}

#[test]
fn what_odoo_cannot_do_is_not_asked_again() {
    for version in VERSIONS {
        let bench = bench(version);
        let (partitions, _) = bench.plan("leads", Some(&COLUMNS)).unwrap();
        bench.server.faults().push(raise(500, "builtins.TypeError", "unexpected keyword argument 'x'").nth(2).always());
        bench.server.forget_requests();
        let error = bench.read(&partitions[0]).unwrap_err();
        assert_eq!((error.status, bench.server.requests().len()), (Status::InvalidArgument, 2), "{error}");
    }
}

#[test]
fn rights_that_are_taken_away_are_named() {
    fails(|| raise(403, "odoo.exceptions.AccessError", "Ann (ann@acme.example) may not"), Status::Unauthorized, "`crm.lead`");
    fails(|| raise(401, "odoo.exceptions.AccessDenied", "Access Denied"), Status::Unauthenticated, "key");
}

#[test]
fn a_page_for_people_is_no_data() {
    fails(|| Fault::new(Effect::Html), Status::NotFound, "nothing answers");
}

#[test]
fn a_page_that_repeats_is_an_error_and_not_for_ever() {
    for version in VERSIONS {
        let bench = bench(version);
        let again = |_: &cvj_emulators::Request, answer: &mut Value| {
            let page: Vec<Value> = (1..=1000).map(|id| json!({"id": id, "name": "again", "expected_revenue": 1.0})).collect();
            match answer.get_mut("result") {
                Some(result) => *result = json!(page),
                None => *answer = json!(page),
            }
        };
        let error = read(&bench, Fault::distort(again).always()).unwrap_err();
        assert_eq!(error.status, Status::InvalidData, "{error}");
        assert_eq!(bench.told.left_out.lock().unwrap().first().map(|(_, rows)| *rows > 900), Some(true));
    }
}

#[test]
fn a_record_that_comes_twice_counts_once() {
    for version in VERSIONS {
        let bench = bench(version);
        let double = |_: &cvj_emulators::Request, answer: &mut Value| {
            let page = if answer.is_array() { answer } else { &mut answer["result"] };
            let page = page.as_array_mut().unwrap();
            let twice = page[3].clone();
            page.insert(4, twice);
        };
        let rows = read(&bench, Fault::distort(double)).unwrap();
        assert!(rows == truth(&bench));
        assert_eq!(*bench.told.left_out.lock().unwrap(), [("duplicate of a row read before".to_owned(), 1)]);
    }
}

#[test]
fn a_field_that_disappears_makes_the_host_plan_anew() {
    for version in VERSIONS {
        let bench = bench(version);
        let error = read(&bench, Fault::before(|odoo: &mut Odoo| odoo.store.remove_field("crm.lead", "name"))).unwrap_err();
        assert_eq!(error.status, Status::SchemaChanged, "{error}");
        let columns = bench.columns("leads").unwrap();
        assert!(columns.iter().all(|(name, _)| name != "name"), "the fields were not asked for again");
        let (rows, counted) = bench.table("leads", Some(&["id"])).unwrap();
        assert_eq!(counted, Some(rows.len() as u64));
    }
}

#[test]
fn a_value_of_another_type_is_null_and_told() {
    let bench = bench(19);
    let odd = |_: &cvj_emulators::Request, answer: &mut Value| answer[0]["expected_revenue"] = json!("a lot");
    let rows = read(&bench, Fault::distort(odd)).unwrap();
    assert_eq!(rows.iter().filter(|row| row[2] == Stored::Null).count(), 1);
    let rejected = bench.told.rejected.lock().unwrap();
    assert_eq!((rejected.len(), rejected[0].column.as_str()), (1, "expected_revenue"));
}

#[test]
fn a_wrong_clock_on_the_other_side_changes_nothing() {
    for version in VERSIONS {
        let bench = bench(version);
        bench.server.clock().advance(jiff::SignedDuration::from_hours(-400));
        let (rows, _) = bench.table("leads", Some(&COLUMNS)).unwrap();
        assert!(rows == truth(&bench));
    }
}

#[test]
fn a_server_that_is_gone_is_an_error_and_what_was_planned_can_be_read_later() {
    let bench = bench(19);
    let (partitions, _) = bench.plan("leads", Some(&COLUMNS)).unwrap();
    bench.server.faults().push(Fault::new(Effect::Gone).nth(2));
    let error = bench.read(&partitions[0]).unwrap_err();
    assert_eq!(error.status, Status::Io, "{error}");
    bench.server.listen().unwrap();
    let rows: Vec<Row> = partitions.iter().flat_map(|partition| bench.read(partition).unwrap()).collect();
    assert!(rows == truth(&bench));
}

#[test]
fn cancelling_ends_a_wait_within_two_seconds() {
    for version in VERSIONS {
        let bench = bench(version);
        let (partitions, _) = bench.plan("leads", Some(&COLUMNS)).unwrap();
        bench.server.faults().push(Fault::new(Effect::Stall));
        let told = bench.told.clone();
        let cancel = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            told.cancelled.store(true, Ordering::Relaxed);
            Instant::now()
        });
        let error = bench.read(&partitions[0]).unwrap_err();
        assert_eq!(error.status, Status::Cancelled, "{error}");
        assert!(cancel.join().unwrap().elapsed() < Duration::from_secs(2));
    }
}
