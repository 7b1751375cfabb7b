//! The summary in plain words: is it working, what changed, what to do. At most seven lines.
//!
//! **Invariant:** a change whose verdict is not up or down is never claimed.

use std::fmt::Write as _;

use cvj_core::Stage;
use cvj_core::report::{MetricReport, NamedScope, Report, StageReport, Step, TargetStatus, Verdict};
use cvj_core::stats::{newcombe, xmr_limits};

use crate::calendar;
use crate::direction::isolated;
use crate::figure::Figure;
use crate::locale;
use crate::number::NumberStyle;
use crate::scorecard::headlines;
use crate::verdict::{Tone, is_rate, still_outside, verdict_tone};
use crate::words::{self, Told};

/// Movements told one by one, for good and for bad news; the rest is counted.
const TOLD: usize = 2;
/// Missed targets named; the rest is counted.
const NAMED: usize = 4;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// Whether it is good news.
    pub(crate) tone: Tone,
    /// Its first words: `Good news`.
    pub(crate) lead: &'static str,
    /// A sentence.
    pub(crate) text: String,
    /// What it judges.
    pub(crate) of: Judged<'a>,
    /// The question that it answers.
    pub(crate) asked: Question,
}

/// What a client wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Are the targets reached?
    Working,
    /// What moved by more than chance explains?
    Changed,
    /// What to fix, and what to measure?
    Next,
}

impl Question {
    /// As printed.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Working => "Is it working?",
            Self::Changed => "What changed?",
            Self::Next => "What next?",
        }
    }
}

/// What a line judges.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judged<'a> {
    /// A metric against its history.
    Verdict(Headline<'a>),
    /// Metrics against their targets, of which this is the first.
    Status(Headline<'a>),
    /// Nothing.
    Nothing,
}

/// A headline metric of a scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headline<'a> {
    scope: &'a str,
    /// The scope's slug.
    pub(crate) slug: &'a str,
    /// Its stage.
    pub(crate) stage: Stage,
    /// The metric.
    pub(crate) metric: &'a MetricReport,
    /// The step that starts at its stage.
    step: Option<&'a Step>,
}

impl Headline<'_> {
    /// Whether its change is good news.
    pub(crate) fn news(&self) -> Tone {
        verdict_tone(self.metric, self.step)
    }
}

/// The summary of a report.
pub(crate) fn summary(report: &Report) -> Vec<Line<'_>> {
    let all = headline_metrics(report);
    let mut lines: Vec<_> = targets(&all).into_iter().collect();
    let before = lines.len();
    for (tone, lead) in [(Tone::Good, "Good news"), (Tone::Bad, "Bad news")] {
        movements(&all, tone, lead, &report.currency, &mut lines);
    }
    if is_silent(report) {
        let text = format!("No source has a number for {}.", calendar::period(&report.period));
        lines.push(Line { tone: Tone::Neutral, lead: "No data", text, of: Judged::Nothing, asked: Question::Working });
    } else if lines.len() == before && !all.is_empty() {
        let text = "No headline metric moved by more than chance explains.".to_owned();
        lines.push(Line { tone: Tone::Neutral, lead: "No clear change", text, of: Judged::Nothing, asked: Question::Changed });
    }
    lines.push(fix_first(report));
    lines.extend(unmeasured(&report.overall.stages));
    lines
}

