//! The plugin against a server on loopback that answers as Tryton 8.2 was seen to, and misbehaves where a test wants it.

#![expect(clippy::unwrap_used, reason = "a script that meets what it was not written for has failed the test")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use cvj_core::source::{Level, Rejected, ScanRequest, Services};
use cvj_core::{Definition, SourceError, StageMetrics, Status, Task};
use cvj_plugin_tryton::Tryton;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";

/// What answers: an HTTP status and a body.
type Answer = (u16, Value);

/// A Tryton with opportunities 1, 2, 3 and so on, all of which were made at the same second and changed at others.
#[derive(Default)]
struct Script {
    /// How many opportunities there are.
    opportunities: i64,
    /// Sessions are refused until a login after this many calls.
    expires_after: Option<usize>,
    /// From the second page on, this opportunity is gone.
    deleted: AtomicI64,
    /// How many records of the page before a page begins with.
    overlap: i64,
    /// What the user may not read.
    forbidden: Option<&'static str>,
    /// The module for opportunities is not activated.
    is_bare: bool,
    calls: AtomicUsize,
    logins: AtomicUsize,
    pages: AtomicUsize,
    methods: Mutex<HashMap<String, usize>>,
}

fn moment(minute: i64, micro: i64) -> Value {
    json!({
        "__class__": "datetime", "year": 2026, "month": 3, "day": 1,
        "hour": 10, "minute": minute, "second": 5, "microsecond": micro,
    })
}

impl Script {
    fn answer(&self, session: Option<&str>, method: &str, params: &[Value]) -> Answer {
        let good = |result: Value| (200, json!({"id": 1, "result": result}));
        let error = |error: Value| (200, json!({"id": 1, "error": error}));
        if method == "common.db.login" {
            if params[1] != json!({"password": PASSWORD}) {
                return (401, Value::Null);
            }
            let login = self.logins.fetch_add(1, Ordering::SeqCst) + 1;
            self.calls.store(0, Ordering::SeqCst);
            return good(json!([7, format!("key{login}"), null]));
        }
        let expired = self.expires_after.is_some_and(|calls| self.calls.fetch_add(1, Ordering::SeqCst) >= calls);
        // base64 of `reader:7:key1`, `reader:7:key2`, …
        let known = session.is_some_and(|session| session.starts_with("Session cmVhZGVyOjc6a2V5"));
        if expired || !known {
            return (401, Value::Null);
        }
        *self.methods.lock().unwrap().entry(method.to_owned()).or_default() += 1;
        if method == "model.res.user.get_preferences" {
            return good(json!({"company": 3, "language": "en", "locale": {"date": "%d"}}));
        }
        assert_eq!(params.last().unwrap()["company"], 3, "{method} is called in the user's company");
        let (model, called) = method.trim_start_matches("model.").rsplit_once('.').unwrap();
        if self.forbidden == Some(model) {
            return error(json!(["UserError", [format!("You are not allowed to access \"{model}\"."), "", null]]));
        }
        if self.is_bare && model.starts_with("sale.opportunity") {
            return error(json!([format!("'{model}'"), ""]));
        }
        match (model, called) {
            ("sale.opportunity", "fields_get") => {
                let names = ["id", "number", "party", "state", "amount", "currency", "create_date", "write_date"];
                good(
                    names
                        .map(|name| (name.to_owned(), json!({"type": "char"})))
                        .into_iter()
                        .collect::<serde_json::Map<_, _>>()
                        .into(),
                )
            }
            (_, "fields_get") => good(json!({"id": {}, "product": {}, "opportunity": {}, "amount": {}, "sale": {}})),
            (_, "search_count") => good(json!(self.upto(&params[0]))),
            ("sale.opportunity", "search") => good(json!(if self.opportunities > 0 { vec![self.opportunities] } else { vec![] })),
            ("sale.opportunity", "history_revisions") => good(
                params[0]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(Value::as_i64)
                    .flat_map(|id| {
                        // Made, changed to opportunity in two writes 20 ms apart, and lost five minutes later.
                        [(0, id), (5 + id % 5, 0), (5 + id % 5, 20_000), (20, id)]
                            .map(|(minute, micro)| json!([moment(minute, micro), id, "A seller"]))
                    })
                    .rev()
                    .collect(),
            ),
            ("sale.opportunity", "search_read") => good(self.records(params)),
            _ => error(json!(["not scripted", "Traceback (most recent call last)…"])),
        }
    }

