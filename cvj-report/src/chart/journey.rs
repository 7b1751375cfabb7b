//! The eight-stage journey: a bar of people per stage, the step rates between them, and a slot for what is not measured.

use cvj_core::report::{Report, StageReport};
use cvj_core::{Stage, Unit};
use plotters::prelude::DrawingBackend;

use super::canvas::{Align, Canvas, Ink, Picture, Undrawn};
use super::hatch::hatch;
use crate::figure::{Figure, counts, waiting};
use crate::number::NumberStyle;
use crate::{calendar, number, palette};

const MARGIN: f64 = 24.0;
const TOP: f64 = 112.0;
const BASE: f64 = 278.0;
const BAR: f64 = 66.0;
const SLOT: f64 = (960.0 - 2.0 * MARGIN) / 8.0;
const EMPTY: f64 = 92.0;

const HEADING: Ink = Ink { size: 18.0, bold: true, color: palette::INK };
const SUBTITLE: Ink = Ink { size: 12.0, bold: false, color: palette::MUTED };
const LABEL: Ink = Ink { size: 14.0, bold: true, color: palette::INK };
const STAGE: Ink = Ink { size: 13.0, bold: true, color: palette::NAVY };
const SMALL: Ink = Ink { size: 11.0, bold: false, color: palette::MUTED };

/// The journey of one scope, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct JourneyChart {
    scope: String,
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
}

impl JourneyChart {
    pub(super) fn new(report: &Report, scope: &str, stages: &[StageReport]) -> Self {
        let slot = |stage: &StageReport| match &stage.people {
            Some(people) => Slot::People(people.ordered),
            None if stage.measured => Slot::Totals,
            None => Slot::Unmeasured,
        };
        let step = |stage: &StageReport| {
            let step = stage.to_next.as_ref()?;
            let figure = Figure::step(step);
            let style = NumberStyle { unit: Unit::Percent, currency: "" };
            let of = matches!(figure, Figure::Value(_)).then(|| counts(step.advanced as f64, step.matured as f64));
            Some(StepLabel { from: stage.stage, to: step.to, rate: figure.text(style), counts: of, wait: waiting(step) })
        };
        Self {
            scope: scope.to_owned(),
            period: calendar::period(&report.period),
            until: calendar::until(report),
            slots: stages.iter().map(|stage| (stage.stage, slot(stage))).collect(),
            steps: stages.iter().filter_map(step).collect(),
        }
    }

    fn slot<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>, stage: Stage, slot: Slot) -> Result<(), Undrawn> {
        let centre = centre(stage);
        let left = centre - BAR / 2.0;
        match slot {
            Slot::People(people) => {
                let most = self
                    .slots
                    .iter()
                    .filter_map(|(_, slot)| if let Slot::People(people) = slot { Some(*people) } else { None })
                    .max();
                let share = people as f64 / most.unwrap_or(1).max(1) as f64;
                let height = if people == 0 { 0.0 } else { (share * (BASE - TOP)).max(2.0) };
                if height > 0.0 {
                    canvas.fill(left, BASE - height, BAR, height, palette::DATA)?;
                }
                canvas.text(&number::count(people), centre, BASE - height - 8.0, Align::Middle, LABEL)
            }
            Slot::Totals => {
                canvas.outline(left, BASE - EMPTY, BAR, EMPTY, palette::OUTLINE)?;
                canvas.text("totals", centre, BASE - EMPTY / 2.0 - 3.0, Align::Middle, SMALL)?;
                canvas.text("only", centre, BASE - EMPTY / 2.0 + 11.0, Align::Middle, SMALL)
            }
            Slot::Unmeasured => {
                hatch(canvas, left, BASE - EMPTY, BAR, EMPTY)?;
                canvas.fill(left + 4.0, BASE - EMPTY / 2.0 - 17.0, BAR - 8.0, 34.0, palette::PAPER)?;
                canvas.text("not", centre, BASE - EMPTY / 2.0 - 3.0, Align::Middle, SMALL)?;
                canvas.text("measured", centre, BASE - EMPTY / 2.0 + 11.0, Align::Middle, SMALL)
            }
        }
    }
}

impl Picture for JourneyChart {
    const HEADING: u32 = 36;

    fn size(&self) -> (u32, u32) {
        (960, 388)
    }

    fn title(&self) -> String {
        format!("Customer value journey: {}, {}", self.scope, self.period)
    }

    fn description(&self) -> String {
        let slots = self.slots.iter().map(|(stage, slot)| match slot {
            Slot::People(people) => format!("{} {}", stage.title(), number::count(*people)),
            Slot::Totals => format!("{} totals only", stage.title()),
            Slot::Unmeasured => format!("{} not measured", stage.title()),
        });
        format!("People who reached each stage in order by {}: {}.", self.until, slots.collect::<Vec<_>>().join("; "))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        if canvas.headed {
            canvas.text(&HEADING.fitted(&self.scope, 912.0), MARGIN, 32.0, Align::Start, HEADING)?;
        }
        let bars = format!("Bars: people who reached the stage in order by {}.", self.until);
        let steps = format!("Steps: rate of those who entered in {} and had the whole window of follow-up.", self.period);
        canvas.text(&bars, MARGIN, 53.0, Align::Start, SUBTITLE)?;
        canvas.text(&steps, MARGIN, 70.0, Align::Start, SUBTITLE)?;
        for &(stage, slot) in &self.slots {
            self.slot(canvas, stage, slot)?;
            canvas.text(stage.title(), centre(stage), BASE + 22.0, Align::Middle, STAGE)?;
        }
        canvas.path(&[(MARGIN, BASE), (960.0 - MARGIN, BASE)], 1.0, palette::OUTLINE)?;
        for step in &self.steps {
            let (from, to) = (centre(step.from) + 5.0, centre(step.to) - 5.0);
            let (middle, y) = (f64::midpoint(from, to), BASE + 34.0);
            canvas.path(&[(from, y), (from, y + 7.0), (to, y + 7.0), (to, y)], 1.0, palette::OUTLINE)?;
            canvas.path(&[(to - 3.0, y + 3.0), (to, y), (to + 3.0, y + 3.0)], 1.0, palette::OUTLINE)?;
            canvas.text(&step.rate, middle, y + 25.0, Align::Middle, LABEL)?;
            let notes = step.counts.iter().chain(Some(&step.wait));
            for (line, note) in (0_u8..).zip(notes) {
                canvas.text(&SMALL.fitted(note, SLOT), middle, y + 42.0 + 15.0 * f64::from(line), Align::Middle, SMALL)?;
            }
        }
        Ok(())
    }
}

fn centre(stage: Stage) -> f64 {
    MARGIN + SLOT * (stage.index() as f64 + 0.5)
}
