//! A client with its sources open, and its definitions bound to what these have.

use std::collections::BTreeMap;
use std::sync::Arc;

use cvj_core::source::Level;
use cvj_core::{Period, Status, View};

use crate::calendar::Calendar;
use crate::config::Config;
use crate::engine::Request;
use crate::error::EngineError;
use crate::plugin::Search;
use crate::products::Products;
use crate::pull::Pulls;
use crate::relation::Relation;
use crate::session::{Declared, Session, definitions};
use crate::sources::{OpenSource, Opening};
use crate::watch::Watch;

/// How often a source's tables are read before it is an error that it changes its mind about their formats.
const ATTEMPTS: usize = 8;
/// The same of a source over a network, where each time is a pull.
const REMOTE_ATTEMPTS: usize = 2;

/// A client with its sources open.
pub(crate) struct Client<'a> {
    pub(crate) request: &'a Request,
    pub(crate) config: Config,
    pub(crate) sources: Vec<OpenSource>,
    pub(crate) watch: Arc<dyn Watch>,
    /// Whole tables are not pulled.
    pub(crate) look_only: bool,
}

/// Tables under the formats that their sources have settled on, and definitions bound to them.
pub(crate) struct Binding {
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) products: Arc<Products>,
    pub(crate) session: Session,
    pub(crate) declared: Vec<Declared>,
    pub(crate) views: Vec<(View, Option<String>)>,
    pub(crate) relations: Vec<Relation>,
}

impl<'a> Client<'a> {
    /// Opens its sources; `look_only`: to look at them, not to pull them.
    pub(crate) fn open(request: &'a Request, watch: Arc<dyn Watch>, look_only: bool) -> Result<Self, EngineError> {
        let config = Config::read(&request.folder)?;
        let search = Search::standard(&request.plugin_path);
        let opening = Opening { config: &config, request, search: &search, watch: watch.clone(), look_only };
        let mut cache = None;
        let open = |settings| OpenSource::open(settings, &opening, &mut cache);
        let sources = config.sources.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { request, config, sources, watch, look_only })
    }

    /// A client with the sources open that can be opened, and why the others cannot.
    pub(crate) fn open_what_opens(request: &'a Request, watch: Arc<dyn Watch>) -> Result<(Self, Vec<EngineError>), EngineError> {
        let config = Config::read(&request.folder)?;
        let search = Search::standard(&request.plugin_path);
        let opening = Opening { config: &config, request, search: &search, watch: watch.clone(), look_only: true };
        let (mut sources, mut problems, mut cache) = (Vec::new(), Vec::new(), None);
        for settings in &config.sources {
            match OpenSource::open(settings, &opening, &mut cache) {
                Ok(source) => sources.push(source),
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(problem) => problems.push(problem),
            }
        }
        Ok((Self { request, config, sources, watch, look_only: true }, problems))
    }

    /// Runs work that a source may ask to begin again because its data contradicts the formats it had settled on.
    pub(crate) async fn retrying<T>(
        &mut self,
        work: impl AsyncFn(&Self, Binding) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let mut attempts: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            let result = match self.bind().await {
                Ok(binding) => work(self, binding).await,
                Err(error) => Err(error),
            };
            match result {
                Err(EngineError::Source { source_name, error }) if error.status == Status::SchemaChanged => {
                    let attempt = attempts.entry(source_name.clone()).or_default();
                    *attempt += 1;
                    let source = self.sources.iter_mut().find(|source| source.name == source_name);
                    let most = source.as_ref().and_then(|source| source.pull()).map_or(ATTEMPTS, |_| REMOTE_ATTEMPTS);
                    let Some(source) = source.filter(|_| *attempt < most) else {
                        return Err(EngineError::Source { source_name, error });
                    };
                    self.watch.log(&source_name, Level::Info, &format!("reads the data once more: {error}"));
                    source.list_tables()?;
                }
                result => return result,
            }
        }
    }

    /// Binds definitions. Where they do not fit what sources over a network had when they were last asked, these are asked again.
    async fn bind(&mut self) -> Result<Binding, EngineError> {
        let error = match Binding::of(self).await {
            Err(error @ (EngineError::Config(_) | EngineError::Data { .. })) => error,
            done => return done,
        };
        if self.request.pulls == Pulls::Offline {
            let known = self.sources.iter().filter_map(|source| Some(source.pull()?.known_as_of()));
            return Err(error.with_more_hint(&known.collect::<Vec<_>>().join("; ")));
        }
        let is_known_of_old = |source: &OpenSource| source.pull().is_some_and(|pull| !pull.is_listed_now());
        if !self.sources.iter().any(is_known_of_old) {
            return Err(error);
        }
        for source in self.sources.iter_mut().filter(|source| is_known_of_old(source)) {
            match source.list_again() {
                Ok(()) => {}
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(unasked) => {
                    self.watch.log(&source.name, Level::Warn, &unasked.to_string());
                    return Err(error);
                }
            }
        }
        Binding::of(self).await
    }
}

impl Binding {
    async fn of(client: &Client<'_>) -> Result<Self, EngineError> {
        let Client { request, config, sources, .. } = client;
        let kind = request.period.map_or(config.report.period, Period::kind);
        let calendar = Arc::new(Calendar::new(config.zone.clone(), kind));
        let declared_products = config.products.iter().map(|product| (product.name.as_str(), product.aliases.as_slice()));
        let products = Arc::new(Products::new(declared_products));
        let (declared, views) = definitions(config, sources);
        config.check_spend(&declared.iter().filter_map(|declared| match declared {
            Declared::Metric(metric, _) => Some(metric),
            Declared::Touchpoint(..) => None,
        }))?;
        let session = Session::new(config, sources, &views, &calendar, &products).await?;
        let relations = session.relations(config, sources, &views, &declared).await?;
        Ok(Self { calendar, products, session, declared, views, relations })
    }
}
