//! Which metrics the scorecard shows: each stage's headlines, else its first metric, else that it is not measured.

use cvj_core::Stage;
use cvj_core::report::{MetricReport, StageReport};

/// Most metrics on one page of a scorecard.
pub(crate) const PAGE: usize = 10;

/// One row of the scorecard.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Row<'a> {
    /// A metric.
    Metric {
        /// Its stage.
        stage: Stage,
        /// The metric.
        metric: &'a MetricReport,
        /// Its number among the stage's headlines, from 1; none where it stands in for one.
        headline: Option<usize>,
    },
    /// The stage is measured, but no metric is declared for it.
    NoMetric(Stage),
    /// The stage has no data.
    Unmeasured(Stage),
}

/// The rows of a scope, in stage order.
pub(crate) fn rows(stages: &[StageReport]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for stage in stages {
        let before = rows.len();
        if stage.measured {
            rows.extend(headlines(stage).enumerate().map(|(index, metric)| Row::Metric {
                stage: stage.stage,
                metric,
                headline: Some(index + 1),
            }));
            if rows.len() == before {
                rows.push(match stage.metrics.first() {
                    Some(metric) => Row::Metric { stage: stage.stage, metric, headline: None },
                    None => Row::NoMetric(stage.stage),
                });
            }
        } else {
            rows.push(Row::Unmeasured(stage.stage));
        }
    }
    rows
}

/// The rows cut into pages of at most [`PAGE`] metrics.
pub(crate) fn pages<'a>(rows: &[Row<'a>]) -> Vec<Vec<Row<'a>>> {
    let mut pages: Vec<Vec<Row<'a>>> = vec![Vec::new()];
    let mut metrics = 0;
    for row in rows {
        let is_metric = matches!(row, Row::Metric { .. });
        if is_metric && metrics == PAGE {
            pages.push(Vec::new());
            metrics = 0;
        }
        metrics += usize::from(is_metric);
        if let Some(page) = pages.last_mut() {
            page.push(*row);
        }
    }
    pages
}

/// The headline metrics of a stage.
pub(crate) fn headlines(stage: &StageReport) -> impl Iterator<Item = &MetricReport> {
    stage.metrics.iter().filter(|metric| metric.headline)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_page_has_at_most_ten_metrics_and_no_row_is_lost() {
        let mut report = fixture::report();
        for stage in &mut report.overall.stages {
            let copies: Vec<_> = stage.metrics.iter().cycle().take(4).cloned().collect();
            stage.metrics = copies;
            stage.metrics.iter_mut().for_each(|metric| metric.headline = true);
        }
        let rows = rows(&report.overall.stages);
        let pages = pages(&rows);
        assert!(pages.len() > 1);
        assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), rows.len());
        for page in pages {
            assert!(page.iter().filter(|row| matches!(row, Row::Metric { .. })).count() <= PAGE);
        }
    }

    #[test]
    fn a_stage_without_headline_shows_its_first_metric_and_one_without_data_says_so() {
        let mut report = fixture::report();
        let stages = &mut report.overall.stages;
        stages[0].metrics.iter_mut().for_each(|metric| metric.headline = false);
        let first = stages[0].metrics[0].name.clone();
        let rows = rows(stages);
        assert!(matches!(&rows[0], Row::Metric { metric, headline: None, .. } if metric.name == first));
        assert!(rows.iter().any(|row| matches!(row, Row::Unmeasured(Stage::Promote))));
    }
}
