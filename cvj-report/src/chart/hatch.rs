//! Hatching: what is not yet whole.

use plotters::prelude::DrawingBackend;

use super::canvas::{Area, Canvas, Undrawn};
use crate::palette;

/// Distance of two lines.
const PITCH: f64 = 9.0;

/// Fills a rectangle with diagonal lines: one path, to and fro, that turns on the rectangle's edges.
pub(super) fn hatch<B: DrawingBackend>(canvas: &mut Canvas<'_, B>, (x, y, width, height): Area) -> Result<(), Undrawn> {
    let (right, bottom) = (x + width, y + height);
    let mut points: Vec<(f64, f64)> = Vec::new();
    let (mut offset, mut upwards) = (PITCH - height, true);
    while offset < width {
        // From the bottom or left edge up to the top or right one, by 45°.
        let low = (x + offset.max(0.0), bottom + offset.min(0.0));
        let high = (x + (offset + height).min(width), y + (offset + height - width).max(0.0));
        let (from, to, corner) = if upwards { (low, high, (x, bottom)) } else { (high, low, (right, y)) };
        // Where the edge turns, so does the path.
        let turns = points.last().is_some_and(|last| last.0 != from.0 && last.1 != from.1);
        points.extend(turns.then_some(corner));
        points.extend([from, to]);
        offset += PITCH;
        upwards = !upwards;
    }
    canvas.path(&points, 1.0, palette::LINE)
}
