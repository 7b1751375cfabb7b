//! What is recorded answers again without a server, and tells nothing that it should not.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cvj_core::{SourceError, Status};
use cvj_http::{Answer, Api, ApiSettings, Auth, Credentials, Tape};
use serde_json::{Value, json};

use crate::host::Host;
use crate::server::{Reply, Server};
use crate::silence::forbidden;
use crate::{in_child, named, settings};

fn auth() -> Auth {
    Auth::OAuthRefresh {
        token_url: "/oauth/token".to_owned(),
        client_id: "id-1".to_owned(),
        client_secret: named("CLIENT_SECRET"),
        refresh_token: named("REFRESH"),
    }
}

fn session() -> Auth {
    Auth::Session(Box::new(|api: &Api, task| {
        let body = json!({ "user": "anna@example.com", "password": task.secret("PASSWORD")? });
        let key: Value = api.post("/login").json(&body).without_credentials().send(task)?.json()?;
        Ok(Credentials { header: "authorization", value: format!("Session {}", key[1].as_str().unwrap_or_default()) })
    }))
}

/// Two people, of whom one is asked for by address; and a number that grows.
///
/// What it grants, it grants once: no other test has made it known as a secret.
fn crm() -> Server {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    Server::new(move |request, before| match request.target.as_str() {
        "/oauth/token" => Reply::json(&format!(
            "{{\"access_token\":\"granted-{number}-a\",\"refresh_token\":\"granted-{number}-r\",\"expires_in\":1800}}"
        )),
        "/login" => Reply::json(&format!("[7,\"granted-{number}-s\"]")),
        "/people" => Reply::json("[{\"id\":1,\"email\":\"anna@example.com\"},{\"id\":2,\"email\":\"bert@example.com\"}]")
            .with("set-cookie", format!("session=granted-{number}-c"))
            .with("x-left", "189"),
        "/orders?of=anna%40example.com" => Reply::json("{\n \"of\": \"ANNA@example.com\",\n \"total\": 10.50\n}"),
        "/count" => Reply::json(&before.to_string()),
        "/echo" => Reply::json(&request.body),
        _ => Reply::status(404, "{\"message\":\"nothing for anna@example.com\"}"),
    })
}

/// Everything that a source asks, in order, and what it is told.
fn asked(api: &Api, host: &std::sync::Arc<Host>, of: &str) -> Vec<Result<Answer, SourceError>> {
    let task = host.task();
    let key = api.secret(&task, &named("PASSWORD")).unwrap();
    vec![
        api.get("/people").send(&task),
        api.get("/orders").query("of", of).send(&task),
        api.get("/count").send(&task),
        api.get("/count").send(&task),
        api.get("/nothing").send(&task),
        api.post("/echo").json(&json!({ "key": key, "of": of })).send(&task),
    ]
}

fn with(tape: Tape, url: &str, auth: Auth) -> Api {
    Api::new(ApiSettings { tape, ..settings(url, auth) }).unwrap()
}

fn text(result: &Result<Answer, SourceError>) -> String {
    match result {
        Ok(answer) => String::from_utf8(answer.body.clone()).unwrap(),
        Err(error) => format!("{:?}: {}", error.status, error.message),
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    files
}

#[test]
fn what_was_recorded_is_answered_again_without_server_and_secrets() {
    for auth in [auth, session] {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("tape");
        let server = crm();
        let url = server.url.clone();
        let live = asked(&with(Tape::Record(folder.clone()), &url, auth()), &Host::new(), "anna@example.com");
        let live: Vec<_> = live.iter().map(text).collect();
        assert_eq!(live[1], "{\n \"of\": \"ANNA@example.com\",\n \"total\": 10.50\n}");
        drop(server);

        let people: Value = serde_json::from_str(&replayed(&folder, &url, auth, "anna@example.com")[0]).unwrap();
        let stand_in = people[0]["email"].as_str().unwrap().to_owned();
        assert!(stand_in.starts_with("person-") && people[1]["email"] != people[0]["email"]);
        // Who was read from the tape is found on it again, like who is known from outside.
        for of in ["anna@example.com", "Anna@Example.com", stand_in.as_str()] {
            let again = replayed(&folder, &url, auth, of);
            assert_eq!(again[1], format!("{{\n \"of\": \"{stand_in}\",\n \"total\": 10.50\n}}"));
            assert_eq!(again[2..4], live[2..4]);
            assert_eq!(again[4], live[4]);
            assert_eq!(again[5], format!("{{\"key\":\"(secret)\",\"of\":\"{stand_in}\"}}"));
        }
    }
}

fn replayed(folder: &Path, url: &str, auth: fn() -> Auth, of: &str) -> Vec<String> {
    asked(&with(Tape::Replay(folder.to_owned()), url, auth()), &Host::new(), of).iter().map(text).collect()
}

#[test]
fn a_tape_holds_no_secret_no_address_and_no_cookie() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a/tape");
    let server = crm();
    for auth in [auth(), session()] {
        asked(&with(Tape::Record(folder.clone()), &server.url, auth), &Host::new(), "anna@example.com");
    }
    let mut all = String::new();
    for file in files(&folder) {
        all.push_str(&fs::read_to_string(folder.join(file)).unwrap());
    }
    let tells: Vec<String> = forbidden().into_iter().filter(|secret| all.contains(secret.as_str())).collect();
    assert_eq!(tells, Vec::<String>::new(), "{all}");
    for word in ["@", "%40", "cookie", "Bearer", "Session", "granted-"] {
        assert!(!all.contains(word), "{word}: {all}");
    }
    assert!(all.contains("x-left") && all.contains("person-"), "{all}");
}

