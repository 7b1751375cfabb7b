//! Journeys of people: touchpoints kept in columns, and what they say about one scope: who reached which stage, who moved on,
//! and how long it took.

use std::collections::{BTreeMap, HashMap};

use cvj_core::Stage;

use crate::calendar::{Calendar, DAY};
use crate::products::ProductCode;
use crate::statistics::{Waiting, kaplan_meier_median};

/// A person's number; the key behind it never leaves the run.
pub(crate) type PersonId = u32;

/// Persons interned by their key: trimmed, lower case.
#[derive(Debug, Default)]
pub(crate) struct Persons(HashMap<Box<str>, PersonId>);

impl Persons {
    /// The number of the person with this key; `None` for an empty one.
    pub(crate) fn intern(&mut self, written: &str) -> Option<PersonId> {
        let key = written.trim().to_lowercase();
        if key.is_empty() {
            return None;
        }
        let next = self.0.len() as PersonId;
        Some(*self.0.entry(key.into_boxed_str()).or_insert(next))
    }
}

/// Touchpoints in columns, 15 bytes each.
#[derive(Debug, Default)]
pub(crate) struct Touches {
    person: Vec<PersonId>,
    at: Vec<i64>,
    product: Vec<ProductCode>,
    stage: Vec<u8>,
}

impl Touches {
    pub(crate) fn push(&mut self, person: PersonId, at: i64, product: ProductCode, stage: u8) {
        self.person.push(person);
        self.at.push(at);
        self.product.push(product);
        self.stage.push(stage);
    }

    pub(crate) fn append(&mut self, other: &mut Self) {
        self.person.append(&mut other.person);
        self.at.append(&mut other.at);
        self.product.append(&mut other.product);
        self.stage.append(&mut other.stage);
    }

    /// The touchpoints of one scope before `as_of`, grouped by person, each person's in time order, lower stage first at equal
    /// times.
    fn of_scope(&self, product: Option<ProductCode>, as_of: i64) -> Vec<Touch> {
        let mut touches: Vec<Touch> = (0..self.person.len())
            .filter(|&index| product.is_none_or(|product| self.product[index] == product) && self.at[index] < as_of)
            .map(|index| Touch { person: self.person[index], at: self.at[index], stage: self.stage[index] })
            .collect();
        touches.sort_unstable();
        touches
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    person: PersonId,
    at: i64,
    stage: u8,
}

/// What bounds a journey in time.
#[derive(Debug)]
pub(crate) struct Bounds<'a> {
    pub(crate) calendar: &'a Calendar,
    /// End of the reported period.
    pub(crate) end: i64,
    /// End of follow-up.
    pub(crate) as_of: i64,
    /// Numbers of the periods of the history, the reported one last.
    pub(crate) periods: std::ops::RangeInclusive<i32>,
    /// Days allowed for the step into each stage.
    pub(crate) window_days: [u32; 8],
}

/// People at one stage, in three readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) any: u64,
    pub(crate) ordered: u64,
    pub(crate) strict: u64,
}

/// One entry cohort's step to the next stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cohort {
    pub(crate) entered: u64,
    pub(crate) matured: u64,
    pub(crate) advanced: u64,
    pub(crate) skipped: u64,
}

/// One stage of the chain of a scope.
#[derive(Clone, Debug)]
pub(crate) struct ChainStage {
    pub(crate) stage: Stage,
    pub(crate) reached: Reached,
    /// Per period of the history.
    pub(crate) cohorts: BTreeMap<i32, Cohort>,
    /// The next stage of the chain.
    pub(crate) next: Option<Stage>,
    /// Kaplan-Meier median of the reported period's cohort.
    pub(crate) median_days: Option<f64>,
}

/// Computes the journey of one scope: its chain, in order.
pub(crate) fn journey(touches: &Touches, product: Option<ProductCode>, bounds: &Bounds<'_>) -> Vec<ChainStage> {
    let touches = touches.of_scope(product, bounds.as_of);
    let mut present = [false; 8];
    for touch in touches.iter().filter(|touch| touch.at < bounds.end) {
        present[usize::from(touch.stage)] = true;
    }
    let chain: Vec<Stage> = Stage::ALL.into_iter().filter(|stage| present[stage.index()]).collect();
    let mut stages: Vec<ChainStage> = chain
        .iter()
        .enumerate()
        .map(|(place, &stage)| ChainStage {
            stage,
            reached: Reached::default(),
            cohorts: bounds.periods.clone().map(|period| (period, Cohort::default())).collect(),
            next: chain.get(place + 1).copied(),
            median_days: None,
        })
        .collect();
    let mut waits: Vec<Vec<Waiting>> = vec![Vec::new(); stages.len()];
    for person in touches.chunk_by(|a, b| a.person == b.person) {
        count_person(person, &mut stages, &mut waits, bounds);
    }
    for (stage, waits) in stages.iter_mut().zip(&mut waits) {
        stage.median_days = kaplan_meier_median(waits).map(|micros| micros as f64 / DAY as f64);
    }
    stages
}

