//! Every number that the tables, cards and headline of a page print, read back and compared with its `report.json`.
//!
//! Where a number has a place of its own, it must be the report's number of that place, within half of its last digit, and no
//! other may stand beside it. The numbers of a sentence must be among those that the sentence is about.

mod reported;

use serde_json::Value;

use crate::dom::Element;
use crate::printed::{Decimal, printed};
use reported::{
    Figure, Share, answers, change_of, find, metric_of, number, numbers_of, pair, quartiles, readings, scale, stage_of,
    step_numbers,
};

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct PageNumbers {
    /// One line for each place that prints something else than the report has.
    pub wrong: Vec<String>,
    /// How many places were compared.
    pub looked_at: usize,
}

/// Compares a page with its report.
pub fn page_numbers(page: &Element, report: &Value, decimal: Decimal) -> PageNumbers {
    let mut walk = Walk { report, decimal, found: PageNumbers::default() };
    for element in page.all() {
        match element.name.as_str() {
            "h2" if element.is("headline") => walk.headline(element),
            "ol" if element.is("glance") => walk.glance(element),
            "table" if element.is("scorecard") => walk.scorecard(element),
            "table" if element.is("audit") => walk.audit(element),
            "table" if element.is("cohorts") => walk.cohorts(element),
            "table" if element.is("ladder") => walk.ladder(element),
            "table" if element.is("breakdown") => walk.breakdown(element),
            "dl" if element.is("worth") => walk.worth(element),
            "dl" if element.is("skips") => walk.skips(element),
            "section" if element.attribute("id") == Some("side-by-side") => walk.comparison(element),
            "section" if element.attribute("id") == Some("summary") => walk.summary(element),
            "article" if element.is("stage") && !element.is("absent") => walk.stage(element),
            "div" if element.is("source") => walk.source(element),
            "svg" => walk.chart(element),
            _ => {}
        }
    }
    walk.trails(page);
    walk.found
}

struct Walk<'a> {
    report: &'a Value,
    decimal: Decimal,
    found: PageNumbers,
}

impl<'a> Walk<'a> {
    /// The numbers of a text are these, in this order.
    fn exactly(&mut self, place: &str, text: &str, expected: &[f64]) {
        self.found.looked_at += 1;
        let numbers = printed(text, self.decimal);
        let same = numbers.len() == expected.len() && numbers.iter().zip(expected).all(|(printed, number)| printed.is(*number));
        if !same {
            self.found.wrong.push(format!("{place} prints `{}`, the report has {expected:?}", text.trim()));
        }
    }

    /// The numbers of a sentence are among these, but for years and for what every such sentence says.
    fn among(&mut self, place: &str, text: &str, known: &[&Value]) {
        self.found.looked_at += 1;
        let mut numbers = Vec::new();
        for value in known {
            numbers_of(value, &mut numbers);
        }
        for printed in printed(text, self.decimal) {
            let fixed = [("95", "% interval"), ("95", "\u{a0}% interval"), ("20", " people"), ("20", " of")];
            let fixed = fixed.iter().any(|(number, after)| printed.text == *number && printed.after.starts_with(after));
            if !fixed && !printed.is_year() && !numbers.iter().any(|number| printed.is_size_of(*number)) {
                self.found.wrong.push(format!("{place} prints {} in `{}`", printed.text, text.trim()));
            }
        }
    }

    /// What a chart tells of its marks is in the part of the report that it draws.
    fn chart(&mut self, svg: &Element) {
        let Some(name) = svg.attribute("aria-labelledby").and_then(|ids| ids.split_once("-title ")).map(|(name, _)| name) else {
            return;
        };
        let scopes = self.scopes().filter_map(|(slug, scope)| Some((slug, scope, name.strip_prefix(slug)?.strip_prefix('-')?)));
        // A slug may begin another.
        let Some((_, scope, chart)) = scopes.max_by_key(|(slug, ..)| slug.len()) else {
            return self.lost(format!("chart {name} is of no scope"));
        };
        let (kind, rest) = chart.split_once('-').unwrap_or((chart, ""));
        let stage = stage_of(scope, rest.split('-').next().unwrap_or_default());
        let drawn: Vec<&Value> = match kind {
            "rates" | "waiting" => vec![&stage["to_next"]],
            "trend" => vec![&stage["metrics"]],
            "ladder" => vec![&self.report["ladder"]],
            "products" => vec![&self.report["products"], &self.report["overall"]],
            _ => vec![scope],
        };
        for said in svg.named("rect").flat_map(|mark| mark.named("title")).map(Element::text) {
            // What stands before the colon is a name, a period or an age.
            if let Some((_, said)) = said.split_once(": ") {
                self.among(&format!("chart {name}"), said, &drawn);
            }
        }
    }

