//! Time zones as cells and headers write them: offsets, names of the IANA database, and the few abbreviations that mean one
//! offset only.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The abbreviations of RFC 5322 §4.3, which mail systems write, and those of the European zones, with their hours east of UTC.
/// `IST`, `BST` and others mean several offsets and are not read.
const ABBREVIATIONS: &[(&str, i32)] = &[
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("MEZ", 1),
    ("MESZ", 2),
    ("EET", 2),
    ("EEST", 3),
];

/// A zone behind a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Zone {
    /// Seconds east of UTC.
    Offset(i32),
    /// One of the IANA database.
    Named(TimeZone),
}

/// The zone that a header says for times without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderZone {
    /// Seconds east of UTC: `(UTC)`, `(GMT+02:00)`.
    Offset(i32),
    /// A name of the IANA database: `(America/New_York)`.
    Named(String),
}

impl Zone {
    /// The instant of a wall clock time, both as microseconds since 1970. A time that a clock change skips moves forward by the
    /// gap, a repeated one is its first occurrence.
    pub(crate) fn instant(&self, local: i64) -> Option<i64> {
        match self {
            Self::Offset(seconds) => Some(local - i64::from(*seconds) * 1_000_000),
            Self::Named(zone) => {
                let wall: DateTime = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(local).ok()?);
                Some(zone.to_timestamp(wall).ok()?.as_microsecond())
            }
        }
    }

    /// `Z`, `UTC`, `EST`, `CEST` …, in capitals as they are written.
    pub(crate) fn abbreviated(word: &str) -> Option<Self> {
        let word = if word == "z" { "Z" } else { word };
        let (_, hours) = ABBREVIATIONS.iter().find(|(name, _)| *name == word)?;
        Some(Self::Offset(hours * 3600))
    }

    /// `America/New_York`. Names without a slash are abbreviations.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if !name.contains('/') {
            return None;
        }
        TimeZone::get(name).ok().map(Self::Named)
    }
}

impl HeaderZone {
    /// The zone that a header names: `Created date (UTC)`, `Time (GMT+2)`, `Day (America/Chicago)`. Abbreviations such as `PST` are
    /// not taken from headers: people write them all year round.
    pub(crate) fn of(header: &str) -> Option<Self> {
        let words = header.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',' | ';'));
        for word in words {
            if Zone::named(word).is_some() {
                return Some(Self::Named(word.to_owned()));
            }
            for name in ["UTC", "GMT"] {
                let parts = word.find(name).map(|at| (&word[..at], &word[at + name.len()..]));
                let Some((before, after)) = parts else { continue };
                if before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric) {
                    continue;
                }
                // `UTC-based` and `UTC_time` are UTC, `UTC+02:00` is not.
                return match offset(after) {
                    Some((seconds, "")) => Some(Self::Offset(seconds)),
                    _ => Some(Self::Offset(0)),
                };
            }
        }
        None
    }

    /// The zone that it is.
    pub(crate) fn zone(&self) -> Option<Zone> {
        match self {
            Self::Offset(seconds) => Some(Zone::Offset(*seconds)),
            Self::Named(name) => Zone::named(name),
        }
    }

    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Offset(0) => "UTC".to_owned(),
            Self::Offset(seconds) => {
                let minutes = seconds.abs() / 60;
                let sign = if *seconds < 0 { '-' } else { '+' };
                format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Self::Named(name) => name.clone(),
        }
    }
}

/// An offset at the begin of a text: `+02:00`, `-0500`, `+2`, as seconds, and the text behind it.
pub(crate) fn offset(text: &str) -> Option<(i32, &str)> {
    let sign = text.chars().next()?;
    let east = match sign {
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let rest = &text[sign.len_utf8()..];
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (hours, minutes, rest) = match digits(rest) {
        4 => (&rest[..2], &rest[2..4], &rest[4..]),
        length @ (1 | 2) => match rest[length..].strip_prefix(':') {
            Some(minutes) if digits(minutes) == 2 => (&rest[..length], &minutes[..2], &minutes[2..]),
            Some(_) => return None,
            None => (&rest[..length], "0", &rest[length..]),
        },
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 18 && minutes <= 59).then_some((east * (hours * 3600 + minutes * 60), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_zones() {
        let check = |header: &str, expect: Option<HeaderZone>| assert_eq!(HeaderZone::of(header), expect, "{header}");
        let hours = |hours: i32| Some(HeaderZone::Offset(hours * 3600));
        check("Created date (UTC)", hours(0));
        check("created_utc", None);
        check("Created (UTC+02:00)", hours(2));
        check("Created (GMT-5)", hours(-5));
        check("Created GMT", hours(0));
        check("Day [America/Chicago]", Some(HeaderZone::Named("America/Chicago".to_owned())));
        check("Day/Month", None);
        check("OUTCOME UTCX", None);
        check("Created (PST)", None);
    }

    #[test]
    fn a_clock_change_moves_as_the_design_says() {
        let zone = Zone::named("America/Chicago").expect("a zone");
        let micros = |text: &str| text.parse::<Timestamp>().expect("an instant").as_microsecond();
        let check = |local: &str, expect: &str| assert_eq!(zone.instant(micros(local)), Some(micros(expect)), "{local}");
        check("2026-10-01T09:00:00Z", "2026-10-01T14:00:00Z");
        check("2026-03-08T02:30:00Z", "2026-03-08T08:30:00Z");
        check("2026-11-01T01:30:00Z", "2026-11-01T06:30:00Z");
        assert_eq!(Zone::abbreviated("EST"), Some(Zone::Offset(-18_000)));
        assert_eq!(Zone::abbreviated("IST"), None);
        assert_eq!(Zone::named("EST"), None);
        assert_eq!(Zone::named("Mars/Olympus"), None);
    }
}
