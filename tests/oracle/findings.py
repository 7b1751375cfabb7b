"""What a report says about journeys beyond its numbers, by brute force: docs/journeys.md for a client folder with a truth.json.

`findings.py DIR REPORT` prints the expected part of DIR's report.json. The evidence of the growth audit is read from the metrics of
that report itself: `oracle.py` has their meanings.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from breakdowns import breakdowns
from clock import DAY
from dates import DateTrust, persons_in_doubt
from intervals import NEAR, Z, newcombe, simultaneous, wilson
from oracle import Client
from rows import STAGES
from scope import Frame, Person, Scope, share, verdict_of

FEWEST = 20
"""People below whom no claim is made."""

CONVERT, ASCEND = STAGES.index("convert"), STAGES.index("ascend")


def expected(client: Client, report: dict[str, Any]) -> dict[str, Any]:
    """The expected part of a report."""
    trust = DateTrust(client)
    written = [report["overall"], *report["products"]]
    scopes = [scope_of(client, trust, product) for product in (None, *range(len(client.catalogue.names)))]
    overall, *products = [expected_scope(scope, found["stages"]) for scope, found in zip(scopes, written)]
    return {
        "overall": overall,
        "products": [{"name": name, **product} for name, product in zip(client.catalogue.names, products)],
        "sources": [{"name": name, "dates": trust.of_source(name)} for name in dict.fromkeys(source for source, _ in client.tables)],
    }


def frame_of(client: Client) -> Frame:
    """The periods and settings of a client."""
    touchpoints = [definition for definition in client.definitions if definition["kind"] == "touchpoint"]
    return Frame(
        labels=[period.label for period in client.periods],
        bounds=client.bounds,
        as_of=client.as_of,
        windows=client.truth.get("windows", {}),
        targets={stage: Fraction(target) for stage, target in client.truth.get("targets", {}).items()},
        dimensions=list(dict.fromkeys(name for definition in touchpoints for name in definition.get("by", []))),
    )


def scope_of(client: Client, trust: DateTrust, product: int | None) -> Scope:
    """Overall (`None`) or a product."""
    known = []
    for stage in range(len(STAGES)):
        sources = {client.definitions[position]["source"] for position in client.feeding(stage, product)}
        known.append([all(client.present[source][number] for source in sources) for number in range(len(client.periods))])
    definitions = [definition for definition in client.definitions if client.in_scope(definition, product)]
    return Scope(
        [point for point in client.touchpoints if product is None or point.product == product],
        frame_of(client),
        known,
        any(definition["kind"] == "touchpoint" and definition.get("value") is not None for definition in definitions),
        persons_in_doubt(trust, product),
    )


def expected_scope(scope: Scope, written: list[dict[str, Any]]) -> dict[str, Any]:
    """A scope as the report has it; `written`: its stages there, for their metrics."""
    steps = gaps(scope)
    stages = []
    for stage, name in enumerate(STAGES):
        in_chain = stage in scope.chain
        people, readings = (scope.people(stage), scope.readings(stage)) if in_chain else (None, None)
        stages.append({"stage": name, "people": people, "readings": readings, "to_next": scope.step(stage)})
    return {
        "stages": stages,
        "findings": {
            "gaps": steps,
            "audit": audit(steps, written),
            "skip_costs": [skip_cost(scope, stage) for stage in scope.chain[1:-1]],
            "breakdowns": breakdowns(scope),
        },
    }


# Which step to fix first


def present_rate(scope: Scope, stage: int) -> tuple[str, int | None]:
    """The newest known, mature cohort of enough people; else why there is none."""
    onward = scope.next_stage(stage)
    assert onward is not None, "the chain's last stage has no step"
    settled = [number for number, known in enumerate(scope.known[stage]) if known and scope.mature(onward, number)]
    enough = [number for number in settled if counted(scope, stage, number)[1] >= FEWEST]
    return ("", enough[-1]) if enough else ("too_few" if settled else "immature", None)


def counted(scope: Scope, stage: int, number: int) -> tuple[int, int]:
    """Advanced and matured of a cohort."""
    onward = scope.next_stage(stage)
    assert onward is not None, "the chain's last stage has no step"
    counts = scope.counts(scope.entrants[stage, number], onward)
    return counts["advanced"], counts["matured"]


def gaps(scope: Scope) -> list[dict[str, Any]]:
    """Every step of the chain against its goal, ranked where it is a claim."""
    compared = 0
    for stage in scope.chain[:-1]:
        onward = scope.next_stage(stage)
        _, number = present_rate(scope, stage)
        if onward == stage + 1 and judged(scope, stage) and number is not None and STAGES[onward] not in scope.frame.targets:
            compared += len(earlier_periods(scope, stage, number))
    found = [gap(scope, stage, simultaneous(compared)) for stage in scope.chain[:-1]]
    claims = [entry for entry in found if entry["outcome"] == "claim"]
    worth = [tuple(value_of(entry[key]) for key in ("money", "customers", "people")) for entry in claims]
    order = sorted(range(len(claims)), key=lambda number: ([-value for value in worth[number]], number))
    for rank, number in enumerate(order, start=1):
        claims[number]["rank"] = rank
    return found


def value_of(worth: dict[str, float] | None) -> float:
    """What claims are ranked by; unknown comes last."""
    return float("-inf") if worth is None else worth["value"]


def judged(scope: Scope, stage: int) -> bool:
    """Whether the reported period is over and its cohort known."""
    return scope.known[stage][-1] and scope.frame.bounds[-1][1] <= scope.frame.as_of


def earlier_periods(scope: Scope, stage: int, number: int) -> list[int]:
    """The periods before one that it is compared with."""
    onward = scope.next_stage(stage)
    assert onward is not None, "the chain's last stage has no step"
    settled = [earlier for earlier in range(number) if scope.known[stage][earlier] and scope.mature(onward, earlier)]
    return [earlier for earlier in settled if counted(scope, stage, earlier)[1] >= FEWEST]


def gap(scope: Scope, stage: int, z: float) -> dict[str, Any]:
    """One step against its goal; `z`: for all comparisons of the scope with its history."""
    onward = scope.next_stage(stage)
    assert onward is not None, "the chain's last stage has no step"
    known = judged(scope, stage)
    entered = len(scope.entrants[stage, scope.reported])
    result: dict[str, Any] = {"from": STAGES[stage], "to": STAGES[onward], "rank": None, "cohort": None, "now": None, "goal": None}
    result |= {"entered": entered if known else None, "people": None, "customers": None, "money": None, "carried_to": None}
    why, number = present_rate(scope, stage)
    if onward > stage + 1:
        return {**result, "outcome": "unmeasured"}
    if not known:
        return {**result, "outcome": "not_known"}
    if number is None:
        return {**result, "outcome": why}
    now = counted(scope, stage, number)
    result |= {"cohort": scope.frame.labels[number], "now": share(*now)}
    outcome, goal, difference = goal_of(scope, stage, number, now, z)
    result |= {"outcome": outcome, "goal": goal}
    if outcome == "claim" and goal is not None:
        low, high = goal["gap"]
        result |= worth_of(scope, onward, [difference * entered, low * entered, high * entered])
    return result


def goal_of(scope: Scope, stage: int, number: int, now: tuple[int, int], z: float) -> tuple[str, dict[str, Any] | None, Fraction]:
    """What can be said of a present rate, what it is compared with, and how much is lacking."""
    onward = scope.next_stage(stage)
    assert onward is not None, "the chain's last stage has no step"
    rate = Fraction(*now)
    low, high = wilson(*now) or [0.0, 1.0]
    target = scope.frame.targets.get(STAGES[onward])
    if target is not None:
        goal = {"period": None, "rate": float(target), "gap": [float(target) - high, float(target) - low]}
        outcome = "at_target" if rate >= target else "too_close" if high >= target else "claim"
        return outcome, goal, target - rate
    compared = earlier_periods(scope, stage, number)
    if not compared:
        return "nothing_to_compare", None, Fraction(0)
    better = []
    for earlier in compared:
        then = counted(scope, stage, earlier)
        interval = newcombe(then, now, z)
        if interval[0] > 0:
            better.append((Fraction(*then), earlier, interval))
    if not better:
        return "no_better_period", None, Fraction(0)
    best, period, interval = max(better)
    goal = {"period": scope.frame.labels[period], "rate": float(best), "gap": list(interval)}
    return "claim", goal, best - rate


def worth_of(scope: Scope, stage: int, people: list[Any]) -> dict[str, Any]:
    """What so many more people at a stage would bring; people, and all else, as value, low and high."""
    carried = list(people)
    customers = None
    money: list[Any] = [0, 0, 0]
    while True:
        if stage == CONVERT:
            customers = list(carried)
        a_person = money_a_person(scope, stage)
        money = [total + count * a_person for total, count in zip(money, carried)]
        onward = scope.next_stage(stage)
        if onward is None or onward > stage + 1:
            break
        _, number = present_rate(scope, stage)
        if number is None:
            break
        now = counted(scope, stage, number)
        carried = [count * rate for count, rate in zip(carried, [Fraction(*now), *(wilson(*now) or [])])]
        stage = onward
    return {
        "people": as_range(people),
        "customers": None if customers is None else as_range(customers),
        "money": as_range([money[0], *sorted(money[1:])]) if scope.has_values and money[0] > 0 else None,
        "carried_to": STAGES[stage],
    }


def money_a_person(scope: Scope, stage: int) -> Fraction:
    """The revenue of a stage over the known periods, by the people who entered it in these."""
    periods = [number for number, known in enumerate(scope.known[stage]) if known]
    people = sum(len(scope.entrants[stage, number]) for number in periods)
    points = [point for person in scope.persons.values() for point in person.points if point.stage == stage and point.value is not None]
    revenue = sum((point.value or Fraction(0) for point in points if scope.frame.period_of(point.at) in periods), Fraction(0))
    return revenue / people if people else Fraction(0)


def as_range(values: list[Any]) -> dict[str, float]:
    """A range as the report has it."""
    return dict(zip(("value", "low", "high"), map(float, values)))


# Growth audit


def audit(steps: list[dict[str, Any]], written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line per stage: claims by rank, then the others in journey order."""
    step_of = {step["from"]: step for step in steps}
    lines = [audit_line(entry, step_of.get(entry["stage"])) for entry in written]
    return sorted(lines, key=lambda line: line["rank"] or len(STAGES) + 1)


