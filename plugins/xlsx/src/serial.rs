//! Serial numbers, as which spreadsheets keep dates: days since the end of 1899 or the begin of 1904.

use std::borrow::Cow;

use cvj_tabular::cell::Cell;
use jiff::civil::{Date, DateTime};

/// From which day a workbook counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Epoch {
    /// 1 is 1 January 1900, and there was a 29 February in that year, as 60.
    #[default]
    Y1900,
    /// 0 is 1 January 1904.
    Y1904,
}

/// What a number format makes of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// A number.
    #[default]
    Number,
    /// A day, perhaps with a time.
    Date,
    /// A time of day, perhaps with a day that is not shown.
    Time,
    /// A span of time: `[h]:mm`.
    Span,
    /// An amount in this currency: a code, or a sign that several share.
    Money(&'static str),
}

const MILLIS_PER_DAY: f64 = 86_400_000.0;
/// 31 December 9999, counted from 1970.
const LAST_DAY: i64 = 2_932_896;

/// The cell that a number in such a format is. A day is a moment, a span its number of days, and a time of day without a day is
/// text. What is no date in its format, such as a negative number, stays a number.
pub fn cell(serial: f64, reading: Reading, epoch: Epoch) -> Cell<'static> {
    if let Reading::Money(currency) = reading {
        return Cell::Money { amount: serial, currency };
    }
    if matches!(reading, Reading::Number | Reading::Span) || !(0.0..3_000_000.0).contains(&serial) {
        return Cell::Number(serial);
    }
    // Programs write 15 digits of a serial, which hold a millisecond surely.
    let millis = (serial * MILLIS_PER_DAY).round() as i64;
    let (day, time) = (millis / 86_400_000, millis % 86_400_000);
    let without_day = epoch == Epoch::Y1900 || reading == Reading::Time;
    if day == 0 && without_day {
        return match (reading, time) {
            (Reading::Date, 0) => Cell::Text(Cow::Borrowed("1900-01-00")),
            _ => Cell::Text(Cow::Owned(time_of_day(time))),
        };
    }
    let since_1970 = match epoch {
        Epoch::Y1904 => day - 24_107,
        Epoch::Y1900 if day == 60 => return Cell::Text(Cow::Borrowed("1900-02-29")),
        Epoch::Y1900 if day < 60 => day - 25_568,
        Epoch::Y1900 => day - 25_569,
    };
    date(since_1970).map_or(Cell::Number(serial), |date| Cell::Moment(DateTime::from_parts(date, clock(time))))
}

/// A time of day in milliseconds as text: `09:14:35`.
pub fn time_of_day(millis: i64) -> String {
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if millis == 0 { text } else { format!("{text}.{millis:03}") }
}

fn clock(millis: i64) -> jiff::civil::Time {
    let seconds = millis / 1000;
    let nanos = (millis % 1000) * 1_000_000;
    jiff::civil::Time::new((seconds / 3600) as i8, (seconds / 60 % 60) as i8, (seconds % 60) as i8, nanos as i32)
        .unwrap_or(jiff::civil::Time::midnight())
}

/// The date of a day counted from 1970, by Howard Hinnant's `civil_from_days`.
fn date(since_1970: i64) -> Option<Date> {
    if since_1970 > LAST_DAY {
        return None;
    }
    let day = since_1970 + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date::new(year as i16, month as i8, (of_year - (153 * shifted + 2) / 5 + 1) as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(serial: f64, reading: Reading, epoch: Epoch) -> String {
        cell(serial, reading, epoch).to_text().into_owned()
    }

    #[test]
    fn serials_are_the_dates_that_excel_shows() {
        let check = |serial: f64, expect: &str| assert_eq!(text(serial, Reading::Date, Epoch::Y1900), expect);
        check(1.0, "1900-01-01");
        check(59.0, "1900-02-28");
        check(60.0, "1900-02-29");
        check(61.0, "1900-03-01");
        check(46_296.385_127_314_8, "2026-10-01 09:14:35");
        check(46_296.999_999_999, "2026-10-02");
        check(2_958_465.0, "9999-12-31");
        check(2_958_466.0, "2958466");
        check(-1.0, "-1");
        check(0.0, "1900-01-00");
        check(0.5, "12:00:00");
        assert_eq!(text(0.0, Reading::Date, Epoch::Y1904), "1904-01-01");
        assert_eq!(text(44_834.0, Reading::Date, Epoch::Y1904), "2026-10-01");
        assert_eq!(text(0.385_127_314_8, Reading::Time, Epoch::Y1904), "09:14:35");
        assert_eq!(text(0.0, Reading::Time, Epoch::Y1900), "00:00:00");
        assert_eq!(text(1.5, Reading::Span, Epoch::Y1900), "1.5");
    }

    #[test]
    fn every_day_is_the_calendar_s() {
        let mut expect = Date::constant(1900, 3, 1);
        for serial in 61..=80_000 {
            let moment = Cell::Moment(expect.at(0, 0, 0, 0));
            assert_eq!(cell(f64::from(serial), Reading::Date, Epoch::Y1900), moment, "{serial}");
            expect = expect.tomorrow().unwrap();
        }
    }
}
