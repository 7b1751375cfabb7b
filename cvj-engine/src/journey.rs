//! Journeys of people: what their touchpoints say about one scope: who reached which stage, who moved on, and how long it took.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

use cvj_core::Stage;
use cvj_core::stats::{KaplanMeier, Waiting};

use crate::calendar::{Calendar, DAY};
use crate::people::{People, Shard, Touch};
use crate::products::{ProductCode, UNASSIGNED};

/// What bounds a journey in time.
#[derive(Debug)]
pub(crate) struct Bounds<'a> {
    pub(crate) calendar: &'a Calendar,
    /// End of the reported period.
    pub(crate) end: i64,
    /// End of follow-up.
    pub(crate) as_of: i64,
    /// Numbers of the periods of the history, the reported one last.
    pub(crate) periods: RangeInclusive<i32>,
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

/// The journeys of all scopes.
#[derive(Debug)]
pub(crate) struct Journeys {
    overall: Vec<ChainStage>,
    products: BTreeMap<ProductCode, Vec<ChainStage>>,
}

impl Journeys {
    /// Reads all people's touchpoints once for the chains and once for the counts, shards beside each other.
    pub(crate) fn of(people: People, bounds: &Bounds<'_>) -> Self {
        let shards = people.into_shards();
        let chains = in_shards(&shards, |chains: &mut Counted<u8>, shard| {
            for touch in shard.touches().filter(|touch| touch.at < bounds.end.min(bounds.as_of)) {
                let stage = 1 << touch.stage;
                chains.overall |= stage;
                if touch.product != UNASSIGNED {
                    *chains.of(touch.product) |= stage;
                }
            }
        });
        let chains = chains.into_iter().reduce(|all, part| all.merge(part, |all, part| *all |= part)).unwrap_or_default();
        let empty = || Counted {
            overall: ScopeCounts::new(chains.overall, bounds),
            products: chains.products.iter().map(|stages| ScopeCounts::new(*stages, bounds)).collect(),
        };
        let counted = in_shards(&shards, |counted: &mut Option<Counted<ScopeCounts>>, shard| {
            let counted = counted.get_or_insert_with(empty);
            shard.each_person(bounds.as_of, |person| counted.count_person(person.touches, bounds));
        });
        let counted = counted.into_iter().flatten().reduce(|all, part| all.merge(part, ScopeCounts::add)).unwrap_or_else(empty);
        let products = counted.products.into_iter().enumerate();
        Self {
            overall: counted.overall.finish(bounds),
            products: products.map(|(code, counts)| (code as ProductCode, counts.finish(bounds))).collect(),
        }
    }

    /// The chain of a scope, in order; `None`: overall.
    pub(crate) fn chain(&self, product: Option<ProductCode>) -> &[ChainStage] {
        match product {
            None => &self.overall,
            Some(code) => self.products.get(&code).map_or(&[], Vec::as_slice),
        }
    }
}

/// Something per scope.
#[derive(Debug, Default)]
struct Counted<T> {
    overall: T,
    /// By product code.
    products: Vec<T>,
}

impl<T: Default> Counted<T> {
    fn of(&mut self, product: ProductCode) -> &mut T {
        let place = usize::from(product);
        if self.products.len() <= place {
            self.products.resize_with(place + 1, T::default);
        }
        &mut self.products[place]
    }

    fn merge(mut self, part: Self, add: impl Fn(&mut T, T)) -> Self {
        add(&mut self.overall, part.overall);
        for (code, of_product) in part.products.into_iter().enumerate() {
            add(self.of(code as ProductCode), of_product);
        }
        self
    }
}

impl Counted<ScopeCounts> {
    /// Counts one person overall and for each product; the touchpoints come in time order.
    fn count_person(&mut self, touches: &mut [Touch], bounds: &Bounds<'_>) {
        self.overall.count_person(touches, bounds);
        if touches.iter().any(|touch| touch.product != touches[0].product) {
            // Stable: each product's touchpoints stay in order.
            touches.sort_by_key(|touch| touch.product);
        }
        for of_product in touches.chunk_by(|a, b| a.product == b.product) {
            if let Some(counts) = self.products.get_mut(usize::from(of_product[0].product)) {
                counts.count_person(of_product, bounds);
            }
        }
    }
}

/// Works on all shards with as many threads as there are processors; gives what each thread made. Whatever is made of the parts
/// must not depend on which thread had which shard.
fn in_shards<T: Default + Send>(shards: &[Shard], work: impl Fn(&mut T, &Shard) + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(shards.len());
    std::thread::scope(|scope| {
        let run = || {
            let mut made = T::default();
            while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(&mut made, shard);
            }
            made
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, T>| match thread.join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().map(join).collect()
    })
}

/// What is counted of a scope.
#[derive(Debug, Default)]
struct ScopeCounts {
    /// The stages of the chain, one bit each.
    chain: u8,
    stages: Vec<StageCounts>,
}

#[derive(Debug)]
struct StageCounts {
    stage: Stage,
    next: Option<Stage>,
    reached: Reached,
    /// By period of the history.
    cohorts: Vec<Cohort>,
    /// How long the reported period's cohort waited for the next stage.
    waits: Vec<Waiting>,
}

