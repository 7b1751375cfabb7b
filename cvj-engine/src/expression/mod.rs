//! SQL expressions of definitions: parsed, checked against a table's columns, and rewritten so that DataFusion reads them as
//! they are meant.
//!
//! What is rewritten: identifiers become quoted exact column names; `sum` over no rows is 0; `/` divides exactly, and by zero
//! gives null. What is refused: other statements, sub-selects, and functions that read the clock or chance, because the same
//! inputs must give the same report.

mod demand;

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use cvj_core::columns::snake_case;
use cvj_core::nearest::nearest;
use cvj_core::source::Kind;
use datafusion::sql::sqlparser::ast::{
    self, BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Value, visit_expressions,
    visit_expressions_mut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use demand::demand;
pub(crate) use demand::stronger;

/// The columns that an expression may use.
pub(crate) trait Columns {
    /// The column that a name means: as it is, in another case, or as its header is written.
    fn find(&self, name: &str) -> Option<String>;
    /// All names, for suggestions.
    fn names(&self) -> Vec<String>;
}

/// The columns of a table with their headers as written.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableColumns {
    names: Vec<String>,
    headers: Vec<String>,
}

impl TableColumns {
    pub(crate) fn new(names: Vec<String>, headers: Vec<String>) -> Self {
        Self { names, headers }
    }
}

impl Columns for TableColumns {
    fn find(&self, name: &str) -> Option<String> {
        let unique = |test: &dyn Fn(&str) -> bool, list: &[String]| {
            let mut found = list.iter().enumerate().filter(|(_, candidate)| test(candidate));
            found.next().filter(|_| found.next().is_none()).map(|(index, _)| index)
        };
        let snake = snake_case(name);
        let index = unique(&|candidate| candidate == name, &self.names)
            .or_else(|| unique(&|candidate| candidate.to_lowercase() == name.to_lowercase(), &self.names))
            .or_else(|| unique(&|header| header.trim() == name.trim(), &self.headers))
            .or_else(|| unique(&|header| header.trim().to_lowercase() == name.trim().to_lowercase(), &self.headers))
            .or_else(|| unique(&|candidate| candidate == snake, &self.names))?;
        self.names.get(index).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.names.clone()
    }
}

/// What a role wants of its expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// One value per row, read as this kind.
    Row(Kind),
    /// One value per group of rows.
    Aggregate,
}

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    ast: Expr,
    /// The text as written.
    pub(crate) written: String,
    /// The columns it uses and what it needs them as.
    pub(crate) columns: BTreeMap<String, Kind>,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpressionError {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The bytes of the expression's text that are meant.
    pub(crate) part: Range<usize>,
}

/// Functions whose value changes from run to run.
const VOLATILE: [&str; 9] =
    ["now", "current_date", "current_time", "current_timestamp", "today", "random", "uuid", "localtime", "localtimestamp"];

/// Whether a function's value changes from run to run.
pub(crate) fn is_volatile(name: &str) -> bool {
    VOLATILE.contains(&name.to_ascii_lowercase().as_str())
}

/// Aggregates that users know; the rest is left to DataFusion, which says so if a name is none.
const AGGREGATES: [&str; 33] = [
    "sum",
    "count",
    "avg",
    "mean",
    "min",
    "max",
    "median",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var",
    "var_pop",
    "var_samp",
    "var_sample",
    "var_population",
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "percentile_cont",
    "quantile_cont",
    "bool_and",
    "bool_or",
    "bit_and",
    "bit_or",
    "bit_xor",
    "corr",
    "covar",
    "covar_pop",
    "covar_samp",
    "first_value",
    "last_value",
    "array_agg",
    "string_agg",
];

/// Aggregates that divide.
const AVERAGES: [&str; 9] = ["avg", "mean", "median", "stddev", "stddev_pop", "stddev_samp", "var", "var_pop", "var_samp"];

