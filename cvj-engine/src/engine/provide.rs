//! Makes the tables of sources over a network readable, before anything is computed.

use std::collections::BTreeMap;

use super::Attempt;
use crate::error::EngineError;
use crate::pull::{Needed, NeededTables};
use crate::rows::plan_rows;
use crate::sources::OpenSource;

impl Attempt<'_> {
    /// Makes the tables of sources over a network readable, or, in a look, sets aside what would have to be pulled.
    pub(super) async fn provide(&mut self) -> Result<(), EngineError> {
        let pull_of = |name: &str| self.client.sources.iter().find(|source| source.name == name).and_then(OpenSource::pull);
        let mut needed = Vec::new();
        for relation in &self.relations {
            match self.session.pulled(relation, &self.client.sources).await {
                Ok(tables) => needed.push(tables),
                Err(error) => return Err(self.session.blame(relation, &self.client.config, &error).await),
            }
        }
        let mut all = NeededTables::new();
        for (source, tables) in needed.iter().flatten() {
            let of_source = all.entry(source.clone()).or_default();
            for (table, needed) in tables {
                of_source.entry(table.clone()).or_default().add(needed);
            }
        }
        for (source, tables) in &all {
            let Some(pull) = pull_of(source) else { continue };
            self.go_on()?;
            if self.client.look_only { pull.find_kept(tables) } else { pull.provide(tables)? }
        }
        let has = |(source, tables): (&String, &BTreeMap<String, Needed>)| {
            pull_of(source).is_some_and(|pull| tables.keys().all(|table| pull.rows(table).is_some()))
        };
        let is_there: Vec<bool> = needed.iter().map(|sources| sources.iter().all(has)).collect();
        for (relation, is_there) in std::mem::take(&mut self.relations).into_iter().zip(is_there) {
            if is_there { self.relations.push(relation) } else { self.not_read.push(relation) }
        }
        for relation in &self.not_read {
            let planned = match self.session.prepare(relation).await {
                Ok(()) => plan_rows(&self.session.context, relation, &self.products).await,
                Err(error) => Err(error),
            };
            if let Err(error) = planned {
                return Err(self.session.blame(relation, &self.client.config, &error).await);
            }
        }
        Ok(())
    }
}
