//! `cvj auth test`: one source's credentials, tried.

use std::sync::Arc;

use crate::config::Config;
use crate::engine::Request;
use crate::error::EngineError;
use crate::plugin::Search;
use crate::secrets::{FoundSecret, SecretKey, settings_of};
use crate::sources::{Host, OpenSource};
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
    let found = host.find_secrets();
    let outcome = found.and_then(|()| {
        let search = Search::standard(&request.plugin_path);
        let mut open = OpenSource::connect(settings, &config, host.clone(), &search, request.patience)?;
        open.check()?;
        open.list_tables()?;
        Ok(open.tables.into_iter().map(|table| table.name).collect())
    });
    Ok(Trial { secrets: host.found_secrets(), outcome })
}
