//! What each step of a chain would give if it were as good as its goal, and which one to fix first.

use std::cmp::Ordering;

use cvj_core::Stage;
use cvj_core::report::{Cohort, GapOutcome, Goal, MetricReport, Range, Share, StageReport, Step, StepGap};
use cvj_core::stats::{newcombe_at, simultaneous};

use super::FEWEST;
use crate::assemble::share;

/// The gaps of all steps of a scope's chain, in journey order; `targets`: rates of the step into each stage; `complete`: whether the
/// reported period is.
pub(super) fn gaps(stages: &[StageReport], targets: &[Option<f64>; 8], has_money: bool, complete: bool) -> Vec<StepGap> {
    let against_history = |step: &&Step| targets[step.to.index()].is_none() && volume(step, complete).is_some();
    let steps = stages.iter().filter_map(|stage| stage.to_next.as_ref()).filter(against_history);
    let comparisons = steps.filter_map(|step| Some(earlier(step, present(step).ok()?.0).count())).sum();
    let chain = Chain { stages, has_money, complete, z: simultaneous(comparisons) };
    let mut gaps: Vec<StepGap> = stages
        .iter()
        .filter_map(|stage| stage.to_next.as_ref().map(|step| (stage.stage, step)))
        .map(|(from, step)| chain.gap(from, step, targets[step.to.index()]))
        .collect();
    let mut claims: Vec<usize> = (0..gaps.len()).filter(|place| gaps[*place].outcome == GapOutcome::Claim).collect();
    // Stable: of equal claims the earlier step is first.
    claims.sort_by(|a, b| most_first(&gaps[*a], &gaps[*b]));
    for (rank, place) in (1..).zip(claims) {
        gaps[place].rank = Some(rank);
    }
    gaps
}

