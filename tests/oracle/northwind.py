"""The sample client through the oracle: `northwind.py examples/northwind` checks expected.json against the exports themselves.

The generator computes expected.json from the people it made up; this reads the written exports and lets the oracle compute the same
numbers from them. So an export that does not say what the generator meant is found here, without cvj.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tomllib
import zipfile
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Callable
from xml.etree import ElementTree

from compare import differences
from mapping import distinct, of_known, rows_counted, total
from oracle import Client

Cell = Any
Reader = Callable[[str], Cell]

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def times(pattern: str) -> Reader:
    """Reads local times of one format; anything else is unreadable."""

    def reader(text: str) -> Cell:
        try:
            return {"time": datetime.strptime(text, pattern).isoformat()}
        except ValueError:
            return {"unreadable": text}

    return reader


def zoned(text: str) -> Cell:
    """Reads times with an offset."""
    try:
        return {"time": datetime.fromisoformat(text.replace("Z", "+00:00")).isoformat()}
    except ValueError:
        return {"unreadable": text}


def number(text: str) -> Cell:
    """Reads numbers, with a decimal point or comma."""
    try:
        return {"number": str(Decimal(text.replace(",", ".")))}
    except InvalidOperation:
        return {"unreadable": text}


READERS: dict[str, dict[str, Reader]] = {
    "web": {"date": times("%Y-%m-%d"), "sessions": number, "total_users": number, "engaged_sessions": number, "key_events": number},
    "ads": {"day": times("%Y-%m-%d"), "link_clicks": number, "amount_spent_usd": number},
    "events": {"occurred_at": zoned},
    "newsletter": {"signed_up": times("%d.%m.%Y %H:%M"), "quote_volume_m3": number},
    "shop": {"created_at": zoned, "lineitem_price": number},
    "onboarding": {"completed_at": times("%m/%d/%Y %H:%M")},
    "reviews": {"stars": number},
    "nps": {"score": number},
    "referrals": {"referred_on": times("%Y-%m-%d %H:%M"), "reward_usd": number},
}
"""How columns that are not text read, by table."""


def compared(column: str, sign: str, **value: Any) -> dict[str, Any]:
    """A simple condition."""
    return {"op": sign, "column": column, **value}


SQL: dict[str, Any] = {
    "session_medium <> 'internal'": compared("session_medium", "<>", text="internal"),
    "financial_status <> 'refunded'": compared("financial_status", "<>", text="refunded"),
    "stars >= 4": compared("stars", ">=", number="4"),
    "score >= 9": compared("score", ">=", number="9"),
    "count(*)": rows_counted(),
    "count(distinct name)": distinct("name"),
    "avg(stars)": of_known("avg", "stars"),
    "avg(quote_volume_m3)": of_known("avg", "quote_volume_m3"),
    "sum(case when arrival = 'on time' then 1 else 0 end)": {
        "function": "sum",
        "case": [[compared("arrival", "=", text="on time"), "1"]],
        "else": "0",
    },
}
"""The configuration's conditions and aggregates as the oracle's trees; `sum(column)` is read as such."""


def tree(sql: str) -> Any:
    """The tree of a condition or an aggregate."""
    plain = re.fullmatch(r"sum\((\w+)\)", sql)
    return total(plain[1]) if plain else SQL[sql]


def snake(header: str) -> str:
    """A header as cvj names its column."""
    return re.sub(r"[^0-9a-z]+", "_", header.lower()).strip("_")


def typed(table: str, header: list[str], rows: list[list[str]]) -> list[dict[str, Cell]]:
    """Rows of text as parsed cells."""
    readers = READERS[table]
    columns = [snake(name) for name in header]
    return [
        {column: None if cell == "" else readers.get(column, str)(cell) for column, cell in zip(columns, row, strict=True)}
        for row in rows
    ]


def csv_table(name: str, paths: list[Path], delimiter: str) -> list[dict[str, Cell]]:
    """The rows of one or several CSV files."""
    found = []
    for path in paths:
        header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), delimiter=delimiter)
        found += typed(name, header, rows)
    return found


def xlsx_tables(path: Path) -> dict[str, list[dict[str, Cell]]]:
    """The rows of a workbook's sheets, each a table named in snake case; a number in the first column is an Excel time."""
    with zipfile.ZipFile(path) as package:
        shared = ["".join(item.itertext()) for item in ElementTree.fromstring(package.read("xl/sharedStrings.xml"))]
        names = [sheet.attrib["name"] for sheet in ElementTree.fromstring(package.read("xl/workbook.xml")).iter(f"{SHEET}sheet")]
        tables = {}
        for number_of, name in enumerate(names, start=1):
            sheet = ElementTree.fromstring(package.read(f"xl/worksheets/sheet{number_of}.xml"))
            rows = [sheet_row(row, shared) for row in sheet.iter(f"{SHEET}row")]
            header, *rest = rows
            times_of = [row[0] for row in rest]
            table = snake(name)
            parsed = typed(table, [str(cell) for cell in header], [["" if cell is None else str(cell) for cell in row] for row in rest])
            for row, time in zip(parsed, times_of):
                row[snake(str(header[0]))] = excel_time(time) if isinstance(time, float) else {"unreadable": time}
            tables[table] = parsed
    return tables


