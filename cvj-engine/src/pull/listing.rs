//! What a source over a network has: as it said before, or as it says now.

use cvj_core::source::TableInfo;
use cvj_core::{Definition, SourceError};

use super::freshness::shown;
use super::record::Listing;
use super::{LISTING, Pull, store};
use crate::error::EngineError;
use crate::plugin;
use crate::scan::locked;

impl Pull {
    /// The tables, and the definitions that come with them.
    pub(crate) fn listed(&self) -> (Vec<TableInfo>, Vec<Definition>) {
        let state = locked(&self.state);
        let definitions = if self.defaults { state.definitions.clone() } else { Vec::new() };
        (state.tables.clone(), definitions)
    }

    /// Whether what the source has was asked in this run.
    pub(crate) fn is_listed_now(&self) -> bool {
        locked(&self.state).is_listed
    }

    /// Of when what is known of the source's tables is, as a hint.
    pub(crate) fn known_as_of(&self) -> String {
        let at = shown(locked(&self.state).listed, &self.zone);
        format!("what `{}` has is known as of {at}; without `--offline` it is asked again", self.host.source())
    }

    /// Asks the source once more what it has.
    pub(crate) fn list_again(&self) -> Result<(), EngineError> {
        let live = locked(&self.state).live.clone();
        self.list(match live {
            Some(source) => source,
            None => self.open_source()?,
        })
    }

    /// Uses what the source said before, if that does.
    pub(super) fn use_kept_listing(&self) -> Result<bool, EngineError> {
        let Some(listing) = store::read_json::<Listing>(&self.folder.join(LISTING))? else {
            return if self.is_offline() { Err(self.offline_error("nothing of it is kept")) } else { Ok(false) };
        };
        if let Some(unfit) = self.wanted(&[]).unfit_source(&listing.identity, listing.listed) {
            return if self.is_offline() { Err(self.offline_error(&unfit.to_string())) } else { Ok(false) };
        }
        let tables = listing.tables().map_err(EngineError::Internal)?;
        let mut state = locked(&self.state);
        (state.tables, state.definitions, state.listed) = (tables, listing.definitions, listing.listed);
        Ok(true)
    }

    /// The source itself, which must still have the tables that definitions were bound to.
    pub(super) fn live_source(&self) -> Result<plugin::Source, EngineError> {
        let (live, is_listed) = {
            let state = locked(&self.state);
            (state.live.clone(), state.is_listed)
        };
        let source = match live {
            Some(source) => source,
            None => self.open_source()?,
        };
        if !is_listed {
            let now = source.tables(&self.host.task()).map_err(|error| self.host.error(error))?;
            let mut state = locked(&self.state);
            state.live = Some(source.clone());
            let columns = |tables: &[TableInfo]| -> Vec<_> {
                tables.iter().map(|table| (table.name.clone(), table.schema.clone())).collect()
            };
            if columns(&now) != columns(&state.tables) {
                return Err(self.host.error(SourceError::schema_changed("its tables have changed since they were listed")));
            }
            state.is_listed = true;
        }
        Ok(source)
    }

    /// Asks a source what it has, and keeps the answer.
    pub(super) fn list(&self, source: plugin::Source) -> Result<(), EngineError> {
        let failed = |error| self.host.error(error);
        let tables = source.tables(&self.host.task()).map_err(failed)?;
        let definitions = source.definitions(&self.host.task()).map_err(failed)?;
        let client = self.client.client.display().to_string();
        let listing =
            Listing::new(client, self.host.source().to_owned(), self.identity.clone(), self.now, &tables, definitions.clone());
        store::make_folder(&self.folder)?;
        store::write_json(&self.folder.join(LISTING), &listing)?;
        let mut state = locked(&self.state);
        state.live = Some(source);
        (state.tables, state.definitions, state.listed, state.is_listed) = (tables, definitions, self.now, true);
        Ok(())
    }

    pub(super) fn open_source(&self) -> Result<plugin::Source, EngineError> {
        self.plugin.open(&self.config, &self.host.task(), self.patience).map_err(|error| self.host.error(error))
    }
}
