//! Worksheets: steady, bound by names, and holding the report's numbers.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use cvj_core::report::{TargetStatus, Verdict};

use super::*;
use crate::fixture;

fn open(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

/// The value of the cell that a name is bound to.
#[track_caller]
fn named(book: &mut Xlsx<Cursor<Vec<u8>>>, name: &str) -> Data {
    let (_, place) =
        book.defined_names().iter().find(|(defined, _)| defined == name).unwrap_or_else(|| panic!("no name {name}")).clone();
    let (sheet, cell) = place.split_once('!').unwrap();
    let mut parts = cell.trim_start_matches('$').split('$');
    let column = parts.next().unwrap().bytes().fold(0, |column, letter| column * 26 + u32::from(letter - b'A') + 1) - 1;
    let row: u32 = parts.next().unwrap().parse().unwrap();
    let range = book.worksheet_range(sheet.trim_matches('\'')).unwrap();
    range.get_value((row - 1, column)).cloned().unwrap_or(Data::Empty)
}

fn texts(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> String {
    let range = book.worksheet_range(sheet).unwrap();
    range.used_cells().map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn written_twice_gives_the_same_bytes() {
    let report = fixture::report();
    assert!(worksheet(&report, 0).unwrap() == worksheet(&report, 0).unwrap());
    assert!(empty_worksheet().unwrap() == empty_worksheet().unwrap());
}

#[test]
fn names_lead_to_the_reports_values() {
    let report = fixture::report();
    let product = &report.products[1];
    let mut book = open(worksheet(&report, 1).unwrap());
    assert_eq!(named(&mut book, "cvj.client"), Data::String(report.client.clone()));
    assert_eq!(named(&mut book, "cvj.product.name"), Data::String(product.name.clone()));
    assert_eq!(named(&mut book, "cvj.period.label"), Data::String("2026-10".into()));
    let aware = &product.stages[0];
    assert_eq!(named(&mut book, "cvj.aware.people.any"), Data::Float(aware.people.unwrap().any as f64));
    assert_eq!(named(&mut book, "cvj.aware.people.strict"), Data::Float(aware.people.unwrap().strict as f64));
    assert_eq!(named(&mut book, "cvj.aware.to_next.rate"), Data::Float(aware.to_next.as_ref().unwrap().rate.unwrap()));
    for (number, metric) in (1..).zip(&aware.metrics[..2]) {
        assert_eq!(named(&mut book, &format!("cvj.aware.headline_{number}.actual")), Data::Float(metric.actual.unwrap()));
        assert_eq!(named(&mut book, &format!("cvj.aware.headline_{number}.change")), Data::Float(metric.change.unwrap()));
    }
    assert_eq!(named(&mut book, "cvj.excite.people.any"), Data::Empty, "not measured is empty, never 0");
}

#[test]
fn a_rate_over_few_is_counts_and_an_unmeasured_stage_says_what_would_fill_it() {
    let report = fixture::report();
    let mut book = open(worksheet(&report, 2).unwrap());
    assert_eq!(named(&mut book, "cvj.convert.headline_2.actual"), Data::String("1 of 3".into()));
    assert_eq!(named(&mut book, "cvj.convert.headline_2.change"), Data::Empty);
    for sheet in ["Journey", "Scorecard"] {
        assert!(texts(&mut book, sheet).contains("Not measured. Would be filled by an onboarding or first-use export."));
    }
}

#[test]
fn every_sheet_holds_its_part_of_the_report() {
    let mut book = open(worksheet(&fixture::report(), 0).unwrap());
    assert_eq!(
        book.sheet_names(),
        ["Journey", "Scorecard", "Growth audit", "Trends", "Cohorts", "Breakdowns", "Value", "Definitions", "Data quality"]
    );
    assert!(texts(&mut book, "Trends").contains("2025-10"));
    assert!(texts(&mut book, "Definitions").contains("sum(sessions) where medium <> 'internal'"));
    let quality = texts(&mut book, "Data quality");
    for part in ["12480", "ga4-2026-10.csv:17", "/old-landing-page", "ends before the period does", "restated by the platform"] {
        assert!(quality.contains(part), "{part}");
    }
}

#[test]
fn the_empty_worksheet_has_the_same_names_and_no_value() {
    let mut book = open(empty_worksheet().unwrap());
    for name in
        ["cvj.client", "cvj.period.label", "cvj.aware.people.any", "cvj.convert.to_next.rate", "cvj.promote.headline_1.actual"]
    {
        let value = named(&mut book, name);
        assert!(matches!(&value, Data::Empty) || value == Data::String(String::new()), "{name}: {value:?}");
    }
    for sheet in ["Journey", "Scorecard", "Trends"] {
        let range = book.worksheet_range(sheet).unwrap();
        assert!(range.used_cells().all(|(_, _, cell)| !matches!(cell, Data::Float(_) | Data::Int(_))), "{sheet}");
    }
}

#[test]
fn odd_reports_are_written() {
    let mut report = fixture::report();
    report.client = "&<>\"' נ\u{0}".repeat(40);
    report.as_of = "no time".into();
    report.period.complete = false;
    report.notes.push("x".repeat(100_000));
    report.products[0].name = "=1+1".into();
    fixture::each_metric(&mut report, |metric| {
        metric.name = "=HYPERLINK(\"http://example.com\")".repeat(4);
        (metric.actual, metric.previous, metric.change, metric.target) = (Some(-9.9e300), None, None, Some(f64::NAN));
        (metric.numerator, metric.denominator, metric.interval) = (None, Some(0.0), None);
        (metric.verdict, metric.status) = (Verdict::None, TargetStatus::None);
        metric.series.truncate(1);
    });
    let mut book = open(worksheet(&report, 0).unwrap());
    assert_eq!(named(&mut book, "cvj.product.name"), Data::String("=1+1".into()));
    assert!(book.worksheet_formula("Scorecard").unwrap().used_cells().next().is_none(), "no text becomes a formula");

    fixture::each_metric(&mut report, |metric| metric.series.clear());
    for stage in &mut report.overall.stages {
        (stage.measured, stage.people, stage.to_next) = (false, None, None);
        stage.metrics.clear();
    }
    assert!(worksheet(&report, 0).is_ok());
    assert!(overall_worksheet(&report).is_ok());
}

#[test]
fn a_short_series_stands_under_its_own_period() {
    let mut book = open(worksheet(&fixture::odd(), 1).unwrap());
    let trends = book.worksheet_range("Trends").unwrap();
    let row = trends.rows().find(|row| row[1] == Data::String("Repeat orders".into())).unwrap();
    assert_eq!((&row[3], &row[15]), (&Data::Empty, &Data::Float(15.0)));
}

#[test]
fn a_product_that_is_not_there_is_an_error() {
    let error = worksheet(&fixture::report(), 7).unwrap_err();
    assert_eq!(error.to_string(), "the report has no product number 7; it has 3");
}
