//! The steps of a scope: their rates, how sure they are, how long they take; and their cohorts, number by number.

use cvj_core::report::{Cohort, Share, StageReport, Step, Verdict};
use serde::Serialize;

use super::mark::Mark;
use crate::number::{self, UNKNOWN};
use crate::verdict::Tone;
use crate::words::{self, Told};

/// One step.
#[derive(Serialize)]
pub(super) struct StepView<'a> {
    name: String,
    rate: String,
    interval: Option<String>,
    matured: String,
    skipped: Option<String>,
    better: BetterView<'a>,
    time: String,
    trusted: Option<String>,
    cohorts: Vec<CohortView>,
}

/// Whether it gets better.
#[derive(Serialize)]
struct BetterView<'a> {
    arrow: &'static str,
    tone: &'static str,
    text: String,
    mark: Option<Mark<'a>>,
}

#[derive(Serialize)]
struct CohortView {
    period: String,
    young: bool,
    known: bool,
    cells: [String; 7],
}

impl<'a> StepView<'a> {
    /// None for a stage without a step.
    pub(super) fn new(told: Told<'a>, stage: &'a StageReport) -> Option<Self> {
        let step = stage.to_next.as_ref()?;
        let share = share(step.advanced, step.matured, step.rate);
        let claim = words::progress(told, stage, step, words::UP_OR_DOWN);
        let better = BetterView {
            arrow: claim.arrow(),
            tone: claim.tone().class(),
            mark: claim.verdict.map(|(of, verdict)| Mark::verdict(told.scope.slug, stage.stage, of, verdict)),
            text: claim.text,
        };
        Some(Self {
            name: words::step_name(stage.stage, step.to),
            rate: words::share(&share),
            interval: step.interval.filter(|_| words::rate(&share).is_some()).map(words::interval),
            matured: words::matured(step),
            skipped: (step.skipped > 0).then(|| number::count(step.skipped)),
            better,
            time: words::quartiles(&step.waiting),
            trusted: words::trusted(step),
            cohorts: cohorts(step),
        })
    }
}

fn share(numerator: u64, denominator: u64, rate: Option<f64>) -> Share {
    Share { numerator, denominator, rate, interval: None }
}

fn cohorts(step: &Step) -> Vec<CohortView> {
    let dash = || UNKNOWN.to_owned();
    let cell = |cohort: &Cohort| {
        let share = share(cohort.advanced, cohort.matured, cohort.rate);
        let rate = words::rate(&share);
        CohortView {
            period: cohort.period.clone(),
            young: !cohort.mature,
            known: cohort.known,
            cells: [
                number::count(cohort.entered),
                number::count(cohort.matured),
                number::count(cohort.advanced),
                number::count(cohort.skipped),
                rate.map_or_else(dash, number::percent),
                cohort.interval.filter(|_| rate.is_some()).map_or_else(dash, words::interval),
                match cohort.median_days {
                    Some(days) => number::days(days),
                    None if cohort.entered == 0 => dash(),
                    None => "over half waiting".to_owned(),
                },
            ],
        }
    };
    step.cohorts.iter().rev().map(cell).collect()
}

impl words::Claim {
    /// An arrow only for up and down.
    fn arrow(&self) -> &'static str {
        match self.verdict {
            Some((_, Verdict::Up)) => "▲ ",
            Some((_, Verdict::Down)) => "▼ ",
            _ => "",
        }
    }

    /// More people going on is good news.
    fn tone(&self) -> Tone {
        match self.verdict {
            Some((_, Verdict::Up)) => Tone::Good,
            Some((_, Verdict::Down)) => Tone::Bad,
            _ => Tone::Neutral,
        }
    }
}
