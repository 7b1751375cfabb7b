//! How far a source's dates can be trusted, in sentences.

use cvj_core::report::DateTrust;

use crate::{calendar, number};

/// What is doubtful, one sentence each; one sentence where nothing is.
pub(crate) fn date_trust(dates: &DateTrust) -> Vec<String> {
    let of =
        |count: u64| format!("{} of {}", number::count(count), number::counted(dates.touchpoints, "touchpoint", "touchpoints"));
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
        let are = if dates.same_instant == 1 { "is" } else { "are" };
        sentences.push(format!("{} {are} of the very moment of another stage of the same person.", of(dates.same_instant)));
    }
    if dates.before_first > 0 {
        let lie = if dates.before_first == 1 { "lies" } else { "lie" };
        sentences.push(format!("{} {lie} before the person's first touchpoint at the first stage.", of(dates.before_first)));
    }
    if dates.future > 0 {
        let rows = number::counted(dates.future, "row is", "rows are");
        sentences.push(format!("{rows} dated after the report's last moment, and ignored."));
    }
    match &dates.current {
        Some(current) if current.people == 0 => sentences.push(
            "Its column of the stage that people are at now (`current`) names none of the stages for anyone with touchpoints."
                .to_owned(),
        ),
        Some(current) if current.disagree > 0 => sentences.push(format!(
            "It names the present stage of {}; the history of {} ends at another stage.",
            number::counted(current.people, "person", "people"),
            number::count(current.disagree)
        )),
        _ => {}
    }
    if sentences.is_empty() {
        sentences.push(format!(
            "Nothing is doubtful about the dates of {}.",
            number::counted(dates.touchpoints, "touchpoint", "touchpoints")
        ));
    }
    sentences
}
