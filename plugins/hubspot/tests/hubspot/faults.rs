//! What can go wrong on the way: after each fault the rows are those of the portal, or the error says why not.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cvj_core::{SourceError, StageMetrics, Status};
use cvj_emulators::hubspot::{Kind, Limits, OAuth, Portal, Size};
use cvj_emulators::{Answer, Effect, Fault, Server};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::portal::{Reader, Table, failure, same};

const COLUMNS: [&str; 4] = ["id", "email", "createdate", "nps_score"];

/// Five pages of contacts with this fault at one of them.
fn pull_with(fault: Fault<Portal>) -> (Reader, Result<Table, SourceError>) {
    let reader = Reader::of(900);
    let plan = reader.plan("contacts", &COLUMNS).unwrap();
    reader.server.faults().push(fault);
    let read = reader.read(&plan.partitions[0]).map(sorted);
    assert_eq!(reader.server.faults().left(), 0, "the fault did not happen");
    (reader, read)
}

fn sorted(mut rows: Table) -> Table {
    rows.sort();
    rows
}

#[track_caller]
fn nothing_is_lost(fault: Fault<Portal>) -> Reader {
    let (reader, read) = pull_with(fault);
    same(&read.unwrap(), &reader.truth(Kind::Contact, &COLUMNS));
    reader
}

fn refused(policy: &str) -> Value {
    json!({"status": "error", "message": "You have reached your limit.", "category": "RATE_LIMITS", "policyName": policy})
}

#[test]
fn too_many_requests_without_and_with_a_time_to_wait() {
    nothing_is_lost(Fault::status(429, refused("SECONDLY")).nth(2).times(2));
    nothing_is_lost(Fault::respond(|_, _| Answer::json(429, &refused("TEN_SECONDLY_ROLLING")).with("retry-after", &1)).nth(2));
}

#[test]
fn searches_faster_than_allowed_are_slowed_down() {
    let portal = Portal::generate(7, Size::of(1_500));
    let reader = Reader::new(portal, &json!({}));
    same(&reader.pull("contacts", &COLUMNS).unwrap(), &reader.truth(Kind::Contact, &COLUMNS));
    assert!(reader.server.requests().iter().any(|request| request.status == 429), "nothing was too fast");
}

