//! Charts of each scope: its eight-stage journey, its cohorts, how long each step takes, and the trend of each headline metric.

mod canvas;
mod hatch;
mod heat_map;
mod journey;
mod trend;
mod waiting;

use cvj_core::Report;
use cvj_core::report::NamedScope;
use cvj_core::slug::unique_slugs;

pub(crate) use canvas::Embedding;
use heat_map::HeatMap;
use journey::JourneyChart;
use trend::TrendChart;
use waiting::WaitingChart;

use crate::error::RenderError;
use crate::locale::{self, Locale};
use crate::look::Look;
use crate::scorecard::headlines;

/// One chart of one scope.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The scope's slug: `overall`, or a product's.
    pub scope_slug: String,
    /// The file's name without its ending: `journey`, `cohorts`, `waiting-<stage>` or `trend-<stage>-<metric>`.
    pub name: String,
    /// The chart as a self-contained SVG file.
    pub svg: String,
    drawing: Drawing,
    locale: Locale,
}

impl Chart {
    /// The chart as a PNG at twice its size, drawn now.
    ///
    /// Text in scripts that the embedded typeface lacks is left out of the bitmap; the SVG has it.
    pub fn png(&self) -> Result<Vec<u8>, RenderError> {
        locale::within(&self.locale, || self.drawing.png())
    }
}

/// What a chart shows, ready to be drawn on either backend.
#[derive(Clone, Debug)]
pub(crate) enum Drawing {
    /// The eight stages.
    Journey(JourneyChart),
    /// The step rates by entry cohort.
    Cohorts(HeatMap),
    /// How long one step takes.
    Waiting(WaitingChart),
    /// One metric over time.
    Trend(TrendChart),
}

impl Drawing {
    /// Draws an SVG; `id` makes its element ids unique among several in one page.
    pub(crate) fn svg(&self, id: &str, embedding: Embedding) -> Result<String, RenderError> {
        match self {
            Self::Journey(chart) => canvas::svg(chart, id, embedding),
            Self::Cohorts(chart) => canvas::svg(chart, id, embedding),
            Self::Waiting(chart) => canvas::svg(chart, id, embedding),
            Self::Trend(chart) => canvas::svg(chart, id, embedding),
        }
    }

    fn png(&self) -> Result<Vec<u8>, RenderError> {
        match self {
            Self::Journey(chart) => canvas::png(chart),
            Self::Cohorts(chart) => canvas::png(chart),
            Self::Waiting(chart) => canvas::png(chart),
            Self::Trend(chart) => canvas::png(chart),
        }
    }
}

/// A drawing and its file's name.
pub(crate) struct Named {
    /// `journey`, `cohorts`, `waiting-<stage>` or `trend-<stage>-<metric>`.
    pub(crate) name: String,
    /// What is drawn.
    pub(crate) drawing: Drawing,
}

/// The drawings of one scope: its journey first, then its cohorts, and waiting and trends in stage order.
pub(crate) fn drawings(report: &Report, scope: &str, stages: &[cvj_core::report::StageReport]) -> Vec<Named> {
    let mut drawings =
        vec![Named { name: "journey".to_owned(), drawing: Drawing::Journey(JourneyChart::new(report, scope, stages)) }];
    let cohorts = HeatMap::new(report, scope, stages).map(Drawing::Cohorts);
    drawings.extend(cohorts.map(|drawing| Named { name: "cohorts".to_owned(), drawing }));
    drawings.extend(stages.iter().filter_map(|stage| {
        let drawing = Drawing::Waiting(WaitingChart::new(report, scope, stage)?);
        Some(Named { name: format!("waiting-{}", stage.stage), drawing })
    }));
    for stage in stages {
        let metrics: Vec<_> = headlines(stage).collect();
        let slugs = unique_slugs(metrics.iter().map(|metric| metric.name.as_str()), &[]);
        drawings.extend(metrics.into_iter().zip(slugs).map(|(metric, slug)| Named {
            name: format!("trend-{}-{slug}", stage.stage),
            drawing: Drawing::Trend(TrendChart::new(report, scope, stage.stage, metric)),
        }));
    }
    drawings
}

/// Every chart of every scope: overall first, then each product.
pub fn charts(report: &Report, look: &Look) -> Result<Vec<Chart>, RenderError> {
    locale::within(&look.locale, || {
        let mut charts = Vec::new();
        for NamedScope { name: scope, slug, stages, .. } in report.scopes() {
            for Named { name, drawing } in drawings(report, scope, stages) {
                let svg = drawing.svg(&format!("{slug}-{name}"), Embedding::Font)?;
                charts.push(Chart { scope_slug: slug.to_owned(), name, svg, drawing, locale: look.locale.clone() });
            }
        }
        Ok(charts)
    })
}

#[cfg(test)]
mod tests;
