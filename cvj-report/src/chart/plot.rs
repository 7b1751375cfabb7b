//! What charts over periods share: an axis of values from zero, the periods below it, and labels beside the last one that keep apart.

use plotters::prelude::DrawingBackend;

use super::canvas::{Area, Canvas, Undrawn};
use super::ink::{Align, Ink, NOTE};
use crate::number::NumberStyle;
use crate::palette;

/// Width of a small chart.
pub(super) const WIDTH: f64 = 440.0;
/// Height of a small chart.
pub(super) const HEIGHT: f64 = 256.0;
/// Left and right of everything.
pub(super) const MARGIN: f64 = 14.0;
pub(super) const LEFT: f64 = 60.0;
/// Where periods end and labels begin.
pub(super) const RIGHT: f64 = 324.0;
pub(super) const TOP: f64 = 72.0;
pub(super) const BASE: f64 = 210.0;
/// Least distance of two labels' baselines.
const LEADING: f64 = 16.0;

/// An axis of values, and the periods.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    periods: Vec<String>,
    ticks: Vec<(f64, String)>,
}

/// A text beside the last period, and where it wants to be.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) ink: Ink,
    /// Its height on the chart.
    pub(super) y: f64,
}

impl Plot {
    /// An axis that holds zero and all of the values.
    pub(super) fn new(periods: Vec<String>, values: impl Iterator<Item = f64>, style: NumberStyle<'_>) -> Self {
        let ticks = ticks(values).into_iter().map(|tick| (tick, style.tick(tick)));
        Self { periods, ticks: ticks.collect() }
    }

    pub(super) fn periods(&self) -> &[String] {
        &self.periods
    }

    pub(super) fn x(&self, index: usize) -> f64 {
        let steps = self.periods.len().saturating_sub(1);
        if steps == 0 { f64::midpoint(LEFT, RIGHT) } else { LEFT + 8.0 + (RIGHT - LEFT - 16.0) * index as f64 / steps as f64 }
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let (low, high) = (self.ticks.first().map_or(0.0, |tick| tick.0), self.ticks.last().map_or(1.0, |tick| tick.0));
        // Halves, because the whole may be more than a number holds.
        let span = high / 2.0 - low / 2.0;
        let share = value / 2.0 / span - low / 2.0 / span;
        if share.is_finite() { BASE - share.clamp(0.0, 1.0) * (BASE - TOP) } else { BASE }
    }

    /// The whole height at a period: what to point at.
    pub(super) fn column(&self, index: usize) -> Area {
        let steps = self.periods.len().saturating_sub(1).max(1);
        let width = (RIGHT - LEFT - 16.0) / steps as f64;
        (self.x(index) - width / 2.0, TOP - 6.0, width, BASE - TOP + 12.0)
    }

    pub(super) fn axes<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn> {
        for (value, label) in &self.ticks {
            let y = self.y(*value);
            let color = if *value == 0.0 { palette::OUTLINE } else { palette::LINE };
            canvas.path(&[(LEFT, y), (RIGHT, y)], 1.0, color)?;
            canvas.text(&NOTE.fitted(label, LEFT - 10.0), LEFT - 8.0, y + 4.0, Align::End, NOTE)?;
        }
        // Period labels from the last one backwards, as many as fit.
        let widest = self.periods.iter().map(|period| NOTE.width(period)).fold(1.0, f64::max) + 16.0;
        let spacing = if self.periods.len() > 1 { self.x(1) - self.x(0) } else { widest };
        let every = ((widest / spacing).ceil() as usize).max(1);
        for (index, period) in self.periods.iter().enumerate().rev().step_by(every) {
            canvas.text(period, self.x(index), BASE + 21.0, Align::Middle, NOTE)?;
        }
        Ok(())
    }

    /// Draws labels beside the last period: each as near to its height as the others allow.
    pub(super) fn labels<B: DrawingBackend>(canvas: &mut Canvas<'_, B>, mut labels: Vec<Label>) -> Result<(), Undrawn> {
        labels.sort_by(|left, right| left.y.total_cmp(&right.y));
        let heights = spread(&labels.iter().map(|label| label.y).collect::<Vec<_>>(), LEADING, TOP, BASE);
        for (label, y) in labels.iter().zip(heights) {
            let text = label.ink.fitted(&label.text, WIDTH - RIGHT - 8.0);
            canvas.text(&text, RIGHT + 8.0, y + 4.5, Align::Start, label.ink)?;
        }
        Ok(())
    }

    /// Draws that there is nothing to draw.
    pub(super) fn nothing<B: DrawingBackend>(
        canvas: &mut Canvas<'_, B>,
        why: &str,
        instead: Option<(&str, Ink)>,
    ) -> Result<(), Undrawn> {
        canvas.empty_slot((MARGIN, TOP, WIDTH - 2.0 * MARGIN, BASE - TOP))?;
        let middle = f64::midpoint(TOP, BASE);
        canvas.text(why, WIDTH / 2.0, if instead.is_some() { middle - 4.0 } else { middle + 4.0 }, Align::Middle, NOTE)?;
        instead.map_or(Ok(()), |(text, ink)| canvas.text(text, WIDTH / 2.0, middle + 17.0, Align::Middle, ink))
    }
}

/// Heights at least `apart`, in the order of `wanted` (which ascends), as near to it as they can be within `top` and `bottom`.
fn spread(wanted: &[f64], apart: f64, top: f64, bottom: f64) -> Vec<f64> {
    // From the top down each makes room for the one above it, from the bottom up for the one below.
    let mut heights = wanted.to_vec();
    let mut free = top;
    for height in &mut heights {
        *height = height.max(free);
        free = *height + apart;
    }
    let mut free = bottom;
    for height in heights.iter_mut().rev() {
        *height = height.min(free);
        free = *height - apart;
    }
    heights
}

/// Round ticks from zero (or below it, for negative values) to at least the greatest value.
fn ticks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let span = high / 4.0 - low / 4.0;
    if span <= 0.0 {
        return vec![0.0, 1.0];
    }
    let power = 10_f64.powf(span.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= span * 0.999).unwrap_or(span);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    let ticks: Vec<f64> = (first..=last).take(13).map(|number| number as f64 * step).collect();
    if step.is_normal() && last - first <= 12 && ticks.iter().all(|tick| tick.is_finite()) {
        return ticks;
    }
    let mut ends = vec![low, 0.0, high];
    ends.dedup();
    ends
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_axis_always_holds_zero_and_every_value() {
        for values in
            [vec![5.0], vec![-3.0, 12.0], vec![0.0], vec![1e-9], vec![f64::MAX, -f64::MAX], vec![0.31, 0.32], vec![-7.0]]
        {
            let ticks = ticks(values.iter().copied());
            let (low, high) = (ticks[0], *ticks.last().unwrap());
            assert!(low <= 0.0 && high >= 0.0 && ticks.len() <= 13, "{ticks:?}");
            assert!(values.iter().all(|value| low <= *value && *value <= high), "{values:?} {ticks:?}");
        }
    }

    proptest! {
        #[test]
        fn labels_never_collide(mut wanted in prop::collection::vec(TOP..BASE, 0..6)) {
            wanted.sort_by(f64::total_cmp);
            let heights = spread(&wanted, LEADING, TOP, BASE);
            prop_assert_eq!(heights.len(), wanted.len());
            prop_assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= LEADING - 1e-9), "{:?}", heights);
            prop_assert!(heights.iter().all(|height| (TOP - 1e-9..=BASE + 1e-9).contains(height)), "{:?}", heights);
        }
    }
}
