//! Search: filters, sorts, totals, and no more than 10,000 results.

use std::cmp::Ordering;
use std::collections::BTreeMap;
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

enum Test {
    Compare(fn(Ordering) -> bool, Comparable),
    Between(Comparable, Comparable),
    In(Vec<Comparable>, bool),
    Has(bool),
}

struct Filter {
    property: String,
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
        let test = match filter["operator"].as_str().unwrap_or_default() {
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
        Ok(Self { property, kind: sort, test })
    }

    /// Whether this filter only asks for the id.
    fn is_of_id(&self) -> bool {
        self.property == "hs_object_id" && matches!(self.test, Test::Compare(..) | Test::Between(..))
    }

    fn accepts(&self, value: Option<&Comparable>) -> bool {
        let Some(value) = value else { return matches!(self.test, Test::Has(false)) };
        match &self.test {
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
        for group in &groups {
            let group = group["filters"].as_array().cloned().unwrap_or_default();
            filters.push(group.iter().map(|filter| Filter::read(self, kind, filter)).collect::<Result<_, _>>()?);
        }
        if filters.iter().map(Vec::len).sum::<usize>() > MOST_FILTERS {
            return Err(format!("Invalid input JSON: at most {MOST_FILTERS} filters"));
        }
        let (sort, descending) = self.sort(kind, &query["sorts"])?;

        // What goes on from an id is part of a query that is remembered.
        let mut bounds = Vec::new();
        if let [only] = filters.as_mut_slice() {
            let (of_id, others) = std::mem::take(only).into_iter().partition(Filter::is_of_id);
            bounds = of_id;
            *only = others;
        }
        let same = groups.iter().map(|group| {
            let filters = group["filters"].as_array().into_iter().flatten();
            let kept =
                |filter: &&Value| bounds.is_empty() || filter["propertyName"] != "hs_object_id" || filter.get("values").is_some();
            filters.filter(kept).map(Value::to_string).collect::<Vec<_>>().join(",")
        });
        let key = format!("{kind:?} {}", same.collect::<Vec<_>>().join(" or "));
        let mut ids = self.found(kind, &key, &filters);
        let inside = |id: u64| bounds.iter().all(|bound| bound.accepts(Some(&Comparable::Number(id as f64))));
        if !bounds.is_empty() {
            ids = Arc::new(ids.iter().copied().filter(|id| inside(*id)).collect());
        }
        if let Some(sort) = &sort {
            ids = Arc::new(self.sorted(kind, &ids, sort));
        }
        let total = ids.len();
        let end = (after + limit as usize).min(total).min(MOST_RESULTS);
        let page: Vec<u64> =
            (after..end.max(after)).map(|position| if descending { ids[total - 1 - position] } else { ids[position] }).collect();

        let names = query["properties"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        let selection = Selection::new(self, kind, &names, &[]);
        let records: Vec<_> = page.into_iter().filter_map(|id| self.record(kind, id)).collect();
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
            let (created, updated, _) = self.times(kind, id);
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
        let accepts = |times: &Times| {
            let mut record = None;
            groups.is_empty()
                || groups.iter().any(|group| {
                    group.iter().all(|filter| {
                        let value = match filter.property.as_str() {
                            "createdate" => Some(Comparable::Number(times.created as f64)),
                            "hs_object_id" => Some(Comparable::Number(times.id as f64)),
                            name if name == kind.modified_property() => Some(Comparable::Number(times.updated as f64)),
                            name => {
                                let record = record.get_or_insert_with(|| self.record(kind, times.id));
                                let value = record.as_ref().and_then(|record| record.value(name));
                                value.and_then(|value| comparable(filter.kind, value))
                            }
                        };
                        filter.accepts(value.as_ref())
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
            self.record(kind, id)?.value(property).and_then(|value| comparable(sort, value))
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
