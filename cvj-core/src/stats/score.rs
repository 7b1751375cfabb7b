//! Net scores, such as the Net Promoter Score.

use super::Z;

/// A net score as fractions of all answers, from -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetScore {
    /// Share of promoters less share of detractors.
    pub score: f64,
    /// The same of the answers and three invented ones: the middle of the interval.
    pub adjusted: f64,
    /// 95 % interval around `adjusted`.
    pub interval: [f64; 2],
    /// Variance of `adjusted`.
    pub variance: f64,
}

/// Share of promoters less share of detractors, with its adjusted Wald interval: ¾ is added to promoters and detractors each and 3
/// to all answers; `None` without answers.
///
/// Source: Sauro, "Confidence intervals for Net Promoter Scores" (2024), after Agresti and Min 2005.
///
/// ```
/// let net = cvj_core::stats::net_score(50, 30, 20).unwrap();
/// assert!((net.score - 0.30).abs() < 1e-12 && (net.adjusted - 0.2913).abs() < 5e-5);
/// assert!((net.interval[0] - 0.1405).abs() < 5e-5 && (net.interval[1] - 0.4420).abs() < 5e-5);
/// ```
pub fn net_score(promoters: u64, passives: u64, detractors: u64) -> Option<NetScore> {
    let answers = (promoters + passives + detractors) as f64;
    if answers == 0.0 {
        return None;
    }
    let score = (promoters as f64 - detractors as f64) / answers;
    let answers = answers + 3.0;
    let (up, down) = ((promoters as f64 + 0.75) / answers, (detractors as f64 + 0.75) / answers);
    let adjusted = up - down;
    let variance = (up + down - adjusted * adjusted) / answers;
    let spread = Z * variance.sqrt();
    Some(NetScore { score, adjusted, interval: [(adjusted - spread).max(-1.0), (adjusted + spread).min(1.0)], variance })
}

/// 95 % interval of the difference `first - second` of two independent net scores, by their adjusted values.
///
/// Source: as of [`net_score`]; variances of independent values add up.
///
/// ```
/// use cvj_core::stats::{difference_of_net_scores, net_score};
/// let (first, second) = (net_score(50, 30, 20).unwrap(), net_score(30, 30, 40).unwrap());
/// let [low, high] = difference_of_net_scores(&first, &second);
/// // Adjusted 0.29126 and -0.09709, variances 0.005916 and 0.006648: 0.38835 ± 1.96 × 0.11209.
/// assert!((low - 0.1687).abs() < 5e-5 && (high - 0.6080).abs() < 5e-5);
/// ```
pub fn difference_of_net_scores(first: &NetScore, second: &NetScore) -> [f64; 2] {
    let difference = first.adjusted - second.adjusted;
    let spread = Z * (first.variance + second.variance).sqrt();
    [difference - spread, difference + spread]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answers_have_no_score() {
        assert_eq!(net_score(0, 0, 0), None);
    }

    #[test]
    fn the_interval_stays_on_the_scale() {
        let net = net_score(3, 0, 0).unwrap();
        assert!(net.interval[1] <= 1.0 && net.score == 1.0 && net.adjusted < 1.0);
    }
}
