//! Each table holds what the portal has.

use std::collections::{BTreeMap, BTreeSet};

use cvj_core::StageMetrics;
use cvj_core::source::ScanRequest;
use cvj_emulators::hubspot::{Kind, Limits, Portal, Size, UNTIL};
use jiff::ToSpan;
use serde_json::json;

use crate::portal::{Reader, Table, same};

const CONTACT: [&str; 8] =
    ["id", "email", "createdate", "lifecyclestage", "firstname", "nps_score", "newsletter_consent", "webinar_date"];

#[test]
fn records_of_every_object() {
    let reader = Reader::of(2_000);
    same(&reader.pull("contacts", &CONTACT).unwrap(), &reader.truth(Kind::Contact, &CONTACT));
    let deal = ["id", "dealname", "amount", "deal_currency_code", "closedate", "dealstage", "hs_is_closed_won"];
    same(&reader.pull("deals", &deal).unwrap(), &reader.truth(Kind::Deal, &deal));
    let item = ["id", "name", "amount", "price", "quantity", "hs_line_item_currency_code"];
    same(&reader.pull("line_items", &item).unwrap(), &reader.truth(Kind::LineItem, &item));
    let company = ["id", "domain", "createdate"];
    same(&reader.pull("companies", &company).unwrap(), &reader.truth(Kind::Company, &company));
}

#[test]
fn every_version_of_the_api_gives_the_same() {
    let all = |version: &str| -> BTreeMap<String, Table> {
        let portal = Portal::generate(3, Size::of(300)).with_limits(Limits::none());
        let reader = Reader::new(portal, &json!({"version": version}));
        let tables = reader.source.tables(&reader.task()).unwrap();
        let pull = |info: &cvj_core::source::TableInfo| {
            let columns: Vec<&str> = info.schema.fields().iter().map(|field| field.name().as_str()).collect();
            (info.name.clone(), reader.pull(&info.name, &columns).unwrap_or_else(|error| panic!("{}: {error}", info.name)))
        };
        tables.iter().map(pull).collect()
    };
    let dated = all("2026-09");
    assert_eq!(dated.len(), 14);
    assert!(dated.values().all(|rows| !rows.is_empty()), "{:?}", dated.iter().map(|(name, rows)| (name, rows.len())));
    assert_eq!(dated, all("v3"));
}

#[test]
fn keys_identify_rows() {
    let reader = Reader::of(300);
    for info in reader.source.tables(&reader.task()).unwrap() {
        let key: Vec<&str> = info.details.key.iter().map(String::as_str).collect();
        let rows = reader.pull(&info.name, &key).unwrap();
        assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len(), "{}", info.name);
    }
}

#[test]
fn a_window_holds_what_a_search_shows_and_the_total_is_hubspots() {
    let reader = Reader::of(25_000);
    let plan = reader.plan("contacts", &["id"]).unwrap();
    let truth = reader.truth(Kind::Contact, &["id"]);
    assert!(plan.partitions.len() >= 3);
    assert_eq!(plan.rows, Some(truth.len() as u64));
    let parts: Vec<Table> = plan.partitions.iter().map(|partition| reader.read(partition).unwrap()).collect();
    assert!(parts.iter().all(|rows| rows.len() <= 10_000));
    let mut rows: Table = parts.into_iter().flatten().collect();
    rows.sort();
    same(&rows, &truth);
}

#[test]
fn ten_thousand_and_one_records_of_one_instant() {
    let reader = Reader::of(0);
    {
        let mut portal = reader.server.state();
        let instant = UNTIL - 1.hour();
        for number in 0..10_001 {
            portal.create(Kind::Contact, &[("email", &format!("import{number}@example.org"))], instant);
        }
    }
    let columns = ["id", "email", "createdate"];
    let rows = reader.pull("contacts", &columns).unwrap();
    assert_eq!(rows.len(), 10_001);
    same(&rows, &reader.truth(Kind::Contact, &columns));
}

