//! Journeys of people: what their touchpoints say about each scope. Who reached which stage, who moved on and how long it took; who
//! skipped a stage, and what became of them; which values their touchpoints bear; and which dates are doubtful.
//!
//! The touchpoints are looked at twice, shards beside each other: once for the chains and for minutes of bulk edits, once person
//! by person.

mod breakdown;
mod climbs;
mod dates;
mod orders;
mod path;
mod referrals;
mod skips;
mod steps;

use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use cvj_core::Stage;

use crate::calendar::{Calendar, DAY};
use crate::people::{People, Person, PersonId, Shard, Touch};
use crate::products::{ProductCode, UNASSIGNED};
use crate::segments::SegmentTable;

pub(crate) use breakdown::{ATTRIBUTIONS, BreakdownCell, Broken};
pub(crate) use climbs::{Climbs, RungCounts};
pub(crate) use dates::DateCounts;
use dates::{DateTally, DoubtfulDates, Sightings};
pub(crate) use orders::Orders;
use path::Path;
use referrals::{Referrals, ScopeReferrals};
pub(crate) use skips::{SkipCounts, SkipGroup};
pub(crate) use steps::{ChainStage, Cohort};
use steps::{StepCounts, Waits};

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
    /// Days from the first order within which a second makes a repeat purchase.
    pub(crate) repeat_days: u32,
    /// The rung of the value ladder that each product is on, by product code.
    pub(crate) rungs: Vec<Option<usize>>,
}

impl Bounds<'_> {
    /// Days from the end of the reported period to the end of follow-up, at most the window of the step into a stage; `None` for less
    /// than a day.
    pub(crate) fn like_aged_days(&self, next: Stage) -> Option<u32> {
        let days = u32::try_from((self.as_of - self.end).div_euclid(DAY)).ok()?;
        Some(days.min(self.window_days[next.index()])).filter(|days| *days >= 1)
    }

    /// The place of a moment's period in the history.
    fn place(&self, at: i64) -> Option<usize> {
        let place = self.calendar.period_index(at) - self.periods.start();
        usize::try_from(place).ok().filter(|_| place <= self.periods.end() - self.periods.start())
    }
}

/// The journey of one scope.
#[derive(Debug, Default)]
pub(crate) struct Journey {
    /// The chain, in order.
    pub(crate) chain: Vec<ChainStage>,
    /// The stages between its ends, in order.
    pub(crate) skips: Vec<SkipCounts>,
    /// Per dimension of the segments.
    pub(crate) broken: Vec<Broken>,
    pub(crate) orders: Orders,
}

/// The journeys of all scopes.
#[derive(Debug)]
pub(crate) struct Journeys {
    overall: Journey,
    products: Vec<Journey>,
    /// Of products without touchpoints.
    none: Journey,
    /// What customers bought first and next, over all products.
    pub(crate) climbs: Climbs,
    /// Per source of the segments.
    pub(crate) dates: Vec<DateCounts>,
    /// Whether any touchpoint's date is doubtful.
    pub(crate) any_doubtful: bool,
}

impl Journeys {
    /// Reads all people's touchpoints.
    pub(crate) fn of(mut people: People, segments: &SegmentTable, bounds: &Bounds<'_>) -> Self {
        let referrals = Referrals::of(&people.referrals(), bounds);
        let shards = people.into_shards();
        let seen = in_parallel(&shards, |seen: &mut Sightings, shard| {
            shard.each_touch(|touch| {
                if touch.at < bounds.as_of {
                    seen.see(touch, segments, bounds);
                }
            });
        });
        let seen = seen.into_iter().reduce(Sightings::merge).unwrap_or_default();
        let chains = seen.chains.clone();
        let (dates, doubtful) = seen.judge(segments);
        let shards: Vec<Mutex<Shard>> = shards.into_iter().map(Mutex::new).collect();
        let counted = in_parallel(&shards, |counted: &mut Option<Counted>, shard| {
            let counted = counted.get_or_insert_with(|| Counted::new(&chains, segments, bounds));
            let shard = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            shard.each_person(bounds.as_of, |person| counted.count_person(person, segments, &doubtful, &referrals, bounds));
        });
        let parts: Vec<Counted> = counted.into_iter().flatten().collect();
        let scopes: Vec<_> =
            std::iter::once(None).chain((0..chains.products.len()).map(|code| Some(code as ProductCode))).collect();
        let finished = in_parallel(&scopes, |finished: &mut Vec<(Option<ProductCode>, Journey)>, &product| {
            let parts: Vec<&ScopeCounts> = parts.iter().flat_map(|part| part.of_scope(product)).collect();
            let counts = ScopeCounts::new(chains.of_scope(product), segments, bounds);
            finished.push((product, counts.finish(&parts, referrals.of_scope(product), bounds)));
        });
        let mut finished: Vec<_> = finished.into_iter().flatten().collect();
        finished.sort_unstable_by_key(|(product, _)| *product);
        let mut journeys = finished.into_iter().map(|(_, journey)| journey);
        let (mut climbs, mut tally) = (Climbs::default(), DateTally::new(segments));
        for part in parts {
            climbs.add(part.climbs);
            tally.add(part.dates);
        }
        Self {
            overall: journeys.next().unwrap_or_default(),
            none: Journey::default(),
            products: journeys.collect(),
            climbs,
            any_doubtful: tally.any_doubtful(),
            dates: tally.finish(dates),
        }
    }

