//! Worksheets: steady, bound by names, and holding the report's numbers.

use crate::Look;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use cvj_core::report::{Findings, GapOutcome, Range, TargetStatus, Verdict};

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

/// The cells of the line that begins with a text, below the line that is another.
#[track_caller]
fn line(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str, below: &str, first: &str) -> Vec<Data> {
    let range = book.worksheet_range(sheet).unwrap();
    let mut rows = range.rows().skip_while(|row| !row.iter().any(|cell| *cell == *below));
    rows.find(|row| row.iter().find(|cell| **cell != Data::Empty).is_some_and(|cell| *cell == *first))
        .unwrap_or_else(|| panic!("no line {first} below {below}"))
        .to_vec()
}

fn number(value: impl Into<f64>) -> Data {
    Data::Float(value.into())
}

fn texts(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> String {
    let range = book.worksheet_range(sheet).unwrap();
    range.used_cells().map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn written_twice_gives_the_same_bytes() {
    let report = fixture::report();
    assert!(worksheet(&report, 0, &Look::default()).unwrap() == worksheet(&report, 0, &Look::default()).unwrap());
    assert!(empty_worksheet().unwrap() == empty_worksheet().unwrap());
}

#[test]
fn names_lead_to_the_reports_values() {
    let report = fixture::report();
    let product = &report.products[1];
    let mut book = open(worksheet(&report, 1, &Look::default()).unwrap());
    assert_eq!(named(&mut book, "cvj.client"), Data::String(report.client.clone()));
    assert_eq!(named(&mut book, "cvj.product.name"), Data::String(product.name.clone()));
    assert_eq!(named(&mut book, "cvj.period.label"), Data::String("2026-10".into()));
    let aware = &product.stages[0];
    assert_eq!(named(&mut book, "cvj.aware.people.any"), Data::Float(aware.people.unwrap().any as f64));
    assert_eq!(named(&mut book, "cvj.aware.people.strict"), Data::Float(aware.people.unwrap().strict as f64));
    let step = aware.to_next.as_ref().unwrap();
    for (path, people) in [("entered", step.entered), ("matured", step.matured), ("advanced", step.advanced)] {
        assert_eq!(named(&mut book, &format!("cvj.aware.to_next.{path}")), number(people as f64), "{path}");
    }
    assert_eq!(named(&mut book, "cvj.aware.to_next.rate"), Data::Float(aware.to_next.as_ref().unwrap().rate.unwrap()));
    for (number, metric) in (1..).zip(&aware.metrics[..2]) {
        assert_eq!(named(&mut book, &format!("cvj.aware.headline_{number}.actual")), Data::Float(metric.actual.unwrap()));
        assert_eq!(named(&mut book, &format!("cvj.aware.headline_{number}.change")), Data::Float(metric.change.unwrap()));
    }
    assert!(texts(&mut book, "Scorecard").contains("50 promoters, 30 passives, 20 detractors"));
    assert_eq!(named(&mut book, "cvj.excite.people.any"), Data::Empty, "not measured is empty, never 0");
}

#[test]
fn a_rate_over_few_is_counts_and_an_unmeasured_stage_says_what_would_fill_it() {
    let report = fixture::report();
    let mut book = open(worksheet(&report, 2, &Look::default()).unwrap());
    assert_eq!(named(&mut book, "cvj.convert.headline_2.actual"), Data::String("1 of 3".into()));
    assert_eq!(named(&mut book, "cvj.convert.headline_2.change"), Data::Empty);
    for sheet in ["Journey", "Scorecard"] {
        assert!(texts(&mut book, sheet).contains("Not measured. Would be filled by an onboarding or first-use export."));
    }
}

#[test]
fn every_sheet_holds_its_part_of_the_report() {
    let mut book = open(worksheet(&fixture::report(), 0, &Look::default()).unwrap());
    assert_eq!(
        book.sheet_names(),
        ["Journey", "Scorecard", "Growth audit", "Trends", "Cohorts", "Breakdowns", "Value", "Definitions", "Data quality"]
    );
    assert!(texts(&mut book, "Trends").contains("2025-10"));
    assert!(texts(&mut book, "Definitions").contains("sum(sessions) where medium <> 'internal'"));
    assert!(texts(&mut book, "Definitions").contains("SELECT sum(key_events) / sum(users) FROM web"));
    let quality = texts(&mut book, "Data quality");
    for part in [
        "12480",
        "ga4-2026-10.csv:17",
        "/old-landing-page",
        "ends before the period does",
        "the source says it has 12,500 rows, 12,480 received",
        "restated by the platform",
        "share their minute",
    ] {
        assert!(quality.contains(part), "{part}");
    }
}

#[test]
fn the_step_to_fix_first_is_named_with_what_it_is_worth() {
    let report = fixture::report();
    let first = report.products[0].findings.fix_first().unwrap();
    let mut book = open(worksheet(&report, 0, &Look::default()).unwrap());
    assert_eq!(named(&mut book, "cvj.fix_first.from"), Data::String(first.from.title().into()));
    assert_eq!(named(&mut book, "cvj.fix_first.to"), Data::String(first.to.title().into()));
    for (of, range) in [("people", first.people), ("customers", first.customers), ("money", first.money)] {
        let range = range.unwrap();
        for (part, value) in [("value", range.value), ("low", range.low), ("high", range.high)] {
            assert_eq!(named(&mut book, &format!("cvj.fix_first.{of}.{part}")), number(value), "{of}.{part}");
        }
    }
    let audit = texts(&mut book, "Growth audit");
    assert!(audit.contains("Fix first: Subscribe → Convert") && audit.contains("Is it getting better?"));
}

#[test]
fn without_a_claim_no_cell_claims_one() {
    let mut report = fixture::report();
    let findings = &mut report.products[0].findings;
    for gap in findings.gaps.iter_mut().filter(|gap| gap.outcome == GapOutcome::Claim) {
        (gap.outcome, gap.rank) = (GapOutcome::TooClose, None);
        (gap.people, gap.customers, gap.money, gap.carried_to) = (None, None, None, None);
    }
    let step = findings.gaps[0].clone();
    let mut book = open(worksheet(&report, 0, &Look::default()).unwrap());
    for path in ["from", "to", "people.value", "customers.low", "money.high"] {
        assert_eq!(named(&mut book, &format!("cvj.fix_first.{path}")), Data::Empty, "{path}");
    }
    let cells = line(&mut book, "Growth audit", "Every step against its goal", "Aware → Engage");
    assert_eq!(cells[3], number(step.now.unwrap().rate.unwrap()));
    assert_eq!((&cells[7], &cells[9]), (&number(step.goal.unwrap().rate), &Data::Empty), "a goal, and no gap");
    let audit = texts(&mut book, "Growth audit");
    assert!(audit.contains("No step can be named to fix first") && audit.contains("Too close to its target to call"));
    assert!(!audit.contains("What we do about it") && !audit.contains("Worse than its goal"));
}

#[test]
fn cohorts_hold_the_reports_counts_and_rates() {
    let report = fixture::report();
    let mut book = open(worksheet(&report, 0, &Look::default()).unwrap());
    let step = report.products[0].stages[0].to_next.as_ref().unwrap();
    for cohort in &step.cohorts[1..] {
        let cells = line(&mut book, "Cohorts", "Aware → Engage within 30 days", &cohort.period);
        for (cell, count) in cells[1..5].iter().zip([cohort.entered, cohort.matured, cohort.advanced, cohort.skipped]) {
            assert_eq!(*cell, number(count as f64), "{}", cohort.period);
        }
        assert_eq!(cells[5], number(cohort.rate.unwrap()));
        assert_eq!(line(&mut book, "Cohorts", "Step rates by entry cohort", &cohort.period)[1], number(cohort.rate.unwrap()));
    }
    let unknown = line(&mut book, "Cohorts", "Aware → Engage within 30 days", &step.cohorts[0].period);
    assert!(unknown[1..9].iter().all(|cell| *cell == Data::Empty), "not known is empty");
    let few = line(&mut book, "Cohorts", "Step rates by entry cohort", "2026-04");
    assert_eq!(few[5], Data::String("4 of 8".into()), "counts only");
}

#[test]
fn breakdowns_name_their_attribution_and_stay_away_without_any() {
    let mut report = fixture::report();
    let mut book = open(worksheet(&report, 0, &Look::default()).unwrap());
    let row = &report.products[0].findings.breakdowns[0].rows[0];
    let cells = line(&mut book, "Breakdowns", "By channel: first touch", "Paid search");
    assert_eq!(cells[1], number(row.stages[0].people as f64));
    assert_eq!(cells[7], number(row.stages[0].step.as_ref().unwrap().rate.unwrap()));
    let said = texts(&mut book, "Breakdowns");
    assert!(said.contains("By landing_page: touch at stage") && said.contains("others (23)") && said.contains("no value"));
    report.products[0].findings.breakdowns.clear();
    let book = open(worksheet(&report, 0, &Look::default()).unwrap());
    assert!(!book.sheet_names().contains(&"Breakdowns".to_owned()));
}

#[test]
fn value_says_what_is_known_and_what_would_fill_the_rest() {
    let report = fixture::report();
    let mut book = open(overall_worksheet(&report, &Look::default()).unwrap());
    let metric = &report.overall.findings.value[1];
    let cells = line(&mut book, "Value", "What customers are worth, and cost", &metric.name);
    assert_eq!(cells[1..4], [metric.value, metric.numerator, metric.denominator].map(|value| number(value.unwrap())));
    let missing = line(&mut book, "Value", "What customers are worth, and cost", "Customer acquisition cost");
    assert_eq!(missing[1], Data::Empty);
    assert!(missing[6].to_string().contains("Not measured. A metric of spend"));
    let ladder = report.ladder.as_ref().unwrap();
    let moves = line(&mut book, "Value", "From rung to rung, over all products", "Packing kit");
    assert_eq!((&moves[1], &moves[2]), (&Data::Empty, &number(ladder.moves[0].share.rate.unwrap())));
    let said = texts(&mut book, "Value");
    assert!(said.contains("they do not say that skipping is the cause"), "the caveat stands beside the numbers");
}

#[test]
fn many_rungs_are_listed() {
    let mut report = fixture::report();
    let ladder = report.ladder.as_mut().unwrap();
    let rung = ladder.rungs[0].clone();
    ladder.rungs.resize(40, rung);
    let mut book = open(worksheet(&report, 0, &Look::default()).unwrap());
    let cells = line(&mut book, "Value", "Then, as the next new rung", "Packing kit");
    assert_eq!((&cells[1], &cells[5]), (&Data::String("Local move".into()), &Data::String("91 of 412".into())));
}

#[test]
fn the_empty_worksheet_has_the_same_names_and_no_value() {
    let mut book = open(empty_worksheet().unwrap());
    for name in [
        "cvj.client",
        "cvj.aware.people.any",
        "cvj.convert.to_next.rate",
        "cvj.convert.to_next.matured",
        "cvj.promote.headline_1.actual",
        "cvj.fix_first.to",
        "cvj.fix_first.money.low",
    ] {
        let value = named(&mut book, name);
        assert!(matches!(&value, Data::Empty) || value == Data::String(String::new()), "{name}: {value:?}");
    }
    for sheet in ["Journey", "Scorecard", "Growth audit", "Trends", "Cohorts", "Value"] {
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
    let findings = &mut report.products[0].findings;
    findings.breakdowns[0].rows[0].value = Some("=1+1".repeat(2000));
    findings.gaps[2].money = Some(Range { value: f64::NAN, low: f64::NEG_INFINITY, high: 1e300 });
    report.products[0].stages[0].to_next.as_mut().unwrap().cohorts.truncate(1);
    report.products[0].stages[1].to_next.as_mut().unwrap().cohorts.clear();
    let mut book = open(worksheet(&report, 0, &Look::default()).unwrap());
    assert_eq!(named(&mut book, "cvj.product.name"), Data::String("=1+1".into()));
    assert!(book.worksheet_formula("Scorecard").unwrap().used_cells().next().is_none(), "no text becomes a formula");

    fixture::each_metric(&mut report, |metric| metric.series.clear());
    for stage in &mut report.overall.stages {
        (stage.measured, stage.people, stage.to_next) = (false, None, None);
        stage.metrics.clear();
    }
    report.overall.findings = Findings::default();
    assert!(worksheet(&report, 0, &Look::default()).is_ok());
    let mut book = open(overall_worksheet(&report, &Look::default()).unwrap());
    assert!(texts(&mut book, "Cohorts").contains("there is no step between them"));
    assert_eq!(named(&mut book, "cvj.fix_first.from"), Data::Empty);
}

#[test]
fn a_short_series_stands_under_its_own_period() {
    let mut book = open(worksheet(&fixture::odd(), 1, &Look::default()).unwrap());
    let trends = book.worksheet_range("Trends").unwrap();
    let row = trends.rows().find(|row| row[1] == Data::String("Repeat orders".into())).unwrap();
    assert_eq!((&row[3], &row[15]), (&Data::Empty, &Data::Float(15.0)));
}

#[test]
fn a_product_that_is_not_there_is_an_error() {
    let error = worksheet(&fixture::report(), 7, &Look::default()).unwrap_err();
    assert_eq!(error.to_string(), "the report has no product number 7; it has 3");
}
