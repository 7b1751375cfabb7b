//! Hatching: what is not measured, and what is not yet whole.

use plotters::prelude::DrawingBackend;

use super::canvas::{Canvas, Undrawn};
use crate::palette;

/// Distance of two lines.
const PITCH: f64 = 9.0;

/// Fills a rectangle with diagonal lines and outlines it.
pub(super) fn hatch<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
) -> Result<(), Undrawn> {
    lines(canvas, x, y, width, height)?;
    canvas.outline(x, y, width, height, palette::OUTLINE)
}

/// Fills a rectangle with diagonal lines.
pub(super) fn lines<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
) -> Result<(), Undrawn> {
    let mut offset = PITCH - height;
    while offset < width {
        // From the bottom edge up to the right, by 45°, clipped to the rectangle.
        let start = offset.max(0.0);
        let end = (offset + height).min(width);
        canvas.path(&[(x + start, y + height - (start - offset)), (x + end, y + height - (end - offset))], 1.0, palette::LINE)?;
        offset += PITCH;
    }
    Ok(())
}
