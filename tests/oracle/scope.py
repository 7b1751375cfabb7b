"""One scope of a client, person by person: who reached what and when, the cohorts of every step, and how long it takes.

The meanings are those of docs/journeys.md. Nothing is computed twice in two ways: a person has sorted times per stage, and everything
is counted from these.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from math import exp, log, sqrt
from typing import Any, Iterable

from clock import DAY
from intervals import Z, newcombe, rate_verdict, wilson
from journey import DEFAULT_WINDOWS, Touchpoint
from rows import STAGES

FALLEN = Fraction(1, 10**12)
"""How far above a share a waiting curve counts as fallen to it."""

POINTS = 60
"""Steps between the points of a waiting curve, at most."""


@dataclass(frozen=True)
class Frame:
    """What all scopes of a client share: its periods, the end of follow-up, and its settings."""

    labels: list[str]
    """The periods of the history, oldest first, the reported one last."""
    bounds: list[tuple[int, int]]
    as_of: int
    windows: dict[str, int]
    """Days allowed for the step into a stage, as configured."""
    targets: dict[str, Fraction]
    """Rates to reach for the step into a stage."""
    dimensions: list[str]
    """The names in `by`, in order of first appearance."""

    @property
    def end(self) -> int:
        """The end of the reported period."""
        return self.bounds[-1][1]

    def window(self, stage: int) -> int:
        """Days allowed for the step into a stage."""
        return {**DEFAULT_WINDOWS, **self.windows}[STAGES[stage]]

    def period_of(self, at: int) -> int | None:
        """The period of the history in which an instant lies."""
        return next((number for number, (start, end) in enumerate(self.bounds) if start <= at < end), None)


@dataclass
class Person:
    """One person's touchpoints in a scope before `as_of`."""

    points: list[Touchpoint] = field(default_factory=list)
    times: dict[int, list[int]] = field(default_factory=dict)
    """At each stage, in order."""
    reached: dict[int, int] = field(default_factory=dict)
    """tₖ of the stages that count: their first touchpoint comes before or with the first of every later stage."""

    def settle(self) -> None:
        """Derives everything from the touchpoints."""
        self.points.sort(key=lambda point: (point.at, point.stage))
        for point in self.points:
            self.times.setdefault(point.stage, []).append(point.at)
        for stage, times in self.times.items():
            if all(times[0] <= others[0] for later, others in self.times.items() if later > stage):
                self.reached[stage] = times[0]

    def touched(self, stage: int, start: int, last: int) -> bool:
        """Whether a touchpoint at the stage lies in `[start, last]`."""
        return any(start <= at <= last for at in self.times.get(stage, []))


def share(numerator: int, denominator: int) -> dict[str, Any]:
    """A share of people with its interval."""
    rate = numerator / denominator if denominator else None
    return {"numerator": numerator, "denominator": denominator, "rate": rate, "interval": wilson(numerator, denominator)}


def verdict_of(now: tuple[int, int], before: tuple[int, int]) -> Any:
    """The verdict of two rates, or the verdicts that rounding could decide between."""
    found = rate_verdict(now, before)
    return found if isinstance(found, str) else {"any_of": found}


@dataclass(frozen=True)
class Fall:
    """A Kaplan-Meier curve from one time on."""

    time: int
    waiting: Fraction
    greenwood: Fraction | None
    """Σ d ÷ (n (n − d)); unknown where nobody is left."""


class Curve:
    """The Kaplan-Meier curve of people's waiting, each given as (time, whether the event came)."""

    def __init__(self, waits: list[tuple[int, bool]]) -> None:
        self.waits = waits
        self.falls: list[Fall] = []
        waiting, greenwood, at_risk = Fraction(1), Fraction(0), len(waits)
        events: dict[int, int] = defaultdict(int)
        leaving: dict[int, int] = defaultdict(int)
        for time, came in waits:
            events[time] += came
            leaving[time] += 1
        for time in sorted(leaving):
            if events[time]:
                left = at_risk - events[time]
                waiting *= Fraction(left, at_risk)
                greenwood = greenwood + Fraction(events[time], at_risk * left) if left else greenwood
                self.falls.append(Fall(time, waiting, greenwood if left else None))
            at_risk -= leaving[time]

    def fallen_to(self, level: Fraction) -> int | None:
        """The first time at which the curve is at most this level."""
        return next((fall.time for fall in self.falls if fall.waiting <= level + FALLEN), None)

    def days_to(self, level: Fraction) -> float | None:
        """The same in days."""
        time = self.fallen_to(level)
        return None if time is None else float(Fraction(time, DAY))

    def point(self, days: int) -> dict[str, Any]:
        """The curve at a whole day."""
        fall = max((fall for fall in self.falls if fall.time <= days * DAY), key=lambda fall: fall.time, default=None)
        at_risk = sum(1 for time, _ in self.waits if time >= days * DAY)
        if fall is None:
            return {"days": days, "at_risk": at_risk, "waiting": 1.0, "interval": [1.0, 1.0]}
        waiting = float(fall.waiting)
        interval = [0.0, 0.0]
        if fall.greenwood is not None:
            spread = exp(Z * sqrt(fall.greenwood) / abs(log(waiting)))
            interval = [waiting**spread, waiting ** (1 / spread)]
        return {"days": days, "at_risk": at_risk, "waiting": waiting, "interval": interval}


