//! The trail of a definition: its SQL as run, and the rows that it read, used and rejected.

use cvj_core::report::Trail;

use crate::accounts::Extent;
use crate::expression::quoted;
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
    columns.extend(bound.current.iter().map(|current| format!("{} AS current", current.sql())));
    columns.extend(bound.referred.iter().map(|referred| format!("{} AS referred", referred.sql())));
    let mut conditions = vec![before_as_of(row, extent)];
    conditions.extend(row_conditions(row));
    select(&columns, from, &conditions)
}

fn select(columns: &[String], from: &str, conditions: &[String]) -> String {
    format!("SELECT {}\nFROM {from}\nWHERE {}", columns.join(",\n  "), conditions.join("\n  AND "))
}

fn before_as_of(row: &RowParts, extent: &Extent<'_>) -> String {
    let Extent { calendar, as_of, .. } = extent;
    let written = calendar.rfc3339(*as_of);
    let local = written.rsplit_once(['+', '-']).filter(|_| calendar.instant(calendar.local(*as_of)) == *as_of);
    // By the client's clock, unless that shows the same time twice.
    let end = local.map_or_else(|| as_of.to_string(), |(local, _)| format!("{INSTANT}(TIMESTAMP '{local}')"));
    format!("{INSTANT}({}) < {end}", row.at.sql())
}

