"""Random definitions over the random tables: what a consultant would write into cvj.toml, and the same as trees for the oracle."""

from __future__ import annotations

import json
import random
from typing import Any

from exports import Table
from rows import STAGES

Tree = dict[str, Any]


def total(column: str) -> Tree:
    """`sum(column)`."""
    return {"function": "sum", "column": column, "sql": f"sum({column})"}


def rows_counted() -> Tree:
    """`count(*)`."""
    return {"function": "count", "sql": "count(*)"}


def counted(column: str) -> Tree:
    """`count(column)`."""
    return {"function": "count", "column": column, "sql": f"count({column})"}


def distinct(column: str) -> Tree:
    """`count(distinct column)`."""
    return {"function": "count distinct", "column": column, "sql": f"count(distinct {column})"}


def of_known(function: str, column: str) -> Tree:
    """`avg`, `min` or `max`: unknown without a row."""
    return {"function": function, "column": column, "sql": f"{function}({column})"}


def net_promoters(column: str) -> Tree:
    """Promoters less detractors."""
    promoters = {"op": ">=", "column": column, "number": "9"}
    detractors = {"op": "<=", "column": column, "number": "6"}
    sql = f"sum(case when {column} >= 9 then 1 when {column} <= 6 then -1 else 0 end)"
    return {"function": "sum", "case": [[promoters, "1"], [detractors, "-1"]], "else": "0", "sql": sql}


def text_condition(rng: random.Random, column: str, values: list[str]) -> Tree:
    """A condition over a text column, in SQL's three-valued logic."""
    value = rng.choice(values)
    simple: list[Tree] = [
        {"op": "<>", "column": column, "text": value, "sql": f"{column} <> '{value}'"},
        {"op": "=", "column": column, "text": value, "sql": f"{column} = '{value}'"},
        {"op": "is null", "column": column, "sql": f"{column} is null"},
        {"op": "is not null", "column": column, "sql": f"{column} is not null"},
        {"op": "in", "column": column, "values": values[:2], "sql": f"{column} in ('{values[0]}', '{values[1]}')"},
    ]
    first, second = rng.choice(simple), rng.choice(simple)
    kind = rng.choice(["plain", "plain", "and", "or", "not"])
    if kind == "plain":
        return first
    if kind == "not":
        return {"op": "not", "part": first, "sql": f"not ({first['sql']})"}
    return {"op": kind, "parts": [first, second], "sql": f"({first['sql']}) {kind} ({second['sql']})"}


def number_condition(rng: random.Random, column: str, values: list[str]) -> Tree:
    """A condition over a column of numbers; where it cannot be read, the row is rejected."""
    sign, value = rng.choice([">=", ">", "<", "<=", "=", "<>"]), rng.choice(values)
    simple: list[Tree] = [
        {"op": sign, "column": column, "number": value, "sql": f"{column} {sign} {value}"},
        {"op": "is not null", "column": column, "sql": f"{column} is not null"},
        {"op": "is null", "column": column, "sql": f"{column} is null"},
    ]
    found = rng.choice([simple[0], simple[0], simple[0], *simple])
    return {"op": "not", "part": found, "sql": f"not ({found['sql']})"} if rng.random() < 0.2 else found


def condition(rng: random.Random, text: tuple[str, list[str]], number: tuple[str, list[str]]) -> Tree:
    """A condition over a text column, a column of numbers, or both."""
    luck = rng.random()
    if luck < 0.6:
        return text_condition(rng, *text)
    if luck < 0.85:
        return number_condition(rng, *number)
    parts = [text_condition(rng, *text), number_condition(rng, *number)]
    kind = rng.choice(["and", "or"])
    return {"op": kind, "parts": parts, "sql": f"({parts[0]['sql']}) {kind} ({parts[1]['sql']})"}


LOG_CONDITION = ("channel", ["mail", "phone", "internal"]), ("amount", ["20", "100.5", "250"])
ORDERS_CONDITION = ("status", ["paid", "refunded"]), ("line_total", ["0", "99.95", "300"])
VISITS_CONDITION = ("medium", ["organic", "cpc", "internal"]), ("spend", ["10", "120.5", "400"])
"""What conditions over the tables are about."""


def times(*columns: str) -> Tree:
    """`a * b`."""
    return {"times": list(columns), "sql": " * ".join(columns)}


def or_else(column: str, number: str) -> Tree:
    """`coalesce(column, number)`."""
    return {"coalesce": column, "else": number, "sql": f"coalesce({column}, {number})"}


