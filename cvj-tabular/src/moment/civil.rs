//! Days of the Gregorian calendar as numbers, and ISO 8601 straight from bytes: the hot path of every scan.
//!
//! What is read here is read to the same values by the grammar; it only looks at the common forms, and says `None` to the rest.

use super::{MICROS_PER_DAY, MomentParts};

/// Days since 1970-01-01 of a day of the years 1 to 9999; `None` if there is no such day.
///
/// The arithmetic is Howard Hinnant's `days_from_civil`, with years that begin in March, so that the leap day is their last.
pub(crate) fn days_of(year: u32, month: u32, day: u32) -> Option<i32> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 || day > month_length(year, month) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some((era * 146_097 + of_era) as i32 - 719_468)
}

fn month_length(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days that a reader remembers, one for each day of a month.
const REMEMBERED: usize = 32;

/// Reads ISO forms, and remembers days: neighbouring rows are often of the same few.
#[derive(Clone, Debug)]
pub(crate) struct IsoReader {
    /// As they are written, and as numbers.
    days: Box<[([u8; 10], i32); REMEMBERED]>,
}

impl Default for IsoReader {
    fn default() -> Self {
        Self { days: Box::new([(*b"1970-01-01", 0); REMEMBERED]) }
    }
}

impl IsoReader {
    /// `2026-10-01`, perhaps with `T` or a space and `09:14`, `09:14:35` or `09:14:35.123`, perhaps with `Z` or `+02:00`.
    #[inline]
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Option<MomentParts> {
        let (date, rest) = bytes.split_first_chunk::<10>()?;
        let (written, days) = self.days[place(*date)];
        let days = if *date == written { days } else { self.new_day(*date)? };
        if rest.is_empty() {
            return Some(MomentParts { days, time: None, offset: None });
        }
        let (time, rest) = rest.split_first_chunk::<6>()?;
        let [b' ' | b'T', hour_tens, hour_ones, b':', minute_tens, minute_ones] = *time else { return None };
        let (hour, minute) = (two(hour_tens, hour_ones), two(minute_tens, minute_ones));
        let (second, rest) = match rest {
            [b':', tens, ones, rest @ ..] => (two(*tens, *ones), rest),
            _ => (0, rest),
        };
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let micros = i64::from(hour * 3600 + minute * 60 + second) * 1_000_000;
        let (fraction, offset) = match rest {
            [] => (0, None),
            [b'Z'] => (0, Some(0)),
            _ => fraction_and_offset(rest)?,
        };
        Some(MomentParts { days, time: Some(micros + fraction), offset })
    }

    fn new_day(&mut self, date: [u8; 10]) -> Option<i32> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
        let (century, year) = (two(y1, y2), two(y3, y4));
        if century == NO_DIGITS || year == NO_DIGITS {
            return None;
        }
        let days = days_of(century * 100 + year, two(m1, m2), two(d1, d2))?;
        self.days[place(date)] = (date, days);
        Some(days)
    }
}

/// Where a day is remembered, by the digits of the day of the month.
#[inline]
fn place(date: [u8; 10]) -> usize {
    (usize::from(date[8] & 3) * 10 + usize::from(date[9] & 15)) % REMEMBERED
}

const NO_DIGITS: u32 = 255;

/// Two digits as a number, or [`NO_DIGITS`].
#[inline]
fn two(tens: u8, ones: u8) -> u32 {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens.max(ones) > 9 { NO_DIGITS } else { u32::from(tens) * 10 + u32::from(ones) }
}

fn fraction_and_offset(rest: &[u8]) -> Option<(i64, Option<i32>)> {
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (micros_of(rest.get(..length).filter(|digits| !digits.is_empty())?), &rest[length..])
        }
        _ => (0, rest),
    };
    let (sign, hours, minutes) = match *rest {
        [] => return Some((fraction, None)),
        [b'Z'] => return Some((fraction, Some(0))),
        [sign, h1, h2] => (sign, two(h1, h2), 0),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => (sign, two(h1, h2), two(m1, m2)),
        _ => return None,
    };
    if hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 3600 + minutes * 60) as i32;
    match sign {
        b'+' => Some((fraction, Some(seconds))),
        b'-' => Some((fraction, Some(-seconds))),
        _ => None,
    }
}

/// Decimals of a second as microseconds; what is finer is cut off.
pub(crate) fn micros_of(decimals: &[u8]) -> i64 {
    (0..6).fold(0, |micros, place| micros * 10 + decimals.get(place).map_or(0, |digit| i64::from(digit - b'0')))
}

/// Days and microseconds of the day of a number of microseconds since 1970-01-01.
pub(crate) fn split_micros(micros: i64) -> (i32, i64) {
    (micros.div_euclid(MICROS_PER_DAY) as i32, micros.rem_euclid(MICROS_PER_DAY))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_day_is_the_one_that_jiff_counts() {
        for year in [1, 4, 100, 400, 1600, 1900, 1969, 1970, 1999, 2000, 2024, 2026, 2100, 9999] {
            for month in 1..=12 {
                for day in 0..=32 {
                    let expect = jiff::civil::Date::new(year, month, day).ok();
                    let expect = expect.map(|found| (found.duration_since(date(1970, 1, 1)).as_secs() / 86_400) as i32);
                    assert_eq!(days_of(year as u32, month as u32, day as u32), expect, "{year}-{month}-{day}");
                }
            }
        }
        assert_eq!(days_of(0, 1, 1), None);
        assert_eq!(days_of(2026, 13, 1), None);
    }

    #[test]
    fn days_that_share_a_place_are_told_apart() {
        let mut reader = IsoReader::default();
        for (written, days) in [("2026-10-01", 20_727), ("2026-11-01", 20_758), ("1970-01-01", 0), ("2026-10-01", 20_727)] {
            assert_eq!(reader.read(written.as_bytes()).map(|parts| parts.days), Some(days), "{written}");
        }
    }

    #[test]
    fn only_iso_forms_are_read() {
        let check = |cell: &str, expect: Option<(i32, Option<i64>, Option<i32>)>| {
            let found = IsoReader::default().read(cell.as_bytes());
            assert_eq!(found.map(|parts| (parts.days, parts.time, parts.offset)), expect, "{cell:?}");
        };
        check("1970-01-02", Some((1, None, None)));
        check("1970-01-01", Some((0, None, None)));
        check("1970-01-01 00:01", Some((0, Some(60_000_000), None)));
        check("1970-01-01T00:00:01Z", Some((0, Some(1_000_000), Some(0))));
        check("1970-01-01T00:00:00.25+0130", Some((0, Some(250_000), Some(5400))));
        check("1970-01-01T00:00:00-02", Some((0, Some(0), Some(-7200))));
        check("1970-01-01T00:00:00.123456789-02:30", Some((0, Some(123_456), Some(-9000))));
        for odd in [
            "",
            "1970-1-1",
            "1970-02-30",
            "1970/01/01",
            "1970-01-01 ",
            "1970-01-01 24:00",
            "1970-01-01 00:60",
            "1970-01-01 00:00:00.",
            "1970-01-01 00:00 Z",
            "1970-01-01T00:00:00+2:00",
            "197a-01-01",
            "1970-01-01 1:00",
        ] {
            check(odd, None);
        }
    }
}
