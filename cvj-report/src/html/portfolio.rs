//! The index of a portfolio as one self-contained page: who needs attention, and where each report is.

use std::fmt::Write as _;

use cvj_core::report::TargetStatus;
use minijinja::value::Serde;
use serde::Serialize;

use super::mark::Mark;
use super::templates::{self, SCRIPT, STYLE};
use crate::error::RenderError;
use crate::portfolio::{Change, ClientEntry, Digest, FixFirst, Outcome, Portfolio, Standing, plural};
use crate::verdict::Tone;
use crate::{calendar, font, words};

const PAGE: &str = include_str!("../../../templates/portfolio/portfolio.html.j2");
/// What the index adds to the style of a report.
const MORE_STYLE: &str = include_str!("../../../templates/portfolio/portfolio.css");

/// The index as one self-contained page, in our own look: it is of many clients, and of none alone.
pub fn portfolio_html(portfolio: &Portfolio) -> Result<String, RenderError> {
    let mut environment = templates::environment()?;
    environment.add_template("portfolio.html.j2", PAGE)?;
    let page = environment.get_template("portfolio.html.j2")?;
    Ok(page.render(Serde(PortfolioView::new(portfolio)))?)
}

#[derive(Serialize)]
struct PortfolioView<'a> {
    font: &'static str,
    style: &'static str,
    more_style: &'static str,
    script: &'static str,
    script_hash: String,
    headline: String,
    clients: String,
    period: Option<String>,
    counts: [CountView; 5],
    rows: Vec<RowView<'a>>,
}

/// A count above the table.
#[derive(Serialize)]
struct CountView {
    what: &'static str,
    clients: usize,
}

/// One client.
#[derive(Serialize)]
struct RowView<'a> {
    standing: &'static str,
    order: usize,
    class: &'static str,
    folder: &'a str,
    name: Option<&'a str>,
    digest: Option<DigestView<'a>>,
    error: Option<&'a str>,
    hint: Option<&'a str>,
    earlier: Option<LinkView<'a>>,
}

#[derive(Serialize)]
struct DigestView<'a> {
    period: String,
    complete: bool,
    targets: Vec<PillView<'a>>,
    /// Percent of the targets reached; none without targets.
    reached: Option<usize>,
    moves: Vec<PillView<'a>>,
    /// Better less worse, above zero.
    balance: usize,
    changes: Vec<ChangeView<'a>>,
    more: Option<String>,
    fix: Option<FixView<'a>>,
    no_fix: Option<&'a str>,
    problems: &'a [String],
    problem_count: String,
    until: Option<String>,
    until_day: Option<&'a str>,
    page: Option<String>,
    worksheets: Vec<LinkView<'a>>,
}

/// How many metrics are judged alike.
#[derive(Serialize)]
struct PillView<'a> {
    text: String,
    tone: &'static str,
    /// The first of them.
    mark: Mark<'a>,
}

#[derive(Serialize)]
struct ChangeView<'a> {
    text: &'a str,
    mark: Option<Mark<'a>>,
}

#[derive(Serialize)]
struct FixView<'a> {
    product: Option<&'a str>,
    step: String,
    worth: Option<&'a str>,
    order: usize,
}

#[derive(Serialize)]
struct LinkView<'a> {
    name: &'a str,
    to: String,
}

impl<'a> PortfolioView<'a> {
    fn new(portfolio: &'a Portfolio) -> Self {
        let mut clients: Vec<&ClientEntry> = portfolio.clients().iter().collect();
        // Stable: of those who stand alike, the order of the folders.
        clients.sort_by_key(|client| client.standing());
        let script = templates::ours(SCRIPT);
        Self {
            font: font::face(),
            style: templates::ours(STYLE),
            more_style: MORE_STYLE,
            script,
            script_hash: templates::script_hash(script),
            headline: portfolio.headline(),
            clients: plural(clients.len(), "client", "clients"),
            period: common_period(&clients),
            counts: counts(&clients),
            rows: clients.into_iter().map(RowView::new).collect(),
        }
    }
}

/// The report's digest, if there is one.
fn digest(client: &ClientEntry) -> Option<&Digest> {
    match &client.outcome {
        Outcome::Report(digest) => Some(digest),
        Outcome::Failed(_) => None,
    }
}

/// The period that all reports are of.
fn common_period(clients: &[&ClientEntry]) -> Option<String> {
    let mut periods = clients.iter().filter_map(|client| digest(client)).map(|digest| &digest.period);
    let first = periods.next()?;
    periods.all(|period| period.label == first.label).then(|| calendar::period(first))
}

