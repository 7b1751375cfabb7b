//! The account of the data: what each source covers, what was read, rejected, left out or matched no product.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

use cvj_core::report::{Covers, LeftOut, Reject, RejectReason, Source, Table, Unassigned};
use jiff::ToSpan;

use crate::calendar::Calendar;
use crate::relation::Relation;
use crate::rows::{Gathered, RejectedRow, UnassignedValue};
use crate::scan::Account;
use crate::sources::OpenSource;

/// Samples of rejected rows listed per table.
const SAMPLES: usize = 20;
/// Values without a product listed per table.
const VALUES: usize = 100;
/// Characters of a value shown in a sample.
const SHOWN: usize = 40;

/// What decides whether a row belongs to the report.
pub(crate) struct Extent<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) periods: RangeInclusive<i32>,
    pub(crate) as_of: i64,
}

impl Extent<'_> {
    /// Whether a rejection counts: "a row outside the periods is not rejected".
    fn counts(&self, reject: &RejectedRow) -> bool {
        reject.at.is_none_or(|at| {
            at < self.as_of && (!reject.is_metric || self.periods.contains(&self.calendar.period_index(at)))
        })
    }

    /// The local days that rows between two instants cover.
    fn covers(&self, (first, last): (i64, i64)) -> Option<Covers> {
        if first >= self.as_of {
            return None;
        }
        let last = last.min(self.as_of - 1);
        let end = self.calendar.date(last).checked_add(1.day()).ok()?;
        Some(Covers { from: self.calendar.date(first).to_string(), to: end.to_string() })
    }
}

/// One table's account.
pub(crate) fn table(name: &str, files: &[String], gathered: &Gathered, extent: &Extent<'_>) -> Table {
    let counted: Vec<&RejectedRow> = gathered.rejects.iter().filter(|reject| extent.counts(reject)).collect();
    let rows: HashSet<u64> = counted.iter().map(|reject| reject.row).collect();
    let mut reasons: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for reject in &counted {
        *reasons.entry((&reject.definition, &reject.column, &reject.why)).or_default() += 1;
    }
    let mut samples = counted;
    samples.sort_by(|a, b| (&a.place, &a.definition, &a.column).cmp(&(&b.place, &b.definition, &b.column)));
    Table {
        name: name.to_owned(),
        files: files.to_vec(),
        rows_read: gathered.rows,
        rows_rejected: rows.len() as u64,
        rejected_by_reason: reasons
            .into_iter()
            .map(|((definition, column, why), rows)| RejectReason {
                definition: definition.to_owned(),
                column: column.to_owned(),
                why: why.to_owned(),
                rows,
            })
            .collect(),
        rejects: samples.into_iter().take(SAMPLES).map(sample).collect(),
        rows_left_out: left_out(&gathered.left_out),
    }
}

/// The account of a table that only views read.
pub(crate) fn view_table(name: &str, files: &[String], view: &str, account: &Account) -> Table {
    let cells = account.unread.values().flatten().chain(&account.undelivered);
    let rejects: Vec<RejectedRow> = cells
        .map(|cell| RejectedRow {
            row: 0,
            definition: view.to_owned(),
            is_metric: false,
            at: None,
            place: crate::rows::Place { file: cell.file.clone(), line: cell.line },
            column: cell.column.clone(),
            why: cell.why.clone(),
            value: cell.value.clone(),
        })
        .collect();
    let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for reject in &rejects {
        *reasons.entry((&reject.column, &reject.why)).or_default() += 1;
    }
    let mut samples: Vec<&RejectedRow> = rejects.iter().collect();
    samples.sort_by(|a, b| (&a.place, &a.column).cmp(&(&b.place, &b.column)));
    Table {
        name: name.to_owned(),
        files: files.to_vec(),
        rows_read: account.rows + account.undelivered.len() as u64,
        rows_rejected: (account.unread.len() + account.undelivered.len()) as u64,
        rejected_by_reason: reasons
            .into_iter()
            .map(|((column, why), rows)| RejectReason {
                definition: view.to_owned(),
                column: column.to_owned(),
                why: why.to_owned(),
                rows,
            })
            .collect(),
        rejects: samples.into_iter().take(SAMPLES).map(sample).collect(),
        rows_left_out: left_out(&account.left_out),
    }
}

fn left_out(counts: &BTreeMap<String, u64>) -> Vec<LeftOut> {
    counts.iter().map(|(why, rows)| LeftOut { why: why.clone(), rows: *rows }).collect()
}

fn sample(reject: &RejectedRow) -> Reject {
    let mut value: String = reject.value.chars().take(SHOWN).collect();
    if value.len() < reject.value.len() {
        value.push('…');
    }
    Reject {
        definition: reject.definition.clone(),
        place: format!("{}:{}", reject.place.file, reject.place.line),
        column: reject.column.clone(),
        why: if value.is_empty() { reject.why.clone() } else { format!("{}: `{value}`", reject.why) },
    }
}

/// One source's (or view's) account from its relations.
pub(crate) fn source(
    name: &str,
    plugin: &str,
    parts: &[(&Relation, &Gathered)],
    tables: Vec<Table>,
    period_end: &str,
    extent: &Extent<'_>,
) -> Source {
    let spans = parts.iter().filter_map(|(_, gathered)| gathered.span);
    let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let covers = span.and_then(|span| extent.covers(span));
    // ISO dates compare as text.
    let ends_early = !parts.is_empty() && covers.as_ref().is_none_or(|covers| covers.to.as_str() < period_end);
    Source { name: name.to_owned(), plugin: plugin.to_owned(), covers, ends_early, tables }
}

/// Values of a relation that match no product, most rows first.
pub(crate) fn unassigned(relation: &Relation, gathered: &Gathered, extent: &Extent<'_>) -> Vec<Unassigned> {
    let rows = |value: &UnassignedValue| -> u64 {
        let counts = |periods: &Option<Vec<i32>>| periods.as_ref().is_none_or(|periods| periods.iter().any(|p| extent.periods.contains(p)));
        value.rows.iter().filter(|(periods, _)| counts(periods)).map(|(_, rows)| rows).sum()
    };
    let mut values: Vec<(u64, &str)> =
        gathered.unassigned.values().map(|value| (rows(value), value.spelling.as_str())).filter(|(rows, _)| *rows > 0).collect();
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

/// The files of a source's table.
pub(crate) fn files<'a>(sources: &'a [OpenSource], source: &str, table: &str) -> &'a [String] {
    let source = sources.iter().find(|open| open.name == source);
    source.and_then(|source| source.table(Some(table))).map_or(&[], |table| table.details.files.as_slice())
}
