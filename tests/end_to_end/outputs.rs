//! What a report, a check, a template and a schema look like on disk and on stdout.

use std::collections::BTreeSet;

use cvj_tests::{Client, content_of, cvj, repository};
use serde_json::Value;

/// The files of a folder, charts as their folder and ending.
fn kinds(client: &Client, period: &str) -> BTreeSet<String> {
    let chart = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap();
        format!("{folder}/*.{}", name.rsplit_once('.').unwrap().1)
    };
    let files = content_of(&client.report_folder(period)).into_keys();
    files.map(|path| if path.starts_with("charts/") { chart(&path) } else { path }).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

const WHOLE: [&str; 11] = [
    ".cvj-written.json",
    "charts/local-move/*.png",
    "charts/local-move/*.svg",
    "charts/overall/*.png",
    "charts/overall/*.svg",
    "charts/piano-move/*.png",
    "charts/piano-move/*.svg",
    "local-move.worksheet.xlsx",
    "piano-move.worksheet.xlsx",
    "report.html",
    "report.json",
];

#[test]
fn a_report_is_a_folder_of_the_last_complete_period() {
    let client = Client::moving();
    let output = client.cvj_report(&[]).expect_status(0);
    assert_eq!(kinds(&client, "2026-10"), set(&WHOLE));
    let written: BTreeSet<&str> = output.stdout.lines().collect();
    let expected = ["charts", "local-move.worksheet.xlsx", "piano-move.worksheet.xlsx", "report.html", "report.json"];
    let expected: Vec<String> = expected.map(|name| format!("reports/2026-10/{name}")).into();
    assert_eq!(written, expected.iter().map(String::as_str).collect());
    assert!(!output.stderr.contains("warning"), "{}", output.stderr);

    let every_drawing_is_a_picture_too = content_of(&client.report_folder("2026-10"))
        .keys()
        .filter_map(|path| path.strip_suffix(".svg"))
        .all(|path| client.report_folder("2026-10").join(format!("{path}.png")).is_file());
    assert!(every_drawing_is_a_picture_too);
    let leftovers: Vec<_> = std::fs::read_dir(client.path().join("reports")).unwrap().collect();
    assert_eq!(leftovers.len(), 1, "{leftovers:?}");
}

#[test]
fn the_numbers_are_the_ones_one_counts_by_hand() {
    let client = Client::moving();
    client.cvj_report(&["--format", "json"]).expect_status(0);
    let report = client.report_json("2026-10");
    let stage = |scope: &Value, index: usize| scope["stages"][index].clone();
    let (overall, local) = (&report["overall"], &report["products"][0]);
    assert_eq!(stage(overall, 0)["metrics"][0]["actual"], 315.0);
    assert_eq!(stage(overall, 0)["metrics"][0]["previous"], 160.0);
    assert_eq!(stage(local, 0)["metrics"][0]["actual"], 260.0);
    assert_eq!(stage(local, 2)["metrics"][0]["numerator"], 22.0);
    assert_eq!(stage(local, 2)["metrics"][0]["denominator"], 220.0);
    // Cy opted in and ordered in October, Dee only opted in; Ann's second order is a later one.
    assert_eq!(stage(local, 2)["people"]["any"], 3);
    assert_eq!(stage(local, 3)["people"]["any"], 2);
    assert_eq!(stage(local, 5)["people"]["any"], 1);
    assert_eq!(stage(local, 2)["to_next"]["entered"], 2);
    assert_eq!(stage(local, 1)["measured"], false);
    assert_eq!(report["unassigned"], Value::Array(Vec::new()));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (client, elsewhere) = (Client::moving(), Client::moving());
    client.cvj_report(&[]).expect_status(0);
    let first = content_of(&client.report_folder("2026-10"));
    client.cvj_report(&[]).expect_status(0);
    elsewhere.cvj_report(&[]).expect_status(0);
    for (name, bytes) in
        [("again", content_of(&client.report_folder("2026-10"))), ("elsewhere", content_of(&elsewhere.report_folder("2026-10")))]
    {
        let different: Vec<&String> = first.keys().filter(|path| bytes.get(*path) != first.get(*path)).collect();
        assert!(different.is_empty() && bytes.len() == first.len(), "{name}: {different:?}");
    }
}

