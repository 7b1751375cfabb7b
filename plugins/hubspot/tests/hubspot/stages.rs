//! What the account's tables say about stages.

use cvj_core::{Definition, Stage, StageMetrics, StageOf};
use cvj_emulators::hubspot::{Limits, Portal, Size};
use serde_json::json;

use crate::portal::{Reader, failure};

/// The stages and tables of the touchpoints, and the names of the metrics and views.
fn told(reader: &Reader) -> (Vec<(Stage, String)>, Vec<String>) {
    let mut touchpoints = Vec::new();
    let mut others = Vec::new();
    for definition in reader.source.definitions(&reader.task()).unwrap() {
        match definition {
            Definition::Touchpoint(touchpoint) => {
                let StageOf::Fixed(stage) = touchpoint.stage else { panic!("a stage in a column") };
                touchpoints.push((stage, touchpoint.from));
            }
            Definition::Metric(metric) => others.push(metric.name),
            Definition::View(view) => others.push(view.name),
        }
    }
    (touchpoints, others)
}

#[test]
fn an_account_that_shows_everything() {
    let reader = Reader::of(50);
    let (touchpoints, others) = told(&reader);
    let expected = [
        (Stage::Subscribe, "crm.contacts"),
        (Stage::Advocate, "crm.contacts"),
        (Stage::Convert, "crm_won_items"),
        (Stage::Ascend, "crm_won_items"),
        (Stage::Convert, "crm_won_deals"),
        (Stage::Ascend, "crm_won_deals"),
    ];
    assert_eq!(touchpoints, expected.map(|(stage, from)| (stage, from.to_owned())));
    assert_eq!(others, ["crm_won_items", "crm_won_deals", "Campaign sessions", "New contacts by first touch", "E-mail clicks"]);
    assert!(reader.log().contains("Free trial (`101234567`)"), "{}", reader.log());
}

#[test]
fn what_may_not_be_seen_is_no_error_until_it_is_read() {
    let mut portal = Portal::generate(7, Size::of(50)).with_limits(Limits::none());
    portal.missing_scopes.insert("crm.objects.deals.read".to_owned());
    let reader = Reader::new(portal, &json!({}));
    let tables = reader.source.tables(&reader.task()).unwrap();
    assert!(tables.iter().any(|table| table.name == "deals" && table.schema.index_of("amount").is_ok()));
    let (touchpoints, _) = told(&reader);
    assert!(touchpoints.contains(&(Stage::Convert, "crm.contacts".to_owned())), "{touchpoints:?}");
    assert!(!touchpoints.iter().any(|(_, from)| from.contains("won")), "{touchpoints:?}");
    let (status, message) = failure(reader.pull("deals", &["id", "amount"]));
    assert_eq!(status, cvj_core::Status::Unauthorized);
    assert!(message.contains("crm.objects.deals.read"), "{message}");
    assert!(!reader.pull("contacts", &["id"]).unwrap().is_empty());
}
