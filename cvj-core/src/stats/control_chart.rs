//! Natural limits of a process: is this month unusual?

/// The fewest earlier values from which natural limits are drawn.
pub const XMR_MINIMUM: usize = 6;

/// Natural process limits of an `XmR` chart: mean ± 2.66 × mean moving range; `None` for fewer than [`XMR_MINIMUM`] values.
///
/// Source: Shewhart's individuals chart; 2.66 = 3 / 1.128.
///
/// ```
/// let [low, high] = cvj_core::stats::xmr_limits(&[10.0, 12.0, 11.0, 9.0, 10.0, 11.0]).unwrap();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_no_limits() {
        assert_eq!(xmr_limits(&[1.0; 5]), None);
        assert_eq!(xmr_limits(&[4.0; 6]), Some([4.0, 4.0]));
    }

    #[test]
    fn limits_are_the_mean_and_2_66_mean_moving_ranges() {
        let [low, high] = xmr_limits(&[10.0, 14.0, 6.0, 8.0, 9.0, 19.0, 25.0]).unwrap_or_default();
        let (mean, moving) = (91.0 / 7.0, (4.0 + 8.0 + 2.0 + 1.0 + 10.0 + 6.0) / 6.0);
        assert!((low - (mean - 2.66 * moving)).abs() < 1e-9 && (high - (mean + 2.66 * moving)).abs() < 1e-9, "{low} {high}");
    }
}
