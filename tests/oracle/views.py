"""Views: what a SELECT over parsed source rows delivers, and which rows it cannot read.

A view reads only rows whose cells are readable in the columns that its query and the definitions over it need. Which those are is
said by column, whatever the definitions make of them: a cell is unreadable where its column has a type (`types` of the table in
truth.json) that it does not read as.
"""

from __future__ import annotations

from typing import Any

from rows import Row, condition_columns, definition_columns, holds, unreadable

Key = tuple[str, str]


class ViewReading:
    """One view: the rows it delivers, and the rows of its tables that it had to leave out."""

    def __init__(self, view: dict[str, Any], tables: dict[Key, list[Row]], types: dict[Key, dict[str, str]], definitions: list[Any]) -> None:
        self.name: str = view["name"]
        self.tables = tables
        self.types = types
        self.dropped: dict[Key, set[int]] = {}
        self.needed: set[str] = set()
        for definition in definitions:
            if definition["source"] == self.name:
                self.needed |= definition_columns(definition)
        self.rows: list[Row] = self.joined(view) if "join" in view else self.united(view)

    def readable(self, key: Key, columns: set[str]) -> list[Row]:
        """The rows of a table that can be read in these columns; the others are noted as dropped."""
        dropped = self.dropped.setdefault(key, set())
        kept = []
        for index, row in enumerate(self.tables[key]):
            if any(self.types[key][column] != "text" and unreadable(row[column]) for column in columns):
                dropped.add(index)
            else:
                kept.append(row)
        return kept

    def united(self, view: dict[str, Any]) -> list[Row]:
        """`SELECT * FROM table WHERE …`, one or several with UNION ALL. A column that one part needs, the table needs."""
        needed: dict[Key, set[str]] = {}
        for part in view["parts"]:
            needed.setdefault((part["source"], part["table"]), set(self.needed)).update(condition_columns(part["where"]))
        rows: list[Row] = []
        for part in view["parts"]:
            key = (part["source"], part["table"])
            rows += [row for row in self.readable(key, needed[key]) if holds(part["where"], row) is True]
        return rows

    def joined(self, view: dict[str, Any]) -> list[Row]:
        """`SELECT l.*, r.column FROM left l JOIN right r ON r.key = lower(trim(l.key)) WHERE …` (a condition over the right side)."""
        join = view["join"]
        columns = set(join["columns"])
        left = self.readable((join["left"], join["left"]), self.needed - columns | {join["left_key"]})
        conditional = condition_columns(join["where"])
        right = self.readable((join["right"], join["right"]), self.needed & columns | {join["right_key"]} | conditional)
        rows: list[Row] = []
        for row in left:
            key = (row[join["left_key"]] or "").strip().lower()
            for other in right:
                if key and other[join["right_key"]] == key and holds(join["where"], other) is True:
                    rows.append({**row, **{column: other[column] for column in columns}})
        return rows
