//! The value of a metric in one period, and what it is judged by: the period before, the periods before, a target.

use cvj_core::Good;
use cvj_core::report::{Nps, TargetStatus, Verdict};
use cvj_core::stats::{NetScore, difference_of_net_scores, net_score, newcombe, xmr_limits};

use super::verdict;
use crate::metrics::Answers;

/// Points of a whole net score.
pub(super) const POINTS: f64 = 100.0;

/// The fewest answers without one below 1 that look as if they were on a scale from 1.
const FEWEST_ANSWERS: f64 = 20.0;

/// A value of one period with what it is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Point {
    pub(super) value: Option<f64>,
    pub(super) parts: Option<(f64, f64)>,
    /// Of a Net Promoter Score.
    answers: Option<Answers>,
}

impl Point {
    pub(super) fn ratio(numerator: Option<f64>, denominator: Option<f64>) -> Self {
        match (numerator, denominator) {
            (Some(numerator), Some(denominator)) => {
                let value = (denominator != 0.0).then(|| numerator / denominator);
                Self { value, parts: Some((numerator, denominator)), answers: None }
            }
            _ => Self::default(),
        }
    }

    pub(super) fn plain(value: Option<f64>) -> Self {
        Self { value, parts: None, answers: None }
    }

    /// A Net Promoter Score in points: promoters less detractors, of all answers.
    pub(super) fn nps(self, answers: Option<Answers>) -> Self {
        Self { value: self.value.map(|score| score * POINTS), answers, ..self }
    }

    /// The promoters, the passives and the detractors of a Net Promoter Score.
    pub(super) fn thirds(&self) -> Option<[u64; 3]> {
        let ((net, all), promoters) = (self.parts?, self.answers?.promoters);
        let detractors = promoters - net;
        Some([promoters, all - promoters - detractors, detractors].map(|people| people as u64))
    }

    pub(super) fn net_score(&self) -> Option<NetScore> {
        self.thirds().and_then(|[promoters, passives, detractors]| net_score(promoters, passives, detractors))
    }
}

/// The answers behind a Net Promoter Score, in the last of these periods; `None` where that is not known, or of other metrics.
pub(super) fn nps(points: &[Point]) -> Option<Nps> {
    let current = points.last()?;
    let [promoters, passives, detractors] = current.thirds()?;
    let all = points.iter().filter_map(|point| point.answers).reduce(Answers::and)?;
    let answers: f64 = points.iter().filter_map(|point| point.parts).map(|(_, answers)| answers).sum();
    let scale = all.least.zip(all.greatest);
    let doubtful = |(least, greatest): (f64, f64)| least < 0.0 || greatest > 10.0 || (least >= 1.0 && answers >= FEWEST_ANSWERS);
    Some(Nps {
        promoters,
        passives,
        detractors,
        adjusted: current.net_score().map(|score| score.adjusted * POINTS),
        scale: scale.map(|(least, greatest)| [least, greatest]),
        scale_doubtful: scale.is_some_and(doubtful),
    })
}

pub(super) fn rate_verdict(current: Point, previous: Point) -> Verdict {
    let (Some(now), Some(before)) = (current.parts, previous.parts) else { return Verdict::None };
    verdict(newcombe(now, before))
}

pub(super) fn score_verdict(current: Point, previous: Point) -> Verdict {
    let scores = current.net_score().zip(previous.net_score());
    verdict(scores.map(|(now, before)| difference_of_net_scores(&now, &before)))
}

/// The natural process limits of the periods before the last of these.
pub(super) fn usual_range(points: &[Point]) -> Option<[f64; 2]> {
    let (_, earlier) = points.split_last()?;
    let earlier: Vec<f64> = earlier.iter().filter_map(|point| point.value).collect();
    xmr_limits(&earlier)
}