def audit_line(written: dict[str, Any], step: dict[str, Any] | None) -> dict[str, Any]:
    """What the evidence says of one stage."""
    headlines = [metric for metric in written["metrics"] if metric["headline"]]
    statuses = {metric["status"] for metric in headlines}
    moved = [metric for metric in headlines if metric["verdict"] in ("up", "down") and not of_too_few(metric)]
    right = any(metric["verdict"] == metric["good"] for metric in moved)
    wrong = any(metric["verdict"] != metric["good"] for metric in moved)
    target = next((found for status, found in TARGETS.items() if status in statuses), "unknown")
    verdict = "bad" if wrong and not right else "good" if right and not wrong else "between"
    if not any(metric["verdict"] != "none" for metric in headlines):
        verdict = "unknown"
    outcome = STEPS.get(step["outcome"], "unknown") if step else "unknown"
    scores = [SCORES[found] for found in (target, verdict, outcome) if found != "unknown"]
    return {
        "stage": written["stage"],
        "rank": step["rank"] if step else None,
        "score": float(sum(scores) / len(scores)) if scores else None,
        "measured": "people" if written["people"] is not None else "totals" if written["measured"] else "no",
        "target": target,
        "verdict": verdict,
        "step": outcome,
        "activities": "unknown",
    }


