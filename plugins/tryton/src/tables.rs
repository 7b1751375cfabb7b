//! The tables: which of Tryton's models they list, and which of its fields their columns are.

use std::collections::HashSet;

use cvj_core::{SourceError, Status, Task};
use cvj_http::{Field, FieldType};
use serde_json::{Value, json};

use crate::rpc::Rpc;

/// A table over one of Tryton's models.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    /// The model that it lists.
    pub(crate) model: &'static str,
    /// Which of the model's records: a domain of one condition, a field and the value it has.
    only: Option<(&'static str, &'static str)>,
    pub(crate) key: &'static [&'static str],
    columns: &'static [Column],
}

/// A column: its name, the path to its value in a record, what it is, and the column that says its currency.
pub(crate) struct Column(&'static str, &'static str, FieldType, Option<&'static str>);

use FieldType::{Date, Decimal, Instant, Integer, Number, Text};

pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "parties",
        doc: "People and companies",
        model: "party.party",
        only: None,
        key: &["id"],
        columns: &[
            Column("id", "id", Integer, None),
            Column("name", "name", Text, None),
            Column("code", "code", Text, None),
            Column("email", "email", Text, None),
            Column("create_date", "create_date", Instant, None),
            Column("write_date", "write_date", Instant, None),
        ],
    },
    Table {
        name: "opportunities",
        doc: "Leads and opportunities as they are now; party and e-mail are the party's",
        model: "sale.opportunity",
        only: None,
        key: &["id"],
        columns: &[
            Column("id", "id", Integer, None),
            Column("number", "number", Text, None),
            Column("reference", "reference", Text, None),
            Column("party", "party", Integer, None),
            Column("party_name", "party.name", Text, None),
            Column("email", "party.email", Text, None),
            Column("state", "state", Text, None),
            Column("amount", "amount", Decimal, Some("currency")),
            Column("currency", "currency.code", Text, None),
            Column("conversion_probability", "conversion_probability", Number, None),
            Column("start_date", "start_date", Date, None),
            Column("end_date", "end_date", Date, None),
            Column("lost_reason", "lost_reason", Text, None),
            Column("marketing_campaign", "marketing_campaign.rec_name", Text, None),
            Column("marketing_medium", "marketing_medium.rec_name", Text, None),
            Column("marketing_source", "marketing_source.rec_name", Text, None),
            Column("create_date", "create_date", Instant, None),
            Column("write_date", "write_date", Instant, None),
        ],
    },
    Table {
        name: "opportunity_stages",
        doc: "When each opportunity came into each of its states, from the model's history",
        model: "sale.opportunity",
        only: None,
        key: &["opportunity", "since"],
        columns: &[
            Column("opportunity", "id", Integer, None),
            Column("state", "state", Text, None),
            Column("previous_state", "previous_state", Text, None),
            Column("since", "since", Instant, None),
        ],
    },
    Table {
        name: "opportunity_lines",
        doc: "The products that opportunities are about",
        model: "sale.opportunity.line",
        only: None,
        key: &["id"],
        columns: &[
            Column("id", "id", Integer, None),
            Column("opportunity", "opportunity", Integer, None),
            Column("product", "product.name", Text, None),
            Column("product_code", "product.code", Text, None),
            Column("quantity", "quantity", Number, None),
        ],
    },
    Table {
        name: "sale_lines",
        doc: "The lines of sales, with the party and state of the sale; origin is `sale.opportunity,ID` where it came of one",
        model: "sale.line",
        only: Some(("type", "line")),
        key: &["id"],
        columns: &[
            Column("id", "id", Integer, None),
            Column("sale", "sale", Integer, None),
            Column("sale_state", "sale.state", Text, None),
            Column("sale_date", "sale.sale_date", Date, None),
            Column("origin", "sale.origin", Text, None),
            Column("party", "sale.party", Integer, None),
            Column("email", "sale.party.email", Text, None),
            Column("product", "product.name", Text, None),
            Column("product_code", "product.code", Text, None),
            Column("quantity", "quantity", Number, None),
            Column("unit_price", "unit_price", Decimal, Some("currency")),
            Column("amount", "amount", Decimal, Some("currency")),
            Column("currency", "sale.currency.code", Text, None),
            Column("create_date", "create_date", Instant, None),
        ],
    },
];

/// The table with this name, and its place.
pub(crate) fn find(name: &str) -> Result<(usize, &'static Table), SourceError> {
    let found = TABLES.iter().enumerate().find(|(_, table)| table.name == name);
    found.ok_or_else(|| SourceError::new(Status::NotFound, format!("Tryton sources have no table `{name}`")))
}

impl Table {
    /// Whether its rows are the model's records; else they are made of the model's history.
    pub(crate) fn is_listing(&self) -> bool {
        self.name != "opportunity_stages"
    }

    /// The domain of its records with ids after one and up to another.
    pub(crate) fn domain(&self, after: i64, to: i64) -> Value {
        let mut domain = vec![json!(["id", ">", after]), json!(["id", "<=", to])];
        domain.extend(self.only.map(|(field, value)| json!([field, "=", value])));
        Value::Array(domain)
    }

    /// The columns that a database has: modules that are not activated leave fields out.
    pub(crate) fn columns(&'static self, rpc: &Rpc, task: &Task) -> Result<Columns, SourceError> {
        let fields = rpc.fields(self.model, task)?;
        let has = |column: &&Column| {
            let first = column.1.split('.').next().unwrap_or_default();
            !self.is_listing() || fields.contains(first)
        };
        Ok(Columns(self.columns.iter().filter(has).collect()))
    }

    /// The columns with these names, as fields.
    pub(crate) fn fields_named(&self, names: &[String]) -> Result<Vec<Field>, SourceError> {
        let field = |name: &String| self.columns.iter().find(|column| column.0 == name).map(Column::field);
        names
            .iter()
            .map(field)
            .collect::<Option<_>>()
            .ok_or_else(|| SourceError::new(Status::InvalidArgument, format!("a column that `{}` does not have", self.name)))
    }

    /// The path to a column's value in a record.
    pub(crate) fn path(&self, column: &str) -> &'static str {
        self.columns.iter().find(|has| has.0 == column).map_or("", |column| column.1)
    }
}

impl Column {
    fn field(&self) -> Field {
        Field { currency_column: self.3.map(ToOwned::to_owned), ..Field::new(self.0, self.2) }
    }
}

/// The columns that a table has in one database.
pub(crate) struct Columns(Vec<&'static Column>);

impl Columns {
    pub(crate) fn fields(&self) -> Vec<Field> {
        self.0.iter().map(|column| column.field()).collect()
    }

    /// Which of these columns it has.
    pub(crate) fn among(&self, names: &[&'static str]) -> Vec<&'static str> {
        let has: HashSet<&str> = self.0.iter().map(|column| column.0).collect();
        names.iter().copied().filter(|name| has.contains(name)).collect()
    }
}
