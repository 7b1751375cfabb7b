//! The client's clock: local times to instants, instants to reporting periods.
//!
//! Instants are microseconds since 1970-01-01T00:00Z, local times microseconds since 1970-01-01T00:00 of the wall clock.

use cvj_core::{Period, PeriodKind};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Microseconds in a day of 24 hours.
pub(crate) const DAY: i64 = 86_400_000_000;

const FIRST: Date = date(1900, 1, 1);
const LAST: Date = date(2200, 1, 1);
/// [`FIRST`] in days since 1970-01-01.
const FIRST_DAY: i64 = -25_567;

/// One stretch of constant offset from UTC.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start: i64,
    offset: i64,
}

/// A local day in one period, or the part of it between two clock changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalDay {
    /// Since 1970-01-01.
    pub(crate) number: i64,
    /// The number of the period, -1 for all before 1900.
    pub(crate) period: i32,
    from: i64,
    to: i64,
}

impl LocalDay {
    /// Whether this instant is of the same day.
    #[inline]
    pub(crate) fn holds(&self, instant: i64) -> bool {
        (self.from..self.to).contains(&instant)
    }
}

/// The local days that were asked for of late: those of neighbouring rows are few.
pub(crate) struct RecentDays<'a> {
    calendar: &'a Calendar,
    /// By the hours in which the instant lies.
    days: Vec<LocalDay>,
}

impl<'a> RecentDays<'a> {
    /// So many stretches of 2^[`Self::STRETCH`] microseconds, a tenth of a day each, are told apart.
    const PLACES: usize = 256;
    const STRETCH: u32 = 33;

    pub(crate) fn new(calendar: &'a Calendar) -> Self {
        Self { calendar, days: vec![calendar.day(0); Self::PLACES] }
    }

    /// The local day of an instant.
    #[inline]
    pub(crate) fn of(&mut self, instant: i64) -> LocalDay {
        let known = &mut self.days[(instant >> Self::STRETCH) as usize % Self::PLACES];
        if !known.holds(instant) {
            *known = self.calendar.day(instant);
        }
        *known
    }
}

/// A time zone with the boundaries of one kind of period.
#[derive(Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    stretches: Vec<Stretch>,
    first: Period,
    /// Starts of the periods from `first` on, as instants.
    boundaries: Vec<i64>,
    /// For every day in UTC from [`FIRST`] on: the stretch and the period that its begin lies in, from where the right ones
    /// are a step or two away.
    by_day: Vec<(u16, u16)>,
}

