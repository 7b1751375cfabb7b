//! The `Growth audit` sheet: the step to fix first and what it is worth, the stages in the order to work on them, and every step
//! against its goal.

use cvj_core::report::{AuditLine, GapOutcome, Goal, Range, StepGap};
use cvj_core::{Stage, Unit};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::bindings::Bindings;
use super::model::WorksheetModel;
use super::page::{Pages, begin, height, write};
use super::style::{COUNT, RATE, Styles};
use super::table::{Cell, Column, LINE, Table, blank, numbers, texts, wide};
use crate::number::NumberStyle;
use crate::words::{self, FixFirst, Said, Told};

const SHEET: &str = "Growth audit";
const WIDTHS: [f64; 13] = [8.0, 14.0, 13.0, 15.0, 13.0, 16.0, 19.0, 13.0, 14.0, 14.0, 14.0, 14.0, 34.0];
const LAST_COLUMN: u16 = WIDTHS.len() as u16 - 1;
/// What a reader asks of the step to fix first.
const QUESTIONS: [&str; 3] = ["Is it getting better?", "What is it worth?", "How sure is that?"];
/// What people decide.
const DECISIONS: [&str; 2] = ["What we do about it", "Who, and by when"];

/// Draws the sheet.
pub(super) fn draw(
    sheet: &mut Worksheet,
    model: &WorksheetModel<'_>,
    styles: &Styles,
    bindings: &mut Bindings,
) -> Result<(), XlsxError> {
    begin(sheet, SHEET, "Growth audit", model, styles)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(2, 0)?;
    let told = model.told();
    let mut pages = Pages::new(&WIDTHS);
    let whole = model.report.and_then(|report| words::whole_client(report, model.scope?));
    let (mut row, tall) = fix_first(sheet, 3, told.map(words::fix_first).as_ref(), whole.as_deref(), styles)?;
    pages.place(3, tall);
    let worth = worth(model, styles);
    bind(worth.first_row(row + 1), bindings);
    for table in [worth, stages(told, styles), steps(model, styles)] {
        if !table.rows.is_empty() {
            pages.place(row + 1, table.height(&WIDTHS));
            row = table.draw(sheet, row + 1, &WIDTHS, styles)?;
        }
    }
    pages.set(sheet)
}

/// The step to fix first in words; returns the first free row, and the height of the block.
///
/// `whole`: the whole client's step, on the sheet of a product.
fn fix_first(
    sheet: &mut Worksheet,
    row: u32,
    said: Option<&FixFirst>,
    whole: Option<&str>,
    styles: &Styles,
) -> Result<(u32, f64), XlsxError> {
    let headline = said.map_or("The step to fix first", |said| &said.headline);
    let mut lines = vec![("Why", said.map_or("", |said| &said.why), &styles.text)];
    lines.extend(said.and_then(|said| said.basis.as_deref()).map(|basis| ("Which rate", basis, &styles.text)));
    if let Some(said) = said {
        lines.extend(said.answers.iter().map(|answer| (answer.question, answer.text.as_str(), styles.claim(answer.claim))));
    } else {
        lines.extend(QUESTIONS.map(|question| (question, "", &styles.text)));
    }
    lines.extend(whole.map(|whole| ("The whole client", whole, &styles.text)));
    if said.is_none_or(|said| said.step.is_some()) {
        lines.extend(DECISIONS.map(|decision| (decision, "", &styles.input)));
    }
    write(sheet, row, 0, headline, &styles.section)?;
    sheet.set_row_height(row, 24)?;
    let mut tall = 24.0;
    let width: f64 = WIDTHS[2..].iter().sum();
    for (row, (label, text, format)) in (row + 1..).zip(&lines) {
        sheet.merge_range(row, 0, row, 1, label, &styles.label)?;
        sheet.merge_range(row, 2, row, LAST_COLUMN, "", format)?;
        write(sheet, row, 2, text, format)?;
        let line = height(text, width).max(22.0);
        sheet.set_row_height(row, line)?;
        tall += line;
    }
    Ok((row + 1 + lines.len() as u32, tall))
}

/// The claims, in the order to fix them; one empty line where nothing is claimed.
fn worth<'a>(model: &WorksheetModel<'a>, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 13] = [
        texts("Rank"),
        texts("From"),
        texts("To"),
        numbers("Extra people a period"),
        numbers("at least"),
        numbers("at most"),
        numbers("Extra customers"),
        numbers("at least"),
        numbers("at most"),
        numbers("Extra money"),
        numbers("at least"),
        numbers("at most"),
        texts("Counted as far as"),
    ];
    let estimate = NumberStyle { unit: Unit::Score, currency: "" };
    let row = |gap: &StepGap| {
        let mut cells = vec![
            Cell::number(gap.rank.map(f64::from), COUNT, &styles.label),
            Cell::text(gap.from.title(), &styles.strong),
            Cell::text(gap.to.title(), &styles.strong),
        ];
        let ranges = [(gap.people, estimate), (gap.customers, estimate), (gap.money, model.style(Unit::Money))];
        for (range, style) in ranges {
            let part = |part: fn(Range) -> f64, format| Cell::number(range.map(part), style, format);
            cells.push(part(|range| range.value, &styles.strong_number));
            cells.extend([part(|range| range.low, &styles.number), part(|range| range.high, &styles.number)]);
        }
        cells.push(Cell::text(gap.carried_to.map_or("", Stage::title), &styles.text));
        cells
    };
    let gaps = model.findings().map_or(&[][..], |findings| &findings.gaps);
    let mut claims: Vec<_> = gaps.iter().filter(|gap| gap.outcome == GapOutcome::Claim).collect();
    claims.sort_by_key(|gap| gap.rank.unwrap_or(u32::MAX));
    let mut rows: Vec<_> = claims.into_iter().map(row).collect();
    if rows.is_empty() {
        rows.push(blank(Cell::text("", &styles.label), COLUMNS.len(), styles));
    }
    Table {
        title: "What each gap is worth",
        note: "If the step were as good as its goal, and those who go on did as people do now. At least: every rate at the low end of \
               its interval; at most: every one at the high end. Only gaps that are more than chance have a line.",
        columns: &COLUMNS,
        rows,
        line: LINE,
    }
}

