//! One person's way through the stages of one scope.

use cvj_core::Stage;

use super::{Bounds, stages_of};
use crate::people::Touch;

/// What one person's touchpoints say, one bit a stage.
///
/// A touchpoint counts if no later stage was touched before it. So only the first touchpoint at a stage can count, and where one
/// counts, all touchpoints at later stages come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The stages of the chain.
    chain: u8,
    /// Touched, in any order, in the chain or not.
    touched: u8,
    /// Stages of the chain touched before the end of the period, in any order.
    pub(super) any: u8,
    /// Stages of the chain reached going forward only: their first touchpoint counts.
    pub(super) forward: u8,
    /// The same before the end of the period.
    pub(super) ordered: u8,
    /// When each stage of `touched` was first touched.
    first: [i64; 8],
}

impl Path {
    /// Reads touchpoints in time order, lower stage first at equal times.
    pub(super) fn of(touches: &[Touch], chain: u8, bounds: &Bounds<'_>) -> Self {
        let (mut touched, mut forward, mut before_end) = (0_u8, 0_u8, 0_u8);
        let mut first = [0; 8];
        for touch in touches {
            let stage = 1 << touch.stage;
            if touched & stage == 0 {
                // Whatever came before is earlier, or as early and not further.
                if touched < stage {
                    forward |= stage;
                }
                touched |= stage;
                before_end |= u8::from(touch.at < bounds.end) << touch.stage;
                first[usize::from(touch.stage)] = touch.at;
            }
        }
        let forward = forward & chain;
        Self { chain, touched, any: before_end & chain, forward, ordered: forward & before_end, first }
    }

    /// When a stage was first touched.
    pub(super) fn touched(&self, stage: Stage) -> Option<i64> {
        (self.touched & (1 << stage.index()) != 0).then(|| self.first[stage.index()])
    }

    /// When a stage beyond one was first touched, for a stage that a touchpoint before it counts at.
    pub(super) fn beyond(&self, stage: Stage) -> Option<i64> {
        // The first of them counts, and stages that count are reached in order.
        let beyond = self.touched & (0xFE << stage.index());
        stages_of(beyond).map(|stage| self.first[stage.index()]).min()
    }

    /// The stage of the chain after this one.
    pub(super) fn next(&self, stage: Stage) -> Option<Stage> {
        stages_of(self.chain & (0xFE << stage.index())).next()
    }

    /// The stages of the chain that were reached going forward, with their times.
    pub(super) fn reached(&self) -> impl Iterator<Item = (Stage, i64)> {
        stages_of(self.forward).map(|stage| (stage, self.first[stage.index()]))
    }

    /// When the latest of these stages, all of them reached going forward, was reached.
    pub(super) fn latest(&self, stages: u8) -> Option<i64> {
        stages.checked_ilog2().map(|stage| self.first[stage as usize])
    }
}
