//! The value ladder: what customers buy, the lowest rung at the bottom, and how many went from each rung to the next.

use cvj_core::report::{Ladder, NamedScope, Report, Rung, RungMove};
use plotters::prelude::DrawingBackend;

use super::canvas::{Canvas, Picture, Undrawn, isolated};
use super::ink::{Align, COUNTS, FIGURE, HEADING, NAME, NOTE};
use super::plot::{MARGIN, WIDTH};
use crate::number::{self, NumberStyle};
use crate::{calendar, palette, words};

const TOP: f64 = 62.0;
const RUNG: f64 = 46.0;
const MOVE: f64 = 34.0;
const BAR: f64 = 16.0;
/// The longest bar, with its number beside it.
const LONGEST: f64 = WIDTH - 2.0 * MARGIN - 60.0;
/// Most rungs drawn.
const MOST: usize = 8;
/// Most other moves told.
const OTHERS: usize = 3;

/// The ladder, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct LadderChart {
    subtitle: String,
    /// Highest first.
    rungs: Vec<RungRow>,
    more: usize,
    /// Moves that are not from one rung to the next: from, to, and how many.
    others: Vec<[String; 3]>,
}

#[derive(Clone, Debug)]
struct RungRow {
    name: String,
    stands_for: String,
    customers: u64,
    first: u64,
    /// Its price, and what was paid.
    money: String,
    /// How many came from the rung below; none at the lowest.
    from_below: Option<String>,
}

impl LadderChart {
    /// None without rungs.
    pub(super) fn new(report: &Report, ladder: &Ladder) -> Option<Self> {
        let money = NumberStyle { unit: cvj_core::Unit::Money, currency: &report.currency };
        let drawn = &ladder.rungs[..ladder.rungs.len().min(MOST)];
        let row = |(place, rung): (usize, &Rung)| {
            let price = rung.price.map(|price| money.value(price));
            let paid = rung.revenue.map(|paid| format!("{} paid", money.value(paid)));
            let up = place.checked_sub(1).map(|below| {
                let found = ladder.moves.iter().find(|step| (step.from, step.to) == (below, place));
                found.map_or_else(|| "no one came from below yet".to_owned(), moved)
            });
            RungRow {
                name: rung.name.clone(),
                stands_for: format!("Rung {}", place + 1),
                customers: rung.customers,
                first: rung.first,
                money: price.into_iter().chain(paid).collect::<Vec<_>>().join(" · "),
                from_below: up,
            }
        };
        let mut others: Vec<_> = ladder.moves.iter().filter(|step| step.to != step.from + 1 || step.to >= drawn.len()).collect();
        others.sort_by(|left, right| {
            right.share.numerator.cmp(&left.share.numerator).then((left.from, left.to).cmp(&(right.from, right.to)))
        });
        let name = |place: usize| ladder.rungs.get(place).map_or_else(String::new, |rung| rung.name.clone());
        let parts = |step: &&RungMove| [name(step.from), name(step.to), moved(step)];
        Some(Self {
            subtitle: format!("customers by {} · bought as the first of all: darker", calendar::until(report)),
            rungs: drawn.iter().enumerate().map(row).rev().collect(),
            more: ladder.rungs.len() - drawn.len(),
            others: others.iter().take(OTHERS).map(parts).collect(),
        })
        .filter(|chart| !chart.rungs.is_empty())
    }

    /// The ladder is of all products, so it stands in the first scope.
    pub(super) fn of_scope(report: &Report, scope: NamedScope<'_>) -> Option<Self> {
        let whole = report.scopes().next().is_some_and(|first| first.slug == scope.slug);
        report.ladder.as_ref().filter(|_| whole).and_then(|ladder| Self::new(report, ladder))
    }

    fn width(&self, people: u64) -> f64 {
        let most = self.rungs.iter().map(|rung| rung.customers).max().unwrap_or(0).max(1);
        LONGEST * people as f64 / most as f64
    }
}

/// A move from one rung to another.
fn told([from, to, moved]: &[String; 3]) -> String {
    format!("{} → {}: {moved}", isolated(from), isolated(to))
}

/// `22.1% (91 of 412), median 34.5 days`.
fn moved(step: &RungMove) -> String {
    let days = step.median_days.map_or_else(String::new, |days| format!(", median {}", number::days(days)));
    format!("{}{days}", words::share(&step.share))
}

