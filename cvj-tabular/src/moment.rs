//! Dates and times in cells: ISO, US, European, textual and compact forms, with and without clock time and zone.
//!
//! One grammar reads them all; what a column must settle is whether `1/2/2026` is a day or a month first, and what cells of digits
//! alone mean. Decisions:
//! - Two digits of a year are 1969 to 2068, as POSIX has it, and stand last unless `date_format` says "year-month-day".
//! - `01.10.2026` has the day first, as points do everywhere, unless a value of the column shows the month first.
//! - A month (`2026-10`, `Oct 2026`) is its first day, in a column that has months only. Weeks and quarters are refused.
//! - `24:00` is the midnight that ends the day. Decimals of a second beyond microseconds are cut off.
//! - `EST`, `CEST` and the like are read where they mean one offset only ([`zone`]); an IANA name is exact.

use jiff::civil::{Date, date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::digits::DigitForm;
pub(crate) use self::grammar::lex;
pub(crate) use self::pattern::Pattern;
pub(crate) use self::reader::MomentReader;
pub(crate) use self::shape::{DateShape, MomentShape};
pub use self::zone::HeaderZone;
use self::zone::Zone;

mod civil;
mod digits;
mod grammar;
mod pattern;
mod reader;
mod shape;
mod weekday;
mod zone;

/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;
const EPOCH: Date = date(1970, 1, 1);

/// Which part of `1/2/2026` is the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// 1 February.
    DayMonthYear,
    /// 2 January.
    MonthDayYear,
    /// Only forms that begin with the year, `26-10-01` included.
    YearMonthDay,
}

impl DateOrder {
    /// The word for it in `date_format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::DayMonthYear => "day-month-year",
            Self::MonthDayYear => "month-day-year",
            Self::YearMonthDay => "year-month-day",
        }
    }
}

/// How the moments of a column are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentStore {
    /// Days.
    Date,
    /// Microseconds of the client's wall clock.
    Local,
    /// Microseconds since 1970 in UTC.
    Utc,
}

/// The settled format of a column of moments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentFormat {
    /// How values are kept.
    pub store: MomentStore,
    /// Day or month first; `None` while no value needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<DateOrder>,
    /// What cells of digits alone are; `None`: no moments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<DigitForm>,
    /// Values are months, kept as their first day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub months: bool,
    /// The zone of times without one, because the header says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_zone: Option<HeaderZone>,
    /// A strptime pattern, used instead of the grammar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The format for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// Why a cell does not read as a moment of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentFault {
    /// It is no date.
    NotADate,
    /// It is a date only if day and month stand the other way round, or their order is not settled.
    Order,
    /// It has a time of day and the column keeps days only.
    HasTime,
    /// It has an offset and the column has none.
    HasZone,
    /// It has no offset where the column has one.
    NoZone,
    /// It is a month, and the column has days; or the other way round.
    Month,
    /// It is a week or a quarter.
    Span,
    /// It is a number that the column's numbers are not like.
    Digits,
    /// It ends in letters that are no zone, or mean several.
    ZoneName,
}

/// The date part of a cell, in days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateText {
    /// There is one way to read it.
    Fixed(i32),
    /// A month, as its first day.
    Month(i32),
    /// Digits alone.
    Digits(DigitForm),
    /// Three numbers; with points or with other marks between them.
    Numeric { dotted: bool, day_first: Option<i32>, month_first: Option<i32>, year_first: Option<i32> },
}

/// A date and perhaps time as it stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MomentText {
    pub(crate) date: DateText,
    /// Microseconds since midnight.
    pub(crate) time: Option<i64>,
    pub(crate) zone: Option<Zone>,
}

impl MomentText {
    /// The numbers before and behind the month, where either may be a year of two digits.
    pub(crate) fn short_year_parts(&self, cell: &str) -> Option<(u32, u32)> {
        let DateText::Numeric { day_first: Some(_), year_first: Some(_), .. } = self.date else { return None };
        let mut numbers = cell.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        let (first, last) = (numbers.next()?, numbers.nth(1)?);
        Some((first.parse().ok()?, last.parse().ok()?))
    }
}

