//! What a worksheet is drawn from: a report seen from one product, or nothing at all.

use cvj_core::report::{Findings, MetricReport, NamedScope, Report, StageReport, Step};
use cvj_core::{Stage, Unit};

use crate::calendar;
use crate::number::NumberStyle;
use crate::scorecard::{Row, rows};
use crate::words::Told;

/// Periods that the empty worksheet has room for.
pub(super) const EMPTY_PERIODS: usize = 13;

/// A report seen from one product; absent for the empty worksheet.
pub(super) struct WorksheetModel<'a> {
    /// The report.
    pub(super) report: Option<&'a Report>,
    /// The product, or the whole client.
    pub(super) scope: Option<NamedScope<'a>>,
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

/// A step of the chain.
#[derive(Clone, Copy)]
pub(super) struct StepLine<'a> {
    /// The stage it starts from.
    pub(super) from: Stage,
    /// The stage it leads to.
    pub(super) to: Stage,
    /// What the report knows of it; nothing in the empty worksheet.
    pub(super) step: Option<&'a Step>,
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
    /// A product of a report, or the whole client.
    pub(super) fn of(report: &'a Report, scope: NamedScope<'a>) -> Self {
        Self { report: Some(report), scope: Some(scope) }
    }

    /// No report.
    pub(super) fn empty() -> Self {
        Self { report: None, scope: None }
    }

    /// The product's name.
    pub(super) fn product(&self) -> Option<&'a str> {
        self.scope.map(|scope| scope.name)
    }

    /// Its stages; none in the empty worksheet.
    fn stages(&self) -> &'a [StageReport] {
        self.scope.map_or(&[], |scope| scope.stages)
    }

    /// What they say.
    pub(super) fn findings(&self) -> Option<&'a Findings> {
        self.scope.map(|scope| scope.findings)
    }

    /// The product as its words need it.
    pub(super) fn told(&self) -> Option<Told<'a>> {
        Some(Told::new(self.report?, self.scope?))
    }

    /// The client's name.
    pub(super) fn client(&self) -> Option<&'a str> {
        self.report.map(|report| report.client.as_str())
    }

    /// The stage as reported.
    pub(super) fn stage(&self, stage: Stage) -> Option<&'a StageReport> {
        self.stages().iter().find(|reported| reported.stage == stage)
    }

    /// The steps of the chain; of all stages in the empty worksheet.
    pub(super) fn steps(&self) -> Vec<StepLine<'a>> {
        if self.report.is_none() {
            let line = |pair: &[Stage]| StepLine { from: pair[0], to: pair[1], step: None };
            return Stage::ALL.windows(2).map(line).collect();
        }
        let line = |stage: &'a StageReport| {
            stage.to_next.as_ref().map(|step| StepLine { from: stage.stage, to: step.to, step: Some(step) })
        };
        self.stages().iter().filter_map(line).collect()
    }

    /// The stages of the chain.
    pub(super) fn chain(&self) -> Vec<Stage> {
        self.stages().iter().filter(|stage| stage.people.is_some()).map(|stage| stage.stage).collect()
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
        format!("{} · {} · {period}{unfinished} · as of {as_of}", report.client, self.product().unwrap_or_default())
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
        rows(self.stages()).into_iter().map(line).collect()
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
