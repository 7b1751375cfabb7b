//! The worksheets in an office suite: they open, print to PDF, hold the scorecard's numbers, and show no broken formula.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Outcome, Sample, address};
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// A PDF smaller than this has nothing on its pages.
const SMALLEST_PDF: u64 = 8_000;

/// Every sheet as CSV in UTF-8, values as stored and not as shown.
const RAW_CSV: &str = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1";

pub(super) fn run(workspace: &Workspace, sample: &Sample) -> Outcome {
    let Some(office) = process::find(&["soffice", "libreoffice"]) else { return Outcome::missing("LibreOffice") };
    Outcome::of_one(workspace.scratch("office").and_then(|scratch| look(&office, &scratch, sample)))
}

fn look(office: &Path, scratch: &Path, sample: &Sample) -> Result<(), Failure> {
    let path = sample.out.join("report.json");
    let text = fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))?;
    let report: Value = serde_json::from_str(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let products = report["products"].as_array().map(Vec::as_slice).unwrap_or_default();
    let slugs: Vec<&str> = products.iter().filter_map(|product| product["slug"].as_str()).collect();
    let sheets: Vec<PathBuf> = slugs.iter().map(|slug| sample.out.join(format!("{slug}.worksheet.xlsx"))).collect();
    convert(office, scratch, "pdf", &sheets)?;
    convert(office, scratch, RAW_CSV, &sheets)?;
    for (slug, product) in slugs.iter().zip(products) {
        check_pdf(&scratch.join(format!("{slug}.worksheet.pdf")), product)?;
        check_values(&scratch.join(slug).with_extension("worksheet"), scratch, slug, product)?;
    }
    Ok(())
}

fn convert(office: &Path, scratch: &Path, format: &str, sheets: &[PathBuf]) -> Result<(), Failure> {
    let mut command = Command::new(office);
    // A profile of its own: a running office suite would take the request and write nothing.
    command.arg(format!("-env:UserInstallation={}", address(&scratch.join("profile"))));
    command.args(["--headless", "--norestore", "--convert-to", format, "--outdir"]).arg(scratch).args(sheets);
    process::read(&mut command).map(drop)
}

/// The PDF has pages, and (where pdftotext is there to ask) they name the product.
fn check_pdf(pdf: &Path, product: &Value) -> Result<(), Failure> {
    let size = fs::metadata(pdf).map_err(|error| Failure::at(pdf, &error))?.len();
    if size < SMALLEST_PDF {
        return Err(Failure::new(format!("{} has only {size} bytes", pdf.display())));
    }
    let Some(pdftotext) = process::find(&["pdftotext"]) else {
        let all = std::env::var_os("CVJ_REQUIRE").is_some_and(|required| required == "all");
        return if all { Err(Failure::new("there is no `pdftotext`, and CVJ_REQUIRE=all".to_owned())) } else { Ok(()) };
    };
    let text = process::read(Command::new(pdftotext).arg(pdf).arg("-"))?;
    let name = product["name"].as_str().unwrap_or_default();
    if text.contains(name) { Ok(()) } else { Err(Failure::new(format!("{} does not name `{name}`", pdf.display()))) }
}

/// Every headline's number is in some cell, and no cell shows an error.
fn check_values(base: &Path, scratch: &Path, slug: &str, product: &Value) -> Result<(), Failure> {
    let mut text = String::new();
    for entry in fs::read_dir(scratch).map_err(|error| Failure::at(scratch, &error))? {
        let path = entry.map_err(|error| Failure::at(scratch, &error))?.path();
        let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{slug}.worksheet")));
        if is_ours && path.extension().is_some_and(|extension| extension == "csv") {
            text.push_str(&fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))?);
        }
    }
    let wrong = broken(&text).map(|cell| format!("a cell shows {cell}"));
    let wrong =
        wrong.or_else(|| missing_headline(&text, product).map(|(name, value)| format!("the {value} of `{name}` is in no cell")));
    wrong.map_or(Ok(()), |wrong| Err(Failure::new(format!("{}: {wrong}", base.display()))))
}

fn broken(text: &str) -> Option<&'static str> {
    ["#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#N/A", "Err:5"].into_iter().find(|error| text.contains(error))
}

/// The first declared headline whose number no cell holds; a percentage may be written as a fraction or in hundredths. A rate
/// over a denominator under 20 is shown as counts only, so it need not be there.
fn missing_headline<'a>(text: &str, product: &'a Value) -> Option<(&'a str, f64)> {
    let numbers: Vec<f64> = text
        .split([',', '\n', '"'])
        .filter_map(|cell| {
            let cell = cell.trim();
            let hundredths = cell.strip_suffix('%').and_then(|percent| percent.parse::<f64>().ok());
            hundredths.map(|percent| percent / 100.0).or_else(|| cell.parse().ok())
        })
        .collect();
    let stages = product["stages"].as_array().into_iter().flatten();
    let metrics = stages.flat_map(|stage| stage["metrics"].as_array().into_iter().flatten());
    metrics
        .filter(|metric| metric["headline"] == true && metric["built_in"] == false)
        .filter(|metric| metric["unit"] != "percent" || metric["denominator"].as_f64().is_none_or(|below| below >= 20.0))
        .filter_map(|metric| Some((metric["name"].as_str()?, metric["actual"].as_f64()?)))
        .find(|(_, value)| !numbers.iter().any(|number| (number - value).abs() <= 1e-6 * value.abs().max(1.0)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lost_number_and_a_broken_formula_are_found() {
        let metric = json!({ "name": "Sessions", "actual": 4682.0, "headline": true, "built_in": false });
        let product = json!({ "stages": [ { "metrics": [metric] } ] });
        assert_eq!(missing_headline("Aware,Sessions,4682\n", &product), None);
        assert_eq!(missing_headline("Aware,Sessions,4683\n", &product), Some(("Sessions", 4682.0)));
        assert_eq!(broken("1,#REF!,2"), Some("#REF!"));
        assert_eq!(broken("1,2"), None);
    }
}
