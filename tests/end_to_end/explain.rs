//! `cvj explain`: the numbers of the report, from the rows that they are made of, naming nobody.

use cvj_tests::{Client, Output, repository};
use serde_json::Value;

fn json(output: Output) -> Value {
    serde_json::from_str(&output.expect_status(0).stdout).unwrap()
}

fn explained(client: &Client, arguments: &[&str]) -> Value {
    json(client.cvj(&[&["explain", "--json"], arguments].concat()))
}

/// The metrics of a scope by `stage/name`.
fn metrics(stages: &Value) -> Vec<(String, &Value)> {
    let stages = stages.as_array().unwrap().iter();
    stages
        .flat_map(|stage| {
            let path = |metric: &Value| format!("{}/{}", stage["stage"].as_str().unwrap(), metric["name"].as_str().unwrap());
            stage["metrics"].as_array().unwrap().iter().map(move |metric| (path(metric), metric))
        })
        .collect()
}

fn sum(parts: &Value, key: &str) -> f64 {
    parts.as_array().unwrap().iter().map(|part| part[key].as_f64().unwrap_or_default()).sum()
}

#[test]
fn the_numbers_of_the_sample_are_what_their_sql_gives() {
    let client = Client::copy_of(&repository().join("examples/northwind"));
    client.cvj_report(&["--format", "json"]).expect_status(0);
    let report = client.report_json("2026-10");
    let products = report["products"].as_array().unwrap();
    let declared = |(_, metric): &(String, &Value)| metric["built_in"] == false;
    let declared: Vec<_> = metrics(&report["overall"]["stages"]).into_iter().filter(declared).collect();
    assert!(declared.len() > 8, "{declared:?}");
    // Every third one, in one scope each, because every question reads all exports.
    for (number, (path, overall)) in declared.into_iter().step_by(3).enumerate() {
        let product = (number % 4).checked_sub(1).map(|place| &products[place]);
        let of_product = product.and_then(|product| {
            let (_, metric) = metrics(&product["stages"]).into_iter().find(|(own, _)| *own == path)?;
            Some((product["name"].as_str()?, metric))
        });
        let (arguments, metric) = match of_product {
            Some((product, metric)) => (vec![path.as_str(), "--product", product], metric),
            None => (vec![path.as_str()], overall),
        };
        let explanation = explained(&client, &arguments);
        assert_eq!(&explanation["metric"], metric, "{arguments:?}");
        let parts = &explanation["parts"];
        let close = |left: f64, right: &Value| (left - right.as_f64().unwrap()).abs() < 1e-9 * left.abs().max(1.0);
        let value = if metric["numerator"].is_null() { &metric["actual"] } else { &metric["numerator"] };
        assert!(close(sum(parts, "value"), value), "{arguments:?}: {parts:#}");
        assert!(metric["denominator"].is_null() || close(sum(parts, "per"), &metric["denominator"]), "{arguments:?}: {parts:#}");
    }
}

#[test]
fn the_cards_of_the_report_have_the_same_trail() {
    let client = Client::copy_of(&repository().join("examples/northwind"));
    client.cvj_report(&["--format", "json"]).expect_status(0);
    let cards = client.report_json("2026-10")["definitions"].clone();
    let cards = cards.as_array().unwrap();
    assert!(cards.iter().all(|card| (card["kind"] == "builtin") == card["trail"].is_null()));
    assert!(cards.iter().any(|card| card["trail"]["rows_rejected"] != 0));
    for metric in ["Cost per click", "convert/Step rate"] {
        for part in explained(&client, &[metric])["parts"].as_array().unwrap() {
            assert!(cards.contains(&part["definition"]), "{metric}: {:#}", part["definition"]);
        }
    }
}

