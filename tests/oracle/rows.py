"""Definitions over parsed rows: which rows a definition uses, rejects or filters, and what it reads from them.

A parsed cell is one of `None` (empty), a string (text), `{"number": "12.50"}`, `{"time": "2026-03-29T02:30:00"}` (a local time,
or with an offset as written) or `{"unreadable": "n/a"}`. Conditions, terms and aggregates are small trees; their `sql` is only printed.
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


def term_columns(term: Any) -> set[str]:
    """The columns that a number's term reads: a column's name, a product of columns, or a column with a number instead of null."""
    if term is None:
        return set()
    if isinstance(term, str):
        return {term}
    return set(term["times"]) if "times" in term else {term["coalesce"]}


def term_value(term: Any, row: Row) -> Fraction | None:
    """The number of a term in a row."""
    if isinstance(term, str):
        return number(row.get(term))
    if "coalesce" in term:
        found = number(row.get(term["coalesce"]))
        return Fraction(term["else"]) if found is None else found
    result = Fraction(1)
    for column in term["times"]:
        factor = number(row.get(column))
        if factor is None:
            return None
        result *= factor
    return result


def aggregate_columns(aggregate: Any) -> set[str]:
    """The columns that an aggregate reads."""
    if aggregate is None:
        return set()
    columns = term_columns(aggregate.get("column"))
    for condition, _ in aggregate.get("case", []):
        columns |= condition_columns(condition)
    return columns


def product_columns(expression: Any) -> set[str]:
    """The columns that a product's expression reads."""
    if expression is None or "literal" in expression:
        return set()
    return set(expression["coalesce"]) if "coalesce" in expression else {expression["column"]}


def value_columns(definition: Any) -> set[str]:
    """The columns that a definition takes its numbers from."""
    if definition["kind"] == "touchpoint" or definition.get("unit") == "nps":
        return term_columns(definition.get("value"))
    return aggregate_columns(definition["value"]) | aggregate_columns(definition.get("per"))


def definition_columns(definition: Any) -> set[str]:
    """Every column that a definition reads."""
    columns = {definition["at"]} | {definition[key] for key in ("person", "order") if definition.get(key)}
    if isinstance(definition["stage"], dict):
        columns.add(definition["stage"]["column"])
    columns |= {dimension_column(dimension) for dimension in definition.get("by", [])}
    columns |= {definition["current"]} if definition.get("current") else set()
    columns |= product_columns(definition.get("product")) | condition_columns(definition.get("where"))
    return columns | value_columns(definition)


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
        values = [value for row in rows if (value := term_value(aggregate["column"], row)) is not None]
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
    by: tuple[tuple[str, str], ...] = ()
    """The values that the touchpoint is told apart by, each after its dimension's name; a dimension without a value is left out."""
    current: str = ""
    """The stage that the person is at now, where the row names one."""


def read(definition: Any, rows: list[Row], zone: ZoneInfo) -> list[Reading]:
    """One reading per row of the definition's table."""
    return [read_row(definition, index, row, zone) for index, row in enumerate(rows)]


def read_row(definition: Any, index: int, row: Row, zone: ZoneInfo) -> Reading:
    """`where` comes first, and where it cannot be read the row is rejected; then the required keys; then every column used."""
    cell = row.get(definition["at"])
    at = parsed(cell["time"], zone) if isinstance(cell, dict) and "time" in cell else None
    reading = Reading(index, row, holds(definition.get("where"), row) is True, at, None)
    if any(unreadable(row.get(column)) for column in condition_columns(definition.get("where"))):
        reading.kept, reading.problem = True, "where"
    elif at is None:
        reading.problem = "at"
    if definition.get("product") is not None:
        reading.product = product_of(definition["product"], row)
    if definition["kind"] == "touchpoint":
        read_touchpoint(definition, row, reading)
    if reading.problem is None and any(unreadable(row.get(column)) for column in value_columns(definition)):
        reading.problem = "value"
    return reading


def product_of(expression: Any, row: Row) -> str:
    """A row's product as written, trimmed: a literal, a column's text, or the first of several that is not null."""
    if "literal" in expression:
        return str(expression["literal"]).strip()
    written = [text(row.get(column)) for column in expression.get("coalesce", [expression.get("column")])]
    return next((found for found in written if found is not None), "").strip()


def read_touchpoint(definition: Any, row: Row, reading: Reading) -> None:
    """The person, stage, value and order of a touchpoint's row."""
    reading.person = (text(row.get(definition["person"])) or "").strip().lower()
    if reading.problem is None and not reading.person:
        reading.problem = "person"
    stage = definition["stage"]
    reading.stage = stage_named(row.get(stage["column"])) if isinstance(stage, dict) else stage
    if reading.problem is None and not reading.stage:
        reading.problem = "stage"
    if definition.get("value"):
        reading.value = term_value(definition["value"], row)
    if definition.get("order"):
        reading.order = (text(row.get(definition["order"])) or "").strip()
    written = [(dimension, dimension_value(dimension, row)) for dimension in definition.get("by", [])]
    reading.by = tuple((dimension, value) for dimension, value in written if value)
    if definition.get("current"):
        reading.current = stage_named(row.get(definition["current"]))


def dimension_column(dimension: str) -> str:
    """The column that a dimension's expression reads: a column's name, or `lower(column)`."""
    return dimension.removeprefix("lower(").removesuffix(")")


def dimension_value(dimension: str, row: Row) -> str:
    """A touchpoint's value of a dimension, trimmed; empty where it has none."""
    written = (text(row.get(dimension_column(dimension))) or "").strip()
    return written.lower() if dimension.startswith("lower(") else written


def stage_named(cell: Any) -> str:
    """The stage that a cell names by one of its two words, in any case; empty where it names none."""
    written = (text(cell) or "").strip().lower()
    return written if written in STAGES else dict(zip(VARIANTS, STAGES)).get(written, "")
