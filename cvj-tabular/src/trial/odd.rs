//! Odd and broken files, each with what has to come of it: read, with these types, rows, rejects and lines left out, or refused with a
//! message and a hint that say enough.
//!
//! ```ignore
//! Odd::new("a decimal comma", "a.csv", "a;b\n1,5;x\n").reads("a dec, b text", &["1.5|x"])
//! Odd::new("no row", "a.csv", "a,b\n").refused("no row", "header")
//! ```

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use arrow_schema::DataType;
use cvj_core::source::{COLUMN_FILE, COLUMN_LINE, Kind, ScanRequest};
use cvj_core::{SourceError, StageMetrics};
use serde_json::{Value, json};

use super::{Scanned, Trial};

/// No odd file may take longer than this, in the slowest profile.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file (or a few), a configuration, and the outcome.
pub struct Odd {
    name: &'static str,
    files: Vec<(String, Vec<u8>)>,
    prepare: Option<fn(&Path) -> std::io::Result<()>>,
    config: Value,
    asked: Vec<(&'static str, Kind)>,
    table: Option<&'static str>,
    outcome: Outcome,
}

enum Outcome {
    Nothing,
    Read { columns: &'static str, rows: Rows, rejected: Vec<&'static str>, left_out: Vec<&'static str> },
    Refused { message: &'static str, hint: &'static str },
}

enum Rows {
    These(Vec<&'static str>),
    Count(usize),
}

impl Odd {
    /// One file.
    pub fn new(name: &'static str, file: &str, bytes: impl AsRef<[u8]>) -> Self {
        let files = vec![(file.to_owned(), bytes.as_ref().to_vec())];
        Self { files, config: json!({"path": file}), ..Self::none(name) }
    }

    /// No file: [`Odd::prepare`] makes what has to be there.
    pub fn none(name: &'static str) -> Self {
        let outcome = Outcome::Nothing;
        Self { name, files: Vec::new(), prepare: None, config: json!({}), asked: Vec::new(), table: None, outcome }
    }

    /// Another file.
    #[must_use]
    pub fn and(mut self, file: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.push((file.to_owned(), bytes.as_ref().to_vec()));
        self
    }

    /// What else has to be in the folder: links, folders.
    #[must_use]
    pub fn prepare(mut self, prepare: fn(&Path) -> std::io::Result<()>) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// Keys of the configuration.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "so that a case reads `.with(json!({…}))`")]
    pub fn with(mut self, config: Value) -> Self {
        for (key, value) in config.as_object().into_iter().flatten() {
            self.config[key] = value.clone();
        }
        self
    }