#[test]
fn rows_are_counted_and_shown_by_hand() {
    let client = Client::moving();
    let sessions = explained(&client, &["sessions", "--product", "local-move"]);
    let part = &sessions["parts"][0];
    assert_eq!((&sessions["product"], &sessions["metric"]["actual"]), (&"Local move".into(), &260.0.into()));
    assert_eq!((&part["value"], &part["rows_used"]), (&260.0.into(), &2.into()));
    let trail = &part["definition"]["trail"];
    assert_eq!((&trail["rows_read"], &trail["rows_used"], &trail["rows_rejected"]), (&5.into(), &5.into(), &0.into()));
    assert_eq!(trail["files"], Value::from(vec!["web-2026.csv"]));
    assert_eq!(part["columns"], Value::from(vec!["date", "page", "sessions"]));
    assert_eq!(part["sample"][0]["where"], "web-2026.csv:4");
    assert_eq!(part["sample"][0]["cells"], Value::from(vec!["2026-10-03", "/local", "150"]));

    let text = client.cvj(&["explain", "Opt-in rate", "--product", "Local move"]).expect_status(0).stdout;
    for shown in
        ["10.0%", "22 ÷ 220", "Subscribe", "2026-10", "sum(sign_ups) ÷ sum(visitors)", "web-2026.csv:5", "product_of(\"page\")"]
    {
        assert!(text.contains(shown), "{shown:?} is missing in\n{text}");
    }
    let before = explained(&client, &["Sessions", "--period", "2026-09"]);
    assert_eq!((&before["metric"]["actual"], &before["parts"][0]["rows_used"]), (&160.0.into(), &2.into()));
}

#[test]
fn a_rejected_row_is_counted_for_the_definitions_that_reject_it() {
    let client = Client::moving();
    let orders = client.read("exports/orders.csv");
    client.write(
        "exports/orders.csv",
        orders + "1005,,2026-10-12 10:00:00,piano,90.00\n1006,ed@example.com,2026-10-13,piano,9,9,9\n",
    );
    client.replace("cvj.toml", "[[touchpoint]]\nstage = \"subscribe\"", "[[metric]]\nstage = \"convert\"\nname = \"Orders\"\nfrom = \"shop\"\nvalue = \"count(*)\"\nat = \"created_at\"\n\n[[touchpoint]]\nstage = \"subscribe\"");
    let revenue = explained(&client, &["convert/Revenue"]);
    let part = &revenue["parts"][0];
    assert_eq!(part["definition"]["trail"]["rows_rejected"], 2, "{part:#}");
    let reasons: Vec<_> = part["rejected_by_reason"].as_array().unwrap().iter().map(|reason| reason["column"].as_str()).collect();
    assert!(reasons.contains(&Some("email")), "{part:#}");
    // To count orders, no person is needed.
    let orders = explained(&client, &["orders"]);
    let part = &orders["parts"][0];
    assert_eq!((&part["definition"]["trail"]["rows_rejected"], &part["value"]), (&1.into(), &4.0.into()), "{part:#}");
}

#[test]
fn nobody_is_named() {
    let client = Client::moving();
    client.replace(
        "exports/newsletter.csv",
        "Email,Joined at,Interest\n",
        "Email,Joined at,Interest\n\"Eve <eve@example.com>\",2026-10-04,local-van\n,2026-10-05,local-cart\n",
    );
    client.replace(
        "cvj.toml",
        "[[touchpoint]]\nstage = \"subscribe\"",
        "[[metric]]\nstage = \"subscribe\"\nname = \"Readers\"\nfrom = \"readers\"\nvalue = \"count(distinct who)\"\nat = \"joined_at\"\n\n\
         [table.readers]\nsql = \"SELECT email AS who, joined_at FROM letters\"\n\n[[touchpoint]]\nstage = \"subscribe\"",
    );
    for metric in ["Readers", "subscribe/People", "convert/Revenue", "convert/Step rate", "ascend/People"] {
        for output in [client.cvj(&["explain", metric]), client.cvj(&["explain", metric, "--json"])] {
            let output = output.expect_status(0);
            assert!(output.stdout.contains("•••"), "{metric}\n{}", output.stdout);
            assert!(!output.stdout.contains('@') && !output.stderr.contains('@'), "{metric}\n{}{}", output.stdout, output.stderr);
        }
    }
}

