//! Answers that are late, cut, wrong or refused.

use std::io::Write as _;
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status};
use cvj_http::{Answer, Api, ApiSettings, Auth, Dialect, Judgement, Retries};
use serde_json::{Value, json};

use crate::host::Host;
use crate::server::{Reply, Server};
use crate::{api, hasty, settings};

fn got(server: &Server) -> Result<Value, SourceError> {
    got_with(settings(&server.url, Auth::None))
}

fn got_with(settings: ApiSettings) -> Result<Value, SourceError> {
    Api::new(settings)?.get("/contacts").send(&Host::new().task())?.json()
}

fn good() -> Reply {
    Reply::json("{\"rows\":[1,2,3]}")
}

/// The page arrives whole after these, and nothing is asked more often than needed.
fn mended(replies: impl IntoIterator<Item = Reply>) {
    let replies: Vec<Reply> = replies.into_iter().collect();
    let tries = replies.len() + 1;
    let server = Server::replying(replies.into_iter().chain([good()]));
    assert_eq!(got(&server).expect("mended"), json!({ "rows": [1, 2, 3] }));
    assert_eq!(server.received().len(), tries);
}

/// The request fails after so many tries.
fn failed(reply: Reply, tries: usize) -> SourceError {
    let server = Server::replying([reply]);
    let error = got(&server).expect_err("nothing good ever comes");
    assert_eq!(server.received().len(), tries, "{error:?}");
    error
}

