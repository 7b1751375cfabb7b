//! Where a number comes from: the definitions behind it, their SQL as run, the rows they read, used and rejected, and the first rows
//! that they used, with persons masked.

use std::sync::Arc;

use cvj_core::Stage;
use cvj_core::nearest::nearest;
use cvj_core::report::{DefinitionCard, MetricReport, Product, RejectReason, Report, ReportPeriod, StageReport};
use datafusion::common::Result as DataFusionResult;
use serde::Serialize;

use crate::accounts::Extent;
use crate::client::Client;
use crate::engine::{Attempt, Request, with_runtime};
use crate::error::EngineError;
use crate::gathered::FeedScope;
use crate::relation::BoundStage;
use crate::trail::{Bound, Traced};
use crate::watch::Watch;
use crate::witness::{self, Asked, Witnesses};

/// Which number is asked about.
#[derive(Clone, Debug)]
pub struct Question {
    /// A metric's name in any case; `stage/name` where several stages have one of the name.
    pub metric: String,
    /// A product's name or alias; `None`: overall.
    pub product: Option<String>,
}

/// Where a number comes from.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The client's name.
    pub client: String,
    /// ISO 4217 code of amounts of money.
    pub currency: String,
    /// The period.
    pub period: ReportPeriod,
    /// End of follow-up.
    pub as_of: String,
    /// The product; `None`: overall.
    pub product: Option<String>,
    /// The metric's stage.
    pub stage: Stage,
    /// The number, as in the report.
    pub metric: MetricReport,
    /// What cvj computes from touchpoints; `None` for declared metrics.
    pub built_in: Option<DefinitionCard>,
    /// The definitions it is made of: several where metrics are combined, and where several feed a stage with touchpoints.
    pub parts: Vec<Part>,
}

/// One definition with what it found.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// The definition, with its trail.
    pub definition: DefinitionCard,
    /// The source, or the view.
    pub source: String,
    /// Its plugin; `view` for a view.
    pub plugin: String,
    /// The table.
    pub table: String,
    /// The SELECT of a view.
    pub view: Option<String>,
    /// What a metric's SQL gives in the period and scope; `None` where it used no row, and for touchpoints.
    pub value: Option<f64>,
    /// What its `per` gives.
    pub per: Option<f64>,
    /// Rows used in the period and scope.
    pub rows_used: u64,
    /// Rows rejected, by reason.
    pub rejected_by_reason: Vec<RejectReason>,
    /// The columns that the definition uses.
    pub columns: Vec<String>,
    /// The first rows used in the period and scope.
    pub sample: Vec<SampleRow>,
}

/// A row that was used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SampleRow {
    /// `file:line`; `None` for rows of a view.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// A text per column, persons masked.
    pub cells: Vec<String>,
}

/// Explains a metric's number in a period.
pub fn explain(request: &Request, question: &Question, watch: Arc<dyn Watch>) -> Result<Explanation, EngineError> {
    let request = Request { products: question.product.iter().cloned().collect(), ..request.clone() };
    with_runtime(async {
        let mut client = Client::open(&request, watch, false)?;
        client
            .retrying(async |client, binding| {
                let mut attempt = Attempt::run(client, binding).await?;
                let report = attempt.report().await?;
                attempt.explain(&report, question).await
            })
            .await
    })
}

impl Attempt<'_> {
    async fn explain(&self, report: &Report, question: &Question) -> Result<Explanation, EngineError> {
        let product = report.products.first().filter(|_| question.product.is_some());
        let (stage, metric) = find(report, product, &question.metric)?;
        let as_of = self.as_of()?;
        let reported = self.reported(as_of)?;
        let periods = reported - (self.client.config.report.history as i32 - 1)..=reported;
        let extent = Extent { calendar: &self.calendar, periods, as_of };
        let mut stages = vec![stage.stage];
        stages.extend(stage.to_next.as_ref().filter(|_| metric.built_in && metric.name == "Step rate").map(|step| step.to));
        let asked = Asked {
            extent: &extent,
            product: product.map(|product| (self.products.resolve(&product.name), self.products.name(&product.name))),
            stages: &stages,
            persons: self.parts().flat_map(|(relation, _)| relation.person_columns()).collect(),
        };
        let mut parts = Vec::new();
        for card in 0..self.declared.len() {
            let Some(traced) = self.traced(card).filter(|traced| self.is_part(traced, metric, &asked)) else { continue };
            let part = match self.session.prepare(traced.relation).await {
                Ok(()) => self.part(&traced, &asked, report.definitions[card].clone()).await,
                Err(error) => Err(error),
            };
            parts.push(part.map_err(|error| self.session.error(&error))?);
        }
        let mut built_in = report.definitions.iter().skip(self.declared.len());
        Ok(Explanation {
            built_in: built_in.find(|card| metric.built_in && card.name == metric.name).cloned(),
            product: product.map(|product| product.name.clone()),
            stage: stage.stage,
            metric: metric.clone(),
            client: report.client.clone(),
            currency: report.currency.clone(),
            period: report.period.clone(),
            as_of: report.as_of.clone(),
            parts,
        })
    }

    /// Whether a definition is behind the metric.
    fn is_part(&self, traced: &Traced<'_>, metric: &MetricReport, asked: &Asked<'_>) -> bool {
        let is_about = match traced.bound {
            Bound::Metric(bound) => {
                !metric.built_in && asked.stages.contains(&bound.metric.stage) && bound.metric.name == metric.name
            }
            Bound::Touchpoint(bound) => {
                let feeds = |stage: &Stage| match &bound.stage {
                    BoundStage::Fixed(own) => own == stage,
                    BoundStage::Column(_) => traced.tally.fed[stage.index()],
                };
                let counts = bound.value.is_some() || metric.name != "Revenue";
                metric.built_in && counts && asked.stages.iter().any(feeds)
            }
        };
        is_about && FeedScope::of(traced.bound.row(), &self.products).holds(asked.product_code())
    }

    async fn part(&self, traced: &Traced<'_>, asked: &Asked<'_>, definition: DefinitionCard) -> DataFusionResult<Part> {
        let Traced { relation, tally, .. } = traced;
        let context = &self.session.context;
        let (value, per) = witness::value(context, traced, asked).await?;
        let witnesses = Witnesses::of(context, traced, asked).await?;
        let plugin = self.client.sources.iter().find(|source| relation.is_table() && source.name == relation.source);
        let view = self.views.iter().find(|(view, _)| !relation.is_table() && view.name == relation.table);
        Ok(Part {
            definition,
            source: relation.source.clone(),
            plugin: plugin.map_or("view", |source| &source.plugin).to_owned(),
            table: relation.table.clone(),
            view: view.map(|(view, _)| view.sql.clone()),
            value,
            per,
            rows_used: witnesses.rows,
            rejected_by_reason: asked.extent.rejected(&tally.rejected).by_reason,
            columns: witnesses.columns,
            sample: witnesses.sample,
        })
    }
}

