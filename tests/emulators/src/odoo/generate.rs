//! Sample records, the same for the same numbers: leads that were won, lost, reopened and deleted, orders, and mailings.

use jiff::Timestamp;

use super::schema::TRACKED;
use super::store::{Record, Store, Stored};

/// What the sample holds.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Leads created, the deleted ones included.
    pub leads: i64,
    /// Mailings, each with 20 traces.
    pub mailings: i64,
    /// Whether the sales application sells: orders besides quotations.
    pub orders: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self { leads: 400, mailings: 6, orders: true }
    }
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// 2026-01-05T08:00:00Z.
const FIRST: i64 = 1_767_600_000 * SECOND;
/// How long the sample goes on after its first day.
const DAYS: i64 = 300;

impl Sample {
    /// The moment that the sample ends.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(FIRST + DAYS * DAY).unwrap_or_default()
    }

    /// The second in which a script wrote one lead in three, as it reads in `write_date`.
    pub const BULK_WRITE: &'static str = "2026-09-12 08:00:00";
}

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as i64
    }
}

fn text(text: impl Into<String>) -> Stored {
    Stored::Text(text.into())
}

fn record<const N: usize>(values: [(&str, Stored); N]) -> Record {
    values.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

const NEW: i64 = 1;
const QUALIFIED: i64 = 2;
const VISIT: i64 = 5;
const WON: i64 = 4;
const USD: i64 = 2;

pub(super) fn store(sample: &Sample) -> Store {
    let mut store = Store::default();
    let mut dice = Dice(20_260_105);
    directory(&mut store);
    let partners = partners(&mut store, &mut dice, (sample.leads / 2).max(1));
    let leads: Vec<i64> = (0..sample.leads).map(|_| lead(&mut store, &mut dice, partners)).collect();
    quotations(&mut store, &mut dice, &leads, sample.orders);
    mailings(&mut store, &mut dice, sample.mailings);
    bulk_write(&mut store, &leads);
    for lead in leads.iter().filter(|lead| **lead % 17 == 0) {
        store.delete("crm.lead", *lead);
    }
    store
}

fn directory(store: &mut Store) {
    for (id, name) in [(1, "EUR"), (USD, "USD")] {
        store.create_as("res.currency", id, record([("name", text(name)), ("symbol", text("¤"))]), FIRST);
    }
    store.create_as("res.company", 1, record([("name", text("Acme")), ("currency_id", Stored::Integer(USD))]), FIRST);
    for (id, login) in [(2, "admin"), (3, "clerk")] {
        store.create_as("res.users", id, record([("name", text(login)), ("login", text(login))]), FIRST);
    }
    for (id, name, sequence, won) in [
        (NEW, "New", 1, false),
        (QUALIFIED, "Qualified", 2, false),
        (3, "Proposition", 3, false),
        (WON, "Won", 70, true),
        (VISIT, "Site visit", 4, false),
    ] {
        let stage = [
            ("name", text(name)),
            ("sequence", Stored::Integer(sequence)),
            ("is_won", Stored::Truth(won)),
            ("fold", Stored::Truth(won)),
        ];
        store.create_as("crm.stage", id, record(stage), FIRST);
    }
    for (id, name) in [(1, "Search engine"), (2, "Lead Recall"), (3, "Newsletter")] {
        store.create_as("utm.source", id, record([("name", text(name))]), FIRST);
    }
    for (id, name) in [(1, "Website"), (2, "Email")] {
        store.create_as("utm.medium", id, record([("name", text(name))]), FIRST);
    }
    for (id, title, active) in [(1, "Spring moves", true), (2, "Christmas Special", false)] {
        let campaign = [("name", text(title)), ("title", text(title)), ("active", Stored::Truth(active))];
        store.create_as("utm.campaign", id, record(campaign), FIRST);
    }
    for (id, name) in [(1, "Too expensive"), (2, "Not enough stock")] {
        store.create_as("crm.lost.reason", id, record([("name", text(name))]), FIRST);
    }
    for (id, name, code) in [(1, "Local move", "MOVE-L"), (2, "Storage", ""), (3, "Packing service", "PACK")] {
        let code = if code.is_empty() { Stored::Null } else { text(code) };
        store.create_as("product.product", id, record([("name", text(name)), ("default_code", code)]), FIRST);
    }
    for (name, id) in TRACKED {
        let field = [("model", text("crm.lead")), ("name", text(name)), ("ttype", text("many2one"))];
        store.create_as("ir.model.fields", id, record(field), FIRST);
    }
}

/// Partners with ids from 1 on; one in nine has no address, one in eleven is archived.
fn partners(store: &mut Store, dice: &mut Dice, many: i64) -> i64 {
    for id in 1..=many {
        let mut partner = record([
            ("name", text(format!("Partner {id}"))),
            ("is_company", Stored::Truth(id % 5 == 0)),
            ("active", Stored::Truth(id % 11 != 0)),
            ("image_128", text("iVBORw0KGgo=")),
        ]);
        if id % 9 != 0 {
            partner.insert("email".to_owned(), text(format!("\"Partner {id}\" <Partner{id}@Example.com>")));
            partner.insert("email_normalized".to_owned(), text(format!("partner{id}@example.com")));
        }
        let created = FIRST + dice.roll(30) * DAY + dice.roll(SECOND);
        store.create_as("res.partner", id, partner, created);
    }
    many
}

/// A lead and its whole life.
fn lead(store: &mut Store, dice: &mut Dice, partners: i64) -> i64 {
    let created = FIRST + dice.roll(200) * DAY + dice.roll(10 * 3600) * SECOND + dice.roll(SECOND);
    let revenue = dice.roll(900_000) as f64 / 100.0;
    let partner = 1 + dice.roll(partners);
    let mut values = record([
        ("name", text(format!("Move {}", dice.roll(10_000)))),
        ("type", text(if dice.roll(5) == 0 { "lead" } else { "opportunity" })),
        ("stage_id", Stored::Integer(NEW)),
        ("company_id", Stored::Integer(1)),
        ("company_currency", Stored::Integer(USD)),
        ("expected_revenue", Stored::Number(revenue)),
        ("probability", Stored::Number(20.0)),
        ("priority", text("1")),
        ("user_id", Stored::Integer(2)),
        ("x_vip", Stored::Truth(dice.roll(4) == 0)),
        ("x_rooms", Stored::Integer(dice.roll(5))),
    ]);
    if dice.roll(3) > 0 {
        values.insert("partner_id".to_owned(), Stored::Integer(partner));
    }
    if dice.roll(6) > 0 {
        values.insert("email_from".to_owned(), text(format!("Partner{partner}@example.com")));
        values.insert("email_normalized".to_owned(), text(format!("partner{partner}@example.com")));
    }
    for (field, many) in [("source_id", 3), ("medium_id", 2), ("campaign_id", 2)] {
        if dice.roll(2) == 0 {
            values.insert(field.to_owned(), Stored::Integer(1 + dice.roll(many)));
        }
    }
    if dice.roll(3) == 0 {
        values.insert("date_deadline".to_owned(), text(format!("2026-{:02}-{:02}", 1 + dice.roll(12), 1 + dice.roll(28))));
        values.insert("x_region".to_owned(), text("north"));
    }
    let id = store.create("crm.lead", values, created);
    let mut now = created;
    let mut go_on = |store: &mut Store, dice: &mut Dice, values: Record| {
        now += (1 + dice.roll(12)) * DAY + dice.roll(SECOND);
        store.write("crm.lead", id, values, now);
    };
    let stage = |stage: i64| record([("stage_id", Stored::Integer(stage))]);
    match dice.roll(6) {
        // Never touched.
        0 => {}
        // Went on, its revenue corrected on the way.
        1 => {
            go_on(store, dice, stage(QUALIFIED));
            go_on(store, dice, record([("expected_revenue", Stored::Number(revenue + 10.0))]));
            go_on(store, dice, stage(VISIT));
        }
        // Won.
        2 | 3 => {
            go_on(store, dice, stage(QUALIFIED));
            go_on(store, dice, stage(WON));
        }
        // Lost where it stood.
        4 => {
            go_on(store, dice, stage(QUALIFIED));
            let lost = [("active", Stored::Truth(false)), ("lost_reason_id", Stored::Integer(1 + dice.roll(2)))];
            go_on(store, dice, record(lost));
        }
        // Won, reopened and won again.
        _ => {
            go_on(store, dice, stage(WON));
            go_on(store, dice, stage(QUALIFIED));
            go_on(store, dice, stage(WON));
        }
    }
    if dice.roll(3) == 0 {
        let note = [("model", text("crm.lead")), ("res_id", Stored::Integer(id)), ("subject", text("Call back"))];
        store.create("mail.message", record(note), now);
    }
    id
}

/// Quotations for some leads, which become orders; a section line among the products.
fn quotations(store: &mut Store, dice: &mut Dice, leads: &[i64], sold: bool) {
    for lead in leads {
        if dice.roll(3) > 0 {
            continue;
        }
        let Some(Stored::Integer(partner)) = store.record("crm.lead", *lead).and_then(|lead| lead.get("partner_id")).cloned()
        else {
            continue;
        };
        let at = FIRST + (20 + dice.roll(250)) * DAY + dice.roll(SECOND);
        let state = if sold { ["draft", "sale", "sale", "done", "cancel"][dice.roll(5) as usize] } else { "draft" };
        let order = record([
            ("name", text(format!("S{lead:05}"))),
            ("partner_id", Stored::Integer(partner)),
            ("opportunity_id", Stored::Integer(*lead)),
            ("state", text(state)),
            ("date_order", Stored::Moment(at)),
            ("currency_id", Stored::Integer(USD)),
        ]);
        let order = store.create("sale.order", order, at);
        let section = [("order_id", Stored::Integer(order)), ("display_type", text("line_section")), ("name", text("Services"))];
        store.create("sale.order.line", record(section), at);
        let mut total = 0;
        for _ in 0..=dice.roll(3) {
            let cents = 1000 + dice.roll(90_000);
            total += cents;
            let line = record([
                ("order_id", Stored::Integer(order)),
                ("product_id", Stored::Integer(1 + dice.roll(3))),
                ("currency_id", Stored::Integer(USD)),
                ("name", text("As agreed")),
                ("product_uom_qty", Stored::Number(1.0)),
                ("price_subtotal", Stored::Number(cents as f64 / 100.0)),
            ]);
            store.create("sale.order.line", line, at);
        }
        let total = Stored::Number(total as f64 / 100.0);
        store.write("sale.order", order, record([("amount_untaxed", total.clone()), ("amount_total", total)]), at);
    }
}

/// Mailings; the last one is a draft.
fn mailings(store: &mut Store, dice: &mut Dice, many: i64) {
    for number in 1..=many {
        let at = FIRST + number * 20 * DAY;
        let draft = number == many;
        let mut mailing = record([
            ("subject", text(format!("News {number}"))),
            ("state", text(if draft { "draft" } else { "done" })),
            ("active", Stored::Truth(number % 4 != 0)),
        ]);
        if !draft {
            mailing.insert("sent_date".to_owned(), Stored::Moment(at));
            mailing.insert("campaign_id".to_owned(), Stored::Integer(1 + number % 2));
        }
        let mailing = store.create("mailing.mailing", mailing, at);
        for person in 1..=if draft { 0 } else { 20 } {
            let status = ["sent", "sent", "open", "open", "reply", "bounce"][dice.roll(6) as usize];
            let mut trace = record([
                ("mass_mailing_id", Stored::Integer(mailing)),
                ("email", text(format!("partner{person}@example.com"))),
                ("model", text("res.partner")),
                ("res_id", Stored::Integer(person)),
                ("trace_status", text(status)),
                ("sent_datetime", Stored::Moment(at)),
            ]);
            if status == "open" || status == "reply" {
                trace.insert("open_datetime".to_owned(), Stored::Moment(at + dice.roll(DAY)));
                if dice.roll(2) == 0 {
                    trace.insert("links_click_datetime".to_owned(), Stored::Moment(at + dice.roll(DAY)));
                }
            }
            store.create("mailing.trace", trace, at);
        }
    }
}

/// A script writes one lead in three within one second, microseconds apart.
fn bulk_write(store: &mut Store, leads: &[i64]) {
    let second = FIRST + 250 * DAY;
    for (step, lead) in leads.iter().filter(|lead| **lead % 3 == 0).enumerate() {
        store.write("crm.lead", *lead, record([("priority", text("2"))]), second + (step as i64 * 7) % SECOND);
    }
}
