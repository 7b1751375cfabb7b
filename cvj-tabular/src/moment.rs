//! Dates and times in cells: ISO, US, European, textual and compact forms, with and without clock time and offset.
//!
//! One grammar reads them all; the only thing that a column must settle is whether `1/2/2026` is a day or a month first.
//! Zone *names* other than `Z`, `UTC` and `GMT` are not read: an offset is needed to know the instant.

use jiff::civil::{Date, date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::grammar::lex;

mod grammar;

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
    /// Only forms that begin with the year.
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
    /// `20261001` reads as a date.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compact: bool,
    /// Times without an offset are in UTC, because the header says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub utc: bool,
    /// A strptime pattern, used instead of the grammar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
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
}

/// The date part of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateText {
    /// There is one way to read it.
    Fixed(Date),
    /// `20261001`.
    Compact(Date),
    /// Two numbers and a year.
    Numeric { day_first: Option<Date>, month_first: Option<Date> },
}

/// A date and perhaps time as it stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MomentText {
    pub(crate) date: DateText,
    /// Microseconds since midnight.
    pub(crate) time: Option<i64>,
    /// Seconds east of UTC.
    pub(crate) offset: Option<i32>,
}

/// Whether a header says that its times are in UTC: `Created date (UTC)`.
pub(crate) fn utc_in_header(header: &str) -> bool {
    let mut words = header.split(|c: char| !c.is_alphanumeric());
    words.any(|word| matches!(word, "UTC" | "GMT"))
}

/// Days since 1970-01-01.
pub fn days(date: Date) -> i32 {
    (date.duration_since(EPOCH).as_secs() / 86_400) as i32
}

impl MomentFormat {
    /// A format that reads fixed forms only.
    pub fn plain(store: MomentStore) -> Self {
        Self { store, order: None, compact: false, utc: false, pattern: None }
    }

    /// Reads a day: days since 1970-01-01.
    pub fn date(&self, cell: &str) -> Result<i32, MomentFault> {
        let (date, time, offset) = self.parts(cell)?;
        if time.is_some_and(|time| time != 0) || offset.is_some() { Err(MomentFault::HasTime) } else { Ok(days(date)) }
    }

    /// Reads microseconds since 1970-01-01T00:00, of the wall clock or in UTC as the column keeps them. A day without a
    /// time is its midnight.
    pub fn micros(&self, cell: &str) -> Result<i64, MomentFault> {
        let (date, time, offset) = self.parts(cell)?;
        let local = i64::from(days(date)) * MICROS_PER_DAY + time.unwrap_or(0);
        match (self.store, offset) {
            (MomentStore::Utc, Some(offset)) => Ok(local - i64::from(offset) * 1_000_000),
            (MomentStore::Utc, None) if self.utc => Ok(local),
            (MomentStore::Utc, None) => Err(MomentFault::NoZone),
            (_, Some(_)) => Err(MomentFault::HasZone),
            (_, None) => Ok(local),
        }
    }

    fn parts(&self, cell: &str) -> Result<(Date, Option<i64>, Option<i32>), MomentFault> {
        if let Some(pattern) = &self.pattern {
            return by_pattern(pattern, cell.trim()).ok_or(MomentFault::NotADate);
        }
        if let Some((date, time)) = iso(cell.as_bytes()) {
            return Ok((date, time, None));
        }
        let text = lex(cell).ok_or(MomentFault::NotADate)?;
        let date = match text.date {
            DateText::Fixed(date) => date,
            DateText::Compact(date) if self.compact => date,
            DateText::Compact(_) => return Err(MomentFault::NotADate),
            DateText::Numeric { day_first, month_first } => match self.order {
                Some(DateOrder::DayMonthYear) => day_first.ok_or(MomentFault::Order)?,
                Some(DateOrder::MonthDayYear) => month_first.ok_or(MomentFault::Order)?,
                Some(DateOrder::YearMonthDay) => return Err(MomentFault::NotADate),
                None if day_first == month_first => day_first.ok_or(MomentFault::NotADate)?,
                None => return Err(MomentFault::Order),
            },
        };
        Ok((date, text.time, text.offset))
    }
}

/// Reads a cell by a strptime pattern: date, microseconds since midnight if the pattern has a time, offset if it has one.
pub(crate) fn by_pattern(pattern: &str, cell: &str) -> Option<(Date, Option<i64>, Option<i32>)> {
    let parsed = jiff::fmt::strtime::parse(pattern, cell).ok()?;
    let date = parsed.to_date().ok()?;
    let time = parsed.hour().and_then(|_| parsed.to_time().ok()).map(|time| {
        let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
        seconds * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1000
    });
    Some((date, time, parsed.offset().map(jiff::tz::Offset::seconds)))
}

/// The common case in one look: `2026-10-01`, `2026-10-01 09:14:35` or `2026-10-01T09:14:35`.
fn iso(bytes: &[u8]) -> Option<(Date, Option<i64>)> {
    let two = |at: usize| {
        let (tens, ones) = (bytes[at].wrapping_sub(b'0'), bytes[at + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
    };
    if !matches!(bytes.len(), 10 | 19) || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let date = new_date(two(0)? * 100 + two(2)?, two(5)?, two(8)?)?;
    if bytes.len() == 10 {
        return Some((date, None));
    }
    if !matches!(bytes[10], b' ' | b'T') || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let valid = hour < 24 && minute < 60 && second < 60;
    valid.then(|| (date, Some(i64::from(hour * 3600 + minute * 60 + second) * 1_000_000)))
}

fn new_date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().filter(|date| date.year() > 0)
}

#[cfg(test)]
mod tests;
