//! When the same request is tried again, and how long to wait before.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use cvj_core::{SourceError, Status};

use crate::answer::Answer;

/// How often the same request is tried again, and how long the pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Tries in all.
    pub attempts: u32,
    /// The first pause; each later one is twice as long, with jitter.
    pub first: Duration,
    /// The longest pause, and the longest `Retry-After` that is waited for.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 6, first: Duration::from_secs(1), longest: Duration::from_mins(2) }
    }
}

/// What kind of failure a try met, which says how often to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The other side asks to slow down.
    Slow,
    /// It cannot answer now: 502 to 504, or its dialect says so.
    Busy,
    /// The connection was cut.
    Cut,
    /// It failed inside (500), which is more often a fault than a mood.
    Broken,
    /// It took too long.
    Silent,
    /// It could not be reached, and never was before: the address may be wrong.
    Unreached,
    /// The answer says it is JSON and is not: cut short, if it came without a length.
    Garbled,
    /// The answer is larger than is taken.
    TooLarge,
    /// Trying again cannot help.
    Hopeless,
}

impl Failure {
    /// How many tries may meet this.
    fn most(self) -> u32 {
        match self {
            Self::Slow | Self::Busy | Self::Cut => u32::MAX,
            Self::Broken | Self::Silent | Self::Unreached => 3,
            Self::Garbled => 2,
            Self::TooLarge | Self::Hopeless => 1,
        }
    }

    fn status(self) -> Status {
        match self {
            Self::Slow => Status::RateLimited,
            Self::Silent => Status::Timeout,
            Self::Garbled | Self::TooLarge => Status::InvalidData,
            Self::Busy | Self::Cut | Self::Broken | Self::Unreached | Self::Hopeless => Status::Io,
        }
    }
}

/// The tries of one request.
pub(crate) struct Tries {
    retries: Retries,
    started: Instant,
    met: Vec<Failure>,
}

impl Tries {
    pub(crate) fn new(retries: Retries) -> Self {
        Self { retries, started: Instant::now(), met: Vec::new() }
    }

    /// Notes a try that failed. Gives the pause before the next one, or the error that ends it: `request` and `what` happened
    /// are for its message, `asked` is the pause that the other side asks for.
    pub(crate) fn failed(
        &mut self,
        failure: Failure,
        asked: Option<Duration>,
        request: &str,
        what: &str,
    ) -> Result<Duration, SourceError> {
        self.met.push(failure);
        let made = self.met.len() as u32;
        let alike = self.met.iter().filter(|met| **met == failure).count() as u32;
        if let Some(asked) = asked.filter(|asked| *asked > self.retries.longest && failure != Failure::Hopeless) {
            let message = format!("{request}: {what}, and asks to wait for {}", shown(asked));
            let error =
                SourceError { retryable: true, retry_after: Some(asked), ..SourceError::new(Status::RateLimited, message) };
            let longest = shown(self.retries.longest);
            return Err(error.with_hint(format!("run it again later: cvj waits for no more than {longest}")));
        }
        if made >= self.retries.attempts || alike >= failure.most() {
            let message = match made {
                1 => format!("{request}: {what}"),
                _ => format!("{request} failed {made} times in {}; at last: {what}", shown(self.started.elapsed())),
            };
            let retryable = !matches!(failure, Failure::Garbled | Failure::TooLarge | Failure::Hopeless);
            return Err(SourceError { retryable, retry_after: asked, ..SourceError::new(failure.status(), message) });
        }
        Ok(pause(self.retries, made, asked, chance()))
    }
}

/// The pause after the `made`th try. What the other side asks for is the least; without, or with 0, the pause grows.
fn pause(retries: Retries, made: u32, asked: Option<Duration>, chance: f64) -> Duration {
    if let Some(asked) = asked.filter(|asked| !asked.is_zero()) {
        return asked + retries.first.mul_f64(chance / 4.0);
    }
    let grown = retries.first.saturating_mul(1 << made.saturating_sub(1).min(20)).min(retries.longest);
    grown.mul_f64(f64::midpoint(1.0, chance))
}

