//! The emulator as a client sees it, over a bare connection: what a fault does to the bytes, and what HubSpot's rules do to a pull.
#![expect(clippy::unwrap_used, reason = "a test's set-up fails the test")]

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cvj_emulators::hubspot::{BULK_EDIT, Kind, Limits, Portal, Size, TOKEN, faults};
use cvj_emulators::{Effect, Fault, Server, Window};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// What came back, byte for byte, until the connection ended.
struct Received {
    head: String,
    body: Vec<u8>,
}

impl Received {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn length_told(&self) -> usize {
        self.header("content-length").unwrap().parse().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        let results = self.json()["results"].as_array().cloned().unwrap();
        results.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    }

    fn next(&self) -> Option<String> {
        self.json()["paging"]["next"]["after"].as_str().map(str::to_owned)
    }
}

fn ask(server: &Server<Portal>, method: &str, path: &str, token: &str, body: &str) -> io::Result<Received> {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: {kind}\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
    let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
    Ok(Received { head: String::from_utf8_lossy(&bytes[..end]).into_owned(), body })
}

fn get(server: &Server<Portal>, path: &str) -> Received {
    ask(server, "GET", path, TOKEN, "").unwrap()
}

fn search(server: &Server<Portal>, query: &Value) -> Received {
    ask(server, "POST", "/crm/objects/2026-09/contacts/search", TOKEN, &query.to_string()).unwrap()
}

const CONTACTS: &str = "/crm/objects/2026-09/contacts?limit=100";

fn portal(contacts: u64) -> Server<Portal> {
    Server::start(Portal::generate(7, Size::of(contacts)).with_limits(Limits::none()))
}

/// All ids, page by page.
fn pull(server: &Server<Portal>) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(server, &format!("{CONTACTS}&after={after}"));
        ids.extend(page.ids());
        match page.next() {
            Some(next) => after = next,
            None => return ids,
        }
    }
}

fn truth(server: &Server<Portal>) -> Vec<String> {
    server.state().records(Kind::Contact).map(|record| record.id.to_string()).collect()
}

#[test]
fn a_pull_gives_every_record_once() {
    let server = portal(1234);
    let ids = pull(&server);
    assert_eq!(ids, truth(&server));
    assert_eq!(ids.len() + server.state().archived(Kind::Contact).count(), 1234);
    let other = portal(1234);
    assert_eq!(get(&server, CONTACTS).body, get(&other, CONTACTS).body);
}

#[test]
fn connections_break_where_they_are_told_to() {
    let server = portal(300);
    let whole = get(&server, CONTACTS).body;

    server.faults().push(Fault::new(Effect::CutBeforeHead));
    assert!(ask(&server, "GET", CONTACTS, TOKEN, "").unwrap().head.is_empty());

    server.faults().push(Fault::new(Effect::CutInBody));
    let cut = get(&server, CONTACTS);
    assert_eq!((cut.status(), cut.length_told()), (200, whole.len()));
    assert_eq!(cut.body, whole[..whole.len() / 2]);

    server.faults().push(Fault::new(Effect::CutInChunks));
    let cut = get(&server, CONTACTS);
    assert_eq!(cut.header("transfer-encoding"), Some("chunked"));
    assert!(cut.header("content-length").is_none() && !cut.body.ends_with(b"0\r\n\r\n"));

    server.faults().push(Fault::new(Effect::Truncate));
    let cut = get(&server, CONTACTS);
    assert_eq!((cut.length_told(), &cut.body[..]), (whole.len() / 2, &whole[..whole.len() / 2]));

    server.faults().push(Fault::new(Effect::Garble));
    assert!(serde_json::from_slice::<Value>(&get(&server, CONTACTS).body).is_err());
    server.faults().push(Fault::new(Effect::Html));
    assert_eq!(get(&server, CONTACTS).header("content-type"), Some("text/html"));

    server.faults().push(Fault::new(Effect::Stall));
    assert_eq!(ask(&server, "GET", CONTACTS, TOKEN, "").err().unwrap().kind(), io::ErrorKind::WouldBlock);

    server.faults().push(Fault::new(Effect::Slow(Duration::from_millis(2))));
    let started = Instant::now();
    let slow = get(&server, "/crm/owners/2026-09?limit=1");
    assert_eq!(slow.body.len(), slow.length_told());
    assert!(started.elapsed() > Duration::from_millis(2 * slow.body.len() as u64));

    server.faults().push(Fault::new(Effect::Delay(Duration::from_millis(120))));
    let started = Instant::now();
    assert_eq!(get(&server, CONTACTS).body, whole);
    assert!(started.elapsed() >= Duration::from_millis(120));

    assert_eq!(server.faults().left(), 0);
    assert_eq!(get(&server, CONTACTS).body, whole);
}