#[test]
fn the_quota_of_the_day_ends_the_pull_at_once() {
    let reader = Reader::of(900);
    let plan = reader.plan("contacts", &COLUMNS).unwrap();
    reader.server.state().leave_today(2);
    let begun = Instant::now();
    let (status, message) = failure(reader.read(&plan.partitions[0]));
    assert_eq!(status, Status::RateLimited);
    assert!(message.contains("of this day are used up"), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn the_other_side_fails_for_a_while() {
    nothing_is_lost(Fault::status(500, json!({"status": "error", "message": "internal error"})).nth(3).times(2));
    nothing_is_lost(Fault::status(502, json!("Bad Gateway")).nth(3).times(2));
    nothing_is_lost(Fault::status(423, json!({"status": "error", "message": "locked"})).nth(3));
}

#[test]
fn connections_that_break() {
    nothing_is_lost(Fault::new(Effect::CutBeforeHead).nth(2));
    nothing_is_lost(Fault::new(Effect::CutInBody).nth(2));
    nothing_is_lost(Fault::new(Effect::CutInChunks).nth(2));
    nothing_is_lost(Fault::new(Effect::Truncate).nth(2));
    nothing_is_lost(Fault::new(Effect::Slow(Duration::from_micros(20))).nth(5));
}

#[test]
fn answers_that_are_no_json() {
    nothing_is_lost(Fault::new(Effect::Garble).nth(2));
    let (_, read) = pull_with(Fault::new(Effect::Garble).nth(2).times(2));
    assert_eq!(failure(read).0, Status::InvalidData);
}

#[test]
fn the_other_side_goes_away_and_comes_back() {
    let reader = Reader::of(900);
    let plan = reader.plan("contacts", &COLUMNS).unwrap();
    reader.server.faults().push(Fault::new(Effect::Gone).nth(3));
    let rows = std::thread::scope(|scope| {
        scope.spawn(|| {
            while reader.server.faults().left() > 0 {
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(200));
            reader.server.listen().unwrap();
        });
        reader.read(&plan.partitions[0])
    });
    same(&sorted(rows.unwrap()), &reader.truth(Kind::Contact, &COLUMNS));
}

#[test]
fn a_page_that_comes_again_and_again() {
    let first: Mutex<Option<Value>> = Mutex::default();
    let repeat = Fault::distort(move |_, answer| {
        let mut first = first.lock().unwrap();
        *answer = first.get_or_insert_with(|| answer.clone()).clone();
    });
    let reader = Reader::of(900);
    let plan = reader.plan("contacts", &COLUMNS).unwrap();
    reader.server.faults().push(repeat.path("search").always());
    let (status, message) = failure(reader.read(&plan.partitions[0]));
    assert_eq!(status, Status::InvalidData);
    assert!(message.contains("again and again"), "{message}");
}

#[test]
fn a_listing_whose_cursor_repeats() {
    let reader = Reader::of(50);
    let plan = reader.plan("emails", &["id"]).unwrap();
    let same = |_: &_, answer: &mut Value| answer["paging"] = json!({"next": {"after": "1"}});
    reader.server.faults().push(Fault::distort(same).path("/marketing/emails").always());
    let (status, message) = failure(reader.read(&plan.partitions[0]));
    assert_eq!(status, Status::InvalidData);
    assert!(message.contains("never end"), "{message}");
}

#[test]
fn records_vanish_between_pages() {
    let read_before = |portal: &Portal| portal.records(Kind::Contact).nth(10).unwrap().id;
    let still_to_come = |portal: &Portal| portal.records(Kind::Contact).nth(500).unwrap().id;
    let reader = Reader::of(900);
    let (gone, kept) = {
        let portal = reader.server.state();
        (still_to_come(&portal).to_string(), read_before(&portal).to_string())
    };
    let before = reader.truth(Kind::Contact, &COLUMNS);
    let plan = reader.plan("contacts", &COLUMNS).unwrap();
    reader.server.faults().push(
        Fault::before(move |portal: &mut Portal| {
            let (first, second) = (read_before(portal), still_to_come(portal));
            portal.delete(Kind::Contact, first);
            portal.archive(Kind::Contact, second, cvj_emulators::hubspot::UNTIL);
        })
        .nth(2),
    );
    let rows = sorted(reader.read(&plan.partitions[0]).unwrap());
    assert!(rows.iter().any(|row| row[0] == kept));
    same(&rows, &before.into_iter().filter(|row| row[0] != gone).collect());
}

#[test]
fn records_are_merged_between_pages() {
    let reader = nothing_is_lost(
        Fault::before(|portal: &mut Portal| {
            let ids: Vec<u64> = portal.records(Kind::Contact).map(|record| record.id).skip(600).take(2).collect();
            portal.merge(Kind::Contact, ids[0], ids[1], cvj_emulators::hubspot::UNTIL);
        })
        .nth(2),
    );
    // The one that was merged away between the search for its id and its history is not its survivor's double.
    let stages = reader.pull("contact_stages", &["contact_id", "at"]).unwrap();
    let merge = Fault::before(|portal: &mut Portal| {
        let ids: Vec<u64> = portal.records(Kind::Contact).map(|record| record.id).take(2).collect();
        portal.merge(Kind::Contact, ids[0], ids[1], cvj_emulators::hubspot::UNTIL);
    });
    let loser = reader.truth(Kind::Contact, &["id"]);
    let loser = loser.iter().map(|row| row[0].parse::<u64>().unwrap()).collect::<std::collections::BTreeSet<_>>();
    let loser = loser.into_iter().nth(1).unwrap().to_string();
    reader.server.faults().push(merge.path("batch/read"));
    let after = reader.pull("contact_stages", &["contact_id", "at"]).unwrap();
    same(&after, &stages.into_iter().filter(|row| row[0] != loser).collect());
}

#[test]
fn a_record_that_comes_twice() {
    let last: Mutex<Option<Value>> = Mutex::default();
    let repeat = Fault::distort(move |_, answer| {
        let mut last = last.lock().unwrap();
        let results = answer["results"].as_array_mut().unwrap();
        let newest = results.last().cloned();
        results.extend(last.take());
        *last = newest;
    });
    let reader = nothing_is_lost(repeat.path("search").times(5));
    assert_eq!(reader.host.left_out.lock().unwrap().values().sum::<u64>(), 4);
}

#[test]
fn records_out_of_order_are_refused() {
    let reverse = Fault::distort(|_, answer| answer["results"].as_array_mut().unwrap().reverse());
    let (_, read) = pull_with(reverse.path("search").nth(2));
    let (status, message) = failure(read);
    assert_eq!(status, Status::InvalidData);
    assert!(message.contains("out of order"), "{message}");
}

#[test]
fn a_property_is_taken_away_between_pages() {
    let remove = Fault::before(|portal: &mut Portal| portal.remove_property(Kind::Contact, "nps_score"));
    let (_, read) = pull_with(remove.nth(3));
    let (status, message) = failure(read);
    assert_eq!(status, Status::SchemaChanged);
    assert!(message.contains("`nps_score`"), "{message}");
}

#[test]
fn a_property_changes_its_type_between_pages() {
    let turn = Fault::distort(|_, answer| {
        for record in answer["results"].as_array_mut().unwrap() {
            if record["properties"]["nps_score"].is_string() {
                record["properties"]["nps_score"] = json!("promoter");
            }
        }
    });
    let (reader, read) = pull_with(turn.path("search").nth(3));
    let (rows, truth) = (read.unwrap(), reader.truth(Kind::Contact, &COLUMNS));
    assert_eq!(rows.len(), truth.len());
    let changed = rows.iter().zip(&truth).filter(|(row, truth)| row != truth).count();
    let rejected = reader.host.rejected.lock().unwrap();
    assert!(changed > 10);
    assert_eq!(rejected.len(), changed);
    assert!(rejected.iter().all(|cell| cell.column == "nps_score" && cell.why == "not a number"));
}

#[test]
fn an_access_token_that_expires_while_pulling() {
    let oauth = json!({
        "client_id": OAuth::default().client_id,
        "client_secret": {"secret": "HUBSPOT_CLIENT_SECRET"},
        "refresh_token": {"secret": "HUBSPOT_REFRESH_TOKEN"},
    });
    for version in ["2026-09", "v3"] {
        let portal = Portal::generate(7, Size::of(900)).with_limits(Limits::none());
        let reader = Reader::new(portal, &json!({"oauth": oauth, "version": version}));
        let plan = reader.plan("contacts", &COLUMNS).unwrap();
        reader.server.faults().push(Fault::before(Portal::expire_tokens).nth(3));
        let rows = sorted(reader.read(&plan.partitions[0]).unwrap());
        same(&rows, &reader.truth(Kind::Contact, &COLUMNS));
        assert!(reader.server.requests().iter().any(|request| request.status == 401));
    }
}

#[test]
fn clocks_that_differ() {
    for hours in [-30_000, 3] {
        let reader = Reader::of(400);
        reader.server.clock().advance(SignedDuration::from_hours(hours));
        let now = reader.server.clock().now() - SignedDuration::from_mins(1);
        let truth: Table = reader.truth(Kind::Contact, &COLUMNS);
        let truth: Table = truth.into_iter().filter(|row| row[2].parse::<jiff::Timestamp>().unwrap() < now).collect();
        same(&reader.pull("contacts", &COLUMNS).unwrap(), &truth);
    }
}

#[test]
fn a_batch_that_fails_in_part_is_no_data() {
    let reader = Reader::of(200);
    let plan = reader.plan("contact_stages", &["contact_id"]).unwrap();
    let part = Fault::distort(|_, answer| {
        answer["results"].as_array_mut().unwrap().pop();
        answer["errors"] = json!([{"status": "error", "category": "INTERNAL_ERROR", "message": "timeout"}]);
    });
    reader.server.faults().push(part.path("batch/read").nth(2));
    let (_, message) = failure(reader.read(&plan.partitions[0]));
    assert!(message.contains("INTERNAL_ERROR"), "{message}");
}

#[test]
fn cancelled_while_nothing_comes() {
    let reader = Reader::of(900);
    let plan = reader.plan("contacts", &COLUMNS).unwrap();
    reader.server.faults().push(Fault::new(Effect::Stall).nth(3));
    let (took, read) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| reader.read(&plan.partitions[0]));
        while reader.server.faults().left() > 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        let begun = Instant::now();
        reader.host.cancelled.store(true, Ordering::Relaxed);
        let read = reading.join().unwrap();
        (begun.elapsed(), read)
    });
    assert_eq!(failure(read).0, Status::Cancelled);
    assert!(took < Duration::from_secs(2));
}