class Scope:
    """The whole client or one product."""

    def __init__(
        self,
        touchpoints: Iterable[Touchpoint],
        frame: Frame,
        known: list[list[bool]],
        has_values: bool,
        doubtful: set[str] | None,
    ) -> None:
        """`known`: per stage and period, whether every source that feeds the stage has a row; `has_values`: whether a touchpoint
        definition of the scope has a `value`; `doubtful`: persons with a doubtful touchpoint here, `None` if the client has no such.
        """
        self.frame = frame
        self.known = known
        self.has_values = has_values
        self.doubtful = doubtful
        self.persons: dict[str, Person] = defaultdict(Person)
        for point in touchpoints:
            self.persons[point.person].points.append(point)
        for person in self.persons.values():
            person.settle()
        everyone = [point for person in self.persons.values() for point in person.points]
        self.chain = sorted({point.stage for point in everyone if point.at < frame.end})
        self.entrants: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
        for name, person in self.persons.items():
            for stage, at in person.reached.items():
                number = frame.period_of(at)
                if number is not None:
                    self.entrants[stage, number].append((name, at))

    @property
    def reported(self) -> int:
        """The position of the reported period."""
        return len(self.frame.bounds) - 1

    def next_stage(self, stage: int) -> int | None:
        """The next stage of the chain."""
        return min((other for other in self.chain if other > stage), default=None)

    def reached_by_end(self, person: Person, stage: int) -> bool:
        """Whether a person reached a stage in order before the end of the reported period."""
        return stage in person.reached and person.reached[stage] < self.frame.end

    def readings(self, stage: int) -> dict[str, Any]:
        """Who makes the difference between the three readings of a stage of the chain."""
        earlier = [other for other in self.chain if other < stage]
        backward = no_earlier = skipped = 0
        missing = {other: 0 for other in earlier}
        for person in self.persons.values():
            if not self.reached_by_end(person, stage):
                backward += any(at < self.frame.end for at in person.times.get(stage, []))
                continue
            lacking = [other for other in earlier if not self.reached_by_end(person, other)]
            if lacking and lacking == earlier:
                no_earlier += 1
            elif lacking:
                skipped += 1
                for other in lacking:
                    missing[other] += 1
        return {
            "backward": backward,
            "skipped": skipped,
            "no_earlier": no_earlier,
            "missing": [{"stage": STAGES[other], "people": count} for other, count in missing.items()],
        }

    def people(self, stage: int) -> dict[str, int]:
        """The three readings of a stage of the chain."""
        earlier = [other for other in self.chain if other < stage]
        ordered = [person for person in self.persons.values() if self.reached_by_end(person, stage)]
        return {
            "any": sum(1 for person in self.persons.values() if any(at < self.frame.end for at in person.times.get(stage, []))),
            "ordered": len(ordered),
            "strict": sum(1 for person in ordered if all(self.reached_by_end(person, other) for other in earlier)),
        }

    def matures(self, at: int, onward: int) -> bool:
        """Whether someone who entered then has had the whole window of the next stage."""
        return at + self.frame.window(onward) * DAY <= self.frame.as_of

    def advances(self, name: str, at: int, onward: int) -> bool:
        """Whether someone who entered then reached the next stage within the window."""
        return self.persons[name].touched(onward, at, at + self.frame.window(onward) * DAY)

    def counts(self, entrants: list[tuple[str, int]], onward: int) -> dict[str, Any]:
        """Entered, matured, advanced, skipped and the rate of these people."""
        matured = [(name, at) for name, at in entrants if self.matures(at, onward)]
        advanced = [entry for entry in matured if self.advances(*entry, onward)]
        last = {name: at + self.frame.window(onward) * DAY for name, at in matured}
        skipped = [
            (name, at)
            for name, at in matured
            if not self.advances(name, at, onward)
            and any(self.persons[name].touched(beyond, at, last[name]) for beyond in range(onward + 1, len(STAGES)))
        ]
        return {
            "entered": len(entrants),
            "matured": len(matured),
            "advanced": len(advanced),
            "skipped": len(skipped),
            "rate": len(advanced) / len(matured) if matured else None,
            "interval": wilson(len(advanced), len(matured)),
        }

    def curve(self, entrants: list[tuple[str, int]], onward: int) -> Curve:
        """How long these people waited for the next stage."""
        waits = []
        for name, at in entrants:
            arrivals = [arrival for arrival in self.persons[name].times.get(onward, []) if arrival >= at]
            waits.append((min(arrivals, default=self.frame.as_of) - at, bool(arrivals)))
        return Curve(waits)

    def like_age(self, onward: int) -> int | None:
        """The days at which cohorts of different ages are compared; `None` while the reported one is younger than a day."""
        days = min((self.frame.as_of - self.frame.end) // DAY, self.frame.window(onward))
        return days if days >= 1 else None

    def early(self, stage: int, onward: int, number: int, days: int) -> tuple[int, int]:
        """Of those who entered in a period, how many touched the next stage within these days."""
        entrants = self.entrants[stage, number]
        return sum(1 for name, at in entrants if self.persons[name].touched(onward, at, at + days * DAY)), len(entrants)

    def mature(self, onward: int, number: int) -> bool:
        """Whether everyone of a period has had the whole window."""
        return self.matures(self.frame.bounds[number][1], onward)

    def cohort(self, stage: int, onward: int, number: int) -> dict[str, Any]:
        """The people who entered a stage in one period."""
        entrants = self.entrants[stage, number]
        days = self.like_age(onward)
        return {
            "period": self.frame.labels[number],
            "known": self.known[stage][number],
            "mature": self.mature(onward, number),
            **self.counts(entrants, onward),
            "median_days": self.curve(entrants, onward).days_to(Fraction(1, 2)),
            "early": None if days is None else share(*self.early(stage, onward, number, days)),
        }

    def like_aged(self, stage: int, onward: int) -> dict[str, Any] | None:
        """The reported cohort against the one before, at the same age."""
        days = self.like_age(onward)
        if days is None:
            return None
        nothing = {"days": days, "verdict": "none", "difference": None, "interval": None}
        if self.reported == 0 or not all(self.known[stage][-2:]):
            return nothing
        now, before = (self.early(stage, onward, number, days) for number in (self.reported, self.reported - 1))
        if now[1] == 0 or before[1] == 0:
            return nothing
        difference = Fraction(*now) - Fraction(*before)
        return {
            "days": days,
            "verdict": verdict_of(now, before) if min(now[1], before[1]) >= 20 else "none",
            "difference": float(difference),
            "interval": list(newcombe(now, before)),
        }

    def waiting(self, entrants: list[tuple[str, int]], onward: int) -> dict[str, Any]:
        """How long those who entered in the reported period waited."""
        curve = self.curve(entrants, onward)
        points = []
        if entrants:
            last = min(self.frame.window(onward), max(time for time, _ in curve.waits) // DAY)
            points = [curve.point(days) for days in range(0, last + 1, max(1, -(-last // POINTS)))]
        return {
            "people": len(entrants),
            "reached": sum(1 for _, came in curve.waits if came),
            "quartiles": [curve.days_to(Fraction(quarters, 4)) for quarters in (3, 2, 1)],
            "curve": points,
        }

    def trusted(self, entrants: list[tuple[str, int]], onward: int) -> dict[str, Any] | None:
        """The reported step without people whose dates are doubtful."""
        if self.doubtful is None:
            return None
        counts = self.counts([(name, at) for name, at in entrants if name not in self.doubtful], onward)
        return {"entered": counts["entered"], "share": share(counts["advanced"], counts["matured"])}

    def step(self, stage: int) -> dict[str, Any] | None:
        """The step from a stage of the chain to the next."""
        onward = self.next_stage(stage)
        if stage not in self.chain or onward is None:
            return None
        entrants = self.entrants[stage, self.reported]
        return {
            "to": STAGES[onward],
            **self.counts(entrants, onward),
            "median_days": self.curve(entrants, onward).days_to(Fraction(1, 2)),
            "window_days": self.frame.window(onward),
            "passes_over": STAGES[stage + 1 : onward],
            "cohorts": [self.cohort(stage, onward, number) for number in range(len(self.frame.bounds))],
            "like_aged": self.like_aged(stage, onward),
            "waiting": self.waiting(entrants, onward),
            "trusted": self.trusted(entrants, onward),
        }
