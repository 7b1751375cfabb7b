//! The checks written in Python. In `tests/oracle`: §5 and the journey's numbers computed by brute force, the sample's numbers by `DuckDB`,
//! and the platforms' exports read by hand. In `tests/crm`: CRMs, counted from their emulators' records.
//! In `tests/tryton`: a real one, reported and counted in its database.

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
            "hand-counted journeys",
            "expected.json",
            "sample exports by the oracle",
            "random clients by the oracle",
            "random journeys by the oracle",
            "random shops by the oracle",
            "exports read by hand",
            "sample by DuckDB",
            "CRMs from their records",
            "Tryton from its database",
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
    let (clients, journeys, shops) =
        if extent == Extent::Full { ("1..3000", "1..300", "1..600") } else { ("1..60", "1..10", "1..20") };
    vec![
        Check { name: "oracle's own tests", outcome: Outcome::of_one(quiet(&mut script("test_oracle.py"))) },
        Check { name: "hand-counted journeys", outcome: Outcome::of_one(quiet(&mut script("test_findings.py"))) },
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
            outcome: Outcome::of_count(script("run.py").arg("--cvj").arg(workspace.cvj()).args(["--seeds", clients])),
        },
        Check {
            name: "random journeys by the oracle",
            outcome: Outcome::of_count(script("logs.py").arg("--cvj").arg(workspace.cvj()).args(["--seeds", journeys])),
        },
        Check {
            name: "random shops by the oracle",
            outcome: Outcome::of_count(script("value_logs.py").arg("--cvj").arg(workspace.cvj()).args(["--seeds", shops])),
        },
        Check { name: "exports read by hand", outcome: exports(&python, &mut script("samples.py"), workspace) },
        Check {
            name: "CRMs from their records",
            outcome: Outcome::of_count(
                script("../crm/run.py").arg("--cvj").arg(workspace.cvj()).arg("--emulator").arg(workspace.emulator()),
            ),
        },
        Check {
            name: "Tryton from its database",
            outcome: Outcome::of_count(
                script("../tryton/run.py").arg("--cvj").arg(workspace.cvj()).arg("--work").arg(workspace.target.join("tryton")),
            ),
        },
        Check { name: "sample by DuckDB", outcome: duckdb(&python, script("duckdb_check.py").arg(&sample.client).arg(&report)) },
    ]
}

/// Runs a script whose output matters only when it fails.
fn quiet(command: &mut Command) -> Result<(), Failure> {
    process::read(command).map(drop)
}

/// The exports of the platforms; some may not be copied into the repository and lie beside it, where they lie at all.
fn exports(python: &Path, command: &mut Command, workspace: &Workspace) -> Outcome {
    if !has(python, "openpyxl") {
        return Outcome::missing("Python's openpyxl package");
    }
    let folders = [workspace.root.join("tests/fixtures/samples"), workspace.root.join("../shared/samples")];
    Outcome::of_count(command.arg("--cvj").arg(workspace.cvj()).args(folders))
}

fn has(python: &Path, package: &str) -> bool {
    let import = format!("import {package}");
    process::output(Command::new(python).args(["-c", &import])).is_ok_and(|output| output.status.success())
}

fn duckdb(python: &Path, command: &mut Command) -> Outcome {
    if has(python, "duckdb") { Outcome::of_one(quiet(command)) } else { Outcome::missing("Python's duckdb package") }
}
