//! Clients of `HubSpot` and Odoo that others wrote, reading our emulators, so that these are not tested against our own reading of the
//! APIs alone. What they need is installed once into the target folder.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::installed::{installed, npm_ci};
use super::{Check, Outcome};
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

const FOLDER: &str = "tests/emulators/clients";

/// Far more than any of these clients asks for.
const NO_LIMIT: &str = "100000";

pub(super) fn run(workspace: &Workspace) -> Vec<Check> {
    vec![
        Check { name: "HubSpot's emulator by HubSpot's client", outcome: hubspot(workspace) },
        Check { name: "Odoo's emulator, version 17, by odoorpc", outcome: odoo(workspace, "17") },
        Check { name: "Odoo's emulator, version 19, by odoorpc and odoo-json2", outcome: odoo(workspace, "19") },
    ]
}

fn hubspot(workspace: &Workspace) -> Outcome {
    let (Some(node), Some(npm)) = (process::find(&["node", "nodejs"]), process::find(&["npm", "npm.cmd"])) else {
        return Outcome::missing("Node.js with npm");
    };
    let check = || {
        let sources = ["package.json", "package-lock.json", "hubspot.mjs"];
        let folder = installed(workspace, "clients-hubspot", FOLDER, &sources, |folder| npm_ci(&npm, folder))?;
        let emulator = Emulator::start(workspace, &["hubspot", "--contacts", "1000", "--limit", NO_LIMIT])?;
        process::read(Command::new(&node).current_dir(folder).arg("hubspot.mjs").args(emulator.address())).map(drop)
    };
    Outcome::of_one(check())
}

fn odoo(workspace: &Workspace, version: &str) -> Outcome {
    let Some(python) = process::find(&["python3", "python"]) else { return Outcome::missing("Python 3") };
    let check = || {
        let folder = installed(workspace, "clients-odoo", FOLDER, &["requirements-odoo.txt", "odoo.py"], |folder| {
            let mut install = Command::new(&python);
            install.current_dir(folder).args([
                "-m",
                "pip",
                "install",
                "-q",
                "--disable-pip-version-check",
                "--target",
                "packages",
            ]);
            process::read(install.args(["-r", "requirements-odoo.txt"])).map(drop)
        })?;
        let emulator = Emulator::start(workspace, &["odoo", "--version", version])?;
        let mut client = Command::new(&python);
        client.env("PYTHONPATH", folder.join("packages")).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&folder);
        process::read(client.arg("odoo.py").args(emulator.address())).map(drop)
    };
    Outcome::of_one(check())
}

/// An emulator in a process of its own, which ends when this is dropped.
struct Emulator {
    process: Child,
    /// Its URL and its token or key.
    address: String,
}

impl Emulator {
    fn start(workspace: &Workspace, arguments: &[&str]) -> Result<Self, Failure> {
        let program = workspace.emulator();
        let mut command = Command::new(&program);
        let failure = |error: std::io::Error| Failure::at(&program, &error);
        let process = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failure)?;
        let mut emulator = Self { process, address: String::new() };
        if let Some(stdout) = emulator.process.stdout.take() {
            BufReader::new(stdout).read_line(&mut emulator.address).map_err(failure)?;
        }
        Ok(emulator)
    }

    fn address(&self) -> impl Iterator<Item = &str> {
        self.address.split_whitespace()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
