//! From gathered rows, metric values and journeys to one scope's eight stages.

mod point;

use std::collections::{BTreeMap, BTreeSet};

use cvj_core::definition::Combine;
use cvj_core::report::{
    self, LikeAged, MetricReport, People, SeriesPoint, Share, StageReport, Step, TargetStatus, Trusted, Verdict,
};
use cvj_core::stats::{newcombe, wilson};
use cvj_core::{Good, Metric, Stage, Unit};

use crate::calendar::{Calendar, DAY};
use crate::config::Config;
use crate::error::EngineError;
use crate::findings::FEWEST;
use crate::gathered::{FeedScope, money};
use crate::journey::{Bounds, ChainStage, Cohort, Journeys};
use crate::metrics::{Aggregate, Answers, MetricValues};
use crate::products::{ProductCode, Products};
use crate::relation::BoundMetric;
use point::{POINTS, Point, nps, rate_verdict, routine_verdict, score_verdict, target_status, usual_range};

/// A declared metric with its values and the source they come from.
pub(crate) struct Computed<'a> {
    pub(crate) bound: &'a BoundMetric,
    pub(crate) values: &'a MetricValues,
    pub(crate) source: &'a str,
}

/// A source that feeds a stage with touchpoints.
pub(crate) struct Feed {
    pub(crate) source: String,
    pub(crate) stage: u8,
    pub(crate) scope: FeedScope,
    /// Whether its touchpoints have values.
    pub(crate) has_value: bool,
}

/// Everything that scopes are assembled from.
pub(crate) struct Material<'a> {
    pub(crate) config: &'a Config,
    pub(crate) calendar: &'a Calendar,
    pub(crate) bounds: Bounds<'a>,
    pub(crate) products: &'a Products,
    /// Declared metrics in configuration order.
    pub(crate) metrics: Vec<Computed<'a>>,
    pub(crate) journeys: Journeys,
    /// Money by product, stage and period.
    pub(crate) revenue: BTreeMap<(ProductCode, u8, i32), i128>,
    /// What feeds the stages with touchpoints, in configuration order of the sources.
    pub(crate) feeds: Vec<Feed>,
    /// The scopes of definitions whose touchpoints say who was referred.
    pub(crate) referring: Vec<FeedScope>,
    /// Periods in which each source has a row.
    pub(crate) presence: BTreeMap<String, BTreeSet<i32>>,
}

