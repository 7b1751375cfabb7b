//! The tables, their columns, and what stands in them.

use cvj_core::source::{TableDetails, TableInfo};
use cvj_http::{Field, FieldType, schema_of};
use serde::{Deserialize, Serialize};

use crate::client::Object;
use crate::portal::{HOME_AMOUNT, Portal, Property};

/// A table of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Table {
    /// The records of an object, a column for each property.
    Objects(Object),
    ContactStages,
    DealStages,
    DealContacts,
    DealLineItems,
    Owners,
    DealPipelineStages,
    LifecycleStages,
    Emails,
    Campaigns,
    CampaignMonths,
}

/// The counters of a marketing e-mail, by HubSpot's names.
pub(crate) const EMAIL_COUNTERS: [&str; 10] =
    ["sent", "delivered", "open", "click", "reply", "bounce", "hardbounced", "softbounced", "spamreport", "unsubscribed"];

/// The numbers of a campaign: the column and HubSpot's name.
pub(crate) const CAMPAIGN_METRICS: [(&str, &str); 4] = [
    ("sessions", "sessions"),
    ("new_contacts_first_touch", "newContactsFirstTouch"),
    ("new_contacts_last_touch", "newContactsLastTouch"),
    ("influenced_contacts", "influencedContacts"),
];

/// The properties of a campaign: the column and HubSpot's name.
pub(crate) const CAMPAIGN_PROPERTIES: [(&str, &str, FieldType); 7] = [
    ("name", "hs_name", FieldType::Text),
    ("start_date", "hs_start_date", FieldType::Date),
    ("end_date", "hs_end_date", FieldType::Date),
    ("status", "hs_campaign_status", FieldType::Text),
    ("currency_code", "hs_currency_code", FieldType::Text),
    ("budget", "hs_budget_items_sum_amount", FieldType::Number),
    ("spend", "hs_spend_items_sum_amount", FieldType::Number),
];

impl Table {
    pub(crate) const ALL: [Self; 14] = [
        Self::Objects(Object::Contacts),
        Self::Objects(Object::Companies),
        Self::Objects(Object::Deals),
        Self::Objects(Object::LineItems),
        Self::ContactStages,
        Self::DealStages,
        Self::DealContacts,
        Self::DealLineItems,
        Self::Owners,
        Self::DealPipelineStages,
        Self::LifecycleStages,
        Self::Emails,
        Self::Campaigns,
        Self::CampaignMonths,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Objects(object) => object.name(),
            Self::ContactStages => "contact_stages",
            Self::DealStages => "deal_stages",
            Self::DealContacts => "deal_contacts",
            Self::DealLineItems => "deal_line_items",
            Self::Owners => "owners",
            Self::DealPipelineStages => "deal_pipeline_stages",
            Self::LifecycleStages => "lifecycle_stages",
            Self::Emails => "emails",
            Self::Campaigns => "campaigns",
            Self::CampaignMonths => "campaign_months",
        }
    }

    /// What its rows are, for progress.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Objects(Object::LineItems) => "line items",
            Self::ContactStages | Self::DealStages => "stage changes",
            Self::DealContacts | Self::DealLineItems => "associations",
            Self::DealPipelineStages | Self::LifecycleStages => "stages",
            Self::CampaignMonths => "campaign months",
            table => table.name(),
        }
    }

    /// The object whose records it is read along, in windows of their ids; `None`: it is small and read in one piece.
    pub(crate) fn along(self) -> Option<Object> {
        match self {
            Self::Objects(object) => Some(object),
            Self::ContactStages => Some(Object::Contacts),
            Self::DealStages | Self::DealContacts | Self::DealLineItems => Some(Object::Deals),
            _ => None,
        }
    }

    fn doc(self) -> &'static str {
        match self {
            Self::Objects(Object::Contacts) => "Contacts, without archived ones; columns are the account's properties.",
            Self::Objects(Object::Companies) => "Companies, without archived ones; columns are the account's properties.",
            Self::Objects(Object::Deals) => "Deals, without archived ones; columns are the account's properties.",
            Self::Objects(Object::LineItems) => "Line items, without archived ones; columns are the account's properties.",
            Self::ContactStages => {
                "The lifecycle stages that contacts were set to, each with its moment; no stage: it was cleared."
            }
            Self::DealStages => "The stages that deals were set to, each with its moment.",
            Self::DealContacts => "Which contacts belong to which deals.",
            Self::DealLineItems => "Which line items belong to which deals.",
            Self::Owners => "The users that records are assigned to, also those who left.",
            Self::DealPipelineStages => "The stages of the pipelines of deals.",
            Self::LifecycleStages => "The account's lifecycle stages, in order.",
            Self::Emails => "Marketing e-mails with what became of them until now.",
            Self::Campaigns => "Campaigns with their numbers until now.",
            Self::CampaignMonths => {
                "The numbers of each campaign by calendar month, at its first day, for this month and the 24 before."
            }
        }
    }

    fn key(self) -> &'static [&'static str] {
        match self {
            Self::ContactStages => &["contact_id", "at"],
            Self::DealStages => &["deal_id", "at"],
            Self::DealContacts => &["deal_id", "contact_id"],
            Self::DealLineItems => &["deal_id", "line_item_id"],
            Self::DealPipelineStages => &["pipeline", "stage"],
            Self::LifecycleStages => &["stage"],
            Self::CampaignMonths => &["id", "month"],
            _ => &["id"],
        }
    }

    pub(crate) fn fields(self, portal: &Portal) -> Vec<Field> {
        use FieldType::{Boolean, Date, Instant, Integer, Number, Text};
        let fields =
            |fields: &[(&str, FieldType)]| -> Vec<Field> { fields.iter().map(|&(name, kind)| Field::new(name, kind)).collect() };
        match self {
            Self::Objects(object) => object_fields(object, portal),
            Self::ContactStages => fields(&[
                ("contact_id", Text),
                ("email", Text),
                ("stage", Text),
                ("label", Text),
                ("at", Instant),
                ("source_type", Text),
            ]),
            Self::DealStages => fields(&[
                ("deal_id", Text),
                ("stage", Text),
                ("label", Text),
                ("at", Instant),
                ("is_closed", Boolean),
                ("is_won", Boolean),
                ("source_type", Text),
            ]),
            Self::DealContacts => fields(&[("deal_id", Text), ("contact_id", Text), ("label", Text), ("is_primary", Boolean)]),
            Self::DealLineItems => fields(&[("deal_id", Text), ("line_item_id", Text)]),
            Self::Owners => fields(&[
                ("id", Text),
                ("email", Text),
                ("first_name", Text),
                ("last_name", Text),
                ("type", Text),
                ("archived", Boolean),
                ("created_at", Instant),
            ]),
            Self::DealPipelineStages => fields(&[
                ("pipeline", Text),
                ("pipeline_label", Text),
                ("pipeline_order", Integer),
                ("stage", Text),
                ("label", Text),
                ("display_order", Integer),
                ("probability", Number),
                ("is_closed", Boolean),
                ("is_won", Boolean),
            ]),
            Self::LifecycleStages => fields(&[("stage", Text), ("label", Text), ("display_order", Integer)]),
            Self::Emails => {
                let mut all = fields(&[
                    ("id", Text),
                    ("name", Text),
                    ("subject", Text),
                    ("type", Text),
                    ("state", Text),
                    ("campaign", Text),
                    ("campaign_name", Text),
                    ("created_at", Instant),
                    ("published_at", Instant),
                ]);
                all.extend(EMAIL_COUNTERS.map(|counter| Field::new(counter, Integer)));
                all
            }
            Self::Campaigns => {
                let mut all = fields(&[("id", Text), ("created_at", Instant)]);
                all.extend(CAMPAIGN_PROPERTIES.map(|(name, _, kind)| match name {
                    "budget" | "spend" => money(name, "currency_code"),
                    _ => Field::new(name, kind),
                }));
                all.extend(CAMPAIGN_METRICS.map(|(name, _)| Field::new(name, Integer)));
                all
            }
            Self::CampaignMonths => {
                let mut all = fields(&[("id", Text), ("name", Text), ("month", Date)]);
                all.extend(CAMPAIGN_METRICS.map(|(name, _)| Field::new(name, Integer)));
                all
            }
        }
    }

    pub(crate) fn info(self, portal: &Portal) -> TableInfo {
        let key = self.key().iter().map(|&name| name.to_owned()).collect();
        TableInfo {
            name: self.name().to_owned(),
            schema: schema_of(&self.fields(portal)),
            details: TableDetails { doc: self.doc().to_owned(), key, ..TableDetails::default() },
        }
    }
}

