"""A brute-force computation of design §5: `oracle.py DIR` reads DIR/truth.json and prints the expected part of report.json.

It shares no code and no data structure with cvj, knows nothing of file formats, and prefers the obvious to the fast: exact
fractions, one person at a time, every period anew. Where rounding alone could decide a verdict, it prints the verdicts allowed.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clock import Period, local_date, midnight, parsed, printed
from intervals import chart_verdict, net_interval, net_score, net_verdict, rate_verdict, target_status, wilson
from journey import Journey, Touchpoint, occurrences
from products import Catalogue
from rows import STAGES, Reading, aggregated, read, term_value
from views import ViewReading

FEWEST = 20
"""A rate over fewer is not held against its target."""


def plain(value: Fraction | None) -> float | int | None:
    """A number as JSON has it."""
    if value is None:
        return None
    return float(value)


class Refused(Exception):
    """There is nothing to report on: no row that a definition uses, or a period that begins after the data's end."""


class Client:
    """Everything that is computed once: readings, `as_of`, periods, presence, products, touchpoints."""

    def __init__(self, truth: dict[str, Any]) -> None:
        self.truth = truth
        self.zone = ZoneInfo(truth["timezone"])
        self.definitions: list[dict[str, Any]] = truth["definitions"]
        self.tables = {(table["source"], table["table"]): table["rows"] for table in truth["tables"]}
        types = {(table["source"], table["table"]): table.get("types", {}) for table in truth["tables"]}
        self.views = [ViewReading(view, dict(self.tables), types, self.definitions) for view in truth.get("views", [])]
        self.tables |= {(view.name, view.name): view.rows for view in self.views}
        self.readings: list[list[Reading]] = [
            read(definition, self.tables[self.table_of(definition)], self.zone) for definition in self.definitions
        ]
        self.as_of = self.find_as_of()
        self.reported = self.find_reported()
        self.periods = [self.reported.shifted(back) for back in range(1 - truth["history"], 1)]
        self.bounds = [(midnight(period.start, self.zone), midnight(period.end, self.zone)) for period in self.periods]
        self.end = self.bounds[-1][1]
        self.used = [self.used_by(position) for position in range(len(self.definitions))]
        self.catalogue = Catalogue(truth["products"], zip(self.definitions, self.used))
        self.touchpoints = self.all_touchpoints()
        self.present = self.find_presence()

    @staticmethod
    def table_of(definition: dict[str, Any]) -> tuple[str, str]:
        """The source and table that a definition reads."""
        return definition["source"], definition["table"]

    def find_as_of(self) -> int:
        """As configured, else the local midnight after the newest time that a definition uses (data lies in the past)."""
        configured = self.truth.get("as_of")
        if configured is not None:
            return parsed(configured, self.zone)
        times = [
            reading.at
            for readings in self.readings
            for reading in readings
            if reading.kept and reading.problem is None and reading.at is not None
        ]
        if not times:
            raise Refused("no definition uses a row")
        newest = max(times)
        return midnight(local_date(newest, self.zone) + timedelta(days=1), self.zone)

    def find_reported(self) -> Period:
        """The period asked for, else the last complete one."""
        if self.truth.get("asked_period"):
            asked = Period.labelled(self.truth["asked_period"])
            if midnight(asked.start, self.zone) >= self.as_of:
                raise Refused("the period begins after the end of the data")
            return asked
        current = Period.containing(self.truth["period"], local_date(self.as_of, self.zone))
        while midnight(current.end, self.zone) > self.as_of:
            current = current.shifted(-1)
        return current

    def in_time(self, definition: dict[str, Any], at: int) -> bool:
        """Whether a time matters to a definition: before `as_of`, and for a metric inside the computed periods."""
        if at >= self.as_of:
            return False
        return definition["kind"] == "touchpoint" or self.bounds[0][0] <= at < self.end

    def used_by(self, position: int) -> list[Reading]:
        """The rows that a definition uses: not filtered, not rejected, in time."""
        definition = self.definitions[position]
        return [
            reading
            for reading in self.readings[position]
            if reading.kept and reading.problem is None and reading.at is not None and self.in_time(definition, reading.at)
        ]

    def all_touchpoints(self) -> list[Touchpoint]:
        """The touchpoints of every definition."""
        points: list[Touchpoint] = []
        for position, definition in enumerate(self.definitions):
            if definition["kind"] == "touchpoint":
                resolved = [(reading, self.catalogue.resolve(reading.product)) for reading in self.used[position]]
                points += occurrences(definition, position, resolved)
        return points

    def find_presence(self) -> dict[str, list[bool]]:
        """Per source and period: whether any row has a time in it, for whatever definition, filtered or rejected or not."""
        present: dict[str, list[bool]] = defaultdict(lambda: [False] * len(self.periods))
        for definition, readings in zip(self.definitions, self.readings):
            for reading in readings:
                for number, (start, end) in enumerate(self.bounds):
                    if reading.at is not None and start <= reading.at < end and reading.at < self.as_of:
                        present[definition["source"]][number] = True
        return present

    def report(self) -> dict[str, Any]:
        """The expected part of report.json."""
        return {
            "version": 1,
            "timezone": self.truth["timezone"],
            "period": {
                "kind": self.reported.kind,
                "label": self.reported.label,
                "start": self.reported.start.isoformat(),
                "end": self.reported.end.isoformat(),
                "complete": self.end <= self.as_of,
            },
            "as_of": printed(self.as_of, self.zone),
            "overall": {"stages": self.stages(None)},
            "products": [
                {"name": name, "stages": self.stages(product)} for product, name in enumerate(self.catalogue.names)
            ],
            "sources": self.sources(),
            "unassigned": self.unassigned(),
        }

    def stages(self, product: int | None) -> list[dict[str, Any]]:
        """The eight stages of overall (`None`) or of a product."""
        points = [point for point in self.touchpoints if product is None or point.product == product]
        journey = Journey(points, self.truth.get("windows", {}), self.as_of, self.end)
        start, end = self.bounds[-1]
        result = []
        for stage, name in enumerate(STAGES):
            declared = self.declared(stage, product)
            in_chain = stage in journey.chain
            built_in = self.built_in(journey, stage, product, headline=not declared) if in_chain else []
            result.append(
                {
                    "stage": name,
                    "measured": in_chain or bool(declared),
                    "metrics": declared + built_in,
                    "people": journey.people(stage),
                    "to_next": journey.step(stage, start, end),
                }
            )
        return result

    def declared(self, stage: int, product: int | None) -> list[dict[str, Any]]:
        """The declared metrics of a stage in a scope, definitions of one name together."""
        named: dict[str, list[int]] = {}
        for position, definition in enumerate(self.definitions):
            if definition["kind"] == "metric" and definition["stage"] == STAGES[stage] and self.in_scope(definition, product):
                named.setdefault(definition["name"], []).append(position)
        return [self.metric(name, positions, product) for name, positions in named.items()]

    def in_scope(self, definition: dict[str, Any], product: int | None) -> bool:
        """Overall has every metric; a product those with a product column, and those assigned to it."""
        expression = definition.get("product")
        if product is None:
            return True
        if expression is None:
            return False
        return "literal" not in expression or self.catalogue.resolve(expression["literal"]) == product

    def metric(self, name: str, positions: list[int], product: int | None) -> dict[str, Any]:
        """A declared metric with its series and verdict."""
        first = self.definitions[positions[0]]
        if first["unit"] == "nps":
            return self.net_promoters(name, positions, product)
        is_ratio = "per" in first
        numerators = [self.part("value", positions, product, number) for number in range(len(self.periods))]
        denominators = [self.part("per", positions, product, number) if is_ratio else None for number in range(len(self.periods))]
        values = [
            (divided(top, bottom) if is_ratio else top) for top, bottom in zip(numerators, denominators)
        ]
        is_rate = is_ratio and first["unit"] == "percent"
        series = series_of(self.periods, values, numerators, denominators, is_ratio, is_rate, self.end <= self.as_of)
        few = first["unit"] == "percent" and denominators[-1] is not None and denominators[-1] < FEWEST
        return self.frame(name, positions, values[-1]) | series | ({"status": "none"} if few else {})

    def frame(self, name: str, positions: list[int], actual: Fraction | None) -> dict[str, Any]:
        """What a declared metric is beside its series."""
        first = self.definitions[positions[0]]
        sources = list(dict.fromkeys(self.definitions[position]["source"] for position in positions))
        # The sum of a month is no target of a week.
        grows = first["unit"] in ("count", "money") and "per" not in first
        holds = not grows or self.reported.kind == self.truth["period"]
        target = Fraction(str(first["target"])) if "target" in first and holds else None
        good = first.get("good", "up")
        status = target_status(actual, target, good)
        if grows and self.end > self.as_of:
            # What still grows is judged only by what more rows cannot undo.
            settled = "on_track" if good == "up" else "off_track"
            status = settled if settled == status else "none" if settled not in status else [settled, "none"]
        return {
            "name": name,
            "unit": first["unit"],
            "good": good,
            "headline": first.get("headline", False),
            "target": plain(target),
            "status": any_of(status),
            "owner": first.get("owner"),
            "source": ", ".join(sources),
            "built_in": False,
        }

    def net_promoters(self, name: str, positions: list[int], product: int | None) -> dict[str, Any]:
        """A Net Promoter Score: all its answers, period by period."""
        answers = [self.answers(positions, product, number) for number in range(len(self.periods))]
        on_scale = [None if found is None else [answer for answer in found if 0 <= answer <= 10] for found in answers]
        thirds = [
            None
            if found is None
            else (sum(a >= 9 for a in found), sum(6 < a < 9 for a in found), sum(a <= 6 for a in found))
            for found in on_scale
        ]
        nets = [None if third is None else Fraction(third[0] - third[2]) for third in thirds]
        totals = [None if third is None else Fraction(sum(third)) for third in thirds]
        scores = [None if share is None else 100 * share for share in map(divided, nets, totals)]
        series = series_of(self.periods, scores, nets, totals, True, False, self.end <= self.as_of)
        adjusted = [None if third is None else net_score(*third) for third in thirds]
        now, before = adjusted[-1], adjusted[-2] if len(adjusted) > 1 else None
        series["verdict"] = any_of(net_verdict(now, before))
        series["interval"] = None if now is None else [100 * end for end in net_interval(now)]
        nps = None
        if (third := thirds[-1]) is not None:
            every = [answer for found in answers for answer in found or []]
            counted = sum(len(found or []) for found in on_scale)
            scale = [float(min(every)), float(max(every))] if every else None
            doubtful = bool(every) and (min(every) < 0 or max(every) > 10 or (min(every) >= 1 and counted >= 20))
            nps = dict(zip(("promoters", "passives", "detractors"), third))
            nps |= {"adjusted": None if now is None else 100 * now[0], "scale": scale, "scale_doubtful": doubtful}
        return self.frame(name, positions, scores[-1]) | series | {"nps": nps}

    def answers(self, positions: list[int], product: int | None, number: int) -> list[Fraction] | None:
        """The answers of a period, on whatever scale; unknown where one of the sources is."""
        if not all(self.present[self.definitions[position]["source"]][number] for position in positions):
            return None
        found = [
            term_value(self.definitions[position]["value"], row)
            for position in positions
            for row in self.rows_of(position, product, number)
        ]
        return [answer for answer in found if answer is not None]

    def rows_of(self, position: int, product: int | None, number: int) -> list[dict[str, Any]]:
        """The rows that a definition uses in a period of a scope."""
        start, end = self.bounds[number]
        return [
            reading.row
            for reading in self.used[position]
            if reading.at is not None
            and start <= reading.at < end
            and (product is None or self.catalogue.resolve(reading.product) == product)
        ]

    def part(self, key: str, positions: list[int], product: int | None, number: int) -> Fraction | None:
        """The numerator or denominator of a metric in a period: the sum of its definitions, unknown where one is."""
        total = Fraction(0)
        for position in positions:
            definition = self.definitions[position]
            if not self.present[definition["source"]][number]:
                return None
            value = aggregated(definition[key], self.rows_of(position, product, number))
            if value is None:
                return None
            total += value
        return total

    def feeding(self, stage: int, product: int | None) -> list[int]:
        """The touchpoint definitions that feed a stage: fixed to it, or having given it a touchpoint before `as_of`."""
        return [
            position
            for position, definition in enumerate(self.definitions)
            if definition["kind"] == "touchpoint"
            and self.in_scope(definition, product)
            and (
                definition["stage"] == STAGES[stage]
                if isinstance(definition["stage"], str)
                else any(point.definition == position and point.stage == stage for point in self.touchpoints)
            )
        ]

    def built_in(self, journey: Journey, stage: int, product: int | None, headline: bool) -> list[dict[str, Any]]:
        """People, Step rate and Revenue of a stage of the chain."""
        feeding = self.feeding(stage, product)
        sources = list(dict.fromkeys(self.definitions[position]["source"] for position in feeding))
        known = [all(self.present[source][number] for source in sources) for number in range(len(self.periods))]
        common = {"good": "up", "headline": headline, "target": None, "status": "none", "owner": None}
        common |= {"source": ", ".join(sources), "built_in": True}
        nothing: list[Fraction | None] = [None] * len(self.periods)
        entered = [
            Fraction(len(journey.entrants(stage, *bounds))) if known[number] else None
            for number, bounds in enumerate(self.bounds)
        ]
        metrics = [{"name": "People", "unit": "count", **common, **series_of(self.periods, entered, nothing, nothing, False, False, self.end <= self.as_of)}]
        if journey.next_stage(stage) is not None:
            steps = [journey.step(stage, *bounds) for bounds in self.bounds]
            advanced = [Fraction(step["advanced"]) if step and known[n] else None for n, step in enumerate(steps)]
            matured = [Fraction(step["matured"]) if step and known[n] else None for n, step in enumerate(steps)]
            rates = [divided(top, bottom) for top, bottom in zip(advanced, matured)]
            metrics.append(
                {"name": "Step rate", "unit": "percent", **common, **series_of(self.periods, rates, advanced, matured, True, True, self.end <= self.as_of)}
            )
        if any(self.definitions[position].get("value") for position in feeding):
            revenue = [journey.revenue(stage, *bounds) if known[n] else None for n, bounds in enumerate(self.bounds)]
            metrics.append(
                {"name": "Revenue", "unit": "money", **common, **series_of(self.periods, revenue, nothing, nothing, False, False, self.end <= self.as_of)}
            )
        return metrics

    def rejected(self, definition: dict[str, Any], reading: Reading) -> bool:
        """Whether a definition rejects a row: kept by `where`, with a problem, and not out of time."""
        return reading.kept and reading.problem is not None and (reading.at is None or self.in_time(definition, reading.at))

    def sources(self) -> list[dict[str, Any]]:
        """What the sources cover, and the rows of those of their tables that a definition or a view reads."""
        result = []
        read = {self.table_of(definition) for definition in self.definitions} | {key for view in self.views for key in view.dropped}
        for name in dict.fromkeys(source for source, _ in self.tables):
            days: list[date] = []
            rejected: dict[str, set[int]] = defaultdict(set)
            for definition, readings in zip(self.definitions, self.readings):
                if definition["source"] == name:
                    days += [local_date(r.at, self.zone) for r in readings if r.at is not None and r.at < self.as_of]
                    rejected[definition["table"]] |= {r.index for r in readings if self.rejected(definition, r)}
            for view in self.views:
                for (source, table), dropped in view.dropped.items():
                    if source == name:
                        rejected[table] |= dropped
            entry: dict[str, Any] = {
                "name": name,
                "covers": {"from": min(days).isoformat(), "to": (max(days) + timedelta(days=1)).isoformat()} if days else None,
                "tables": [
                    {"name": table, "rows_read": len(rows), "rows_rejected": len(rejected[table])}
                    for (source, table), rows in self.tables.items()
                    if source == name and (source, table) in read
                ],
            }
            if days:
                entry["ends_early"] = max(days) + timedelta(days=1) < self.reported.end
            result.append(entry)
        return result

    def unassigned(self) -> list[dict[str, Any]]:
        """Distinct rows per table and value whose product matches none, rejected ones left out.

        The first hundred values of a table, then its rest as one.
        """
        rejected: dict[tuple[str, str], set[int]] = defaultdict(set)
        for definition, readings in zip(self.definitions, self.readings):
            rejected[self.table_of(definition)] |= {reading.index for reading in readings if self.rejected(definition, reading)}
        rows: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        spelling: dict[tuple[str, str, str], tuple[int, str]] = {}
        of_views = {(view.name, view.name) for view in self.views}
        for definition, used in zip(self.definitions, self.used):
            table = self.table_of(definition)
            for reading in used:
                if reading.product is None or reading.index in rejected[table] or self.catalogue.resolve(reading.product) is not None:
                    continue
                key = reading.product.lower()
                rows[table][key].add(reading.index)
                # As first written; a view's rows have no order, so there the least of its spellings.
                written = (0 if table in of_views else reading.index, reading.product)
                spelling[(*table, key)] = min(written, spelling.get((*table, key), written))
        listed: list[dict[str, Any]] = []
        for (source, table), values in rows.items():
            found = [(spelling[source, table, key][1], len(indices)) for key, indices in values.items()]
            found.sort(key=lambda entry: (-entry[1], entry[0]))
            listed += [{"source": source, "table": table, "value": value, "rows": count} for value, count in found[:100]]
            if len(found) > 100:
                listed.append({"source": source, "table": table, "value": None, "rows": sum(count for _, count in found[100:])})
        listed.sort(key=lambda e: (e["value"] is None, -e["rows"], e["source"], e["table"], e["value"] or ""))
        return listed


