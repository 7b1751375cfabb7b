//! Exports as platforms and colleagues write them, from the file to the number in the report.

use std::fmt::Write as _;

use cvj_tests::Client;
use serde_json::{Value, json};

const CONFIG: &str = r#"[client]
name = "N"
currency = "USD"
timezone = "UTC"
[report]
as_of = "2026-11-01"
history = 2
[source.shop]
plugin = "csv"
path = "exports/*"
"#;

/// A client with one export.
fn client(definitions: &str, export: &[u8]) -> Client {
    let client = Client::new();
    client.write("cvj.toml", format!("{CONFIG}{definitions}"));
    client.write("exports/export.csv", export);
    client
}

fn report(client: &Client) -> Value {
    client.cvj_report(&["--format", "json", "--period", "2026-10"]).expect_status(0);
    client.report_json("2026-10")
}

fn metric<'a>(report: &'a Value, stage: usize, name: &str) -> &'a Value {
    let metrics = report["overall"]["stages"][stage]["metrics"].as_array().unwrap();
    metrics.iter().find(|metric| metric["name"] == name).unwrap()
}

const REVENUE: &str = "[[metric]]\nstage = \"convert\"\nname = \"Income\"\nfrom = \"shop\"\nvalue = \"sum(total)\"\nat = \"day\"\nunit = \"money\"\n";
const BUYERS: &str =
    "[[touchpoint]]\nstage = \"convert\"\nfrom = \"shop\"\nperson = \"email\"\nat = \"day\"\nvalue = \"total\"\n";

#[test]
fn an_amount_whose_row_names_another_currency_is_rejected_by_who_means_money() {
    let export = "day,email,total,Currency\n2026-10-01,a@x.de,10.00,usd\n2026-10-02,b@x.de,20.00,EUR\n2026-10-03,c@x.de,,EUR\n2026-10-04,d@x.de,5.50,\n";
    let count = "[[metric]]\nstage = \"aware\"\nname = \"Rows\"\nfrom = \"shop\"\nvalue = \"count(*)\"\nat = \"day\"\n";
    let report = report(&client(&format!("{REVENUE}{BUYERS}{count}"), export.as_bytes()));
    assert_eq!(metric(&report, 3, "Income")["actual"], 15.5);
    assert_eq!(metric(&report, 3, "Revenue")["actual"], 15.5);
    // Who has no amount is none in another currency.
    assert_eq!(metric(&report, 3, "People")["actual"], 3.0);
    assert_eq!(metric(&report, 0, "Rows")["actual"], 4.0);
    let table = &report["sources"][0]["tables"][0];
    assert_eq!((&table["rows_read"], &table["rows_rejected"]), (&json!(4), &json!(1)));
    let why = "the amount is not in the client's currency: `EUR`";
    assert_eq!(table["rejects"][0]["why"], why);
    assert_eq!(table["rejects"][0]["column"], "currency");
    assert_eq!(table["rejects"][0]["where"], "export.csv:3");
}

#[test]
fn preamble_totals_and_footers_are_no_rows_and_the_days_above_date_them() {
    let export = "Campaign report\n\"October 1, 2026 - October 31, 2026\"\nCampaign,Currency code,Cost,Clicks\nBrand,USD,\"1,200.50\",30\nLocal,USD,99.50, --\nTotal: Campaigns,USD,\"1,300.00\",30\n";
    let spend = "[[metric]]\nstage = \"aware\"\nname = \"Spend\"\nfrom = \"shop\"\nvalue = \"sum(cost)\"\nat = \"_from\"\nunit = \"money\"\n";
    let report = report(&client(spend, export.as_bytes()));
    assert_eq!(metric(&report, 0, "Spend")["actual"], 1300.0);
    let table = &report["sources"][0]["tables"][0];
    assert_eq!(table["rows_read"], 2);
    assert_eq!(table["rows_left_out"], json!([{"why": "total row", "rows": 1}]));
}

