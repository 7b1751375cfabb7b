//! One scope of the page: its journey, scorecard, steps, trends and stages, in printed words.

use cvj_core::report::{Evidence, MetricReport, NamedScope, StageReport, TargetStatus};
use cvj_core::{Good, Report, Stage, Unit};
use serde::Serialize;

use super::audit::AuditView;
use super::breakdown::{DimensionView, dimensions};
use super::fix_first::FixFirstView;
use super::glance::{GlanceView, glance};
use super::mark::Mark;
use super::sparkline::sparkline;
use super::steps::StepView;
use super::value::{SkipView, ValueView};
use crate::chart::page_charts;
use crate::error::RenderError;
use crate::figure::{Figure, change, counts};
use crate::locale::Locale;
use crate::number::{self, NumberStyle, UNKNOWN};
use crate::scorecard::{Row, pages, rows};
use crate::verdict::{Tone, status_tone, status_words, verdict_tone, verdict_words};
use crate::words::{self, Told};

/// A scope as the templates see it.
#[derive(Serialize)]
pub(super) struct ScopeView<'a> {
    name: &'a str,
    slug: &'a str,
    fix_first: FixFirstView<'a>,
    journey: Option<String>,
    glance: Vec<GlanceView<'a>>,
    /// The headlines against their targets.
    targets: Option<String>,
    /// The products side by side, in the first scope.
    products: Option<String>,
    /// The value ladder, in the first scope.
    ladder: Option<String>,
    scorecards: Vec<Vec<RowView<'a>>>,
    audit: Vec<AuditView<'a>>,
    cohorts: Option<String>,
    stages: Vec<StageView<'a>>,
    dimensions: Vec<DimensionView<'a>>,
    skips: Vec<SkipView<'a>>,
    value: Vec<ValueView<'a>>,
}

/// A row of the scorecard.
#[derive(Serialize)]
struct RowView<'a> {
    stage: &'static str,
    /// Its place in the journey, to sort by.
    order: usize,
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
    /// The answers behind a score.
    answers: Option<String>,
    less_is_better: bool,
    target: String,
    actual: String,
    details: Vec<String>,
    previous: String,
    change: String,
    verdict: &'static str,
    verdict_tone: &'static str,
    verdict_mark: Mark<'a>,
    /// Bad news first, to sort by.
    verdict_order: u8,
    status: &'static str,
    /// Missed targets first, to sort by.
    status_order: u8,
    status_tone: &'static str,
    status_mark: Mark<'a>,
    spark: String,
    built_in: bool,
}

#[derive(Serialize)]
struct StageView<'a> {
    key: &'static str,
    title: &'static str,
    number: usize,
    asks: &'static str,
    reached_when: &'static str,
    measured: bool,
    filled_by: &'static str,
    people: Option<[String; 3]>,
    /// Who makes the difference between the readings.
    readings: Vec<String>,
    /// Which stages those who skipped have not reached.
    missing: String,
    metrics: Vec<MetricView<'a>>,
    step: Option<StepView<'a>>,
    /// The sources that its metrics come from, in the metrics' order.
    sources: Vec<&'a str>,
    /// What cannot be judged about it, and why.
    gap: Option<String>,
    /// How its step goes and how long it takes, and its headline metrics over time.
    charts: Vec<String>,
}

impl<'a> ScopeView<'a> {
    pub(super) fn new(report: &'a Report, scope: NamedScope<'a>, locale: &Locale) -> Result<Self, RenderError> {
        let NamedScope { name, slug, stages, findings } = scope;
        let told = Told::new(report, scope);
        let mut charts = page_charts(report, scope, locale)?;
        let mut taken = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
            charts.extract_if(.., |(chart, _)| wanted(chart)).map(|(_, svg)| svg).collect()
        };
        let [journey, targets, products, ladder, cohorts] =
            ["journey", "targets", "products", "ladder", "cohorts"].map(|name| taken(&|chart| chart == name).pop());
        let stage_views = stages.iter().map(|stage| {
            let own = ["rates", "waiting", "trend"].map(|kind| format!("{kind}-{}", stage.stage));
            let charts = taken(&|chart| own.iter().any(|own| chart.starts_with(own)));
            let without = stage
                .to_next
                .as_ref()
                .filter(|_| slug == "overall")
                .and_then(|step| words::without(report, stage.stage, step.to));
            let mut view = StageView::new(stage, told, charts);
            view.readings.extend(without);
            view
        });
        let stage_views = stage_views.collect();
        let with_activities = findings.audit.iter().any(|line| line.activities != Evidence::Unknown);
        Ok(Self {
            name,
            slug,
            fix_first: FixFirstView::new(told),
            journey,
            glance: glance(scope),
            targets,
            products,
            ladder,
            scorecards: pages(&rows(stages)).into_iter().map(|page| page_view(&page, told)).collect(),
            audit: findings.audit.iter().map(|line| AuditView::new(told, line, with_activities)).collect(),
            cohorts,
            stages: stage_views,
            dimensions: dimensions(&findings.breakdowns),
            skips: findings.skip_costs.iter().filter_map(|cost| SkipView::new(told, cost)).collect(),
            value: findings.value.iter().map(|metric| ValueView::new(metric, &report.currency)).collect(),
        })
    }
}

