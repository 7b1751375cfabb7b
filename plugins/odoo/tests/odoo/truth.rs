//! Every row of every table, over both protocols, against the emulator's own records.

use arrow_schema::DataType;
use cvj_core::StageMetrics as _;
use cvj_core::source::FIELD_CURRENCY_COLUMN;
use cvj_emulators::odoo::{Odoo, Record, Store, Stored};

use crate::host::{Bench, Row, VERSIONS};

/// The tables that hold the records of one model.
const TABLES: [(&str, &str); 8] = [
    ("leads", "crm.lead"),
    ("stages", "crm.stage"),
    ("partners", "res.partner"),
    ("campaigns", "utm.campaign"),
    ("mailings", "mailing.mailing"),
    ("mailing_traces", "mailing.trace"),
    ("orders", "sale.order"),
    ("order_lines", "sale.order.line"),
];

/// What fields point at, and the field that names it there.
fn pointed(field: &str) -> Option<(&'static str, &'static str)> {
    Some(match field {
        "campaign_id" => ("utm.campaign", "title"),
        "company_currency" | "currency_id" => ("res.currency", "name"),
        "company_id" => ("res.company", "name"),
        "lost_reason_id" => ("crm.lost.reason", "name"),
        "mass_mailing_id" => ("mailing.mailing", "subject"),
        "medium_id" => ("utm.medium", "name"),
        "opportunity_id" => ("crm.lead", "name"),
        "order_id" => ("sale.order", "name"),
        "parent_id" | "partner_id" => ("res.partner", "name"),
        "product_id" => ("product.product", "name"),
        "source_id" => ("utm.source", "name"),
        "stage_id" => ("crm.stage", "name"),
        "create_uid" | "user_id" | "write_uid" => ("res.users", "name"),
        _ => return None,
    })
}

fn text(record: &Record, field: &str) -> String {
    if let Some(Stored::Text(text)) = record.get(field) { text.clone() } else { String::new() }
}

/// What a record is called.
fn name(store: &Store, target: Option<&Stored>, model: &str, called: &str) -> Stored {
    let Some(Stored::Integer(target)) = target else { return Stored::Null };
    let Some(record) = store.record(model, *target) else { return Stored::Null };
    let code = text(record, "default_code");
    Stored::Text(if code.is_empty() { text(record, called) } else { format!("[{code}] {}", text(record, called)) })
}

/// A moment as it is shown: cut to the second.
fn cut(moment: i64) -> Stored {
    Stored::Moment(moment.div_euclid(1_000_000) * 1_000_000)
}

fn expected(store: &Store, model: &str, id: i64, record: &Record, column: &str, kind: &DataType) -> Stored {
    if column == "id" {
        return Stored::Integer(id);
    }
    if column == "display_name" {
        return match model {
            "mailing.trace" => Stored::Text(format!("mailing.trace,{id}")),
            "mailing.mailing" => Stored::Text(text(record, "subject")),
            "utm.campaign" => Stored::Text(text(record, "title")),
            _ => Stored::Text(text(record, "name")).filled(),
        };
    }
    if model == "crm.lead" && column == "is_won" {
        return Stored::Truth(record.get("stage_id") == Some(&Stored::Integer(4)));
    }
    if let Some((target, called)) = column.strip_suffix("_name").and_then(pointed) {
        return name(store, record.get(column.trim_end_matches("_name")), target, called);
    }
    if model == "mailing.mailing" && ["sent", "delivered", "opened", "clicked", "replied", "bounced"].contains(&column) {
        return Stored::Integer(statistic(store, id, column));
    }
    match record.get(column) {
        Some(Stored::Moment(moment)) => cut(*moment),
        Some(value) if *value != Stored::Null => value.clone(),
        // Odoo has no numbers without a value, nor truth values.
        _ if *kind == DataType::Int64 && pointed(column).is_none() => Stored::Integer(0),
        _ if matches!(kind, DataType::Float64 | DataType::Decimal128(..)) => Stored::Number(0.0),
        _ if *kind == DataType::Boolean => Stored::Truth(false),
        _ => Stored::Null,
    }
}

trait Filled {
    fn filled(self) -> Self;
}

impl Filled for Stored {
    /// Empty text is no value.
    fn filled(self) -> Self {
        if self == Self::from("") { Self::Null } else { self }
    }
}

