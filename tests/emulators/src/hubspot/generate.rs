//! Records computed from their number: the same seed gives the same portal, of any size, without keeping any of it.

use jiff::Timestamp;

use super::draft::{DEAL_NAMES, Draft, LIFECYCLE_NAMES};
use super::record::{Change, Kind, Record, iso};
use super::schema::{DEAL_STAGES, RENEWALS, owner_id};

/// How large a portal is. Line items follow from deals: three for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// People, archived ones included.
    pub contacts: u64,
    /// Organisations.
    pub companies: u64,
    /// Sales.
    pub deals: u64,
}

impl Size {
    /// A portal of so many contacts, with companies and deals to match.
    pub fn of(contacts: u64) -> Self {
        Self { contacts, companies: (contacts / 5).max(1), deals: contacts / 3 }
    }
}

/// Where traffic comes from: value, label.
pub(super) const SOURCES: [(&str, &str); 6] = [
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("SOCIAL_MEDIA", "Organic Social"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
];

/// What is sold: name, product id, SKU, price in cents.
pub(super) const PRODUCTS: [(&str, &str, &str, u64); 4] = [
    ("Basic course", "1295191370", "BASIC-1", 4_900),
    ("Master class", "1295191371", "MASTER-1", 49_000),
    ("Coaching, 1:1", "1295191372", "COACH-1", 120_050),
    ("Café „Größe“ kit", "1295191373", "KIT-Ü", 1_999),
];

const FIRST_NAMES: [&str; 10] = ["Ana", "Jürgen", "Zoë", "李", "Fatima", "O'Neil", "Łukasz", "Mary Ann", "نور", "José"];
const LAST_NAMES: [&str; 8] = ["García", "Müller", "van der Berg", "小龍", "Smith, Jr.", "\"Quoted\"", "Åström", "Nguyễn"];
const COUNTRIES: [&str; 5] = ["Germany", "Österreich", "France", "United States", "日本"];
const CHANGED_BY: [&str; 4] = ["CRM_UI", "FORM", "IMPORT", "AUTOMATION_PLATFORM"];

const DAY: i64 = 86_400_000;
/// 2025-01-01T00:00:00Z.
const FROM: i64 = 1_735_689_600_000;
/// All records are older than this: 2026-07-01T00:00:00Z.
pub const UNTIL: Timestamp = Timestamp::constant(UNTIL_MS / 1000, 0);
const UNTIL_MS: i64 = 1_782_864_000_000;
/// A third of the contacts were changed by one bulk edit, all at this moment: 2026-06-01T10:00:00Z.
pub const BULK_EDIT: Timestamp = Timestamp::constant(BULK_EDIT_MS / 1000, 0);
const BULK_EDIT_MS: i64 = 1_780_308_000_000;

/// A portal as it was set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Generator {
    pub(super) seed: u64,
    pub(super) size: Size,
}

/// What decides a generated record; cheap, so that a search can go through a million of them.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    created: i64,
    updated: i64,
    archived: Option<i64>,
    /// Stages reached, as positions in the list of stages, in the order of time; `None`: the stage was cleared.
    steps: Vec<(Option<usize>, i64)>,
}

impl Outline {
    pub(super) fn times(&self) -> (i64, i64) {
        (self.created, self.updated)
    }
}

fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

pub(super) fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(UNTIL)
}

fn cents(amount: u64) -> String {
    if amount.is_multiple_of(100) { (amount / 100).to_string() } else { format!("{}.{:02}", amount / 100, amount % 100) }
}

impl Generator {
    fn dice(self, kind: Kind, index: u64) -> u64 {
        mix(self.seed ^ mix(index.wrapping_mul(4).wrapping_add(kind as u64)))
    }

    /// How many records of a kind were generated.
    pub(super) fn count(self, kind: Kind) -> u64 {
        match kind {
            Kind::Contact => self.size.contacts,
            Kind::Company => self.size.companies,
            Kind::Deal => self.size.deals,
            // Of four deals in a row, the first has one line item, the second two, the third three, the fourth none.
            Kind::LineItem => self.size.deals / 4 * 6 + [0, 1, 3, 6][(self.size.deals % 4) as usize],
        }
    }

    /// The id of a generated record.
    pub(super) fn id(kind: Kind, index: u64) -> u64 {
        let (first, step) = Self::numbering(kind);
        first + index * step
    }

