//! Several clients beside each other: what `portfolio.json` and the index page say of each.
//!
//! **Invariant:** nothing is added up over clients. Their periods and amounts are their own.

use cvj_core::Stage;
use cvj_core::report::{Range, Report, ReportPeriod, TargetStatus, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar;
use crate::locale;
use crate::look::Look;
use crate::summary::{self, Headline, Judged, Question};
use crate::verdict::Tone;
use crate::words::{self, Told};

/// Version of the `portfolio.json` contract that this crate writes.
const VERSION: u32 = 1;

/// Several clients: the contents of `portfolio.json`, a contract that may only grow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Portfolio {
    /// Version of this contract.
    version: u32,
    /// In the order of their folders.
    clients: Vec<ClientEntry>,
}

/// One client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClientEntry {
    /// The name of its folder, which tells clients of the same name apart.
    pub folder: String,
    /// Its name; null where `cvj.toml` does not tell it.
    pub name: Option<String>,
    /// How its run ended.
    pub outcome: Outcome,
}

/// How a client's run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its report was written.
    Report(Box<Digest>),
    /// Nothing was written: what an earlier run wrote stays.
    Failed(Trouble),
}

/// Why a client has no report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trouble {
    /// What went wrong, in one sentence.
    pub error: String,
    /// What to do, where that is known.
    pub hint: Option<String>,
    /// The newest report that an earlier run wrote; null where there is none.
    #[serde(default)]
    pub earlier: Option<EarlierReport>,
}

/// A report that an earlier run wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EarlierReport {
    /// The label of its period.
    pub period: String,
    /// Its page, as a path from the folder of `portfolio.json`.
    pub page: String,
}

/// What a report says first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Digest {
    /// ISO 4217 code of its amounts.
    pub currency: String,
    /// The period reported.
    pub period: ReportPeriod,
    /// End of follow-up, RFC 3339 with the client's offset.
    pub as_of: String,
    /// The last local day of which a source has a row, ISO; null where no row has a time.
    pub data_until: Option<String>,
    /// Whether it works and what to fix, in one sentence.
    pub headline: String,
    /// The headline metrics that have a target and a value.
    pub targets: Vec<Target>,
    /// The headline metrics that moved by more than chance explains.
    pub moves: Vec<Move>,
    /// The largest of these moves in sentences: one for the worse, one for the better; or that there is none.
    pub changes: Vec<Change>,
    /// The step to fix first; null where none can be named.
    pub fix_first: Option<FixFirst>,
    /// Why no step can be named to fix first; null where one is.
    pub no_fix_first: Option<String>,
    /// What a reader should know about the data, one sentence each: what `--strict` looks for.
    pub data_problems: Vec<String>,
    /// What this run wrote.
    pub files: Files,
}

/// A metric of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The scope's slug: `overall` or a product's.
    pub scope: String,
    /// Its stage.
    pub stage: Stage,
    /// Its name.
    pub metric: String,
}

/// A metric against its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The metric.
    #[serde(flatten)]
    pub of: Place,
    /// Where it stands.
    pub status: TargetStatus,
}

/// A metric that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Move {
    /// The metric.
    #[serde(flatten)]
    pub of: Place,
    /// Where it moved to.
    pub verdict: Verdict,
    /// Whether that is for the better.
    pub better: bool,
}

/// A sentence about what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The sentence, in the client's locale.
    pub text: String,
    /// What it tells of; null where nothing moved.
    pub of: Option<Move>,
}

/// The step to fix first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FixFirst {
    /// The product; null for the client as a whole.
    pub product: Option<String>,
    /// The stage it starts from.
    pub from: Stage,
    /// The stage it leads to.
    pub to: Stage,
    /// Extra money a period, in the client's currency; null where not known, as the two below.
    pub money: Option<Range>,
    /// Extra customers a period.
    pub customers: Option<Range>,
    /// Extra people a period at `to`.
    pub people: Option<Range>,
    /// What that is worth in words, in the client's locale.
    pub worth: Option<String>,
}

/// Files of a client's report, as paths from the folder of `portfolio.json`, their parts separated by `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Files {
    /// The page; null where none was asked for.
    pub page: Option<String>,
    /// The worksheets.
    pub worksheets: Vec<String>,
}

impl Portfolio {
    /// Clients in the order of their folders.
    pub fn new(mut clients: Vec<ClientEntry>) -> Self {
        clients.sort_by(|left, right| left.folder.cmp(&right.folder));
        Self { version: VERSION, clients }
    }

