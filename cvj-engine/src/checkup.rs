//! `cvj check`: everything but the report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use cvj_core::report::{LeftOut, RejectReason};
use cvj_core::source::{ColumnRequest, FIELD_FORMAT, Kind, ScanRequest, TableInfo};

use crate::client::Client;
use crate::config::SourceSettings;
use crate::engine::{Attempt, Request, with_runtime};
use crate::error::EngineError;
use crate::gathered::Gathered;
use crate::rejections::Told;
use crate::relation::{Relation, touchpoint_label};
use crate::secrets::FoundSecret;
use crate::sources::{OpenSource, Supply};
use crate::veil::Veil;
use crate::watch::Watch;

/// Rows shown per table.
const SAMPLES: usize = 3;

/// What a client's configuration and sources look like.
#[derive(Debug)]
pub struct Checkup {
    /// The client's name.
    pub client: String,
    /// Sources in configuration order.
    pub sources: Vec<CheckedSource>,
    /// How many definitions are in force.
    pub definitions: usize,
    /// What keeps a report from being made.
    pub problems: Vec<EngineError>,
}

/// One source.
#[derive(Clone, Debug)]
pub struct CheckedSource {
    /// Its name.
    pub name: String,
    /// Its plugin.
    pub plugin: String,
    /// Whether it could be opened; if not, a problem says why.
    pub opened: bool,
    /// The secrets it asked for, and where they were found.
    pub secrets: Vec<FoundSecret>,
    /// Its tables.
    pub tables: Vec<CheckedTable>,
}

/// One table.
#[derive(Clone, Debug)]
pub struct CheckedTable {
    /// Its name.
    pub name: String,
    /// The files it is read from.
    pub files: Vec<String>,
    /// How they are written, for people.
    pub format: Vec<String>,
    /// Its columns.
    pub columns: Vec<CheckedColumn>,
    /// Rows read; `None` where no definition uses the table, or it is not pulled.
    pub rows: Option<u64>,
    /// Definitions use it, but it lies behind a network, and a check pulls nothing.
    pub not_pulled: bool,
    /// Rows that the source itself says it has.
    pub rows_expected: Option<u64>,
    /// Rows that at least one definition rejects, whatever their time.
    pub rows_rejected: u64,
    /// Why, and how often: definition, column, reason.
    pub rejected_by_reason: Vec<RejectReason>,
    /// Lines left out by rule.
    pub left_out: Vec<LeftOut>,
    /// The first rows, as text, persons masked.
    pub samples: Vec<Vec<String>>,
}

/// One column.
#[derive(Clone, Debug)]
pub struct CheckedColumn {
    /// Its name in expressions.
    pub name: String,
    /// Its header as written.
    pub header: String,
    /// Text, number, date, time, truth value.
    pub kind: String,
    /// The format found.
    pub format: Option<String>,
    /// Definitions that use it, and views with definitions that do.
    pub used_by: Vec<String>,
}

/// Looks at a client's configuration, plugins, credentials, columns and rows.
pub fn check(request: &Request, watch: Arc<dyn Watch>) -> Result<Checkup, EngineError> {
    with_runtime(async {
        let (mut client, mut problems) = Client::open_what_opens(request, watch)?;
        let all_open = problems.is_empty();
        problems.extend(client.sources.iter().filter_map(|source| source.check().err()));
        let mut checkup =
            Checkup { client: client.config.client.name.clone(), sources: Vec::new(), definitions: 0, problems: Vec::new() };
        // Definitions over a source that is not open would only give errors that follow from it.
        let attempt = if all_open {
            let attempt = client.retrying(async |client, binding| {
                let attempt = Attempt::run(client, binding).await?;
                let behind_views = behind_views(&attempt).await?;
                Ok((sources(client, Some((&attempt, &behind_views)))?, attempt.definition_count()))
            });
            Some(attempt.await)
        } else {
            None
        };
        match attempt {
            Some(Ok((sources, definitions))) => (checkup.sources, checkup.definitions) = (sources, definitions),
            failed => {
                checkup.sources = sources(&client, None)?;
                let told: Vec<String> = problems.iter().map(EngineError::to_string).collect();
                problems.extend(failed.and_then(Result::err).filter(|error| !told.contains(&error.to_string())));
            }
        }
        checkup.problems = problems;
        Ok(checkup)
    })
}

