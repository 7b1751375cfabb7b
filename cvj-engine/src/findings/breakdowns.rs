//! The journey by the values that touchpoints bear: the most frequent ones, the others as one, and people without a value.

use std::collections::HashMap;

use cvj_core::report::{Breakdown, BreakdownRow, BreakdownStage};

use crate::assemble::share;
use crate::journey::{ATTRIBUTIONS, BreakdownCell, Journey};
use crate::segments::{SegmentTable, ValueCode};

/// Most values that are listed; of more, one less and the others as one.
const LISTED: usize = 9;

/// Each dimension under each attribution.
pub(super) fn breakdowns(journey: &Journey, segments: &SegmentTable) -> Vec<Breakdown> {
    let mut breakdowns = Vec::new();
    for (dimension, (name, broken)) in segments.dimensions().iter().zip(&journey.broken).enumerate() {
        for (attribution, values) in ATTRIBUTIONS.into_iter().zip(&broken.values) {
            let value_name = |value| segments.value_name(dimension, value).to_owned();
            let rows = rows(values, value_name, journey);
            if !rows.is_empty() {
                breakdowns.push(Breakdown { dimension: name.clone(), attribution, rows });
            }
        }
    }
    breakdowns
}

fn rows(
    values: &HashMap<Option<ValueCode>, [BreakdownCell; 8]>,
    value_name: impl Fn(ValueCode) -> String,
    journey: &Journey,
) -> Vec<BreakdownRow> {
    let people = |cells: &[BreakdownCell; 8]| cells.iter().map(|cell| cell.people).sum::<u64>();
    let mut named: Vec<(ValueCode, &[BreakdownCell; 8])> =
        values.iter().filter_map(|(value, cells)| value.map(|value| (value, cells))).collect();
    // Values are numbered in the order of their text.
    named.sort_unstable_by_key(|(value, cells)| (std::cmp::Reverse(people(cells)), *value));
    let listed = if named.len() > LISTED { LISTED - 1 } else { named.len() };
    let stages = |cells: &[BreakdownCell; 8]| stages(cells, journey);
    let mut rows: Vec<BreakdownRow> = named[..listed]
        .iter()
        .map(|(value, cells)| BreakdownRow { value: Some(value_name(*value)), others: None, stages: stages(cells) })
        .collect();
    let others = &named[listed..];
    if !others.is_empty() {
        let mut sum = [BreakdownCell::default(); 8];
        for (_, cells) in others {
            sum.iter_mut().zip(*cells).for_each(|(sum, cell)| sum.add(*cell));
        }
        rows.push(BreakdownRow { value: None, others: Some(others.len() as u64), stages: stages(&sum) });
    }
    rows.extend(values.get(&None).map(|cells| BreakdownRow { value: None, others: None, stages: stages(cells) }));
    rows
}

fn stages(cells: &[BreakdownCell; 8], journey: &Journey) -> Vec<BreakdownStage> {
    let stage = |link: &crate::journey::ChainStage| {
        let cell = cells[link.stage.index()];
        BreakdownStage {
            stage: link.stage,
            people: cell.people,
            entered: cell.entered,
            step: link.next.map(|_| share(cell.advanced, cell.matured)),
        }
    };
    journey.chain.iter().map(stage).collect()
}
