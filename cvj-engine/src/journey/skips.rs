//! What became of people who came to the stage after another without that one, and of those who went through it.

use cvj_core::Stage;
use cvj_core::stats::Sample;

use super::path::Path;
use super::{Bounds, stages_of};
use crate::calendar::DAY;
use crate::gathered::MILLION;
use crate::people::Touch;

/// The outcomes that are looked at.
const OUTCOMES: [Stage; 2] = [Stage::Convert, Stage::Ascend];

/// One stage between the ends of a chain.
#[derive(Clone, Debug)]
pub(crate) struct SkipCounts {
    pub(crate) stage: Stage,
    /// The outcomes beyond the stage that follows, with the days allowed.
    pub(crate) outcomes: Vec<(Stage, u32)>,
    /// Days in which money counts.
    pub(crate) money_days: u32,
    /// The stage that follows in the chain.
    pub(crate) next: Stage,
    pub(crate) skipped: SkipGroup,
    pub(crate) took: SkipGroup,
}

/// People who came to the stage that follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct SkipGroup {
    pub(crate) people: u64,
    /// For each outcome: reached it, of those followed for so long.
    pub(crate) reached: [(u64, u64); 2],
    /// People followed for as long as money counts.
    paying: u64,
    /// Sums of their money and its squares, in millionths; the squares unless they are too large.
    money: i128,
    squares: Option<u128>,
}

impl SkipCounts {
    /// Nothing counted yet, for the stages between the ends of a chain.
    pub(super) fn of_chain(chain: u8, bounds: &Bounds<'_>) -> Vec<Self> {
        let stages: Vec<Stage> = stages_of(chain).collect();
        let days = |stage: Stage| bounds.window_days[stage.index()];
        let between = stages.windows(3).enumerate().map(|(before, window)| {
            let from_here = &stages[before + 1..];
            let outcomes = OUTCOMES.iter().filter_map(|outcome| {
                let place = from_here.iter().position(|stage| stage == outcome).filter(|place| *place >= 2)?;
                Some((*outcome, from_here[..=place].iter().map(|stage| days(*stage)).sum()))
            });
            let group = || SkipGroup { squares: Some(0), ..SkipGroup::default() };
            Self {
                stage: window[1],
                outcomes: outcomes.collect(),
                money_days: days(Stage::Ascend),
                next: window[2],
                skipped: group(),
                took: group(),
            }
        });
        between.collect()
    }

    /// Counts someone who reached the stage that follows.
    pub(super) fn count_person(&mut self, path: &Path, touches: &[Touch], bounds: &Bounds<'_>) {
        let bit = 1_u8 << self.stage.index();
        let reached = path.forward;
        let Some(start) = path.latest(reached & (bit - 1)).filter(|start| bounds.place(*start).is_some()) else { return };
        let group = if reached & bit == 0 { &mut self.skipped } else { &mut self.took };
        group.people += 1;
        let until = |days: u32| Some(start + i64::from(days) * DAY).filter(|until| *until <= bounds.as_of);
        for ((outcome, days), (yes, all)) in self.outcomes.iter().zip(&mut group.reached) {
            if let Some(until) = until(*days) {
                *all += 1;
                *yes += u64::from(path.touched(*outcome).is_some_and(|at| at <= until));
            }
        }
        if let Some(until) = until(self.money_days) {
            let paid = touches.iter().filter(|touch| touch.amount != 0 && start <= touch.at && touch.at <= until);
            let money: i128 = paid.map(|touch| i128::from(touch.amount)).sum();
            group.paying += 1;
            group.money += money;
            let square = money.unsigned_abs().checked_pow(2);
            group.squares = group.squares.zip(square).and_then(|(sum, square)| sum.checked_add(square));
        }
    }

    pub(super) fn add(&mut self, part: &Self) {
        for (group, part) in [(&mut self.skipped, &part.skipped), (&mut self.took, &part.took)] {
            group.people += part.people;
            for ((yes, all), (more_yes, more)) in group.reached.iter_mut().zip(part.reached) {
                *yes += more_yes;
                *all += more;
            }
            group.paying += part.paying;
            group.money += part.money;
            group.squares = group.squares.zip(part.squares).and_then(|(sum, more)| sum.checked_add(more));
        }
    }
}

impl SkipGroup {
    /// The money of those followed for as long as it counts, in the client's currency; without squares where they are too large.
    pub(crate) fn money(&self) -> (Sample, bool) {
        let squares = self.squares.map(|squares| squares as f64 / MILLION / MILLION);
        let sample = Sample { count: self.paying as f64, sum: self.money as f64 / MILLION, squares: squares.unwrap_or_default() };
        (sample, squares.is_some())
    }
}
