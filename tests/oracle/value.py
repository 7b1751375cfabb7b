"""What customers are worth and cost, and the ladder they climb, person by person: docs/journeys.md, its last two sections."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import sqrt
from typing import Any

from clock import DAY
from intervals import Z, median_time, wilson
from journey import DEFAULT_WINDOWS
from oracle import Client, plain
from rows import STAGES, text

CONVERT, ASCEND = STAGES.index("convert"), STAGES.index("ascend")

Order = tuple[int, Fraction]
"""Its moment, and the money of all its lines."""

Value = tuple[Fraction | float | None, Fraction | None, Fraction | None, list[float] | None]
"""A number, its numerator and denominator, its interval; a number that is not measured has nothing of all."""

NOTHING: Value = (None, None, None, None)


def expected(client: Client) -> dict[str, Any]:
    """The expected part of report.json."""
    report = client.report()
    for product, scope in enumerate([report["overall"], *report["products"]], start=-1):
        stages = scope["stages"]
        scope["findings"] = {"value": Worth(client, product if product >= 0 else None, stages).metrics()}
    return report | {"ladder": ladder(client)}


def spread_of_ratio(pairs: list[tuple[int, Fraction]]) -> list[float] | None:
    """The 95 % interval of Σ money ÷ Σ orders over customers (Cochran 1977, 6.4)."""
    if len(pairs) < 2:
        return None
    orders, money = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    ratio = Fraction(money) / orders
    squares = sum((paid - ratio * number) ** 2 for number, paid in pairs)
    mean = Fraction(orders, len(pairs))
    half = Z * sqrt(squares / (len(pairs) - 1) / len(pairs)) / mean
    return [float(ratio - half), float(ratio + half)]


class Worth:
    """One scope of a client."""

    def __init__(self, client: Client, product: int | None, stages: list[dict[str, Any]]) -> None:
        self.client = client
        self.product = product
        self.stages = stages
        self.settings = client.truth.get("value", {})
        self.begin, self.end = client.bounds[0][0], client.end
        self.touchpoints = [point for point in client.touchpoints if product is None or point.product == product]
        moments: dict[str, dict[int, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for point in self.touchpoints:
            if point.stage in (CONVERT, ASCEND):
                moments[point.person][point.at] += point.value or 0
        self.orders: dict[str, list[Order]] = {person: sorted(found.items()) for person, found in moments.items()}
        self.customers = [person for person, orders in self.orders.items() if orders[0][0] < self.end]
        self.referrals = self.find_referrals()

    def in_history(self, at: int) -> bool:
        """Whether a moment lies in the history."""
        return self.begin <= at < self.end

    def find_referrals(self) -> list[tuple[str, str, int]]:
        """Who referred whom and when; nobody refers themselves."""
        found = []
        for position, definition in enumerate(self.client.definitions):
            if not definition.get("referred"):
                continue
            for reading in self.client.used[position]:
                referred = (text(reading.row.get(definition["referred"])) or "").strip().lower()
                product = self.client.catalogue.resolve(reading.product)
                if referred and referred != reading.person and (self.product is None or product == self.product):
                    assert reading.at is not None, "a used row has a time"
                    found.append((reading.person, referred, reading.at))
        return found

    def defined(self, stages: list[int], key: str | None = None) -> bool:
        """Whether a definition feeds one of these stages in the scope; with a key, one that has it."""
        definitions = [self.client.definitions[position] for stage in stages for position in self.client.feeding(stage, self.product)]
        return any(key is None or definition.get(key) for definition in definitions)

    def referring(self) -> bool:
        """Whether a definition of the scope says who was referred."""
        return any(found.get("referred") and self.client.in_scope(found, self.product) for found in self.client.definitions)

    def metrics(self) -> list[dict[str, Any]]:
        """All numbers in their order."""
        drawn: list[tuple[str, str, Value]] = [
            ("Repeat purchase rate", "percent", self.repeat_rate()),
            ("Average order value", "money", self.order_value()),
            ("Purchase frequency", "number", self.frequency()),
            ("Customer lifetime value (simple)", "money", self.lifetime_value()),
            ("Acquisition cost (CAC)", "money", self.acquisition_cost(False)),
            ("Acquisition cost without referrals", "money", self.acquisition_cost(True)),
            ("Entry-offer break-even", "money", self.break_even()),
            ("Referral rate", "percent", self.referral_rate()),
            ("k-factor", "number", self.k_factor()),
            ("Referral cycle time", "duration", self.cycle_time()),
        ]
        return [
            {
                "name": name,
                "unit": unit,
                "value": None if value is None else float(value),
                "numerator": plain(top),
                "denominator": plain(bottom),
                "interval": interval,
            }
            for name, unit, (value, top, bottom, interval) in drawn
        ]

    def repeat_rate(self) -> Value:
        """Who ordered again in time, of those whose first order is old enough."""
        days = self.settings.get("repeat_days", {**DEFAULT_WINDOWS, **self.client.truth["windows"]}["ascend"])
        repeated = followed = 0
        for orders in self.orders.values():
            first = orders[0][0]
            if self.in_history(first) and first + days * DAY <= self.client.as_of:
                followed += 1
                repeated += any(first < at <= first + days * DAY for at, _ in orders)
        if not followed:
            return NOTHING
        return Fraction(repeated, followed), Fraction(repeated), Fraction(followed), wilson(repeated, followed)

    def placed(self) -> list[tuple[int, Fraction]]:
        """The orders in the history and their money, customer by customer."""
        found = []
        for orders in self.orders.values():
            money = [paid for at, paid in orders if self.in_history(at)]
            if money:
                found.append((len(money), sum(money, Fraction(0))))
        return found

    def order_value(self) -> Value:
        """Revenue an order."""
        placed = self.placed()
        if not placed or not self.defined([CONVERT, ASCEND], "value"):
            return NOTHING
        orders, money = Fraction(sum(pair[0] for pair in placed)), sum((pair[1] for pair in placed), Fraction(0))
        return money / orders, money, orders, spread_of_ratio(placed)

    def frequency(self) -> Value:
        """Orders a customer."""
        placed = self.placed()
        if not placed:
            return NOTHING
        orders, customers = Fraction(sum(pair[0] for pair in placed)), Fraction(len(placed))
        return orders / customers, orders, customers, None

    def lifetime_value(self) -> Value:
        """Order value × orders a customer and year × years."""
        value, frequency = self.order_value()[0], self.frequency()[0]
        if value is None or frequency is None or "lifespan" not in self.settings:
            return NOTHING
        first = min(at for orders in self.orders.values() for at, _ in orders if self.in_history(at))
        begin = next(start for start, end in self.client.bounds if start <= first < end)
        days = Fraction(min(self.end, self.client.as_of) - begin, DAY)
        years = Fraction(str(self.settings["lifespan"]))
        return Fraction(value) * Fraction(frequency) * Fraction("365.25") / days * years, None, None, None

    def metric(self, stage: dict[str, Any], name: str, built_in: bool) -> list[dict[str, Any]]:
        """The metrics of a stage with a name."""
        return [found for found in stage["metrics"] if found["name"] == name and found["built_in"] == built_in]

    def spend(self) -> Fraction | None:
        """What was spent on the reported period's customers."""
        names = self.settings.get("spend", [])
        total = Fraction(0)
        for name in names:
            definitions = [found for found in self.client.definitions if found["kind"] == "metric" and found["name"] == name]
            if self.product is not None and any(found.get("product") is None for found in definitions):
                return None
            metrics = [found for stage in self.stages for found in self.metric(stage, name, False)]
            spent = [found["series"][-1 - self.settings.get("lag", 0)]["value"] for found in metrics]
            if not spent or None in spent:
                return None
            total += sum(map(Fraction, spent))
        return total if names else None

    def at_convert(self, name: str) -> Fraction | None:
        """A built-in number of Convert in the reported period."""
        found = self.metric(self.stages[CONVERT], name, True)
        return None if not found or found[0]["actual"] is None else Fraction(found[0]["actual"])

    def entrants(self) -> list[tuple[str, int]]:
        """Who entered Convert in the reported period, and when: at their first touchpoint there, unless a later stage came before."""
        persons: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for point in self.touchpoints:
            persons[point.person].append((point.at, point.stage))
        start, end = self.client.bounds[-1]
        found = []
        for person, points in persons.items():
            first = min((at for at, stage in points if stage == CONVERT), default=None)
            if first is not None and start <= first < end and not any(at < first and stage > CONVERT for at, stage in points):
                found.append((person, first))
        return found

    def acquisition_cost(self, without_referrals: bool) -> Value:
        """Spend ÷ people who entered Convert."""
        spend, entered = self.spend(), self.at_convert("People")
        if spend is None or not entered or (without_referrals and not self.referring()):
            return NOTHING
        if without_referrals:
            entrants = self.entrants()
            assert len(entrants) == entered
            brought = lambda person, entry: any(whom == person and at <= entry for _, whom, at in self.referrals)
            entered = Fraction(sum(not brought(person, entry) for person, entry in entrants))
        return (spend / entered, spend, entered, None) if entered else NOTHING

    def break_even(self) -> Value:
        """What is left of a new customer's first order."""
        cost, revenue, entered = self.acquisition_cost(False)[0], self.at_convert("Revenue"), self.at_convert("People")
        if cost is None or revenue is None or not entered or "margin" not in self.settings:
            return NOTHING
        return revenue / entered * Fraction(str(self.settings["margin"])) - Fraction(cost), None, None, None

    def recent(self) -> list[tuple[str, str, int]]:
        """The referrals in the history."""
        return [referral for referral in self.referrals if self.in_history(referral[2])]

    def referral_rate(self) -> Value:
        """Referrers ÷ customers."""
        if not self.customers or not self.referring():
            return NOTHING
        referrers, customers = Fraction(len({who for who, _, _ in self.recent()})), Fraction(len(self.customers))
        return referrers / customers, referrers, customers, None

    def waits(self) -> list[tuple[Fraction, bool]]:
        """How long each referred person took from the first referral in the history to Convert, and whether they came there."""
        first: dict[str, int] = {}
        for _, whom, at in self.recent():
            first[whom] = min(at, first.get(whom, at))
        found = []
        for person, at in first.items():
            came = [point.at for point in self.touchpoints if (point.person, point.stage) == (person, CONVERT) and point.at >= at]
            found.append((Fraction(min(came) - at), True) if came else (Fraction(self.client.as_of - at), False))
        return found

    def k_factor(self) -> Value:
        """Customers that a customer brings."""
        waits = self.waits()
        if not self.customers or not waits or not self.referring():
            return NOTHING
        invitations = len({(who, whom) for who, whom, _ in self.recent()})
        return Fraction(invitations, len(self.customers)) * Fraction(sum(came for _, came in waits), len(waits)), None, None, None

    def cycle_time(self) -> Value:
        """The median days from a referral to Convert."""
        median = median_time(self.waits())
        return NOTHING if median is None else (median / DAY, None, None, None)


