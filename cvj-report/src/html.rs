//! The report as one self-contained HTML page: styles, typeface and charts are inside, nothing is loaded.
//!
//! The page's text and order live in `templates/report/*.html.j2`; here the report is put into the words that the templates print.
//! Everything is escaped but the charts, whose own texts are escaped where they are drawn.

mod audit;
mod breakdown;
mod fix_first;
mod glance;
mod mark;
mod scope;
mod sparkline;
mod steps;
mod table;
mod templates;
mod value;

use cvj_core::Report;
use cvj_core::report::{DefinitionKind, Unassigned};
use serde::Serialize;

use crate::commentary::commentary;
use crate::error::RenderError;
use crate::glossary::{BUILT_IN, HOW_TO_READ, Term};
use crate::locale;
use crate::logo::Logo;
use crate::look::{Accent, Look};
use crate::summary::{self, Judged};
use crate::words::Told;
use crate::{calendar, font, number, words};
pub(crate) use mark::Mark;
use scope::ScopeView;
use table::{Comparison, comparison};
use templates::Templates;
use value::LadderView;

pub use templates::template_names;

/// The report as one self-contained page.
pub fn html(report: &Report, look: &Look) -> Result<String, RenderError> {
    let templates = Templates::new(&look.templates)?;
    locale::within(&look.locale, || templates.page(&PageView::new(report, look, &templates)?))
}

/// What the templates see.
#[derive(Serialize)]
struct PageView<'a> {
    font: &'static str,
    style: &'a str,
    /// Custom properties that the brand's accent sets.
    accent: String,
    script: &'a str,
    /// What the page's own script must hash to in order to run.
    script_hash: String,
    logo: Option<&'a str>,
    prepared_by: Option<&'a str>,
    footer: Option<&'a str>,
    commentary: Option<String>,
    client: &'a str,
    period: String,
    period_label: &'a str,
    complete: bool,
    as_of: String,
    timezone: &'a str,
    currency: &'a str,
    headline: String,
    summary: Vec<QuestionView<'a>>,
    fixes: Vec<FixView<'a>>,
    scopes: Vec<ScopeView<'a>>,
    /// Of all products: shown in the first scope.
    ladder: Option<LadderView<'a>>,
    comparison: Option<Comparison<'a>>,
    definitions: Vec<CardView<'a>>,
    built_in: [Term; 7],
    how_to_read: [Term; 15],
    skip_caveat: &'static str,
    sources: Vec<SourceView<'a>>,
    unassigned: Vec<UnassignedView<'a>>,
    notes: &'a [String],
}

/// A question that a client has, and the lines that answer it.
#[derive(Serialize)]
struct QuestionView<'a> {
    asked: &'static str,
    lines: Vec<LineView<'a>>,
}

/// What to fix first in one scope.
#[derive(Serialize)]
struct FixView<'a> {
    scope: &'a str,
    anchor: String,
    text: String,
}

#[derive(Serialize)]
struct LineView<'a> {
    tone: &'static str,
    lead: &'static str,
    text: String,
    mark: Option<Mark<'a>>,
}

#[derive(Serialize)]
struct CardView<'a> {
    kind: &'static str,
    stage: &'static str,
    name: &'a str,
    /// Computed by cvj itself: its formula is words.
    built_in: bool,
    /// Whether another definition has this name.
    again: bool,
    formula: &'a str,
    from: &'a str,
    at: &'a str,
    product: Option<&'a str>,
    origin: &'a str,
    trail: Option<TrailView<'a>>,
}

/// The rows that a definition was computed from.
#[derive(Serialize)]
struct TrailView<'a> {
    files: String,
    read: String,
    used: String,
    rejected: String,
    sql: &'a str,
}

#[derive(Serialize)]
struct SourceView<'a> {
    name: &'a str,
    plugin: &'a str,
    covers: Option<String>,
    ends_early: bool,
    dates: Vec<String>,
    tables: Vec<TableView<'a>>,
}

#[derive(Serialize)]
struct TableView<'a> {
    name: &'a str,
    files: String,
    read: String,
    control_total: Option<String>,
    rejected: String,
    any_rejected: bool,
    left_out: String,
    reasons: Vec<[String; 4]>,
    samples: Vec<[&'a str; 4]>,
}

#[derive(Serialize)]
struct UnassignedView<'a> {
    source: &'a str,
    table: &'a str,
    value: &'a str,
    quoted: bool,
    rows: String,
}

impl<'a> PageView<'a> {
    fn new(report: &'a Report, look: &'a Look, templates: &'a Templates<'_>) -> Result<Self, RenderError> {
        Ok(Self {
            font: font::face(),
            style: templates.style(),
            accent: look.accent.map(Accent::properties).unwrap_or_default(),
            script: templates.script(),
            script_hash: templates.script_hash(),
            logo: look.logo.as_ref().map(Logo::uri),
            prepared_by: look.prepared_by.as_deref(),
            footer: look.footer.as_deref(),
            commentary: look.commentary.as_deref().map(commentary).filter(|html| !html.trim().is_empty()),
            client: &report.client,
            period: calendar::period(&report.period),
            period_label: &report.period.label,
            complete: report.period.complete,
            as_of: calendar::moment(&report.as_of),
            timezone: &report.timezone,
            currency: &report.currency,
            headline: summary::headline(report),
            summary: questions(report),
            fixes: fixes(report),
            scopes: report.scopes().map(|scope| ScopeView::new(report, scope, &look.locale)).collect::<Result<_, _>>()?,
            ladder: report.ladder.as_ref().map(|ladder| LadderView::new(ladder, &report.currency)),
            comparison: comparison(report),
            definitions: cards(report),
            built_in: BUILT_IN,
            how_to_read: HOW_TO_READ,
            skip_caveat: words::SKIP_CAVEAT,
            sources: sources(report),
            unassigned: report.unassigned.iter().map(UnassignedView::new).collect(),
            notes: &report.notes,
        })
    }
}