fn counts(clients: &[&ClientEntry]) -> [CountView; 5] {
    let standing = |standing| clients.iter().filter(|client| client.standing() == standing).count();
    let with =
        |told: fn(&Digest) -> bool| clients.iter().filter_map(|client| digest(client)).filter(|digest| told(digest)).count();
    let missed = |digest: &Digest| digest.targets.iter().any(|target| target.status == TargetStatus::OffTrack);
    let count = |what, clients| CountView { what, clients };
    [
        count("failed", standing(Standing::Failed)),
        count("with data problems", standing(Standing::Problems)),
        count("missing a target", with(missed)),
        count("worse in some metric", with(|digest| digest.moves.iter().any(|moved| !moved.better))),
        count("with a step to fix first", with(|digest| digest.fix_first.is_some())),
    ]
}

impl<'a> RowView<'a> {
    fn new(client: &'a ClientEntry) -> Self {
        let standing = client.standing();
        let (order, class) = match standing {
            Standing::Failed => (1, "failed"),
            Standing::Problems => (2, "warning"),
            Standing::Report => (3, "neutral"),
        };
        let trouble = match &client.outcome {
            Outcome::Failed(trouble) => Some(trouble),
            Outcome::Report(_) => None,
        };
        let earlier = trouble.and_then(|trouble| trouble.earlier.as_ref());
        Self {
            standing: standing.words(),
            order,
            class,
            folder: &client.folder,
            name: client.name.as_deref(),
            digest: digest(client).map(DigestView::new),
            error: trouble.map(|trouble| trouble.error.as_str()),
            hint: trouble.and_then(|trouble| trouble.hint.as_deref()),
            earlier: earlier.map(|earlier| LinkView { name: &earlier.period, to: link(&earlier.page) }),
        }
    }
}

impl<'a> DigestView<'a> {
    fn new(digest: &'a Digest) -> Self {
        let count = |better| digest.moves.iter().filter(|moved| moved.better == better).count();
        let reached = digest.targets.iter().filter(|target| target.status == TargetStatus::OnTrack).count();
        let told = digest.changes.iter().filter(|change| change.of.is_some()).count();
        let more = digest.moves.len().saturating_sub(told);
        Self {
            period: calendar::period(&digest.period),
            complete: digest.period.complete,
            targets: targets(digest),
            reached: (reached * 100).checked_div(digest.targets.len()),
            moves: moves(digest),
            balance: 1000 + count(true) - count(false).min(1000),
            changes: digest.changes.iter().map(ChangeView::new).collect(),
            more: (told > 0 && more > 0).then(|| format!("and {more} more")),
            fix: digest.fix_first.as_ref().map(FixView::new),
            no_fix: digest.no_fix_first.as_deref(),
            problems: &digest.data_problems,
            problem_count: plural(digest.data_problems.len(), "data problem", "data problems"),
            until: digest.data_until.as_deref().map(calendar::day),
            until_day: digest.data_until.as_deref(),
            page: digest.files.page.as_deref().map(link),
            worksheets: digest.files.worksheets.iter().map(|path| LinkView { name: sheet_name(path), to: link(path) }).collect(),
        }
    }
}

/// How the targets stand, what was missed first.
fn targets(digest: &Digest) -> Vec<PillView<'_>> {
    let kinds = [
        (TargetStatus::OffTrack, "off track", Tone::Bad),
        (TargetStatus::AtRisk, "at risk", Tone::Warning),
        (TargetStatus::OnTrack, "on track", Tone::Good),
    ];
    let pill = |(status, words, tone): (TargetStatus, &str, Tone)| {
        let mut alike = digest.targets.iter().filter(|target| target.status == status);
        let first = alike.next()?;
        Some(PillView { text: format!("{} {words}", 1 + alike.count()), tone: tone.class(), mark: Mark::target(first) })
    };
    kinds.into_iter().filter_map(pill).collect()
}

/// How many headline metrics moved by more than chance explains.
fn moves(digest: &Digest) -> Vec<PillView<'_>> {
    let pill = |(better, words, tone): (bool, &str, Tone)| {
        let mut alike = digest.moves.iter().filter(|moved| moved.better == better);
        let first = alike.next()?;
        Some(PillView { text: format!("{} {words}", 1 + alike.count()), tone: tone.class(), mark: Mark::moved(first) })
    };
    [(false, "worse", Tone::Bad), (true, "better", Tone::Good)].into_iter().filter_map(pill).collect()
}