    fn upto(&self, domain: &Value) -> i64 {
        domain[1][2].as_i64().unwrap().min(self.opportunities)
    }

    fn records(&self, params: &[Value]) -> Value {
        if let Some(at) = params.last().unwrap().get("_datetime") {
            let ids = params[0][0][2].as_array().unwrap();
            return ids.iter().map(|id| json!({"id": id, "state": state(id.as_i64().unwrap(), at)})).collect();
        }
        assert_eq!(params[3], json!([["id", "ASC"]]));
        let page = self.pages.fetch_add(1, Ordering::SeqCst);
        let after = (params[0][0][2].as_i64().unwrap() - self.overlap).max(0);
        let gone = if page > 0 { self.deleted.load(Ordering::SeqCst) } else { 0 };
        let ids = (after + 1..=self.upto(&params[0])).filter(|id| *id != gone);
        ids.take(usize::try_from(params[2].as_u64().unwrap()).unwrap())
            .map(|id| {
                let amount = json!({"__class__": "Decimal", "decimal": format!("{id}.5")});
                let party = json!({"id": 1000 + id, "email": format!("p{id}@example.com")});
                json!({
                    "id": id, "number": id.to_string(), "state": "lead", "create_date": moment(0, id),
                    "amount": if id % 2 == 0 { amount } else { Value::Null },
                    "party.": if id % 10 == 0 { Value::Null } else { party },
                    "currency.": {"id": 1, "code": "EUR"},
                })
            })
            .collect()
    }
}

/// The state of an opportunity at a moment.
fn state(id: i64, at: &Value) -> &'static str {
    let (minute, micro) = (at["minute"].as_i64().unwrap(), at["microsecond"].as_i64().unwrap());
    let reached = |there: (i64, i64)| (minute, micro) >= there;
    match () {
        () if reached((20, id)) => "lost",
        () if reached((5 + id % 5, 0)) => "opportunity",
        () if reached((0, id)) => "lead",
        () => panic!("nobody need ask what opportunity {id} was before it was made"),
    }
}

/// Answers on a port of its own for as long as the test runs; its address.
fn serve(script: &Arc<Script>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script = script.clone();
    std::thread::spawn(move || listener.incoming().for_each(|stream| exchange(&script, stream.unwrap())));
    url
}

fn exchange(script: &Script, stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length, mut session) = (String::new(), 0, None);
    reader.read_line(&mut head).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => session = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let (status, body) = if head.starts_with("POST /crm/rpc/ ") {
        script.answer(session.as_deref(), request["method"].as_str().unwrap(), request["params"].as_array().unwrap())
    } else {
        (404, Value::Null)
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = reader.get_mut().write_all((head + &body).as_bytes());
}

/// A host that keeps what it is told.
#[derive(Default)]
struct Host {
    left_out: Mutex<Vec<(String, u64)>>,
    rejected: Mutex<Vec<Rejected>>,
    cancelled: AtomicBool,
    password: Option<&'static str>,
}

impl Services for Host {
    fn source(&self) -> &'static str {
        "crm"
    }

    fn folder(&self) -> PathBuf {
        PathBuf::new()
    }

    fn log(&self, _level: Level, message: &str) {
        assert!(!message.contains(PASSWORD), "{message}");
    }

    fn progress(&self, _done: u64, _total: Option<u64>, unit: &str) {
        assert!(!unit.contains('_'), "{unit}");
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    fn secret(&self, _name: &str) -> Result<String, SourceError> {
        Ok(self.password.unwrap_or(PASSWORD).to_owned())
    }

    fn reject(&self, rejected: &Rejected) {
        self.rejected.lock().unwrap().push(rejected.clone());
    }

    fn left_out(&self, why: &str, rows: u64) {
        self.left_out.lock().unwrap().push((why.to_owned(), rows));
    }
}

/// A source over a script, and the host it talks to.
struct Trial {
    script: Arc<Script>,
    host: Arc<Host>,
    task: Task,
    tryton: Tryton,
}

fn trial(script: Script) -> Trial {
    hosted(script, Host::default(), "crm")
}

fn hosted(script: Script, host: Host, database: &str) -> Trial {
    let (script, host) = (Arc::new(script), Arc::new(host));
    let task = Task::new(host.clone());
    let config =
        json!({"url": serve(&script), "database": database, "user": "reader", "password": {"secret": "TRYTON_PASSWORD"}});
    let tryton = Tryton::open(serde_json::from_value(config).unwrap(), &task).unwrap();
    Trial { script, host, task, tryton }
}

