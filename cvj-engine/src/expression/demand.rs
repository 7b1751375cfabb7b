//! What each column of an expression is needed as, from the shape of the expression around it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use cvj_core::source::Kind;
use datafusion::sql::sqlparser::ast::{
    self, BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value, visit_expressions,
};

use super::function_name;

/// The stronger of two demands on one column.
pub(crate) fn stronger(first: Kind, second: Kind) -> Kind {
    let strength = |kind| match kind {
        Kind::Any => 0,
        Kind::Text => 1,
        Kind::Boolean => 2,
        Kind::Number => 3,
        Kind::Time => 4,
    };
    if strength(second) > strength(first) { second } else { first }
}

/// Collects what each column is needed as, from the shape of the expression around it.
pub(super) fn demand(ast: &Expr, want: Kind, found: &mut BTreeMap<String, Kind>) {
    match ast {
        Expr::Identifier(ident) => {
            let kind = found.entry(ident.value.clone()).or_insert(want);
            *kind = stronger(*kind, want);
        }
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner } => {
            demand(inner, want, found);
        }
        Expr::UnaryOp { op: UnaryOperator::Not, expr } | Expr::IsTrue(expr) | Expr::IsFalse(expr) => {
            demand(expr, Kind::Boolean, found);
        }
        Expr::IsNull(expr) | Expr::IsNotNull(expr) => demand(expr, Kind::Any, found),
        Expr::BinaryOp { left, op, right } => {
            let (left_kind, right_kind) = operand_kinds(left, op, right, want);
            demand(left, left_kind, found);
            demand(right, right_kind, found);
        }
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } | Expr::SimilarTo { expr, pattern, .. } => {
            demand(expr, Kind::Text, found);
            demand(pattern, Kind::Text, found);
        }
        Expr::InList { expr, list, .. } => {
            demand(expr, list.iter().map(literal_kind).find(|kind| *kind != Kind::Any).unwrap_or(Kind::Any), found);
            for item in list {
                demand(item, Kind::Any, found);
            }
        }
        Expr::Between { expr, low, high, .. } => {
            let kind = stronger(literal_kind(low), literal_kind(high));
            for part in [expr, low, high] {
                demand(part, kind, found);
            }
        }
        Expr::Extract { expr, .. } => demand(expr, Kind::Time, found),
        Expr::Trim { expr, .. } | Expr::Substring { expr, .. } | Expr::Position { expr, .. } => demand(expr, Kind::Text, found),
        Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => demand(expr, Kind::Number, found),
        Expr::Case { operand, conditions, else_result, .. } => {
            for branch in conditions {
                let condition = if operand.is_some() { literal_kind(&branch.condition) } else { Kind::Boolean };
                if let Some(operand) = operand {
                    demand(operand, condition, found);
                }
                demand(&branch.condition, condition, found);
                demand(&branch.result, want, found);
            }
            if let Some(result) = else_result {
                demand(result, want, found);
            }
        }
        Expr::Function(function) => demand_function(function, want, found),
        other => {
            // An unusual shape: its columns are taken as the source finds them.
            let _ = visit_expressions(other, |part| {
                if let Expr::Identifier(ident) = part {
                    found.entry(ident.value.clone()).or_insert(Kind::Any);
                }
                ControlFlow::<()>::Continue(())
            });
        }
    }
}

fn operand_kinds(left: &Expr, op: &BinaryOperator, right: &Expr, want: Kind) -> (Kind, Kind) {
    match op {
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor => (Kind::Boolean, Kind::Boolean),
        BinaryOperator::Plus | BinaryOperator::Minus => {
            let interval = |side: &Expr| matches!(side, Expr::Interval(_));
            match (interval(left), interval(right)) {
                (true, _) => (Kind::Any, Kind::Time),
                (_, true) => (Kind::Time, Kind::Any),
                _ if want == Kind::Time => (Kind::Time, Kind::Any),
                _ => (Kind::Number, Kind::Number),
            }
        }
        BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo => (Kind::Number, Kind::Number),
        BinaryOperator::StringConcat
        | BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch => (Kind::Text, Kind::Text),
        _ => {
            // A comparison: a literal on one side says what the other is.
            let (left_kind, right_kind) = (literal_kind(left), literal_kind(right));
            (stronger(left_kind, right_kind), stronger(left_kind, right_kind))
        }
    }
}

fn literal_kind(expression: &Expr) -> Kind {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(..) => Kind::Number,
            Value::Boolean(_) => Kind::Boolean,
            Value::SingleQuotedString(text) => {
                let date = text.get(..10).is_some_and(|start| start.parse::<jiff::civil::Date>().is_ok());
                if date { Kind::Time } else { Kind::Text }
            }
            _ => Kind::Any,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } | Expr::Nested(expr) => literal_kind(expr),
        Expr::TypedString(_) => Kind::Time,
        Expr::Function(function) => function_kind(&function_name(function)).0,
        Expr::Trim { .. } | Expr::Substring { .. } => Kind::Text,
        _ => Kind::Any,
    }
}

/// What a function yields, and what it needs its arguments as (`None`: as it is needed itself).
fn function_kind(name: &str) -> (Kind, Option<Kind>) {
    match name {
        "count" | "approx_distinct" => (Kind::Number, Some(Kind::Any)),
        "length" | "char_length" | "character_length" | "strpos" => (Kind::Number, Some(Kind::Text)),
        "sum" | "avg" | "mean" | "median" | "abs" | "round" | "ceil" | "floor" | "sqrt" | "ln" | "log" | "log10" | "exp"
        | "power" | "sign" | "trunc" => (Kind::Number, Some(Kind::Number)),
        "lower" | "upper" | "trim" | "btrim" | "ltrim" | "rtrim" | "concat" | "concat_ws" | "replace" | "split_part" | "left"
        | "right" | "substr" | "substring" | "initcap" | "regexp_replace" | "regexp_match" | "reverse" | "lpad" | "rpad"
        | "translate" => (Kind::Text, Some(Kind::Text)),
        "starts_with" | "ends_with" | "contains" | "regexp_like" => (Kind::Boolean, Some(Kind::Text)),
        "date_trunc" | "date_bin" => (Kind::Time, Some(Kind::Time)),
        "date_part" => (Kind::Number, Some(Kind::Time)),
        "bool_and" | "bool_or" => (Kind::Boolean, Some(Kind::Boolean)),
        "coalesce" | "nullif" | "ifnull" | "nvl" | "greatest" | "least" | "min" | "max" | "first_value" | "last_value" => {
            (Kind::Any, None)
        }
        name if name.starts_with("stddev")
            || name.starts_with("var")
            || name.contains("percentile")
            || name.starts_with("approx") =>
        {
            (Kind::Number, Some(Kind::Number))
        }
        _ => (Kind::Any, Some(Kind::Any)),
    }
}

fn demand_function(function: &ast::Function, want: Kind, found: &mut BTreeMap<String, Kind>) {
    let (_, arguments_kind) = function_kind(&function_name(function));
    if let FunctionArguments::List(list) = &function.args {
        for argument in &list.args {
            let (FunctionArg::Unnamed(argument)
            | FunctionArg::Named { arg: argument, .. }
            | FunctionArg::ExprNamed { arg: argument, .. }) = argument;
            if let FunctionArgExpr::Expr(argument) = argument {
                let kind = arguments_kind.unwrap_or(want);
                demand(argument, if literal_kind(argument) == Kind::Any { kind } else { Kind::Any }, found);
            }
        }
    }
    if let Some(filter) = &function.filter {
        demand(filter, Kind::Boolean, found);
    }
}
