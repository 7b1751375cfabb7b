//! The colours of every output, as `0xRRGGBB`. Each text colour has a contrast of at least 4.5 : 1 on white.

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
