//! The HTML report in a browser that a script drives (`tests/browser`): what it says, where it lies, how it is used, and that it is safe.
//! Looked at are the sample's page, those of clients that are hard to draw, and the index of all of them with one that fails.

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
    pages.push(index(workspace, sample, &scratch)?);
    Ok(Checks { scripts, scratch, pages })
}

/// The index of the sample, the clients that are hard to draw, and one that fails; as `NAME=PAGE`.
fn index(workspace: &Workspace, sample: &Sample, scratch: &Path) -> Result<OsString, Failure> {
    let all = scratch.join("all");
    copy(&sample.client, &all.join("northwind"))?;
    let clients = workspace.root.join(CLIENTS);
    for name in names(&clients, |path| path.join("cvj.toml").is_file())? {
        copy(&clients.join(&name), &all.join(&name))?;
    }
    let broken = all.join("broken");
    let earlier = broken.join("reports/2026-09");
    let made = fs::create_dir_all(&earlier)
        .and_then(|()| fs::write(earlier.join("report.html"), "of an earlier run"))
        .and_then(|()| fs::write(broken.join("cvj.toml"), "[client]\n"));
    made.map_err(|error| Failure::at(&broken, &error))?;
    // The exit code says that one failed; without an index the page cannot be opened.
    process::output(Command::new(workspace.cvj()).arg("report").arg("--all").arg(&all).args(["--format", "html,worksheet"]))?;
    let mut word = OsString::from("portfolio=");
    word.push(all.join("portfolio/index.html"));
    Ok(word)
}

/// A client's folder without the reports in it.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| Failure::at(to, &error))?;
    for name in names(from, Path::is_file)? {
        fs::copy(from.join(&name), to.join(&name)).map_err(|error| Failure::at(&to.join(&name), &error))?;
    }
    for name in names(from, |path| path.is_dir() && !path.ends_with("reports"))? {
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
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
