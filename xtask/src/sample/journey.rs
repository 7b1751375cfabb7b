//! People and steps of one scope, from the touches that belong to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::calendar::Seconds;
use super::statistics::{median_days, wilson};
use super::truth::Touch;
use super::world::{Person, Stage};

const DAY: Seconds = 86_400;

/// Days allowed from the stage before to this one: `[window]` of `examples/northwind/cvj.toml`.
fn window_days(stage: Stage) -> i64 {
    match stage {
        Stage::Aware => 0,
        Stage::Engage => 7,
        Stage::Subscribe => 10,
        Stage::Convert | Stage::Excite => 14,
        Stage::Ascend | Stage::Advocate | Stage::Promote => 21,
    }
}

/// A person's touches in time order, and when each stage was entered: its first touch, if no later stage was touched before.
struct Path {
    touches: Vec<(Seconds, Stage)>,
    entered: [Option<Seconds>; 8],
}

/// The step of those who entered a stage in a period.
pub(super) struct Step {
    pub(super) to: Stage,
    pub(super) entered: i64,
    pub(super) matured: i64,
    pub(super) advanced: i64,
    skipped: i64,
    median_days: Option<f64>,
}

impl Step {
    pub(super) fn json(&self) -> Value {
        let rate = (self.matured > 0).then(|| self.advanced as f64 / self.matured as f64);
        json!({
            "to": self.to.key(), "entered": self.entered, "matured": self.matured, "advanced": self.advanced, "skipped": self.skipped,
            "rate": rate, "interval": wilson(self.advanced, self.matured), "median_days": self.median_days,
            "window_days": window_days(self.to),
        })
    }
}

/// One scope's journey.
pub(super) struct Journey {
    paths: Vec<Path>,
    pub(super) chain: Vec<Stage>,
    as_of: Seconds,
    end: Seconds,
}

impl Journey {
    /// The journey of these touches (all before `as_of`), for the period that ends at `end`.
    pub(super) fn of<'a>(touches: impl Iterator<Item = &'a Touch>, as_of: Seconds, end: Seconds) -> Self {
        let mut people: BTreeMap<Person, Vec<(Seconds, Stage)>> = BTreeMap::new();
        for touch in touches.filter(|touch| touch.at < as_of) {
            people.entry(touch.person).or_default().push((touch.at, touch.stage));
        }
        let paths: Vec<Path> = people.into_values().map(Path::of).collect();
        let in_chain =
            |stage: &Stage| paths.iter().any(|path| path.touches.iter().any(|touch| touch.1 == *stage && touch.0 < end));
        let chain = Stage::ALL.into_iter().filter(in_chain).collect();
        Self { paths, chain, as_of, end }
    }

    /// The three readings of who reached a stage.
    pub(super) fn people(&self, stage: Stage) -> Value {
        if !self.chain.contains(&stage) {
            return Value::Null;
        }
        let ordered = |path: &Path, stage: Stage| path.entered[stage as usize].is_some_and(|at| at < self.end);
        let count = |test: &dyn Fn(&Path) -> bool| self.paths.iter().filter(|path| test(path)).count();
        json!({
            "any": count(&|path| path.touches.iter().any(|touch| touch.1 == stage && touch.0 < self.end)),
            "ordered": count(&|path| ordered(path, stage)),
            "strict": count(&|path| self.chain.iter().filter(|&&other| other <= stage).all(|&other| ordered(path, other))),
        })
    }

    /// How many entered a stage in `[start, end)`.
    pub(super) fn entered(&self, stage: Stage, period: (Seconds, Seconds)) -> i64 {
        self.entrants(stage, period).count() as i64
    }

    fn entrants(&self, stage: Stage, (start, end): (Seconds, Seconds)) -> impl Iterator<Item = (&Path, Seconds)> {
        self.paths
            .iter()
            .filter_map(move |path| Some((path, path.entered[stage as usize].filter(|at| (start..end).contains(at))?)))
    }

    /// The step from a stage to the next of the chain; none outside the chain and at its end.
    pub(super) fn step(&self, stage: Stage, period: (Seconds, Seconds)) -> Option<Step> {
        let position = self.chain.iter().position(|&other| other == stage)?;
        let to = *self.chain.get(position + 1)?;
        let window = window_days(to) * DAY;
        let mut step = Step { to, entered: 0, matured: 0, advanced: 0, skipped: 0, median_days: None };
        let mut waits = Vec::new();
        for (path, at) in self.entrants(stage, period) {
            step.entered += 1;
            let arrival = path.touches.iter().find(|touch| touch.1 == to && touch.0 >= at).map(|touch| touch.0);
            waits.push((arrival.unwrap_or(self.as_of) - at, arrival.is_some()));
            if at + window <= self.as_of {
                step.matured += 1;
                if arrival.is_some_and(|arrival| arrival <= at + window) {
                    step.advanced += 1;
                } else if path.touches.iter().any(|touch| touch.1 > to && (at..=at + window).contains(&touch.0)) {
                    step.skipped += 1;
                }
            }
        }
        step.median_days = median_days(waits);
        Some(step)
    }
}

impl Path {
    fn of(mut touches: Vec<(Seconds, Stage)>) -> Self {
        touches.sort_unstable();
        let mut entered = [None; 8];
        let mut furthest = Stage::Aware;
        for &(at, stage) in &touches {
            // Equal times come lower stage first, so whatever lies further was touched before.
            if stage >= furthest {
                furthest = stage;
                entered[stage as usize].get_or_insert(at);
            }
        }
        Self { touches, entered }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touches(list: &[(Person, Stage, i64)]) -> Vec<Touch> {
        list.iter().map(|&(person, stage, day)| Touch { person, stage, product: None, at: day * DAY, cents: 0 }).collect()
    }

    #[test]
    fn a_backward_move_is_reached_but_not_ordered() {
        let touches = touches(&[(0, Stage::Engage, 2), (0, Stage::Convert, 1), (1, Stage::Engage, 1), (1, Stage::Convert, 1)]);
        let journey = Journey::of(touches.iter(), 100 * DAY, 50 * DAY);
        assert_eq!(journey.people(Stage::Engage), json!({"any": 2, "ordered": 1, "strict": 1}));
        assert_eq!(journey.people(Stage::Convert), json!({"any": 2, "ordered": 2, "strict": 1}));
        assert_eq!(journey.people(Stage::Aware), Value::Null);
    }

    #[test]
    fn a_skip_is_no_advance() {
        let touches = touches(&[
            (0, Stage::Aware, 0),
            (0, Stage::Convert, 5),
            (1, Stage::Aware, 0),
            (1, Stage::Engage, 7),
            (2, Stage::Aware, 1),
        ]);
        let journey = Journey::of(touches.iter(), 8 * DAY - 1, 8 * DAY - 1);
        let step = journey.step(Stage::Aware, (0, 5 * DAY));
        let counts = step.map(|step| (step.entered, step.matured, step.advanced, step.skipped, step.median_days));
        assert_eq!(counts, Some((3, 2, 1, 1, Some(7.0))));
        assert!(journey.step(Stage::Convert, (0, 5 * DAY)).is_none());
    }
}
