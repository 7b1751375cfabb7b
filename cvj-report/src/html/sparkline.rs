//! A word-sized line of a metric's history, for tables: shape only, its numbers stand beside it.

use std::fmt::Write as _;

const WIDTH: f64 = 92.0;
const HEIGHT: f64 = 24.0;
const EDGE: f64 = 3.0;

/// An inline SVG; empty where no value is known.
pub(super) fn sparkline(values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied();
    let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if !(high - low).is_finite() {
        return String::new();
    }
    let steps = values.len().saturating_sub(1).max(1) as f64;
    let place = |index: usize, value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        (EDGE + (WIDTH - 2.0 * EDGE) * index as f64 / steps, HEIGHT - EDGE - share * (HEIGHT - 2.0 * EDGE))
    };
    let mut path = String::new();
    let mut drawing = false;
    for (index, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let (x, y) = place(index, *value);
            let _ = write!(path, "{}{x:.1} {y:.1}", if drawing { 'L' } else { 'M' });
        }
        drawing = value.is_some();
    }
    let dot = values.iter().enumerate().next_back().and_then(|(index, value)| value.map(|value| place(index, value)));
    let dot = dot.map_or_else(String::new, |(x, y)| format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.4\"/>"));
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" aria-hidden=\"true\"><path d=\"{path}\"/>{dot}</svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lift_the_pen_and_nothing_known_draws_nothing() {
        let line = sparkline(&[Some(1.0), Some(2.0), None, Some(3.0), Some(4.0)]);
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert_eq!(sparkline(&[None, None]), "");
        assert!(!sparkline(&[Some(7.0)]).contains("NaN"));
        assert_eq!(sparkline(&[Some(f64::MAX), Some(-f64::MAX)]), "");
    }
}
