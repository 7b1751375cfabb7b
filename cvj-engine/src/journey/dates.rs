//! How far the dates of touchpoints can be trusted: minutes of imports and bulk edits, stages at one instant, stages before the
//! first one. What is doubtful is counted per source; people with doubtful dates are told to the counts of steps.

use std::collections::{HashMap, HashSet};

use cvj_core::Stage;

use super::{Bounds, Chains, in_parallel};
use crate::blocks::Blocks;
use crate::calendar::{Calendar, DAY};
use crate::people::{Current, Touch};
use crate::products::ProductCode;
use crate::segments::SegmentTable;

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// Fewest touchpoints of a bulk edit's minute.
const FEWEST: u64 = 20;

/// How many times as many as on average over the whole time, of at least a day, a bulk edit's minute has.
const TIMES: u64 = 10;
const MINUTES_OF_A_DAY: u64 = 1440;

/// Minutes, eight years of them, that are counted in place; of more the few that there are are put in order.
const MOST_COUNTED: u64 = 1 << 22;

/// The fullest minutes that are told.
const TOLD: usize = 5;

/// What is doubtful about one source's dates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DateCounts {
    pub(crate) touchpoints: u64,
    pub(crate) bulk: u64,
    /// The fullest, most touchpoints first.
    pub(crate) bulk_minutes: Vec<BulkMinute>,
    pub(crate) same_instant: u64,
    pub(crate) before_first: u64,
    /// People whose stage of now the source names, and those whose history ends elsewhere.
    pub(crate) current: (u64, u64),
}

/// A minute with too many touchpoints at one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BulkMinute {
    /// Its beginning, in microseconds.
    pub(crate) at: i64,
    pub(crate) stage: Stage,
    pub(crate) touchpoints: u64,
}

/// What the first look at all touchpoints finds.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    pub(super) chains: Chains,
    /// Touchpoints by segment.
    touchpoints: Vec<u64>,
    /// Minutes of the touchpoints that have a time of day, by source and stage.
    minutes: Vec<Blocks<i32>>,
}

/// Minutes, by source and stage, in which touchpoints are of bulk edits.
#[derive(Debug, Default)]
pub(super) struct DoubtfulDates {
    bulk: HashSet<(usize, u8, i32)>,
}

