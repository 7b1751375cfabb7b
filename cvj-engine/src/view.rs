//! What a view's SQL may be: one SELECT that gives the same rows on every run.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Function, Query, Statement, TableFactor, Visit, Visitor, WindowType};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::expression::{function_name, is_volatile};

/// Refuses all but one SELECT whose rows depend on nothing but the tables: message and hint.
pub(crate) fn check_query(sql: &str) -> Result<(), (String, Option<String>)> {
    let statements = Parser::parse_sql(&GenericDialect {}, sql).map_err(|error| {
        let message = error.to_string();
        let hint = "a name with blanks or signs is written in double quotes, text in single quotes".to_owned();
        (format!("not SQL: {}", message.trim_start_matches("sql parser error: ")), Some(hint))
    })?;
    let [statement @ Statement::Query(_)] = statements.as_slice() else {
        let hint = "write one SELECT over source tables, without `;`".to_owned();
        return Err(("only one SELECT is allowed here".to_owned(), Some(hint)));
    };
    match statement.visit(&mut Finder) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break((what, hint)) => Err((
            format!("{what} may give other rows on the next run; the same inputs must give the same report"),
            Some(hint.to_owned()),
        )),
    }
}

/// Finds what makes a query's rows depend on their order, on the clock or on chance.
struct Finder;

impl Visitor for Finder {
    /// What, and what to do instead.
    type Break = (String, &'static str);

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        if query.limit_clause.is_some() || query.fetch.is_some() {
            return ControlFlow::Break(("LIMIT".to_owned(), "pick rows with WHERE"));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Self::Break> {
        match table {
            TableFactor::Table { sample: Some(_), .. } => ControlFlow::Break(("TABLESAMPLE".to_owned(), "pick rows with WHERE")),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Self::Break> {
        let name = match expression {
            Expr::Function(function) if unordered_window(function) => {
                let what = format!("`{}` over rows without an order", function_name(function));
                return ControlFlow::Break((what, "add ORDER BY to its OVER (…)"));
            }
            Expr::Function(function) => function_name(function),
            Expr::Identifier(ident) if ident.quote_style.is_none() => ident.value.clone(),
            _ => return ControlFlow::Continue(()),
        };
        if is_volatile(&name) {
            return ControlFlow::Break((format!("`{name}`"), "use a fixed date"));
        }
        ControlFlow::Continue(())
    }
}

fn unordered_window(function: &Function) -> bool {
    match &function.over {
        Some(WindowType::WindowSpec(window)) => window.order_by.is_empty(),
        Some(WindowType::NamedWindow(_)) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repeatable_select_is_a_view() {
        for (sql, expected) in [
            ("SELECT a FROM t WHERE b > 1", None),
            ("SELECT row_number() OVER (PARTITION BY p ORDER BY d) AS n FROM t", None),
            ("SELECT a FROM t LIMIT 3", Some("LIMIT")),
            ("SELECT a FROM (SELECT a FROM t OFFSET 3)", Some("LIMIT")),
            ("SELECT a FROM t TABLESAMPLE BERNOULLI (50)", Some("TABLESAMPLE")),
            ("SELECT row_number() OVER () FROM t", Some("without an order")),
            ("SELECT \"now\"() FROM t", Some("`now`")),
            ("SELECT current_date FROM t", Some("`current_date`")),
            ("DELETE FROM t", Some("only one SELECT")),
            ("SELECT 1; SELECT 2", Some("only one SELECT")),
            ("SELEC 1", Some("not SQL")),
        ] {
            let found = check_query(sql).err().map(|(message, _)| message);
            match (&found, expected) {
                (None, None) => {}
                (Some(message), Some(expected)) if message.contains(expected) => {}
                _ => panic!("{sql}: {found:?}, not {expected:?}"),
            }
        }
    }
}
