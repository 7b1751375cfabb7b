//! One client's report: computed, drawn, and written into its folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cvj_core::Report;
use cvj_engine::Request;
use cvj_report::Look;

use crate::brand::Brand;
use crate::failure::Failure;
use crate::format::Format;
use crate::output_folder::{self, Asked, Kind, NewFile};
use crate::progress::Progress;
use crate::terminal::Terminal;
use crate::{activities, earlier_report};

/// The page's name in the folder.
pub(super) const PAGE: &str = "report.html";
/// How the name of a worksheet ends.
pub(super) const WORKSHEET: &str = ".worksheet.xlsx";

/// A report that was written.
pub(super) struct Made {
    pub(super) report: Report,
    pub(super) look: Look,
    /// What its author should know about the brand.
    pub(super) brand_notes: Vec<String>,
    /// The folder written.
    pub(super) target: PathBuf,
    /// The files written, as paths in it.
    pub(super) files: Vec<String>,
}

/// Makes the report that `request` asks for, in the client's own reports folder unless `out` says where.
pub(super) fn make(
    request: &Request,
    formats: &BTreeSet<Format>,
    out: Option<&Path>,
    terminal: &Arc<Terminal>,
    cancelled: &Arc<AtomicBool>,
) -> Result<Made, Failure> {
    let reports = request.folder.join("reports");
    output_folder::mend_all(&reports)?;

    let mut brand = Brand::read(&request.folder)?;
    let progress = Arc::new(Progress::new(Arc::clone(terminal), Arc::clone(cancelled)));
    let computed = cvj_engine::report(request, Arc::<Progress>::clone(&progress));
    progress.finish();
    let mut report = computed?;
    note_restatements(&mut report, &reports, terminal);
    for (path, why) in activities::judge(&mut report, &reports) {
        let path = shown(&path);
        terminal.warning(&format!("the activities on `{}` cannot be read: {why}", path.display()));
    }

    brand.add_commentary(&report.period.label)?;
    let files = draw(&report, &brand.look, formats)?;
    let target = out.map_or_else(|| reports.join(&report.period.label), Path::to_owned);
    let asked = Asked { kind: Kind::Report, formats, some_products: !request.products.is_empty() };
    output_folder::write(&target, &asked, &files, || cancelled.load(Ordering::Relaxed))?;
    let files = files.into_iter().map(|file| file.path).collect();
    Ok(Made { report, look: brand.look, brand_notes: brand.notes, target, files })
}

impl Made {
    /// One path a line, the charts' folder as one of them.
    pub(super) fn written(&self) -> String {
        let target = shown(&self.target);
        let mut lines: Vec<String> = Vec::new();
        for file in &self.files {
            let part = if file.starts_with("charts/") { "charts" } else { file };
            let line = target.join(part).display().to_string();
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        lines.join("\n")
    }

    /// Whose report of what is where, in one line.
    pub(super) fn summary(&self) -> String {
        let Report { client, period, products, .. } = &self.report;
        let products = match products.len() {
            0 => "no product".to_owned(),
            1 => "1 product".to_owned(),
            count => format!("{count} products"),
        };
        let complete = if period.complete { "" } else { " (not complete)" };
        let (files, target) = (self.files.len(), shown(&self.target));
        format!("{client}, {}{complete}: {products}, {files} files in {}", period.label, target.display())
    }
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
            add(format!("overall{WORKSHEET}"), Format::Worksheet, cvj_report::overall_worksheet(report, look)?);
        }
        for (index, product) in report.products.iter().enumerate() {
            add(format!("{}{WORKSHEET}", product.slug), Format::Worksheet, cvj_report::worksheet(report, index, look)?);
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

/// A path as people write it: without `./` before it.
pub(super) fn shown(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