    fn numbering(kind: Kind) -> (u64, u64) {
        match kind {
            // As portals have it: the first contacts have short ids, so that sorting them as text is wrong.
            Kind::Contact => (151, 50),
            Kind::Company => (9_000_000_001, 1),
            Kind::Deal => (5_000_000_002, 3),
            Kind::LineItem => (7_000_000_001, 2),
        }
    }

    /// The number of the first generated record whose id is not less; may be beyond the last.
    pub(super) fn index_from(kind: Kind, id: u64) -> u64 {
        let (first, step) = Self::numbering(kind);
        id.saturating_sub(first).div_ceil(step)
    }

    /// The number of the generated record with this id.
    pub(super) fn index(self, kind: Kind, id: u64) -> Option<u64> {
        let index = Self::index_from(kind, id);
        (index < self.count(kind) && Self::id(kind, index) == id).then_some(index)
    }

    /// Whether a generated record is in the archive.
    pub(super) fn is_archived(kind: Kind, index: u64) -> bool {
        match kind {
            Kind::Contact => index % 97 == 96,
            Kind::Company => false,
            Kind::Deal => index % 101 == 100,
            Kind::LineItem => Self::is_archived(Kind::Deal, Self::deal_of(index)),
        }
    }

    pub(super) fn outline(self, kind: Kind, index: u64) -> Outline {
        match kind {
            Kind::Contact => self.contact_outline(index),
            Kind::Deal => self.deal_outline(index),
            Kind::Company => {
                let created = FROM + (self.dice(kind, index) % 500) as i64 * DAY / 5;
                Outline { created, updated: created + DAY, archived: None, steps: Vec::new() }
            }
            Kind::LineItem => {
                let deal = self.deal_outline(Self::deal_of(index));
                Outline { created: deal.created, updated: deal.created, archived: deal.archived, steps: Vec::new() }
            }
        }
    }

    /// A record with all its properties, or only those that are wanted.
    pub(super) fn record(self, kind: Kind, index: u64, wanted: Option<&[String]>) -> Record {
        let outline = self.outline(kind, index);
        let created = moment(outline.created);
        let updated = moment(outline.updated);
        let mut draft = Draft { wanted, at: created, properties: Vec::with_capacity(wanted.map_or(24, <[String]>::len)) };
        let id = Self::id(kind, index);
        draft.set("hs_object_id", || id.to_string());
        draft.set("createdate", || iso(created));
        draft.with(kind.modified_property(), || vec![Change { value: iso(updated), at: updated, source: "CRM_UI" }]);
        match kind {
            Kind::Contact => self.fill_contact(index, &outline, &mut draft),
            Kind::Company => {
                draft.set("name", || format!("{} & Söhne {index}", LAST_NAMES[(index % 8) as usize]));
                draft.set("domain", || format!("company{index}.example.org"));
            }
            Kind::Deal => self.fill_deal(index, &outline, &mut draft),
            Kind::LineItem => self.fill_line_item(index, &mut draft),
        }
        Record { kind, id, created, updated, archived: outline.archived.map(moment), properties: draft.properties }
    }

    fn contact_outline(self, index: u64) -> Outline {
        let dice = self.dice(Kind::Contact, index);
        let spread = (UNTIL_MS - FROM - 3 * DAY) / self.size.contacts.max(1) as i64;
        let mut created = FROM + spread * index as i64 + (dice % spread.max(1) as u64) as i64;
        if index % 50 == 7 {
            // Imported with the date that an older system knew: ids do not follow dates.
            created -= 40 * DAY;
        }
        let mut steps = Vec::with_capacity(6);
        let mut at = created;
        let reach = [0, 1, 1, 2, 2, 3, 4, 5, 6, 7][(dice >> 8) as usize % 10];
        for stage in usize::from((dice >> 12) & 1 == 1).min(reach)..=reach {
            if stage == 2 && (dice >> 16).is_multiple_of(5) {
                continue;
            }
            if at >= UNTIL_MS - DAY {
                break;
            }
            steps.push((Some(stage), at));
            at += DAY / 2 + (mix(dice ^ stage as u64) % (20 * DAY as u64)) as i64;
        }
        if index % 211 == 5 && at < UNTIL_MS - DAY {
            // Somebody moved it back by hand.
            steps.push((Some(1), at));
        }
        if index % 307 == 3 && at + DAY < UNTIL_MS - DAY {
            steps.push((None, at + DAY));
        }
        let last = steps.last().map_or(created, |(_, at)| *at);
        let updated = if index.is_multiple_of(3) && last < BULK_EDIT_MS {
            BULK_EDIT_MS
        } else {
            (last + (dice >> 20) as i64 % (3 * DAY)).min(UNTIL_MS - 1)
        };
        let archived = Self::is_archived(Kind::Contact, index).then_some(updated);
        Outline { created, updated, archived, steps }
    }

