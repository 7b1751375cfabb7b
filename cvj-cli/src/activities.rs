//! Finds the worksheets on which people listed activities, and adds their states to the growth audit.

use std::path::{Path, PathBuf};

use cvj_core::report::Findings;
use cvj_core::{Period, Report};

/// Worksheets that could not be read, and why.
pub(crate) type Unreadable = Vec<(PathBuf, String)>;

/// Judges each scope's stages by the newest worksheet below `reports` that lists activities: of the reported period or an earlier one.
/// A new worksheet lists none, so that a second run gives the same as the first.
pub(crate) fn judge(report: &mut Report, reports: &Path) -> Unreadable {
    let mut unreadable = Unreadable::new();
    let folders = folders(report, reports);
    let products = report.products.iter_mut().map(|product| (product.slug.as_str(), &mut product.findings));
    for (slug, findings) in std::iter::once(("overall", &mut report.overall.findings)).chain(products) {
        judge_scope(findings, slug, &folders, &mut unreadable);
    }
    unreadable
}

/// The folders of the reported period and of those of its kind before it, newest first.
fn folders(report: &Report, reports: &Path) -> Vec<PathBuf> {
    let Ok(reported) = report.period.label.parse::<Period>() else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(reports) else { return Vec::new() };
    let periods = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<Period>().ok());
    let mut periods: Vec<Period> =
        periods.filter(|period| period.kind() == reported.kind() && period.start() <= reported.start()).collect();
    periods.sort_by_key(|period| std::cmp::Reverse(period.start()));
    periods.into_iter().map(|period| reports.join(period.label())).collect()
}

fn judge_scope(findings: &mut Findings, slug: &str, folders: &[PathBuf], unreadable: &mut Unreadable) {
    for folder in folders {
        let path = folder.join(format!("{slug}.worksheet.xlsx"));
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                unreadable.push((path, error.to_string()));
                continue;
            }
        };
        match cvj_report::activity_states(&bytes) {
            Ok(states) if states.iter().all(Vec::is_empty) => {}
            Ok(states) => return cvj_engine::judge_activities(findings, &states),
            Err(why) => unreadable.push((path, why)),
        }
    }
}