/// The minute of a moment. Those beyond four thousand years from 1970 are taken as that far away.
fn minute(at: i64) -> i32 {
    at.div_euclid(MINUTE).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// 1980-01-01T00:00Z: since then all offsets from UTC are quarters of an hour.
const QUARTERS_SINCE: i64 = 3652 * DAY;

/// Whether a moment is the beginning of a local day: then it may be a date without a time.
fn is_a_date(at: i64, calendar: &Calendar) -> bool {
    (at < QUARTERS_SINCE || at.rem_euclid(15 * MINUTE) == 0) && calendar.begins_day(at)
}

impl Sightings {
    pub(super) fn see(&mut self, touch: Touch, segments: &SegmentTable, bounds: &Bounds<'_>) {
        if touch.at < bounds.end {
            self.chains.see(touch);
        }
        let segment = usize::from(touch.segment);
        if self.touchpoints.len() <= segment {
            self.touchpoints.resize(segment + 1, 0);
        }
        self.touchpoints[segment] += 1;
        if !is_a_date(touch.at, bounds.calendar) {
            let place = segments.source(touch.segment) * Stage::ALL.len() + usize::from(touch.stage);
            if self.minutes.len() <= place {
                self.minutes.resize_with(place + 1, Blocks::default);
            }
            self.minutes[place].push(minute(touch.at));
        }
    }

    pub(super) fn merge(mut self, part: Self) -> Self {
        self.chains.merge(&part.chains);
        self.touchpoints.resize(self.touchpoints.len().max(part.touchpoints.len()), 0);
        for (touchpoints, more) in self.touchpoints.iter_mut().zip(part.touchpoints) {
            *touchpoints += more;
        }
        self.minutes.resize_with(self.minutes.len().max(part.minutes.len()), Blocks::default);
        for (minutes, more) in self.minutes.iter_mut().zip(part.minutes) {
            minutes.append(more);
        }
        self
    }

    /// Finds the minutes of bulk edits; gives what is known so far of each source.
    pub(super) fn judge(self, segments: &SegmentTable) -> (Vec<DateCounts>, DoubtfulDates) {
        let mut sources = vec![DateCounts::default(); segments.sources().len()];
        for (segment, touchpoints) in (0..).zip(self.touchpoints) {
            sources[segments.source(segment)].touchpoints += touchpoints;
        }
        let minutes: Vec<(usize, Blocks<i32>)> = self.minutes.into_iter().enumerate().collect();
        let found = in_parallel(&minutes, |found: &mut Vec<(usize, u8, i32, u64)>, (place, minutes)| {
            let (source, stage) = (place / Stage::ALL.len(), (place % Stage::ALL.len()) as u8);
            found.extend(bulk(minutes).into_iter().map(|(minute, touchpoints)| (source, stage, minute, touchpoints)));
        });
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        found.sort_unstable_by_key(|(source, stage, minute, touchpoints)| {
            (*source, std::cmp::Reverse(*touchpoints), *minute, *stage)
        });
        let mut doubtful = DoubtfulDates::default();
        for (source, stage, minute, touchpoints) in found {
            doubtful.bulk.insert((source, stage, minute));
            let counts = &mut sources[source];
            counts.bulk += touchpoints;
            if counts.bulk_minutes.len() < TOLD {
                let stage = Stage::ALL[usize::from(stage)];
                counts.bulk_minutes.push(BulkMinute { at: i64::from(minute) * MINUTE, stage, touchpoints });
            }
        }
        (sources, doubtful)
    }
}

/// The minutes of bulk edits among those of all touchpoints of a source at a stage, with their touchpoints.
fn bulk(minutes: &Blocks<i32>) -> Vec<(i32, u64)> {
    let all = minutes.len() as u64;
    let each = || minutes.slices().flatten();
    let ends = each().min().zip(each().max());
    let Some((first, last)) = ends.map(|(first, last)| (i64::from(*first), i64::from(*last))).filter(|_| all >= FEWEST) else {
        return Vec::new();
    };
    let span = (last - first + 1).unsigned_abs();
    let is_bulk = |count: u64| {
        count >= FEWEST && u128::from(count) * u128::from(span.max(MINUTES_OF_A_DAY)) >= u128::from(TIMES) * u128::from(all)
    };
    count(minutes, first, span).into_iter().filter(|(_, count)| is_bulk(*count)).collect()
}

/// How many there are of each minute that has any, in order.
fn count(minutes: &Blocks<i32>, first: i64, span: u64) -> Vec<(i32, u64)> {
    if span > MOST_COUNTED {
        let mut minutes: Vec<i32> = minutes.slices().flatten().copied().collect();
        minutes.sort_unstable();
        return minutes.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect();
    }
    let mut counts = vec![0_u32; span as usize];
    for minute in minutes.slices().flatten() {
        counts[(i64::from(*minute) - first) as usize] += 1;
    }
    let some = (first..).zip(counts).filter(|(_, count)| *count > 0);
    some.map(|(minute, count)| (minute as i32, u64::from(count))).collect()
}

/// What the look at each person finds, and which of the person's touchpoints are doubtful.
#[derive(Debug)]
pub(super) struct DateTally {
    sources: Vec<DateCounts>,
    /// Products of the doubtful touchpoints of the person that is counted.
    doubtful: Vec<ProductCode>,
    any_doubtful: bool,
}

impl DateTally {
    pub(super) fn new(segments: &SegmentTable) -> Self {
        Self { sources: vec![DateCounts::default(); segments.sources().len()], doubtful: Vec::new(), any_doubtful: false }
    }

    /// Counts one person's touchpoints, given in time order; `chain`: the overall one.
    pub(super) fn count_person(
        &mut self,
        touches: &[Touch],
        current: &[Current],
        chain: u8,
        segments: &SegmentTable,
        doubtful: &DoubtfulDates,
        calendar: &Calendar,
    ) {
        self.doubtful.clear();
        if !doubtful.bulk.is_empty() {
            let key = |touch: &Touch| (segments.source(touch.segment), touch.stage, minute(touch.at));
            let of_bulk = |touch: &&Touch| doubtful.bulk.contains(&key(touch)) && !is_a_date(touch.at, calendar);
            self.doubtful.extend(touches.iter().filter(of_bulk).map(|touch| touch.product));
        }
        for same in touches.chunk_by(|a, b| a.at == b.at) {
            // At one moment the lowest stage comes first.
            let is_one_stage = same.first().map(|touch| touch.stage) == same.last().map(|touch| touch.stage);
            if is_one_stage || is_a_date(same[0].at, calendar) {
                continue;
            }
            let mut stages: HashMap<ProductCode, u8> = HashMap::new();
            for touch in same {
                *stages.entry(touch.product).or_default() |= 1 << touch.stage;
            }
            for touch in same.iter().filter(|touch| stages[&touch.product].count_ones() > 1) {
                self.sources[segments.source(touch.segment)].same_instant += 1;
                self.doubtful.push(touch.product);
            }
        }
        self.any_doubtful |= !self.doubtful.is_empty();
        for named in current {
            let furthest = touches.iter().map(|touch| touch.stage).max();
            let (people, disagree) = &mut self.sources[named.source].current;
            *people += 1;
            *disagree += u64::from(furthest != Some(named.stage));
        }
        let first = chain.trailing_zeros();
        if let Some(place) = touches.iter().position(|touch| u32::from(touch.stage) == first) {
            let before = |touch: &&Touch| touch.at < touches[place].at && u32::from(touch.stage) > first;
            for touch in touches[..place].iter().filter(before) {
                self.sources[segments.source(touch.segment)].before_first += 1;
            }
        }
    }

    /// Whether the person that was counted last has a doubtful touchpoint in a scope; `None`: overall.
    pub(super) fn doubtful_person(&self, product: Option<ProductCode>) -> bool {
        product.map_or(!self.doubtful.is_empty(), |product| self.doubtful.contains(&product))
    }

    pub(super) fn any_doubtful(&self) -> bool {
        self.any_doubtful
    }

    pub(super) fn add(&mut self, part: Self) {
        self.any_doubtful |= part.any_doubtful;
        for (counts, more) in self.sources.iter_mut().zip(part.sources) {
            counts.same_instant += more.same_instant;
            counts.before_first += more.before_first;
            counts.current = (counts.current.0 + more.current.0, counts.current.1 + more.current.1);
        }
    }

    /// What is known of each source in the end.
    pub(super) fn finish(self, mut sources: Vec<DateCounts>) -> Vec<DateCounts> {
        for (counts, more) in sources.iter_mut().zip(self.sources) {
            counts.same_instant = more.same_instant;
            counts.before_first = more.before_first;
            counts.current = more.current;
        }
        sources
    }
}