impl Material<'_> {
    /// Whether a metric's target is meant for periods of the reported kind: a month's sum is no target of a week.
    fn target_holds(&self, metric: &Metric) -> bool {
        let grows = matches!(metric.unit, Unit::Count | Unit::Money) && metric.per.is_none();
        !grows || self.config.report.period == self.calendar.period(*self.bounds.periods.end()).kind()
    }

    /// Whether the reported period is over.
    pub(crate) fn is_complete(&self) -> bool {
        self.bounds.end <= self.bounds.as_of
    }

    /// The eight stages of a scope; `None`: overall.
    pub(crate) fn scope(&self, product: Option<ProductCode>) -> Result<Vec<StageReport>, EngineError> {
        let chain = &self.journeys.of_scope(product).chain;
        Stage::ALL
            .into_iter()
            .map(|stage| {
                let link = chain.iter().find(|link| link.stage == stage);
                let mut metrics = self.declared(stage, product)?;
                let none_declared = metrics.is_empty();
                if let Some(link) = link {
                    metrics.extend(self.built_in(link, product, none_declared));
                }
                Ok(StageReport {
                    stage,
                    measured: !metrics.is_empty(),
                    people: link.map(|link| People { any: link.any, ordered: link.ordered, strict: link.strict }),
                    readings: link.map(|link| link.readings.clone()),
                    to_next: link.and_then(|link| self.step(link, product)),
                    metrics,
                })
            })
            .collect()
    }

    fn step(&self, link: &ChainStage, product: Option<ProductCode>) -> Option<Step> {
        let to = link.next?;
        let window_days = self.bounds.window_days[to.index()];
        let known = self.known(link.stage, product);
        let early_days = self.bounds.like_aged_days(to);
        let cohorts: Vec<report::Cohort> = self
            .bounds
            .periods
            .clone()
            .zip(&link.cohorts)
            .map(|(period, (cohort, median_days))| {
                let share = share(cohort.advanced, cohort.matured);
                report::Cohort {
                    period: self.calendar.period(period).label(),
                    known: known(period),
                    mature: self.calendar.start(period + 1) + i64::from(window_days) * DAY <= self.bounds.as_of,
                    entered: cohort.entered,
                    matured: cohort.matured,
                    advanced: cohort.advanced,
                    skipped: cohort.skipped,
                    rate: share.rate,
                    interval: share.interval,
                    median_days: *median_days,
                    early: early_days.map(|_| self::share(cohort.early, cohort.entered)),
                }
            })
            .collect();
        let reported = cohorts.last()?.clone();
        let passed = Stage::ALL.into_iter().filter(|stage| link.stage < *stage && *stage < to);
        Some(Step {
            to,
            entered: reported.entered,
            matured: reported.matured,
            advanced: reported.advanced,
            skipped: reported.skipped,
            rate: reported.rate,
            interval: reported.interval,
            median_days: reported.median_days,
            window_days,
            passes_over: passed.collect(),
            like_aged: early_days.map(|days| like_aged(days, &cohorts)),
            cohorts,
            waiting: link.waiting.clone(),
            trusted: self.journeys.any_doubtful.then(|| {
                let Cohort { entered, matured, advanced, .. } = link.trusted;
                Trusted { entered, share: share(advanced, matured) }
            }),
        })
    }

    /// Whether every source that feeds a stage has a row in a period.
    fn known(&self, stage: Stage, product: Option<ProductCode>) -> impl Fn(i32) -> bool {
        let feeds: Vec<&Feed> = self.feeding(stage, product).collect();
        move |period| feeds.iter().all(|feed| self.present(&feed.source, period))
    }

    /// What feeds a stage of a scope with touchpoints.
    pub(crate) fn feeding(&self, stage: Stage, product: Option<ProductCode>) -> impl Iterator<Item = &Feed> {
        let stage = stage.index() as u8;
        self.feeds.iter().filter(move |feed| feed.stage == stage && feed.scope.holds(product))
    }

    /// Whether any touchpoint definition of a scope has a value.
    pub(crate) fn has_money(&self, product: Option<ProductCode>) -> bool {
        self.feeds.iter().any(|feed| feed.has_value && feed.scope.holds(product))
    }

    fn present(&self, source: &str, period: i32) -> bool {
        self.presence.get(source).is_some_and(|periods| periods.contains(&period))
    }

    fn declared(&self, stage: Stage, product: Option<ProductCode>) -> Result<Vec<MetricReport>, EngineError> {
        let of_scope = |metric: &&Computed<'_>| metric.bound.metric.stage == stage && self.in_scope(metric.bound, product);
        let mut groups: Vec<(&str, Vec<&Computed<'_>>)> = Vec::new();
        for metric in self.metrics.iter().filter(of_scope) {
            let name = metric.bound.metric.name.as_str();
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, group)) => group.push(metric),
                None => groups.push((name, vec![metric])),
            }
        }
        groups.into_iter().map(|(_, group)| self.declared_group(&group, product)).collect()
    }

    fn in_scope(&self, bound: &BoundMetric, product: Option<ProductCode>) -> bool {
        match (&bound.row.product, product) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(expression), Some(code)) => expression.literal().is_none_or(|literal| self.products.resolve(literal) == code),
        }
    }

    fn declared_group(&self, group: &[&Computed<'_>], product: Option<ProductCode>) -> Result<MetricReport, EngineError> {
        let first = group[0].bound;
        for other in &group[1..] {
            let metric = &other.bound.metric;
            let fail = |key, message: String, hint: &str| {
                Err(other.bound.origin.error(self.config, key, message, Some(hint.to_owned())))
            };
            if group.iter().any(|part| part.bound.metric.combine != Some(Combine::Sum)) {
                let message = format!("`{}` is defined twice for {} in the same scope", metric.name, metric.stage);
                return fail("name", message, "rename one, or add `combine = \"sum\"` to all of them");
            }
            if metric.unit != first.metric.unit || metric.per.is_some() != first.metric.per.is_some() {
                let message = format!("the parts of `{}` differ in `unit` or `per`", metric.name);
                return fail("name", message, "only like can be summed");
            }
        }
        let is_rate = first.metric.unit == Unit::Percent && first.metric.per.is_some();
        let judged = match first.metric.unit {
            Unit::Nps => Judged::Score,
            _ if is_rate => Judged::Rate,
            _ => Judged::Routine,
        };
        let mut points = Vec::new();
        for period in self.bounds.periods.clone() {
            let point = self.declared_point(group, product, period);
            if let (true, Some((numerator, denominator))) = (is_rate, point.parts) {
                self.check_rate(first, period, numerator, denominator)?;
            }
            points.push(point);
        }
        let mut sources: Vec<&str> = Vec::new();
        for part in group {
            if !sources.contains(&part.source) {
                sources.push(part.source);
            }
        }
        let metric = &first.metric;
        Ok(self.metric_report(
            &points,
            Frame {
                name: &metric.name,
                unit: metric.unit,
                good: metric.good,
                headline: group.iter().any(|part| part.bound.metric.headline),
                target: group.iter().find_map(|part| part.bound.metric.target).filter(|_| self.target_holds(&first.metric)),
                owner: group.iter().find_map(|part| part.bound.metric.owner.clone()),
                source: sources.join(", "),
                built_in: false,
                judged,
            },
        ))
    }

    fn declared_point(&self, group: &[&Computed<'_>], product: Option<ProductCode>, period: i32) -> Point {
        // A literal product's metric is grouped by period only: its overall values are the product's.
        let cell = |part: &Computed<'_>| -> Option<Aggregate> {
            let grouped = part.bound.row.product.as_ref().is_some_and(|product| product.literal().is_none());
            self.present(part.source, period).then(|| part.values.get(product.filter(|_| grouped), period))
        };
        let cells: Option<Vec<Aggregate>> = group.iter().map(|part| cell(part)).collect();
        let Some(cells) = cells else { return Point::default() };
        let sum = |pick: fn(&Aggregate) -> Option<f64>| cells.iter().map(pick).sum::<Option<f64>>();
        let value = sum(|cell| cell.value);
        if group[0].bound.per.is_none() {
            return Point::plain(value);
        }
        let ratio = Point::ratio(value, sum(|cell| cell.per));
        match cells.iter().filter_map(|cell| cell.answers).reduce(Answers::and) {
            Some(answers) => ratio.nps(Some(answers)),
            None => ratio,
        }
    }

    fn check_rate(&self, bound: &BoundMetric, period: i32, numerator: f64, denominator: f64) -> Result<(), EngineError> {
        let whole = numerator.fract() == 0.0 && denominator.fract() == 0.0;
        if whole && 0.0 <= numerator && numerator <= denominator {
            return Ok(());
        }
        let label = self.calendar.period(period).label();
        let message = format!(
            "`{}` is no rate in {label}: {numerator} of {denominator}; both must be whole numbers, the first not below 0 nor above the second",
            bound.metric.name
        );
        Err(bound.origin.error(
            self.config,
            "value",
            message,
            Some("use another unit than percent, or mend `value` and `per`".to_owned()),
        ))
    }

    fn built_in(&self, link: &ChainStage, product: Option<ProductCode>, headline: bool) -> Vec<MetricReport> {
        let stage = link.stage.index() as u8;
        let feeds: Vec<&Feed> = self.feeding(link.stage, product).collect();
        let known = self.known(link.stage, product);
        let mut sources: Vec<&str> = feeds.iter().map(|feed| feed.source.as_str()).collect();
        sources.dedup();
        let source = sources.join(", ");
        let frame = |name, unit, judged| Frame {
            name,
            unit,
            good: Good::Up,
            headline,
            target: None,
            owner: None,
            source: source.clone(),
            built_in: true,
            judged,
        };
        let points = |make: &dyn Fn(i32) -> Point| -> Vec<Point> {
            self.bounds.periods.clone().map(|period| if known(period) { make(period) } else { Point::default() }).collect()
        };
        let cohort = |period: i32| link.cohorts[(period - self.bounds.periods.start()) as usize].0;
        let mut metrics = vec![self.metric_report(
            &points(&|period| Point::plain(Some(cohort(period).entered as f64))),
            frame("People", Unit::Count, Judged::Routine),
        )];
        if link.next.is_some() {
            let rate = |period| {
                let cohort = cohort(period);
                Point::ratio(Some(cohort.advanced as f64), Some(cohort.matured as f64))
            };
            metrics.push(self.metric_report(&points(&rate), frame("Step rate", Unit::Percent, Judged::Rate)));
        }
        if feeds.iter().any(|feed| feed.has_value) {
            let revenue = |period| Point::plain(Some(money(self.revenue_of(product, stage, period))));
            metrics.push(self.metric_report(&points(&revenue), frame("Revenue", Unit::Money, Judged::Routine)));
        }
        metrics
    }

    fn revenue_of(&self, product: Option<ProductCode>, stage: u8, period: i32) -> i128 {
        let range = |code| self.revenue.range((code, stage, period)..=(code, stage, period)).map(|(_, sum)| *sum).sum::<i128>();
        match product {
            Some(code) => range(code),
            None => self.revenue.iter().filter(|((_, s, p), _)| (*s, *p) == (stage, period)).map(|(_, sum)| *sum).sum(),
        }
    }

    /// Where a metric stands against its target: nowhere yet where a rate is over too few to be printed as one, or where a sum still
    /// grows, unless it has reached its end of the target already.
    fn status(&self, current: Point, frame: &Frame<'_>) -> TargetStatus {
        let status = target_status(current.value, frame.target, frame.good);
        let few = frame.unit == Unit::Percent && current.parts.is_some_and(|(_, denominator)| denominator < FEWEST as f64);
        let settled = matches!((frame.good, status), (Good::Up, TargetStatus::OnTrack) | (Good::Down, TargetStatus::OffTrack));
        let grows = matches!(frame.unit, Unit::Count | Unit::Money) && current.parts.is_none();
        if few || (grows && !self.is_complete() && !settled) { TargetStatus::None } else { status }
    }

    fn metric_report(&self, points: &[Point], frame: Frame<'_>) -> MetricReport {
        let current = points.last().copied().unwrap_or_default();
        let previous = points.len().checked_sub(2).and_then(|index| points.get(index)).copied().unwrap_or_default();
        let change = current.value.zip(previous.value).map(|(actual, previous)| actual - previous);
        let usual_range = match frame.judged {
            Judged::Routine => usual_range(points),
            Judged::Rate | Judged::Score => None,
        };
        let verdict = match frame.judged {
            Judged::Rate => rate_verdict(current, previous),
            Judged::Score => score_verdict(current, previous),
            // What is not over is no less than usual: it is unfinished.
            Judged::Routine if !self.is_complete() => Verdict::None,
            Judged::Routine => routine_verdict(current, usual_range),
        };
        let interval = match frame.judged {
            Judged::Rate => current.parts.and_then(|(numerator, denominator)| wilson(numerator, denominator)),
            Judged::Score => current.net_score().map(|score| score.interval.map(|end| end * POINTS)),
            Judged::Routine => None,
        };
        let series = points
            .iter()
            .zip(self.bounds.periods.clone())
            .map(|(point, period)| SeriesPoint {
                period: self.calendar.period(period).label(),
                value: point.value,
                numerator: point.parts.map(|parts| parts.0),
                denominator: point.parts.map(|parts| parts.1),
            })
            .collect();
        MetricReport {
            name: frame.name.to_owned(),
            unit: frame.unit,
            good: frame.good,
            headline: frame.headline,
            actual: current.value,
            previous: previous.value,
            change,
            verdict,
            numerator: current.parts.map(|parts| parts.0),
            denominator: current.parts.map(|parts| parts.1),
            interval,
            usual_range,
            target: frame.target,
            status: self.status(current, &frame),
            owner: frame.owner,
            series,
            source: frame.source,
            built_in: frame.built_in,
            nps: nps(points),
        }
    }
}

