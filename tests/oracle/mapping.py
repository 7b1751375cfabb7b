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


class Mapping:
    """The definitions drawn so far, sources in the order of the configuration."""

    def __init__(self, rng: random.Random, products: list[str]) -> None:
        self.rng = rng
        self.products = products
        self.definitions: list[Tree] = []
        self.names: set[tuple[str, str]] = set()

    def product(self, column: str) -> Tree | None:
        """Mostly the column; sometimes one declared product; sometimes none."""
        luck = self.rng.random()
        if luck < 0.12:
            return None
        if luck < 0.22 and self.products:
            name = self.rng.choice(self.products)
            return {"literal": name, "sql": f"'{name}'"}
        return {"column": column, "sql": column}

    def touchpoint(self, table: Table, stage: Any, person: str, at: str, product: str, **rest: Any) -> None:
        """Adds a touchpoint; keys without a value are left out."""
        definition = {"kind": "touchpoint", "source": table.name, "table": table.name, "stage": stage, "person": person, "at": at}
        definition |= {"product": self.product(product), **rest}
        self.definitions.append({key: value for key, value in definition.items() if value is not None})

    def metric(self, table: Table, name: str, unit: str, value: Tree, at: str, product: str, **rest: Any) -> None:
        """Adds a metric at a random stage, with a target now and then; a second one of its name says `combine`."""
        rng = self.rng
        stage = rng.choice(STAGES)
        if (stage, name) in self.names:
            return
        self.names.add((stage, name))
        definition = {"kind": "metric", "source": table.name, "table": table.name, "stage": stage, "name": name}
        definition |= {"unit": unit, "value": value, "at": at, "product": self.product(product), **rest}
        if rng.random() < 0.5:
            definition["target"] = round(rng.uniform(0, 1), 3) if unit == "percent" else rng.choice([1, 5, 20, 100, 250.5, 1000, rng.randint(1, 3000)])
            definition["owner"] = rng.choice(["Dana", "Lee"])
        if rng.random() < 0.3:
            definition["good"] = rng.choice(["up", "down"])
        if rng.random() < 0.4:
            definition["headline"] = True
        definition = {key: value for key, value in definition.items() if value is not None}
        self.definitions.append(definition)
        if rng.random() < 0.2 and value["function"] in ("sum", "count"):
            self.combine(definition)

    def combine(self, definition: Tree) -> None:
        """A second definition of the same metric over other rows; both say `combine = "sum"`."""
        definition["combine"] = "sum"
        second = json.loads(json.dumps(definition))
        second.pop("where", None)
        if self.products and self.rng.random() < 0.5:
            name = self.rng.choice(self.products)
            second["product"] = {"literal": name, "sql": f"'{name}'"}
        self.definitions.append(second)

    def log(self, table: Table) -> None:
        """A stage log: its touchpoints, and a metric that counts rows."""
        rng = self.rng
        condition = text_condition(rng, "channel", ["mail", "phone", "internal"]) if rng.random() < 0.4 else None
        stage: Any = {"column": "stage"} if rng.random() < 0.85 else rng.choice(STAGES)
        value = "amount" if rng.random() < 0.6 else None
        self.touchpoint(table, stage, "contact", "happened_at", "product", value=value, where=condition)
        if rng.random() < 0.4:
            self.metric(table, "Log rows", "count", rows_counted(), "happened_at", "product")
        if rng.random() < 0.4:
            where = text_condition(rng, "channel", ["mail", "phone", "internal"])
            self.metric(table, "Amounts", "money", total("amount"), "happened_at", "product", where=where)

    def orders(self, table: Table) -> None:
        """Orders: first ones convert, later ones ascend, or every row; average order value."""
        rng = self.rng
        condition = text_condition(rng, "status", ["paid", "refunded"]) if rng.random() < 0.5 else None
        order = "order_id" if rng.random() < 0.7 else None
        value = "line_total" if rng.random() < 0.8 else None
        keys = ("e_mail", "created_at", "item")
        shared = {"value": value, "order": order, "where": condition}
        if rng.random() < 0.75:
            self.touchpoint(table, "convert", *keys, occurrence="first", **shared)
            self.touchpoint(table, "ascend", *keys, occurrence="later", **shared)
        else:
            self.touchpoint(table, rng.choice(STAGES), *keys, **shared)
        orders = distinct("order_id")
        if rng.random() < 0.6:
            self.metric(table, "Average order", "money", total("line_total"), *keys[1:], per=orders, where=condition)
        if rng.random() < 0.5:
            self.metric(table, "Orders", "count", orders, *keys[1:])
        if rng.random() < 0.5:
            self.metric(table, "Turnover", "money", total("line_total"), *keys[1:], where=condition)
        if rng.random() < 0.4:
            self.metric(table, "Line average", "money", of_known(rng.choice(["avg", "min", "max"]), "line_total"), *keys[1:])

    def visits(self, table: Table) -> None:
        """Aggregate numbers: counts, rates, ratios, averages."""
        rng = self.rng
        keys = ("day", "page")
        where = text_condition(rng, "medium", ["organic", "cpc", "internal"]) if rng.random() < 0.4 else None
        drawn: list[tuple[str, str, Tree, Tree | None]] = [
            ("Sessions", "count", total("sessions"), None),
            ("Opt-in rate", "percent", total("key_events"), total("users")),
            ("Filled", "percent", counted("score"), rows_counted()),
            ("Spend", "money", total("spend"), None),
            ("Cost per user", "money", total("spend"), total("users")),
            ("Score", "score", of_known("avg", "score"), None),
            ("Best score", "score", of_known("max", "score"), None),
            ("NPS", "score", net_promoters("score"), counted("score")),
        ]
        for name, unit, value, per in drawn:
            if rng.random() < 0.5:
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
