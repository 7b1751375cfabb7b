"""What report.json has to say, read from Tryton's database by its own SQL and counted by brute force.

The meanings are those of docs/journeys.md and of the plugin's documented defaults: Subscribe is a person's first lead, Convert the first
opportunity that became a sale and was not lost since, Ascend each later one; the moment is the first revision in which the opportunity is
converted or won; products and money are the sale's lines, else the opportunity's own amount.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

from journeys import Client, Row, occurrences, scope


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
            Row(self.person(party), moment(at), product, str(opportunity), None)
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
            Row(self.person(party), converted[opportunity], product, str(opportunity), amount)
            for opportunity, party, own in deals
            for product, amount in lines[opportunity] or [(None, money(own))]
        ]


def expected(path: Path, client: Client) -> dict[str, object]:
    """The numbers of every scope, and what the sources hold."""
    database = Database(path)
    leads, deals = database.leads(), database.deals()
    touches = occurrences(leads, client, 0, None) + occurrences(deals, client, 1, 2)
    sources = {stage: [[row.at for row in rows]] for stage, rows in enumerate([leads, deals, deals])}
    scopes = {"overall": scope(touches, sources, client)}
    for product in client.products:
        scopes[product] = scope([touch for touch in touches if touch.product == product], sources, client)
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
