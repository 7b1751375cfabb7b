"""A random small client: `generate.py --seed N --out DIR` writes cvj.toml, exports/*.csv and truth.json, what the oracle reads.

What a seed may draw: ties in time, gaps, skips, backward moves, missing stages, chains of one stage, unassigned (over a hundred, too)
and left-out products, products by column, expression and literal, rows with an empty person, an unknown stage or an unreadable cell,
conditions, zones with clock changes (times in gaps and folds too), zoned and local times, occurrences with and without orders, money,
windows (of no day, too), every kind of metric, parts of metrics over several tables, periods without a row, every setting of `as_of`,
periods asked for that are incomplete, of another kind or beyond the data, and views that filter, unite and join.
"""

from __future__ import annotations

import argparse
import json
import random
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clock import Period, local_instant
from exports import Style, Table, local_time, money, snake, spoil, write
from mapping import LOG_CONDITION, ORDERS_CONDITION, VISITS_CONDITION, Mapping, condition, number_condition
from rows import STAGES, VARIANTS

ZONES = ["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu", "America/Santiago", "America/Havana"]
PRODUCTS = [("Alpha", ["alpha*"]), ("Beta Box", ["box", "*-beta"]), ("Gamma", []), ("Größe, klein", ["groesse"])]
SPELLINGS = {
    "Alpha": ["Alpha", "ALPHA", " alpha", "alpha-2", "Alphabet"],
    "Beta Box": ["Beta Box", "beta box ", "box", "new-beta"],
    "Gamma": ["Gamma", "gamma"],
    "Größe, klein": ["Größe, klein", "GRÖßE, KLEIN", "groesse"],
}
CONDITIONS = {"log": LOG_CONDITION, "orders": ORDERS_CONDITION, "visits": VISITS_CONDITION}
STRANGERS = ["Old thing", "old thing", "zzz", "/alp", "Box 2"]
PERIOD_DAYS = {"week": 7, "month": 30, "quarter": 91}


