//! Numbers in cells: signs, grouping, decimal marks, percent signs and currencies, read from text to scaled integers.
//!
//! A cell is first taken apart ([`lex`]) and its marks are weighed ([`marks`]): `1,204.50` can only mean one thing, `1,234` two.
//! Which decimal mark a column uses is settled elsewhere from all its values; [`NumberFormat`] then reads one cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::currency::{compatible, currency};

/// The mark before the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Floating point: more than nine decimals, or exponents.
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
    /// Values carry a percent sign and are kept as fractions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub percent: bool,
    /// The column's currency: a code or a sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// `007` reads as 7.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leading_zeros: bool,
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
}

/// The digits of a number: `digits × 10^-decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scaled {
    pub(crate) digits: i128,
    pub(crate) decimals: i32,
}

/// A number as it stands in a cell, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberText<'a> {
    pub(crate) negative: bool,
    /// Digits, marks and grouping characters.
    pub(crate) body: &'a str,
    pub(crate) percent: bool,
    pub(crate) currency: Option<&'static str>,
    pub(crate) exponent: Option<i32>,
}

impl NumberText<'_> {
    pub(crate) fn has_leading_zeros(&self) -> bool {
        let bytes = self.body.as_bytes();
        bytes.len() > 1 && bytes[0] == b'0' && bytes.iter().all(u8::is_ascii_digit)
    }

    pub(crate) fn digit_count(&self) -> usize {
        self.body.bytes().filter(u8::is_ascii_digit).count()
    }
}

/// What the separators of a number say about the decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// No decimals whichever the mark.
    Plain,
    /// Only this mark makes sense, with so many decimals.
    Decided(DecimalMark, u32),
    /// One separator with three digits behind it, this one: a decimal mark or a grouping.
    Either(DecimalMark),
}

/// Takes a cell apart; `None` if it is no number.
pub(crate) fn lex(text: &str) -> Option<NumberText<'_>> {
    let mut rest = text.trim();
    let mut signed = false;
    let mut negative = false;
    let mut plus = false;
    let mut percent = false;
    let mut money = None;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        rest = inner.trim();
        (signed, negative) = (true, true);
    }
    loop {
        let first = rest.chars().next()?;
        match first {
            '0'..='9' | '.' | ',' => break,
            '-' | '\u{2212}' | '+' if !signed => {
                signed = true;
                negative = first != '+';
                plus = first == '+';
                rest = &rest[first.len_utf8()..];
            }
            _ if first.is_whitespace() => rest = rest.trim_start(),
            _ if money.is_none() => {
                let end = rest
                    .find(|c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '-' | '\u{2212}' | '+' | '.' | ','))
                    .unwrap_or(rest.len());
                money = Some(currency(&rest[..end])?);
                rest = &rest[end..];
            }
            _ => return None,
        }
    }
    loop {
        let last = rest.chars().next_back()?;
        match last {
            '0'..='9' => break,
            '%' if !percent => {
                percent = true;
                rest = &rest[..rest.len() - 1];
            }
            '-' if !signed => {
                (signed, negative) = (true, true);
                rest = &rest[..rest.len() - 1];
            }
            _ if last.is_whitespace() => rest = rest.trim_end(),
            _ if money.is_none() => {
                let start = rest
                    .rfind(|c: char| c.is_ascii_digit() || c.is_whitespace())
                    .map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
                money = Some(currency(&rest[start..])?);
                rest = &rest[..start];
            }
            _ => return None,
        }
    }
    let (body, exponent) = split_exponent(rest)?;
    if !body.chars().all(|c| c.is_ascii_digit() || is_separator(c)) {
        return None;
    }
    let number = NumberText { negative, body, percent, currency: money, exponent };
    // A long run of digits behind a plus sign is a telephone number.
    if plus && number.digit_count() > 6 { None } else { Some(number) }
}