impl Expression {
    /// Reads `text`: a column's name, or a SQL expression over `columns`.
    pub(crate) fn parse(text: &str, role: Role, columns: &dyn Columns) -> Result<Self, ExpressionError> {
        let trimmed = text.trim();
        let whole = 0..text.len();
        if trimmed.is_empty() {
            return Err(ExpressionError {
                message: "the expression is empty".to_owned(),
                hint: Some("name a column, or remove the key".to_owned()),
                part: whole,
            });
        }
        let mut ast = match columns.find(trimmed) {
            Some(column) if matches!(role, Role::Row(_)) => Expr::Identifier(Ident::with_quote('"', column)),
            _ => parse_sql(text)?,
        };
        check(&ast, text)?;
        resolve(&mut ast, text, columns)?;
        let mut found = BTreeMap::new();
        match role {
            Role::Row(kind) => {
                if let Some(name) = first_aggregate(&ast) {
                    return Err(ExpressionError {
                        message: format!("`{name}` aggregates rows, but this key is read row by row"),
                        hint: Some("aggregates belong into a metric's `value` and `per`".to_owned()),
                        part: find_word(text, &name).unwrap_or(whole),
                    });
                }
                demand(&ast, kind, &mut found);
            }
            Role::Aggregate => {
                if first_aggregate(&ast).is_none() {
                    return Err(ExpressionError {
                        message: "the expression must aggregate rows".to_owned(),
                        hint: Some(format!("write sum({trimmed}), avg({trimmed}) or count(*)")),
                        part: whole,
                    });
                }
                demand(&ast, Kind::Number, &mut found);
            }
        }
        exact_division(&mut ast);
        Ok(Self { ast, written: text.to_owned(), columns: found })
    }

    /// The SQL text.
    pub(crate) fn sql(&self) -> String {
        self.ast.to_string()
    }

    /// The text when the expression is a string literal.
    pub(crate) fn literal(&self) -> Option<&str> {
        match &self.ast {
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The SQL text with every aggregate over all rows, `sum` over none being 0.
    pub(crate) fn aggregate_sql(&self) -> String {
        let mut ast = self.ast.clone();
        restrict(&mut ast, None);
        ast.to_string()
    }

    /// The same with every aggregate restricted to rows that pass `condition`.
    pub(crate) fn restricted_sql(&self, condition: &str) -> Result<String, ExpressionError> {
        let condition = parse_sql(condition)?;
        let mut ast = self.ast.clone();
        restrict(&mut ast, Some(&condition));
        Ok(ast.to_string())
    }
}

fn parse_sql(text: &str) -> Result<Expr, ExpressionError> {
    let whole = 0..text.len();
    let wrong = |message: String| {
        let part = error_offset(&message, text).map_or(whole.clone(), |offset| offset..text.len());
        let message = message.split(" at Line:").next().unwrap_or_default().trim_start_matches("sql parser error: ").to_owned();
        let hint = "a column whose name has blanks or signs is written in double quotes, text in single quotes".to_owned();
        ExpressionError { message: format!("not a SQL expression: {message}"), hint: Some(hint), part }
    };
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text).map_err(|error| wrong(error.to_string()))?;
    let ast = parser.parse_expr().map_err(|error| wrong(error.to_string()))?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        let message = format!(
            "`{}` is not expected here at Line: {}, Column: {}",
            rest.token, rest.span.start.line, rest.span.start.column
        );
        return Err(wrong(message));
    }
    Ok(ast)
}

/// The byte offset of "Line: 1, Column: 5" in a parser's message.
fn error_offset(message: &str, text: &str) -> Option<usize> {
    let after = message.split("Line: ").nth(1)?;
    let mut numbers = after.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty());
    let (line, column): (usize, usize) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let (offset, _) = text.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
    Some(start + offset)
}

fn find_word(text: &str, word: &str) -> Option<Range<usize>> {
    let start = text.to_ascii_lowercase().find(&word.to_ascii_lowercase())?;
    Some(start..start + word.len())
}

pub(crate) fn function_name(function: &ast::Function) -> String {
    function.name.to_string().trim_matches('"').to_ascii_lowercase()
}

fn volatile(name: &str, text: &str) -> ExpressionError {
    ExpressionError {
        message: format!("`{name}` changes from run to run; the same inputs must give the same report"),
        hint: Some("use a fixed date, or `as_of` in [report]".to_owned()),
        part: find_word(text, name).unwrap_or(0..text.len()),
    }
}

