//! How fast one process asks one host: lanes of requests, each evenly spread and bounded, and pauses that hold for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Task};

use crate::wait::{POLL, go_on};

/// The pace at which one process asks one host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Requests a second, evenly spread: ten a second are one each 100 ms, never ten at once.
    pub per_second: f64,
    /// Requests under way at once.
    pub concurrent: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { per_second: 10.0, concurrent: 4 }
    }
}

/// By how much requests may lag behind their slots and still catch up: what a thread loses by waking late.
const SLACK: Duration = Duration::from_millis(10);

/// The lanes of one host.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    paused_until: Option<Instant>,
    lanes: HashMap<String, Lane>,
}

#[derive(Default)]
struct Lane {
    /// When the next request may start.
    next: Option<Instant>,
    under_way: usize,
}

/// One request under way; its end makes room for the next.
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    lane: &'a str,
}

/// The gate of a host, the same for all who ask it: two sources at one host share what it allows.
pub(crate) fn gate(host: &str) -> Arc<Gate> {
    static GATES: OnceLock<Mutex<HashMap<String, Arc<Gate>>>> = OnceLock::new();
    let mut gates = GATES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    gates.entry(host.to_owned()).or_default().clone()
}

impl Gate {
    /// Waits until a request may start.
    pub(crate) fn enter<'a>(&'a self, lane: &'a str, pace: Pace, task: &Task) -> Result<Permit<'a>, SourceError> {
        loop {
            go_on(task)?;
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match state.admit(lane, pace, Instant::now()) {
                None => return Ok(Permit { gate: self, lane }),
                Some(wait) => drop(self.changed.wait_timeout(state, wait.min(POLL))),
            }
        }
    }

    /// Lets nobody in for a while.
    pub(crate) fn pause(&self, pause: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.pause(Instant::now() + pause);
    }

    fn leave(&self, lane: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = state.lanes.get_mut(lane) {
            lane.under_way -= 1;
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.gate.leave(self.lane);
    }
}

impl State {
    /// Lets a request in (`None`), or says how long to wait before asking again.
    fn admit(&mut self, lane: &str, pace: Pace, now: Instant) -> Option<Duration> {
        let until = |moment: Option<Instant>| moment.map(|moment| moment.saturating_duration_since(now));
        if let Some(wait) = until(self.paused_until).filter(|wait| !wait.is_zero()) {
            return Some(wait);
        }
        if !self.lanes.contains_key(lane) {
            self.lanes.insert(lane.to_owned(), Lane::default());
        }
        let lane = self.lanes.get_mut(lane)?;
        if lane.under_way >= pace.concurrent.max(1) {
            return Some(POLL);
        }
        if let Some(wait) = until(lane.next).filter(|wait| !wait.is_zero()) {
            return Some(wait);
        }
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        lane.next = Some(lane.next.map_or(now, |next| next.max(earliest)) + spacing(pace));
        lane.under_way += 1;
        None
    }

    fn pause(&mut self, end: Instant) {
        self.paused_until = self.paused_until.max(Some(end));
    }
}

/// The time from one request to the next; a pace that is no number above 0 means one a minute.
fn spacing(pace: Pace) -> Duration {
    const SLOWEST: Duration = Duration::from_mins(1);
    let seconds = 1.0 / pace.per_second;
    if seconds >= 0.0 { Duration::try_from_secs_f64(seconds).map_or(SLOWEST, |spacing| spacing.min(SLOWEST)) } else { SLOWEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// When requests that all ask at once are let in, in milliseconds after the first.
    fn admitted(pace: Pace, requests: usize, takes: Duration) -> Vec<u64> {
        let start = Instant::now();
        let (mut state, mut now, mut ends) = (State::default(), start, Vec::new());
        let mut admitted = Vec::new();
        while admitted.len() < requests {
            ends.retain(|end| {
                let over = *end <= now;
                if over && let Some(lane) = state.lanes.get_mut("") {
                    lane.under_way -= 1;
                }
                !over
            });
            match state.admit("", pace, now) {
                None => {
                    admitted.push((now - start).as_millis() as u64);
                    ends.push(now + takes);
                }
                Some(wait) => now += wait.min(ms(1)),
            }
        }
        admitted
    }

    #[test]
    fn requests_are_evenly_spread() {
        let pace = Pace { per_second: 5.0, concurrent: 10 };
        assert_eq!(admitted(pace, 6, ms(1)), [0, 200, 400, 600, 800, 1000]);
    }

    #[test]
    fn no_more_are_under_way_than_allowed() {
        let pace = Pace { per_second: 1e9, concurrent: 2 };
        assert_eq!(admitted(pace, 5, ms(30)), [0, 0, 30, 30, 60]);
    }

    #[test]
    fn time_not_used_is_not_saved_up() {
        let (mut state, start) = (State::default(), Instant::now());
        let pace = Pace { per_second: 10.0, concurrent: 9 };
        assert_eq!(state.admit("", pace, start), None);
        let later = start + ms(5_000);
        assert_eq!(state.admit("", pace, later), None);
        assert_eq!(state.admit("", pace, later), Some(ms(90)));
    }

    #[test]
    fn a_thread_that_woke_late_does_not_slow_the_pace() {
        let (mut state, start) = (State::default(), Instant::now());
        let pace = Pace { per_second: 10.0, concurrent: 9 };
        assert_eq!(state.admit("", pace, start), None);
        assert_eq!(state.admit("", pace, start + ms(107)), None);
        assert_eq!(state.admit("", pace, start + ms(110)), Some(ms(90)));
    }

    #[test]
    fn lanes_are_apart_and_a_pause_is_for_all() {
        let (mut state, start) = (State::default(), Instant::now());
        let pace = Pace { per_second: 1.0, concurrent: 1 };
        assert_eq!(state.admit("", pace, start), None);
        assert_eq!(state.admit("search", pace, start), None);
        state.pause(start + ms(700));
        state.pause(start + ms(300));
        assert_eq!(state.admit("another", pace, start), Some(ms(700)));
        assert_eq!(state.admit("another", pace, start + ms(700)), None);
    }

    #[test]
    fn a_pace_that_is_none_is_slow_and_does_not_panic() {
        for per_second in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
            assert_eq!(spacing(Pace { per_second, concurrent: 1 }), Duration::from_mins(1));
        }
        assert_eq!(spacing(Pace { per_second: f64::INFINITY, concurrent: 1 }), Duration::ZERO);
    }
}
