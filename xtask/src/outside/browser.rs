//! The HTML report in a browser that a script drives (`tests/browser`): what it says, where it lies, how it is used, and that it is safe.
//! Looked at are the sample's page and those of clients that are hard to draw.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::installed::{installed, npm_ci};
use super::{Outcome, Sample};
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

const SCRIPTS: &str = "tests/browser";
const CLIENTS: &str = "tests/fixtures/clients";

pub(super) fn run(workspace: &Workspace, sample: &Sample) -> Outcome {
    let Some(browser) = process::find(&["chromium", "chromium-browser", "google-chrome", "chrome"]) else {
        return Outcome::missing("Chromium");
    };
    let (Some(node), Some(npm)) = (process::find(&["node", "nodejs"]), process::find(&["npm", "npm.cmd"])) else {
        return Outcome::missing("Node.js with npm");
    };
    match checks(workspace, sample, &npm) {
        Ok(checks) => {
            let mut command = Command::new(node);
            command.current_dir(&checks.scripts).arg("check.mjs").arg(browser).arg(&checks.scratch).args(&checks.pages);
            Outcome::of_count(&mut command)
        }
        Err(failure) => Outcome::of_one(Err(failure)),
    }
}

/// The scripts with what they need, where they may write, and the pages as `NAME=PAGE`.
struct Checks {
    scripts: PathBuf,
    scratch: PathBuf,
    pages: Vec<OsString>,
}

fn checks(workspace: &Workspace, sample: &Sample, npm: &Path) -> Result<Checks, Failure> {
    let files = names(&workspace.root.join(SCRIPTS), Path::is_file)?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let scripts = installed(workspace, "page-checks", SCRIPTS, &files, |folder| npm_ci(npm, folder))?;
    let scratch = workspace.scratch("pages")?;
    let page = |name: &str, out: &Path| {
        let mut word = OsString::from(format!("{name}="));
        word.push(out.join("report.html"));
        word
    };
    let mut pages = vec![page("northwind", &sample.out)];
    let clients = workspace.root.join(CLIENTS);
    for name in names(&clients, |path| path.join("cvj.toml").is_file())? {
        let out = scratch.join(&name);
        let mut report = Command::new(workspace.cvj());
        report.arg("report").arg(clients.join(&name)).arg("--out").arg(&out).args(["--format", "html,json"]);
        process::read(&mut report)?;
        pages.push(page(&name, &out));
    }
    Ok(Checks { scripts, scratch, pages })
}

/// What is in a folder, in order.
fn names(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<String>, Failure> {
    let failure = |error: std::io::Error| Failure::at(folder, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        if wanted(&entry.path()) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