#[test]
fn the_number_of_partitions_and_threads_changes_no_byte() {
    let mut export = "day,email,total,product\n".to_owned();
    for row in 0..60_000_u64 {
        // Amounts that no sum of doubles gets right, a person in many rows, some rows of no use, quotes and line breaks.
        let day = 1 + row * 7 % 28;
        let email = if row % 97 == 0 { String::new() } else { format!("p{}@x.de", row * 31 % 9000) };
        let total = if row % 89 == 0 { "n.a.?".to_owned() } else { format!("{}.{:02}", row % 700, row % 100) };
        writeln!(export, "2026-10-{day:02},{email},{total},\"P{}\n\"\"q\"\"\"", row % 5).unwrap();
    }
    let by_product =
        REVENUE.replace("at = ", "product = \"product\"\nat = ") + &BUYERS.replace("at = ", "product = \"product\"\nat = ");
    let client = client(&by_product, export.as_bytes());
    let written = |client: &Client| {
        let report = report(client);
        assert!(metric(&report, 3, "People")["actual"].as_f64() > Some(8000.0));
        std::fs::read(client.report_folder("2026-10").join("report.json")).unwrap()
    };
    let split = written(&client);
    assert_eq!(written(&client), split);
    // UTF-16 is read from its begin to its end by one thread.
    let wide: Vec<u8> = format!("\u{feff}{export}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    client.write("exports/export.csv", wide);
    assert_eq!(written(&client), split);
}

#[test]
fn a_column_of_rejects_is_counted_and_the_first_are_shown() {
    let mut export = "day,email,total\n".to_owned();
    for row in 0..50_000 {
        writeln!(export, "2026-10-{:02},,{}.00", 1 + row % 28, row % 10).unwrap();
    }
    export.push_str("2026-10-02,a@x.de,1.00\n");
    let report = report(&client(BUYERS, export.as_bytes()));
    let table = &report["sources"][0]["tables"][0];
    assert_eq!((&table["rows_read"], &table["rows_rejected"]), (&json!(50_001), &json!(50_000)));
    let lines: Vec<_> = table["rejects"].as_array().unwrap().iter().map(|reject| reject["where"].as_str().unwrap()).collect();
    let expected: Vec<_> = (2..22).map(|line| format!("export.csv:{line}")).collect();
    assert_eq!(lines, expected);
    assert_eq!(metric(&report, 3, "People")["actual"], 1.0);
}

#[test]
fn a_view_does_not_hide_what_an_amount_is_in() {
    let export = "day,email,Amount (EUR)\n2026-10-01,a@x.de,10.00\n2026-10-02,b@x.de,20.00\n";
    let definition = "[table.sales]\nsql = \"SELECT * FROM shop\"\n[[touchpoint]]\nstage = \"convert\"\nfrom = \"sales\"\nperson = \"email\"\nat = \"day\"\nvalue = \"amount_eur\"\n";
    let count = "[[metric]]\nstage = \"aware\"\nname = \"Rows\"\nfrom = \"shop\"\nvalue = \"count(*)\"\nat = \"day\"\n";
    let report = report(&client(&format!("{definition}{count}"), export.as_bytes()));
    let view = report["sources"].as_array().unwrap().iter().find(|source| source["name"] == "sales").unwrap();
    assert_eq!(view["tables"][0]["rows_rejected"], 2);
}

/// Rows of different people, as many as it takes for one unreadable cell not to matter, and then these.
fn after_many(header: &str, row: &str, last: &str) -> String {
    let many = (0..40).fold(format!("{header}\n"), |export, number| format!("{export}2026-10-01,p{number}@x.de,1.00,{row}\n"));
    format!("{many}{last}\n")
}

#[test]
fn what_a_touchpoint_is_told_apart_by_rejects_no_row_and_names_no_person() {
    let export =
        after_many("day,email,total,channel,stage,friend", "ads,Customer,1", "2026-10-02,b@x.de,20.00,,ASCENSION,eve@x.de");
    let told = format!("{BUYERS}by = [\"channel\", \"total > 9\"]\ncurrent = \"stage\"\nreferred = \"friend\"\n");
    let friends = "[[metric]]\nstage = \"promote\"\nname = \"Friends\"\nfrom = \"shop\"\nvalue = \"sum(friend)\"\nat = \"day\"\n";
    let report = report(&client(&format!("{told}{friends}"), export.as_bytes()));
    assert_eq!(metric(&report, 3, "Revenue")["actual"], 60.0);
    assert_eq!(metric(&report, 3, "People")["actual"], 41.0);
    let card = report["definitions"].as_array().unwrap().iter().find(|card| card["name"] == "Convert touchpoint").unwrap();
    let formula = "a person (email), value total, by channel, total > 9, now at stage, who referred friend";
    assert_eq!(card["formula"], formula);
    // The metric rejects the row whose friend is no number, and does not say who that is.
    let table = &report["sources"][0]["tables"][0];
    assert_eq!((&table["rows_rejected"], &table["rejects"][0]["column"]), (&json!(1), &json!("friend")));
    assert!(!report.to_string().contains("eve@x.de"), "{report}");
}

#[test]
fn a_cell_that_a_row_can_do_without_may_be_unreadable() {
    let export = after_many("day,email,total,channel", "7", "2026-10-02,b@x.de,20.00,ads");
    let columns = "columns = { channel = { type = \"decimal\" } }\n";
    let view = "[table.sales]\nsql = \"SELECT * FROM shop\"\n";
    for (definition, rejected) in [("by = [\"channel + 1\"]\n", 0), ("where = \"channel > 0\"\n", 1)] {
        for buyers in [BUYERS.to_owned(), format!("{view}{}", BUYERS.replace("\"shop\"", "\"sales\""))] {
            let report = report(&client(&format!("{columns}{buyers}{definition}"), export.as_bytes()));
            assert_eq!(metric(&report, 3, "People")["actual"], f64::from(41 - rejected), "{buyers}{definition}");
            assert_eq!(report["sources"][0]["tables"][0]["rows_rejected"], rejected, "{buyers}{definition}");
        }
    }
}

#[test]
fn absurd_amounts_windows_and_products_end_in_words() {
    let mut export = "day,email,total\n".to_owned();
    for row in 0..40 {
        writeln!(export, "2026-10-01,p{row}@x.de,900000000000000000000000000000.00").unwrap();
    }
    export.push_str("2026-10-01,q@x.de,1.00\n");
    let absurd = report(&client(BUYERS, export.as_bytes()));
    assert_eq!(metric(&absurd, 3, "Revenue")["actual"], 1.0);
    assert!(absurd["sources"][0]["tables"][0]["rejects"][0]["why"].as_str().unwrap().starts_with("the amount is too large"));
    assert_eq!(absurd["sources"][0]["tables"][0]["rejects"][0]["column"], "total");

    let client_of = |definitions: &str| client(definitions, b"day,email,total\n2026-10-01,a@x.de,1.00\n");
    let output = client_of(&format!("{BUYERS}[window]\nascend = 4294967295\n")).cvj_report(&[]).expect_status(1);
    assert!(output.stderr.contains("cvj.toml:") && output.stderr.contains("at most 36500"), "{}", output.stderr);

    let mut many = "day,email,total,url\n".to_owned();
    for row in 0..10_050 {
        writeln!(many, "2026-10-01,p@x.de,1.00,/page/{row}").unwrap();
    }
    let by_page = BUYERS.replace("at = ", "product = \"url\"\nat = ");
    let output = client(&by_page, many.as_bytes()).cvj_report(&[]).expect_status(1);
    assert!(output.stderr.contains("10000 different values") && output.stderr.contains("[[product]]"), "{}", output.stderr);

    let mut many = "day,email,total,url\n".to_owned();
    for row in 0..65_536 {
        writeln!(many, "2026-10-01,p@x.de,1.00,/page/{row}").unwrap();
    }
    let output = client(&format!("{BUYERS}by = [\"url\"]\n"), many.as_bytes()).cvj_report(&[]).expect_status(1);
    let says = ["Convert touchpoint from `shop`", "`url`", "65535 different", "by = ", "fewer values"];
    assert!(says.iter().all(|part| output.stderr.contains(part)), "{}", output.stderr);
}