impl RungRow {
    fn says(&self) -> String {
        let money = if self.money.is_empty() { String::new() } else { format!(", {}", self.money) };
        let customers = number::counted(self.customers, "customer", "customers");
        format!("{}: {customers}, {} of them bought it first{money}", isolated(&self.name), number::count(self.first))
    }
}

impl Picture for LadderChart {
    const HEADING: u32 = 0;

    fn size(&self) -> (u32, u32) {
        let moves = self.rungs.iter().filter(|rung| rung.from_below.is_some()).count();
        let notes = self.others.len() + usize::from(!self.others.is_empty()) + usize::from(self.more > 0);
        (WIDTH as u32, (TOP + RUNG * self.rungs.len() as f64 + MOVE * moves as f64 + 17.0 * notes as f64 + 10.0) as u32)
    }

    fn title(&self) -> String {
        format!("Value ladder: {}", self.subtitle)
    }

    fn description(&self) -> String {
        let rung = |rung: &RungRow| {
            let moved = rung.from_below.as_ref().map_or_else(String::new, |moved| format!(", from the rung below {moved}"));
            format!("{}{moved}", rung.says())
        };
        let rungs: Vec<_> = self.rungs.iter().rev().map(rung).collect();
        let others = if self.others.is_empty() {
            String::new()
        } else {
            format!(" Other moves: {}.", self.others.iter().map(told).collect::<Vec<_>>().join("; "))
        };
        format!("{}.{others}", rungs.join("; "))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        canvas.text("The value ladder", MARGIN, 26.0, Align::Start, HEADING)?;
        canvas.text(&NOTE.fitted(&self.subtitle, WIDTH - 2.0 * MARGIN), MARGIN, 46.0, Align::Start, NOTE)?;
        let mut top = TOP;
        for rung in &self.rungs {
            let money = COUNTS.width(&rung.money);
            canvas.name(&rung.name, &rung.stands_for, (MARGIN, top + 14.0), WIDTH - 2.0 * MARGIN - money - 14.0, NAME)?;
            canvas.text(&rung.money, WIDTH - MARGIN, top + 14.0, Align::End, COUNTS)?;
            let (bar, all, first) = (top + 22.0, self.width(rung.customers), self.width(rung.first));
            canvas.path(&[(MARGIN, bar - 2.0), (MARGIN, bar + BAR + 2.0)], 1.0, palette::OUTLINE)?;
            if rung.customers > 0 {
                canvas.fill((MARGIN, bar, all.max(2.0), BAR), palette::HEAT[4])?;
            }
            if rung.first > 0 {
                canvas.fill((MARGIN, bar, first.max(2.0), BAR), palette::DATA)?;
            }
            canvas.text(&number::count(rung.customers), MARGIN + all + 8.0, bar + 13.0, Align::Start, FIGURE)?;
            canvas.hover((MARGIN, top, WIDTH - 2.0 * MARGIN, RUNG - 4.0), rung.says());
            top += RUNG;
            if let Some(moved) = &rung.from_below {
                let (x, from, to) = (MARGIN + 8.0, top + MOVE - 8.0, top + 3.0);
                canvas.path(&[(x, from), (x, to)], 1.5, palette::MUTED)?;
                canvas.path(&[(x - 4.0, to + 4.5), (x, to), (x + 4.0, to + 4.5)], 1.5, palette::MUTED)?;
                canvas.text(&NOTE.fitted(moved, WIDTH - 3.0 * MARGIN - 10.0), x + 12.0, top + 18.5, Align::Start, NOTE)?;
                top += MOVE;
            }
        }
        let more = (self.more > 0).then(|| format!("and {} more rungs", self.more));
        let heading = (!self.others.is_empty()).then(|| "Other moves:".to_owned());
        let short = |[from, to, moved]: &[String; 3]| {
            let room = (WIDTH - 2.0 * MARGIN - NOTE.width(moved) - 30.0) / 2.0;
            (
                told(&[NOTE.fitted(from, room), NOTE.fitted(to, room), moved.clone()]),
                Some(told(&[from.clone(), to.clone(), moved.clone()])),
            )
        };
        let notes = more.into_iter().chain(heading).map(|note| (note, None));
        for (note, says) in notes.chain(self.others.iter().map(short)) {
            canvas.text(&note, MARGIN, top + 12.0, Align::Start, NOTE)?;
            if let Some(says) = says {
                canvas.hover((MARGIN, top, WIDTH - 2.0 * MARGIN, 17.0), says);
            }
            top += 17.0;
        }
        Ok(())
    }
}