    /// Columns asked for, each as a kind; otherwise all are, as they are found.
    #[must_use]
    pub fn asking(mut self, columns: &[(&'static str, Kind)]) -> Self {
        self.asked = columns.to_vec();
        self
    }

    /// The table looked at; otherwise the first.
    #[must_use]
    pub fn table(mut self, name: &'static str) -> Self {
        self.table = Some(name);
        self
    }

    /// It reads: columns as `name type, name type` (text, int, dec, float, bool, date, time, instant), rows with `|` between
    /// cells and `∅` for no value.
    #[must_use]
    pub fn reads(mut self, columns: &'static str, rows: &[&'static str]) -> Self {
        self.outcome = Outcome::Read { columns, rows: Rows::These(rows.to_vec()), rejected: Vec::new(), left_out: Vec::new() };
        self
    }

    /// It reads, with so many rows.
    #[must_use]
    pub fn reads_rows(mut self, columns: &'static str, rows: usize) -> Self {
        self.outcome = Outcome::Read { columns, rows: Rows::Count(rows), rejected: Vec::new(), left_out: Vec::new() };
        self
    }

    /// And rejects these: each `file:line`, or more of it.
    #[must_use]
    pub fn rejects(mut self, places: &[&'static str]) -> Self {
        if let Outcome::Read { rejected, .. } = &mut self.outcome {
            *rejected = places.to_vec();
        }
        self
    }

    /// And leaves these out and nothing else: each `rows × why`, or a part of why.
    #[must_use]
    pub fn leaves_out(mut self, reasons: &[&'static str]) -> Self {
        if let Outcome::Read { left_out, .. } = &mut self.outcome {
            *left_out = reasons.to_vec();
        }
        self
    }

    /// It is refused: the message and the hint have these in them.
    #[must_use]
    pub fn refused(mut self, message: &'static str, hint: &'static str) -> Self {
        self.outcome = Outcome::Refused { message, hint };
        self
    }

    /// What it does otherwise, in one partition and in several; `None` if all is as it has to be. `folder` is empty.
    pub fn problem<S: StageMetrics>(&self, folder: &Path) -> Option<String> {
        let begin = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| self.made(folder).and_then(|()| self.tried::<S>(folder))));
        let found = match done {
            Ok(Ok(())) if begin.elapsed() > PATIENCE => format!("took {:?}", begin.elapsed()),
            Ok(Ok(())) => return None,
            Ok(Err(problem)) => problem,
            Err(_) => "panicked".to_owned(),
        };
        Some(format!("{}: {found}", self.name))
    }

    fn made(&self, folder: &Path) -> Result<(), String> {
        let write = |(name, bytes): &(String, Vec<u8>)| {
            let path = folder.join(name);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(path, bytes)
        };
        let made = self.files.iter().try_for_each(write);
        made.and_then(|()| self.prepare.map_or(Ok(()), |prepare| prepare(folder)))
            .map_err(|error| format!("cannot be made: {error}"))
    }

    fn tried<S: StageMetrics>(&self, folder: &Path) -> Result<(), String> {
        let (trial, task) = Trial::new(folder);
        for partitions in [1, 4] {
            let scanned = trial.open::<S>(&task, self.config.clone()).and_then(|source| {
                trial.scan(&source, &task, &self.asked, |request: &mut ScanRequest| {
                    request.target_partitions = partitions;
                    if let Some(table) = self.table {
                        table.clone_into(&mut request.table);
                    }
                })
            });
            self.compared(scanned).map_err(|problem| format!("{problem} (asked for {partitions} partitions)"))?;
        }
        Ok(())
    }

    fn compared(&self, found: Result<Scanned, SourceError>) -> Result<(), String> {
        match (&self.outcome, found) {
            (Outcome::Read { columns, rows, rejected, left_out }, Ok(found)) => {
                let seen = described(&found, self.asked.is_empty());
                same("columns", columns, &seen.columns)?;
                match rows {
                    Rows::These(rows) => same("rows", rows.join("⏎").as_str(), &seen.rows.join("⏎"))?,
                    Rows::Count(count) => same("rows", count.to_string().as_str(), &seen.rows.len().to_string())?,
                }
                all("rejects", rejected, &found.rejected)?;
                counted(left_out, &found.left_out)
            }
            (Outcome::Refused { message, hint }, Err(error)) => {
                let part = |what: &str, wanted: &str, text: &str| {
                    let there = text.to_lowercase().contains(&wanted.to_lowercase());
                    if there { Ok(()) } else { Err(format!("the {what} says `{text}`, expected `{wanted}`")) }
                };
                part("message", message, &error.message)?;
                part("hint", hint, error.hint.as_deref().unwrap_or_default())
            }
            (Outcome::Read { .. }, Err(error)) => {
                Err(format!("refused: {} (hint: {})", error.message, error.hint.unwrap_or_default()))
            }
            (Outcome::Refused { .. }, Ok(found)) => {
                let seen = described(&found, self.asked.is_empty());
                Err(format!(
                    "read, should be refused: {}; {} rows such as {:?}; rejects {:?}; left out {:?}",
                    seen.columns,
                    seen.rows.len(),
                    seen.rows.first(),
                    found.rejected,
                    found.left_out
                ))
            }
            (Outcome::Nothing, _) => Err("expects nothing".to_owned()),
        }
    }
}

/// What a scan gave, in the words of the cases.
struct Described {
    columns: String,
    rows: Vec<String>,
}

fn described(found: &Scanned, all: bool) -> Described {
    // All columns come with the virtual ones, which only cases that ask for them are about.
    let is_virtual = |name: &str| all && [COLUMN_FILE, COLUMN_LINE, "_from", "_to"].contains(&name);
    let fields = found.schema.fields();
    let kept: Vec<usize> = (0..fields.len()).filter(|index| !is_virtual(fields[*index].name())).collect();
    let columns: Vec<_> =
        kept.iter().map(|index| format!("{} {}", fields[*index].name(), word(fields[*index].data_type()))).collect();
    let row = |row: &Vec<String>| kept.iter().map(|index| row[*index].as_str()).collect::<Vec<_>>().join("|");
    Described { columns: columns.join(", "), rows: found.rows.iter().map(row).collect() }
}

fn word(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "text",
        DataType::Int64 => "int",
        DataType::Decimal128(..) => "dec",
        DataType::Float64 => "float",
        DataType::Boolean => "bool",
        DataType::Date32 => "date",
        DataType::Timestamp(_, None) => "time",
        DataType::Timestamp(_, Some(_)) => "instant",
        _ => "?",
    }
}

fn same(what: &str, wanted: &str, found: &str) -> Result<(), String> {
    if wanted == found { Ok(()) } else { Err(format!("{what} `{found}`, expected `{wanted}`")) }
}

/// Every part is in the line of its place, and there are as many.
fn all(what: &str, wanted: &[&str], found: &[String]) -> Result<(), String> {
    let fits = wanted.len() == found.len() && wanted.iter().zip(found).all(|(part, line)| line.contains(part));
    if fits { Ok(()) } else { Err(format!("{what} {found:?}, expected {wanted:?}")) }
}

/// As many lines are left out for each reason, however they were reported, and no others.
fn counted(wanted: &[&str], found: &[String]) -> Result<(), String> {
    let count = |line: &str| line.split_once(" × ").and_then(|(rows, _)| rows.parse::<u64>().ok()).unwrap_or(0);
    let of = |why: &str| found.iter().filter(|line| line.contains(why)).map(|line| count(line)).sum::<u64>();
    let each = wanted.iter().all(|part| part.split_once(" × ").is_some_and(|(_, why)| count(part) == of(why)));
    let total = wanted.iter().map(|part| count(part)).sum::<u64>() == found.iter().map(|line| count(line)).sum::<u64>();
    if each && total { Ok(()) } else { Err(format!("left out {found:?}, expected {wanted:?}")) }
}
