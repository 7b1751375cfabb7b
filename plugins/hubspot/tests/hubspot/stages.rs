//! What the account's tables say about stages.

use cvj_core::source::FIELD_CURRENCY;
use cvj_core::{Definition, Stage, StageMetrics, StageOf};
use cvj_emulators::Fault;
use cvj_emulators::hubspot::{Limits, Portal, Size};
use serde_json::{Value, json};

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

#[test]
fn an_account_of_several_currencies() {
    let reader = Reader::of(50);
    let add = Fault::distort(|_, answer| {
        let amount = json!({"name": "amount_in_home_currency", "label": "Amount", "type": "number", "fieldType": "number"});
        answer["results"].as_array_mut().unwrap().push(amount);
    });
    reader.server.faults().push(add.path("/crm/properties/2026-09/deals").always());
    let tables = reader.source.tables(&reader.task()).unwrap();
    let deals = tables.iter().find(|table| table.name == "deals").unwrap();
    let home = deals.schema.field_with_name("amount_in_home_currency").unwrap();
    assert_eq!(home.metadata()[FIELD_CURRENCY], "EUR");
    let definitions = reader.source.definitions(&reader.task()).unwrap();
    let amounts: Vec<&str> = definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Touchpoint(touchpoint) => touchpoint.value.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(amounts, ["amount", "amount", "amount_in_home_currency", "amount_in_home_currency"]);
}

#[test]
fn only_what_is_mapped_is_asked_for() {
    let reader = Reader::of(50);
    for table in ["deal_contacts", "contact_stages", "contacts"] {
        reader.pull(table, &[]).unwrap();
    }
    reader.pull("contacts", &["email"]).unwrap();
    let asked: Vec<Value> = reader
        .server
        .requests()
        .iter()
        .filter(|request| request.method == "POST" && !request.path.contains("associations"))
        .map(|request| serde_json::from_str::<Value>(&request.body).unwrap()["properties"].clone())
        .collect();
    assert!(asked.contains(&json!(["email"])));
    assert!(asked.iter().all(|names| *names == json!(["email"]) || *names == json!(["hs_object_id"])), "{asked:?}");
}
