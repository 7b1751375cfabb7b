//! People at the stages of a chain, and their steps from one to the next, by the period in which they entered.

use cvj_core::Stage;
use cvj_core::report::{CurvePoint, Readings, StagePeople, Waiting as WaitingReport};
use cvj_core::stats::{KaplanMeier, Waiting};

use super::path::Path;
use super::{Bounds, stages_of};
use crate::blocks::Blocks;
use crate::calendar::DAY;
use crate::people::Touch;

/// A waiting curve has at most so many points, and the one at its start.
const CURVE_POINTS: u32 = 60;

/// The people who entered a stage in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cohort {
    pub(crate) entered: u64,
    pub(crate) matured: u64,
    pub(crate) advanced: u64,
    pub(crate) skipped: u64,
    /// Who reached the next stage within the days at which cohorts are compared.
    pub(crate) early: u64,
}

impl Cohort {
    fn add(&mut self, part: Self) {
        self.entered += part.entered;
        self.matured += part.matured;
        self.advanced += part.advanced;
        self.skipped += part.skipped;
        self.early += part.early;
    }
}

/// One stage of the chain of a scope.
#[derive(Clone, Debug)]
pub(crate) struct ChainStage {
    pub(crate) stage: Stage,
    /// People before the end of the period, whatever the order.
    pub(crate) any: u64,
    pub(crate) ordered: u64,
    pub(crate) strict: u64,
    pub(crate) readings: Readings,
    /// The next stage of the chain.
    pub(crate) next: Option<Stage>,
    /// Per period of the history, with the Kaplan-Meier median days.
    pub(crate) cohorts: Vec<(Cohort, Option<f64>)>,
    /// The reported period's cohort without people whose dates are doubtful.
    pub(crate) trusted: Cohort,
    pub(crate) waiting: WaitingReport,
}

/// Counts of a scope's stages and steps.
#[derive(Debug)]
pub(super) struct StepCounts {
    chain: u8,
    stages: Vec<StageCounts>,
    /// By stage: its place in the chain.
    places: [usize; 8],
    /// People by the set of stages that they touched before the end of the period, whatever the order, and that they reached in
    /// order.
    any: Box<[u64; 256]>,
    ordered: Box<[u64; 256]>,
}

#[derive(Debug)]
struct StageCounts {
    stage: Stage,
    next: Option<Stage>,
    /// The window of the step, and the days at which cohorts are compared, in microseconds.
    window: i64,
    early: Option<i64>,
    /// By period of the history.
    cohorts: Vec<Cohort>,
    trusted: Cohort,
}

/// How long people waited for the next stage: in the order in which they were seen, each with its cell, the stage of the chain and
/// the period. A place of its own for each of thousands of cells would cost more than all the rest of counting.
#[derive(Debug)]
pub(super) struct Waits {
    periods: usize,
    cells: Blocks<u16>,
    /// One for each of `cells`.
    times: Blocks<Waiting>,
}

impl Waits {
    pub(super) fn new(bounds: &Bounds<'_>) -> Self {
        Self { periods: bounds.periods.clone().count(), cells: Blocks::default(), times: Blocks::default() }
    }

    fn push(&mut self, stage: usize, period: usize, wait: Waiting) {
        // Eight stages of at most 520 periods.
        self.cells.push((stage * self.periods + period) as u16);
        self.times.push(wait);
    }
}

/// Waits, cell by cell.
struct Cells {
    periods: usize,
    starts: Vec<usize>,
    waits: Vec<Waiting>,
}

impl Cells {
    /// Deals out the waits of a scope, cell by cell, those of each of so many stages.
    fn deal(parts: &[&Waits], stages: usize) -> Self {
        let periods = parts.first().map_or(0, |part| part.periods);
        let mut starts = vec![0; stages * periods + 1];
        for cell in parts.iter().flat_map(|part| part.cells.slices()).flatten() {
            starts[usize::from(*cell) + 1] += 1;
        }
        for cell in 1..starts.len() {
            starts[cell] += starts[cell - 1];
        }
        let mut next = starts.clone();
        let mut waits = vec![Waiting::still(0); parts.iter().map(|part| part.times.len()).sum()];
        for (cells, times) in parts.iter().flat_map(|part| part.cells.slices().zip(part.times.slices())) {
            for (cell, wait) in cells.iter().zip(times) {
                let place = &mut next[usize::from(*cell)];
                waits[*place] = *wait;
                *place += 1;
            }
        }
        Self { periods, starts, waits }
    }

