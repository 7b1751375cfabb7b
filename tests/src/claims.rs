//! What a rendered page claims, followed to the `report.json` that it was drawn from.
//!
//! A claim of a change is an arrow, one of the [`PHRASES`], or a colour that says good or bad. Each must stand in an element that bears what
//! it rests on (`data-verdict`, `data-status` or `data-evidence`, with `data-scope`, `data-stage` and `data-of`), and the report must say the same.

use serde_json::Value;

/// Words that say that something rose (`true`) or fell.
const PHRASES: [(&str, bool); 14] = [
    ("▲", true),
    ("▼", false),
    ("rose from", true),
    ("fell from", false),
    ("above its usual range", true),
    ("below its usual range", false),
    ("Yes: ", true),
    ("got worse", false),
    ("Up: ", true),
    ("Down: ", false),
    ("skipped did better", true),
    ("skipped did worse", false),
    ("skipped brought more", true),
    ("skipped brought less", false),
];

/// The start of one element, and the text up to the next tag.
struct Tag<'a> {
    open: &'a str,
    text: &'a str,
}

/// The claims of a page that `report` does not carry, one line each; and how many there were to look at.
pub fn unfounded(page: &str, report: &Value) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let mut looked_at = 0;
    for tag in claims(page) {
        looked_at += 1;
        if let Err(why) = follow(&tag, report) {
            found.push(format!("{why}: <{}>{}", tag.open, tag.text));
        }
    }
    (found, looked_at)
}

/// What claims something, in the body up to the definitions, which explain the signs.
fn claims(page: &str) -> impl Iterator<Item = Tag<'_>> {
    let body = page.split_once("<body>").map_or(page, |(_, body)| body);
    let body = body.split_once("<section id=\"definitions\">").map_or(body, |(before, _)| before);
    let tags = body.split('<').filter_map(|piece| piece.split_once('>')).map(|(open, text)| Tag { open, text });
    tags.filter(|tag| tag.tone().is_some() || tag.phrase().is_some() || tag.marked().is_some())
}

impl Tag<'_> {
    /// The value of an attribute, unescaped.
    fn attribute(&self, name: &str) -> Option<String> {
        let (_, rest) = self.open.split_once(&format!(" {name}=\""))?;
        Some(unescaped(rest.split_once('"')?.0))
    }

    /// Whether its colour says good (`true`) or bad.
    fn tone(&self) -> Option<bool> {
        let class = self.attribute("class")?;
        class.split(' ').find_map(|class| match class {
            "good" => Some(true),
            "bad" => Some(false),
            _ => None,
        })
    }

    /// Whether its text says that something rose (`true`) or fell.
    fn phrase(&self) -> Option<bool> {
        PHRASES.iter().find(|(phrase, _)| self.text.contains(phrase)).map(|(_, rose)| *rose)
    }

    /// What it rests on: the kind of judgement and what the page says it is.
    fn marked(&self) -> Option<(&'static str, String)> {
        ["verdict", "status", "evidence"].into_iter().find_map(|kind| Some((kind, self.attribute(&format!("data-{kind}"))?)))
    }
}

fn follow(tag: &Tag<'_>, report: &Value) -> Result<(), String> {
    let (kind, said) = tag.marked().ok_or("nothing says what it rests on")?;
    let part = |name| tag.attribute(&format!("data-{name}")).ok_or(format!("no data-{name}"));
    let (scope, stage, of) = (part("scope")?, part("stage")?, part("of")?);
    let (judged, good_is_up) = judgement(report, &scope, &stage, &of, kind).ok_or("the report has no such thing")?;
    if judged != said {
        return Err(format!("the report says {judged}"));
    }
    let claims = tag.tone().is_some() || tag.phrase().is_some();
    if kind == "verdict" && claims && stands_on_few(report, &scope, &stage, &of) {
        return Err("a change of a rate over fewer than 20".into());
    }
    let news = match said.as_str() {
        "up" => Some(good_is_up),
        "down" => Some(!good_is_up),
        "good" | "on_track" => Some(true),
        "bad" | "off_track" => Some(false),
        _ => None,
    };
    let rose = (kind == "verdict").then_some(()).and(match said.as_str() {
        "up" => Some(true),
        "down" => Some(false),
        _ => None,
    });
    match (tag.tone(), tag.phrase()) {
        (Some(tone), _) if news != Some(tone) => Err("a colour that is not the news".into()),
        (_, Some(phrase)) if rose != Some(phrase) => Err("words that are not the verdict".into()),
        _ => Ok(()),
    }
}

