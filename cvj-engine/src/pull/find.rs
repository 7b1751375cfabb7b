//! What there is of a table that is asked for: a whole pull, one that was begun, or none, and then one is begun.

use arrow_schema::SchemaRef;
use cvj_core::SourceError;
use cvj_core::source::{COLUMN_FILE, COLUMN_LINE, ColumnRequest, Kind, ScanRequest, TableInfo};

use super::download::Begun;
use super::freshness::{Unfit, Wanted, shown};
use super::kept::Kept;
use super::record::{self, Column, Plan};
use super::store::PullFolder;
use super::{Needed, Pull, Pulls, table_named};
use crate::error::EngineError;
use crate::plugin;
use crate::scan::locked;

/// What there is of a table that was asked for.
pub(super) enum Found {
    Whole(Kept),
    /// To be gone on with.
    Begun(PullFolder, Plan),
    Nothing(Option<Unfit>),
}

impl Pull {
    /// What there is of a table of which these columns are needed.
    pub(super) fn find(&self, table: &str, columns: &[Column]) -> Result<Found, EngineError> {
        let wanted = self.wanted(columns);
        let folder = self.table_folder(table);
        let mut reason = None;
        // A pull that was begun is the newer one.
        for (pull, is_begun) in [(folder.begun(), true), (folder.whole(), false)] {
            let plan = match pull.plan() {
                Ok(Some(plan)) => plan,
                Ok(None) => continue,
                Err(error) if self.is_offline() => return Err(error),
                Err(error) => {
                    self.told(&error);
                    continue;
                }
            };
            if let Some(unfit) = if is_begun { wanted.unfit_begun(&plan) } else { wanted.unfit(&plan) } {
                reason = Some(unfit);
                continue;
            }
            if let Some(kept) = verified(table, pull.clone(), plan.clone()) {
                let folder = if is_begun { folder.finish()? } else { pull };
                return Ok(Found::Whole(Kept { folder, ..kept }));
            }
            if is_begun {
                if !self.is_offline() {
                    return Ok(Found::Begun(pull, plan));
                }
            } else {
                let damaged = EngineError::Cache {
                    message: format!("what was kept of table `{table}` is damaged, in `{}`", pull.folder.display()),
                    hint: Some("run it without `--offline` to pull it anew".to_owned()),
                };
                if self.is_offline() {
                    return Err(damaged);
                }
                self.told(&damaged);
            }
        }
        Ok(Found::Nothing(reason))
    }

    /// Plans a table's pull.
    pub(super) fn begin(
        &self,
        source: &plugin::Source,
        table: &str,
        columns: &[Column],
    ) -> Result<(PullFolder, Plan), EngineError> {
        let schema = record::schema(columns).map_err(EngineError::Internal)?;
        let request = {
            let state = locked(&self.state);
            let own = &table_named(&state.tables, table).map_err(|error| self.host.error(error))?.schema;
            let index = |column: &Column| own.index_of(&column.name).ok().map(|index| ColumnRequest { index, kind: Kind::Any });
            ScanRequest {
                columns: Some(columns.iter().filter_map(index).collect()),
                target_partitions: 4,
                ..ScanRequest::all(table)
            }
        };
        let plan = source.plan(&request, &self.host.task()).map_err(|error| self.host.error(error))?;
        let types = |schema: &SchemaRef| -> Vec<_> {
            schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect()
        };
        if types(&plan.schema) != types(&schema) {
            return Err(self.host.error(SourceError::schema_changed(format!("the columns of table `{table}` have changed"))));
        }
        let parts = plan.partitions.into_iter().map(|partition| partition.0).collect();
        let plan = Plan::new(self.identity.clone(), self.now, self.pulls == Pulls::Anew, &plan.schema, plan.rows, parts);
        Ok((self.table_folder(table).begin(&plan)?, plan))
    }

    /// A pull with the parts of it that are there.
    pub(super) fn going_on(&self, folder: PullFolder, plan: Plan, needed: &Needed) -> Result<Begun, EngineError> {
        let schema = record::schema(&plan.columns).map_err(EngineError::Internal)?;
        let receipts: Vec<_> = (0..plan.parts.len()).map(|part| folder.verified(part)).collect();
        let there = receipts.iter().flatten().count();
        if there > 0 {
            let begun = shown(plan.planned, &self.zone);
            self.host.notice(&format!("goes on with what was begun at {begun}: {there} of {} parts are there", receipts.len()));
        }
        Ok(Begun { folder, plan, schema, receipts, shown: needed.shown.clone() })
    }

    pub(super) fn needed_columns(&self, table: &str, needed: &Needed) -> Result<Vec<Column>, EngineError> {
        let state = locked(&self.state);
        table_named(&state.tables, table).map(|table| needed_columns(table, needed)).map_err(|error| self.host.error(error))
    }

    pub(super) fn wanted<'a>(&'a self, columns: &'a [Column]) -> Wanted<'a> {
        Wanted { identity: &self.identity, columns, pulls: self.pulls, now: self.now, zone: &self.zone }
    }
}

/// A pull all of whose parts are there, as they were written.
pub(super) fn verified(table: &str, folder: PullFolder, plan: Plan) -> Option<Kept> {
    let receipts = (0..plan.parts.len()).map(|part| folder.verified(part)).collect::<Option<Vec<_>>>()?;
    Some(Kept { table: table.to_owned(), folder, plan, receipts })
}

/// The columns that are pulled: those needed, those that identify a row, and those that say where it stands.
fn needed_columns(table: &TableInfo, needed: &Needed) -> Vec<Column> {
    let is_needed = |name: &String| {
        needed.columns.contains(name) || table.details.key.contains(name) || [COLUMN_FILE, COLUMN_LINE].contains(&name.as_str())
    };
    let mut fields: Vec<_> = table.schema.fields().iter().filter(|field| is_needed(field.name())).collect();
    if fields.is_empty() {
        // A file without columns would not know its rows.
        fields.extend(table.schema.fields().first());
    }
    fields.into_iter().map(|field| Column::new(field)).collect()
}
