//! What an account's tables say about stages, unless the client's definitions say otherwise.
//!
//! - **Subscribe** is a contact's creation. Lifecycle stages up to *opportunity* lie between Subscribe and Convert and add nothing.
//! - **Convert** and **Ascend** are closed-won deals, a product's first and its later ones: they alone know product and money. The
//!   lifecycle's *customer* is set by the same deals, and counting it too would give every first buyer two moments; it stands in
//!   where deals cannot be read.
//! - **Advocate** is the lifecycle's *evangelist*.
//! - A deal is *one* person's, however many contacts are associated with it, or its money would count for each: the primary contact,
//!   else the one with the least id. A deal without a contact is nobody's, and shown as rejected.
//! - Deals without line items count in the account's own currency where it has several; HubSpot converts no line items.
//! - The account's own lifecycle stages mean what the account says, so they are named in the log and left to the client.

use cvj_core::definition::{Combine, Metric, Occurrence, Touchpoint, View};
use cvj_core::source::Level;
use cvj_core::{Definition, Stage, Task};

use crate::client::Object;
use crate::portal::{HOME_AMOUNT, Portal};

/// The lifecycle stages that every account has.
const LIFECYCLE: [&str; 8] =
    ["subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other"];

/// The stage of the journey that a contact's lifecycle stage is.
const CURRENT: &str = "CASE WHEN lifecyclestage IN ('subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead', \
                       'opportunity') THEN 'subscribe' WHEN lifecyclestage = 'customer' THEN 'convert' \
                       WHEN lifecyclestage = 'evangelist' THEN 'advocate' END";

/// The definitions that this account can feed.
pub(crate) fn definitions(portal: &Portal, task: &Task) -> Vec<Definition> {
    let source = task.source();
    let mut definitions = Vec::new();
    let reads = |object| portal.reads(object);
    if reads(Object::Contacts) {
        definitions.push(Definition::Touchpoint(subscribed(source, portal)));
        definitions.push(Definition::Touchpoint(set_to(source, portal, Stage::Advocate, "evangelist")));
        name_own_stages(source, portal, task);
    }
    match (reads(Object::Contacts) && reads(Object::Deals), reads(Object::LineItems)) {
        (true, true) => {
            definitions.extend(won(source, "won_items", &won_items(source, portal), Some("product"), "amount"));
            definitions.extend(won(source, "won_deals", &won_deals(source, portal, true), None, deal_amount(portal)));
        }
        (true, false) => {
            definitions.extend(won(source, "won_deals", &won_deals(source, portal, false), None, deal_amount(portal)));
        }
        (false, _) if reads(Object::Contacts) => {
            definitions.push(Definition::Touchpoint(set_to(source, portal, Stage::Convert, "customer")));
        }
        (false, _) => {}
    }
    if portal.has_campaigns {
        let months = |name, value| metric(Stage::Aware, name, format!("{source}.campaign_months"), value, "month");
        definitions.push(months("Campaign sessions", "sum(sessions)"));
        definitions.push(months("New contacts by first touch", "sum(new_contacts_first_touch)"));
    }
    if portal.has_emails {
        // HubSpot counts an e-mail's clicks until now and does not say when they were.
        definitions.push(metric(
            Stage::Engage,
            "Clicks of e-mails published",
            format!("{source}.emails"),
            "sum(click)",
            "published_at",
        ));
    }
    definitions
}

/// A person of a contacts table: by e-mail address, so that other sources know the same person; else by the record.
fn person(source: &str, email: &str, id: &str) -> String {
    format!("coalesce({email}, concat('{source}:', {id}))")
}

fn subscribed(source: &str, portal: &Portal) -> Touchpoint {
    let channel = "hs_analytics_source";
    let by = if portal.has(Object::Contacts, channel) { vec![channel.to_owned()] } else { Vec::new() };
    let current = portal.has(Object::Contacts, "lifecyclestage").then(|| CURRENT.to_owned());
    let made = Touchpoint::new(Stage::Subscribe, format!("{source}.contacts"), person(source, "email", "id"), "createdate");
    Touchpoint { by, current, ..made }
}

/// Contacts that were set to a lifecycle stage: by the property that says when, which comes with the contact, or by the history.
fn set_to(source: &str, portal: &Portal, stage: Stage, lifecycle: &str) -> Touchpoint {
    let date = format!("hs_lifecyclestage_{lifecycle}_date");
    if portal.has(Object::Contacts, &date) {
        let set = Touchpoint::new(stage, format!("{source}.contacts"), person(source, "email", "id"), &date);
        return Touchpoint { filter: Some(format!("{date} IS NOT NULL")), ..set };
    }
    let set = Touchpoint::new(stage, format!("{source}.contact_stages"), person(source, "email", "contact_id"), "at");
    Touchpoint { filter: Some(format!("stage = '{lifecycle}'")), occurrence: Occurrence::First, ..set }
}

