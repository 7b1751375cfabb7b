//! Who is measured, each as a command that answers the same question over the same file, and whom ratios are to.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::answer::{agree, of_report, of_script};
use super::{Bench, Part, journal, sheet};
use crate::failure::Failure;
use crate::process;

/// A command that is measured.
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) words: Vec<OsString>,
    /// Whether ratios are to it.
    pub(super) is_baseline: bool,
}

impl Contender {
    /// Its command.
    pub(super) fn command(&self) -> Command {
        let mut words = self.words.iter();
        let mut command = Command::new(words.next().map_or_else(OsString::new, OsString::clone));
        command.args(words).env("PYTHONDONTWRITEBYTECODE", "1").env("POLARS_MAX_THREADS", "2").env("NO_COLOR", "1");
        command
    }
}

/// Contenders, and why others are not among them.
type Field = (Vec<Contender>, Vec<String>);

/// The touchpoint log: `DuckDB`'s and Polars' two questions, and cvj's report, which answers both.
pub(super) fn csv(bench: &Bench<'_>, rows: u64) -> Result<Field, Failure> {
    let client = bench.client(Part::Csv, rows, "touchpoints.csv", &journal::config("touchpoints.csv"))?;
    let file = client.join("touchpoints.csv");
    let peers = Peers::find(bench, &[("DuckDB", "duckdb_log.py", "duckdb"), ("Polars, streaming", "polars_log.py", "polars")]);
    let (report, written) = bench.report(&client);
    process::read(&mut report.command())?;
    let ours = of_report(&written)?;
    let mut contenders = Vec::new();
    let mut funnels = Vec::new();
    for peer in &peers.there {
        let totals = peer.asked("totals", &file);
        agree(("cvj", &ours), (&peer.name, &of_script(&peer.name, &process::read(&mut totals.command())?)?))?;
        let asked = |question| Contender { is_baseline: peer.module == "duckdb", ..peer.asked(question, &file) };
        let (people, funnel) = (asked("people"), asked("funnel"));
        for question in [&people, &funnel] {
            funnels.push((question.name.clone(), of_script(&question.name, &process::read(&mut question.command())?)?));
        }
        contenders.extend([people, funnel]);
    }
    for pair in funnels.chunks(2).collect::<Vec<_>>().windows(2) {
        for (one, other) in pair[0].iter().zip(pair[1]) {
            agree((&one.0, &one.1), (&other.0, &other.1))?;
        }
    }
    peers.there.iter().for_each(|peer| println!("cvj and {} agree", peer.name));
    for peer in peers.there.iter().filter(|peer| peer.module == "duckdb") {
        println!("\n{}\n", process::read(&mut peer.asked("query", &file).command())?);
    }
    contenders.insert(contenders.len().min(1), report);
    Ok((contenders, peers.missing))
}

/// The workbook: the bare loop over its cells, cvj's report, and others who read it into a table and sum a column.
pub(super) fn xlsx(bench: &Bench<'_>, rows: u64) -> Result<Field, Failure> {
    let client = bench.client(Part::Xlsx, rows, "orders.xlsx", &sheet::config("orders.xlsx"))?;
    let file = client.join("orders.xlsx");
    let modules = ["polars", "python_calamine", "pandas", "openpyxl", "duckdb"];
    let words = ["polars (fastexcel)", "python-calamine", "pandas (openpyxl)", "openpyxl, read-only", "DuckDB, excel extension"];
    let known: Vec<_> = words.iter().zip(modules).map(|(name, module)| (*name, "read_sheet.py", module)).collect();
    let peers = Peers::find(bench, &known);
    let (report, written) = bench.report(&client);
    process::read(&mut report.command())?;
    let whole = |key: &str| key.starts_with("all/") && key.ends_with("/revenue");
    let ours: f64 = of_report(&written)?.iter().filter(|(key, _)| whole(key)).map(|(_, value)| value).sum();
    let ours = [("amount".to_owned(), (ours * 100.0).round() / 100.0)].into();
    let bare = Contender {
        name: "calamine, bare cell loop".to_owned(),
        words: vec![bench.own.clone().into(), "bench-cells".into(), file.clone().into()],
        is_baseline: true,
    };
    process::read(&mut bare.command())?;
    let mut contenders = vec![bare, report];
    for peer in &peers.there {
        let contender = peer.asked(&peer.module, &file);
        agree(("cvj", &ours), (&peer.name, &of_script(&peer.name, &process::read(&mut contender.command())?)?))?;
        contenders.push(Contender { name: peer.name.clone(), ..contender });
    }
    peers.there.iter().for_each(|peer| println!("cvj and {} agree", peer.name));
    Ok((contenders, peers.missing))
}

