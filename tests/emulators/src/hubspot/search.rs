//! Search: filters, sorts, totals, and no more than 10,000 results.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::objects::Selection;
use super::portal::Portal;
use super::record::Kind;
use crate::{Answer, Request};

/// Nobody gets more results of one query than these.
const MOST_RESULTS: usize = 10_000;
const LARGEST_PAGE: u64 = 200;
const MOST_GROUPS: usize = 6;
const MOST_FILTERS: usize = 18;
/// How many queries are remembered, so that their next pages cost nothing.
const REMEMBERED: usize = 4;

/// What is remembered between the pages of a query, until a record changes.
#[derive(Default)]
pub(super) struct Searches {
    found: Vec<(String, Arc<Vec<u64>>)>,
    times: BTreeMap<Kind, Arc<Vec<Times>>>,
}

impl Searches {
    pub(super) fn forget(&mut self) {
        self.found.clear();
        self.times.clear();
    }
}

/// A record's id, when it was created and when it changed, in milliseconds.
#[derive(Clone, Copy)]
struct Times {
    id: u64,
    created: i64,
    updated: i64,
}

/// What can be compared: moments and numbers by size, all else as text without case.
#[derive(Clone, Debug, PartialEq)]
enum Comparable {
    Number(f64),
    Text(String),
}

impl Comparable {
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.partial_cmp(other),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

fn comparable(kind: &str, text: &str) -> Option<Comparable> {
    match kind {
        "datetime" | "date" => {
            let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
            let moment = || text.parse::<Timestamp>().ok().or_else(day).map(Timestamp::as_millisecond);
            text.parse::<i64>().ok().or_else(moment).map(|milliseconds| Comparable::Number(milliseconds as f64))
        }
        "number" => text.parse().ok().map(Comparable::Number),
        _ => Some(Comparable::Text(text.to_lowercase())),
    }
}

/// What a filter looks at: what is known of all records without computing them, or any other property.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Created,
    Updated,
    Other,
}

enum Test {
    /// Of an id or a moment: from the first to the second.
    Range(i64, i64),
    Compare(fn(Ordering) -> bool, Comparable),
    Between(Comparable, Comparable),
    In(Vec<Comparable>, bool),
    Has(bool),
}

struct Filter {
    property: String,
    field: Field,
    kind: &'static str,
    test: Test,
}

impl Filter {
    fn read(portal: &Portal, kind: Kind, filter: &Value) -> Result<Self, String> {
        let property = filter["propertyName"].as_str().ok_or("Invalid input JSON: propertyName is required")?.to_owned();
        let unknown = || format!("There was a problem with the request: property {property} does not exist.");
        let sort = portal.property_type(kind, &property).ok_or_else(unknown)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()));
        let operand = |value: &Value| {
            let text = text(value).ok_or_else(|| format!("operator of {property} needs a value"))?;
            comparable(sort, &text).ok_or_else(|| format!("{text} was not a valid {sort}."))
        };
        let operands = || filter["values"].as_array().map_or(Ok(Vec::new()), |values| values.iter().map(operand).collect());
        let compare = |accepts: fn(Ordering) -> bool| Ok::<_, String>(Test::Compare(accepts, operand(&filter["value"])?));
        let operator = filter["operator"].as_str().unwrap_or_default();
        let mut test = match operator {
            "EQ" => compare(Ordering::is_eq)?,
            "NEQ" => compare(Ordering::is_ne)?,
            "LT" => compare(Ordering::is_lt)?,
            "LTE" => compare(Ordering::is_le)?,
            "GT" => compare(Ordering::is_gt)?,
            "GTE" => compare(Ordering::is_ge)?,
            "BETWEEN" => Test::Between(operand(&filter["value"])?, operand(&filter["highValue"])?),
            "IN" => Test::In(operands()?, true),
            "NOT_IN" => Test::In(operands()?, false),
            "HAS_PROPERTY" => Test::Has(true),
            "NOT_HAS_PROPERTY" => Test::Has(false),
            other => return Err(format!("Invalid input JSON: {other:?} is not an operator")),
        };
        let field = match property.as_str() {
            "hs_object_id" => Field::Id,
            "createdate" => Field::Created,
            name if name == kind.modified_property() => Field::Updated,
            _ => Field::Other,
        };
        if field != Field::Other {
            let range = match (&test, operator) {
                (Test::Compare(_, Comparable::Number(value)), "EQ") => Some((*value, *value)),
                (Test::Compare(_, Comparable::Number(value)), "GT") => Some((value.floor() + 1.0, f64::MAX)),
                (Test::Compare(_, Comparable::Number(value)), "GTE") => Some((value.ceil(), f64::MAX)),
                (Test::Compare(_, Comparable::Number(value)), "LT") => Some((f64::MIN, value.ceil() - 1.0)),
                (Test::Compare(_, Comparable::Number(value)), "LTE") => Some((f64::MIN, value.floor())),
                (Test::Between(Comparable::Number(low), Comparable::Number(high)), _) => Some((low.ceil(), high.floor())),
                _ => None,
            };
            if let Some((low, high)) = range {
                test = Test::Range(low as i64, high as i64);
            }
        }
        Ok(Self { property, field, kind: sort, test })
    }

    /// The ids that this filter leaves, if it asks for nothing else.
    fn ids(&self) -> Option<(i64, i64)> {
        match self.test {
            Test::Range(low, high) if self.field == Field::Id => Some((low, high)),
            _ => None,
        }
    }

    fn accepts(&self, value: Option<&Comparable>) -> bool {
        let Some(value) = value else { return matches!(self.test, Test::Has(false)) };
        match &self.test {
            Test::Range(..) => false,
            Test::Compare(accepts, operand) => value.order(operand).is_some_and(accepts),
            Test::Between(low, high) => {
                value.order(low).is_some_and(Ordering::is_ge) && value.order(high).is_some_and(Ordering::is_le)
            }
            Test::In(operands, wanted) => operands.contains(value) == *wanted,
            Test::Has(wanted) => *wanted,
        }
    }
}