def of_too_few(metric: dict[str, Any]) -> bool:
    """Whether a rate stands on too few, in the period or the one before, to be news."""
    totals = [point.get("denominator") for point in metric["series"][-2:]]
    return metric["unit"] == "percent" and any(total is not None and total < FEWEST for total in totals)


TARGETS = {"off_track": "bad", "at_risk": "between", "on_track": "good"}
"""What the statuses of metrics say, the decisive first."""

STEPS = {"claim": "bad", "at_target": "good", "no_better_period": "between", "too_close": "between"}
"""What the outcomes of steps say."""

SCORES = {"good": Fraction(1), "between": Fraction(1, 2), "bad": Fraction(0)}


# Skip cost


def skip_cost(scope: Scope, stage: int) -> dict[str, Any]:
    """What became of people who came to the stage after one without that one, against those who went through it."""
    earlier = [other for other in scope.chain if other < stage]
    following, *later = [other for other in scope.chain if other > stage]
    groups: Groups = {False: [], True: []}
    for person in scope.persons.values():
        if any(other in person.reached for other in earlier) and following in person.reached:
            since = max(person.reached[other] for other in earlier if other in person.reached)
            if scope.frame.period_of(since) is not None:
                groups[stage in person.reached].append((person, since))
    return {
        "stage": STAGES[stage],
        "next": STAGES[following],
        "skipped": len(groups[False]),
        "took": len(groups[True]),
        "outcomes": [skip_outcome(scope, groups, stage, outcome) for outcome in (CONVERT, ASCEND) if outcome in later],
        "money": skip_money(scope, groups) if scope.has_values else None,
    }


