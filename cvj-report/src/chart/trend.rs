//! The trend of one metric: a line over the periods on an axis from zero, gaps where nothing is known, its usual range and target, and
//! the last value with its interval beside the line.

use cvj_core::Stage;
use cvj_core::report::{MetricReport, Report};
use plotters::prelude::DrawingBackend;

use super::canvas::{Canvas, Picture, Undrawn, isolated};
use super::ink::{Align, GOAL, HEADING, NOTE, VALUE};
use super::plot::{BASE, HEIGHT, LEFT, Label, MARGIN, Plot, RIGHT, WIDTH};
use crate::figure::Figure;
use crate::number::NumberStyle;
use crate::palette;

/// The trend of one metric, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct TrendChart {
    name: String,
    subtitle: String,
    plot: Plot,
    values: Vec<Option<f64>>,
    /// What is told of each period.
    says: Vec<String>,
    target: Option<(f64, String)>,
    usual: Option<Usual>,
    /// Of the last value.
    interval: Option<([f64; 2], String)>,
    last: String,
    complete: bool,
}

/// Routine variation.
#[derive(Clone, Debug)]
struct Usual {
    ends: [f64; 2],
    /// The ends that are told, and how.
    told: Vec<(f64, String)>,
}

impl Usual {
    /// What never was below zero is not expected there, whatever the limit.
    fn new([low, high]: [f64; 2], below_zero: bool, style: NumberStyle<'_>) -> Self {
        let clipped = low < 0.0 && !below_zero;
        let low_told = (!clipped).then(|| (low, format!("usual ≥ {}", style.tick(three_digits(low)))));
        let high_told = (high, format!("usual ≤ {}", style.tick(three_digits(high))));
        let told = match low_told {
            // Nothing has varied.
            Some(_) if low == high => vec![(low, format!("usual {}", style.tick(three_digits(low))))],
            low_told => low_told.into_iter().chain(Some(high_told)).collect(),
        };
        Self { ends: [if clipped { 0.0 } else { low }, high], told }
    }
}

impl TrendChart {
    pub(super) fn new(report: &Report, scope: &str, stage: Stage, metric: &MetricReport) -> Self {
        let style = NumberStyle { unit: metric.unit, currency: &report.currency };
        let shown: Vec<_> = metric.series.iter().map(|point| Figure::point(metric, point)).collect();
        let few = shown.iter().any(|figure| matches!(figure, Figure::Counts { .. }));
        let unfinished = if report.period.complete { "" } else { " · last period unfinished" };
        let counts_only = if few { " · gaps: fewer than 20" } else { "" };
        let values: Vec<_> = shown.iter().map(|figure| figure.value()).collect();
        let finite = |ends: &[f64; 2]| ends.iter().all(|end| end.is_finite());
        let last = values.last().copied().flatten();
        let target = metric.target.filter(|target| target.is_finite());
        let below_zero = values.iter().flatten().any(|value| *value < 0.0);
        let usual = metric.usual_range.filter(finite).map(|ends| Usual::new(ends, below_zero, style));
        let interval = metric.interval.filter(|ends| finite(ends) && last.is_some());
        let ends = usual.iter().map(|usual| usual.ends).chain(interval).flatten();
        let text = |figure: Figure| match figure {
            Figure::Unknown => "not known".to_owned(),
            figure => figure.text(style),
        };
        Self {
            name: metric.name.clone(),
            subtitle: format!("{} · {}{unfinished}{counts_only}", stage.title(), isolated(scope)),
            plot: Plot::new(
                metric.series.iter().map(|point| point.period.clone()).collect(),
                values.iter().flatten().copied().chain(target).chain(ends),
                style,
            ),
            says: metric
                .series
                .iter()
                .zip(&shown)
                .map(|(point, figure)| format!("{}: {}", point.period, text(*figure)))
                .collect(),
            values,
            target: target.map(|target| (target, format!("target {}", style.value(target)))),
            usual,
            interval: interval.map(|ends| (ends, format!("95% interval {} to {}", style.value(ends[0]), style.value(ends[1])))),
            last: shown.last().map_or_else(|| "not known".to_owned(), |figure| text(*figure)),
            complete: report.period.complete,
        }
    }