impl Trial {
    /// All rows of a table, in one batch a page, and the control total.
    fn pull(&self, table: &str) -> Result<(Vec<RecordBatch>, Option<u64>), SourceError> {
        let plan = self.tryton.plan(&ScanRequest::all(table), &self.task)?;
        let mut batches = Vec::new();
        for partition in &plan.partitions {
            assert!(!partition.0.contains(PASSWORD) && !partition.0.contains("key1"), "{}", partition.0);
            for batch in self.tryton.read(partition, &self.task)? {
                batches.push(batch?);
            }
        }
        assert!(batches.iter().all(|batch| batch.schema() == plan.schema), "every batch has the plan's schema");
        assert_eq!(*self.host.rejected.lock().unwrap(), [], "every cell reads");
        Ok((batches, plan.rows))
    }

    fn called(&self, method: &str) -> usize {
        self.script.methods.lock().unwrap().get(method).copied().unwrap_or(0)
    }
}

fn integers(batches: &[RecordBatch], column: &str) -> Vec<i64> {
    let column = |batch: &RecordBatch| batch.column_by_name(column).unwrap().as_primitive::<Int64Type>().values().to_vec();
    batches.iter().flat_map(column).collect()
}

fn texts(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let column = |batch: &RecordBatch| {
        batch
            .column_by_name(column)
            .unwrap()
            .as_string::<i32>()
            .iter()
            .map(|text| text.map(ToOwned::to_owned))
            .collect::<Vec<_>>()
    };
    batches.iter().flat_map(column).collect()
}

