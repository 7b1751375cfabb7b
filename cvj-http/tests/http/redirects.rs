//! Where an answer sends us.

use cvj_core::Status;

use crate::host::Host;
use crate::server::{Reply, Server};
use crate::{api, bearer};

fn to(status: u16, place: impl Into<String>) -> Reply {
    Reply::status(status, "").with("location", place)
}

#[test]
fn on_the_same_host_they_are_followed_with_credentials() {
    let server = Server::replying([to(308, "/moved?x=1"), to(301, "there"), Reply::json("[7]")]);
    let answer = api(&server, bearer()).post("/here").json(&"body".into()).send(&Host::new().task()).unwrap();
    assert_eq!(answer.body, b"[7]");
    let received = server.received();
    let targets: Vec<_> = received.iter().map(|request| (request.method.as_str(), request.target.as_str())).collect();
    assert_eq!(targets, [("POST", "/here"), ("POST", "/moved?x=1"), ("POST", "/there")]);
    assert!(received.iter().all(|request| request.header("authorization").is_some() && request.body == "\"body\""));
}

#[test]
fn see_other_is_got() {
    let server = Server::replying([to(303, "/result"), Reply::json("[]")]);
    api(&server, bearer()).post("/job").json(&"body".into()).send(&Host::new().task()).unwrap();
    let second = &server.received()[1];
    assert_eq!((second.method.as_str(), second.target.as_str(), second.body.as_str()), ("GET", "/result", ""));
}

#[test]
fn another_host_hears_nothing() {
    let other = Server::replying([Reply::json("[]")]);
    for status in [301, 302, 303, 307, 308] {
        let server = Server::replying([to(status, format!("{}/steal?token=1", other.url))]);
        let error = api(&server, bearer()).get("/here").send(&Host::new().task()).expect_err("not followed");
        assert_eq!(error.status, Status::Io);
        let expected = format!("Acme: GET /here: the answer sends on to {}, which is not followed", other.url);
        assert_eq!(error.message, expected);
        assert_eq!(server.received().len(), 1);
    }
    assert!(other.received().is_empty());
}

#[test]
fn circles_end() {
    let server = Server::replying([to(302, "/again")]);
    let error = api(&server, bearer()).get("/again").send(&Host::new().task()).expect_err("a circle");
    assert_eq!(error.message, "Acme: GET /again: it was redirected more than 5 times");
    assert_eq!(server.received().len(), 6);
    let nowhere = Server::replying([Reply::status(302, "")]);
    let error = api(&nowhere, bearer()).get("/x").send(&Host::new().task()).expect_err("nowhere");
    assert_eq!(error.message, "Acme: GET /x: answered 302 without saying where to");
}
