//! The pass over a relation's rows: touchpoints, presence, and the account of rejected and unassigned rows.
//!
//! DataFusion evaluates the definitions' expressions; every row is then judged per definition in the order of design §5: `where`,
//! the time, the required keys, the columns used.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, UInt64Type};
use arrow_array::{Array, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_cast::cast;
use arrow_schema::DataType;
use cvj_core::Occurrence;
use cvj_core::source::{COLUMN_FILE, COLUMN_LINE};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::calendar::{Calendar, DAY};
use crate::expression::Expression;
use crate::functions::INSTANT;
use crate::journey::{PersonId, Persons, Touches};
use crate::occurrence::{OrderRow, select};
use crate::products::{ProductCode, Products, Resolver, UNASSIGNED, product_key};
use crate::relation::{BoundStage, Relation, RowParts, touchpoint_label};
use crate::scan::{Account, COLUMN_ROW, ROW_MASK, unread_column};

/// Digits after the point of money in the accumulator.
const MONEY_SCALE: i8 = 8;

/// Money of the accumulator in the client's currency.
pub(crate) fn money(units: i128) -> f64 {
    // Through decimal text, so that the nearest double is chosen.
    let (sign, units) = if units < 0 { ("-", units.unsigned_abs()) } else { ("", units.unsigned_abs()) };
    let scale = 10_u128.pow(MONEY_SCALE.unsigned_abs().into());
    format!("{sign}{}.{:08}", units / scale, units % scale).parse().unwrap_or(f64::NAN)
}

/// What a pass gathered.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) touches: Touches,
    /// Money by product, stage and period.
    pub(crate) revenue: BTreeMap<(ProductCode, u8, i32), i128>,
    /// Stages fed, and in which scopes: whether with values.
    pub(crate) feeds: BTreeMap<(u8, FeedScope), bool>,
    /// Periods in which there is a row with a readable time, with the earliest.
    pub(crate) presence: BTreeMap<i32, i64>,
    /// Local days (since 1970-01-01) with a row with a readable time.
    pub(crate) days: BTreeSet<i64>,
    /// Newest time of a used row.
    pub(crate) newest: Option<i64>,
    pub(crate) rows: u64,
    pub(crate) rejects: Vec<RejectedRow>,
    pub(crate) left_out: BTreeMap<String, u64>,
    /// By the value's key.
    pub(crate) unassigned: HashMap<(String, Uses), UnassignedRows>,
    /// Used rows by product value: key, spelling, and the period for metrics.
    pub(crate) spellings: HashMap<(ProductCode, String, Option<i32>), u64>,
    /// Rows after the limit, by which `now` cut data off.
    pub(crate) future_rows: u64,
}

/// The scopes that a definition's touchpoints may belong to, beside overall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FeedScope {
    /// No product.
    Overall,
    /// Any product.
    Products,
    /// One product, by a literal.
    Product(ProductCode),
}

impl FeedScope {
    fn of(row: &RowParts, products: &Products) -> Self {
        match row.product.as_ref().map(Expression::literal) {
            None => Self::Overall,
            Some(None) => Self::Products,
            Some(Some(literal)) => Self::Product(products.resolve(literal)),
        }
    }

    /// Whether the scope is one of them.
    pub(crate) fn holds(self, product: Option<ProductCode>) -> bool {
        match (self, product) {
            (_, None) | (Self::Products, _) => true,
            (Self::Overall, Some(_)) => false,
            (Self::Product(own), Some(product)) => own == product,
        }
    }
}

/// One definition's rejection of one row.
#[derive(Clone, Debug)]
pub(crate) struct RejectedRow {
    pub(crate) row: u64,
    pub(crate) definition: String,
    /// Metrics reject only rows of the history's periods.
    pub(crate) is_metric: bool,
    pub(crate) at: Option<i64>,
    pub(crate) place: Place,
    pub(crate) column: String,
    pub(crate) why: String,
    pub(crate) value: String,
}

