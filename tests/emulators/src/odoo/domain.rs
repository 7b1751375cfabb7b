//! Conditions in Polish notation: `["|", ["active", "=", true], ["probability", ">", 0], ["id", "<=", 9]]`, all of which must
//! hold.

use std::collections::HashSet;

use serde_json::Value;

use super::exception::Exception;
use super::schema::Kind;
use super::store::{Store, Stored, moment};

/// A condition that was understood.
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Leaf(Leaf),
}

pub(super) struct Leaf {
    /// The fields to follow, the last of which is compared.
    path: Vec<String>,
    operator: Operator,
    /// What is compared with: one value, or many for `in`.
    values: Vec<Value>,
    /// The ids among them, for long lists.
    ids: HashSet<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Like {
        whole: bool,
        any_case: bool,
        not: bool,
    },
    /// Like `=`, but anything goes where the value is no value.
    EqualIfSet,
}

impl Condition {
    /// Understands a domain about a model.
    pub(super) fn of(store: &Store, model: &str, domain: &Value) -> Result<Self, Exception> {
        let Some(terms) = domain.as_array() else {
            return if domain.is_null() || *domain == Value::Bool(false) {
                Ok(Self::All(Vec::new()))
            } else {
                Err(Exception::value_error("Domain() invalid item in domain"))
            };
        };
        let mut rest = terms.as_slice();
        let mut all = Vec::new();
        while !rest.is_empty() {
            all.push(term(store, model, &mut rest)?);
        }
        Ok(Self::All(all))
    }

    /// Whether a field of the model itself is compared anywhere.
    pub(super) fn names(&self, field: &str) -> bool {
        match self {
            Self::All(conditions) | Self::Any(conditions) => conditions.iter().any(|condition| condition.names(field)),
            Self::Not(condition) => condition.names(field),
            Self::Leaf(leaf) => leaf.path.len() == 1 && leaf.path[0] == field,
        }
    }

    /// Whether a record meets the condition.
    pub(super) fn holds(&self, store: &Store, model: &str, id: i64) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(store, model, id)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(store, model, id)),
            Self::Not(condition) => !condition.holds(store, model, id),
            Self::Leaf(leaf) => leaf.holds(store, model, id, &leaf.path),
        }
    }
}

fn term(store: &Store, model: &str, rest: &mut &[Value]) -> Result<Condition, Exception> {
    let Some((first, after)) = rest.split_first() else {
        return Err(Exception::value_error("Domain() missing terms"));
    };
    *rest = after;
    match first.as_str() {
        Some("&") => Ok(Condition::All(vec![term(store, model, rest)?, term(store, model, rest)?])),
        Some("|") => Ok(Condition::Any(vec![term(store, model, rest)?, term(store, model, rest)?])),
        Some("!") => Ok(Condition::Not(Box::new(term(store, model, rest)?))),
        _ => leaf(store, model, first).map(Condition::Leaf),
    }
}

fn leaf(store: &Store, model: &str, term: &Value) -> Result<Leaf, Exception> {
    let wrong = || Exception::value_error(format!("Domain() invalid item in domain: {term}"));
    let [path, operator, value] = term.as_array().map(Vec::as_slice).ok_or_else(wrong)? else {
        return Err(wrong());
    };
    let path: Vec<String> = path.as_str().ok_or_else(wrong)?.split('.').map(ToOwned::to_owned).collect();
    let mut of = model.to_owned();
    for field in &path {
        match store.kind(&of, field).ok_or_else(|| Exception::no_field(&of, field))? {
            Kind::Many2one(target) | Kind::One2many(target, _) => target.clone_into(&mut of),
            _ => {}
        }
    }
    let like = |whole: bool, any_case: bool, not: bool| Operator::Like { whole, any_case, not };
    let operator = match operator.as_str().ok_or_else(wrong)? {
        "=" | "==" => Operator::Equal,
        "!=" | "<>" => Operator::Unequal,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "in" => Operator::In,
        "not in" => Operator::NotIn,
        "like" => like(false, false, false),
        "ilike" => like(false, true, false),
        "not like" => like(false, false, true),
        "not ilike" => like(false, true, true),
        "=like" => like(true, false, false),
        "=ilike" => like(true, true, false),
        "=?" => Operator::EqualIfSet,
        _ => return Err(wrong()),
    };
    let values = match value {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    };
    Ok(Leaf { path, operator, ids: values.iter().filter_map(Value::as_i64).collect(), values })
}