/// By money, then customers, then people, the greatest first and the unknown last.
fn most_first(a: &StepGap, b: &StepGap) -> Ordering {
    let worth =
        |gap: &StepGap| [gap.money, gap.customers, gap.people].map(|range| range.map_or(f64::NEG_INFINITY, |range| range.value));
    let pairs = worth(b).into_iter().zip(worth(a));
    pairs.map(|(b, a)| b.total_cmp(&a)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A rate with its interval, as numbers to multiply.
const ONE: Range = Range { value: 1.0, low: 1.0, high: 1.0 };

fn times(a: Range, b: Range) -> Range {
    Range { value: a.value * b.value, low: a.low * b.low, high: a.high * b.high }
}

fn scaled(range: Range, by: f64) -> Range {
    Range { value: range.value * by, low: range.low * by, high: range.high * by }
}

fn plus(a: Range, b: Range) -> Range {
    Range { value: a.value + b.value, low: a.low + b.low, high: a.high + b.high }
}

/// A range whose parts were multiplied by what may be negative.
fn in_order(range: Range) -> Range {
    Range { low: range.low.min(range.high), high: range.low.max(range.high), ..range }
}

/// The present rate of a step: of the newest known and mature cohort with enough people; else why there is none.
fn present(step: &Step) -> Result<(&Cohort, Share), GapOutcome> {
    if !step.passes_over.is_empty() {
        return Err(GapOutcome::Unmeasured);
    }
    let mut mature = step.cohorts.iter().rev().filter(|cohort| cohort.known && cohort.mature).peekable();
    if mature.peek().is_none() {
        return Err(GapOutcome::Immature);
    }
    let cohort = mature.find(|cohort| cohort.matured >= FEWEST).ok_or(GapOutcome::TooFew)?;
    Ok((cohort, share(cohort.advanced, cohort.matured)))
}

/// People who entered in the reported period; `None` where that is not known yet.
fn volume(step: &Step, complete: bool) -> Option<u64> {
    step.cohorts.last().filter(|cohort| cohort.known && complete).map(|cohort| cohort.entered)
}

/// The cohorts before the present one that it is compared with.
fn earlier<'a>(step: &'a Step, present: &'a Cohort) -> impl Iterator<Item = &'a Cohort> {
    let before = step.cohorts.iter().take_while(|cohort| cohort.period != present.period);
    before.filter(|cohort| cohort.known && cohort.mature && cohort.matured >= FEWEST)
}

struct Chain<'a> {
    stages: &'a [StageReport],
    has_money: bool,
    complete: bool,
    /// For intervals of all comparisons of the chain with its history at once: the best of many periods is better by chance.
    z: f64,
}

impl Chain<'_> {
    fn gap(&self, from: Stage, step: &Step, target: Option<f64>) -> StepGap {
        let reported = volume(step, self.complete);
        let mut gap = StepGap {
            from,
            to: step.to,
            outcome: GapOutcome::NotKnown,
            rank: None,
            cohort: None,
            now: None,
            goal: None,
            entered: reported,
            people: None,
            customers: None,
            money: None,
            carried_to: None,
        };
        let (cohort, now) = match present(step) {
            Err(GapOutcome::Unmeasured) => {
                gap.outcome = GapOutcome::Unmeasured;
                return gap;
            }
            _ if reported.is_none() => return gap,
            Err(refusal) => {
                gap.outcome = refusal;
                return gap;
            }
            Ok(present) => present,
        };
        gap.cohort = Some(cohort.period.clone());
        (gap.outcome, gap.goal) = match target {
            Some(target) => against_target(&now, target),
            None => against_history(&now, step, cohort, self.z),
        };
        if let (GapOutcome::Claim, Some(goal), Some(rate), Some(entered)) = (gap.outcome, &gap.goal, now.rate, reported) {
            let people = Range { value: goal.rate - rate, low: goal.gap[0], high: goal.gap[1] };
            let people = scaled(people, entered as f64);
            gap.people = Some(people);
            self.carry(&mut gap, people);
        }
        gap.now = Some(now);
        gap
    }

    /// Carries people who come to the end of a step through the rest of the chain.
    fn carry(&self, gap: &mut StepGap, people: Range) {
        let mut at = gap.to;
        let mut through = ONE;
        let mut money = Range { value: 0.0, low: 0.0, high: 0.0 };
        loop {
            if at == Stage::Convert {
                gap.customers = Some(times(people, through));
            }
            money = plus(money, scaled(through, self.money_a_person(at)));
            gap.carried_to = Some(at);
            let Some(step) = self.stages[at.index()].to_next.as_ref() else { break };
            let Ok((_, Share { rate: Some(rate), interval: Some([low, high]), .. })) = present(step) else { break };
            through = times(through, Range { value: rate, low, high });
            at = step.to;
        }
        // More people who cost money are no gain.
        gap.money = self.has_money.then(|| times(people, money)).filter(|money| money.value > 0.0).map(in_order);
    }

    /// Money of a stage's touchpoints for each person who entered it, over the known periods of the history.
    fn money_a_person(&self, stage: Stage) -> f64 {
        let built_in =
            |name: &str| self.stages[stage.index()].metrics.iter().find(|metric| metric.built_in && metric.name == name);
        let sum = |metric: &MetricReport| metric.series.iter().filter_map(|point| point.value).sum::<f64>();
        match (built_in("Revenue").map(sum), built_in("People").map(sum)) {
            (Some(revenue), Some(people)) if people > 0.0 => revenue / people,
            _ => 0.0,
        }
    }
}

fn against_target(now: &Share, target: f64) -> (GapOutcome, Option<Goal>) {
    let (Some(rate), Some([low, high])) = (now.rate, now.interval) else { return (GapOutcome::TooFew, None) };
    let outcome = if rate >= target {
        GapOutcome::AtTarget
    } else if high >= target {
        GapOutcome::TooClose
    } else {
        GapOutcome::Claim
    };
    (outcome, Some(Goal { period: None, rate: target, gap: [target - high, target - low] }))
}

/// Against the best of the earlier periods that were better by more than chance explains.
fn against_history(now: &Share, step: &Step, present: &Cohort, z: f64) -> (GapOutcome, Option<Goal>) {
    let parts = |numerator: u64, denominator: u64| (numerator as f64, denominator as f64);
    if earlier(step, present).next().is_none() {
        return (GapOutcome::NothingToCompare, None);
    }
    let better = earlier(step, present).filter_map(|cohort| {
        let gap = newcombe_at(z, parts(cohort.advanced, cohort.matured), parts(now.numerator, now.denominator))?;
        Some(Goal { period: Some(cohort.period.clone()), rate: cohort.rate?, gap }).filter(|_| gap[0] > 0.0)
    });
    // Of equal ones the newest, which is the last.
    match better.max_by(|a, b| a.rate.total_cmp(&b.rate)) {
        Some(goal) => (GapOutcome::Claim, Some(goal)),
        None => (GapOutcome::NoBetterPeriod, None),
    }
}
