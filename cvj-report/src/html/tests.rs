//! The page: escaped, steady, self-contained, and silent where nothing can be said.

use std::fmt::Write as _;

use cvj_core::Good;
use cvj_core::report::{Evidence, TargetStatus, Verdict};
use cvj_tests::{Decimal, page_numbers, parse, unfounded, unknown_numbers};
use proptest::prelude::*;

use super::*;
use crate::fixture;

/// Every claim of the page is in the report; returns how many there are.
#[track_caller]
fn check_claims(report: &Report) -> usize {
    let (page, json) = (html(report, &Look::default()).unwrap(), serde_json::from_str(&crate::json(report)).unwrap());
    let (found, looked_at) = unfounded(&page, &json);
    assert!(found.is_empty(), "{} of {looked_at} claims, the first: {:#?}", found.len(), &found[..found.len().min(5)]);
    let (unknown, numbers) = unknown_numbers(&page, &json, Decimal::Point);
    assert!(
        unknown.is_empty() && numbers > 10,
        "{} of {numbers} numbers, the first: {:?}",
        unknown.len(),
        &unknown[..unknown.len().min(5)]
    );
    let numbers = page_numbers(&parse(&page), &json, Decimal::Point);
    assert!(numbers.wrong.is_empty() && numbers.looked_at > 100, "{} places: {:#?}", numbers.looked_at, numbers.wrong);
    looked_at
}

/// Judges everything of a report anew.
fn rejudge(report: &mut Report, judges: &[u8]) {
    let verdicts = [Verdict::Up, Verdict::Down, Verdict::TooClose, Verdict::None];
    let statuses = [TargetStatus::OnTrack, TargetStatus::AtRisk, TargetStatus::OffTrack, TargetStatus::None];
    let evidence = [Evidence::Good, Evidence::Between, Evidence::Bad, Evidence::Unknown];
    let turn = std::cell::Cell::new(0);
    let next = || {
        turn.set(turn.get() + 1);
        usize::from(judges[turn.get() % judges.len()]) + turn.get() / judges.len()
    };
    fixture::each_metric(report, |metric| {
        metric.verdict = verdicts[next() % 4];
        metric.status = statuses[next() % 4];
        metric.headline = !metric.built_in && next() % 3 > 0;
        metric.denominator = metric.denominator.map(|of| if next() % 5 == 0 { 12.0 } else { of });
        metric.good = if next() % 2 == 0 { Good::Up } else { Good::Down };
    });
    let Report { overall, products, .. } = report;
    let scopes = products.iter_mut().map(|product| (&mut product.stages, &mut product.findings));
    for (stages, findings) in scopes.chain([(&mut overall.stages, &mut overall.findings)]) {
        for step in stages.iter_mut().filter_map(|stage| stage.to_next.as_mut()) {
            match &mut step.like_aged {
                Some(like_aged) if next() % 4 > 0 => like_aged.verdict = verdicts[next() % 4],
                like_aged => *like_aged = None,
            }
        }
        for cost in &mut findings.skip_costs {
            cost.outcomes.iter_mut().for_each(|outcome| outcome.verdict = verdicts[next() % 4]);
            cost.money.iter_mut().for_each(|money| money.verdict = verdicts[next() % 4]);
        }
        for line in &mut findings.audit {
            (line.target, line.verdict, line.step) = (evidence[next() % 4], evidence[next() % 4], evidence[next() % 4]);
        }
    }
}