/// The summary in one sentence: whether the targets are reached, else what moved; and the step to fix first.
pub(crate) fn headline(report: &Report) -> String {
    let all = headline_metrics(report);
    let with = |status| all.iter().filter(|headline| headline.metric.status == status).count();
    let moved = |tone| all.iter().filter(|headline| headline.news() == tone).count();
    let [reached, risky, missed] = [TargetStatus::OnTrack, TargetStatus::AtRisk, TargetStatus::OffTrack].map(with);
    let total = reached + risky + missed;
    let working = match (total, moved(Tone::Good), moved(Tone::Bad)) {
        _ if is_silent(report) => format!("No data for {}", calendar::period(&report.period)),
        (0, _, _) if all.is_empty() => "No headline metric is declared yet".to_owned(),
        (0, 0, 0) => "No headline metric moved by more than chance explains".to_owned(),
        (0, good, 0) => format!("{} for the better", metrics_moved(good)),
        (0, 0, bad) => format!("{} for the worse", metrics_moved(bad)),
        (0, good, bad) => format!("{} for the better and {bad} for the worse", metrics_moved(good)),
        (1, _, _) if reached == 1 => "The one target is reached".to_owned(),
        (1, _, _) => format!("The one target is {}", if risky == 1 { "nearly reached" } else { "missed" }),
        _ if reached == total => format!("All {total} targets are reached"),
        _ if missed == 0 => format!("{reached} of {total} targets are reached, the others nearly"),
        _ => format!("{missed} of {total} targets {} missed", if missed == 1 { "is" } else { "are" }),
    };
    let so_far = if report.period.complete { "" } else { "So far: " };
    let fix = report.scopes().find_map(|scope| {
        let gap = scope.findings.fix_first()?;
        let of = if scope.slug == "overall" { String::new() } else { format!(" of {}", isolated(scope.name)) };
        Some(format!(". Fix {}{of} first", words::step_name(gap.from, gap.to)))
    });
    format!("{so_far}{working}{}.", fix.unwrap_or_default())
}

/// Whether metrics are declared, and none has a number for the period.
fn is_silent(report: &Report) -> bool {
    let mut metrics = report.scopes().flat_map(|scope| scope.stages).flat_map(|stage| &stage.metrics).peekable();
    metrics.peek().is_some() && metrics.all(|metric| metric.actual.is_none())
}

fn metrics_moved(count: usize) -> String {
    format!("{count} headline {} moved", if count == 1 { "metric" } else { "metrics" })
}

/// Headline metrics, overall first, then the products; a product's metric that repeats one already listed is left out.
pub(crate) fn headline_metrics(report: &Report) -> Vec<Headline<'_>> {
    let mut all: Vec<Headline<'_>> = Vec::new();
    for NamedScope { name: scope, slug, stages, .. } in report.scopes() {
        for stage in stages {
            for metric in headlines(stage) {
                let repeats = report.products.len() == 1
                    && all.iter().any(|seen| {
                        (seen.stage, &seen.metric.name, seen.metric.actual, seen.metric.previous)
                            == (stage.stage, &metric.name, metric.actual, metric.previous)
                    });
                if !repeats {
                    all.push(Headline { scope, slug, stage: stage.stage, metric, step: stage.to_next.as_ref() });
                }
            }
        }
    }
    all
}

fn movements<'a>(all: &[Headline<'a>], tone: Tone, lead: &'static str, currency: &str, lines: &mut Vec<Line<'a>>) {
    let mut moved: Vec<_> = all.iter().filter(|headline| headline.news() == tone).collect();
    // Stable: of equally large news the first in the report's order.
    moved.sort_by(|left, right| beyond_chance(right.metric).total_cmp(&beyond_chance(left.metric)));
    for (index, &&headline) in moved.iter().take(TOLD).enumerate() {
        let metric = headline.metric;
        let style = NumberStyle { unit: metric.unit, currency };
        let (before, now) = (Figure::previous(metric).text(style), Figure::actual(metric).text(style));
        let claim = match (is_rate(metric), metric.verdict) {
            (true, Verdict::Up) => format!("rose from {before} to {now}"),
            (true, _) => format!("fell from {before} to {now}"),
            (false, verdict) => {
                let still = if still_outside(metric) { "still " } else { "" };
                let side = if verdict == Verdict::Up { "above" } else { "below" };
                format!("is {still}{side} its usual range: {now}, after {before}")
            }
        };
        let mut text = format!("{} ({}, {}) {claim}.", isolated(&metric.name), headline.stage.title(), isolated(headline.scope));
        let more = moved.len().saturating_sub(TOLD);
        if index + 1 == TOLD && more > 0 {
            let _ = write!(text, " And {more} more like it.");
        }
        lines.push(Line { tone, lead, text, of: Judged::Verdict(headline), asked: Question::Changed });
    }
}