    /// The clients, in the order of their folders.
    pub fn clients(&self) -> &[ClientEntry] {
        &self.clients
    }

    /// The clients, as `7 clients: 5 reports, 1 report with data problems, 1 failed`.
    pub fn headline(&self) -> String {
        let with = |standing| self.clients.iter().filter(|client| client.standing() == standing).count();
        let counted = |count: usize, one: &str, many: &str| (count > 0).then(|| plural(count, one, many));
        let parts = [
            counted(with(Standing::Report), "report", "reports"),
            counted(with(Standing::Problems), "report with data problems", "reports with data problems"),
            counted(with(Standing::Failed), "failed", "failed"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{}: {}", plural(self.clients.len(), "client", "clients"), parts.join(", "))
    }
}

/// `1 report`, `2 reports`.
pub(crate) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How a client stands in a portfolio, what needs attention first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its run failed.
    Failed,
    /// Its report was written, and its data has problems.
    Problems,
    /// Its report was written.
    Report,
}

impl Standing {
    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Failed => "Failed",
            Self::Problems => "Data problems",
            Self::Report => "Report",
        }
    }
}

impl ClientEntry {
    /// How it stands.
    pub fn standing(&self) -> Standing {
        match &self.outcome {
            Outcome::Failed(_) => Standing::Failed,
            Outcome::Report(digest) if digest.data_problems.is_empty() => Standing::Report,
            Outcome::Report(_) => Standing::Problems,
        }
    }
}

impl Digest {
    /// What a report says first, as it looks.
    pub fn new(report: &Report, look: &Look, data_problems: Vec<String>, files: Files) -> Self {
        locale::within(&look.locale, || Self::printed(report, data_problems, files))
    }

    fn printed(report: &Report, data_problems: Vec<String>, files: Files) -> Self {
        let headlines = summary::headline_metrics(report);
        let targets = headlines.iter().filter(|headline| headline.metric.status != TargetStatus::None);
        let fix = report.scopes().find_map(|scope| Some((scope, scope.findings.fix_first()?)));
        let fix_first = fix.map(|(scope, gap)| FixFirst {
            product: (scope.slug != "overall").then(|| scope.name.to_owned()),
            from: gap.from,
            to: gap.to,
            money: gap.money,
            customers: gap.customers,
            people: gap.people,
            worth: words::most_telling_gain(Told::new(report, scope), gap),
        });
        let whole = report.scopes().next().filter(|_| fix.is_none());
        Self {
            currency: report.currency.clone(),
            period: report.period.clone(),
            as_of: report.as_of.clone(),
            data_until: data_until(report),
            headline: summary::headline(report),
            targets: targets.map(|headline| Target { of: Place::of(headline), status: headline.metric.status }).collect(),
            moves: headlines.iter().filter_map(Move::of).collect(),
            changes: changes(report),
            fix_first,
            no_fix_first: whole.map(|scope| words::fix_first(Told::new(report, scope)).why),
            data_problems,
            files,
        }
    }
}

/// The last day that any source covers.
fn data_until(report: &Report) -> Option<String> {
    let ends = report.sources.iter().filter_map(|source| source.covers.as_ref());
    let end = ends.map(|covers| covers.to.as_str()).max()?;
    Some(calendar::day_before(end))
}

fn changes(report: &Report) -> Vec<Change> {
    let mut lines: Vec<_> = summary::summary(report).into_iter().filter(|line| line.asked == Question::Changed).collect();
    // Bad news first. Of each kind the first line tells of the largest move.
    lines.sort_by_key(|line| line.tone != Tone::Bad);
    lines.dedup_by_key(|line| line.tone);
    let moved = |of: Judged<'_>| match of {
        Judged::Verdict(headline) => Move::of(&headline),
        Judged::Status(_) | Judged::Nothing => None,
    };
    lines.into_iter().map(|line| Change { of: moved(line.of), text: line.text }).collect()
}

impl Place {
    fn of(headline: &Headline<'_>) -> Self {
        Self { scope: headline.slug.to_owned(), stage: headline.stage, metric: headline.metric.name.clone() }
    }
}

impl Move {
    /// A headline metric's, where it is good or bad news.
    fn of(headline: &Headline<'_>) -> Option<Self> {
        let better = match headline.news() {
            Tone::Good => true,
            Tone::Bad => false,
            Tone::Warning | Tone::Neutral => return None,
        };
        Some(Self { of: Place::of(headline), verdict: headline.metric.verdict, better })
    }
}