    /// The rows that a source gave, and those that no product claims.
    fn source(&mut self, source: &Element) {
        let Some(table) = source.first("table") else { return };
        let report = self.report;
        if table.is("unclaimed") {
            let unassigned = report["unassigned"].as_array().map_or(&[][..], Vec::as_slice);
            if rows(table).count() != unassigned.len() {
                self.lost("the page has other rows that no product claims");
            }
            for (row, of) in rows(table).zip(unassigned) {
                let shown = row.named("td").last().map(Element::text).unwrap_or_default();
                self.exactly("rows that no product claims", &shown, &number(&of["rows"]));
            }
            return;
        }
        let name = source.first("bdi").map(Element::text).unwrap_or_default();
        let named = |list: &'a Value, name: &str| -> &'a Value {
            list.as_array().into_iter().flatten().find(|found| found["name"] == name).unwrap_or(&Value::Null)
        };
        let of = named(&report["sources"], &name);
        for row in rows(table) {
            let title = row.first("th").map(Element::text).unwrap_or_default();
            let of = named(&of["tables"], &title);
            let cells: Vec<String> = row.named("td").filter(|cell| cell.is("num")).map(Element::text).collect();
            let expected = [number(&of["rows_read"]), number(&of["rows_rejected"])];
            if cells.len() != expected.len() {
                self.lost(format!("{name}.{title} has {} numbers", cells.len()));
            }
            for (shown, expected) in cells.iter().zip(&expected) {
                self.exactly(&format!("rows of {name}.{title}"), shown, expected);
            }
        }
    }

    /// The rows that each definition used.
    fn trails(&mut self, page: &Element) {
        let cards: Vec<&Element> = page.all().into_iter().filter(|element| element.is("card")).collect();
        for (card, of) in cards.into_iter().zip(self.report["definitions"].as_array().into_iter().flatten()) {
            let trail = &of["trail"];
            if let Some(summary) = card.first("summary").map(Element::text) {
                let expected = [number(&trail["rows_used"]), number(&trail["rows_read"])].concat();
                self.exactly(&format!("rows of {}", of["name"]), &summary, &expected);
            }
        }
    }

    fn lost(&mut self, what: impl Into<String>) {
        self.found.wrong.push(what.into());
    }

    fn scopes(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let products = self.report["products"].as_array().into_iter().flatten();
        let products = products.map(|product| (product["slug"].as_str().unwrap_or_default(), product));
        std::iter::once(("overall", &self.report["overall"])).chain(products)
    }

