//! Any bytes as a CSV file. The last byte chooses the configuration; a file that ends with a line feed is read with none, so that
//! any export is a seed as it is.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use cvj_fuzz::{read, sum};
use cvj_plugin_csv::CsvSource;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| tempfile::tempdir().expect("a folder").keep());

fuzz_target!(|data: &[u8]| {
    let choice = data.last().map_or(0, |last| last ^ b'\n');
    fs::write(FOLDER.join("a.csv"), data).expect("a file");
    let found = read::<CsvSource>(&FOLDER, &config(choice));
    if let (0, Some(lines), Some(tables)) = (choice, records(data), found) {
        // Every line is a header, a line before one, a row, a rejected row, or left out for a reason.
        let told: u64 = tables
            .iter()
            .map(|table| {
                let rejected = table.scanned.rejected.iter().filter(|line| line.contains(" : ")).count();
                (1 + table.preamble + table.scanned.rows.len() + rejected) as u64 + sum(&table.scanned.left_out)
            })
            .sum();
        assert_eq!(told, lines, "lines lost or doubled");
    }
});

/// The configuration of a choice; 0 is none.
fn config(choice: u8) -> Value {
    let mut config = json!({"path": "a.csv"});
    let mut set = |key: &str, value: Value| config[key] = value;
    match choice & 7 {
        1 => set("delimiter", json!(";")),
        2 => set("delimiter", json!("tab")),
        3 => set("quote", json!("none")),
        4 => set("header", json!(2)),
        5 => set("encoding", json!("windows-1252")),
        6 => set("date_format", json!("day-month-year")),
        7 => set("skip_lines", json!(1)),
        _ => {}
    }
    if choice & 8 != 0 {
        set("decimal", json!(","));
    }
    config
}

/// How many records a file has of which that is plain to see: ASCII with letters or digits on every line, commas, and no quotes.
fn records(data: &[u8]) -> Option<u64> {
    let plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b',' | b'\n' | b' ' | b'.' | b'-');
    let lines: Vec<&[u8]> = data.strip_suffix(b"\n")?.split(|byte| *byte == b'\n').collect();
    let filled = |line: &&[u8]| line.iter().any(u8::is_ascii_alphanumeric);
    (data.iter().all(plain) && lines.iter().all(|line| filled(line) || line.is_empty()))
        .then(|| lines.iter().filter(|line| filled(line)).count() as u64)
}
