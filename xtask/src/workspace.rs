//! The workspace: where it is, where cargo puts what it builds, and the commands run in it.

use std::path::PathBuf;
use std::process::Command;

use cargo_metadata::MetadataCommand;

use crate::failure::Failure;
use crate::process;

/// How every chore builds. Tests and all, because a build without dev-dependencies resolves other features of shared crates
/// (`getrandom`, `serde_json`), and `DataFusion` would then be compiled twice.
const BUILD: [&str; 3] = ["build", "--workspace", "--all-targets"];

/// The repository and its target folder.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo where the workspace of this crate is.
    pub(crate) fn find() -> Result<Self, Failure> {
        let metadata = MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .no_deps()
            .exec()
            .map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
        Ok(Self { root: metadata.workspace_root.into(), target: metadata.target_directory.into() })
    }

    /// The cargo that runs this chore, in the workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        // What cargo says of this crate to it is no one else's: build scripts that look at it would run again and again.
        let of_this_crate = |name: &&std::ffi::OsString| {
            name.to_str().is_some_and(|name| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start)))
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| of_this_crate(&name)) {
            command.env_remove(name);
        }
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Builds the command, the plugins that lie beside it and the tests, in the quick profile; the path of `cvj`.
    pub(crate) fn build(&self) -> Result<PathBuf, Failure> {
        process::run(&mut self.cargo(&BUILD))?;
        Ok(self.cvj())
    }

    /// Where the quick profile puts `cvj`.
    pub(crate) fn cvj(&self) -> PathBuf {
        self.program("cvj")
    }

    /// Where the quick profile puts the emulators.
    pub(crate) fn emulator(&self) -> PathBuf {
        self.program("cvj-emulator")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// An empty folder for what a chore writes, inside the target folder.
    pub(crate) fn scratch(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.target.join("xtask").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
        }
        std::fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
        Ok(folder)
    }
}
