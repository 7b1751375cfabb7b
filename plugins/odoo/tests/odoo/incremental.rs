//! Nothing is lost or repeated while records are written, created and deleted.

use cvj_core::StageMetrics as _;
use cvj_core::source::{Partition, ScanRequest};
use cvj_emulators::odoo::{Odoo, Record, Sample, Stored};
use cvj_emulators::{Fault, Server};
use serde_json::json;

use crate::host::{Bench, Row, VERSIONS};

fn many(version: i64) -> Server<Odoo> {
    Server::start(Odoo::new(version, &Sample { leads: 3_500, ..Sample::default() }))
}

fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| if let Stored::Integer(id) = row[0] { id } else { panic!("no id") }).collect()
}

fn moment(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

#[test]
fn since_a_second_in_which_hundreds_were_written_takes_each_of_them_once() {
    for version in VERSIONS {
        let day = &Sample::BULK_WRITE[..10];
        let bench = Bench::with(many(version), "admin", &json!({"since": day}));
        let (rows, counted) = bench.table("leads", Some(&["id", "write_date"])).unwrap();
        let from = moment(&format!("{day}T00:00:00Z"));
        let state = bench.server.state();
        let written = |record: &Record| matches!(record["write_date"], Stored::Moment(at) if at >= from);
        let truth: Vec<i64> = state.store.records("crm.lead").filter(|(_, lead)| written(lead)).map(|(id, _)| id).collect();
        assert_eq!(ids(&rows), truth);
        assert_eq!(counted, Some(truth.len() as u64));
        // More than a page of them show the same second.
        let second = Stored::Moment(moment(&format!("{}Z", Sample::BULK_WRITE.replace(' ', "T"))));
        assert!(rows.iter().filter(|row| row[1] == second).count() > 1_000);
        assert_eq!(bench.told.left_out.lock().unwrap().len(), 0);
    }
}

#[test]
fn since_leaves_people_whole_and_orders_with_all_their_lines() {
    let server = Server::start(Odoo::new(19, &Sample::default()));
    let (old, new) = (moment("2024-01-01T00:00:00Z"), moment("2026-11-01T00:00:00Z"));
    let (partners, lines, kept) = {
        let mut odoo = server.state();
        let all = |odoo: &Odoo, model: &str| -> Vec<i64> { odoo.store.records(model).map(|(id, _)| id).collect() };
        // All is old but two orders, one of whose lines nobody has touched since.
        for model in ["res.partner", "sale.order", "sale.order.line"] {
            for id in all(&odoo, model) {
                odoo.store.write(model, id, Record::new(), old);
            }
        }
        let kept: Vec<i64> = all(&odoo, "sale.order").into_iter().rev().take(2).collect();
        for order in &kept {
            odoo.store.write("sale.order", *order, Record::new(), new);
        }
        let of_kept = |(_, line): &(i64, &Record)| matches!(line["order_id"], Stored::Integer(order) if kept.contains(&order));
        let lines: Vec<i64> = odoo.store.records("sale.order.line").filter(of_kept).map(|(id, _)| id).collect();
        (all(&odoo, "res.partner"), lines, kept)
    };
    assert!(!lines.is_empty() && !partners.is_empty());
    let bench = Bench::with(server, "admin", &json!({"since": "2026-10-31"}));
    let read = |table: &str| {
        let (rows, counted) = bench.table(table, Some(&["id"])).unwrap();
        assert_eq!(counted, Some(rows.len() as u64), "{table}");
        ids(&rows)
    };
    assert_eq!(read("partners"), partners);
    assert_eq!(read("order_lines"), lines);
    assert_eq!(read("orders").len(), kept.len());
}

#[test]
fn records_deleted_while_paging_take_no_other_with_them() {
    for version in VERSIONS {
        let bench = Bench::with(many(version), "admin", &json!({}));
        let (partitions, counted) = bench.plan("leads", Some(&["id"])).unwrap();
        let before: Vec<i64> = bench.server.state().store.records("crm.lead").map(|(id, _)| id).collect();
        assert_eq!(counted, Some(before.len() as u64));
        // After the first page, records of it and of a later one vanish: pages by offset would now skip some.
        let gone = |id: i64| id <= 400 || (2_000..2_100).contains(&id);
        let delete = move |odoo: &mut Odoo| {
            for id in (1..3_500).filter(|id| gone(*id)) {
                odoo.store.delete("crm.lead", id);
            }
        };
        bench.server.faults().push(Fault::before(delete).nth(2));
        let rows: Vec<Row> = partitions.iter().flat_map(|partition| bench.read(partition).unwrap()).collect();
        assert_eq!(bench.server.faults().left(), 0);
        let expected: Vec<i64> = before.iter().copied().filter(|id| *id <= 1_062 || !gone(*id)).collect();
        let read = ids(&rows);
        // The first page holds 1,000 records of those that were there.
        assert_eq!(read[..1_000], before[..1_000]);
        assert_eq!(read, expected);
    }
}

#[test]
fn records_that_are_written_or_created_while_paging_come_once_and_later() {
    for version in VERSIONS {
        let bench = Bench::with(many(version), "admin", &json!({"since": "2026-01-01"}));
        let (partitions, _) = bench.plan("leads", Some(&["id"])).unwrap();
        let before: Vec<i64> = bench.server.state().store.records("crm.lead").map(|(id, _)| id).collect();
        let busy = |odoo: &mut Odoo| {
            let now = moment("2026-11-01T12:00:00Z");
            for id in 1..3_500 {
                odoo.store.write("crm.lead", id, Record::from([("priority".to_owned(), Stored::from("3"))]), now + id);
            }
            odoo.store.create("crm.lead", Record::from([("name".to_owned(), Stored::from("Late"))]), now);
        };
        bench.server.faults().push(Fault::before(busy).nth(2));
        let rows: Vec<Row> = partitions.iter().flat_map(|partition| bench.read(partition).unwrap()).collect();
        assert_eq!(ids(&rows), before);
        // A later plan takes what came since.
        let (rows, _) = bench.table("leads", Some(&["id"])).unwrap();
        assert_eq!(rows.len(), before.len() + 1);
    }
}

#[test]
fn short_pages_are_not_the_end() {
    let bench = Bench::with(many(19), "admin", &json!({}));
    let (partitions, counted) = bench.plan("leads", Some(&["id"])).unwrap();
    let shorten = |_: &cvj_emulators::Request, page: &mut serde_json::Value| {
        page.as_array_mut().unwrap().truncate(700);
    };
    bench.server.faults().push(Fault::distort(shorten).path("crm.lead/search_read").times(3));
    let rows: Vec<Row> = partitions.iter().flat_map(|partition| bench.read(partition).unwrap()).collect();
    assert_eq!(Some(rows.len() as u64), counted);
}

#[test]
fn an_empty_page_is_not_the_end() {
    let empty = |part: &str| {
        let nothing = |_: &cvj_emulators::Request, page: &mut serde_json::Value| *page = json!([]);
        Fault::distort(nothing).path(format!("{part}/search_read"))
    };
    for (table, model) in [("leads", "crm.lead"), ("lead_stages", "mail.message"), ("lead_stages", "mail.tracking.value")] {
        let few = Server::start(Odoo::new(19, &Sample { leads: 600, ..Sample::default() }));
        let bench = Bench::with(few, "admin", &json!({}));
        let (truth, _) = bench.table(table, None).unwrap();
        let (partitions, _) = bench.plan(table, None).unwrap();
        let read = || partitions.iter().map(|partition| bench.read(partition)).collect::<Result<Vec<_>, _>>();
        bench.server.faults().push(empty(model).times(2));
        assert!(read().unwrap().concat() == truth, "{model}");
        assert_eq!(bench.server.faults().left(), 0, "{model}");
        bench.server.faults().push(empty(model).times(3));
        let error = read().err().unwrap();
        assert_eq!(error.status, cvj_core::Status::InvalidData);
        assert!(error.message.contains(&format!("`{model}`")) && error.message.contains("shows none"), "{error}");
    }
    // Nor is it a table without records.
    let bench = Bench::with(many(19), "admin", &json!({}));
    bench.columns("leads").unwrap();
    bench.server.faults().push(empty("crm.lead").times(3));
    assert!(bench.source.plan(&ScanRequest::all("leads"), &bench.task).unwrap_err().message.contains("shows none"));
}

#[test]
fn a_table_splits_into_partitions_that_another_process_reads_the_same() {
    let server = Server::start(Odoo::new(19, &Sample { leads: 10, mailings: 1_252, ..Sample::default() }));
    let bench = Bench::with(server, "admin", &json!({}));
    let (partitions, counted) = bench.plan("mailing_traces", Some(&["id", "trace_status"])).unwrap();
    assert_eq!((partitions.len(), counted), (3, Some(25_020)));
    let rows: Vec<Row> = partitions.iter().flat_map(|partition| bench.read(partition).unwrap()).collect();
    let Bench { server, .. } = bench;
    let other = Bench::with(server, "admin", &json!({}));
    let again: Vec<Row> = partitions.iter().rev().map(|partition| other.read(partition).unwrap()).rev().flatten().collect();
    assert_eq!(rows.len(), 25_020);
    assert!(rows == again);
    assert!(partitions.iter().all(|Partition(token)| !token.contains("key")));
}

#[test]
fn a_limit_ends_the_reading() {
    let bench = Bench::with(many(19), "admin", &json!({}));
    let plan = bench.source.plan(&ScanRequest { limit: Some(30), ..ScanRequest::all("leads") }, &bench.task).unwrap();
    assert_eq!((plan.partitions.len(), plan.rows), (1, Some(30)));
    assert_eq!(bench.read(&plan.partitions[0]).unwrap().len(), 30);
}

#[test]
fn an_empty_table_has_a_partition_without_rows() {
    let server = Server::start(Odoo::new(19, &Sample { leads: 0, ..Sample::default() }));
    let bench = Bench::with(server, "admin", &json!({}));
    for table in ["leads", "lead_stages"] {
        assert_eq!(bench.table(table, None).unwrap(), (Vec::new(), Some(0)), "{table}");
    }
}