#[test]
fn no_claim_is_made_that_the_report_does_not_carry() {
    assert!(check_claims(&fixture::report()) > 100);
    assert!(check_claims(&fixture::odd()) > 1000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_the_verdicts_no_other_claim_is_made(judges in prop::collection::vec(0..12_u8, 5..90)) {
        let mut report = fixture::report();
        report.products.truncate(1);
        rejudge(&mut report, &judges);
        prop_assert!(check_claims(&report) > 20);
    }
}

#[test]
fn nothing_too_close_is_claimed_anywhere() {
    let mut report = fixture::report();
    rejudge(&mut report, &[2, 3]);
    fixture::each_metric(&mut report, |metric| metric.verdict = Verdict::TooClose);
    let Report { overall, products, .. } = &mut report;
    for stages in products.iter_mut().map(|product| &mut product.stages).chain([&mut overall.stages]) {
        let steps = stages.iter_mut().filter_map(|stage| stage.to_next.as_mut()?.like_aged.as_mut());
        steps.for_each(|like_aged| like_aged.verdict = Verdict::None);
    }
    for findings in report.products.iter_mut().map(|product| &mut product.findings).chain([&mut report.overall.findings]) {
        findings.skip_costs.clear();
    }
    let page = html(&report, &Look::default()).unwrap();
    let body = page.split_once("<body>").unwrap().1.split_once("id=\"definitions\"").unwrap().0;
    for claim in [
        "▲",
        "▼",
        "data-verdict=\"up\"",
        "data-verdict=\"down\"",
        "Good news",
        "Bad news",
        "\"verdict wrapped good",
        "\"verdict wrapped bad",
    ] {
        assert!(!body.contains(claim), "{claim}");
    }
    assert!(body.contains("too close to call"));
}

#[test]
fn rendered_twice_gives_the_same_text() {
    let report = fixture::report();
    assert_eq!(html(&report, &Look::default()).unwrap(), html(&report, &Look::default()).unwrap());
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
    report.definitions[0].trail.as_mut().unwrap().sql = hostile.into();
    report.ladder.as_mut().unwrap().rungs[0].name = hostile.into();
    let findings = &mut report.overall.findings;
    findings.value.iter_mut().for_each(|metric| (metric.name, metric.definition) = (hostile.into(), hostile.into()));
    for breakdown in &mut findings.breakdowns {
        breakdown.dimension = hostile.into();
        breakdown.rows[0].value = Some(hostile.into());
    }
    findings.gaps[0].cohort = Some(hostile.into());
    for step in report.overall.stages.iter_mut().filter_map(|stage| stage.to_next.as_mut()) {
        step.cohorts.iter_mut().for_each(|cohort| cohort.period = hostile.into());
    }
    fixture::each_metric(&mut report, |metric| {
        (metric.name, metric.owner, metric.source) = (hostile.into(), Some(hostile.into()), hostile.into());
    });
    let page = html(&report, &Look::default()).unwrap();
    assert_eq!(page.matches("<script").count(), 1, "ours");
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = html(&fixture::report(), &Look::default()).unwrap();
    for reference in ["src=\"", "<link", "url(http", "@import"] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert_eq!(page.matches("http").count(), page.matches("http://www.w3.org/2000/svg").count() + 1, "and `http-equiv`");
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
    let page = html(&report, &Look::default()).unwrap();
    assert!(page.contains("title=\"not known\">–"));
    assert!(page.contains("no value known yet"));

    report.products.clear();
    report.sources.clear();
    report.definitions.clear();
    for stage in &mut report.overall.stages {
        (stage.measured, stage.people, stage.to_next) = (false, None, None);
        stage.metrics.clear();
    }
    let page = html(&report, &Look::default()).unwrap();
    assert_eq!(page.matches("It would be filled by").count(), 16, "eight stages, in scorecard and list");
}

#[test]
fn an_unfinished_period_and_an_early_end_are_marked() {
    let mut report = fixture::report();
    assert!(!html(&report, &Look::default()).unwrap().contains("Unfinished period"));
    report.period.complete = false;
    let page = html(&report, &Look::default()).unwrap();
    assert!(page.contains("Unfinished period"));
    assert!(page.contains("ends before the period does"));
}

#[test]
fn forty_long_and_right_to_left_names_render() {
    let report = fixture::odd();
    let page = html(&report, &Look::default()).unwrap();
    assert_eq!(page.matches("class=\"scope folded\"").count(), 40);
    for product in &report.products {
        assert!(page.contains(&format!("<bdi>{}</bdi>", product.name)), "names are kept apart from the text around them");
    }
}

/// The keys of a value, one a line, those of a list's elements together.
fn tree(values: &[&serde_json::Value], depth: usize, lines: &mut String) {
    let mut seen: Vec<&str> = Vec::new();
    for (key, _) in values.iter().filter_map(|value| value.as_object()).flatten() {
        if seen.contains(&key.as_str()) {
            continue;
        }
        seen.push(key);
        let found: Vec<_> = values.iter().filter_map(|value| value.get(key)).collect();
        let mut inner: Vec<_> = found.iter().flat_map(|value| value.as_array().into_iter().flatten()).collect();
        let mut list = if found.iter().any(|value| value.is_array()) { "[]" } else { "" }.to_owned();
        while inner.iter().any(|value| value.is_array()) {
            inner = inner.iter().flat_map(|value| value.as_array().into_iter().flatten()).collect();
            list.push_str("[]");
        }
        if key == "mark" || key.ends_with("_mark") {
            // What `mark(…)` takes, whole.
            inner.clear();
        } else {
            inner.extend(found);
        }
        let indent = "  ".repeat(depth);
        let _ = writeln!(lines, "{indent}{key}{list}");
        tree(&inner, depth + 1, lines);
    }
}

#[test]
fn the_guide_lists_what_templates_see() {
    let (report, look) = (fixture::report(), Look::default());
    let templates = Templates::new(&[]).unwrap();
    let view = serde_json::to_value(PageView::new(&report, &look, &templates).unwrap()).unwrap();
    let mut lines = String::new();
    tree(&[&view], 0, &mut lines);
    let guide = include_str!("../../../docs/branding.md");
    assert!(guide.contains(&format!("```text\n{lines}```")), "the tree in docs/branding.md should be:\n{lines}");
    for name in template_names() {
        assert!(guide.contains(&format!("`{name}`")), "docs/branding.md does not tell what `{name}` is");
    }
}
