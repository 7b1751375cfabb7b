//! The history of states. Tryton tells when records were written, and what they were at one moment; reading every record at
//! each of its moments would be a call apiece. A state holds until the next time the record was written, so one call at a
//! well-chosen moment tells the states of all the records that it falls in the middle of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cvj_core::SourceError;
use cvj_core::source::BatchSender;
use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

use crate::listing::Listing;
use crate::wire;

/// Opportunities whose history is read together.
const PAGE: usize = 500;
/// What a person does once, Tryton writes in several revisions, each less than this after the one before.
const ONE_ACTION: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// The time from one action upon a record to its next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    id: i64,
    /// The first revision of the action.
    start: DateTime,
    /// Its last, from which on what it did holds.
    done: DateTime,
    /// `None`: it lasts.
    end: Option<DateTime>,
}

/// Sends a row for each change of a state.
pub(crate) fn states(listing: &mut Listing<'_>, sender: &BatchSender) -> Result<(), SourceError> {
    let model = listing.table.model;
    while let Some(page) = listing.page(PAGE, &["id"])? {
        let ids: Vec<i64> = page.iter().map(|(id, _)| *id).collect();
        let stretches = stretches(listing.rpc.revisions(model, &ids, listing.task)?);
        let mut states: HashMap<(i64, DateTime), Value> = HashMap::new();
        for (moment, held) in visits(&stretches) {
            let ids: Vec<i64> = held.iter().map(|stretch| stretch.id).collect();
            let at = [("_datetime", wire::datetime(moment))];
            let records = listing.rpc.records(model, json!([["id", "in", ids]]), ids.len(), &["state"], &at, listing.task)?;
            let mut found: HashMap<i64, Value> = records
                .into_iter()
                .filter_map(|mut record| Some((record.get("id")?.as_i64()?, record.get_mut("state")?.take())))
                .collect();
            states.extend(held.iter().filter_map(|stretch| Some(((stretch.id, stretch.start), found.remove(&stretch.id)?))));
        }
        let mut before: Option<(i64, &Value)> = None;
        for stretch in &stretches {
            // A record that was not there between two revisions had been deleted.
            let Some(state) = states.get(&(stretch.id, stretch.start)) else { continue };
            let previous = before.filter(|(id, _)| *id == stretch.id).map(|(_, state)| state);
            before = Some((stretch.id, state));
            if previous != Some(state) {
                let row = Map::from_iter([
                    ("opportunity".to_owned(), json!(stretch.id)),
                    ("state".to_owned(), state.clone()),
                    ("previous_state".to_owned(), previous.cloned().unwrap_or_default()),
                    ("since".to_owned(), json!(stretch.start.to_string())),
                ]);
                listing.rows.push(&stretch.id.to_string(), |field| row.get(&field.name), listing.task);
            }
        }
        listing.send(sender)?;
    }
    Ok(())
}

/// The stretches between actions, by record and time.
fn stretches(revisions: Vec<(i64, DateTime)>) -> Vec<Stretch> {
    let mut moments: BTreeMap<i64, BTreeSet<DateTime>> = BTreeMap::new();
    for (id, moment) in revisions {
        moments.entry(id).or_default().insert(moment);
    }
    let mut stretches: Vec<Stretch> = Vec::new();
    for (id, moments) in moments {
        for moment in moments {
            match stretches.last_mut().filter(|last| last.id == id) {
                Some(last) if moment.duration_since(last.done) < ONE_ACTION => last.done = moment,
                last => {
                    if let Some(last) = last {
                        last.end = Some(moment);
                    }
                    stretches.push(Stretch { id, start: moment, done: moment, end: None });
                }
            }
        }
    }
    stretches
}

/// The fewest moments such that one falls into each stretch, with the stretches that it is to tell of: by the ends of the
/// stretches, a new moment where the last does not serve, as late as this stretch allows.
fn visits(stretches: &[Stretch]) -> Vec<(DateTime, Vec<&Stretch>)> {
    let moments: BTreeSet<DateTime> = stretches.iter().map(|stretch| stretch.done).collect();
    let mut by_end: Vec<&Stretch> = stretches.iter().collect();
    by_end.sort_by_key(|stretch| (stretch.end.is_none(), stretch.end));
    let mut visits: Vec<(DateTime, Vec<&Stretch>)> = Vec::new();
    for stretch in by_end {
        match visits.last_mut() {
            Some((moment, held)) if *moment >= stretch.done => held.push(stretch),
            _ => {
                let latest = match stretch.end {
                    Some(end) => moments.range(..end).next_back(),
                    None => moments.last(),
                };
                visits.push((latest.copied().unwrap_or(stretch.done), vec![stretch]));
            }
        }
    }
    visits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Revisions at halves of seconds.
    fn revisions(rows: &[(i64, i64)]) -> Vec<(i64, DateTime)> {
        let first = DateTime::constant(2026, 1, 1, 0, 0, 0, 0);
        rows.iter().map(|&(id, halves)| (id, first + jiff::SignedDuration::from_millis(500 * halves))).collect()
    }

    #[test]
    fn records_that_change_seldom_share_a_visit() {
        let stretches = stretches(revisions(&[(1, 0), (1, 10), (2, 5), (2, 20), (3, 6)]));
        let visits = visits(&stretches);
        assert_eq!(visits.iter().map(|(_, held)| held.len()).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn what_is_written_within_a_second_is_one_action() {
        let stretches = stretches(revisions(&[(1, 0), (1, 1), (1, 2), (1, 4), (2, 3)]));
        let [first, second, third] = stretches.as_slice() else { panic!("{stretches:?}") };
        assert_eq!((first.id, first.end), (1, Some(second.start)));
        assert_eq!(first.done.duration_since(first.start).as_millis(), 1000);
        assert_eq!((second.start, second.end), (second.done, None));
        assert_eq!((third.id, third.end), (2, None));
    }

    proptest! {
        #[test]
        fn every_stretch_is_visited_once_while_it_holds(rows in prop::collection::vec((1_i64..8, 0_i64..300), 0..60)) {
            let stretches = stretches(revisions(&rows));
            let visits = visits(&stretches);
            for (moment, held) in &visits {
                let ids: BTreeSet<i64> = held.iter().map(|stretch| stretch.id).collect();
                prop_assert_eq!(ids.len(), held.len(), "one moment has one state of a record");
                for stretch in held {
                    prop_assert!(stretch.done <= *moment);
                    prop_assert!(stretch.end.is_none_or(|end| *moment < end));
                }
            }
            let visited: usize = visits.iter().map(|(_, held)| held.len()).sum();
            prop_assert_eq!(visited, stretches.len());
            // As many stretches as there are visits have no moment in common, so that fewer visits would not do.
            for pair in visits.windows(2) {
                prop_assert!(pair[0].1[0].end.is_some_and(|end| end <= pair[1].1[0].done));
            }
        }
    }
}
