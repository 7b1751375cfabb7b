//! Finds the report that a new one is compared with, so that numbers which changed after they were reported are told.

use std::path::{Path, PathBuf};

use cvj_core::{Period, Report};

/// The report of the newest earlier period of the same kind in a folder of reports, and why others could not be read.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The report; `None` if there is none.
    pub(crate) report: Option<Report>,
    /// Newer ones that could not be read, and why.
    pub(crate) unreadable: Vec<(PathBuf, String)>,
}

/// Looks below `reports`, where each period has a folder named after it. The period's own folder is never looked at: a
/// second run must give the same bytes as the first.
pub(crate) fn find(reports: &Path, of: &Report) -> Found {
    let mut found = Found::default();
    let Ok(period) = of.period.label.parse::<Period>() else { return found };
    let Ok(entries) = std::fs::read_dir(reports) else { return found };
    let mut earlier: Vec<Period> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<Period>().ok())
        .filter(|other| other.kind() == period.kind() && other.start() < period.start())
        .collect();
    earlier.sort_by_key(|other| std::cmp::Reverse(other.start()));
    for other in earlier {
        let path = reports.join(other.label()).join("report.json");
        match read(&path) {
            Ok(Some(report)) if report.client == of.client && report.period.label == other.label() => {
                found.report = Some(report);
                break;
            }
            Ok(_) => {}
            Err(why) => found.unreadable.push((path, why)),
        }
    }
    found
}

/// The file of this name in the folder of the newest period that has it.
pub(crate) fn newest_file(reports: &Path, name: &str) -> Option<(Period, PathBuf)> {
    let periods =
        std::fs::read_dir(reports).ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<Period>().ok());
    let files = periods.map(|period| (period, reports.join(period.label()).join(name)));
    files.filter(|(_, file)| file.is_file()).max_by_key(|(period, _)| (period.end(), period.start()))
}

/// The report in a file; `None` if there is no file.
fn read(path: &Path) -> Result<Option<Report>, String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use cvj_core::PeriodKind;
    use cvj_core::report::{Findings, ReportPeriod, Scope, VERSION};

    use super::*;

    fn report(client: &str, label: &str) -> Report {
        let period: Period = label.parse().unwrap();
        let kind: PeriodKind = period.kind();
        let (start, end) = (period.start().to_string(), period.end().to_string());
        Report {
            version: VERSION,
            client: client.to_owned(),
            currency: "USD".to_owned(),
            timezone: "UTC".to_owned(),
            period: ReportPeriod { kind, label: label.to_owned(), start, end, complete: true },
            as_of: "2026-11-01T00:00:00+00:00".to_owned(),
            ladder: None,
            overall: Scope { stages: Vec::new(), findings: Findings::default() },
            products: Vec::new(),
            sources: Vec::new(),
            unassigned: Vec::new(),
            definitions: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn put(reports: &Path, folder: &str, text: &str) {
        std::fs::create_dir_all(reports.join(folder)).unwrap();
        std::fs::write(reports.join(folder).join("report.json"), text).unwrap();
    }

    #[test]
    fn the_newest_earlier_one_of_the_same_kind_and_client() {
        let reports = tempfile::tempdir().unwrap();
        for (folder, client) in
            [("2026-07", "N"), ("2026-08", "N"), ("2026-09", "other"), ("2026-10", "N"), ("2026-11", "N"), ("2026-Q2", "N")]
        {
            put(reports.path(), folder, &serde_json::to_string(&report(client, folder)).unwrap());
        }
        std::fs::create_dir(reports.path().join(".2026-09.cvj-new")).unwrap();
        let found = find(reports.path(), &report("N", "2026-10"));
        assert_eq!(found.report.unwrap().period.label, "2026-08");
        assert!(found.unreadable.is_empty());
        assert!(find(reports.path(), &report("N", "2026-07")).report.is_none());
        assert!(find(&reports.path().join("none"), &report("N", "2026-10")).report.is_none());
    }

    #[test]
    fn the_newest_file_is_that_of_the_last_period() {
        let reports = tempfile::tempdir().unwrap();
        assert_eq!(newest_file(reports.path(), "report.json"), None);
        for folder in ["2026-08", "2026-Q3", "2026-09", "drafts"] {
            put(reports.path(), folder, "{}");
        }
        std::fs::create_dir(reports.path().join("2026-10")).unwrap();
        let (period, file) = newest_file(reports.path(), "report.json").unwrap();
        assert_eq!((period.label().as_str(), file), ("2026-09", reports.path().join("2026-09/report.json")));
    }

    #[test]
    fn one_that_cannot_be_read_is_told_and_passed_over() {
        let reports = tempfile::tempdir().unwrap();
        put(reports.path(), "2026-08", &serde_json::to_string(&report("N", "2026-08")).unwrap());
        put(reports.path(), "2026-09", "{\"version\": 1");
        let found = find(reports.path(), &report("N", "2026-10"));
        assert_eq!(found.report.unwrap().period.label, "2026-08");
        assert_eq!(found.unreadable.len(), 1);
        assert!(found.unreadable[0].0.ends_with("2026-09/report.json"));
    }
}
