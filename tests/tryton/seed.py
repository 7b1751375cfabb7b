"""Fills a Tryton as a small seller would have in fourteen months.

Everything is done over its RPC as people do it: parties, leads with lines, leads that become opportunities, are converted to sales, quoted,
confirmed, lost, cancelled, opened again. Tryton stamps what is done with the time of doing it, so afterwards, while it does not run, the
moments in its database are moved to when all this is meant to have happened: in `sale_opportunity` and in its history, whose order
and content stay as Tryton wrote them.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from server import Server, Session

FIRST_DAY = datetime(2025, 9, 1)
DAYS = 432  # to 2026-11-06: some of it lies after the report's as_of
PARTIES = 420
PRODUCTS = [("Starter", "490.00"), ("Growth", "1290.50"), ("Scale", "3999.99")]
NAMES = ["Zoë Čapek", "李小龍", "Łukasz Żak", "Ana María Ñíguez", "O’Brien & Söhne", "Мария", "Jürgen Groß", "Amélie", "Tom", "Eva"]
CHANNELS = ["search", "fair", "referral"]


@dataclass
class Deal:
    """An opportunity and what becomes of it: states and when it comes into them, the first being `lead`."""

    party: int | None
    amount: str | None
    lines: list[tuple[int, float]]
    channel: str | None
    steps: list[tuple[str, datetime]] = field(default_factory=list)
    opportunity: int = 0


def story(random_: random.Random) -> list[Deal]:
    """All deals, in no order."""
    deals = []
    for party in range(PARTIES):
        start = FIRST_DAY + timedelta(seconds=random_.randrange(DAYS * 86400), microseconds=random_.randrange(1_000_000))
        for _ in range(random_.choices([1, 2, 3], [60, 28, 12])[0]):
            deal = one(random_, party, start)
            deals.append(deal)
            start = deal.steps[-1][1] + timedelta(days=random_.uniform(2, 150), microseconds=random_.randrange(1_000_000))
            if start >= FIRST_DAY + timedelta(days=DAYS):
                break
    deals.extend(one(random_, None, FIRST_DAY + timedelta(days=30 * number + 3.3)) for number in range(12))
    return deals


def one(random_: random.Random, party: int | None, start: datetime) -> Deal:
    """One deal from its start."""
    count = random_.choices([0, 1, 2, 3], [5, 55, 25, 15])[0]
    lines = [(product, float(random_.randint(1, 4))) for product in random_.choices(range(len(PRODUCTS)), [5, 3, 1], k=count)]
    amount = f"{random_.randrange(20_000, 900_000) / 100:.2f}" if random_.random() < 0.9 else None
    channel = random_.choice(CHANNELS) if random_.random() < 0.7 else None
    deal = Deal(party, amount, lines, channel)
    moment = start

    def step(state: str, least: float, most: float) -> None:
        nonlocal moment
        moment += timedelta(days=random_.uniform(least, most))
        deal.steps.append((state, moment))

    step("lead", 0, 0)
    if party is None:
        return deal
    if random_.random() < 0.12:
        step("lost", 1, 40)
        if random_.random() < 0.5:
            return deal
        step("lead", 1, 20)
    if random_.random() < 0.2:
        return deal
    step("opportunity", 0.01, 25)
    fate = random_.choices(["open", "lost", "cancelled", "converted", "won", "fell through"], [10, 15, 4, 16, 50, 5])[0]
    if fate in ("lost", "cancelled"):
        step(fate, 1, 60)
    elif fate != "open":
        step("converted", 0.001, 75)
        if fate == "won" and lines:
            # A sale without lines cannot be quoted.
            step("won", 0.001, 20)
        elif fate == "fell through":
            step("lost", 1, 30)
    return deal


def decimal(text: str) -> dict[str, str]:
    """Tryton's JSON of a decimal."""
    return {"__class__": "Decimal", "decimal": text}


