//! Journeys by hand-counted examples.

use cvj_core::PeriodKind;
use cvj_core::report::Readings;
use jiff::tz::TimeZone;

use super::*;
use crate::people::PersonId;
use crate::segments::{Segmenter, Segments};

fn bounds(calendar: &Calendar) -> Bounds<'_> {
    let period = calendar.period_index(0);
    Bounds {
        calendar,
        end: 40 * DAY,
        as_of: 200 * DAY,
        periods: period..=period,
        repeat_days: 30,
        rungs: vec![Some(0)],
        window_days: Stage::ALL.map(|stage| stage.default_window_days().unwrap_or(0)),
    }
}

fn run(log: &[(PersonId, i64, u8)]) -> Journey {
    let calendar = Calendar::new(TimeZone::UTC, PeriodKind::Month);
    let people = People::default();
    for &(person, day, stage) in log {
        people.enter(people.intern(&person.to_string()), Touch { at: day * DAY, product: 0, segment: 0, stage, amount: 0 });
    }
    let sources = ["log".to_owned()];
    let segments = Segments::new(std::iter::empty(), sources.iter());
    Segmenter::new(&segments, "log", &[]);
    let mut journeys = Journeys::of(people, &segments.finish(), &bounds(&calendar));
    let product = journeys.products.remove(0);
    assert_eq!(format!("{:?}", journeys.of_scope(None)), format!("{product:?}"));
    product
}

fn cohort(entered: u64, matured: u64, advanced: u64, skipped: u64) -> Cohort {
    // All cohorts are as old as the windows: early is advanced.
    Cohort { entered, matured, advanced, skipped, early: advanced }
}

#[test]
fn the_three_readings_nest() {
    // Person 0 goes forward; 1 skips engage; 2 goes backward.
    let chain = run(&[(0, 1, 0), (0, 2, 1), (0, 3, 2), (1, 1, 0), (1, 2, 2), (2, 1, 2), (2, 2, 0)]).chain;
    let reached: Vec<_> = chain.iter().map(|stage| (stage.any, stage.ordered, stage.strict)).collect();
    assert_eq!(reached, [(3, 2, 2), (1, 1, 1), (3, 3, 1)]);
    assert_eq!(chain[0].cohorts[0].0, cohort(2, 2, 1, 1));
}

#[test]
fn the_differences_between_the_readings_have_their_people() {
    // Person 0 skips engage; 1 goes backward; 2 begins at subscribe; 3 goes through all.
    let log = [(0, 1, 0), (0, 2, 2), (1, 1, 2), (1, 2, 0), (2, 1, 2), (3, 1, 0), (3, 2, 1), (3, 3, 2)];
    let chain = run(&log).chain;
    let of = |place: usize| {
        let Readings { backward, skipped, no_earlier, missing } = chain[place].readings.clone();
        let missing: Vec<_> = missing.iter().map(|missing| (missing.stage, missing.people)).collect();
        (backward, skipped, no_earlier, missing)
    };
    assert_eq!(of(0), (1, 0, 0, vec![]));
    assert_eq!(of(2), (0, 1, 2, vec![(Stage::Aware, 0), (Stage::Engage, 1)]));
}

#[test]
fn windows_are_closed_and_young_people_do_not_count() {
    let chain = run(&[(0, 1, 0), (0, 31, 1), (1, 1, 0), (1, 32, 1)]).chain;
    assert_eq!(chain[0].cohorts[0], (cohort(2, 2, 1, 0), Some(30.0)));
    assert_eq!(chain[0].waiting.quartiles, [Some(30.0), Some(30.0), Some(31.0)]);
    let curve: Vec<_> = chain[0].waiting.curve.iter().map(|point| (point.days, point.at_risk, point.waiting)).collect();
    assert_eq!((curve[0], curve[29], curve[30]), ((0, 2, 1.0), (29, 2, 1.0), (30, 2, 0.5)));
    assert_eq!(curve.len(), 31);
}

#[test]
fn equal_times_take_the_lower_stage_first() {
    let chain = run(&[(0, 1, 1), (0, 1, 0)]).chain;
    assert_eq!((chain[0].ordered, chain[0].cohorts[0].0.advanced), (1, 1));
}

#[test]
fn who_skipped_and_who_did_not_both_went_on() {
    // Person 0 skips engage and converts; 1 takes it and does not; 2 never goes on; 3 has nothing before subscribe.
    let log = [(0, 1, 0), (0, 2, 2), (0, 9, 3), (1, 1, 0), (1, 2, 1), (1, 3, 2), (2, 1, 0), (2, 2, 1), (3, 1, 2), (3, 2, 3)];
    let skips = run(&log).skips;
    let engage = &skips[0];
    assert_eq!((engage.stage, engage.outcomes.as_slice()), (Stage::Engage, [(Stage::Convert, 150)].as_slice()));
    assert_eq!((engage.skipped.people, engage.took.people), (1, 1));
    assert_eq!((engage.skipped.reached[0], engage.took.reached[0]), ((1, 1), (0, 1)));
}

