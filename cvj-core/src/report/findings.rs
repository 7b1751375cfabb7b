//! What a scope's journey says beyond its numbers: which step to fix first, what skipping costs, and who comes from where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Share, Verdict};
use crate::definition::Unit;
use crate::stage::Stage;

/// The findings of one scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Findings {
    /// What each step of the chain would give if it were as good as its goal, in journey order.
    pub gaps: Vec<StepGap>,
    /// One line per stage, the stage to fix first at the top, stages without a claim in journey order below.
    pub audit: Vec<AuditLine>,
    /// What became of people who skipped a stage, against those who did not; stages between the chain's ends.
    pub skip_costs: Vec<SkipCost>,
    /// The journey by the values that touchpoints carry (`by`).
    pub breakdowns: Vec<Breakdown>,
    /// What customers are worth and cost.
    pub value: Vec<ValueMetric>,
}

impl Findings {
    /// The step to fix first, where one can be claimed.
    pub fn fix_first(&self) -> Option<&StepGap> {
        self.gaps.iter().find(|gap| gap.rank == Some(1))
    }
}

/// One step of the chain against its goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepGap {
    /// The stage it starts from.
    pub from: Stage,
    /// The stage it leads to.
    pub to: Stage,
    /// What can be said.
    pub outcome: GapOutcome,
    /// Place among the claims, 1 being the step to fix first; null without a claim.
    pub rank: Option<u32>,
    /// The newest period whose people have all had the whole window and are at least 20: its rate is the present one.
    pub cohort: Option<String>,
    /// The present rate.
    pub now: Option<Share>,
    /// What the rate is compared with.
    pub goal: Option<Goal>,
    /// People who entered in the reported period; null where that is not known.
    pub entered: Option<u64>,
    /// Extra people a period at `to` if the rate were the goal's; null without a claim, as all below.
    pub people: Option<Range>,
    /// Extra customers a period (people at Convert); null for steps beyond Convert, or where it cannot be carried so far.
    pub customers: Option<Range>,
    /// Extra money a period at `to` and the stages it is carried to; null where no touchpoint has a value.
    pub money: Option<Range>,
    /// The last stage that people and money are carried to: beyond it, the next step has no present rate.
    pub carried_to: Option<Stage>,
}

/// What can be said of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapOutcome {
    /// The present rate is worse than the goal by more than chance explains.
    Claim,
    /// The target is reached.
    AtTarget,
    /// The target lies within the interval of the present rate.
    TooClose,
    /// No earlier period was better by more than chance explains.
    NoBetterPeriod,
    /// There is no target, and no earlier period to compare with.
    NothingToCompare,
    /// A stage between has no touchpoints.
    Unmeasured,
    /// No period's people have all had the whole window.
    Immature,
    /// Periods that have are of fewer than 20 people.
    TooFew,
    /// The sources do not cover the reported period.
    NotKnown,
}

/// What a rate is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goal {
    /// The earlier period that was better; null: the target of `cvj.toml`.
    pub period: Option<String>,
    /// The rate.
    pub rate: f64,
    /// Interval of goal less present rate: 95 %, for a period together with all comparisons of the scope with its history.
    pub gap: [f64; 2],
}

/// A number between what the intervals allow: every rate at its low end, and every rate at its high end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// By the rates as they are.
    pub value: f64,
    /// By the low ends.
    pub low: f64,
    /// By the high ends.
    pub high: f64,
}

/// One stage of the growth audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditLine {
    /// The stage.
    pub stage: Stage,
    /// Place among the stages to fix; null without a claim.
    pub rank: Option<u32>,
    /// Mean of the judged evidence, 1 good, ½ between, 0 bad; null where nothing can be judged.
    pub score: Option<f64>,
    /// How the stage is measured.
    pub measured: Measured,
    /// Its headline metrics against their targets.
    pub target: Evidence,
    /// Its headline metrics against their history.
    pub verdict: Evidence,
    /// Its step to the next stage against its goal.
    pub step: Evidence,
    /// Its activities in place, as the worksheet lists them.
    pub activities: Evidence,
}

