//! One attempt's DataFusion session: tables and views registered, definitions bound to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cvj_core::nearest::nearest;
use cvj_core::source::{COLUMN_FILE, COLUMN_LINE};
use cvj_core::{Definition, Metric, Touchpoint, View};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::calendar::Calendar;
use crate::config::{Config, Step};
use crate::error::EngineError;
use crate::expression::{TableColumns, quoted};
use crate::functions;
use crate::products::Products;
use crate::pull::{Needed, NeededTables};
use crate::relation::{BoundStage, Origin, Relation, RelationKind, bind_metric, bind_touchpoint};
use crate::scan::{SourceTable, Unreadable, engine_error};
use crate::sources::{Host, OpenSource};
use crate::view::check_query;

/// A metric or touchpoint with where it was written.
#[derive(Clone, Debug)]
pub(crate) enum Declared {
    Metric(Metric, Origin),
    Touchpoint(Touchpoint, Origin),
}

impl Declared {
    fn from(&self) -> (&str, &Origin) {
        match self {
            Self::Metric(metric, origin) => (&metric.from, origin),
            Self::Touchpoint(touchpoint, origin) => (&touchpoint.from, origin),
        }
    }

    pub(crate) fn origin(&self) -> &Origin {
        self.from().1
    }
}

/// The definitions in force: those of `cvj.toml`, then the plugins' own that none of them replaces; and all views.
pub(crate) fn definitions(config: &Config, sources: &[OpenSource]) -> (Vec<Declared>, Vec<(View, Option<String>)>) {
    let origin = |key, index| Origin::Config { key, index };
    let mut declared: Vec<Declared> = Vec::new();
    let metrics = config.metrics.iter().enumerate();
    declared.extend(metrics.map(|(index, metric)| Declared::Metric(metric.clone(), origin("metric", index))));
    let touchpoints = config.touchpoints.iter().enumerate();
    declared.extend(touchpoints.map(|(index, touchpoint)| Declared::Touchpoint(touchpoint.clone(), origin("touchpoint", index))));
    let mut views: Vec<(View, Option<String>)> = config.views.iter().map(|view| (view.clone(), None)).collect();
    for source in sources {
        let origin = Origin::Plugin { source: source.name.clone(), plugin: source.plugin.clone() };
        for definition in &source.definitions {
            match definition {
                Definition::Metric(metric) => {
                    let replaced = config.metrics.iter().any(|own| own.stage == metric.stage && own.name == metric.name);
                    if !replaced {
                        declared.push(Declared::Metric(metric.clone(), origin.clone()));
                    }
                }
                Definition::Touchpoint(touchpoint) => {
                    let of_source = |from: &str| from.split('.').next() == Some(source.name.as_str());
                    let same = |own: &&Touchpoint| {
                        own.stage == touchpoint.stage && (own.from == touchpoint.from || of_source(&own.from))
                    };
                    if !config.touchpoints.iter().any(|own| same(&own)) {
                        declared.push(Declared::Touchpoint(touchpoint.clone(), origin.clone()));
                    }
                }
                Definition::View(view) => {
                    if !views.iter().any(|(own, _)| own.name == view.name) {
                        views.push((view.clone(), Some(source.name.clone())));
                    }
                }
            }
        }
    }
    (declared, views)
}

/// Tables and views as SQL sees them.
pub(crate) struct Session {
    pub(crate) context: SessionContext,
    /// Tables behind views, by source and table.
    pub(crate) view_tables: BTreeMap<(String, String), SourceTable>,
    hosts: BTreeMap<String, Host>,
}

impl Session {
    /// A session with the functions, and the source tables under `source.table` (and `source` where it has one table).
    pub(crate) async fn new(
        config: &Config,
        sources: &[OpenSource],
        views: &[(View, Option<String>)],
        calendar: &Arc<Calendar>,
        products: &Arc<Products>,
    ) -> Result<Self, EngineError> {
        let mut settings = SessionConfig::new().with_target_partitions(1).with_batch_size(8192).with_information_schema(false);
        settings.options_mut().sql_parser.enable_ident_normalization = false;
        // Sources deliver plain text: a cast to another kind of it would copy every cell.
        settings.options_mut().sql_parser.map_string_types_to_utf8view = false;
        let context = SessionContext::new_with_config(settings);
        functions::register(&context, calendar, products, &config.client.currency);
        let hosts = sources.iter().map(|source| (source.name.clone(), source.host().clone())).collect();
        let mut session = Self { context, view_tables: BTreeMap::new(), hosts };
        if !views.is_empty() {
            session.register_source_tables(sources)?;
            for (view, plugin) in views {
                session.register_view(view, plugin.as_deref(), config).await?;
            }
        }
        Ok(session)
    }

