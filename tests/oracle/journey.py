"""Touchpoints, people and steps of one scope, person by person, as design §5 words them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from clock import DAY
from intervals import median_time, wilson
from rows import STAGES, Reading

DEFAULT_WINDOWS = {"engage": 30, "subscribe": 30, "convert": 90, "excite": 30, "ascend": 365, "advocate": 180, "promote": 365}


@dataclass(frozen=True)
class Touchpoint:
    """One person reaching one stage of one product's journey at one moment."""

    person: str
    stage: int
    at: int
    product: int | None
    """Position of the product; `None` when unassigned or when the definition names no product."""
    value: Fraction | None
    definition: int
    """Position of the definition it comes from."""
    by: tuple[tuple[str, str], ...] = ()
    """The values it is told apart by, each after its dimension's name."""


def occurrences(definition: Any, position: int, used: list[tuple[Reading, int | None]]) -> list[Touchpoint]:
    """The touchpoints of one definition from its used rows, each with its product.

    An occurrence has the values of its earliest row, of several the least by their texts.
    """
    choice = definition.get("occurrence", "all")
    if choice == "all" and not definition.get("order"):
        return [touchpoint(reading, product, reading.at, reading.value, position) for reading, product in used]
    groups: dict[Any, list[tuple[Reading, int | None]]] = defaultdict(list)
    for number, (reading, product) in enumerate(used):
        own = reading.order if reading.order else number
        groups[reading.person, product, own].append((reading, product))
    series: dict[Any, list[Any]] = defaultdict(list)
    for (person, product, _), members in groups.items():
        values = [reading.value for reading, _ in members if reading.value is not None]
        value = sum(values, Fraction(0)) if values else None
        earliest = min((reading for reading, _ in members), key=lambda reading: (reading.at, values_in_order(definition, reading)))
        key = (earliest.at, earliest.order, (value is not None, value or Fraction(0)))
        series[person, product].append((*key, earliest, value))
    result = []
    for (_, product), found in series.items():
        found.sort(key=lambda entry: entry[:3])
        chosen = found if choice == "all" else found[:1] if choice == "first" else found[1:]
        result += [touchpoint(reading, product, first, value, position) for first, _, _, reading, value in chosen]
    return result


def values_in_order(definition: Any, reading: Reading) -> list[str]:
    """A reading's value of every dimension of its definition; none is empty, and before all others."""
    return [dict(reading.by).get(dimension, "") for dimension in definition.get("by", [])]


def touchpoint(reading: Reading, product: int | None, at: int | None, value: Fraction | None, position: int) -> Touchpoint:
    """A reading as a touchpoint."""
    assert at is not None, "a used row has a time"
    return Touchpoint(reading.person, STAGES.index(reading.stage), at, product, value, position, reading.by)


class Journey:
    """One scope's touchpoints before `as_of`, person by person."""

    def __init__(self, touchpoints: list[Touchpoint], windows: dict[str, int], as_of: int, end: int) -> None:
        self.touchpoints = touchpoints
        self.windows = {**DEFAULT_WINDOWS, **windows}
        self.as_of = as_of
        self.end = end
        self.persons: dict[str, list[Touchpoint]] = defaultdict(list)
        for point in touchpoints:
            self.persons[point.person].append(point)
        self.chain = sorted({point.stage for point in touchpoints if point.at < end})

    def first_that_counts(self, person: str, stage: int, before: int) -> int | None:
        """The time of a person's first touchpoint at a stage that no later stage was touched before."""
        points = [point for point in self.persons[person] if point.at < before]
        counting = [
            point.at
            for point in points
            if point.stage == stage and not any(other.stage > stage and other.at < point.at for other in points)
        ]
        return min(counting, default=None)

    def people(self, stage: int) -> dict[str, int] | None:
        """The three readings of who reached a stage before the period's end."""
        if stage not in self.chain:
            return None
        reached = {"any": 0, "ordered": 0, "strict": 0}
        earlier = [other for other in self.chain if other < stage]
        for person, points in self.persons.items():
            if any(point.stage == stage and point.at < self.end for point in points):
                reached["any"] += 1
            if self.first_that_counts(person, stage, self.end) is not None:
                reached["ordered"] += 1
                if all(self.first_that_counts(person, other, self.end) is not None for other in earlier):
                    reached["strict"] += 1
        return reached

    def entrants(self, stage: int, start: int, end: int) -> list[tuple[str, int]]:
        """Who entered a stage in `[start, end)`, and when."""
        entries = [(person, self.first_that_counts(person, stage, self.as_of)) for person in self.persons]
        return [(person, at) for person, at in entries if at is not None and start <= at < end]

    def next_stage(self, stage: int) -> int | None:
        """The next stage of the chain."""
        if stage not in self.chain:
            return None
        return min((other for other in self.chain if other > stage), default=None)

    def step(self, stage: int, start: int, end: int) -> dict[str, Any] | None:
        """The step to the next stage of the chain for those who entered in `[start, end)`."""
        onward = self.next_stage(stage)
        if onward is None:
            return None
        days = self.windows[STAGES[onward]]
        entrants = self.entrants(stage, start, end)
        matured = [(person, at) for person, at in entrants if at + days * DAY <= self.as_of]
        advanced = skipped = 0
        for person, at in matured:
            within = {point.stage for point in self.persons[person] if at <= point.at <= at + days * DAY}
            if onward in within:
                advanced += 1
            elif any(other > onward for other in within):
                skipped += 1
        waits = []
        for person, at in entrants:
            arrivals = [point.at for point in self.persons[person] if point.stage == onward and point.at >= at]
            ended = min(arrivals, default=self.as_of)
            waits.append((Fraction(ended - at, DAY), bool(arrivals)))
        median = median_time(waits)
        return {
            "to": STAGES[onward],
            "entered": len(entrants),
            "matured": len(matured),
            "advanced": advanced,
            "skipped": skipped,
            "rate": advanced / len(matured) if matured else None,
            "interval": wilson(advanced, len(matured)),
            "median_days": None if median is None else float(median),
            "window_days": days,
        }

    def revenue(self, stage: int, start: int, end: int) -> Fraction:
        """The values of all touchpoints at a stage in `[start, end)`."""
        values = [point.value for point in self.touchpoints if point.stage == stage and start <= point.at < end]
        return sum((value for value in values if value is not None), Fraction(0))