/// How a stage is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// By touchpoints of people.
    People,
    /// By totals only.
    Totals,
    /// Not at all.
    No,
}

/// What one kind of evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Good.
    Good,
    /// Neither: at risk, or too close to call.
    Between,
    /// Bad.
    Bad,
    /// Cannot be judged.
    Unknown,
}

/// What became of people who came to the stage after one without that one, against those who went through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SkipCost {
    /// The stage.
    pub stage: Stage,
    /// The stage that follows it in the chain, which all of these people have reached.
    pub next: Stage,
    /// People who have an earlier stage and the next one in order, but not this one.
    pub skipped: u64,
    /// People who have an earlier stage and the next one in order, and this one.
    pub took: u64,
    /// Outcomes beyond the next stage.
    pub outcomes: Vec<SkipOutcome>,
    /// Money a person; null where no touchpoint has a value.
    pub money: Option<SkipMoney>,
}

/// One outcome of a skip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SkipOutcome {
    /// Convert or Ascend.
    pub stage: Stage,
    /// Days allowed after the last stage before the skipped one.
    pub window_days: u32,
    /// Of those who skipped, followed for so long.
    pub skipped: Share,
    /// Of those who did not.
    pub took: Share,
    /// Rate of those who skipped less that of those who did not; null if either has no one.
    pub difference: Option<f64>,
    /// 95 % Newcombe interval of the difference.
    pub interval: Option<[f64; 2]>,
    /// Up: those who skipped do better; only where both are at least 20.
    pub verdict: Verdict,
}

/// Money a person after the last stage before the skipped one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SkipMoney {
    /// Days after the last stage before the skipped one.
    pub window_days: u32,
    /// People who skipped, followed for so long, and their mean money.
    pub skipped: Mean,
    /// People who did not.
    pub took: Mean,
    /// Mean of those who skipped less that of those who did not.
    pub difference: Option<f64>,
    /// 95 % interval of the difference of two means with unequal variances.
    pub interval: Option<[f64; 2]>,
    /// Up: those who skipped bring more; only where both are at least 20.
    pub verdict: Verdict,
}

/// A mean over people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mean {
    /// People.
    pub people: u64,
    /// Money a person; null without anyone.
    pub mean: Option<f64>,
}

/// The journey by one dimension of the touchpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Breakdown {
    /// The column, as `by` names it.
    pub dimension: String,
    /// Which touchpoint's value stands for a person.
    pub attribution: Attribution,
    /// The most frequent values; then the others as one; then people without a value.
    pub rows: Vec<BreakdownRow>,
}

/// Which touchpoint's value stands for a person at a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    /// The first touchpoint that has a value, from then on.
    FirstTouch,
    /// The last touchpoint that has a value, up to and with the one that reached the stage.
    LastTouch,
    /// The touchpoint that reached the stage.
    TouchAtStage,
}

/// People with one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreakdownRow {
    /// The value; null for the others, and for people without a value.
    pub value: Option<String>,
    /// How many other values this row stands for; null for one value, and for people without a value.
    pub others: Option<u64>,
    /// The stages of the chain.
    pub stages: Vec<BreakdownStage>,
}

/// One stage of a breakdown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreakdownStage {
    /// The stage.
    pub stage: Stage,
    /// People who reached it in order before the end of the period.
    pub people: u64,
    /// People who entered it in the reported period.
    pub entered: u64,
    /// Advanced ÷ matured of these; null for the chain's last stage.
    pub step: Option<Share>,
}

/// A number about what customers are worth or cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValueMetric {
    /// Printed name.
    pub name: String,
    /// What the number is.
    pub unit: Unit,
    /// The number; null: not measured.
    pub value: Option<f64>,
    /// Its numerator, where it is a ratio.
    pub numerator: Option<f64>,
    /// Its denominator.
    pub denominator: Option<f64>,
    /// Its 95 % interval, where it has one.
    pub interval: Option<[f64; 2]>,
    /// Its definition in words, with the days and settings used.
    pub definition: String,
    /// What would fill it, where it is not measured.
    pub missing: Option<String>,
}
