//! The SELECT of a pass over a relation's rows, and what judging one of its rows needs.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{Array, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use cvj_core::Occurrence;
use cvj_core::source::{COLUMN_FILE, COLUMN_LINE};
use datafusion::common::{DataFusionError, Result as DataFusionResult};

use crate::expression::{Expression, quoted};
use crate::functions::{FOREIGN, INSTANT};
use crate::gathered::{FeedScope, MONEY_SCALE};
use crate::people::are_plain_keys;
use crate::products::Products;
use crate::relation::{BoundStage, Relation, RowParts, touchpoint_label};
use crate::scan::{COLUMN_ROW, unread_column};

/// The SELECT of a pass: expressions by alias, equal ones once.
#[derive(Default)]
struct Select {
    columns: Vec<String>,
}

impl Select {
    /// The place of an expression in the output.
    fn add(&mut self, sql: String) -> usize {
        self.columns.iter().position(|known| *known == sql).unwrap_or_else(|| {
            self.columns.push(sql);
            self.columns.len() - 1
        })
    }

    fn sql(&self, from: &str) -> String {
        let mut sql = "SELECT ".to_owned();
        for (place, column) in self.columns.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}{column} AS c{place}");
        }
        let _ = write!(sql, " FROM {from}");
        sql
    }
}

/// A condition that is true where any of these columns could not be read.
pub(crate) fn any_unread<'a>(relation: &Relation, columns: impl Iterator<Item = &'a String>) -> String {
    if relation.provider.is_none() {
        return "false".to_owned();
    }
    let flags: Vec<String> = columns.map(|column| quoted(&unread_column(column))).collect();
    if flags.is_empty() { "false".to_owned() } else { format!("({})", flags.join(" OR ")) }
}

/// The condition of `where`; true without one.
pub(crate) fn condition(filter: Option<&Expression>) -> String {
    filter.map_or_else(|| "true".to_owned(), |filter| format!("coalesce({}, false)", filter.sql()))
}

/// A condition that is true where an amount's row names another currency than the client's.
pub(crate) fn foreign(row: &RowParts) -> String {
    let pairs = row.currencies.iter().map(|(amount, currency)| {
        format!("({} IS NOT NULL AND coalesce({FOREIGN}(CAST({} AS VARCHAR)), false))", quoted(amount), quoted(currency))
    });
    let conditions: Vec<String> = pairs.chain(row.foreign_money.is_some().then(|| "true".to_owned())).collect();
    if conditions.is_empty() { "false".to_owned() } else { format!("({})", conditions.join(" OR ")) }
}

/// Places of one definition's expressions in the output.
pub(crate) struct Places {
    pub(crate) passes: usize,
    pub(crate) where_unread: usize,
    pub(crate) unread: usize,
    pub(crate) at: usize,
    pub(crate) at_unread: usize,
    pub(crate) foreign: usize,
    /// What the columns beside the amounts name, in the order of `RowParts::currencies`.
    pub(crate) currencies: Vec<usize>,
    pub(crate) product: Option<usize>,
    pub(crate) touch: Option<TouchPlaces>,
}

pub(crate) struct TouchPlaces {
    pub(crate) person: usize,
    pub(crate) stage: Option<usize>,
    pub(crate) value: Option<usize>,
    pub(crate) order: Option<usize>,
    pub(crate) by: Vec<usize>,
    pub(crate) current: Option<usize>,
    pub(crate) referred: Option<usize>,
}

/// The column of an expression that has one, else the expression as written.
fn column_of(expression: &Expression) -> &str {
    let mut columns = expression.columns.keys();
    columns.next().filter(|_| columns.next().is_none()).map_or(&expression.written, String::as_str)
}

fn text_sql(expression: &Expression) -> String {
    format!("CAST({} AS VARCHAR)", expression.sql())
}

