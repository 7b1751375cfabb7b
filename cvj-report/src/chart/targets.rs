//! Each headline metric against its target: a bar from zero, a line at the target, and the status by shape and word.

use cvj_core::report::{MetricReport, NamedScope, Report, TargetStatus};
use cvj_core::{Good, Stage};
use plotters::prelude::DrawingBackend;

use super::canvas::{Area, Canvas, Picture, Undrawn, isolated};
use super::ink::{Align, HEADING, Ink, NAME, NOTE, VALUE};
use super::plot::{MARGIN, WIDTH};
use crate::figure::Figure;
use crate::html::Mark;
use crate::number::NumberStyle;
use crate::scorecard::{PAGE, headlines};
use crate::verdict::status_words;
use crate::{calendar, palette};

const TOP: f64 = 64.0;
const ROW: f64 = 66.0;
const BAR: f64 = 14.0;
/// Where the bar ends, and the status begins.
const END: f64 = WIDTH - MARGIN - 92.0;

/// The targets of one scope, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct TargetsChart {
    slug: String,
    subtitle: String,
    rows: Vec<Bullet>,
    more: usize,
}

#[derive(Clone, Debug)]
struct Bullet {
    stage: Stage,
    metric: MetricReport,
    actual: Option<f64>,
    target: f64,
    shown: String,
    against: String,
}

impl TargetsChart {
    /// None where no headline has a target.
    pub(super) fn new(report: &Report, scope: NamedScope<'_>) -> Option<Self> {
        let bullet = |stage: Stage, metric: &MetricReport| {
            let target = metric.target.filter(|target| target.is_finite())?;
            let style = NumberStyle { unit: metric.unit, currency: &report.currency };
            let figure = Figure::actual(metric);
            let less = if metric.good == Good::Down { ", less is better" } else { "" };
            Some(Bullet {
                stage,
                metric: MetricReport { series: Vec::new(), ..metric.clone() },
                actual: figure.value(),
                target,
                shown: if figure == Figure::Unknown { "not known".to_owned() } else { figure.text(style) },
                against: format!("target {}{less}", style.value(target)),
            })
        };
        let mut rows: Vec<_> =
            scope.stages.iter().flat_map(|stage| headlines(stage).filter_map(|metric| bullet(stage.stage, metric))).collect();
        let more = rows.len().saturating_sub(PAGE);
        rows.truncate(PAGE);
        let subtitle = format!("{} · {}", calendar::period(&report.period), isolated(scope.name));
        (!rows.is_empty()).then(|| Self { slug: scope.slug.to_owned(), subtitle, rows, more })
    }
}

impl Bullet {
    fn says(&self) -> String {
        let status = match self.metric.status {
            TargetStatus::None => String::new(),
            status => format!(": {}", status_words(status)),
        };
        format!("{}, {}: {}, {}{status}", isolated(&self.metric.name), self.stage.title(), self.shown, self.against)
    }

    /// Where a value lies on the bar's axis, which holds zero, the value and the target.
    fn x(&self, value: f64) -> f64 {
        let ends = [Some(0.0), Some(self.target), self.actual];
        let (low, high) = ends.into_iter().flatten().fold((0.0_f64, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
        // What should be zero and is below it does not end at the bar's end, as if it were full.
        let high = if high == 0.0 { -low / 8.0 } else { high };
        // Halves, because the whole may be more than a number holds.
        let span = high / 2.0 - low / 2.0;
        let share = value / 2.0 / span - low / 2.0 / span;
        MARGIN + if share.is_finite() { share.clamp(0.0, 1.0) * (END - MARGIN - 24.0) } else { 0.0 }
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>, top: f64, slug: &str) -> Result<(), Undrawn> {
        canvas.name(&self.metric.name, self.stage.title(), (MARGIN, top + 13.0), WIDTH - 2.0 * MARGIN, NAME)?;
        let counts = NOTE.fitted(&format!("{} · {}", self.shown, self.against), WIDTH - 2.0 * MARGIN);
        canvas.text(&counts, MARGIN, top + 50.0, Align::Start, NOTE)?;
        let bar = top + 20.0;
        let zero = self.x(0.0);
        canvas.fill((MARGIN, bar, END - MARGIN - 12.0, BAR), palette::BAND)?;
        if let Some(actual) = self.actual {
            let end = self.x(actual);
            canvas.fill((zero.min(end), bar + 3.0, (end - zero).abs().max(1.0), BAR - 6.0), palette::DATA)?;
        }
        if self.target < 0.0 || self.actual.is_some_and(|actual| actual < 0.0) {
            canvas.path(&[(zero, bar - 1.0), (zero, bar + BAR + 1.0)], 1.0, palette::MUTED)?;
        }
        let target = self.x(self.target);
        canvas.fill((target - 1.5, bar - 2.0, 3.0, BAR + 4.0), palette::TARGET)?;
        let at = (END + 6.0, bar + BAR / 2.0);
        if self.metric.status == TargetStatus::None {
            canvas.text("not judged", END + 2.0, at.1 + 4.5, Align::Start, NOTE)?;
        } else {
            let color = sign(canvas, self.metric.status, at)?;
            canvas.text(status_words(self.metric.status), at.0 + 14.0, at.1 + 4.5, Align::Start, Ink { color, ..VALUE })?;
        }
        let area: Area = (MARGIN, top, WIDTH - 2.0 * MARGIN, ROW - 8.0);
        canvas.hover_claim(area, self.says(), &Mark::status(slug, self.stage, &self.metric));
        Ok(())
    }
}

/// A disc for what is reached, a triangle for nearly, a square for missed; its colour.
fn sign<B: DrawingBackend>(canvas: &mut Canvas<'_, B>, status: TargetStatus, (x, y): (f64, f64)) -> Result<u32, Undrawn> {
    match status {
        TargetStatus::OnTrack => {
            canvas.dot(x, y, 5.0, palette::GOOD, false)?;
            Ok(palette::GOOD)
        }
        TargetStatus::AtRisk => {
            canvas.polygon(&[(x, y - 5.5), (x + 6.0, y + 4.5), (x - 6.0, y + 4.5)], palette::WARN)?;
            Ok(palette::WARN)
        }
        TargetStatus::OffTrack | TargetStatus::None => {
            canvas.fill((x - 4.5, y - 4.5, 9.0, 9.0), palette::BAD)?;
            Ok(palette::BAD)
        }
    }
}

impl Picture for TargetsChart {
    const HEADING: u32 = 0;

    fn size(&self) -> (u32, u32) {
        let more = if self.more > 0 { 22.0 } else { 0.0 };
        (WIDTH as u32, (TOP + ROW * self.rows.len() as f64 + more) as u32)
    }

    fn title(&self) -> String {
        format!("Targets: {}", self.subtitle)
    }

    fn description(&self) -> String {
        let more = if self.more > 0 { format!(" And {} more.", self.more) } else { String::new() };
        format!("{}.{more}", self.rows.iter().map(Bullet::says).collect::<Vec<_>>().join("; "))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        canvas.text("Against the targets", MARGIN, 26.0, Align::Start, HEADING)?;
        canvas.text(&NOTE.fitted(&self.subtitle, WIDTH - 2.0 * MARGIN), MARGIN, 46.0, Align::Start, NOTE)?;
        let mut top = TOP;
        for row in &self.rows {
            row.draw(canvas, top, &self.slug)?;
            top += ROW;
        }
        if self.more > 0 {
            canvas.text(&format!("and {} more", self.more), MARGIN, top + 8.0, Align::Start, NOTE)?;
        }
        Ok(())
    }
}