    /// The engine's error for one of DataFusion's.
    pub(crate) fn error(&self, error: &DataFusionError) -> EngineError {
        engine_error(error, &|source| self.hosts.get(source).cloned())
    }

    pub(crate) fn register_source_tables(&mut self, sources: &[OpenSource]) -> Result<(), EngineError> {
        let failed = |error: DataFusionError| EngineError::Internal(error.to_string());
        let catalog = self.context.catalog("datafusion").ok_or_else(|| EngineError::Internal("no catalog".to_owned()))?;
        for source in sources {
            let schema = Arc::new(MemorySchemaProvider::new());
            catalog.register_schema(&source.name, schema.clone()).map_err(failed)?;
            for table in &source.tables {
                let provider = SourceTable::new(source, table, &BTreeMap::new(), Unreadable::Dropped, true)?;
                schema.register_table(table.name.clone(), Arc::new(provider.clone())).map_err(failed)?;
                if source.tables.len() == 1 {
                    let name = datafusion::common::TableReference::bare(source.name.as_str());
                    self.context.register_table(name, Arc::new(provider.clone())).map_err(failed)?;
                }
                self.view_tables.insert((source.name.clone(), table.name.clone()), provider);
            }
        }
        Ok(())
    }

    async fn register_view(&self, view: &View, plugin_source: Option<&str>, config: &Config) -> Result<(), EngineError> {
        let fail = |message: String, hint: Option<String>| match plugin_source {
            None => config.error(&[Step::Key("table"), Step::Key(&view.name), Step::Key("sql")], message, hint),
            Some(source) => EngineError::Data { message: format!("source `{source}`, view `{}`: {message}", view.name), hint },
        };
        check_query(&view.sql).map_err(|(message, hint)| fail(message, hint))?;
        let frame = self.query(&view.sql).await.map_err(|error| {
            let hint = "tables are written source.table, columns as `cvj check` shows them".to_owned();
            fail(plain_message(&error), Some(hint))
        })?;
        let name = datafusion::common::TableReference::bare(view.name.as_str());
        self.context.register_table(name, frame.into_view()).map_err(|error| fail(error.strip_backtrace(), None))?;
        Ok(())
    }

