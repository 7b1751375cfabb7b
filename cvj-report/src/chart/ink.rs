//! Type of all charts: five sizes, two weights, and how wide a text is.

use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor, TextStyle};

use super::canvas::SCALE;
use crate::{direction, font, palette};

/// plotters divides font sizes by this before it draws.
const FONT_FACTOR: f64 = 1.24;

/// The heading of a wide chart.
pub(super) const TITLE: Ink = Ink { size: 18.0, bold: true, color: palette::INK };
/// The heading of a small chart.
pub(super) const HEADING: Ink = Ink { size: 15.0, bold: true, color: palette::INK };
/// A number that is looked for.
pub(super) const FIGURE: Ink = Ink { size: 14.0, bold: true, color: palette::INK };
/// A stage or step.
pub(super) const STAGE: Ink = Ink { size: 13.0, bold: true, color: palette::NAVY };
/// A value of the data, beside its mark.
pub(super) const VALUE: Ink = Ink { size: 13.0, bold: true, color: palette::DATA };
/// A name of something in the data.
pub(super) const NAME: Ink = Ink { size: 13.0, bold: false, color: palette::INK };
/// Counts behind a number.
pub(super) const COUNTS: Ink = Ink { size: 12.0, bold: false, color: palette::INK };
/// Axes and explanations.
pub(super) const NOTE: Ink = Ink { size: 12.0, bold: false, color: palette::MUTED };
/// A target or goal.
pub(super) const GOAL: Ink = Ink { size: 12.0, bold: true, color: palette::TARGET };

/// Where a text is anchored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

/// The size, weight and colour of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) color: u32,
}

impl Ink {
    /// As plotters wants it; its colour is taken as it is.
    pub(super) fn style(self, align: Align) -> TextStyle<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let h_pos = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let font = FontDesc::new(FontFamily::Name(font::FAMILY), self.size * SCALE * FONT_FACTOR, weight);
        let color = RGBColor((self.color >> 16) as u8, (self.color >> 8) as u8, self.color as u8);
        TextStyle { color: RGBAColor::from(color).to_backend_color(), ..TextStyle::from(font) }.pos(Pos::new(h_pos, VPos::Top))
    }

    /// The width of a text in CSS pixels. Letters from right to left, which the typeface lacks, are about as wide as its own.
    pub(super) fn width(self, text: &str) -> f64 {
        let text = text.replace(direction::right_to_left, "n");
        self.style(Align::Start).font.box_size(&text).map_or(0.0, |(width, _)| f64::from(width) / SCALE)
    }

    /// The text, cut with an ellipsis where it is wider than `width`.
    pub(super) fn fitted(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let ends: Vec<usize> = text.char_indices().map(|(end, _)| end).collect();
        let cut = |end: usize| format!("{}…", text[..end].trim_end());
        let fitting = ends.partition_point(|&end| self.width(&cut(end)) <= width);
        ends.get(fitting.saturating_sub(1)).map_or_else(|| "…".to_owned(), |&end| cut(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_no_longer_fits() {
        font::register().unwrap();
        let name = "Piano & antiques – white-glove storage";
        assert_eq!(NAME.fitted(name, 400.0), name);
        let cut = NAME.fitted(name, 120.0);
        assert!(cut.ends_with('…') && NAME.width(&cut) <= 120.0 && NAME.width(&cut) > 100.0, "{cut}");
        assert_eq!(NAME.fitted(name, 0.0), "…");
        assert_eq!(NAME.fitted("", 0.0), "");
    }
}
