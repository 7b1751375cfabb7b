//! The report: one struct that every output draws, and the contract of `report.json`.
//!
//! The contract may only grow. Numbers are unrounded, rates are fractions, `null` means "not known" and never 0.
//! Every scope lists all eight stages in order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod findings;
mod ladder;
mod step;

pub use findings::{
    Attribution, AuditLine, Breakdown, BreakdownRow, BreakdownStage, Evidence, Findings, GapOutcome, Goal, Mean, Measured, Range,
    SkipCost, SkipMoney, SkipOutcome, StepGap, ValueMetric,
};
pub use ladder::{Ladder, Rung, RungMove};
pub use step::{Cohort, CurvePoint, LikeAged, Readings, Share, StagePeople, Trusted, Waiting};

use crate::definition::{Good, Unit};
use crate::period::PeriodKind;
use crate::stage::Stage;

/// A client's Customer Value Journey for one period: overall and per product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this contract.
    pub version: u32,
    /// The client's name.
    pub client: String,
    /// ISO 4217 code of every amount of money.
    pub currency: String,
    /// IANA time zone in which periods begin.
    pub timezone: String,
    /// The period reported.
    pub period: ReportPeriod,
    /// End of follow-up, RFC 3339 with the client's offset: everything at or after it is ignored.
    pub as_of: String,
    /// Every metric and touchpoint whatever its product.
    pub overall: Scope,
    /// One journey per product, in order of importance.
    pub products: Vec<Product>,
    /// Where the numbers come from, and what could not be used.
    pub sources: Vec<Source>,
    /// Rows whose product matches none, per source and value.
    pub unassigned: Vec<Unassigned>,
    /// What customers buy first and next, over all products; null where no touchpoint is a purchase of a product.
    #[serde(default)]
    pub ladder: Option<Ladder>,
    /// One card per definition, in configuration order.
    pub definitions: Vec<DefinitionCard>,
    /// What the reader should know: assumptions, restatements, sources that end early.
    pub notes: Vec<String>,
}

/// The reported period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportPeriod {
    /// Week, month or quarter.
    pub kind: PeriodKind,
    /// `2026-10`, `2026-W40` or `2026-Q3`.
    pub label: String,
    /// First local day, ISO.
    pub start: String,
    /// First local day after the period, ISO.
    pub end: String,
    /// Whether the period had ended by `as_of`.
    pub complete: bool,
}

/// The eight stages of the whole client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// All eight, in journey order.
    pub stages: Vec<StageReport>,
    /// What they say.
    #[serde(default)]
    pub findings: Findings,
}

/// The eight stages of one product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// The product's name.
    pub name: String,
    /// Its file-name-safe short name, unique in the report.
    pub slug: String,
    /// All eight, in journey order.
    pub stages: Vec<StageReport>,
    /// What they say.
    #[serde(default)]
    pub findings: Findings,
}

/// One stage of one scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageReport {
    /// Which stage.
    pub stage: Stage,
    /// Whether the scope has a metric or a touchpoint here.
    pub measured: bool,
    /// Declared metrics in configuration order, then built-in ones.
    pub metrics: Vec<MetricReport>,
    /// People who reached this stage before the end of the period, in three readings; null outside the chain.
    pub people: Option<People>,
    /// Who makes the difference between the readings; null outside the chain.
    #[serde(default)]
    pub readings: Option<Readings>,
    /// The step to the next stage of the chain, for people who entered in the period; null outside the chain and at its end.
    pub to_next: Option<Step>,
}

/// One metric in the reported period, against the period before, its target and its history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricReport {
    /// Printed name.
    pub name: String,
    /// What the number is.
    pub unit: Unit,
    /// Which direction is good news.
    pub good: Good,
    /// Whether it belongs on the scorecard.
    pub headline: bool,
    /// The value in the reported period.
    pub actual: Option<f64>,
    /// The value in the period before.
    pub previous: Option<f64>,
    /// `actual - previous`.
    pub change: Option<f64>,
    /// Whether the change is more than chance.
    pub verdict: Verdict,
    /// Numerator of a ratio.
    pub numerator: Option<f64>,
    /// Denominator of a ratio.
    pub denominator: Option<f64>,
    /// 95 % interval: Wilson's of a rate, adjusted Wald of a Net Promoter Score.
    pub interval: Option<[f64; 2]>,
    /// Natural process limits (`XmR`) of the periods before the reported one; null where the verdict rests on an interval, and with too
    /// little history.
    #[serde(default)]
    pub usual_range: Option<[f64; 2]>,
    /// The value to reach.
    pub target: Option<f64>,
    /// Where the value stands against the target.
    pub status: TargetStatus,
    /// Who answers for it.
    pub owner: Option<String>,
    /// One value per period of the history, oldest first, the reported one last.
    pub series: Vec<SeriesPoint>,
    /// The source or sources it comes from.
    pub source: String,
    /// Whether cvj computes it from touchpoints (People, Step rate, Revenue) instead of a declared metric.
    pub built_in: bool,
    /// The answers behind a Net Promoter Score, in the reported period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<Nps>,
}

