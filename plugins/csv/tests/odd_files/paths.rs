#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::{fs, io};

use cvj_core::source::{Kind, ScanRequest};
use cvj_core::{SourceError, StageMetrics};
use cvj_plugin_csv::CsvSource;
use cvj_tabular::trial::Trial;
use cvj_tabular::trial::odd::Odd;
use serde_json::json;

use crate::{check, odd};

#[test]
fn files_of_one_glob_are_one_table() {
    let all = |name: &'static str, bytes: &[u8]| odd(name, bytes).with(json!({"path": "*.csv"}));
    check(&[
        all("columns that change between months", b"date,users\n2026-10-01,5\n")
            .and("b.csv", "Users,Date,Sessions\n6,2026-11-01,9\n")
            .reads("date date, users int, sessions int", &["2026-10-01|5|∅", "2026-11-01|6|9"]),
        all("dialects that change between months", b"a,b\n1,x\n")
            .and("b.csv", b"a;b\n2;\xe9\n")
            .and("c.csv", "Report\na\tb\n3\tz\n4\tw\n")
            .reads("a int, b text", &["1|x", "2|é", "3|z", "4|w"]),
        all("the same file twice", b"a,b\n1,x\n")
            .and("b.csv", "a,b\n1,x\n")
            .reads("a int, b text", &["1|x"])
            .leaves_out(&["1 × copy"]),
        all("a file with a header and no row", b"a,b\n1,x\n").and("b.csv", "a,b\n").reads("a int, b text", &["1|x"]),
        all("an empty file among others", b"a,b\n1,x\n").and("b.csv", "").refused("b.csv", ""),
        all("day-month order settled by another file", b"d\n1/2/2026\n")
            .and("b.csv", "d\n13/2/2026\n")
            .reads("d date", &["2026-02-01", "2026-02-13"]),
        all("a table that only one file has", b"a,b\n1,x\n")
            .and("b.csv", "p,q\n5,z\n")
            .reads("a int, b text, p int, q text", &["1|x|∅|∅", "∅|∅|5|z"]),
        Odd::new("files of one name", "jan/a.csv", "a,b\n1,x\n2\n")
            .and("feb/a.csv", "a,b\n3,y\n4\n")
            .with(json!({"path": "*/a.csv"}))
            .asking(&[("a", Kind::Any), ("_file", Kind::Any)])
            .reads("a int, _file text", &["3|feb/a.csv", "1|jan/a.csv"])
            .rejects(&["feb/a.csv:3 : ", "jan/a.csv:3 : "]),
        odd("two globs with a file in both", "a\n1\n").with(json!({"path": ["*.csv", "a.*"]})).reads("a int", &["1"]),
        odd("one file by two spellings", "a\n1\n").with(json!({"path": ["a.csv", "./a.csv"]})).reads("a int", &["1"]),
        Odd::new("blanks and brackets in a name", "Report [1] (final).csv", "a\n1\n").reads("a int", &["1"]),
        Odd::new("a name of other letters", "Отчёт 価格.csv", "a\n1\n")
            .with(json!({"path": "О*.csv"}))
            .asking(&[("a", Kind::Any), ("_file", Kind::Any)])
            .reads("a int, _file text", &["1|Отчёт 価格.csv"]),
        Odd::new("hidden files and locks of office programs are passed over", "a.csv", "a\n1\n")
            .and(".a.csv", "x")
            .and("~$a.csv", "x")
            .with(json!({"path": "*.csv"}))
            .reads("a int", &["1"]),
        Odd::new("a folder of its own", "exports/2026/a.csv", "a\n1\n")
            .with(json!({"path": "exports/**/*.csv"}))
            .reads("a int", &["1"]),
    ]);
}

