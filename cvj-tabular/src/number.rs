//! Numbers in cells: signs, grouping, decimal marks, percent signs and currencies, read from text to scaled integers.
//!
//! A cell is first taken apart (`text`) and its marks are weighed: `1,204.50` can only mean one thing, `1,234` two. Which decimal
//! mark a column uses is settled elsewhere from all its values; [`NumberFormat`] then reads one cell. Decisions:
//! - `$-` is zero, as accounting formats write it; a dash alone is a null word.
//! - `1.2K` and `3M` are refused: screens write them, and they are rounded. So are `NaN` and `inf`.
//! - `'1730`, with Excel's mark of text before it, is text. Digits that are not ASCII are text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::shape::Length;
pub(crate) use self::shape::{LONGEST_DECIMAL, NumberShape, NumberSize};
pub(crate) use self::text::{Marks, lex};

mod shape;
mod text;

/// The mark before the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum DecimalMark {
    /// `12.5`
    #[serde(rename = ".")]
    Point,
    /// `12,5`
    #[serde(rename = ",")]
    Comma,
}

impl DecimalMark {
    /// The character.
    pub fn character(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// The other mark.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

/// How the numbers of a column are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStore {
    /// 64-bit integers.
    Integer,
    /// Exact decimals with so many digits after the mark.
    Decimal(u8),
    /// Floating point: exponents, or more digits than a decimal has.
    Float,
}

/// The settled format of a column of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberFormat {
    /// The mark before the decimals.
    pub decimal: DecimalMark,
    /// The only grouping character accepted; `None`: any but the decimal mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// How values are kept.
    pub store: NumberStore,
    /// Whether values are percentages, which are kept as fractions.
    #[serde(default)]
    pub percent: Percent,
    /// The column's currency: a code or a sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The longest numbers accepted.
    #[serde(default)]
    pub longest: Length,
    /// `007` reads as 7.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leading_zeros: bool,
    /// The column beside it that says each row's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency_column: Option<String>,
    /// The format for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// Whether numbers are percentages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Percent {
    /// They are not: a percent sign does not read.
    #[default]
    None,
    /// They are, and all but zero carry the sign.
    Signed,
    /// They are, with the sign or without, because the configuration says so.
    Said,
}

/// Why a cell does not read as a number of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberFault {
    /// It is no number.
    NotANumber,
    /// It is in another currency, or in one where the column has none.
    Currency(&'static str),
    /// A percent sign is there or missing against the column's habit.
    Percent,
    /// It has more decimals than the column keeps (integers keep none).
    Decimals,
    /// It uses the other decimal mark.
    OtherMark,
    /// It has leading zeros, as codes do.
    LeadingZeros,
    /// It has more digits than fit.
    TooLarge,
    /// It is rounded, as `1.2K` is.
    Rounded,
    /// It is `NaN` or infinite.
    NotFinite,
}

/// The digits of a number: `digits × 10^-decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scaled {
    pub(crate) digits: i128,
    pub(crate) decimals: i32,
}

/// The digits of a body under a decimal mark; `None` if they do not fit 38 digits.
fn digits(body: &str, decimal: DecimalMark) -> Option<Scaled> {
    let mark = decimal.character() as u8;
    let mut digits: i128 = 0;
    let mut decimals = 0;
    let mut behind = false;
    for byte in body.bytes() {
        if byte.is_ascii_digit() {
            digits = digits.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
            decimals += i32::from(behind);
        } else if byte == mark {
            behind = true;
        }
    }
    if digits < 10_i128.pow(38) { Some(Scaled { digits, decimals }) } else { None }
}

impl NumberFormat {
    /// A plain format: this mark, this store, nothing special.
    pub fn plain(decimal: DecimalMark, store: NumberStore) -> Self {
        Self {
            decimal,
            thousands: None,
            store,
            percent: Percent::None,
            currency: None,
            longest: Length::Endless,
            leading_zeros: false,
            currency_column: None,
            words: None,
        }
    }

    /// Reads an integer.
    pub fn integer(&self, cell: &str) -> Result<i64, NumberFault> {
        let scaled = rescale(self.scaled(cell)?, 0)?;
        i64::try_from(scaled).map_err(|_| NumberFault::TooLarge)
    }

