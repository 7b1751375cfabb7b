//! A table or view with the definitions that use it, their expressions resolved against its columns.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::Schema;
use cvj_core::source::{FIELD_CURRENCY, FIELD_CURRENCY_COLUMN, Kind};
use cvj_core::{Metric, Stage, StageOf, Touchpoint, Unit};

use crate::config::{Config, Step};
use crate::error::EngineError;
use crate::expression::{Columns, Expression, ExpressionError, Role, quoted, stronger};
use crate::functions::may_mean;
use crate::rejections::Rejections;
use crate::scan::SourceTable;

/// Where a definition was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `[[metric]]` or `[[touchpoint]]` number so many of `cvj.toml`.
    Config { key: &'static str, index: usize },
    /// A plugin's default.
    Plugin { source: String, plugin: String },
}

impl Origin {
    /// How a definition card names it.
    pub(crate) fn printed(&self) -> String {
        match self {
            Self::Config { .. } => "cvj.toml".to_owned(),
            Self::Plugin { plugin, .. } => format!("plugin {plugin}"),
        }
    }

    /// An error about one of the definition's keys.
    pub(crate) fn error(&self, config: &Config, key: &str, message: String, hint: Option<String>) -> EngineError {
        self.error_at(config, &[Step::Key(key)], message, hint)
    }

    /// An error about a value of the definition.
    pub(crate) fn error_at(&self, config: &Config, path: &[Step<'_>], message: String, hint: Option<String>) -> EngineError {
        let key = path.iter().find_map(|step| if let Step::Key(key) = step { Some(*key) } else { None }).unwrap_or_default();
        match self {
            Self::Config { key: table, index } => {
                config.error(&[&[Step::Key(table), Step::Index(*index)], path].concat(), message, hint)
            }
            Self::Plugin { source, plugin } => EngineError::Data {
                message: format!("source `{source}`: the definition that plugin `{plugin}` brings is wrong: `{key}`: {message}"),
                hint: Some(format!("set `defaults = false` in [source.{source}] and define it yourself")),
            },
        }
    }

    fn expression_error(&self, config: &Config, path: &[Step<'_>], error: ExpressionError) -> EngineError {
        match self {
            Self::Config { key: table, index } => {
                let path = [&[Step::Key(table), Step::Index(*index)], path].concat();
                config.error_within(&path, error.part, error.message, error.hint)
            }
            Self::Plugin { .. } => self.error_at(config, path, error.message, error.hint),
        }
    }
}

/// The parts that metrics and touchpoints share.
#[derive(Clone, Debug)]
pub(crate) struct RowParts {
    pub(crate) at: Expression,
    pub(crate) product: Option<Expression>,
    pub(crate) filter: Option<Expression>,
    /// Columns of everything but `where` without which there is no row: a cell of them that cannot be read rejects it.
    pub(crate) used: BTreeMap<String, Kind>,
    /// Columns that a row can do without: a cell of them that cannot be read is none.
    pub(crate) spare: BTreeMap<String, Kind>,
    /// A column of money in another currency than the client's, with that currency.
    pub(crate) foreign_money: Option<(String, String)>,
    /// Columns of money whose currency stands in another column of each row: the amount's, the currency's.
    pub(crate) currencies: Vec<(String, String)>,
}

/// A metric over this relation.
#[derive(Clone, Debug)]
pub(crate) struct BoundMetric {
    /// Place among all definitions.
    pub(crate) number: usize,
    pub(crate) metric: Metric,
    pub(crate) origin: Origin,
    pub(crate) value: Expression,
    pub(crate) per: Option<Expression>,
    /// Of a Net Promoter Score beside `value` (promoters less detractors) and `per` (answers).
    pub(crate) answers: Option<AnswerExpressions>,
    pub(crate) row: RowParts,
}

/// Aggregates over the answers of a Net Promoter Score.
#[derive(Clone, Debug)]
pub(crate) struct AnswerExpressions {
    /// How many are of promoters.
    pub(crate) promoters: Expression,
    pub(crate) least: Expression,
    pub(crate) greatest: Expression,
}

/// A touchpoint over this relation.
#[derive(Clone, Debug)]
pub(crate) struct BoundTouchpoint {
    /// Place among all definitions.
    pub(crate) number: usize,
    pub(crate) touchpoint: Touchpoint,
    pub(crate) origin: Origin,
    pub(crate) row: RowParts,
    pub(crate) person: Expression,
    pub(crate) stage: BoundStage,
    pub(crate) value: Option<Expression>,
    pub(crate) order: Option<Expression>,
    /// As in the definition's `by`.
    pub(crate) by: Vec<Expression>,
    pub(crate) current: Option<Expression>,
    pub(crate) referred: Option<Expression>,
}

/// A touchpoint's stage.
#[derive(Clone, Debug)]
pub(crate) enum BoundStage {
    Fixed(Stage),
    Column(Box<Expression>),
}

/// What a relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelationKind {
    Table,
    View,
}

/// A table or view that definitions use.
pub(crate) struct Relation {
    /// Name of the source, or of the view: what presence and `covers` are kept by.
    pub(crate) source: String,
    /// Name of the table.
    pub(crate) table: String,
    /// The reference in SQL.
    pub(crate) sql_name: String,
    pub(crate) kind: RelationKind,
    /// The table behind it; `None` for a view.
    pub(crate) provider: Option<SourceTable>,
    /// Whether it has `_file` and `_line`.
    pub(crate) has_place: bool,
    pub(crate) metrics: Vec<BoundMetric>,
    pub(crate) touchpoints: Vec<BoundTouchpoint>,
}

/// How a touchpoint definition is named in messages and cards.
pub(crate) fn touchpoint_label(touchpoint: &Touchpoint) -> String {
    match &touchpoint.stage {
        StageOf::Fixed(stage) => format!("{} touchpoint", stage.title()),
        StageOf::Column { column } => format!("Touchpoint by {column}"),
    }
}

struct Binder<'a> {
    config: &'a Config,
    origin: &'a Origin,
    columns: &'a dyn Columns,
    used: BTreeMap<String, Kind>,
}