    /// The journey of a scope; `None`: overall.
    pub(crate) fn of_scope(&self, product: Option<ProductCode>) -> &Journey {
        match product {
            None => &self.overall,
            Some(code) => self.products.get(usize::from(code)).unwrap_or(&self.none),
        }
    }
}

/// The stages that each scope has touchpoints at before the end of the period, one bit each.
#[derive(Clone, Debug, Default)]
struct Chains {
    overall: u8,
    /// By product code.
    products: Vec<u8>,
}

impl Chains {
    fn see(&mut self, touch: Touch) {
        let stage = 1 << touch.stage;
        self.overall |= stage;
        if touch.product != UNASSIGNED {
            let place = usize::from(touch.product);
            if self.products.len() <= place {
                self.products.resize(place + 1, 0);
            }
            self.products[place] |= stage;
        }
    }

    /// The chain of a scope; `None`: overall.
    fn of_scope(&self, product: Option<ProductCode>) -> u8 {
        product.map_or(self.overall, |code| self.products[usize::from(code)])
    }

    fn merge(&mut self, part: &Self) {
        self.overall |= part.overall;
        self.products.resize(self.products.len().max(part.products.len()), 0);
        for (stages, more) in self.products.iter_mut().zip(&part.products) {
            *stages |= more;
        }
    }
}

/// What one thread counts of its people.
#[derive(Debug)]
struct Counted {
    overall: ScopeCounts,
    /// By product code.
    products: Vec<ScopeCounts>,
    /// By product code: people who count in the product as they count overall, and are in neither of the two above.
    alone: Vec<Option<ScopeCounts>>,
    climbs: Climbs,
    dates: DateTally,
}

impl Counted {
    fn new(chains: &Chains, segments: &SegmentTable, bounds: &Bounds<'_>) -> Self {
        Self {
            overall: ScopeCounts::new(chains.overall, segments, bounds),
            products: chains.products.iter().map(|stages| ScopeCounts::new(*stages, segments, bounds)).collect(),
            alone: chains.products.iter().map(|_| None).collect(),
            climbs: Climbs::default(),
            dates: DateTally::new(segments),
        }
    }

    /// The parts of a scope; `None`: overall.
    fn of_scope(&self, product: Option<ProductCode>) -> impl Iterator<Item = &ScopeCounts> {
        let (counts, alone) = match product.map(usize::from) {
            None => (&self.overall, &self.alone[..]),
            Some(code) => (&self.products[code], &self.alone[code..=code]),
        };
        std::iter::once(counts).chain(alone.iter().flatten())
    }

    /// Counts one person overall and for each product.
    fn count_person(
        &mut self,
        person: Person<'_>,
        segments: &SegmentTable,
        doubtful: &DoubtfulDates,
        referrals: &Referrals,
        bounds: &Bounds<'_>,
    ) {
        let Person { id, touches, current } = person;
        self.dates.count_person(touches, current, self.overall.chain, segments, doubtful, bounds.calendar);
        let (product, chain, referred) = (touches[0].product, self.overall.chain, referrals.of_scope(None));
        let one_product = touches.iter().all(|touch| touch.product == product);
        // Who was brought may have been brought for another product.
        let same = one_product && referred.of(id).is_none();
        let alone = match self.products.get(usize::from(product)) {
            Some(counts) if same && counts.chain == chain => {
                Some(self.alone[usize::from(product)].get_or_insert_with(|| ScopeCounts::new(chain, segments, bounds)))
            }
            _ => None,
        };
        let is_alone = alone.is_some();
        let is_doubtful = self.dates.doubtful_person(None);
        let counts = alone.unwrap_or(&mut self.overall);
        let has_order = counts.count_person(id, touches, is_doubtful, segments, referred, bounds);
        if has_order {
            self.climbs.count_person(touches, bounds);
        }
        if is_alone {
            return;
        }
        if !one_product {
            // Stable: each product's touchpoints stay in order.
            touches.sort_by_key(|touch| touch.product);
        }
        for of_product in touches.chunk_by(|a, b| a.product == b.product) {
            let product = of_product[0].product;
            if let Some(counts) = self.products.get_mut(usize::from(product)) {
                let is_doubtful = self.dates.doubtful_person(Some(product));
                counts.count_person(id, of_product, is_doubtful, segments, referrals.of_scope(Some(product)), bounds);
            }
        }
    }
}