#[test]
fn formats_not_asked_for_are_kept() {
    let client = Client::moving();
    client.cvj_report(&[]).expect_status(0);
    let before = content_of(&client.report_folder("2026-10"));
    client.replace("cvj.toml", "target = 300", "target = 400");
    client.cvj_report(&["--format", "html,png"]).expect_status(0);
    let after = content_of(&client.report_folder("2026-10"));
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert_ne!(after["report.html"], before["report.html"]);
    for (path, bytes) in &before {
        let kept = path == "report.json" || path.contains(".worksheet.") || path.rsplit('.').next() == Some("svg");
        assert!(!kept || after[path] == *bytes, "{path} was not asked for");
    }
}

#[test]
fn an_edited_worksheet_is_never_replaced() {
    let client = Client::moving();
    client.cvj_report(&[]).expect_status(0);
    client.write("reports/2026-10/piano-move.worksheet.xlsx", "what a person typed");
    let before = content_of(&client.path().join("reports"));
    let output = client.cvj_report(&[]).expect_status(1);
    assert!(output.stderr.contains("reports/2026-10/piano-move.worksheet.xlsx"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: "), "{}", output.stderr);
    assert_eq!(content_of(&client.path().join("reports")), before);

    client.cvj_report(&["--format", "json,html,svg,png"]).expect_status(0);
    assert_eq!(client.read("reports/2026-10/piano-move.worksheet.xlsx"), "what a person typed");
    client.cvj_report(&["--out", "elsewhere"]).expect_status(0);
    assert!(client.path().join("elsewhere/piano-move.worksheet.xlsx").is_file());
}

#[test]
fn strict_says_so_when_the_data_has_problems() {
    let client = Client::moving();
    client.cvj_report(&["--strict", "--format", "json"]).expect_status(0);
    let orders = client.read("exports/orders.csv");

    client.write("exports/orders.csv", orders.clone() + "1005,,2026-10-12 10:00:00,piano,90.00\n");
    client.cvj_report(&["--format", "json"]).expect_status(0);
    let output = client.cvj_report(&["--strict", "--format", "json"]).expect_status(3);
    assert!(output.stderr.contains("orders.csv:7") && output.stderr.contains("`email`"), "{}", output.stderr);
    assert!(output.stdout.contains("report.json"), "the report is written all the same");

    client.write("exports/orders.csv", orders + "1005,ed@example.com,2026-10-12 10:00:00,harp,90.00\n");
    let output = client.cvj_report(&["--strict", "--format", "json"]).expect_status(3);
    assert!(output.stderr.contains("`harp`"), "{}", output.stderr);
}

#[test]
fn a_product_alone_leaves_the_others_in_place() {
    let client = Client::moving();
    client.cvj_report(&[]).expect_status(0);
    let before = kinds(&client, "2026-10");
    client.cvj_report(&["--product", "piano"]).expect_status(0);
    assert_eq!(kinds(&client, "2026-10"), before);
}

#[test]
fn a_rejected_row_shows_nobody() {
    let client = Client::moving();
    let orders = client.read("exports/orders.csv");
    client.write("exports/orders.csv", orders + "1006,secret@example.com,2026-10-12 10:00:00,piano,90.00,too,much\n");
    client.cvj_report(&[]).expect_status(0);
    let report = client.read("reports/2026-10/report.json");
    assert!(report.contains("7 cells where the header has 5"), "{report}");
    for name in ["report.json", "report.html"] {
        assert!(!client.read(&format!("reports/2026-10/{name}")).contains("secret@example.com"), "{name}");
    }
}

#[test]
fn one_product_can_be_asked_for() {
    let client = Client::moving();
    client.cvj_report(&["--product", "piano", "--format", "worksheet,json"]).expect_status(0);
    assert_eq!(kinds(&client, "2026-10"), set(&[".cvj-written.json", "piano-move.worksheet.xlsx", "report.json"]));
    let products = &client.report_json("2026-10")["products"];
    assert_eq!((products.as_array().unwrap().len(), &products[0]["name"]), (1, &Value::from("Piano move")));
}

#[test]
fn a_number_that_changed_after_it_was_reported_is_told() {
    let client = Client::moving();
    client.cvj_report(&["--period", "2026-09"]).expect_status(0);
    client.replace("exports/web-2026.csv", "2026-09-20,piano,40,", "2026-09-20,piano,44,");
    client.cvj_report(&["--period", "2026-10"]).expect_status(0);
    let notes = client.report_json("2026-10")["notes"].to_string();
    assert!(notes.contains("160") && notes.contains("164"), "{notes}");
    let first = content_of(&client.report_folder("2026-10"));
    client.cvj_report(&["--period", "2026-10"]).expect_status(0);
    assert_eq!(content_of(&client.report_folder("2026-10")), first);

    client.write("reports/2026-09/report.json", "{");
    let output = client.cvj_report(&["--period", "2026-10"]).expect_status(0);
    assert!(output.stderr.contains("warning: `reports/2026-09/report.json`"), "{}", output.stderr);
}

#[test]
fn a_report_follows_its_schema() {
    let client = Client::moving();
    client.cvj_report(&["--format", "json"]).expect_status(0);
    let schema: Value = serde_json::from_str(&cvj(&["schema", "report"]).expect_status(0).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut report = client.report_json("2026-10");
    let faults: Vec<String> = validator.iter_errors(&report).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    report["products"][0]["stages"][0]["metrics"][0]["verdict"] = "perhaps".into();
    assert!(!validator.is_valid(&report), "the schema says nothing about verdicts");
}

#[test]
fn schemas_of_plugins_are_printed() {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let csv = parse(&cvj(&["schema", "plugin", "csv"]).expect_status(0).stdout);
    assert!(csv["properties"]["path"].is_object(), "{csv:#}");
    let all = parse(&cvj(&["schema", "plugin"]).expect_status(0).stdout);
    assert_eq!(all["csv"], csv);
    assert!(all["xlsx"].is_object());
    let unknown = cvj(&["schema", "plugin", "cvs"]).expect_status(1);
    assert!(unknown.stderr.contains("did you mean `csv`?"), "{}", unknown.stderr);
}

#[test]
fn plugins_are_listed() {
    let text = cvj(&["plugin", "list"]).expect_status(0).stdout;
    let json: Value = serde_json::from_str(&cvj(&["plugin", "list", "--json"]).expect_status(0).stdout).unwrap();
    for name in ["csv", "xlsx"] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{text}");
        let found = json["plugins"].as_array().unwrap().iter().find(|plugin| plugin["name"] == name).unwrap();
        assert_eq!((&found["error"], &found["shadowed"]), (&Value::Null, &Value::Bool(false)));
        assert!(found["version"].is_string() && found["doc"].is_string());
    }
}

#[test]
fn the_template_is_the_one_that_is_kept_here() {
    let client = Client::new();
    let printed = client.cvj(&["template"]).expect_status(0).stdout;
    assert_eq!(printed, "worksheet.xlsx\n");
    let kept = std::fs::read(repository().join("templates/worksheet.xlsx")).unwrap();
    assert!(std::fs::read(client.path().join("worksheet.xlsx")).unwrap() == kept, "run `cargo xtask templates`");
    client.cvj(&["template"]).expect_status(0);

    client.write("mine.xlsx", "mine");
    let refused = client.cvj(&["template", "-o", "mine.xlsx"]).expect_status(1);
    assert!(refused.stderr.contains("`mine.xlsx`") && refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(client.read("mine.xlsx"), "mine");
    client.cvj(&["template", "-o", "mine.xlsx", "--force"]).expect_status(0);
    assert!(std::fs::read(client.path().join("mine.xlsx")).unwrap() == kept);
}

#[test]
fn a_check_shows_columns_and_problems() {
    let client = Client::moving();
    let text = client.cvj(&["check"]).expect_status(0).stdout;
    for part in ["Small Moving", "orders.csv", "created_at", "Created at", "a•••", "Sessions"] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert!(!text.contains("@example.com"), "a check shows a person in\n{text}");
    assert!(!client.path().join("reports").exists(), "a check writes nothing");
    let json: Value = serde_json::from_str(&client.cvj(&["check", "--json"]).expect_status(0).stdout).unwrap();
    let shop = json["sources"].as_array().unwrap().iter().find(|source| source["name"] == "shop").unwrap();
    assert_eq!((&shop["plugin"], &shop["tables"][0]["rows"]), (&Value::from("csv"), &Value::from(5)));

    client.replace("cvj.toml", "sum(sessions)", "sum(sesions)");
    let wrong = client.cvj(&["check"]).expect_status(1);
    assert!(wrong.stderr.contains("sesions") && wrong.stderr.contains("cvj.toml:"), "{}", wrong.stderr);
}

#[test]
fn quiet_is_quiet() {
    let client = Client::moving();
    let output = client.cvj_report(&["--quiet", "--format", "json"]).expect_status(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("reports/2026-10/report.json\n", ""));
}
