//! The eight-stage journey: a bar of people per stage, the step rates between them with their intervals, the step to fix first, and an
//! empty slot for what is not measured.

use cvj_core::report::{Evidence, NamedScope, Report, StageReport};
use cvj_core::{Stage, Unit};
use plotters::prelude::DrawingBackend;

use super::canvas::{Area, Canvas, Picture, Undrawn, isolated};
use super::ink::{Align, COUNTS, FIGURE, GOAL, Ink, NOTE, STAGE, TITLE};
use crate::figure::{Figure, counts, waiting};
use crate::html::Mark;
use crate::number::NumberStyle;
use crate::{calendar, number, palette, words};

const MARGIN: f64 = 24.0;
const TOP: f64 = 112.0;
const BASE: f64 = 278.0;
const BAR: f64 = 66.0;
const SLOT: f64 = (960.0 - 2.0 * MARGIN) / 8.0;
const EMPTY: f64 = 92.0;

/// What a step needs below the bars.
const STEPS: f64 = BASE + 36.0;
/// From one note below a step to the next.
const LINE: f64 = 16.0;
/// A step's rate on the way from none to all.
const TRACK: f64 = 78.0;

/// The journey of one scope, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct JourneyChart {
    scope: String,
    slug: String,
    period: String,
    until: String,
    slots: Vec<(Stage, Slot)>,
    steps: Vec<StepLabel>,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    People(u64),
    /// Measured, but by totals without persons.
    Totals,
    Unmeasured,
}

#[derive(Clone, Debug)]
struct StepLabel {
    from: Stage,
    to: Stage,
    rate: String,
    counts: Option<String>,
    wait: String,
    /// The rate and its interval, where a rate is printed.
    drawn: Option<(f64, [f64; 2])>,
    says: String,
    /// What the audit says of the step, if it is the one to fix first.
    fix_first: Option<Evidence>,
}

impl JourneyChart {
    pub(super) fn new(report: &Report, scope: NamedScope<'_>) -> Self {
        let slot = |stage: &StageReport| match &stage.people {
            Some(people) => Slot::People(people.ordered),
            None if stage.measured => Slot::Totals,
            None => Slot::Unmeasured,
        };
        let first = scope.findings.fix_first().map(|gap| gap.from);
        let evidence = |stage: Stage| scope.findings.audit.iter().find(|line| line.stage == stage).map(|line| line.step);
        let step = |stage: &StageReport| {
            let step = stage.to_next.as_ref()?;
            let figure = Figure::step(step);
            let style = NumberStyle { unit: Unit::Percent, currency: "" };
            let of = counts(step.advanced as f64, step.matured as f64);
            let rate = figure.value();
            let shown = if step.matured == 0 && step.entered > 0 { "too young".to_owned() } else { figure.text(style) };
            let interval = step.interval.filter(|_| rate.is_some());
            let named = words::step_name(stage.stage, step.to);
            let says = match interval {
                Some(interval) => {
                    format!("{named}: {shown} ({of}), 95% interval {}, {}", words::interval(interval), waiting(step))
                }
                None => format!("{named}: {shown}, {}", waiting(step)),
            };
            Some(StepLabel {
                from: stage.stage,
                to: step.to,
                rate: shown,
                counts: rate.is_some().then_some(of),
                wait: waiting(step),
                drawn: rate.zip(interval),
                says,
                fix_first: evidence(stage.stage).filter(|_| first == Some(stage.stage)),
            })
        };
        Self {
            scope: scope.name.to_owned(),
            slug: scope.slug.to_owned(),
            period: calendar::period(&report.period),
            until: calendar::until(report),
            slots: scope.stages.iter().map(|stage| (stage.stage, slot(stage))).collect(),
            steps: scope.stages.iter().filter_map(step).collect(),
        }
    }