fn add_row_parts(select: &mut Select, relation: &Relation, row: &RowParts) -> Places {
    let filter_columns = row.filter.iter().flat_map(|filter| filter.columns.keys());
    Places {
        passes: select.add(condition(row.filter.as_ref())),
        where_unread: select.add(any_unread(relation, filter_columns)),
        unread: select.add(any_unread(relation, row.used.keys())),
        at: select.add(format!("{INSTANT}({})", row.at.sql())),
        at_unread: select.add(any_unread(relation, row.at.columns.keys())),
        foreign: select.add(foreign(row)),
        currencies: row
            .currencies
            .iter()
            .map(|(_, currency)| select.add(format!("CAST({} AS VARCHAR)", quoted(currency))))
            .collect(),
        product: row.product.as_ref().map(|product| select.add(text_sql(product))),
        touch: None,
    }
}

/// One definition of the relation with what judging a row needs.
pub(crate) struct Judge<'a> {
    pub(crate) label: String,
    pub(crate) is_metric: bool,
    pub(crate) row: &'a RowParts,
    pub(crate) stage: Option<&'a BoundStage>,
    pub(crate) person_column: String,
    /// Columns that persons are known by.
    pub(crate) person_columns: Vec<String>,
    pub(crate) occurrence: Occurrence,
    /// The column of amounts, or the expression as written; none where there is no value.
    pub(crate) value_column: Option<&'a str>,
    /// The names that a touchpoint's rows are told apart by; none for metrics.
    pub(crate) by: Option<&'a [String]>,
    pub(crate) scope: FeedScope,
    pub(crate) places: Places,
}

/// The SELECT of a pass, the definitions that judge its rows, and where its output has what.
pub(crate) struct RowQuery<'a> {
    pub(crate) sql: String,
    /// Metrics first, then touchpoints.
    pub(crate) judges: Vec<Judge<'a>>,
    /// Place of the row's number; none for a view.
    pub(crate) row_number: Option<usize>,
    /// Places of file and line, where the table has them.
    pub(crate) place: Option<(usize, usize)>,
}

impl<'a> RowQuery<'a> {
    pub(crate) fn new(relation: &'a Relation, products: &Products) -> Self {
        let mut select = Select::default();
        let row_number = relation.provider.is_some().then(|| select.add(format!("\"{COLUMN_ROW}\"")));
        let place = relation
            .has_place
            .then(|| (select.add(format!("\"{COLUMN_FILE}\"")), select.add(format!("CAST(\"{COLUMN_LINE}\" AS BIGINT)"))));
        let person_columns: Vec<String> = relation.person_columns().map(str::to_owned).collect();
        let mut judges = Vec::new();
        for metric in &relation.metrics {
            judges.push(Judge {
                label: metric.metric.name.clone(),
                is_metric: true,
                row: &metric.row,
                stage: None,
                person_column: String::new(),
                person_columns: person_columns.clone(),
                occurrence: Occurrence::All,
                value_column: None,
                by: None,
                scope: FeedScope::Overall,
                places: add_row_parts(&mut select, relation, &metric.row),
            });
        }
        for bound in &relation.touchpoints {
            let mut places = add_row_parts(&mut select, relation, &bound.row);
            places.touch = Some(TouchPlaces {
                person: select.add(text_sql(&bound.person)),
                stage: if let BoundStage::Column(stage) = &bound.stage { Some(select.add(text_sql(stage))) } else { None },
                value: bound
                    .value
                    .as_ref()
                    .map(|value| select.add(format!("CAST({} AS DECIMAL(38, {MONEY_SCALE}))", value.sql()))),
                order: bound.order.as_ref().map(|order| select.add(text_sql(order))),
                by: bound.by.iter().map(|by| select.add(text_sql(by))).collect(),
                current: bound.current.as_ref().map(|current| select.add(text_sql(current))),
                referred: bound.referred.as_ref().map(|referred| select.add(text_sql(referred))),
            });
            judges.push(Judge {
                label: touchpoint_label(&bound.touchpoint),
                is_metric: false,
                row: &bound.row,
                stage: Some(&bound.stage),
                person_column: bound.touchpoint.person.clone(),
                person_columns: person_columns.clone(),
                occurrence: bound.touchpoint.occurrence,
                value_column: bound.value.as_ref().map(column_of),
                by: Some(&bound.touchpoint.by),
                scope: FeedScope::of(&bound.row, products),
                places,
            });
        }
        Self { sql: select.sql(&relation.unordered_name()), judges, row_number, place }
    }
}