/// `1.5e-3` and `1E+15` have exponents; `12E45` is a code.
fn split_exponent(text: &str) -> Option<(&str, Option<i32>)> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return Some((text, None)) };
    let meant = exponent.starts_with(['+', '-']) || mantissa.contains(['.', ',']);
    let exponent: i32 = exponent.parse().ok()?;
    if meant && exponent.abs() <= 300 && mantissa.ends_with(|c: char| c.is_ascii_digit()) {
        Some((mantissa, Some(exponent)))
    } else {
        None
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | ',' | '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Weighs the separators of a number's body; `None` if they make no number.
pub(crate) fn marks(body: &str) -> Option<Marks> {
    let Some(last_at) = body.rfind(is_separator) else { return Some(Marks::Plain) };
    let last = body[last_at..].chars().next()?;
    let (whole, tail) = (&body[..last_at], &body[last_at + last.len_utf8()..]);
    let mark = match last {
        '.' => DecimalMark::Point,
        ',' => DecimalMark::Comma,
        _ => return grouped(body).map(|_| Marks::Plain),
    };
    if whole.contains(last) {
        // The same mark twice groups thousands, so the other one is the decimal mark.
        return grouped(body).map(|_| Marks::Decided(mark.other(), 0));
    }
    if whole.contains(is_separator) {
        return grouped(whole).map(|_| Marks::Decided(mark, tail.len() as u32));
    }
    let groups = tail.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    Some(if groups { Marks::Either(mark) } else { Marks::Decided(mark, tail.len() as u32) })
}

/// The one character that groups these digits in threes; `None` if they are not so grouped.
fn grouped(text: &str) -> Option<char> {
    let separator = text.chars().find(|c| is_separator(*c))?;
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let proper = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && first.bytes().all(|byte| byte.is_ascii_digit())
        && groups.all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()));
    proper.then_some(separator)
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
        Self { decimal, thousands: None, store, percent: false, currency: None, leading_zeros: false }
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
        let scaled = self.scaled(cell)?;
        // Through text, because a division of two floats would round twice.
        format!("{}e{}", scaled.digits, -scaled.decimals).parse().map_err(|_| NumberFault::NotANumber)
    }

    fn scaled(&self, cell: &str) -> Result<Scaled, NumberFault> {
        if !self.percent
            && let Some(scaled) = self.simple(cell.as_bytes())
        {
            return Ok(scaled);
        }
        self.elaborate(cell)
    }

    /// The common case in one pass: an optional minus, up to 18 digits, perhaps the decimal mark.
    fn simple(&self, bytes: &[u8]) -> Option<Scaled> {
        let (negative, rest) = match bytes {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, bytes),
        };
        if rest.is_empty() || rest.len() > 18 || !rest[0].is_ascii_digit() || !rest[rest.len() - 1].is_ascii_digit() {
            return None;
        }
        // `1.234` under a decimal comma is left to the long way.
        let mark = self.decimal.character() as u8;
        let mut digits: i64 = 0;
        let mut decimals = 0;
        let mut behind = false;
        for byte in rest {
            if byte.is_ascii_digit() {
                digits = digits * 10 + i64::from(byte - b'0');
                decimals += i32::from(behind);
            } else if *byte == mark && !behind {
                behind = true;
            } else {
                return None;
            }
        }
        if rest[0] == b'0' && rest.len() > 1 && !behind && !self.leading_zeros {
            return None;
        }
        Some(Scaled { digits: i128::from(if negative { -digits } else { digits }), decimals })
    }

    fn elaborate(&self, cell: &str) -> Result<Scaled, NumberFault> {
        let number = lex(cell).ok_or(NumberFault::NotANumber)?;
        if let Some(found) = number.currency
            && !self.currency.as_deref().is_some_and(|currency| compatible(currency, found))
        {
            return Err(NumberFault::Currency(found));
        }
        if number.has_leading_zeros() && !self.leading_zeros && self.store == NumberStore::Integer {
            return Err(NumberFault::LeadingZeros);
        }
        match marks(number.body).ok_or(NumberFault::NotANumber)? {
            Marks::Decided(mark, _) if mark != self.decimal => return Err(NumberFault::OtherMark),
            _ => {}
        }
        if let Some(thousands) = self.thousands {
            let decimal = self.decimal.character();
            if number.body.chars().any(|c| is_separator(c) && c != decimal && !same_separator(c, thousands)) {
                return Err(NumberFault::OtherMark);
            }
        }
        let mut scaled = digits(number.body, self.decimal).ok_or(NumberFault::TooLarge)?;
        if number.negative {
            scaled.digits = -scaled.digits;
        }
        scaled.decimals -= number.exponent.unwrap_or(0);
        // Zero is zero with or without the sign.
        if number.percent != self.percent && scaled.digits != 0 {
            return Err(NumberFault::Percent);
        }
        if self.percent {
            scaled.decimals += 2;
        }
        Ok(scaled)
    }
}

fn same_separator(one: char, other: char) -> bool {
    one == other
        || (one.is_whitespace() && other.is_whitespace())
        || (matches!(one, '\'' | '\u{2019}') && matches!(other, '\'' | '\u{2019}'))
}

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
    }
    if digits.unsigned_abs() < 10_u128.pow(38) { Ok(digits) } else { Err(NumberFault::TooLarge) }
}

#[cfg(test)]
mod tests;