Groups = dict[bool, list[tuple[Person, int]]]
"""By whether they took the stage: people, and the moment from which they could have gone to it."""


def followed(scope: Scope, group: list[tuple[Person, int]], days: int) -> list[tuple[Person, int]]:
    """Those of a group who were followed for so many days."""
    return [(person, since) for person, since in group if since + days * DAY <= scope.frame.as_of]


def skip_outcome(scope: Scope, groups: Groups, stage: int, outcome: int) -> dict[str, Any]:
    """How many of each group came to Convert or Ascend."""
    days = sum(scope.frame.window(other) for other in scope.chain if stage <= other <= outcome)
    rates = []
    for took in (False, True):
        group = followed(scope, groups[took], days)
        rates.append((sum(1 for person, since in group if person.touched(outcome, since, since + days * DAY)), len(group)))
    skipped, took_it = rates
    both = skipped[1] > 0 and took_it[1] > 0
    return {
        "stage": STAGES[outcome],
        "window_days": days,
        "skipped": share(*skipped),
        "took": share(*took_it),
        "difference": float(Fraction(*skipped) - Fraction(*took_it)) if both else None,
        "interval": list(newcombe(skipped, took_it)) if both else None,
        "verdict": verdict_of(skipped, took_it) if min(skipped[1], took_it[1]) >= FEWEST else "none",
    }


def skip_money(scope: Scope, groups: Groups) -> dict[str, Any]:
    """What a person of each group brought."""
    days = scope.frame.window(ASCEND)
    samples = []
    for took in (False, True):
        sums = []
        for person, since in followed(scope, groups[took], days):
            values = [point.value for point in person.points if point.value is not None and since <= point.at <= since + days * DAY]
            sums.append(sum(values, Fraction(0)))
        samples.append(sums)
    skipped, took_it = samples
    difference = mean(skipped) - mean(took_it) if skipped and took_it else None
    interval = None
    if difference is not None and min(len(skipped), len(took_it)) >= 2:
        spread = Z * float(variance_of_mean(skipped) + variance_of_mean(took_it)) ** 0.5
        interval = [float(difference) - spread, float(difference) + spread]
    return {
        "window_days": days,
        "skipped": {"people": len(skipped), "mean": float(mean(skipped)) if skipped else None},
        "took": {"people": len(took_it), "mean": float(mean(took_it)) if took_it else None},
        "difference": None if difference is None else float(difference),
        "interval": interval,
        "verdict": verdict_by(interval) if interval and min(len(skipped), len(took_it)) >= FEWEST else "none",
    }


def mean(values: list[Fraction]) -> Fraction:
    """The mean of some amounts."""
    return sum(values, Fraction(0)) / len(values)


def variance_of_mean(values: list[Fraction]) -> Fraction:
    """The unbiased variance of the values, by their number."""
    centre = mean(values)
    return sum(((value - centre) ** 2 for value in values), Fraction(0)) / (len(values) - 1) / len(values)


def verdict_by(interval: list[float]) -> Any:
    """Whether an interval excludes 0, or what rounding could decide between."""
    low, high = interval
    near = NEAR * max(1.0, abs(low), abs(high))
    if abs(low) < near or abs(high) < near:
        return {"any_of": ["up" if abs(low) < near else "down", "too_close"]}
    return "up" if low > 0 else "down" if high < 0 else "too_close"


if __name__ == "__main__":
    folder, report = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    found = expected(Client(json.loads((folder / "truth.json").read_text(encoding="utf-8"))), report)
    json.dump(found, sys.stdout, indent=1, ensure_ascii=False)
    print()
