//! Hatching: what is not yet whole.

use plotters::prelude::DrawingBackend;

use super::canvas::{Area, Canvas, Undrawn};
use crate::palette;

/// Distance of two lines.
const PITCH: f64 = 9.0;

/// Fills a rectangle with diagonal lines.
pub(super) fn hatch<B: DrawingBackend>(canvas: &mut Canvas<'_, B>, (x, y, width, height): Area) -> Result<(), Undrawn> {
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