impl BoundMetric {
    /// All that is computed of its rows, with the keys that say so: `value`, `per`, and of a Net Promoter Score the rest.
    pub(crate) fn aggregates(&self) -> impl Iterator<Item = (&'static str, &Expression)> {
        let answers = self.answers.iter().flat_map(|answers| [&answers.promoters, &answers.least, &answers.greatest]);
        let per_key = if self.answers.is_some() { "value" } else { "per" };
        let value_and_per = std::iter::once(("value", &self.value)).chain(self.per.iter().map(move |per| (per_key, per)));
        value_and_per.chain(answers.map(|expression| ("value", expression)))
    }
}

impl Binder<'_> {
    fn bind(&mut self, path: &[Step<'_>], text: &str, role: Role) -> Result<Expression, EngineError> {
        let expression = Expression::parse(text, role, self.columns)
            .map_err(|error| self.origin.expression_error(self.config, path, error))?;
        merge(&mut self.used, &expression.columns);
        Ok(expression)
    }

    fn bind_optional(&mut self, key: &str, text: Option<&str>, role: Role) -> Result<Option<Expression>, EngineError> {
        text.map(|text| self.bind(&[Step::Key(key)], text, role)).transpose()
    }

    /// Expands the answer of a row to aggregates: promoters less detractors, answers, and what else is told of them.
    fn bind_nps(&mut self, metric: &Metric) -> Result<(Expression, Expression, AnswerExpressions), EngineError> {
        if metric.per.is_some() {
            let hint = "remove it: the score is of all answers from 0 to 10".to_owned();
            return Err(self.origin.error(self.config, "per", "a Net Promoter Score has no `per`".to_owned(), Some(hint)));
        }
        let path = [Step::Key("value")];
        let answer = self.bind(&path, &metric.value, Role::Row(Kind::Number))?.sql();
        let aggregate = |sql: String| {
            Expression::parse(&sql, Role::Aggregate, self.columns).map_err(|error| {
                let error = ExpressionError { part: 0..metric.value.len(), ..error };
                self.origin.expression_error(self.config, &path, error)
            })
        };
        let between = |least: u8, greatest: u8| format!("count(*) FILTER (WHERE ({answer}) BETWEEN {least} AND {greatest})");
        let answers = AnswerExpressions {
            promoters: aggregate(between(9, 10))?,
            least: aggregate(format!("min({answer})"))?,
            greatest: aggregate(format!("max({answer})"))?,
        };
        Ok((aggregate(format!("{} - {}", between(9, 10), between(0, 6)))?, aggregate(between(0, 10))?, answers))
    }

    fn filter(&self, text: Option<&str>) -> Result<Option<Expression>, EngineError> {
        let parse = |text| {
            Expression::parse(text, Role::Row(Kind::Boolean), self.columns)
                .map_err(|error| self.origin.expression_error(self.config, &[Step::Key("where")], error))
        };
        text.map(parse).transpose()
    }
}

