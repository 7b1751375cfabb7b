//! The summary in plain words: what moved, which targets are missed, what is not measured. At most seven lines.
//!
//! **Invariant:** a change whose verdict is not up or down is never claimed.

use cvj_core::Stage;
use std::fmt::Write as _;

use cvj_core::report::{MetricReport, NamedScope, Report, StageReport, TargetStatus, Verdict};

use crate::figure::Figure;
use crate::number::NumberStyle;
use crate::scorecard::headlines;
use crate::verdict::{Tone, is_rate, verdict_tone};

/// Movements told one by one, for good and for bad news; the rest is counted.
const TOLD: usize = 2;
/// Missed targets named; the rest is counted.
const NAMED: usize = 4;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whether it is good news.
    pub(crate) tone: Tone,
    /// Its first words: `Good news`.
    pub(crate) lead: &'static str,
    /// A sentence.
    pub(crate) text: String,
}

/// A headline metric of a scope.
#[derive(Clone, Copy)]
struct Headline<'a> {
    scope: &'a str,
    stage: Stage,
    metric: &'a MetricReport,
}

/// The summary of a report.
pub(crate) fn summary(report: &Report) -> Vec<Line> {
    let all = headline_metrics(report);
    let mut lines = Vec::new();
    for (tone, lead) in [(Tone::Good, "Good news"), (Tone::Bad, "Bad news")] {
        movements(&all, tone, lead, &report.currency, &mut lines);
    }
    if lines.is_empty() && !all.is_empty() {
        let text = "No headline metric moved by more than chance explains.".to_owned();
        lines.push(Line { tone: Tone::Neutral, lead: "No clear change", text });
    }
    lines.extend(missed(&all));
    lines.extend(unmeasured(&report.overall.stages));
    lines
}

/// Overall first, then the products; a product's metric that repeats one already listed is left out.
fn headline_metrics(report: &Report) -> Vec<Headline<'_>> {
    let mut all: Vec<Headline<'_>> = Vec::new();
    for NamedScope { name: scope, stages, .. } in report.scopes() {
        for stage in stages {
            for metric in headlines(stage) {
                let repeats = report.products.len() == 1
                    && all.iter().any(|seen| {
                        (seen.stage, &seen.metric.name, seen.metric.actual, seen.metric.previous)
                            == (stage.stage, &metric.name, metric.actual, metric.previous)
                    });
                if !repeats {
                    all.push(Headline { scope, stage: stage.stage, metric });
                }
            }
        }
    }
    all
}

fn movements(all: &[Headline<'_>], tone: Tone, lead: &'static str, currency: &str, lines: &mut Vec<Line>) {
    let moved: Vec<_> = all.iter().filter(|headline| verdict_tone(headline.metric) == tone).collect();
    for (index, headline) in moved.iter().take(TOLD).enumerate() {
        let metric = headline.metric;
        let style = NumberStyle { unit: metric.unit, currency };
        let (before, now) = (Figure::previous(metric).text(style), Figure::actual(metric).text(style));
        let claim = match (is_rate(metric), metric.verdict) {
            (true, Verdict::Up) => format!("rose from {before} to {now}"),
            (true, _) => format!("fell from {before} to {now}"),
            (false, Verdict::Up) => format!("is above its usual range: {now}, after {before}"),
            (false, _) => format!("is below its usual range: {now}, after {before}"),
        };
        let mut text = format!("{} ({}, {}) {claim}.", isolated(&metric.name), headline.stage.title(), isolated(headline.scope));
        let more = moved.len().saturating_sub(TOLD);
        if index + 1 == TOLD && more > 0 {
            let _ = write!(text, " And {more} more like it.");
        }
        lines.push(Line { tone, lead, text });
    }
}

/// A name that may be written from right to left, kept from turning the words around it.
fn isolated(name: &str) -> String {
    if name.chars().any(|character| character >= '\u{590}') { format!("\u{2068}{name}\u{2069}") } else { name.to_owned() }
}

fn missed(all: &[Headline<'_>]) -> Option<Line> {
    let missed: Vec<_> = all.iter().filter(|headline| headline.metric.status == TargetStatus::OffTrack).collect();
    let names: Vec<_> = missed
        .iter()
        .take(NAMED)
        .map(|headline| format!("{} ({})", isolated(&headline.metric.name), isolated(headline.scope)))
        .collect();
    let more = missed.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!missed.is_empty()).then(|| Line { tone: Tone::Bad, lead: "Off target", text: format!("{}{rest}.", names.join(", ")) })
}

fn unmeasured(stages: &[StageReport]) -> Option<Line> {
    let gaps: Vec<_> = stages.iter().filter(|stage| !stage.measured).map(|stage| stage.stage).collect();
    let text = match gaps.as_slice() {
        [] => return None,
        [one] => format!("{}; {} would fill it.", one.title(), one.filled_by()),
        many => {
            let parts: Vec<_> = many.iter().map(|stage| format!("{} ({})", stage.title(), stage.filled_by())).collect();
            format!("{}. The exports in brackets would fill them.", parts.join(", "))
        }
    };
    Some(Line { tone: Tone::Neutral, lead: "Not measured", text })
}

#[cfg(test)]
mod tests {
    use cvj_core::Good;

    use super::*;
    use crate::fixture;

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
    fn nothing_is_claimed_within_chance() {
        let mut report = fixture::report();
        fixture::each_metric(&mut report, |metric| {
            metric.verdict = if metric.built_in { Verdict::None } else { Verdict::TooClose };
            metric.status = TargetStatus::None;
        });
        let text = summary(&report).iter().map(|line| format!("{} {}", line.lead, line.text)).collect::<Vec<_>>().join(
            "
",
        );
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
        let lines = summary(&report);
        assert_eq!(lines[0].lead, "Good news");
        assert!(lines[0].text.contains("is below its usual range"), "{}", lines[0].text);
        let metric = &mut report.overall.stages[0].metrics[0];
        (metric.unit, metric.interval) = (cvj_core::Unit::Percent, Some([0.1, 0.2]));
        assert!(summary(&report)[0].text.contains("fell from"));
    }
}
