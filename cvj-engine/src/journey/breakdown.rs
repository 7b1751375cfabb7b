//! The journey by the values that touchpoints bear in one dimension, under each attribution.

use std::collections::HashMap;

use cvj_core::report::Attribution;

use super::Bounds;
use super::path::Path;
use crate::calendar::DAY;
use crate::people::Touch;
use crate::segments::ValueCode;

/// The attributions in the order in which they are kept.
pub(crate) const ATTRIBUTIONS: [Attribution; 3] = [Attribution::FirstTouch, Attribution::LastTouch, Attribution::TouchAtStage];

/// People with one value at one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BreakdownCell {
    /// In order before the end of the period.
    pub(crate) people: u64,
    /// In the reported period.
    pub(crate) entered: u64,
    pub(crate) matured: u64,
    pub(crate) advanced: u64,
}

impl BreakdownCell {
    /// Adds people with another value.
    pub(crate) fn add(&mut self, other: Self) {
        self.people += other.people;
        self.entered += other.entered;
        self.matured += other.matured;
        self.advanced += other.advanced;
    }
}

/// A scope by one dimension: per attribution and value (`None`: without one) the eight stages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broken {
    pub(crate) values: [HashMap<Option<ValueCode>, [BreakdownCell; 8]>; 3],
}

impl Broken {
    /// Counts one person; `value`: what a touchpoint bears.
    pub(super) fn count_person(
        &mut self,
        path: &Path,
        touches: &[Touch],
        value: impl Fn(&Touch) -> Option<ValueCode>,
        bounds: &Bounds<'_>,
    ) {
        let moment = |touch: &Touch| (touch.at, touch.stage);
        // Of touchpoints at one stage and moment the least value is the first, and the greatest the last.
        let mut moments = touches.chunk_by(|a, b| moment(a) == moment(b));
        let first = moments.find_map(|same| Some((moment(&same[0]), same.iter().filter_map(&value).min()?)));
        for (stage, entered) in path.reached().filter(|(_, entered)| *entered < bounds.end) {
            let reached = (entered, stage.index() as u8);
            let until = &touches[..touches.partition_point(|touch| moment(touch) <= reached)];
            let last = until.chunk_by(|a, b| moment(a) == moment(b)).rev().find_map(|same| same.iter().filter_map(&value).max());
            let own = until.iter().filter(|touch| moment(touch) == reached).filter_map(&value).min();
            let cell = cell(path, stage, entered, bounds);
            // Whoever bears a value only later came on: it must not stand for them before.
            let first = first.filter(|(moment, _)| *moment <= reached).map(|(_, value)| value);
            for (values, value) in self.values.iter_mut().zip([first, last, own]) {
                values.entry(value).or_default()[stage.index()].add(cell);
            }
        }
    }

    pub(super) fn add(&mut self, part: &Self) {
        for (values, more) in self.values.iter_mut().zip(&part.values) {
            for (value, cells) in more {
                let known = values.entry(*value).or_default();
                known.iter_mut().zip(cells).for_each(|(cell, more)| cell.add(*more));
            }
        }
    }
}

/// What one person who reached a stage before the end of the period adds to its cell.
fn cell(path: &Path, stage: cvj_core::Stage, entered: i64, bounds: &Bounds<'_>) -> BreakdownCell {
    let mut cell = BreakdownCell { people: 1, ..BreakdownCell::default() };
    let reported = bounds.periods.end() - bounds.periods.start();
    if bounds.place(entered) != usize::try_from(reported).ok() {
        return cell;
    }
    cell.entered = 1;
    let Some(next) = path.next(stage) else { return cell };
    let deadline = entered + i64::from(bounds.window_days[next.index()]) * DAY;
    if deadline <= bounds.as_of {
        cell.matured = 1;
        cell.advanced = u64::from(path.touched(next).is_some_and(|at| at <= deadline));
    }
    cell
}
