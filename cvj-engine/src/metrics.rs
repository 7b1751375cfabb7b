//! Metric aggregates: one DataFusion plan per relation, time and product expression, over the periods of the history.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::DataType;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::prelude::SessionContext;

use crate::expression::Expression;
use crate::functions::{INSTANT, PERIOD, PRODUCT};
use crate::judge::{any_unread, condition, foreign};
use crate::products::ProductCode;
use crate::relation::{BoundMetric, Relation};

/// A metric's value in one period of one scope, as numerator and denominator where it is a ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) value: Option<f64>,
    pub(crate) per: Option<f64>,
    /// Of a Net Promoter Score.
    pub(crate) answers: Option<Answers>,
}

/// The answers of a Net Promoter Score, beside promoters less detractors and all from 0 to 10.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Answers {
    pub(crate) promoters: f64,
    /// On whatever scale; `None` without an answer.
    pub(crate) least: Option<f64>,
    pub(crate) greatest: Option<f64>,
}

impl Answers {
    /// These and others.
    pub(crate) fn and(self, others: Self) -> Self {
        let pick =
            |a: Option<f64>, b: Option<f64>, pick: fn(f64, f64) -> f64| a.zip(b).map_or(a.or(b), |(a, b)| Some(pick(a, b)));
        Self {
            promoters: self.promoters + others.promoters,
            least: pick(self.least, others.least, f64::min),
            greatest: pick(self.greatest, others.greatest, f64::max),
        }
    }
}

/// A metric's values by scope (`None`: overall) and period.
#[derive(Clone, Debug, Default)]
pub(crate) struct MetricValues {
    cells: HashMap<(Option<ProductCode>, i32), Aggregate>,
    /// The value over no rows.
    nothing: Aggregate,
}

impl MetricValues {
    /// The value where the source has rows in the period.
    pub(crate) fn get(&self, product: Option<ProductCode>, period: i32) -> Aggregate {
        self.cells.get(&(product, period)).copied().unwrap_or(self.nothing)
    }
}

/// The time span and periods that metrics are computed over.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) periods: std::ops::RangeInclusive<i32>,
    pub(crate) as_of: i64,
}

/// Computes all metrics of a relation, by their number.
pub(crate) async fn aggregate(
    context: &SessionContext,
    relation: &Relation,
    history: &History,
) -> DataFusionResult<BTreeMap<usize, MetricValues>> {
    let mut groups: BTreeMap<(String, Option<String>), Vec<&BoundMetric>> = BTreeMap::new();
    for metric in &relation.metrics {
        // A literal product is one scope's: it needs no grouping.
        let product = metric.row.product.as_ref().filter(|product| product.literal().is_none());
        groups.entry((metric.row.at.sql(), product.map(Expression::sql))).or_default().push(metric);
    }
    let mut results = BTreeMap::new();
    for ((at, product), metrics) in groups {
        let plan = GroupPlan::new(relation, &at, product.as_deref(), &metrics, history)?;
        plan.run(context, &metrics, &mut results).await?;
    }
    Ok(results)
}

struct GroupPlan {
    aggregates: Vec<String>,
    inner: String,
    by_product: bool,
    history: History,
}

impl GroupPlan {
    fn new(
        relation: &Relation,
        at: &str,
        product: Option<&str>,
        metrics: &[&BoundMetric],
        history: &History,
    ) -> DataFusionResult<Self> {
        let mut inner = format!("SELECT *, {PERIOD}({INSTANT}({at})) AS \"_period\"");
        if let Some(product) = product {
            let _ = write!(inner, ", {PRODUCT}(CAST({product} AS VARCHAR)) AS \"_product\"");
        }
        let mut aggregates = Vec::new();
        for (place, metric) in metrics.iter().enumerate() {
            let row = &metric.row;
            let unread = any_unread(relation, row.used.keys().chain(row.filter.iter().flat_map(|filter| filter.columns.keys())));
            let foreign = foreign(row);
            let _ = write!(
                inner,
                ", ({} AND NOT {unread} AND NOT {foreign} AND coalesce({INSTANT}({at}) < {}, false)) AS \"_used{place}\"",
                condition(row.filter.as_ref()),
                history.as_of,
            );
            for (_, expression) in metric.aggregates() {
                let sql = expression.restricted_sql(&format!("\"_used{place}\""));
                aggregates.push(sql.map_err(|error| DataFusionError::Plan(error.message))?);
            }
        }
        let _ = write!(inner, " FROM {}", relation.sql_name);
        Ok(Self { aggregates, inner, by_product: product.is_some(), history: history.clone() })
    }

