//! The trail of a definition: its SQL as run, and the rows that it read, used and rejected.

use cvj_core::report::Trail;

use crate::accounts::Extent;
use crate::functions::{INSTANT, PERIOD_OF, PRODUCT_OF};
use crate::gathered::{Gathered, MONEY_SCALE};
use crate::judge::{any_unread, foreign};
use crate::relation::{BoundMetric, BoundStage, BoundTouchpoint, Relation, RowParts};
use crate::tally::Tally;

/// A definition, resolved against its table's columns.
#[derive(Clone, Copy)]
pub(crate) enum Bound<'a> {
    Metric(&'a BoundMetric),
    Touchpoint(&'a BoundTouchpoint),
}

/// A definition with what it reads from and what it made of the rows.
#[derive(Clone, Copy)]
pub(crate) struct Traced<'a> {
    pub(crate) bound: Bound<'a>,
    pub(crate) relation: &'a Relation,
    pub(crate) gathered: &'a Gathered,
    pub(crate) tally: &'a Tally,
}

impl<'a> Traced<'a> {
    /// The definitions of a relation.
    pub(crate) fn all(relation: &'a Relation, gathered: &'a Gathered) -> impl Iterator<Item = Self> {
        let metrics = relation.metrics.iter().map(Bound::Metric);
        let bounds = metrics.chain(relation.touchpoints.iter().map(Bound::Touchpoint));
        bounds.zip(&gathered.tallies).map(move |(bound, tally)| Self { bound, relation, gathered, tally })
    }

    /// The table or view as SQL has it: `"shop"`, `"crm"."deals"`.
    fn from(&self) -> String {
        let from = self.bound.from();
        if self.relation.is_table() { from.splitn(2, '.').map(quoted).collect::<Vec<_>>().join(".") } else { quoted(from) }
    }

    /// A SELECT of the rows that can be read in all columns that the definition needs.
    pub(crate) fn readable(&self) -> String {
        let row = self.bound.row();
        let unread = any_unread(self.relation, row.used.keys().chain(row.filter.iter().flat_map(|filter| filter.columns.keys())));
        format!("(SELECT * FROM {} WHERE NOT {unread})", self.relation.sql_name)
    }

    /// The trail of this definition over these files.
    pub(crate) fn trail(&self, files: Vec<String>, extent: &Extent<'_>) -> Trail {
        Trail {
            sql: self.bound.sql(&self.from(), extent),
            files,
            rows_read: self.gathered.rows,
            rows_used: self.tally.used(&extent.periods),
            rows_rejected: extent.rejected(&self.tally.rejected).rows,
        }
    }
}

impl<'a> Bound<'a> {
    /// Place among all definitions.
    pub(crate) fn number(self) -> usize {
        match self {
            Self::Metric(bound) => bound.number,
            Self::Touchpoint(bound) => bound.number,
        }
    }

    pub(crate) fn row(self) -> &'a RowParts {
        match self {
            Self::Metric(bound) => &bound.row,
            Self::Touchpoint(bound) => &bound.row,
        }
    }

    fn from(self) -> &'a str {
        match self {
            Self::Metric(bound) => &bound.metric.from,
            Self::Touchpoint(bound) => &bound.touchpoint.from,
        }
    }

    /// What is run over `from`, once the rows that cannot be read are left out: with the same expressions, periods and products by name.
    pub(crate) fn sql(self, from: &str, extent: &Extent<'_>) -> String {
        match self {
            Self::Metric(bound) => metric_sql(bound, from, extent),
            Self::Touchpoint(bound) => touchpoint_sql(bound, from, extent),
        }
    }
}

fn metric_sql(bound: &BoundMetric, from: &str, extent: &Extent<'_>) -> String {
    let row = &bound.row;
    let period = format!("{PERIOD_OF}({})", row.at.sql());
    // A literal product is one scope's: it needs no grouping.
    let product = row.product.as_ref().filter(|product| product.literal().is_none());
    let product = product.map(|product| format!("{PRODUCT_OF}({})", product.sql()));
    let mut columns = vec![format!("{period} AS period")];
    columns.extend(product.iter().map(|product| format!("{product} AS product")));
    columns.push(format!("{} AS value", bound.value.aggregate_sql()));
    columns.extend(bound.per.iter().map(|per| format!("{} AS per", per.aggregate_sql())));
    let (first, last) = (*extent.periods.start(), *extent.periods.end());
    let label = |period| extent.calendar.period(period).label();
    let mut conditions = vec![format!("{period} BETWEEN '{}' AND '{}'", label(first), label(last))];
    if extent.as_of < extent.calendar.start(last + 1) {
        conditions.push(before_as_of(row, extent));
    }
    conditions.extend(row_conditions(row));
    let groups = product.map_or_else(|| period.clone(), |product| format!("GROUPING SETS (({period}, {product}), ({period}))"));
    format!("{}\nGROUP BY {groups}", select(&columns, from, &conditions))
}

fn touchpoint_sql(bound: &BoundTouchpoint, from: &str, extent: &Extent<'_>) -> String {
    let row = &bound.row;
    let mut columns = vec![format!("{} AS person", bound.person.sql())];
    columns.push(match &bound.stage {
        BoundStage::Fixed(stage) => format!("'{stage}' AS stage"),
        BoundStage::Column(stage) => format!("{} AS stage", stage.sql()),
    });
    columns.push(format!("{} AS at", row.at.sql()));
    columns.extend(row.product.iter().map(|product| format!("{PRODUCT_OF}({}) AS product", product.sql())));
    columns.extend(bound.value.iter().map(|value| format!("CAST({} AS DECIMAL(38, {MONEY_SCALE})) AS value", value.sql())));
    columns.extend(bound.order.iter().map(|order| format!("{} AS \"order\"", order.sql())));
    let by = bound.by.iter().zip(&bound.touchpoint.by);
    columns.extend(by.map(|(by, name)| format!("{} AS {}", by.sql(), quoted(name))));
    let mut conditions = vec![before_as_of(row, extent)];
    conditions.extend(row_conditions(row));
    select(&columns, from, &conditions)
}

fn select(columns: &[String], from: &str, conditions: &[String]) -> String {
    format!("SELECT {}\nFROM {from}\nWHERE {}", columns.join(",\n  "), conditions.join("\n  AND "))
}

fn before_as_of(row: &RowParts, extent: &Extent<'_>) -> String {
    format!("{INSTANT}({}) < {INSTANT}(TIMESTAMPTZ '{}')", row.at.sql(), extent.calendar.rfc3339(extent.as_of))
}

/// `where`, and the currency.
fn row_conditions(row: &RowParts) -> impl Iterator<Item = String> {
    let filter = row.filter.as_ref().map(|filter| format!("({})", filter.sql()));
    let any_foreign = row.foreign_money.is_some() || !row.currencies.is_empty();
    filter.into_iter().chain(any_foreign.then(|| format!("NOT {}", foreign(row))))
}

/// A name as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
