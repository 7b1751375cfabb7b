//! The surface that charts are drawn on: one drawing, as SVG or as a bitmap, through plotters' backends.
//!
//! Coordinates are CSS pixels; both backends work at twice that, so that SVG and PNG have the same half-pixel geometry.

use std::fmt::Write as _;

use plotters::prelude::DrawingBackend;
use plotters::prelude::{BitMapBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor, ShapeStyle, TextStyle};

use crate::error::RenderError;
use crate::{font, palette};

/// Backend units per CSS pixel.
const SCALE: f64 = 2.0;
/// plotters divides font sizes by this before it draws.
const FONT_FACTOR: f64 = 1.24;

/// Whether an SVG carries the typeface itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Embedding {
    /// A file of its own: the typeface is inside.
    Font,
    /// Part of a page that has the typeface.
    Page,
}

/// Something that can be drawn.
pub(super) trait Picture {
    /// CSS pixels at the top that hold the heading: left out in a page, which has headings of its own.
    const HEADING: u32;

    /// Width and height in CSS pixels.
    fn size(&self) -> (u32, u32);

    /// What it is: the accessible name.
    fn title(&self) -> String;

    /// What it says, in words: the accessible description.
    fn description(&self) -> String;

    /// Draws it.
    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<'_, B>) -> Result<(), Undrawn>;
}

/// What a backend said when it failed.
pub(super) struct Undrawn(String);

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
    fn style(self, align: Align) -> TextStyle<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let h_pos = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let font = FontDesc::new(FontFamily::Name(font::FAMILY), self.size * SCALE * FONT_FACTOR, weight);
        TextStyle { color: RGBAColor::from(rgb(self.color)).to_backend_color(), ..TextStyle::from(font) }
            .pos(Pos::new(h_pos, VPos::Top))
    }

    /// The width of a text in CSS pixels.
    pub(super) fn width(self, text: &str) -> f64 {
        self.style(Align::Start).font.box_size(text).map_or(0.0, |(width, _)| f64::from(width) / SCALE)
    }

    /// The text, cut with an ellipsis where it is wider than `width`.
    pub(super) fn fitted(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut kept: String = text.to_owned();
        while kept.pop().is_some() {
            let cut = format!("{}…", kept.trim_end());
            if self.width(&cut) <= width {
                return cut;
            }
        }
        "…".to_owned()
    }
}

/// A surface of one backend.
pub(super) struct Canvas<'a, B: DrawingBackend> {
    backend: &'a mut B,
    /// How far the backend puts a baseline below a text's top, in font sizes.
    rise: f64,
    /// Whether texts are limited to what the typeface has.
    typeface_only: bool,
    /// Whether the drawing has its heading.
    pub(super) headed: bool,
}

impl<B: DrawingBackend> Canvas<'_, B> {
    /// A filled rectangle.
    pub(super) fn fill(&mut self, x: f64, y: f64, width: f64, height: f64, color: u32) -> Result<(), Undrawn> {
        self.backend.draw_rect(at(x, y), at(x + width, y + height), &rgb(color), true).map_err(undrawn)
    }

    /// An outlined rectangle.
    pub(super) fn outline(&mut self, x: f64, y: f64, width: f64, height: f64, color: u32) -> Result<(), Undrawn> {
        let (right, bottom) = (x + width, y + height);
        self.path(&[(x, y), (right, y), (right, bottom), (x, bottom), (x, y)], 1.0, color)
    }

    /// A line through points.
    pub(super) fn path(&mut self, points: &[(f64, f64)], thickness: f64, color: u32) -> Result<(), Undrawn> {
        let style = ShapeStyle { color: rgb(color).into(), filled: false, stroke_width: (thickness * SCALE).round() as u32 };
        self.backend.draw_path(points.iter().map(|&(x, y)| at(x, y)), &style).map_err(undrawn)
    }

    /// A horizontal dashed line.
    pub(super) fn dashes(&mut self, from: f64, to: f64, y: f64, color: u32) -> Result<(), Undrawn> {
        let mut x = from;
        while x < to {
            self.path(&[(x, y), ((x + 5.0).min(to), y)], 1.5, color)?;
            x += 9.0;
        }
        Ok(())
    }

    /// A filled dot.
    pub(super) fn dot(&mut self, x: f64, y: f64, radius: f64, color: u32) -> Result<(), Undrawn> {
        self.backend.draw_circle(at(x, y), (radius * SCALE).round() as u32, &rgb(color), true).map_err(undrawn)
    }

    /// A text on a baseline.
    pub(super) fn text(&mut self, text: &str, x: f64, baseline: f64, align: Align, ink: Ink) -> Result<(), Undrawn> {
        let text: String = if self.typeface_only { font::drawable(text) } else { printable(text) };
        if text.is_empty() {
            return Ok(());
        }
        self.backend.draw_text(&text, &ink.style(align), at(x, baseline - self.rise * ink.size)).map_err(undrawn)
    }
}