fn questions(report: &Report) -> Vec<QuestionView<'_>> {
    let mut questions: Vec<QuestionView<'_>> = Vec::new();
    for line in summary::summary(report) {
        let asked = line.asked.words();
        let view = LineView {
            tone: line.tone.class(),
            lead: line.lead,
            text: line.text,
            mark: match line.of {
                Judged::Verdict(headline) => Some(Mark::metric(headline.slug, headline.stage, headline.metric)),
                Judged::Status(headline) => Some(Mark::status(headline.slug, headline.stage, headline.metric)),
                Judged::Nothing => None,
            },
        };
        match questions.last_mut().filter(|last| last.asked == asked) {
            Some(last) => last.lines.push(view),
            None => questions.push(QuestionView { asked, lines: vec![view] }),
        }
    }
    questions
}

fn fixes(report: &Report) -> Vec<FixView<'_>> {
    let mut fixes = Vec::new();
    for (index, scope) in report.scopes().enumerate() {
        let anchor = if index == 0 { "fix-first".to_owned() } else { format!("scope-{}", scope.slug) };
        fixes.extend(words::first_in_a_line(Told::new(report, scope)).map(|text| FixView { scope: scope.name, anchor, text }));
    }
    fixes
}

fn cards(report: &Report) -> Vec<CardView<'_>> {
    let cards = report.definitions.iter().map(|card| CardView {
        kind: kind_words(card.kind),
        stage: match (card.stage, card.kind) {
            (Some(stage), _) => stage.title(),
            (None, DefinitionKind::BuiltIn) => "every stage",
            (None, _) => "stage named in a column",
        },
        name: &card.name,
        built_in: card.kind == DefinitionKind::BuiltIn,
        again: card.kind == DefinitionKind::Touchpoint
            && report.definitions.iter().filter(|other| other.name == card.name).count() > 1,
        formula: &card.formula,
        from: &card.from,
        at: &card.at,
        product: card.product.as_deref(),
        origin: &card.origin,
        trail: card.trail.as_ref().map(|trail| TrailView {
            files: trail.files.join(", "),
            read: number::counted(trail.rows_read, "row", "rows"),
            used: number::count(trail.rows_used),
            rejected: number::count(trail.rows_rejected),
            sql: &trail.sql,
        }),
    });
    cards.collect()
}

/// The kind of a definition in words.
pub(crate) fn kind_words(kind: DefinitionKind) -> &'static str {
    match kind {
        DefinitionKind::Metric => "metric",
        DefinitionKind::Touchpoint => "touchpoint",
        DefinitionKind::BuiltIn => "built in",
    }
}

fn sources<'a>(report: &'a Report) -> Vec<SourceView<'a>> {
    let tables = |tables: &'a [cvj_core::report::Table]| tables.iter().map(TableView::new).collect();
    let sources = report.sources.iter().map(|source| SourceView {
        name: &source.name,
        plugin: &source.plugin,
        covers: source
            .covers
            .as_ref()
            .map(|covers| format!("{} to {}", calendar::day(&covers.from), calendar::last_day(&covers.to))),
        ends_early: source.ends_early,
        dates: source.dates.as_ref().map(words::date_trust).unwrap_or_default(),
        tables: tables(&source.tables),
    });
    sources.collect()
}

impl<'a> TableView<'a> {
    fn new(table: &'a cvj_core::report::Table) -> Self {
        let left_out = table.rows_left_out.iter().map(|left| format!("{} × {}", number::count(left.rows), left.why));
        let reasons = table.rejected_by_reason.iter().filter(|reason| reason.rows > 0);
        let reason = |reason: &cvj_core::report::RejectReason| {
            [number::counted(reason.rows, "row", "rows"), reason.definition.clone(), reason.column.clone(), reason.why.clone()]
        };
        let sample = |reject: &'a cvj_core::report::Reject| [&*reject.place, &*reject.column, &*reject.why, &*reject.definition];
        Self {
            name: &table.name,
            files: table.files.join(", "),
            read: number::count(table.rows_read),
            control_total: words::control_total(table),
            rejected: number::count(table.rows_rejected),
            any_rejected: table.rows_rejected > 0,
            left_out: left_out.collect::<Vec<_>>().join(", "),
            reasons: reasons.map(reason).collect(),
            samples: table.rejects.iter().map(sample).collect(),
        }
    }
}

impl<'a> UnassignedView<'a> {
    fn new(row: &'a Unassigned) -> Self {
        let (value, quoted) = match row.value.as_deref() {
            None => ("all other values", false),
            Some("") => ("no product named", false),
            Some(value) => (value, true),
        };
        Self { source: &row.source, table: &row.table, value, quoted, rows: number::count(row.rows) }
    }
}

#[cfg(test)]
mod tests;
