//! `cvj auth test`: one source's credentials, tried.

use std::sync::Arc;

use crate::config::Config;
use crate::engine::Request;
use crate::error::EngineError;
use crate::plugin::Search;
use crate::secrets::{FoundSecret, SecretKey, settings_of};
use crate::sources::{Host, load};
use crate::watch::Watch;

/// How a source took its credentials.
#[derive(Debug)]
pub struct Trial {
    /// The secrets found, by name.
    pub secrets: Vec<FoundSecret>,
    /// The tables that the source then has, or why it does not let cvj in.
    pub outcome: Result<Vec<String>, EngineError>,
}

/// Finds a source's secrets, opens it and asks it whether it can be reached.
pub fn try_credentials(request: &Request, source: &str, watch: Arc<dyn Watch>) -> Result<Trial, EngineError> {
    let config = Config::read(&request.folder)?;
    SecretKey::all_of(&config, source)?;
    let settings = settings_of(&config, source)?;
    let host = Host::new(settings, &config, request, watch);
    let outcome = host.find_secrets().and_then(|()| {
        let failed = |error| host.error(error);
        let plugin = load(settings, &config, &host, &Search::standard(&request.plugin_path))?;
        let task = host.task();
        let open = plugin.open(&settings.config, &task, request.patience).map_err(failed)?;
        open.check(&task).map_err(failed)?;
        let tables = open.tables(&task).map_err(failed)?;
        Ok(tables.into_iter().map(|table| table.name).collect())
    });
    Ok(Trial { secrets: host.found_secrets(), outcome })
}
