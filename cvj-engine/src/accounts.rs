//! The account of the data: what each source covers, what was read, rejected, left out or matched no product.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use cvj_core::report::{Covers, LeftOut, Source, Table, Unassigned};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::calendar::Calendar;
use crate::gathered::{Gathered, Uses};
use crate::rejections::{Rejections, Told, When};
use crate::relation::Relation;
use crate::scan::Account;
use crate::sources::OpenSource;

/// Values without a product listed per table.
const VALUES: usize = 100;

/// What decides whether a row belongs to the report.
pub(crate) struct Extent<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) periods: RangeInclusive<i32>,
    pub(crate) as_of: i64,
}

impl Extent<'_> {
    /// Whether a rejection counts: "a row outside the periods is not rejected".
    fn counts(&self, when: &When) -> bool {
        let Some((period, day)) = when.day else { return true };
        self.begun(day) && (!when.is_metric || self.periods.contains(&period))
    }

    /// What of these rejections counts.
    pub(crate) fn rejected(&self, rejections: &Rejections) -> Told {
        Told::of(&[rejections], |when| self.counts(when))
    }

    /// Whether a local day begins before the end of follow-up: rows at or after that are none of its own.
    fn begun(&self, day: i64) -> bool {
        date(day).is_some_and(|date| self.calendar.midnight(date) < self.as_of)
    }

    /// The local days that rows on these days (since 1970-01-01) cover.
    fn covers(&self, days: &BTreeSet<i64>) -> Option<Covers> {
        let begun = |day: &&i64| self.begun(**day);
        let (first, last) = (days.iter().find(begun)?, days.iter().rev().find(begun)?);
        Some(Covers { from: date(*first)?.to_string(), to: date(last + 1)?.to_string() })
    }
}

/// The date of a day counted from 1970-01-01.
fn date(day: i64) -> Option<Date> {
    jiff::civil::date(1970, 1, 1).checked_add(day.days()).ok()
}

/// The scans of one table: by definitions, and by views.
pub(crate) struct TableReading<'a> {
    pub(crate) relation: Option<(&'a Relation, &'a Gathered)>,
    pub(crate) views: Option<&'a Vec<Account>>,
    pub(crate) counted: Counted,
}

/// What is known of a table's rows besides what scans of it said.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counted {
    /// Rows that the source says it has.
    pub(crate) expected: Option<u64>,
    /// Rows that a pull received: a view that is read need not read all of them.
    pub(crate) received: Option<u64>,
}

impl TableReading<'_> {
    /// The table's account.
    pub(crate) fn account(&self, name: &str, files: &[String], extent: &Extent<'_>) -> Table {
        let views: &[Account] = self.views.map_or(&[], Vec::as_slice);
        let own = self.relation.map(|(_, gathered)| &gathered.rejects);
        let scans: Vec<&Rejections> = own.into_iter().chain(views.iter().map(|account| &account.rejections)).collect();
        let rejected = Told::of(&scans, |when| extent.counts(when));
        let rows_of_views = views.iter().map(Account::all_rows).max().unwrap_or_default();
        let scanned = self.relation.map_or(rows_of_views, |(_, gathered)| gathered.rows);
        let rows_read = self.counted.received.unwrap_or(scanned);
        let left_out = match (self.relation, views.first()) {
            (Some((_, gathered)), _) => &gathered.left_out,
            (None, Some(account)) => &account.left_out,
            (None, None) => &BTreeMap::new(),
        };
        Table {
            name: name.to_owned(),
            files: files.to_vec(),
            rows_read,
            // A view may have read a part.
            rows_expected: self.counted.expected.filter(|_| self.relation.is_some() || self.counted.received.is_some()),
            rows_rejected: rejected.rows,
            rejected_by_reason: rejected.by_reason,
            rejects: rejected.samples,
            rows_left_out: left_out.iter().map(|(why, rows)| LeftOut { why: why.clone(), rows: *rows }).collect(),
        }
    }
}

