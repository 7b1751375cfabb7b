//! Reading by a strptime pattern that the configuration gives.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::zone::Zone;
use super::{MomentStore, days};

/// A strptime pattern: `%d.%m.%Y`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern<'a>(pub(crate) &'a str);

impl Pattern<'_> {
    /// The day, the time of day if the pattern has one, and the zone if it has one. A pattern without a day gives the month's first.
    pub(crate) fn read(self, cell: &str) -> Option<(i32, Option<i64>, Option<Zone>)> {
        let mut parsed = strtime::parse(self.0, cell).ok()?;
        if let Some(instant) = parsed.timestamp() {
            let (days, time) = super::civil::split_micros(instant.as_microsecond());
            return Some((days, Some(time), Some(Zone::Offset(0))));
        }
        if !self.has(&["%d", "%e", "%D", "%F", "%j", "%U", "%V", "%W", "%x", "%c"]) {
            parsed.set_day(Some(1)).ok()?;
        }
        let date = parsed.to_date().ok()?;
        let time = parsed.hour().and_then(|_| parsed.to_time().ok()).map(|time| {
            let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            seconds * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1000
        });
        let zone = match parsed.iana_time_zone() {
            Some(name) => Some(Zone::Named(TimeZone::get(name).ok()?)),
            None => parsed.offset().map(|offset| Zone::Offset(offset.seconds())),
        };
        Some((days(date), time, zone))
    }

    /// How moments of this pattern are kept.
    pub(crate) fn store(self) -> MomentStore {
        if self.has(&["%z", "%:z", "%Q", "%:Q", "%s"]) {
            MomentStore::Utc
        } else if self.has(&["%H", "%I", "%k", "%l", "%T", "%R", "%r", "%c", "%X"]) {
            MomentStore::Local
        } else {
            MomentStore::Date
        }
    }

    /// Why it is no pattern.
    pub(crate) fn fault(self) -> Option<String> {
        let any = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        strtime::format(self.0, &any).err().map(|error| error.to_string())
    }

    fn has(self, directives: &[&str]) -> bool {
        // `%%` is a percent sign, and a flag may stand between: `%-d`.
        let plain = self.0.replace("%%", "").replace("%-", "%").replace("%_", "%").replace("%0", "%");
        directives.iter().any(|directive| plain.contains(directive))
    }
}
