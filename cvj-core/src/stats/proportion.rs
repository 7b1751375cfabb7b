//! Rates and their differences.

use super::Z;

/// 95 % Wilson score interval of the rate `successes / trials`; `None` without trials.
///
/// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
///
/// ```
/// let [low, high] = cvj_core::stats::wilson(8.0, 106.0).unwrap();
/// assert!((low - 0.03874).abs() < 5e-6 && (high - 0.14190).abs() < 5e-6);
/// ```
pub fn wilson(successes: f64, trials: f64) -> Option<[f64; 2]> {
    wilson_at(Z, successes, trials)
}

/// The Wilson score interval with this quantile of the normal distribution.
fn wilson_at(z: f64, successes: f64, trials: f64) -> Option<[f64; 2]> {
    if trials <= 0.0 {
        return None;
    }
    let rate = successes / trials;
    let z2 = z * z;
    let centre = rate + z2 / (2.0 * trials);
    let spread = z * (rate * (1.0 - rate) / trials + z2 / (4.0 * trials * trials)).sqrt();
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
/// let [low, high] = cvj_core::stats::newcombe((56.0, 70.0), (48.0, 80.0)).unwrap();
/// assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5);
/// ```
pub fn newcombe(first: (f64, f64), second: (f64, f64)) -> Option<[f64; 2]> {
    newcombe_at(Z, first, second)
}

/// The same with this quantile of the normal distribution, such as that of [`super::simultaneous`] comparisons.
pub fn newcombe_at(z: f64, first: (f64, f64), second: (f64, f64)) -> Option<[f64; 2]> {
    let ([low1, high1], [low2, high2]) = (wilson_at(z, first.0, first.1)?, wilson_at(z, second.0, second.1)?);
    let (rate1, rate2) = (first.0 / first.1, second.0 / second.1);
    let difference = rate1 - rate2;
    let below = ((rate1 - low1).powi(2) + (high2 - rate2).powi(2)).sqrt();
    let above = ((high1 - rate1).powi(2) + (rate2 - low2).powi(2)).sqrt();
    Some([difference - below, difference + above])
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
    }
}
