//! How long people wait, those still waiting included: the Kaplan-Meier curve.

use super::Z;

/// A curve has fallen to a share when it is within rounding of it.
const ROUNDING: f64 = 1e-12;

/// How long one person waited: events sort before censorings at equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting(i64);

impl Waiting {
    /// Waited so long until the event. The unit is the caller's; durations lie within ±2⁶².
    pub fn until_event(duration: i64) -> Self {
        Self(duration << 1)
    }

    /// Was still waiting when follow-up ended after so long.
    pub fn still(duration: i64) -> Self {
        Self(duration << 1 | 1)
    }

    fn duration(self) -> i64 {
        self.0 >> 1
    }

    fn is_event(self) -> bool {
        self.0 & 1 == 0
    }
}

/// The Kaplan-Meier curve of some people's waiting.
///
/// Sources: Kaplan and Meier 1958, "Nonparametric estimation from incomplete observations"; Greenwood 1926 for the variance;
/// Kalbfleisch and Prentice 1980 for the interval on the log-log scale.
///
/// ```
/// // Freireich et al. 1963, remission of leukaemia under 6-MP, in weeks.
/// use cvj_core::stats::{KaplanMeier, Waiting};
/// let relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23].map(Waiting::until_event);
/// let still = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map(Waiting::still);
/// let mut waits: Vec<Waiting> = relapsed.into_iter().chain(still).collect();
/// let curve = KaplanMeier::of(&mut waits);
/// assert_eq!(curve.quantile(0.5), Some(23));
/// let point = curve.at([10]).next().unwrap();
/// assert!((point.waiting - 0.7529).abs() < 5e-5 && point.at_risk == 15);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KaplanMeier<'a> {
    sorted: &'a [Waiting],
}

/// The curve at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// People still waiting and followed just before the time.
    pub at_risk: usize,
    /// Share still waiting after it.
    pub waiting: f64,
    /// Greenwood's variance of the share.
    pub variance: f64,
    /// 95 % interval of the share.
    pub interval: [f64; 2],
}

/// The state of a curve between two people.
#[derive(Clone, Copy, Debug)]
struct Walk {
    /// People passed.
    passed: usize,
    waiting: f64,
    /// Greenwood's sum, of events ÷ (at risk × survivors).
    sum: f64,
}

impl<'a> KaplanMeier<'a> {
    /// The curve of these people, who are put in order.
    pub fn of(waits: &'a mut [Waiting]) -> Self {
        waits.sort_unstable();
        Self { sorted: waits }
    }

    /// The time at which at most half of these people are still waiting, as [`quantile`](Self::quantile) gives it. Only those are put
    /// in order who waited no longer than anyone until the event: the others are at risk all the time.
    pub fn median(waits: &mut [Waiting]) -> Option<i64> {
        let last = waits.iter().filter(|wait| wait.is_event()).max().copied()?;
        let mut counted = 0;
        for place in 0..waits.len() {
            let counts = waits[place] <= last;
            waits.swap(place, counted);
            counted += usize::from(counts);
        }
        waits[..counted].sort_unstable();
        KaplanMeier { sorted: waits }.quantile(0.5)
    }

    /// The first time at which at most this share is still waiting; `None` where the curve does not fall so far.
    pub fn quantile(&self, share: f64) -> Option<i64> {
        let mut walk = Walk::start();
        while walk.passed < self.sorted.len() {
            let time = self.sorted[walk.passed].duration();
            walk.pass(self.sorted, time);
            if walk.waiting <= share + ROUNDING {
                return Some(time);
            }
        }
        None
    }

    /// How many had the event.
    pub fn events(&self) -> usize {
        self.sorted.iter().filter(|wait| wait.is_event()).count()
    }

    /// The longest waiting; `None` without anyone.
    pub fn longest(&self) -> Option<i64> {
        self.sorted.last().map(|wait| wait.duration())
    }

    /// The curve at these times, given in ascending order.
    pub fn at(&self, times: impl IntoIterator<Item = i64>) -> impl Iterator<Item = CurvePoint> {
        let mut walk = Walk::start();
        times.into_iter().map(move |time| {
            walk.pass(self.sorted, time - 1);
            let at_risk = self.sorted.len() - walk.passed;
            walk.pass(self.sorted, time);
            walk.point(at_risk)
        })
    }
}

