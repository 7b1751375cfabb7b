//! What a worksheet is drawn from: a report seen from one product, or nothing at all.

use cvj_core::report::{MetricReport, Report, StageReport};
use cvj_core::{Stage, Unit};

use crate::calendar;
use crate::number::NumberStyle;
use crate::scorecard::{Row, rows};

/// Periods that the empty worksheet has room for.
const EMPTY_PERIODS: usize = 13;

/// A report seen from one product; absent for the empty worksheet.
pub(super) struct WorksheetModel<'a> {
    /// The report.
    pub(super) report: Option<&'a Report>,
    /// The product's name.
    pub(super) product: Option<&'a str>,
    /// The product's stages.
    stages: &'a [StageReport],
}

/// One row of the scorecard sheet.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// The stage.
    pub(super) stage: Stage,
    /// Its number among the stage's headlines, from 1.
    pub(super) headline: Option<usize>,
    /// What the row shows.
    pub(super) content: Content<'a>,
}

/// What a row of the scorecard sheet shows.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    /// A metric.
    Metric(&'a MetricReport),
    /// The stage is measured, without a metric.
    NoMetric,
    /// The stage has no data.
    Unmeasured,
    /// The empty worksheet.
    Blank,
}

impl<'a> WorksheetModel<'a> {
    /// A product of a report.
    pub(super) fn of(report: &'a Report, product: &'a str, stages: &'a [StageReport]) -> Self {
        Self { report: Some(report), product: Some(product), stages }
    }

    /// No report.
    pub(super) fn empty() -> Self {
        Self { report: None, product: None, stages: &[] }
    }

    /// The client's name.
    pub(super) fn client(&self) -> Option<&'a str> {
        self.report.map(|report| report.client.as_str())
    }

    /// The stage as reported.
    pub(super) fn stage(&self, stage: Stage) -> Option<&'a StageReport> {
        self.stages.iter().find(|reported| reported.stage == stage)
    }

    /// How numbers of a unit are printed.
    pub(super) fn style(&self, unit: Unit) -> NumberStyle<'a> {
        NumberStyle { unit, currency: self.report.map_or("", |report| report.currency.as_str()) }
    }

    /// One line of what the sheet is about.
    pub(super) fn about(&self) -> String {
        let Some(report) = self.report else { return String::new() };
        let unfinished = if report.period.complete { "" } else { " (unfinished: numbers will still change)" };
        let (period, as_of) = (calendar::period(&report.period), calendar::moment(&report.as_of));
        format!("{} · {} · {period}{unfinished} · as of {as_of}", report.client, self.product.unwrap_or_default())
    }

    /// The scorecard's rows; one per stage in the empty worksheet.
    pub(super) fn lines(&self) -> Vec<Line<'a>> {
        if self.report.is_none() {
            let line = |stage| Line { stage, headline: Some(1), content: Content::Blank };
            return Stage::ALL.into_iter().map(line).collect();
        }
        let line = |row| match row {
            Row::Metric { stage, metric, headline } => Line { stage, headline, content: Content::Metric(metric) },
            Row::NoMetric(stage) => Line { stage, headline: None, content: Content::NoMetric },
            Row::Unmeasured(stage) => Line { stage, headline: None, content: Content::Unmeasured },
        };
        rows(self.stages).into_iter().map(line).collect()
    }

    /// The labels of the periods, empty ones in the empty worksheet.
    pub(super) fn periods(&self) -> Vec<&'a str> {
        let longest = self.lines().into_iter().filter_map(|line| match line.content {
            Content::Metric(metric) => Some(metric.series.as_slice()),
            _ => None,
        });
        match (self.report, longest.max_by_key(|series| series.len())) {
            (None, _) => vec![""; EMPTY_PERIODS],
            (Some(_), series) => series.unwrap_or_default().iter().map(|point| point.period.as_str()).collect(),
        }
    }
}
