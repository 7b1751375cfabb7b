//! A rich report to draw in tests: three products, thirteen months, stages that nothing measures.

mod findings;
mod journey;

use cvj_core::period::PeriodKind;
use cvj_core::report::{
    BulkMinute, Covers, CurrentStage, DateTrust, DefinitionCard, DefinitionKind, LeftOut, MetricReport, Nps, People, Product,
    Readings, Reject, RejectReason, Report, ReportPeriod, Scope, SeriesPoint, Source, StagePeople, StageReport, Step, Table,
    TargetStatus, Trail, Unassigned, VERSION, Verdict,
};
use cvj_core::stats::{net_score, xmr_limits};
use cvj_core::{Good, Stage, Unit};
use journey::Course;

const MONTHS: [&str; 13] = [
    "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08",
    "2026-09", "2026-10",
];

/// The report.
pub(crate) fn report() -> Report {
    let names = [("Local move", 1.0), ("Long-distance move", 0.42), ("Piano & antiques – white-glove storage", 0.08)];
    Report {
        version: VERSION,
        client: "Northwind Moving & Storage".into(),
        currency: "USD".into(),
        timezone: "America/Chicago".into(),
        period: ReportPeriod {
            kind: PeriodKind::Month,
            label: "2026-10".into(),
            start: "2026-10-01".into(),
            end: "2026-11-01".into(),
            complete: true,
        },
        as_of: "2026-11-04T00:00:00-06:00".into(),
        overall: scope(1.6, true),
        products: names
            .iter()
            .map(|&(name, scale)| {
                let Scope { stages, findings } = scope(scale, false);
                Product { name: name.into(), slug: cvj_core::slug::slug(name), stages, findings }
            })
            .collect(),
        sources: sources(),
        unassigned: vec![
            Unassigned { source: "web".into(), table: "web".into(), value: Some("/old-landing-page".into()), rows: 14 },
            Unassigned { source: "crm".into(), table: "deals".into(), value: Some(String::new()), rows: 3 },
            Unassigned { source: "crm".into(), table: "deals".into(), value: None, rows: 41 },
        ],
        ladder: Some(findings::ladder()),
        definitions: definitions(),
        notes: vec!["Sessions 2026-08: reported 4,410, now 4,502 (restated by the platform).".into()],
    }
}

/// Changes every metric of every scope.
pub(crate) fn each_metric(report: &mut Report, change: impl Fn(&mut MetricReport)) {
    let stages = report.products.iter_mut().flat_map(|product| &mut product.stages).chain(&mut report.overall.stages);
    for metric in stages.flat_map(|stage| &mut stage.metrics) {
        change(metric);
    }
}

fn scope(scale: f64, whole: bool) -> Scope {
    let stages = stages(scale);
    Scope { findings: findings::findings(&stages, whole), stages }
}

fn stages(scale: f64) -> Vec<StageReport> {
    let people = [9200.0, 4100.0, 1210.0, 388.0, -1.0, 96.0, 41.0, -1.0];
    Stage::ALL
        .into_iter()
        .map(|stage| {
            let any = people[stage.index()] * scale;
            let measured = any >= 0.0;
            let next = Stage::ALL.into_iter().find(|next| *next > stage && people[next.index()] >= 0.0);
            let to_next = next.filter(|_| measured).map(|to| step(stage, to, any / 12.0));
            let (people, readings) = if measured { readings(stage, any as u64) } else { (None, None) };
            let mut metrics = if measured { metrics(stage, scale) } else { Vec::new() };
            metrics.extend(to_next.as_ref().map(step_rate));
            StageReport { stage, measured, metrics, people, readings, to_next }
        })
        .collect()
}

fn readings(stage: Stage, any: u64) -> (Option<People>, Option<Readings>) {
    let backward = any * 7 / 100;
    let ordered = any - backward;
    let index = stage.index() as u64;
    let (skipped, no_earlier) = (ordered * index / 20, ordered * index.min(1) / 9);
    let missing = Stage::ALL.into_iter().filter(|earlier| *earlier < stage && *earlier != Stage::Excite);
    let missing = missing.map(|earlier| StagePeople { stage: earlier, people: skipped / (1 + earlier.index() as u64 % 3) });
    let people = People { any, ordered, strict: ordered - skipped - no_earlier };
    (Some(people), Some(Readings { backward, skipped, no_earlier, missing: missing.collect() }))
}

