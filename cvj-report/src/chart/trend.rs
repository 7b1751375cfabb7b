//! The trend of one metric: a line over the periods on an axis from zero, gaps where nothing is known, the last point labelled.

use cvj_core::Stage;
use cvj_core::report::{MetricReport, Report};
use plotters::prelude::DrawingBackend;

use super::canvas::{Align, Canvas, Ink, Picture, Undrawn};
use crate::figure::Figure;
use crate::number::NumberStyle;
use crate::palette;

const LEFT: f64 = 62.0;
const RIGHT: f64 = 380.0;
const TOP: f64 = 70.0;
const BASE: f64 = 216.0;
const WIDTH: f64 = 480.0;
/// Least distance of two labels' baselines.
const LEADING: f64 = 15.0;

const HEADING: Ink = Ink { size: 15.0, bold: true, color: palette::INK };
const SMALL: Ink = Ink { size: 11.0, bold: false, color: palette::MUTED };
const LAST: Ink = Ink { size: 13.0, bold: true, color: palette::DATA };
const GOAL: Ink = Ink { size: 11.0, bold: false, color: palette::TARGET };

/// The trend of one metric, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct TrendChart {
    name: String,
    subtitle: String,
    periods: Vec<String>,
    values: Vec<Option<f64>>,
    ticks: Vec<(f64, String)>,
    target: Option<(f64, String)>,
    last: String,
    complete: bool,
}

impl TrendChart {
    pub(super) fn new(report: &Report, scope: &str, stage: Stage, metric: &MetricReport) -> Self {
        let style = NumberStyle { unit: metric.unit, currency: &report.currency };
        let shown: Vec<_> = metric.series.iter().map(|point| Figure::point(metric, point)).collect();
        let few = shown.iter().any(|figure| matches!(figure, Figure::Counts { .. }));
        let unfinished = if report.period.complete { "" } else { " · last period unfinished" };
        let counts_only = if few { " · gaps: fewer than 20" } else { "" };
        let values: Vec<_> = shown.iter().map(|figure| figure.value()).collect();
        let target = metric.target.filter(|target| target.is_finite());
        let ticks = ticks(values.iter().flatten().copied().chain(target));
        Self {
            name: metric.name.clone(),
            subtitle: format!("{} · {scope}{unfinished}{counts_only}", stage.title()),
            periods: metric.series.iter().map(|point| point.period.clone()).collect(),
            ticks: ticks.into_iter().map(|tick| (tick, style.tick(tick))).collect(),
            values,
            target: target.map(|target| (target, format!("target {}", style.tick(target)))),
            last: shown.last().map_or_else(
                || "not known".to_owned(),
                |figure| match figure {
                    Figure::Unknown => "not known".to_owned(),
                    figure => figure.text(style),
                },
            ),
            complete: report.period.complete,
        }
    }

    fn x(&self, index: usize) -> f64 {
        let steps = self.values.len().saturating_sub(1);
        if steps == 0 { f64::midpoint(LEFT, RIGHT) } else { LEFT + 6.0 + (RIGHT - LEFT - 12.0) * index as f64 / steps as f64 }
    }

    fn y(&self, value: f64) -> f64 {
        let (low, high) = (self.ticks.first().map_or(0.0, |tick| tick.0), self.ticks.last().map_or(1.0, |tick| tick.0));
        let share = value / (high - low) - low / (high - low);
        if share.is_finite() { BASE - share.clamp(0.0, 1.0) * (BASE - TOP) } else { BASE }
    }

    fn axes<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        for (value, label) in &self.ticks {
            let y = self.y(*value);
            let color = if *value == 0.0 { palette::OUTLINE } else { palette::LINE };
            canvas.path(&[(LEFT, y), (RIGHT, y)], 1.0, color)?;
            canvas.text(label, LEFT - 8.0, y + 4.0, Align::End, SMALL)?;
        }
        // Period labels from the last one backwards, as many as fit.
        let widest = self.periods.iter().map(|period| SMALL.width(period)).fold(1.0, f64::max) + 18.0;
        let spacing = if self.periods.len() > 1 { self.x(1) - self.x(0) } else { widest };
        let every = ((widest / spacing).ceil() as usize).max(1);
        for (index, period) in self.periods.iter().enumerate().rev().step_by(every) {
            canvas.text(period, self.x(index), BASE + 20.0, Align::Middle, SMALL)?;
        }
        Ok(())
    }

    fn line<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        let known: Vec<_> =
            self.values.iter().enumerate().map(|(index, value)| value.map(|value| (self.x(index), self.y(value)))).collect();
        for run in known.split(Option::is_none) {
            let points: Vec<_> = run.iter().flatten().copied().collect();
            match points.as_slice() {
                [] => {}
                [(x, y)] => canvas.dot(*x, *y, 2.5, palette::DATA)?,
                points => canvas.path(points, 2.0, palette::DATA)?,
            }
        }
        if let Some(Some((x, y))) = known.last() {
            canvas.dot(*x, *y, 4.5, palette::DATA)?;
            if !self.complete {
                canvas.dot(*x, *y, 2.5, palette::PAPER)?;
            }
        }
        Ok(())
    }
}

