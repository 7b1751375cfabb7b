//! The pass over a relation's rows: touchpoints, presence, and the account of rejected and unassigned rows.
//!
//! DataFusion evaluates the definitions' expressions; every row is then judged per definition in the order of design §5: `where`,
//! the time, the required keys, the columns used. Partitions are read beside each other: nothing that a pass gathers depends on
//! the order of rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch, UInt64Array};
use arrow_cast::cast;
use arrow_schema::DataType;
use cvj_core::source::Rejected;
use cvj_core::{Occurrence, Stage};
use datafusion::common::Result as DataFusionResult;
use datafusion::prelude::SessionContext;

use crate::calendar::{Calendar, RecentDays};
use crate::functions::is_foreign;
use crate::gathered::{FeedScope, Gathered, UnassignedRows, Uses, millionths};
use crate::judge::{Columns, Judge, RowQuery, TouchPlaces};
use crate::occurrence::{OrderRow, select};
use crate::parallel::read_all;
use crate::people::{Arrivals, Current, People, Touch, person_key};
use crate::presence::Presence;
use crate::products::{ProductCode, Products, Resolver, UNASSIGNED, product_key};
use crate::recall::Recall;
use crate::rejections::{Place, Rejection, RowKey, Sample, When};
use crate::relation::{BoundStage, Relation};
use crate::revenue::Revenue;
use crate::scan::{Account, ROW_MASK, SourceTable};
use crate::segments::{Segmenter, Segments};
use crate::tally::Tally;

/// What the passes over all relations share.
pub(crate) struct Shared<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) products: &'a Products,
    pub(crate) people: &'a People,
    pub(crate) segments: &'a Segments,
    /// The client's.
    pub(crate) currency: &'a str,
    /// Rows at or after it are ignored.
    pub(crate) limit: i64,
}

/// Runs the pass.
pub(crate) async fn gather(context: &SessionContext, relation: &Relation, shared: &Shared<'_>) -> DataFusionResult<Gathered> {
    let query = RowQuery::new(relation, shared.products);
    let frame = context.sql(&query.sql).await?;
    // The rows of a view are numbered as they come, so they come in one stream.
    let streams =
        if relation.is_table() { frame.execute_stream_partitioned().await? } else { vec![frame.execute_stream().await?] };
    let setting = Setting { relation, shared, query: &query };
    let passes = read_all(streams, || Pass::new(&setting), Pass::take_batch)?;
    let mut passes = passes.into_iter();
    let mut pass = passes.next().unwrap_or_else(|| Pass::new(&setting));
    // Touchpoints in about the order of rows, which is often that of time, are soon in order.
    pass.arrivals.finish();
    for part in passes {
        pass.add(part);
    }
    for bound in &relation.touchpoints {
        if let BoundStage::Fixed(stage) = &bound.stage {
            let key = (stage.index() as u8, FeedScope::of(&bound.row, shared.products));
            *pass.gathered.feeds.entry(key).or_default() |= bound.value.is_some();
        }
    }
    let account = relation.provider.as_ref().map(SourceTable::take_account).unwrap_or_default();
    Ok(pass.finish(account))
}

/// Plans the pass without running it: an expression that cannot be evaluated is an error.
pub(crate) async fn plan_rows(context: &SessionContext, relation: &Relation, products: &Products) -> DataFusionResult<()> {
    context.sql(&RowQuery::new(relation, products).sql).await?.into_optimized_plan().map(|_| ())
}

/// Amounts from here on are no money (in units of 10⁻⁸: nine trillion). Smaller ones fit a touchpoint's millionths, and sums of them theirs.
pub(crate) const TOO_MUCH: u128 = 9 * 10_u128.pow(20);

fn is_too_much(value: i128) -> bool {
    value.unsigned_abs() >= TOO_MUCH
}

/// Texts that a thread remembers as a stage, or none.
const REMEMBERED_STAGES: usize = 1 << 12;

/// What the passes of all threads over one relation share.
struct Setting<'a> {
    relation: &'a Relation,
    shared: &'a Shared<'a>,
    query: &'a RowQuery<'a>,
}

