"""What report.json has to say, read from Tryton's database by its own SQL and counted by brute force.

The meanings are those of docs/journeys.md and of the plugin's documented defaults: Subscribe is a person's first lead, Convert the first
opportunity that became a sale and was not lost since, Ascend each later one; the moment is the first revision in which the opportunity is
converted or won; products and money are the sale's lines, else the opportunity's own amount.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

STAGES = ["subscribe", "convert", "ascend"]
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
    opportunity: int
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


def moment(text: str) -> datetime:
    """Tryton's moments are in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)


def money(value: bytes | str | None) -> Decimal | None:
    """Tryton keeps decimals as text in SQLite."""
    if value is None:
        return None
    return Decimal(value.decode() if isinstance(value, bytes) else str(value))


class Database:
    """The rows behind the touchpoints."""

    def __init__(self, path: Path):
        self.connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.products = dict(self.connection.execute(
            "SELECT p.id, t.name FROM product_product p JOIN product_template t ON t.id = p.template"))
        self.emails: dict[int, str] = {}
        for party, value in self.connection.execute(
            "SELECT party, value FROM party_contact_mechanism WHERE type = 'email' AND active ORDER BY sequence IS NULL, sequence, id"):
            self.emails.setdefault(party, value)

    def person(self, party: int) -> str:
        """How a party is known."""
        return self.emails.get(party, "").strip().lower() or f"tryton:{party}"

    def count(self, table: str, where: str = "1") -> int:
        """How many rows a table has."""
        return self.connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]

    def changes(self) -> list[tuple[int, str, datetime]]:
        """When each opportunity came into each of its states."""
        changes, before = [], (0, "")
        for opportunity, state, at in self.connection.execute(
            "SELECT id, state, coalesce(write_date, create_date) FROM sale_opportunity__history ORDER BY id, 3, __id"):
            if (opportunity, state) != before:
                changes.append((opportunity, state, moment(at)))
            before = (opportunity, state)
        return changes

    def leads(self) -> list[Row]:
        """Each lead with a party, once for each product it is about."""
        about = defaultdict(set)
        for opportunity, product in self.connection.execute("SELECT opportunity, product FROM sale_opportunity_line"):
            about[opportunity].add(self.products.get(product))
        leads = self.connection.execute("SELECT id, party, create_date FROM sale_opportunity WHERE party IS NOT NULL")
        return [
            Row(self.person(party), moment(at), product, opportunity, None)
            for opportunity, party, at in leads
            for product in sorted(about[opportunity], key=str) or [None]
        ]

    def deals(self) -> list[Row]:
        """Each opportunity that became a sale, once for each line of its sales."""
        converted: dict[int, datetime] = {}
        for opportunity, state, at in self.changes():
            if state in ("converted", "won"):
                converted.setdefault(opportunity, at)
        lines = defaultdict(list)
        for origin, product, quantity, price in self.connection.execute(
            "SELECT s.origin, l.product, l.quantity, l.unit_price FROM sale_line l JOIN sale_sale s ON s.id = l.sale"
            " WHERE l.type = 'line' AND s.state <> 'cancelled' AND s.origin LIKE 'sale.opportunity,%'"):
            amount = (Decimal(str(quantity)) * money(price)).quantize(Decimal("0.01"))
            lines[int(origin.split(",")[1])].append((self.products.get(product), amount))
        deals = self.connection.execute(
            "SELECT id, party, amount FROM sale_opportunity WHERE party IS NOT NULL AND state IN ('converted', 'won')")
        return [
            Row(self.person(party), converted[opportunity], product, opportunity, amount)
            for opportunity, party, own in deals
            for product, amount in lines[opportunity] or [(None, money(own))]
        ]


def occurrences(rows: list[Row], client: Client, first: int, later: int | None) -> list[Touch]:
    """A person's orders of one product in time order: the first is one stage, the later ones another."""
    orders: dict[tuple[str, str | None], dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.at < client.as_of:
            product = row.product if row.product in client.products else None
            orders[row.person, product][row.opportunity].append(row)
    touches = []
    for (person, product), of_one in orders.items():
        in_order = sorted((min(row.at for row in order), str(opportunity), order) for opportunity, order in of_one.items())
        for place, (at, _, order) in enumerate(in_order):
            stage = first if place == 0 else later
            amounts = [row.amount for row in order if row.amount is not None]
            if stage is not None:
                touches.append(Touch(person, at, stage, product, sum(amounts) if amounts else None))
    return touches


def expected(path: Path, client: Client) -> dict[str, object]:
    """The numbers of every scope, and what the sources hold."""
    database = Database(path)
    leads, deals = database.leads(), database.deals()
    touches = occurrences(leads, client, 0, None) + occurrences(deals, client, 1, 2)
    has_row = [leads, deals, deals]
    scopes = {"overall": scope(touches, has_row, client)}
    for product in client.products:
        scopes[product] = scope([touch for touch in touches if touch.product == product], has_row, client)
    lost = [at for _, state, at in database.changes() if state == "lost" and at < client.as_of]
    return {
        "scopes": scopes,
        "lost": {label: sum(start <= at < end for at in lost) for label, start, end in client.periods},
        "rows": {
            "opportunities": database.count("sale_opportunity"),
            "opportunity_stages": len(database.changes()),
            "opportunity_lines": database.count("sale_opportunity_line"),
            "sale_lines": database.count("sale_line", "type = 'line'"),
        },
    }


def scope(touches: list[Touch], has_row: list[list[Row]], client: Client) -> dict[str, object]:
    """The numbers of one scope by stage."""
    end = client.periods[-1][2]
    chain = [stage for stage in range(3) if any(touch.stage == stage and touch.at < end for touch in touches)]
    people: dict[str, list[Touch]] = defaultdict(list)
    for touch in sorted(touches, key=lambda touch: (touch.at, touch.stage)):
        people[touch.person].append(touch)
    stages = {}
    for place, stage in enumerate(chain):
        following = chain[place + 1] if place + 1 < len(chain) else None
        known = {
            label: any(start <= row.at < min(stop, client.as_of) for row in has_row[stage]) for label, start, stop in client.periods
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
            "revenue": None if stage == 0 else {
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