fn cut(head: &str, body: &[u8]) -> Reply {
    Reply::Raw([b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n", head.as_bytes(), b"\r\n", body].concat())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn passing_troubles_are_waited_out() {
    mended([502, 503, 504, 408].map(|status| Reply::status(status, "<html>")));
    mended([Reply::status(500, ""), Reply::status(500, "")]);
    mended([Reply::status(429, "{}")]);
}

#[test]
fn retry_after_is_kept_to_and_its_absence_and_nonsense_are_survived() {
    for value in ["soon", "0", "-1", "Sun, 06 Nov 1994 08:49:37 GMT", ""] {
        mended([Reply::status(429, "{}").with("retry-after", value)]);
    }
    let started = Instant::now();
    mended([Reply::status(429, "{}").with("retry-after", "0.3")]);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_wait_that_is_too_long_is_an_error_at_once() {
    let error = failed(Reply::status(429, "{}").with("retry-after", "3600"), 1);
    assert_eq!((error.status, error.retry_after), (Status::RateLimited, Some(Duration::from_hours(1))));
    assert!(error.message.contains("asks to wait for 60 min"), "{}", error.message);
}

#[test]
fn endless_trouble_ends_with_what_happened_how_often_and_how_long() {
    let error = failed(Reply::status(503, "{}"), 6);
    assert_eq!((error.status, error.retryable), (Status::Io, true));
    let message = error.message;
    assert!(message.starts_with("Acme: GET /contacts failed 6 times in "), "{message}");
    assert!(message.ends_with("at last: answered 503 (its server failed)"), "{message}");
    assert_eq!(failed(Reply::status(429, "{}"), 6).status, Status::RateLimited);
    assert_eq!(failed(Reply::status(500, "{}"), 3).status, Status::Io);
}

#[test]
fn what_cannot_change_is_not_tried_again() {
    let check = |code, status, words: &str| {
        let error = failed(Reply::status(code, "{}"), 1);
        assert_eq!(error.status, status);
        assert_eq!(error.message, format!("Acme: GET /contacts: answered {code}{words}"));
    };
    check(400, Status::InvalidArgument, "");
    check(401, Status::Unauthenticated, " (the credentials are not accepted)");
    check(403, Status::Unauthorized, " (not allowed)");
    check(404, Status::NotFound, " (not found)");
    check(501, Status::Io, " (its server failed)");
}

#[test]
fn pages_cut_in_the_middle_are_read_again() {
    mended([cut("content-length: 500\r\n", b"{\"rows\":[1,2")]);
    mended([cut("transfer-encoding: chunked\r\n", b"5\r\n{\"row\r\n")]);
    mended([cut("", b"{\"rows\":[1,2")]);
    let packed = gzip(b"{\"rows\":[1,2,3,4,5,6,7,8,9]}");
    mended([cut("content-encoding: gzip\r\n", &packed[..packed.len() - 12])]);
    mended([Reply::Raw(Vec::new()), Reply::Raw(b"HTTP/1.1 200".to_vec()), Reply::Raw(b"nonsense\r\n\r\n".to_vec())]);
}

#[test]
fn packed_answers_are_unpacked() {
    let body = gzip(b"{\"rows\":[1,2,3]}");
    let headers = vec![("content-encoding", "gzip".to_owned()), ("content-type", "application/json".to_owned())];
    let server = Server::replying([Reply::Whole { status: 200, headers, body }]);
    assert_eq!(got(&server).unwrap(), json!({ "rows": [1, 2, 3] }));
    assert!(server.received()[0].header("accept-encoding").unwrap().contains("gzip"));
}

#[test]
fn wrong_json_is_read_again_once_and_then_an_error_that_quotes_nothing() {
    mended([Reply::json("{\"rows\":[1,")]);
    mended([Reply::json("")]);
    let error = failed(Reply::json("{\"name\":\"Anna\",\"rows\":[1,"), 2);
    assert_eq!((error.status, error.retryable), (Status::InvalidData, false));
    assert!(error.message.ends_with("at last: the answer's JSON is cut short (line 1, column 25)"), "{}", error.message);
    let error = failed(Reply::json("<html>Anna</html>"), 2);
    assert!(error.message.ends_with("the answer says it is JSON and is not (line 1, column 1)"), "{}", error.message);
}

#[test]
fn a_server_that_is_gone_is_named_soon_where_it_never_was_and_waited_for_where_it_was() {
    let server = Server::replying([good()]);
    let there = api(&server, Auth::None);
    let task = Host::new().task();
    there.get("/contacts").send(&task).expect("an answer");
    let nowhere = api(&server, Auth::None);
    drop(server);
    let never = nowhere.get("/contacts").send(&task).expect_err("nobody is there");
    assert_eq!((never.status, never.retryable), (Status::Io, true));
    assert!(never.message.starts_with("Acme: GET /contacts failed 3 times in "), "{}", never.message);
    assert!(never.message.contains("at last: no connection to 127.0.0.1:"), "{}", never.message);
    assert!(never.message.contains("Connection refused"), "{}", never.message);
    let gone = there.get("/contacts").send(&task).expect_err("nobody is there any more");
    assert!(gone.message.starts_with("Acme: GET /contacts failed 6 times in "), "{}", gone.message);
}

#[test]
fn silence_and_a_byte_now_and_then_end() {
    let once = |server: &Server| {
        let settings = hasty(&server.url, Auth::None);
        let retries = Retries { attempts: 1, ..settings.retries };
        let started = Instant::now();
        let error = got_with(ApiSettings { retries, ..settings }).expect_err("too slow");
        assert!(started.elapsed() < Duration::from_secs(2));
        assert_eq!((error.status, error.retryable), (Status::Timeout, true));
        error.message
    };
    assert_eq!(once(&Server::replying([Reply::Nothing])), "Acme: GET /contacts: no answer came for 300 ms");
    let page = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"rows\":[".to_vec();
    let head = page[..8].to_vec();
    assert_eq!(
        once(&Server::replying([Reply::Drip(head, page[8..].to_vec(), 30)])),
        "Acme: GET /contacts: no answer came for 300 ms"
    );
    let slow = Server::replying([Reply::Drip(page, vec![b'1'; 400], 30)]);
    assert_eq!(once(&slow), "Acme: GET /contacts: the answer was not complete within 700 ms");
}

#[test]
fn silence_is_tried_again_but_not_for_ever() {
    let server = Server::replying([Reply::Nothing, good()]);
    assert!(got_with(hasty(&server.url, Auth::None)).is_ok());
    let server = Server::replying([Reply::Nothing]);
    let error = got_with(hasty(&server.url, Auth::None)).expect_err("nothing ever comes");
    assert_eq!((error.status, server.received().len()), (Status::Timeout, 3));
}

#[test]
fn bodies_are_bounded_as_they_are_unpacked() {
    let bounded = |reply: Reply| {
        let server = Server::replying([reply]);
        let api = Api::new(ApiSettings { most_bytes: 1 << 20, ..settings(&server.url, Auth::None) }).unwrap();
        let error = api.get("/contacts").send(&Host::new().task()).expect_err("too large");
        assert_eq!(server.received().len(), 1);
        assert_eq!(error.status, Status::InvalidData);
        assert_eq!(error.message, "Acme: GET /contacts: the answer is larger than 1024 KiB");
    };
    bounded(Reply::json(&"1".repeat((1 << 20) + 1)));
    let bomb = gzip(&vec![b' '; 200 << 20]);
    assert!(bomb.len() < 1 << 20);
    bounded(Reply::Whole { status: 200, headers: vec![("content-encoding", "gzip".to_owned())], body: bomb });
}

/// Says no in the manner of several vendors.
struct Odd;

impl Dialect for Odd {
    fn judge(&self, answer: &Answer) -> Option<Judgement> {
        let body: Value = answer.json().ok()?;
        match body["error"].as_str()? {
            "daily" => Some(Judgement::Fail(SourceError::new(Status::RateLimited, "the day's quota is used up"))),
            "busy" => Some(Judgement::Retry(None)),
            "fine" => Some(Judgement::Accept),
            _ => None,
        }
    }

    fn reason(&self, answer: &Answer) -> Option<String> {
        Some(answer.json::<Value>().ok()?["message"].as_str()?.to_owned())
    }
}

fn odd(replies: impl IntoIterator<Item = Reply>) -> (Result<Answer, SourceError>, usize) {
    let server = Server::replying(replies);
    let api = Api::new(ApiSettings { dialect: Box::new(Odd), ..settings(&server.url, Auth::None) }).unwrap();
    (api.get("/contacts").send(&Host::new().task()), server.received().len())
}

#[test]
fn the_dialect_has_the_first_word() {
    let (daily, tries) = odd([Reply::status(429, "{\"error\":\"daily\"}")]);
    assert_eq!((daily.unwrap_err().message.as_str(), tries), ("the day's quota is used up", 1));
    let (busy, tries) = odd([Reply::status(200, "{\"error\":\"busy\"}"), Reply::json("{}")]);
    assert_eq!((busy.unwrap().body, tries), (b"{}".to_vec(), 2));
    let (fine, tries) = odd([Reply::status(418, "{\"error\":\"fine\"}")]);
    assert_eq!((fine.unwrap().status, tries), (418, 1));
    let (plain, _) = odd([Reply::status(400, "{\"message\":\"no field of this name\"}")]);
    assert_eq!(plain.unwrap_err().message, "Acme: GET /contacts: answered 400: no field of this name");
}

#[test]
fn requests_carry_what_they_are_given() {
    let server = Server::replying([good()]);
    let base = format!("{}/tenant/", server.url);
    let api = Api::new(settings(&base, Auth::None)).unwrap();
    let request = api.post("/contacts/search").query("after", "NTI1Cg==").query("limit", 100).header("X-Version", "9");
    request.json(&json!({ "name": "Zoë" })).send(&Host::new().task()).unwrap();
    let received = &server.received()[0];
    assert_eq!(
        (received.method.as_str(), received.target.as_str()),
        ("POST", "/tenant/contacts/search?after=NTI1Cg%3D%3D&limit=100")
    );
    assert_eq!((received.header("x-version"), received.header("content-type")), (Some("9"), Some("application/json")));
    assert_eq!(received.header("authorization"), None);
    assert_eq!(received.body, "{\"name\":\"Zoë\"}");
}