impl ScopeCounts {
    /// Nothing counted yet, for the chain of these stages.
    fn new(present: u8, bounds: &Bounds<'_>) -> Self {
        let chain: Vec<Stage> = Stage::ALL.into_iter().filter(|stage| present & (1 << stage.index()) != 0).collect();
        let periods = bounds.periods.clone().count();
        let stages = chain.iter().enumerate().map(|(place, &stage)| StageCounts {
            stage,
            next: chain.get(place + 1).copied(),
            reached: Reached::default(),
            cohorts: vec![Cohort::default(); periods],
            waits: Vec::new(),
        });
        Self { stages: stages.collect(), chain: present }
    }

    /// Counts one person's touchpoints of this scope, given in time order, lower stage first at equal times.
    fn count_person(&mut self, touches: &[Touch], bounds: &Bounds<'_>) {
        // One bit for each stage: touched before the end of the period; reached going forward only; the same before the end.
        let (mut any, mut forward, mut ordered) = (0_u8, 0_u8, 0_u8);
        // When the person first reached each stage going forward only: a touchpoint counts if no later stage was touched before.
        let mut first = [0_i64; 8];
        let mut furthest = 0;
        for touch in touches {
            let (stage, before_end) = (1 << touch.stage, u8::from(touch.at < bounds.end));
            any |= before_end << touch.stage;
            // Whatever came before is earlier, or as early and not further.
            if touch.stage >= furthest {
                furthest = touch.stage;
                if forward & stage == 0 {
                    forward |= stage;
                    ordered |= before_end << touch.stage;
                    first[usize::from(touch.stage)] = touch.at;
                }
            }
        }
        // Strict up to the first stage of the chain that is missing.
        let missing = self.chain & !ordered;
        let strict = ordered & (missing & missing.wrapping_neg()).wrapping_sub(1);
        let mut left = (any | forward) & self.chain;
        while left != 0 {
            let stage = left.trailing_zeros() as usize;
            let bit = 1_u8 << stage;
            left &= left - 1;
            let place = (self.chain & (bit - 1)).count_ones() as usize;
            let counts = &mut self.stages[place];
            counts.reached.any += u64::from(any & bit != 0);
            counts.reached.ordered += u64::from(ordered & bit != 0);
            counts.reached.strict += u64::from(strict & bit != 0);
            if forward & bit != 0 {
                counts.count_step(first[stage], touches, bounds);
            }
        }
    }

    fn add(&mut self, part: Self) {
        for (counts, part) in self.stages.iter_mut().zip(part.stages) {
            counts.reached.any += part.reached.any;
            counts.reached.ordered += part.reached.ordered;
            counts.reached.strict += part.reached.strict;
            for (cohort, part) in counts.cohorts.iter_mut().zip(part.cohorts) {
                cohort.entered += part.entered;
                cohort.matured += part.matured;
                cohort.advanced += part.advanced;
                cohort.skipped += part.skipped;
            }
            counts.waits.extend(part.waits);
        }
    }

    fn finish(self, bounds: &Bounds<'_>) -> Vec<ChainStage> {
        let stages = self.stages.into_iter().map(|mut counts| ChainStage {
            stage: counts.stage,
            reached: counts.reached,
            cohorts: bounds.periods.clone().zip(counts.cohorts).collect(),
            next: counts.next,
            median_days: KaplanMeier::of(&mut counts.waits).quantile(0.5).map(|micros| micros as f64 / DAY as f64),
        });
        stages.collect()
    }
}

impl StageCounts {
    /// Counts the step to the next stage of someone who entered this one.
    fn count_step(&mut self, entered: i64, touches: &[Touch], bounds: &Bounds<'_>) {
        let period = bounds.calendar.period_index(entered);
        let place = usize::try_from(period - bounds.periods.start()).ok();
        let Some(cohort) = place.and_then(|place| self.cohorts.get_mut(place)) else { return };
        cohort.entered += 1;
        let Some(next) = self.next.map(Stage::index) else { return };
        let later = || touches.iter().filter(|touch| touch.at >= entered);
        let reached_next = later().find(|touch| usize::from(touch.stage) == next).map(|touch| touch.at);
        let deadline = entered + i64::from(bounds.window_days[next]) * DAY;
        if deadline <= bounds.as_of {
            cohort.matured += 1;
            if reached_next.is_some_and(|at| at <= deadline) {
                cohort.advanced += 1;
            } else if later().any(|touch| usize::from(touch.stage) > next && touch.at <= deadline) {
                cohort.skipped += 1;
            }
        }
        if period == *bounds.periods.end() {
            let wait = reached_next.map(|at| Waiting::until_event(at - entered));
            self.waits.push(wait.unwrap_or_else(|| Waiting::still(bounds.as_of - entered)));
        }
    }
}

#[cfg(test)]
mod tests {
    use cvj_core::PeriodKind;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::people::PersonId;

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

    fn run(log: &[(PersonId, i64, u8)]) -> Vec<ChainStage> {
        let calendar = Calendar::new(TimeZone::UTC, PeriodKind::Month);
        let people = People::default();
        for &(person, day, stage) in log {
            people.enter(people.intern(&person.to_string()), Touch { at: day * DAY, product: 0, segment: 0, stage, amount: 0 });
        }
        let journeys = Journeys::of(people, &bounds(&calendar));
        assert_eq!(format!("{:?}", journeys.chain(None)), format!("{:?}", journeys.chain(Some(0))));
        journeys.chain(None).to_vec()
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
