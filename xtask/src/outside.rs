//! Checks by programs that are not ours: a Python oracle, `DuckDB`, vendors' clients, a browser, an office suite. Each is skipped where its
//! tool is missing.

mod browser;
mod clients;
mod installed;
mod office;
mod python;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::test::Extent;
use crate::workspace::Workspace;

/// A check and how it ended.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
}

/// How a check ended.
pub(crate) enum Outcome {
    Passed { tests: usize },
    Failed { passed: usize, failed: usize, why: String },
    Skipped { why: String },
}

impl Outcome {
    fn of_one(done: Result<(), Failure>) -> Self {
        match done {
            Ok(()) => Self::Passed { tests: 1 },
            Err(failure) => Self::Failed { passed: 0, failed: 1, why: failure.to_string() },
        }
    }

    /// Runs a script that ends with `N passed, N failed`.
    fn of_count(command: &mut Command) -> Self {
        let mut closing = String::new();
        let done = process::follow(command, |line| line.clone_into(&mut closing));
        let numbers: Vec<usize> = closing.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
        match (done, numbers.as_slice()) {
            (Ok(true), &[passed, 0]) if passed > 0 => Self::Passed { tests: passed },
            (Ok(_), &[passed, failed]) if failed > 0 => Self::Failed { passed, failed, why: "see above".to_owned() },
            (Ok(_), _) => Self::Failed { passed: 0, failed: 1, why: "the script did not get to the end".to_owned() },
            (Err(failure), _) => Self::Failed { passed: 0, failed: 1, why: failure.to_string() },
        }
    }

    fn missing(tool: &str) -> Self {
        Self::Skipped { why: format!("{tool} is not installed") }
    }

    pub(crate) fn passed(&self) -> usize {
        match self {
            Self::Passed { tests } => *tests,
            Self::Failed { passed, .. } => *passed,
            Self::Skipped { .. } => 0,
        }
    }

    pub(crate) fn failed(&self) -> usize {
        if let Self::Failed { failed, .. } = self { *failed } else { 0 }
    }

    pub(crate) fn skipped(&self) -> usize {
        usize::from(matches!(self, Self::Skipped { .. }))
    }
}

impl Check {
    /// Turns a skip into a failure.
    pub(crate) fn require(&mut self) {
        if let Outcome::Skipped { why } = &self.outcome {
            let why = format!("CVJ_REQUIRE=all, but {why}");
            self.outcome = Outcome::Failed { passed: 0, failed: 1, why };
        }
    }

    /// The check as a line of the summary.
    pub(crate) fn line(&self) -> String {
        match &self.outcome {
            Outcome::Passed { tests } => format!("passed: {} ({tests})", self.name),
            Outcome::Failed { failed, why, .. } => format!("FAILED: {} ({failed}): {why}", self.name),
            Outcome::Skipped { why } => format!("skipped: {} because {why}", self.name),
        }
    }
}

/// The sample client's report, written for the checks to look at.
struct Sample {
    client: PathBuf,
    out: PathBuf,
}

/// Runs every outside check over the built `cvj`.
pub(crate) fn run(workspace: &Workspace, extent: Extent) -> Result<Vec<Check>, Failure> {
    let out = workspace.scratch("northwind")?.join("report");
    let client = workspace.root.join("examples/northwind");
    process::run(Command::new(workspace.cvj()).arg("report").arg(&client).arg("--out").arg(&out))?;
    let sample = Sample { client, out };
    let mut checks = python::run(workspace, &sample, extent);
    checks.extend(clients::run(workspace));
    checks.push(Check { name: "report.html in Chromium", outcome: browser::run(workspace, &sample) });
    checks.push(Check { name: "worksheets in LibreOffice", outcome: office::run(workspace, &sample) });
    Ok(checks)
}

/// A `file:` address of an absolute path.
fn address(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let escaped: String = text
        .chars()
        .map(|c| if matches!(c, ' ' | '%' | '#' | '?') { format!("%{:02X}", c as u32) } else { c.to_string() })
        .collect();
    format!("file://{}{escaped}", if escaped.starts_with('/') { "" } else { "/" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_check_that_is_skipped_fails() {
        let mut check = Check { name: "browser", outcome: Outcome::missing("chromium") };
        assert_eq!(check.line(), "skipped: browser because chromium is not installed");
        check.require();
        assert_eq!((check.outcome.failed(), check.outcome.skipped()), (1, 0));
    }

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(address(Path::new("/a b/c#1.html")), "file:///a%20b/c%231.html");
    }
}