    /// Reads a decimal, scaled to so many digits after the mark.
    pub fn decimal(&self, cell: &str, scale: u8) -> Result<i128, NumberFault> {
        rescale(self.scaled(cell)?, i32::from(scale))
    }

    /// Reads a floating point number.
    pub fn float(&self, cell: &str) -> Result<f64, NumberFault> {
        let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if self.decimal == DecimalMark::Point
            && self.percent == Percent::None
            && cell.len() <= 40
            && cell.bytes().all(plain)
            && let Ok(value) = cell.parse()
        {
            return Ok(value);
        }
        let (text, exponent) = self.accepted(cell)?;
        let mark = self.decimal.character();
        let digits: String =
            text.body.chars().filter(|c| c.is_ascii_digit() || *c == mark).map(|c| if c == mark { '.' } else { c }).collect();
        let sign = if text.negative { "-" } else { "" };
        // Through text, because a division of two floats would round twice.
        let value: f64 = format!("{sign}{digits}e{exponent}").parse().map_err(|_| NumberFault::NotANumber)?;
        if value.is_finite() { Ok(value) } else { Err(NumberFault::TooLarge) }
    }

    /// The common case in one pass: an optional minus, up to 18 digits, perhaps the decimal mark; the number with so many digits
    /// after the mark. What it does not read is left to the long way, which also says why something does not read.
    #[inline]
    pub(crate) fn simple(&self, bytes: &[u8], scale: u8) -> Option<i64> {
        let (negative, rest) = match bytes {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, bytes),
        };
        let (first, last) = (*rest.first()?, *rest.last()?);
        if rest.len() > 18 || !first.is_ascii_digit() || !last.is_ascii_digit() || self.percent != Percent::None {
            return None;
        }
        let mark = self.decimal.character() as u8;
        let mut digits: i64 = 0;
        let mut mark_at = None;
        for (at, byte) in rest.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                digits = digits * 10 + i64::from(digit);
            } else if *byte == mark && mark_at.is_none() {
                mark_at = Some(at);
            } else {
                return None;
            }
        }
        let decimals = mark_at.map_or(0, |at| rest.len() - 1 - at);
        if first == b'0' && rest.len() > 1 && mark_at.is_none() && !self.leading_zeros {
            return None;
        }
        let factor = *POWERS.get(usize::from(scale).checked_sub(decimals)?)?;
        let value = digits.checked_mul(factor)?;
        Some(if negative { -value } else { value })
    }

    fn scaled(&self, cell: &str) -> Result<Scaled, NumberFault> {
        let (text, exponent) = self.accepted(cell)?;
        let mut scaled = digits(text.body, self.decimal).ok_or(NumberFault::TooLarge)?;
        if text.negative {
            scaled.digits = -scaled.digits;
        }
        scaled.decimals -= exponent;
        Ok(scaled)
    }

    /// A cell's number, if it is of a sort that the column has, and its power of ten, in which a percent sign counts.
    fn accepted<'a>(&self, cell: &'a str) -> Result<(text::NumberText<'a>, i32), NumberFault> {
        let text = lex(cell)?;
        let shape = NumberShape::of(&text).ok_or(NumberFault::NotANumber)?;
        self.judge(&shape)?;
        let percent = if self.percent == Percent::None { 0 } else { 2 };
        Ok((text, text.exponent.unwrap_or(0) - percent))
    }
}

const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < 19 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

fn rescale(scaled: Scaled, scale: i32) -> Result<i128, NumberFault> {
    let Scaled { mut digits, mut decimals } = scaled;
    while decimals > scale {
        if digits % 10 != 0 {
            return Err(NumberFault::Decimals);
        }
        digits /= 10;
        decimals -= 1;
        if digits == 0 {
            decimals = scale;
        }
    }
    while decimals < scale {
        digits = digits.checked_mul(10).ok_or(NumberFault::TooLarge)?;
        decimals += 1;
        if digits == 0 {
            decimals = scale;
        }
    }
    if digits.unsigned_abs() < 10_u128.pow(38) { Ok(digits) } else { Err(NumberFault::TooLarge) }
}

#[cfg(test)]
mod tests;
