//! From a client's folder to a [`Report`], and the same way without the report for `cvj check`.

mod provenance;
mod provide;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cvj_core::nearest::nearest;
use cvj_core::report::{Product, Report, ReportPeriod, Scope, Trail};
use cvj_core::slug::unique_slugs;
use cvj_core::{Period, Stage, View};
use datafusion::common::Result as DataFusionResult;
use jiff::{Timestamp, ToSpan};

use crate::accounts::{self, Extent};
use crate::assemble::{Computed, Feed, Material};
use crate::calendar::Calendar;
use crate::cards;
use crate::client::{Binding, Client};
use crate::config::AsOf;
use crate::error::EngineError;
use crate::findings;
use crate::gathered::{FeedScope, Gathered};
use crate::journey::{Bounds, Journeys};
use crate::metrics::{History, MetricValues, aggregate};
use crate::people::People;
use crate::products::{MOST_FOUND, ProductCode, Products, UNASSIGNED};
use crate::pull::Pulls;
use crate::relation::{Relation, touchpoint_label};
use crate::rows::{Shared, gather};
use crate::scan::Account;
use crate::secrets::Vault;
use crate::segments::{MOST_SEGMENTS, SegmentTable, Segments};
use crate::session::{Declared, Session};
use crate::trail::Traced;
use crate::watch::Watch;

/// What a report is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The client's folder, which holds `cvj.toml`.
    pub folder: PathBuf,
    /// The period reported; `None`: the last complete one.
    pub period: Option<Period>,
    /// Only these products (names or aliases, any case); empty: all.
    pub products: Vec<String>,
    /// Where plugins are looked for first.
    pub plugin_path: Vec<PathBuf>,
    /// How long a plugin may be silent.
    pub patience: Duration,
    /// Where secrets are looked for that the environment does not hold, in this order.
    pub vaults: Vec<Arc<dyn Vault>>,
    /// The moment that the default `as_of` may not pass, and by which what was pulled is fresh or old.
    pub now: Timestamp,
    /// Which pulls of sources over a network are used.
    pub pulls: Pulls,
}

/// Computes a client's report.
pub fn report(request: &Request, watch: Arc<dyn Watch>) -> Result<Report, EngineError> {
    with_runtime(async {
        let mut client = Client::open(request, watch, false)?;
        client.retrying(async |client, binding| Attempt::run(client, binding).await?.report().await).await
    })
}

/// Runs the engine's work on a runtime of its own. Threads that a hung plugin holds are left behind.
pub(crate) fn with_runtime<T>(work: impl Future<Output = Result<T, EngineError>>) -> Result<T, EngineError> {
    // DataFusion recurses deeply, and more so without optimisation.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(16 << 20).build();
    let runtime = runtime.map_err(|error| EngineError::Internal(format!("no runtime could be started: {error}")))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// One pass over all sources under one set of formats.
pub(crate) struct Attempt<'a> {
    pub(crate) client: &'a Client<'a>,
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) products: Arc<Products>,
    pub(crate) session: Session,
    pub(crate) declared: Vec<Declared>,
    pub(crate) views: Vec<(View, Option<String>)>,
    relations: Vec<Relation>,
    /// Those of which not all is at hand, in a look that pulls nothing.
    pub(crate) not_read: Vec<Relation>,
    gathered: Vec<Gathered>,
    people: People,
    /// What the segments of their touchpoints mean.
    segments: SegmentTable,
    /// What the scans of views said of the tables behind them, by source and table.
    behind_views: BTreeMap<(String, String), Vec<Account>>,
}

impl<'a> Attempt<'a> {
    /// Reads every relation's rows once.
    pub(crate) async fn run(client: &'a Client<'a>, binding: Binding) -> Result<Self, EngineError> {
        let Binding { calendar, products, session, declared, views, relations } = binding;
        let mut attempt = Self {
            client,
            calendar,
            products,
            session,
            declared,
            views,
            relations,
            not_read: Vec::new(),
            gathered: Vec::new(),
            people: People::default(),
            segments: SegmentTable::default(),
            behind_views: BTreeMap::new(),
        };
        attempt.provide().await?;
        attempt.gather().await?;
        Ok(attempt)
    }