/// Adds demands to demands.
pub(crate) fn merge(into: &mut BTreeMap<String, Kind>, from: &BTreeMap<String, Kind>) {
    for (column, kind) in from {
        let known = into.entry(column.clone()).or_insert(*kind);
        *known = stronger(*known, *kind);
    }
}

/// Resolves a metric's expressions.
pub(crate) fn bind_metric(
    number: usize,
    metric: &Metric,
    origin: &Origin,
    columns: &dyn Columns,
    config: &Config,
) -> Result<BoundMetric, EngineError> {
    let mut binder = Binder { config, origin, columns, used: BTreeMap::new() };
    let at = binder.bind(&[Step::Key("at")], &metric.at, Role::Row(Kind::Time))?;
    let (value, per, answers) = if metric.unit == Unit::Nps {
        let (value, per, answers) = binder.bind_nps(metric)?;
        (value, Some(per), Some(answers))
    } else {
        let value = binder.bind(&[Step::Key("value")], &metric.value, Role::Aggregate)?;
        (value, binder.bind_optional("per", metric.per.as_deref(), Role::Aggregate)?, None)
    };
    let product = binder.bind_optional("product", metric.product.as_deref(), Role::Row(Kind::Text))?;
    let filter = binder.filter(metric.filter.as_deref())?;
    let row =
        RowParts { at, product, filter, used: binder.used, spare: BTreeMap::new(), foreign_money: None, currencies: Vec::new() };
    Ok(BoundMetric { number, metric: metric.clone(), origin: origin.clone(), value, per, answers, row })
}

/// Resolves a touchpoint's expressions.
pub(crate) fn bind_touchpoint(
    number: usize,
    touchpoint: &Touchpoint,
    origin: &Origin,
    columns: &dyn Columns,
    config: &Config,
) -> Result<BoundTouchpoint, EngineError> {
    let mut binder = Binder { config, origin, columns, used: BTreeMap::new() };
    let at = binder.bind(&[Step::Key("at")], &touchpoint.at, Role::Row(Kind::Time))?;
    let person = binder.bind(&[Step::Key("person")], &touchpoint.person, Role::Row(Kind::Text))?;
    let stage = match &touchpoint.stage {
        StageOf::Fixed(stage) => BoundStage::Fixed(*stage),
        StageOf::Column { column } => BoundStage::Column(Box::new(binder.bind(
            &[Step::Key("stage"), Step::Key("column")],
            column,
            Role::Row(Kind::Text),
        )?)),
    };
    let product = binder.bind_optional("product", touchpoint.product.as_deref(), Role::Row(Kind::Text))?;
    let value = binder.bind_optional("value", touchpoint.value.as_deref(), Role::Row(Kind::Number))?;
    let order = binder.bind_optional("order", touchpoint.order.as_deref(), Role::Row(Kind::Text))?;
    let filter = binder.filter(touchpoint.filter.as_deref())?;
    let used = std::mem::take(&mut binder.used);
    let by = touchpoint.by.iter().enumerate();
    let by = by.map(|(index, name)| binder.bind(&[Step::Key("by"), Step::Index(index)], name, Role::Row(Kind::Text)));
    let by = by.collect::<Result<Vec<_>, _>>()?;
    let current = binder.bind_optional("current", touchpoint.current.as_deref(), Role::Row(Kind::Text))?;
    let referred = binder.bind_optional("referred", touchpoint.referred.as_deref(), Role::Row(Kind::Text))?;
    // What an expression makes of a person's column may be few values: the domain of an address. The column itself is persons.
    let names_persons = |by: &Expression| {
        let mut persons = std::iter::once(&person).chain(&referred);
        persons.any(|person| by.sql() == person.sql() || person.columns.keys().any(|column| by.sql() == quoted(column)))
    };
    if let Some(index) = by.iter().position(names_persons) {
        let message = format!("persons are known by `{}`, and the values of `by` are printed", by[index].written);
        let hint = "name columns with few values, such as a channel or a campaign".to_owned();
        return Err(origin.error_at(config, &[Step::Key("by"), Step::Index(index)], message, Some(hint)));
    }
    let row = RowParts { at, product, filter, used, spare: binder.used, foreign_money: None, currencies: Vec::new() };
    Ok(BoundTouchpoint {
        number,
        touchpoint: touchpoint.clone(),
        origin: origin.clone(),
        row,
        person,
        stage,
        value,
        order,
        by,
        current,
        referred,
    })
}

