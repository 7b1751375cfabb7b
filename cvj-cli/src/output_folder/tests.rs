//! The folder under interruption, at each step, and under the hands of people.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;

use super::*;

fn file(path: &str, format: Format, text: &str) -> NewFile {
    NewFile { path: path.to_owned(), format, bytes: text.as_bytes().to_vec() }
}

/// A report whose every file says `text`.
fn report(text: &str) -> Vec<NewFile> {
    vec![
        file("report.json", Format::Json, text),
        file("report.html", Format::Html, text),
        file("a.worksheet.xlsx", Format::Worksheet, text),
        file("charts/a/journey.svg", Format::Svg, text),
    ]
}

fn asked(formats: &BTreeSet<Format>) -> Asked<'_> {
    Asked { kind: Kind::Report, formats, some_products: false }
}

fn all() -> BTreeSet<Format> {
    BTreeSet::from([Format::Worksheet, Format::Html, Format::Json, Format::Svg, Format::Png])
}

/// Every file below a folder and its content.
fn content(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    found
}

/// A folder of reports with the report "old" in it.
fn reports_with_old() -> (tempfile::TempDir, PathBuf) {
    let reports = tempfile::tempdir().unwrap();
    let target = reports.path().join("2026-10");
    write(&target, &asked(&all()), &report("old"), || false).unwrap();
    (reports, target)
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_first_report_makes_the_folder_and_leaves_nothing_beside_it() {
    let (reports, target) = reports_with_old();
    assert_eq!(names_in(reports.path()), ["2026-10"]);
    assert_eq!(content(&target)["charts/a/journey.svg"], "old");
    assert_eq!(content(&target).len(), 5);
}

#[test]
fn the_same_report_again_gives_the_same_bytes() {
    let (reports, target) = reports_with_old();
    let before = content(&target);
    write(&target, &asked(&all()), &report("old"), || false).unwrap();
    assert_eq!(content(&target), before);
    assert_eq!(names_in(reports.path()), ["2026-10"]);
}

#[test]
fn what_is_no_longer_in_the_report_goes_and_what_is_not_ours_stays() {
    let (_reports, target) = reports_with_old();
    fs::write(target.join("my notes.txt"), "mine").unwrap();
    fs::create_dir(target.join("photos")).unwrap();
    fs::write(target.join("photos/one"), "mine").unwrap();
    write(&target, &asked(&all()), &[file("report.json", Format::Json, "new")], || false).unwrap();
    let names: Vec<_> = content(&target).into_keys().collect();
    assert_eq!(names, [".cvj-written.json", "my notes.txt", "photos/one", "report.json"]);
}

#[test]
fn formats_not_asked_for_are_kept() {
    let (_reports, target) = reports_with_old();
    let formats = BTreeSet::from([Format::Html, Format::Png]);
    write(&target, &asked(&formats), &[file("report.html", Format::Html, "new")], || false).unwrap();
    let found = content(&target);
    assert_eq!(found["report.html"], "new");
    assert_eq!((found["report.json"].as_str(), found["charts/a/journey.svg"].as_str()), ("old", "old"));
    assert_eq!(found["a.worksheet.xlsx"], "old");
    // A kept worksheet is still known as ours.
    write(&target, &asked(&all()), &report("newer"), || false).unwrap();
    assert_eq!(content(&target)["a.worksheet.xlsx"], "newer");
}

#[test]
fn an_edited_worksheet_stops_the_run() {
    let (reports, target) = reports_with_old();
    fs::write(target.join("a.worksheet.xlsx"), "edited").unwrap();
    let before = content(&target);
    let error = write(&target, &asked(&all()), &report("new"), || false).unwrap_err();
    assert!(matches!(&error, OutputError::EditedWorksheet(path) if path == &target.join("a.worksheet.xlsx")), "{error}");
    assert!(error.hint().unwrap().contains("--out"));
    assert_eq!(content(&target), before);
    assert_eq!(names_in(reports.path()), ["2026-10"]);

    let without = BTreeSet::from([Format::Json]);
    write(&target, &asked(&without), &[file("report.json", Format::Json, "new")], || false).unwrap();
    assert_eq!(content(&target)["a.worksheet.xlsx"], "edited");
    write(&target, &asked(&all()), &report("new"), || false).unwrap_err();
}

#[test]
fn an_edited_worksheet_of_a_product_that_is_gone_stays() {
    let (_reports, target) = reports_with_old();
    fs::write(target.join("a.worksheet.xlsx"), "edited").unwrap();
    write(&target, &asked(&all()), &[file("b.worksheet.xlsx", Format::Worksheet, "new")], || false).unwrap();
    assert_eq!(content(&target)["a.worksheet.xlsx"], "edited");
    write(&target, &asked(&all()), &report("new"), || false).unwrap_err();
}

#[test]
fn a_worksheet_that_cvj_did_not_write_stops_the_run() {
    let (_reports, target) = reports_with_old();
    fs::write(target.join("b.worksheet.xlsx"), "by hand").unwrap();
    let error = write(&target, &asked(&all()), &[file("b.worksheet.xlsx", Format::Worksheet, "new")], || false).unwrap_err();
    assert!(matches!(error, OutputError::EditedWorksheet(_)), "{error}");
}

#[test]
fn a_folder_of_other_files_is_not_touched() {
    let reports = tempfile::tempdir().unwrap();
    let target = reports.path().join("documents");
    fs::create_dir(&target).unwrap();
    fs::write(target.join(".DS_Store"), "").unwrap();
    fs::write(target.join("letter.txt"), "mine").unwrap();
    let error = write(&target, &asked(&all()), &report("new"), || false).unwrap_err();
    assert!(matches!(error, OutputError::NotOurs(_)), "{error}");
    assert_eq!(names_in(&target), [".DS_Store", "letter.txt"]);
    fs::remove_file(target.join("letter.txt")).unwrap();
    write(&target, &asked(&all()), &report("new"), || false).unwrap();

    let error = write(&target.join("report.json"), &asked(&all()), &report("new"), || false).unwrap_err();
    assert!(matches!(error, OutputError::NotAFolder(_)), "{error}");
}

#[test]
fn a_newer_manifest_is_left_alone() {
    let (_reports, target) = reports_with_old();
    fs::write(target.join(manifest::FILE_NAME), r#"{"version":2,"files":{}}"#).unwrap();
    let error = write(&target, &asked(&all()), &report("new"), || false).unwrap_err();
    assert!(matches!(error, OutputError::Newer { version: 2, .. }), "{error}");
}

#[test]
fn a_cancelled_run_leaves_the_earlier_report() {
    let (reports, target) = reports_with_old();
    let before = content(&target);
    let error = write(&target, &asked(&all()), &report("new"), || true).unwrap_err();
    assert!(matches!(error, OutputError::Cancelled), "{error}");
    assert_eq!(content(&target), before);
    assert_eq!(names_in(reports.path()), ["2026-10"]);
}

#[test]
fn a_rename_that_fails_leaves_the_earlier_report() {
    for failing in 1..=3 {
        let (reports, target) = reports_with_old();
        let before = content(&target);
        let neighbours = Neighbours::of(&target).unwrap();
        staging::fill(&neighbours, &Manifest::default(), &asked(&all()), &[]).unwrap();
        let calls = Cell::new(0);
        let outcome = swap::swap_in(&neighbours, |from, to| {
            calls.set(calls.get() + 1);
            // The third rename moves the old folder back after the second failed.
            if calls.get() == failing || (failing == 3 && calls.get() == 2) {
                return Err(io::Error::other("no"));
            }
            fs::rename(from, to)
        });
        assert!(outcome.is_err(), "rename {failing} was to fail");
        mend_all(reports.path()).unwrap();
        assert_eq!(content(&target), before, "after rename {failing}");
        assert_eq!(names_in(reports.path()), ["2026-10"], "after rename {failing}");
    }
}

#[test]
fn a_run_that_died_while_writing_is_mended() {
    let (reports, target) = reports_with_old();
    let before = content(&target);
    let neighbours = Neighbours::of(&target).unwrap();
    fs::create_dir(&neighbours.fresh).unwrap();
    fs::write(neighbours.fresh.join("report.json"), "half").unwrap();
    fs::write(&neighbours.lock, "").unwrap();
    mend_all(reports.path()).unwrap();
    assert_eq!(content(&target), before);
    assert_eq!(names_in(reports.path()), ["2026-10"]);
}

#[test]
fn a_run_that_died_between_the_two_renames_is_mended() {
    let (reports, target) = reports_with_old();
    let before = content(&target);
    let neighbours = Neighbours::of(&target).unwrap();
    staging::fill(&neighbours, &Manifest::default(), &asked(&all()), &report("new")).unwrap();
    fs::rename(&neighbours.target, &neighbours.old).unwrap();
    mend_all(reports.path()).unwrap();
    assert_eq!(content(&target), before);
    assert_eq!(names_in(reports.path()), ["2026-10"]);
}

#[test]
fn a_run_that_died_while_the_old_folder_was_taken_away_is_mended_by_the_next() {
    let (reports, target) = reports_with_old();
    let neighbours = Neighbours::of(&target).unwrap();
    fs::create_dir(&neighbours.old).unwrap();
    fs::write(neighbours.old.join("report.html"), "older").unwrap();
    write(&target, &asked(&all()), &report("new"), || false).unwrap();
    assert_eq!(content(&target)["report.html"], "new");
    assert_eq!(names_in(reports.path()), ["2026-10"]);
}

#[test]
fn an_earlier_report_beside_a_folder_of_other_files_is_not_lost() {
    let (reports, target) = reports_with_old();
    let neighbours = Neighbours::of(&target).unwrap();
    fs::rename(&target, &neighbours.old).unwrap();
    fs::create_dir(&target).unwrap();
    let error = mend_all(reports.path()).unwrap_err();
    assert!(matches!(error, OutputError::TwoFolders { .. }), "{error}");
    assert_eq!(content(&neighbours.old)["report.json"], "old");
}

#[test]
fn two_runs_do_not_write_one_folder_at_once() {
    let (reports, target) = reports_with_old();
    let neighbours = Neighbours::of(&target).unwrap();
    let lock = Lock::take(&neighbours.lock, &target).unwrap();
    let error = write(&target, &asked(&all()), &report("new"), || false).unwrap_err();
    assert!(matches!(error, OutputError::Busy(_)), "{error}");
    fs::create_dir(&neighbours.fresh).unwrap();
    mend_all(reports.path()).unwrap();
    assert!(neighbours.fresh.exists(), "a folder that another run makes is left alone");
    drop(lock);
    write(&target, &asked(&all()), &report("new"), || false).unwrap();
    assert_eq!(names_in(reports.path()), ["2026-10"]);
}
