//! The statistics of the expected numbers, from their published formulas.

/// Two-sided 95 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson interval of a rate.
pub(super) fn wilson(successes: i64, total: i64) -> Option<[f64; 2]> {
    if total == 0 {
        return None;
    }
    let (n, p) = (total as f64, successes as f64 / total as f64);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let (centre, scale) = (p + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
    let low = if successes == 0 { 0.0 } else { (centre - half) / scale };
    let high = if successes == total { 1.0 } else { (centre + half) / scale };
    Some([low, high])
}

/// Whether two rates differ, by Newcombe's interval of the difference (method 10).
pub(super) fn rate_verdict(now: Option<(i64, i64)>, before: Option<(i64, i64)>) -> &'static str {
    let (Some(now), Some(before)) = (now, before) else { return "none" };
    let (Some(of_now), Some(of_before)) = (wilson(now.0, now.1), wilson(before.0, before.1)) else { return "none" };
    let (p, q) = (now.0 as f64 / now.1 as f64, before.0 as f64 / before.1 as f64);
    let low = p - q - (p - of_now[0]).hypot(of_before[1] - q);
    let high = p - q + (of_now[1] - p).hypot(q - of_before[0]);
    if low > 0.0 {
        "up"
    } else if high < 0.0 {
        "down"
    } else {
        "too_close"
    }
}

/// A Net Promoter Score of promoters, passives and detractors by the adjusted Wald method, as fractions: the middle of its
/// interval, and its variance.
pub(super) fn net_score([promoters, passives, detractors]: [i64; 3]) -> Option<(f64, f64)> {
    let all = (promoters + passives + detractors) as f64 + 3.0;
    let (up, down) = ((promoters as f64 + 0.75) / all, (detractors as f64 + 0.75) / all);
    let adjusted = up - down;
    (all > 3.0).then_some((adjusted, (up + down - adjusted * adjusted) / all))
}

/// The 95 % interval around an adjusted score.
pub(super) fn net_interval((adjusted, variance): (f64, f64)) -> [f64; 2] {
    let half = Z * variance.sqrt();
    [(adjusted - half).max(-1.0), (adjusted + half).min(1.0)]
}

/// Whether two Net Promoter Scores differ.
pub(super) fn net_verdict(now: Option<[i64; 3]>, before: Option<[i64; 3]>) -> &'static str {
    let Some((now, before)) = now.and_then(net_score).zip(before.and_then(net_score)) else { return "none" };
    let (difference, half) = (now.0 - before.0, Z * (now.1 + before.1).sqrt());
    if difference > half {
        "up"
    } else if difference < -half {
        "down"
    } else {
        "too_close"
    }
}

/// Whether a value lies outside the `XmR` limits of the known earlier ones, of which six are needed.
pub(super) fn chart_verdict(actual: Option<f64>, earlier: &[Option<f64>]) -> &'static str {
    let known: Vec<f64> = earlier.iter().copied().flatten().collect();
    let Some(actual) = actual.filter(|_| known.len() >= 6) else { return "none" };
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let moving = known.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>() / (known.len() - 1) as f64;
    if actual > mean + 2.66 * moving {
        "up"
    } else if actual < mean - 2.66 * moving {
        "down"
    } else {
        "too_close"
    }
}

/// Where a value stands against its target.
pub(super) fn status(actual: Option<f64>, target: Option<f64>, good_is_up: bool) -> &'static str {
    let (Some(actual), Some(target)) = (actual, target) else { return "none" };
    let (reached, near) =
        if good_is_up { (actual >= target, actual >= 0.9 * target) } else { (actual <= target, actual <= 1.1 * target) };
    match (reached, near) {
        (true, _) => "on_track",
        (false, true) => "at_risk",
        (false, false) => "off_track",
    }
}

/// The Kaplan-Meier median of (seconds, whether the event came), in days; none while over half are still waiting.
pub(super) fn median_days(mut waits: Vec<(i64, bool)>) -> Option<f64> {
    // Events before censorings at equal times.
    waits.sort_by_key(|&(time, came)| (time, !came));
    let mut curve = 1.0;
    for (position, &(time, came)) in waits.iter().enumerate() {
        if came {
            let at_risk = (waits.len() - position) as f64;
            curve *= (at_risk - 1.0) / at_risk;
            if curve <= 0.5 + 1e-12 {
                return Some(time as f64 / 86_400.0);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 5e-6
    }

    #[test]
    fn intervals_are_the_published_ones() {
        let [low, high] = wilson(5, 250).unwrap_or_default();
        assert!(close(low, 0.00857) && close(high, 0.04596), "{low} {high}");
        assert!(wilson(0, 20).is_some_and(|[low, high]| low == 0.0 && close(high, 0.16113)));
        assert_eq!(wilson(0, 0), None);
        assert_eq!(rate_verdict(Some((56, 70)), Some((48, 80))), "up");
        assert_eq!(rate_verdict(Some((20, 3000)), Some((31, 3000))), "too_close");
    }

    #[test]
    fn net_scores_are_the_published_ones() {
        let score = net_score([50, 30, 20]).unwrap_or_default();
        let [low, high] = net_interval(score);
        assert!((score.0 - 0.2913).abs() < 5e-5 && (low - 0.1405).abs() < 5e-5 && (high - 0.4420).abs() < 5e-5);
        assert_eq!(net_verdict(Some([50, 30, 20]), Some([20, 30, 50])), "up");
        assert_eq!(net_verdict(Some([50, 30, 20]), Some([45, 30, 25])), "too_close");
        assert_eq!(net_verdict(Some([50, 30, 20]), Some([0, 0, 0])), "none");
    }

    #[test]
    fn a_median_counts_those_still_waiting() {
        let day = 86_400;
        assert_eq!(median_days(vec![(day, true), (2 * day, true), (3 * day, false)]), Some(2.0));
        assert_eq!(median_days(vec![(day, true), (2 * day, false), (3 * day, false)]), None);
        assert_eq!(median_days(vec![(day, true), (day, false)]), Some(1.0));
    }

    #[test]
    fn a_value_inside_the_limits_is_routine() {
        let earlier = [10.0, 12.0, 11.0, 13.0, 12.0, 11.0].map(Some);
        assert_eq!(chart_verdict(Some(14.0), &earlier), "too_close");
        assert_eq!(chart_verdict(Some(19.0), &earlier), "up");
        assert_eq!(chart_verdict(Some(19.0), &earlier[1..]), "none");
    }
}
