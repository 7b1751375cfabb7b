//! Reporting periods: weeks (ISO, Monday), months and quarters as half-open ranges of local dates.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::{Span, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The length of a reporting period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeriodKind {
    /// ISO week, Monday to Sunday: `2026-W40`.
    Week,
    /// Calendar month: `2026-10`.
    #[default]
    Month,
    /// Calendar quarter: `2026-Q3`.
    Quarter,
}

/// One reporting period `[start, end)`, in local dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    start: Date,
    kind_order: u8,
}

impl Period {
    /// The period of this kind that holds `date`.
    ///
    /// ```
    /// use cvj_core::{Period, PeriodKind};
    /// let period = Period::containing(PeriodKind::Week, jiff::civil::date(2026, 1, 1));
    /// assert_eq!(period.label(), "2026-W01");
    /// assert_eq!(period.start(), jiff::civil::date(2025, 12, 29));
    /// ```
    pub fn containing(kind: PeriodKind, date: Date) -> Self {
        let start = match kind {
            PeriodKind::Week => {
                let back = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(Span::new().days(back)).unwrap_or(date)
            }
            PeriodKind::Month => date.first_of_month(),
            PeriodKind::Quarter => {
                let first = (date.month() - 1) / 3 * 3 + 1;
                Date::new(date.year(), first, 1).unwrap_or(date)
            }
        };
        Self { start, kind_order: kind as u8 }
    }

    /// Week, month or quarter.
    pub fn kind(self) -> PeriodKind {
        match self.kind_order {
            0 => PeriodKind::Week,
            1 => PeriodKind::Month,
            _ => PeriodKind::Quarter,
        }
    }

    /// First day.
    pub fn start(self) -> Date {
        self.start
    }

    /// First day after the period.
    pub fn end(self) -> Date {
        self.shifted(1).start
    }

    /// The period `count` periods later (earlier when negative); stays put at the calendar's limits.
    #[must_use]
    pub fn shifted(self, count: i32) -> Self {
        let span = match self.kind() {
            PeriodKind::Week => (i64::from(count) * 7).days(),
            PeriodKind::Month => count.months(),
            PeriodKind::Quarter => (i64::from(count) * 3).months(),
        };
        Self { start: self.start.checked_add(span).unwrap_or(self.start), ..self }
    }

    /// `2026-10`, `2026-W40` or `2026-Q3`.
    pub fn label(self) -> String {
        match self.kind() {
            PeriodKind::Week => {
                let week = self.start.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            PeriodKind::Month => format!("{:04}-{:02}", self.start.year(), self.start.month()),
            PeriodKind::Quarter => format!("{:04}-Q{}", self.start.year(), (self.start.month() - 1) / 3 + 1),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.label())
    }
}

/// The text is no period label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a period; write a month as 2026-10, a week as 2026-W40 or a quarter as 2026-Q3")]
pub struct InvalidPeriod(pub String);

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let invalid = || InvalidPeriod(text.to_owned());
        let (year, rest) = text.split_once('-').ok_or_else(invalid)?;
        let digits = |text: &str, length: usize| -> Option<i16> {
            (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
        };
        let year = digits(year, 4).ok_or_else(invalid)?;
        let period = if let Some(week) = rest.strip_prefix(['W', 'w']) {
            let week = digits(week, 2).and_then(|week| ISOWeekDate::new(year, week as i8, Weekday::Monday).ok());
            week.map(|week| Self::containing(PeriodKind::Week, week.date()))
        } else if let Some(quarter) = rest.strip_prefix(['Q', 'q']) {
            let quarter = digits(quarter, 1).filter(|quarter| (1..=4).contains(quarter));
            quarter
                .and_then(|quarter| Date::new(year, quarter as i8 * 3 - 2, 1).ok())
                .map(|date| Self::containing(PeriodKind::Quarter, date))
        } else {
            let month = digits(rest, 2).and_then(|month| Date::new(year, month as i8, 1).ok());
            month.map(|date| Self::containing(PeriodKind::Month, date))
        };
        period.ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_read_back() {
        for label in ["2026-10", "2026-W40", "2026-Q3", "2020-W53", "2025-W01"] {
            let period: Period = label.parse().unwrap();
            assert_eq!(period.label(), label);
        }
        for wrong in ["2026", "2026-13", "2026-W54", "2025-W53", "2026-Q5", "26-10", "2026-1", "oct"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn quarters_and_weeks_cross_years() {
        let quarter: Period = "2026-Q1".parse().unwrap();
        assert_eq!(quarter.shifted(-1).label(), "2025-Q4");
        assert_eq!((quarter.start(), quarter.end()), (date(2026, 1, 1), date(2026, 4, 1)));
        let week: Period = "2026-W01".parse().unwrap();
        assert_eq!(week.shifted(-1).label(), "2025-W52");
    }

    proptest! {
        #[test]
        fn a_date_lies_in_its_period(days in -20_000_i32..40_000) {
            let day = date(1970, 1, 1).checked_add(days.days()).unwrap();
            for kind in [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter] {
                let period = Period::containing(kind, day);
                prop_assert!(period.start() <= day && day < period.end());
                prop_assert_eq!(period.shifted(1).shifted(-1), period);
                prop_assert_eq!(period.label().parse::<Period>().unwrap(), period);
            }
        }
    }
}
