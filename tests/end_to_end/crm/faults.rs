//! What can go wrong while a portal is pulled: the report is that of an undisturbed run, or none is written, the error says
//! why, and the next run goes on from there.

use std::process::Stdio;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use cvj_emulators::hubspot::{Kind, Limits, Portal, Size, UNTIL, faults};
use cvj_emulators::{Effect, Fault};
use cvj_tests::content_of;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{BY_OAUTH, HubSpot};

/// Five pages of contacts, two of deals, three of line items.
const CONTACTS: u64 = 900;

const CONTACT_PAGES: &str = "/contacts/search";
const LINE_ITEM_PAGES: &str = "/line_items/search";

/// What an undisturbed run writes, and how many requests it takes.
fn undisturbed() -> &'static (String, usize) {
    static UNDISTURBED: OnceLock<(String, usize)> = OnceLock::new();
    UNDISTURBED.get_or_init(|| {
        let crm = HubSpot::of(CONTACTS);
        crm.report(&[]).expect_status(0);
        (crm.report_json(), crm.server.requests().len())
    })
}

impl HubSpot {
    fn report_is_undisturbed(&self) {
        self.report(&[]).expect_status(0);
        assert_eq!(self.server.faults().left(), 0, "the fault did not happen");
        assert_eq!(self.report_json(), undisturbed().0);
    }

    /// A run that fails for this reason, and leaves nothing but what it pulled.
    #[track_caller]
    fn report_fails(&self, says: &str) {
        let failed = self.report(&[]).expect_status(1);
        assert!(failed.stderr.contains(says), "{says:?} is missing in\n{}", failed.stderr);
        self.nothing_is_written();
    }

    #[track_caller]
    fn nothing_is_written(&self) {
        let files: Vec<String> = content_of(self.client.path()).into_keys().collect();
        assert_eq!(files, ["cvj.toml"]);
        assert!(!self.client.path().join("reports").exists());
    }

    /// The next run asks for nothing that is there, and writes what an undisturbed one does.
    #[track_caller]
    fn the_next_run_goes_on(&self) {
        let kept = self.whole_tables();
        self.server.forget_requests();
        self.report(&[]).expect_status(0);
        let asked = self.server.requests();
        for table in kept {
            let again = asked.iter().filter(|request| request.path.ends_with(&format!("/{table}/search"))).count();
            assert!(matches!(table.as_str(), "deals") || again == 0, "`{table}` was there and is asked for again");
        }
        assert!(asked.len() < undisturbed().1, "{} requests, {} without a fault", asked.len(), undisturbed().1);
        assert_eq!(self.report_json(), undisturbed().0);
    }

    /// The tables that were pulled to their ends.
    fn whole_tables(&self) -> Vec<String> {
        let listed = self.cvj(&["cache", "list", "--json"]).expect_status(0);
        let listed: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
        let whole = listed.iter().filter(|table| table["complete"] == true);
        whole.map(|table| table["table"].as_str().unwrap().to_owned()).collect()
    }

    /// What report.json says of a table of the source.
    fn table(&self, name: &str) -> Value {
        let report: Value = serde_json::from_str(&self.report_json()).unwrap();
        let sources = report["sources"].as_array().unwrap().iter().flat_map(|source| source["tables"].as_array().unwrap());
        let mut named = sources.filter(|table| table["name"] == name);
        named.next().unwrap().clone()
    }
}

/// A run with this fault, which changes nothing.
#[track_caller]
fn changes_nothing(fault: Fault<Portal>) -> HubSpot {
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(fault);
    crm.report_is_undisturbed();
    crm
}

/// A run that this fault ends, and one after it is over.
#[track_caller]
fn ends_the_run(fault: Fault<Portal>, says: &str) -> HubSpot {
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(fault);
    crm.report_fails(says);
    crm.server.faults().clear();
    crm.the_next_run_goes_on();
    crm
}

#[test]
fn too_many_requests() {
    changes_nothing(faults::too_many("SECONDLY", None).path("search").nth(3));
    let begun = Instant::now();
    changes_nothing(faults::too_many("TEN_SECONDLY_ROLLING", Some(2)).path(CONTACT_PAGES).nth(2));
    assert!(begun.elapsed() > Duration::from_secs(2));
}

#[test]
fn the_quota_of_a_day_is_used_up_and_the_next_day_goes_on() {
    let crm = HubSpot::of(CONTACTS);
    crm.server.state().leave_today(undisturbed().1 as u64 - 4);
    let begun = Instant::now();
    crm.report_fails("of this day are used up");
    assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits for tomorrow");
    crm.report_fails("of this day are used up");
    crm.server.clock().advance(SignedDuration::from_hours(24));
    crm.the_next_run_goes_on();
}