    async fn gather(&mut self) -> Result<(), EngineError> {
        let by = self.declared.iter().flat_map(|declared| match declared {
            Declared::Touchpoint(touchpoint, _) => touchpoint.by.as_slice(),
            Declared::Metric(..) => &[],
        });
        let fed = self.relations.iter().filter(|relation| !relation.touchpoints.is_empty());
        let segments = Segments::new(by, fed.map(|relation| &relation.source));
        for (place, relation) in self.relations.iter().enumerate() {
            self.go_on()?;
            let gathered = match self.session.prepare(relation).await {
                Ok(()) => self.gather_from(relation, &segments).await,
                Err(error) => Err(error),
            };
            match gathered {
                Ok(gathered) => self.gathered.push(gathered),
                Err(error) => return Err(self.session.blame(relation, &self.client.config, &error).await),
            }
            if self.products.too_many() {
                let (source, table) = (&relation.source, &relation.table);
                return Err(EngineError::Data {
                    message: format!("the products of `{source}` (table `{table}`) have more than {MOST_FOUND} different values"),
                    hint: Some("declare the products with [[product]] and `aliases`, or use another column".to_owned()),
                });
            }
            if segments.too_many() {
                return Err(self.too_many_segments(relation));
            }
            if !relation.is_table() {
                for (key, provider) in &self.session.view_tables {
                    let account = provider.take_account();
                    if account.all_rows() > 0 {
                        self.gathered[place].enter_behind(key, &account);
                        self.behind_views.entry(key.clone()).or_default().push(account);
                    }
                }
            }
        }
        self.people.renumber_segments(&segments.ranks());
        self.segments = segments.finish();
        Ok(())
    }

    async fn gather_from(&self, relation: &Relation, segments: &Segments) -> DataFusionResult<Gathered> {
        let Self { client, calendar, products, people, .. } = self;
        let limit = self.explicit_as_of().unwrap_or_else(|| client.request.now.as_microsecond());
        let shared = Shared { calendar, products, people, segments, currency: &client.config.client.currency, limit };
        gather(&self.session.context, relation, &shared).await
    }

    /// The error for a relation that brought more segments than there may be; of its definitions that with the most in `by`
    /// is named.
    fn too_many_segments(&self, relation: &Relation) -> EngineError {
        let hint = Some("name columns with fewer values".to_owned());
        let Some(bound) = relation.touchpoints.iter().rev().max_by_key(|bound| bound.by.len()) else {
            return EngineError::Internal("segments without touchpoints".to_owned());
        };
        let message = format!(
            "{} from `{}`: with the values of {}, touchpoints are of more than {MOST_SEGMENTS} different kinds",
            touchpoint_label(&bound.touchpoint),
            bound.touchpoint.from,
            bound.touchpoint.by.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        );
        bound.origin.error(&self.client.config, "by", message, hint)
    }

    fn go_on(&self) -> Result<(), EngineError> {
        if self.client.watch.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }

    fn explicit_as_of(&self) -> Option<i64> {
        match self.client.config.as_of? {
            AsOf::Date(date) => Some(self.calendar.midnight(date)),
            AsOf::Instant(instant) => Some(instant.as_microsecond()),
        }
    }

    /// The end of follow-up: set, or the local midnight after the newest time used, and not later than now.
    pub(crate) fn as_of(&self) -> Result<i64, EngineError> {
        if let Some(as_of) = self.explicit_as_of() {
            return Ok(as_of);
        }
        let newest = self.gathered.iter().filter_map(|gathered| gathered.newest).max();
        let newest = newest.ok_or_else(|| EngineError::Data {
            message: "no definition found a row that it can use, so there is nothing to report on".to_owned(),
            hint: Some("`cvj check` shows what each source gave and what was rejected".to_owned()),
        })?;
        let midnight = self.calendar.date(newest).checked_add(1.day()).map_or(i64::MAX, |date| self.calendar.midnight(date));
        Ok(midnight.min(self.client.request.now.as_microsecond()))
    }

    /// The number of the reported period.
    pub(crate) fn reported(&self, as_of: i64) -> Result<i32, EngineError> {
        let Some(period) = self.client.request.period else { return Ok(self.calendar.period_index(as_of) - 1) };
        let index = self.calendar.index_of(period);
        if self.calendar.start(index) >= as_of {
            return Err(EngineError::Request {
                message: format!("period {period} begins after the data end ({})", self.calendar.rfc3339(as_of)),
                hint: Some("name an earlier period, or set `as_of` in [report]".to_owned()),
            });
        }
        Ok(index)
    }