    /// The scope that an element bears in `data-scope`.
    fn scope_of(&self, element: &Element) -> &'a Value {
        let slug = element.attribute("data-scope");
        self.scopes().find(|(other, _)| Some(*other) == slug).map_or(&Value::Null, |(_, scope)| scope)
    }

    fn scorecard(&mut self, table: &Element) {
        let scope = self.scope_of(table);
        for row in rows(table).filter(|row| !row.is("absent")) {
            let (Some(name), Some(stage)) = (row.first("bdi"), labelled(row, "Stage")) else {
                self.lost("a row of a scorecard names no metric");
                continue;
            };
            let metric = metric_of(stage_of(scope, &stage.text().to_lowercase()), &name.text());
            let place = format!("scorecard, {}", name.text());
            if metric.is_null() {
                self.lost(format!("{place} is not in the report"));
                continue;
            }
            let cell = |label| labelled(row, label).map(Element::text).unwrap_or_default();
            let mut actual = Figure::actual(metric).numbers();
            if let (Figure::Value(_), Some([low, high])) = (Figure::actual(metric), pair(&metric["interval"])) {
                if metric["unit"] == "percent" {
                    actual.extend([&metric["numerator"], &metric["denominator"]].into_iter().filter_map(Value::as_f64));
                }
                actual.extend([95.0, low * scale(metric), high * scale(metric)]);
            }
            self.exactly(&format!("{place}, actual"), &cell("Actual"), &actual);
            let target: Vec<f64> = metric["target"].as_f64().map(|target| target * scale(metric)).into_iter().collect();
            self.exactly(&format!("{place}, target"), &cell("Target"), &target);
            self.exactly(&format!("{place}, previous"), &cell("Previous"), &Figure::previous(metric).numbers());
            let change = labelled(row, "Change").and_then(|cell| cell.first("span")).map(Element::text).unwrap_or_default();
            self.exactly(&format!("{place}, change"), &change, &change_of(metric));
            if metric["nps"].is_object() {
                // The first line below the name is its source.
                let said: String =
                    row.first("th").into_iter().flat_map(|head| head.named("small").skip(1)).map(Element::text).collect();
                self.exactly(&format!("{place}, answers"), &said, &answers(&metric["nps"]));
            }
        }
    }

    fn glance(&mut self, list: &Element) {
        let scope = self.scope_of(list);
        for line in list.elements() {
            let title = line.first("span").map(Element::text).unwrap_or_default();
            let stage = stage_of(scope, &title.to_lowercase());
            let step = &stage["to_next"];
            let mut expected: Vec<f64> = stage["people"]["ordered"].as_f64().into_iter().collect();
            let figure = Figure::step(step);
            if let Figure::Value(_) = figure {
                expected.extend(figure.numbers());
                expected.extend(["advanced", "matured"].map(|part| step[part].as_f64().unwrap_or(f64::NAN)));
            } else {
                expected.extend(figure.numbers());
            }
            expected.extend(step["median_days"].as_f64());
            self.exactly(&format!("journey, {}, {title}", scope["slug"]), &line.text(), &expected);
        }
    }

    fn comparison(&mut self, section: &Element) {
        for row in section.first("table").into_iter().flat_map(rows) {
            let slug = row.first("a").and_then(|link| link.attribute("href")).unwrap_or_default().trim_start_matches("#scope-");
            let Some((_, product)) = self.scopes().find(|(other, _)| *other == slug) else {
                self.lost(format!("the report has no product {slug}"));
                continue;
            };
            let cells: Vec<&Element> = row.elements().filter(|cell| cell.name == "td").collect();
            let stages = product["stages"].as_array().map_or(&[][..], Vec::as_slice);
            if cells.len() != stages.len() {
                self.lost(format!("{slug} has {} cells", cells.len()));
            }
            for (cell, stage) in cells.into_iter().zip(stages) {
                let place = format!("products compared, {slug}, {}", stage["stage"]);
                let step = &stage["to_next"];
                let mut expected: Vec<f64> = stage["people"]["ordered"].as_f64().into_iter().collect();
                expected.extend(Figure::step(step).numbers());
                self.exactly(&place, &cell.text(), &expected);
                if let Some(title) = cell.first("small").and_then(|small| small.attribute("title")) {
                    self.exactly(
                        &place,
                        title,
                        &[&step["advanced"], &step["matured"]].map(|part| part.as_f64().unwrap_or(f64::NAN)),
                    );
                }
            }
        }
    }

    fn audit(&mut self, table: &Element) {
        let scope = self.scope_of(table);
        for row in rows(table) {
            let stage = row.first("th").map(|head| head.text().to_lowercase()).unwrap_or_default();
            let line = find(&scope["findings"]["audit"], "stage", &stage);
            let place = format!("audit, {}, {stage}", scope["slug"]);
            let score = labelled(row, "Score").map(Element::text).unwrap_or_default();
            let expected = line["score"].as_f64().map_or_else(Vec::new, |score| vec![(score * 100.0).round(), 100.0]);
            self.exactly(&format!("{place}, score"), &score, &expected);
            for cell in row.named("td") {
                if cell.is("rank") {
                    let rank: Vec<f64> = line["rank"].as_f64().into_iter().collect();
                    self.exactly(&format!("{place}, rank"), &cell.text(), &rank);
                } else if cell.is("gap") {
                    let gap = find(&scope["findings"]["gaps"], "from", &stage);
                    self.among(&format!("{place}, gap"), &cell.text(), &[gap, stage_of(scope, &stage)]);
                }
            }
        }
    }

    fn cohorts(&mut self, table: &Element) {
        let scope = self.scope_of(table);
        let stage = table.attribute("data-stage").unwrap_or_default();
        let cohorts = &stage_of(scope, stage)["to_next"]["cohorts"];
        for row in rows(table) {
            let head = row.first("th").map(Element::text).unwrap_or_default();
            let period = head.split_whitespace().next().unwrap_or_default();
            let cohort = find(cohorts, "period", period);
            let place = format!("cohorts, {}, {stage}, {period}", scope["slug"]);
            let cells: Vec<String> = row.named("td").map(Element::text).collect();
            let share = Share::of(cohort, "advanced", "matured");
            let number = |name: &str| cohort[name].as_f64().into_iter().collect::<Vec<f64>>();
            let mut expected = ["entered", "matured", "advanced", "skipped"].map(number).to_vec();
            expected.push(share.rate().into_iter().collect());
            expected.push(
                share.rate().and(pair(&cohort["interval"])).map_or_else(Vec::new, |ends| ends.map(|end| end * 100.0).to_vec()),
            );
            expected.push(number("median_days"));
            if cells.len() != expected.len() {
                self.lost(format!("{place} has {} cells", cells.len()));
            }
            for (cell, expected) in cells.iter().zip(expected) {
                let expected = if cohort["known"] == true { expected } else { Vec::new() };
                self.exactly(&place, cell, &expected);
            }
        }
    }

    fn worth(&mut self, list: &Element) {
        let scope = self.scope_of(list);
        for line in list.elements() {
            let name = line.first("dt").map(Element::text).unwrap_or_default();
            let metric = find(&scope["findings"]["value"], "name", name.trim());
            let place = format!("worth, {}, {name}", scope["slug"]);
            let value: Vec<f64> = metric["value"].as_f64().map(|value| value * scale(metric)).into_iter().collect();
            let said = line.first("strong").map(Element::text).unwrap_or_default();
            self.exactly(&place, &said, &value);
            // The last line is the definition.
            let smalls: Vec<String> = line.named("small").map(Element::text).collect();
            let made_of = smalls.split_last().map(|(_, before)| before.join("; ")).unwrap_or_default();
            let mut expected = Vec::new();
            if let (false, Some(top), Some(bottom)) =
                (value.is_empty(), metric["numerator"].as_f64(), metric["denominator"].as_f64())
            {
                expected.extend([top, bottom]);
            }
            if let Some([low, high]) = pair(&metric["interval"]).filter(|_| !value.is_empty()) {
                expected.extend([95.0, low * scale(metric), high * scale(metric)]);
            }
            self.exactly(&place, &made_of, &expected);
        }
    }

    fn ladder(&mut self, table: &Element) {
        let ladder = &self.report["ladder"];
        let rungs = ladder["rungs"].as_array().map_or(&[][..], Vec::as_slice);
        for (from, (row, rung)) in rows(table).zip(rungs).enumerate() {
            let number = |name: &str| rung[name].as_f64().into_iter().collect::<Vec<f64>>();
            let mut expected = ["price", "customers", "first", "revenue"].map(number).to_vec();
            for to in 0..rungs.len() {
                let same = |step: &&Value| step["from"] == from && step["to"] == to;
                let step = ladder["moves"].as_array().and_then(|moves| moves.iter().find(same)).filter(|_| from != to);
                expected.push(step.map_or_else(Vec::new, |step| {
                    let share = Share::of(&step["share"], "numerator", "denominator");
                    share.rate().into_iter().chain([share.top, share.bottom]).chain(step["median_days"].as_f64()).collect()
                }));
            }
            for (cell, expected) in row.named("td").zip(expected) {
                self.exactly(&format!("ladder, {}", rung["name"]), &cell.text(), &expected);
            }
        }
    }

    fn breakdown(&mut self, table: &Element) {
        let scope = self.scope_of(table);
        let of = table.attribute("data-of").unwrap_or_default();
        let named = |breakdown: &&Value| {
            let attribution = breakdown["attribution"].as_str().unwrap_or_default().replace('_', " ");
            of.to_lowercase() == format!("{attribution} {}", breakdown["dimension"].as_str().unwrap_or_default().to_lowercase())
        };
        let breakdowns = scope["findings"]["breakdowns"].as_array();
        let values = breakdowns.and_then(|all| all.iter().find(named)).map_or(&Value::Null, |breakdown| &breakdown["rows"]);
        let values = values.as_array().map_or(&[][..], Vec::as_slice);
        let place = format!("by {of}, {}", scope["slug"]);
        if rows(table).count() != values.len() {
            self.lost(format!("{place} has other rows than the report"));
        }
        for (row, value) in rows(table).zip(values) {
            for (cell, stage) in row.named("td").zip(value["stages"].as_array().into_iter().flatten()) {
                let step = Share::of(&stage["step"], "numerator", "denominator");
                // A dash stands where no touchpoint of the stage has a value.
                let people = stage["people"].as_f64().filter(|_| !cell.elements().any(|part| part.is("unknown")));
                let step_shown = step.rate().map_or_else(|| step.numbers(), |rate| vec![rate]);
                self.exactly(&place, &cell.text(), &people.into_iter().chain(step_shown).collect::<Vec<f64>>());
                if let Some(title) = cell.first("small").and_then(|small| small.attribute("title")) {
                    self.exactly(&place, title, &step.numbers());
                }
            }
        }
    }

    fn skips(&mut self, list: &Element) {
        let scope = self.scope_of(list);
        for line in list.elements() {
            let title = line.first("dt").map(Element::text).unwrap_or_default();
            let stage = title.split_whitespace().next().unwrap_or_default().to_lowercase();
            let cost = find(&scope["findings"]["skip_costs"], "stage", &stage);
            let place = format!("skipped, {}, {stage}", scope["slug"]);
            self.exactly(&place, &title, &["skipped", "took"].map(|part| cost[part].as_f64().unwrap_or(f64::NAN)));
            for said in line.named("dd") {
                self.among(&place, &said.text(), &[cost]);
            }
        }
    }

    fn stage(&mut self, article: &Element) {
        let id = article.attribute("id").unwrap_or_default().trim_start_matches("stage-");
        let (slug, key) = id.rsplit_once('-').unwrap_or_default();
        let Some((_, scope)) = self.scopes().find(|(other, _)| *other == slug) else {
            self.lost(format!("the report has no scope {slug}"));
            return;
        };
        let stage = stage_of(scope, key);
        let step = &stage["to_next"];
        let gap = find(&scope["findings"]["gaps"], "from", key);
        for fact in article.first("dl").into_iter().flat_map(Element::elements) {
            let (Some(term), Some(said)) = (fact.first("dt").map(Element::text), fact.first("dd")) else { continue };
            let place = format!("stage {id}, {term}");
            match term.as_str() {
                "People, in order" => {
                    let people =
                        ["ordered", "any", "strict"].map(|reading| stage["people"][reading].as_f64().unwrap_or(f64::NAN));
                    self.exactly(&place, &said.text(), &people);
                }
                "Getting better?" => {
                    let rate = metric_of(stage, "Step rate");
                    self.among(&place, &said.text(), &[step, rate]);
                }
                "Time to the next stage" => self.exactly(&place, &said.text(), &quartiles(&step["waiting"])),
                // The names of sources stand before.
                "Measured by" => {
                    let gaps = said.elements().filter(|part| part.name == "small").map(Element::text).collect::<String>();
                    self.among(&place, &gaps, &[gap, step]);
                }
                _ if term.contains('→') => self.exactly(&place, &said.text(), &step_numbers(step)),
                _ => self.lost(format!("nobody knows what {place} is about")),
            }
        }
        for row in article.named("table").filter(|table| table.is("metrics")).flat_map(rows) {
            let name = row.first("bdi").map(Element::text).unwrap_or_default();
            let metric = metric_of(stage, &name);
            let cells: Vec<String> = row.named("td").map(Element::text).collect();
            let expected = [Figure::actual(metric).numbers(), Figure::previous(metric).numbers(), change_of(metric)];
            if metric.is_null() || cells.len() < expected.len() {
                self.lost(format!("stage {id}, {name} is not in the report"));
            }
            for (cell, expected) in cells.iter().zip(expected) {
                self.exactly(&format!("stage {id}, {name}"), cell, &expected);
            }
        }
        for sentence in article.elements().filter(|part| part.name == "p" && part.is("small")) {
            self.exactly(&format!("stage {id}, readings"), &sentence.text(), &readings(stage));
        }
    }

    /// The headline metrics of all scopes; with one product, what repeats overall is one.
    fn headlines(&self) -> Vec<&'a Value> {
        let mut all: Vec<(&Value, &Value)> = Vec::new();
        let several = self.report["products"].as_array().is_some_and(|products| products.len() > 1);
        for (_, scope) in self.scopes() {
            for stage in scope["stages"].as_array().into_iter().flatten() {
                for metric in stage["metrics"].as_array().into_iter().flatten().filter(|metric| metric["headline"] == true) {
                    let same = |other: &Value| ["name", "actual", "previous"].iter().all(|key| other[key] == metric[key]);
                    if several || !all.iter().any(|(at, other)| **at == stage["stage"] && same(other)) {
                        all.push((&stage["stage"], metric));
                    }
                }
            }
        }
        all.into_iter().map(|(_, metric)| metric).collect()
    }

    /// How many targets are reached, nearly reached and missed.
    fn targets(&self) -> [f64; 3] {
        let all = self.headlines();
        ["on_track", "at_risk", "off_track"].map(|status| all.iter().filter(|metric| metric["status"] == status).count() as f64)
    }

    fn headline(&mut self, headline: &Element) {
        let text = headline.text();
        let [reached, risky, missed] = self.targets();
        let total = reached + risky + missed;
        let said = text.split_once(". Fix ").map_or(&*text, |(said, _)| said);
        let expected = match said {
            said if said.contains("targets are missed") || said.contains("targets is missed") => vec![missed, total],
            said if said.contains("All ") => vec![total],
            said if said.contains("targets are reached") => vec![reached, total],
            _ => Vec::new(),
        };
        self.exactly("headline", said, &expected);
    }

    fn summary(&mut self, section: &Element) {
        for line in section.named("span") {
            let text: String = line.text().replace(['\u{2068}', '\u{2069}'], "");
            let part = |name: &str| line.attribute(&format!("data-{name}")).unwrap_or_default();
            if line.attribute("data-status").is_some() {
                let [reached, risky, missed] = self.targets();
                let last = text.trim_end_matches('.').rsplit(". ").next().unwrap_or_default();
                let near = if risky > 0.0 { vec![risky, 10.0] } else { Vec::new() };
                self.exactly("summary, targets", last, &[vec![reached, reached + risky + missed], near].concat());
            } else if line.attribute("data-verdict").is_some() {
                let name = part("of").trim_start_matches("metric ");
                let scope = self.scope_of(line);
                let metric = metric_of(stage_of(scope, part("stage")), name);
                // The names before may hold anything.
                let claims = [" rose from ", " fell from ", " usual range: "];
                let claim = claims.iter().find_map(|claim| Some((claim, text.rsplit_once(claim)?.1)));
                let Some((words, said)) = claim else {
                    self.lost(format!("the summary says nothing of {name}"));
                    continue;
                };
                let said = said.split_once(" And ").map_or(said, |(said, _)| said);
                let (now, before) = (Figure::actual(metric).numbers(), Figure::previous(metric).numbers());
                let expected = if words.contains("from") { [before, now] } else { [now, before] };
                self.exactly(&format!("summary, {name}"), said, &expected.concat());
            }
        }
    }
}