def portions(items: list, size: int = 100) -> Iterator[list]:
    """The items, some at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def fill(server: Server, seed: int) -> list[Deal]:
    """Does everything over the RPC; the deals, each with its opportunity's id."""
    random_ = random.Random(seed)
    rpc = Session(server)
    currency = rpc("currency.currency.create", [{"name": "Euro", "code": "EUR", "symbol": "€", "rates": [["create", [{"rate": decimal("1")}]]]}])[0]
    owner, seller = rpc("party.party.create", [{"name": "Northwind"}, {"name": "Seller"}])
    company = rpc("company.company.create", [{"party": owner, "currency": currency}])[0]
    employee = rpc("company.employee.create", [{"party": seller, "company": company}])[0]
    mine = {"companies": [["add", [company]]], "company": company, "employees": [["add", [employee]]], "employee": employee}
    rpc("res.user.write", [1], mine)
    rpc.context = {"company": company, "employee": employee}

    unit = rpc("product.uom.search", [["name", "=", "Unit"]], 0, 1, None)[0]
    category = rpc("product.category.create", [{"name": "Services", "accounting": True}])[0]
    of_all = {"default_uom": unit, "sale_uom": unit, "type": "service", "salable": True, "account_category": category}
    templates = [{**of_all, "name": name, "list_price": decimal(price), "products": [["create", [{}]]]} for name, price in PRODUCTS]
    products = [
        rpc("product.product.search", [["template", "=", template]], 0, 1, None)[0]
        for template in rpc("product.template.create", templates)
    ]
    sources = dict(zip(CHANNELS, rpc("marketing.source.create", [{"name": name} for name in CHANNELS])))
    parties = make_parties(rpc, random_)

    deals = sorted(story(random_), key=lambda deal: deal.steps[0][1])
    for portion in portions(deals):
        made = rpc("sale.opportunity.create", [
            {
                "party": None if deal.party is None else parties[deal.party],
                "company": company,
                "employee": employee,
                "amount": deal.amount and decimal(deal.amount),
                "marketing_source": deal.channel and sources[deal.channel],
                "lines": [["create", [{"product": products[place], "quantity": quantity, "unit": unit} for place, quantity in deal.lines]]],
            }
            for deal in portion
        ])
        for deal, opportunity in zip(portion, made):
            deal.opportunity = opportunity
    for place in range(1, max(len(deal.steps) for deal in deals)):
        by_step: dict[tuple[str, str], list[int]] = {}
        for deal in deals:
            if place < len(deal.steps):
                by_step.setdefault((deal.steps[place - 1][0], deal.steps[place][0]), []).append(deal.opportunity)
        for (before, state), opportunities in by_step.items():
            for portion in portions(opportunities, 50):
                advance(rpc, before, state, portion, {"product": products[-1], "unit": unit, "unit_price": decimal(PRODUCTS[-1][1])})
    return deals


def make_parties(rpc: Session, random_: random.Random) -> list[int]:
    """Parties: some without an e-mail address, some with two, some people twice under two ids and spellings."""
    wanted = []
    for number in range(PARTIES):
        mail = f"p{number}@example.com"
        if number % 20 == 7:
            mail = f"  P{number - 1}@Example.COM"
        mechanisms = [{"type": "phone", "value": f"+49 30 1234 {number:04}"}]
        if random_.random() < 0.88:
            mechanisms.append({"type": "email", "value": mail})
            if random_.random() < 0.1:
                mechanisms.append({"type": "email", "value": f"second{number}@example.org"})
        name = f"{NAMES[number % len(NAMES)]} {number}"
        wanted.append({"name": name, "addresses": [["create", [{}]]], "contact_mechanisms": [["create", mechanisms]]})
    return [party for portion in portions(wanted) for party in rpc("party.party.create", portion)]


def advance(rpc: Session, before: str, state: str, opportunities: list[int], more: dict[str, object]) -> None:
    """Brings opportunities from one state to the next as a seller does, who now and then sells more than the lead was about."""
    buttons = {"lead": "lead", "opportunity": "opportunity", "converted": "convert", "cancelled": "cancel", "lost": "lost"}
    if before != "converted":
        rpc(f"sale.opportunity.{buttons[state]}", opportunities)
        return
    # Won or lost after all: what becomes of the sale decides.
    sales = rpc("sale.sale.search", [["origin", "in", [f"sale.opportunity,{id_}" for id_ in opportunities]]], 0, None, None)
    if state == "won":
        rpc("sale.line.create", [{**more, "sale": sale, "type": "line", "quantity": 1.0} for sale in sales[::5]])
    for button in ("quote", "confirm") if state == "won" else ("cancel",):
        rpc(f"sale.sale.{button}", sales)


def backdate(database: Path, deals: list[Deal]) -> None:
    """Moves the moments of opportunities and their history to those of the story. The server must not run."""
    connection = sqlite3.connect(database)
    for deal in deals:
        rows = connection.execute('SELECT __id, state FROM sale_opportunity__history WHERE id = ? ORDER BY __id', [deal.opportunity])
        steps = iter(deal.steps)
        state, moment, written = None, deal.steps[0][1], None
        for row, now in rows.fetchall():
            if now == state:
                # Written again within the state.
                moment += timedelta(milliseconds=20)
            else:
                planned, moment = next(steps)
                assert planned == now, f"opportunity {deal.opportunity} is {now} and was to be {planned}"
            # The first row was created, the others are written.
            written = None if state is None else stamp(moment)
            state = now
            connection.execute(
                "UPDATE sale_opportunity__history SET create_date = ?, write_date = ? WHERE __id = ?",
                [stamp(deal.steps[0][1]), written, row],
            )
        assert next(steps, None) is None, f"opportunity {deal.opportunity} ends {state}"
        connection.execute(
            "UPDATE sale_opportunity SET create_date = ?, write_date = ?, start_date = ? WHERE id = ?",
            [stamp(deal.steps[0][1]), written, str(deal.steps[0][1].date()), deal.opportunity],
        )
    connection.commit()
    connection.close()


def stamp(moment: datetime) -> str:
    """As Tryton writes a moment in SQLite."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