/// A batch's columns by their place in the SELECT, in the types that judging reads.
pub(crate) struct Columns(Vec<Column>);

enum Column {
    /// Not read by any definition's judging.
    Unused,
    Texts(StringArray),
    /// The same for all rows.
    Flag(bool),
    Flags(BooleanArray),
    Instants(Int64Array),
    Moneys(Decimal128Array),
}

impl Columns {
    pub(crate) fn read(batch: &RecordBatch, judges: &[Judge<'_>]) -> DataFusionResult<Self> {
        let mut columns: Vec<Column> = (0..batch.num_columns()).map(|_| Column::Unused).collect();
        for judge in judges {
            let places = &judge.places;
            for flag in [places.passes, places.where_unread, places.unread, places.at_unread, places.foreign] {
                if matches!(columns[flag], Column::Unused) {
                    columns[flag] = flags(cast(batch.column(flag), &DataType::Boolean)?.as_boolean());
                }
            }
            let instants = cast(batch.column(places.at), &DataType::Int64)?;
            columns[places.at] = Column::Instants(instants.as_primitive::<Int64Type>().clone());
            let touch = places.touch.as_ref();
            let texts = [
                places.product,
                touch.map(|touch| touch.person),
                touch.and_then(|touch| touch.stage),
                touch.and_then(|touch| touch.order),
                touch.and_then(|touch| touch.current),
                touch.and_then(|touch| touch.referred),
            ];
            let lists = touch.iter().flat_map(|touch| &touch.by).chain(&places.currencies);
            for text in texts.into_iter().flatten().chain(lists.copied()) {
                if !matches!(columns[text], Column::Unused) {
                    continue;
                }
                let array = cast(batch.column(text), &DataType::Utf8)?;
                columns[text] = Column::Texts(array.as_string::<i32>().clone());
            }
            if let Some(value) = touch.and_then(|touch| touch.value) {
                let array = batch.column(value).as_primitive_opt::<Decimal128Type>().cloned();
                let array = array.ok_or_else(|| DataFusionError::Internal("`value` is not decimal".to_owned()))?;
                columns[value] = Column::Moneys(array);
            }
        }
        Ok(Self(columns))
    }

    #[inline]
    pub(crate) fn text(&self, place: usize, row: usize) -> &str {
        match &self.0[place] {
            Column::Texts(texts) if texts.is_valid(row) => texts.value(row),
            _ => "",
        }
    }

    /// A flag that is the same for all rows; `None` if it is not.
    pub(crate) fn same(&self, place: usize) -> Option<bool> {
        match &self.0[place] {
            Column::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// Whether all keys in a column of persons are written as they are compared.
    pub(crate) fn are_plain_keys(&self, place: usize) -> bool {
        let Column::Texts(texts) = &self.0[place] else { return false };
        let (from, to) = (texts.value_offsets()[0] as usize, texts.value_offsets()[texts.len()] as usize);
        are_plain_keys(&texts.value_data()[from..to])
    }

    #[inline]
    pub(crate) fn flag(&self, place: usize, row: usize) -> bool {
        match &self.0[place] {
            Column::Flag(flag) => *flag,
            Column::Flags(flags) => flags.is_valid(row) && flags.value(row),
            _ => false,
        }
    }

    #[inline]
    pub(crate) fn instant(&self, place: usize, row: usize) -> Option<i64> {
        match &self.0[place] {
            Column::Instants(instants) if instants.is_valid(row) => Some(instants.value(row)),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn money(&self, place: usize, row: usize) -> Option<i128> {
        match &self.0[place] {
            Column::Moneys(moneys) if moneys.is_valid(row) => Some(moneys.value(row)),
            _ => None,
        }
    }
}

fn flags(array: &BooleanArray) -> Column {
    match array.true_count() {
        0 => Column::Flag(false),
        all if all == array.len() => Column::Flag(true),
        _ => Column::Flags(array.clone()),
    }
}