/// One source's (or view's) account from its relations. `pulled_until`: the day of the pull, where all that it reads was pulled.
pub(crate) fn source(
    name: &str,
    plugin: &str,
    parts: &[(&Relation, &Gathered)],
    tables: Vec<Table>,
    pulled_until: Option<Date>,
    period_end: &str,
    extent: &Extent<'_>,
) -> Source {
    let days = parts.iter().flat_map(|(_, gathered)| gathered.days.iter().copied()).collect();
    let mut covers = extent.covers(&days);
    // Of what was pulled whole, days without a row are covered, too. ISO dates compare as text.
    let pulled_until = pulled_until.map(|date| date.min(extent.calendar.date(extent.as_of)).to_string());
    if let (Some(covers), Some(until)) = (&mut covers, &pulled_until) {
        covers.to = covers.to.clone().max(until.clone());
    }
    let until = covers.as_ref().map(|covers| &covers.to).max(pulled_until.as_ref());
    let ends_early = !parts.is_empty() && until.is_none_or(|until| until.as_str() < period_end);
    Source { name: name.to_owned(), plugin: plugin.to_owned(), covers, ends_early, tables, dates: None }
}

/// Values that match no product: most rows first, up to 100 a table, the rest of a table as one.
pub(crate) fn unassigned<'a>(parts: impl Iterator<Item = (&'a Relation, &'a Gathered)>, extent: &Extent<'_>) -> Vec<Unassigned> {
    let mut listed: Vec<Unassigned> = parts.flat_map(|(relation, gathered)| unassigned_of(relation, gathered, extent)).collect();
    listed.sort_by(|a, b| {
        (a.value.is_none(), std::cmp::Reverse(a.rows), &a.source, &a.table, &a.value).cmp(&(
            b.value.is_none(),
            std::cmp::Reverse(b.rows),
            &b.source,
            &b.table,
            &b.value,
        ))
    });
    listed
}

fn unassigned_of(relation: &Relation, gathered: &Gathered, extent: &Extent<'_>) -> Vec<Unassigned> {
    let in_range = |periods: &[i32]| periods.iter().any(|period| extent.periods.contains(period));
    let counts = |uses: &Uses| uses.used.as_deref().is_none_or(in_range) && !in_range(&uses.rejected);
    let mut values: BTreeMap<&str, (u64, &(u64, String))> = BTreeMap::new();
    for ((key, _), found) in gathered.unassigned.iter().filter(|((_, uses), _)| counts(uses)) {
        let (rows, first) = values.entry(key).or_insert((0, &found.first));
        *rows += found.rows;
        *first = (*first).min(&found.first);
    }
    let mut values: Vec<(u64, &str)> = values.into_values().map(|(rows, (_, spelling))| (rows, spelling.as_str())).collect();
    values.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let rest: u64 = values.iter().skip(VALUES).map(|(rows, _)| rows).sum();
    let entry = |value: Option<&str>, rows| Unassigned {
        source: relation.source.clone(),
        table: relation.table.clone(),
        value: value.map(str::to_owned),
        rows,
    };
    let mut listed: Vec<Unassigned> = values.iter().take(VALUES).map(|(rows, value)| entry(Some(value), *rows)).collect();
    if rest > 0 {
        listed.push(entry(None, rest));
    }
    listed
}

/// What a source says of its table's rows, and what was pulled of it.
pub(crate) fn counted(sources: &[OpenSource], source: &str, table: &str) -> Counted {
    let Some(open) = sources.iter().find(|open| open.name == source) else { return Counted::default() };
    match open.pull().and_then(|pull| pull.rows(table)) {
        Some((expected, received)) => Counted { expected, received: Some(received) },
        None => Counted { expected: open.table(Some(table)).and_then(|table| table.details.rows_expected), received: None },
    }
}

/// The files of a source's table.
pub(crate) fn files<'a>(sources: &'a [OpenSource], source: &str, table: &str) -> &'a [String] {
    let source = sources.iter().find(|open| open.name == source);
    source.and_then(|source| source.table(Some(table))).map_or(&[], |table| table.details.files.as_slice())
}