/// The rows of a table's body.
fn rows(table: &Element) -> impl Iterator<Item = &Element> {
    table.first("tbody").into_iter().flat_map(|body| body.named("tr"))
}

/// The cell of a row that bears this label.
fn labelled<'a>(row: &'a Element, label: &str) -> Option<&'a Element> {
    row.elements().find(|cell| cell.attribute("data-label") == Some(label))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dom::parse;

    /// A page with every number of its parts right is right; each of these changes is found.
    #[track_caller]
    fn check(page: &str, report: &Value, looked_at: usize, changes: &[(&str, &str)]) {
        let right = page_numbers(&parse(page), report, Decimal::Point);
        assert!(right.wrong.is_empty() && right.looked_at == looked_at, "{right:?}");
        for (shown, other) in changes {
            assert!(page.contains(shown), "{shown}");
            let wrong = page_numbers(&parse(&page.replacen(shown, other, 1)), report, Decimal::Point).wrong;
            assert!(!wrong.is_empty(), "nobody sees {other} for {shown}");
        }
    }

    #[test]
    fn products_are_compared_number_by_number() {
        let step = json!({ "to": "engage", "rate": 0.361, "advanced": 56, "matured": 155 });
        let young = json!({ "to": "subscribe", "rate": 0.5, "advanced": 3, "matured": 6 });
        let stages = json!([
            { "stage": "aware", "people": { "ordered": 1155 }, "to_next": step },
            { "stage": "engage", "people": { "ordered": 77 }, "to_next": young },
            { "stage": "subscribe", "people": null },
        ]);
        let report = json!({ "overall": {}, "products": [{ "slug": "p", "stages": stages }] });
        let page = "<section id=side-by-side><table><tbody><tr><th><a href='#scope-p'>P 2000</a></th>\
            <td>1,155 <small title='to Engage: 56 of 155'>36.1% →</small></td><td>77<small title='to Subscribe: 3 of 6'>3 of 6 →</small></td>\
            <td><span>totals only</span></td></tr></tbody></table></section>";
        let changes = [
            ("1,155", "1,156"),
            ("56 of", "57 of"),
            ("36.1%", "36.2%"),
            ("77", "7"),
            ("3 of 6 →", "50.0% →"),
            ("totals", "1"),
            ("-p'", "-q'"),
        ];
        check(page, &report, 5, &changes);
    }

    #[test]
    fn the_headline_and_the_summary_say_what_the_report_has() {
        let series = json!([{ "numerator": 40.0, "denominator": 400.0 }, { "numerator": 50.0, "denominator": 400.0 }]);
        let rate = json!({ "name": "Rate 7", "unit": "percent", "headline": true, "status": "off_track", "actual": 0.125, "previous": 0.1,
            "numerator": 50.0, "denominator": 400.0, "series": series });
        let count =
            json!({ "name": "Count", "unit": "money", "headline": true, "status": "at_risk", "actual": 2.5e9, "previous": -3.5 });
        let report = json!({ "overall": { "stages": [{ "stage": "aware", "metrics": [rate, count] }] }, "products": [] });
        let of =
            |kind: &str, name: &str| format!("<span data-{kind}=x data-scope=overall data-stage=aware data-of='metric {name}'>");
        let page = format!(
            "<section id=summary><h2 class=headline>1 of 2 targets is missed. Fix 3 → 4 first.</h2><ul>\
             <li>{}Rate 7 (Aware, Overall). 0 of 2 targets are reached, 1 within 10%.</span>\
             <li>{}Rate 7 (Aware, Overall) rose from 10.0% to 12.5%.</span>\
             <li>{}Count (Aware, Overall) is above its usual range: $2.50 bn, after −$3.50. And 2 more like it.</span></ul></section>",
            of("status", "Rate 7"),
            of("verdict", "Rate 7"),
            of("verdict", "Count"),
        );
        let changes = [
            ("1 of 2", "2 of 2"),
            ("0 of 2", "1 of 2"),
            (", 1 within", ", 2 within"),
            ("10.0% to", "10.1% to"),
            ("to 12.5%", "to 12.4%"),
            ("2.50 bn", "2.50"),
            ("−$3.50", "$3.50"),
        ];
        check(&page, &report, 4, &changes);
    }
}