impl<'a> ChangeView<'a> {
    fn new(change: &'a Change) -> Self {
        Self { text: &change.text, mark: change.of.as_ref().map(Mark::moved) }
    }
}

impl<'a> FixView<'a> {
    fn new(fix: &'a FixFirst) -> Self {
        let (product, worth) = (fix.product.as_deref(), fix.worth.as_deref());
        Self { product, step: words::step_name(fix.from, fix.to), worth, order: fix.from.index() }
    }
}

/// `piano-move` of `../small/reports/2026-10/piano-move.worksheet.xlsx`.
fn sheet_name(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.strip_suffix(".worksheet.xlsx").unwrap_or(name)
}

/// A relative path as a link: nothing in it can be a scheme, a query or markup.
fn link(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut link, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            link.push(byte.into());
        } else {
            // Writing to a String cannot fail.
            let _ = write!(link, "%{byte:02X}");
        }
        link
    })
}

#[cfg(test)]
mod tests {
    use cvj_core::report::Report;
    use cvj_tests::unfounded;

    use super::*;
    use crate::portfolio::{Files, Trouble};
    use crate::{Look, fixture};

    fn client(folder: &str, report: &Report, problems: &[&str]) -> ClientEntry {
        let problems = problems.iter().map(|&problem| problem.to_owned()).collect();
        let files =
            Files { page: Some(format!("../{folder}/report.html")), worksheets: vec![format!("../{folder}/a.worksheet.xlsx")] };
        let digest = Digest::new(report, &Look::default(), problems, files);
        ClientEntry { folder: folder.to_owned(), name: Some(report.client.clone()), outcome: Outcome::Report(Box::new(digest)) }
    }

    fn failed(folder: &str, error: &str) -> ClientEntry {
        let trouble = Trouble { error: error.to_owned(), hint: None, earlier: None };
        ClientEntry { folder: folder.to_owned(), name: None, outcome: Outcome::Failed(trouble) }
    }

    #[test]
    fn what_needs_attention_comes_first_whatever_the_order_of_the_runs() {
        let report = fixture::report();
        let clients = [client("a", &report, &[]), failed("d", "gone"), client("c", &report, &["odd"]), failed("b", "lost")];
        let page = |clients: Vec<ClientEntry>| portfolio_html(&Portfolio::new(clients)).unwrap();
        let drawn = page(clients.to_vec());
        let order: Vec<usize> =
            ["lost", "gone", "odd", "../a/report.html"].iter().map(|part| drawn.find(part).unwrap()).collect();
        assert!(order.is_sorted(), "{order:?}");
        assert!(drawn.contains("4 clients: 1 report, 1 report with data problems, 2 failed."));
        assert_eq!(drawn, page(clients.into_iter().rev().collect()));
    }

    #[test]
    fn every_claim_is_in_the_report() {
        let report = fixture::report();
        let page = portfolio_html(&Portfolio::new(vec![client("a", &report, &[])])).unwrap();
        let (found, looked_at) = unfounded(&page, &serde_json::from_str(&crate::json(&report)).unwrap());
        assert!(found.is_empty() && looked_at > 3, "{looked_at}: {found:?}");
    }

    #[test]
    fn a_client_without_anything_to_tell_is_drawn() {
        let mut report = fixture::report();
        report.products.clear();
        report.sources.clear();
        for stage in &mut report.overall.stages {
            stage.metrics.clear();
            stage.to_next = None;
        }
        report.overall.findings = cvj_core::report::Findings::default();
        let page = portfolio_html(&Portfolio::new(vec![client("a", &report, &[])])).unwrap();
        for part in ["No target", "No row has a time", "No headline metric is declared.", "there is no step between them"] {
            assert!(page.contains(part), "{part}");
        }
    }

    #[test]
    fn text_is_escaped_and_links_are_only_paths() {
        let hostile = "<script>alert(1)</script>\"'&";
        let mut report = fixture::report();
        report.client = hostile.to_owned();
        let entry = ClientEntry { folder: hostile.to_owned(), ..client("a", &report, &[hostile]) };
        let page = portfolio_html(&Portfolio::new(vec![entry, failed("b", hostile)])).unwrap();
        assert_eq!(page.matches("<script").count(), 1, "ours");
        assert_eq!(
            page.matches("&lt;script&gt;").count(),
            6,
            "twice as the name, the folder, a problem, an error, and their key"
        );
        assert_eq!(link("../a b/javascript:\"<%?#.html"), "../a%20b/javascript%3A%22%3C%25%3F%23.html");
    }
}
