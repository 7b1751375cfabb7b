//! What an Odoo's tables say about stages, by default. No stage of the pipeline is taken for a stage of the journey, but won,
//! which Odoo itself marks.

use cvj_core::definition::{Definition, Good, Metric, Occurrence, StageOf, Touchpoint, Unit, View};
use cvj_core::stage::Stage;
use serde_json::json;

use crate::catalogue::Table;
use crate::client::Condition;

/// What an order that was sold has to meet.
pub(crate) fn confirmed() -> Vec<Condition> {
    vec![json!(["state", "in", ["sale", "done"]])]
}

/// A lead is subscribed from its creation. The first sale converts, later ones ascend: by product from the lines of orders where
/// there are `buyers`, the partners that orders name, else from opportunities won. Clicks in mailings engage.
pub(crate) fn defaults(source: &str, leads: Option<&Table>, buyers: Option<&Table>, mailings: Option<&Table>) -> Vec<Definition> {
    let mut definitions = Vec::new();
    if let Some(leads) = leads {
        let by = ["source_id_name", "medium_id_name"].into_iter().filter(|column| leads.has(column)).map(ToOwned::to_owned);
        definitions.push(Definition::Touchpoint(Touchpoint {
            by: by.collect(),
            ..touchpoint(Stage::Subscribe, format!("{source}.leads"), person_of_lead(leads), "create_date")
        }));
    }
    if let Some(buyers) = buyers {
        let view = format!("{source}_sales");
        definitions.push(Definition::View(View { name: view.clone(), sql: sales(source, buyers) }));
        definitions.extend(SALES.map(|(stage, occurrence)| {
            Definition::Touchpoint(Touchpoint {
                product: Some("product".to_owned()),
                value: Some("price_subtotal".to_owned()),
                order: Some("order_id".to_owned()),
                occurrence,
                ..touchpoint(stage, view.clone(), "person".to_owned(), "date_order")
            })
        }));
    } else if let Some(leads) = leads {
        definitions.extend(SALES.map(|(stage, occurrence)| {
            Definition::Touchpoint(Touchpoint {
                // A lost opportunity keeps its stage, with a probability of 0.
                filter: Some("is_won AND probability > 0".to_owned()),
                value: Some("expected_revenue".to_owned()),
                occurrence,
                ..touchpoint(stage, format!("{source}.leads"), person_of_lead(leads), "date_closed")
            })
        }));
    }
    if mailings.is_some() {
        definitions.push(Definition::Metric(Metric {
            stage: Stage::Engage,
            name: "Mailing clicks".to_owned(),
            from: format!("{source}.mailings"),
            value: "sum(clicked)".to_owned(),
            per: None,
            at: "sent_date".to_owned(),
            product: None,
            filter: Some("sent_date IS NOT NULL".to_owned()),
            unit: Unit::Count,
            good: Good::Up,
            combine: None,
            headline: true,
            target: None,
            owner: None,
        }));
    }
    definitions
}

const SALES: [(Stage, Occurrence); 2] = [(Stage::Convert, Occurrence::First), (Stage::Ascend, Occurrence::Later)];

fn touchpoint(stage: Stage, from: String, person: String, at: &str) -> Touchpoint {
    Touchpoint {
        stage: StageOf::Fixed(stage),
        from,
        person,
        at: at.to_owned(),
        product: None,
        value: None,
        filter: None,
        occurrence: Occurrence::All,
        order: None,
        by: Vec::new(),
        current: None,
        referred: None,
    }
}

/// Who a lead is: an address where there is one, so that leads and orders of one person meet.
fn person_of_lead(leads: &Table) -> String {
    person(leads, &["email_normalized", "email_from"], "", &["partner_id:partner", "id:lead"])
}

/// The first of these columns that says who it is, then the first of these ids.
fn person(table: &Table, addresses: &[&str], prefix: &str, ids: &[&str]) -> String {
    let addresses = addresses.iter().filter(|column| table.has(column)).map(|column| format!("{prefix}{column}"));
    let ids = ids
        .iter()
        .filter_map(|id| id.split_once(':'))
        .map(|(column, kind)| format!("'odoo:{kind}:' || CAST({column} AS VARCHAR)"));
    format!("coalesce({})", addresses.chain(ids).collect::<Vec<_>>().join(", "))
}

/// Lines of confirmed orders with who bought. The product's name comes with its internal reference in brackets, which goes.
fn sales(source: &str, buyers: &Table) -> String {
    let person = person(buyers, &["email_normalized", "email"], "p.", &["o.partner_id:partner"]);
    format!(
        "SELECT l.order_id, o.date_order, regexp_replace(l.product_id_name, '^\\[[^\\]]*\\] ', '') AS product, \
         l.price_subtotal, l.currency_id_name, {person} AS person \
         FROM {source}.order_lines l JOIN {source}.orders o ON o.id = l.order_id \
         LEFT JOIN {source}.partners p ON p.id = o.partner_id \
         WHERE o.state IN ('sale', 'done') AND l.product_id IS NOT NULL"
    )
}
