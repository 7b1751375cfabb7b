//! The tables of an Odoo: which models are there, and how their fields become columns.

use cvj_core::{SourceError, Status, Task};
use cvj_http::{Field, FieldType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::{Client, id};
use crate::history;

/// What is known of a table before Odoo is asked.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) model: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) key: &'static [&'static str],
}

const SPECS: [Spec; 8] = [
    Spec {
        name: "leads",
        model: "crm.lead",
        doc: "Leads and opportunities, the lost ones (`active` is false) included.",
        key: &["id"],
    },
    Spec { name: "stages", model: "crm.stage", doc: "The stages of the pipeline; `is_won` marks the last.", key: &["id"] },
    Spec { name: "partners", model: "res.partner", doc: "Customers and other contacts, companies among them.", key: &["id"] },
    Spec { name: "campaigns", model: "utm.campaign", doc: "The campaigns that leads, orders and mailings name.", key: &["id"] },
    Spec {
        name: "mailings",
        model: "mailing.mailing",
        doc: "Mailings with how many were sent, delivered, opened, clicked and bounced.",
        key: &["id"],
    },
    Spec {
        name: "mailing_traces",
        model: "mailing.trace",
        doc: "One row for each message of a mailing: to whom, and when it was sent, opened and clicked.",
        key: &["id"],
    },
    Spec {
        name: "orders",
        model: "sale.order",
        doc: "Quotations and orders; those in `state` sale or done are sold.",
        key: &["id"],
    },
    Spec {
        name: "order_lines",
        model: "sale.order.line",
        doc: "The lines of quotations and orders, a product each.",
        key: &["id"],
    },
];

const HISTORY: Spec = Spec {
    name: history::TABLE,
    model: "crm.lead",
    doc: "Every stage that each lead was in: the first with `change_id` 0 at the lead's creation, then each change.",
    key: &["lead_id", "change_id"],
};

/// What an Odoo has.
pub(crate) struct Catalogue {
    pub(crate) tables: Vec<Table>,
    /// Ids of the stages that mean won.
    pub(crate) won: Vec<i64>,
}

/// A table that is there.
pub(crate) struct Table {
    pub(crate) spec: &'static Spec,
    pub(crate) columns: Vec<Column>,
}

/// A column, and what it takes from a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) field: Field,
    /// The field of the record.
    pub(crate) from: String,
    pub(crate) part: Part,
}

/// What of a field's value a column takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// The value; `false` is no value.
    Value,
    /// A truth value, of which `false` is one.
    Truth,
    /// The id of the record pointed at.
    Id,
    /// The name of the record pointed at.
    Name,
    /// Whether the stage pointed at means won.
    Won,
}

impl Catalogue {
    /// Asks Odoo. Models of applications that are not installed are left out.
    pub(crate) fn ask(client: &Client, task: &Task) -> Result<Self, SourceError> {
        // Every Odoo has partners: if they are not there, nothing is as expected.
        client.highest("res.partner", &[], task)?;
        let mut tables = Vec::new();
        for spec in &SPECS {
            match client.fields(spec.model, task) {
                Ok(fields) => tables.push(Table { spec, columns: columns(&fields) }),
                Err(error) if error.status == Status::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let won = match tables.iter().position(|table| table.spec.name == "leads") {
            Some(leads) => {
                tables.insert(leads + 1, Table { spec: &HISTORY, columns: history::columns() });
                let won =
                    Column { field: Field::new("is_won", FieldType::Boolean), from: "stage_id".to_owned(), part: Part::Won };
                tables[leads].columns.push(won);
                let stages = client.search("crm.stage", &[json!(["is_won", "=", true])], &["id"], "id asc", 10_000, task)?;
                stages.iter().map(|stage| id(stage, "crm.stage")).collect::<Result<_, _>>()?
            }
            None => Vec::new(),
        };
        Ok(Self { tables, won })
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.spec.name == name)
    }
}

impl Table {
    pub(crate) fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(|column| column.field.clone()).collect()
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.field.name == column)
    }
}

impl Column {
    /// The column's value in a record. Odoo writes `false` where there is none, and a record pointed at as `[id, name]`.
    pub(crate) fn value<'a>(&self, value: &'a Value, won: &[i64]) -> Option<&'a Value> {
        static NO: Value = Value::Bool(false);
        static YES: Value = Value::Bool(true);
        match self.part {
            Part::Truth => Some(value),
            Part::Value => (*value != NO).then_some(value),
            Part::Id => value.get(0),
            Part::Name => value.get(1),
            Part::Won => {
                let stage = value.get(0)?.as_i64()?;
                Some(if won.contains(&stage) { &YES } else { &NO })
            }
        }
    }
}

/// Columns of the fields that hold one value each, the id first, then by name.
fn columns(fields: &Map<String, Value>) -> Vec<Column> {
    let mut columns = Vec::new();
    for (name, told) in fields {
        let said = |key: &str| told.get(key).and_then(Value::as_str);
        let mut add = |column: &str, kind: FieldType, part: Part| {
            let mut field = Field::new(column, kind);
            if said("type") == Some("monetary") {
                field.currency_column = said("currency_field").map(|currency| format!("{currency}_name"));
            }
            columns.push(Column { field, from: name.clone(), part });
        };
        match said("type") {
            Some("char" | "text" | "html" | "selection") => add(name, FieldType::Text, Part::Value),
            Some("integer" | "many2one_reference") => add(name, FieldType::Integer, Part::Value),
            Some("monetary") => add(name, FieldType::Decimal, Part::Value),
            Some("float") => add(name, FieldType::Number, Part::Value),
            Some("boolean") => add(name, FieldType::Boolean, Part::Truth),
            Some("date") => add(name, FieldType::Date, Part::Value),
            Some("datetime") => add(name, FieldType::Instant, Part::Value),
            Some("many2one") => {
                add(name, FieldType::Integer, Part::Id);
                let beside = format!("{name}_name");
                if !fields.contains_key(&beside) {
                    add(&beside, FieldType::Text, Part::Name);
                }
            }
            // Lists of records, files, and what has no one type.
            _ => {}
        }
    }
    columns.sort_by(|one, other| (one.field.name != "id", &one.field.name).cmp(&(other.field.name != "id", &other.field.name)));
    columns
}