    fn sql(&self) -> String {
        let mut sql = "SELECT \"_period\"".to_owned();
        if self.by_product {
            sql.push_str(", \"_product\"");
        }
        let _ = write!(sql, ", {}", self.outputs());
        let (first, last) = (self.history.periods.start(), self.history.periods.end());
        let _ = write!(sql, " FROM ({}) WHERE \"_period\" BETWEEN {first} AND {last} GROUP BY ", self.inner);
        sql.push_str(if self.by_product { "GROUPING SETS ((\"_product\", \"_period\"), (\"_period\"))" } else { "\"_period\"" });
        sql
    }

    fn sql_of_nothing(&self) -> String {
        format!("SELECT {} FROM ({}) WHERE false", self.outputs(), self.inner)
    }

    /// The aggregates under names of their own: two equal ones would else share one.
    fn outputs(&self) -> String {
        let named = self.aggregates.iter().enumerate().map(|(place, aggregate)| format!("{aggregate} AS \"_a{place}\""));
        named.collect::<Vec<_>>().join(", ")
    }

    async fn run(
        &self,
        context: &SessionContext,
        metrics: &[&BoundMetric],
        results: &mut BTreeMap<usize, MetricValues>,
    ) -> DataFusionResult<()> {
        let mut values: Vec<MetricValues> = vec![MetricValues::default(); metrics.len()];
        for batch in context.sql(&self.sql_of_nothing()).await?.collect().await? {
            if batch.num_rows() > 0 {
                let rows = read_aggregates(batch.columns(), metrics)?;
                for (values, rows) in values.iter_mut().zip(rows) {
                    values.nothing = rows[0];
                }
            }
        }
        let keys = if self.by_product { 2 } else { 1 };
        for batch in context.sql(&self.sql()).await?.collect().await? {
            let periods = cast(batch.column(0), &DataType::Int32)?;
            let periods = periods.as_primitive::<Int32Type>();
            let products = if self.by_product { Some(cast(batch.column(1), &DataType::Int32)?) } else { None };
            let products = products.as_ref().map(AsArray::as_primitive::<Int32Type>);
            let columns = read_aggregates(&batch.columns()[keys..], metrics)?;
            for row in 0..batch.num_rows() {
                let product =
                    products.filter(|products| products.is_valid(row)).map(|products| products.value(row) as ProductCode);
                for (values, cells) in values.iter_mut().zip(&columns) {
                    values.cells.insert((product, periods.value(row)), cells[row]);
                }
            }
        }
        results.extend(metrics.iter().map(|metric| metric.number).zip(values));
        Ok(())
    }
}

/// One list of aggregates per metric, a value per row.
fn read_aggregates(columns: &[ArrayRef], metrics: &[&BoundMetric]) -> DataFusionResult<Vec<Vec<Aggregate>>> {
    let mut columns = columns.iter();
    let mut read = |metric: &BoundMetric, key: &str| {
        let column = columns.next().ok_or_else(|| DataFusionError::Internal("an aggregate is missing".to_owned()))?;
        numbers(column)
            .map_err(|kind| DataFusionError::Plan(format!("metric `{}`: `{key}` gives {kind}, not a number", metric.metric.name)))
    };
    metrics
        .iter()
        .map(|metric| {
            let found: Vec<Vec<Option<f64>>> =
                metric.aggregates().map(|(key, _)| read(metric, key)).collect::<DataFusionResult<_>>()?;
            let rows = found.first().map_or(0, Vec::len);
            Ok((0..rows)
                .map(|row| {
                    let mut found = found.iter().map(|values| values[row]);
                    let mut next = || found.next().flatten();
                    let (value, per) = (next(), if metric.per.is_some() { next() } else { None });
                    let answers = metric.answers.as_ref().map(|_| Answers {
                        promoters: next().unwrap_or_default(),
                        least: next(),
                        greatest: next(),
                    });
                    Aggregate { value, per, answers }
                })
                .collect())
        })
        .collect()
}

/// The numbers of a column; the type's name where it has none. Decimals go through their text, so that the nearest double is
/// chosen.
pub(crate) fn numbers(column: &ArrayRef) -> Result<Vec<Option<f64>>, String> {
    match column.data_type() {
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            let texts = cast(column, &DataType::Utf8).map_err(|error| error.to_string())?;
            Ok(texts.as_string::<i32>().iter().map(|text| text?.parse().ok()).collect())
        }
        kind if kind.is_numeric() || kind.is_null() => {
            let floats = cast(column, &DataType::Float64).map_err(|error| error.to_string())?;
            Ok(floats.as_primitive::<Float64Type>().iter().map(|value| value.filter(|value| value.is_finite())).collect())
        }
        kind => Err(kind.to_string()),
    }
}
