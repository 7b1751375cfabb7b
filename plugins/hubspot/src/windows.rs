//! Stretches of record ids, each small enough to be read, and read again, on its own.
//!
//! Where to cut is found by asking how many records a stretch holds, which HubSpot's search documents, and not by guessing at
//! what its page cursors mean. Ids are unlike dates: no two records share one, so that even ten thousand records of one instant
//! fall into windows of a good size.

use cvj_core::SourceError;
use serde::{Deserialize, Serialize};

/// As many records as a search shows at all; a window is not to hold more.
pub(crate) const MOST: u64 = 10_000;
/// How many records a first cut aims at: two of such pieces make a window.
const PIECE: u64 = 4_500;
/// The most pieces that a stretch is cut into at once: ids lie in clusters, and most pieces of a wide stretch may be empty.
const PIECES: u64 = 256;

/// The ids above one and up to another; an open end has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) above: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up_to: Option<u64>,
}

/// A window and how many records HubSpot says it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) window: Window,
    pub(crate) rows: u64,
}

/// Splits all ids into windows, in order. `lowest` and `highest` are the ids at the ends, `rows` how many there are in all, and
/// `count` says how many a window holds. The first and the last window are open, so that no id is outside.
pub(crate) fn split(
    (lowest, highest): (u64, u64),
    rows: u64,
    mut count: impl FnMut(Window) -> Result<u64, SourceError>,
) -> Result<Vec<Counted>, SourceError> {
    let mut pieces = Vec::new();
    cut((lowest.saturating_sub(1), highest), rows, &mut count, &mut pieces)?;
    let mut windows: Vec<Counted> = Vec::new();
    for (above, up_to, rows) in pieces {
        match windows.last_mut() {
            Some(last) if last.rows + rows <= MOST => {
                last.window.up_to = Some(up_to);
                last.rows += rows;
            }
            last => {
                let above = last.is_some().then_some(above);
                windows.push(Counted { window: Window { above, up_to: Some(up_to) }, rows });
            }
        }
    }
    if let Some(last) = windows.last_mut() {
        last.window.up_to = None;
    }
    Ok(windows)
}

/// Cuts the ids above `above` up to `up_to` into pieces of at most [`MOST`] records.
fn cut(
    (above, up_to): (u64, u64),
    rows: u64,
    count: &mut impl FnMut(Window) -> Result<u64, SourceError>,
    pieces: &mut Vec<(u64, u64, u64)>,
) -> Result<(), SourceError> {
    let span = up_to.saturating_sub(above);
    if rows <= MOST || span <= 1 {
        pieces.push((above, up_to, rows));
        return Ok(());
    }
    let number = rows.div_ceil(PIECE).clamp(2, PIECES).min(span);
    let bound = |piece: u64| above + (u128::from(span) * u128::from(piece) / u128::from(number)) as u64;
    for piece in 0..number {
        let (above, up_to) = (bound(piece), bound(piece + 1));
        let rows = count(Window { above: Some(above), up_to: Some(up_to) })?;
        cut((above, up_to), rows, count, pieces)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(window: Window, id: u64) -> bool {
        window.above.is_none_or(|above| id > above) && window.up_to.is_none_or(|up_to| id <= up_to)
    }

    /// How many of these ids, which are in order, a window holds.
    fn count(ids: &[u64], window: Window) -> u64 {
        let up_to = |bound: Option<u64>, none: usize| bound.map_or(none, |bound| ids.partition_point(|id| *id <= bound));
        (up_to(window.up_to, ids.len()) - up_to(window.above, 0)) as u64
    }

    /// The windows of these ids, which hold all of them and not too many, and how many counts they took.
    fn windows(mut ids: Vec<u64>) -> (Vec<Counted>, usize) {
        ids.sort_unstable();
        ids.dedup();
        let mut counts = 0;
        let windows = split((ids[0], ids[ids.len() - 1]), ids.len() as u64, |window| {
            counts += 1;
            Ok(count(&ids, window))
        });
        let windows = windows.unwrap();
        assert_eq!(windows.first().unwrap().window.above, None);
        assert_eq!(windows.last().unwrap().window.up_to, None);
        assert!(windows.windows(2).all(|two| two[0].window.up_to.is_some() && two[0].window.up_to == two[1].window.above));
        for counted in &windows {
            assert!(counted.rows <= MOST);
            assert_eq!(counted.rows, count(&ids, counted.window));
        }
        (windows, counts)
    }

    #[test]
    fn a_million_even_ids_take_few_counts() {
        let (windows, counts) = windows((1..=1_000_000).map(|id| id * 50).collect());
        assert!(windows.len() < 130 && counts < 300, "{} windows, {counts} counts", windows.len());
    }

    #[test]
    fn old_short_ids_beside_new_long_ones() {
        let old = (1..=30_000).map(|id| id * 50 + 1);
        let new = (1..=30_000).map(|id| 150_000_000_000 + id * 7919);
        assert!(windows(old.chain(new).collect()).1 < 200);
    }

    #[test]
    fn few_records_are_one_window_without_a_count() {
        let one = Counted { window: Window::default(), rows: 3 };
        assert_eq!(windows(vec![5, 7, u64::MAX]), (vec![one], 0));
    }

    proptest! {
        /// Every id lies in exactly one window, however ids are clustered.
        #[test]
        fn windows_are_disjoint_and_complete(
            clusters in proptest::collection::vec((0..u64::MAX / 2, 1..1_000_000u64, 1..9_000u64), 1..6),
            probes in proptest::collection::vec(any::<u64>(), 20),
        ) {
            let cluster = |&(start, step, rows): &(u64, u64, u64)| (0..rows).map(move |place| start + place * step);
            let (windows, _) = windows(clusters.iter().flat_map(cluster).collect());
            for id in probes {
                prop_assert_eq!(windows.iter().filter(|counted| holds(counted.window, id)).count(), 1);
            }
        }
    }
}
