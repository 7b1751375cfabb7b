//! The rate of one step by the period in which people entered, each with its 95 % interval: hollow where not all of the period have had the
//! days allowed, a gap where the rate would stand on fewer than twenty.

use cvj_core::report::{Cohort, NamedScope, Share, StageReport, StepGap};
use cvj_core::{Stage, Unit};
use plotters::prelude::DrawingBackend;

use super::canvas::{Canvas, Picture, Undrawn, isolated};
use super::ink::{Align, GOAL, HEADING, NOTE, VALUE};
use super::plot::{BASE, HEIGHT, LEFT, Label, MARGIN, Plot, RIGHT, WIDTH};
use crate::number::NumberStyle;
use crate::{number, palette, words};

/// The rates of one step, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct RatesChart {
    step: String,
    subtitle: String,
    plot: Plot,
    cohorts: Vec<Mark>,
    goal: Option<(f64, String)>,
    /// The newest rate that is drawn.
    newest: Option<Label>,
    any_young: bool,
    any_few: bool,
}

/// One cohort.
#[derive(Clone, Debug)]
struct Mark {
    /// None: nothing is known, or it stands on too few.
    rate: Option<(f64, [f64; 2])>,
    young: bool,
    few: bool,
    says: String,
}

impl Mark {
    fn new(cohort: &Cohort) -> Self {
        let rate = words::rate(&share(cohort)).zip(cohort.interval).filter(|_| cohort.known);
        Self {
            rate,
            young: cohort.known && !cohort.mature,
            few: cohort.known && cohort.matured > 0 && rate.is_none(),
            says: format!("{}: {}", cohort.period, says(cohort)),
        }
    }
}

/// What is told of a cohort: its rate, counts and interval, or why there is none.
pub(super) fn says(cohort: &Cohort) -> String {
    let of = share(cohort);
    let rate = words::rate(&of).zip(cohort.interval).filter(|_| cohort.known);
    let shown = match rate {
        Some((_, interval)) => format!("{}, 95% interval {}", words::share(&of), words::interval(interval)),
        None if !cohort.known => "not known".to_owned(),
        None if cohort.matured == 0 && cohort.entered > 0 => "too young".to_owned(),
        None if cohort.matured == 0 => "no one entered".to_owned(),
        None => words::share(&of),
    };
    let so_far = if cohort.known && !cohort.mature && cohort.matured > 0 { "; not all have had the days allowed" } else { "" };
    format!("{shown}{so_far}")
}

/// The share of a cohort that went on.
pub(super) fn share(cohort: &Cohort) -> Share {
    Share { numerator: cohort.advanced, denominator: cohort.matured, rate: cohort.rate, interval: cohort.interval }
}

impl RatesChart {
    /// None where no cohort has anyone.
    pub(super) fn new(scope: NamedScope<'_>, stage: &StageReport) -> Option<Self> {
        let step = stage.to_next.as_ref().filter(|step| step.cohorts.iter().any(|cohort| cohort.known && cohort.matured > 0))?;
        let style = NumberStyle { unit: Unit::Percent, currency: "" };
        let cohorts: Vec<Mark> = step.cohorts.iter().map(Mark::new).collect();
        let goal = goal(scope, stage.stage);
        let highest =
            cohorts.iter().filter_map(|mark| mark.rate).map(|(_, [_, high])| high).chain(goal.as_ref().map(|goal| goal.0));
        let plot = Plot::new(step.cohorts.iter().map(|cohort| cohort.period.clone()).collect(), highest, style);
        let newest = cohorts.iter().rev().find_map(|mark| mark.rate);
        Some(Self {
            step: words::step_name(stage.stage, step.to),
            subtitle: format!(
                "share who went on within {} · {}",
                number::days(f64::from(step.window_days)),
                isolated(scope.name)
            ),
            newest: newest.map(|(rate, _)| Label { text: number::percent(rate), ink: VALUE, y: plot.y(rate) }),
            any_young: cohorts.iter().any(|mark| mark.young && mark.rate.is_some()),
            any_few: cohorts.iter().any(|mark| mark.few),
            plot,
            cohorts,
            goal,
        })
    }
}

impl Picture for RatesChart {
    const HEADING: u32 = 0;

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn title(&self) -> String {
        format!("Rate of {}: {}", self.step, self.subtitle)
    }

    fn description(&self) -> String {
        let goal = self.goal.as_ref().map_or_else(String::new, |(_, text)| format!(" Against {text}."));
        let cohorts: Vec<_> = self.cohorts.iter().map(|mark| mark.says.as_str()).collect();
        format!("By the period in which people entered: {}.{goal}", cohorts.join("; "))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        canvas.text(&HEADING.fitted(&self.step, WIDTH - 2.0 * MARGIN), MARGIN, 26.0, Align::Start, HEADING)?;
        canvas.text(&NOTE.fitted(&self.subtitle, WIDTH - 2.0 * MARGIN), MARGIN, 46.0, Align::Start, NOTE)?;
        let Some(newest) = &self.newest else {
            return Plot::nothing(canvas, "each period has fewer than 20: too few to draw a rate", None);
        };
        self.plot.axes(canvas)?;
        if let Some((rate, _)) = &self.goal {
            let y = self.plot.y(*rate);
            canvas.dashes((LEFT, y), (RIGHT, y), 1.5, palette::TARGET)?;
        }
        // Many periods have small dots, so that they stay apart.
        let radius = (self.plot.column(0).2 / 2.0 - 0.5).clamp(1.5, 4.0);
        for (index, mark) in self.cohorts.iter().enumerate() {
            if let Some((rate, interval)) = mark.rate {
                let x = self.plot.x(index);
                canvas.whisker(x, interval.map(|end| self.plot.y(end)), palette::DATA)?;
                canvas.dot(x, self.plot.y(rate), radius, palette::DATA, mark.young)?;
            }
            canvas.hover(self.plot.column(index), mark.says.as_str());
        }
        let goal = self.goal.iter().map(|(rate, text)| Label { text: text.clone(), ink: GOAL, y: self.plot.y(*rate) });
        Plot::labels(canvas, goal.chain(Some(newest.clone())).collect())?;
        let notes = [(self.any_young, "hollow: not all have had the days allowed"), (self.any_few, "gaps: fewer than 20")];
        let notes: Vec<_> = notes.iter().filter(|(any, _)| *any).map(|(_, note)| *note).collect();
        canvas.text(&NOTE.fitted(&notes.join(" · "), WIDTH - LEFT - MARGIN), LEFT, BASE + 38.0, Align::Start, NOTE)
    }
}

/// What the step is compared with: its target, or its best earlier period.
fn goal(scope: NamedScope<'_>, from: Stage) -> Option<(f64, String)> {
    let goal = scope.findings.gaps.iter().find(|gap: &&StepGap| gap.from == from)?.goal.as_ref()?;
    let called = goal.period.as_deref().map_or_else(|| "target".to_owned(), |period| format!("{period}:"));
    Some((goal.rate, format!("{called} {}", number::percent(goal.rate))))
}
