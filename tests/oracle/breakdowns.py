"""A scope's journey by the values that its touchpoints are told apart by, under three attributions."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rows import STAGES
from scope import Person, Scope, share

LISTED = 9
"""Values that are listed one by one; of more, one fewer are, and the others are one row."""

Valued = list[tuple[int, int, str]]
"""The touchpoints of a person that have a value: time, stage and value, in this order."""


def first_touch(valued: Valued, stage: int, at: int) -> str | None:
    """The value of the first touchpoint that has one, unless it comes after the one that reached the stage."""
    return valued[0][2] if valued and valued[0][:2] <= (at, stage) else None


def last_touch(valued: Valued, stage: int, at: int) -> str | None:
    """That of the last one that has one, up to and with the touchpoint that reached the stage."""
    so_far = [value for time, other, value in valued if (time, other) <= (at, stage)]
    return so_far[-1] if so_far else None


def touch_at_stage(valued: Valued, stage: int, at: int) -> str | None:
    """That of the touchpoint that reached the stage."""
    return next((value for time, other, value in valued if (time, other) == (at, stage)), None)


ATTRIBUTIONS = {"first_touch": first_touch, "last_touch": last_touch, "touch_at_stage": touch_at_stage}


class Tally:
    """Some people at one stage."""

    def __init__(self) -> None:
        self.people = self.entered = self.matured = self.advanced = 0

    def add(self, other: Tally) -> None:
        """Puts other people to these."""
        self.people += other.people
        self.entered += other.entered
        self.matured += other.matured
        self.advanced += other.advanced


Row = dict[int, Tally]
"""One value's people, by stage of the chain."""


def breakdowns(scope: Scope) -> list[dict[str, Any]]:
    """Every dimension under every attribution; a scope without a chain has none."""
    return [
        {"dimension": dimension, "attribution": attribution, "rows": rows(scope, tallies(scope, dimension, attribution))}
        for dimension in scope.frame.dimensions
        for attribution in ATTRIBUTIONS
        if scope.chain
    ]


def tallies(scope: Scope, dimension: str, attribution: str) -> dict[str | None, Row]:
    """People by value (`None`: without one) and stage of the chain."""
    found: dict[str | None, Row] = defaultdict(lambda: {stage: Tally() for stage in scope.chain})
    for name, person in scope.persons.items():
        valued = sorted((point.at, point.stage, value) for point in person.points for key, value in point.by if key == dimension)
        for stage in scope.chain:
            if scope.reached_by_end(person, stage):
                value = ATTRIBUTIONS[attribution](valued, stage, person.reached[stage])
                count(scope, name, person, stage, found[value][stage])
    return found


def count(scope: Scope, name: str, person: Person, stage: int, tally: Tally) -> None:
    """Counts a person who reached a stage before the end of the reported period."""
    at = person.reached[stage]
    tally.people += 1
    if at < scope.frame.bounds[-1][0]:
        return
    tally.entered += 1
    onward = scope.next_stage(stage)
    if onward is not None and scope.matures(at, onward):
        tally.matured += 1
        tally.advanced += scope.advances(name, at, onward)


def rows(scope: Scope, found: dict[str | None, Row]) -> list[dict[str, Any]]:
    """The rows as listed: the greatest, the others, and people without a value."""
    values = [value for value in found if value is not None]
    values.sort(key=lambda value: (-sum(tally.people for tally in found[value].values()), value))
    shown = values if len(values) <= LISTED else values[: LISTED - 1]
    listed = [row(scope, value, None, found[value]) for value in shown]
    rest = values[len(shown) :]
    if rest:
        together = {stage: Tally() for stage in scope.chain}
        for value in rest:
            for stage, tally in found[value].items():
                together[stage].add(tally)
        listed.append(row(scope, None, len(rest), together))
    if None in found:
        listed.append(row(scope, None, None, found[None]))
    return listed


def row(scope: Scope, value: str | None, others: int | None, people: Row) -> dict[str, Any]:
    """One row as the report has it."""
    stages = [
        {
            "stage": STAGES[stage],
            "people": tally.people,
            "entered": tally.entered,
            "step": None if scope.next_stage(stage) is None else share(tally.advanced, tally.matured),
        }
        for stage, tally in people.items()
    ]
    return {"value": value, "others": others, "stages": stages}