    /// Plans a SELECT; nothing else is allowed.
    async fn query(&self, sql: &str) -> Result<datafusion::prelude::DataFrame, DataFusionError> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        self.context.sql_with_options(sql, options).await
    }

    /// Groups the definitions by what they read from, resolves their expressions and registers the tables behind them.
    pub(crate) async fn relations(
        &self,
        config: &Config,
        sources: &[OpenSource],
        views: &[(View, Option<String>)],
        declared: &[Declared],
    ) -> Result<Vec<Relation>, EngineError> {
        let mut relations: Vec<(Relation, TableColumns)> = Vec::new();
        for (number, definition) in declared.iter().enumerate() {
            let (from, origin) = definition.from();
            let target =
                Target::find(from, sources, views).map_err(|(message, hint)| origin.error(config, "from", message, hint))?;
            let known = relations.iter().position(|(relation, _)| target.is(relation));
            let place = known.unwrap_or(relations.len());
            if known.is_none() {
                relations.push(self.open_relation(&target, relations.len()).await?);
            }
            let (relation, columns) = &mut relations[place];
            match definition {
                Declared::Metric(metric, origin) => {
                    relation.metrics.push(bind_metric(number, metric, origin, columns, config)?);
                }
                Declared::Touchpoint(touchpoint, origin) => {
                    relation.touchpoints.push(bind_touchpoint(number, touchpoint, origin, columns, config)?);
                }
            }
        }
        let mut finished = Vec::new();
        for (mut relation, _) in relations {
            if let Some(source) = sources.iter().find(|source| source.name == relation.source)
                && let Some(table) = source.table(Some(&relation.table))
                && relation.is_table()
            {
                let provider = SourceTable::new(source, table, &relation.demands(), Unreadable::Flagged, !views.is_empty())?;
                for (name, provider) in
                    [(relation.sql_name.clone(), provider.clone()), (relation.unordered_name(), provider.spread())]
                {
                    let name = datafusion::common::TableReference::bare(name.trim_matches('"'));
                    let registered = self.context.register_table(name, Arc::new(provider));
                    registered.map_err(|error| EngineError::Internal(error.to_string()))?;
                }
                relation.provider = Some(provider);
            }
            let name = datafusion::common::TableReference::bare(relation.sql_name.trim_matches('"'));
            let schema = self.context.table_provider(name).await.map_err(|error| self.error(&error))?.schema();
            relation.find_foreign_money(&config.client.currency, &schema);
            finished.push(relation);
        }
        Ok(finished)
    }

    /// Prepares the tables behind a view for being read: rows that cannot be read in a column that the view and the
    /// definitions over it need are dropped alike in every query over it.
    pub(crate) async fn prepare(&self, relation: &Relation) -> Result<(), DataFusionError> {
        if relation.is_table() {
            return Ok(());
        }
        let needed = self.scanned(relation, relation.needs().keys().map(String::as_str)).await?;
        for (key, provider) in &self.view_tables {
            provider.need(&relation.table, needed.get(key).map(Vec::as_slice).unwrap_or_default());
        }
        Ok(())
    }

    /// What a relation needs of sources that are pulled, by source and table.
    pub(crate) async fn pulled(&self, relation: &Relation, sources: &[OpenSource]) -> Result<NeededTables, DataFusionError> {
        let mut pulled = NeededTables::new();
        let is_pulled = |name: &str| sources.iter().any(|source| source.name == name && source.pull().is_some());
        let columns = relation.read_columns();
        if !relation.is_table() {
            for ((source, table), columns) in self.scanned(relation, columns.iter().map(String::as_str)).await? {
                if is_pulled(&source) {
                    let needed = pulled.entry(source).or_default().entry(table).or_default();
                    needed.columns.extend(columns);
                }
            }
        } else if is_pulled(&relation.source) {
            let persons: Vec<&str> = relation.person_columns().collect();
            let shown = columns.iter().filter(|column| !persons.contains(&column.as_str())).cloned().collect();
            let needed = Needed { shown, columns: columns.into_iter().collect() };
            pulled.entry(relation.source.clone()).or_default().insert(relation.table.clone(), needed);
        }
        Ok(pulled)
    }

    /// The columns that a view reads of the tables behind it, for these of its own.
    pub(crate) async fn scanned(
        &self,
        relation: &Relation,
        columns: impl Iterator<Item = &str>,
    ) -> Result<BTreeMap<(String, String), Vec<String>>, DataFusionError> {
        let columns: Vec<String> = columns.map(quoted).collect();
        let frame = self.context.sql(&format!("SELECT {} FROM {}", columns.join(", "), relation.sql_name)).await?;
        let mut needed: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        frame.into_optimized_plan()?.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let (schema, table) =
                    (scan.table_name.schema().unwrap_or_default().to_owned(), scan.table_name.table().to_owned());
                let columns = scan.projected_schema.fields().iter().map(|field| field.name().clone());
                // A source with one table is also known by its own name.
                let key = if self.view_tables.contains_key(&(schema.clone(), table.clone())) {
                    Some((schema, table))
                } else {
                    self.view_tables.keys().find(|(source, _)| *source == table).cloned()
                };
                if let Some(key) = key {
                    needed.entry(key).or_default().extend(columns);
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(needed)
    }

    async fn open_relation(&self, target: &Target<'_>, number: usize) -> Result<(Relation, TableColumns), EngineError> {
        let relation = |source: &str, table: &str, sql_name: String, kind, has_place| Relation {
            source: source.to_owned(),
            table: table.to_owned(),
            sql_name,
            kind,
            provider: None,
            has_place,
            metrics: Vec::new(),
            touchpoints: Vec::new(),
        };
        match target {
            Target::View(view) => {
                let name = datafusion::common::TableReference::bare(view.name.as_str());
                let provider = self.context.table_provider(name).await.map_err(|error| self.error(&error))?;
                let names: Vec<String> = provider.schema().fields().iter().map(|field| field.name().clone()).collect();
                let quoted = quoted(&view.name);
                Ok((relation(&view.name, &view.name, quoted, RelationKind::View, false), TableColumns::new(names, Vec::new())))
            }
            Target::Table(source, table) => {
                let names: Vec<String> = table.schema.fields().iter().map(|field| field.name().clone()).collect();
                let has_place = [COLUMN_FILE, COLUMN_LINE].iter().all(|column| names.iter().any(|name| name == column));
                let columns = TableColumns::new(names, table.details.headers.clone());
                Ok((
                    relation(&source.name, &table.name, format!("\"_relation{number}\""), RelationKind::Table, has_place),
                    columns,
                ))
            }
        }
    }

    /// Finds the definition whose expression DataFusion refuses, so that the message can point at it.
    pub(crate) async fn blame(&self, relation: &Relation, config: &Config, error: &DataFusionError) -> EngineError {
        let found = self.error(error);
        if !matches!(found, EngineError::Data { .. }) {
            return found;
        }
        let mut candidates: Vec<(&Origin, &str, String)> = Vec::new();
        for metric in &relation.metrics {
            candidates.push((&metric.origin, "at", format!("{}({})", functions::INSTANT, metric.row.at.sql())));
            candidates.extend(metric.row.product.iter().map(|product| (&metric.origin, "product", product.sql())));
            candidates.extend(
                metric.row.filter.iter().map(|filter| (&metric.origin, "where", format!("coalesce({}, false)", filter.sql()))),
            );
            let aggregates = metric.aggregates();
            candidates.extend(aggregates.map(|(key, value)| (&metric.origin, key, value.aggregate_sql())));
        }
        for bound in &relation.touchpoints {
            let origin = &bound.origin;
            candidates.push((origin, "at", format!("{}({})", functions::INSTANT, bound.row.at.sql())));
            candidates
                .extend(bound.row.filter.iter().map(|filter| (origin, "where", format!("coalesce({}, false)", filter.sql()))));
            candidates.extend(bound.row.product.iter().map(|product| (origin, "product", product.sql())));
            candidates.push((origin, "person", bound.person.sql()));
            candidates
                .extend(bound.value.iter().map(|value| (origin, "value", format!("CAST({} AS DECIMAL(38, 8))", value.sql()))));
            candidates.extend(bound.order.iter().map(|order| (origin, "order", order.sql())));
            candidates.extend(bound.by.iter().map(|by| (origin, "by", by.sql())));
            candidates.extend(bound.current.iter().map(|current| (origin, "current", current.sql())));
            candidates.extend(bound.referred.iter().map(|referred| (origin, "referred", referred.sql())));
            if let BoundStage::Column(stage) = &bound.stage {
                candidates.push((origin, "stage", stage.sql()));
            }
        }
        for (origin, key, sql) in candidates {
            let planned = match self.context.sql(&format!("SELECT {sql} FROM {}", relation.sql_name)).await {
                Ok(frame) => frame.into_optimized_plan().map(|_| ()),
                Err(error) => Err(error),
            };
            if let Err(error) = planned {
                let hint = "`cvj check` shows how each column was read".to_owned();
                return origin.error(config, key, plain_message(&error), Some(hint));
            }
        }
        EngineError::Data {
            message: format!("table `{}`: {}", relation.table, plain_message(error)),
            hint: Some("`cvj check` shows how each column was read".to_owned()),
        }
    }
}

