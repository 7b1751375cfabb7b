//! One person's way through the stages of one scope.

use cvj_core::Stage;

use super::{Bounds, stages_of};
use crate::people::Touch;

/// What one person's touchpoints say, one bit a stage. Stages outside the chain are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The stages of the chain.
    chain: u8,
    /// Touched before the end of the period, in any order.
    pub(super) any: u8,
    /// Reached going forward only: no later stage was touched before.
    pub(super) forward: u8,
    /// The same before the end of the period.
    pub(super) ordered: u8,
    /// When each stage of `forward` was first reached so.
    pub(super) first: [i64; 8],
}

impl Path {
    /// Reads touchpoints in time order, lower stage first at equal times.
    pub(super) fn of(touches: &[Touch], chain: u8, bounds: &Bounds<'_>) -> Self {
        let mut path = Self { chain, any: 0, forward: 0, ordered: 0, first: [0; 8] };
        let mut furthest = 0;
        for touch in touches {
            let (stage, before_end) = (1 << touch.stage, u8::from(touch.at < bounds.end));
            path.any |= before_end << touch.stage;
            // Whatever came before is earlier, or as early and not further.
            if touch.stage >= furthest {
                furthest = touch.stage;
                if path.forward & stage == 0 {
                    path.forward |= stage;
                    path.ordered |= before_end << touch.stage;
                    path.first[usize::from(touch.stage)] = touch.at;
                }
            }
        }
        path.any &= chain;
        path.forward &= chain;
        path.ordered &= chain;
        path
    }

    /// The stage of the chain after this one.
    pub(super) fn next(&self, stage: Stage) -> Option<Stage> {
        stages_of(self.chain).find(|next| *next > stage)
    }

    /// The stages of the chain that were reached going forward, with their times.
    pub(super) fn reached(&self) -> impl Iterator<Item = (Stage, i64)> {
        stages_of(self.forward).map(|stage| (stage, self.first[stage.index()]))
    }
}
