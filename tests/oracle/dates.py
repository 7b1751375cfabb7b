"""How far the dates of a source's touchpoints can be trusted: imports, several stages at one moment, dates that cannot be."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Sequence

from clock import local_date, midnight, printed
from journey import Touchpoint
from oracle import Client
from rows import STAGES

MINUTE = 60_000_000

FEWEST = 20
"""Touchpoints in a minute below which nothing is called an import."""

TOLD = 5
"""Minutes of imports that are told."""


class DateTrust:
    """What is doubtful about the dates of a client's touchpoints."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.points = client.touchpoints
        self.sources = [client.definitions[point.definition]["source"] for point in self.points]
        midnights = {at: at == midnight(local_date(at, client.zone), client.zone) for at in {point.at for point in self.points}}
        self.timed = [not midnights[point.at] for point in self.points]
        self.bulk_minutes = self.find_bulk_minutes()
        self.bulk = [
            timed and (source, point.stage, point.at // MINUTE) in self.bulk_minutes
            for point, source, timed in zip(self.points, self.sources, self.timed)
        ]
        self.same_instant = self.find_same_instant()
        self.first_stage = min((point.stage for point in self.points if point.at < client.end), default=None)
        self.firsts: dict[str, int] = {}
        for point in self.points:
            if point.stage == self.first_stage:
                self.firsts[point.person] = min(point.at, self.firsts.get(point.person, point.at))

    @property
    def doubtful(self) -> list[bool]:
        """Per touchpoint of the client."""
        return [bulk or same for bulk, same in zip(self.bulk, self.same_instant)]

    def find_bulk_minutes(self) -> dict[tuple[str, int, int], int]:
        """Minutes of an import with their touchpoints, by source, stage and minute."""
        minutes: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
        for point, source, timed in zip(self.points, self.sources, self.timed):
            if timed:
                minutes[source, point.stage][point.at // MINUTE] += 1
        found = {}
        for (source, stage), counts in minutes.items():
            spanned = max(counts) - min(counts) + 1
            for minute, count in counts.items():
                if count >= FEWEST and count * max(spanned, 1440) >= 10 * sum(counts.values()):
                    found[source, stage, minute] = count
        return found

    def find_same_instant(self) -> list[bool]:
        """Whether the same person and product has another stage at the very moment."""
        stages: dict[tuple[str, int | None, int], set[int]] = defaultdict(set)
        for point, timed in zip(self.points, self.timed):
            if timed:
                stages[point.person, point.product, point.at].add(point.stage)
        return [timed and len(stages[point.person, point.product, point.at]) > 1 for point, timed in zip(self.points, self.timed)]

    def of_source(self, name: str) -> dict[str, Any] | None:
        """What the report says of one source; `None` where no touchpoint definition reads it."""
        if not any(definition["kind"] == "touchpoint" and definition["source"] == name for definition in self.client.definitions):
            return None
        own = [number for number, source in enumerate(self.sources) if source == name]
        return {
            "touchpoints": len(own),
            "bulk": sum(self.bulk[number] for number in own),
            "bulk_minutes": self.fullest(name),
            "same_instant": sum(self.same_instant[number] for number in own),
            "before_first": sum(self.before_first(self.points[number]) for number in own),
            "future": self.future(name),
            "current": self.current(name),
        }

    def fullest(self, name: str) -> list[dict[str, Any]]:
        """The fullest minutes of a source's imports, of equal ones the earlier, then the lower stage."""
        minutes = [(-count, minute, stage) for (source, stage, minute), count in self.bulk_minutes.items() if source == name]
        return [
            {"minute": printed(minute * MINUTE, self.client.zone), "stage": STAGES[stage], "touchpoints": -count}
            for count, minute, stage in sorted(minutes)[:TOLD]
        ]

    def before_first(self, point: Touchpoint) -> bool:
        """Whether a touchpoint at a later stage comes before the person's first at the first stage."""
        first = self.firsts.get(point.person)
        return first is not None and self.first_stage is not None and point.stage > self.first_stage and point.at < first

    def future(self, name: str) -> int:
        """Rows of a source that a touchpoint definition would use, were they not dated at or after `as_of`."""
        rows = {
            (definition["table"], reading.index)
            for definition, readings in zip(self.client.definitions, self.client.readings)
            if definition["kind"] == "touchpoint" and definition["source"] == name
            for reading in readings
            if reading.kept and reading.problem is None and reading.at is not None and reading.at >= self.client.as_of
        }
        return len(rows)

    def current(self, name: str) -> dict[str, int] | None:
        """People whose present stage the source names, against the furthest stage that they have touched."""
        naming = [
            used
            for definition, used in zip(self.client.definitions, self.client.used)
            if definition["kind"] == "touchpoint" and definition["source"] == name and definition.get("current")
        ]
        if not naming:
            return None
        now: dict[str, int] = {}
        for used in naming:
            for reading in used:
                if reading.current:
                    now[reading.person] = max(STAGES.index(reading.current), now.get(reading.person, 0))
        furthest: dict[str, int] = {}
        for point in self.points:
            furthest[point.person] = max(point.stage, furthest.get(point.person, 0))
        both = [person for person in now if person in furthest]
        return {"people": len(both), "disagree": sum(1 for person in both if now[person] != furthest[person])}


def persons_in_doubt(trust: DateTrust, product: int | None) -> set[str] | None:
    """Persons with a doubtful touchpoint in a scope (overall: no product); `None` where no touchpoint of the client is doubtful."""
    doubtful: Sequence[bool] = trust.doubtful
    if not any(doubtful):
        return None
    return {point.person for point, doubt in zip(trust.points, doubtful) if doubt and product in (None, point.product)}
