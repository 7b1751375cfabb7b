"""Random tables: parsed cells first, then the same cells written as a CSV export of some style."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

UNREADABLE_SHARE = 0.04
"""At most this share of a file's cells in a column is unreadable: below 95 % readable the column would have no type."""

UNREADABLE = ["see mail", "tbd", "call back"]
"""Words that no reader could take for an empty cell, a number or a time."""


COLUMN_TYPES = {
    "happened_at": "time",
    "created_at": "time",
    "shipped_at": "time",
    "day": "time",
    "since": "time",
    **dict.fromkeys(["amount", "line_total", "quantity", "sessions", "users", "key_events", "spend", "score", "points"], "number"),
}
"""What the columns that are not text hold, by their names in cvj."""


def snake(header: str) -> str:
    """A header as cvj names its column."""
    return header.lower().replace(" ", "_").replace("-", "_")


@dataclass
class Style:
    """How a platform writes its export."""

    delimiter: str = ","
    time: str = "iso"
    """iso, iso space, iso day, european, us: local times; zoned: with an offset, each row its own."""
    decimal_comma: bool = False
    bom: bool = False
    quote_all: bool = False
    newline: str = "\n"

    @staticmethod
    def drawn(rng: random.Random) -> Style:
        """A random style whose parts go together."""
        semicolon = rng.random() < 0.35
        return Style(
            delimiter=";" if semicolon else ",",
            time=rng.choice(["iso", "iso space", "iso day", "european", "us", "zoned", "zoned", "iso"]),
            decimal_comma=semicolon and rng.random() < 0.6,
            bom=rng.random() < 0.25,
            quote_all=rng.random() < 0.25,
            newline=rng.choice(["\n", "\r\n"]),
        )

    def config(self) -> list[str]:
        """The source keys that this style needs."""
        lines = [] if self.delimiter == "," else [f'delimiter = "{self.delimiter}"']
        if self.time == "european":
            lines.append('date_format = "day-month-year"')
        if self.time == "us":
            lines.append('date_format = "month-day-year"')
        return lines


@dataclass
class Table:
    """A table of parsed cells, and how it is written."""

    name: str
    columns: list[str]
    style: Style
    rows: list[dict[str, Any]] = field(default_factory=list)
    files: int = 1

    def types(self) -> dict[str, str]:
        """Its columns as cvj names them, with what they hold."""
        return {snake(column): COLUMN_TYPES.get(snake(column), "text") for column in self.columns}

    def split(self) -> list[list[dict[str, Any]]]:
        """Its rows file by file."""
        size = -(-len(self.rows) // self.files)
        return [self.rows[start : start + size] for start in range(0, len(self.rows), size)]


def local_time(rng: random.Random, style: Style, moment: datetime, zone: ZoneInfo) -> dict[str, str]:
    """A wall-clock time of the client as this style's parsed time cell."""
    if style.time == "iso day":
        moment = moment.replace(hour=0, minute=0, second=0)
    if style.time in ("european", "us"):
        moment = moment.replace(second=0)
    if style.time != "zoned":
        return {"time": moment.isoformat()}
    instant = moment.replace(tzinfo=zone, fold=rng.randrange(2)).astimezone(timezone.utc)
    offset = rng.choice([timezone.utc, zone, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))])
    return {"time": instant.astimezone(offset).isoformat()}


def spoil(rng: random.Random, table: Table, columns: list[str]) -> None:
    """Makes a few cells unreadable, file by file, so that every file's columns keep their type."""
    for rows in table.split():
        for column in columns:
            filled = [row for row in rows if row[column] is not None]
            for row in rng.sample(filled, min(int(len(filled) * UNREADABLE_SHARE), rng.randrange(3))):
                row[column] = {"unreadable": rng.choice(UNREADABLE)}


def written(cell: Any, style: Style) -> str:
    """A cell as the export has it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if "unreadable" in cell:
        return cell["unreadable"]
    if "number" in cell:
        return cell["number"].replace(".", ",") if style.decimal_comma else cell["number"]
    moment = datetime.fromisoformat(cell["time"])
    if style.time == "zoned":
        text = moment.isoformat()
        return text.replace("+00:00", "Z")
    formats = {
        "iso": "%Y-%m-%dT%H:%M:%S",
        "iso space": "%Y-%m-%d %H:%M:%S",
        "iso day": "%Y-%m-%d",
        "european": "%d.%m.%Y %H:%M",
    }
    if style.time == "us":
        return f"{moment.month}/{moment.day}/{moment.year} {moment.hour}:{moment.minute:02}"
    return moment.strftime(formats[style.time])


def write(table: Table, folder: Path) -> str:
    """Writes the table's files; the path or glob for the configuration."""
    parts = table.split()
    for number, rows in enumerate(parts, start=1):
        name = f"{table.name}-{number}.csv" if table.files > 1 else f"{table.name}.csv"
        with (folder / name).open("w", encoding="utf-8-sig" if table.style.bom else "utf-8", newline="") as file:
            quoting = csv.QUOTE_ALL if table.style.quote_all else csv.QUOTE_MINIMAL
            writer = csv.writer(
                file, delimiter=table.style.delimiter, quoting=quoting, lineterminator=table.style.newline
            )
            writer.writerow(table.columns)
            writer.writerows([[written(row[column], table.style) for column in table.columns] for row in rows])
    return f"exports/{table.name}-*.csv" if table.files > 1 else f"exports/{table.name}.csv"


def money(rng: random.Random, mixed: bool, low: int = 0, high: int = 50_000) -> dict[str, str]:
    """An amount; mixed exports drop the cents now and then."""
    cents = rng.randint(low, high)
    sign = "-" if rng.random() < 0.03 else ""
    if mixed and rng.random() < 0.3:
        return {"number": f"{sign}{cents // 100}"}
    return {"number": f"{sign}{cents // 100}.{cents % 100:02}"}