fn step(from: Stage, to: Stage, entered: f64) -> Step {
    let (rates, days) = match from {
        Stage::Aware => ([0.37, 0.38], 2.5),
        Stage::Engage => ([0.29, 0.31], 5.0),
        Stage::Subscribe => ([0.52, 0.31], 14.0),
        Stage::Convert => ([0.24, 0.25], 120.0),
        _ => ([0.4, 0.42], 40.0),
    };
    Course { from, to, entered, rates, days }.step()
}

/// The built-in metric of a step, as the engine makes it.
fn step_rate(step: &Step) -> MetricReport {
    let point = |cohort: &cvj_core::report::Cohort| SeriesPoint {
        period: cohort.period.clone(),
        value: cohort.rate,
        numerator: Some(cohort.advanced as f64),
        denominator: Some(cohort.matured as f64),
    };
    let mut metric = metric("Step rate", Unit::Percent, 0.0, 0.0);
    metric.series = step.cohorts.iter().map(point).collect();
    (metric.headline, metric.built_in, metric.owner) = (false, true, None);
    (metric.actual, metric.interval, metric.previous) = (step.rate, step.interval, metric.series[11].value);
    (metric.numerator, metric.denominator) = (Some(step.advanced as f64), Some(step.matured as f64));
    metric.change = metric.actual.zip(metric.previous).map(|(actual, previous)| actual - previous);
    metric.verdict = if metric.change.is_some() { Verdict::TooClose } else { Verdict::None };
    metric
}

fn metrics(stage: Stage, scale: f64) -> Vec<MetricReport> {
    let base = |name: &str, unit, start: f64, slope: f64| metric(name, unit, start, slope);
    let people = || MetricReport { built_in: true, headline: false, ..base("People", Unit::Count, 40.0 * scale, 1.0) };
    let mut metrics = match stage {
        Stage::Aware => vec![
            MetricReport {
                target: Some(5000.0),
                status: TargetStatus::OnTrack,
                ..base("Sessions", Unit::Count, 4100.0 * scale, 92.0)
            },
            MetricReport { good: Good::Down, ..base("Cost per click", Unit::Money, 2.85, 0.06) },
        ],
        Stage::Engage => vec![rate("Engaged sessions", 0.44, 4100.0 * scale, 0.004)],
        Stage::Subscribe => vec![rate("Opt-in rate", 0.052, 1900.0 * scale, -0.0012)],
        Stage::Convert => vec![
            MetricReport {
                target: Some(180_000.0 * scale),
                status: TargetStatus::OffTrack,
                ..base("New-customer revenue", Unit::Money, 142_350.0 * scale, 1630.0)
            },
            rate("Quote-to-booking rate", 0.31, 34.0 * scale, 0.003),
        ],
        Stage::Ascend => vec![base("Repeat orders", Unit::Count, 11.0 * scale, 0.2)],
        Stage::Advocate => vec![promoter_score(base("Net promoter score", Unit::Score, 28.0, 0.9))],
        Stage::Excite | Stage::Promote => Vec::new(),
    };
    metrics.push(people());
    metrics
}

fn metric(name: &str, unit: Unit, start: f64, slope: f64) -> MetricReport {
    let wobble = [0.0, 0.04, -0.09, -0.05, 0.01, 0.06, 0.02, -0.03, 0.05, 0.07, 0.03, -0.02, 0.11];
    let series: Vec<_> = MONTHS
        .iter()
        .zip(wobble)
        .enumerate()
        .map(|(index, (&month, wobble))| {
            let raw = (start + slope * index as f64) * (1.0 + wobble);
            let value = if unit == Unit::Count { raw.round() } else { (raw * 100.0).round() / 100.0 };
            SeriesPoint { period: month.into(), value: (index != 4).then_some(value), numerator: None, denominator: None }
        })
        .collect();
    let (actual, previous) = (series[12].value, series[11].value);
    MetricReport {
        name: name.into(),
        unit,
        good: Good::Up,
        headline: true,
        actual,
        previous,
        change: actual.zip(previous).map(|(actual, previous)| actual - previous),
        verdict: if unit == Unit::Score { Verdict::TooClose } else { Verdict::Up },
        numerator: None,
        denominator: None,
        interval: None,
        usual_range: routine(&series, unit),
        target: None,
        status: TargetStatus::None,
        owner: (unit != Unit::Score).then(|| "Dana".into()),
        series,
        source: "web".into(),
        built_in: false,
        nps: None,
    }
}