def any_of(found: str | list[str]) -> Any:
    """A word, or the words that are allowed where rounding could decide."""
    return found if isinstance(found, str) else {"any_of": found}


def divided(top: Fraction | None, bottom: Fraction | None) -> Fraction | None:
    """A ratio; unknown where a part is, or without a denominator."""
    return None if top is None or bottom is None or bottom == 0 else top / bottom


def series_of(
    periods: list[Period],
    values: list[Fraction | None],
    numerators: list[Fraction | None],
    denominators: list[Fraction | None],
    is_ratio: bool,
    is_rate: bool,
    complete: bool,
) -> dict[str, Any]:
    """The numbers of a metric: reported period, the one before, change, verdict and history."""
    actual = values[-1]
    previous = values[-2] if len(values) > 1 else None
    counts = [
        (int(top), int(bottom)) if top is not None and bottom is not None and is_rate else None
        for top, bottom in zip(numerators, denominators)
    ]
    verdict = chart_verdict(actual, values[:-1]) if complete else "none"
    if is_rate:
        verdict = rate_verdict(counts[-1], counts[-2] if len(counts) > 1 else None)
    now = counts[-1]
    return {
        "actual": plain(actual),
        "previous": plain(previous),
        "change": None if actual is None or previous is None else float(actual - previous),
        "verdict": any_of(verdict),
        "numerator": plain(numerators[-1]) if is_ratio else None,
        "denominator": plain(denominators[-1]) if is_ratio else None,
        "interval": wilson(*now) if now is not None else None,
        "series": [
            {"period": period.label, "value": plain(value)}
            | ({"numerator": plain(top), "denominator": plain(bottom)} if is_ratio and top is not None and bottom is not None else {})
            for period, value, top, bottom in zip(periods, values, numerators, denominators)
        ],
    }


def expected(folder: Path) -> dict[str, Any]:
    """The expected part of report.json for a client folder with a truth.json; `Refused` where there is no report."""
    return Client(json.loads((folder / "truth.json").read_text(encoding="utf-8"))).report()


if __name__ == "__main__":
    json.dump(expected(Path(sys.argv[1])), sys.stdout, indent=1, ensure_ascii=False)
    print()