#[test]
fn every_record_comes_once_with_typed_cells() {
    let trial = trial(Script { opportunities: 2345, ..Script::default() });
    let (batches, rows) = trial.pull("opportunities").unwrap();
    assert_eq!(integers(&batches, "id"), (1..=2345).collect::<Vec<_>>());
    assert_eq!(rows, Some(2345));
    let first = &batches[0];
    let amounts: Vec<Option<i128>> =
        first.column_by_name("amount").unwrap().as_primitive::<Decimal128Type>().iter().take(2).collect();
    assert_eq!(amounts, [None, Some(250_000_000)]);
    let made = first.column_by_name("create_date").unwrap().as_primitive::<TimestampMicrosecondType>().value(1);
    assert_eq!(made, "2026-03-01T10:00:05.000002Z".parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let emails = texts(&batches, "email");
    assert_eq!((emails[0].as_deref(), emails[9].as_deref()), (Some("p1@example.com"), None));
}

#[test]
fn a_table_has_the_columns_that_the_database_has() {
    let trial = trial(Script::default());
    let tables = trial.tryton.tables(&trial.task).unwrap();
    let opportunities = tables.iter().find(|table| table.name == "opportunities").unwrap();
    let names: Vec<&str> = opportunities.schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(
        names,
        ["id", "number", "party", "party_name", "email", "state", "amount", "currency", "create_date", "write_date"],
        "no marketing_campaign, for its module is not activated"
    );
    for definition in trial.tryton.definitions(&trial.task).unwrap() {
        match definition {
            Definition::View(view) => assert!(!view.sql.contains("marketing_"), "{}", view.sql),
            Definition::Touchpoint(touchpoint) => assert_eq!(touchpoint.by, [""; 0]),
            Definition::Metric(_) => {}
        }
    }
}

#[test]
fn an_empty_table_has_no_partition_and_a_total_of_nothing() {
    let (batches, rows) = trial(Script::default()).pull("opportunities").unwrap();
    assert_eq!((batches.len(), rows), (0, Some(0)));
}

#[test]
fn states_are_read_in_few_calls() {
    let trial = trial(Script { opportunities: 300, ..Script::default() });
    let (batches, rows) = trial.pull("opportunity_stages").unwrap();
    assert_eq!(rows, None, "Tryton does not say how many changes there were");
    let opportunities: Vec<i64> = (1..=300).flat_map(|id| [id, id, id]).collect();
    assert_eq!(integers(&batches, "opportunity"), opportunities);
    let states: Vec<&str> = (1..=300).flat_map(|_| ["lead", "opportunity", "lost"]).collect();
    assert_eq!(texts(&batches, "state").iter().flatten().collect::<Vec<_>>(), states);
    let previous = texts(&batches, "previous_state");
    assert_eq!(previous[..3], [None, Some("lead".to_owned()), Some("opportunity".to_owned())]);
    let since = batches[0].column_by_name("since").unwrap().as_primitive::<TimestampMicrosecondType>().value(1);
    assert_eq!(since, "2026-03-01T10:06:05Z".parse::<jiff::Timestamp>().unwrap().as_microsecond(), "the first of two writes");
    // All are leads at one moment, opportunities at another, lost at a third; and one page of ids.
    assert_eq!(trial.called("model.sale.opportunity.search_read"), 3 + 1);
    assert_eq!(trial.called("model.sale.opportunity.history_revisions"), 1);
}

#[test]
fn an_expired_session_is_opened_again() {
    let trial = trial(Script { opportunities: 1200, expires_after: Some(9), ..Script::default() });
    let (batches, _) = trial.pull("opportunities").unwrap();
    assert_eq!(integers(&batches, "id").len(), 1200);
    assert_eq!(trial.script.logins.load(Ordering::SeqCst), 2);
}

#[test]
fn what_is_deleted_meanwhile_takes_no_other_record_with_it() {
    let trial = trial(Script { opportunities: 1200, deleted: AtomicI64::new(700), ..Script::default() });
    let (batches, rows) = trial.pull("opportunities").unwrap();
    assert_eq!(integers(&batches, "id"), (1..=1200).filter(|id| *id != 700).collect::<Vec<_>>());
    assert_eq!(rows, Some(1200), "the control total tells of it");
}

#[test]
fn what_was_read_before_is_left_out_and_told() {
    let trial = trial(Script { opportunities: 1200, overlap: 2, ..Script::default() });
    let (batches, _) = trial.pull("opportunities").unwrap();
    assert_eq!(integers(&batches, "id"), (1..=1200).collect::<Vec<_>>());
    let told: u64 = trial.host.left_out.lock().unwrap().iter().map(|(_, rows)| rows).sum();
    assert_eq!(told, 4, "two on each of three pages but the first");
}

#[test]
fn a_listing_that_repeats_is_an_error_and_not_the_end() {
    let error = trial(Script { opportunities: 1200, overlap: 9999, ..Script::default() }).pull("opportunities").unwrap_err();
    assert_eq!(error.status, Status::InvalidData);
    assert!(error.message.contains("repeats 500 records"), "{error}");
}

#[test]
fn check_tells_what_is_wrong() {
    let check = |trial: &Trial, status: Status, part: &str| {
        let error = trial.tryton.check(&trial.task).unwrap_err();
        assert_eq!(error.status, status, "{error}");
        assert!(error.message.contains(part) && error.hint.is_some(), "{error:?}");
        assert!(!format!("{error:?}").contains("horse"), "{error:?}");
    };
    let good = trial(Script::default());
    assert_eq!(good.tryton.check(&good.task), Ok(()));
    let host = Host { password: Some("wrong horse"), ..Host::default() };
    check(&hosted(Script::default(), host, "crm"), Status::Unauthenticated, "refuses the login");
    check(
        &hosted(Script::default(), Host::default(), "other"),
        Status::NotFound,
        "no database `other` answers at http://127.0.0.1:",
    );
    let forbidden = Script { forbidden: Some("sale.line"), ..Script::default() };
    check(&trial(forbidden), Status::Unauthorized, "refuses sale.line.search_count: You are not allowed");
    let bare = Script { is_bare: true, ..Script::default() };
    check(&trial(bare), Status::NotFound, "does not know 'sale.opportunity'");
}

#[test]
fn cancelling_ends_a_pull() {
    let trial = trial(Script { opportunities: 1200, ..Script::default() });
    let plan = trial.tryton.plan(&ScanRequest::all("opportunities"), &trial.task).unwrap();
    let mut stream = trial.tryton.read(&plan.partitions[0], &trial.task).unwrap();
    trial.host.cancelled.store(true, Ordering::SeqCst);
    let error = stream.find_map(Result::err).unwrap();
    assert_eq!(error.status, Status::Cancelled);
}

#[test]
fn a_limit_reads_no_more_than_it_needs() {
    let trial = trial(Script { opportunities: 9000, ..Script::default() });
    let scan = ScanRequest { limit: Some(3), ..ScanRequest::all("opportunities") };
    let plan = trial.tryton.plan(&scan, &trial.task).unwrap();
    assert_eq!((plan.partitions.len(), plan.rows), (1, None));
    let rows: usize = trial.tryton.read(&plan.partitions[0], &trial.task).unwrap().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 3);
}
