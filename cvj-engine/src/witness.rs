//! The rows behind a number: how many a definition used in a period and scope, and the first of them, with persons masked.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, TimeUnit};
use cvj_core::Stage;
use cvj_core::source::{COLUMN_FILE, COLUMN_LINE};
use datafusion::common::Result as DataFusionResult;
use datafusion::common::TableReference;
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::accounts::Extent;
use crate::calendar::Calendar;
use crate::explain::SampleRow;
use crate::expression::quoted;
use crate::functions::{INSTANT, PERIOD, PRODUCT};
use crate::gathered::MONEY_SCALE;
use crate::judge::{condition, foreign};
use crate::metrics::numbers;
use crate::people::person_key;
use crate::products::ProductCode;
use crate::relation::BoundStage;
use crate::rows::TOO_MUCH;
use crate::trail::{Bound, Traced};
use crate::veil::Veil;

/// Rows shown.
const SAMPLES: usize = 5;

/// The period and scope that rows are asked for.
pub(crate) struct Asked<'a> {
    /// The last of its periods is meant.
    pub(crate) extent: &'a Extent<'a>,
    /// Its code, and its name in SQL.
    pub(crate) product: Option<(ProductCode, Option<String>)>,
    /// The stages of touchpoints.
    pub(crate) stages: &'a [Stage],
    /// Columns that persons are known by, in whatever table.
    pub(crate) persons: BTreeSet<&'a str>,
}

impl Asked<'_> {
    pub(crate) fn product_code(&self) -> Option<ProductCode> {
        self.product.as_ref().map(|(code, _)| *code)
    }

    fn period(&self) -> i32 {
        *self.extent.periods.end()
    }
}

/// What the SQL of a metric's trail gives in the period and scope: the value, and what it is divided by.
pub(crate) async fn value(
    context: &SessionContext,
    traced: &Traced<'_>,
    asked: &Asked<'_>,
) -> DataFusionResult<(Option<f64>, Option<f64>)> {
    let Bound::Metric(bound) = traced.bound else { return Ok((None, None)) };
    let sql = traced.bound.sql(&traced.readable(), asked.extent);
    let by_product = bound.row.product.as_ref().is_some_and(|product| product.literal().is_none());
    let wanted = asked.product.as_ref().and_then(|(_, name)| name.as_deref());
    let label = asked.extent.calendar.period(asked.period()).label();
    for batch in context.sql(&sql).await?.collect().await? {
        let texts = |place: usize| cast(batch.column(place), &DataType::Utf8);
        let (periods, groups) = (texts(0)?, texts(1)?);
        let place = if by_product { 2 } else { 1 };
        for row in 0..batch.num_rows() {
            let group = groups.as_string::<i32>();
            let group = (by_product && group.is_valid(row)).then(|| group.value(row));
            if periods.as_string::<i32>().value(row) == label && (!by_product || group == wanted) {
                let number = |place: usize| -> Option<f64> { numbers(batch.columns().get(place)?).ok()?[row] };
                return Ok((number(place), number(place + 1)));
            }
        }
    }
    Ok((None, None))
}

/// The rows used.
pub(crate) struct Witnesses {
    /// How many.
    pub(crate) rows: u64,
    /// The columns shown.
    pub(crate) columns: Vec<String>,
    /// The first in the table's order; of a view, whose rows come in any order, the least by their texts.
    pub(crate) sample: Vec<SampleRow>,
}

