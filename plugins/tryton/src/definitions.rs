//! What stages the tables speak for by default.
//!
//! - Subscribe is a party's first lead, when it was made.
//! - Convert is a party's first opportunity that was converted to a sale and not lost since; Ascend is every later one. The
//!   moment is when the opportunity first was converted or won. Product and money are those of the sale's lines; an
//!   opportunity without any counts with its own amount and no product.
//! - That a lead becomes an opportunity lies between Subscribe and Convert and is no stage: it says that the seller
//!   believes in it, not what the buyer did.
//!
//! A person is known by the party's e-mail address, else as `tryton:` and the party's id. A lead without a party is nobody yet.

use cvj_core::{Definition, Good, Metric, Occurrence, Stage, StageOf, Touchpoint, Unit, View};

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
            ..touchpoint(Stage::Convert, &deals, "converted", &by)
        }),
        Definition::Touchpoint(Touchpoint {
            value: Some("amount".to_owned()),
            occurrence: Occurrence::Later,
            ..touchpoint(Stage::Ascend, &deals, "converted", &by)
        }),
        Definition::Metric(Metric {
            stage: Stage::Convert,
            name: "Opportunities lost".to_owned(),
            from: format!("{source}.opportunity_stages"),
            value: "count(*)".to_owned(),
            per: None,
            at: "since".to_owned(),
            product: None,
            filter: Some("state = 'lost'".to_owned()),
            unit: Unit::Count,
            good: Good::Down,
            combine: None,
            headline: false,
            target: None,
            owner: None,
        }),
    ]
}

fn view(name: &str, sql: String) -> Definition {
    Definition::View(View { name: name.to_owned(), sql })
}

fn touchpoint(stage: Stage, from: &str, at: &str, by: &[&str]) -> Touchpoint {
    Touchpoint {
        stage: StageOf::Fixed(stage),
        from: from.to_owned(),
        person: "person".to_owned(),
        at: at.to_owned(),
        product: Some("product".to_owned()),
        value: None,
        filter: None,
        occurrence: Occurrence::All,
        order: Some("opportunity".to_owned()),
        by: by.iter().map(|&column| column.to_owned()).collect(),
        current: None,
        referred: None,
    }
}

const PERSON: &str = "CASE WHEN o.email <> '' THEN o.email ELSE concat('tryton:', o.party) END AS person";

fn also(by: &[&str]) -> String {
    by.iter().flat_map(|column| [", o.", column]).collect()
}

fn leads_sql(source: &str, by: &[&str]) -> String {
    format!(
        "SELECT o.id AS opportunity, {PERSON}, o.create_date, l.product{} FROM {source}.opportunities o \
         LEFT JOIN (SELECT DISTINCT opportunity, product FROM {source}.opportunity_lines) l ON l.opportunity = o.id \
         WHERE o.party IS NOT NULL",
        also(by)
    )
}

fn deals_sql(source: &str, by: &[&str]) -> String {
    format!(
        "SELECT o.id AS opportunity, {PERSON}, s.converted, l.product, coalesce(l.amount, o.amount) AS amount, \
         coalesce(l.currency, o.currency) AS currency{} FROM {source}.opportunities o \
         JOIN (SELECT opportunity, min(since) AS converted FROM {source}.opportunity_stages \
         WHERE state IN ('converted', 'won') GROUP BY opportunity) s ON s.opportunity = o.id \
         LEFT JOIN (SELECT origin, product, amount, currency FROM {source}.sale_lines \
         WHERE sale_state <> 'cancelled') l ON l.origin = concat('sale.opportunity,', o.id) \
         WHERE o.party IS NOT NULL AND o.state IN ('converted', 'won')",
        also(by)
    )
}