#[test]
fn paths_that_name_no_file_are_refused() {
    check(&[
        odd("a file that is not there", "a\n1\n").with(json!({"path": "b.csv"})).refused("b.csv", "a.csv"),
        odd("a folder that is not there", "a\n1\n").with(json!({"path": "export/*.csv"})).refused("export", ""),
        odd("a glob that is none", "a\n1\n").with(json!({"path": "a[.csv"})).refused("a[.csv", ""),
        Odd::none("a folder")
            .prepare(|folder| fs::create_dir(folder.join("a.csv")))
            .with(json!({"path": "a.csv"}))
            .refused("folder", "a.csv/"),
        odd("no path", "a\n1\n").with(json!({"path": []})).refused("path", ""),
    ]);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_looked_through() {
    fn outside(folder: &std::path::Path) -> io::Result<()> {
        // The folder's own parent is shared: another folder beside it stands for the world outside.
        let world = folder.join("world");
        fs::create_dir(&world)?;
        fs::write(world.join("secret.csv"), "a\n1\n")?;
        fs::create_dir(folder.join("client"))?;
        symlink(world.join("secret.csv"), folder.join("client/a.csv"))
    }
    check(&[
        Odd::none("a glob that a link leads out of its folder")
            .prepare(|folder| symlink("/etc/passwd", folder.join("a.csv")))
            .with(json!({"path": "*.csv"}))
            .refused("a.csv", "/etc/passwd"),
        Odd::none("a link that leads out of the folder")
            .prepare(|folder| symlink("/etc/passwd", folder.join("a.csv")))
            .with(json!({"path": "a.csv"}))
            .refused("a.csv", "/etc/passwd"),
        Odd::none("a linked folder that leads out")
            .prepare(|folder| symlink("/etc", folder.join("exports")))
            .with(json!({"path": "exports/*"}))
            .refused("exports", ""),
        Odd::none("a link to elsewhere in the folder")
            .prepare(outside)
            .with(json!({"path": "client/*.csv"}))
            .reads("a int", &["1"]),
        odd("a link to a file that is there, too", "a\n1\n")
            .prepare(|folder| symlink("a.csv", folder.join("b.csv")))
            .with(json!({"path": "*.csv"}))
            .reads("a int", &["1"])
            .leaves_out(&["1 × b.csv is a copy"]),
        Odd::none("a link to nothing")
            .prepare(|folder| symlink("gone.csv", folder.join("a.csv")))
            .with(json!({"path": "a.csv"}))
            .refused("a.csv", ""),
        Odd::none("a link to itself")
            .prepare(|folder| symlink("a.csv", folder.join("a.csv")))
            .with(json!({"path": "a.csv"}))
            .refused("a.csv", ""),
        Odd::none("a device").with(json!({"path": "/dev/zero"})).refused("/dev/zero", ""),
        Odd::none("a pipe that nobody writes to").prepare(pipe).with(json!({"path": "a.csv"})).refused("a.csv", ""),
        Odd::none("a name that is no UTF-8")
            .prepare(|folder| {
                use std::os::unix::ffi::OsStrExt as _;
                fs::write(folder.join(std::ffi::OsStr::from_bytes(b"caf\xe9.csv")), "a\n1\n")
            })
            .with(json!({"path": "*.csv"}))
            .refused("", ""),
    ]);
}

#[cfg(unix)]
fn pipe(folder: &std::path::Path) -> io::Result<()> {
    let done = std::process::Command::new("mkfifo").arg(folder.join("a.csv")).status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other("mkfifo")) }
}

type Change = fn(&std::path::Path);

/// Plans over one content of a file, changes it, reads what was planned; then changes it in the midst of reading.
#[test]
fn a_file_that_changes_is_an_error() {
    let rows = |count: usize| format!("a,b\n{}", "1,x\n".repeat(count));
    let planned = |change: Change| -> Result<usize, SourceError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, rows(40_000)).unwrap();
        let (trial, task) = Trial::new(folder.path());
        let source: CsvSource = trial.open(&task, json!({"path": "a.csv"}))?;
        let source = Arc::new(source);
        let plan = source.plan(&ScanRequest { batch_rows: 100, ..ScanRequest::all("demo") }, &task)?;
        let stream = source.read(&plan.partitions[0], &task)?;
        let mut read = 0;
        for (index, batch) in stream.enumerate() {
            read += batch?.num_rows();
            if index == 0 {
                change(&path);
            }
        }
        Ok(read)
    };
    assert_eq!(planned(|_| ()).unwrap(), 40_000);
    let cases: [(&str, Change); 4] = [
        ("it grows", |path| fs::write(path, format!("a,b\n{}", "1,x\n".repeat(50_000))).unwrap()),
        ("it shrinks", |path| fs::write(path, "a,b\n1,x\n").unwrap()),
        ("it is emptied", |path| fs::write(path, "").unwrap()),
        ("it is another of the same size", |path| {
            let other = path.with_extension("new");
            fs::write(&other, format!("a,b\n{}", "2,y\n".repeat(40_000))).unwrap();
            fs::rename(other, path).unwrap();
        }),
    ];
    for (name, change) in cases {
        let error = planned(change).err().unwrap_or_else(|| panic!("{name}: read as if nothing had happened"));
        assert!(error.message.contains("a.csv"), "{name}: {}", error.message);
    }
}