/// Whether a metric is a rate over fewer than twenty, now or in the period before.
fn stands_on_few(report: &Value, scope: &str, stage: &str, of: &str) -> bool {
    let Some(reported) = scope_of(report, scope).and_then(|scope| find(&scope["stages"], "stage", stage)) else { return false };
    let name = if of == "rate" { "Step rate" } else { of.strip_prefix("metric ").unwrap_or_default() };
    let Some(metric) = find(&reported["metrics"], "name", name).filter(|metric| metric["unit"] == "percent") else {
        return false;
    };
    let before = metric["series"].as_array().and_then(|series| series.iter().nth_back(1)).map(|point| &point["denominator"]);
    let few = |of: &Value| of.as_f64().is_some_and(|of| of > 0.0 && of < 20.0);
    few(&metric["denominator"]) || before.is_some_and(few)
}

fn scope_of<'a>(report: &'a Value, scope: &str) -> Option<&'a Value> {
    if scope == "overall" { Some(&report["overall"]) } else { find(&report["products"], "slug", scope) }
}

/// What the report says of something, and whether more of it is good.
fn judgement(report: &Value, scope: &str, stage: &str, of: &str, kind: &str) -> Option<(String, bool)> {
    let scope = scope_of(report, scope)?;
    let reported = find(&scope["stages"], "stage", stage)?;
    let skip = || find(&scope["findings"]["skip_costs"], "stage", stage);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let more_is_good = |value: &Value| Some((text(value)?, true));
    match (of.split_once(' '), kind) {
        (Some(("metric", name)), _) => {
            // Among many comparisons some cross their limits by chance, so only headlines are judged against their history.
            let metric = find(&reported["metrics"], "name", name)?;
            if kind == "verdict" && metric["headline"] != true {
                return None;
            }
            Some((text(&metric[kind])?, metric["good"] == "up"))
        }
        (Some(("skip", "money")), "verdict") => more_is_good(&skip()?["money"]["verdict"]),
        (Some(("skip", outcome)), "verdict") => more_is_good(&find(&skip()?["outcomes"], "stage", outcome)?["verdict"]),
        (None, "evidence") => more_is_good(&find(&scope["findings"]["audit"], "stage", stage)?[of]),
        (None, "verdict") if of == "step" => more_is_good(&reported["to_next"]["like_aged"]["verdict"]),
        (None, "verdict") if of == "rate" => more_is_good(&find(&reported["metrics"], "name", "Step rate")?["verdict"]),
        _ => None,
    }
}

fn find<'a>(list: &'a Value, key: &str, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|each| each[key] == name)
}

fn unescaped(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    pairs.into_iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(element: &str, problem: Option<&str>) {
        let metric = json!({ "name": "Sessions", "headline": true, "verdict": "up", "good": "down", "status": "on_track" });
        let report = json!({ "overall": { "stages": [{ "stage": "aware", "metrics": [metric] }] } });
        let (found, looked_at) = unfounded(&format!("<body><p>{element}</p>"), &report);
        assert_eq!((found.len(), looked_at), (usize::from(problem.is_some()), 1), "{found:?}");
        assert!(problem.is_none_or(|problem| found[0].starts_with(problem)), "{found:?}");
    }

    #[test]
    fn a_claim_must_be_what_the_report_says() {
        let of = "data-scope=\"overall\" data-stage=\"aware\" data-of=\"metric Sessions\"";
        check(&format!("<b class=\"verdict bad\" data-verdict=\"up\" {of}>▲ up</b>"), None);
        check(&format!("<b class=\"verdict good\" data-verdict=\"up\" {of}>▲ up</b>"), Some("a colour that is not the news"));
        check(&format!("<b data-verdict=\"up\" {of}>it fell from 3</b>"), Some("words that are not the verdict"));
        check(&format!("<b data-verdict=\"down\" {of}>▼</b>"), Some("the report says up"));
        check(&format!("<b class=\"good\" data-status=\"on_track\" {of}>▲</b>"), Some("words that are not the verdict"));
        check("<b class=\"pill good\">fine</b>", Some("nothing says"));
        check("<b>▲</b>", Some("nothing says"));
        check(
            &format!("<b data-verdict=\"up\" {}>▲</b>", of.replace("Sessions", "Visits")),
            Some("the report has no such thing"),
        );
    }

    #[test]
    fn a_rate_over_few_has_no_claim() {
        for (before, problems) in [(19, 1), (20, 0)] {
            let series = [json!({ "denominator": before }), json!({ "denominator": 50 })];
            let metric = json!({ "name": "Rate", "unit": "percent", "headline": true, "verdict": "up", "good": "up",
                "denominator": 50, "series": series });
            let report = json!({ "overall": { "stages": [{ "stage": "aware", "metrics": [metric] }] } });
            let of = "data-verdict=\"up\" data-scope=\"overall\" data-stage=\"aware\" data-of=\"metric Rate\"";
            assert_eq!(unfounded(&format!("<body><b {of}>▲ up</b>"), &report).0.len(), problems);
        }
    }
}