    fn slot<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>, stage: Stage, slot: Slot) -> Result<(), Undrawn> {
        let centre = centre(stage);
        let left = centre - BAR / 2.0;
        let area: Area = (left, BASE - EMPTY, BAR, EMPTY);
        match slot {
            Slot::People(people) => {
                let all =
                    self.slots.iter().filter_map(|(_, slot)| if let Slot::People(people) = slot { Some(*people) } else { None });
                let share = people as f64 / all.max().unwrap_or(1).max(1) as f64;
                let height = if people == 0 { 0.0 } else { (share * (BASE - TOP)).max(2.0) };
                if height > 0.0 {
                    canvas.fill((left, BASE - height, BAR, height), palette::DATA)?;
                }
                canvas.hover(
                    (left, TOP, BAR, BASE - TOP),
                    format!("{}: {}", stage.title(), number::counted(people, "person", "people")),
                );
                canvas.text(&number::count(people), centre, BASE - height - 8.0, Align::Middle, FIGURE)
            }
            Slot::Totals => {
                canvas.fill(area, palette::BAND)?;
                canvas.empty_slot(area)?;
                canvas.hover(area, format!("{}: totals only. What would count people: {}", stage.title(), stage.filled_by()));
                canvas.text("totals", centre, BASE - EMPTY / 2.0 - 3.0, Align::Middle, NOTE)?;
                canvas.text("only", centre, BASE - EMPTY / 2.0 + 13.0, Align::Middle, NOTE)
            }
            Slot::Unmeasured => {
                canvas.empty_slot(area)?;
                canvas.hover(area, format!("{}: not measured. What would fill it: {}", stage.title(), stage.filled_by()));
                canvas.text("not", centre, BASE - EMPTY / 2.0 - 3.0, Align::Middle, NOTE)?;
                canvas.text("measured", centre, BASE - EMPTY / 2.0 + 13.0, Align::Middle, NOTE)
            }
        }
    }

    fn step<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>, step: &StepLabel) -> Result<(), Undrawn> {
        let (from, to) = (centre(step.from) + 5.0, centre(step.to) - 5.0);
        let middle = f64::midpoint(from, to);
        let (color, thickness) = if step.fix_first.is_some() { (palette::TARGET, 2.5) } else { (palette::OUTLINE, 1.0) };
        canvas.path(&[(from, STEPS), (from, STEPS + 7.0), (to, STEPS + 7.0), (to, STEPS)], thickness, color)?;
        let head = 3.0 + thickness;
        canvas.path(&[(to - head, STEPS + head), (to, STEPS), (to + head, STEPS + head)], thickness.min(2.0), color)?;
        canvas.text(&step.rate, middle, STEPS + 26.0, Align::Middle, FIGURE)?;
        if let Some((rate, interval)) = step.drawn {
            let (left, y) = (middle - TRACK / 2.0, STEPS + 37.0);
            let [low, high] = interval.map(|end| TRACK * end.clamp(0.0, 1.0));
            canvas.path(&[(left, y), (left + TRACK, y)], 1.0, palette::OUTLINE)?;
            canvas.fill((left + low, y - 3.0, (high - low).max(1.0), 6.0), palette::INTERVAL)?;
            canvas.dot(left + TRACK * rate.clamp(0.0, 1.0), y, 3.5, palette::DATA, false)?;
        }
        let mut y = step.first_note();
        for (note, ink) in step.notes() {
            canvas.text(&ink.fitted(note, step.room()), middle, y, Align::Middle, ink)?;
            y += LINE;
        }
        let area = (middle - SLOT / 2.0, STEPS, SLOT, 78.0);
        match step.fix_first {
            Some(evidence) => {
                canvas.text("fix first", middle, y + 12.0, Align::Middle, GOAL)?;
                canvas.polygon(&[(middle - 5.0, y - 0.5), (middle, y - 6.5), (middle + 5.0, y - 0.5)], palette::TARGET)?;
                let mark = Mark::evidence(&self.slug, step.from, "step", evidence);
                canvas.hover_claim(area, format!("Fix first. {}", step.says), &mark);
            }
            None => canvas.hover(area, step.says.as_str()),
        }
        Ok(())
    }
}

impl StepLabel {
    fn room(&self) -> f64 {
        (centre(self.to) - centre(self.from) - 10.0).max(SLOT - 2.0)
    }

    /// What stands below the rate, a line each.
    fn notes(&self) -> impl Iterator<Item = (&str, Ink)> {
        let wait = broken(&self.wait, self.room()).into_iter().map(|line| (line, NOTE));
        self.counts.iter().map(|counts| (counts.as_str(), COUNTS)).chain(wait)
    }

    fn first_note(&self) -> f64 {
        STEPS + if self.drawn.is_some() { 57.0 } else { 44.0 }
    }

    /// The baseline of its last line.
    fn bottom(&self) -> f64 {
        let below = self.first_note() + LINE * self.notes().count() as f64;
        below + if self.fix_first.is_some() { 12.0 } else { -LINE }
    }
}

impl Picture for JourneyChart {
    const HEADING: u32 = 36;

    fn size(&self) -> (u32, u32) {
        let lowest = self.steps.iter().map(StepLabel::bottom).fold(STEPS, f64::max);
        (960, (lowest + 13.0) as u32)
    }

    fn title(&self) -> String {
        format!("Customer value journey: {}, {}", isolated(&self.scope), self.period)
    }

    fn description(&self) -> String {
        let slots = self.slots.iter().map(|(stage, slot)| match slot {
            Slot::People(people) => format!("{} {}", stage.title(), number::count(*people)),
            Slot::Totals => format!("{} totals only", stage.title()),
            Slot::Unmeasured => format!("{} not measured", stage.title()),
        });
        let steps = self.steps.iter().map(|step| {
            let first = if step.fix_first.is_some() { "to fix first, " } else { "" };
            format!("{first}{}", step.says)
        });
        let (slots, steps) = (slots.collect::<Vec<_>>().join("; "), steps.collect::<Vec<_>>().join("; "));
        let steps = if steps.is_empty() { steps } else { format!(" Steps: {steps}.") };
        format!("People who reached each stage in order by {}: {slots}.{steps}", self.until)
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        if canvas.headed {
            canvas.name(&self.scope, &self.slug, (MARGIN, 32.0), 912.0, TITLE)?;
        }
        let bars = format!("Bars: people who reached the stage in order by {}.", self.until);
        let steps = format!(
            "Steps: rate of those who entered in {} and had the whole window of follow-up, with its 95% interval between 0 and 100%.",
            self.period
        );
        canvas.text(&bars, MARGIN, 53.0, Align::Start, NOTE)?;
        canvas.text(&steps, MARGIN, 70.0, Align::Start, NOTE)?;
        for &(stage, slot) in &self.slots {
            self.slot(canvas, stage, slot)?;
            canvas.text(stage.title(), centre(stage), BASE + 22.0, Align::Middle, STAGE)?;
        }
        canvas.path(&[(MARGIN, BASE), (960.0 - MARGIN, BASE)], 1.0, palette::OUTLINE)?;
        self.steps.iter().try_for_each(|step| self.step(canvas, step))
    }
}

/// The text in one line, or in two where one is too narrow: broken at the blank nearest to its middle.
fn broken(text: &str, room: f64) -> Vec<&str> {
    let blanks = text.match_indices(' ').map(|(at, _)| at);
    match blanks.min_by_key(|at| at.abs_diff(text.len() / 2)).filter(|_| NOTE.width(text) > room) {
        Some(at) => vec![&text[..at], &text[at + 1..]],
        None => vec![text],
    }
}

fn centre(stage: Stage) -> f64 {
    MARGIN + SLOT * (stage.index() as f64 + 0.5)
}