impl Relation {
    /// Whether it is a source's table, not a view.
    pub(crate) fn is_table(&self) -> bool {
        self.kind == RelationKind::Table
    }

    /// The reference in SQL for readers to whom the order of rows means nothing.
    pub(crate) fn unordered_name(&self) -> String {
        if self.is_table() { format!("\"{} unordered\"", self.sql_name.trim_matches('"')) } else { self.sql_name.clone() }
    }

    /// Columns that persons are known by.
    pub(crate) fn person_columns(&self) -> impl Iterator<Item = &str> {
        let persons = self.touchpoints.iter().flat_map(|bound| std::iter::once(&bound.person).chain(&bound.referred));
        persons.flat_map(|person| person.columns.keys()).map(String::as_str)
    }

    /// An account of rejected rows for it.
    pub(crate) fn rejections(&self) -> Rejections {
        self.provider.as_ref().map(SourceTable::rejections).unwrap_or_default()
    }

    /// What the definitions need the columns as.
    pub(crate) fn demands(&self) -> BTreeMap<String, Kind> {
        let mut demands = self.needs();
        for row in self.rows() {
            merge(&mut demands, &row.spare);
        }
        demands
    }

    /// All columns that a pass over its rows reads.
    pub(crate) fn read_columns(&self) -> Vec<String> {
        let beside = self.rows().flat_map(|row| row.currencies.iter().map(|(_, currency)| currency.clone()));
        let columns: BTreeSet<String> = self.demands().into_keys().chain(beside).collect();
        columns.into_iter().collect()
    }

    /// The same without the columns that rows can do without.
    pub(crate) fn needs(&self) -> BTreeMap<String, Kind> {
        let mut demands = BTreeMap::new();
        for row in self.rows() {
            merge(&mut demands, &row.used);
            if let Some(filter) = &row.filter {
                merge(&mut demands, &filter.columns);
            }
        }
        demands
    }

    /// The shared parts of all definitions: metrics first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &RowParts> {
        self.metrics.iter().map(|metric| &metric.row).chain(self.touchpoints.iter().map(|touchpoint| &touchpoint.row))
    }

    /// Finds columns of money that are not in the client's currency, or need not be. `schema`: of its columns; those of a view
    /// that are a source's as they are say what the source says.
    pub(crate) fn find_foreign_money(&mut self, currency: &str, schema: &Schema) {
        let field = |column: &str| schema.field_with_name(column).ok();
        let said = |column: &String, key: &str| field(column)?.metadata().get(key).cloned();
        let judge = |row: &mut RowParts, money: &Expression| {
            row.foreign_money = money.columns.keys().find_map(|column| {
                let found = said(column, FIELD_CURRENCY)?;
                (!may_mean(&found, currency)).then(|| (column.clone(), found))
            });
            let beside = money.columns.keys().filter_map(|column| Some((column.clone(), said(column, FIELD_CURRENCY_COLUMN)?)));
            // A view may leave it out, and a plugin may name one that is not there.
            row.currencies = beside.filter(|(_, currency)| field(currency).is_some()).collect();
        };
        for metric in self.metrics.iter_mut().filter(|metric| metric.metric.unit == Unit::Money) {
            judge(&mut metric.row, &metric.value);
        }
        for touchpoint in &mut self.touchpoints {
            if let Some(value) = &touchpoint.value {
                judge(&mut touchpoint.row, value);
            }
        }
    }
}
