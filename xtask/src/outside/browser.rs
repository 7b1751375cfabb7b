//! The HTML report in a headless browser: it renders from the file alone, at two widths, without sideways scrolling.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Outcome, Sample, address};
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

const WIDTHS: [u32; 2] = [1280, 600];

/// A picture smaller than this is blank.
const SMALLEST_PICTURE: u64 = 20_000;

pub(super) fn run(workspace: &Workspace, sample: &Sample) -> Outcome {
    let Some(browser) = process::find(&["chromium", "chromium-browser", "google-chrome", "chrome"]) else {
        return Outcome::missing("Chromium");
    };
    Outcome::of_one(workspace.scratch("browser").and_then(|scratch| look(&browser, &scratch, sample)))
}

fn look(browser: &Path, scratch: &Path, sample: &Sample) -> Result<(), Failure> {
    let page = sample.out.join("report.html");
    let text = fs::read_to_string(&page).map_err(|error| Failure::at(&page, &error))?;
    if let Some(outward) =
        ["src=\"http", "<link rel=\"stylesheet\"", "url(http", "@import"].iter().find(|part| text.contains(**part))
    {
        return Err(Failure::new(format!("report.html is not self-contained: it has `{outward}`")));
    }
    // The copy measures itself, as nothing else can ask a headless browser for a width without a driver.
    let measured = scratch.join("measured.html");
    let probe = "<script>addEventListener('load',()=>{const page=document.documentElement;\
                 page.dataset.overflow=page.scrollWidth-page.clientWidth})</script>";
    // The page's own policy lets no script of ours run.
    let open = text.replace("http-equiv=\"Content-Security-Policy\"", "name=\"no-policy\"");
    fs::write(&measured, format!("{open}{probe}")).map_err(|error| Failure::at(&measured, &error))?;
    for width in WIDTHS {
        let dom = process::read(&mut command(browser, scratch, width, &["--dump-dom", &address(&measured)]))?;
        check_dom(&dom, width)?;
        let picture = scratch.join(format!("report-{width}.png"));
        let shot = format!("--screenshot={}", picture.display());
        process::read(&mut command(browser, scratch, width, &[&shot, &address(&page)]))?;
        let size = fs::metadata(&picture).map_err(|error| Failure::at(&picture, &error))?.len();
        if size < SMALLEST_PICTURE {
            return Err(Failure::new(format!("{} has only {size} bytes: a blank page?", picture.display())));
        }
    }
    Ok(())
}

fn command(browser: &Path, scratch: &Path, width: u32, arguments: &[&str]) -> Command {
    let mut command = Command::new(browser);
    // Without the sandbox, because CI runs as root; the page is our own.
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]);
    command.arg(format!("--user-data-dir={}", scratch.join("profile").display()));
    command.arg(format!("--window-size={width},2400")).arg("--virtual-time-budget=4000").args(arguments);
    command
}

fn check_dom(dom: &str, width: u32) -> Result<(), Failure> {
    for wanted in ["Northwind Moving", "Local move", "Long distance", "Storage", "<svg"] {
        if !dom.contains(wanted) {
            return Err(Failure::new(format!("report.html shows no `{wanted}`")));
        }
    }
    if let Some(stray) = [">NaN", ">undefined", ">null<", ">inf<"].iter().find(|stray| dom.contains(**stray)) {
        return Err(Failure::new(format!("report.html shows `{}`", stray.trim_matches(['<', '>']))));
    }
    let overflow = dom.split_once("data-overflow=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or("unknown");
    if overflow == "0" {
        Ok(())
    } else {
        Err(Failure::new(format!("at {width} pixels report.html is {overflow} pixels too wide")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_page_is_found() {
        let page = |overflow: &str, cell: &str| {
            format!(
                "<html data-overflow=\"{overflow}\">Northwind Moving Local move Long distance Storage <svg></svg><td>{cell}</td>"
            )
        };
        assert!(check_dom(&page("0", "12"), 600).is_ok());
        assert!(check_dom(&page("0", "NaN"), 600).is_err());
        assert!(check_dom(&page("14", "12"), 600).is_err());
        assert!(check_dom("<html data-overflow=\"0\">", 600).is_err());
    }
}