    fn fill_contact(self, index: u64, outline: &Outline, draft: &mut Draft<'_>) {
        let dice = self.dice(Kind::Contact, index);
        draft.set("firstname", || FIRST_NAMES[(dice % 10) as usize]);
        draft.set("lastname", || if index % 19 == 4 { "" } else { LAST_NAMES[(dice >> 4) as usize % 8] });
        if index % 23 != 22 {
            draft.set("email", || format!("person{index}@example.org"));
        }
        draft.set("country", || COUNTRIES[(dice >> 24) as usize % 5]);
        draft.set("hs_analytics_source", || SOURCES[(dice >> 28) as usize % 6].0);
        draft.set("newsletter_consent", || if (dice >> 32) & 1 == 1 { "true" } else { "false" });
        if (dice >> 33).is_multiple_of(4) {
            draft.set("nps_score", || ((dice >> 36) % 11).to_string());
            draft.set("webinar_date", || moment(outline.created).strftime("%Y-%m-%d").to_string());
        }
        if (dice >> 40).is_multiple_of(2) {
            draft.set("hubspot_owner_id", || owner_id((dice >> 44) % 4));
        }
        draft.set("product_interest", || PRODUCTS[(dice >> 48) as usize % 4].0);
        if draft.wants("num_associated_deals") {
            let deals = self.deals_of_contact(index).len();
            if deals > 0 {
                draft.set("num_associated_deals", || deals.to_string());
            }
        }
        if index % 89 == 88 {
            let merged = Self::id(Kind::Contact, index) + 7;
            draft.set("hs_merged_object_ids", || format!("{merged};{}", merged + 1));
        }
        let source = |step: usize| CHANGED_BY[(dice >> (step + 3)) as usize % 4];
        draft.stages("lifecyclestage", &outline.steps, &LIFECYCLE_NAMES, source);
        for (stage, names) in LIFECYCLE_NAMES.iter().enumerate() {
            if let Some((_, at)) = outline.steps.iter().find(|(reached, _)| *reached == Some(stage)) {
                draft.calculated(&names.became, *at);
            }
        }
    }

    /// The deal that a line item is in.
    pub(super) fn deal_of(line_item: u64) -> u64 {
        line_item / 6 * 4 + [0, 1, 1, 2, 2, 2][(line_item % 6) as usize]
    }

    pub(super) fn line_items_of(deal: u64) -> std::ops::Range<u64> {
        let first = deal / 4 * 6 + [0, 1, 3, 6][(deal % 4) as usize];
        first..first + [1, 2, 3, 0][(deal % 4) as usize]
    }

    fn buyers(self) -> u64 {
        (self.size.deals / 4 * 3 + (self.size.deals % 4).min(3)).max(1)
    }

    /// The contacts of a deal; a few deals have none, a few have two.
    pub(super) fn contacts_of_deal(self, deal: u64) -> Vec<u64> {
        if deal % 17 == 16 || self.size.contacts == 0 {
            return Vec::new();
        }
        // Four deals in a row belong to three people: the first two to the same one.
        let buyer = deal / 4 * 3 + [0, 0, 1, 2][(deal % 4) as usize];
        let contact = buyer * self.size.contacts / self.buyers();
        let second = (contact + 1) % self.size.contacts;
        if deal % 11 == 10 && second != contact { vec![contact, second] } else { vec![contact] }
    }

    pub(super) fn deals_of_contact(self, contact: u64) -> Vec<u64> {
        if self.size.deals == 0 || self.size.contacts == 0 {
            return Vec::new();
        }
        let before = (contact + self.size.contacts - 1) % self.size.contacts;
        let mut deals: Vec<u64> = [before, contact].into_iter().flat_map(|contact| self.deals_around(contact)).collect();
        deals.retain(|deal| self.contacts_of_deal(*deal).contains(&contact));
        deals.sort_unstable();
        deals.dedup();
        deals
    }