/// DataFusion's message without its own prefixes.
fn plain_message(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let mut text = text.as_str();
    while let Some(rest) =
        ["Error during planning: ", "type_coercion", "caused by", "Optimizer rule 'common_sub_expression_eliminate' failed", "\n"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
    {
        text = rest.trim_start();
    }
    text.lines().next().unwrap_or_default().to_owned()
}

/// What a `from` names.
enum Target<'a> {
    Table(&'a OpenSource, &'a cvj_core::source::TableInfo),
    View(&'a View),
}

impl<'a> Target<'a> {
    fn find(
        from: &str,
        sources: &'a [OpenSource],
        views: &'a [(View, Option<String>)],
    ) -> Result<Self, (String, Option<String>)> {
        if let Some((view, _)) = views.iter().find(|(view, _)| view.name == from) {
            return Ok(Self::View(view));
        }
        let (source_name, table_name) = match from.split_once('.') {
            Some((source, table)) => (source, Some(table)),
            None => (from, None),
        };
        let Some(source) = sources.iter().find(|source| source.name == source_name) else {
            let names = sources.iter().map(|source| source.name.as_str()).chain(views.iter().map(|(view, _)| view.name.as_str()));
            let near = nearest(source_name, names.clone());
            let hint = near.map_or_else(
                || format!("there are {}", names.collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            return Err((format!("there is no source or table `{from}`"), Some(hint)));
        };
        source.table(table_name).map(|table| Self::Table(source, table)).ok_or_else(|| {
            let names: Vec<String> = source.tables.iter().map(|table| format!("{}.{}", source.name, table.name)).collect();
            let near = nearest(from, names.iter().map(String::as_str));
            let message = match table_name {
                Some(table) => format!("source `{source_name}` has no table `{table}`"),
                None => format!("source `{source_name}` has {} tables", names.len()),
            };
            let hint = near
                .filter(|_| table_name.is_some())
                .map_or_else(|| format!("write one of {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
            (message, Some(hint))
        })
    }

    fn is(&self, relation: &Relation) -> bool {
        match self {
            Self::Table(source, table) => relation.source == source.name && relation.table == table.name && relation.is_table(),
            Self::View(view) => relation.source == view.name && !relation.is_table(),
        }
    }
}