/// `where`, and the currency.
fn row_conditions(row: &RowParts) -> impl Iterator<Item = String> {
    let filter = row.filter.as_ref().map(|filter| format!("({})", filter.sql()));
    let any_foreign = row.foreign_money.is_some() || !row.currencies.is_empty();
    filter.into_iter().chain(any_foreign.then(|| format!("NOT {}", foreign(row))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{
        Array, ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    };
    use arrow_cast::cast;
    use arrow_schema::DataType;
    use cvj_core::PeriodKind;
    use datafusion::datasource::MemTable;

    use super::*;
    use crate::calendar::{Calendar, DAY};
    use crate::config::Config;
    use crate::engine::with_runtime;
    use crate::error::EngineError;
    use crate::expression::TableColumns;
    use crate::metrics::{Aggregate, History, aggregate, numbers};
    use crate::products::{Products, UNASSIGNED};
    use crate::relation::{Origin, RelationKind, bind_metric, bind_touchpoint};
    use crate::session::Session;

    /// Days from 1970-01-01 to 2026-09-01.
    const SEPTEMBER: i64 = 20_697;
    /// From 1970-01-01 to 2026-11-01T12:30, by the client's clock.
    const AS_OF: i64 = (SEPTEMBER + 61) * DAY + DAY / 48 * 25;

    const CLIENT: &str = r#"
        [client]
        name = "Small"
        currency = "USD"
        timezone = "America/Chicago"
        [[product]]
        name = "Local move"
        aliases = ["/local*"]
        [[product]]
        name = "Piano move"
        aliases = ["piano"]
        [source.t]
        plugin = "csv"
    "#;

    const METRICS: &str = r#"
        [[metric]]
        name = "Sum"
        value = "sum(n)"
        product = "page"
        where = "page <> 'inside'"
        [[metric]]
        name = "Ratio"
        value = "sum(n) / count(*)"
        per = "count(n) filter (where n > 2)"
        product = "page"
        [[metric]]
        name = "Persons"
        value = "count(distinct email)"
        [[metric]]
        name = "Mean, one product"
        value = "avg(amount)"
        product = "'piano'"
        [[metric]]
        name = "Money"
        unit = "money"
        value = "sum(amount)"
        product = "page"
    "#;

    /// Two rows a day from September on, beyond `as_of`, with gaps: one every hour of the day from 2026-11-01 on.
    fn rows() -> RecordBatch {
        let days = (0..60).flat_map(|day| [day * 24 + 1, day * 24 + 23]);
        let hours: Vec<i64> = days.chain(60 * 24..64 * 24).collect();
        let at = |hour: &i64| (SEPTEMBER * 24 + hour) * (DAY / 24);
        let pages = [Some("/local/a"), Some("piano"), Some("inside"), Some("else"), None];
        let count = hours.len() as i64;
        let cents: Decimal128Array = (0..count).map(|row| Some(i128::from(row) * 10 + 1)).collect();
        let email = |row: i64| (row % 7 > 0).then(|| format!("p{}@example.com", row % 11));
        let columns: [(&str, ArrayRef); 6] = [
            ("day", Arc::new(hours.iter().map(|hour| Some((SEPTEMBER + hour / 24) as i32)).collect::<Date32Array>())),
            ("at", Arc::new(hours.iter().map(|hour| Some(at(hour))).collect::<TimestampMicrosecondArray>())),
            ("page", Arc::new((0..count).map(|row| pages[row as usize % 5]).collect::<StringArray>())),
            ("n", Arc::new((0..count).map(|row| (row % 4 > 0).then_some(row % 9)).collect::<Int64Array>())),
            ("email", Arc::new((0..count).map(email).collect::<StringArray>())),
            ("amount", Arc::new(cents.with_precision_and_scale(12, 2).unwrap())),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    struct World {
        relation: Relation,
        session: Session,
        calendar: Arc<Calendar>,
    }

    async fn world(definitions: &str) -> World {
        let config = Config::parse(format!("{CLIENT}{definitions}")).unwrap();
        let calendar = Arc::new(Calendar::new(config.zone.clone(), PeriodKind::Month));
        let declared = config.products.iter().map(|product| (product.name.as_str(), product.aliases.as_slice()));
        let products = Arc::new(Products::new(declared));
        let session = Session::new(&config, &[], &[], &calendar, &products).await.unwrap();
        let rows = rows();
        let names = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        let columns = TableColumns::new(names, Vec::new());
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]).unwrap();
        session.context.register_table("t", Arc::new(table)).unwrap();
        let origin = Origin::Config { key: "metric", index: 0 };
        let metrics = config.metrics.iter().enumerate();
        let touchpoints = config.touchpoints.iter().enumerate();
        let relation = Relation {
            source: "t".to_owned(),
            table: "t".to_owned(),
            sql_name: "\"t\"".to_owned(),
            kind: RelationKind::View,
            provider: None,
            has_place: false,
            metrics: metrics.map(|(number, metric)| bind_metric(number, metric, &origin, &columns, &config).unwrap()).collect(),
            touchpoints: touchpoints
                .map(|(number, touchpoint)| bind_touchpoint(number, touchpoint, &origin, &columns, &config).unwrap())
                .collect(),
        };
        World { relation, session, calendar }
    }

    /// The numbers of a query's last columns by its first, a period's label, and its second, a product's name.
    async fn cells(world: &World, sql: &str, keys: usize) -> BTreeMap<(String, Option<String>), Vec<Option<f64>>> {
        let mut cells = BTreeMap::new();
        for batch in world.session.context.sql(sql).await.unwrap().collect().await.unwrap() {
            let text = |place: usize, row: usize| {
                let texts = cast(batch.column(place), &DataType::Utf8).unwrap();
                texts.as_string::<i32>().iter().nth(row).unwrap().map(str::to_owned)
            };
            for row in 0..batch.num_rows() {
                let values = batch.columns()[keys..].iter().map(|column| numbers(column).unwrap()[row]).collect();
                let product = if keys > 1 { text(1, row) } else { None };
                cells.insert((text(0, row).unwrap(), product), values);
            }
        }
        cells
    }

    #[test]
    fn the_sql_of_a_metric_gives_its_numbers() {
        let compared = with_runtime(async {
            for at in ["day", "at"] {
                let metrics =
                    METRICS.replace("[[metric]]", &format!("[[metric]]\nstage = \"aware\"\nfrom = \"t\"\nat = \"{at}\""));
                let world = world(&metrics).await;
                let as_of = world.calendar.instant(AS_OF);
                let last = world.calendar.period_index(as_of);
                let extent = Extent { calendar: &world.calendar, periods: last - 2..=last, as_of };
                let history = History { periods: extent.periods.clone(), as_of };
                let values = aggregate(&world.session.context, &world.relation, &history).await.unwrap();
                assert_eq!(world.relation.metrics.len(), 5);
                for bound in &world.relation.metrics {
                    let sql = Bound::Metric(bound).sql("\"t\"", &extent);
                    let grouped = sql.contains("GROUPING SETS");
                    let found = cells(&world, &sql, if grouped { 2 } else { 1 }).await;
                    let values = &values[&bound.number];
                    let mut different = 0;
                    for period in extent.periods.clone() {
                        let scopes = [
                            (None, None),
                            (Some(0), Some("Local move")),
                            (Some(1), Some("Piano move")),
                            (Some(UNASSIGNED), Some("(unassigned)")),
                        ];
                        for (code, name) in scopes.into_iter().take(if grouped { 4 } else { 1 }) {
                            let key = (world.calendar.period(period).label(), name.map(str::to_owned));
                            let Aggregate { value, per, .. } = values.get(code, period);
                            let expected: Vec<_> = std::iter::once(value).chain(bound.per.as_ref().map(|_| per)).collect();
                            assert_eq!(found[&key], expected, "{key:?}\n{sql}");
                            different += usize::from(value.is_some_and(|value| value > 0.0));
                        }
                    }
                    assert!(different >= 3, "{sql}");
                }
            }
            Ok::<_, EngineError>(())
        });
        compared.unwrap();
    }

    #[test]
    fn the_sql_of_a_touchpoint_gives_its_rows() {
        let compared = with_runtime(async {
            let world = world(
                "[[touchpoint]]\nstage = \"convert\"\nfrom = \"t\"\nperson = \"email\"\nat = \"at\"\nproduct = \"page\"\n\
                 value = \"amount\"\norder = \"n\"\nby = [\"page\"]\ncurrent = \"page\"\nreferred = \"email\"\nwhere = \"n > 2\"\n",
            )
            .await;
            let as_of = world.calendar.instant(AS_OF);
            let extent = Extent { calendar: &world.calendar, periods: 0..=0, as_of };
            let sql = Bound::Touchpoint(&world.relation.touchpoints[0]).sql("\"t\"", &extent);
            let rows = rows();
            let column = |name: &str| rows.column_by_name(name).unwrap();
            let at = cast(column("at"), &DataType::Int64).unwrap();
            let (at, n) = (at.as_primitive::<Int64Type>(), column("n").as_primitive::<Int64Type>());
            let accepted = |row: &usize| n.is_valid(*row) && n.value(*row) > 2;
            let used: Vec<usize> = (0..rows.num_rows()).filter(|row| at.value(*row) < AS_OF && accepted(row)).collect();
            assert!(used.len() > 40 && used.len() < (0..rows.num_rows()).filter(accepted).count());
            let total: usize = used.iter().map(|row| row * 10 + 1).sum();
            let sums = format!("SELECT 'all', count(*), sum(value), count(\"order\"), max(stage) = 'convert' FROM ({sql})");
            let batches = world.session.context.sql(&sums).await.unwrap().collect().await.unwrap();
            let found = |place: usize| numbers(batches[0].column(place)).unwrap()[0];
            assert_eq!(found(1), Some(used.len() as f64));
            assert_eq!(found(3), Some(used.len() as f64));
            assert_eq!(found(2), Some(total as f64 / 100.0));
            assert!(batches[0].column(4).as_boolean().value(0));
            let named = cells(&world, &format!("SELECT stage, product, count(*) FROM ({sql}) GROUP BY 1, 2"), 2).await;
            assert_eq!(named.len(), 3, "{named:?}");
            Ok::<_, EngineError>(())
        });
        compared.unwrap();
    }
}