impl Walk {
    fn start() -> Self {
        Self { passed: 0, waiting: 1.0, sum: 0.0 }
    }

    /// Passes everyone up to and with this time.
    fn pass(&mut self, sorted: &[Waiting], until: i64) {
        while let Some(first) = sorted.get(self.passed).filter(|wait| wait.duration() <= until) {
            let at_risk = sorted.len() - self.passed;
            let same_time = sorted[self.passed..].iter().take_while(|wait| wait.duration() == first.duration());
            let (mut all, mut events) = (0, 0);
            for wait in same_time {
                all += 1;
                events += usize::from(wait.is_event());
            }
            if events > 0 {
                self.waiting *= 1.0 - events as f64 / at_risk as f64;
                self.sum += events as f64 / (at_risk as f64 * (at_risk - events) as f64);
            }
            self.passed += all;
        }
    }

    fn point(&self, at_risk: usize) -> CurvePoint {
        let Self { waiting, sum, .. } = *self;
        let interval = if waiting <= 0.0 {
            [0.0, 0.0]
        } else if waiting >= 1.0 {
            [1.0, 1.0]
        } else {
            let spread = (Z * sum.sqrt() / waiting.ln().abs()).exp();
            [waiting.powf(spread), waiting.powf(1.0 / spread)]
        };
        let variance = if waiting <= 0.0 { 0.0 } else { waiting * waiting * sum };
        CurvePoint { at_risk, waiting, variance, interval }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(duration: i64) -> Waiting {
        Waiting::until_event(duration)
    }

    fn median(mut waits: Vec<Waiting>) -> Option<i64> {
        let median = KaplanMeier::median(&mut waits);
        assert_eq!(KaplanMeier::of(&mut waits).quantile(0.5), median);
        median
    }

    #[test]
    fn the_median_counts_those_still_waiting() {
        let waiting = Waiting::still;
        assert_eq!(median(vec![event(1), event(2), event(3)]), Some(2));
        assert_eq!(median(vec![event(1), waiting(2), waiting(3)]), None);
        assert_eq!(median(vec![waiting(1), event(1)]), Some(1));
        assert_eq!(median(Vec::new()), None);
    }

    /// The table of Kleinbaum and Klein, "Survival analysis", for Freireich's 21 patients under 6-MP: share and standard error.
    #[test]
    fn the_curve_equals_a_textbook_s() {
        let relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23].map(Waiting::until_event);
        let still = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map(Waiting::still);
        let mut waits: Vec<Waiting> = relapsed.into_iter().chain(still).collect();
        let curve = KaplanMeier::of(&mut waits);
        let expected = [
            (6, 21, 0.8571, 0.0764),
            (7, 17, 0.8067, 0.0869),
            (10, 15, 0.7529, 0.0963),
            (13, 12, 0.6902, 0.1068),
            (16, 11, 0.6275, 0.1141),
            (22, 7, 0.5378, 0.1282),
            (23, 6, 0.4482, 0.1346),
        ];
        let points = curve.at(expected.map(|(time, ..)| time));
        for ((time, at_risk, share, error), point) in expected.into_iter().zip(points) {
            assert_eq!(point.at_risk, at_risk, "{time}");
            assert!((point.waiting - share).abs() < 6e-5 && (point.variance.sqrt() - error).abs() < 6e-5, "{time} {point:?}");
            assert!(point.interval[0] < share && share < point.interval[1]);
        }
        assert_eq!((curve.events(), curve.longest(), curve.quantile(0.25)), (9, Some(35), None));
    }

    proptest! {
        #[test]
        fn without_censoring_the_median_is_the_sample_median(mut times in proptest::collection::vec(0_i64..100, 1..50)) {
            let waits = times.iter().map(|&duration| event(duration)).collect();
            times.sort_unstable();
            prop_assert_eq!(median(waits), Some(times[(times.len() - 1) / 2]));
        }
    }
}
