//! The pass over a relation's rows: touchpoints, presence, and the account of rejected and unassigned rows.
//!
//! DataFusion evaluates the definitions' expressions; every row is then judged per definition in the order of design §5: `where`,
//! the time, the required keys, the columns used.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch, UInt64Array};
use arrow_cast::cast;
use arrow_schema::DataType;
use cvj_core::Occurrence;
use datafusion::common::Result as DataFusionResult;
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::calendar::{Calendar, DAY};
use crate::gathered::{FeedScope, Gathered, Place, RejectedRow, UnassignedRows, Uses};
use crate::journey::{PersonId, Persons};
use crate::judge::{Columns, Judge, RowQuery};
use crate::occurrence::{OrderRow, select};
use crate::products::{ProductCode, Products, Resolver, UNASSIGNED, product_key};
use crate::relation::{BoundStage, Relation};
use crate::scan::{Account, ROW_MASK, SourceTable};

/// Runs the pass. `limit`: rows at or after it are ignored.
pub(crate) async fn gather(
    context: &SessionContext,
    relation: &Relation,
    calendar: &Calendar,
    products: &Products,
    persons: &mut Persons,
    limit: i64,
) -> DataFusionResult<Gathered> {
    let query = RowQuery::new(relation, products);
    let judges = &query.judges;
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
    let frame = context.sql(&query.sql).await?;
    let mut stream = frame.execute_stream().await?;
    while let Some(batch) = stream.next().await {
        pass.take_batch(&batch?, &query)?;
    }
    let account = relation.provider.as_ref().map(SourceTable::take_account).unwrap_or_default();
    Ok(pass.finish(judges, account))
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
    fn take_batch(&mut self, batch: &RecordBatch, query: &RowQuery<'_>) -> DataFusionResult<()> {
        let RowQuery { judges, row_number, place, .. } = query;
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
        let Some(person) = self.persons.intern(columns.text(touch.person, row)) else {
            return reject(&judge.person_column, "the person is empty", "");
        };
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
        Judgement::Used { at, touch: Some((person, stage.index() as u8)) }
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
            let cell = cells.iter().find(|cell| cell.column.is_empty() || uses(&cell.column));
            self.gathered.rejects.push(RejectedRow {
                row: pending.row,
                definition: judge.label.clone(),
                is_metric: judge.is_metric,
                at: pending.at,
                place: cell.map_or(pending.place, |cell| Place { file: cell.file.clone(), line: cell.line }),
                column: cell.map(|cell| cell.column.clone()).unwrap_or_default(),
                why: cell.map_or_else(|| "could not be read".to_owned(), |cell| cell.why.clone()),
                // A person's key reaches no output.
                value: cell
                    .filter(|cell| !judge.person_columns.contains(&cell.column))
                    .map(|cell| cell.value.clone())
                    .unwrap_or_default(),
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
                // The text of a whole row may name a person.
                value: String::new(),
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