#[test]
fn a_server_that_fails() {
    let broken = || Fault::status(500, json!({"status": "error", "message": "internal error"}));
    changes_nothing(broken().path("search").nth(4).times(2));
    ends_the_run(broken().path(LINE_ITEM_PAGES).nth(2).always(), "500");
}

#[test]
fn connections_that_are_cut_within_a_page() {
    changes_nothing(Fault::new(Effect::CutInBody).path(CONTACT_PAGES).nth(3));
    changes_nothing(Fault::new(Effect::CutInChunks).path(CONTACT_PAGES).nth(3));
    changes_nothing(Fault::new(Effect::CutBeforeHead).path(CONTACT_PAGES).nth(3));
}

#[test]
fn answers_that_are_no_json() {
    changes_nothing(Fault::new(Effect::Truncate).path(CONTACT_PAGES).nth(3));
    changes_nothing(Fault::new(Effect::Garble).path(CONTACT_PAGES).nth(3));
    ends_the_run(Fault::new(Effect::Garble).path(LINE_ITEM_PAGES).nth(2).always(), "JSON");
}

#[test]
fn cursors_that_never_end() {
    ends_the_run(faults::cursor_loop().path("/marketing/emails").always(), "never end");
    let first: Mutex<Option<Value>> = Mutex::default();
    let repeat = Fault::distort(move |_, answer| {
        let mut first = first.lock().unwrap();
        *answer = first.get_or_insert_with(|| answer.clone()).clone();
    });
    ends_the_run(repeat.path(LINE_ITEM_PAGES).nth(3).always(), "again and again");
}

#[test]
fn an_access_token_that_expires() {
    let portal = Portal::generate(7, Size::of(CONTACTS)).with_limits(Limits::none());
    let crm = HubSpot::new(portal, BY_OAUTH);
    crm.server.faults().push(Fault::before(Portal::expire_tokens).path(CONTACT_PAGES).nth(4));
    crm.report_is_undisturbed();
    assert!(crm.server.requests().iter().any(|request| request.status == 401), "nothing had expired");
}

/// Somebody deletes this property of contacts from the account's settings while it is pulled.
fn taken_away(property: &'static str) -> Fault<Portal> {
    Fault::before(move |portal: &mut Portal| portal.remove_property(Kind::Contact, property)).path(CONTACT_PAGES).nth(4)
}

#[test]
fn a_property_of_the_default_definitions_is_taken_away_between_pages() {
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(taken_away("hs_analytics_source"));
    let output = crm.report(&["-v"]).expect_status(0);
    let told = "reads the data once more: HubSpot no longer has the property `hs_analytics_source` of contacts";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    let report = crm.report_json();
    assert_ne!(report, undisturbed().0);
    crm.report(&["--refresh"]).expect_status(0);
    assert_eq!(crm.report_json(), report, "half of it was read before");
}

#[test]
fn a_property_of_a_definition_is_taken_away_between_pages() {
    let crm = HubSpot::of(CONTACTS);
    let score = "[[metric]]\nstage = \"advocate\"\nname = \"Score\"\nfrom = \"crm.contacts\"\nvalue = \"avg(nps_score)\"\n\
                 at = \"createdate\"\n";
    crm.client.write("cvj.toml", crm.client.read("cvj.toml") + score);
    crm.server.faults().push(taken_away("nps_score"));
    crm.report_fails("nps_score");
    assert_eq!(crm.server.faults().left(), 0);
}

#[test]
fn a_property_that_changes_its_type_between_pages() {
    let crm = HubSpot::of(CONTACTS);
    let turn = Fault::distort(|_, answer| {
        for record in answer["results"].as_array_mut().unwrap() {
            record["properties"]["amount"] = json!("on request");
        }
    });
    crm.server.faults().push(turn.path(LINE_ITEM_PAGES).nth(3));
    crm.report(&[]).expect_status(0);
    let items = crm.table("line_items");
    let rejected = items["rows_rejected"].as_u64().unwrap();
    assert!(rejected > 20, "{items:#}");
    assert!(items["rejects"].to_string().contains("not an amount"), "{items:#}");
}

#[test]
fn a_record_that_comes_twice() {
    let last: Mutex<Option<Value>> = Mutex::default();
    let repeat = Fault::distort(move |_, answer| {
        let results = answer["results"].as_array_mut().unwrap();
        let newest = results.last().cloned();
        let mut last = last.lock().unwrap();
        results.extend(last.take());
        *last = newest;
    });
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(repeat.path(CONTACT_PAGES).nth(2).times(3));
    crm.report(&[]).expect_status(0);
    let left_out = crm.table("contacts")["rows_left_out"].clone();
    assert_eq!(left_out[0]["rows"], 2, "{left_out}");
    let mut report: Value = serde_json::from_str(&crm.report_json()).unwrap();
    let without_account = |report: &mut Value| {
        for source in report["sources"].as_array_mut().unwrap() {
            for table in source["tables"].as_array_mut().unwrap() {
                table.as_object_mut().unwrap().remove("rows_left_out");
            }
        }
    };
    let mut wanted: Value = serde_json::from_str(&undisturbed().0).unwrap();
    without_account(&mut report);
    without_account(&mut wanted);
    assert_eq!(report, wanted);
}

