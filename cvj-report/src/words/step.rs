//! One step in words: who has had time for it, whether it gets better, how long it takes, and what its doubtful dates change.

use cvj_core::report::{Cohort, MetricReport, People, Product, Readings, Report, StageReport, Step, Verdict, Waiting};
use cvj_core::{Stage, Unit};

use super::{Told, rate, share};
use crate::calendar;
use crate::direction::isolated;
use crate::figure::{Figure, counts};
use crate::locale;
use crate::number::{self, NumberStyle};
use crate::verdict::{self, Called, called};

/// A sentence about a change, and the verdict that it rests on.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// The sentence.
    pub(crate) text: String,
    /// What was judged, `step` for people of the same age or `rate`, and how; none where nothing is claimed.
    pub(crate) verdict: Option<(&'static str, Verdict)>,
}

/// `13% matured: 146 of 1,129 have had all 30 days`.
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
        "{} matured: {} of {} have had all {}",
        locale::percent(&whole.value(percent)),
        number::count(step.matured),
        number::count(step.entered),
        number::days(f64::from(step.window_days))
    )
}

/// The words for a rise and for a fall.
pub(crate) const UP_OR_DOWN: [&str; 2] = ["Up", "Down"];

/// Whether the step that starts at a stage gets better: by its rate where enough people of both periods have had the whole window,
/// else by people of the same age. `words`: for a rise and for a fall.
pub(crate) fn progress(told: Told<'_>, stage: &StageReport, step: &Step, words: [&str; 2]) -> Claim {
    let metric = stage.metrics.iter().find(|metric| verdict::is_step_rate(metric));
    let rate = metric
        .filter(|metric| metric.verdict != Verdict::None && Figure::previous(metric) != Figure::Unknown)
        .map(|metric| (called(metric, Some(step)), metric));
    let days = number::days(f64::from(step.window_days));
    let aged = verdict::like_aged(step).and_then(|aged| Some((aged, same_age(step)?)));
    match (rate, aged) {
        (Some((Called::Opposed, metric)), Some((_, same_age))) => {
            let rate = matured_rate(told, step, metric);
            let text = format!("Too close to call, as the two comparisons differ: {rate}; but {same_age}.");
            Claim { text, verdict: None }
        }
        (Some((Called::As(verdict), metric)), _) => told_as(words, ("rate", verdict), &matured_rate(told, step, metric)),
        (_, Some((verdict, same_age))) => {
            told_as(words, ("step", verdict), &format!("{same_age}; too few have had all {days} yet"))
        }
        (_, None) => {
            let each = told.each();
            let text = format!("Not known yet: this {each} and the one before do not both have 20 people to compare.");
            Claim { text, verdict: None }
        }
    }
}

/// `31.2% (50 of 160) of those of October 2026 who have had all 30 days went on, against 36.0% (72 of 200) of September 2026`.
fn matured_rate(told: Told<'_>, step: &Step, metric: &MetricReport) -> String {
    let style = NumberStyle { unit: Unit::Percent, currency: "" };
    let of = |parts: Option<(f64, f64)>| {
        parts.map_or_else(String::new, |(numerator, denominator)| format!(" ({})", counts(numerator, denominator)))
    };
    let point = metric.series.len().checked_sub(2).and_then(|place| metric.series.get(place));
    let now = format!("{}{}", Figure::actual(metric).text(style), of(metric.numerator.zip(metric.denominator)));
    let parts = point.and_then(|point| point.numerator.zip(point.denominator));
    let before = format!("{}{}", Figure::previous(metric).text(style), of(parts));
    format!(
        "{now} of those of {} who have had all {} went on, against {before} of {}",
        calendar::period(told.period),
        number::days(f64::from(step.window_days)),
        point.map_or_else(|| format!("the {} before", told.each()), |point| calendar::named(&point.period)),
    )
}

/// `4.1% (6 of 148) of all who entered in October 2026 went on within 3 days, against 5.0% (7 of 140) of September 2026`.
fn same_age(step: &Step) -> Option<String> {
    let [.., before, now] = step.cohorts.as_slice() else { return None };
    let early = |cohort: &Cohort| Some((share(cohort.early.as_ref()?), calendar::named(&cohort.period)));
    let days = number::days(f64::from(step.like_aged.as_ref()?.days));
    let ((now, period), (before, earlier)) = (early(now)?, early(before)?);
    Some(format!("{now} of all who entered in {period} went on within {days}, against {before} of {earlier}"))
}

/// Numbers behind the word that their verdict allows: one for up, one for down.
fn told_as([up, down]: [&str; 2], (of, verdict): (&'static str, Verdict), numbers: &str) -> Claim {
    let word = match verdict {
        Verdict::Up => up,
        Verdict::Down => down,
        Verdict::TooClose | Verdict::None => "Too close to call",
    };
    Claim { text: format!("{word}: {numbers}."), verdict: Some((of, verdict)) }
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

/// Which products have people at the first of two stages and no measure of the second: in all products together these people seem to stay.
pub(crate) fn without(report: &Report, from: Stage, to: Stage) -> Option<String> {
    let has = |product: &Product, stage: Stage| product.stages.iter().any(|found| found.stage == stage && found.people.is_some());
    let names: Vec<String> = report
        .products
        .iter()
        .filter(|product| has(product, from) && !has(product, to))
        .map(|product| isolated(&product.name))
        .collect();
    let named = match names.as_slice() {
        [] => return None,
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and {} more", names.len() - 3),
        few => few.join(", "),
    };
    Some(format!("{} is not measured for {named}: people who go on there count here as not having gone on.", to.title()))
}

/// Who makes the difference between the three readings of a stage, in sentences; none where there is no difference.
pub(crate) fn readings(people: &People, readings: &Readings) -> Vec<String> {
    let mut sentences = Vec::new();
    let of = |count: u64, all: u64| format!("{} of {}", number::count(count), number::count(all));
    if readings.backward > 0 {
        sentences.push(format!("{} came here only after a later stage.", of(readings.backward, people.any)));
    }
    if readings.skipped > 0 {
        sentences.push(format!("{} in order skipped a stage on the way.", of(readings.skipped, people.ordered)));
    }
    if readings.no_earlier > 0 {
        let have = if readings.no_earlier == 1 { "has" } else { "have" };
        sentences.push(format!("{} in order {have} no earlier stage at all.", of(readings.no_earlier, people.ordered)));
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