    fn of(&mut self, stage: usize, period: usize) -> &mut [Waiting] {
        let cell = stage * self.periods + period;
        &mut self.waits[self.starts[cell]..self.starts[cell + 1]]
    }
}

impl StepCounts {
    pub(super) fn new(chain: u8, bounds: &Bounds<'_>) -> Self {
        let periods = bounds.periods.clone().count();
        let stages: Vec<Stage> = stages_of(chain).collect();
        let counts = stages.iter().enumerate().map(|(place, &stage)| {
            let next = stages.get(place + 1).copied();
            StageCounts {
                stage,
                next,
                window: next.map_or(0, |next| i64::from(bounds.window_days[next.index()]) * DAY),
                early: next.and_then(|next| bounds.like_aged_days(next)).map(|days| i64::from(days) * DAY),
                cohorts: vec![Cohort::default(); periods],
                trusted: Cohort::default(),
            }
        });
        let places = Stage::ALL.map(|stage| (chain & ((1 << stage.index()) - 1)).count_ones() as usize);
        Self { chain, stages: counts.collect(), places, any: Box::new([0; 256]), ordered: Box::new([0; 256]) }
    }

    /// The place of a stage in the chain.
    pub(super) fn place(&self, stage: Stage) -> usize {
        self.places[stage.index()]
    }

    pub(super) fn count_person(&mut self, path: &Path, doubtful: bool, waits: &mut Waits, bounds: &Bounds<'_>) {
        self.any[usize::from(path.any)] += 1;
        self.ordered[usize::from(path.ordered)] += 1;
        for (stage, entered) in path.reached() {
            let place = self.place(stage);
            let counts = &mut self.stages[place];
            let reached = counts.next.and_then(|next| path.touched(next));
            let beyond = |next| path.beyond(next);
            if let Some((period, wait)) = counts.count_step(entered, reached, beyond, doubtful, bounds) {
                waits.push(place, period, wait);
            }
        }
    }

    /// Counts someone with a single touchpoint, as [`Self::count_person`] does: most people of a product have no more.
    pub(super) fn count_lone(&mut self, touch: &Touch, doubtful: bool, waits: &mut Waits, bounds: &Bounds<'_>) {
        let stage = self.chain & (1 << touch.stage);
        let before_end = if touch.at < bounds.end { stage } else { 0 };
        self.any[usize::from(before_end)] += 1;
        self.ordered[usize::from(before_end)] += 1;
        if stage != 0 {
            let place = self.places[usize::from(touch.stage)];
            if let Some((period, wait)) = self.stages[place].count_step(touch.at, None, |_| None, doubtful, bounds) {
                waits.push(place, period, wait);
            }
        }
    }

    pub(super) fn add(&mut self, part: &Self) {
        for (counts, part) in self.stages.iter_mut().zip(&part.stages) {
            counts.trusted.add(part.trusted);
            for (cohort, part) in counts.cohorts.iter_mut().zip(&part.cohorts) {
                cohort.add(*part);
            }
        }
        for (counts, part) in [(&mut self.any, &part.any), (&mut self.ordered, &part.ordered)] {
            for (people, more) in counts.iter_mut().zip(part.iter()) {
                *people += more;
            }
        }
    }

