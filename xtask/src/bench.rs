//! `cargo xtask bench`: cvj beside other programs over the same files, whole processes in turn, as ratios and peaks of memory.
//!
//! The files are generated once, from a fixed seed, into `target/bench`. Every contender's answer is compared before anything is
//! measured: a fast wrong number is no result.

mod answer;
mod cells;
mod contender;
mod journal;
mod machine;
mod measure;
mod page;
mod sheet;

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use cells::read_cells;
use contender::Contender;
use page::Page;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// What is measured, and how often.
pub(crate) struct Options {
    only: Option<Part>,
    rows: Option<u64>,
    runs: Option<usize>,
    cvj: Option<PathBuf>,
}

/// One table of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The touchpoint log as CSV.
    Csv,
    /// The workbook.
    Xlsx,
    /// The sample client's report in all its formats.
    Report,
}

impl Part {
    const ALL: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Report];

    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Report => "report",
        }
    }

    /// Rows of the file at full size.
    fn rows(self) -> u64 {
        match self {
            Self::Csv => 10_000_000,
            Self::Xlsx => 200_000,
            Self::Report => 0,
        }
    }
}

const RUNS: usize = 5;

impl Options {
    /// Reads the words after `bench`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self { only: None, rows: None, runs: None, cvj: None };
        for pair in words.chunks(2) {
            let &[flag, value] = pair else { return Err(format!("`{}` needs a value", pair[0])) };
            let number = || value.parse::<u64>().ok().filter(|number| *number > 0);
            let wrong = || format!("`{flag} {value}` is no number above 0");
            match flag {
                "--only" => {
                    let part = Part::ALL.into_iter().find(|part| part.name() == value);
                    options.only = Some(part.ok_or_else(|| format!("`--only {value}`: one of csv, xlsx, report"))?);
                }
                "--rows" => options.rows = Some(number().ok_or_else(wrong)?),
                "--runs" => options.runs = Some(number().ok_or_else(wrong)? as usize),
                "--cvj" => options.cvj = Some(value.into()),
                _ => return Err(format!("`{flag}` is no option of bench")),
            }
        }
        Ok(options)
    }

    /// Only a whole measurement is worth keeping.
    fn writes_page(&self) -> bool {
        self.rows.is_none() && self.runs.is_none()
    }
}

/// Where things are during one bench.
pub(super) struct Bench<'a> {
    pub(super) workspace: &'a Workspace,
    /// The measured command, built for release.
    pub(super) cvj: PathBuf,
    /// This program, built for release: it writes the files and reads cells.
    pub(super) own: PathBuf,
}

/// Builds, generates, compares, measures, prints, and writes the page.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    let bench = Bench::built(workspace, options)?;
    let runs = options.runs.unwrap_or(RUNS);
    let mut page = Page::read(&workspace.root)?;
    for part in Part::ALL.into_iter().filter(|part| options.only.is_none_or(|only| only == *part)) {
        let rows = options.rows.map_or(part.rows(), |rows| rows.min(part.rows()));
        println!("\n{} ({rows} rows, {runs} runs)", part.name());
        let (contenders, missing) = match part {
            Part::Csv => contender::csv(&bench, rows)?,
            Part::Xlsx => contender::xlsx(&bench, rows)?,
            Part::Report => contender::report(&bench)?,
        };
        let table = measure::rounds(&contenders, runs)?.table(&missing);
        println!("{table}");
        page.set(part.name(), &format!("{}\n\n{table}", machine::words(part, rows, runs, &contenders)))?;
    }
    if options.writes_page() {
        page.write()?;
        println!("docs/performance.md written");
    }
    Ok(())
}

/// `bench-file`: one of the files, in a process of its own, so that its memory is not in what is measured.
pub(crate) fn write_file(kind: &str, rows: &str, path: &Path) -> Result<(), Failure> {
    let rows: u64 = rows.parse().map_err(|_| Failure::new(format!("`{rows}` is no number of rows")))?;
    match kind {
        "csv" => journal::write(rows, path).map_err(|error| Failure::at(path, &error)),
        "xlsx" => sheet::write(rows, path).map_err(|error| Failure::new(format!("{}: {error}", path.display()))),
        _ => Err(Failure::new(format!("`{kind}` is no kind of file"))),
    }
}

impl<'a> Bench<'a> {
    fn built(workspace: &'a Workspace, options: &Options) -> Result<Self, Failure> {
        let what: &[&str] = match options.cvj {
            None => &["build", "--release", "--workspace"],
            Some(_) => &["build", "--release", "--package", "xtask"],
        };
        process::run(&mut workspace.cargo(what))?;
        let release = |name: &str| workspace.target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let cvj = options.cvj.clone().unwrap_or_else(|| release("cvj"));
        let cvj = cvj.canonicalize().map_err(|error| Failure::at(&cvj, &error))?;
        Ok(Self { workspace, cvj, own: release("xtask") })
    }

    /// The folder of a client over a generated file, both written if they are not there yet.
    fn client(&self, part: Part, rows: u64, file: &str, config: &str) -> Result<PathBuf, Failure> {
        let folder = self.workspace.target.join("bench").join(format!("{}-{rows}", part.name()));
        std::fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
        let path = folder.join(file);
        if !path.exists() {
            println!("writing {}", path.display());
            let unfinished = folder.join(format!("unfinished-{file}"));
            let rows = rows.to_string();
            process::run(Command::new(&self.own).args(["bench-file", part.name(), &rows]).arg(&unfinished))?;
            std::fs::rename(&unfinished, &path).map_err(|error| Failure::at(&path, &error))?;
        }
        let toml = folder.join("cvj.toml");
        std::fs::write(&toml, config).map_err(|error| Failure::at(&toml, &error))?;
        Ok(folder)
    }

    /// `cvj report --format json`, and where it writes.
    fn report(&self, client: &Path) -> (Contender, PathBuf) {
        let out = self.workspace.target.join("bench/report").join(client.file_name().unwrap_or_default());
        let mut words = vec![self.cvj.clone().into(), "report".into(), client.as_os_str().to_owned()];
        words.extend(["--format".into(), "json".into(), "--out".into(), out.clone().into_os_string()]);
        (Contender { name: "cvj report".to_owned(), words, is_baseline: false }, out.join("report.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_wrong_ones_said() {
        let options = Options::parse(&["--only", "xlsx", "--rows", "1000"]).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!((options.only, options.rows, options.writes_page()), (Some(Part::Xlsx), Some(1000), false));
        assert!(Options::parse(&[]).is_ok_and(|options| options.writes_page()));
        for wrong in [&["--rows"][..], &["--rows", "0"], &["--only", "ods"], &["--fast", "1"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
