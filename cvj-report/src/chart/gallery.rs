//! Reports of every kind, and that each chart of them looks deliberate: well-formed, within its frame, and no text upon another.

use std::fmt::{self, Write as _};

use cvj_core::report::{MetricReport, SeriesPoint, Step, TargetStatus, Waiting};
use quick_xml::events::{BytesStart, Event};

use super::ink::Ink;
use super::*;
use crate::{fixture, font};

/// One report of each kind.
fn gallery() -> Vec<(&'static str, Report)> {
    let changed = |name, change: fn(&mut Report)| {
        let mut report = fixture::report();
        report.products.truncate(2);
        change(&mut report);
        (name, report)
    };
    let values = |report: &mut Report, value: fn(usize, f64) -> Option<f64>| {
        fixture::each_metric(report, |metric| {
            for (index, point) in metric.series.iter_mut().enumerate() {
                point.value = value(index, point.value.unwrap_or(1.0));
            }
            metric.actual = metric.series.last().and_then(|point| point.value);
        });
    };
    let mut gallery = vec![
        ("rich", fixture::report()),
        ("odd", fixture::odd()),
        changed("empty", |report| {
            each_step(report, |step| {
                (step.cohorts, step.waiting, step.rate, step.interval) = (Vec::new(), Waiting::default(), None, None);
            });
            each_step(report, |step| (step.entered, step.matured, step.advanced) = (0, 0, 0));
            fixture::each_metric(report, |metric| metric.series.clear());
            each_stage(report, |stage| stage.people.iter_mut().for_each(|people| people.ordered = 0));
            report.ladder.iter_mut().for_each(|ladder| ladder.rungs.truncate(1));
            report.ladder.iter_mut().for_each(|ladder| ladder.moves.clear());
        }),
        changed("unmeasured", |report| {
            each_stage(report, |stage| {
                (stage.measured, stage.people, stage.to_next) = (false, None, None);
                stage.metrics.clear();
            });
        }),
        changed("one-point", |report| {
            fixture::each_metric(report, |metric| drop(metric.series.drain(..metric.series.len().saturating_sub(1))));
            each_step(report, |step| drop(step.cohorts.drain(..step.cohorts.len() - 2)));
            each_step(report, |step| step.waiting.curve.truncate(1));
        }),
        changed("long", |report| {
            fixture::each_metric(report, |metric| {
                let point = |week: usize| SeriesPoint {
                    period: format!("20{}-W{:02}", 20 + week / 52, week % 52 + 1),
                    ..metric.series[week % 13].clone()
                };
                metric.series = (0..120).map(point).collect();
            });
            each_step(report, |step| {
                let cohort = |week: usize| {
                    let mut cohort = step.cohorts[week % 13].clone();
                    cohort.period = format!("20{}-W{:02}", 20 + week / 52, week % 52 + 1);
                    cohort
                };
                step.cohorts = (0..120).map(cohort).collect();
            });
            let rungs =
                |rungs: &mut Vec<cvj_core::report::Rung>| *rungs = (0..40).map(|place| rungs[place % 4].clone()).collect();
            report.ladder.iter_mut().for_each(|ladder| rungs(&mut ladder.rungs));
        }),
        changed("few", |report| {
            each_step(report, |step| {
                for cohort in &mut step.cohorts {
                    (cohort.entered, cohort.matured, cohort.advanced) = (9, 7, 3);
                }
                (step.entered, step.matured, step.advanced) = (9, 7, 3);
            });
            fixture::each_metric(report, |metric| (metric.numerator, metric.denominator) = (Some(3.0), Some(7.0)));
        }),
        changed("names", |report| {
            let long = "Sixty characters of a name that really never comes to its end ok";
            report.products[0].name = long.into();
            report.products[1].name = "הובלה מקומית עם אריזה מלאה וביטוח לכל הדרך אל הבית החדש שלכם".into();
            fixture::each_metric(report, |metric| metric.name = format!("{} {long}", metric.name));
            let rungs = report.ladder.iter_mut().flat_map(|ladder| &mut ladder.rungs);
            rungs.for_each(|rung| {
                rung.name = if rung.price.is_some() {
                    long.into()
                } else {
                    "خدمة نقل البيانو والتحف مع التغليف الكامل والتأمين".into()
                }
            });
        }),
    ];
    for (name, value) in [
        ("huge", (|index, _| Some(1e11 + 1e10 * index as f64)) as fn(usize, f64) -> Option<f64>),
        ("negative", |index, value| Some(if index % 2 == 0 { -value } else { value })),
        ("all-equal", |_, _| Some(5.0)),
        ("zero", |_, _| Some(0.0)),
        ("missing", |index, value| (index % 4 != 1 && index != 12).then_some(value)),
        ("nothing", |_, _| None),
        ("beyond-numbers", |index, _| Some(if index % 2 == 0 { f64::MAX } else { -f64::MAX })),
    ] {
        let mut report = fixture::report();
        report.products.clear();
        values(&mut report, value);
        fixture::each_metric(&mut report, judge);
        gallery.push((name, report));
    }
    gallery
}

/// Another status for each target, and a usual range about the values.
fn judge(metric: &mut MetricReport) {
    let values = metric.series.iter().filter_map(|point| point.value);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    metric.interval = None;
    metric.usual_range = (low <= high).then_some([low * 0.9, high * 1.1]);
    metric.target = metric.target.map(|_| if high.is_finite() { high * 1.2 } else { 10.0 });
    metric.status = if metric.actual.is_none() { TargetStatus::None } else { TargetStatus::OffTrack };
}