/// A contact who bought nothing, of those that come late.
fn nobody_in_particular(portal: &Portal, skip: usize) -> u64 {
    let alone = |id: &u64| portal.associated(Kind::Contact, *id, Kind::Deal).is_empty();
    portal.records(Kind::Contact).map(|record| record.id).skip(skip).find(alone).unwrap()
}

/// A record that is gone when its page comes: the report is that of a portal that never had it, but for the control total.
#[track_caller]
fn loses_one(change: impl Fn(&mut Portal) + Send + Sync + 'static) {
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(Fault::before(change).path(CONTACT_PAGES).nth(3));
    let output = crm.report(&[]).expect_status(0);
    let table = crm.table("contacts");
    let (expected, read) = (table["rows_expected"].as_u64().unwrap(), table["rows_read"].as_u64().unwrap());
    assert_eq!(expected, read + 1, "{table:#}");
    let told = format!("table `crm.contacts`: the source says it has {expected} rows, {read} were received");
    assert!(output.stderr.contains(&told), "{told:?} is missing in\n{}", output.stderr);
    let strict = crm.report(&["--strict"]).expect_status(3);
    assert!(strict.stderr.contains(&told), "{}", strict.stderr);
    let report = crm.report_json();
    crm.report(&["--refresh"]).expect_status(0);
    let control = format!("\"rows_expected\": {expected}");
    assert!(report.contains(&control), "{report}");
    assert_eq!(crm.report_json(), report.replace(&control, &format!("\"rows_expected\": {read}")));
}

#[test]
fn a_record_that_is_deleted_while_it_is_pulled() {
    loses_one(|portal| {
        let id = nobody_in_particular(portal, 700);
        portal.delete(Kind::Contact, id);
    });
}

#[test]
fn a_record_that_is_merged_while_it_is_pulled() {
    loses_one(|portal| {
        let (winner, loser) = (nobody_in_particular(portal, 10), nobody_in_particular(portal, 700));
        portal.merge(Kind::Contact, winner, loser, UNTIL);
    });
}

#[test]
fn a_server_that_is_gone_for_a_moment() {
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(Fault::new(Effect::Gone).path(CONTACT_PAGES).nth(3));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while crm.server.faults().left() > 0 {
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(300));
            crm.server.listen().unwrap();
        });
        crm.report_is_undisturbed();
    });
}

#[test]
fn a_server_that_is_gone_for_longer_than_anybody_waits() {
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(Fault::new(Effect::Gone).path(LINE_ITEM_PAGES).nth(2));
    crm.report_fails("failed 6 times");
    crm.server.listen().unwrap();
    crm.the_next_run_goes_on();
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_a_page_is_awaited() {
    let crm = HubSpot::of(CONTACTS);
    crm.server.faults().push(Fault::new(Effect::Stall).path(LINE_ITEM_PAGES).nth(2));
    let mut command = crm.command(&["report"]);
    let run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while crm.server.faults().left() > 0 {
        assert!(begun.elapsed() < Duration::from_mins(1), "the page is never asked for");
        std::thread::sleep(Duration::from_millis(20));
    }
    let stopped = Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    let output = run.wait_with_output().unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(4), "stopped after {:?}", stopped.elapsed());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("stopped before the end") && told.contains("the next run goes on from there"), "{told}");
    crm.nothing_is_written();
    crm.the_next_run_goes_on();
}

#[test]
fn a_clock_a_day_ahead() {
    let crm = HubSpot::of(CONTACTS);
    crm.server.clock().advance(SignedDuration::from_hours(24));
    crm.report_is_undisturbed();
}

#[test]
fn a_clock_a_day_behind() {
    let crm = HubSpot::of(CONTACTS);
    crm.server.clock().advance(SignedDuration::from_hours(-24));
    // A search may not find the records of the last minute yet.
    let until = crm.server.clock().now() - SignedDuration::from_mins(1);
    crm.report(&[]).expect_status(0);
    for (table, kind) in [("contacts", Kind::Contact), ("deals", Kind::Deal), ("line_items", Kind::LineItem)] {
        let there = crm.server.state().records(kind).filter(|record| record.created < until).count();
        let table = crm.table(table);
        assert_eq!((&table["rows_read"], &table["rows_expected"]), (&there.into(), &there.into()), "what the server knows of");
    }
}
