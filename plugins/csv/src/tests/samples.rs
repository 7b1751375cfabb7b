//! Exports as platforms write them. Their sums were computed by other means.

use super::*;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/samples");

/// What a sample must give when all of it is read as it is found.
#[derive(Default)]
struct Expect<'a> {
    rows: usize,
    /// Columns with their types, among others.
    types: &'a [&'a str],
    sums: &'a [(&'a str, &'a str)],
    left_out: &'a [&'a str],
    rows_expected: Option<u64>,
    /// `_from` and `_to`.
    range: Option<[&'a str; 2]>,
}

/// Reads a table of a sample in one part and in many.
fn check(folder: &str, file: &str, table: &str, expect: &Expect<'_>) {
    let (trial, task) = Trial::new(folder);
    let mut source: CsvSource = trial.open(&task, json!({"path": file})).unwrap();
    for sizes in [Sizes::default(), TINY] {
        source.sizes = sizes;
        *source.survey.lock().unwrap() = None;
        let tables = source.tables(&task).unwrap();
        let info = tables.iter().find(|info| info.name == table).unwrap();
        assert_eq!(info.details.rows_expected, expect.rows_expected, "{file}");
        assert_eq!(info.details.format.len(), 1, "{file}");
        let scanned = trial
            .scan(&source, &task, &[], |scan| {
                table.clone_into(&mut scan.table);
                scan.target_partitions = 3;
            })
            .unwrap();
        assert_eq!(scanned.rows.len(), expect.rows, "{file}");
        assert_eq!(summed(&scanned.left_out), expect.left_out, "{file}");
        assert_eq!(scanned.rejected, [""; 0], "{file}");
        let types = types(&scanned);
        for column in expect.types {
            assert!(types.iter().any(|found| found == column), "{file}: no `{column}` in {types:?}");
        }
        let place = |name: &str| scanned.schema.index_of(name).unwrap();
        for (column, sum) in expect.sums {
            let cells = scanned.rows.iter().map(|row| row[place(column)].as_str()).filter(|cell| *cell != "∅");
            let total: f64 = cells.map(|cell| cell.parse::<f64>().unwrap()).sum();
            assert_eq!(format!("{total:.6}").trim_end_matches('0').trim_end_matches('.'), *sum, "{file}: {column}");
        }
        if let Some([from, to]) = expect.range {
            assert!(scanned.rows.iter().all(|row| row[place("_from")] == from && row[place("_to")] == to), "{file}");
        }
    }
}

/// What several parts left out, put together.
pub(super) fn summed(left_out: &[String]) -> Vec<String> {
    let mut sums = std::collections::BTreeMap::new();
    for (rows, why) in left_out.iter().filter_map(|line| line.split_once(" × ")) {
        *sums.entry(why).or_insert(0) += rows.parse::<u64>().unwrap();
    }
    sums.into_iter().map(|(why, rows)| format!("{rows} × {why}")).collect()
}

#[test]
fn analytics_exports_read() {
    let october = Some(["2026-10-01", "2026-10-31"]);
    check(
        SAMPLES,
        "ga4-events-report.csv",
        "demo",
        &Expect {
            rows: 4,
            types: &["event_name Utf8", "event_count Int64", "total_users Int64", "event_count_per_user Decimal128(38, 16)"],
            sums: &[("event_count", "173854"), ("total_users", "58855")],
            range: october,
            ..Expect::default()
        },
    );
    check(
        SAMPLES,
        "ga4-landing-pages.csv",
        "demo",
        &Expect {
            rows: 124,
            types: &["landing_page Utf8", "sessions Int64", "_from Date32", "_to Date32"],
            sums: &[("sessions", "27097"), ("total_users", "21627"), ("engaged_sessions", "14844"), ("key_events", "518")],
            range: october,
            ..Expect::default()
        },
    );
    let part = |table: &str, rows: usize, sum: &str| {
        let column = if table == "event_name" { "event_count" } else { table };
        let range = Some(["2026-10-01", "2026-10-28"]);
        check(SAMPLES, "ga4-reports-snapshot.csv", table, &Expect { rows, sums: &[(column, sum)], range, ..Expect::default() });
    };
    part("average_engagement_time", 28, "1330.117385");
    part("engaged_sessions_per_user", 28, "14.7381");
    part("event_name", 2, "8773");
}

#[test]
fn advertising_exports_read() {
    for file in ["google-ads-campaigns.csv", "google-ads-campaigns.utf16.tsv"] {
        check(
            SAMPLES,
            file,
            "demo",
            &Expect {
                rows: 3,
                types: &["impr Int64", "interaction_rate Decimal128(38, 4)", "cost Decimal128(38, 2)", "currency_code Utf8"],
                sums: &[("impr", "101315"), ("cost", "4964.39"), ("conversions", "59")],
                left_out: &["2 × total row"],
                range: Some(["2026-10-01", "2026-10-31"]),
                ..Expect::default()
            },
        );
    }
    check(
        SAMPLES,
        "meta-ads-campaigns.csv",
        "demo",
        &Expect {
            rows: 62,
            types: &["reporting_starts Date32", "impressions Int64", "amount_spent_usd Decimal128(38, 2)"],
            sums: &[("impressions", "277241"), ("reach", "158221"), ("amount_spent_usd", "2227.83"), ("link_clicks", "6070")],
            left_out: &["1 × total row"],
            ..Expect::default()
        },
    );
    check(
        SAMPLES,
        "mailchimp-campaigns.csv",
        "demo",
        &Expect {
            rows: 6,
            types: &["send_date Timestamp(µs)", "open_rate Decimal128(38, 4)"],
            sums: &[("total_recipients", "8610"), ("unique_opens", "4374")],
            ..Expect::default()
        },
    );
}

