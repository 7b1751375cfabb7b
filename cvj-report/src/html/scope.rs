//! One scope of the page: its journey, scorecard, trends and stages, in printed words.

use cvj_core::report::{MetricReport, NamedScope, StageReport, Step};
use cvj_core::{Good, Report};
use serde::Serialize;

use super::sparkline::sparkline;
use crate::chart::{Drawing, Embedding, Named, drawings};
use crate::error::RenderError;
use crate::figure::{Figure, change, counts, waiting};
use crate::number::{self, NumberStyle, UNKNOWN};
use crate::scorecard::{Row, pages, rows};
use crate::verdict::{status_tone, status_words, verdict_tone, verdict_words};

/// A scope as the templates see it.
#[derive(Serialize)]
pub(super) struct ScopeView<'a> {
    name: &'a str,
    slug: &'a str,
    journey: String,
    scorecards: Vec<Vec<RowView<'a>>>,
    trends: Vec<String>,
    stages: Vec<StageView<'a>>,
}

/// A row of the scorecard.
#[derive(Serialize)]
struct RowView<'a> {
    stage: &'static str,
    /// `metric`, `no-metric` or `unmeasured`.
    kind: &'static str,
    /// Whether the row above is of the same stage.
    again: bool,
    filled_by: &'static str,
    metric: Option<MetricView<'a>>,
}

#[derive(Serialize)]
struct MetricView<'a> {
    name: &'a str,
    owner: Option<&'a str>,
    source: &'a str,
    less_is_better: bool,
    target: String,
    actual: String,
    details: Vec<String>,
    previous: String,
    change: String,
    verdict: &'static str,
    verdict_tone: &'static str,
    status: &'static str,
    status_tone: &'static str,
    spark: String,
    built_in: bool,
}

#[derive(Serialize)]
struct StageView<'a> {
    title: &'static str,
    number: usize,
    asks: &'static str,
    reached_when: &'static str,
    measured: bool,
    filled_by: &'static str,
    people: Option<[String; 3]>,
    step: Option<StepView>,
    metrics: Vec<MetricView<'a>>,
}

#[derive(Serialize)]
struct StepView {
    to: &'static str,
    rate: String,
    counts: String,
    interval: Option<String>,
    waiting: String,
    entered: String,
    skipped: String,
    window_days: u32,
}

impl<'a> ScopeView<'a> {
    pub(super) fn new(report: &'a Report, scope: NamedScope<'a>) -> Result<Self, RenderError> {
        let NamedScope { name, slug, stages, .. } = scope;
        let mut journey = String::new();
        let mut trends = Vec::new();
        for Named { name: chart, drawing } in drawings(report, name, stages) {
            let svg = drawing.svg(&format!("{slug}-{chart}"), Embedding::Page)?;
            match drawing {
                Drawing::Journey(_) => journey = svg,
                Drawing::Trend(_) => trends.push(svg),
            }
        }
        let scorecards = pages(&rows(stages)).into_iter().map(|page| page_view(&page, &report.currency)).collect();
        let stages = stages.iter().map(|stage| StageView::new(stage, &report.currency)).collect();
        Ok(Self { name, slug, journey, scorecards, trends, stages })
    }
}

fn page_view<'a>(page: &[Row<'a>], currency: &str) -> Vec<RowView<'a>> {
    let mut views: Vec<RowView<'a>> = Vec::with_capacity(page.len());
    for &row in page {
        let view = row_view(row, currency);
        let again = views.last().is_some_and(|above| above.stage == view.stage);
        views.push(RowView { again, ..view });
    }
    views
}

fn row_view<'a>(row: Row<'a>, currency: &str) -> RowView<'a> {
    let (stage, kind, metric) = match row {
        Row::Metric { stage, metric, .. } => (stage, "metric", Some(MetricView::new(metric, currency))),
        Row::NoMetric(stage) => (stage, "no-metric", None),
        Row::Unmeasured(stage) => (stage, "unmeasured", None),
    };
    RowView { stage: stage.title(), kind, again: false, filled_by: stage.filled_by(), metric }
}

impl<'a> MetricView<'a> {
    fn new(metric: &'a MetricReport, currency: &str) -> Self {
        let style = NumberStyle { unit: metric.unit, currency };
        let known = |value: Option<f64>| value.map_or_else(|| UNKNOWN.to_owned(), |value| style.value(value));
        let actual = Figure::actual(metric);
        let mut details = Vec::new();
        if let Some([low, high]) = metric.interval.filter(|_| actual.value().is_some()) {
            details
                .extend(metric.numerator.zip(metric.denominator).map(|(numerator, denominator)| counts(numerator, denominator)));
            details.push(format!("95 %: {}–{}", style.value(low), style.value(high)));
        }
        Self {
            name: &metric.name,
            owner: metric.owner.as_deref(),
            source: &metric.source,
            less_is_better: metric.good == Good::Down,
            target: known(metric.target),
            actual: actual.text(style),
            details,
            previous: Figure::previous(metric).text(style),
            change: change(metric).map_or_else(|| UNKNOWN.to_owned(), |change| style.change(change)),
            verdict: verdict_words(metric),
            verdict_tone: verdict_tone(metric).class(),
            status: status_words(metric.status),
            status_tone: status_tone(metric.status).class(),
            spark: sparkline(&metric.series.iter().map(|point| Figure::point(metric, point).value()).collect::<Vec<_>>()),
            built_in: metric.built_in,
        }
    }
}

impl<'a> StageView<'a> {
    fn new(report: &'a StageReport, currency: &str) -> Self {
        let stage = report.stage;
        Self {
            title: stage.title(),
            number: stage.index() + 1,
            asks: stage.buyer_asks(),
            reached_when: stage.reached_when(),
            measured: report.measured,
            filled_by: stage.filled_by(),
            people: report.people.map(|people| [people.any, people.ordered, people.strict].map(number::count)),
            step: report.to_next.as_ref().map(StepView::new),
            metrics: report.metrics.iter().map(|metric| MetricView::new(metric, currency)).collect(),
        }
    }
}

impl StepView {
    fn new(step: &Step) -> Self {
        let figure = Figure::step(step);
        let counts = counts(step.advanced as f64, step.matured as f64);
        let rate = figure.value().map_or_else(|| counts.clone(), number::percent);
        Self {
            to: step.to.title(),
            counts: if figure.value().is_some() { counts } else { String::new() },
            rate,
            interval: step
                .interval
                .filter(|_| figure.value().is_some())
                .map(|[low, high]| format!("{}–{}", number::percent(low), number::percent(high))),
            waiting: waiting(step),
            entered: number::count(step.entered),
            skipped: number::count(step.skipped),
            window_days: step.window_days,
        }
    }
}