#[test]
fn who_answers_and_whether_it_lets_us_in() {
    let reader = Reader::of(10);
    let task = reader.task();
    reader.source.check(&task).unwrap();
    let url = reader.server.url();
    let wrong = Reader::open(&url, &json!({"token": {"secret": "ANOTHER"}}), &task).unwrap();
    assert_eq!(failure(wrong.check(&task)).0, Status::Unauthenticated);
    let elsewhere = Reader::open(&format!("{url}/elsewhere"), &json!({}), &task).unwrap();
    let (status, message) = failure(elsewhere.check(&task));
    assert_eq!(status, Status::NotFound);
    assert!(message.contains(&format!("no HubSpot answers at {url}/elsewhere")), "{message}");
    reader.server.faults().push(Fault::new(Effect::Html));
    assert_eq!(failure(reader.source.check(&task)).0, Status::NotFound);
    reader.server.state().missing_scopes.insert("crm.objects.contacts.read".to_owned());
    let (status, message) = failure(reader.source.check(&task));
    assert_eq!(status, Status::Unauthorized);
    assert!(message.contains("crm.objects.contacts.read"), "{message}");
    assert!(!reader.log().contains("pat-emulator"));
}

#[test]
fn credentials_are_one_of_two() {
    let reader = Reader::of(1);
    let both = json!({"oauth": {"client_id": "x", "client_secret": {"secret": "A"}, "refresh_token": {"secret": "B"}},
        "token": {"secret": "HUBSPOT_TOKEN"}});
    let (status, message) = failure(Reader::open(&reader.server.url(), &both, &reader.task()));
    assert_eq!(status, Status::InvalidArgument);
    assert!(message.contains("both `token` and `oauth`"), "{message}");
    for version in ["2026", "v2", "2026-13", "2026-9x"] {
        assert!(serde_json::from_value::<cvj_plugin_hubspot::Version>(json!(version)).is_err(), "{version}");
    }
}

/// Nothing of the other tests: the server of this one is never there.
#[test]
fn nobody_is_there() {
    let server = Server::start(Portal::generate(1, Size::of(1)));
    let url = server.url();
    drop(server);
    let reader = Reader::of(1);
    let source = Reader::open(&url, &json!({}), &reader.task()).unwrap();
    let (status, message) = failure(source.check(&reader.task()));
    assert_eq!(status, Status::Io);
    assert!(message.contains("HubSpot"), "{message}");
}
