//! The sample's time: wall-clock times in Chicago, instants, and the fourteen months.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// Months of data: September 2025 to October 2026; three more days follow.
pub(super) const MONTHS: i64 = 14;

/// Months that the report computes, the reported one included.
pub(super) const HISTORY: usize = 13;

/// Seconds since 1970.
pub(super) type Seconds = i64;

/// Chicago's clock.
pub(super) struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// Fails where the machine has no time-zone database.
    pub(super) fn new() -> Result<Self, String> {
        let zone = TimeZone::get("America/Chicago")
            .map_err(|error| format!("{error}\nhint: install the time-zone database (Debian: tzdata)"))?;
        Ok(Self { zone })
    }

    /// A wall-clock time in its zone: a skipped one moves forward by the gap, a repeated one is its first occurrence.
    pub(super) fn zoned(&self, local: DateTime) -> Result<Zoned, String> {
        self.zone.to_ambiguous_zoned(local).compatible().map_err(|error| error.to_string())
    }

    /// The instant of a wall-clock time.
    pub(super) fn instant(&self, local: DateTime) -> Result<Seconds, String> {
        Ok(self.zoned(local)?.timestamp().as_second())
    }

    /// The instant of a day's first moment.
    pub(super) fn midnight(&self, day: Date) -> Result<Seconds, String> {
        self.instant(day.at(0, 0, 0, 0))
    }

    /// The local day in which an instant lies.
    pub(super) fn day(&self, instant: Seconds) -> Result<Date, String> {
        let timestamp = Timestamp::from_second(instant).map_err(|error| error.to_string())?;
        Ok(timestamp.to_zoned(self.zone.clone()).date())
    }

    /// `[start, end)` of every month of the history, the reported one last.
    pub(super) fn history(&self) -> Result<Vec<(Seconds, Seconds)>, String> {
        let skipped = MONTHS - HISTORY as i64;
        (skipped..MONTHS).map(|month| Ok((self.midnight(month_start(month))?, self.midnight(month_start(month + 1))?))).collect()
    }

    /// The end of follow-up.
    pub(super) fn as_of(&self) -> Result<Seconds, String> {
        self.midnight(as_of())
    }
}

/// The day at whose start follow-up ends.
pub(super) fn as_of() -> Date {
    date(2026, 11, 4)
}

/// The first day of the month with this number, 0 being September 2025.
pub(super) fn month_start(month: i64) -> Date {
    date(2025, 9, 1).saturating_add(month.months())
}

/// The month in which a day lies, 0 being September 2025.
pub(super) fn month_of(day: Date) -> i64 {
    (i64::from(day.year()) - 2025) * 12 + i64::from(day.month()) - 9
}

/// `2025-10`, …, for every month of the history.
pub(super) fn label(month: i64) -> String {
    month_start(month).strftime("%Y-%m").to_string()
}
