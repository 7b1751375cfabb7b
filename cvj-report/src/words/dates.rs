//! How far a source's dates can be trusted, in sentences.

use cvj_core::report::DateTrust;

use crate::{calendar, number};

/// What is doubtful, one sentence each; one sentence where nothing is.
pub(crate) fn date_trust(dates: &DateTrust) -> Vec<String> {
    let of = |count: u64| format!("{} of {} touchpoints", number::count(count), number::count(dates.touchpoints));
    let mut sentences = Vec::new();
    if dates.bulk > 0 {
        let fullest = dates.bulk_minutes.first().map_or_else(String::new, |minute| {
            let (at, count) = (calendar::moment(&minute.minute), number::count(minute.touchpoints));
            format!(" The fullest is {at}, with {count} at {}.", minute.stage.title())
        });
        sentences.push(format!(
            "{} share their minute with so many others that an import or a bulk edit made the date.{fullest}",
            of(dates.bulk)
        ));
    }
    if dates.same_instant > 0 {
        sentences.push(format!("{} are of the very moment of another stage of the same person.", of(dates.same_instant)));
    }
    if dates.before_first > 0 {
        sentences.push(format!("{} lie before the person's first touchpoint at the first stage.", of(dates.before_first)));
    }
    if dates.future > 0 {
        sentences
            .push(format!("{} rows are dated after the report's last moment; they are ignored.", number::count(dates.future)));
    }
    if let Some(current) = dates.current.as_ref().filter(|current| current.disagree > 0) {
        let (disagree, people) = (number::count(current.disagree), number::count(current.people));
        sentences.push(format!(
            "Of {people} people whose present stage it names, {disagree} have a history that ends at another stage."
        ));
    }
    if sentences.is_empty() {
        sentences.push(format!("Nothing is doubtful about the dates of {} touchpoints.", number::count(dates.touchpoints)));
    }
    sentences
}