/// How far beyond chance a metric moved, as a share of what it was: outside the interval of a rate's change, or the limits of a number.
fn beyond_chance(metric: &MetricReport) -> f64 {
    let [earlier @ .., _] = metric.series.as_slice() else { return 0.0 };
    let (from, [low, high]) = if is_rate(metric) {
        let before = earlier.last().and_then(|point| point.numerator.zip(point.denominator));
        let change = metric.numerator.zip(metric.denominator).zip(before).and_then(|(now, before)| newcombe(now, before));
        (metric.previous, change.unwrap_or_default())
    } else {
        let limits = xmr_limits(&earlier.iter().filter_map(|point| point.value).collect::<Vec<_>>());
        let middle = limits.map(|[low, high]| f64::midpoint(low, high));
        let outside = metric.actual.zip(limits).map(|(actual, [low, high])| [actual - high, actual - low]);
        (middle, outside.unwrap_or_default())
    };
    let beyond = if low > 0.0 { low } else { (-high).max(0.0) };
    from.filter(|from| *from != 0.0).map_or(beyond, |from| beyond / from.abs())
}

/// Whether targets are reached; none without targets.
fn targets<'a>(all: &[Headline<'a>]) -> Option<Line<'a>> {
    let with = |status| all.iter().filter(move |headline| headline.metric.status == status).copied();
    let (reached, risky) = (with(TargetStatus::OnTrack).count(), with(TargetStatus::AtRisk).count());
    let missed: Vec<_> = with(TargetStatus::OffTrack).collect();
    let total = reached + risky + missed.len();
    let (tone, lead, status) = match (missed.is_empty(), risky) {
        (false, _) => (Tone::Bad, "Off target", TargetStatus::OffTrack),
        (true, 0) => (Tone::Good, "On target", TargetStatus::OnTrack),
        (true, _) => (Tone::Warning, "Nearly on target", TargetStatus::AtRisk),
    };
    let of = with(status).next()?;
    let mut reached = format!("{reached} of {total} {} reached", if total == 1 { "target is" } else { "targets are" });
    if risky > 0 {
        let _ = write!(reached, ", {risky} within {}", locale::percent("10"));
    }
    let mut text = String::new();
    if !missed.is_empty() {
        let mut names: Vec<(&str, Vec<String>)> = Vec::new();
        for headline in missed.iter().take(NAMED) {
            match names.iter_mut().find(|(name, _)| *name == headline.metric.name) {
                Some((_, scopes)) => scopes.push(isolated(headline.scope)),
                None => names.push((&headline.metric.name, vec![isolated(headline.scope)])),
            }
        }
        let names: Vec<_> = names.iter().map(|(name, scopes)| format!("{} ({})", isolated(name), scopes.join(", "))).collect();
        let more = missed.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        text = format!("{}{rest}. ", names.join("; "));
    }
    Some(Line { tone, lead, text: format!("{text}{reached}."), of: Judged::Status(of), asked: Question::Working })
}

/// The step to fix first of the whole client, else of the first product that has one, else what prevents a claim.
fn fix_first(report: &Report) -> Line<'_> {
    let claim = report.scopes().find_map(|scope| Some((scope.name, words::first_in_a_line(Told::new(report, scope))?)));
    let text = if let Some((scope, line)) = claim {
        format!("{}: {line}.", isolated(scope))
    } else {
        let overall = report.scopes().next().map(|scope| words::fix_first(Told::new(report, scope)));
        overall.map_or_else(String::new, |words| words.why)
    };
    Line { tone: Tone::Neutral, lead: "Fix first", text, of: Judged::Nothing, asked: Question::Next }
}

fn unmeasured(stages: &[StageReport]) -> Option<Line<'static>> {
    let gaps: Vec<_> = stages.iter().filter(|stage| !stage.measured).map(|stage| stage.stage).collect();
    let text = match gaps.as_slice() {
        [] => return None,
        [one] => format!("{}; {} would fill it.", one.title(), one.filled_by()),
        many => {
            let parts: Vec<_> = many.iter().map(|stage| format!("{} ({})", stage.title(), stage.filled_by())).collect();
            format!("{}. The exports in brackets would fill them.", parts.join(", "))
        }
    };
    Some(Line { tone: Tone::Neutral, lead: "Not measured", text, of: Judged::Nothing, asked: Question::Next })
}

#[cfg(test)]
mod tests {
    use cvj_core::Good;
    use cvj_core::report::SeriesPoint;

    use super::*;
    use crate::fixture;