/// The metric that is asked for, with its stage.
fn find<'a>(
    report: &'a Report,
    product: Option<&'a Product>,
    asked: &str,
) -> Result<(&'a StageReport, &'a MetricReport), EngineError> {
    let overall = listed(&report.overall.stages);
    let scope = product.map_or_else(|| overall.clone(), |product| listed(&product.stages));
    let (message, hint) = match (matching(&scope, asked).as_slice(), product) {
        ([one], _) => return Ok(*one),
        ([], Some(product)) if !matching(&overall, asked).is_empty() => {
            let message = format!("there is no metric `{asked}` for {}", product.name);
            (message, "it is measured overall: ask without a product".to_owned())
        }
        ([], _) => (format!("there is no metric `{asked}`"), suggestion(&scope, asked)),
        (several, _) => (format!("several stages have a metric `{asked}`"), format!("write one of {}", paths(several))),
    };
    Err(EngineError::Request { message, hint: Some(hint) })
}

type Listed<'a> = Vec<(&'a StageReport, &'a MetricReport)>;

fn listed(stages: &[StageReport]) -> Listed<'_> {
    stages.iter().flat_map(|stage| stage.metrics.iter().map(move |metric| (stage, metric))).collect()
}

/// The metrics of this name, or of this `stage/name`; at most one of each stage, a declared one before a built-in one.
fn matching<'a>(metrics: &Listed<'a>, asked: &str) -> Listed<'a> {
    let (whole, of_stage) = (asked.trim().to_lowercase(), in_stage(asked));
    let mut found: Listed<'a> = metrics.clone();
    found.retain(|(_, metric)| metric.name.to_lowercase() == whole);
    if let (true, Some((asked, name))) = (found.is_empty(), of_stage) {
        found.clone_from(metrics);
        found.retain(|(stage, metric)| stage.stage == asked && metric.name.to_lowercase() == name);
    }
    found.dedup_by_key(|(stage, _)| stage.stage);
    found
}

/// The stage and, in lower case, the name of `stage/name`.
fn in_stage(asked: &str) -> Option<(Stage, String)> {
    let (stage, name) = asked.split_once('/')?;
    Some((stage.parse().ok()?, name.trim().to_lowercase()))
}

/// What may be meant by a name that no metric has.
fn suggestion(metrics: &Listed<'_>, asked: &str) -> String {
    let elsewhere = asked.split_once('/').map(|(_, name)| matching(metrics, name)).unwrap_or_default();
    if !elsewhere.is_empty() {
        return format!("write {}", paths(&elsewhere));
    }
    if let Some((stage, name)) = in_stage(asked) {
        let own = metrics.iter().filter(|(of, _)| of.stage == stage).map(|(_, metric)| metric.name.as_str());
        if let Some(near) = nearest(&name, own) {
            return format!("did you mean `{stage}/{near}`?");
        }
    }
    let mut names: Vec<&str> = metrics.iter().map(|(_, metric)| metric.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let near = nearest(asked, names.iter().copied());
    near.map_or_else(|| format!("the metrics are {}", names.join(", ")), |near| format!("did you mean `{near}`?"))
}

fn paths(metrics: &[(&StageReport, &MetricReport)]) -> String {
    let paths: Vec<String> = metrics.iter().map(|(stage, metric)| format!("`{}/{}`", stage.stage, metric.name)).collect();
    paths.join(", ")
}
