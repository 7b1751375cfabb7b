//! Whatever is waited for, the wait ends soon after the host wants it to, and shows a sign of life until then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status};
use cvj_http::{Answer, Api, ApiSettings, Auth, Credentials, Pace, Retries, Timeouts};

use crate::host::Host;
use crate::server::{Reply, Server};
use crate::settings;

/// Settings under which nothing ends by itself.
pub(crate) fn patient(url: &str, auth: Auth) -> ApiSettings {
    let long = Duration::from_mins(10);
    ApiSettings {
        timeouts: Timeouts { connect: long, silence: long, answer: long },
        retries: Retries { attempts: 99, first: long, longest: long },
        ..settings(url, auth)
    }
}

/// Asks, cancels, and looks how long that takes.
pub(crate) fn ends(ask: impl FnOnce(&Arc<Host>) -> Result<Answer, SourceError> + Send) {
    const WAIT: Duration = Duration::from_millis(300);
    let host = Host::new();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&host));
        std::thread::sleep(WAIT);
        assert!(!asking.is_finished(), "it should wait");
        assert!(host.polls() >= 3, "only {} signs of life in {WAIT:?}", host.polls());
        let cancelled = Instant::now();
        host.cancel();
        let error = asking.join().unwrap().expect_err("cancelled");
        assert_eq!(error.status, Status::Cancelled);
        assert!(cancelled.elapsed() < Duration::from_secs(1), "it took {:?}", cancelled.elapsed());
    });
}

fn api(server: &Server) -> Api {
    Api::new(patient(&server.url, Auth::None)).unwrap()
}

#[test]
fn for_the_first_byte() {
    let server = Server::replying([Reply::Nothing]);
    ends(|host| api(&server).get("/x").send(&host.task()));
}

#[test]
fn for_the_rest_of_a_body() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n".to_vec();
    let server = Server::replying([Reply::Drip(head, vec![b'1'; 4000], 5)]);
    ends(|host| api(&server).get("/x").send(&host.task()));
}

#[test]
fn for_the_next_try() {
    let server = Server::replying([Reply::status(503, "")]);
    ends(|host| api(&server).get("/x").send(&host.task()));
    assert_eq!(server.received().len(), 1);
}

#[test]
fn for_the_end_of_a_pause() {
    let server = Server::replying([Reply::status(429, "{}").with("retry-after", "300")]);
    ends(|host| api(&server).get("/x").send(&host.task()));
    // The pause is the host's: it holds for the next that ask, and they can be stopped as well.
    ends(|host| api(&server).get("/x").send(&host.task()));
    assert_eq!(server.received().len(), 1);
}

#[test]
fn for_its_turn() {
    let server = Server::replying([Reply::json("1")]);
    let pace = Pace { per_second: 0.01, concurrent: 1 };
    let api = Api::new(ApiSettings { pace, ..patient(&server.url, Auth::None) }).unwrap();
    api.get("/x").send(&Host::new().task()).unwrap();
    ends(|host| api.get("/x").send(&host.task()));
}

#[test]
fn for_others_to_be_done() {
    let server = Server::replying([Reply::Nothing]);
    let pace = Pace { per_second: 1e6, concurrent: 1 };
    let api = Api::new(ApiSettings { pace, ..patient(&server.url, Auth::None) }).unwrap();
    let first = Host::new();
    std::thread::scope(|scope| {
        scope.spawn(|| api.get("/x").send(&first.task()));
        while server.received().is_empty() {
            std::thread::yield_now();
        }
        ends(|host| api.get("/x").send(&host.task()));
        first.cancel();
    });
    assert_eq!(server.received().len(), 1);
}

#[test]
fn for_anothers_log_in() {
    let server = Server::replying([Reply::Nothing]);
    let auth = Auth::Session(Box::new(|api: &Api, task| {
        api.post("/login").without_credentials().send(task)?;
        Ok(Credentials { header: "authorization", value: "x".to_owned() })
    }));
    let api = Api::new(patient(&server.url, auth)).unwrap();
    let first = Host::new();
    std::thread::scope(|scope| {
        scope.spawn(|| api.get("/x").send(&first.task()));
        while server.received().is_empty() {
            std::thread::yield_now();
        }
        ends(|host| api.get("/x").send(&host.task()));
        first.cancel();
    });
}

#[test]
fn a_task_that_is_over_asks_nothing() {
    let server = Server::replying([Reply::json("1")]);
    let host = Host::new();
    host.cancel();
    assert_eq!(api(&server).get("/x").send(&host.task()).unwrap_err().status, Status::Cancelled);
    assert!(server.received().is_empty());
}
