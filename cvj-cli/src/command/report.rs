//! `cvj report`: computes a period's report and writes it in the formats asked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cvj_core::Report;
use cvj_report::Look;

use crate::arguments::{PluginArguments, ReportArguments};
use crate::brand::Brand;
use crate::command::{Done, request};
use crate::earlier_report;
use crate::failure::Failure;
use crate::format::Format;
use crate::output_folder::{self, Asked, NewFile};
use crate::progress::Progress;
use crate::terminal::Terminal;
use crate::{activities, data_quality, interrupt};

const PAGE: &str = "report.html";

/// Computes, writes, and says what was written.
pub(crate) fn run(arguments: &ReportArguments, plugins: &PluginArguments, terminal: &Arc<Terminal>) -> Result<Done, Failure> {
    let formats: BTreeSet<Format> = arguments.formats.iter().copied().collect();
    if arguments.open && !formats.contains(&Format::Html) {
        return Err(Failure::Usage {
            message: "`--open` shows the page, and `--format` leaves it out".to_owned(),
            hint: "add `html` to `--format`".to_owned(),
        });
    }
    let reports = arguments.folder.join("reports");
    output_folder::mend_all(&reports)?;

    let mut brand = Brand::read(&arguments.folder)?;
    let cancelled = interrupt::flag(terminal);
    let progress = Arc::new(Progress::new(Arc::clone(terminal), Arc::clone(&cancelled)));
    let products = arguments.products.clone();
    let request = request(arguments.folder.clone(), arguments.period, products, plugins, &arguments.pulls);
    let computed = cvj_engine::report(&request, Arc::<Progress>::clone(&progress));
    progress.finish();
    let mut report = computed?;
    note_restatements(&mut report, &reports, terminal);
    for (path, why) in activities::judge(&mut report, &reports) {
        let path = shown(&path);
        terminal.warning(&format!("the activities on `{}` cannot be read: {why}", path.display()));
    }

    brand.add_commentary(&report.period.label)?;
    let files = draw(&report, &brand.look, &formats)?;
    let target = arguments.out.clone().unwrap_or_else(|| reports.join(&report.period.label));
    let asked = Asked { formats: &formats, some_products: !arguments.products.is_empty() };
    output_folder::write(&target, &asked, &files, || cancelled.load(Ordering::Relaxed))?;

    terminal.data(&written(&target, &files))?;
    for note in &report.notes {
        terminal.note(&format!("note: {note}"));
    }
    for note in &brand.notes {
        terminal.note(&format!("note: {note}"));
    }
    for warning in data_quality::warnings(&report) {
        terminal.warning(&warning);
    }
    terminal.note(&summary(&report, files.len(), &target));
    if arguments.open {
        show(&target.join(PAGE), terminal);
    }
    Ok(if arguments.strict && data_quality::has_problems(&report) { Done::WithProblems } else { Done::Clean })
}

fn note_restatements(report: &mut Report, reports: &Path, terminal: &Terminal) {
    let found = earlier_report::find(reports, report);
    for (path, why) in &found.unreadable {
        let path = shown(path);
        terminal.warning(&format!("`{}` cannot be read, so the new report is not compared with it: {why}", path.display()));
    }
    if let Some(earlier) = &found.report {
        report.notes.extend(cvj_engine::restatements(report, earlier));
    }
}

/// The files of the report in these formats.
fn draw(report: &Report, look: &Look, formats: &BTreeSet<Format>) -> Result<Vec<NewFile>, Failure> {
    let mut files = Vec::new();
    let mut add = |path: String, format: Format, bytes: Vec<u8>| files.push(NewFile { path, format, bytes });
    if formats.contains(&Format::Json) {
        add("report.json".to_owned(), Format::Json, cvj_report::json(report).into_bytes());
    }
    if formats.contains(&Format::Html) {
        add(PAGE.to_owned(), Format::Html, cvj_report::html(report, look)?.into_bytes());
    }
    if formats.contains(&Format::Worksheet) {
        if report.products.is_empty() {
            add("overall.worksheet.xlsx".to_owned(), Format::Worksheet, cvj_report::overall_worksheet(report, look)?);
        }
        for (index, product) in report.products.iter().enumerate() {
            add(format!("{}.worksheet.xlsx", product.slug), Format::Worksheet, cvj_report::worksheet(report, index, look)?);
        }
    }
    if formats.contains(&Format::Svg) || formats.contains(&Format::Png) {
        let charts = cvj_report::charts(report, look)?;
        let mut pngs = if formats.contains(&Format::Png) { cvj_report::pngs(&charts)? } else { Vec::new() }.into_iter();
        for chart in charts {
            let path = format!("charts/{}/{}", chart.scope_slug, chart.name);
            if let Some(png) = pngs.next() {
                add(format!("{path}.png"), Format::Png, png);
            }
            if formats.contains(&Format::Svg) {
                add(format!("{path}.svg"), Format::Svg, chart.svg.into_bytes());
            }
        }
    }
    Ok(files)
}

/// One path a line, the charts' folder as one of them.
fn written(target: &Path, files: &[NewFile]) -> String {
    let target = shown(target);
    let mut lines: Vec<String> = Vec::new();
    for file in files {
        let part = if file.path.starts_with("charts/") { "charts" } else { &file.path };
        let line = target.join(part).display().to_string();
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn summary(report: &Report, files: usize, target: &Path) -> String {
    let products = match report.products.len() {
        0 => "no product".to_owned(),
        1 => "1 product".to_owned(),
        count => format!("{count} products"),
    };
    let complete = if report.period.complete { "" } else { " (not complete)" };
    let target = shown(target);
    format!("{}, {}{complete}: {products}, {files} files in {}", report.client, report.period.label, target.display())
}

/// A path as people write it: without `./` before it.
fn shown(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

fn show(page: &Path, terminal: &Terminal) {
    if let Err(error) = open::that_detached(page) {
        terminal.warning(&format!("`{}` cannot be shown ({error}); open it yourself", shown(page).display()));
    }
}