#[cfg(unix)]
#[test]
fn a_tape_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("tape");
    asked(&with(Tape::Record(folder.clone()), &crm().url, auth()), &Host::new(), "x");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert!(files(&folder).iter().all(|file| mode(&folder.join(file)) == 0o600));
}

#[test]
fn several_sources_record_at_once_and_are_told_apart() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("tape");
    let servers = ["1", "2"].map(|word| Server::replying([Reply::json(word)]));
    std::thread::scope(|scope| {
        for (server, source) in servers.iter().zip(["crm a", "crm_a"]) {
            let api = with(Tape::Record(folder.clone()), &server.url, Auth::None);
            scope.spawn(move || {
                for _ in 0..20 {
                    api.get("/x").send(&Host::named(source).task()).unwrap();
                }
            });
        }
    });
    assert_eq!(files(&folder).len(), 40);
    for (source, expected) in [("crm a", "1"), ("crm_a", "2")] {
        let api = with(Tape::Replay(folder.clone()), "https://api.example.com", Auth::None);
        assert_eq!(text(&api.get("/x").send(&Host::named(source).task())), expected);
    }
}

#[test]
fn what_is_not_on_the_tape_is_an_error_that_says_so() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_owned();
    let api = with(Tape::Replay(folder.clone()), "https://api.example.com", Auth::None);
    let error = api.get("/x").send(&Host::new().task()).unwrap_err();
    assert_eq!(error.status, Status::NotFound);
    assert_eq!(error.message, format!("GET /x: this request of source `crm` is not on the tape in {}", folder.display()));
    fs::write(folder.join("broken.json"), "{}").unwrap();
    let settings = ApiSettings { tape: Tape::Replay(folder), ..settings("https://api.example.com", Auth::None) };
    let error = Api::new(settings).err().expect("a broken tape");
    assert!(error.message.contains("broken.json is no recorded exchange: missing field `request`"), "{}", error.message);
}

#[test]
fn the_environment_says_whether_to_record() {
    let (record, replay) = ("CVJ_HTTP_RECORD", "CVJ_HTTP_REPLAY");
    in_child("tape::environment", &[(record, ""), (replay, ""), ("EXPECTED", "Off")]);
    in_child("tape::environment", &[(record, "a"), (replay, ""), ("EXPECTED", "Record(\"a\")")]);
    in_child("tape::environment", &[(record, "a"), (replay, "b"), ("EXPECTED", "Replay(\"b\")")]);
}

#[test]
#[ignore = "run by the_environment_says_whether_to_record"]
fn environment() {
    let settings = ApiSettings::new("Acme", "https://api.example.com", Auth::None, cvj_http::Plain);
    assert_eq!(format!("{:?}", settings.tape), std::env::var("EXPECTED").unwrap());
}

#[test]
fn a_replay_does_not_wait() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("tape");
    let server = Server::replying([Reply::status(429, "{}").with("retry-after", "1"), Reply::json("7")]);
    let url = server.url.clone();
    with(Tape::Record(folder.clone()), &url, Auth::None).get("/x").send(&Host::new().task()).unwrap();
    drop(server);
    let started = std::time::Instant::now();
    let answer = with(Tape::Replay(folder), &url, Auth::None).get("/x").send(&Host::new().task());
    assert_eq!(text(&answer), "7");
    assert!(started.elapsed() < std::time::Duration::from_millis(900));
}
