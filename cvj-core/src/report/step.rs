//! The step from one stage to the next: its cohorts, how long it takes, and what the reported numbers leave out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::stage::Stage;

/// A share of people with its 95 % Wilson interval.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// People who did.
    pub numerator: u64,
    /// People who could.
    pub denominator: u64,
    /// `numerator / denominator`; null without anyone.
    pub rate: Option<f64>,
    /// 95 % Wilson interval of the rate.
    pub interval: Option<[f64; 2]>,
}

/// Who makes the difference between the three readings of a stage: any = ordered + backward, ordered = strict + skipped + `no_earlier`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Readings {
    /// Reached it only after a later stage.
    pub backward: u64,
    /// Reached it in order, with an earlier stage of the chain, but not with all of them.
    pub skipped: u64,
    /// Reached it in order, with no earlier stage of the chain at all.
    pub no_earlier: u64,
    /// Of those who skipped: how many have not reached each earlier stage in order; a person may miss several.
    pub missing: Vec<StagePeople>,
}

/// People at a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StagePeople {
    /// The stage.
    pub stage: Stage,
    /// People.
    pub people: u64,
}

/// The people who entered a stage in one period, and their step to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cohort {
    /// The period's label.
    pub period: String,
    /// Whether every source that feeds the stage has a row in the period; where not, the numbers may be too small.
    pub known: bool,
    /// Whether everyone of the period has had the whole window of follow-up.
    pub mature: bool,
    /// People who entered the stage in the period.
    pub entered: u64,
    /// Those of them with a whole window of follow-up.
    pub matured: u64,
    /// Matured people who reached the next stage within the window.
    pub advanced: u64,
    /// Matured people who did not, but touched a stage beyond it within the window.
    pub skipped: u64,
    /// `advanced / matured`.
    pub rate: Option<f64>,
    /// 95 % Wilson interval of the rate.
    pub interval: Option<[f64; 2]>,
    /// Kaplan-Meier median days to the next stage; null when over half are still waiting.
    pub median_days: Option<f64>,
    /// The share of all who entered that reached the next stage within the days of `like_aged`; null without it.
    pub early: Option<Share>,
}

/// Cohorts compared at the age that all of them have reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LikeAged {
    /// Days after entering that are compared: what everyone of the reported period has been followed for, at most the window.
    pub days: u32,
    /// The reported period's early share against that of the period before, by Newcombe's interval.
    pub verdict: Verdict,
    /// Reported less before; null if either is not known.
    pub difference: Option<f64>,
    /// 95 % Newcombe interval of the difference.
    pub interval: Option<[f64; 2]>,
}

/// How long those who entered in the reported period waited for the next stage (Kaplan-Meier).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// People who entered.
    pub people: u64,
    /// Those of them who reached the next stage.
    pub reached: u64,
    /// Days until a quarter, half and three quarters had; null where the curve does not get there.
    pub quartiles: [Option<f64>; 3],
    /// The curve at whole days, from day 0 to the window or to the end of follow-up.
    pub curve: Vec<CurvePoint>,
}

/// One day of a waiting curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// Days after entering.
    pub days: u32,
    /// People still waiting and followed just before this day.
    pub at_risk: u64,
    /// Share still waiting after this day's moment.
    pub waiting: f64,
    /// 95 % interval by Greenwood's variance on the log-log scale.
    pub interval: [f64; 2],
}

/// The step without people whose dates are doubtful.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trusted {
    /// People who entered in the period and have no doubtful date in the scope.
    pub entered: u64,
    /// `advanced / matured` of these.
    pub share: Share,
}