/// A number from 0 to 1 that differs between threads and processes, so that they do not come back all at once.
fn chance() -> f64 {
    RandomState::new().hash_one(0_u8) as f64 / u64::MAX as f64
}

/// The pause that an answer asks for: `Retry-After` in seconds or as a date, held against the other side's own clock where it
/// tells it. Nonsense is no wish.
pub(crate) fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let moment = http_date(text)?;
    let now = answer.header("date").and_then(http_date).unwrap_or_else(jiff::Timestamp::now);
    Some(Duration::try_from(moment.duration_since(now)).unwrap_or_default())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(text: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|moment| moment.timestamp())
}

/// A duration for people.
pub(crate) fn shown(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn with(headers: &[(&str, &str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status: 429, headers, body: Vec::new(), of: String::new() }
    }

    #[test]
    fn pauses_double_up_to_the_longest_with_up_to_half_off() {
        let retries = Retries { attempts: 9, first: SECOND, longest: 10 * SECOND };
        let pauses = |chance| [1, 2, 3, 4, 5, 99].map(|made| pause(retries, made, None, chance).as_millis());
        assert_eq!(pauses(1.0), [1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(pauses(0.0), [500, 1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn the_other_sides_wish_is_the_least_and_0_is_none() {
        let retries = Retries::default();
        assert_eq!(pause(retries, 5, Some(3 * SECOND), 0.0), 3 * SECOND);
        assert_eq!(pause(retries, 5, Some(3 * SECOND), 1.0).as_millis(), 3250);
        assert_eq!(pause(retries, 2, Some(Duration::ZERO), 1.0), 2 * SECOND);
    }

    #[test]
    fn chance_stays_within_bounds_and_differs() {
        let chances: Vec<f64> = (0..100).map(|_| chance()).collect();
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance)));
        assert!(chances.iter().any(|chance| *chance != chances[0]));
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let check = |value: &str, expected: Option<u64>| {
            let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
            assert_eq!(retry_after(&with(&[("retry-after", value), date])), expected.map(Duration::from_secs), "{value}");
        };
        check("7", Some(7));
        check(" 0 ", Some(0));
        check("Sun, 06 Nov 1994 08:50:07 GMT", Some(30));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        check("-5", None);
        check("soon", None);
        check("", None);
        check("1e999", None);
        check("NaN", None);
        check("Sun, 99 Nov 1994 08:50:07 GMT", None);
        assert_eq!(retry_after(&with(&[])), None);
        assert_eq!(retry_after(&with(&[("retry-after", "0.5")])), Some(SECOND / 2));
    }

    #[test]
    fn each_kind_of_failure_has_its_number_of_tries() {
        let check = |failure, expected: usize| {
            let mut tries = Tries::new(Retries { attempts: 6, first: Duration::ZERO, longest: SECOND });
            let pauses = (0..9).take_while(|_| tries.failed(failure, None, "GET /", "failed").is_ok()).count();
            assert_eq!(pauses + 1, expected, "{failure:?}");
        };
        check(Failure::Slow, 6);
        check(Failure::Busy, 6);
        check(Failure::Cut, 6);
        check(Failure::Broken, 3);
        check(Failure::Silent, 3);
        check(Failure::Unreached, 3);
        check(Failure::Garbled, 2);
        check(Failure::TooLarge, 1);
        check(Failure::Hopeless, 1);
    }

    #[test]
    fn a_wait_beyond_the_longest_is_an_error_that_says_how_long() {
        let mut tries = Tries::new(Retries::default());
        let error = tries.failed(Failure::Slow, Some(3600 * SECOND), "GET /", "answered 429").expect_err("an hour is too long");
        assert_eq!((error.status, error.retry_after), (Status::RateLimited, Some(3600 * SECOND)));
        assert_eq!(error.message, "GET /: answered 429, and asks to wait for 60 min");
        assert_eq!(error.hint.as_deref(), Some("run it again later: cvj waits for no more than 2 min"));
    }
}