/// The answers behind a Net Promoter Score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Nps {
    /// Answers of 9 and 10.
    pub promoters: u64,
    /// Answers of 7 and 8.
    pub passives: u64,
    /// Answers of 0 to 6.
    pub detractors: u64,
    /// The score by the adjusted Wald method, the middle of the interval.
    pub adjusted: Option<f64>,
    /// The least and the greatest answer of the whole history.
    pub scale: Option<[f64; 2]>,
    /// Whether the answers look as if they were on another scale than 0 to 10.
    pub scale_doubtful: bool,
}

/// One period's value of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesPoint {
    /// The period's label.
    pub period: String,
    /// Its value.
    pub value: Option<f64>,
    /// Numerator of a ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<f64>,
    /// Denominator of a ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<f64>,
}

/// The direction of a change, when it is more than chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The number rose.
    Up,
    /// The number fell.
    Down,
    /// The change lies within chance.
    TooClose,
    /// Too little history to say.
    None,
}

/// Where a value stands against its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// Reached.
    OnTrack,
    /// Within 10 %.
    AtRisk,
    /// Further away.
    OffTrack,
    /// No target, or no value.
    None,
}

/// People who reached a stage: strict ⊆ ordered ⊆ any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct People {
    /// Whatever the order.
    pub any: u64,
    /// Forward only, skips allowed.
    pub ordered: u64,
    /// Every earlier stage of the chain too.
    pub strict: u64,
}

/// The step from one stage to the next of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The next stage of the chain.
    pub to: Stage,
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
    /// Days allowed for the step.
    pub window_days: u32,
    /// Stages between the two that have no touchpoints: the step passes over them.
    #[serde(default)]
    pub passes_over: Vec<Stage>,
    /// One per period of the history, oldest first, the reported one last.
    #[serde(default)]
    pub cohorts: Vec<Cohort>,
    /// The reported cohort against the one before at the same age; null while it is younger than a day.
    #[serde(default)]
    pub like_aged: Option<LikeAged>,
    /// How long it takes.
    #[serde(default)]
    pub waiting: Waiting,
    /// Without people whose dates are doubtful; null where no date is.
    #[serde(default)]
    pub trusted: Option<Trusted>,
}

/// One source: its plugin, what it covers, and what its tables gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Its name in the configuration.
    pub name: String,
    /// The plugin that read it; `view` for a view.
    pub plugin: String,
    /// The local days its rows lie in; null when no row has a time.
    pub covers: Option<Covers>,
    /// Whether it ends before the reported period does.
    pub ends_early: bool,
    /// The tables that a definition uses.
    pub tables: Vec<Table>,
    /// What is doubtful about the dates of its touchpoints; null where no touchpoint definition reads it.
    #[serde(default)]
    pub dates: Option<DateTrust>,
}

/// What is doubtful about the dates of a source's touchpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DateTrust {
    /// Touchpoints before `as_of`.
    pub touchpoints: u64,
    /// Those that many others share the minute and the stage with: an import or a bulk edit.
    pub bulk: u64,
    /// The five fullest of these minutes; of equal ones the earlier, then the lower stage.
    pub bulk_minutes: Vec<BulkMinute>,
    /// Those at the very moment of another stage of the same person and product.
    pub same_instant: u64,
    /// Those before the person's first touchpoint at the first stage of the chain.
    pub before_first: u64,
    /// Those dated at or after `as_of`, which are ignored.
    pub future: u64,
    /// The stage that the source says people are at, against their history; null where no definition names it.
    pub current: Option<CurrentStage>,
}

/// A minute of an import or a bulk edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BulkMinute {
    /// Its beginning, RFC 3339 with the client's offset.
    pub minute: String,
    /// The stage.
    pub stage: Stage,
    /// Touchpoints.
    pub touchpoints: u64,
}

