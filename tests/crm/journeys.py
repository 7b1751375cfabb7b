"""The journey's numbers of a CRM, counted by brute force from the touchpoints that its records stand for. The meanings are those of
docs/journeys.md; what a record stands for is told by those who read the CRM.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

STAGES = ["subscribe", "convert", "ascend", "advocate"]
PAID = ["convert", "ascend"]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Client:
    """The part of cvj.toml that numbers depend on."""

    products: list[str]
    zone: ZoneInfo
    periods: list[tuple[str, datetime, datetime]]  # label, start, end: the last is the reported one
    as_of: datetime
    windows: dict[str, int]  # days allowed to a stage


@dataclass(frozen=True)
class Row:
    """A row of a view that touchpoints are taken from."""

    person: str
    at: datetime
    product: str | None
    order: str
    amount: Decimal | None


@dataclass(frozen=True)
class Touch:
    """A person reaching a stage."""

    person: str
    at: datetime
    stage: int
    product: str | None
    amount: Decimal | None


def months(last: str, count: int, zone: ZoneInfo) -> list[tuple[str, datetime, datetime]]:
    """The months up to one named `2026-10`."""
    year, month = map(int, last.split("-"))
    starts = []
    for back in range(count, -2, -1):
        place = year * 12 + month - 1 - back
        starts.append((f"{place // 12}-{place % 12 + 1:02}", datetime(place // 12, place % 12 + 1, 1, tzinfo=zone).astimezone(timezone.utc)))
    return [(label, start, end) for (label, start), (_, end) in zip(starts[1:], starts[2:])]


def occurrences(rows: list[Row], client: Client, first: int, later: int | None) -> list[Touch]:
    """A person's orders of one product in time order: the first is one stage, the later ones another."""
    orders: dict[tuple[str, str | None], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.at < client.as_of:
            product = row.product if row.product in client.products else None
            orders[row.person, product][row.order].append(row)
    touches = []
    for (person, product), of_one in orders.items():
        in_order = sorted((min(row.at for row in order), key, order) for key, order in of_one.items())
        for place, (at, _, order) in enumerate(in_order):
            stage = first if place == 0 else later
            amounts = [row.amount for row in order if row.amount is not None]
            if stage is not None:
                touches.append(Touch(person, at, stage, product, sum(amounts) if amounts else None))
    return touches


def scope(touches: list[Touch], sources: dict[int, list[list[datetime]]], client: Client) -> dict[str, object]:
    """The numbers of one scope by stage. `sources` are the moments of the rows that each source of a stage has: one without any in a period makes
    the stage's numbers of it unknown."""
    end = client.periods[-1][2]
    chain = [stage for stage in range(len(STAGES)) if any(touch.stage == stage and touch.at < end for touch in touches)]
    people: dict[str, list[Touch]] = defaultdict(list)
    for touch in sorted(touches, key=lambda touch: (touch.at, touch.stage)):
        people[touch.person].append(touch)
    stages = {}
    for place, stage in enumerate(chain):
        following = chain[place + 1] if place + 1 < len(chain) else None
        known = {
            label: all(any(start <= at < min(stop, client.as_of) for at in source) for source in sources[stage])
            for label, start, stop in client.periods
        }
        entered = {person: entry(mine, stage) for person, mine in people.items() if entry(mine, stage) is not None}
        stages[STAGES[stage]] = {
            "people": {
                "any": sum(any(touch.stage == stage and touch.at < end for touch in mine) for mine in people.values()),
                "ordered": sum(at < end for at in entered.values()),
                "strict": sum(
                    all(entry(mine, before) is not None and entry(mine, before) < end for before in chain[: place + 1])
                    for mine in people.values()
                ),
            },
            "entered": {
                label: sum(start <= at < stop for at in entered.values()) if known[label] else None
                for label, start, stop in client.periods
            },
            "revenue": None if STAGES[stage] not in PAID else {
                label: str(sum((touch.amount or Decimal(0) for touch in touches if touch.stage == stage and start <= touch.at < stop), Decimal("0.00")))
                if known[label] else None
                for label, start, stop in client.periods
            },
            "steps": None if following is None else {
                label: step(people, entered, start, stop, following, client) for label, start, stop in client.periods
            },
        }
    return stages


def entry(mine: list[Touch], stage: int) -> datetime | None:
    """The first touchpoint at a stage that counts: no later stage was touched before it."""
    for touch in mine:
        if touch.stage == stage:
            return touch.at
        if touch.stage > stage:
            return None
    return None


def step(
    people: dict[str, list[Touch]], entered: dict[str, datetime], start: datetime, stop: datetime, following: int, client: Client
) -> list[int]:
    """Entered, matured, advanced and skipped of one cohort."""
    window = client.windows[STAGES[following]] * DAY
    cohort = {person: at for person, at in entered.items() if start <= at < stop}
    matured = {person: at for person, at in cohort.items() if at + window <= client.as_of}

    def touched(person: str, wanted: object) -> bool:
        at = matured[person]
        return any(wanted(touch.stage) and at <= touch.at <= at + window for touch in people[person])

    advanced = {person for person in matured if touched(person, lambda stage: stage == following)}
    skipped = {person for person in matured if person not in advanced and touched(person, lambda stage: stage > following)}
    return [len(cohort), len(matured), len(advanced), len(skipped)]


def same(wanted: object, found: object, path: str = "") -> list[str]:
    """Where two trees differ."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [line for key in {**wanted, **found} for line in same(wanted.get(key), found.get(key), f"{path}/{key}")]
    return [] if wanted == found else [f"{path}: the CRM says {wanted}, report.json {found}"]


def series(stage: dict, name: str) -> dict[str, float | None] | None:
    """A metric of a stage by period."""
    found = [metric for metric in stage["metrics"] if metric["name"] == name]
    return {point["period"]: point["value"] for point in found[0]["series"]} if found else None


def stages_said(scope: dict) -> dict[str, object]:
    """What report.json says of the stages of a scope that people reach."""
    return {stage["stage"]: stage_said(stage) for stage in scope["stages"] if stage["people"]}


def stage_said(stage: dict) -> dict[str, object]:
    """One stage of one scope."""
    revenue, step = series(stage, "Revenue"), stage["to_next"]
    counts = ["entered", "matured", "advanced", "skipped"]
    if step is not None:
        assert [step[name] for name in counts] == [step["cohorts"][-1][name] for name in counts], "the last cohort is the reported one"
    return {
        "people": stage["people"],
        "entered": series(stage, "People"),
        "revenue": revenue and {
            label: None if value is None else str(Decimal(repr(value)).quantize(Decimal("0.01"))) for label, value in revenue.items()
        },
        "steps": step and {cohort["period"]: [cohort[name] for name in counts] for cohort in step["cohorts"]},
    }