fn check(ast: &Expr, text: &str) -> Result<(), ExpressionError> {
    let whole = 0..text.len();
    let flow = visit_expressions(ast, |expression| match expression {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => ControlFlow::Break(ExpressionError {
            message: "a SELECT is not allowed here".to_owned(),
            hint: Some("put it into a view: [table.NAME] with sql = \"SELECT …\", and use from = \"NAME\"".to_owned()),
            part: whole.clone(),
        }),
        Expr::Function(function) if is_volatile(&function_name(function)) => {
            ControlFlow::Break(volatile(&function_name(function), text))
        }
        Expr::Function(function) if function.over.is_some() => ControlFlow::Break(ExpressionError {
            message: "a window function is not allowed here".to_owned(),
            hint: Some("put it into a view: [table.NAME] with sql = \"SELECT …\"".to_owned()),
            part: whole.clone(),
        }),
        _ => ControlFlow::Continue(()),
    });
    match flow {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Turns every identifier into the quoted name of a column.
fn resolve(ast: &mut Expr, text: &str, columns: &dyn Columns) -> Result<(), ExpressionError> {
    let flow = visit_expressions_mut(ast, |expression| {
        let name = match expression {
            Expr::Identifier(ident) => ident.value.clone(),
            Expr::CompoundIdentifier(parts) => parts.iter().map(|part| part.value.clone()).collect::<Vec<_>>().join("."),
            _ => return ControlFlow::Continue(()),
        };
        if let Some(column) = columns.find(&name) {
            *expression = Expr::Identifier(Ident::with_quote('"', column));
            return ControlFlow::Continue(());
        }
        if is_volatile(&name) {
            return ControlFlow::Break(volatile(&name, text));
        }
        let names = columns.names();
        let known = || names.iter().filter(|name| !name.starts_with('_')).map(String::as_str);
        let near = nearest(&name, known());
        let hint = near.map_or_else(
            || format!("its columns are {}", known().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let part = find_word(text, &name).unwrap_or(0..text.len());
        ControlFlow::Break(ExpressionError { message: format!("there is no column `{name}`"), hint: Some(hint), part })
    });
    match flow {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn first_aggregate(ast: &Expr) -> Option<String> {
    let flow = visit_expressions(ast, |expression| match expression {
        Expr::Function(function) if AGGREGATES.contains(&function_name(function).as_str()) => {
            ControlFlow::Break(function_name(function))
        }
        _ => ControlFlow::Continue(()),
    });
    match flow {
        ControlFlow::Break(name) => Some(name),
        ControlFlow::Continue(()) => None,
    }
}

/// `a / b` becomes `CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0)`, and `avg(x)` averages doubles: SQL would divide whole
/// numbers and decimals with few digits after the point.
fn exact_division(ast: &mut Expr) {
    let _ = visit_expressions_mut(ast, |expression| {
        let rewritten = match expression {
            Expr::BinaryOp { left, op: BinaryOperator::Divide, right } => {
                parse_sql(&format!("(CAST({left} AS DOUBLE) / NULLIF(CAST({right} AS DOUBLE), 0))")).ok()
            }
            Expr::Function(function) if AVERAGES.contains(&function_name(function).as_str()) => {
                let mut function = function.clone();
                if let FunctionArguments::List(list) = &mut function.args
                    && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))) = list.args.first_mut()
                    && let Ok(double) = parse_sql(&format!("CAST({argument} AS DOUBLE)"))
                {
                    *argument = double;
                }
                Some(Expr::Function(function))
            }
            _ => None,
        };
        if let Some(rewritten) = rewritten {
            *expression = rewritten;
        }
        ControlFlow::<()>::Continue(())
    });
}

fn restrict(ast: &mut Expr, condition: Option<&Expr>) {
    let _ = visit_expressions_mut(ast, |expression| {
        if let Expr::Function(function) = expression {
            let name = function_name(function);
            if AGGREGATES.contains(&name.as_str()) {
                function.filter = match (condition.cloned().map(Box::new), function.filter.take()) {
                    (Some(left), Some(own)) => {
                        Some(Box::new(Expr::BinaryOp { left, op: BinaryOperator::And, right: Box::new(Expr::Nested(own)) }))
                    }
                    (condition, own) => condition.or(own),
                };
                if name == "sum"
                    && let Ok(rewritten) = parse_sql(&format!("coalesce({function}, 0)"))
                {
                    *expression = rewritten;
                }
            }
        }
        ControlFlow::<()>::Continue(())
    });
}

/// A name as SQL has it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> TableColumns {
        let headers = ["Date", "Landing page", "Sessions", "Amount spent (USD)", "Email"].map(str::to_owned).to_vec();
        TableColumns::new(cvj_core::columns::column_names(headers.iter().map(String::as_str)), headers)
    }

    fn row(text: &str, kind: Kind) -> Result<Expression, ExpressionError> {
        Expression::parse(text, Role::Row(kind), &columns())
    }

    fn kinds(expression: &Expression) -> Vec<(&str, Kind)> {
        expression.columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect()
    }

    #[test]
    fn a_column_is_found_by_name_case_or_header() {
        for text in ["landing_page", "Landing_Page", "Landing page", "LANDING PAGE"] {
            assert_eq!(row(text, Kind::Text).unwrap().sql(), "\"landing_page\"", "{text}");
        }
    }

    #[test]
    fn columns_are_demanded_as_they_are_used() {
        let check = |text: &str, role: Role, expected: &[(&str, Kind)]| {
            assert_eq!(kinds(&Expression::parse(text, role, &columns()).unwrap()), expected, "{text}");
        };
        check("sum(sessions)", Role::Aggregate, &[("sessions", Kind::Number)]);
        check("count(distinct email)", Role::Aggregate, &[("email", Kind::Any)]);
        check(
            "sum(case when email like '%x' then sessions else 0 end)",
            Role::Aggregate,
            &[("email", Kind::Text), ("sessions", Kind::Number)],
        );
        check(
            "date >= '2026-01-01' and landing_page <> 'x'",
            Role::Row(Kind::Boolean),
            &[("date", Kind::Time), ("landing_page", Kind::Text)],
        );
        check("lower(landing_page)", Role::Row(Kind::Text), &[("landing_page", Kind::Text)]);
        check("date + interval '1 day'", Role::Row(Kind::Time), &[("date", Kind::Time)]);
        check("sum(sessions) / count(*)", Role::Aggregate, &[("sessions", Kind::Number)]);
        check("sessions > 3", Role::Row(Kind::Boolean), &[("sessions", Kind::Number)]);
    }

    #[test]
    fn wrong_expressions_say_where_and_what_to_do() {
        let check = |text: &str, role: Role, message: &str, at: &str| {
            let error = Expression::parse(text, role, &columns()).unwrap_err();
            assert!(error.message.contains(message), "{text}: {error:?}");
            assert_eq!(&text[error.part.clone()], at, "{text}: {error:?}");
        };
        check("sum(sesions)", Role::Aggregate, "no column `sesions`", "sesions");
        check("sessions", Role::Aggregate, "must aggregate", "sessions");
        check("sum(sessions)", Role::Row(Kind::Number), "row by row", "sum");
        check("(select 1)", Role::Row(Kind::Number), "SELECT is not allowed", "(select 1)");
        check("date > now()", Role::Row(Kind::Boolean), "changes from run to run", "now");
        check("sum(sessions) oops", Role::Aggregate, "not expected here", "oops");
        check("sum(", Role::Aggregate, "not a SQL expression", "sum(");
    }

    #[test]
    fn aggregates_are_restricted_and_sums_of_nothing_are_zero() {
        let expression = Expression::parse("sum(sessions) / count(email)", Role::Aggregate, &columns()).unwrap();
        assert_eq!(
            expression.aggregate_sql(),
            "(CAST(coalesce(sum(\"sessions\"), 0) AS DOUBLE) / NULLIF(CAST(count(\"email\") AS DOUBLE), 0))"
        );
        assert_eq!(
            expression.restricted_sql("u0").unwrap(),
            "(CAST(coalesce(sum(\"sessions\") FILTER (WHERE u0), 0) AS DOUBLE) / NULLIF(CAST(count(\"email\") FILTER (WHERE u0) AS DOUBLE), 0))"
        );
    }
}