/// Says which lifecycle stages nobody mapped.
fn name_own_stages(source: &str, portal: &Portal, task: &Task) {
    let own = portal.lifecycle_stages().iter().filter(|stage| !LIFECYCLE.contains(&stage.value.as_str()));
    let own: Vec<String> = own.map(|stage| format!("{} (`{}`)", stage.label, stage.value)).collect();
    if !own.is_empty() {
        let message = format!(
            "the account's own lifecycle stages stand for no stage of the journey: {}; to count one, add a [[touchpoint]] from = \
             \"{source}.contact_stages\" with where = \"stage = '…'\"",
            own.join(", ")
        );
        task.log(Level::Info, &message);
    }
}

/// A view over closed-won deals, with the touchpoints of a product's first deal and its later ones.
fn won(source: &str, view: &str, sql: &str, product: Option<&str>, amount: &str) -> [Definition; 3] {
    let name = format!("{source}_{view}");
    let deal = |stage, occurrence| {
        let won = Touchpoint::new(stage, name.clone(), "person".to_owned(), "closedate");
        let (product, value, order) = (product.map(ToOwned::to_owned), Some(amount.to_owned()), Some("deal_id".to_owned()));
        Definition::Touchpoint(Touchpoint { product, value, occurrence, order, ..won })
    };
    [
        Definition::View(View { name: name.clone(), sql: sql.to_owned() }),
        deal(Stage::Convert, Occurrence::First),
        deal(Stage::Ascend, Occurrence::Later),
    ]
}

/// One person for each deal.
fn buyers(source: &str) -> String {
    let person = person(source, "c.email", "d.contact_id");
    format!(
        "SELECT d.deal_id, {person} AS person FROM (SELECT deal_id, CAST(coalesce(min(CASE WHEN is_primary THEN number END), \
         min(number)) AS VARCHAR) AS contact_id FROM (SELECT deal_id, is_primary, CAST(contact_id AS BIGINT) AS number \
         FROM {source}.deal_contacts) n GROUP BY deal_id) d LEFT JOIN {source}.contacts c ON c.id = d.contact_id"
    )
}

/// The line items of closed-won deals.
fn won_items(source: &str, portal: &Portal) -> String {
    let buyers = buyers(source);
    let code = "hs_line_item_currency_code";
    let currency = if portal.has(Object::LineItems, code) { format!(", l.{code}") } else { String::new() };
    format!(
        "SELECT d.id AS deal_id, d.closedate, b.person, l.name AS product, l.amount{currency} FROM {source}.deals d \
         JOIN {source}.deal_line_items i ON i.deal_id = d.id JOIN {source}.line_items l ON l.id = i.line_item_id \
         LEFT JOIN ({buyers}) b ON b.deal_id = d.id WHERE d.hs_is_closed_won"
    )
}

/// The column of a deal's amount: in an account of several currencies the one that all deals have in common.
fn deal_amount(portal: &Portal) -> &'static str {
    if portal.has(Object::Deals, HOME_AMOUNT) { HOME_AMOUNT } else { "amount" }
}

/// Closed-won deals; those with line items are left out where these are read.
fn won_deals(source: &str, portal: &Portal, without_items: bool) -> String {
    let buyers = buyers(source);
    let amount = deal_amount(portal);
    let code = "deal_currency_code";
    let currency = if portal.has(Object::Deals, code) { format!(", d.{code}") } else { String::new() };
    let (join, condition) = if without_items {
        let items = format!("LEFT JOIN (SELECT DISTINCT deal_id FROM {source}.deal_line_items) i ON i.deal_id = d.id");
        (items, " AND i.deal_id IS NULL")
    } else {
        (String::new(), "")
    };
    format!(
        "SELECT d.id AS deal_id, d.closedate, b.person, d.{amount}{currency} FROM {source}.deals d {join} \
         LEFT JOIN ({buyers}) b ON b.deal_id = d.id WHERE d.hs_is_closed_won{condition}"
    )
}

fn metric(stage: Stage, name: &str, from: String, value: &str, at: &str) -> Definition {
    let counted = Metric::new(stage, name, from, value, at);
    Definition::Metric(Metric { filter: Some(format!("{at} IS NOT NULL")), combine: Some(Combine::Sum), ..counted })
}
