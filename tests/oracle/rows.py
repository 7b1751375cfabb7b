"""Definitions over parsed rows: which rows a definition uses, rejects or filters, and what it reads from them.

A parsed cell is one of `None` (empty), a string (text), `{"number": "12.50"}`, `{"time": "2026-03-29T02:30:00"}` (a local time,
or with an offset as written) or `{"unreadable": "n/a"}`. Conditions and aggregates are small trees; their `sql` is only printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Iterable
from zoneinfo import ZoneInfo

from clock import parsed

STAGES = ["aware", "engage", "subscribe", "convert", "excite", "ascend", "advocate", "promote"]
VARIANTS = ["awareness", "engagement", "subscription", "conversion", "excitement", "ascension", "advocacy", "promotion"]

Row = dict[str, Any]


def number(cell: Any) -> Fraction | None:
    """The number in a cell, exactly."""
    return Fraction(cell["number"]) if isinstance(cell, dict) and "number" in cell else None


def text(cell: Any) -> str | None:
    """The text in a cell."""
    return cell if isinstance(cell, str) else None


def unreadable(cell: Any) -> bool:
    """Whether a cell holds something that its column's type cannot read."""
    return isinstance(cell, dict) and "unreadable" in cell


def holds(condition: Any, row: Row) -> bool | None:
    """A SQL condition in three-valued logic."""
    if condition is None:
        return True
    kind = condition["op"]
    if kind in ("and", "or"):
        parts = [holds(part, row) for part in condition["parts"]]
        decisive = kind == "or"
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    if kind == "not":
        inner = holds(condition["part"], row)
        return None if inner is None else not inner
    cell = row.get(condition["column"])
    if kind == "is null":
        return cell is None or unreadable(cell)
    if kind == "is not null":
        return not (cell is None or unreadable(cell))
    if kind == "in":
        return None if text(cell) is None else text(cell) in condition["values"]
    value: Any = number(cell) if "number" in condition else text(cell)
    if value is None:
        return None
    other: Any = Fraction(condition["number"]) if "number" in condition else condition["text"]
    return {"=": value == other, "<>": value != other, "<": value < other, "<=": value <= other, ">": value > other, ">=": value >= other}[kind]


def condition_columns(condition: Any) -> set[str]:
    """The columns that a condition reads."""
    if condition is None:
        return set()
    if "parts" in condition:
        return set().union(*(condition_columns(part) for part in condition["parts"]))
    if "part" in condition:
        return condition_columns(condition["part"])
    return {condition["column"]}


def aggregate_columns(aggregate: Any) -> set[str]:
    """The columns that an aggregate reads."""
    if aggregate is None:
        return set()
    columns = {aggregate["column"]} if "column" in aggregate else set()
    for condition, _ in aggregate.get("case", []):
        columns |= condition_columns(condition)
    return columns


def aggregated(aggregate: Any, rows: Iterable[Row]) -> Fraction | None:
    """A SQL aggregate over rows; a sum or count without rows is 0, everything else then unknown."""
    rows = list(rows)
    function = aggregate["function"]
    if function == "count":
        if "column" not in aggregate:
            return Fraction(len(rows))
        return Fraction(sum(1 for row in rows if row.get(aggregate["column"]) is not None))
    if function == "count distinct":
        return Fraction(len({str(row[aggregate["column"]]) for row in rows if row.get(aggregate["column"]) is not None}))
    if "case" in aggregate:
        values = [case_value(aggregate, row) for row in rows]
    else:
        values = [value for row in rows if (value := number(row.get(aggregate["column"]))) is not None]
    if function == "sum":
        return sum(values, Fraction(0))
    if not values:
        return None
    if function == "avg":
        return sum(values, Fraction(0)) / len(values)
    return min(values) if function == "min" else max(values)


def case_value(aggregate: Any, row: Row) -> Fraction:
    """`CASE WHEN … THEN … ELSE … END` for one row."""
    for condition, value in aggregate["case"]:
        if holds(condition, row) is True:
            return Fraction(value)
    return Fraction(aggregate["else"])


@dataclass
class Reading:
    """What one definition reads from one row."""

    index: int
    row: Row
    kept: bool
    """Not filtered by `where`."""
    at: int | None
    """The instant, if its cell is readable."""
    problem: str | None
    """Why the definition rejects the row, if it does."""
    product: str | None = None
    """As written, trimmed; empty where the row names none; `None` where the definition has no product."""
    person: str = ""
    stage: str = ""
    value: Fraction | None = None
    order: str = ""


def read(definition: Any, rows: list[Row], zone: ZoneInfo) -> list[Reading]:
    """One reading per row of the definition's table."""
    return [read_row(definition, index, row, zone) for index, row in enumerate(rows)]


def read_row(definition: Any, index: int, row: Row, zone: ZoneInfo) -> Reading:
    """`where` comes first; then the required keys; then every other column that the definition uses."""
    cell = row.get(definition["at"])
    at = parsed(cell["time"], zone) if isinstance(cell, dict) and "time" in cell else None
    reading = Reading(index, row, holds(definition.get("where"), row) is True, at, None)
    if at is None:
        reading.problem = "at"
    if definition.get("product") is not None:
        reading.product = product_of(definition["product"], row)
    if definition["kind"] == "touchpoint":
        read_touchpoint(definition, row, reading)
        used = {definition["value"]} if definition.get("value") else set()
    else:
        used = aggregate_columns(definition["value"]) | aggregate_columns(definition.get("per"))
    if reading.problem is None and any(unreadable(row.get(column)) for column in used):
        reading.problem = "value"
    return reading


def product_of(expression: Any, row: Row) -> str:
    """A row's product as written, trimmed: a literal, or a column's text."""
    written = expression["literal"] if "literal" in expression else text(row.get(expression["column"]))
    return (written or "").strip()


def read_touchpoint(definition: Any, row: Row, reading: Reading) -> None:
    """The person, stage, value and order of a touchpoint's row."""
    reading.person = (text(row.get(definition["person"])) or "").strip().lower()
    if reading.problem is None and not reading.person:
        reading.problem = "person"
    stage = definition["stage"]
    if isinstance(stage, dict):
        written = (text(row.get(stage["column"])) or "").strip().lower()
        stage = written if written in STAGES else dict(zip(VARIANTS, STAGES)).get(written, "")
    reading.stage = stage
    if reading.problem is None and not stage:
        reading.problem = "stage"
    if definition.get("value"):
        reading.value = number(row.get(definition["value"]))
    if definition.get("order"):
        reading.order = (text(row.get(definition["order"])) or "").strip()