impl Picture for TrendChart {
    const HEADING: u32 = 0;

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, 252)
    }

    fn title(&self) -> String {
        format!("{}, {}", self.name, self.subtitle)
    }

    fn description(&self) -> String {
        let (from, to) = (self.periods.first(), self.periods.last());
        let span = from.zip(to).map_or_else(String::new, |(from, to)| format!(" from {from} to {to}"));
        let target = self.target.as_ref().map_or_else(String::new, |(_, label)| format!(" Against {label}."));
        format!("Line over {} periods{span}; the last value is {}.{target}", self.periods.len(), self.last)
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        canvas.text(&HEADING.fitted(&self.name, WIDTH - 32.0), 16.0, 26.0, Align::Start, HEADING)?;
        canvas.text(&SMALL.fitted(&self.subtitle, WIDTH - 32.0), 16.0, 45.0, Align::Start, SMALL)?;
        if self.values.iter().all(Option::is_none) {
            canvas.fill(16.0, TOP, WIDTH - 32.0, BASE - TOP, palette::BAND)?;
            let none = if self.last == "not known" { "no value known yet" } else { "too few to draw a rate" };
            canvas.text(none, WIDTH / 2.0, f64::midpoint(TOP, BASE) + 4.0, Align::Middle, SMALL)?;
            return if self.last == "not known" {
                Ok(())
            } else {
                canvas.text(&self.last, WIDTH / 2.0, f64::midpoint(TOP, BASE) + 24.0, Align::Middle, LAST)
            };
        }
        self.axes(canvas)?;
        if let Some((target, _)) = &self.target {
            canvas.dashes(LEFT, RIGHT, self.y(*target), palette::TARGET)?;
        }
        self.line(canvas)?;
        let known = self.values.last().copied().flatten();
        let last = known.map_or(BASE, |value| self.y(value)) + 4.5;
        canvas.text(
            &LAST.fitted(&self.last, WIDTH - RIGHT - 8.0),
            RIGHT + 8.0,
            last,
            Align::Start,
            if known.is_some() { LAST } else { SMALL },
        )?;
        if let Some((target, label)) = &self.target {
            let wanted = self.y(*target) + 4.0;
            let away = if wanted <= last { wanted.min(last - LEADING) } else { wanted.max(last + LEADING) };
            canvas.text(&GOAL.fitted(label, WIDTH - RIGHT - 8.0), RIGHT + 8.0, away, Align::Start, GOAL)?;
        }
        Ok(())
    }
}

/// Round ticks from zero (or below it, for negative values) to at least the greatest value.
fn ticks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let span = high / 4.0 - low / 4.0;
    if span <= 0.0 {
        return vec![0.0, 1.0];
    }
    let power = 10_f64.powf(span.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= span * 0.999).unwrap_or(span);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    if !step.is_normal() || !(0..=12).contains(&(last - first)) {
        return vec![low, high];
    }
    (first..=last).map(|number| number as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_always_holds_zero_and_every_value() {
        for values in
            [vec![5.0], vec![-3.0, 12.0], vec![0.0], vec![1e-9], vec![f64::MAX, -f64::MAX], vec![0.31, 0.32], vec![-7.0]]
        {
            let ticks = ticks(values.iter().copied());
            let (low, high) = (ticks[0], *ticks.last().unwrap());
            assert!(low <= 0.0 && high >= 0.0 && ticks.len() <= 13, "{ticks:?}");
            assert!(values.iter().all(|value| low <= *value && *value <= high), "{values:?} {ticks:?}");
        }
    }
}