/// Draws an SVG.
pub(super) fn svg<P: Picture>(picture: &P, id: &str, embedding: Embedding) -> Result<String, RenderError> {
    font::register()?;
    let (width, height) = picture.size();
    let (wide, high) = (width * SCALE as u32, height * SCALE as u32);
    let headed = embedding == Embedding::Font || P::HEADING == 0;
    let cropped = if headed { 0 } else { P::HEADING };
    let mut drawn = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut drawn, (wide, high));
        let mut canvas = Canvas { backend: &mut backend, rise: 0.76, typeface_only: false, headed };
        if embedding == Embedding::Font {
            let paper = canvas.fill(0.0, 0.0, f64::from(width), f64::from(height), palette::PAPER);
            paper.map_err(|why| chart_error(picture, why))?;
        }
        picture.draw(&mut canvas).map_err(|why| chart_error(picture, why))?;
        backend.present().map_err(|why| chart_error(picture, undrawn(why)))?;
    }
    let body = drawn.split_once('>').map_or(drawn.as_str(), |(_, body)| body);
    let mut svg = String::with_capacity(body.len() + 1024);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{}\" viewBox=\"0 {} {wide} {}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>",
        height - cropped,
        cropped * SCALE as u32,
        high - cropped * SCALE as u32,
        escaped(&picture.title()),
        escaped(&picture.description()),
        id = escaped(id),
    );
    if embedding == Embedding::Font {
        let _ = write!(svg, "\n<style>{}</style>", font::face());
    }
    svg.push_str(body);
    Ok(svg)
}

/// Draws a PNG.
pub(super) fn png<P: Picture>(picture: &P) -> Result<Vec<u8>, RenderError> {
    font::register()?;
    let (width, height) = picture.size();
    let (wide, high) = (width * SCALE as u32, height * SCALE as u32);
    let mut pixels = vec![255; wide as usize * high as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut pixels, (wide, high));
        let mut canvas = Canvas { backend: &mut backend, rise: 0.62, typeface_only: true, headed: true };
        picture.draw(&mut canvas).map_err(|why| chart_error(picture, why))?;
        backend.present().map_err(|why| chart_error(picture, undrawn(why)))?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, wide, high);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Flat areas: `Up` turns them into zeros, which the fast compressor is made for.
    encoder.set_filter(png::FilterType::Up);
    encoder.set_compression(png::Compression::Fast);
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(&pixels)?;
            writer.finish()
        })
        .map_err(|why| chart_error(picture, undrawn(why)))?;
    Ok(bytes)
}

fn chart_error(picture: &impl Picture, why: Undrawn) -> RenderError {
    RenderError::Chart { chart: picture.title(), why: why.0 }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn undrawn(why: impl ToString) -> Undrawn {
    Undrawn(why.to_string())
}

fn at(x: f64, y: f64) -> (i32, i32) {
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

fn rgb(color: u32) -> RGBColor {
    RGBColor((color >> 16) as u8, (color >> 8) as u8, color as u8)
}

/// Characters that XML forbids become blanks.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() || matches!(character, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { character })
        .collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