/// The usual range of a metric that is judged by its routine variation.
fn routine(series: &[SeriesPoint], unit: Unit) -> Option<[f64; 2]> {
    let (_, earlier) = series.split_last()?;
    let earlier: Vec<f64> = earlier.iter().filter_map(|point| point.value).collect();
    xmr_limits(&earlier).filter(|_| !matches!(unit, Unit::Percent | Unit::Score))
}

fn rate(name: &str, start: f64, denominator: f64, slope: f64) -> MetricReport {
    let mut metric = metric(name, Unit::Percent, start, slope);
    for (index, point) in metric.series.iter_mut().enumerate() {
        let denominator = (denominator * (1.0 + (index % 5) as f64 / 40.0)).round();
        let numerator = (denominator * (start + slope * index as f64)).round();
        (point.value, point.numerator, point.denominator) = (Some(numerator / denominator), Some(numerator), Some(denominator));
    }
    let last = &metric.series[12];
    (metric.actual, metric.numerator, metric.denominator) = (last.value, last.numerator, last.denominator);
    metric.previous = metric.series[11].value;
    metric.change = metric.actual.zip(metric.previous).map(|(actual, previous)| actual - previous);
    metric.interval = metric.actual.map(|rate| [(rate - 0.04).max(0.0), rate + 0.04]);
    metric.verdict = if slope < 0.0 { Verdict::Down } else { Verdict::TooClose };
    (metric.target, metric.status) = (Some(start * 1.05), TargetStatus::AtRisk);
    metric.owner = None;
    metric
}

fn promoter_score(mut metric: MetricReport) -> MetricReport {
    let Some(net) = net_score(50, 30, 20) else { return metric };
    metric.series[12].value = Some(net.score * 100.0);
    metric.actual = metric.series[12].value;
    metric.change = metric.actual.zip(metric.previous).map(|(actual, previous)| actual - previous);
    metric.interval = Some(net.interval.map(|end| end * 100.0));
    let (scale, scale_doubtful) = (Some([1.0, 10.0]), true);
    metric.nps =
        Some(Nps { promoters: 50, passives: 30, detractors: 20, adjusted: Some(net.adjusted * 100.0), scale, scale_doubtful });
    metric
}

fn sources() -> Vec<Source> {
    let table = |name: &str, rows_rejected| Table {
        name: name.into(),
        files: vec!["ga4-2026-09.csv".into(), "ga4-2026-10.csv".into()],
        rows_read: 12_480,
        rows_expected: Some(12_500),
        rows_rejected,
        rejected_by_reason: vec![RejectReason {
            definition: "Sessions".into(),
            column: "date".into(),
            why: "not a date".into(),
            rows: rows_rejected,
        }],
        rejects: vec![Reject {
            definition: "Sessions".into(),
            place: "ga4-2026-10.csv:17".into(),
            column: "date".into(),
            why: "`31.2.2026` is not a date".into(),
        }],
        rows_left_out: vec![LeftOut { why: "total row".into(), rows: 2 }],
    };
    let covers = |from: &str, to: &str| Some(Covers { from: from.into(), to: to.into() });
    vec![
        Source {
            name: "web".into(),
            plugin: "csv".into(),
            covers: covers("2025-09-01", "2026-11-04"),
            ends_early: false,
            tables: vec![table("web", 3)],
            dates: Some(DateTrust { touchpoints: 14_720, ..DateTrust::default() }),
        },
        Source {
            name: "crm".into(),
            plugin: "hubspot".into(),
            covers: covers("2025-09-01", "2026-10-29"),
            ends_early: true,
            tables: vec![table("contacts", 12), table("deals", 0)],
            dates: Some(dates()),
        },
    ]
}

fn dates() -> DateTrust {
    let minute = |minute: &str, touchpoints| BulkMinute { minute: minute.into(), stage: Stage::Subscribe, touchpoints };
    DateTrust {
        touchpoints: 2210,
        bulk: 352,
        bulk_minutes: vec![minute("2026-03-04T09:12:00-06:00", 214), minute("2026-10-02T17:40:00-05:00", 138)],
        same_instant: 41,
        before_first: 19,
        future: 3,
        current: Some(CurrentStage { people: 820, disagree: 57 }),
    }
}

