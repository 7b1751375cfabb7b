//! `cargo xtask test`: everything that shows whether cvj works, in the quick profile and one target folder.

use crate::failure::Failure;
use crate::outside::{self, Check, Outcome};
use crate::process;
use crate::workspace::Workspace;

/// How long it may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Minutes: what every change is tested with.
    Quick,
    /// As long as it takes: thousands of random clients, and tests marked as ignored.
    Full,
}

/// Builds the workspace, runs its tests, then the outside checks, and sums up.
pub(crate) fn run(workspace: &Workspace, extent: Extent) -> Result<(), Failure> {
    workspace.build()?;
    let mut checks = vec![cargo_tests(workspace, extent)?];
    checks.extend(outside::run(workspace, extent)?);
    if std::env::var_os("CVJ_REQUIRE").is_some_and(|value| value == "all") {
        checks.iter_mut().for_each(Check::require);
    }
    println!();
    for check in &checks {
        println!("{}", check.line());
    }
    let sum = |count: fn(&Outcome) -> usize| checks.iter().map(|check| count(&check.outcome)).sum::<usize>();
    let (passed, failed, skipped) = (sum(Outcome::passed), sum(Outcome::failed), sum(Outcome::skipped));
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 { Err(Failure::new("a test failed")) } else { Ok(()) }
}

/// What the names of tests begin with that take minutes.
const LONG: &str = "a_million";

/// The workspace's own tests; counted from the lines that test binaries end with.
fn cargo_tests(workspace: &Workspace, extent: Extent) -> Result<Check, Failure> {
    let all = ["test", "--workspace", "--no-fail-fast"];
    let mut runs = vec![all.to_vec()];
    if extent == Extent::Full {
        // Not all that is ignored: some tests only run as part of others.
        runs.push([&all[..], &["--", "--ignored", LONG]].concat());
    }
    let (mut passed, mut failed, mut succeeded) = (0, 0, true);
    for arguments in runs {
        succeeded &= process::follow(&mut workspace.cargo(&arguments), |line| {
            if let Some((here_passed, here_failed)) = counts(line) {
                passed += here_passed;
                failed += here_failed;
            }
        })?;
    }
    let outcome = match (succeeded, failed) {
        (true, 0) if passed == 0 => Outcome::Failed { passed, failed: 1, why: "no test ran".to_owned() },
        (true, _) => Outcome::Passed { tests: passed },
        (false, 0) => Outcome::Failed { passed, failed: 1, why: "cargo test did not get to the end".to_owned() },
        (false, failed) => Outcome::Failed { passed, failed, why: "see above".to_owned() },
    };
    Ok(Check { name: "cargo test", outcome })
}

/// Passed and failed of `test result: ok. 12 passed; 0 failed; …`.
fn counts(line: &str) -> Option<(usize, usize)> {
    let rest = line.strip_prefix("test result: ")?;
    let before = |word: &str| {
        let words: Vec<&str> = rest.split([' ', ';']).collect();
        words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok())
    };
    Some((before("passed")?, before("failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_test_binaries_end_with() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(counts(line), Some((12, 3)));
        assert_eq!(counts("test calendar::tests::works ... ok"), None);
    }
}