/// People whose present stage a source names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentStage {
    /// Those who also have touchpoints.
    pub people: u64,
    /// Those whose furthest touchpoint is at another stage.
    pub disagree: u64,
}

/// Local days `[from, to)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Covers {
    /// First day, ISO.
    pub from: String,
    /// First day after the last, ISO.
    pub to: String,
}

/// What one table gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// File names it was read from, without their folders.
    pub files: Vec<String>,
    /// Rows of data read.
    pub rows_read: u64,
    /// Rows that the source itself says it has (a control total); left out where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_expected: Option<u64>,
    /// Distinct rows that at least one definition rejected.
    pub rows_rejected: u64,
    /// Rejections by definition, column and reason.
    pub rejected_by_reason: Vec<RejectReason>,
    /// Up to 20 samples.
    pub rejects: Vec<Reject>,
    /// Lines that are no rows of data: totals, footers, comments, duplicates.
    pub rows_left_out: Vec<LeftOut>,
}

impl Table {
    /// Rows that the source says it has, where it is not what was received.
    pub fn contradicted(&self) -> Option<u64> {
        self.rows_expected.filter(|expected| *expected != self.rows_read)
    }
}

/// How many rows a definition rejected for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RejectReason {
    /// The definition.
    pub definition: String,
    /// The column.
    pub column: String,
    /// The reason, without the value.
    pub why: String,
    /// Rows.
    pub rows: u64,
}

/// One rejected row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reject {
    /// The definition that could not use it.
    pub definition: String,
    /// `file:line`.
    #[serde(rename = "where")]
    pub place: String,
    /// The column.
    pub column: String,
    /// Why.
    pub why: String,
}

/// Lines left out by rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// The rule: `total row`.
    pub why: String,
    /// How many.
    pub rows: u64,
}

/// Rows whose product matches none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unassigned {
    /// The source.
    pub source: String,
    /// The table, where the source has several.
    pub table: String,
    /// The value as written; empty where the row names no product; null for the rest beyond 100 values.
    pub value: Option<String>,
    /// Distinct rows.
    pub rows: u64,
}

/// The printed definition of a metric or touchpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DefinitionCard {
    /// `metric` or `touchpoint`.
    pub kind: DefinitionKind,
    /// Its stage; null where a column names it.
    pub stage: Option<Stage>,
    /// Its printed name.
    pub name: String,
    /// What it counts, in one line: the expression and its condition.
    pub formula: String,
    /// Source or table.
    pub from: String,
    /// The column or expression of the time.
    pub at: String,
    /// The column or expression of the product.
    pub product: Option<String>,
    /// Where the definition comes from: `cvj.toml`, or the plugin.
    pub origin: String,
    /// The rows it was computed from; null for what cvj computes from touchpoints.
    #[serde(default)]
    pub trail: Option<Trail>,
}

/// The rows that a definition was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trail {
    /// The SQL as run, without cvj's own flags.
    pub sql: String,
    /// Names of the files.
    pub files: Vec<String>,
    /// Rows read.
    pub rows_read: u64,
    /// Rows used in the periods of the report.
    pub rows_used: u64,
    /// Rows rejected.
    pub rows_rejected: u64,
}

/// What a definition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DefinitionKind {
    /// An aggregate.
    Metric,
    /// A person at a stage.
    Touchpoint,
    /// Computed by cvj from touchpoints.
    BuiltIn,
}

/// Version of the `report.json` contract that this crate writes.
pub const VERSION: u32 = 1;

impl Report {
    /// The scopes in print order: overall first, then each product.
    pub fn scopes(&self) -> impl Iterator<Item = NamedScope<'_>> {
        let Scope { stages, findings } = &self.overall;
        let overall = NamedScope { name: "Overall", slug: "overall", stages, findings };
        std::iter::once(overall).chain(self.products.iter().map(Product::scope))
    }
}

impl Product {
    /// Its stages and what they say.
    fn scope(&self) -> NamedScope<'_> {
        let Self { name, slug, stages, findings } = self;
        NamedScope { name, slug, stages, findings }
    }
}

/// Overall or a product, with its name.
#[derive(Clone, Copy, Debug)]
pub struct NamedScope<'a> {
    /// `Overall`, or the product's name.
    pub name: &'a str,
    /// `overall`, or the product's slug.
    pub slug: &'a str,
    /// All eight, in journey order.
    pub stages: &'a [StageReport],
    /// What they say.
    pub findings: &'a Findings,
}
