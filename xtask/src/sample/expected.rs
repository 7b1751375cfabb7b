//! `expected.json`: the part of `report.json` that the generator knows the truth of.

use std::cmp::Reverse;

use jiff::ToSpan;
use serde_json::{Value, json};

use super::calendar::{Calendar, HISTORY, MONTHS, Seconds, as_of, label};
use super::journey::Journey;
use super::statistics::{chart_verdict, net_interval, net_score, net_verdict, rate_verdict, status, wilson};
use super::truth::{Observation, Source, Table, Truth};
use super::world::{PRODUCTS, Product, Stage};

/// How observations become a number. The divisor turns the smallest unit (cents, tenths) into the unit.
#[derive(Clone, Copy)]
enum Formula {
    Sum(f64),
    Orders,
    Average(f64),
    /// Numerator and denominator are kept.
    Ratio(f64),
    PerOrder(f64),
    /// Answers from 0 to 10.
    Nps,
}

/// A declared metric.
struct Metric<'a> {
    stage: Stage,
    name: &'static str,
    unit: &'static str,
    good: &'static str,
    target: Option<f64>,
    source: Source,
    has_products: bool,
    formula: Formula,
    observations: &'a [Observation],
}

/// A metric's number in one period.
#[derive(Clone, Copy, Default)]
struct Cell {
    value: Option<f64>,
    parts: Option<(f64, f64)>,
    /// Promoters, passives and detractors.
    thirds: Option<[i64; 3]>,
}

impl Metric<'_> {
    fn cell(&self, product: Option<Product>, (start, end): (Seconds, Seconds)) -> Cell {
        let rows: Vec<&Observation> = self
            .observations
            .iter()
            .filter(|row| (start..end).contains(&row.at) && (product.is_none() || row.product == product))
            .collect();
        let amount = rows.iter().map(|row| row.amount).sum::<i64>() as f64;
        let weight = rows.iter().map(|row| row.weight).sum::<i64>() as f64;
        let orders = Truth::distinct_orders(&rows) as f64;
        let ratio = |top: f64, bottom: f64| Cell {
            value: (bottom != 0.0).then(|| top / bottom),
            parts: Some((top, bottom)),
            thirds: None,
        };
        match self.formula {
            Formula::Sum(divisor) => Cell { value: Some(amount / divisor), ..Cell::default() },
            Formula::Orders => Cell { value: Some(orders), ..Cell::default() },
            Formula::Average(divisor) => Cell { parts: None, ..ratio(amount / divisor, weight) },
            Formula::Ratio(divisor) => ratio(amount / divisor, weight),
            Formula::PerOrder(divisor) => ratio(amount / divisor, orders),
            Formula::Nps => {
                let between =
                    |range: std::ops::RangeInclusive<i64>| rows.iter().filter(|row| range.contains(&row.amount)).count() as i64;
                let thirds @ [promoters, _, detractors] = [between(9..=10), between(7..=8), between(0..=6)];
                let net = ratio((promoters - detractors) as f64, weight);
                Cell { value: net.value.map(|score| score * 100.0), thirds: Some(thirds), ..net }
            }
        }
    }
}

fn declared(truth: &Truth) -> Vec<Metric<'_>> {
    use Formula::{Average, Orders, PerOrder, Ratio, Sum};
    let metric = |stage, name, unit, source, formula, observations| Metric {
        stage,
        name,
        unit,
        good: "up",
        target: None,
        source,
        has_products: true,
        formula,
        observations,
    };
    vec![
        metric(Stage::Aware, "Sessions", "count", Source::Web, Sum(1.0), truth.sessions.as_slice()),
        Metric { good: "down", ..metric(Stage::Aware, "Ad spend", "money", Source::Ads, Sum(100.0), &truth.spend) },
        Metric {
            good: "down",
            target: Some(1.3),
            ..metric(Stage::Aware, "Cost per click", "money", Source::Ads, Ratio(100.0), &truth.spend)
        },
        Metric {
            target: Some(0.55),
            ..metric(Stage::Engage, "Engagement rate", "percent", Source::Web, Ratio(1.0), &truth.engagement)
        },
        Metric {
            target: Some(0.08),
            ..metric(Stage::Subscribe, "Opt-in rate", "percent", Source::Web, Ratio(1.0), &truth.opt_ins)
        },
        metric(Stage::Subscribe, "Average quote volume", "number", Source::Newsletter, Average(10.0), &truth.volumes),
        metric(Stage::Convert, "Orders", "count", Source::Shop, Orders, &truth.order_lines),
        metric(Stage::Convert, "Average order value", "money", Source::Shop, PerOrder(100.0), &truth.paid_lines),
        Metric {
            target: Some(0.9),
            has_products: false,
            ..metric(Stage::Excite, "On-time moves", "percent", Source::Onboarding, Ratio(1.0), &truth.on_time)
        },
        Metric {
            target: Some(4.2),
            ..metric(Stage::Advocate, "Review score", "score", Source::Feedback, Average(1.0), &truth.stars)
        },
        Metric { target: Some(40.0), ..metric(Stage::Advocate, "NPS", "nps", Source::Feedback, Formula::Nps, &truth.answers) },
        Metric {
            target: Some(20.0),
            has_products: false,
            ..metric(Stage::Promote, "Referrals", "count", Source::Referrals, Sum(2_500.0), &truth.rewards)
        },
        Metric {
            good: "down",
            has_products: false,
            ..metric(Stage::Promote, "Referral rewards", "money", Source::Referrals, Sum(100.0), &truth.rewards)
        },
    ]
}