/// What is counted of one scope.
#[derive(Debug)]
struct ScopeCounts {
    /// The stages of the chain, one bit each.
    chain: u8,
    steps: StepCounts,
    waits: Waits,
    skips: Vec<SkipCounts>,
    broken: Vec<Broken>,
    orders: Orders,
}

impl ScopeCounts {
    /// Nothing counted yet, for the chain of these stages.
    fn new(chain: u8, segments: &SegmentTable, bounds: &Bounds<'_>) -> Self {
        Self {
            chain,
            steps: StepCounts::new(chain, bounds),
            waits: Waits::new(bounds),
            skips: SkipCounts::of_chain(chain, bounds),
            broken: segments.dimensions().iter().map(|_| Broken::default()).collect(),
            orders: Orders::default(),
        }
    }

    /// Counts one person's touchpoints of this scope, given in time order, lower stage first at equal times; says whether one of
    /// them is an order before the end of the period.
    fn count_person(
        &mut self,
        person: PersonId,
        touches: &[Touch],
        doubtful: bool,
        segments: &SegmentTable,
        referrals: &ScopeReferrals,
        bounds: &Bounds<'_>,
    ) -> bool {
        if let [touch] = touches {
            self.steps.count_lone(touch, doubtful, &mut self.waits, bounds);
            if self.broken.is_empty() && !orders::is_order(touch) && referrals.of(person).is_none() {
                return false;
            }
        }
        let path = Path::of(touches, self.chain, bounds);
        if touches.len() > 1 {
            self.steps.count_person(&path, doubtful, &mut self.waits, bounds);
            // Whoever reached a stage may have skipped the one before it, but for the first reached.
            for next in stages_of(path.forward & path.forward.wrapping_sub(1)) {
                if let Some(skip) = self.steps.place(next).checked_sub(2).and_then(|place| self.skips.get_mut(place)) {
                    skip.count_person(&path, touches, bounds);
                }
            }
        }
        for (dimension, broken) in self.broken.iter_mut().enumerate() {
            broken.count_person(&path, touches, |touch| segments.value(touch.segment, dimension), bounds);
        }
        self.orders.count_person(person, &path, touches, referrals, bounds);
        orders::has_order(&path)
    }

    fn add(&mut self, part: &Self) {
        self.steps.add(&part.steps);
        for (skip, more) in self.skips.iter_mut().zip(&part.skips) {
            skip.add(more);
        }
        for (broken, more) in self.broken.iter_mut().zip(&part.broken) {
            broken.add(more);
        }
        self.orders.add(&part.orders);
    }

    /// The journey of a scope from its parts.
    fn finish(mut self, parts: &[&Self], referrals: &ScopeReferrals, bounds: &Bounds<'_>) -> Journey {
        for part in parts {
            self.add(part);
        }
        let waits: Vec<&Waits> = parts.iter().map(|part| &part.waits).collect();
        let orders = self.orders.finish(referrals, bounds);
        Journey { chain: self.steps.finish(&waits), skips: self.skips, broken: self.broken, orders }
    }
}

/// The stages whose bits are set, in order.
fn stages_of(mut bits: u8) -> impl Iterator<Item = Stage> {
    std::iter::from_fn(move || {
        let stage = Stage::ALL.get(bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(*stage)
    })
}

/// Works on all items with as many threads as there are processors; gives what each thread made. Whatever is made of the parts
/// must not depend on which thread had which item.
fn in_parallel<I: Sync, T: Default + Send>(items: &[I], work: impl Fn(&mut T, &I) + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(items.len());
    std::thread::scope(|scope| {
        let run = || {
            let mut made = T::default();
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(&mut made, item);
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

#[cfg(test)]
mod tests;