/// All sources, opened or not. Without an attempt there is a problem told, and what cannot be read because of it is left out.
fn sources(client: &Client<'_>, attempt: Option<(&Attempt<'_>, &BehindViews)>) -> Result<Vec<CheckedSource>, EngineError> {
    let checked = |settings: &SourceSettings| {
        let open = client.sources.iter().find(|source| source.name == settings.name);
        let tables = match open.map(|source| checked_tables(source, attempt)) {
            Some(Err(error)) if attempt.is_some() => return Err(error),
            tables => tables.and_then(Result::ok).unwrap_or_default(),
        };
        let secrets = open.map(|source| source.host().found_secrets()).unwrap_or_default();
        let (name, plugin) = (settings.name.clone(), settings.plugin.clone());
        Ok(CheckedSource { name, plugin, opened: open.is_some(), secrets, tables })
    };
    client.config.sources.iter().map(checked).collect()
}

fn checked_tables(source: &OpenSource, attempt: Option<(&Attempt<'_>, &BehindViews)>) -> Result<Vec<CheckedTable>, EngineError> {
    let checked = |table: &TableInfo| {
        let is_its = |relation: &Relation| relation.source == source.name && relation.table == table.name;
        let part = attempt.and_then(|(attempt, _)| attempt.parts().find(|(relation, _)| is_its(relation)));
        let not_read =
            attempt.and_then(|(attempt, _)| attempt.not_read.iter().find(|relation| relation.is_table() && is_its(relation)));
        let behind = attempt.and_then(|(_, views)| views.get(&(source.name.clone(), table.name.clone())));
        checked_table(source, table, part, not_read, behind)
    };
    source.tables.iter().map(checked).collect()
}

fn checked_table(
    source: &OpenSource,
    table: &TableInfo,
    part: Option<(&Relation, &Gathered)>,
    not_read: Option<&Relation>,
    behind: Option<&BTreeMap<String, BTreeSet<String>>>,
) -> Result<CheckedTable, EngineError> {
    let relation = part.map(|(relation, _)| relation).or(not_read);
    let mut users = relation.map(users).unwrap_or_default();
    for (column, views) in behind.into_iter().flatten() {
        users.entry(column.clone()).or_default().extend(views.iter().map(|view| format!("view {view}")));
    }
    let persons: BTreeSet<&str> = relation.map(|relation| relation.person_columns().collect()).unwrap_or_default();
    let columns = table
        .schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, found)| {
            let field = relation
                .and_then(|relation| relation.provider.as_ref()?.field(found.name()).cloned())
                .unwrap_or_else(|| found.as_ref().clone());
            CheckedColumn {
                name: field.name().clone(),
                header: table.details.headers.get(index).cloned().unwrap_or_default(),
                kind: kind_name(field.data_type()).to_owned(),
                format: field.metadata().get(FIELD_FORMAT).cloned(),
                used_by: users.get(field.name()).cloned().unwrap_or_default(),
            }
        })
        .collect();
    let rejected = part.map(|(_, gathered)| Told::of(&[&gathered.rejects], |_| true));
    let left_out = part.map(|(_, gathered)| gathered.left_out.clone()).unwrap_or_default();
    Ok(CheckedTable {
        name: table.name.clone(),
        files: table.details.files.clone(),
        format: table.details.format.clone(),
        columns,
        rows: part.map(|(_, gathered)| gathered.rows),
        not_pulled: not_read.is_some(),
        rows_expected: match source.pull().and_then(|pull| pull.rows(&table.name)) {
            Some((expected, _)) => expected,
            None => table.details.rows_expected,
        },
        rows_rejected: rejected.as_ref().map(|rejected| rejected.rows).unwrap_or_default(),
        rejected_by_reason: rejected.map(|rejected| rejected.by_reason).unwrap_or_default(),
        left_out: left_out.into_iter().map(|(why, rows)| LeftOut { why, rows }).collect(),
        samples: samples(source, table, &persons)?,
    })
}

