//! The statistics of the report: intervals, verdict limits and waiting times. Pure functions over numbers.

/// Two-sided 95 % quantile of the normal distribution.
pub const Z: f64 = 1.959_963_984_540_054;

/// 95 % Wilson score interval of the rate `successes / trials`; `None` without trials.
///
/// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
///
/// ```
/// let [low, high] = cvj_engine::statistics::wilson(8.0, 106.0).unwrap();
/// assert!((low - 0.03874).abs() < 5e-6 && (high - 0.14190).abs() < 5e-6);
/// ```
pub fn wilson(successes: f64, trials: f64) -> Option<[f64; 2]> {
    if trials <= 0.0 {
        return None;
    }
    let rate = successes / trials;
    let z2 = Z * Z;
    let centre = rate + z2 / (2.0 * trials);
    let spread = Z * (rate * (1.0 - rate) / trials + z2 / (4.0 * trials * trials)).sqrt();
    let scale = 1.0 + z2 / trials;
    let low = if successes <= 0.0 { 0.0 } else { ((centre - spread) / scale).max(0.0) };
    let high = if successes >= trials { 1.0 } else { ((centre + spread) / scale).min(1.0) };
    Some([low, high])
}

/// 95 % interval of the difference `first - second` of two independent rates, each `(successes, trials)`: Newcombe's hybrid
/// score interval (method 10); `None` when either has no trials.
///
/// Source: Newcombe 1998, "Interval estimation for the difference between independent proportions".
///
/// ```
/// let [low, high] = cvj_engine::statistics::newcombe((56.0, 70.0), (48.0, 80.0)).unwrap();
/// assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5);
/// ```
pub fn newcombe(first: (f64, f64), second: (f64, f64)) -> Option<[f64; 2]> {
    let ([low1, high1], [low2, high2]) = (wilson(first.0, first.1)?, wilson(second.0, second.1)?);
    let (rate1, rate2) = (first.0 / first.1, second.0 / second.1);
    let difference = rate1 - rate2;
    let below = ((rate1 - low1).powi(2) + (high2 - rate2).powi(2)).sqrt();
    let above = ((high1 - rate1).powi(2) + (rate2 - low2).powi(2)).sqrt();
    Some([difference - below, difference + above])
}

/// The fewest earlier values from which natural limits are drawn.
pub const XMR_MINIMUM: usize = 6;

/// Natural process limits of an `XmR` chart: mean ± 2.66 × mean moving range; `None` for fewer than [`XMR_MINIMUM`] values.
///
/// Source: Shewhart's individuals chart; 2.66 = 3 / 1.128.
///
/// ```
/// let [low, high] = cvj_engine::statistics::xmr_limits(&[10.0, 12.0, 11.0, 9.0, 10.0, 11.0]).unwrap();
/// assert!((low - 6.776).abs() < 1e-9 && (high - 14.224).abs() < 1e-9);
/// ```
pub fn xmr_limits(values: &[f64]) -> Option<[f64; 2]> {
    if values.len() < XMR_MINIMUM {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let moving: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
    let spread = 2.66 * moving / (values.len() - 1) as f64;
    Some([mean - spread, mean + spread])
}

/// How long one person waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Microseconds from entry to the event, or to the end of follow-up.
    pub duration: i64,
    /// Whether follow-up ended before the event. Events sort before censorings at equal times.
    pub censored: bool,
}

/// Kaplan-Meier median in the unit of `duration`: the first time at which the share still waiting is ≤ ½; `None` when over half
/// are still waiting. Sorts `waits`.
pub fn kaplan_meier_median(waits: &mut [Waiting]) -> Option<i64> {
    waits.sort_unstable();
    let mut at_risk = waits.len();
    let mut surviving = 1.0_f64;
    let mut index = 0;
    while index < waits.len() {
        let time = waits[index].duration;
        let same_time = waits[index..].iter().take_while(|wait| wait.duration == time).count();
        let events = waits[index..index + same_time].iter().filter(|wait| !wait.censored).count();
        if events > 0 {
            surviving *= 1.0 - events as f64 / at_risk as f64;
            if surviving <= 0.5 + 1e-12 {
                return Some(time);
            }
        }
        at_risk -= same_time;
        index += same_time;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(actual: [f64; 2], expected: [f64; 2], tolerance: f64) {
        assert!((actual[0] - expected[0]).abs() < tolerance && (actual[1] - expected[1]).abs() < tolerance, "{actual:?}");
    }

    #[test]
    fn wilson_equals_published_vectors() {
        close(wilson(5.0, 250.0).unwrap(), [0.00857, 0.04596], 6e-6);
        close(wilson(0.0, 20.0).unwrap(), [0.0, 0.16113], 6e-6);
        close(wilson(8.0, 106.0).unwrap(), [0.03874, 0.14190], 6e-6);
        assert_eq!(wilson(0.0, 0.0), None);
    }

    #[test]
    fn newcombe_equals_published_vectors() {
        close(newcombe((56.0, 70.0), (48.0, 80.0)).unwrap(), [0.0524, 0.3339], 6e-5);
        close(newcombe((20.0, 3000.0), (31.0, 3000.0)).unwrap(), [-0.00856, 0.00105], 6e-6);
    }

    #[test]
    fn median_counts_those_still_waiting() {
        let event = |duration| Waiting { duration, censored: false };
        let waiting = |duration| Waiting { duration, censored: true };
        assert_eq!(kaplan_meier_median(&mut [event(1), event(2), event(3)]), Some(2));
        assert_eq!(kaplan_meier_median(&mut [event(1), waiting(2), waiting(3)]), None);
        assert_eq!(kaplan_meier_median(&mut [waiting(1), event(1)]), Some(1));
        assert_eq!(kaplan_meier_median(&mut []), None);
    }

    #[test]
    fn few_values_have_no_limits() {
        assert_eq!(xmr_limits(&[1.0; 5]), None);
        assert_eq!(xmr_limits(&[4.0; 6]), Some([4.0, 4.0]));
    }

    proptest! {
        #[test]
        fn intervals_hold_their_rate(trials in 1_u32..5000, share in 0.0_f64..=1.0) {
            let successes = (f64::from(trials) * share).floor();
            let rate = successes / f64::from(trials);
            let [low, high] = wilson(successes, f64::from(trials)).unwrap();
            prop_assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0);
            let [low, high] = newcombe((successes, f64::from(trials)), (successes, f64::from(trials))).unwrap();
            prop_assert!(low <= 0.0 && 0.0 <= high);
        }

        #[test]
        fn without_censoring_the_median_is_the_sample_median(mut times in proptest::collection::vec(0_i64..100, 1..50)) {
            let mut waits: Vec<_> = times.iter().map(|&duration| Waiting { duration, censored: false }).collect();
            times.sort_unstable();
            prop_assert_eq!(kaplan_meier_median(&mut waits), Some(times[(times.len() - 1) / 2]));
        }
    }
}