impl Leaf {
    fn holds(&self, store: &Store, model: &str, id: i64, path: &[String]) -> bool {
        let Some((field, rest)) = path.split_first() else { return false };
        let kind = store.kind(model, field);
        let pointed: Vec<i64> = match kind {
            Some(Kind::One2many(of, by)) => store.pointing_at(of, by, id),
            _ => Vec::new(),
        };
        match (kind, rest.is_empty()) {
            (Some(Kind::One2many(..)), true) => {
                let meets = self.values.iter().any(|value| match value.as_i64() {
                    Some(id) => pointed.contains(&id),
                    None => pointed.is_empty(),
                });
                meets != matches!(self.operator, Operator::Unequal | Operator::NotIn)
            }
            (Some(Kind::One2many(of, _)), false) => pointed.iter().any(|id| self.holds(store, of, *id, rest)),
            (Some(Kind::Many2one(of)), false) => match store.value(model, id, field) {
                Stored::Integer(target) => self.holds(store, of, target, rest),
                _ => false,
            },
            _ => self.compares(&store.value(model, id, field), store, kind),
        }
    }

    fn compares(&self, stored: &Stored, store: &Store, kind: Option<Kind>) -> bool {
        let equal = |value: &Value| match (stored, value) {
            (Stored::Null, Value::Null | Value::Bool(false)) => true,
            (Stored::Truth(one), Value::Bool(other)) => one == other,
            _ => order(stored, value) == Some(std::cmp::Ordering::Equal),
        };
        let any = || match stored {
            Stored::Integer(id) => self.ids.contains(id),
            _ => self.values.iter().any(equal),
        };
        let compared = |accepts: fn(std::cmp::Ordering) -> bool| {
            self.values.first().and_then(|value| order(stored, value)).is_some_and(accepts)
        };
        match self.operator {
            Operator::Equal | Operator::In => any(),
            Operator::Unequal | Operator::NotIn => !any(),
            Operator::Less => compared(std::cmp::Ordering::is_lt),
            Operator::LessOrEqual => compared(std::cmp::Ordering::is_le),
            Operator::Greater => compared(std::cmp::Ordering::is_gt),
            Operator::GreaterOrEqual => compared(std::cmp::Ordering::is_ge),
            Operator::EqualIfSet => self.values.iter().all(|value| value.is_null() || *value == Value::Bool(false)) || any(),
            Operator::Like { whole, any_case, not } => {
                let text = match (stored, kind) {
                    (Stored::Text(text), _) => text.clone(),
                    // A record is compared by its name.
                    (Stored::Integer(id), Some(Kind::Many2one(of))) => store.name(of, *id),
                    _ => return not,
                };
                let pattern = self.values.first().and_then(Value::as_str).unwrap_or_default();
                let (text, pattern) =
                    if any_case { (text.to_lowercase(), pattern.to_lowercase()) } else { (text, pattern.to_owned()) };
                let pattern = if whole { pattern } else { format!("%{pattern}%") };
                is_like(text.as_bytes(), pattern.as_bytes()) != not
            }
        }
    }
}

/// A stored value against one that was asked for. Moments are compared with all their microseconds.
fn order(stored: &Stored, value: &Value) -> Option<std::cmp::Ordering> {
    match stored {
        Stored::Integer(number) => (*number as f64).partial_cmp(&value.as_f64()?),
        Stored::Number(number) => number.partial_cmp(&value.as_f64()?),
        Stored::Text(text) => Some(text.as_str().cmp(value.as_str()?)),
        Stored::Moment(at) => Some(at.cmp(&moment(value.as_str()?)?)),
        Stored::Null | Stored::Truth(_) => None,
    }
}

/// SQL's LIKE.
fn is_like(text: &[u8], pattern: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'%', rest)), _) => (0..=text.len()).any(|from| is_like(&text[from..], rest)),
        (Some((b'_', rest)), Some((_, after))) => is_like(after, rest),
        (Some((expected, rest)), Some((found, after))) => expected == found && is_like(after, rest),
        _ => false,
    }
}