#[test]
fn a_view_is_explained_without_lines() {
    let client = Client::moving();
    client.write(
        "cvj.toml",
        client.read("cvj.toml")
            + "[table.big_orders]\nsql = \"SELECT order_id, created_at, item, total FROM shop WHERE total > 200\"\n\n\
               [[metric]]\nstage = \"excite\"\nname = \"Big orders\"\nfrom = \"big_orders\"\nvalue = \"sum(total)\"\nat = \"created_at\"\nproduct = \"item\"\nunit = \"money\"\n",
    );
    let orders = explained(&client, &["Big orders"]);
    let part = &orders["parts"][0];
    assert_eq!((&part["plugin"], &part["value"], &part["rows_used"]), (&"view".into(), &1500.5.into(), &2.into()));
    assert!(part["view"].as_str().unwrap().contains("total > 200"));
    assert_eq!(part["definition"]["trail"]["files"], Value::from(vec!["orders.csv"]));
    assert_eq!(part["sample"][0]["where"], Value::Null);
    assert_eq!(part["sample"].as_array().unwrap().len(), 2);
    let text = client.cvj(&["explain", "Big orders"]).expect_status(0).stdout;
    assert!(text.contains("$1,500") && text.contains("big_orders (view)") && text.contains("local-house"), "{text}");
}

#[test]
fn combined_metrics_show_each_part() {
    let client = Client::moving();
    let part = |filter: &str| {
        format!(
            "[[metric]]\nstage = \"convert\"\nname = \"Sales\"\nfrom = \"shop\"\nvalue = \"sum(total)\"\nat = \"created_at\"\n\
             product = \"item\"\nunit = \"money\"\ncombine = \"sum\"\nwhere = \"{filter}\"\n\n"
        )
    };
    let toml = client.read("cvj.toml") + "\n" + &part("item = 'piano'") + &part("item <> 'piano' and total > 600");
    client.write("cvj.toml", toml);
    let orders = client.read("exports/orders.csv");
    client.write("exports/orders.csv", orders + "1007,ed@example.com,,piano,100\n");
    let sales = explained(&client, &["sales"]);
    let parts = &sales["parts"];
    assert_eq!(sales["metric"]["actual"], 1170.0);
    assert_eq!((&parts[0]["value"], &parts[1]["value"]), (&180.0.into(), &990.0.into()));
    // Both have one name and one table, and each its own rejected rows.
    let rejected = [0, 1].map(|part| parts[part]["definition"]["trail"]["rows_rejected"].clone());
    assert_eq!(rejected, [Value::from(1), Value::from(0)], "{parts:#}");
    let text = client.cvj(&["explain", "sales"]).expect_status(0).stdout;
    assert!(text.contains("Definition 1 of 2") && text.contains("Definition 2 of 2"), "{text}");
}

#[test]
fn a_wrong_question_is_told_what_to_ask() {
    let client = Client::moving();
    for (arguments, status, says) in [
        (&["Sesions"][..], 1, &["no metric `Sesions`", "did you mean `Sessions`?"][..]),
        (&["Visits to the moon"], 1, &["no metric", "Opt-in rate", "Sessions"]),
        (&["revenue"], 1, &["several stages", "`convert/Revenue`", "`ascend/Revenue`"]),
        (&["convert/Sessions"], 1, &["write `aware/Sessions`"]),
        (&["Sessions", "--product", "harp"], 1, &["no product `harp`", "Piano move"]),
        (&["Sessions", "--period", "2027-01"], 1, &["2027-01"]),
        (&["Sessions", "nowhere"], 1, &["nowhere"]),
        (&[], 2, &["METRIC"]),
    ] {
        let output = client.cvj(&[&["explain"], arguments].concat()).expect_status(status);
        assert_eq!(output.stdout, "", "{arguments:?}");
        assert!(says.iter().all(|part| output.stderr.contains(part)), "{arguments:?}: {}", output.stderr);
    }

    client.replace("cvj.toml", "product = \"page\"\nheadline", "headline");
    let output = client.cvj(&["explain", "Sessions", "--product", "piano"]).expect_status(1);
    assert!(output.stderr.contains("for Piano move") && output.stderr.contains("measured overall"), "{}", output.stderr);

    let toml = client.read("cvj.toml");
    client.write("cvj.toml", &toml[..toml.find("[[metric]]").unwrap()]);
    let output = client.cvj(&["explain", "Sessions"]).expect_status(1);
    assert!(output.stderr.contains("no metric and no touchpoint"), "{}", output.stderr);
}
