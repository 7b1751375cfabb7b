//! The surface that charts are drawn on: one drawing, as SVG or as a bitmap, through plotters' backends.
//!
//! Coordinates are CSS pixels; both backends work at twice that, so that SVG and PNG have the same half-pixel geometry.

use std::fmt::Write as _;

use plotters::prelude::DrawingBackend;
use plotters::prelude::{BitMapBackend, SVGBackend};
use plotters::style::{RGBColor, ShapeStyle};

use super::compact::compact;
use super::ink::{Align, Ink};
pub(super) use crate::direction::isolated;
use crate::error::RenderError;
use crate::font;
use crate::html::Mark;
use crate::palette::{self, Palette};

/// Backend units per CSS pixel.
pub(super) const SCALE: f64 = 2.0;

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

/// A rectangle in CSS pixels: left, top, width and height.
pub(super) type Area = (f64, f64, f64, f64);

/// What is told of a mark when somebody points at it.
struct Hover {
    area: Area,
    says: String,
    /// Attributes that say what a claim rests on.
    rests_on: String,
}

/// A surface of one backend.
pub(super) struct Canvas<'a, B: DrawingBackend> {
    backend: &'a mut B,
    /// How far the backend puts a baseline below a text's top, in font sizes.
    rise: f64,
    /// Whether texts are limited to what the typeface has.
    typeface_only: bool,
    palette: Palette,
    hovers: Vec<Hover>,
    /// Whether the drawing has its heading.
    pub(super) headed: bool,
}

impl<B: DrawingBackend> Canvas<'_, B> {
    /// A filled rectangle.
    pub(super) fn fill(&mut self, (x, y, width, height): Area, color: u32) -> Result<(), Undrawn> {
        self.backend.draw_rect(at(x, y), at(x + width, y + height), &self.rgb(color), true).map_err(undrawn)
    }

    /// An outlined rectangle.
    pub(super) fn outline(&mut self, area: Area, color: u32) -> Result<(), Undrawn> {
        self.path(&corners(area), 1.0, color)
    }

    /// A line through points.
    pub(super) fn path(&mut self, points: &[(f64, f64)], thickness: f64, color: u32) -> Result<(), Undrawn> {
        let style = ShapeStyle { color: self.rgb(color).into(), filled: false, stroke_width: (thickness * SCALE).round() as u32 };
        self.backend.draw_path(points.iter().map(|&(x, y)| at(x, y)), &style).map_err(undrawn)
    }

    /// A dashed line from one point to another.
    pub(super) fn dashes(&mut self, from: (f64, f64), to: (f64, f64), thickness: f64, color: u32) -> Result<(), Undrawn> {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let point = |way: f64| (from.0 + (to.0 - from.0) * way / length, from.1 + (to.1 - from.1) * way / length);
        let mut way = 0.0;
        while way < length {
            self.path(&[point(way), point((way + 5.0).min(length))], thickness, color)?;
            way += 9.0;
        }
        Ok(())
    }

    /// A place for something that is not there: a dashed rectangle.
    pub(super) fn empty_slot(&mut self, area: Area) -> Result<(), Undrawn> {
        corners(area).windows(2).try_for_each(|ends| self.dashes(ends[0], ends[1], 1.0, palette::OUTLINE))
    }

    /// A dot, filled or hollow.
    pub(super) fn dot(&mut self, x: f64, y: f64, radius: f64, color: u32, hollow: bool) -> Result<(), Undrawn> {
        let circle = |radius: f64| (radius * SCALE).round() as u32;
        self.backend.draw_circle(at(x, y), circle(radius), &self.rgb(color), true).map_err(undrawn)?;
        if hollow {
            let paper = self.rgb(palette::PAPER);
            self.backend.draw_circle(at(x, y), circle(radius - 1.75), &paper, true).map_err(undrawn)?;
        }
        Ok(())
    }

    /// An interval between two heights.
    pub(super) fn whisker(&mut self, x: f64, [from, to]: [f64; 2], color: u32) -> Result<(), Undrawn> {
        self.path(&[(x, from), (x, to)], 1.5, color)?;
        [from, to].into_iter().try_for_each(|y| self.path(&[(x - 3.0, y), (x + 3.0, y)], 1.5, color))
    }

    /// A filled polygon.
    pub(super) fn polygon(&mut self, points: &[(f64, f64)], color: u32) -> Result<(), Undrawn> {
        self.backend.fill_polygon(points.iter().map(|&(x, y)| at(x, y)), &self.rgb(color)).map_err(undrawn)
    }

    /// A text on a baseline.
    pub(super) fn text(&mut self, text: &str, x: f64, baseline: f64, align: Align, ink: Ink) -> Result<(), Undrawn> {
        let text: String = if self.typeface_only { font::drawable(text) } else { printable(text) };
        if text.is_empty() {
            return Ok(());
        }
        let ink = Ink { color: self.palette.shown(ink.color), ..ink };
        self.backend.draw_text(&text, &ink.style(align), at(x, baseline - self.rise * ink.size)).map_err(undrawn)
    }

    /// A name, cut where it is wider than `width`; where the typeface has none of its letters, what stands for it.
    pub(super) fn name(
        &mut self,
        name: &str,
        stands_for: &str,
        (x, baseline): (f64, f64),
        width: f64,
        ink: Ink,
    ) -> Result<(), Undrawn> {
        let name = if self.typeface_only && font::drawable(name).is_empty() { stands_for } else { name };
        self.text(&isolated(&ink.fitted(name, width)), x, baseline, Align::Start, ink)
    }

    /// Tells more of what is in an area when somebody points at it.
    pub(super) fn hover(&mut self, area: Area, says: impl Into<String>) {
        self.hovers.push(Hover { area, says: says.into(), rests_on: String::new() });
    }

    /// Tells more of something that claims.
    pub(super) fn hover_claim(&mut self, area: Area, says: impl Into<String>, mark: &Mark<'_>) {
        self.hovers.push(Hover { area, says: says.into(), rests_on: mark.attributes(escaped) });
    }

    fn rgb(&self, color: u32) -> RGBColor {
        let color = self.palette.shown(color);
        RGBColor((color >> 16) as u8, (color >> 8) as u8, color as u8)
    }
}

