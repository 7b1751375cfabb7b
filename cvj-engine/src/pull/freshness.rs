//! Whether what was pulled before answers what is asked now.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::record::{Column, Identity, Plan};

/// How long a pull is used again, and an unfinished one gone on with.
const FRESH: SignedDuration = SignedDuration::from_hours(12);
/// By how much a pull may be of later than a run, which begins before it looks at what another run pulls.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// Which pulls are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pulls {
    /// Those of the last hours; others are pulled anew.
    #[default]
    Fresh,
    /// None: everything is pulled anew, but for what such a run began and did not end.
    Anew,
    /// Those there are, however old: no source is asked.
    Offline,
}

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) identity: &'a Identity,
    /// With the types that the table has.
    pub(super) columns: &'a [Column],
    pub(super) pulls: Pulls,
    pub(super) now: Timestamp,
    /// The client's.
    pub(super) zone: &'a TimeZone,
}

/// Why a pull does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Settings,
    Credentials,
    Plugin,
    Old,
    Anew,
    Lacks(String),
    Type(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings => write!(formatter, "the source's settings have changed since"),
            Self::Credentials => write!(formatter, "the source's credentials have changed since"),
            Self::Plugin => write!(formatter, "its plugin is of another version now"),
            Self::Old => write!(formatter, "it is older than {} hours or than this day", FRESH.as_hours()),
            Self::Anew => write!(formatter, "--refresh pulls anew"),
            Self::Lacks(column) => write!(formatter, "it lacks the column `{column}`, which a definition needs"),
            Self::Type(column) => write!(formatter, "its column `{column}` is of another type now"),
        }
    }
}

impl Wanted<'_> {
    /// Why this pull does not do; `None`: it does.
    pub(super) fn unfit(&self, plan: &Plan) -> Option<Unfit> {
        self.unfit_source(&plan.identity, plan.planned).or_else(|| self.unfit_columns(plan))
    }

    /// The same of a pull that was begun. One begun to pull everything anew is gone on with by the next run that is to.
    pub(super) fn unfit_begun(&self, plan: &Plan) -> Option<Unfit> {
        match self.pulls {
            Pulls::Anew if plan.is_refresh => Wanted { pulls: Pulls::Fresh, ..*self }.unfit(plan),
            _ => self.unfit(plan),
        }
    }

    /// The same of its columns alone.
    pub(super) fn unfit_columns(&self, plan: &Plan) -> Option<Unfit> {
        self.columns.iter().find_map(|wanted| match plan.columns.iter().find(|column| column.name == wanted.name) {
            None => Some(Unfit::Lacks(wanted.name.clone())),
            Some(column) if column.data_type != wanted.data_type => Some(Unfit::Type(wanted.name.clone())),
            Some(_) => None,
        })
    }

    /// The same of what the source said, whatever the columns.
    pub(super) fn unfit_source(&self, identity: &Identity, at: Timestamp) -> Option<Unfit> {
        if (&identity.plugin, &identity.settings) != (&self.identity.plugin, &self.identity.settings) {
            return Some(Unfit::Settings);
        }
        if self.pulls == Pulls::Offline {
            return None;
        }
        if identity.credentials != self.identity.credentials {
            return Some(Unfit::Credentials);
        }
        if identity.plugin_version != self.identity.plugin_version {
            return Some(Unfit::Plugin);
        }
        if self.pulls == Pulls::Anew {
            return Some(Unfit::Anew);
        }
        let age = self.now.duration_since(at);
        let day = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        // A clock that was set back makes nothing fresh; two runs at once are not. And a day that has ended since lacks its last hours.
        (age < -SLACK || age >= FRESH || day(at) != day(self.now)).then_some(Unfit::Old)
    }
}