    /// Computes metrics and journeys, and assembles the report.
    pub(crate) async fn report(&mut self) -> Result<Report, EngineError> {
        let config = &self.client.config;
        if self.declared.is_empty() {
            return Err(EngineError::Request {
                message: "cvj.toml defines no metric and no touchpoint, so there is nothing to report on".to_owned(),
                hint: Some("add a [[metric]] or a [[touchpoint]]; `cvj check` shows the columns there are".to_owned()),
            });
        }
        let as_of = self.as_of()?;
        let reported = self.reported(as_of)?;
        let periods = reported - (config.report.history as i32 - 1)..=reported;
        let period = self.calendar.period(reported);
        let extent = Extent { calendar: &self.calendar, periods: periods.clone(), as_of };

        let mut values: BTreeMap<usize, MetricValues> = BTreeMap::new();
        let history = History { periods: periods.clone(), as_of };
        for relation in &self.relations {
            self.go_on()?;
            let computed = match self.session.prepare(relation).await {
                Ok(()) => aggregate(&self.session.context, relation, &history).await,
                Err(error) => Err(error),
            };
            match computed {
                Ok(computed) => values.extend(computed),
                Err(error) => return Err(self.session.blame(relation, config, &error).await),
            }
        }

        let ordered = self.ordered_products(&extent);
        let bounds = Bounds {
            calendar: &self.calendar,
            end: self.calendar.start(reported + 1),
            as_of,
            periods: periods.clone(),
            window_days: config.window_days,
            repeat_days: config.value.repeat_days.unwrap_or(config.window_days[Stage::Ascend.index()]),
            rungs: findings::rungs(config, &self.products, &ordered),
        };
        let journeys = Journeys::of(std::mem::take(&mut self.people), &self.segments, &bounds);
        let material = Material {
            config,
            calendar: &self.calendar,
            bounds,
            products: &self.products,
            metrics: self.computed(&values),
            journeys,
            revenue: self.revenue(),
            feeds: self.feeds(),
            referring: self.referring(),
            presence: self.presence(as_of),
        };
        let overall = {
            let stages = material.scope(None)?;
            let findings = findings::of_scope(&material, None, &self.segments, &stages);
            Scope { stages, findings }
        };
        let ladder = findings::ladder(&material, &ordered);
        let slugs = unique_slugs(ordered.iter().map(|(_, name)| name.as_str()), &["overall"]);
        let products = ordered
            .iter()
            .zip(slugs)
            .map(|((code, name), slug)| {
                let stages = material.scope(Some(*code))?;
                let findings = findings::of_scope(&material, Some(*code), &self.segments, &stages);
                Ok(Product { name: name.clone(), slug, stages, findings })
            })
            .collect::<Result<Vec<_>, EngineError>>()?;
        let products = self.asked_for(products)?;
        let end = period.end().to_string();
        let complete = self.calendar.start(reported + 1) <= as_of;
        let sources = self.sources(&extent, &end, &material.journeys.dates);
        let unassigned = accounts::unassigned(self.parts(), &extent);
        let mut notes = self.notes(&sources, period, complete);
        notes.extend(findings::unknown_rung_products(config, &self.products, &ordered));
        let definitions = cards::cards(&self.declared, |number| self.trail(number, &extent), &overall.stages);
        notes.extend(cards::unused(&definitions));
        Ok(Report {
            version: cvj_core::report::VERSION,
            client: config.client.name.clone(),
            currency: config.client.currency.clone(),
            timezone: config.client.timezone.clone(),
            period: ReportPeriod { kind: period.kind(), label: period.label(), start: period.start().to_string(), end, complete },
            as_of: self.calendar.rfc3339(as_of),
            unassigned,
            ladder,
            definitions,
            notes,
            overall,
            products,
            sources,
        })
    }

    fn computed<'b>(&'b self, values: &'b BTreeMap<usize, MetricValues>) -> Vec<Computed<'b>> {
        let mut computed: Vec<Computed<'b>> = self
            .relations
            .iter()
            .flat_map(|relation| relation.metrics.iter().map(move |bound| (relation, bound)))
            .filter_map(|(relation, bound)| {
                Some(Computed { bound, values: values.get(&bound.number)?, source: &relation.source })
            })
            .collect();
        computed.sort_by_key(|computed| computed.bound.number);
        computed
    }

    /// Sources, then views, in configuration order.
    fn source_order(&self) -> impl Iterator<Item = &str> {
        let views = self.views.iter().map(|(view, _)| view.name.as_str());
        self.client.sources.iter().map(|source| source.name.as_str()).chain(views)
    }