impl RejectedRow {
    /// What a sample shows, in the order in which samples are listed.
    pub(crate) fn printed(&self) -> (&Place, &str, &str, &str, &str) {
        (&self.place, &self.definition, &self.column, &self.why, &self.value)
    }
}

/// Where a row stands; line 0 where it has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u64,
}

/// What decides whether an unassigned row counts, once the periods of the history are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Uses {
    /// Periods in which metrics use the row; `None`: a touchpoint uses it, which counts whatever the period.
    pub(crate) used: Option<Vec<i32>>,
    /// Periods in which metrics reject it: a rejected row is not also unassigned.
    pub(crate) rejected: Vec<i32>,
}

/// Rows of one product value that matches none.
#[derive(Clone, Debug)]
pub(crate) struct UnassignedRows {
    /// The value as first written, and the row it was written in.
    pub(crate) first: (u64, String),
    pub(crate) rows: u64,
}

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
    let flags: Vec<String> = columns.map(|column| format!("\"{}\"", unread_column(column).replace('"', "\"\""))).collect();
    if flags.is_empty() { "false".to_owned() } else { format!("({})", flags.join(" OR ")) }
}

/// The condition of `where`; true without one.
pub(crate) fn condition(filter: Option<&Expression>) -> String {
    filter.map_or_else(|| "true".to_owned(), |filter| format!("coalesce({}, false)", filter.sql()))
}

/// Places of one definition's expressions in the output.
struct Places {
    passes: usize,
    where_unread: usize,
    unread: usize,
    at: usize,
    at_unread: usize,
    product: Option<usize>,
    touch: Option<TouchPlaces>,
}

struct TouchPlaces {
    person: usize,
    stage: Option<usize>,
    value: Option<usize>,
    order: Option<usize>,
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
        product: row.product.as_ref().map(|product| select.add(text_sql(product))),
        touch: None,
    }
}

/// One definition of the relation with what judging a row needs.
struct Judge<'a> {
    label: String,
    is_metric: bool,
    row: &'a RowParts,
    stage: Option<&'a BoundStage>,
    person_column: String,
    occurrence: Occurrence,
    has_value: bool,
    scope: FeedScope,
    places: Places,
}

/// Runs the pass. `limit`: rows at or after it are ignored.
pub(crate) async fn gather(
    context: &SessionContext,
    relation: &Relation,
    calendar: &Calendar,
    products: &Products,
    persons: &mut Persons,
    limit: i64,
) -> DataFusionResult<Gathered> {
    let mut select = Select::default();
    let row_number = relation.provider.is_some().then(|| select.add(format!("\"{COLUMN_ROW}\"")));
    let place = relation
        .has_place
        .then(|| (select.add(format!("\"{COLUMN_FILE}\"")), select.add(format!("CAST(\"{COLUMN_LINE}\" AS BIGINT)"))));
    let mut judges = Vec::new();
    for metric in &relation.metrics {
        judges.push(Judge {
            label: metric.metric.name.clone(),
            is_metric: true,
            row: &metric.row,
            stage: None,
            person_column: String::new(),
            occurrence: Occurrence::All,
            has_value: false,
            scope: FeedScope::Overall,
            places: add_row_parts(&mut select, relation, &metric.row),
        });
    }
    for bound in &relation.touchpoints {
        let mut places = add_row_parts(&mut select, relation, &bound.row);
        places.touch = Some(TouchPlaces {
            person: select.add(text_sql(&bound.person)),
            stage: if let BoundStage::Column(stage) = &bound.stage { Some(select.add(text_sql(stage))) } else { None },
            value: bound.value.as_ref().map(|value| select.add(format!("CAST({} AS DECIMAL(38, {MONEY_SCALE}))", value.sql()))),
            order: bound.order.as_ref().map(|order| select.add(text_sql(order))),
        });
        judges.push(Judge {
            label: touchpoint_label(&bound.touchpoint),
            is_metric: false,
            row: &bound.row,
            stage: Some(&bound.stage),
            person_column: bound.touchpoint.person.clone(),
            occurrence: bound.touchpoint.occurrence,
            has_value: bound.value.is_some(),
            scope: FeedScope::of(&bound.row, products),
            places,
        });
    }
    let mut pass = Pass {
        relation,
        calendar,
        resolver: Resolver::new(products),
        declared: matches!(products, Products::Declared { .. }),
        persons,
        limit,
        gathered: Gathered::default(),
        orders: judges.iter().map(|_| Vec::new()).collect(),
        pending: Vec::new(),
    };
    for bound in &relation.touchpoints {
        if let BoundStage::Fixed(stage) = &bound.stage {
            let key = (stage.index() as u8, FeedScope::of(&bound.row, products));
            *pass.gathered.feeds.entry(key).or_default() |= bound.value.is_some();
        }
    }
    let frame = context.sql(&select.sql(&relation.sql_name)).await?;
    let mut stream = frame.execute_stream().await?;
    while let Some(batch) = stream.next().await {
        pass.take_batch(&batch?, &judges, row_number, place)?;
    }
    let account = relation.provider.as_ref().map(crate::scan::SourceTable::take_account).unwrap_or_default();
    Ok(pass.finish(&judges, account))
}