/// By source and table, and by column: the views with definitions that read it.
type BehindViews = BTreeMap<(String, String), BTreeMap<String, BTreeSet<String>>>;

async fn behind_views(attempt: &Attempt<'_>) -> Result<BehindViews, EngineError> {
    let mut behind = BehindViews::new();
    let relations = attempt.parts().map(|(relation, _)| relation).chain(&attempt.not_read);
    for relation in relations.filter(|relation| !relation.is_table()) {
        let columns = relation.read_columns();
        let scanned = attempt.session.scanned(relation, columns.iter().map(String::as_str)).await;
        for (table, columns) in scanned.map_err(|error| attempt.session.error(&error))? {
            let of_table = behind.entry(table).or_default();
            for column in columns {
                of_table.entry(column).or_default().insert(relation.table.clone());
            }
        }
    }
    Ok(behind)
}

fn users(relation: &Relation) -> BTreeMap<String, Vec<String>> {
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let metrics = relation.metrics.iter().map(|bound| (bound.metric.name.clone(), &bound.row));
    let touchpoints = relation.touchpoints.iter().map(|bound| (touchpoint_label(&bound.touchpoint), &bound.row));
    for (label, row) in metrics.chain(touchpoints) {
        let of_filter = row.filter.iter().flat_map(|filter| filter.columns.keys());
        for column in row.used.keys().chain(row.spare.keys()).chain(of_filter) {
            let labels = users.entry(column.clone()).or_default();
            if !labels.contains(&label) {
                labels.push(label.clone());
            }
        }
    }
    users
}

fn kind_name(kind: &arrow_schema::DataType) -> &'static str {
    use arrow_schema::DataType;
    match kind {
        DataType::Boolean => "yes/no",
        DataType::Int64 => "integer",
        DataType::Float64 | DataType::Decimal128(..) => "number",
        DataType::Date32 => "date",
        DataType::Timestamp(_, Some(_)) => "time with zone",
        DataType::Timestamp(_, None) => "time",
        _ => "text",
    }
}

/// The first rows of a table, as the source finds them, persons masked.
fn samples(source: &OpenSource, table: &TableInfo, persons: &BTreeSet<&str>) -> Result<Vec<Vec<String>>, EngineError> {
    let failed = |error| source.host().error(error);
    let task = source.host().task();
    let supply = source.to_look_at();
    // Offline, a source over a network has what was pulled of it.
    let kept = match &supply {
        Supply::Pulled(pull) => Some(pull.kept_columns(&table.name)),
        Supply::Direct(_) => None,
    };
    if kept.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let is_there = |index: &usize| kept.as_ref().is_none_or(|kept| kept.contains(table.schema.field(*index).name()));
    let columns: Vec<usize> = (0..table.schema.fields().len()).filter(is_there).collect();
    let request = ScanRequest {
        limit: Some(SAMPLES as u64),
        columns: Some(columns.iter().map(|&index| ColumnRequest { index, kind: Kind::Any }).collect()),
        ..ScanRequest::all(&table.name)
    };
    let plan = supply.plan(&request, &task).map_err(failed)?;
    let mut rows = Vec::new();
    for partition in &plan.partitions {
        for batch in supply.read(partition, plan.schema.clone(), &task).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            let options = FormatOptions::default();
            let formatters = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
            let formatters =
                formatters.collect::<Result<Vec<_>, _>>().map_err(|error| EngineError::Internal(error.to_string()))?;
            for row in 0..batch.num_rows() {
                if rows.len() == SAMPLES {
                    return Ok(rows);
                }
                let mut cells = vec![String::new(); table.schema.fields().len()];
                for (index, formatter) in columns.iter().zip(&formatters) {
                    let field = table.schema.field(*index);
                    let veil = Veil::of(field, persons.contains(field.name().as_str()));
                    cells[*index] = veil.shown(&formatter.value(row).to_string());
                }
                rows.push(cells);
            }
        }
    }
    Ok(rows)
}
