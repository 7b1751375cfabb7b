//! How long one step takes: the share still waiting, day by day, with what its interval allows, and the day by which half had gone on.

use cvj_core::report::{CurvePoint, Report, StageReport};
use plotters::prelude::DrawingBackend;

use super::canvas::{Canvas, Picture, Undrawn, isolated};
use super::ink::{Align, HEADING, Ink, NOTE, STAGE};
use super::plot::{HEIGHT, LEFT, MARGIN, TOP, WIDTH};
use crate::{calendar, figure, locale, number, palette, words};

const RIGHT: f64 = WIDTH - 24.0;
const BASE: f64 = 202.0;
/// A number at a mark.
const MEDIAN: Ink = Ink { size: 12.0, ..STAGE };

/// The curve of one step, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct WaitingChart {
    step: String,
    subtitle: String,
    quartiles: String,
    median: Option<f64>,
    says: String,
    curve: Vec<CurvePoint>,
}

impl WaitingChart {
    /// None where no one entered.
    pub(super) fn new(report: &Report, scope: &str, stage: &StageReport) -> Option<Self> {
        let step = stage.to_next.as_ref().filter(|step| !step.waiting.curve.is_empty() && step.waiting.people > 0)?;
        let entered = number::count(step.waiting.people);
        Some(Self {
            step: words::step_name(stage.stage, step.to),
            subtitle: format!("{entered} who entered in {} · {}", calendar::period(&report.period), isolated(scope)),
            quartiles: words::quartiles(&step.waiting),
            median: step.waiting.quartiles[1],
            says: step.waiting.quartiles[1]
                .map_or_else(|| figure::waiting(step), |days| format!("half by {}", number::days(days))),
            curve: step.waiting.curve.clone(),
        })
    }

    fn last(&self) -> f64 {
        f64::from(self.curve.last().map_or(1, |point| point.days).max(1))
    }

    /// When the curve falls to a point: by its day, but by half of the people at the very time by which half had gone on.
    fn begin(&self, point: &CurvePoint) -> f64 {
        let day = f64::from(point.days);
        let halved = self.curve.iter().find(|point| point.waiting <= 0.5 + 1e-12).is_some_and(|first| first.days == point.days);
        self.median.filter(|median| halved && *median < day).unwrap_or(day)
    }

    fn x(&self, days: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (days / self.last()).clamp(0.0, 1.0)
    }

    fn y(share: f64) -> f64 {
        BASE - (BASE - TOP) * share.clamp(0.0, 1.0)
    }

    fn axes<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        for share in [0.0, 0.5, 1.0] {
            let color = if share == 0.0 { palette::OUTLINE } else { palette::LINE };
            canvas.path(&[(LEFT, Self::y(share)), (RIGHT, Self::y(share))], 1.0, color)?;
            canvas.text(
                &locale::percent(&format!("{:.0}", share * 100.0)),
                LEFT - 8.0,
                Self::y(share) + 4.0,
                Align::End,
                NOTE,
            )?;
        }
        let last = self.last();
        let every =
            [1.0, 2.0, 5.0, 7.0, 10.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0].into_iter().find(|every| last / every <= 6.0);
        let every = every.unwrap_or(last);
        let mut day = 0.0;
        while day <= last {
            canvas.text(&number::count(day as u64), self.x(day), BASE + 19.0, Align::Middle, NOTE)?;
            day += every;
        }
        canvas.text("days after entering", f64::midpoint(LEFT, RIGHT), BASE + 38.0, Align::Middle, NOTE)
    }
}

impl Picture for WaitingChart {
    const HEADING: u32 = 0;

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn title(&self) -> String {
        format!("Share still waiting, {}: {}", self.step, self.subtitle)
    }

    fn description(&self) -> String {
        let last = self.curve.last().map_or_else(String::new, |point| {
            format!(" After {} {} still wait.", number::days(f64::from(point.days)), number::percent(point.waiting))
        });
        format!("How long they took: {}.{last}", self.quartiles)
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        canvas.text(
            &HEADING.fitted(&format!("Still waiting, {}", self.step), WIDTH - 2.0 * MARGIN),
            MARGIN,
            26.0,
            Align::Start,
            HEADING,
        )?;
        canvas.text(&NOTE.fitted(&self.subtitle, WIDTH - 2.0 * MARGIN), MARGIN, 46.0, Align::Start, NOTE)?;
        let ends = self.curve.iter().skip(1).map(|point| self.begin(point)).chain(Some(self.last()));
        let pieces: Vec<_> =
            self.curve.iter().zip(ends).map(|(point, end)| (point, self.x(self.begin(point)), self.x(end))).collect();
        // One rectangle as long as the interval stays, so that no seam shows between two.
        for run in pieces.chunk_by(|(left, ..), (right, ..)| left.interval == right.interval) {
            let (Some(&(point, from, _)), Some(&(_, _, to))) = (run.first(), run.last()) else { continue };
            let [low, high] = point.interval.map(Self::y);
            if to > from && low > high {
                canvas.fill((from, high, to - from, low - high), palette::INTERVAL)?;
            }
        }
        self.axes(canvas)?;
        let corners: Vec<_> =
            pieces.iter().flat_map(|&(point, from, to)| [(from, Self::y(point.waiting)), (to, Self::y(point.waiting))]).collect();
        canvas.path(&corners, 2.0, palette::DATA)?;
        for &(point, from, to) in &pieces {
            canvas.hover((from, TOP, to - from, BASE - TOP), says(point));
        }
        if let Some(days) = self.median.filter(|days| *days <= self.last()) {
            let x = self.x(days);
            canvas.path(&[(x, BASE), (x, Self::y(0.5))], 1.5, palette::NAVY)?;
            canvas.dot(x, Self::y(0.5), 3.5, palette::NAVY, false)?;
            let (x, align) = if x > f64::midpoint(LEFT, RIGHT) { (x - 7.0, Align::End) } else { (x + 7.0, Align::Start) };
            return canvas.text(&self.says, x, BASE - 8.0, align, MEDIAN);
        }
        canvas.text(&self.says, RIGHT, BASE - 8.0, Align::End, MEDIAN)
    }
}

fn says(point: &CurvePoint) -> String {
    let after = number::days(f64::from(point.days));
    format!("After {after}: {} still wait, 95% interval {}", number::percent(point.waiting), words::interval(point.interval))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_median_lies_on_the_curve() {
        let report = fixture::report();
        let mut chart = WaitingChart::new(&report, "Overall", &report.overall.stages[0]).unwrap();
        let point = |days, waiting| CurvePoint { days, at_risk: 9, waiting, interval: [0.1, 0.9] };
        (chart.curve, chart.median) = (vec![point(0, 1.0), point(4, 0.7), point(8, 0.4), point(12, 0.3)], Some(6.5));
        let begins: Vec<_> = chart.curve.iter().map(|point| chart.begin(point)).collect();
        assert_eq!(begins, [0.0, 4.0, 6.5, 12.0], "the drop through a half is drawn at the median");
        chart.median = None;
        assert_eq!(chart.begin(&chart.curve[2]), 8.0);
    }
}
