//! The models and their fields, as far as the emulator has them.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Char,
    Text,
    Selection,
    Integer,
    Float,
    /// In the currency of the record named by this field.
    Monetary(&'static str),
    Boolean,
    Date,
    Datetime,
    /// One record of this model.
    Many2one(&'static str),
    /// The id of a record whose model stands in another field.
    Reference,
    /// Records of this model that point here with this field.
    One2many(&'static str, &'static str),
    Binary,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Char => "char",
            Self::Text => "text",
            Self::Selection => "selection",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Monetary(_) => "monetary",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Many2one(_) => "many2one",
            Self::Reference => "many2one_reference",
            Self::One2many(..) => "one2many",
            Self::Binary => "binary",
        }
    }
}

/// A model.
pub(super) struct Model {
    pub(super) name: &'static str,
    /// The field that names a record.
    pub(super) called: &'static str,
    pub(super) fields: &'static [(&'static str, Kind)],
}

use Kind::{Binary, Boolean, Char, Date, Datetime, Float, Integer, Many2one, Monetary, One2many, Reference, Selection, Text};

/// Fields of every model.
pub(super) const MAGIC: &[(&str, Kind)] = &[
    ("id", Integer),
    ("display_name", Char),
    ("create_date", Datetime),
    ("create_uid", Many2one("res.users")),
    ("write_date", Datetime),
    ("write_uid", Many2one("res.users")),
];

/// The fields of leads whose changes are tracked, with their ids among `ir.model.fields`.
pub(super) const TRACKED: [(&str, i64); 3] = [("stage_id", 4711), ("active", 4712), ("expected_revenue", 4713)];

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "crm.lead",
        called: "name",
        fields: &[
            ("active", Boolean),
            ("campaign_id", Many2one("utm.campaign")),
            ("company_currency", Many2one("res.currency")),
            ("company_id", Many2one("res.company")),
            ("contact_name", Char),
            ("date_closed", Datetime),
            ("date_deadline", Date),
            ("date_last_stage_update", Datetime),
            ("date_open", Datetime),
            ("description", Text),
            ("email_from", Char),
            ("email_normalized", Char),
            ("expected_revenue", Monetary("company_currency")),
            ("lost_reason_id", Many2one("crm.lost.reason")),
            ("medium_id", Many2one("utm.medium")),
            ("message_ids", One2many("mail.message", "res_id")),
            ("name", Char),
            ("partner_id", Many2one("res.partner")),
            ("partner_name", Char),
            ("priority", Selection),
            ("probability", Float),
            ("source_id", Many2one("utm.source")),
            ("stage_id", Many2one("crm.stage")),
            ("type", Selection),
            ("user_id", Many2one("res.users")),
            ("x_region", Selection),
            ("x_rooms", Integer),
            ("x_vip", Boolean),
        ],
    },
    Model {
        name: "crm.stage",
        called: "name",
        fields: &[("fold", Boolean), ("is_won", Boolean), ("name", Char), ("sequence", Integer)],
    },
    Model { name: "crm.lost.reason", called: "name", fields: &[("active", Boolean), ("name", Char)] },
    Model {
        name: "res.partner",
        called: "name",
        fields: &[
            ("active", Boolean),
            ("email", Char),
            ("email_normalized", Char),
            ("image_128", Binary),
            ("is_company", Boolean),
            ("name", Char),
            ("parent_id", Many2one("res.partner")),
            ("phone", Char),
        ],
    },
    Model {
        name: "res.users",
        called: "name",
        fields: &[("active", Boolean), ("login", Char), ("name", Char), ("partner_id", Many2one("res.partner"))],
    },
    Model { name: "res.company", called: "name", fields: &[("currency_id", Many2one("res.currency")), ("name", Char)] },
    Model { name: "res.currency", called: "name", fields: &[("active", Boolean), ("name", Char), ("symbol", Char)] },
    Model { name: "utm.campaign", called: "title", fields: &[("active", Boolean), ("name", Char), ("title", Char)] },
    Model { name: "utm.source", called: "name", fields: &[("name", Char)] },
    Model { name: "utm.medium", called: "name", fields: &[("active", Boolean), ("name", Char)] },
    Model {
        name: "mailing.mailing",
        called: "subject",
        fields: &[
            ("active", Boolean),
            ("bounced", Integer),
            ("campaign_id", Many2one("utm.campaign")),
            ("clicked", Integer),
            ("delivered", Integer),
            ("opened", Integer),
            ("replied", Integer),
            ("sent", Integer),
            ("sent_date", Datetime),
            ("state", Selection),
            ("subject", Char),
        ],
    },
    Model {
        name: "mailing.trace",
        called: "id",
        fields: &[
            ("campaign_id", Many2one("utm.campaign")),
            ("email", Char),
            ("links_click_datetime", Datetime),
            ("mass_mailing_id", Many2one("mailing.mailing")),
            ("model", Char),
            ("open_datetime", Datetime),
            ("res_id", Reference),
            ("sent_datetime", Datetime),
            ("trace_status", Selection),
        ],
    },
    Model {
        name: "product.product",
        called: "display_name",
        fields: &[("active", Boolean), ("default_code", Char), ("name", Char)],
    },
    Model {
        name: "sale.order",
        called: "name",
        fields: &[
            ("amount_total", Monetary("currency_id")),
            ("amount_untaxed", Monetary("currency_id")),
            ("campaign_id", Many2one("utm.campaign")),
            ("currency_id", Many2one("res.currency")),
            ("date_order", Datetime),
            ("name", Char),
            ("opportunity_id", Many2one("crm.lead")),
            ("order_line", One2many("sale.order.line", "order_id")),
            ("partner_id", Many2one("res.partner")),
            ("state", Selection),
        ],
    },
    Model {
        name: "sale.order.line",
        called: "name",
        fields: &[
            ("currency_id", Many2one("res.currency")),
            ("display_type", Selection),
            ("name", Text),
            ("order_id", Many2one("sale.order")),
            ("price_subtotal", Monetary("currency_id")),
            ("product_id", Many2one("product.product")),
            ("product_uom_qty", Float),
        ],
    },
    Model {
        name: "mail.message",
        called: "subject",
        fields: &[
            ("body", Text),
            ("date", Datetime),
            ("model", Char),
            ("res_id", Reference),
            ("subject", Char),
            ("tracking_value_ids", One2many("mail.tracking.value", "mail_message_id")),
        ],
    },
    Model {
        name: "mail.tracking.value",
        called: "id",
        fields: &[
            ("field_id", Many2one("ir.model.fields")),
            ("mail_message_id", Many2one("mail.message")),
            ("new_value_char", Char),
            ("new_value_float", Float),
            ("new_value_integer", Integer),
            ("old_value_char", Char),
            ("old_value_float", Float),
            ("old_value_integer", Integer),
        ],
    },
    Model { name: "ir.model", called: "name", fields: &[("model", Char), ("name", Char)] },
    Model { name: "ir.model.fields", called: "name", fields: &[("model", Char), ("name", Char), ("ttype", Selection)] },
];

/// The model of this name.
pub(super) fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

impl Model {
    /// What a field holds.
    pub(super) fn kind(&self, field: &str) -> Option<Kind> {
        self.fields().find(|(name, _)| *name == field).map(|(_, kind)| kind)
    }

    /// All fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, Kind)> {
        MAGIC.iter().chain(self.fields).copied()
    }
}