    fn of_source<'b>(&'b self, source: &'b str) -> impl Iterator<Item = (&'b Relation, &'b Gathered)> {
        self.relations.iter().zip(&self.gathered).filter(move |(relation, _)| relation.source == source)
    }

    fn feeds(&self) -> Vec<Feed> {
        let mut feeds = Vec::new();
        for source in self.source_order() {
            let mut of_source: BTreeMap<(u8, FeedScope), bool> = BTreeMap::new();
            for (key, has_value) in self.of_source(source).flat_map(|(_, gathered)| &gathered.feeds) {
                *of_source.entry(*key).or_default() |= has_value;
            }
            let feed = |((stage, scope), has_value)| Feed { source: source.to_owned(), stage, scope, has_value };
            feeds.extend(of_source.into_iter().map(feed));
        }
        feeds
    }

    /// The scopes of the definitions that say who was referred.
    fn referring(&self) -> Vec<FeedScope> {
        let bound = self.relations.iter().flat_map(|relation| &relation.touchpoints);
        bound.filter(|bound| bound.referred.is_some()).map(|bound| FeedScope::of(&bound.row, &self.products)).collect()
    }

    fn revenue(&self) -> BTreeMap<(ProductCode, u8, i32), i128> {
        let mut revenue = BTreeMap::new();
        for (key, sum) in self.gathered.iter().flat_map(|gathered| &gathered.revenue) {
            *revenue.entry(*key).or_default() += sum;
        }
        revenue
    }

    fn presence(&self, as_of: i64) -> BTreeMap<String, BTreeSet<i32>> {
        let mut presence: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        for (relation, gathered) in self.relations.iter().zip(&self.gathered) {
            let periods = gathered.presence.iter().filter(|(_, earliest)| **earliest < as_of).map(|(period, _)| *period);
            presence.entry(relation.source.clone()).or_default().extend(periods);
        }
        presence
    }

    /// Codes and names of the products, in order of importance.
    fn ordered_products(&self, extent: &Extent<'_>) -> Vec<(ProductCode, String)> {
        if let Products::Declared { names, .. } = self.products.as_ref() {
            return names.iter().enumerate().map(|(code, name)| (code as ProductCode, name.clone())).collect();
        }
        let mut found: HashMap<ProductCode, (u64, BTreeMap<&str, u64>)> = HashMap::new();
        for (spelling, (code, periods)) in self.gathered.iter().flat_map(|gathered| &gathered.spellings) {
            let counts = |period: &Option<i32>| period.is_none_or(|period| extent.periods.contains(&period));
            let mut rows = periods.iter().filter(|(period, _)| counts(period)).map(|(_, rows)| *rows).peekable();
            if rows.peek().is_some() {
                let rows: u64 = rows.sum();
                let (total, spellings) = found.entry(*code).or_default();
                *total += rows;
                *spellings.entry(spelling).or_default() += rows;
            }
        }
        let mut products: Vec<(u64, String, ProductCode)> = found
            .into_iter()
            .map(|(code, (rows, spellings))| {
                let mut common = ("", 0);
                for (spelling, rows) in spellings {
                    if rows > common.1 {
                        common = (spelling, rows);
                    }
                }
                (rows, common.0.to_owned(), code)
            })
            .collect();
        products.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        products.into_iter().map(|(_, name, code)| (code, name)).collect()
    }

    /// The products that the request names; all where it names none.
    fn asked_for(&self, products: Vec<Product>) -> Result<Vec<Product>, EngineError> {
        let wanted = &self.client.request.products;
        if wanted.is_empty() {
            return Ok(products);
        }
        let mut names = BTreeSet::new();
        for given in wanted {
            let matches = |product: &&Product| {
                let code = self.products.resolve(given);
                code != UNASSIGNED && self.products.resolve(&product.name) == code
            };
            let product = products.iter().find(matches).ok_or_else(|| {
                let near = nearest(given, products.iter().map(|product| product.name.as_str()));
                let all = || products.iter().map(|product| product.name.as_str()).collect::<Vec<_>>().join(", ");
                EngineError::Request {
                    message: format!("--product: there is no product `{given}`"),
                    hint: Some(
                        near.map_or_else(|| format!("the products are {}", all()), |near| format!("did you mean `{near}`?")),
                    ),
                }
            })?;
            names.insert(product.name.clone());
        }
        Ok(products.into_iter().filter(|product| names.contains(&product.name)).collect())
    }

    /// A definition with what it made of the rows.
    pub(crate) fn traced(&self, number: usize) -> Option<Traced<'_>> {
        let mut all = self.parts().flat_map(|(relation, gathered)| Traced::all(relation, gathered));
        all.find(|traced| traced.bound.number() == number)
    }

    fn trail(&self, number: usize, extent: &Extent<'_>) -> Option<Trail> {
        let traced = self.traced(number)?;
        let Relation { source, table, .. } = traced.relation;
        let own = traced.relation.is_table().then_some((source, table));
        let behind = traced.gathered.behind.iter().map(|(source, table)| (source, table));
        let mut files: Vec<String> = Vec::new();
        for file in own.into_iter().chain(behind).flat_map(|(source, table)| accounts::files(&self.client.sources, source, table))
        {
            if !files.contains(file) {
                files.push(file.clone());
            }
        }
        Some(traced.trail(files, extent))
    }

    /// What `cvj check` looks at.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&Relation, &Gathered)> {
        self.relations.iter().zip(&self.gathered)
    }

    pub(crate) fn definition_count(&self) -> usize {
        self.declared.len()
    }
}