/// A share with its interval.
pub(crate) fn share(numerator: u64, denominator: u64) -> Share {
    let (some, all) = (numerator as f64, denominator as f64);
    Share { numerator, denominator, rate: (denominator > 0).then(|| some / all), interval: wilson(some, all) }
}

/// The verdict of a difference with this interval.
pub(crate) fn verdict(interval: Option<[f64; 2]>) -> Verdict {
    match interval {
        None => Verdict::None,
        Some([low, _]) if low > 0.0 => Verdict::Up,
        Some([_, high]) if high < 0.0 => Verdict::Down,
        Some(_) => Verdict::TooClose,
    }
}

/// The difference of two shares, `first - second`, with its interval.
pub(crate) fn difference(first: &Share, second: &Share) -> (Option<f64>, Option<[f64; 2]>) {
    let parts = |share: &Share| (share.numerator as f64, share.denominator as f64);
    (first.rate.zip(second.rate).map(|(first, second)| first - second), newcombe(parts(first), parts(second)))
}

/// The last of the cohorts against the one before it, at the age of so many days.
fn like_aged(days: u32, cohorts: &[report::Cohort]) -> LikeAged {
    let early = |cohort: &report::Cohort| cohort.early.clone().filter(|_| cohort.known);
    let pair = match cohorts {
        [.., before, reported] => early(reported).zip(early(before)),
        _ => None,
    };
    let enough = pair.as_ref().is_some_and(|(reported, before)| reported.denominator.min(before.denominator) >= FEWEST);
    let (difference, interval) = pair.map_or((None, None), |(reported, before)| difference(&reported, &before));
    LikeAged { days, verdict: verdict(interval.filter(|_| enough)), difference, interval }
}

/// What a metric is beside its numbers.
struct Frame<'a> {
    name: &'a str,
    unit: Unit,
    good: Good,
    headline: bool,
    target: Option<f64>,
    owner: Option<String>,
    source: String,
    built_in: bool,
    judged: Judged,
}

/// What a metric's change is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    /// A rate: by the interval of the difference from the period before.
    Rate,
    /// A net score: likewise.
    Score,
    /// Any other number: by its routine variation.
    Routine,
}
