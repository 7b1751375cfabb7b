//! The checks written in Python, in `tests/oracle`: §5 computed by brute force, and the sample's numbers by `DuckDB`.

use std::path::Path;
use std::process::Command;

use super::{Check, Outcome, Sample};
use crate::failure::Failure;
use crate::process;
use crate::test::Extent;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, sample: &Sample, extent: Extent) -> Vec<Check> {
    let scripts = workspace.root.join("tests/oracle");
    let Some(python) = process::find(&["python3", "python"]) else {
        let names = [
            "oracle's own tests",
            "expected.json",
            "sample exports by the oracle",
            "random clients by the oracle",
            "sample by DuckDB",
        ];
        return names.map(|name| Check { name, outcome: Outcome::missing("Python 3.11") }).into();
    };
    let script = |name: &str| {
        let mut command = Command::new(&python);
        // No __pycache__ in the repository.
        command.current_dir(&scripts).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1").arg(name);
        command
    };
    let report = sample.out.join("report.json");
    let seeds = if extent == Extent::Full { "1..3000" } else { "1..60" };
    vec![
        Check { name: "oracle's own tests", outcome: Outcome::of_one(quiet(&mut script("test_oracle.py"))) },
        Check {
            name: "expected.json",
            outcome: Outcome::of_one(quiet(script("compare.py").arg(sample.client.join("expected.json")).arg(&report))),
        },
        Check {
            name: "sample exports by the oracle",
            outcome: Outcome::of_one(quiet(script("northwind.py").arg(&sample.client))),
        },
        Check {
            name: "random clients by the oracle",
            outcome: clients(script("run.py").arg("--cvj").arg(workspace.cvj()).args(["--seeds", seeds])),
        },
        Check { name: "sample by DuckDB", outcome: duckdb(&python, script("duckdb_check.py").arg(&sample.client).arg(&report)) },
    ]
}

/// Runs a script whose output matters only when it fails.
fn quiet(command: &mut Command) -> Result<(), Failure> {
    process::read(command).map(drop)
}

/// Runs the random clients; the closing line says how many passed.
fn clients(command: &mut Command) -> Outcome {
    let mut closing = String::new();
    let done = process::follow(command, |line| line.clone_into(&mut closing));
    let numbers: Vec<usize> = closing.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    match (done, numbers.as_slice()) {
        (Ok(true), &[passed, 0]) if passed > 0 => Outcome::Passed { tests: passed },
        (Ok(_), &[passed, failed]) if failed > 0 => Outcome::Failed { passed, failed, why: "see above".to_owned() },
        (Ok(_), _) => Outcome::Failed { passed: 0, failed: 1, why: "run.py did not get to the end".to_owned() },
        (Err(failure), _) => Outcome::Failed { passed: 0, failed: 1, why: failure.to_string() },
    }
}

fn duckdb(python: &Path, command: &mut Command) -> Outcome {
    match process::output(Command::new(python).args(["-c", "import duckdb"])) {
        Ok(output) if output.status.success() => Outcome::of_one(quiet(command)),
        _ => Outcome::missing("Python's duckdb package"),
    }
}
