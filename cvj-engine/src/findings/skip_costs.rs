//! What skipping a stage costs, from counts of those who skipped it and those who did not.

use cvj_core::report::{Mean, SkipCost, SkipMoney, SkipOutcome, Verdict};
use cvj_core::stats::difference_of_means;

use super::FEWEST;
use crate::assemble::{difference, share, verdict};
use crate::journey::{SkipCounts, SkipGroup};

/// The report's words of one stage's counts.
pub(super) fn skip_cost(counts: &SkipCounts, has_money: bool) -> SkipCost {
    let SkipCounts { skipped, took, .. } = counts;
    let outcomes =
        counts.outcomes.iter().zip(skipped.reached.iter().zip(took.reached)).map(|((stage, days), (skipped, took))| {
            let (skipped, took) = (share(skipped.0, skipped.1), share(took.0, took.1));
            let (difference, interval) = difference(&skipped, &took);
            let enough = skipped.denominator.min(took.denominator) >= FEWEST;
            SkipOutcome {
                stage: *stage,
                window_days: *days,
                skipped,
                took,
                difference,
                interval,
                verdict: if enough { verdict(interval) } else { Verdict::None },
            }
        });
    SkipCost {
        stage: counts.stage,
        next: counts.next,
        skipped: skipped.people,
        took: took.people,
        outcomes: outcomes.collect(),
        money: has_money.then(|| money(counts.money_days, skipped, took)),
    }
}

fn money(window_days: u32, skipped: &SkipGroup, took: &SkipGroup) -> SkipMoney {
    let ((skipped, skipped_fits), (took, took_fits)) = (skipped.money(), took.money());
    let mean = |sample: &cvj_core::stats::Sample| Mean { people: sample.count as u64, mean: sample.mean() };
    let (skippers, takers) = (mean(&skipped), mean(&took));
    let interval = if skipped_fits && took_fits { difference_of_means(&skipped, &took) } else { None };
    SkipMoney {
        window_days,
        skipped: skippers,
        took: takers,
        difference: skippers.mean.zip(takers.mean).map(|(skipped, took)| skipped - took),
        interval,
        verdict: if skippers.people.min(takers.people) >= FEWEST { verdict(interval) } else { Verdict::None },
    }
}