    fn line<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        let at = |(index, value): (usize, &Option<f64>)| value.map(|value| (self.plot.x(index), self.plot.y(value)));
        let known: Vec<_> = self.values.iter().enumerate().map(at).collect();
        for run in known.split(Option::is_none) {
            let points: Vec<_> = run.iter().flatten().copied().collect();
            match points.as_slice() {
                [] => {}
                [(x, y)] => canvas.dot(*x, *y, 2.5, palette::DATA, false)?,
                points => canvas.path(points, 2.0, palette::DATA)?,
            }
        }
        if let Some(Some((x, y))) = known.last() {
            if let Some((ends, _)) = &self.interval {
                canvas.whisker(*x, ends.map(|end| self.plot.y(end)), palette::DATA)?;
            }
            canvas.dot(*x, *y, 4.5, palette::DATA, !self.complete)?;
        }
        Ok(())
    }

    fn usual_range<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        let Some(usual) = &self.usual else { return Ok(()) };
        let [low, high] = usual.ends.map(|end| self.plot.y(end));
        if low > high {
            canvas.fill((LEFT, high, RIGHT - LEFT, low - high), palette::BAND)?;
        }
        usual.told.iter().try_for_each(|(end, _)| {
            let y = self.plot.y(*end);
            canvas.path(&[(LEFT, y), (RIGHT, y)], 1.0, palette::OUTLINE)
        })
    }

    fn labels(&self) -> Vec<Label> {
        let known = self.values.last().copied().flatten();
        let last = known.map_or(BASE, |value| self.plot.y(value));
        let mut labels = vec![Label { text: self.last.clone(), ink: if known.is_some() { VALUE } else { NOTE }, y: last }];
        let target = self.target.iter().map(|(target, text)| (self.plot.y(*target), text, GOAL));
        let usual = self.usual.iter().flat_map(|usual| &usual.told).map(|(end, text)| (self.plot.y(*end), text, NOTE));
        labels.extend(target.chain(usual).map(|(y, text, ink)| Label { text: text.clone(), ink, y }));
        labels
    }
}

/// A limit is no exact number: to three digits.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

impl Picture for TrendChart {
    const HEADING: u32 = 0;

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn title(&self) -> String {
        format!("{}, {}", isolated(&self.name), self.subtitle)
    }

    fn description(&self) -> String {
        let periods = self.plot.periods();
        let (from, to) = (periods.first(), periods.last());
        let span = from.zip(to).map_or_else(String::new, |(from, to)| format!(" from {from} to {to}"));
        let interval = self.interval.as_ref().map_or_else(String::new, |(_, text)| format!(", {text}"));
        let target = self.target.as_ref().map_or_else(String::new, |(_, label)| format!(" Against {label}."));
        let usual = self.usual.iter().flat_map(|usual| &usual.told).map(|(_, text)| text.as_str()).collect::<Vec<_>>();
        let usual = if usual.is_empty() { String::new() } else { format!(" By the periods before: {}.", usual.join(", ")) };
        format!("Line over {} periods{span}; the last value is {}{interval}.{target}{usual}", periods.len(), self.last)
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        canvas.name(&self.name, "", (MARGIN, 26.0), WIDTH - 2.0 * MARGIN, HEADING)?;
        canvas.text(&NOTE.fitted(&self.subtitle, WIDTH - 2.0 * MARGIN), MARGIN, 46.0, Align::Start, NOTE)?;
        if self.values.iter().all(Option::is_none) {
            return if self.last == "not known" {
                Plot::nothing(canvas, "no value known yet", None)
            } else {
                Plot::nothing(canvas, "too few to draw a rate", Some((&self.last, VALUE)))
            };
        }
        self.usual_range(canvas)?;
        self.plot.axes(canvas)?;
        if let Some((target, _)) = &self.target {
            let y = self.plot.y(*target);
            canvas.dashes((LEFT, y), (RIGHT, y), 1.5, palette::TARGET)?;
        }
        self.line(canvas)?;
        Plot::labels(canvas, self.labels())?;
        for (index, says) in self.says.iter().enumerate() {
            let interval = self.interval.as_ref().filter(|_| index + 1 == self.says.len());
            let more = interval.map_or_else(String::new, |(_, text)| format!(", {text}"));
            canvas.hover(self.plot.column(index), format!("{says}{more}"));
        }
        Ok(())
    }
}