    #[test]
    fn the_headline_says_how_the_targets_stand_and_what_to_fix() {
        let mut report = fixture::report();
        report.products.clear();
        let mut check = |status: TargetStatus, verdict: Verdict, said: &str| {
            fixture::each_metric(&mut report, |metric| (metric.status, metric.verdict) = (status, verdict));
            let headline = headline(&report);
            assert!(headline.starts_with(said), "{headline}");
        };
        check(TargetStatus::None, Verdict::None, "No headline metric moved by more than chance explains");
        check(TargetStatus::OnTrack, Verdict::None, "All ");
        check(TargetStatus::AtRisk, Verdict::None, "0 of ");
        fixture::each_metric(&mut report, |metric| metric.headline = false);
        assert!(headline(&report).starts_with("No headline metric is declared yet"));
        report.period.complete = false;
        assert!(headline(&report).starts_with("So far: "));
    }

    #[test]
    fn at_most_seven_lines() {
        let mut report = fixture::report();
        for product in &mut report.products {
            for metric in product.stages.iter_mut().flat_map(|stage| &mut stage.metrics) {
                (metric.headline, metric.verdict, metric.status) = (true, Verdict::Down, TargetStatus::OffTrack);
            }
        }
        assert!(summary(&report).len() <= 7);
    }

    #[test]
    fn the_largest_news_comes_first_and_rates_over_few_are_none() {
        let mut report = fixture::report();
        report.products.clear();
        fixture::each_metric(&mut report, |metric| metric.verdict = Verdict::None);
        let series = |values: [f64; 7]| {
            let point = |value| SeriesPoint { period: String::new(), value: Some(value), numerator: None, denominator: None };
            values.map(point).to_vec()
        };
        let metrics = &mut report.overall.stages[0].metrics;
        let template = metrics[0].clone();
        metrics.clear();
        for (name, last) in [("near", 20.0), ("far", 90.0)] {
            let series = series([10.0, 11.0, 10.0, 11.0, 10.0, 11.0, last]);
            let unit = cvj_core::Unit::Count;
            let (headline, verdict, good, status) = (true, Verdict::Up, Good::Up, TargetStatus::None);
            let metric = MetricReport { name: name.into(), unit, headline, verdict, good, status, series, ..template.clone() };
            metrics.push(MetricReport { actual: Some(last), interval: None, ..metric });
        }
        let mut few = MetricReport { name: "few".into(), unit: cvj_core::Unit::Percent, ..metrics[0].clone() };
        (few.numerator, few.denominator, few.interval) = (Some(19.0), Some(19.0), Some([0.8, 1.0]));
        metrics.push(few);
        let news: Vec<_> = summary(&report).into_iter().filter(|line| line.lead == "Good news").map(|line| line.text).collect();
        assert!(news.len() == 2 && news[0].starts_with("far") && news[1].starts_with("near"), "{news:?}");
    }

    #[test]
    fn nothing_is_claimed_within_chance() {
        let mut report = fixture::report();
        fixture::each_metric(&mut report, |metric| {
            metric.verdict = if metric.built_in { Verdict::None } else { Verdict::TooClose };
            metric.status = TargetStatus::None;
        });
        let text = summary(&report).iter().map(|line| format!("{} {}", line.lead, line.text)).collect::<Vec<_>>().join("\n");
        assert!(text.contains("No headline metric moved"), "{text}");
        for claim in ["rose", "fell", "usual range", "news"] {
            assert!(!text.contains(claim), "{text}");
        }
    }

    #[test]
    fn a_fall_of_what_should_be_low_is_good_news() {
        let mut report = fixture::report();
        fixture::each_metric(&mut report, |metric| metric.headline = false);
        let metric = &mut report.overall.stages[0].metrics[0];
        (metric.headline, metric.good, metric.verdict) = (true, Good::Down, Verdict::Down);
        // Below its usual range, though above the period before: it did not fall since then.
        (metric.interval, metric.previous) = (None, metric.actual.map(|actual| actual - 1.0));
        metric.status = TargetStatus::None;
        let lines = summary(&report);
        assert_eq!(lines[0].lead, "Good news");
        assert!(lines[0].text.contains("is still below its usual range"), "{}", lines[0].text);
        let metric = &mut report.overall.stages[0].metrics[0];
        (metric.unit, metric.interval) = (cvj_core::Unit::Percent, Some([0.1, 0.2]));
        assert!(summary(&report)[0].text.contains("fell from"));
    }
}