fn definitions() -> Vec<DefinitionCard> {
    let card = |kind, stage, name: &str, formula: &str, origin: &str| DefinitionCard {
        kind,
        stage,
        name: name.into(),
        formula: formula.into(),
        from: "web".into(),
        at: "date".into(),
        product: Some("landing_page".into()),
        origin: origin.into(),
        trail: (kind != DefinitionKind::BuiltIn).then(|| Trail {
            sql: format!("SELECT {formula} FROM web WHERE date >= TIMESTAMP '2025-10-01T05:00:00Z'"),
            files: vec!["ga4-2026-09.csv".into(), "ga4-2026-10.csv".into()],
            rows_read: 12_480,
            rows_used: 11_902,
            rows_rejected: 3,
        }),
    };
    vec![
        card(DefinitionKind::Metric, Some(Stage::Aware), "Sessions", "sum(sessions) where medium <> 'internal'", "cvj.toml"),
        card(DefinitionKind::Metric, Some(Stage::Subscribe), "Opt-in rate", "sum(key_events) / sum(users)", "recipe ga4"),
        card(DefinitionKind::Touchpoint, None, "Lifecycle log", "one person reaching the stage named in `stage`", "cvj.toml"),
        card(DefinitionKind::BuiltIn, Some(Stage::Convert), "People", "people with a touchpoint in the period", "cvj"),
    ]
}

/// A report as odd as it gets: forty products, names long and in any script, an unfinished period, huge, negative and unknown values.
pub(crate) fn odd() -> Report {
    let mut report = report();
    let template = report.products[0].clone();
    let names =
        ["הובלה מקומית עם אריזה", "Sixty characters of a product name that really never ends ok", "نقل الأثاث", "東京の引越し"];
    let name = |number: usize| format!("{} {number}", names[number % names.len()]);
    report.products =
        (0..40).map(|number| Product { name: name(number), slug: format!("product-{number}"), ..template.clone() }).collect();
    report.period.complete = false;
    report.client = "A client whose name is sixty characters long, more or less, GmbH".into();
    each_metric(&mut report, |metric| match metric.name.as_str() {
        "Sessions" => {
            metric.name = "Sessions of everybody who came from anywhere at all, bots kept".into();
            metric.actual = Some(98_765_432_109.0);
            metric.series[12].value = metric.actual;
            metric.target = Some(123_456_789_012.0);
        }
        "New-customer revenue" => {
            metric.actual = Some(-12_345_678.9);
            metric.series[12].value = metric.actual;
            (metric.change, metric.verdict) = (Some(-22_345_678.9), Verdict::Down);
            metric.owner = Some("Maximiliane Oberhuber-Winterstein".into());
        }
        "Net promoter score" => {
            (metric.actual, metric.previous, metric.change, metric.verdict) = (None, None, None, Verdict::None);
            metric.series.iter_mut().for_each(|point| point.value = None);
        }
        "Repeat orders" => metric.series.drain(..12).for_each(drop),
        _ => {}
    });
    report
}

/// Writes every output of both reports below the temporary folder, to be looked at: `cargo test -p cvj-report -- --ignored look`.
#[test]
#[ignore = "writes files to look at"]
fn look() {
    for (name, report) in [("rich", report()), ("odd", odd())] {
        let folder = std::env::temp_dir().join("cvj-report-look").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let write = |file: String, bytes: Vec<u8>| std::fs::write(folder.join(file), bytes).unwrap();
        write("report.html".into(), crate::html(&report, &crate::Look::default()).unwrap().into());
        write("report.json".into(), crate::json(&report).into());
        write("empty.xlsx".into(), crate::empty_worksheet().unwrap());
        write("overall.xlsx".into(), crate::overall_worksheet(&report, &crate::Look::default()).unwrap());
        for (index, product) in report.products.iter().enumerate().take(3) {
            write(format!("{}.xlsx", product.slug), crate::worksheet(&report, index, &crate::Look::default()).unwrap());
        }
        for chart in crate::charts(&report, &crate::Look::default()).unwrap().into_iter().take(27) {
            let stem = format!("{}-{}", chart.scope_slug, chart.name);
            write(format!("{stem}.png"), chart.png().unwrap());
            write(format!("{stem}.svg"), chart.svg.into());
        }
    }
}