pub(super) fn routine_verdict(current: Point, usual_range: Option<[f64; 2]>) -> Verdict {
    match current.value.zip(usual_range) {
        None => Verdict::None,
        Some((actual, [_, high])) if actual > high => Verdict::Up,
        Some((actual, [low, _])) if actual < low => Verdict::Down,
        Some(_) => Verdict::TooClose,
    }
}

pub(super) fn target_status(actual: Option<f64>, target: Option<f64>, good: Good) -> TargetStatus {
    let (Some(actual), Some(target)) = (actual, target) else { return TargetStatus::None };
    // "Within 10 %" is a tenth of the target's size, so that negative targets work too.
    let (short, room) = match good {
        Good::Up => (target - actual, target.abs() * 0.1),
        Good::Down => (actual - target, target.abs() * 0.1),
    };
    if short <= 0.0 {
        TargetStatus::OnTrack
    } else if short <= room + 1e-12 * target.abs() {
        TargetStatus::AtRisk
    } else {
        TargetStatus::OffTrack
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for (actual, good, expected) in [
            (100.0, Good::Up, TargetStatus::OnTrack),
            (90.0, Good::Up, TargetStatus::AtRisk),
            (89.9, Good::Up, TargetStatus::OffTrack),
            (110.0, Good::Down, TargetStatus::AtRisk),
            (110.1, Good::Down, TargetStatus::OffTrack),
            (99.0, Good::Down, TargetStatus::OnTrack),
        ] {
            assert_eq!(target_status(Some(actual), Some(100.0), good), expected, "{actual} {good:?}");
        }
        assert_eq!(target_status(None, Some(1.0), Good::Up), TargetStatus::None);
    }

    #[test]
    fn net_promoter_scores_are_the_published_ones() {
        let point = |promoters: f64, passives: f64, detractors: f64, least: f64| {
            let all = promoters + passives + detractors;
            let answers = Answers { promoters, least: Some(least), greatest: Some(10.0) };
            Point::ratio(Some(promoters - detractors), Some(all)).nps(Some(answers))
        };
        let now = point(50.0, 30.0, 20.0, 0.0);
        assert_eq!((now.value, now.thirds()), (Some(30.0), Some([50, 30, 20])));
        let found = nps(&[now]).unwrap();
        assert!((found.adjusted.unwrap() - 29.13).abs() < 5e-3 && !found.scale_doubtful);
        let [low, high] = now.net_score().unwrap().interval;
        assert!((low - 0.1405).abs() < 5e-5 && (high - 0.4420).abs() < 5e-5);
        assert_eq!(score_verdict(now, point(20.0, 30.0, 50.0, 0.0)), Verdict::Up);
        assert_eq!(score_verdict(now, point(45.0, 30.0, 25.0, 0.0)), Verdict::TooClose);
        assert_eq!(score_verdict(now, point(0.0, 0.0, 0.0, 0.0)), Verdict::None);
        // From 1 on nobody answers 0; a few answers may lack it by chance.
        let doubtful = |point: Point| nps(&[point]).unwrap().scale_doubtful;
        assert!(doubtful(point(10.0, 5.0, 5.0, 1.0)) && !doubtful(point(9.0, 5.0, 5.0, 1.0)));
        assert!(doubtful(point(1.0, 0.0, 0.0, -1.0)));
    }

    #[test]
    fn routine_variation_is_too_close_to_call() {
        let points = |values: &[f64]| values.iter().map(|value| Point::plain(Some(*value))).collect::<Vec<_>>();
        let judged = |values: &[f64]| {
            let points = points(values);
            routine_verdict(points.last().copied().unwrap(), usual_range(&points))
        };
        assert_eq!(judged(&[10.0, 12.0, 11.0, 9.0, 10.0, 11.0, 13.0]), Verdict::TooClose);
        assert_eq!(judged(&[10.0, 12.0, 11.0, 9.0, 10.0, 11.0, 15.0]), Verdict::Up);
        assert_eq!(judged(&[10.0, 12.0, 11.0, 9.0, 10.0, 15.0]), Verdict::None);
    }
}
