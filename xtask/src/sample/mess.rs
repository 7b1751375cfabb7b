//! The honest mess of real exports: cells that cannot be read, people without an address, stages nobody knows, clock-change nights.
//!
//! Few enough that every column keeps its type (95 % of a column's cells have to read as it).

use jiff::civil::{DateTime, date};

use super::world::{Contact, LogEntry, Move, Named, PRODUCTS, SignUp, Stage, Volume, World};

fn nobody() -> Contact {
    Contact { text: String::new(), person: None }
}

fn product(number: usize) -> Named {
    Named { text: PRODUCTS[number].to_owned(), product: Some(number) }
}

/// Adds the mess to a told world. Rows are in the order in which things happened, so that a position is spread over the months.
pub(super) fn add_mess(world: &mut World) {
    in_log(world);
    in_sign_ups(world);
    in_shop(world);
    in_operations(world);
    clock_changes(world);
}

fn someone(world: &World, number: usize) -> Contact {
    Contact { text: world.people[number].clone(), person: Some(number) }
}

fn in_log(world: &mut World) {
    let spread = world.log.len() / 20;
    for number in 0..5 {
        world.log[spread * (number + 1)].contact = nobody();
    }
    for number in 0..4 {
        world.log[spread * (number + 7)].at = None;
    }
    for number in 0..6 {
        let contact = someone(world, number * 40);
        let at = Some(date(2026, number as i8 + 4, 12).at(10, 5, 0, 0));
        let stage_text = if number == 5 { String::new() } else { "nurture".to_owned() };
        world.log.push(LogEntry { contact, stage_text, stage: None, at, named: product(0) });
    }
    // The CRM's forward-only field was set back once: a visit after the purchase.
    let contact = someone(world, 12);
    let at = Some(date(2026, 10, 9).at(9, 0, 0, 0));
    world.log.push(LogEntry { contact, stage_text: "Engagement".to_owned(), stage: Some(Stage::Engage), at, named: product(0) });
}

fn in_sign_ups(world: &mut World) {
    let spread = world.sign_ups.len() / 12;
    for number in 0..3 {
        world.sign_ups[spread * (number + 2)].at = None;
    }
    for number in 0..2 {
        world.sign_ups[spread * (number + 6)].contact = nobody();
    }
    for number in 0..3 {
        world.sign_ups[spread * (number + 9) - 5].volume = Volume::Unreadable;
    }
}

fn in_shop(world: &mut World) {
    let spread = world.orders.len() / 10;
    for number in 0..3 {
        world.orders[spread * (number + 3)].lines[0].cents = None;
    }
    world.orders[spread * 8].contact = nobody();
    for number in 0..2 {
        let position = world.ads.len() / 4 * (number + 1) + 1;
        world.ads[position].cents = None;
    }
}

fn in_operations(world: &mut World) {
    let (moves, reviews) = (world.moves.len(), world.reviews.len());
    world.moves[moves / 3].at = None;
    world.moves[moves / 2].at = None;
    world.reviews[reviews / 2].at = None;
    for number in 0..2 {
        let position = world.referrals.len() / 3 * (number + 1);
        world.referrals[position].referred = nobody();
    }
}

/// Things that happened in the night in which the clock went back (01:30 came twice) or forward (02:30 did not come at all).
fn clock_changes(world: &mut World) {
    let back: DateTime = date(2025, 11, 2).at(1, 30, 0, 0);
    let forward: DateTime = date(2026, 3, 8).at(2, 30, 0, 0);
    for (number, at) in [(3, back), (9, forward)] {
        let contact = someone(world, number);
        world.moves.push(Move { contact: contact.clone(), at: Some(at), named: product(0), on_time: true });
        let named = Named { text: "Local moving".to_owned(), product: Some(0) };
        world.sign_ups.push(SignUp { contact, at: Some(at), named, volume: Volume::Tenths(305) });
    }
}