fn each_stage(report: &mut Report, change: impl Fn(&mut cvj_core::report::StageReport)) {
    report.products.iter_mut().flat_map(|product| &mut product.stages).chain(&mut report.overall.stages).for_each(change);
}

fn each_step(report: &mut Report, change: impl Fn(&mut Step)) {
    each_stage(report, |stage| stage.to_next.iter_mut().for_each(&change));
}

/// A text of a chart and where it stands, in CSS pixels.
struct Written {
    text: String,
    left: f64,
    right: f64,
    baseline: f64,
    size: f64,
}

impl fmt::Display for Written {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` from {:.0} to {:.0} at {:.0}", self.text, self.left, self.right, self.baseline)
    }
}

/// The texts of an SVG, and its size.
fn written(svg: &str) -> (Vec<Written>, f64, f64) {
    let number = |tag: &BytesStart<'_>, name: &str| {
        let attribute = tag.try_get_attribute(name).unwrap().unwrap();
        attribute.value.parse::<f64>().unwrap()
    };
    let mut reader = quick_xml::Reader::from_str(svg);
    let (mut texts, mut size, mut open) = (Vec::new(), (0.0, 0.0), None);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) if tag.name().as_ref() == "svg" => size = (number(&tag, "width"), number(&tag, "height")),
            Event::Start(tag) if tag.name().as_ref() == "text" => open = Some((tag.into_owned(), String::new())),
            Event::Text(text) => {
                if let Some((_, content)) = &mut open {
                    content.push_str(&text);
                }
            }
            Event::GeneralRef(_) => {
                if let Some((_, content)) = &mut open {
                    content.push('&');
                }
            }
            Event::End(tag) if tag.name().as_ref() == "text" => {
                let (tag, content) = open.take().unwrap();
                let size = number(&tag, "font-size") / 2.0;
                let bold = tag.try_get_attribute("font-weight").unwrap().is_some();
                let text = content.trim().replace(['\u{2068}', '\u{2069}'], "");
                let (x, width) = (number(&tag, "x") / 2.0, Ink { size, bold, color: 0 }.width(&text));
                let anchor = tag.try_get_attribute("text-anchor").unwrap().unwrap().value.into_owned();
                let left = match anchor.as_str() {
                    "start" => x,
                    "middle" => x - width / 2.0,
                    _ => x - width,
                };
                texts.push(Written { text, left, right: left + width, baseline: number(&tag, "y") / 2.0 + 0.76 * size, size });
            }
            _ => {}
        }
    }
    (texts, size.0, size.1)
}

/// What is wrong with the texts of a chart, one line each.
fn misplaced(svg: &str) -> String {
    let (texts, width, height) = written(svg);
    let mut found = String::new();
    for (index, one) in texts.iter().enumerate() {
        let within =
            one.left >= -0.5 && one.right <= width + 0.5 && one.baseline - one.size >= 0.0 && one.baseline <= height - 2.0;
        if !within {
            let _ = writeln!(found, "outside: {one}");
        }
        for other in &texts[index + 1..] {
            let beside = one.right <= other.left || other.right <= one.left;
            let above = (one.baseline - other.baseline).abs() >= 0.85 * one.size.max(other.size);
            if !beside && !above {
                let _ = writeln!(found, "upon each other: {one} and {other}");
            }
        }
    }
    found
}

/// The charts of the first scopes.
fn drawn(report: &Report) -> Vec<(Named, String)> {
    let drawings: Vec<_> = report.scopes().take(4).flat_map(|scope| drawings(report, scope)).collect();
    let svgs = in_parallel(&drawings, |named| named.drawing.svg(&named.id(), Embedding::Font, Palette::default()).unwrap());
    drawings.into_iter().zip(svgs).collect()
}

#[test]
fn no_text_leaves_its_chart_or_lies_upon_another() {
    font::register().unwrap();
    let wide = "<svg width=\"10\" height=\"90\"><text x=\"0\" y=\"40\" font-size=\"40\" text-anchor=\"start\">wide</text></svg>";
    assert!(misplaced(wide).contains("outside"));
    let mut found = String::new();
    for (name, report) in gallery() {
        for (named, svg) in drawn(&report) {
            assert!(!svg.contains("=\"NaN") && !svg.contains("=\"inf"), "{name} {}", named.name);
            let wrong = misplaced(&svg);
            if !wrong.is_empty() {
                let _ = writeln!(found, "{name}: {} of {}:\n{wrong}", named.name, named.scope_slug);
            }
        }
    }
    assert!(found.is_empty(), "{found}");
}

#[test]
fn each_kind_of_chart_is_in_the_gallery() {
    let names: Vec<_> = drawn(&gallery()[0].1).into_iter().map(|(named, _)| named.name).collect();
    for kind in ["journey", "targets", "products", "ladder", "cohorts", "rates-", "waiting-", "trend-"] {
        assert!(names.iter().any(|name| name.starts_with(kind)), "{kind} {names:?}");
    }
}

/// Draws them all into a folder, to be looked at: `cargo test -p cvj-report gallery -- --ignored`.
#[test]
#[ignore = "writes files to look at"]
fn gallery_to_look_at() {
    for (name, report) in gallery() {
        let folder = std::env::temp_dir().join("cvj-report-gallery").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let charts = drawn(&report);
        for ((named, svg), png) in
            charts.iter().zip(in_parallel(&charts, |(named, _)| named.drawing.png(Palette::default()).unwrap()))
        {
            std::fs::write(folder.join(format!("{}.png", named.id())), png).unwrap();
            std::fs::write(folder.join(format!("{}.svg", named.id())), svg).unwrap();
        }
        std::fs::write(folder.join("report.html"), crate::html(&report, &Look::default()).unwrap()).unwrap();
    }
}