#[test]
fn a_server_that_is_gone_can_come_back() {
    let server = portal(300);
    server.faults().push(Fault::new(Effect::Gone).nth(2));
    let first = get(&server, CONTACTS);
    assert!(ask(&server, "GET", CONTACTS, TOKEN, "").is_ok_and(|answer| answer.head.is_empty()));
    let started = Instant::now();
    while ask(&server, "GET", CONTACTS, TOKEN, "").is_ok_and(|answer| !answer.head.is_empty()) {
        assert!(started.elapsed() < Duration::from_secs(5), "still there");
    }
    server.listen().unwrap();
    assert_eq!(get(&server, CONTACTS).body, first.body);
}

#[test]
fn faults_meet_the_requests_they_are_meant_for() {
    let server = portal(300);
    server.faults().push(Fault::status(500, json!({"status": "error"})).method("GET").path("/deals").nth(2).times(2));
    let deals = || get(&server, "/crm/v3/objects/deals").status();
    assert_eq!(get(&server, CONTACTS).status(), 200);
    assert_eq!([deals(), deals(), deals(), deals()], [200, 500, 500, 200]);

    server.faults().push(faults::cursor_loop().nth(2));
    let second = get(&server, CONTACTS).next().unwrap();
    assert_eq!(get(&server, &format!("{CONTACTS}&after={second}")).next().as_ref(), Some(&second));

    server.faults().push(faults::doubled_record());
    let ids = get(&server, CONTACTS).ids();
    assert_eq!((ids.len(), &ids[0]), (101, &ids[100]));

    server.faults().push(faults::property_gone("email"));
    server.faults().push(faults::property_changed("createdate", json!({"odd": 1})));
    let properties = get(&server, CONTACTS).json()["results"][0]["properties"].clone();
    assert!(properties.get("email").is_none() && properties["createdate"].is_object());
}

#[test]
fn a_record_that_vanishes_between_pages_takes_no_other_with_it_in_a_list_but_does_in_a_search() {
    let server = portal(500);
    let gone = truth(&server)[3].clone();
    let id: u64 = gone.parse().unwrap();
    let expected: Vec<String> = truth(&server);
    server.faults().push(Fault::before(move |portal: &mut Portal| portal.delete(Kind::Contact, id)).nth(2));
    assert_eq!(pull(&server), expected);

    let first = search(&server, &json!({"limit": 200}));
    let vanished: u64 = first.ids()[0].parse().unwrap();
    server.faults().push(Fault::before(move |portal: &mut Portal| portal.delete(Kind::Contact, vanished)));
    let second = search(&server, &json!({"limit": 200, "after": first.next().unwrap()}));
    let now = truth(&server);
    assert_eq!(second.ids()[0], now[200]);
    assert!(!first.ids().contains(&now[199]));
}

#[test]
fn a_search_ends_at_ten_thousand_results() {
    let server = portal(10_105);
    let ids = truth(&server);
    assert_eq!(ids.len(), 10_001);
    let mut found = Vec::new();
    let mut after = Some("0".to_owned());
    while let Some(next) = after.take().filter(|next| next != "10000") {
        let page = search(&server, &json!({"limit": 200, "after": next}));
        assert_eq!(page.json()["total"], 10_001);
        found.extend(page.ids());
        after = page.next();
    }
    assert_eq!(found, ids[..10_000]);
    assert_eq!(search(&server, &json!({"limit": 200, "after": "10000"})).status(), 400);

    let beyond = json!({"propertyName": "hs_object_id", "operator": "GT", "value": found[9_999]});
    let last = search(&server, &json!({"limit": 200, "filterGroups": [{"filters": [beyond]}]}));
    assert_eq!((last.ids(), last.json()["total"].clone()), (ids[10_000..].to_vec(), json!(1)));

    let bulk = json!({"propertyName": "lastmodifieddate", "operator": "EQ", "value": BULK_EDIT.as_millisecond().to_string()});
    let bulk = search(&server, &json!({"limit": 1, "filterGroups": [{"filters": [bulk]}]}));
    let edited = server.state().records(Kind::Contact).filter(|record| record.updated == BULK_EDIT).count();
    assert_eq!(bulk.json()["total"], edited);
}

#[test]
fn limits_are_told_as_hubspot_tells_them() {
    let limits = Limits { burst: Window::new(3, Duration::from_millis(300)), ..Limits::none() };
    let server = Server::start(Portal::generate(7, Size::of(100)).with_limits(limits));
    let left = |answer: &Received| answer.header("x-hubspot-ratelimit-remaining").map(str::to_owned);
    assert_eq!(left(&get(&server, CONTACTS)).as_deref(), Some("2"));
    get(&server, CONTACTS);
    get(&server, CONTACTS);
    let refused = get(&server, CONTACTS);
    assert_eq!((refused.status(), refused.header("retry-after")), (429, None));
    assert_eq!(refused.json()["policyName"], "TEN_SECONDLY_ROLLING");
    assert!(left(&refused).is_none() && refused.header("x-hubspot-ratelimit-daily").is_some());
    server.state().retry_after = true;
    assert_eq!(get(&server, CONTACTS).header("retry-after"), Some("1"));
    std::thread::sleep(Duration::from_millis(310));
    assert_eq!(get(&server, CONTACTS).status(), 200);

    server.state().limits = Limits { search: Window::new(1, Duration::from_mins(1)), ..Limits::none() };
    assert_eq!(search(&server, &json!({})).status(), 200);
    assert_eq!(search(&server, &json!({})).json()["policyName"], "SECONDLY");

    server.state().leave_today(1);
    assert_eq!(get(&server, CONTACTS).status(), 200);
    assert_eq!(get(&server, CONTACTS).json()["policyName"], "DAILY");
    server.clock().advance(SignedDuration::from_hours(24));
    assert_eq!(get(&server, CONTACTS).status(), 200);
}

