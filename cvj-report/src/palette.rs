//! The colours of every output, as `0xRRGGBB`. Each text colour has a contrast of at least 4.5 : 1 on white, each mark of 3 : 1.
//!
//! Data are blue and goals are brown, which people who cannot tell red from green can tell apart; good and bad are never told by colour alone.

use std::fmt::Write as _;

/// Text.
pub(crate) const INK: u32 = 0x1B_2433;
/// Secondary text.
pub(crate) const MUTED: u32 = 0x5A_6577;
/// Hairlines and grids.
pub(crate) const LINE: u32 = 0xDD_E2EA;
/// Outlines of what is absent.
pub(crate) const OUTLINE: u32 = 0xA9_B3C2;
/// Paper.
pub(crate) const PAPER: u32 = 0xFF_FFFF;
/// Table heads and headings.
pub(crate) const NAVY: u32 = 0x1E_3A5F;
/// Data.
pub(crate) const DATA: u32 = 0x2B_6CB0;
/// Around data: what its interval allows.
pub(crate) const INTERVAL: u32 = 0xD3_E3F4;
/// From none to the most: dark text stands on each.
pub(crate) const HEAT: [u32; 6] = [0xF7_FAFD, 0xE5_EFF9, 0xD0_E2F4, 0xB8_D3EE, 0x9F_C3E7, 0x86_B3DF];
/// Target lines.
pub(crate) const TARGET: u32 = 0x9A_5B00;
/// Good news.
pub(crate) const GOOD: u32 = 0x17_7245;
/// Behind good news.
pub(crate) const GOOD_FILL: u32 = 0xE6_F4EC;
/// Bad news.
pub(crate) const BAD: u32 = 0xB3_261E;
/// Behind bad news.
pub(crate) const BAD_FILL: u32 = 0xFC_EBE9;
/// A warning.
pub(crate) const WARN: u32 = 0x9A_5B00;
/// Behind a warning.
pub(crate) const WARN_FILL: u32 = 0xFD_F3E1;
/// Cells that people fill in.
pub(crate) const INPUT_FILL: u32 = 0xFF_F9DB;
/// Label cells and bands.
pub(crate) const BAND: u32 = 0xF2_F5F9;

/// Each colour that charts use, and the custom property of the page that has its place there.
const PROPERTIES: [(u32, &str); 18] = [
    (INK, "ink"),
    (MUTED, "muted"),
    (LINE, "line"),
    (OUTLINE, "outline"),
    (PAPER, "paper"),
    (NAVY, "navy"),
    (DATA, "data"),
    (INTERVAL, "interval"),
    (HEAT[0], "heat-0"),
    (HEAT[1], "heat-1"),
    (HEAT[2], "heat-2"),
    (HEAT[3], "heat-3"),
    (HEAT[4], "heat-4"),
    (HEAT[5], "heat-5"),
    (TARGET, "warn"),
    (GOOD, "good"),
    (BAD, "bad"),
    (BAND, "band"),
];

/// A drawing whose colours follow the page's theme: each is a custom property, with itself where the page has none.
pub(crate) fn themed(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() * 5 / 4);
    let mut pieces = svg.split("=\"#");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.get(..6).unwrap_or_default();
        let color = u32::from_str_radix(digits, 16).ok();
        let property = PROPERTIES.iter().find(|(known, _)| color == Some(*known));
        let _ = match property {
            Some((_, name)) => write!(out, "=\"var(--{name},#{digits}){}", &piece[6..]),
            None => write!(out, "=\"#{piece}"),
        };
    }
    out
}

/// The colours of a drawing that is a file of its own. The default is ours; a brand has its own for data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    /// In place of [`NAVY`].
    pub(crate) navy: u32,
    /// In place of [`DATA`].
    pub(crate) data: u32,
    /// In place of [`INTERVAL`].
    pub(crate) interval: u32,
    /// In place of [`HEAT`].
    pub(crate) heat: [u32; 6],
}

impl Default for Palette {
    fn default() -> Self {
        Self { navy: NAVY, data: DATA, interval: INTERVAL, heat: HEAT }
    }
}

impl Palette {
    /// The colour to draw where one of ours is meant.
    pub(crate) fn shown(&self, color: u32) -> u32 {
        let level = HEAT.iter().position(|heat| *heat == color);
        match color {
            NAVY => self.navy,
            DATA => self.data,
            INTERVAL => self.interval,
            color => level.map_or(color, |level| self.heat[level]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::{contrast, light, oklab_of};

    /// As somebody sees it who lacks the cones for long, medium or short waves: Machado, Oliveira and Fernandes 2009, severity 1.
    const SEEN: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ];

    /// The distance of two colours in `OKLab` as seen through one of these.
    fn apart(seen: [[f64; 3]; 3], one: u32, other: u32) -> f64 {
        let lab = |color: u32| {
            let rgb = light(color);
            oklab_of(seen.map(|row| row.iter().zip(rgb).map(|(part, channel)| part * channel).sum()))
        };
        lab(one).iter().zip(lab(other)).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn texts_and_marks_stand_out() {
        for ground in [PAPER, BAND] {
            for text in [INK, MUTED, NAVY, DATA, TARGET, GOOD, BAD, WARN] {
                assert!(contrast(text, ground) >= 4.5, "{text:06X} on {ground:06X}: {}", contrast(text, ground));
            }
        }
        for heat in HEAT {
            assert!(contrast(INK, heat) >= 4.5, "{heat:06X}");
        }
        assert!(contrast(DATA, INTERVAL) >= 3.0 && contrast(TARGET, INTERVAL) >= 3.0);
    }

    #[test]
    fn data_and_goals_differ_to_every_eye() {
        for seen in SEEN {
            for (one, other) in [(DATA, TARGET), (DATA, MUTED), (TARGET, MUTED), (DATA, INTERVAL), (DATA, OUTLINE)] {
                let apart = apart(seen, one, other);
                assert!(apart > 0.05, "{one:06X} and {other:06X}: {apart:.3} through {seen:?}");
            }
        }
    }

    #[test]
    fn a_themed_drawing_keeps_its_colours_as_a_last_resort() {
        let svg = "<rect fill=\"#2B6CB0\" stroke=\"none\"/><text fill=\"#123456\">=&quot;#2B6CB0</text>";
        let themed = themed(svg);
        assert!(themed.contains("fill=\"var(--data,#2B6CB0)\" stroke=\"none\""), "{themed}");
        assert!(themed.ends_with("<text fill=\"#123456\">=&quot;#2B6CB0</text>"), "{themed}");
    }

    #[test]
    fn a_brand_changes_the_colours_of_data_and_no_other() {
        let palette = Palette { data: 1, heat: [9; 6], ..Palette::default() };
        assert_eq!([DATA, NAVY, HEAT[3], TARGET].map(|color| palette.shown(color)), [1, NAVY, 9, TARGET]);
    }
}