/// The touchpoint sources that feed a stage.
fn feeding(stage: Stage) -> &'static [Source] {
    match stage {
        Stage::Aware => &[Source::Events, Source::Referrals],
        Stage::Engage => &[Source::Events],
        Stage::Subscribe => &[Source::Newsletter],
        Stage::Convert | Stage::Ascend => &[Source::Shop],
        Stage::Excite => &[Source::Onboarding],
        Stage::Advocate => &[Source::Feedback],
        Stage::Promote => &[Source::Referrals],
    }
}

/// Draws the whole file.
pub(super) fn expected(truth: &Truth, calendar: &Calendar) -> Result<Value, String> {
    let scopes = Scopes { truth, history: calendar.history()?, as_of: calendar.as_of()? };
    let (start, end) = (label(MONTHS - 1) + "-01", label(MONTHS) + "-01");
    let products: Vec<Value> = (0..PRODUCTS.len())
        .map(|product| {
            let slug = PRODUCTS[product].to_lowercase().replace(' ', "-");
            json!({ "name": PRODUCTS[product], "slug": slug, "stages": scopes.stages(Some(product)) })
        })
        .collect();
    Ok(json!({
        "version": 1,
        "client": "Northwind Moving",
        "currency": "USD",
        "timezone": "America/Chicago",
        "period": { "kind": "month", "label": label(MONTHS - 1), "start": start, "end": end, "complete": true },
        "as_of": format!("{}T00:00:00-06:00", as_of()),
        "overall": { "stages": scopes.stages(None) },
        "products": products,
        "sources": sources(truth, calendar)?,
        "unassigned": unassigned(truth),
    }))
}

struct Scopes<'a> {
    truth: &'a Truth,
    history: Vec<(Seconds, Seconds)>,
    as_of: Seconds,
}

impl Scopes<'_> {
    /// The eight stages of a product, or of overall.
    fn stages(&self, product: Option<Product>) -> Vec<Value> {
        let end = self.history[HISTORY - 1].1;
        let touches = self.truth.touches.iter().filter(|touch| product.is_none() || touch.product == product);
        let journey = Journey::of(touches, self.as_of, end);
        let metrics = declared(self.truth);
        Stage::ALL
            .into_iter()
            .map(|stage| {
                let here = metrics.iter().filter(|metric| metric.stage == stage && (product.is_none() || metric.has_products));
                let mut drawn: Vec<Value> = here.map(|metric| self.declared(metric, product)).collect();
                let in_chain = journey.chain.contains(&stage);
                let measured = in_chain || !drawn.is_empty();
                if in_chain {
                    let headline = drawn.is_empty();
                    drawn.extend(self.built_in(&journey, stage, product, headline));
                }
                let step = journey.step(stage, self.history[HISTORY - 1]).map(|step| step.json());
                json!({ "stage": stage.key(), "measured": measured, "metrics": drawn, "people": journey.people(stage), "to_next": step })
            })
            .collect()
    }

    fn declared(&self, metric: &Metric<'_>, product: Option<Product>) -> Value {
        let cells = self.cells(&[metric.source], |period| metric.cell(product, period));
        let is_rate = metric.unit == "percent";
        let mut drawn = json!({ "name": metric.name, "unit": metric.unit, "good": metric.good, "target": metric.target,
            "status": status(cells[HISTORY - 1].value, metric.target, metric.good == "up"),
            "source": metric.source.name(), "built_in": false });
        add_numbers(&mut drawn, &cells, is_rate);
        if let Some(thirds @ [promoters, passives, detractors]) = cells[HISTORY - 1].thirds {
            let (now, points) = (net_score(thirds), |share: f64| share * 100.0);
            drawn["verdict"] = json!(net_verdict(Some(thirds), cells[HISTORY - 2].thirds));
            drawn["interval"] = json!(now.map(|now| net_interval(now).map(points)));
            drawn["nps"] = json!({ "promoters": promoters, "passives": passives, "detractors": detractors,
                "adjusted": now.map(|(adjusted, _)| points(adjusted)) });
        }
        drawn
    }

    fn built_in(&self, journey: &Journey, stage: Stage, product: Option<Product>, headline: bool) -> Vec<Value> {
        let sources = feeding(stage);
        let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
        let draw = |name: &str, unit: &str, cells: &[Cell]| {
            let mut drawn = json!({ "name": name, "unit": unit, "good": "up", "headline": headline, "target": null, "status": "none",
                "source": names.join(", "), "built_in": true });
            add_numbers(&mut drawn, cells, unit == "percent");
            drawn
        };
        let people = self.cells(sources, |period| Cell { value: Some(journey.entered(stage, period) as f64), ..Cell::default() });
        let mut drawn = vec![draw("People", "count", &people)];
        if journey.chain.last() != Some(&stage) {
            let rates = self.cells(sources, |period| {
                let (advanced, matured) = journey.step(stage, period).map_or((0, 0), |step| (step.advanced, step.matured));
                let value = (matured > 0).then(|| advanced as f64 / matured as f64);
                Cell { value, parts: Some((advanced as f64, matured as f64)), thirds: None }
            });
            drawn.push(draw("Step rate", "percent", &rates));
        }
        if sources == [Source::Shop] {
            let revenue = self.cells(sources, |(start, end)| {
                let here = self
                    .truth
                    .touches
                    .iter()
                    .filter(|touch| touch.stage == stage && (product.is_none() || touch.product == product));
                let cents: i64 = here.filter(|touch| (start..end).contains(&touch.at)).map(|touch| touch.cents).sum();
                Cell { value: Some(cents as f64 / 100.0), ..Cell::default() }
            });
            drawn.push(draw("Revenue", "money", &revenue));
        }
        drawn
    }

    /// One cell per month of the history; unknown where a source has no row.
    fn cells(&self, sources: &[Source], cell: impl Fn((Seconds, Seconds)) -> Cell) -> Vec<Cell> {
        let known = |period| sources.iter().all(|&source| self.truth.has_rows(source, period));
        self.history.iter().map(|&period| if known(period) { cell(period) } else { Cell::default() }).collect()
    }
}

