//! One step in words: who has had time for it, whether it gets better, how long it takes, and what its doubtful dates change.

use cvj_core::report::{Cohort, MetricReport, People, Readings, Step, Verdict, Waiting};
use cvj_core::{Stage, Unit};

use super::{Told, rate, share};
use crate::calendar;
use crate::figure::Figure;
use crate::number::{self, NumberStyle};

/// A sentence about a change, and the verdict that it rests on.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// The sentence.
    pub(crate) text: String,
    /// The verdict; none where nothing can be compared.
    pub(crate) verdict: Option<Verdict>,
}

/// `13% matured: 146 of 1,129 have had the 30 days`.
pub(crate) fn matured(step: &Step) -> String {
    if step.entered == 0 {
        return "no one entered".to_owned();
    }
    let part = step.matured as f64 / step.entered as f64;
    let whole = NumberStyle { unit: Unit::Number, currency: "" };
    // Never 100 % while someone is still missing, nor 0 % while someone is there.
    let percent = if step.matured == step.entered { 100.0 } else { (part * 100.0).round().clamp(0.0, 99.0) };
    let percent = if step.matured > 0 { percent.max(1.0) } else { percent };
    format!(
        "{}% matured: {} of {} have had the {} days",
        whole.value(percent),
        number::count(step.matured),
        number::count(step.entered),
        step.window_days
    )
}

/// The reported cohort against the one before at the same age; none while it is younger than a day.
pub(crate) fn like_aged(told: Told<'_>, step: &Step) -> Option<Claim> {
    let verdict = step.like_aged.as_ref()?.verdict;
    Some(match same_age(step) {
        Some(numbers) => told_as(["Up", "Down"], verdict, &numbers),
        None => Claim {
            text: format!("Not known: this {each} and the one before cannot be compared.", each = told.each()),
            verdict: None,
        },
    })
}

/// `4.1% (6 of 148) of October 2026 went on within 3 days, against 5.0% (7 of 140) of September 2026`; none without a verdict.
fn same_age(step: &Step) -> Option<String> {
    let like_aged = step.like_aged.as_ref().filter(|like_aged| like_aged.verdict != Verdict::None)?;
    let [.., before, now] = step.cohorts.as_slice() else { return None };
    let early = |cohort: &Cohort| Some(format!("{} of {}", share(cohort.early.as_ref()?), calendar::named(&cohort.period)));
    let days = number::days(f64::from(like_aged.days));
    Some(format!("{} went on within {days}, against {}", early(now)?, early(before)?))
}

/// Whether the step from a stage gets better: by people of the same age (`step`), else by its step rate (`rate`).
pub(super) fn getting_better(told: Told<'_>, from: Stage) -> (&'static str, Claim) {
    let stage = told.stage(from);
    let step = stage.and_then(|stage| stage.to_next.as_ref());
    let verdict = step.and_then(|step| step.like_aged.as_ref()).map_or(Verdict::None, |like_aged| like_aged.verdict);
    if let Some(numbers) = step.and_then(same_age) {
        return ("step", told_as(["Yes", "No, it got worse"], verdict, &numbers));
    }
    let mut metrics = stage.into_iter().flat_map(|stage| &stage.metrics);
    let rate = metrics.find(|metric| metric.built_in && metric.unit == Unit::Percent && metric.verdict != Verdict::None);
    let claim = match rate {
        Some(metric) => told_as(["Yes", "No, it got worse"], metric.verdict, &step_rate(metric)),
        None => Claim { text: "Not known yet: there are no two periods to compare.".to_owned(), verdict: None },
    };
    ("rate", claim)
}

/// Numbers behind the word that their verdict allows: one for up, one for down.
fn told_as([up, down]: [&str; 2], verdict: Verdict, numbers: &str) -> Claim {
    let word = match verdict {
        Verdict::Up => up,
        Verdict::Down => down,
        Verdict::TooClose | Verdict::None => "Too close to call",
    };
    Claim { text: format!("{word}: {numbers}."), verdict: Some(verdict) }
}