def sheet_row(row: ElementTree.Element, shared: list[str]) -> list[str | float | None]:
    """The four cells of a sheet's row."""
    cells: list[str | float | None] = [None] * 4
    for cell in row.iter(f"{SHEET}c"):
        value = cell.findtext(f"{SHEET}v")
        if value is not None:
            position = ord(cell.attrib["r"][0]) - ord("A")
            is_time = position == 0
            cells[position] = shared[int(value)] if cell.get("t") == "s" else float(value) if is_time else value
    return cells


def excel_time(days: float) -> Cell:
    """Days since 30 December 1899 as a local time, to the second."""
    return {"time": (datetime(1899, 12, 30) + timedelta(seconds=round(days * 86_400))).isoformat()}


def truth(folder: Path) -> dict[str, Any]:
    """What the oracle reads, from the configuration and the exports."""
    config = tomllib.loads((folder / "cvj.toml").read_text(encoding="utf-8"))
    tables = []
    for name, source in config["source"].items():
        paths = sorted(folder.glob(source["path"]))
        if source["plugin"] == "xlsx":
            tables += [{"source": name, "table": sheet, "rows": rows} for sheet, rows in xlsx_tables(paths[0]).items()]
        else:
            tables.append({"source": name, "table": name, "rows": csv_table(name, paths, source.get("delimiter", ","))})
    definitions = [definition(kind, found) for kind in ("metric", "touchpoint") for found in config[kind]]
    return {
        "timezone": config["client"]["timezone"],
        "period": config["report"]["period"],
        "history": config["report"]["history"],
        "as_of": config["report"]["as_of"],
        "products": config["product"],
        "windows": config["window"],
        "tables": tables,
        "definitions": definitions,
    }


def definition(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """One definition with trees for its SQL."""
    source, _, table = found["from"].partition(".")
    result = {**found, "kind": kind, "source": source, "table": table or source, "unit": found.get("unit", "count")}
    if "product" in found:
        result["product"] = {"column": found["product"]}
    for key in ("where", "value", "per") if kind == "metric" else ("where",):
        if key in found and not (key == "value" and result["unit"] == "nps"):
            result[key] = tree(found[key])
    return result


def main() -> int:
    """Compares expected.json with what the oracle computes from the exports."""
    folder = Path(sys.argv[1])
    computed = Client(truth(folder)).report()
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    computed |= {"client": expected["client"], "currency": expected["currency"]}
    for product, found in zip(expected["products"], computed["products"]):
        found["slug"] = product["slug"]
    found = list(differences(expected, computed))
    for difference in found:
        print(difference)
    print(f"northwind: {len(found)} differences between expected.json and its exports")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