/// Names for the step to fix first.
fn bind(row: u32, bindings: &mut Bindings) {
    bindings.bind("fix_first.from", SHEET, row, 1);
    bindings.bind("fix_first.to", SHEET, row, 2);
    let parts = ["people", "customers", "money"].into_iter().flat_map(|of| ["value", "low", "high"].map(|part| (of, part)));
    for (column, (of, part)) in (3..).zip(parts) {
        bindings.bind(&format!("fix_first.{of}.{part}"), SHEET, row, column);
    }
}

/// The stages in the order of the audit.
fn stages<'a>(told: Option<Told<'_>>, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 9] = [
        texts("Rank"),
        texts("Stage"),
        numbers("Score"),
        texts("Measured by"),
        texts("Targets"),
        texts("Headlines"),
        texts("Its step"),
        texts("Activities"),
        wide("What cannot be judged, and what would fill it", 5),
    ];
    let row = |told: Told<'_>, line: &AuditLine| {
        let said = |said: Said| Cell::text(said.text, styles.tone(said.tone));
        let rank = line.rank.map(f64::from);
        vec![
            Cell::number(rank, COUNT, &styles.label),
            Cell::text(line.stage.title(), &styles.strong),
            Cell::text(words::score(line), &styles.words),
            Cell::text(words::measured(line.measured), &styles.text),
            said(words::target_evidence(line.target)),
            said(words::verdict_evidence(line.verdict)),
            said(words::step_evidence(line.step)),
            said(words::activities_evidence(line.activities)),
            Cell::text(words::audit_gap(told, line).unwrap_or_default(), &styles.text),
        ]
    };
    let unjudged = |stage: Stage| {
        let mut cells = blank(Cell::text("", &styles.label), COLUMNS.len(), styles);
        cells[1] = Cell::text(stage.title(), &styles.strong);
        cells
    };
    let rows = match told {
        Some(told) => told.scope.findings.audit.iter().map(|line| row(told, line)).collect(),
        None => Stage::ALL.into_iter().map(unjudged).collect(),
    };
    Table {
        title: "Growth audit",
        note: "The score is the mean of what can be judged: good 100, between 50, bad 0. What cannot be judged is left out of it.",
        columns: &COLUMNS,
        rows,
        line: LINE,
    }
}

/// Every step of the chain against its goal.
fn steps<'a>(model: &WorksheetModel<'_>, styles: &'a Styles) -> Table<'a> {
    const COLUMNS: [Column<'_>; 10] = [
        wide("Step", 3),
        numbers("Present rate"),
        numbers("Counts"),
        numbers("95% interval"),
        numbers("Entered in"),
        numbers("Goal"),
        numbers("Goal is"),
        numbers("Gap, in points"),
        numbers("Entered in the period"),
        wide("What can be said", 2),
    ];
    let row = |told: Told<'_>, gap: &StepGap| {
        let now = gap.now.as_ref();
        let interval = now.and_then(|now| now.interval.filter(|_| words::rate(now).is_some()));
        let goal_is = |goal: &Goal| goal.period.clone().unwrap_or_else(|| "the target".to_owned());
        let width = gap.goal.as_ref().filter(|_| gap.outcome == GapOutcome::Claim).map(|goal| goal.gap);
        let points = |end: f64| RATE.change(end).replace(" pts", "");
        let said = match gap.outcome {
            GapOutcome::Claim => "Worse than its goal by more than chance explains.".to_owned(),
            _ => words::gap(told, gap),
        };
        vec![
            Cell::text(words::step_name(gap.from, gap.to), &styles.label),
            now.map_or_else(|| Cell::text("", &styles.strong_number), |now| Cell::share(now, &styles.strong_number)),
            Cell::counts(now, &styles.words),
            Cell::text(interval.map_or_else(String::new, words::interval), &styles.words),
            Cell::text(gap.cohort.as_deref().unwrap_or_default(), &styles.words),
            Cell::number(gap.goal.as_ref().map(|goal| goal.rate), RATE, &styles.number),
            Cell::text(gap.goal.as_ref().map_or_else(String::new, goal_is), &styles.words),
            Cell::text(
                width.map_or_else(String::new, |[low, high]| format!("{} to {}", points(low), points(high))),
                &styles.words,
            ),
            Cell::number(gap.entered.map(|people| people as f64), COUNT, &styles.number),
            Cell::text(said, &styles.text),
        ]
    };
    let rows = if let Some(told) = model.told() {
        told.scope.findings.gaps.iter().map(|gap| row(told, gap)).collect()
    } else {
        let name = |from: Stage, to: Stage| Cell::text(words::step_name(from, to), &styles.label);
        model.steps().iter().map(|line| blank(name(line.from, line.to), COLUMNS.len(), styles)).collect()
    };
    Table {
        title: "Every step against its goal",
        note: "The present rate is that of the newest period whose people have all had the whole window and are at least 20.",
        columns: &COLUMNS,
        rows,
        line: LINE,
    }
}