fn step_rate(metric: &MetricReport) -> String {
    let style = NumberStyle { unit: Unit::Percent, currency: "" };
    let (before, now) = (Figure::previous(metric).text(style), Figure::actual(metric).text(style));
    format!("a step rate of {now}, after {before}")
}

/// How long the step takes: `half within 12 days (a quarter within 4.4 days); over a quarter still waiting`.
pub(crate) fn quartiles(waiting: &Waiting) -> String {
    if waiting.people == 0 {
        return "no one entered".to_owned();
    }
    match waiting.quartiles.map(|days| days.map(number::days)) {
        [None, ..] => "over three quarters still waiting".to_owned(),
        [Some(quarter), None, _] => format!("a quarter within {quarter}; over half still waiting"),
        [Some(quarter), Some(half), None] => {
            format!("half within {half} (a quarter within {quarter}); over a quarter still waiting")
        }
        [Some(quarter), Some(half), Some(most)] => {
            format!("half within {half} (a quarter within {quarter}, three quarters within {most})")
        }
    }
}

/// The rate without people whose dates are doubtful, where it is another.
pub(crate) fn trusted(step: &Step) -> Option<String> {
    let trusted = step.trusted.as_ref().filter(|trusted| trusted.entered != step.entered && trusted.share.denominator > 0)?;
    Some(format!("Without the people whose dates are doubtful: {}.", share(&trusted.share)))
}

/// A warning where the rate without doubtful dates lies outside the interval of the rate.
pub(super) fn far_from_trusted(step: &Step) -> Option<String> {
    let [low, high] = step.interval?;
    let without = step.trusted.as_ref().and_then(|trusted| rate(&trusted.share))?;
    (without < low || without > high).then(|| {
        format!(
            "Doubtful dates matter here: without the people who have them, its rate would be {} instead of {}.",
            number::percent(without),
            step.rate.map_or_else(|| "unknown".to_owned(), number::percent)
        )
    })
}

/// Who makes the difference between the three readings of a stage, in sentences; none where there is no difference.
pub(crate) fn readings(people: &People, readings: &Readings) -> Vec<String> {
    let mut sentences = Vec::new();
    let of = |count: u64, all: u64| format!("{} of {}", number::count(count), number::count(all));
    if readings.backward > 0 {
        sentences.push(format!("{} came here only after a later stage.", of(readings.backward, people.any)));
    }
    if readings.skipped > 0 {
        let missing = missing(readings);
        let missing = if missing.is_empty() { String::new() } else { format!(" ({missing})") };
        sentences.push(format!("{} in order skipped a stage on the way{missing}.", of(readings.skipped, people.ordered)));
    }
    if readings.no_earlier > 0 {
        sentences.push(format!("{} in order have no earlier stage at all.", of(readings.no_earlier, people.ordered)));
    }
    sentences
}

/// `without Aware 112, without Engage 56`.
pub(crate) fn missing(readings: &Readings) -> String {
    let missing = readings.missing.iter().filter(|missing| missing.people > 0);
    missing
        .map(|missing| format!("without {} {}", missing.stage.title(), number::count(missing.people)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The answers behind a Net Promoter Score; none for any other metric.
pub(crate) fn promoters(metric: &MetricReport) -> Option<String> {
    let nps = metric.nps.as_ref()?;
    let counts = [nps.promoters, nps.passives, nps.detractors].map(number::count);
    let doubt = match (nps.scale_doubtful, nps.scale) {
        (true, Some([low, high])) => {
            let score = NumberStyle { unit: Unit::Number, currency: "" };
            let (low, high) = (score.value(low), score.value(high));
            format!(" The answers lie between {low} and {high}: is the scale 0 to 10?")
        }
        (true, None) => " Is the scale 0 to 10?".to_owned(),
        (false, _) => String::new(),
    };
    Some(format!("{} promoters, {} passives, {} detractors.{doubt}", counts[0], counts[1], counts[2]))
}
