//! The `cvj` binary that was built beside the tests, and how a run of it ended.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit code; -1 where a signal ended the run.
    pub status: i32,
    /// What was printed to stdout.
    pub stdout: String,
    /// What was printed to stderr.
    pub stderr: String,
}

impl Output {
    /// The same output; panics with everything printed if the exit code is another.
    #[expect(clippy::return_self_not_must_use, reason = "most callers only want the assertion")]
    #[track_caller]
    pub fn expect_status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").to_owned()
}

/// The folder that the binary, the plugins and the tests were built into: `target/debug`.
pub fn target_folder() -> PathBuf {
    let executable = std::env::current_exe().expect("a test knows its own path");
    // target/debug/deps/end_to_end-0123456789abcdef
    executable.ancestors().nth(2).expect("tests are built into target/<profile>/deps").to_owned()
}

/// The built `cvj`, ready to be given arguments. Nothing of the developer's own set-up reaches it.
pub fn program() -> Command {
    let path = target_folder().join(format!("cvj{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is missing: run `cargo xtask test`, which builds it", path.display());
    let mut command = Command::new(path);
    command.env_remove("CVJ_PLUGIN_PATH").env_remove("NO_COLOR").env("XDG_DATA_HOME", target_folder().join("no-user-data"));
    command.env("CVJ_KEYRING", "off").env_remove("CVJ_SECRET_COMMAND");
    command.env("CVJ_CACHE", target_folder().join("no-user-cache"));
    command
}

/// Runs `cvj` to its end.
pub fn cvj(arguments: &[&str]) -> Output {
    cvj_in(&repository(), arguments)
}

/// Runs `cvj` to its end in a folder.
pub fn cvj_in(folder: &Path, arguments: &[&str]) -> Output {
    output_of(program().current_dir(folder).args(arguments))
}

/// Runs a command to its end.
pub fn output_of(command: &mut Command) -> Output {
    let output = command.output().expect("cvj starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("cvj prints UTF-8");
    Output { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}
