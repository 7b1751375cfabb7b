//! Limits of requests per stretch of time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// At most so many requests in any stretch of this length, by the real clock.
#[derive(Clone, Debug)]
pub struct Window {
    /// How many requests.
    pub limit: u32,
    /// In which time.
    pub span: Duration,
    taken: VecDeque<Instant>,
}

impl Window {
    /// At most `limit` requests in any `span`.
    pub fn new(limit: u32, span: Duration) -> Self {
        Self { limit, span, taken: VecDeque::new() }
    }

    /// Counts a request. Gives how many more may follow at once, or, if it is one too many, how long to wait; a refused request
    /// does not count.
    pub fn take(&mut self) -> Result<u32, Duration> {
        let now = Instant::now();
        while self.taken.front().is_some_and(|first| now.duration_since(*first) >= self.span) {
            self.taken.pop_front();
        }
        let used = self.taken.len() as u32;
        match self.taken.front() {
            Some(first) if used >= self.limit => Err(self.span.saturating_sub(now.duration_since(*first))),
            None if self.limit == 0 => Err(self.span),
            _ => {
                self.taken.push_back(now);
                Ok(self.limit - used - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_over_the_limit_until_the_stretch_is_over() {
        let mut window = Window::new(2, Duration::from_millis(40));
        assert_eq!((window.take(), window.take()), (Ok(1), Ok(0)));
        let wait = window.take().unwrap_err();
        assert!(wait <= Duration::from_millis(40));
        std::thread::sleep(wait + Duration::from_millis(2));
        assert!(window.take().is_ok());
    }
}
