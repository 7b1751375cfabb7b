//! The definitions that come with the plugin name columns that are there.

use cvj_core::StageMetrics as _;
use cvj_core::definition::{Definition, StageOf, Touchpoint};
use cvj_core::stage::Stage;
use cvj_emulators::Server;
use cvj_emulators::odoo::{Odoo, Sample};
use serde_json::json;

use crate::host::Bench;

fn defaults(orders: bool) -> Vec<Definition> {
    let server = Server::start(Odoo::new(19, &Sample { orders, ..Sample::default() }));
    let bench = Bench::with(server, "admin", &json!({}));
    bench.source.definitions(&bench.task).unwrap()
}

fn touchpoints(definitions: &[Definition]) -> Vec<&Touchpoint> {
    definitions
        .iter()
        .filter_map(|definition| if let Definition::Touchpoint(touchpoint) = definition { Some(touchpoint) } else { None })
        .collect()
}

fn stages(definitions: &[Definition]) -> Vec<(&StageOf, &str)> {
    touchpoints(definitions).iter().map(|touchpoint| (&touchpoint.stage, touchpoint.from.as_str())).collect()
}

fn views(definitions: &[Definition]) -> Vec<&str> {
    definitions
        .iter()
        .filter_map(|definition| if let Definition::View(view) = definition { Some(view.name.as_str()) } else { None })
        .collect()
}

#[test]
fn orders_speak_for_sales_by_product() {
    let defaults = defaults(true);
    let fixed = |stage: Stage| StageOf::Fixed(stage);
    assert_eq!(
        stages(&defaults),
        [(&fixed(Stage::Subscribe), "crm_leads"), (&fixed(Stage::Convert), "crm_sales"), (&fixed(Stage::Ascend), "crm_sales"),]
    );
    assert!(touchpoints(&defaults)[1..].iter().all(|touchpoint| touchpoint.product.as_deref() == Some("product")));
    assert_eq!(views(&defaults), ["crm_leads", "crm_sales"]);
    assert!(defaults.iter().any(|definition| matches!(definition, Definition::Metric(metric) if metric.stage == Stage::Engage)));
}

#[test]
fn without_orders_the_opportunities_won_do() {
    let defaults = defaults(false);
    assert_eq!(stages(&defaults).iter().map(|(_, from)| *from).collect::<Vec<_>>(), ["crm_leads"; 3]);
    assert_eq!(touchpoints(&defaults)[1].filter.as_deref(), Some("is_won AND probability > 0"));
    assert_eq!(views(&defaults), ["crm_leads"]);
}

#[test]
fn what_the_user_may_not_read_is_left_out_with_a_warning() {
    let server = Server::start(Odoo::new(19, &Sample::default()));
    for model in ["sale.order", "mailing.mailing"] {
        server.state().users[1].barred.push(model.to_owned());
    }
    let bench = Bench::with(server, "clerk", &json!({}));
    let defaults = bench.source.definitions(&bench.task).unwrap();
    assert_eq!(stages(&defaults).iter().map(|(_, from)| *from).collect::<Vec<_>>(), ["crm_leads"; 3]);
    assert!(!defaults.iter().any(|definition| matches!(definition, Definition::Metric(_))));
    let log = bench.told.log.lock().unwrap();
    assert!(log.iter().any(|line| line.contains("`mailing.mailing`")), "{log:?}");
    assert_eq!(bench.table("orders", None).unwrap_err().status, cvj_core::Status::Unauthorized);
}
