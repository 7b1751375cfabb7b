//! What an earlier report said differently about past periods.

use cvj_core::report::StageReport;
use cvj_core::{Report, Unit};

/// At most so many sentences; the rest is one.
const LISTED: usize = 50;

/// Differences in past periods against an earlier report of the same client, one sentence each, in report order.
pub fn restatements(report: &Report, earlier: &Report) -> Vec<String> {
    if report.client != earlier.client || report.period.kind != earlier.period.kind {
        return Vec::new();
    }
    let mut found = Vec::new();
    for scope in report.scopes() {
        let Some(old) = earlier.scopes().find(|old| old.name == scope.name) else { continue };
        for (stage, old) in scope.stages.iter().zip(old.stages) {
            compare(scope.name, stage, old, &earlier.period.label, &mut found);
        }
    }
    if found.len() > LISTED {
        let rest = found.len() - LISTED;
        found.truncate(LISTED);
        found.push(format!("… and {rest} more numbers of past periods differ from the report of {}.", earlier.period.label));
    }
    found
}

fn compare(scope: &str, stage: &StageReport, old: &StageReport, reported_in: &str, found: &mut Vec<String>) {
    for metric in &stage.metrics {
        let Some(before) = old.metrics.iter().find(|old| old.name == metric.name && old.unit == metric.unit) else { continue };
        for point in &metric.series {
            let Some(was) = before.series.iter().find(|old| old.period == point.period) else { continue };
            let same = match (was.value, point.value) {
                (Some(was), Some(now)) => (was - now).abs() <= 1e-9 * was.abs().max(now.abs()).max(1.0),
                (was, now) => was.is_none() && now.is_none(),
            };
            if !same {
                let text = |value: Option<f64>| match value {
                    None => "not known".to_owned(),
                    Some(value) if metric.unit == Unit::Percent => format!("{}%", plain(value * 100.0)),
                    Some(value) => plain(value),
                };
                found.push(format!(
                    "{scope}, {} {}, {}: the report of {reported_in} said {}, now {}.",
                    stage.stage.title(),
                    metric.name,
                    point.period,
                    text(was.value),
                    text(point.value),
                ));
            }
        }
    }
}

/// A number with at most four digits after the point.
fn plain(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