impl Calendar {
    pub(crate) fn new(zone: TimeZone, kind: PeriodKind) -> Self {
        let begin = FIRST.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
        let end = LAST.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp());
        let offset = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1_000_000;
        let mut stretches = vec![Stretch { start: i64::MIN / 2, offset: offset(zone.to_offset(begin)) }];
        for transition in zone.following(begin).take_while(|transition| transition.timestamp() < end) {
            stretches.push(Stretch { start: transition.timestamp().as_microsecond(), offset: offset(transition.offset()) });
        }
        let first = Period::containing(kind, FIRST);
        let mut calendar = Self { zone, stretches, first, boundaries: Vec::new(), by_day: Vec::new() };
        let mut period = calendar.first;
        while period.start() < LAST {
            calendar.boundaries.push(calendar.midnight(period.start()));
            period = period.shifted(1);
        }
        let (mut stretch, mut period) = (0, 0);
        for day in (begin.as_microsecond()..end.as_microsecond()).step_by(DAY as usize) {
            while calendar.stretches.get(stretch + 1).is_some_and(|next| next.start <= day) {
                stretch += 1;
            }
            while calendar.boundaries.get(period + 1).is_some_and(|next| *next <= day) {
                period += 1;
            }
            calendar.by_day.push((stretch as u16, period as u16));
        }
        calendar
    }

    /// Where to begin looking for the stretch and the period of an instant: never behind the right ones.
    fn near(&self, instant: i64) -> (usize, usize) {
        let Ok(day) = usize::try_from(instant.div_euclid(DAY) - FIRST_DAY) else { return (0, 0) };
        let (stretch, period) = self.by_day.get(day).or(self.by_day.last()).copied().unwrap_or_default();
        (usize::from(stretch), usize::from(period))
    }

    /// The instant of a local time: one that a clock change skips moves forward by the gap, a repeated one is its first occurrence.
    pub(crate) fn instant(&self, local: i64) -> i64 {
        if let [only] = &self.stretches[..] {
            return local - only.offset;
        }
        // The last stretch that begins, by its own clock, at or before `local`; no clock is more than a day ahead of UTC …
        let near = self.near(local - DAY).0;
        let later = self.stretches[near..].iter().skip(1).take_while(|stretch| stretch.start + stretch.offset <= local);
        let index = near + later.count();
        // … but an earlier one that still runs has the first occurrence.
        if let Some(previous) = index.checked_sub(1).map(|previous| self.stretches[previous])
            && local - previous.offset < self.stretches[index].start
        {
            return local - previous.offset;
        }
        local - self.stretches[index].offset
    }

    /// The local day of an instant.
    pub(crate) fn day(&self, instant: i64) -> LocalDay {
        let (mut stretch, mut period) = self.near(instant);
        while self.stretches.get(stretch + 1).is_some_and(|next| next.start <= instant) {
            stretch += 1;
        }
        while self.boundaries.get(period).is_some_and(|start| *start <= instant) {
            period += 1;
        }
        let Stretch { start, offset } = self.stretches[stretch];
        let number = (instant + offset).div_euclid(DAY);
        let begin = number.saturating_mul(DAY).saturating_sub(offset);
        let ends = [self.stretches.get(stretch + 1).map(|next| next.start), self.boundaries.get(period).copied()];
        let begins = [Some(start), period.checked_sub(1).map(|before| self.boundaries[before])];
        LocalDay {
            number,
            period: period as i32 - 1,
            from: begins.into_iter().flatten().fold(begin, i64::max),
            to: ends.into_iter().flatten().fold(begin.saturating_add(DAY), i64::min),
        }
    }

    /// The local time of an instant.
    pub(crate) fn local(&self, instant: i64) -> i64 {
        let near = self.near(instant).0;
        let later = self.stretches[near..].iter().skip(1).take_while(|stretch| stretch.start <= instant).count();
        instant + self.stretches[near + later].offset
    }

    /// Whether a local day begins at an instant.
    pub(crate) fn begins_day(&self, instant: i64) -> bool {
        self.instant(self.local(instant).div_euclid(DAY) * DAY) == instant
    }

    /// The local date of an instant.
    pub(crate) fn date(&self, instant: i64) -> Date {
        let days = self.local(instant).div_euclid(DAY);
        date(1970, 1, 1).checked_add(days.days()).unwrap_or(FIRST)
    }

    /// The instant at which a local date begins.
    pub(crate) fn midnight(&self, date: Date) -> i64 {
        let days = i64::from((date - jiff::civil::date(1970, 1, 1)).get_days());
        self.instant(days * DAY)
    }

    /// The number of the period that holds an instant, counted from an arbitrary but fixed one; -1 for all before 1900.
    pub(crate) fn period_index(&self, instant: i64) -> i32 {
        let near = self.near(instant).1;
        let begun = self.boundaries[near..].iter().take_while(|start| **start <= instant).count();
        (near + begun) as i32 - 1
    }

    /// The period with this number.
    pub(crate) fn period(&self, index: i32) -> Period {
        self.first.shifted(index)
    }

    /// The number of a period.
    pub(crate) fn index_of(&self, period: Period) -> i32 {
        self.period_index(self.midnight(period.start()))
    }

    /// Start of a period.
    pub(crate) fn start(&self, index: i32) -> i64 {
        self.midnight(self.period(index).start())
    }

    /// RFC 3339 with the client's offset.
    pub(crate) fn rfc3339(&self, instant: i64) -> String {
        let Ok(timestamp) = Timestamp::from_microsecond(instant) else { return String::new() };
        let zoned = timestamp.to_zoned(self.zone.clone());
        let format = if instant.rem_euclid(1_000_000) == 0 { "%Y-%m-%dT%H:%M:%S%:z" } else { "%Y-%m-%dT%H:%M:%S%.6f%:z" };
        zoned.strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar::new(TimeZone::get(zone).unwrap(), PeriodKind::Month)
    }

    fn micros(local: DateTime) -> i64 {
        local.to_zoned(TimeZone::UTC).unwrap().timestamp().as_microsecond()
    }

    #[test]
    fn skipped_times_move_forward_and_repeated_ones_come_first() {
        let chicago = calendar("America/Chicago");
        let instant =
            |local: &str| Timestamp::from_microsecond(chicago.instant(micros(local.parse().unwrap()))).unwrap().to_string();
        assert_eq!(instant("2026-03-08T02:30:00"), "2026-03-08T08:30:00Z");
        assert_eq!(instant("2026-11-01T01:30:00"), "2026-11-01T06:30:00Z");
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(
            zone in prop::sample::select(vec!["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]),
            seconds in -2_000_000_000_i64..4_000_000_000,
        ) {
            let calendar = calendar(zone);
            let local = Timestamp::from_second(seconds).unwrap().to_zoned(TimeZone::UTC).datetime();
            let expected = local.to_zoned(TimeZone::get(zone).unwrap()).unwrap().timestamp().as_microsecond();
            prop_assert_eq!(calendar.instant(micros(local)), expected);
            let back = Timestamp::from_microsecond(expected).unwrap().to_zoned(TimeZone::get(zone).unwrap()).datetime();
            prop_assert_eq!(calendar.local(expected), micros(back));
            let held = calendar.day(expected);
            prop_assert_eq!(held.number, calendar.local(expected).div_euclid(DAY));
            prop_assert_eq!(held.period, calendar.period_index(expected));
            prop_assert_eq!(calendar.period(held.period), Period::containing(PeriodKind::Month, back.date()));
            prop_assert!(held.holds(expected));
            let mut recent = RecentDays::new(&calendar);
            for instant in [expected, expected + 40 * DAY, expected, held.from - 1, held.to, expected] {
                prop_assert_eq!(recent.of(instant).number, calendar.day(instant).number);
            }
            for (instant, holds) in [(held.from, true), (held.to - 1, true), (held.from - 1, false), (held.to, false)] {
                let other = calendar.day(instant);
                let same = (other.period, other.number, other.from) == (held.period, held.number, held.from);
                prop_assert_eq!((held.holds(instant), same), (holds, holds));
            }
        }
    }
}
