//! The sample client, whose truth its generator knows.

use cvj_tests::{Client, differences, repository};
use serde_json::Value;

#[test]
fn the_report_is_the_truth_that_the_generator_knows() {
    let folder = repository().join("examples/northwind");
    let client = Client::copy_of(&folder);
    client.cvj_report(&[]).expect_status(0);
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let label = expected["period"]["label"].as_str().unwrap().to_owned();
    let found = differences(&expected, &client.report_json(&label));
    assert!(found.is_empty(), "{} differences, the first:\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}

#[test]
fn every_product_and_stage_of_the_sample_is_measured_but_two_of_storage() {
    let client = Client::copy_of(&repository().join("examples/northwind"));
    client.cvj_report(&["--format", "json"]).expect_status(0);
    let folder = std::fs::read_dir(client.path().join("reports")).unwrap().next().unwrap().unwrap();
    let report = client.report_json(folder.file_name().to_str().unwrap());
    let overall = std::iter::once((&Value::Null, &report["overall"]["stages"]));
    let products = report["products"].as_array().unwrap().iter().map(|product| (&product["name"], &product["stages"]));
    let mut scopes = 0;
    let mut unmeasured = Vec::new();
    for (name, stages) in overall.chain(products) {
        let stages = stages.as_array().unwrap();
        assert_eq!(stages.len(), 8, "{name}");
        for stage in stages.iter().filter(|stage| stage["measured"] != true) {
            assert_eq!(stage["measured"], false, "{name}: {}", stage["stage"]);
            unmeasured.push((name.as_str(), stage["stage"].as_str().unwrap()));
            // Not measured is unknown, never zero.
            assert_eq!(stage["metrics"], Value::Array(Vec::new()), "{name}: {}", stage["stage"]);
            assert_eq!((&stage["people"], &stage["to_next"]), (&Value::Null, &Value::Null), "{name}: {}", stage["stage"]);
        }
        scopes += 1;
    }
    assert_eq!(scopes, 4);
    assert_eq!(unmeasured, [(Some("Storage"), "excite"), (Some("Storage"), "promote")]);
}
