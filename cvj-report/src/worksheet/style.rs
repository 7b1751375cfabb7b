//! The formats of the worksheet: one type scale, one palette, and a number format per unit.

use cvj_core::Unit;
use cvj_core::report::Verdict;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, FormatPattern};

use crate::number::{NumberStyle, symbol};
use crate::palette;
use crate::verdict::Tone;

/// How rates are printed.
pub(super) const RATE: NumberStyle<'_> = NumberStyle { unit: Unit::Percent, currency: "" };
/// How days are printed.
pub(super) const DAYS: NumberStyle<'_> = NumberStyle { unit: Unit::Duration, currency: "" };
/// How counts are printed.
pub(super) const COUNT: NumberStyle<'_> = NumberStyle { unit: Unit::Count, currency: "" };

/// The cell formats.
pub(super) struct Styles {
    pub(super) title: Format,
    pub(super) subtitle: Format,
    pub(super) section: Format,
    /// What to know before reading what follows.
    pub(super) note: Format,
    pub(super) head: Format,
    pub(super) head_right: Format,
    pub(super) stage: Format,
    pub(super) label: Format,
    pub(super) text: Format,
    pub(super) strong: Format,
    pub(super) muted: Format,
    pub(super) number: Format,
    /// Texts among numbers.
    pub(super) words: Format,
    pub(super) strong_number: Format,
    /// Numbers that only explain those above.
    pub(super) muted_number: Format,
    /// A number or counts that will still change.
    pub(super) hatched: Format,
    pub(super) input: Format,
    pub(super) input_number: Format,
    pub(super) warning: Format,
    good: Format,
    bad: Format,
    neutral: Format,
}

impl Styles {
    pub(super) fn new() -> Self {
        let line = Color::RGB(palette::LINE);
        let base =
            || Format::new().set_font_size(10).set_font_color(Color::RGB(palette::INK)).set_align(FormatAlign::VerticalCenter);
        let cell = || {
            base()
                .set_border(FormatBorder::Thin)
                .set_border_color(line)
                .set_text_wrap()
                .set_indent(1)
                .set_align(FormatAlign::Left)
        };
        let head = || {
            let head = cell().set_bold().set_font_color(Color::White).set_background_color(Color::RGB(palette::NAVY));
            head.set_border_color(Color::RGB(palette::NAVY))
        };
        let input = || cell().set_background_color(Color::RGB(palette::INPUT_FILL));
        let right = |format: Format| format.set_align(FormatAlign::Right);
        let band = Color::RGB(palette::BAND);
        let muted = Color::RGB(palette::MUTED);
        let news = |ink, fill| cell().set_bold().set_font_color(Color::RGB(ink)).set_background_color(Color::RGB(fill));
        Self {
            title: base().set_font_size(18).set_bold().set_font_color(Color::RGB(palette::NAVY)),
            subtitle: base().set_font_size(11).set_font_color(muted),
            section: base().set_font_size(13).set_bold().set_font_color(Color::RGB(palette::NAVY)),
            note: base().set_font_color(muted).set_text_wrap().set_align(FormatAlign::Top),
            head: head(),
            head_right: right(head()),
            stage: head().set_font_size(12).set_indent(0).set_align(FormatAlign::Center),
            label: cell().set_bold().set_background_color(band),
            text: cell(),
            strong: cell().set_bold(),
            muted: cell().set_font_color(muted).set_italic(),
            number: right(cell()).unset_text_wrap(),
            words: right(cell()),
            strong_number: right(cell()).unset_text_wrap().set_bold(),
            muted_number: right(cell()).set_font_color(muted).set_font_size(9),
            hatched: right(cell())
                .set_font_color(muted)
                .set_pattern(FormatPattern::LightUp)
                .set_foreground_color(Color::RGB(palette::OUTLINE))
                .set_background_color(Color::RGB(palette::PAPER)),
            input: input(),
            input_number: right(input()).unset_text_wrap(),
            warning: news(palette::WARN, palette::WARN_FILL),
            good: news(palette::GOOD, palette::GOOD_FILL),
            bad: news(palette::BAD, palette::BAD_FILL),
            neutral: cell().set_font_color(muted),
        }
    }

    /// A cell that says good or bad news; the word is in its text.
    pub(super) fn tone(&self, tone: Tone) -> &Format {
        match tone {
            Tone::Good => &self.good,
            Tone::Bad => &self.bad,
            Tone::Warning => &self.warning,
            Tone::Neutral => &self.neutral,
        }
    }

    /// A sentence about a change: coloured only where its verdict is up or down, and up is good.
    pub(super) fn claim(&self, claim: Option<(&str, Verdict)>) -> &Format {
        match claim.map(|(_, verdict)| verdict) {
            Some(Verdict::Up) => &self.good,
            Some(Verdict::Down) => &self.bad,
            Some(Verdict::TooClose | Verdict::None) | None => &self.text,
        }
    }
}

/// The number format of a value: it keeps the cell narrower than about 14 characters whatever the value.
pub(super) fn value_format(style: NumberStyle<'_>, value: f64) -> String {
    let size = value.abs();
    let prefix = match (style.unit, symbol(style.currency)) {
        (Unit::Money, code) if code.ends_with(char::is_alphabetic) => quoted(&format!("{code} ")),
        (Unit::Money, sign) => quoted(sign),
        _ => String::new(),
    };
    let digits = match style.unit {
        Unit::Percent if size < 1e5 => return "0.0%".to_owned(),
        _ if size >= 1e15 => return "0.00E+00".to_owned(),
        _ if size >= 1e12 => "#,##0.00,,,,\" tn\"",
        _ if size >= 1e9 => "#,##0.00,,,\" bn\"",
        Unit::Percent => "#,##0%",
        Unit::Money if size < 1000.0 => "#,##0.00",
        Unit::Duration => "#,##0.0\" days\"",
        Unit::Score | Unit::Nps => "#,##0.0",
        Unit::Count | Unit::Number if value.fract() != 0.0 && size < 1e5 => "#,##0.00",
        Unit::Money | Unit::Count | Unit::Number => "#,##0",
    };
    format!("{prefix}{digits};-{prefix}{digits}")
}

/// The number format of a change: always signed; a rate's is in percentage points.
pub(super) fn change_format(style: NumberStyle<'_>, change: f64) -> String {
    if style.unit == Unit::Percent {
        return "+0.0%\" pts\";-0.0%\" pts\";0.0%\" pts\"".to_owned();
    }
    let format = value_format(style, change);
    let plain = format.split(';').next().unwrap_or_default().to_owned();
    format!("+{plain};-{plain};{plain}")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', ""))
}