/// When a person first reached each stage going forward only: a touchpoint counts if no later stage was touched before it.
fn forward(touches: &[Touch]) -> [Option<i64>; 8] {
    let mut first = [None; 8];
    let mut furthest = 0;
    for touch in touches {
        // Sorted by time, then stage: whatever came before is earlier, or as early and not further.
        if touch.stage >= furthest {
            furthest = touch.stage;
            first[usize::from(touch.stage)].get_or_insert(touch.at);
        }
    }
    first
}

fn count_person(touches: &[Touch], stages: &mut [ChainStage], waits: &mut [Vec<Waiting>], bounds: &Bounds<'_>) {
    let first = forward(touches);
    let mut strict_so_far = true;
    for (place, stage) in stages.iter_mut().enumerate() {
        let index = stage.stage.index();
        let any = touches.iter().any(|touch| usize::from(touch.stage) == index && touch.at < bounds.end);
        let entered = first[index];
        let ordered = entered.is_some_and(|at| at < bounds.end);
        strict_so_far &= ordered;
        stage.reached.any += u64::from(any);
        stage.reached.ordered += u64::from(ordered);
        stage.reached.strict += u64::from(strict_so_far);
        let Some(entered) = entered else { continue };
        let period = bounds.calendar.period_index(entered);
        let Some(cohort) = stage.cohorts.get_mut(&period) else { continue };
        cohort.entered += 1;
        let Some(next) = stage.next else { continue };
        let later = || touches.iter().filter(|touch| touch.at >= entered);
        let reached_next = later().find(|touch| usize::from(touch.stage) == next.index()).map(|touch| touch.at);
        let deadline = entered + i64::from(bounds.window_days[next.index()]) * DAY;
        if deadline <= bounds.as_of {
            cohort.matured += 1;
            if reached_next.is_some_and(|at| at <= deadline) {
                cohort.advanced += 1;
            } else if later().any(|touch| usize::from(touch.stage) > next.index() && touch.at <= deadline) {
                cohort.skipped += 1;
            }
        }
        if period == *bounds.periods.end() {
            let duration = reached_next.unwrap_or(bounds.as_of) - entered;
            waits[place].push(Waiting { duration, censored: reached_next.is_none() });
        }
    }
}

#[cfg(test)]
mod tests {
    use cvj_core::PeriodKind;
    use jiff::tz::TimeZone;

    use super::*;

    fn bounds(calendar: &Calendar) -> Bounds<'_> {
        let period = calendar.period_index(0);
        Bounds {
            calendar,
            end: 40 * DAY,
            as_of: 100 * DAY,
            periods: period..=period,
            window_days: Stage::ALL.map(|stage| stage.default_window_days().unwrap_or(0)),
        }
    }

    fn run(log: &[(u32, i64, u8)]) -> Vec<ChainStage> {
        let calendar = Calendar::new(TimeZone::UTC, PeriodKind::Month);
        let mut touches = Touches::default();
        for &(person, day, stage) in log {
            touches.push(person, day * DAY, 0, stage);
        }
        journey(&touches, None, &bounds(&calendar))
    }

    #[test]
    fn the_three_readings_nest() {
        // Person 0 goes forward; 1 skips engage; 2 goes backward.
        let stages = run(&[(0, 1, 0), (0, 2, 1), (0, 3, 2), (1, 1, 0), (1, 2, 2), (2, 1, 2), (2, 2, 0)]);
        let reached: Vec<_> =
            stages.iter().map(|stage| (stage.reached.any, stage.reached.ordered, stage.reached.strict)).collect();
        assert_eq!(reached, [(3, 2, 2), (1, 1, 1), (3, 3, 1)]);
        assert_eq!(stages[0].cohorts.values().next(), Some(&Cohort { entered: 2, matured: 2, advanced: 1, skipped: 1 }));
    }

    #[test]
    fn windows_are_closed_and_young_people_do_not_count() {
        let stages = run(&[(0, 1, 0), (0, 31, 1), (1, 1, 0), (1, 32, 1)]);
        assert_eq!(stages[0].cohorts.values().next(), Some(&Cohort { entered: 2, matured: 2, advanced: 1, skipped: 0 }));
        assert_eq!(stages[0].median_days, Some(30.0));
    }

    #[test]
    fn equal_times_take_the_lower_stage_first() {
        let stages = run(&[(0, 1, 1), (0, 1, 0)]);
        assert_eq!(stages[0].reached.ordered, 1);
        assert_eq!(stages[0].cohorts.values().next().unwrap().advanced, 1);
    }
}
