//! Charts: of each scope its eight-stage journey, its targets, its cohorts, how each step goes and how long it takes, and the trend of each
//! headline metric; of all products together the value ladder, and the products side by side.

mod canvas;
mod compact;
mod hatch;
mod heat_map;
mod ink;
mod journey;
mod ladder;
mod parallel;
mod plot;
mod products;
mod rates;
mod targets;
mod trend;
mod waiting;

use cvj_core::Report;
use cvj_core::report::NamedScope;
use cvj_core::slug::unique_slugs;

use canvas::Embedding;
use heat_map::HeatMap;
use journey::JourneyChart;
use ladder::LadderChart;
use parallel::in_parallel;
use products::ProductsChart;
use rates::RatesChart;
use targets::TargetsChart;
use trend::TrendChart;
use waiting::WaitingChart;

use crate::error::RenderError;
use crate::locale::{self, Locale};
use crate::look::{Accent, Look};
use crate::palette::Palette;
use crate::scorecard::headlines;

/// One chart of one scope.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The scope's slug: `overall`, or a product's.
    pub scope_slug: String,
    /// The file's name without its ending: `journey`, `targets`, `products`, `ladder`, `cohorts`, `rates-<stage>`, `waiting-<stage>` or
    /// `trend-<stage>-<metric>`.
    pub name: String,
    /// The chart as a self-contained SVG file.
    pub svg: String,
    drawing: Drawing,
    palette: Palette,
    locale: Locale,
}

impl Chart {
    /// The chart as a PNG at twice its size, drawn now.
    ///
    /// Text in scripts that the embedded typeface lacks is left out of the bitmap; the SVG has it.
    pub fn png(&self) -> Result<Vec<u8>, RenderError> {
        locale::within(&self.locale, || self.drawing.png(self.palette))
    }
}

/// What a chart shows, ready to be drawn on either backend.
#[derive(Clone, Debug)]
enum Drawing {
    /// The eight stages.
    Journey(JourneyChart),
    /// The headlines against their targets.
    Targets(TargetsChart),
    /// The products side by side.
    Products(ProductsChart),
    /// The value ladder.
    Ladder(LadderChart),
    /// The step rates by entry cohort.
    Cohorts(HeatMap),
    /// The rate of one step over its cohorts.
    Rates(RatesChart),
    /// How long one step takes.
    Waiting(WaitingChart),
    /// One metric over time.
    Trend(TrendChart),
}

/// Does the same with whatever a drawing shows: pictures are drawn on two kinds of canvas, so that they are no trait objects.
macro_rules! with_picture {
    ($drawing:expr, $picture:ident => $act:expr) => {
        match $drawing {
            Drawing::Journey($picture) => $act,
            Drawing::Targets($picture) => $act,
            Drawing::Products($picture) => $act,
            Drawing::Ladder($picture) => $act,
            Drawing::Cohorts($picture) => $act,
            Drawing::Rates($picture) => $act,
            Drawing::Waiting($picture) => $act,
            Drawing::Trend($picture) => $act,
        }
    };
}

impl Drawing {
    /// Draws an SVG; `id` makes its element ids unique among several in one page.
    fn svg(&self, id: &str, embedding: Embedding, palette: Palette) -> Result<String, RenderError> {
        with_picture!(self, picture => canvas::svg(picture, id, embedding, palette))
    }

    fn png(&self, palette: Palette) -> Result<Vec<u8>, RenderError> {
        with_picture!(self, picture => canvas::png(picture, palette))
    }
}

/// A drawing, its scope and its file's name.
struct Named {
    scope_slug: String,
    name: String,
    drawing: Drawing,
}

impl Named {
    fn id(&self) -> String {
        format!("{}-{}", self.scope_slug, self.name)
    }
}

/// The drawings of one scope: its journey first; waiting, rates and trends in stage order.
fn drawings(report: &Report, scope: NamedScope<'_>) -> Vec<Named> {
    let NamedScope { name: scope_name, slug, stages, .. } = scope;
    let named = |name: String, drawing| Named { scope_slug: slug.to_owned(), name, drawing };
    let whole = [
        ("journey", Some(Drawing::Journey(JourneyChart::new(report, scope)))),
        ("targets", TargetsChart::new(report, scope).map(Drawing::Targets)),
        ("products", ProductsChart::of_scope(report, scope).map(Drawing::Products)),
        ("ladder", LadderChart::of_scope(report, scope).map(Drawing::Ladder)),
        ("cohorts", HeatMap::new(report, scope).map(Drawing::Cohorts)),
    ];
    let mut drawings: Vec<_> = whole.into_iter().filter_map(|(name, drawing)| Some(named(name.to_owned(), drawing?))).collect();
    for stage in stages {
        let rates = RatesChart::new(scope, stage).map(Drawing::Rates);
        let waiting = WaitingChart::new(report, scope_name, stage).map(Drawing::Waiting);
        drawings.extend(rates.map(|drawing| named(format!("rates-{}", stage.stage), drawing)));
        drawings.extend(waiting.map(|drawing| named(format!("waiting-{}", stage.stage), drawing)));
        let metrics: Vec<_> = headlines(stage).collect();
        let slugs = unique_slugs(metrics.iter().map(|metric| metric.name.as_str()), &[]);
        drawings.extend(metrics.into_iter().zip(slugs).map(|(metric, slug)| {
            let trend = TrendChart::new(report, scope_name, stage.stage, metric);
            named(format!("trend-{}-{slug}", stage.stage), Drawing::Trend(trend))
        }));
    }
    drawings
}

/// The charts of one scope as parts of a page, which has the typeface and the colours: their names and drawings.
pub(crate) fn page_charts(report: &Report, scope: NamedScope<'_>, locale: &Locale) -> Result<Vec<(String, String)>, RenderError> {
    let draw = |named: &Named| {
        let svg = locale::within(locale, || named.drawing.svg(&named.id(), Embedding::Page, Palette::default()))?;
        Ok((named.name.clone(), svg))
    };
    in_parallel(&drawings(report, scope), draw).into_iter().collect()
}

/// Every chart of every scope: overall first, then each product.
pub fn charts(report: &Report, look: &Look) -> Result<Vec<Chart>, RenderError> {
    let palette = look.accent.map(Accent::palette).unwrap_or_default();
    let drawings: Vec<_> = locale::within(&look.locale, || report.scopes().flat_map(|scope| drawings(report, scope)).collect());
    let draw = |named: &Named| locale::within(&look.locale, || named.drawing.svg(&named.id(), Embedding::Font, palette));
    let svgs = in_parallel(&drawings, draw);
    let chart = |(named, svg): (Named, Result<String, RenderError>)| {
        let Named { scope_slug, name, drawing } = named;
        Ok(Chart { scope_slug, name, svg: svg?, drawing, palette, locale: look.locale.clone() })
    };
    drawings.into_iter().zip(svgs).map(chart).collect()
}

/// The charts as PNGs, in their order: [`Chart::png`] of all of them, on all processors.
pub fn pngs(charts: &[Chart]) -> Result<Vec<Vec<u8>>, RenderError> {
    in_parallel(charts, Chart::png).into_iter().collect()
}

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod tests;