fn corners((x, y, width, height): Area) -> [(f64, f64); 5] {
    let (right, bottom) = (x + width, y + height);
    [(x, y), (right, y), (right, bottom), (x, bottom), (x, y)]
}

/// Draws an SVG.
pub(super) fn svg<P: Picture>(picture: &P, id: &str, embedding: Embedding, palette: Palette) -> Result<String, RenderError> {
    font::register()?;
    let (width, height) = picture.size();
    let (wide, high) = (width * SCALE as u32, height * SCALE as u32);
    let headed = embedding == Embedding::Font || P::HEADING == 0;
    let cropped = if headed { 0 } else { P::HEADING };
    let mut drawn = String::new();
    let hovers = {
        let mut backend = SVGBackend::with_string(&mut drawn, (wide, high));
        let mut canvas = Canvas { backend: &mut backend, rise: 0.76, typeface_only: false, palette, hovers: Vec::new(), headed };
        if embedding == Embedding::Font {
            let paper = canvas.fill((0.0, 0.0, f64::from(width), f64::from(height)), palette::PAPER);
            paper.map_err(|why| chart_error(picture, why))?;
        }
        picture.draw(&mut canvas).map_err(|why| chart_error(picture, why))?;
        let hovers = canvas.hovers;
        backend.present().map_err(|why| chart_error(picture, undrawn(why)))?;
        hovers
    };
    // Once for all texts instead of at each of them.
    let family = format!(" font-family=\"{}\"", font::FAMILY);
    let drawn = compact(&drawn, &family);
    let body = drawn.split_once('>').map_or(drawn.as_str(), |(_, body)| body);
    let body = body.strip_suffix("</svg>\n").unwrap_or(body);
    let mut svg = String::with_capacity(body.len() + 1024);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{}\" viewBox=\"0 {} {wide} {}\" role=\"img\" \
         font-family=\"{}, system-ui, sans-serif\" aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{}</title>\n\
         <desc id=\"{id}-desc\">{}</desc>",
        height - cropped,
        cropped * SCALE as u32,
        high - cropped * SCALE as u32,
        font::FAMILY,
        escaped(&picture.title()),
        escaped(&picture.description()),
        id = escaped(id),
    );
    match embedding {
        Embedding::Font => {
            let _ = write!(svg, "\n<style>{}</style>", font::face());
            svg.push_str(body);
        }
        Embedding::Page => svg.push_str(&palette::themed(body)),
    }
    svg.push_str("<g fill=\"none\" pointer-events=\"all\">\n");
    for Hover { area: (x, y, width, height), says, rests_on } in hovers {
        let [x, y, width, height] = [x, y, width, height].map(|length| (length * SCALE).round());
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{rests_on}>\
             <title>{}</title></rect>",
            escaped(&says)
        );
    }
    svg.push_str("</g>\n</svg>\n");
    Ok(svg)
}

/// Draws a PNG.
pub(super) fn png<P: Picture>(picture: &P, palette: Palette) -> Result<Vec<u8>, RenderError> {
    font::register()?;
    let (width, height) = picture.size();
    let (wide, high) = (width * SCALE as u32, height * SCALE as u32);
    let mut pixels = vec![255; wide as usize * high as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut pixels, (wide, high));
        let mut canvas =
            Canvas { backend: &mut backend, rise: 0.62, typeface_only: true, palette, hovers: Vec::new(), headed: true };
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
