//! How a report looks: the consultant's brand and the client's locale. It changes no number and no verdict.

use crate::colour::{self, AA, contrast, hex, hues_apart, mixed, readable};
use crate::locale::Locale;
use crate::logo::Logo;
use crate::palette::{self, Palette};

/// The grounds that text stands on in the light theme: paper, bands, the page.
const LIGHT: [u32; 3] = [palette::PAPER, palette::BAND, 0xF6_F8FB];
/// The same in the dark theme; `style.css` has the same colours.
const DARK: [u32; 3] = [0x16_1D28, 0x20_2A38, 0x0F_151D];
const DARK_INK: u32 = 0xE6_EBF2;
/// The share of the accent in the colours of a heat map, from none to the most.
const HEAT: [f64; 6] = [0.06, 0.2, 0.38, 0.58, 0.78, 1.0];

/// The look of every output. The default is ours.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// How numbers and dates are printed.
    pub locale: Locale,
    /// The colour of header, links and bars.
    pub accent: Option<Accent>,
    /// Shown in the header.
    pub logo: Option<Logo>,
    /// Who made the report.
    pub prepared_by: Option<String>,
    /// The last line of the page.
    pub footer: Option<String>,
    /// What the consultant has to say, in Markdown.
    pub commentary: Option<String>,
    /// Templates that replace ours of the same name.
    pub templates: Vec<Template>,
}

/// A part of the page as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The file's name, such as `summary.html.j2` or `style.css`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// An accent colour, and what it becomes where it would be hard to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    wanted: u32,
    light: u32,
    dark: u32,
}

impl Accent {
    /// A colour as `#rrggbb`; none where the text is no such colour.
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let wanted = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())??;
        Some(Self { wanted, light: readable(wanted, &LIGHT, AA), dark: readable(wanted, &DARK, AA) })
    }

    /// What was changed, in one sentence; none where the light theme shows the colour as it is, and everywhere.
    ///
    /// ```
    /// let accent = cvj_report::Accent::new("#ffcc00").unwrap();
    /// assert!(accent.adjusted().unwrap().starts_with("the accent #ffcc00 is too light"));
    /// ```
    pub fn adjusted(&self) -> Option<String> {
        let (wanted, used) = (hex(self.wanted), hex(self.light));
        let darker = (self.wanted != self.light).then(|| {
            let least = LIGHT.iter().map(|ground| contrast(self.wanted, *ground)).fold(f64::INFINITY, f64::min);
            // Down, because what is less than wanted is not to look like it.
            let found = (least * 10.0).floor() / 10.0;
            format!(
                "the accent {wanted} is too light to read on the page (contrast {found:.1}, at least {AA} is needed): {used} is used"
            )
        });
        let alike = (!self.is_of_data()).then(|| {
            format!("{used} looks like the colour of bad news or of targets: header and titles have it, charts keep their own")
        });
        darker.into_iter().chain(alike).reduce(|darker, alike| format!("{darker}; {alike}"))
    }

    /// Whether data can be drawn in it: not in what reads as bad news or as a target.
    fn is_of_data(self) -> bool {
        [palette::BAD, palette::TARGET].iter().all(|taken| hues_apart(self.light, *taken) >= 0.06)
    }

    /// The colour on light grounds, as `0xRRGGBB`.
    pub fn on_light(self) -> u32 {
        self.light
    }

    /// The colours of charts that are files of their own.
    pub(crate) fn palette(self) -> Palette {
        if !self.is_of_data() {
            return Palette { navy: self.light, ..Palette::default() };
        }
        let share = strongest(self.light, palette::PAPER, palette::INK);
        Palette {
            navy: self.light,
            data: self.light,
            interval: mixed(self.light, palette::PAPER, share * 0.4),
            heat: HEAT.map(|level| mixed(self.light, palette::PAPER, share * level)),
        }
    }

    /// The custom properties of the page that it sets, in both themes.
    pub(crate) fn properties(self) -> String {
        let pair = |light: u32, dark: u32| format!("light-dark({}, {})", hex(light), hex(dark));
        let accent = pair(self.light, self.dark);
        let (light, dark) = (strongest(self.light, palette::PAPER, palette::INK), strongest(self.dark, DARK[0], DARK_INK));
        let heat = HEAT.iter().enumerate().map(|(level, share)| {
            let colours = pair(mixed(self.light, palette::PAPER, light * share), mixed(self.dark, DARK[0], dark * share));
            format!(" --heat-{level}: {colours};")
        });
        let top = pair(self.light, mixed(self.light, DARK[2], 0.5));
        if !self.is_of_data() {
            return format!(":root {{ --navy: {accent}; --top: {top}; }}");
        }
        let interval = pair(mixed(self.light, palette::PAPER, light * 0.4), mixed(self.dark, DARK[0], dark * 0.6));
        format!(
            ":root {{ --navy: {accent}; --data: {accent}; --top: {top}; --interval: {interval};{} }}",
            heat.collect::<String>()
        )
    }
}

/// The largest share of a colour on a ground, at most 56 %, that text can still be read on.
fn strongest(accent: u32, ground: u32, ink: u32) -> f64 {
    let shares = (0..=56).rev().map(|percent| f64::from(percent) / 100.0);
    let mut readable = shares.filter(|share| contrast(colour::mixed(accent, ground, *share), ink) >= AA + 0.2);
    readable.next().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn data_are_never_drawn_in_the_colour_of_bad_news_or_of_targets() {
        for (accent, is_of_data) in
            [("#b5123c", false), ("#8b0000", false), ("#a04000", false), ("#0a7f5a", true), ("#6b3fa0", true)]
        {
            let accent = Accent::new(accent).unwrap();
            assert_eq!(accent.palette().data == accent.light, is_of_data, "{accent:?}");
            assert_eq!(accent.properties().contains("--data"), is_of_data, "{accent:?}");
            assert_eq!(accent.adjusted().is_none(), is_of_data, "{accent:?}");
        }
    }

    #[test]
    fn an_accent_is_six_hexadecimal_digits() {
        for text in ["0a7f5a", "#0a7", "#0a7f5g", "#+a7f5a", "green", "#0a7f5a;}"] {
            assert_eq!(Accent::new(text), None, "{text}");
        }
        assert_eq!(Accent::new("#0A7F5A").unwrap().adjusted(), None);
    }

    proptest! {
        #[test]
        fn whatever_the_accent_all_of_it_can_be_read(colour in 0..=0xFF_FFFF_u32) {
            let accent = Accent::new(&hex(colour)).unwrap();
            prop_assert!(LIGHT.iter().all(|ground| contrast(accent.light, *ground) >= AA));
            prop_assert!(DARK.iter().all(|ground| contrast(accent.dark, *ground) >= AA));
            let header = mixed(accent.light, DARK[2], 0.5);
            prop_assert!(contrast(header, 0xFF_FFFF) >= AA && contrast(accent.light, 0xFF_FFFF) >= AA);
            for (colour, ground, ink) in [(accent.light, palette::PAPER, palette::INK), (accent.dark, DARK[0], DARK_INK)] {
                let heat = mixed(colour, ground, strongest(colour, ground, ink));
                prop_assert!(contrast(heat, ink) >= AA, "{heat:06x}");
            }
        }
    }
}
