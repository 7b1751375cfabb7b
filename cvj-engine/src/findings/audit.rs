//! The growth audit: the evidence on each stage, and the stage to fix first at the top.

use cvj_core::report::{
    AuditLine, Evidence, Findings, GapOutcome, Measured, MetricReport, StageReport, StepGap, TargetStatus, Verdict,
};

use super::FEWEST;
use cvj_core::{Good, Unit};

/// One line a stage: claims by rank, then the other stages in journey order.
pub(super) fn audit(stages: &[StageReport], gaps: &[StepGap]) -> Vec<AuditLine> {
    let mut lines: Vec<AuditLine> = stages
        .iter()
        .map(|stage| {
            let gap = gaps.iter().find(|gap| gap.from == stage.stage);
            let headlines = || stage.metrics.iter().filter(|metric| metric.headline);
            let (target, verdict) = (targets(headlines()), verdicts(headlines()));
            let step = gap.map_or(Evidence::Unknown, |gap| step(gap.outcome));
            let mut line = AuditLine {
                stage: stage.stage,
                rank: gap.and_then(|gap| gap.rank),
                score: None,
                measured: measured(stage),
                target,
                verdict,
                step,
                activities: Evidence::Unknown,
            };
            line.score = score(&line);
            line
        })
        .collect();
    lines.sort_by_key(|line| (line.rank.is_none(), line.rank));
    lines
}

fn measured(stage: &StageReport) -> Measured {
    match (stage.people.is_some(), stage.measured) {
        (true, _) => Measured::People,
        (false, true) => Measured::Totals,
        (false, false) => Measured::No,
    }
}

fn targets<'a>(metrics: impl Iterator<Item = &'a MetricReport>) -> Evidence {
    let worst = metrics.map(|metric| match metric.status {
        TargetStatus::OffTrack => Evidence::Bad,
        TargetStatus::AtRisk => Evidence::Between,
        TargetStatus::OnTrack => Evidence::Good,
        TargetStatus::None => Evidence::Unknown,
    });
    worst
        .max_by_key(|evidence| match evidence {
            Evidence::Unknown => 0,
            Evidence::Good => 1,
            Evidence::Between => 2,
            Evidence::Bad => 3,
        })
        .unwrap_or(Evidence::Unknown)
}

fn verdicts<'a>(metrics: impl Iterator<Item = &'a MetricReport>) -> Evidence {
    let (mut judged, mut good, mut bad) = (false, false, false);
    for metric in metrics {
        judged |= metric.verdict != Verdict::None;
        if of_too_few(metric) {
            continue;
        }
        good |= matches!((metric.verdict, metric.good), (Verdict::Up, Good::Up) | (Verdict::Down, Good::Down));
        bad |= matches!((metric.verdict, metric.good), (Verdict::Up, Good::Down) | (Verdict::Down, Good::Up));
    }
    match (good, bad) {
        _ if !judged => Evidence::Unknown,
        (true, false) => Evidence::Good,
        (false, true) => Evidence::Bad,
        _ => Evidence::Between,
    }
}

/// Whether a rate stands on too few, in the period or the one before, to be news.
fn of_too_few(metric: &MetricReport) -> bool {
    let before = metric.series.iter().rev().nth(1).and_then(|point| point.denominator);
    let is_rate = metric.unit == Unit::Percent;
    is_rate && metric.denominator.into_iter().chain(before).any(|denominator| denominator < FEWEST as f64)
}

fn step(outcome: GapOutcome) -> Evidence {
    match outcome {
        GapOutcome::Claim => Evidence::Bad,
        GapOutcome::AtTarget => Evidence::Good,
        GapOutcome::TooClose | GapOutcome::NoBetterPeriod => Evidence::Between,
        GapOutcome::NothingToCompare
        | GapOutcome::Unmeasured
        | GapOutcome::Immature
        | GapOutcome::TooFew
        | GapOutcome::NotKnown => Evidence::Unknown,
    }
}

/// The mean of what is known.
fn score(line: &AuditLine) -> Option<f64> {
    let known = [line.target, line.verdict, line.step, line.activities].into_iter().filter_map(|evidence| match evidence {
        Evidence::Good => Some(1.0),
        Evidence::Between => Some(0.5),
        Evidence::Bad => Some(0.0),
        Evidence::Unknown => None,
    });
    let (count, sum) = known.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    (count > 0.0).then(|| sum / count)
}

/// Adds to a scope's audit what its worksheet says of activities: by stage, the states of those that are listed.
pub fn judge_activities(findings: &mut Findings, states: &[Vec<String>; 8]) {
    for line in &mut findings.audit {
        line.activities = activities(&states[line.stage.index()]);
        line.score = score(line);
    }
}

/// Good if one is live; between if one is on its way; bad if all that are listed are given up or missing.
fn activities(states: &[String]) -> Evidence {
    let has = |wanted: &[&str]| states.iter().any(|state| wanted.iter().any(|word| state.trim().eq_ignore_ascii_case(word)));
    if has(&["live"]) {
        Evidence::Good
    } else if has(&["half-built", "planned"]) {
        Evidence::Between
    } else if has(&["abandoned", "missing"]) {
        Evidence::Bad
    } else {
        Evidence::Unknown
    }
}

#[cfg(test)]
mod tests {
    use cvj_core::Stage;

    use super::*;

    #[test]
    fn activities_are_judged_by_the_best_state_and_join_the_score() {
        let line = |stage| AuditLine {
            stage,
            rank: None,
            score: Some(0.0),
            measured: Measured::People,
            target: Evidence::Unknown,
            verdict: Evidence::Unknown,
            step: Evidence::Bad,
            activities: Evidence::Unknown,
        };
        let mut findings = Findings { audit: Stage::ALL.map(line).to_vec(), ..Findings::default() };
        let listed: [&[&str]; 8] =
            [&["missing", "Live "], &["planned", "missing"], &["abandoned"], &["", "someday"], &[], &[], &[], &[]];
        judge_activities(&mut findings, &listed.map(|states| states.iter().map(|state| (*state).to_owned()).collect()));
        let found: Vec<_> = findings.audit.iter().take(4).map(|line| (line.activities, line.score)).collect();
        let expected = [(Evidence::Good, 0.5), (Evidence::Between, 0.25), (Evidence::Bad, 0.0), (Evidence::Unknown, 0.0)];
        assert_eq!(found, expected.map(|(evidence, score)| (evidence, Some(score))));
    }
}
