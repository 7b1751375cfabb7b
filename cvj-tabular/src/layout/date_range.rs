//! The days that a report covers, as the lines above its header say them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::moment::{DateOrder, days_named};
use crate::month::month_number;

/// Days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateRange {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl std::fmt::Display for DateRange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} to {}", self.from, self.to)
    }
}

const STARTS: [&str; 9] =
    ["start date", "date from", "from", "start", "startdatum", "von", "date de début", "du", "report start"];
const ENDS: [&str; 9] = ["end date", "date to", "to", "end", "enddatum", "bis", "date de fin", "au", "report end"];
/// What stands between the two days; the first that leaves a day on either side is taken.
const BETWEEN: [&str; 11] = [" - ", " – ", " — ", " to ", " bis ", " au ", " until ", " through ", "–", "—", "-"];

impl DateRange {
    /// The range that these lines name; `None` if they name none, or one that the order of day and month leaves open.
    pub fn in_lines(lines: &[impl AsRef<str>], order: Option<DateOrder>) -> Option<Self> {
        if let Some(range) = lines.iter().find_map(|line| Self::in_line(line.as_ref(), order)) {
            return Some(range);
        }
        let labelled = |labels: &[&str]| {
            lines.iter().find_map(|line| {
                let (label, value) = line.as_ref().trim_start_matches(['#', ' ', '\t']).split_once([':', ','])?;
                let label = label.trim().to_lowercase();
                if labels.contains(&label.as_str()) { Days::of(value) } else { None }
            })
        };
        Days::settle(labelled(&STARTS)?, labelled(&ENDS)?, order)
    }

    fn in_line(line: &str, order: Option<DateOrder>) -> Option<Self> {
        if line.len() > 500 {
            return None;
        }
        BETWEEN.iter().find_map(|between| {
            line.match_indices(between).find_map(|(at, _)| {
                let (left, right) = (&line[..at], &line[at + between.len()..]);
                match (Days::trailing(left), Days::leading(right)) {
                    (Some(from), Some(to)) => Days::settle(from, to, order),
                    // `Oct 1 - Oct 31, 2026`, `1. - 31. Oktober 2026`: the year, or the month too, is said once.
                    (None, Some(to)) => {
                        let year = to.year()?;
                        let month = right.split(|c: char| !c.is_alphabetic()).find(|word| month_number(word).is_some())?;
                        let from = trailing_words(left).find_map(|words| {
                            let with_year =
                                Days::of(&format!("{words} {year}")).or_else(|| Days::of(&format!("{words}, {year}")));
                            with_year.or_else(|| Days::of(&format!("{words} {month} {year}")))
                        });
                        Days::settle(from?, to, order)
                    }
                    // `October 1 - 31, 2026`
                    (None, None) => {
                        let month = left.split(|c: char| !c.is_alphabetic()).rfind(|word| month_number(word).is_some())?;
                        let to = Days::leading(&format!("{month} {}", right.trim_start()))?;
                        let year = to.year()?;
                        let from = trailing_words(left).find_map(|words| Days::of(&format!("{words}, {year}")));
                        Days::settle(from?, to, order)
                    }
                    _ => None,
                }
            })
        })
    }
}

/// A day, or two that the order of day and month leaves open.
#[derive(Clone, Copy)]
struct Days {
    day_first: Option<Date>,
    month_first: Option<Date>,
}

impl Days {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches(['(', ')', ',', ';', '"', '\'']).trim();
        let [day_first, month_first] = days_named(text);
        day_first.or(month_first).map(|_| Self { day_first, month_first })
    }

    /// The day that a text ends with.
    fn trailing(text: &str) -> Option<Self> {
        trailing_words(text).find_map(Self::of)
    }

    /// The day that a text begins with.
    fn leading(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut ends: Vec<_> = text.match_indices(char::is_whitespace).map(|(at, _)| at).take(6).collect();
        ends.push(text.len());
        ends.iter().rev().filter(|end| **end <= 60).find_map(|end| Self::of(&text[..*end]))
    }

    /// Both days in the one order of day and month in which they are days and a range.
    fn settle(from: Self, to: Self, order: Option<DateOrder>) -> Option<DateRange> {
        let range = |from: Option<Date>, to: Option<Date>| {
            let range = DateRange { from: from?, to: to? };
            (range.from <= range.to).then_some(range)
        };
        let day_first = range(from.day_first, to.day_first);
        let month_first = range(from.month_first, to.month_first);
        match (order, day_first, month_first) {
            (Some(DateOrder::DayMonthYear), range, _) | (Some(DateOrder::MonthDayYear), _, range) => range,
            (_, Some(one), Some(other)) => (one == other).then_some(one),
            (_, one, other) => one.or(other),
        }
    }

    fn year(self) -> Option<i16> {
        self.day_first.or(self.month_first).map(Date::year)
    }
}

/// The last words of a text, most first.
fn trailing_words(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim_end();
    let mut starts: Vec<_> = text.match_indices([' ', '\t', ':', '(']).map(|(at, found)| at + found.len()).collect();
    starts.insert(0, 0);
    let skip = starts.len().saturating_sub(6);
    starts.into_iter().skip(skip).map(move |at| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_found_where_reports_write_them() {
        let check = |lines: &[&str], expect: Option<&str>| {
            let found = DateRange::in_lines(lines, None).map(|range| range.to_string());
            assert_eq!(found.as_deref(), expect, "{lines:?}");
        };
        let october = Some("2026-10-01 to 2026-10-31");
        check(&["# Account: Northwind", "# Start date: 20261001", "# End date: 20261031"], october);
        check(&["Campaign report", "October 1, 2026 - October 31, 2026"], october);
        check(&["Oct 1, 2026–Oct 31, 2026"], october);
        check(&["Date range: 2026-10-01 to 2026-10-31"], october);
        check(&["01.10.2026 - 31.10.2026"], october);
        check(&["01.10.2026-31.10.2026"], october);
        check(&["20261001-20261031"], october);
        check(&["2026-10-01 - 2026-10-31"], october);
        check(&["Sessions (10/01/2026 - 10/31/2026)"], october);
        check(&["Zeitraum: 1. Oktober 2026 bis 31. Oktober 2026"], october);
        check(&["1 octobre 2026 au 31 octobre 2026"], october);
        check(&["Oct 1 - Oct 31, 2026"], october);
        check(&["October 1 - 31, 2026"], october);
        check(&["1. - 31. Oktober 2026"], october);
        check(&["From: 2026-10-01", "To: 2026-10-31"], october);
        // Either January to December or the first days of October.
        check(&["01/10/2026 - 12/10/2026"], None);
        check(&["Account 1234 - Northwind", "Exported 2026-11-02"], None);
        check(&["2026-10-31 - 2026-10-01"], None);
        check(&["# Start date: 20261001"], None);
        check(&[], None);
        let told = DateRange::in_lines(&["01/10/2026 - 12/10/2026"], Some(DateOrder::DayMonthYear));
        assert_eq!(told.map(|range| range.to_string()).as_deref(), Some("2026-10-01 to 2026-10-12"));
    }
}