class Draw:
    """One seed's random client."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        rng = self.rng
        self.zone_name = rng.choice(ZONES)
        self.zone = ZoneInfo(self.zone_name)
        self.kind = rng.choice(["month", "month", "week", "quarter"])
        self.history = rng.choice([1, 2, 3, 5, 8, 10, 13, 14])
        self.end = date(2023, 1, 1) + timedelta(days=rng.randrange(500))
        self.start = self.end - timedelta(days=PERIOD_DAYS[self.kind] * rng.choice([3, 4, 6, 9, 15]))
        self.products = PRODUCTS[: rng.randint(1, len(PRODUCTS))] if rng.random() < 0.8 else []
        self.persons = [f"{name}{number}@example.com" for number in range(rng.choice([1, 3, 8, 20])) for name in ("ada", "böb", "cy", "dee", "eve")]
        self.windows = {stage: rng.choice([0, 1, 2, 5, 7, 10, 14, 30, 45]) for stage in STAGES[1:] if rng.random() < 0.6}
        self.strangers = [f"thing {number}" for number in range(130)] if rng.random() < 0.05 else STRANGERS
        self.changes = self.clock_changes()
        self.mapping = Mapping(rng, [name for name, _ in self.products])

    def clock_changes(self) -> list[datetime]:
        """Local times just around the clock changes of the span."""
        found = []
        day = self.start
        while day < self.end:
            midnight = datetime(day.year, day.month, day.day)
            hours = (local_instant(midnight + timedelta(days=1), self.zone) - local_instant(midnight, self.zone)) / 3.6e9
            if hours != 24:
                found += [midnight + timedelta(minutes=minutes) for minutes in (0, 30, 75, 105, 120, 135, 150, 180, 1425)]
            day += timedelta(days=1)
        return found

    def moment(self) -> datetime:
        """A random local time: often a tie, sometimes a period's first or last moment, sometimes a clock change."""
        rng = self.rng
        luck = rng.random()
        if luck < 0.08 and self.changes:
            return rng.choice(self.changes)
        day = self.start + timedelta(days=rng.randrange((self.end - self.start).days))
        if luck < 0.16:
            edge = Period.containing(self.kind, day).start
            return datetime(edge.year, edge.month, edge.day) - timedelta(minutes=rng.choice([0, 0, 1, 60]))
        hour, minute = rng.choice([(0, 0), (9, 0), (9, 0), (12, 30), (23, 59), (rng.randrange(24), rng.randrange(60))])
        return datetime(day.year, day.month, day.day, hour, minute)

    def person(self) -> str:
        """A person's key as people type it."""
        person = self.rng.choice(self.persons)
        return self.rng.choice([person, person, person, person.upper(), f" {person}", f"{person} "])

    def product(self) -> str | None:
        """A product's spelling, a stranger's, or nothing."""
        luck = self.rng.random()
        if luck < (0.08 if self.strangers is STRANGERS else 0.9):
            return self.rng.choice(self.strangers)
        if luck < 0.12:
            return None
        name = self.rng.choice([name for name, _ in self.products] or list(SPELLINGS))
        return self.rng.choice(SPELLINGS[name])

    def in_gap(self, gaps: list[tuple[date, date]], moment: datetime) -> bool:
        """Whether a source is silent then."""
        return any(start <= moment.date() < end for start, end in gaps)

    def gaps(self) -> list[tuple[date, date]]:
        """Whole periods in which a source has no row."""
        found = []
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            period = Period.containing(self.kind, self.start + timedelta(days=self.rng.randrange((self.end - self.start).days)))
            # A day's margin, so that a time written with an offset stays out too.
            found.append((period.start - timedelta(days=1), period.end + timedelta(days=1)))
        return found

    def table(self, name: str, columns: list[str], size: int) -> tuple[Table, list[datetime]]:
        """An empty table and the times of its rows."""
        gaps = self.gaps()
        size += 200 if self.strangers is not STRANGERS else 0
        moments = [moment for _ in range(size) if not self.in_gap(gaps, moment := self.moment())] or [self.moment()]
        if self.rng.random() < 0.5:
            moments.sort()
        return Table(name, columns, Style.drawn(self.rng), files=self.rng.choice([1, 1, 1, 2, 3])), moments

    def log(self, name: str) -> Table:
        """A log that names the stage in a column: random rows, and people who walk the journey."""
        rng = self.rng
        table, moments = self.table(name, ["contact", "stage", "happened_at", "product", "channel", "amount"], rng.randint(5, 90))
        stages = [stage for stage in range(8) if rng.random() < 0.8] if rng.random() < 0.9 else []
        stages = stages or [rng.randrange(8)]
        entries = [(self.person(), rng.choice(stages), moment, self.product()) for moment in moments]
        for _ in range(rng.choice([0, 10, 40, 80])):
            entries += self.walk(stages)
        if rng.random() < 0.5:
            rng.shuffle(entries)
        mixed = rng.random() < 0.2
        for person, stage, moment, product in entries:
            stage_text: str | None = rng.choice([STAGES[stage], VARIANTS[stage], STAGES[stage].upper(), f" {VARIANTS[stage].title()}"])
            if rng.random() < 0.03:
                stage_text = rng.choice([None, "nurture", "lead"])
            table.rows.append(
                {
                    "contact": person if rng.random() > 0.03 else rng.choice([None, "  "]),
                    "stage": stage_text,
                    "happened_at": local_time(rng, table.style, moment, self.zone) if rng.random() > 0.02 else None,
                    "product": product,
                    "channel": rng.choice(["mail", "phone", "internal", None]),
                    "amount": money(rng, mixed) if rng.random() < 0.6 else None,
                }
            )
        spoil(rng, table, ["happened_at", "amount"])
        return table

    def walk(self, stages: list[int]) -> list[tuple[str, int, datetime, str | None]]:
        """A person moving through the stages, mostly forward, with lags of whole days that hit windows exactly."""
        rng = self.rng
        person, product, moment = self.person(), self.product(), self.moment()
        if rng.random() < 0.7:
            # Most walks begin near the end, so that the reported period has people of every kind.
            recent = self.end - timedelta(days=rng.randrange(PERIOD_DAYS[self.kind] * 3))
            moment = moment.replace(year=recent.year, month=recent.month, day=recent.day)
        steps = []
        for stage in stages:
            if rng.random() < 0.75:
                steps.append((person, stage, moment, product))
            lag = self.windows.get(STAGES[min(stage + 1, 7)], 10)
            moment += timedelta(days=rng.choice([0, 0, 1, lag, lag, lag + 1, rng.randint(0, lag)]))
            if rng.random() < 0.1:
                moment -= timedelta(days=rng.randint(1, 20))
        latest = datetime(self.end.year, self.end.month, self.end.day)
        return [step for step in steps if step[2] < latest]

    def orders(self, name: str) -> Table:
        """A shop's orders, a row per line item."""
        rng = self.rng
        table, moments = self.table(name, ["Order id", "E-Mail", "Created at", "Shipped at", "Item", "Line total", "Quantity", "Status"], rng.randint(3, 80))
        mixed = rng.random() < 0.2
        for number, moment in enumerate(moments):
            person = self.person()
            number = rng.randrange(number + 1) if rng.random() < 0.03 else number
            for _ in range(rng.choice([1, 1, 2, 3])):
                if rng.random() < 0.1:
                    moment += timedelta(minutes=rng.choice([0, 5]))
                table.rows.append(
                    {
                        "Order id": f"R{number:04}" if rng.random() > 0.04 else None,
                        "E-Mail": person if rng.random() > 0.02 else None,
                        "Created at": local_time(rng, table.style, moment, self.zone),
                        "Shipped at": local_time(rng, table.style, self.later(moment), self.zone) if rng.random() > 0.2 else None,
                        "Item": self.product(),
                        "Line total": money(rng, mixed) if rng.random() > 0.1 else None,
                        "Quantity": {"number": str(rng.randint(1, 4))} if rng.random() > 0.05 else None,
                        "Status": rng.choice(["paid", "paid", "paid", "refunded", None]),
                    }
                )
        spoil(rng, table, ["Created at", "Shipped at", "Line total", "Quantity"])
        return table

    def later(self, moment: datetime) -> datetime:
        """A time some days on."""
        return moment + timedelta(days=self.rng.randrange(40), minutes=self.rng.choice([0, 0, 45]))

    def contacts(self, name: str) -> Table:
        """Who the customers are, for a view to join."""
        rng = self.rng
        table, moments = self.table(name, ["Email", "Segment", "Points", "Since"], 30)
        for moment in moments:
            table.rows.append(
                {
                    "Email": rng.choice(self.persons) if rng.random() > 0.05 else None,
                    "Segment": self.product(),
                    "Points": {"number": str(rng.randint(0, 9))} if rng.random() > 0.1 else None,
                    "Since": local_time(rng, table.style, moment, self.zone),
                }
            )
        spoil(rng, table, ["Points", "Since"])
        return table

    def visits(self, name: str) -> Table:
        """Aggregate numbers of a web-analytics or ad platform."""
        rng = self.rng
        columns = ["Day", "Page", "Medium", "Sessions", "Users", "Key events", "Spend", "Score"]
        table, moments = self.table(name, columns, rng.randint(5, 150))
        mixed = rng.random() < 0.2
        for moment in moments:
            sessions = rng.choice([0, rng.randint(0, 40), rng.randint(1, 400)])
            users = rng.randint(0, sessions)
            table.rows.append(
                {
                    "Day": local_time(rng, table.style, moment, self.zone) if rng.random() > 0.01 else None,
                    "Page": self.product(),
                    "Medium": rng.choice(["organic", "cpc", "internal", None]),
                    "Sessions": {"number": str(sessions)},
                    "Users": {"number": str(users)},
                    "Key events": {"number": str(rng.randint(0, users))} if rng.random() > 0.1 else None,
                    "Spend": money(rng, mixed) if rng.random() > 0.1 else None,
                    "Score": {"number": str(rng.randint(0, 10))} if rng.random() > 0.3 else None,
                }
            )
        spoil(rng, table, ["Day", "Spend", "Score"])
        return table

    def client(self, out: Path) -> None:
        """Draws the tables and their definitions, and writes everything."""
        rng = self.rng
        kinds = [("log", self.log), ("orders", self.orders), ("visits", self.visits)]
        chosen = [kind for kind in kinds if rng.random() < 0.7] or [rng.choice(kinds)]
        if rng.random() < 0.3:
            chosen.append(rng.choice(kinds))
        tables = [make(f"{kind}{number}") for number, (kind, make) in enumerate(chosen)]
        views: list[dict[str, Any]] = []
        viewed = rng.randrange(len(tables)) if rng.random() < 0.3 else None
        # A table may be read through a view only.
        hidden = viewed if rng.random() < 0.4 else None
        for number, (kind, _) in enumerate(chosen):
            if number != hidden:
                getattr(self.mapping, kind)(tables[number])
        if viewed is not None:
            views.append(self.view(chosen[viewed][0], tables[viewed], tables))
        (out / "exports").mkdir(parents=True, exist_ok=True)
        sources = [(table.name, write(table, out / "exports"), table.style.config()) for table in tables]
        as_of, asked = self.follow_up()
        (out / "cvj.toml").write_text(self.toml(sources, views, as_of), encoding="utf-8")
        truth = {
            "timezone": self.zone_name,
            "period": self.kind,
            "history": self.history,
            "as_of": as_of,
            "asked_period": asked,
            "windows": self.windows,
            "products": [{"name": name, "aliases": aliases} for name, aliases in self.products],
            "tables": [
                {"source": table.name, "table": table.name, "types": table.types(), "rows": self.renamed(table)} for table in tables
            ],
            "views": views,
            "definitions": self.mapping.definitions,
        }
        (out / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False), encoding="utf-8")

    def view(self, kind: str, table: Table, tables: list[Table]) -> dict[str, Any]:
        """A view over a table, with definitions of its own: filtered, united with itself, or joined with contacts."""
        rng = self.rng
        view: dict[str, Any] = {"name": "view0"}
        shape = rng.choice(["filtered", "filtered", "united", "joined"])
        if shape == "joined" and kind == "orders":
            tables.append(self.contacts("contacts"))
            where = number_condition(rng, "points", ["2", "5"]) if rng.random() < 0.5 else None
            view["join"] = {"left": table.name, "right": "contacts", "left_key": "e_mail", "right_key": "email"}
            view["join"] |= {"columns": ["segment"], "where": where}
            view["sql"] = f"SELECT l.*, r.segment FROM {table.name} l JOIN contacts r ON r.email = lower(trim(l.e_mail))"
            view["sql"] += f" WHERE {where['sql'].replace('points', 'r.points')}" if where else ""
        else:
            conditions = [condition(rng, *CONDITIONS[kind]) for _ in range(2 if shape == "united" else 1)]
            view["parts"] = [{"source": table.name, "table": table.name, "where": where} for where in conditions]
            view["sql"] = " UNION ALL ".join(f"SELECT * FROM {table.name} WHERE {where['sql']}" for where in conditions)
        extra = ["segment"] if "join" in view else []
        getattr(self.mapping, kind)(Table("view0", table.columns, table.style), *extra)
        return view

    @staticmethod
    def renamed(table: Table) -> list[dict[str, Any]]:
        """The rows under the column names that cvj gives; a cell of nothing but blanks is empty."""

        def parsed(cell: Any) -> Any:
            return None if isinstance(cell, str) and not cell.strip() else cell

        return [{snake(column): parsed(cell) for column, cell in row.items()} for row in table.rows]

    def follow_up(self) -> tuple[str | None, str | None]:
        """`as_of` (none, a day, or a moment with an offset) and the period asked for (mostly none)."""
        rng = self.rng
        luck = rng.random()
        day = self.end - timedelta(days=rng.randint(-5, PERIOD_DAYS[self.kind] * 3 // 2))
        as_of = None
        if luck > 0.65:
            zone = rng.choice([self.zone, self.zone, timezone.utc, timezone(timedelta(hours=5, minutes=30))])
            moment = datetime(day.year, day.month, day.day, rng.randrange(24), rng.choice([0, 30]), tzinfo=zone)
            as_of = moment.isoformat()
        elif luck > 0.35:
            as_of = day.isoformat()
        kind = self.kind if rng.random() < 0.7 else rng.choice(list(PERIOD_DAYS))
        current = Period.containing(kind, day if as_of else self.end)
        asked = current.shifted(rng.choice([0, 0, -1, -2])).label if rng.random() < 0.3 else None
        return as_of, asked

    def toml(self, sources: list[tuple[str, str, list[str]]], views: list[dict[str, Any]], as_of: str | None) -> str:
        """The client's configuration."""
        lines = ["[client]", 'name = "Random client"', 'currency = "EUR"', f'timezone = "{self.zone_name}"', ""]
        lines += ["[report]", f'period = "{self.kind}"', f"history = {self.history}"]
        lines += [f'as_of = "{as_of}"'] if as_of else []
        for name, aliases in self.products:
            lines += ["", "[[product]]", f'name = "{name}"', f"aliases = {json.dumps(aliases, ensure_ascii=False)}"]
        for name, path, config in sources:
            lines += ["", f"[source.{name}]", 'plugin = "csv"', f'path = "{path}"', *config]
        for view in views:
            lines += ["", f"[table.{view['name']}]", f"sql = {json.dumps(view['sql'])}"]
        lines += ["", *self.mapping.toml()]
        if self.windows:
            lines += ["", "[window]", *(f"{stage} = {days}" for stage, days in self.windows.items())]
        return "\n".join(lines) + "\n"


def generate(seed: int, out: Path) -> None:
    """Writes the client of a seed."""
    Draw(seed).client(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    generate(arguments.seed, arguments.out)