fn statistic(store: &Store, mailing: i64, which: &str) -> i64 {
    let of_mailing = store.records("mailing.trace").filter(|(_, trace)| trace["mass_mailing_id"] == Stored::Integer(mailing));
    let counts = of_mailing.filter(|(_, trace)| {
        let status = text(trace, "trace_status");
        match which {
            "sent" => trace.contains_key("sent_datetime"),
            "clicked" => trace.contains_key("links_click_datetime"),
            "delivered" => ["sent", "open", "reply"].contains(&status.as_str()),
            "opened" => ["open", "reply"].contains(&status.as_str()),
            "replied" => status == "reply",
            _ => status == "bounce",
        }
    });
    counts.count() as i64
}

/// The rows that a table of one model must give.
pub(crate) fn truth(odoo: &Odoo, model: &str, columns: &[(String, DataType)]) -> Vec<Row> {
    let store = &odoo.store;
    let row = |(id, record): (i64, &Record)| {
        columns.iter().map(|(name, kind)| expected(store, model, id, record, name, kind)).collect()
    };
    store.records(model).map(row).collect()
}

#[test]
fn every_table_is_as_the_records_are() {
    for version in VERSIONS {
        let bench = Bench::new(version);
        for (table, model) in TABLES {
            let columns = bench.columns(table).unwrap();
            let (rows, counted) = bench.table(table, None).unwrap();
            let truth = truth(&bench.server.state(), model, &columns);
            assert!(truth.len() > 1, "{table} is hardly filled");
            assert_eq!(counted, Some(truth.len() as u64), "{table}");
            assert_eq!(rows.len(), truth.len(), "{table}");
            for (row, truth) in rows.iter().zip(&truth) {
                for (column, (cell, truth)) in columns.iter().zip(row.iter().zip(truth)) {
                    assert_eq!(cell, truth, "Odoo {version}, {table}.{} of {:?}", column.0, row[0]);
                }
            }
        }
        assert_eq!(*bench.told.rejected.lock().unwrap(), []);
    }
}

#[test]
fn stage_history_is_as_it_happened() {
    for version in VERSIONS {
        let bench = Bench::new(version);
        let wanted = ["lead_id", "changed_at", "old_stage_id", "stage_id", "stage", "is_won"];
        let (rows, counted) = bench.table("lead_stages", Some(&wanted)).unwrap();
        let state = bench.server.state();
        let mut truth: Vec<Row> = Vec::new();
        for (lead, entries) in state.store.entered() {
            let mut before = Stored::Null;
            for (moment, stage) in entries {
                let stage = Stored::Integer(*stage);
                let won = Stored::Truth(stage == Stored::Integer(4));
                let called = name(&state.store, Some(&stage), "crm.stage", "name");
                truth.push(vec![Stored::Integer(*lead), cut(*moment), before, stage.clone(), called, won]);
                before = stage;
            }
        }
        assert!(truth.len() > 600, "{}", truth.len());
        assert_eq!(counted, Some(truth.len() as u64));
        assert_eq!(rows, truth);
    }
}

#[test]
fn lost_leads_are_among_the_leads() {
    for version in VERSIONS {
        let bench = Bench::new(version);
        let (rows, _) = bench.table("leads", Some(&["active", "lost_reason_id_name"])).unwrap();
        let lost: Vec<&Row> = rows.iter().filter(|row| row[0] == Stored::Truth(false)).collect();
        assert!(lost.len() > 20, "{}", lost.len());
        assert!(lost.iter().all(|row| row[1] != Stored::Null));
    }
}

#[test]
fn columns_come_as_they_are_asked_for_and_no_others_are_asked_of_odoo() {
    let bench = Bench::new(19);
    let (rows, _) = bench.table("leads", Some(&["stage_id_name", "id", "is_won"])).unwrap();
    assert_eq!(rows[0].len(), 3);
    assert!(matches!(rows[0][1], Stored::Integer(1)));
    let asked = bench.server.requests().pop().unwrap().body;
    assert!(asked.contains(r#""fields":["id","stage_id"]"#), "{asked}");
    let (rows, counted) = bench.table("leads", Some(&[])).unwrap();
    assert_eq!(Some(rows.len() as u64), counted);
}

#[test]
fn amounts_say_where_their_currency_stands() {
    let bench = Bench::new(19);
    let tables = bench.source.tables(&bench.task).unwrap();
    let currency_of = |table: &str, column: &str| {
        let table = tables.iter().find(|known| known.name == table).unwrap();
        let field = table.schema.field_with_name(column).unwrap();
        let currency = field.metadata().get(FIELD_CURRENCY_COLUMN).unwrap().clone();
        assert_eq!(*table.schema.field_with_name(&currency).unwrap().data_type(), DataType::Utf8);
        currency
    };
    assert_eq!(currency_of("leads", "expected_revenue"), "company_currency_name");
    assert_eq!(currency_of("order_lines", "price_subtotal"), "currency_id_name");
}