/// The sample client in every format, beside a script that makes as many charts and worksheets from the same exports.
pub(super) fn report(bench: &Bench<'_>) -> Result<Field, Failure> {
    let client = bench.workspace.root.join("examples/northwind");
    let out = bench.workspace.target.join("bench/report");
    let (ours_out, theirs_out) = (out.join("northwind"), out.join("northwind-script"));
    let mut words: Vec<OsString> = vec![bench.cvj.clone().into(), "report".into(), client.clone().into()];
    words.extend(["--out".into(), ours_out.clone().into()]);
    let report = Contender { name: "cvj report".to_owned(), words, is_baseline: true };
    process::read(&mut report.command())?;
    let mut ours = of_report(&ours_out.join("report.json"))?;
    ours.insert("charts".to_owned(), pictures(&ours_out.join("charts"))? as f64);
    let mut contenders = vec![report];
    let peers = Peers::find(bench, &[("pandas, matplotlib, openpyxl", "sample_report.py", "pandas")]);
    for peer in &peers.there {
        let mut contender = peer.asked("report", &client);
        contender.words.push(theirs_out.clone().into());
        agree(("cvj", &ours), (&peer.name, &of_script(&peer.name, &process::read(&mut contender.command())?)?))?;
        println!("cvj and {} agree", peer.name);
        contenders.push(Contender { name: peer.name.clone(), ..contender });
    }
    Ok((contenders, peers.missing))
}

/// The number of charts below a folder, each an SVG and a PNG.
fn pictures(folder: &Path) -> Result<usize, Failure> {
    let failure = |error: std::io::Error| Failure::at(folder, &error);
    let mut count = 0;
    for scope in std::fs::read_dir(folder).map_err(failure)? {
        let files = std::fs::read_dir(scope.map_err(failure)?.path()).map_err(failure)?;
        count += files.flatten().filter(|file| file.path().extension().is_some_and(|ending| ending == "svg")).count();
    }
    Ok(count)
}

/// Another program, driven by a script in `xtask/bench`.
struct Peer {
    name: String,
    module: String,
    words: Vec<OsString>,
}

struct Peers {
    there: Vec<Peer>,
    missing: Vec<String>,
}

impl Peers {
    /// Those of (name, script, Python package) whose script says that it can run.
    fn find(bench: &Bench<'_>, known: &[(&str, &str, &str)]) -> Self {
        let mut peers = Self { there: Vec::new(), missing: Vec::new() };
        let found = process::find(&["python3", "python"]);
        // What is on the search path may be a script that looks for Python first.
        let itself = |python| process::read(Command::new(python).args(["-c", "import sys; print(sys.executable)"])).ok();
        let Some(python) = found.and_then(itself) else {
            peers.missing.push("any other program, because Python is not installed".to_owned());
            return peers;
        };
        for (name, script, module) in known {
            let script = bench.workspace.root.join("xtask/bench").join(script);
            let words = vec![python.trim().into(), script.into_os_string()];
            let peer = Peer { name: (*name).to_owned(), module: (*module).to_owned(), words };
            match process::read(&mut peer.asked("version", Path::new(module)).command()) {
                Ok(version) => peers.there.push(Peer { name: format!("{name} {}", version.trim()), ..peer }),
                Err(_) => peers.missing.push(format!("{name}, because it is not installed")),
            }
        }
        peers
    }
}

impl Peer {
    fn asked(&self, question: &str, file: &Path) -> Contender {
        let mut words = self.words.clone();
        words.extend([question.into(), file.as_os_str().to_owned()]);
        Contender { name: format!("{}, {question}", self.name), words, is_baseline: false }
    }
}