#[test]
fn people_of_one_product_count_in_it_and_overall() {
    let calendar = Calendar::new(TimeZone::UTC, PeriodKind::Month);
    let people = People::default();
    let (aware, convert) = (0, 3);
    let log = [
        ("one product", 1, aware, 0),
        ("one product", 2, convert, 0),
        ("two products", 1, aware, 1),
        ("two products", 3, convert, 0),
        // The chain of the product is not the overall one.
        ("other chain", 1, aware, 2),
        ("brought for another", 1, aware, 1),
        ("brought for another", 5, convert, 1),
    ];
    for (person, day, stage, product) in log {
        people.enter(people.intern(person), Touch { at: day * DAY, product, segment: 0, stage, amount: 0 });
    }
    people.refer("one product", "brought for another", 0, 2 * DAY);
    let sources = ["log".to_owned()];
    let segments = Segments::new(std::iter::empty(), sources.iter());
    Segmenter::new(&segments, "log", &[]);
    let journeys = Journeys::of(people, &segments.finish(), &bounds(&calendar));
    let scope = |product| {
        let Journey { chain, orders, .. } = journeys.of_scope(product);
        let any: Vec<u64> = chain.iter().map(|stage| stage.any).collect();
        (any, chain[0].cohorts[0].1, orders.customers, orders.entered_referred, orders.referrals.converted)
    };
    assert_eq!(scope(None), (vec![4, 3], Some(2.0), 3, 1, 1));
    assert_eq!(scope(Some(0)), (vec![1, 2], Some(1.0), 2, 0, 0));
    assert_eq!(scope(Some(1)), (vec![2, 1], Some(4.0), 1, 0, 0));
    assert_eq!(scope(Some(2)), (vec![1], None, 0, 0, 0));
}

#[test]
fn customers_orders_referrals_and_rungs() {
    let calendar = Calendar::new(TimeZone::UTC, PeriodKind::Month);
    // The history is January, the period ends on day 40; product 1 is the lower rung.
    let bounds = Bounds { rungs: vec![Some(1), Some(0)], ..bounds(&calendar) };
    let people = People::default();
    let orders = [
        // Two products at once are one order; the next comes in time.
        ("a", 1, 3, 0, 10),
        ("a", 1, 5, 1, 5),
        ("a", 20, 5, 1, 5),
        // The second order comes too late, and after the period.
        ("b", 2, 3, 1, 7),
        ("b", 60, 5, 1, 7),
        // A customer, but none of the history.
        ("c", 35, 3, 0, 1),
        ("d", 1, 7, 0, 0),
    ];
    for (person, day, stage, product, amount) in orders {
        people.enter(people.intern(person), Touch { at: day * DAY, product, segment: 0, stage, amount });
    }
    // At the moment of the order; long before; never came; oneself; beyond follow-up.
    for (referred, day) in [("b", 2), ("c", 3), ("e", 5), ("a", 1), ("d", 300)] {
        people.refer("a", referred, 0, day * DAY);
    }
    let sources = ["log".to_owned()];
    let segments = Segments::new(std::iter::empty(), sources.iter());
    Segmenter::new(&segments, "log", &[]);
    let journeys = Journeys::of(people, &segments.finish(), &bounds);
    let found = &journeys.of_scope(None).orders;
    assert_eq!((found.customers, found.repeated, found.placed, found.placing), (3, (1, 2), 3, 2));
    assert_eq!((found.money(), found.first_period, found.entered_referred), (27e-6, Some(0), 1));
    let referrals = found.referrals;
    assert_eq!((referrals.referrers, referrals.invitations, referrals.referred, referrals.converted), (1, 3, 3, 2));
    assert_eq!(referrals.cycle_days, Some(32.0));
    // Of product 1 nobody was referred; of its customers neither was a's first order followed late.
    let found = &journeys.of_scope(Some(1)).orders;
    assert_eq!((found.customers, found.repeated, found.placed, found.referrals.referred), (2, (1, 2), 3, 0));
    let rung = |customers, first, money| RungCounts { customers, first, money };
    assert_eq!(journeys.climbs.rungs, [rung(2, 2, 17), rung(2, 1, 11)]);
    let moves: Vec<_> = journeys.climbs.moves().map(|climb| (climb.from, climb.to, climb.people, climb.median_days)).collect();
    assert_eq!(moves, [(0, 1, 1, 0.0)]);
}

/// What is doubtful about the dates of one person's touchpoints, given as times and stages.
fn dates(zone: TimeZone, touches: impl Iterator<Item = (i64, u8)>) -> DateCounts {
    let calendar = Calendar::new(zone, PeriodKind::Month);
    let people = People::default();
    let person = people.intern("ada");
    touches.for_each(|(at, stage)| people.enter(person, Touch { at, product: 0, segment: 0, stage, amount: 0 }));
    let sources = ["log".to_owned()];
    let segments = Segments::new(std::iter::empty(), sources.iter());
    Segmenter::new(&segments, "log", &[]);
    Journeys::of(people, &segments.finish(), &bounds(&calendar)).dates.remove(0)
}

#[test]
fn many_touchpoints_of_one_person_and_moment_take_no_longer_than_others() {
    // Compared with each other, they would take hours.
    let counts = dates(TimeZone::UTC, (0..2_000_000).map(|number| (DAY + 1, u8::from(number == 0))));
    assert_eq!((counts.touchpoints, counts.same_instant), (2_000_000, 2_000_000));
}

#[test]
fn dates_without_a_time_are_told_where_clocks_were_minutes_from_utc() {
    // 1900-01-01T00:00 in Amsterdam, 19 minutes and 32 seconds ahead; a minute later is a time.
    let midnight = -25_567 * DAY - 1172 * 1_000_000;
    let zone = || TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC);
    let doubtful = |at: i64| dates(zone(), (0..40).map(|number| (at, number % 2))).same_instant;
    assert_eq!((doubtful(midnight), doubtful(midnight + 60_000_000)), (0, 40));
}