def of_term(function: str, term: Tree) -> Tree:
    """An aggregate of an expression."""
    return {"function": function, "column": term, "sql": f"{function}({term['sql']})"}


class Mapping:
    """The definitions drawn so far, sources in the order of the configuration."""

    def __init__(self, rng: random.Random, products: list[str]) -> None:
        self.rng = rng
        self.products = products
        self.definitions: list[Tree] = []
        self.names: set[tuple[str, str]] = set()

    def product(self, column: str, other: str) -> Tree | None:
        """Mostly the column; sometimes one product, another column or an expression; sometimes none."""
        luck = self.rng.random()
        if luck < 0.12:
            return None
        if luck < 0.22:
            name = self.rng.choice([*self.products, "Solo", "alpha-2"])
            return {"literal": name, "sql": f"'{name}'"}
        if luck < 0.27:
            return {"column": other, "sql": other}
        if luck < 0.32:
            return {"coalesce": [column, other], "sql": f"coalesce({column}, {other})"}
        return {"column": column, "sql": column}

    def touchpoint(self, table: Table, stage: Any, person: str, at: str, product: tuple[str, str], **rest: Any) -> None:
        """Adds a touchpoint; keys without a value are left out."""
        definition = {"kind": "touchpoint", "source": table.name, "table": table.name, "stage": stage, "person": person, "at": at}
        definition |= {"product": self.product(*product), **rest}
        self.definitions.append({key: value for key, value in definition.items() if value is not None})

    def metric(self, table: Table, name: str, unit: str, value: Any, at: str, product: tuple[str, str], **rest: Any) -> None:
        """Adds a metric at a random stage, with a target now and then; a second one of its name says `combine`."""
        rng = self.rng
        definition: Tree = {"kind": "metric", "source": table.name, "table": table.name, "stage": "", "name": name}
        definition |= {"unit": unit, "value": value, "at": at, "product": self.product(*product), **rest}
        definition = {key: value for key, value in definition.items() if value is not None}
        same = [known for known in self.definitions if known["kind"] == "metric" and known["name"] == name]
        if same and rng.random() < 0.5:
            self.join(definition, rng.choice(same))
            return
        definition["stage"] = rng.choice([stage for stage in STAGES if (stage, name) not in self.names])
        self.names.add((definition["stage"], name))
        if rng.random() < 0.5:
            definition["target"] = round(rng.uniform(0, 1), 3) if unit == "percent" else rng.choice([1, 5, 20, 100, 250.5, 1000, rng.randint(1, 3000)])
            definition["target"] = rng.randint(-100, 100) if unit == "nps" else definition["target"]
            definition["owner"] = rng.choice(["Dana", "Lee"])
        if rng.random() < 0.3:
            definition["good"] = rng.choice(["up", "down"])
        if rng.random() < 0.4:
            definition["headline"] = True
        self.definitions.append(definition)
        if rng.random() < 0.2 and (unit == "nps" or value["function"] in ("sum", "count")):
            self.combine(definition)

    def join(self, definition: Tree, known: Tree) -> None:
        """A part of a metric that is defined over another table already; all its parts say `combine = "sum"`."""
        definition["stage"] = known["stage"]
        definition |= {key: known[key] for key in ("good",) if key in known}
        self.definitions.append(definition)
        for part in self.definitions:
            if (part["kind"], part["stage"], part.get("name")) == ("metric", known["stage"], known["name"]):
                part["combine"] = "sum"

    def combine(self, definition: Tree) -> None:
        """A second definition of the same metric over other rows; both say `combine = "sum"`."""
        definition["combine"] = "sum"
        second = json.loads(json.dumps(definition))
        second.pop("where", None)
        if self.products and self.rng.random() < 0.5:
            name = self.rng.choice(self.products)
            second["product"] = {"literal": name, "sql": f"'{name}'"}
        self.definitions.append(second)

    def log(self, table: Table, extra: str = "channel") -> None:
        """A stage log: its touchpoints, and metrics that count rows."""
        rng = self.rng
        product = ("product", extra)
        where = condition(rng, *LOG_CONDITION) if rng.random() < 0.4 else None
        stage: Any = {"column": "stage"} if rng.random() < 0.85 else rng.choice(STAGES)
        value: Any = rng.choice(["amount", "amount", "amount", or_else("amount", "7.25"), None, None])
        self.touchpoint(table, stage, "contact", "happened_at", product, value=value, where=where)
        if rng.random() < 0.4:
            self.metric(table, "Log rows", "count", rows_counted(), "happened_at", product)
        if rng.random() < 0.4:
            self.metric(table, "Amounts", "money", total("amount"), "happened_at", product, where=condition(rng, *LOG_CONDITION))
        if rng.random() < 0.2:
            self.metric(table, "Contacts", "count", distinct("contact"), "happened_at", product)

    def orders(self, table: Table, extra: str = "status") -> None:
        """Orders: first ones convert, later ones ascend, or every row; average order value."""
        rng = self.rng
        where = condition(rng, *ORDERS_CONDITION) if rng.random() < 0.5 else None
        order = "order_id" if rng.random() < 0.7 else None
        value: Any = rng.choice(["line_total", "line_total", "line_total", times("line_total", "quantity"), None])
        product = ("item", extra)
        keys = ("e_mail", "created_at", product)
        shared = {"value": value, "order": order, "where": where}
        if rng.random() < 0.75:
            self.touchpoint(table, "convert", *keys, occurrence="first", **shared)
            self.touchpoint(table, "ascend", *keys, occurrence="later", **shared)
        else:
            self.touchpoint(table, rng.choice(STAGES), *keys, **shared)
        if rng.random() < 0.25:
            self.touchpoint(table, rng.choice(STAGES), "e_mail", "shipped_at", product)
        orders = distinct("order_id")
        if rng.random() < 0.6:
            self.metric(table, "Average order", "money", total("line_total"), *keys[1:], per=orders, where=where)
        if rng.random() < 0.5:
            self.metric(table, "Orders", "count", orders, *keys[1:])
        if rng.random() < 0.5:
            self.metric(table, "Turnover", "money", of_term("sum", times("line_total", "quantity")), *keys[1:], where=where)
        if rng.random() < 0.4:
            self.metric(table, "Line average", "money", of_known(rng.choice(["avg", "min", "max"]), "line_total"), *keys[1:])
        if rng.random() < 0.3:
            self.metric(table, "Shipped", "count", total("quantity"), "shipped_at", product)

    def visits(self, table: Table, extra: str = "medium") -> None:
        """Aggregate numbers: counts, rates, ratios, averages."""
        rng = self.rng
        keys = ("day", ("page", extra))
        where = condition(rng, *VISITS_CONDITION) if rng.random() < 0.4 else None
        drawn: list[tuple[str, str, Any, Tree | None]] = [
            ("Sessions", "count", total("sessions"), None),
            ("Opt-in rate", "percent", total("key_events"), total("users")),
            ("Filled", "percent", counted("score"), rows_counted()),
            ("Spend", "money", total("spend"), None),
            ("Cost per user", "money", total("spend"), total("users")),
            ("Score", "score", of_known("avg", "score"), None),
            ("Best score", "score", of_known("max", "score"), None),
            ("Score or five", "score", of_term("avg", or_else("score", "5")), None),
            ("NPS", "score", net_promoters("score"), counted("score")),
            ("Net promoters", "nps", rng.choice(["score", or_else("score", "8")]), None),
        ]
        chosen = [metric for metric in drawn if rng.random() < 0.5] or drawn[:1]
        for name, unit, value, per in chosen:
            self.metric(table, name, unit, value, *keys, per=per, where=where)

    def toml(self) -> list[str]:
        """The definitions as cvj.toml has them."""
        lines: list[str] = []
        for definition in self.definitions:
            lines += [f"[[{definition['kind']}]]", *(f"{key} = {value}" for key, value in self.keys(definition)), ""]
        return lines

    @staticmethod
    def keys(definition: Tree) -> list[tuple[str, str]]:
        """The keys of one definition, values as TOML."""
        found = [("from", json.dumps(definition["source"]))]
        for key in ("name", "unit", "person", "at", "occurrence", "order", "good", "owner", "combine"):
            if key in definition:
                found.append((key, json.dumps(definition[key])))
        stage = definition["stage"]
        found.append(("stage", json.dumps(stage) if isinstance(stage, str) else f'{{ column = "{stage["column"]}" }}'))
        for key in ("value", "per", "product", "where"):
            if key in definition:
                sql = definition[key] if isinstance(definition[key], str) else definition[key]["sql"]
                found.append((key, json.dumps(sql, ensure_ascii=False)))
        if "target" in definition:
            found.append(("target", str(definition["target"])))
        if "headline" in definition:
            found.append(("headline", "true"))
        return found