/// The day that a text names, with the day first and with the month first where that matters.
pub(crate) fn days_named(text: &str) -> [Option<Date>; 2] {
    let date = |days: i32| EPOCH.checked_add(jiff::Span::new().days(days)).ok();
    match lex(text).map(|moment| moment.date) {
        Ok(DateText::Fixed(days)) => [date(days); 2],
        Ok(DateText::Digits(DigitForm::Day)) => {
            [DigitForm::Day.read(text.trim()).and_then(|micros| date(micros.div_euclid(MICROS_PER_DAY) as i32)); 2]
        }
        Ok(DateText::Numeric { day_first, month_first, .. }) => [day_first.and_then(date), month_first.and_then(date)],
        Ok(DateText::Month(_) | DateText::Digits(_)) | Err(_) => [None; 2],
    }
}

/// A moment of the common kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MomentParts {
    /// Since 1970-01-01.
    pub(crate) days: i32,
    /// Microseconds since midnight.
    pub(crate) time: Option<i64>,
    /// Seconds east of UTC.
    pub(crate) offset: Option<i32>,
}

/// Days since 1970-01-01.
pub fn days(date: Date) -> i32 {
    (date.duration_since(EPOCH).as_secs() / 86_400) as i32
}

impl MomentFormat {
    /// A format that reads fixed forms only.
    pub fn plain(store: MomentStore) -> Self {
        Self { store, order: None, digits: None, months: false, header_zone: None, pattern: None, words: None }
    }

    /// Reads a day: days since 1970-01-01.
    pub fn date(&self, cell: &str) -> Result<i32, MomentFault> {
        let (days, time, zone) = self.parts(cell)?;
        if time.is_some_and(|time| time != 0) || zone.is_some() { Err(MomentFault::HasTime) } else { Ok(days) }
    }

    /// Reads microseconds since 1970-01-01T00:00, of the wall clock or in UTC as the column keeps them. A day without a
    /// time is its midnight.
    pub fn micros(&self, cell: &str) -> Result<i64, MomentFault> {
        let (days, time, zone) = self.parts(cell)?;
        let local = i64::from(days) * MICROS_PER_DAY + time.unwrap_or(0);
        match (self.store, zone) {
            (MomentStore::Utc, Some(zone)) => zone.instant(local).ok_or(MomentFault::NotADate),
            (_, Some(_)) => Err(MomentFault::HasZone),
            (_, None) => self.without_zone(local),
        }
    }

    /// The moment of a wall clock time without a zone, as [`Self::micros`] gives it.
    pub(crate) fn without_zone(&self, local: i64) -> Result<i64, MomentFault> {
        if self.store != MomentStore::Utc {
            return Ok(local);
        }
        let zone = self.header_zone.as_ref().and_then(HeaderZone::zone).ok_or(MomentFault::NoZone)?;
        zone.instant(local).ok_or(MomentFault::NotADate)
    }

    fn parts(&self, cell: &str) -> Result<(i32, Option<i64>, Option<Zone>), MomentFault> {
        if let Some(pattern) = &self.pattern {
            return Pattern(pattern).read(cell.trim()).ok_or(MomentFault::NotADate);
        }
        let text = lex(cell)?;
        self.judge(MomentShape::of(&text))?;
        let days = match text.date {
            DateText::Fixed(days) | DateText::Month(days) => days,
            DateText::Digits(_) => {
                let form = self.digits.ok_or(MomentFault::Digits)?;
                let micros = form.read(cell.trim()).ok_or(MomentFault::Digits)?;
                let (days, time) = civil::split_micros(micros);
                return Ok((days, form.has_time().then_some(time), form.is_epoch().then_some(Zone::Offset(0))));
            }
            DateText::Numeric { day_first, month_first, year_first, .. } => match self.order {
                Some(DateOrder::MonthDayYear) => month_first,
                Some(DateOrder::YearMonthDay) => year_first,
                Some(DateOrder::DayMonthYear) | None => day_first,
            }
            .ok_or(MomentFault::Order)?,
        };
        Ok((days, text.time, text.zone))
    }
}

#[cfg(test)]
mod tests;
