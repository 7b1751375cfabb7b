//! Definitions: how a source's table yields metrics and touchpoints, and views that join tables.
//!
//! The same structs are read from `cvj.toml`, from recipes, and from a plugin's own defaults.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::stage::Stage;

/// One definition, as plugins hand them over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Definition {
    /// An aggregate per product, stage and period.
    Metric(Metric),
    /// A person reaching a stage at a moment.
    Touchpoint(Touchpoint),
    /// A read-only view over tables, usable in `from`.
    View(View),
}

/// What a metric's number is, for formatting and statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Whole things counted.
    #[default]
    Count,
    /// An amount in the client's currency.
    Money,
    /// A fraction, 1.0 being 100 %; with `per`, a rate with an interval.
    Percent,
    /// A time span, in days.
    Duration,
    /// Points on a scale.
    Score,
    /// A Net Promoter Score, in points from -100 to 100; `value` is an answer from 0 to 10, read row by row.
    Nps,
    /// Any other number.
    Number,
}

/// Which direction of a metric is good news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Good {
    /// More is better.
    #[default]
    Up,
    /// Less is better.
    Down,
}

/// How two metrics of one stage, name and scope become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// Their values (numerators, denominators) are added; unknown if any part is unknown.
    Sum,
}

/// Which of a person's rows about one product count, in time order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Occurrence {
    /// Every row.
    #[default]
    All,
    /// Only the first order (or row).
    First,
    /// All but the first.
    Later,
}

/// A metric: a SQL aggregate over a table's columns, per product and period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// The stage it speaks for.
    pub stage: Stage,
    /// Its printed name.
    pub name: String,
    /// `source`, `source.table` or the name of a view.
    pub from: String,
    /// A SQL aggregate: `sum(sessions)`; of a Net Promoter Score, the answer of a row.
    pub value: String,
    /// A SQL aggregate that `value` is divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
    /// When a row happened: a column or a SQL expression.
    pub at: String,
    /// The product a row is about: a column or a SQL expression; left out: overall only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Which rows count: a SQL condition.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// What the number is.
    #[serde(default)]
    pub unit: Unit,
    /// Which direction is good news.
    #[serde(default)]
    pub good: Good,
    /// How it joins another definition of the same stage and name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combine: Option<Combine>,
    /// Shown on the scorecard.
    #[serde(default)]
    pub headline: bool,
    /// The value to reach, in the metric's unit (a percent as a fraction).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Metric {
    /// A count of this name, overall only, of which more is better.
    pub fn new(
        stage: Stage,
        name: impl Into<String>,
        from: impl Into<String>,
        value: impl Into<String>,
        at: impl Into<String>,
    ) -> Self {
        Self {
            stage,
            name: name.into(),
            from: from.into(),
            value: value.into(),
            per: None,
            at: at.into(),
            product: None,
            filter: None,
            unit: Unit::Count,
            good: Good::Up,
            combine: None,
            headline: false,
            target: None,
            owner: None,
        }
    }
}

/// A touchpoint: one person reaching one stage of one product's journey at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Touchpoint {
    /// The stage reached: fixed, or named in a column.
    pub stage: StageOf,
    /// `source`, `source.table` or the name of a view.
    pub from: String,
    /// Who: a column or a SQL expression; trimmed and lower-cased, never in any output.
    pub person: String,
    /// When: a column or a SQL expression.
    pub at: String,
    /// The product: a column or a SQL expression; left out: overall only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// An amount of money: a column or a SQL expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Which rows count: a SQL condition.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Which of a person's rows about one product count.
    #[serde(default)]
    pub occurrence: Occurrence,
    /// Rows with the same value here count as one occurrence: a column or a SQL expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// What touchpoints are told apart by, such as channel and campaign: columns or SQL expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// The stage that the person is at now, as the source has it: a column or a SQL expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// Whom the person referred: a column or a SQL expression; read like `person`, and never in any output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referred: Option<String>,
}

impl Touchpoint {
    /// Every row is the person reaching this stage, overall only.
    pub fn new(stage: Stage, from: impl Into<String>, person: impl Into<String>, at: impl Into<String>) -> Self {
        Self {
            stage: StageOf::Fixed(stage),
            from: from.into(),
            person: person.into(),
            at: at.into(),
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
}

/// A read-only view over source tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The name used in `from`.
    pub name: String,
    /// A SELECT.
    pub sql: String,
}

/// Where a touchpoint's stage comes from: `"convert"`, or `{ column = "stage" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum StageOf {
    /// Every row is this stage.
    Fixed(Stage),
    /// A column (or a SQL expression) names the stage of each row.
    Column {
        /// The column or expression.
        column: String,
    },
}

impl<'de> Deserialize<'de> for StageOf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StageOfVisitor;
        impl<'de> Visitor<'de> for StageOfVisitor {
            type Value = StageOf;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a stage's name or { column = \"…\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<StageOf, E> {
                text.parse().map(StageOf::Fixed).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StageOf, A::Error> {
                let mut column = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key == "column" {
                        column = Some(map.next_value()?);
                    } else {
                        return Err(de::Error::unknown_field(&key, &["column"]));
                    }
                }
                column.map(|column| StageOf::Column { column }).ok_or_else(|| de::Error::missing_field("column"))
            }
        }
        deserializer.deserialize_any(StageOfVisitor)
    }
}