/// Adds actual, previous, change, verdict, parts and interval of the last of these cells.
fn add_numbers(drawn: &mut Value, cells: &[Cell], is_rate: bool) {
    let (now, before) = (cells[HISTORY - 1], cells[HISTORY - 2]);
    let counts = |cell: Cell| cell.parts.map(|(top, bottom)| (top as i64, bottom as i64));
    let earlier: Vec<Option<f64>> = cells[..HISTORY - 1].iter().map(|cell| cell.value).collect();
    let verdict = if is_rate { rate_verdict(counts(now), counts(before)) } else { chart_verdict(now.value, &earlier) };
    drawn["actual"] = json!(now.value);
    drawn["previous"] = json!(before.value);
    drawn["change"] = json!(now.value.zip(before.value).map(|(now, before)| now - before));
    drawn["verdict"] = json!(verdict);
    drawn["numerator"] = json!(now.parts.map(|parts| parts.0));
    drawn["denominator"] = json!(now.parts.map(|parts| parts.1));
    drawn["interval"] = json!(counts(now).filter(|_| is_rate).and_then(|(top, bottom)| wilson(top, bottom)));
}

fn sources(truth: &Truth, calendar: &Calendar) -> Result<Vec<Value>, String> {
    let mut found: Vec<(Source, Vec<&Table>)> = Vec::new();
    for table in &truth.tables {
        match found.last_mut() {
            Some((source, tables)) if *source == table.source => tables.push(table),
            _ => found.push((table.source, vec![table])),
        }
    }
    let draw = |(source, tables): (Source, Vec<&Table>)| {
        let times = || tables.iter().flat_map(|table| table.times.iter().copied());
        let first = calendar.day(times().min().unwrap_or_default())?;
        let last = calendar.day(times().max().unwrap_or_default())?.saturating_add(1.day());
        let rows: Vec<Value> = tables
            .iter()
            .map(|table| json!({ "name": table.name, "rows_read": table.rows_read, "rows_rejected": table.rows_rejected }))
            .collect();
        Ok(json!({ "name": source.name(), "covers": { "from": first.to_string(), "to": last.to_string() }, "tables": rows }))
    };
    found.into_iter().map(draw).collect()
}

/// Values that match no product: most rows first, then by source, table and value.
fn unassigned(truth: &Truth) -> Vec<Value> {
    let values = |table: &'_ Table| {
        let (source, name) = (table.source.name(), table.name);
        table.unassigned.values().map(move |(value, rows)| (*rows, source, name, value.clone())).collect::<Vec<_>>()
    };
    let mut found: Vec<_> = truth.tables.iter().flat_map(values).collect();
    found.sort_by(|left, right| (Reverse(left.0), left.1, left.2, &left.3).cmp(&(Reverse(right.0), right.1, right.2, &right.3)));
    found
        .into_iter()
        .map(|(rows, source, table, value)| json!({ "source": source, "table": table, "value": value, "rows": rows }))
        .collect()
}
