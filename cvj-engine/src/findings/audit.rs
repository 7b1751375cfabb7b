//! The growth audit: the evidence on each stage, and the stage to fix first at the top.

use cvj_core::Good;
use cvj_core::report::{AuditLine, Evidence, GapOutcome, Measured, MetricReport, StageReport, StepGap, TargetStatus, Verdict};

/// One line a stage: claims by rank, then the other stages in journey order.
pub(super) fn audit(stages: &[StageReport], gaps: &[StepGap]) -> Vec<AuditLine> {
    let mut lines: Vec<AuditLine> = stages
        .iter()
        .map(|stage| {
            let gap = gaps.iter().find(|gap| gap.from == stage.stage);
            let headlines = || stage.metrics.iter().filter(|metric| metric.headline);
            let (target, verdict) = (targets(headlines()), verdicts(headlines()));
            let step = gap.map_or(Evidence::Unknown, |gap| step(gap.outcome));
            AuditLine {
                stage: stage.stage,
                rank: gap.and_then(|gap| gap.rank),
                score: score(&[target, verdict, step]),
                measured: measured(stage),
                target,
                verdict,
                step,
                activities: Evidence::Unknown,
            }
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

fn step(outcome: GapOutcome) -> Evidence {
    match outcome {
        GapOutcome::Claim => Evidence::Bad,
        GapOutcome::AtTarget | GapOutcome::NoBetterPeriod => Evidence::Good,
        GapOutcome::TooClose => Evidence::Between,
        GapOutcome::Unmeasured | GapOutcome::Immature | GapOutcome::TooFew | GapOutcome::NotKnown => Evidence::Unknown,
    }
}

/// The mean of what is known.
fn score(evidence: &[Evidence]) -> Option<f64> {
    let known = evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Good => Some(1.0),
        Evidence::Between => Some(0.5),
        Evidence::Bad => Some(0.0),
        Evidence::Unknown => None,
    });
    let (count, sum) = known.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    (count > 0.0).then(|| sum / count)
}
