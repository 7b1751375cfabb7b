//! The sample client, whose truth its generator knows.

use cvj_tests::{Client, differences, repository};
use serde_json::Value;

#[test]
fn the_report_is_the_truth_that_the_generator_knows() {
    let folder = repository().join("examples/northwind");
    let client = Client::copy_of(&folder);
    client.cvj_report(&[]).expect_status(0);
    let mut expected: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let label = expected["period"]["label"].as_str().unwrap().to_owned();
    let mut report = client.report_json(&label);
    // The order of the unassigned values is the report's own.
    for document in [&mut expected, &mut report] {
        let rows = document["unassigned"].as_array_mut().unwrap();
        rows.sort_by_key(|row| (row["source"].to_string(), row["value"].to_string()));
    }
    let found = differences(&expected, &report);
    assert!(found.is_empty(), "{} differences, the first:\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}

#[test]
fn every_product_and_stage_of_the_sample_is_measured() {
    let client = Client::copy_of(&repository().join("examples/northwind"));
    client.cvj_report(&["--format", "json"]).expect_status(0);
    let folder = std::fs::read_dir(client.path().join("reports")).unwrap().next().unwrap().unwrap();
    let report = client.report_json(folder.file_name().to_str().unwrap());
    let products = report["products"].as_array().unwrap();
    assert_eq!(products.len(), 3);
    for product in products {
        let unmeasured: Vec<_> = product["stages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|stage| stage["measured"] != true)
            .map(|stage| &stage["stage"])
            .collect();
        assert!(unmeasured.is_empty(), "{}: {unmeasured:?}", product["name"]);
    }
}