impl Portal {
    pub(super) fn search(&mut self, kind: Kind, request: &Request) -> Answer {
        let Some(query) = request.json().filter(Value::is_object) else {
            return self.invalid("Invalid input JSON on line 1, column 1: Unexpected end of input");
        };
        self.searched(kind, &query).unwrap_or_else(|message| self.invalid(&message))
    }

    fn searched(&mut self, kind: Kind, query: &Value) -> Result<Answer, String> {
        let limit = query["limit"].as_u64().unwrap_or(10);
        if limit > LARGEST_PAGE {
            return Err(format!("Invalid input JSON: limit {limit} is more than {LARGEST_PAGE}"));
        }
        let after = match &query["after"] {
            Value::Null => 0,
            Value::Number(number) => number.as_u64().unwrap_or(0) as usize,
            text => match text.as_str() {
                Some("") => 0,
                text => text.and_then(|text| text.parse().ok()).ok_or("Invalid input JSON: after is not a number")?,
            },
        };
        if after >= MOST_RESULTS {
            return Err("There was a problem with the request: the search may not go beyond 10000 results.".to_owned());
        }
        let groups = query["filterGroups"].as_array().cloned().unwrap_or_default();
        if groups.len() > MOST_GROUPS {
            return Err(format!("Invalid input JSON: filterGroups may hold {MOST_GROUPS} groups"));
        }
        let mut filters: Vec<Vec<Filter>> = Vec::new();
        let mut key = format!("{kind:?}");
        let (mut low, mut high) = (i64::MIN, i64::MAX);
        for group in &groups {
            key.push_str(" or");
            let mut kept = Vec::new();
            for filter in group["filters"].as_array().into_iter().flatten() {
                let read = Filter::read(self, kind, filter)?;
                // What goes on from an id is a part of a query that is remembered.
                if let (1, Some(range)) = (groups.len(), read.ids()) {
                    (low, high) = (low.max(range.0), high.min(range.1));
                } else {
                    write!(key, " {filter}").map_err(|error| error.to_string())?;
                    kept.push(read);
                }
            }
            filters.push(kept);
        }
        if filters.iter().map(Vec::len).sum::<usize>() > MOST_FILTERS {
            return Err(format!("Invalid input JSON: at most {MOST_FILTERS} filters"));
        }
        let (sort, descending) = self.sort(kind, &query["sorts"])?;

        let found = self.found(kind, &key, &filters);
        let first = found.partition_point(|id| (*id as i64) < low);
        let found = &found[first..found.partition_point(|id| *id as i64 <= high).max(first)];
        let sorted = sort.map(|sort| self.sorted(kind, found, &sort));
        let ids = sorted.as_deref().unwrap_or(found);
        let total = ids.len();
        let end = (after + limit as usize).min(total).min(MOST_RESULTS);
        let page: Vec<u64> =
            (after..end.max(after)).map(|position| if descending { ids[total - 1 - position] } else { ids[position] }).collect();

        let names = query["properties"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        let selection = Selection::new(self, kind, &names, &[]);
        let records: Vec<_> = page.into_iter().filter_map(|id| self.record_with(kind, id, Some(&selection.wanted))).collect();
        let shown: Vec<_> = records.iter().map(|record| selection.show(record)).collect();
        let paging = (end < total).then(|| json!({"next": {"after": end.to_string()}}));
        Ok(Answer::json(200, &Found { total, results: shown, paging }))
    }

    /// The property to sort by, none for the id, and whether the largest comes first.
    fn sort(&self, kind: Kind, sorts: &Value) -> Result<(Option<String>, bool), String> {
        let sorts = sorts.as_array().map(Vec::as_slice).unwrap_or_default();
        if sorts.len() > 1 {
            return Err("Invalid input JSON: only one sort is allowed".to_owned());
        }
        let Some(sort) = sorts.first() else { return Ok((None, false)) };
        let (name, descending) = match sort {
            Value::String(name) => (name.trim_start_matches('-'), name.starts_with('-')),
            other => (other["propertyName"].as_str().unwrap_or_default(), other["direction"] == "DESCENDING"),
        };
        self.property_type(kind, name).ok_or_else(|| format!("property {name} does not exist."))?;
        Ok(((name != "hs_object_id").then(|| name.to_owned()), descending))
    }

    fn all_times(&mut self, kind: Kind) -> Arc<Vec<Times>> {
        if let Some(times) = self.searches.times.get(&kind) {
            return Arc::clone(times);
        }
        let times = self.ids_from(kind, 0, false).map(|id| {
            let (created, updated) = self.times(kind, id);
            Times { id, created, updated }
        });
        let times = Arc::new(times.collect::<Vec<_>>());
        self.searches.times.insert(kind, Arc::clone(&times));
        times
    }

    /// The ids that the filters accept, in order.
    fn found(&mut self, kind: Kind, key: &str, groups: &[Vec<Filter>]) -> Arc<Vec<u64>> {
        if let Some((_, ids)) = self.searches.found.iter().find(|(known, _)| known == key) {
            return Arc::clone(ids);
        }
        let times = self.all_times(kind);
        let wanted: Vec<String> = groups.iter().flatten().map(|filter| filter.property.clone()).collect();
        let accepts = |times: &Times| {
            let mut record = None;
            groups.is_empty()
                || groups.iter().any(|group| {
                    group.iter().all(|filter| {
                        let known = match filter.field {
                            Field::Id => Some(times.id as i64),
                            Field::Created => Some(times.created),
                            Field::Updated => Some(times.updated),
                            Field::Other => None,
                        };
                        match (&filter.test, known) {
                            (Test::Range(low, high), Some(known)) => *low <= known && known <= *high,
                            (_, Some(known)) => filter.accepts(Some(&Comparable::Number(known as f64))),
                            (_, None) => {
                                let record = record.get_or_insert_with(|| self.record_with(kind, times.id, Some(&wanted)));
                                let value = record.as_ref().and_then(|record| record.value(&filter.property));
                                filter.accepts(value.and_then(|value| comparable(filter.kind, value)).as_ref())
                            }
                        }
                    })
                })
        };
        let ids: Arc<Vec<u64>> = Arc::new(times.iter().filter(|times| accepts(times)).map(|times| times.id).collect());
        if self.searches.found.len() == REMEMBERED {
            self.searches.found.remove(0);
        }
        self.searches.found.push((key.to_owned(), Arc::clone(&ids)));
        ids
    }

    fn sorted(&self, kind: Kind, ids: &[u64], property: &str) -> Vec<u64> {
        let sort = self.property_type(kind, property).unwrap_or("string");
        let value = |id: u64| -> Option<Comparable> {
            if property == "createdate" {
                return Some(Comparable::Number(self.times(kind, id).0 as f64));
            }
            if property == kind.modified_property() {
                return Some(Comparable::Number(self.times(kind, id).1 as f64));
            }
            self.record_with(kind, id, Some(&[property.to_owned()]))?.value(property).and_then(|value| comparable(sort, value))
        };
        let mut valued: Vec<(Option<Comparable>, u64)> = ids.iter().map(|id| (value(*id), *id)).collect();
        valued.sort_by(|(one, _), (other, _)| match (one, other) {
            (Some(one), Some(other)) => one.order(other).unwrap_or(Ordering::Equal),
            (one, other) => one.is_some().cmp(&other.is_some()),
        });
        valued.into_iter().map(|(_, id)| id).collect()
    }
}

#[derive(serde::Serialize)]
struct Found<T> {
    total: usize,
    results: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Value>,
}
