//! Charts are well-formed, steady, and never panic on odd reports.

use crate::Look;
use cvj_core::report::{NamedScope, SeriesPoint};

use super::*;
use crate::fixture;

/// Reads every event of an SVG; fails if it is not well-formed.
#[track_caller]
fn check_well_formed(svg: &str) {
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{error}: {svg}"),
        }
    }
}

#[test]
fn every_scope_has_its_journey_its_cohorts_a_curve_per_step_and_a_trend_per_headline() {
    let report = fixture::report();
    let charts = charts(&report, &Look::default()).unwrap();
    for NamedScope { slug, stages, .. } in report.scopes() {
        let names: Vec<_> = charts.iter().filter(|chart| chart.scope_slug == slug).map(|chart| chart.name.as_str()).collect();
        assert_eq!(names[0], "journey");
        let steps = stages.iter().filter(|stage| stage.to_next.is_some()).count();
        let kinds = |kind: &str| names.iter().filter(|name| name.starts_with(kind)).count();
        assert_eq!((kinds("waiting-"), kinds("trend-")), (steps, stages.iter().flat_map(headlines).count()));
        assert!((steps - 1..=steps).contains(&kinds("rates-")), "all but a step that no one has had the time for");
        assert_eq!(names.contains(&"products") && names.contains(&"ladder"), slug == "overall");
        for wanted in ["targets", "cohorts", "rates-subscribe", "waiting-subscribe"] {
            assert!(names.contains(&wanted), "{wanted} {names:?}");
        }
        assert!(names.contains(&"trend-subscribe-opt-in-rate"), "{names:?}");
    }
}

#[test]
fn drawn_twice_gives_the_same_bytes() {
    let report = fixture::report();
    let (first, second) = (charts(&report, &Look::default()).unwrap(), charts(&report, &Look::default()).unwrap());
    for (first, second) in first.iter().zip(&second).take(4) {
        assert_eq!(first.svg, second.svg);
        assert_eq!(first.png().unwrap(), second.png().unwrap());
    }
}

#[test]
fn text_from_data_is_escaped_and_the_svg_well_formed() {
    let mut report = fixture::report();
    let hostile = "<script>&\"'\u{0}]]>";
    report.products[0].name = hostile.into();
    fixture::each_metric(&mut report, |metric| {
        metric.name = hostile.into();
        metric.series[3].period = hostile.into();
    });
    for chart in charts(&report, &Look::default()).unwrap() {
        assert!(!chart.svg.contains("<script"));
        check_well_formed(&chart.svg);
        assert!(chart.svg.contains("role=\"img\"") && chart.svg.contains("@font-face"));
    }
}

#[test]
fn odd_series_are_drawn() {
    let points = |values: &[Option<f64>]| -> Vec<SeriesPoint> {
        let point = |(index, value): (usize, &Option<f64>)| SeriesPoint {
            period: format!("2026-W{index:02}"),
            value: *value,
            numerator: None,
            denominator: None,
        };
        values.iter().enumerate().map(point).collect()
    };
    let cases: [&[Option<f64>]; 8] = [
        &[],
        &[None],
        &[Some(3.0)],
        &[None; 13],
        &[Some(-5.0), None, Some(8.0)],
        &[Some(f64::MAX), Some(-f64::MAX)],
        &[Some(f64::NAN), Some(f64::INFINITY), Some(1.0)],
        &[Some(0.0); 60],
    ];
    for case in cases {
        let mut report = fixture::report();
        report.products.clear();
        fixture::each_metric(&mut report, |metric| metric.series = points(case));
        for chart in charts(&report, &Look::default()).unwrap().iter().filter(|chart| chart.name.starts_with("trend")).take(2) {
            check_well_formed(&chart.svg);
            assert!(chart.png().unwrap().starts_with(b"\x89PNG"));
        }
    }
}

#[test]
fn names_in_any_script_are_drawn() {
    for name in ["הובלה מקומית", "نقل محلي", "東京の引越し", "🚚🚚", "", "Ünïcødé ẞ Ж Ω"] {
        let mut report = fixture::report();
        report.products.truncate(1);
        report.products[0].name = name.into();
        let charts = charts(&report, &Look::default()).unwrap();
        let chart = charts.iter().find(|chart| chart.scope_slug == "local-move").unwrap();
        assert!(chart.svg.contains(name), "the SVG keeps the name");
        assert!(chart.png().unwrap().len() > 1000);
    }
}

#[test]
fn ids_are_unique_in_a_page() {
    let report = fixture::report();
    let mut ids = std::collections::BTreeSet::new();
    for chart in charts(&report, &Look::default()).unwrap() {
        for part in chart.svg.split(" id=\"").skip(1) {
            assert!(ids.insert(part.split('"').next().unwrap().to_owned()));
        }
    }
}

#[test]
fn charts_can_be_drawn_on_several_threads() {
    let report = fixture::report();
    let charts = charts(&report, &Look::default()).unwrap();
    let alone = charts[1].png().unwrap();
    let both =
        std::thread::scope(|scope| [0; 2].map(|_| scope.spawn(|| charts[1].png().unwrap())).map(|thread| thread.join().unwrap()));
    assert!(both.iter().all(|png| *png == alone));
}

#[test]
fn odd_steps_are_drawn() {
    let mut report = fixture::report();
    report.products.clear();
    let steps = |report: &mut Report, change: &dyn Fn(&mut cvj_core::report::Step)| {
        report.overall.stages.iter_mut().filter_map(|stage| stage.to_next.as_mut()).for_each(change);
    };
    let check = |report: &Report| {
        for chart in charts(report, &Look::default()).unwrap().iter().filter(|chart| !chart.name.starts_with("trend")) {
            check_well_formed(&chart.svg);
            assert!(chart.png().unwrap().starts_with(b"\x89PNG") && !chart.svg.contains("NaN"));
        }
    };
    steps(&mut report, &|step| step.cohorts.iter_mut().for_each(|cohort| (cohort.known, cohort.rate) = (false, None)));
    check(&report);
    steps(&mut report, &|step| step.waiting.curve.truncate(1));
    check(&report);
    steps(&mut report, &|step| step.cohorts.truncate(1));
    check(&report);
    steps(&mut report, &|step| (step.cohorts, step.waiting) = (Vec::new(), cvj_core::report::Waiting::default()));
    check(&report);
    assert!(
        charts(&report, &Look::default())
            .unwrap()
            .iter()
            .all(|chart| chart.name != "cohorts" && !chart.name.starts_with("waiting"))
    );
}

#[test]
fn young_cohorts_and_few_people_are_marked() {
    let report = fixture::report();
    let charts = charts(&report, &Look::default()).unwrap();
    let chart = charts.iter().find(|chart| chart.name == "cohorts").unwrap();
    assert!(chart.svg.contains("\n56 of 146\n") && chart.svg.contains("\nyoung\n"), "the reported month has not had its 30 days");
    assert!(chart.svg.contains("493 of 1,300\n"), "September has");
    let curve = charts.iter().find(|chart| chart.name == "waiting-subscribe").unwrap();
    assert!(curve.svg.contains("over half still waiting"));
}
