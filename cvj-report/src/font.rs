//! The embedded typeface, "Cvj Sans": a renamed subset of Inter (OFL, see `fonts/OFL.txt`), regular and bold.
//!
//! Charts are rasterised and measured with the TTF; SVG files and the page carry the WOFF2, so that all look alike on any machine.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plotters::style::{FontStyle, register_font};

use crate::error::RenderError;

/// The family's name.
pub(crate) const FAMILY: &str = "Cvj Sans";

const REGULAR: &[u8] = include_bytes!("../fonts/CvjSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/CvjSans-Bold.ttf");
const REGULAR_WEB: &[u8] = include_bytes!("../fonts/CvjSans-Regular.woff2");
const BOLD_WEB: &[u8] = include_bytes!("../fonts/CvjSans-Bold.woff2");

/// Makes the typeface known to plotters; call before drawing.
pub(crate) fn register() -> Result<(), RenderError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let done = *REGISTERED.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok() && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    if done { Ok(()) } else { Err(RenderError::Font) }
}

/// The `@font-face` rules with the typeface inside.
pub(crate) fn face() -> &'static str {
    static FACE: OnceLock<String> = OnceLock::new();
    FACE.get_or_init(|| {
        let rule = |weight: u16, bytes: &[u8]| {
            let data = STANDARD.encode(bytes);
            format!(
                "@font-face{{font-family:\"{FAMILY}\";font-weight:{weight};font-display:block;src:url(data:font/woff2;base64,{data}) format(\"woff2\")}}"
            )
        };
        format!("{}\n{}", rule(400, REGULAR_WEB), rule(700, BOLD_WEB))
    })
}

/// The part of a text that the typeface can draw: for bitmaps, which have no other font to fall back on. Nothing if no letter of it is left.
pub(crate) fn drawable(text: &str) -> String {
    static FONT: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    let font = FONT.get_or_init(|| FontRef::try_from_slice(REGULAR).ok());
    let has = |character: &char| font.as_ref().is_some_and(|font| font.glyph_id(*character).0 != 0);
    let kept: String = text.chars().filter(has).collect();
    if !kept.contains(char::is_alphabetic) && text.contains(char::is_alphabetic) {
        return String::new();
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_glyph_is_drawable() {
        assert_eq!(drawable("Umzüge – 東京 move ₹ Ж"), "Umzüge – move ₹ Ж");
        assert_eq!(drawable("משלוח 7"), "");
        assert_eq!(drawable("5,120"), "5,120");
    }

    #[test]
    fn the_face_carries_both_weights() {
        assert_eq!(face().matches("@font-face").count(), 2);
        assert!(!face().contains('<'));
    }
}