    /// The deals of all buyers that may be this contact.
    fn deals_around(self, contact: u64) -> impl Iterator<Item = u64> {
        let buyers = self.buyers();
        let first = (contact * buyers).div_ceil(self.size.contacts);
        let last = ((contact + 1) * buyers).div_ceil(self.size.contacts);
        let deals = self.size.deals;
        (first / 3 * 4..last.div_ceil(3) * 4).filter(move |deal| *deal < deals)
    }

    pub(super) fn company_of_contact(self, contact: u64) -> Option<u64> {
        // The first company is large: a tenth of all contacts work there.
        let company = if contact % 10 == 1 { 0 } else { contact % self.size.companies.max(1) };
        (contact % 5 != 4 && company < self.size.companies).then_some(company)
    }

    pub(super) fn contacts_of_company(self, company: u64) -> Vec<u64> {
        let step = self.size.companies.max(1) as usize;
        let regular = (company..self.size.contacts).step_by(step);
        let large = (1..self.size.contacts).step_by(10).filter(|_| company == 0);
        let mut contacts: Vec<u64> = regular.chain(large).collect();
        contacts.retain(|contact| self.company_of_contact(*contact) == Some(company));
        contacts.sort_unstable();
        contacts.dedup();
        contacts
    }

    pub(super) fn company_of_deal(self, deal: u64) -> Option<u64> {
        self.contacts_of_deal(deal).first().and_then(|contact| self.company_of_contact(*contact))
    }

    /// The number that a deal's course is thrown from: two deals of one person may close at the same instant.
    fn course(deal: u64) -> u64 {
        if deal % 4 == 1 && deal / 4 % 7 == 3 { deal - 1 } else { deal }
    }

    fn deal_outline(self, index: u64) -> Outline {
        let dice = self.dice(Kind::Deal, Self::course(index));
        let begun =
            self.contacts_of_deal(Self::course(index)).first().map_or(FROM, |contact| self.contact_outline(*contact).created);
        let created = (begun + 2 * DAY + (dice % (60 * DAY as u64)) as i64).min(UNTIL_MS - 2 * DAY);
        // Positions in the list of all deal stages.
        let (first, won, lost) = if Self::renewal(index) { (6, 8, 9) } else { (0, 4, 5) };
        let (open, end) = match (dice >> 24) % 8 {
            0 | 1 => ((dice >> 28) as usize % (won - first), None),
            2 | 3 => ((dice >> 28) as usize % (won - first), Some(lost)),
            _ => (won - first - 1, Some(won)),
        };
        let mut steps = Vec::with_capacity(6);
        let mut at = created;
        for stage in (first..=first + open).chain(end) {
            if at >= UNTIL_MS - DAY {
                break;
            }
            steps.push((Some(stage), at));
            at += DAY / 3 + (mix(dice ^ stage as u64) % (15 * DAY as u64)) as i64;
        }
        let updated = steps.last().map_or(created, |(_, at)| *at);
        let archived = Self::is_archived(Kind::Deal, index).then_some(updated + 1);
        Outline { created, updated, archived, steps }
    }

    fn renewal(deal: u64) -> bool {
        Self::course(deal) % 5 == 4
    }

    fn fill_deal(self, index: u64, outline: &Outline, draft: &mut Draft<'_>) {
        let dice = self.dice(Kind::Deal, index);
        let renewal = Self::renewal(index);
        draft.set("dealname", || format!("Deal {index} – {}", LAST_NAMES[(dice % 8) as usize]));
        if index % 31 != 30 {
            draft.set("amount", || {
                let items = Self::line_items_of(index);
                cents(if items.is_empty() { dice % 500_000 } else { items.map(|item| self.item_amount(item)).sum() })
            });
        }
        draft.set("deal_currency_code", || Self::currency(index));
        draft.set("pipeline", || if renewal { RENEWALS } else { "default" });
        draft.set("dealtype", || if renewal { "existingbusiness" } else { "newbusiness" });
        draft.set("hubspot_owner_id", || owner_id(dice % 4));
        let reached = outline.steps.last().and_then(|(stage, _)| *stage).map_or("", |stage| DEAL_STAGES[stage].3);
        let closed = matches!(reached, "1.0" | "0.0");
        draft.set("hs_is_closed", || closed.to_string());
        draft.set("hs_is_closed_won", || (reached == "1.0").to_string());
        if reached == "0.0" {
            draft.set("closed_lost_reason", || "Too expensive;\nnot now");
        }
        let close = if closed { outline.updated } else { outline.created + 30 * DAY };
        draft.set("closedate", || iso(moment(close)));
        let source = |step: usize| CHANGED_BY[(dice >> (step + 3)) as usize % 4];
        draft.stages("dealstage", &outline.steps, &DEAL_NAMES, source);
    }