struct Pass<'a> {
    relation: &'a Relation,
    calendar: &'a Calendar,
    resolver: Resolver<'a>,
    declared: bool,
    persons: &'a mut Persons,
    limit: i64,
    gathered: Gathered,
    /// Rows whose occurrences matter, per definition.
    orders: Vec<Vec<OrderRow>>,
    /// Rejections whose column and reason the account of the scan knows.
    pending: Vec<PendingReject>,
}

struct PendingReject {
    judge: usize,
    row: u64,
    at: Option<i64>,
    place: Place,
    of_filter: bool,
}

/// A batch's columns by their place in the SELECT, in the types that judging reads.
struct Columns {
    texts: HashMap<usize, StringArray>,
    flags: HashMap<usize, BooleanArray>,
    instants: HashMap<usize, Int64Array>,
    moneys: HashMap<usize, Decimal128Array>,
}

impl Columns {
    fn read(batch: &RecordBatch, judges: &[Judge<'_>]) -> DataFusionResult<Self> {
        let mut columns = Self { texts: HashMap::new(), flags: HashMap::new(), instants: HashMap::new(), moneys: HashMap::new() };
        for judge in judges {
            let places = &judge.places;
            for flag in [places.passes, places.where_unread, places.unread, places.at_unread] {
                let array = cast(batch.column(flag), &DataType::Boolean)?;
                columns.flags.entry(flag).or_insert_with(|| array.as_boolean().clone());
            }
            let instants = cast(batch.column(places.at), &DataType::Int64)?;
            columns.instants.entry(places.at).or_insert_with(|| instants.as_primitive::<Int64Type>().clone());
            let touch = places.touch.as_ref();
            let texts = [
                places.product,
                touch.map(|touch| touch.person),
                touch.and_then(|touch| touch.stage),
                touch.and_then(|touch| touch.order),
            ];
            for text in texts.into_iter().flatten() {
                let array = cast(batch.column(text), &DataType::Utf8)?;
                columns.texts.entry(text).or_insert_with(|| array.as_string::<i32>().clone());
            }
            if let Some(value) = touch.and_then(|touch| touch.value) {
                let array = batch.column(value).as_primitive_opt::<Decimal128Type>().cloned();
                let array = array.ok_or_else(|| DataFusionError::Internal("`value` is not decimal".to_owned()))?;
                columns.moneys.insert(value, array);
            }
        }
        Ok(columns)
    }

    fn text(&self, place: usize, row: usize) -> &str {
        self.texts.get(&place).filter(|texts| texts.is_valid(row)).map_or("", |texts| texts.value(row))
    }

    fn flag(&self, place: usize, row: usize) -> bool {
        self.flags.get(&place).is_some_and(|flags| flags.is_valid(row) && flags.value(row))
    }

    fn instant(&self, place: usize, row: usize) -> Option<i64> {
        self.instants.get(&place).filter(|instants| instants.is_valid(row)).map(|instants| instants.value(row))
    }

    fn money(&self, place: usize, row: usize) -> Option<i128> {
        self.moneys.get(&place).filter(|moneys| moneys.is_valid(row)).map(|moneys| moneys.value(row))
    }
}

/// What a definition makes of a row.
enum Judgement {
    /// `where` is false, or the row is out of time.
    Ignored,
    /// A column of `where`, or another, could not be read: the account of the scan says which.
    Unread { of_filter: bool },
    /// Rejected for this column and reason, with the value.
    Rejected { column: String, why: String, value: String },
    /// Used.
    Used { at: i64, touch: Option<(PersonId, u8)> },
}

impl Pass<'_> {
    fn take_batch(
        &mut self,
        batch: &RecordBatch,
        judges: &[Judge<'_>],
        row_number: Option<usize>,
        place: Option<(usize, usize)>,
    ) -> DataFusionResult<()> {
        let columns = Columns::read(batch, judges)?;
        let numbers: Option<UInt64Array> = row_number.map(|place| batch.column(place).as_primitive::<UInt64Type>().clone());
        let lines = place.map(|(file, line)| -> DataFusionResult<_> {
            let files = cast(batch.column(file), &DataType::Utf8)?;
            Ok((files.as_string::<i32>().clone(), batch.column(line).as_primitive::<Int64Type>().clone()))
        });
        let lines = lines.transpose()?;
        for row in 0..batch.num_rows() {
            let number = numbers.as_ref().map_or(self.gathered.rows, |numbers| numbers.value(row));
            self.gathered.rows += 1;
            let place_of = || match &lines {
                Some((files, lines)) if files.is_valid(row) && lines.is_valid(row) => {
                    Place { file: files.value(row).to_owned(), line: lines.value(row).unsigned_abs() }
                }
                // The rows of a view have no place: they come in any order.
                _ if numbers.is_none() => Place { file: self.relation.table.clone(), line: 0 },
                _ => Place { file: self.relation.table.clone(), line: (number & ROW_MASK) + 1 },
            };
            let mut unassigned: Vec<(String, Uses)> = Vec::new();
            // Periods of metrics that reject the row; a rejection without one counts always.
            let mut rejected: Vec<Option<i32>> = Vec::new();
            for (index, judge) in judges.iter().enumerate() {
                let at = columns.instant(judge.places.at, row).filter(|_| !columns.flag(judge.places.at_unread, row));
                self.see_time(at);
                match self.judge(judge, &columns, row, at) {
                    Judgement::Ignored => {}
                    Judgement::Unread { of_filter } => {
                        rejected.push(at.filter(|_| judge.is_metric).map(|at| self.calendar.period_index(at)));
                        self.pending.push(PendingReject { judge: index, row: number, at, place: place_of(), of_filter });
                    }
                    Judgement::Rejected { column, why, value } => {
                        rejected.push(at.filter(|_| judge.is_metric).map(|at| self.calendar.period_index(at)));
                        let (definition, is_metric) = (judge.label.clone(), judge.is_metric);
                        self.gathered.rejects.push(RejectedRow {
                            row: number,
                            definition,
                            is_metric,
                            at,
                            place: place_of(),
                            column,
                            why,
                            value,
                        });
                    }
                    Judgement::Used { at, touch } => {
                        self.gathered.newest = self.gathered.newest.max(Some(at));
                        if at >= self.limit {
                            self.gathered.future_rows += 1;
                            continue;
                        }
                        let product = self.take_used(index, judge, &columns, row, at, touch);
                        if let Some(value) = product {
                            note_unassigned(&mut unassigned, value, judge.is_metric.then(|| self.calendar.period_index(at)));
                        }
                    }
                }
            }
            if let Some(rejected) = rejected.into_iter().collect::<Option<Vec<i32>>>() {
                // The rows of a view come in any order: there, the least spelling stands for the value.
                let first_row = if numbers.is_some() { number } else { 0 };
                for (value, uses) in unassigned {
                    self.enter_unassigned(value, first_row, Uses { rejected: rejected.clone(), ..uses });
                }
            }
        }
        Ok(())
    }

    fn see_time(&mut self, at: Option<i64>) {
        let Some(at) = at.filter(|at| *at < self.limit) else { return };
        let first = self.gathered.presence.entry(self.calendar.period_index(at)).or_insert(at);
        *first = (*first).min(at);
        self.gathered.days.insert(self.calendar.local(at).div_euclid(DAY));
    }

    fn judge(&mut self, judge: &Judge<'_>, columns: &Columns, row: usize, at: Option<i64>) -> Judgement {
        let places = &judge.places;
        let where_unread = columns.flag(places.where_unread, row);
        if !where_unread && !columns.flag(places.passes, row) {
            return Judgement::Ignored;
        }
        // Out of time: nothing is asked of the row. Without a limit of its own (`now`), the row still dates the data.
        let late = at.is_some_and(|at| at >= self.limit);
        if where_unread {
            return if late { Judgement::Ignored } else { Judgement::Unread { of_filter: true } };
        }
        let unread = columns.flag(places.unread, row);
        if unread {
            return if late { Judgement::Ignored } else { Judgement::Unread { of_filter: false } };
        }
        let reject = |column: &str, why: &str, value: &str| {
            if late {
                return Judgement::Ignored;
            }
            Judgement::Rejected { column: column.to_owned(), why: why.to_owned(), value: value.to_owned() }
        };
        let Some(at) = at else { return reject(&judge.row.at.written, "the time is empty", "") };
        if let Some((column, currency)) = &judge.row.foreign_money {
            return reject(column, &format!("the amount is in {currency}, not the client's currency"), "");
        }
        let (Some(touch), Some(stage)) = (&places.touch, judge.stage) else { return Judgement::Used { at, touch: None } };
        let written = columns.text(touch.person, row);
        if written.trim().is_empty() {
            return reject(&judge.person_column, "the person is empty", "");
        }
        let stage = match (stage, touch.stage) {
            (BoundStage::Column(expression), Some(place)) => {
                let text = columns.text(place, row);
                match text.parse::<cvj_core::Stage>() {
                    Ok(stage) => stage,
                    Err(_) if text.trim().is_empty() => return reject(&expression.written, "the stage is empty", ""),
                    Err(_) => return reject(&expression.written, "not a stage", text),
                }
            }
            (BoundStage::Fixed(stage), _) => *stage,
            (BoundStage::Column(_), None) => return Judgement::Ignored,
        };
        match self.persons.intern(written) {
            Some(person) => Judgement::Used { at, touch: Some((person, stage.index() as u8)) },
            None => reject(&judge.person_column, "the person is empty", ""),
        }
    }

    /// Enters a used row; gives its product value where that matches no product.
    fn take_used(
        &mut self,
        index: usize,
        judge: &Judge<'_>,
        columns: &Columns,
        row: usize,
        at: i64,
        touch: Option<(PersonId, u8)>,
    ) -> Option<String> {
        let period = self.calendar.period_index(at);
        let product = judge.places.product.map(|place| columns.text(place, row));
        let code = product.map_or(UNASSIGNED, |value| self.resolver.resolve(value));
        if let Some(value) = product.filter(|_| code != UNASSIGNED && !self.declared) {
            let spelling = (code, value.trim().to_owned(), judge.is_metric.then_some(period));
            *self.gathered.spellings.entry(spelling).or_default() += 1;
        }
        if let (Some((person, stage)), Some(places)) = (touch, &judge.places.touch) {
            let value = places.value.and_then(|place| columns.money(place, row));
            *self.gathered.feeds.entry((stage, judge.scope)).or_default() |= judge.has_value;
            if judge.occurrence == Occurrence::All && places.order.is_none() {
                self.enter_touch(person, at, code, stage, value);
            } else {
                let order = places.order.map(|place| columns.text(place, row).trim().to_owned()).unwrap_or_default();
                self.orders[index].push(OrderRow { person, product: code, stage, at, order, value });
            }
        }
        product.filter(|_| code == UNASSIGNED).map(|value| value.trim().to_owned())
    }

    fn enter_touch(&mut self, person: PersonId, at: i64, product: ProductCode, stage: u8, value: Option<i128>) {
        self.gathered.touches.push(person, at, product, stage);
        if let Some(value) = value {
            *self.gathered.revenue.entry((product, stage, self.calendar.period_index(at))).or_default() += value;
        }
    }

    fn enter_unassigned(&mut self, value: String, row: u64, uses: Uses) {
        let first = (row, value);
        let entry = self.gathered.unassigned.entry((product_key(&first.1), uses));
        let known = entry.or_insert_with(|| UnassignedRows { first: first.clone(), rows: 0 });
        if first < known.first {
            known.first = first;
        }
        known.rows += 1;
    }

    fn finish(mut self, judges: &[Judge<'_>], account: Account) -> Gathered {
        for (index, judge) in judges.iter().enumerate() {
            for order in select(std::mem::take(&mut self.orders[index]), judge.occurrence) {
                self.enter_touch(order.person, order.at, order.product, order.stage, order.value);
            }
        }
        for pending in std::mem::take(&mut self.pending) {
            let judge = &judges[pending.judge];
            let uses = |column: &str| {
                let of_filter = || judge.row.filter.as_ref().is_some_and(|filter| filter.columns.contains_key(column));
                if pending.of_filter { of_filter() } else { judge.row.used.contains_key(column) }
            };
            let cells = account.unread.get(&pending.row).map(Vec::as_slice).unwrap_or_default();
            let cell = cells.iter().find(|cell| uses(&cell.column));
            self.gathered.rejects.push(RejectedRow {
                row: pending.row,
                definition: judge.label.clone(),
                is_metric: judge.is_metric,
                at: pending.at,
                place: cell.map_or(pending.place, |cell| Place { file: cell.file.clone(), line: cell.line }),
                column: cell.map(|cell| cell.column.clone()).unwrap_or_default(),
                why: cell.map_or_else(|| "could not be read".to_owned(), |cell| cell.why.clone()),
                value: cell.map(|cell| cell.value.clone()).unwrap_or_default(),
            });
        }
        for (number, cell) in account.undelivered.into_iter().enumerate() {
            self.gathered.rejects.push(RejectedRow {
                row: u64::MAX - number as u64,
                definition: "all definitions".to_owned(),
                is_metric: false,
                at: None,
                place: Place { file: cell.file, line: cell.line },
                column: cell.column,
                why: cell.why,
                value: cell.value,
            });
            self.gathered.rows += 1;
        }
        self.gathered.left_out = account.left_out;
        self.gathered
    }
}

/// Notes that a definition uses the row under a value that matches no product; `period`: a metric's.
fn note_unassigned(unassigned: &mut Vec<(String, Uses)>, value: String, period: Option<i32>) {
    let key = product_key(&value);
    let place = unassigned.iter().position(|(known, _)| product_key(known) == key).unwrap_or_else(|| {
        unassigned.push((value, Uses { used: Some(Vec::new()), rejected: Vec::new() }));
        unassigned.len() - 1
    });
    let used = &mut unassigned[place].1.used;
    match (period, used.as_mut()) {
        (None, _) => *used = None,
        (Some(period), Some(periods)) if !periods.contains(&period) => periods.push(period),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_the_nearest_double() {
        assert_eq!(money(1_234_567_890), 12.345_678_9);
        assert_eq!(money(-1_000_000), -0.01);
        assert_eq!(money(30_000_000), 0.3);
    }
}