impl Witnesses {
    pub(crate) async fn of(context: &SessionContext, traced: &Traced<'_>, asked: &Asked<'_>) -> DataFusionResult<Self> {
        let Traced { relation, bound, .. } = traced;
        let name = TableReference::bare(relation.sql_name.trim_matches('"'));
        let schema = context.table_provider(name).await?.schema();
        let row = bound.row();
        let filter = row.filter.iter().flat_map(|filter| filter.columns.keys());
        let used: BTreeSet<&String> = row
            .used
            .keys()
            .chain(row.spare.keys())
            .chain(filter)
            .chain(row.currencies.iter().map(|(_, beside)| beside))
            .collect();
        let shown: Vec<&Field> = schema.fields().iter().map(AsRef::as_ref).filter(|field| used.contains(field.name())).collect();
        // What a view calls a column says nothing of what is in it: of a client whose persons are known, any text or whole number of a
        // view may be a person's.
        let may_be = |field: &Field| field.data_type().is_integer() || Veil::of(field, false) == Veil::Text;
        let names_product =
            |field: &Field| row.product.as_ref().is_some_and(|product| product.columns.contains_key(field.name()));
        let hidden = |field: &Field| !relation.is_table() && !asked.persons.is_empty() && may_be(field) && !names_product(field);
        let is_person = |field: &&Field| asked.persons.contains(field.name().as_str()) || hidden(field);
        let veils: Vec<Veil> = shown.iter().map(|field| Veil::of(field, is_person(field))).collect();
        let mut stream = context.sql(&select(traced, &shown, asked)).await?.execute_stream().await?;
        let mut found = Self { rows: 0, columns: shown.iter().map(|field| field.name().clone()).collect(), sample: Vec::new() };
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let texts = batch.columns().iter().map(|column| text(column, asked.extent.calendar));
            let texts = texts.collect::<DataFusionResult<Vec<_>>>()?;
            let (cells, rest) = texts.split_at(shown.len());
            for row in 0..batch.num_rows() {
                if !is_touchpoint(traced.bound, &batch, rest, row, asked) {
                    continue;
                }
                found.rows += 1;
                if relation.is_table() && found.sample.len() == SAMPLES {
                    continue;
                }
                let veiled = cells.iter().zip(&veils).map(|(cells, veil)| veil.shown(cell(cells, row)));
                let place = relation.has_place.then(|| format!("{}:{}", cell(&rest[0], row), cell(&rest[1], row)));
                found.sample.push(SampleRow { place, cells: veiled.collect() });
                if !relation.is_table() {
                    found.sample.sort();
                    found.sample.truncate(SAMPLES);
                }
            }
        }
        Ok(found)
    }
}

/// The columns shown, the place, and what makes a row a touchpoint.
fn select(traced: &Traced<'_>, shown: &[&Field], asked: &Asked<'_>) -> String {
    let row = traced.bound.row();
    let mut columns: Vec<String> = shown.iter().map(|field| quoted(field.name())).collect();
    if traced.relation.has_place {
        columns.extend([quoted(COLUMN_FILE), quoted(COLUMN_LINE)]);
    }
    if let Bound::Touchpoint(bound) = traced.bound {
        columns.push(bound.person.sql());
        columns.push(match &bound.stage {
            BoundStage::Fixed(stage) => format!("'{stage}'"),
            BoundStage::Column(stage) => stage.sql(),
        });
        let value = bound.value.as_ref().map_or_else(|| "0".to_owned(), crate::expression::Expression::sql);
        columns.push(format!("CAST({value} AS DECIMAL(38, {MONEY_SCALE}))"));
    }
    let columns: Vec<String> = columns.iter().enumerate().map(|(place, column)| format!("{column} AS c{place}")).collect();
    let instant = format!("{INSTANT}({})", row.at.sql());
    let mut conditions = vec![
        format!("{PERIOD}({instant}) = {}", asked.period()),
        format!("{instant} < {}", asked.extent.as_of),
        condition(row.filter.as_ref()),
        format!("NOT {}", foreign(row)),
    ];
    if let (Some(code), Some(product)) = (asked.product_code(), row.product.as_ref()) {
        conditions.push(format!("{PRODUCT}(CAST({} AS VARCHAR)) = {code}", product.sql()));
    }
    format!("SELECT {} FROM {} WHERE {}", columns.join(", "), traced.readable(), conditions.join(" AND "))
}

/// Whether the row is used, as the pass over rows judges it: of a touchpoint, it names a person and a stage that is asked for, and its amount is
/// one. `rest`: the texts after the columns shown.
fn is_touchpoint(bound: Bound<'_>, batch: &RecordBatch, rest: &[StringArray], row: usize, asked: &Asked<'_>) -> bool {
    let Bound::Touchpoint(_) = bound else { return true };
    let [.., person, stage, _] = rest else { return false };
    let named = cell(stage, row).parse().is_ok_and(|stage| asked.stages.contains(&stage));
    let money = batch.columns().last().and_then(|column| column.as_primitive_opt::<Decimal128Type>());
    let is_money = money.is_some_and(|money| money.is_null(row) || money.value(row).unsigned_abs() < TOO_MUCH);
    named && is_money && person_key(cell(person, row)).is_some()
}

/// A column as text; instants by the client's clock.
fn text(column: &ArrayRef, calendar: &Calendar) -> DataFusionResult<StringArray> {
    if let DataType::Timestamp(_, zone @ Some(_)) = column.data_type() {
        let instants = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
        let instants = instants.as_primitive::<TimestampMicrosecondType>();
        return Ok(instants.iter().map(|instant| instant.map(|instant| calendar.rfc3339(instant))).collect());
    }
    Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn cell(texts: &StringArray, row: usize) -> &str {
    if texts.is_valid(row) { texts.value(row) } else { "" }
}
