//! What stages the tables speak for by default.
//!
//! - Subscribe is a party's first lead, when it was made.
//! - Convert is a party's first opportunity that is won, when it first was; Ascend is every later one. One that is converted has
//!   a quotation, which is no sale yet. Product and money are those of the lines of its sales that are confirmed, processing or
//!   done; an opportunity without any counts with its own amount and no product.
//! - That a lead becomes an opportunity lies between Subscribe and Convert and is no stage: it says that the seller
//!   believes in it, not what the buyer did.
//!
//! A person is known by the party's e-mail address, else by the source and the party's id. A lead without a party is nobody yet.

use cvj_core::definition::Combine;
use cvj_core::{Definition, Good, Metric, Occurrence, Stage, Touchpoint, View};

use crate::tables::{Columns, TABLES};

/// What touchpoints are told apart by, where the module `marketing_campaign` is activated.
const BY: [&str; 3] = ["marketing_campaign", "marketing_medium", "marketing_source"];

/// The definitions of a source of this name, over tables with these columns.
pub(crate) fn of(source: &str, columns: &[Columns]) -> Vec<Definition> {
    let opportunities = TABLES.iter().zip(columns).find(|(table, _)| table.name == "opportunities");
    let by = opportunities.map(|(_, columns)| columns.among(&BY)).unwrap_or_default();
    let (leads, deals) = (format!("{source}_leads"), format!("{source}_deals"));
    vec![
        view(&leads, leads_sql(source, &by)),
        view(&deals, deals_sql(source, &by)),
        Definition::Touchpoint(Touchpoint {
            occurrence: Occurrence::First,
            ..touchpoint(Stage::Subscribe, &leads, "create_date", &by)
        }),
        Definition::Touchpoint(Touchpoint {
            value: Some("amount".to_owned()),
            occurrence: Occurrence::First,
            ..touchpoint(Stage::Convert, &deals, "won", &by)
        }),
        Definition::Touchpoint(Touchpoint {
            value: Some("amount".to_owned()),
            occurrence: Occurrence::Later,
            ..touchpoint(Stage::Ascend, &deals, "won", &by)
        }),
        Definition::Metric(Metric {
            filter: Some("state = 'lost'".to_owned()),
            good: Good::Down,
            combine: Some(Combine::Sum),
            ..Metric::new(Stage::Convert, "Opportunities lost", format!("{source}.opportunity_stages"), "count(*)", "since")
        }),
    ]
}

fn view(name: &str, sql: String) -> Definition {
    Definition::View(View { name: name.to_owned(), sql })
}

fn touchpoint(stage: Stage, from: &str, at: &str, by: &[&str]) -> Touchpoint {
    Touchpoint {
        product: Some("product".to_owned()),
        order: Some("opportunity".to_owned()),
        by: by.iter().map(|&column| column.to_owned()).collect(),
        ..Touchpoint::new(stage, from, "person", at)
    }
}

/// A party's id is one in this source only.
fn person(source: &str) -> String {
    format!("CASE WHEN o.email <> '' THEN o.email ELSE concat('{source}:', o.party) END AS person")
}

fn also(by: &[&str]) -> String {
    by.iter().flat_map(|column| [", o.", column]).collect()
}

fn leads_sql(source: &str, by: &[&str]) -> String {
    let person = person(source);
    format!(
        "SELECT o.id AS opportunity, {person}, o.create_date, l.product{} FROM {source}.opportunities o \
         LEFT JOIN (SELECT DISTINCT opportunity, product FROM {source}.opportunity_lines) l ON l.opportunity = o.id \
         WHERE o.party IS NOT NULL",
        also(by)
    )
}

fn deals_sql(source: &str, by: &[&str]) -> String {
    let person = person(source);
    format!(
        "SELECT o.id AS opportunity, {person}, s.won, l.product, coalesce(l.amount, o.amount) AS amount, \
         coalesce(l.currency, o.currency) AS currency{} FROM {source}.opportunities o \
         JOIN (SELECT opportunity, min(since) AS won FROM {source}.opportunity_stages \
         WHERE state = 'won' GROUP BY opportunity) s ON s.opportunity = o.id \
         LEFT JOIN (SELECT origin, product, amount, currency FROM {source}.sale_lines \
         WHERE sale_state IN ('confirmed', 'processing', 'done')) l ON l.origin = concat('sale.opportunity,', o.id) \
         WHERE o.party IS NOT NULL AND o.state = 'won'",
        also(by)
    )
}