#[test]
fn a_partition_reads_the_same_later_and_by_another() {
    let reader = Reader::of(1_000);
    let plan = reader.plan("contacts", &["id", "email"]).unwrap();
    let first = reader.read(&plan.partitions[0]).unwrap();
    {
        let mut portal = reader.server.state();
        let later = reader.server.clock().now();
        portal.create(Kind::Contact, &[("email", "late@example.org")], later);
    }
    reader.server.clock().advance(jiff::SignedDuration::from_hours(11));
    let other = Reader::open(&reader.server.url(), &json!({}), &reader.task()).unwrap();
    let again: usize = other.read(&plan.partitions[0], &reader.task()).unwrap().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(again, first.len());
    assert_eq!(reader.read(&plan.partitions[0]).unwrap(), first);
}

#[test]
fn histories_of_lifecycle_and_deal_stages() {
    let reader = Reader::of(1_500);
    let rows = reader.pull("contact_stages", &["contact_id", "email", "stage", "at", "source_type"]).unwrap();
    let truth = |kind: Kind, property: &str, with_email: bool| -> Table {
        let portal = reader.server.state();
        let mut rows: Table = Vec::new();
        for record in portal.records(kind) {
            for change in record.history(property) {
                let mut row = vec![record.id.to_string()];
                row.extend(with_email.then(|| record.value("email").unwrap_or_default().to_owned()));
                row.extend([change.value.clone(), change.at.to_string(), change.source.to_owned()]);
                rows.push(row);
            }
        }
        rows.sort();
        rows
    };
    same(&rows, &truth(Kind::Contact, "lifecyclestage", true));
    let rows = reader.pull("deal_stages", &["deal_id", "stage", "at", "source_type"]).unwrap();
    same(&rows, &truth(Kind::Deal, "dealstage", false));
    let named = reader.pull("deal_stages", &["stage", "label", "is_won", "is_closed"]).unwrap();
    assert!(named.contains(&["187654322", "Renewed", "true", "true"].map(str::to_owned).to_vec()));
    assert!(named.contains(&["appointmentscheduled", "Appointment Scheduled", "false", "false"].map(str::to_owned).to_vec()));
}

#[test]
fn associations_of_deals() {
    let reader = Reader::of(1_500);
    for (table, column, kind) in
        [("deal_contacts", "contact_id", Kind::Contact), ("deal_line_items", "line_item_id", Kind::LineItem)]
    {
        let rows = reader.pull(table, &["deal_id", column]).unwrap();
        let portal = reader.server.state();
        let of = |deal: u64| {
            portal.associated(Kind::Deal, deal, kind).into_iter().map(move |id| vec![deal.to_string(), id.to_string()])
        };
        let mut truth: Table = portal.records(Kind::Deal).flat_map(|deal| of(deal.id)).collect();
        truth.sort();
        same(&rows, &truth);
    }
}

#[test]
fn stages_of_pipelines_and_lifecycle() {
    let reader = Reader::of(10);
    let stages = reader.pull("deal_pipeline_stages", &["stage", "label", "pipeline_label", "is_won", "probability"]).unwrap();
    assert_eq!(stages.len(), 10);
    assert!(stages.contains(&["closedwon", "Closed Won", "Sales Pipeline", "true", "1"].map(str::to_owned).to_vec()));
    assert!(stages.contains(&["187654323", "Churned", "Renewals", "false", "0"].map(str::to_owned).to_vec()));
    let stages = reader.pull("lifecycle_stages", &["display_order", "stage", "label"]).unwrap();
    assert_eq!(stages.len(), 9);
    assert!(stages.contains(&["3", "101234567", "Free trial"].map(str::to_owned).to_vec()));
    let owners = reader.pull("owners", &["last_name", "archived"]).unwrap();
    assert_eq!(owners.iter().filter(|owner| owner[1] == "true").count(), 1);
    assert_eq!(owners.len(), 4);
}

#[test]
fn a_limit_reads_little() {
    let reader = Reader::of(25_000);
    reader.source.tables(&reader.task()).unwrap();
    let scan = ScanRequest { limit: Some(10), ..ScanRequest::all("contacts") };
    let plan = reader.source.plan(&scan, &reader.task()).unwrap();
    assert_eq!(plan.partitions.len(), 1);
    let rows = reader.read(&plan.partitions[0]).unwrap().len();
    assert!((10..=200).contains(&rows), "{rows}");
}
