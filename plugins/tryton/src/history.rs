//! The history of states. Tryton tells when records were written, and what they were at one moment; reading every record at
//! each of its moments would be a call apiece. A state holds until the next time the record was written, so one call at a
//! well-chosen moment tells the states of all the records that it falls in the middle of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cvj_core::SourceError;
use cvj_core::source::BatchSender;
use serde_json::{Map, Value, json};

use crate::listing::Listing;
use crate::wire;

/// Opportunities whose history is read together.
const PAGE: usize = 200;

/// The time from one revision of a record to its next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    id: i64,
    start: String,
    /// `None`: it lasts.
    end: Option<String>,
}

/// Sends a row for each change of a state.
pub(crate) fn states(listing: &mut Listing<'_>, sender: &BatchSender) -> Result<(), SourceError> {
    let model = listing.table.model;
    while let Some(page) = listing.page(PAGE, &["id"])? {
        let ids: Vec<i64> = page.iter().map(|(id, _)| *id).collect();
        let stretches = stretches(listing.rpc.revisions(model, &ids, listing.task)?);
        let mut states: HashMap<(i64, &str), Value> = HashMap::new();
        for (moment, held) in visits(&stretches) {
            let ids: Vec<i64> = held.iter().map(|stretch| stretch.id).collect();
            let at = [("_datetime", wire::datetime(moment))];
            let records = listing.rpc.records(model, json!([["id", "in", ids]]), ids.len(), &["state"], &at, listing.task)?;
            let mut found: HashMap<i64, Value> = records
                .into_iter()
                .filter_map(|mut record| Some((record.get("id")?.as_i64()?, record.get_mut("state")?.take())))
                .collect();
            states.extend(held.iter().filter_map(|stretch| Some(((stretch.id, stretch.start.as_str()), found.remove(&stretch.id)?))));
        }
        let mut before: Option<(i64, &Value)> = None;
        for stretch in &stretches {
            // A record that was not there between two revisions had been deleted.
            let Some(state) = states.get(&(stretch.id, stretch.start.as_str())) else { continue };
            let previous = before.filter(|(id, _)| *id == stretch.id).map(|(_, state)| state);
            before = Some((stretch.id, state));
            if previous != Some(state) {
                let row = Map::from_iter([
                    ("opportunity".to_owned(), json!(stretch.id)),
                    ("state".to_owned(), state.clone()),
                    ("previous_state".to_owned(), previous.cloned().unwrap_or_default()),
                    ("since".to_owned(), json!(stretch.start)),
                ]);
                listing.rows.push(&stretch.id.to_string(), |field| row.get(&field.name), listing.task);
            }
        }
        listing.send(sender)?;
    }
    Ok(())
}

/// The stretches between revisions, by record and time. Revisions of one moment are one: the last of them holds.
fn stretches(revisions: Vec<(i64, String)>) -> Vec<Stretch> {
    let mut moments: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for (id, moment) in revisions {
        moments.entry(id).or_default().insert(moment);
    }
    let mut stretches = Vec::new();
    for (id, starts) in moments {
        let ends = starts.iter().skip(1).cloned().map(Some).chain([None]).collect::<Vec<_>>();
        stretches.extend(starts.into_iter().zip(ends).map(|(start, end)| Stretch { id, start, end }));
    }
    stretches
}

/// The fewest moments such that one falls into each stretch, with the stretches that it is to tell of: by the ends of the
/// stretches, a new moment where the last does not serve, as late as this stretch allows.
fn visits(stretches: &[Stretch]) -> Vec<(&str, Vec<&Stretch>)> {
    let starts: BTreeSet<&str> = stretches.iter().map(|stretch| stretch.start.as_str()).collect();
    let mut by_end: Vec<&Stretch> = stretches.iter().collect();
    by_end.sort_by_key(|stretch| (stretch.end.is_none(), &stretch.end));
    let mut visits: Vec<(&str, Vec<&Stretch>)> = Vec::new();
    for stretch in by_end {
        match visits.last_mut() {
            Some((moment, held)) if *moment >= stretch.start.as_str() => held.push(stretch),
            _ => {
                let latest = match &stretch.end {
                    Some(end) => starts.range(..end.as_str()).next_back(),
                    None => starts.last(),
                };
                visits.push((latest.copied().unwrap_or(&stretch.start), vec![stretch]));
            }
        }
    }
    visits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn revisions(rows: &[(i64, u32)]) -> Vec<(i64, String)> {
        rows.iter().map(|&(id, second)| (id, format!("2026-01-01T00:{:02}:{:02}.000000", second / 60, second % 60))).collect()
    }

    #[test]
    fn records_that_change_seldom_share_a_visit() {
        let stretches = stretches(revisions(&[(1, 0), (1, 10), (2, 5), (2, 20), (3, 6)]));
        let visits = visits(&stretches);
        assert_eq!(visits.iter().map(|(_, held)| held.len()).collect::<Vec<_>>(), [2, 3]);
    }

    proptest! {
        #[test]
        fn every_stretch_is_visited_once_while_it_holds(rows in prop::collection::vec((1_i64..8, 0_u32..300), 0..60)) {
            let stretches = stretches(revisions(&rows));
            let visits = visits(&stretches);
            for (moment, held) in &visits {
                let ids: BTreeSet<i64> = held.iter().map(|stretch| stretch.id).collect();
                prop_assert_eq!(ids.len(), held.len(), "one moment has one state of a record");
                for stretch in held {
                    prop_assert!(stretch.start.as_str() <= *moment);
                    prop_assert!(stretch.end.as_deref().is_none_or(|end| *moment < end));
                }
            }
            let visited: usize = visits.iter().map(|(_, held)| held.len()).sum();
            prop_assert_eq!(visited, stretches.len());
            // As many stretches as there are visits have no moment in common, so that fewer visits would not do.
            for pair in visits.windows(2) {
                prop_assert!(pair[0].1[0].end.as_ref().is_some_and(|end| *end <= pair[1].1[0].start));
            }
        }
    }
}
