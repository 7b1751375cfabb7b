"""Instants, local days and reporting periods. An instant is a whole number of microseconds since 1970 in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

DAY = 86_400_000_000
"""A day of a window: 24 hours between instants, whatever the clocks do."""

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def instant_of(moment: datetime) -> int:
    """The instant of a datetime that has a zone."""
    return (moment.astimezone(timezone.utc) - EPOCH) // timedelta(microseconds=1)


def local_instant(moment: datetime, zone: ZoneInfo) -> int:
    """The instant of a wall-clock time: a skipped one moves forward by the gap, a repeated one is its first occurrence.

    That is what `fold=0` means: before the change's offset is used in both cases.
    """
    return instant_of(moment.replace(tzinfo=zone, fold=0))


def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which a local day begins."""
    return local_instant(datetime(day.year, day.month, day.day), zone)


def local_date(instant: int, zone: ZoneInfo) -> date:
    """The local day in which an instant lies."""
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone).date()


def printed(instant: int, zone: ZoneInfo) -> str:
    """RFC 3339 with the zone's offset at that instant."""
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone).isoformat()


def parsed(text: str, zone: ZoneInfo) -> int:
    """The instant that a configured `as_of` or a cell's time names: with an offset as written, else local."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return instant_of(moment) if moment.tzinfo else local_instant(moment, zone)


@dataclass(frozen=True)
class Period:
    """One week (Monday first), month or quarter, `[start, end)` in local days."""

    kind: str
    start: date

    @staticmethod
    def containing(kind: str, day: date) -> Period:
        """The period of this kind in which a day lies."""
        if kind == "week":
            return Period(kind, day - timedelta(days=day.weekday()))
        if kind == "month":
            return Period(kind, day.replace(day=1))
        return Period(kind, date(day.year, (day.month - 1) // 3 * 3 + 1, 1))

    @staticmethod
    def labelled(label: str) -> Period:
        """The period that `2026-10`, `2026-W40` or `2026-Q3` names."""
        year, rest = label.split("-")
        if rest.startswith("W"):
            return Period("week", date.fromisocalendar(int(year), int(rest[1:]), 1))
        if rest.startswith("Q"):
            return Period("quarter", date(int(year), int(rest[1:]) * 3 - 2, 1))
        return Period("month", date(int(year), int(rest), 1))

    def shifted(self, count: int) -> Period:
        """The period `count` later; earlier when negative."""
        if self.kind == "week":
            return Period(self.kind, self.start + timedelta(weeks=count))
        months = self.start.year * 12 + self.start.month - 1 + count * (1 if self.kind == "month" else 3)
        return Period(self.kind, date(months // 12, months % 12 + 1, 1))

    @property
    def end(self) -> date:
        """The first day after it."""
        return self.shifted(1).start

    @property
    def label(self) -> str:
        """As printed in reports."""
        if self.kind == "week":
            year, week, _ = self.start.isocalendar()
            return f"{year:04}-W{week:02}"
        if self.kind == "month":
            return f"{self.start.year:04}-{self.start.month:02}"
        return f"{self.start.year:04}-Q{(self.start.month - 1) // 3 + 1}"

    def holds(self, instant: int, zone: ZoneInfo) -> bool:
        """Whether an instant lies in it."""
        return midnight(self.start, zone) <= instant < midnight(self.end, zone)