fn page_view<'a>(page: &[Row<'a>], told: Told<'a>) -> Vec<RowView<'a>> {
    let mut views: Vec<RowView<'a>> = Vec::with_capacity(page.len());
    for &row in page {
        let view = row_view(row, told);
        let again = views.last().is_some_and(|above| above.stage == view.stage);
        views.push(RowView { again, ..view });
    }
    views
}

fn row_view<'a>(row: Row<'a>, told: Told<'a>) -> RowView<'a> {
    let (stage, kind, metric) = match row {
        Row::Metric { stage, metric, .. } => (stage, "metric", Some(MetricView::new(metric, stage, told))),
        Row::NoMetric(stage) => (stage, "no-metric", None),
        Row::Unmeasured(stage) => (stage, "unmeasured", None),
    };
    RowView { stage: stage.title(), order: stage.index() + 1, kind, again: false, filled_by: stage.filled_by(), metric }
}

impl<'a> MetricView<'a> {
    fn new(metric: &'a MetricReport, stage: Stage, told: Told<'a>) -> Self {
        let slug = told.scope.slug;
        let step = told.stage(stage).and_then(|stage| stage.to_next.as_ref());
        let style = NumberStyle { unit: metric.unit, currency: told.currency };
        let known = |value: Option<f64>| value.map_or_else(|| UNKNOWN.to_owned(), |value| style.value(value));
        let actual = Figure::actual(metric);
        let mut details = Vec::new();
        if let Some([low, high]) = metric.interval.filter(|_| actual.value().is_some()) {
            let parts = metric.numerator.zip(metric.denominator).filter(|_| metric.unit == Unit::Percent);
            details.extend(parts.map(|(numerator, denominator)| counts(numerator, denominator)));
            details.push(match metric.unit {
                Unit::Percent => format!("95%: {}", words::interval([low, high])),
                _ => format!("95%: {}–{}", style.value(low), style.value(high)),
            });
        }
        Self {
            name: &metric.name,
            owner: metric.owner.as_deref(),
            source: &metric.source,
            answers: words::promoters(metric),
            less_is_better: metric.good == Good::Down,
            target: known(metric.target),
            actual: actual.text(style),
            details,
            previous: Figure::previous(metric).text(style),
            change: change(metric).map_or_else(|| UNKNOWN.to_owned(), |change| style.change(change)),
            verdict: verdict_words(metric, step),
            verdict_tone: verdict_tone(metric, step).class(),
            verdict_order: match verdict_tone(metric, step) {
                Tone::Bad => 1,
                Tone::Good => 2,
                Tone::Warning | Tone::Neutral => 3,
            },
            verdict_mark: Mark::metric(slug, stage, metric),
            status: status_words(metric.status),
            status_order: match metric.status {
                TargetStatus::OffTrack => 1,
                TargetStatus::AtRisk => 2,
                TargetStatus::OnTrack => 3,
                TargetStatus::None => 4,
            },
            status_tone: status_tone(metric.status).class(),
            status_mark: Mark::status(slug, stage, metric),
            spark: sparkline(&metric.series.iter().map(|point| Figure::point(metric, point).value()).collect::<Vec<_>>()),
            built_in: metric.built_in,
        }
    }
}

impl<'a> StageView<'a> {
    fn new(report: &'a StageReport, told: Told<'a>, charts: Vec<String>) -> Self {
        let stage = report.stage;
        let mut sources: Vec<&str> = Vec::new();
        for metric in &report.metrics {
            if !sources.contains(&metric.source.as_str()) {
                sources.push(&metric.source);
            }
        }
        let readings = report.people.as_ref().zip(report.readings.as_ref());
        Self {
            key: stage.key(),
            title: stage.title(),
            number: stage.index() + 1,
            asks: stage.buyer_asks(),
            reached_when: stage.reached_when(),
            measured: report.measured,
            filled_by: stage.filled_by(),
            people: report.people.map(|people| [people.any, people.ordered, people.strict].map(number::count)),
            readings: readings.map(|(people, readings)| words::readings(people, readings)).unwrap_or_default(),
            missing: report.readings.as_ref().map(words::missing).unwrap_or_default(),
            metrics: report.metrics.iter().map(|metric| MetricView::new(metric, stage, told)).collect(),
            step: StepView::new(told, report),
            sources,
            gap: told.scope.findings.audit.iter().find(|line| line.stage == stage).and_then(|line| words::audit_gap(told, line)),
            charts,
        }
    }
}