/// A moment as people read it, in the client's time zone.
pub(super) fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// How long ago, in the largest unit that is not zero.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let hours = now.duration_since(at).as_hours().max(0);
    let counted = |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match (hours / 24, hours) {
        (0, 0) => "less than an hour ago".to_owned(),
        (0, hours) => counted(hours, "hour"),
        (days, _) => counted(days, "day"),
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Field, Schema};
    use jiff::ToSpan;

    use super::*;

    fn identity(version: &str, settings: &str, credentials: Option<&str>) -> Identity {
        Identity {
            plugin: "crm".to_owned(),
            plugin_version: version.to_owned(),
            settings: settings.to_owned(),
            credentials: credentials.map(str::to_owned),
        }
    }

    #[test]
    fn a_pull_is_used_while_it_is_fresh_and_has_what_is_needed() {
        let now: Timestamp = "2026-11-04T23:30:00Z".parse().unwrap();
        let fields = |fields: &[(&str, DataType)]| {
            Schema::new(fields.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Vec<_>>())
        };
        let kept = fields(&[("id", DataType::Int64), ("email", DataType::Utf8)]);
        let (same, new, other) = (identity("1", "a", Some("x")), identity("2", "a", Some("x")), identity("1", "b", Some("x")));
        let (account, unknown) = (identity("1", "a", Some("y")), identity("1", "a", None));
        let column = |name: &str, kind| Column::new(&Field::new(name, kind, true));
        let email = [column("email", DataType::Utf8)];
        let (name, id) = ([column("name", DataType::Utf8)], [column("id", DataType::Utf8)]);
        let lacks = || Some(Unfit::Lacks("name".to_owned()));
        for (hours, pulls, identity, columns, expected) in [
            (0, Pulls::Fresh, &same, &email, None),
            (11, Pulls::Fresh, &same, &email, None),
            (12, Pulls::Fresh, &same, &email, Some(Unfit::Old)),
            (-1, Pulls::Fresh, &same, &email, Some(Unfit::Old)),
            (11, Pulls::Fresh, &new, &email, Some(Unfit::Plugin)),
            (11, Pulls::Fresh, &other, &email, Some(Unfit::Settings)),
            (11, Pulls::Fresh, &account, &email, Some(Unfit::Credentials)),
            (1, Pulls::Anew, &account, &email, Some(Unfit::Credentials)),
            (9000, Pulls::Offline, &unknown, &email, None),
            (11, Pulls::Fresh, &same, &name, lacks()),
            (11, Pulls::Fresh, &same, &id, Some(Unfit::Type("id".to_owned()))),
            (1, Pulls::Anew, &same, &email, Some(Unfit::Anew)),
            (9000, Pulls::Offline, &new, &email, None),
            (9000, Pulls::Offline, &other, &email, Some(Unfit::Settings)),
            (9000, Pulls::Offline, &same, &name, lacks()),
        ] {
            let plan =
                Plan::new(same.clone(), now.checked_sub(i64::from(hours).hours()).unwrap(), false, &kept, None, Vec::new());
            let wanted = Wanted { identity, columns, pulls, now, zone: &TimeZone::UTC };
            assert_eq!(wanted.unfit(&plan), expected, "{hours} hours, {pulls:?}, {identity:?}, {columns:?}");
        }
    }

    #[test]
    fn a_refresh_goes_on_with_a_refresh() {
        let now: Timestamp = "2026-11-04T23:30:00Z".parse().unwrap();
        let (own, other) = (identity("1", "a", None), identity("1", "b", None));
        for (is_refresh, hours, identity, expected) in [
            (true, 1, &own, None),
            (false, 1, &own, Some(Unfit::Anew)),
            (true, 12, &own, Some(Unfit::Old)),
            (true, 1, &other, Some(Unfit::Settings)),
        ] {
            let planned = now.checked_sub(hours.hours()).unwrap();
            let plan = Plan::new(own.clone(), planned, is_refresh, &Schema::empty(), None, Vec::new());
            let wanted = Wanted { identity, columns: &[], pulls: Pulls::Anew, now, zone: &TimeZone::UTC };
            assert_eq!(wanted.unfit_begun(&plan), expected, "{is_refresh}, {hours} hours, {identity:?}");
            assert!(wanted.unfit(&plan).is_some(), "one that came to its end is never used");
        }
    }

    #[test]
    fn a_pull_is_old_once_a_day_of_the_client_has_ended() {
        let own = identity("1", "a", None);
        let (halloween, november): (Timestamp, Timestamp) =
            ("2026-11-01T03:00:00Z".parse().unwrap(), "2026-11-01T05:00:00Z".parse().unwrap());
        for (zone, expected) in [("UTC", None), ("America/New_York", Some(Unfit::Old)), ("Asia/Tokyo", None)] {
            let zone = TimeZone::get(zone).unwrap();
            let wanted = Wanted { identity: &own, columns: &[], pulls: Pulls::Fresh, now: november, zone: &zone };
            assert_eq!(wanted.unfit_source(&own, halloween), expected, "{zone:?}");
        }
    }

    #[test]
    fn ages_are_told_in_words() {
        let now: Timestamp = "2026-11-04T10:00:00Z".parse().unwrap();
        for (at, expected) in [
            ("2026-11-04T09:30:00Z", "less than an hour ago"),
            ("2026-11-04T08:59:00Z", "1 hour ago"),
            ("2026-11-01T09:00:00Z", "3 days ago"),
            ("2026-11-05T09:00:00Z", "less than an hour ago"),
        ] {
            assert_eq!(age(at.parse().unwrap(), now), expected);
        }
    }
}