#[test]
fn customer_exports_read() {
    check(
        SAMPLES,
        "salesforce-opportunities.latin1.csv",
        "demo",
        &Expect {
            rows: 29,
            types: &["amount Decimal128(38, 2)", "close_date Date32"],
            sums: &[("amount", "435000")],
            left_out: &["4 × footer"],
            rows_expected: Some(29),
            ..Expect::default()
        },
    );
    for file in ["creme-2.8.6-opportunities.csv", "creme-2.8.6-opportunities.semicolon.csv"] {
        check(SAMPLES, file, "demo", &Expect { rows: 30, sums: &[("estimated_sales", "30435")], ..Expect::default() });
    }
    for file in ["creme-2.8.6-contacts.csv", "creme-2.8.6-contacts.semicolon.csv"] {
        check(SAMPLES, file, "demo", &Expect { rows: 51, types: &["email_address Utf8"], ..Expect::default() });
    }
    let created = &["create_date Timestamp(µs)", "became_a_lead_date Timestamp(µs)"];
    check(SAMPLES, "hubspot-contacts.csv", "demo", &Expect { rows: 150, types: created, ..Expect::default() });
    check(
        SAMPLES,
        "pipedrive-deals.csv",
        "demo",
        &Expect { rows: 70, types: &["deal_deal_created Timestamp(µs)"], sums: &[("deal_value", "84525")], ..Expect::default() },
    );
    let opted = &["optin_time Timestamp(µs)", "euid Utf8"];
    check(
        SAMPLES,
        "mailchimp-audience.csv",
        "demo",
        &Expect { rows: 120, types: opted, sums: &[("member_rating", "420")], ..Expect::default() },
    );
}

#[test]
fn orders_payments_and_surveys_read() {
    check(
        SAMPLES,
        "shopify-orders.csv",
        "demo",
        &Expect {
            rows: 120,
            types: &["name Utf8", "created_at Timestamp(µs, \"UTC\")", "total Decimal128(38, 2)", "billing_zip Utf8"],
            sums: &[("total", "5956"), ("lineitem_price", "5956"), ("lineitem_quantity", "120")],
            ..Expect::default()
        },
    );
    check(
        SAMPLES,
        "stripe-payments.csv",
        "demo",
        &Expect {
            rows: 40,
            types: &["created_date_utc Timestamp(µs, \"UTC\")", "captured Boolean"],
            sums: &[("amount", "1800"), ("fee", "29.6")],
            ..Expect::default()
        },
    );
    check(
        SAMPLES,
        "nps-survey.csv",
        "demo",
        &Expect {
            rows: 90,
            types: &["submitted_at Timestamp(µs)"],
            sums: &[("how_likely_are_you_to_recommend_us_0_10", "626")],
            ..Expect::default()
        },
    );
    check(
        SAMPLES,
        "reviews.csv",
        "demo",
        &Expect {
            rows: 45,
            types: &["datum Date32", "bewertung Decimal128(38, 1)"],
            sums: &[("bewertung", "165")],
            ..Expect::default()
        },
    );
}

/// These may be read and not copied.
#[test]
fn exports_beside_the_checkout_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples");
    if !fs::exists(format!("{folder}/odoo19-export-crm.lead.csv")).unwrap() {
        eprintln!("skipped: there is no ../shared/samples beside the checkout");
        return;
    }
    check(
        folder,
        "odoo19-export-res.partner.csv",
        "demo",
        &Expect { rows: 41, types: &["phone Utf8", "created_on Timestamp(µs)"], ..Expect::default() },
    );
    check(
        folder,
        "odoo19-export-crm.lead.csv",
        "demo",
        &Expect {
            rows: 52,
            types: &["expected_revenue Decimal128(38, 1)", "closed_date Timestamp(µs)"],
            sums: &[("expected_revenue", "738544")],
            ..Expect::default()
        },
    );
    let (trial, task) = Trial::new(folder);
    let config = json!({"path": "odoo19-export-crm.lead.csv", "fill_down": {"columns": ["external_id", "email"]}});
    let source: CsvSource = trial.open(&task, config).unwrap();
    let scanned = trial.scan(&source, &task, &[("external_id", Kind::Text), ("tags", Kind::Text)], |_| {}).unwrap();
    assert_eq!(scanned.rows.iter().filter(|row| row[0] == "∅").count(), 0);
    let leads: std::collections::BTreeSet<_> = scanned.rows.iter().map(|row| &row[0]).collect();
    assert_eq!((scanned.rows.len(), leads.len()), (52, 44));
}