def ladder(client: Client) -> dict[str, Any] | None:
    """What customers buy first and what they buy next."""
    bought = [point for point in client.touchpoints if point.stage in (CONVERT, ASCEND) and point.at < client.end]
    of_products = [point for point in bought if point.product is not None]
    if not of_products:
        return None
    declared = client.truth.get("rungs", [])
    if declared:
        rungs = [(rung["name"], rung.get("price"), {client.catalogue.resolve(name) for name in rung["products"]} - {None}) for rung in declared]
    else:
        names = enumerate(client.catalogue.names)
        rungs = [(name, None, {code}) for code, name in names if any(point.product == code for point in of_products)]
    firsts: dict[str, dict[int, int]] = defaultdict(dict)
    money = [Fraction(0)] * len(rungs)
    for point in of_products:
        for number, (_, _, products) in enumerate(rungs):
            if point.product in products:
                firsts[point.person][number] = min(point.at, firsts[point.person].get(number, point.at))
                money[number] += point.value or 0
    paths = [sorted((at, number) for number, at in found.items()) for found in firsts.values()]
    moves: dict[tuple[int, int], list[int]] = defaultdict(list)
    for path in paths:
        for (left, origin), (taken, target) in zip(path, path[1:]):
            moves[origin, target].append(taken - left)
    customers = [sum(any(rung == number for _, rung in path) for path in paths) for number in range(len(rungs))]
    paid = [any(client.definitions[p].get("value") for code in codes for s in (CONVERT, ASCEND) for p in client.feeding(s, code)) for _, _, codes in rungs]
    return {
        "declared": bool(declared),
        "rungs": [
            {
                "name": name,
                "price": price,
                "customers": customers[number],
                "first": sum(path[0][1] == number for path in paths),
                "revenue": float(money[number]) if paid[number] else None,
            }
            for number, (name, price, _) in enumerate(rungs)
        ],
        "moves": [
            {
                "from": origin,
                "to": target,
                "share": {
                    "numerator": len(waits),
                    "denominator": customers[origin],
                    "rate": len(waits) / customers[origin],
                    "interval": wilson(len(waits), customers[origin]),
                },
                "median_days": float(Fraction(sum(sorted(waits)[(len(waits) - 1) // 2 : len(waits) // 2 + 1]), 1 + (len(waits) + 1) % 2) / DAY),
            }
            for (origin, target), waits in sorted(moves.items())
        ],
    }