/// What one thread makes of the rows that it reads.
struct Pass<'a> {
    setting: &'a Setting<'a>,
    /// Whether the products are declared, not found.
    declared: bool,
    resolver: Resolver<'a>,
    /// Per definition; none for metrics.
    segmenters: Vec<Option<Segmenter<'a>>>,
    /// Stages by how they are written; none where a text names none.
    stages: Recall<Option<Stage>>,
    arrivals: Arrivals<'a>,
    days: RecentDays<'a>,
    presence: Presence,
    revenue: Revenue,
    /// The stages that each definition gave a touchpoint to.
    fed: Vec<[bool; 8]>,
    gathered: Gathered,
    /// Rows whose occurrences matter, per definition.
    orders: Vec<Vec<OrderRow>>,
}

/// What a definition makes of a row.
enum Judgement<'a> {
    /// `where` is false, or the row is out of time.
    Ignored,
    /// A column of `where`, or another, could not be read: the account of the scan says which.
    Unread { of_filter: bool },
    /// Rejected for this column and reason, with the value.
    Rejected { column: String, why: String, value: String },
    /// Used.
    Used { at: i64, touch: Option<(Cow<'a, str>, Stage)> },
}

impl<'a> Pass<'a> {
    fn new(setting: &'a Setting<'a>) -> Self {
        let Setting { relation, shared, query } = *setting;
        let segmenter = |by| Segmenter::new(shared.segments, &relation.source, by);
        Self {
            setting,
            declared: matches!(shared.products, Products::Declared { .. }),
            resolver: Resolver::new(shared.products),
            segmenters: query.judges.iter().map(|judge| judge.by.map(segmenter)).collect(),
            stages: Recall::new(REMEMBERED_STAGES),
            arrivals: Arrivals::new(shared.people),
            days: RecentDays::new(shared.calendar),
            presence: Presence::default(),
            revenue: Revenue::default(),
            fed: vec![[false; 8]; query.judges.len()],
            gathered: Gathered {
                rejects: relation.rejections(),
                tallies: vec![Tally::default(); query.judges.len()],
                ..Gathered::default()
            },
            orders: query.judges.iter().map(|_| Vec::new()).collect(),
        }
    }

    fn take_batch(&mut self, batch: &RecordBatch) -> DataFusionResult<()> {
        let Setting { relation, query, shared } = *self.setting;
        let RowQuery { judges, row_number, place, .. } = query;
        let columns = Columns::read(batch, judges)?;
        let when = |judge: &Judge<'_>, at: Option<i64>, place| When { is_metric: judge.is_metric, day: at.map(|_| place) };
        let numbers: Option<UInt64Array> = row_number.map(|place| batch.column(place).as_primitive::<UInt64Type>().clone());
        let lines = place.map(|(file, line)| -> DataFusionResult<_> {
            let files = cast(batch.column(file), &DataType::Utf8)?;
            Ok((files.as_string::<i32>().clone(), batch.column(line).as_primitive::<Int64Type>().clone()))
        });
        let lines = lines.transpose()?;
        let mut unread = match (&relation.provider, &numbers) {
            (Some(provider), Some(numbers)) if !numbers.is_empty() => {
                provider.take_unread(numbers.value(0)..=numbers.value(numbers.len() - 1))
            }
            _ => BTreeMap::new(),
        };
        let times = self.times(&columns, batch);
        let codes = self.codes(&columns, batch);
        let first = self.gathered.rows;
        self.gathered.rows += batch.num_rows() as u64;
        let rest: Vec<Vec<usize>> =
            (0..judges.len()).map(|index| self.take_clear(index, &columns, &times, &codes, batch.num_rows())).collect();
        let mut rows = rest.concat();
        rows.sort_unstable();
        rows.dedup();
        for row in rows {
            let number = numbers.as_ref().map_or(first + row as u64, |numbers| numbers.value(row));
            let place_of = || match &lines {
                Some((files, lines)) if files.is_valid(row) && lines.is_valid(row) => {
                    Place { file: files.value(row).to_owned(), line: lines.value(row).unsigned_abs() }
                }
                // The rows of a view have no place: they come in any order.
                _ if numbers.is_none() => Place { file: relation.table.clone(), line: 0 },
                _ => Place { file: relation.table.clone(), line: (number & ROW_MASK) + 1 },
            };
            let mut unassigned: Vec<(String, Uses)> = Vec::new();
            // Periods of metrics that reject the row; a rejection without one counts always.
            let mut rejected: Vec<Option<i32>> = Vec::new();
            let mut rejections: Vec<Rejection> = Vec::new();
            let mut future = false;
            let cells = unread.remove(&number).unwrap_or_default();
            for (index, judge) in judges.iter().enumerate().filter(|(index, _)| rest[*index].binary_search(&row).is_ok()) {
                let at = columns.instant(judge.places.at, row).filter(|_| !columns.flag(judge.places.at_unread, row));
                let (period, day) = times[judge.places.at][row];
                match self.judge(judge, &columns, row, at) {
                    Judgement::Ignored => {}
                    Judgement::Unread { of_filter } => {
                        rejected.push(at.filter(|_| judge.is_metric).map(|_| period));
                        let sample = unread_cell(judge, &cells, of_filter, place_of());
                        let rejection = Rejection { when: when(judge, at, (period, day)), sample };
                        self.gathered.tallies[index].enter_rejected(rejection.clone());
                        rejections.push(rejection);
                    }
                    Judgement::Rejected { column, why, value } => {
                        rejected.push(at.filter(|_| judge.is_metric).map(|_| period));
                        let sample = Sample { place: place_of(), definition: judge.label.clone(), column, why, value };
                        let rejection = Rejection { when: when(judge, at, (period, day)), sample };
                        self.gathered.tallies[index].enter_rejected(rejection.clone());
                        rejections.push(rejection);
                    }
                    Judgement::Used { at, touch } => {
                        self.gathered.newest = self.gathered.newest.max(Some(at));
                        if at >= shared.limit {
                            self.gathered.future_rows += 1;
                            future |= !judge.is_metric;
                            continue;
                        }
                        self.gathered.tallies[index].enter_used(period);
                        let product = judge.places.product.map(|place| columns.text(place, row));
                        let code = judge.places.product.map_or(UNASSIGNED, |place| codes[place][row]);
                        if !self.declared {
                            self.spelling(judge, product, code, period);
                        }
                        if let Some((person, stage)) = touch {
                            let touch = Touch { at, product: code, segment: 0, stage: stage.index() as u8, amount: 0 };
                            self.take_touch(index, &columns, row, period, &person, touch);
                        }
                        if let Some(value) = product.filter(|_| code == UNASSIGNED) {
                            note_unassigned(&mut unassigned, value.trim(), judge.is_metric.then_some(period));
                        }
                    }
                }
            }
            self.gathered.future_touchpoints += u64::from(future);
            if let Some(first) = rejections.first() {
                self.gathered.rejects.enter_row(RowKey::new(&first.sample.place, number), rejections);
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

    /// Takes the rows that a definition uses and of which no more is to be told. Gives the others that it does not ignore, in order:
    /// what becomes of them depends on the other definitions, too.
    fn take_clear(
        &mut self,
        index: usize,
        columns: &Columns,
        times: &[Vec<(i32, i64)>],
        codes: &[Vec<ProductCode>],
        rows: usize,
    ) -> Vec<usize> {
        let judge = &self.setting.query.judges[index];
        let places = &judge.places;
        let mut flags = vec![places.where_unread, places.unread, places.at_unread, places.foreign];
        if judge.row.foreign_money.is_some() || flags.iter().any(|place| columns.same(*place) == Some(true)) {
            return (0..rows).collect();
        }
        flags.retain(|place| columns.same(*place).is_none());
        let plain_keys = places.touch.as_ref().is_some_and(|touch| columns.are_plain_keys(touch.person));
        let mut newest = self.gathered.newest;
        let mut rest = Vec::new();
        for row in 0..rows {
            if flags.iter().any(|place| columns.flag(*place, row)) {
                rest.push(row);
                continue;
            }
            if !columns.flag(places.passes, row) {
                continue;
            }
            let code = places.product.map_or(UNASSIGNED, |place| codes[place][row]);
            let at = columns.instant(places.at, row).filter(|at| *at < self.setting.shared.limit);
            let Some(at) = at.filter(|_| code != UNASSIGNED || places.product.is_none()) else {
                rest.push(row);
                continue;
            };
            let period = times[places.at][row].0;
            if let Some(touch) = &places.touch {
                let written = columns.text(touch.person, row);
                let person =
                    if plain_keys { Some(Cow::Borrowed(written)).filter(|_| !written.is_empty()) } else { person_key(written) };
                let stage = match (judge.stage, touch.stage) {
                    (Some(BoundStage::Column(_)), Some(place)) => self.stage(columns.text(place, row)),
                    (Some(BoundStage::Fixed(stage)), _) => Some(*stage),
                    _ => None,
                };
                let too_much = touch.value.and_then(|place| columns.money(place, row)).is_some_and(is_too_much);
                let (Some(person), Some(stage), false) = (person, stage, too_much) else {
                    rest.push(row);
                    continue;
                };
                let touch = Touch { at, product: code, segment: 0, stage: stage.index() as u8, amount: 0 };
                self.take_touch(index, columns, row, period, &person, touch);
            }
            newest = newest.max(Some(at));
            self.gathered.tallies[index].enter_used(period);
            if !self.declared {
                self.spelling(judge, places.product.map(|place| columns.text(place, row)), code, period);
            }
        }
        self.gathered.newest = newest;
        rest
    }

    /// By place of a time: the period and the local day of every row. Rows with a readable time are seen. What is the same work for
    /// every row is done for all of a batch at once, here and in [`Self::codes`]: it is several times as fast.
    fn times(&mut self, columns: &Columns, batch: &RecordBatch) -> Vec<Vec<(i32, i64)>> {
        let Setting { shared: Shared { limit, .. }, query, .. } = *self.setting;
        let mut times = vec![Vec::new(); batch.num_columns()];
        let mut seen: Vec<(usize, usize)> = Vec::new();
        for places in query.judges.iter().map(|judge| &judge.places) {
            if times[places.at].is_empty() {
                let place = |row| {
                    columns.instant(places.at, row).map_or((-1, 0), |at| {
                        let day = self.days.of(at);
                        (day.period, day.number)
                    })
                };
                times[places.at] = (0..batch.num_rows()).map(place).collect();
            }
            if seen.contains(&(places.at, places.at_unread)) {
                continue;
            }
            seen.push((places.at, places.at_unread));
            for (row, (period, day)) in times[places.at].iter().enumerate() {
                let at = columns.instant(places.at, row).filter(|at| at < limit && !columns.flag(places.at_unread, row));
                if let Some(at) = at {
                    self.presence.see(at, *period, *day);
                }
            }
        }
        times
    }

    /// By place of a product: its code in every row that passes a definition's `where`.
    fn codes(&mut self, columns: &Columns, batch: &RecordBatch) -> Vec<Vec<ProductCode>> {
        let mut codes = vec![Vec::new(); batch.num_columns()];
        for judge in &self.setting.query.judges {
            let Some(place) = judge.places.product else { continue };
            codes[place].resize(batch.num_rows(), UNASSIGNED);
            for (row, code) in codes[place].iter_mut().enumerate() {
                if *code == UNASSIGNED && columns.flag(judge.places.passes, row) {
                    *code = self.resolver.resolve(columns.text(place, row));
                }
            }
        }
        codes
    }

    fn judge<'b>(&mut self, judge: &Judge<'_>, columns: &'b Columns, row: usize, at: Option<i64>) -> Judgement<'b> {
        let places = &judge.places;
        let where_unread = columns.flag(places.where_unread, row);
        if !where_unread && !columns.flag(places.passes, row) {
            return Judgement::Ignored;
        }
        // Out of time: nothing is asked of the row. Without a limit of its own (`now`), the row still dates the data.
        let late = at.is_some_and(|at| at >= self.setting.shared.limit);
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
        if columns.flag(places.foreign, row) {
            let currency = self.setting.shared.currency;
            let named = judge.row.currencies.iter().zip(&places.currencies);
            let mut named = named.map(|((_, column), place)| (column, columns.text(*place, row).trim()));
            if let Some((column, written)) = named.find(|(_, written)| is_foreign(written, currency)) {
                return reject(column, "the amount is not in the client's currency", written);
            }
        }
        let (Some(touch), Some(stage)) = (&places.touch, judge.stage) else { return Judgement::Used { at, touch: None } };
        let Some(person) = person_key(columns.text(touch.person, row)) else {
            return reject(&judge.person_column, "the person is empty", "");
        };
        let stage = match (stage, touch.stage) {
            (BoundStage::Column(expression), Some(place)) => {
                let text = columns.text(place, row);
                match self.stage(text) {
                    Some(stage) => stage,
                    None if text.trim().is_empty() => return reject(&expression.written, "the stage is empty", ""),
                    None => return reject(&expression.written, "not a stage", text),
                }
            }
            (BoundStage::Fixed(stage), _) => *stage,
            (BoundStage::Column(_), None) => return Judgement::Ignored,
        };
        let value = touch.value.and_then(|place| columns.money(place, row));
        if value.is_some_and(is_too_much) {
            return reject(judge.value_column.unwrap_or_default(), "the amount is too large", "");
        }
        Judgement::Used { at, touch: Some((person, stage)) }
    }

    /// The stage that a text names.
    #[inline]
    fn stage(&mut self, written: &str) -> Option<Stage> {
        // What names no stage may be anything.
        self.stages.of(written, |written| written.parse().ok())
    }

    /// Counts how the product of a used row is written, where products are found.
    fn spelling(&mut self, judge: &Judge<'_>, value: Option<&str>, code: ProductCode, period: i32) {
        let Some(value) = value.filter(|_| code != UNASSIGNED) else { return };
        let (spelling, period) = (value.trim(), judge.is_metric.then_some(period));
        let spellings = &mut self.gathered.spellings;
        if !spellings.contains_key(spelling) {
            spellings.insert(spelling.to_owned(), (code, BTreeMap::new()));
        }
        if let Some((_, periods)) = spellings.get_mut(spelling) {
            *periods.entry(period).or_default() += 1;
        }
    }

    /// Takes the touchpoint of a used row, with its segment and amount: at once, or when all of the person's are known, if its
    /// place among them matters.
    #[inline]
    fn take_touch(&mut self, index: usize, columns: &Columns, row: usize, period: i32, person: &str, touch: Touch) {
        let judge = &self.setting.query.judges[index];
        let (Some(places), Some(segmenter)) = (&judge.places.touch, &mut self.segmenters[index]) else { return };
        let segment = segmenter.segment(|place| columns.text(places.by[place], row));
        let source = segmenter.source();
        self.take_person(places, columns, row, source, person, touch);
        let value = places.value.and_then(|place| columns.money(place, row));
        self.fed[index][usize::from(touch.stage)] = true;
        if judge.occurrence == Occurrence::All && places.order.is_none() {
            self.enter_value(touch, period, value);
            self.arrivals.push(person, Touch { segment, amount: value.map_or(0, millionths), ..touch });
            return;
        }
        let order = places.order.map(|place| columns.text(place, row).trim().to_owned()).unwrap_or_default();
        let person = self.setting.shared.people.intern(person);
        let Touch { at, product, stage, .. } = touch;
        self.orders[index].push(OrderRow { person, product, segment, stage, at, order, value });
    }

    /// Takes what a used row says of people beside the touchpoint. It holds whatever becomes of the touchpoint: `occurrence` is
    /// about touchpoints only.
    fn take_person(&mut self, places: &TouchPlaces, columns: &Columns, row: usize, source: usize, person: &str, touch: Touch) {
        let people = self.setting.shared.people;
        if let Some(stage) = places.current.and_then(|place| self.stage(columns.text(place, row))) {
            people.set_current(person, Current { source, stage: stage.index() as u8 });
        }
        if let Some(referred) = places.referred.and_then(|place| person_key(columns.text(place, row))) {
            people.refer(person, &referred, touch.product, touch.at);
        }
    }

    fn enter_value(&mut self, touch: Touch, period: i32, value: Option<i128>) {
        if let Some(value) = value {
            self.revenue.add(touch.product, touch.stage, period, value);
        }
    }

    fn enter_unassigned(&mut self, value: String, row: u64, uses: Uses) {
        let key = (product_key(&value), uses);
        let rows = UnassignedRows { first: (row, value), rows: 1 };
        match self.gathered.unassigned.entry(key) {
            Entry::Occupied(mut known) => known.get_mut().add(rows),
            Entry::Vacant(place) => {
                place.insert(rows);
            }
        }
    }

    /// Moves the counts that the loop over rows keeps apart to what was gathered.
    fn settle(&mut self) {
        self.arrivals.finish();
        self.gathered.presence = self.presence.periods();
        self.gathered.days = self.presence.days();
        self.gathered.revenue = self.revenue.sums();
        self.gathered.tallies.resize_with(self.fed.len(), Tally::default);
        for (tally, fed) in self.gathered.tallies.iter_mut().zip(&self.fed) {
            tally.fed = *fed;
        }
        for (judge, fed) in self.setting.query.judges.iter().zip(&self.fed) {
            for stage in (0..8).filter(|stage| fed[*stage]) {
                *self.gathered.feeds.entry((stage as u8, judge.scope)).or_default() |= judge.value_column.is_some();
            }
        }
    }

    /// Adds what another thread made of other rows.
    fn add(&mut self, mut part: Self) {
        part.settle();
        self.gathered.add(part.gathered);
        for (orders, more) in self.orders.iter_mut().zip(part.orders) {
            orders.extend(more);
        }
    }

    fn finish(mut self, account: Account) -> Gathered {
        let Setting { shared: Shared { calendar, people, segments, .. }, query: RowQuery { judges, .. }, .. } = *self.setting;
        let segment_ranks = segments.ranks();
        for (index, judge) in judges.iter().enumerate() {
            for order in select(std::mem::take(&mut self.orders[index]), judge.occurrence, &segment_ranks) {
                let OrderRow { at, product, segment, stage, .. } = order;
                let touch = Touch { at, product, segment, stage, amount: order.value.map_or(0, millionths) };
                self.enter_value(touch, calendar.period_index(touch.at), order.value);
                people.enter(order.person, touch);
            }
        }
        let mut all = std::mem::take(&mut self.gathered);
        self.settle();
        all.add(std::mem::take(&mut self.gathered));
        self.gathered = all;
        self.gathered.rows += account.undelivered;
        for tally in &mut self.gathered.tallies {
            tally.rejected.add(account.rejections.clone());
        }
        self.gathered.rejects.add(account.rejections);
        self.gathered.left_out = account.left_out;
        self.gathered
    }
}

/// The unreadable cell for which a definition rejects its row.
fn unread_cell(judge: &Judge<'_>, cells: &[Rejected], of_filter: bool, place: Place) -> Sample {
    let uses = |column: &str| {
        let of_filter_columns = || judge.row.filter.as_ref().is_some_and(|filter| filter.columns.contains_key(column));
        if of_filter { of_filter_columns() } else { judge.row.used.contains_key(column) }
    };
    let cell = cells.iter().find(|cell| cell.column.is_empty() || uses(&cell.column));
    // A person's key reaches no output.
    let shown = cell.filter(|cell| !judge.person_columns.contains(&cell.column));
    Sample {
        place: cell.map_or(place, |cell| Place { file: cell.file.clone(), line: cell.line }),
        definition: judge.label.clone(),
        column: cell.map(|cell| cell.column.clone()).unwrap_or_default(),
        why: cell.map_or_else(|| "could not be read".to_owned(), |cell| cell.why.clone()),
        value: shown.map(|cell| cell.value.clone()).unwrap_or_default(),
    }
}

/// Notes that a definition uses the row under a value that matches no product; `period`: a metric's.
fn note_unassigned(unassigned: &mut Vec<(String, Uses)>, value: &str, period: Option<i32>) {
    let key = product_key(value);
    let place = unassigned.iter().position(|(known, _)| product_key(known) == key).unwrap_or_else(|| {
        unassigned.push((value.to_owned(), Uses { used: Some(Vec::new()), rejected: Vec::new() }));
        unassigned.len() - 1
    });
    let used = &mut unassigned[place].1.used;
    match (period, used.as_mut()) {
        (None, _) => *used = None,
        (Some(period), Some(periods)) if !periods.contains(&period) => periods.push(period),
        _ => {}
    }
}
