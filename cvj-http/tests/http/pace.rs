//! How fast a server is asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use cvj_core::Status;
use cvj_http::{Answer, Api, ApiSettings, Auth, Dialect, Pace};

use crate::host::Host;
use crate::server::{Reply, Server};
use crate::settings;

/// Asks `requests` times in each of `threads`.
fn asked(api: &Api, threads: usize, requests: usize) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let task = Host::new().task();
                for _ in 0..requests {
                    api.get("/x").send(&task).unwrap();
                }
            });
        }
    });
}

fn paced(server: &Server, pace: Pace) -> Api {
    Api::new(ApiSettings { pace, ..settings(&server.url, Auth::None) }).unwrap()
}

#[test]
fn threads_and_apis_share_the_pace_of_a_host() {
    let server = Server::replying([Reply::json("1")]);
    let pace = Pace { per_second: 50.0, concurrent: 8 };
    let apis = [paced(&server, pace), paced(&server, pace)];
    std::thread::scope(|scope| {
        for api in &apis {
            scope.spawn(|| asked(api, 3, 4));
        }
    });
    let received = server.received();
    let took = received[23].at - received[0].at;
    assert!(took >= Duration::from_millis(440), "24 requests at 50 a second took {took:?}");
}

#[test]
fn no_more_requests_are_under_way_than_allowed() {
    static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let server = Server::new(|_, _| {
        MOST.fetch_max(UNDER_WAY.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
        Reply::json("1")
    });
    asked(&paced(&server, Pace { per_second: 1e6, concurrent: 3 }), 8, 3);
    assert_eq!(MOST.load(Ordering::SeqCst), 3);
}

#[test]
fn a_429_for_one_thread_pauses_all() {
    let server = Server::new(|_, before| match before {
        0 => Reply::status(429, "{}").with("retry-after", "0.4"),
        _ => Reply::json("1"),
    });
    let api = paced(&server, Pace { per_second: 1e6, concurrent: 8 });
    let told = Arc::new(Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| api.get("/x").send(&Host::new().task()).unwrap());
        scope.spawn(|| {
            while server.received().is_empty() {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(100));
            told.wait();
            api.get("/y").send(&Host::new().task()).unwrap();
        });
        told.wait();
    });
    let received = server.received();
    assert_eq!(received.len(), 3);
    for request in &received[1..] {
        assert!(request.at - received[0].at >= Duration::from_millis(400));
    }
}

#[test]
fn a_lane_keeps_its_own_pace() {
    let server = Server::replying([Reply::json("1")]);
    let lanes = vec![("search", Pace { per_second: 20.0, concurrent: 2 })];
    let api = Api::new(ApiSettings { lanes, ..settings(&server.url, Auth::None) }).unwrap();
    let task = Host::new().task();
    for _ in 0..5 {
        api.post("/search").lane("search").send(&task).unwrap();
        api.get("/x").send(&task).unwrap();
    }
    let received = server.received();
    assert!(received[8].at - received[0].at >= Duration::from_millis(190));
    assert_eq!(api.get("/x").lane("other").send(&task).unwrap_err().status, Status::Internal);
}

struct Counting;

impl Dialect for Counting {
    fn pause(&self, answer: &Answer) -> Option<Duration> {
        (answer.header("x-left") == Some("0")).then_some(Duration::from_millis(300))
    }
}

#[test]
fn what_the_headers_say_is_left_is_kept_to() {
    let reply = |left: &str| Reply::json("1").with("x-left", left);
    let server = Server::replying([reply("1"), reply("0"), reply("9")]);
    let api = Api::new(ApiSettings { dialect: Box::new(Counting), ..settings(&server.url, Auth::None) }).unwrap();
    asked(&api, 1, 3);
    let received = server.received();
    assert!(received[2].at - received[1].at >= Duration::from_millis(300));
}
