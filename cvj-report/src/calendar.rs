//! Dates and periods in words. Text that is no date is printed as it is.

use cvj_core::report::{Report, ReportPeriod};
use jiff::civil::{Date, DateTime};

use crate::locale::{self, DateOrder};

/// `2026-11-04T00:00:00-06:00` as `November 4, 2026`, with the time of day unless it is midnight.
pub(crate) fn moment(text: &str) -> String {
    let Some(at) = local(text) else { return text.to_owned() };
    let day = in_words(at.date());
    if at.time() == jiff::civil::Time::midnight() { day } else { format!("{day}, {}", at.strftime("%H:%M")) }
}

/// A date in the locale's order: `November 4, 2026`, `4 November 2026`, `2026 November 4`.
fn in_words(date: Date) -> String {
    let format = match locale::date_order() {
        DateOrder::MonthDayYear => "%B %-d, %Y",
        DateOrder::DayMonthYear => "%-d %B %Y",
        DateOrder::YearMonthDay => "%Y %B %-d",
    };
    date.strftime(format).to_string()
}

/// The local date and time of an RFC 3339 text, whatever its offset.
pub(crate) fn local(text: &str) -> Option<DateTime> {
    text.parse().ok()
}

/// `2026-11-04` as `November 4, 2026`.
pub(crate) fn day(text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), in_words)
}

/// The day before a date: the last day of a half-open range.
pub(crate) fn last_day(end: &str) -> String {
    day(&day_before(end))
}

/// The day before a date, ISO.
pub(crate) fn day_before(end: &str) -> String {
    let last = end.parse::<Date>().ok().and_then(|date| date.yesterday().ok());
    last.map_or_else(|| end.to_owned(), |date| date.to_string())
}

/// Until when people are counted: the period's last day, or `as_of` where the period is unfinished.
pub(crate) fn until(report: &Report) -> String {
    if report.period.complete { last_day(&report.period.end) } else { format!("{} (unfinished period)", moment(&report.as_of)) }
}

/// A period in words: `October 2026`, `Week 40 of 2026`, `Q3 2026`.
pub(crate) fn period(period: &ReportPeriod) -> String {
    named(&period.label)
}

/// A period in words, by its label.
pub(crate) fn named(label: &str) -> String {
    let words = match label.split_once('-') {
        Some((year, part)) if part.starts_with('W') => Some(format!("Week {} of {year}", part.trim_start_matches(['W', '0']))),
        Some((year, part)) if part.starts_with('Q') => Some(format!("{part} {year}")),
        _ => format!("{label}-01").parse::<Date>().ok().map(|date| date.strftime("%B %Y").to_string()),
    };
    words.unwrap_or_else(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_words() {
        assert_eq!(moment("2026-11-04T00:00:00-06:00"), "November 4, 2026");
        assert_eq!(moment("2026-11-04T14:05:00-06:00"), "November 4, 2026, 14:05");
        assert_eq!(last_day("2026-11-01"), "October 31, 2026");
        assert_eq!((day("not a date"), last_day("not a date")), ("not a date".to_owned(), "not a date".to_owned()));
    }

    #[test]
    fn periods_read_as_words() {
        assert_eq!(named("2026-10"), "October 2026");
        assert_eq!(named("2026-W04"), "Week 4 of 2026");
        assert_eq!(named("2026-Q3"), "Q3 2026");
        assert_eq!(named("last year"), "last year");
    }
}
