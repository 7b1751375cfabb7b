//! What an Odoo's tables say about stages, by default. No stage of the pipeline is taken for a stage of the journey, but won,
//! which Odoo itself marks.

use cvj_core::definition::{Combine, Definition, Metric, Occurrence, Touchpoint, View};
use cvj_core::stage::Stage;
use serde_json::json;

use crate::catalogue::Table;
use crate::client::Condition;

/// What an order that was sold has to meet.
pub(crate) fn confirmed() -> Vec<Condition> {
    vec![json!(["state", "in", ["sale", "done"]])]
}

/// A lead is subscribed from its creation. The first sale converts, later ones ascend: by product from the lines of orders where
/// the sales application has `sold`, else from opportunities won. Clicks in mailings engage.
pub(crate) fn defaults(
    source: &str,
    partners: &Table,
    leads: Option<&Table>,
    sold: bool,
    traces: Option<&Table>,
) -> Vec<Definition> {
    let mut definitions = Vec::new();
    let leads_view = format!("{source}_leads");
    if let Some(leads) = leads {
        definitions.push(Definition::View(View { name: leads_view.clone(), sql: people_of_leads(source, leads, partners) }));
        definitions.push(Definition::Touchpoint(Touchpoint {
            by: channels(leads).map(ToOwned::to_owned).collect(),
            ..touchpoint(Stage::Subscribe, leads_view.clone(), "create_date")
        }));
    }
    if sold {
        let view = format!("{source}_sales");
        definitions.push(Definition::View(View { name: view.clone(), sql: sales(source, partners) }));
        definitions.extend(SALES.map(|(stage, occurrence)| {
            Definition::Touchpoint(Touchpoint {
                product: Some("product".to_owned()),
                value: Some("price_subtotal".to_owned()),
                order: Some("order_id".to_owned()),
                occurrence,
                ..touchpoint(stage, view.clone(), "date_order")
            })
        }));
    } else if leads.is_some() {
        definitions.extend(SALES.map(|(stage, occurrence)| {
            Definition::Touchpoint(Touchpoint {
                // A lost opportunity keeps its stage, with a probability of 0.
                filter: Some("is_won AND probability > 0".to_owned()),
                value: Some("expected_revenue".to_owned()),
                occurrence,
                ..touchpoint(stage, leads_view.clone(), "date_closed")
            })
        }));
    }
    // A mailing's own numbers grow until now and do not say when.
    if traces.is_some_and(|traces| traces.has(CLICKED)) {
        let from = format!("{source}.mailing_traces");
        definitions.push(Definition::Metric(Metric {
            filter: Some(format!("{CLICKED} IS NOT NULL")),
            combine: Some(Combine::Sum),
            headline: true,
            ..Metric::new(Stage::Engage, "Mailing clicks", from, "count(*)", CLICKED)
        }));
    }
    definitions
}

/// When a message's links were clicked last: Odoo keeps no other moment, so that each message counts once.
const CLICKED: &str = "links_click_datetime";

const SALES: [(Stage, Occurrence); 2] = [(Stage::Convert, Occurrence::First), (Stage::Ascend, Occurrence::Later)];

fn touchpoint(stage: Stage, from: String, at: &str) -> Touchpoint {
    Touchpoint::new(stage, from, "person", at)
}

/// The columns that say where a lead came from.
fn channels(leads: &Table) -> impl Iterator<Item = &'static str> {
    ["source_id_name", "medium_id_name"].into_iter().filter(|column| leads.has(column))
}

/// A view's column of who it is: the first of these columns that there are, then of these ids. An id is one in this source only.
fn person(source: &str, columns: &[(&Table, &str, &str)], ids: &[(&str, &str)]) -> String {
    let columns = columns.iter().filter(|(table, _, column)| table.has(column)).map(|(_, of, column)| format!("{of}.{column}"));
    let ids = ids.iter().map(|(kind, id)| format!("'{source}:{kind}:' || CAST({id} AS VARCHAR)"));
    format!("coalesce({}) AS person", columns.chain(ids).collect::<Vec<_>>().join(", "))
}

/// Leads with who they are: the partner that they became, by address, so that leads and orders of one person meet.
fn people_of_leads(source: &str, leads: &Table, partners: &Table) -> String {
    let addresses = [
        (partners, "p", "email_normalized"),
        (partners, "p", "email"),
        (leads, "l", "email_normalized"),
        (leads, "l", "email_from"),
    ];
    let kept = ["create_date", "date_closed", "is_won", "probability", "expected_revenue", "company_currency_name"];
    let mut select: Vec<String> = kept.into_iter().chain(channels(leads)).map(|column| format!("l.{column}")).collect();
    select.push(person(source, &addresses, &[("partner", "l.partner_id"), ("lead", "l.id")]));
    format!("SELECT {} FROM {source}.leads l LEFT JOIN {source}.partners p ON p.id = l.partner_id", select.join(", "))
}

/// Lines of confirmed orders with who bought. The product's name comes with its internal reference in brackets, which goes.
fn sales(source: &str, partners: &Table) -> String {
    let person = person(source, &[(partners, "p", "email_normalized"), (partners, "p", "email")], &[("partner", "o.partner_id")]);
    format!(
        "SELECT l.order_id, o.date_order, regexp_replace(l.product_id_name, '^\\[[^\\]]*\\] ', '') AS product, \
         l.price_subtotal, l.currency_id_name, {person} \
         FROM {source}.order_lines l JOIN {source}.orders o ON o.id = l.order_id \
         LEFT JOIN {source}.partners p ON p.id = o.partner_id \
         WHERE o.state IN ('sale', 'done') AND l.product_id IS NOT NULL"
    )
}