    fn currency(deal: u64) -> &'static str {
        if deal % 10 == 3 { "USD" } else { "EUR" }
    }

    fn item_amount(self, index: u64) -> u64 {
        let dice = self.dice(Kind::LineItem, index);
        PRODUCTS[(dice % 4) as usize].3 * (1 + (dice >> 8) % 3)
    }

    fn fill_line_item(self, index: u64, draft: &mut Draft<'_>) {
        let dice = self.dice(Kind::LineItem, index);
        let (name, product, sku, price) = PRODUCTS[(dice % 4) as usize];
        draft.set("name", || name);
        draft.set("hs_product_id", || product);
        draft.set("hs_sku", || sku);
        draft.set("price", || cents(price));
        draft.set("quantity", || (1 + (dice >> 8) % 3).to_string());
        draft.set("amount", || cents(self.item_amount(index)));
        draft.set("hs_line_item_currency_code", || Self::currency(Self::deal_of(index)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn associations_read_the_same_from_both_ends() {
        for (contacts, deals) in [(0, 3), (1, 0), (1, 5), (2, 40), (7, 1), (40, 999), (100, 42), (500, 167), (500, 1503)] {
            let generator = Generator { seed: 3, size: Size { contacts, companies: (contacts / 5).max(1), deals } };
            for deal in 0..deals {
                for contact in generator.contacts_of_deal(deal) {
                    assert!(generator.deals_of_contact(contact).contains(&deal), "{contacts} {deals} {deal} {contact}");
                }
                for item in Generator::line_items_of(deal) {
                    assert_eq!(Generator::deal_of(item), deal);
                }
            }
            let items: u64 = (0..deals).map(|deal| Generator::line_items_of(deal).count() as u64).sum();
            assert_eq!(items, generator.count(Kind::LineItem), "{deals}");
            let employed = (0..contacts).filter(|contact| generator.company_of_contact(*contact).is_some()).count();
            let companies = (0..generator.size.companies).map(|company| {
                let contacts = generator.contacts_of_company(company);
                assert!(contacts.iter().all(|contact| generator.company_of_contact(*contact) == Some(company)));
                contacts.len()
            });
            assert_eq!(companies.sum::<usize>(), employed);
        }
    }

    #[test]
    fn has_the_cases_that_pulls_trip_over() {
        let generator = Generator { seed: 1, size: Size::of(5000) };
        let contacts: Vec<Record> = (0..5000).map(|index| generator.record(Kind::Contact, index, None)).collect();
        let count = |test: &dyn Fn(&Record) -> bool| contacts.iter().filter(|record| test(record)).count();
        assert!(count(&|record| record.updated == BULK_EDIT) > 1000);
        assert!(count(&|record| record.value("email").is_none()) > 100);
        assert!(count(&|record| record.value("hs_merged_object_ids").is_some()) > 10);
        assert!(count(&|record| record.archived.is_some()) > 10);
        assert!(count(&|record| record.history("lifecyclestage").iter().any(|change| change.value.is_empty())) > 2);
        assert!(count(&|record| record.value("hs_v2_date_entered_101234567").is_some()) > 100);
        assert!(contacts.iter().all(|record| record.created <= record.updated && record.updated < UNTIL));
        assert!(!contacts.is_sorted_by_key(|record| record.created));
        let twice = (0..1600u64).filter(|deal| deal % 4 == 0).filter(|deal| {
            let close = |deal| generator.record(Kind::Deal, deal, None).value("closedate").map(str::to_owned);
            close(*deal) == close(deal + 1)
        });
        assert!(twice.count() > 10);
    }
}