fn money(name: &str, currency: &str) -> Field {
    Field { currency_column: Some(currency.to_owned()), ..Field::new(name, FieldType::Decimal) }
}

/// The record's id and all properties. Where the credentials may not see them, those that every account has, so that a
/// definition finds its columns and reading them can say what is missing.
fn object_fields(object: Object, portal: &Portal) -> Vec<Field> {
    let field = |property: &Property| Field::new(&property.name, kind(&property.kind));
    let mut fields = match portal.properties(object) {
        Some(properties) => properties.iter().map(field).collect(),
        None => standard(object),
    };
    // The column `id` is the record's.
    fields.retain(|field| field.name != "id");
    let (currency, amounts): (&str, &[&str]) = match object {
        Object::Deals => ("deal_currency_code", &["amount", "hs_acv", "hs_arr", "hs_mrr", "hs_tcv"]),
        Object::LineItems => ("hs_line_item_currency_code", &["amount", "price", "discount"]),
        Object::Contacts | Object::Companies => ("", &[]),
    };
    if fields.iter().any(|field| field.name == currency) {
        for field in fields.iter_mut().filter(|field| amounts.contains(&field.name.as_str())) {
            *field = money(&field.name, currency);
        }
    }
    for field in fields.iter_mut().filter(|field| object == Object::Deals && field.name == HOME_AMOUNT) {
        *field = Field { currency: portal.home_currency.clone(), ..Field::new(HOME_AMOUNT, FieldType::Decimal) };
    }
    fields.insert(0, Field::new("id", FieldType::Text));
    fields
}

fn kind(hubspot: &str) -> FieldType {
    match hubspot {
        "number" => FieldType::Number,
        "bool" => FieldType::Boolean,
        "date" => FieldType::Date,
        "datetime" => FieldType::Instant,
        _ => FieldType::Text,
    }
}

fn standard(object: Object) -> Vec<Field> {
    use FieldType::{Boolean, Instant, Number, Text};
    let fields: &[(&str, FieldType)] = match object {
        Object::Contacts => &[("createdate", Instant), ("email", Text), ("lifecyclestage", Text)],
        Object::Companies => &[("createdate", Instant), ("domain", Text), ("name", Text)],
        Object::Deals => &[
            ("amount", Number),
            ("closedate", Instant),
            ("createdate", Instant),
            ("deal_currency_code", Text),
            ("dealname", Text),
            ("dealstage", Text),
            ("hs_is_closed_won", Boolean),
            ("pipeline", Text),
        ],
        Object::LineItems => &[
            ("amount", Number),
            ("createdate", Instant),
            ("hs_line_item_currency_code", Text),
            ("name", Text),
            ("price", Number),
            ("quantity", Number),
        ],
    };
    fields.iter().map(|&(name, kind)| Field::new(name, kind)).collect()
}
