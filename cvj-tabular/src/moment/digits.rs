//! Moments written with digits only: `20261001`, `202610`, `2026100109`, and seconds since 1970.
//!
//! Any of them may as well be a number or an id, so a column is one of these only where a time is needed, and only one form at a
//! time: its length says which.

use serde::{Deserialize, Serialize};

use super::MICROS_PER_DAY;
use super::civil::{days_of, micros_of};

/// What the digits of a column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigitForm {
    /// `202610`
    Month,
    /// `20261001`
    Day,
    /// `2026100109`
    Hour,
    /// `202610010914`
    Minute,
    /// `20261001091435`
    Second,
    /// `1759300475` or `1759300475.25`: since 1970 in UTC, 2001-09-09 to 2099.
    EpochSeconds,
    /// `1759300475250`
    EpochMillis,
    /// `1759300475250000`
    EpochMicros,
}

/// Seconds since 1970 at which 2100 begins: what lies beyond is an id.
const END_OF_EPOCHS: i64 = 4_102_444_800;

impl DigitForm {
    /// What these digits mean, if they are a moment. Ten digits that can be a date and an hour are that; as seconds since 1970
    /// they would lie in 2033 or later.
    pub(crate) fn of(digits: &str) -> Option<Self> {
        let forms: &[Self] = match digits.len() {
            6 => &[Self::Month],
            8 => &[Self::Day],
            10 => &[Self::Hour, Self::EpochSeconds],
            12 => &[Self::Minute, Self::EpochSeconds],
            13 => &[Self::EpochMillis, Self::EpochSeconds],
            14 => &[Self::Second, Self::EpochSeconds],
            16 => &[Self::EpochMicros, Self::EpochSeconds],
            11 | 15 | 17..=20 => &[Self::EpochSeconds],
            _ => return None,
        };
        forms.iter().copied().find(|form| form.read(digits).is_some())
    }

    /// Microseconds since 1970-01-01T00:00.
    pub(crate) fn read(self, digits: &str) -> Option<i64> {
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole)
            || !is_digits(decimals)
            || whole.len() != self.length()
            || (self != Self::EpochSeconds && whole != digits)
        {
            return None;
        }
        let number: i64 = whole.parse().ok()?;
        match self {
            Self::Month => civil(number * 100_000_000 + 1_000_000),
            Self::Day => civil(number * 1_000_000),
            Self::Hour => civil(number * 10_000),
            Self::Minute => civil(number * 100),
            Self::Second => civil(number),
            Self::EpochSeconds => epoch(number * 1_000_000 + micros_of(decimals.as_bytes())),
            Self::EpochMillis => epoch(number * 1000),
            Self::EpochMicros => epoch(number),
        }
    }

    /// Whether it counts from 1970 in UTC.
    pub(crate) fn is_epoch(self) -> bool {
        matches!(self, Self::EpochSeconds | Self::EpochMillis | Self::EpochMicros)
    }

    /// Whether it has a time of day.
    pub(crate) fn has_time(self) -> bool {
        !matches!(self, Self::Month | Self::Day)
    }

    /// How such values look, for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Month => "202612",
            Self::Day => "20261231",
            Self::Hour => "2026123123",
            Self::Minute => "202612312359",
            Self::Second => "20261231235959",
            Self::EpochSeconds => "seconds since 1970",
            Self::EpochMillis => "milliseconds since 1970",
            Self::EpochMicros => "microseconds since 1970",
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Month => 6,
            Self::Day => 8,
            Self::Hour | Self::EpochSeconds => 10,
            Self::Minute => 12,
            Self::EpochMillis => 13,
            Self::Second => 14,
            Self::EpochMicros => 16,
        }
    }
}

/// `20261001091435`, of the years 1900 to 2199.
fn civil(number: i64) -> Option<i64> {
    let (date, time) = (number / 1_000_000, number % 1_000_000);
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
    if !(1900..2200).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_of(year as u32, month as u32, day as u32)?;
    Some(i64::from(days) * MICROS_PER_DAY + (hour * 3600 + minute * 60 + second) * 1_000_000)
}

fn epoch(micros: i64) -> Option<i64> {
    (1_000_000_000_000_000..END_OF_EPOCHS * 1_000_000).contains(&micros).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_ranges_tell_forms_apart() {
        let check = |digits: &str, expect: Option<DigitForm>| assert_eq!(DigitForm::of(digits), expect, "{digits}");
        check("202610", Some(DigitForm::Month));
        check("202613", None);
        check("20261001", Some(DigitForm::Day));
        check("20261032", None);
        check("2026100109", Some(DigitForm::Hour));
        check("1759300475", Some(DigitForm::EpochSeconds));
        check("2026990109", Some(DigitForm::EpochSeconds));
        check("1759300475.25", Some(DigitForm::EpochSeconds));
        check("1759300475.", None);
        check("1759300475250", Some(DigitForm::EpochMillis));
        check("1759300475250000", Some(DigitForm::EpochMicros));
        check("202610010914", Some(DigitForm::Minute));
        check("20261001091435", Some(DigitForm::Second));
        check("20261001096035", None);
        check("5550001234", None);
        check("9999999999999", None);
        check("12345", None);
        assert_eq!(DigitForm::EpochSeconds.read("1759300475.25"), Some(1_759_300_475_250_000));
        assert_eq!(DigitForm::EpochMillis.read("1759300475250"), Some(1_759_300_475_250_000));
        assert_eq!(DigitForm::EpochMicros.read("1759300475250000"), Some(1_759_300_475_250_000));
    }
}