#[test]
fn tokens_grow_old_and_scopes_may_be_missing() {
    let server = portal(100);
    let form = "grant_type=refresh_token&client_id=emulator-client&client_secret=emulator-secret&refresh_token=emulator-refresh";
    let grant = || {
        let granted = ask(&server, "POST", "/oauth/2026-09/token", "", form).unwrap().json();
        assert_eq!(granted["expires_in"], 1800);
        granted["access_token"].as_str().unwrap().to_owned()
    };
    let token = grant();
    let with = |token: &str| ask(&server, "GET", CONTACTS, token, "").unwrap();
    assert_eq!(with(&token).status(), 200);
    let info = |token: &str| get(&server, &format!("/oauth/v1/access-tokens/{token}"));
    assert!(info(&token).json()["scopes"].as_array().unwrap().contains(&json!("crm.objects.deals.read")));
    server.clock().advance(SignedDuration::from_mins(31));
    assert_eq!(info(&token).status(), 404);
    assert_eq!((with(&token).status(), with(&token).json()["category"].clone()), (401, json!("EXPIRED_AUTHENTICATION")));
    let token = grant();
    server.faults().push(Fault::before(Portal::expire_tokens).nth(2));
    assert_eq!([with(&token).status(), with(&token).status(), with(&token).status()], [200, 401, 401]);
    assert_eq!(with("nobody's").status(), 401);

    server.state().missing_scopes.insert("crm.objects.contacts.read".to_owned());
    let refused = get(&server, CONTACTS);
    assert_eq!((refused.status(), refused.json()["category"].clone()), (403, json!("MISSING_SCOPES")));
    assert_eq!(refused.json()["errors"][0]["context"]["requiredGranularScopes"][0], "crm.objects.contacts.read");

    let log = format!("{:?}", server.requests());
    for secret in [TOKEN, &token, "emulator-secret", "emulator-refresh"] {
        assert!(!log.contains(secret));
    }
    assert!(server.requests().last().is_some_and(|request| request.authorization && request.status == 403));
}

#[test]
fn records_change_archive_and_merge() {
    let mut portal = Portal::empty();
    let at = BULK_EDIT;
    let [winner, loser, archived] =
        [1, 2, 3].map(|number| portal.create(Kind::Contact, &[("email", &format!("{number}@example.org"))], at));
    let deal = portal.create(Kind::Deal, &[("dealstage", "closedwon")], at);
    portal.associate(Kind::Deal, deal, Kind::Contact, winner);
    portal.change(Kind::Contact, winner, |record| record.set("lifecyclestage", "lead", at + SignedDuration::from_hours(1)));
    portal.change(Kind::Contact, winner, |record| record.set("lifecyclestage", "customer", at + SignedDuration::from_hours(2)));
    portal.archive(Kind::Contact, archived, at);
    portal.merge(Kind::Contact, winner, loser, at + SignedDuration::from_hours(3));
    let server = Server::start(portal);

    let page = get(&server, "/crm/v3/objects/contacts?propertiesWithHistory=lifecyclestage&properties=hs_merged_object_ids");
    assert_eq!(page.ids(), [winner.to_string()]);
    let record = &page.json()["results"][0];
    assert_eq!(record["properties"]["hs_merged_object_ids"], loser.to_string());
    let history = record["propertiesWithHistory"]["lifecyclestage"].as_array().unwrap();
    assert_eq!(history.iter().map(|past| &past["value"]).collect::<Vec<_>>(), ["customer", "lead"]);
    assert_eq!(get(&server, "/crm/v3/objects/contacts?archived=true").ids(), [archived.to_string()]);
    assert_eq!(get(&server, &format!("/crm/v3/objects/contacts/{loser}")).json()["id"], winner.to_string());
    let deals = get(&server, "/crm/v3/objects/deals?associations=contacts");
    assert_eq!(deals.json()["results"][0]["associations"]["contacts"]["results"][0]["id"], winner.to_string());

    server.clock().set("2031-03-04T05:06:07Z".parse().unwrap());
    assert_eq!(get(&server, CONTACTS).header("date"), Some("Tue, 04 Mar 2031 05:06:07 GMT"));
}
