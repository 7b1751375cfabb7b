//! The page: escaped, steady, self-contained, and silent where nothing can be said.

use cvj_core::report::{TargetStatus, Verdict};

use super::*;
use crate::fixture;

#[test]
fn rendered_twice_gives_the_same_text() {
    let report = fixture::report();
    assert_eq!(html(&report).unwrap(), html(&report).unwrap());
}

#[test]
fn text_from_data_is_escaped() {
    let mut report = fixture::report();
    let hostile = "<script>alert(1)</script>\"'&";
    report.client = hostile.into();
    report.timezone = hostile.into();
    report.products[0].name = hostile.into();
    report.notes.push(hostile.into());
    report.unassigned[0].value = Some(hostile.into());
    report.definitions[0].formula = hostile.into();
    report.sources[0].tables[0].rejects[0].why = hostile.into();
    report.sources[0].tables[0].files[0] = hostile.into();
    fixture::each_metric(&mut report, |metric| {
        (metric.name, metric.owner, metric.source) = (hostile.into(), Some(hostile.into()), hostile.into());
    });
    let page = html(&report).unwrap();
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = html(&fixture::report()).unwrap();
    for reference in ["src=\"", "<link", "url(http", "@import", "<script"] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert_eq!(page.matches("http").count(), page.matches("http://www.w3.org/2000/svg").count());
}

#[test]
fn no_arrow_and_no_colour_within_chance() {
    let mut report = fixture::report();
    fixture::each_metric(&mut report, |metric| {
        metric.verdict = Verdict::TooClose;
        metric.status = TargetStatus::None;
    });
    let page = html(&report).unwrap();
    for claim in ["\"verdict good\"", "\"verdict bad\"", "Good news", "Bad news", "<span class=\"verdict neutral\">▲"] {
        assert!(!page.contains(claim), "{claim}");
    }
    assert!(page.contains("too close to call"));
}

#[test]
fn colour_follows_what_is_good() {
    let mut report = fixture::report();
    fixture::each_metric(&mut report, |metric| (metric.verdict, metric.good) = (Verdict::Up, cvj_core::Good::Down));
    let page = html(&report).unwrap();
    assert!(page.contains("<span class=\"verdict bad\">▲ above its usual range</span>"));
    assert!(!page.contains("verdict good"));
}

#[test]
fn a_report_that_knows_nothing_still_renders() {
    let mut report = fixture::report();
    fixture::each_metric(&mut report, |metric| {
        (metric.actual, metric.previous, metric.change, metric.target) = (None, None, None, None);
        (metric.interval, metric.numerator, metric.denominator) = (None, None, None);
        (metric.verdict, metric.status) = (Verdict::None, TargetStatus::None);
        metric.series.iter_mut().for_each(|point| (point.value, point.numerator, point.denominator) = (None, None, None));
    });
    let page = html(&report).unwrap();
    assert!(page.contains("title=\"not known\">–"));
    assert!(page.contains("no value known yet"));

    report.products.clear();
    report.sources.clear();
    report.definitions.clear();
    for stage in &mut report.overall.stages {
        (stage.measured, stage.people, stage.to_next) = (false, None, None);
        stage.metrics.clear();
    }
    let page = html(&report).unwrap();
    assert_eq!(page.matches("It would be filled by").count(), 16, "eight stages, in scorecard and list");
}

#[test]
fn an_unfinished_period_and_an_early_end_are_marked() {
    let mut report = fixture::report();
    assert!(!html(&report).unwrap().contains("Unfinished period"));
    report.period.complete = false;
    let page = html(&report).unwrap();
    assert!(page.contains("Unfinished period"));
    assert!(page.contains("ends before the period does"));
}

#[test]
fn forty_long_and_right_to_left_names_render() {
    let report = fixture::odd();
    let page = html(&report).unwrap();
    assert_eq!(page.matches("class=\"scope\"").count(), 41);
    for product in &report.products {
        assert!(page.contains(&format!("<bdi>{}</bdi>", product.name)), "names are kept apart from the text around them");
    }
}