    pub(super) fn finish(self, waits: &[&Waits]) -> Vec<ChainStage> {
        let Self { chain, stages, any, ordered, .. } = self;
        let mut cells = Cells::deal(waits, stages.len());
        let stages = stages.into_iter().enumerate().map(|(place, counts)| {
            let bit = 1_u8 << counts.stage.index();
            let earlier = chain & (bit - 1);
            let people_of = |sets: &[u64; 256], holds: &dyn Fn(u8) -> bool| -> u64 {
                let reached = (0..=u8::MAX).zip(sets).filter(|(reached, _)| reached & bit != 0 && holds(*reached));
                reached.map(|(_, people)| people).sum()
            };
            let people_where = |holds: &dyn Fn(u8) -> bool| people_of(&ordered, holds);
            let any = people_of(&any, &|_| true);
            let all = people_where(&|_| true);
            let strict = people_where(&|reached| reached & earlier == earlier);
            let no_earlier = if earlier == 0 { 0 } else { people_where(&|reached| reached & earlier == 0) };
            let missing = stages_of(earlier).map(|stage| {
                let lacks = |reached: u8| reached & earlier != 0 && reached & (1 << stage.index()) == 0;
                StagePeople { stage, people: people_where(&lacks) }
            });
            let readings =
                Readings { backward: any - all, skipped: all - strict - no_earlier, no_earlier, missing: missing.collect() };
            let periods = counts.cohorts.len();
            let waiting = match counts.next {
                Some(_) => waiting(cells.of(place, periods - 1), counts.window),
                None => WaitingReport::default(),
            };
            let medians: Vec<Option<f64>> =
                (0..periods).map(|period| days(KaplanMeier::median(cells.of(place, period)))).collect();
            ChainStage {
                stage: counts.stage,
                any,
                ordered: all,
                strict,
                readings,
                next: counts.next,
                cohorts: counts.cohorts.into_iter().zip(medians).collect(),
                trusted: counts.trusted,
                waiting,
            }
        });
        stages.collect()
    }
}

impl StageCounts {
    /// Counts the step to the next stage of someone who entered this one; gives how long they waited, and the place of the period.
    /// `reached`: when they first touched the next stage; `beyond`: when one beyond it.
    #[inline]
    fn count_step(
        &mut self,
        entered: i64,
        reached: Option<i64>,
        beyond: impl FnOnce(Stage) -> Option<i64>,
        doubtful: bool,
        bounds: &Bounds<'_>,
    ) -> Option<(usize, Waiting)> {
        let place = bounds.place(entered)?;
        let mut waited = None;
        let mut step = Cohort { entered: 1, ..Cohort::default() };
        if let Some(next) = self.next {
            let deadline = entered + self.window;
            let in_time = |at: Option<i64>| at.is_some_and(|at| at <= deadline);
            if deadline <= bounds.as_of {
                step.matured = 1;
                step.advanced = u64::from(in_time(reached));
                step.skipped = u64::from(!in_time(reached) && in_time(beyond(next)));
            }
            step.early = u64::from(self.early.zip(reached).is_some_and(|(early, at)| at <= entered + early));
            let wait = reached.map(|at| Waiting::until_event(at - entered));
            waited = Some((place, wait.unwrap_or_else(|| Waiting::still(bounds.as_of - entered))));
        }
        self.cohorts[place].add(step);
        if place + 1 == self.cohorts.len() && !doubtful {
            self.trusted.add(step);
        }
        waited
    }
}

/// Microseconds as days.
fn days(micros: Option<i64>) -> Option<f64> {
    micros.map(|micros| micros as f64 / DAY as f64)
}

/// The waiting of the reported cohort.
fn waiting(waits: &mut [Waiting], window: i64) -> WaitingReport {
    let curve = KaplanMeier::of(waits);
    let Some(longest) = curve.longest() else { return WaitingReport::default() };
    let last = u32::try_from(window.min(longest).div_euclid(DAY)).unwrap_or(0);
    let stride = last.div_ceil(CURVE_POINTS).max(1);
    let times: Vec<u32> = (0..=last).step_by(stride as usize).collect();
    let points = curve.at(times.iter().map(|days| i64::from(*days) * DAY));
    let point = |(days, point): (&u32, cvj_core::stats::CurvePoint)| CurvePoint {
        days: *days,
        at_risk: point.at_risk as u64,
        waiting: point.waiting,
        interval: point.interval,
    };
    WaitingReport {
        curve: times.iter().zip(points).map(point).collect(),
        quartiles: [0.75, 0.5, 0.25].map(|share| days(curve.quantile(share))),
        reached: curve.events() as u64,
        people: waits.len() as u64,
    }
}
