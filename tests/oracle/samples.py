"""The sample exports through cvj and through a reading by hand: `samples.py --cvj target/debug/cvj FOLDER...`.

How each file is written (encoding, delimiter, where its tables stand, which lines are totals or footers, what each column holds) is
declared here, read off the files by eye. Plain Python reads them so; cvj is told nothing but the path. Compared are the types that
`cvj check` shows and, as metrics of a report: rows, values per column, sums, least and greatest, times as seconds, characters and
distinct values of text; and the accounts: rows read, rejected, left out. Ends with `N passed, N failed`; exit code 1 if any failed.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Callable, Iterator

import openpyxl

from compare import differences

EMPTY_WORDS = {"", "--", "-", "n/a", "N/A", "NULL", "Null", "null"}
"""What is no value where no text is meant."""


@dataclass(frozen=True)
class Kind:
    """How the cells of a column are meant: the type that cvj shows, and the value of one cell."""

    shown: tuple[str, ...]
    value: Callable[[Any], Any]


def number(decimal_mark: str = ".") -> Callable[[Any], Decimal]:
    """Reads a number with this decimal mark; the other mark groups thousands; a percentage is a fraction."""

    def read(cell: Any) -> Decimal:
        text = str(cell).strip()
        text = text.replace(",", "") if decimal_mark == "." else text.replace(".", "").replace(",", ".")
        return Decimal(text.removesuffix("%")) / 100 if text.endswith("%") else Decimal(text)

    return read


def moment(pattern: str) -> Callable[[Any], int]:
    """Reads a time of this format as seconds; without an offset it is UTC, as the client's zone is."""

    def read(cell: Any) -> int:
        at = cell if isinstance(cell, datetime) else datetime.strptime(str(cell).strip(), pattern)
        return int((at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp())

    return read


TEXT = Kind(("text",), str)
WHOLE = Kind(("integer",), number())
DECIMAL = Kind(("number",), number())
COMMA = Kind(("number",), number(","))
TRUTH = Kind(("yes/no",), lambda cell: {"true": True, "false": False, "yes": True, "no": False}[str(cell).lower()])
LONG_ID = Kind(("text", "integer"), str)


def day(pattern: str) -> Kind:
    """Days of this format. Days in digits alone are whole numbers until a definition asks for days."""
    return Kind(("date", "integer") if pattern == "%Y%m%d" else ("date",), moment(pattern))


def time(pattern: str = "%Y-%m-%d %H:%M:%S", shown: str = "time") -> Kind:
    """Times of this format."""
    return Kind((shown,), moment(pattern))


@dataclass(frozen=True)
class Table:
    """Where a table stands, in lines (CSV) or rows (sheets) counted from 1, and what its columns hold: text where nothing is said."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    name: str | None = None
    header: int = 1
    rows: tuple[int, int] | None = None
    left_out: tuple[int, ...] = ()
    covers: tuple[date, date] | None = None


@dataclass(frozen=True)
class Export:
    """How a file is written."""

    tables: tuple[Table, ...]
    encoding: str = "utf-8"
    delimiter: str = ","


def one(kinds: dict[str, Kind] | None = None, *, encoding: str = "utf-8", delimiter: str = ",", **place: Any) -> Export:
    """A file of one table."""
    return Export((Table(kinds or {}, **place),), encoding, delimiter)


OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
FOUR_WEEKS = (date(2026, 10, 1), date(2026, 10, 28))

ADS_KINDS = {name: WHOLE for name in ["Impr.", "Interactions"]} | {
    name: DECIMAL
    for name in ["Budget", "Avg. CPM", "Interaction rate", "Avg. cost", "Cost", "Conv. rate", "Conversions", "Cost / conv."]
}
ADS = {"kinds": ADS_KINDS, "header": 3, "rows": (4, 6), "left_out": (7, 8), "covers": OCTOBER}
CREME_OPPORTUNITIES = {"Estimated sales": WHOLE}
ODOO_LEADS = {"Expected Revenue": DECIMAL, "Created on": time(), "Closed Date": time()}
SHOPIFY = {
    name: DECIMAL for name in ["Subtotal", "Shipping", "Taxes", "Total", "Lineitem price", "Refunded Amount"]
} | {
    "Paid at": time("%Y-%m-%d %H:%M:%S %z", "time with zone"),
    "Created at": time("%Y-%m-%d %H:%M:%S %z", "time with zone"),
    "Accepts Marketing": TRUTH,
    "Lineitem requires shipping": TRUTH,
    "Lineitem taxable": TRUTH,
    "Lineitem quantity": WHOLE,
    "Id": LONG_ID,
}
STRIPE = {name: DECIMAL for name in ["Amount", "Amount Refunded", "Converted Amount", "Converted Amount Refunded", "Fee"]} | {
    "Created date (UTC)": time(shown="time with zone"),
    "Captured": TRUTH,
}

SAMPLES: dict[str, Export] = {
    "creme-2.8.6-contacts.csv": one(),
    "creme-2.8.6-contacts.semicolon.csv": one(delimiter=";"),
    "creme-2.8.6-contacts.xls": one(),
    "creme-2.8.6-contacts.xlsx": one(),
    "creme-2.8.6-opportunities.csv": one(CREME_OPPORTUNITIES),
    "creme-2.8.6-opportunities.semicolon.csv": one(CREME_OPPORTUNITIES, delimiter=";"),
    "creme-2.8.6-opportunities.xls": one(CREME_OPPORTUNITIES),
    "creme-2.8.6-opportunities.xlsx": one(CREME_OPPORTUNITIES),
    "ga4-events-report.csv": one(
        {"Event count": WHOLE, "Total users": WHOLE, "Event count per user": DECIMAL, "Total revenue": WHOLE}, header=10, covers=OCTOBER
    ),
    "ga4-landing-pages.csv": one(
        {"Date": day("%Y%m%d"), "Sessions": WHOLE, "Total users": WHOLE, "Engaged sessions": WHOLE, "Key events": WHOLE},
        header=10,
        covers=OCTOBER,
    ),
    "ga4-reports-snapshot.csv": Export(
        (
            Table({"Average engagement time": DECIMAL}, "average_engagement_time", 9, (10, 37), covers=FOUR_WEEKS),
            Table({"Engaged sessions per user": DECIMAL}, "engaged_sessions_per_user", 41, (42, 69), covers=FOUR_WEEKS),
            Table({"Event count": WHOLE}, "event_name", 74, (75, 76), covers=FOUR_WEEKS),
        )
    ),
    "google-ads-campaigns.csv": one(**ADS),
    "google-ads-campaigns.utf16.tsv": one(encoding="utf-16", delimiter="\t", **ADS),
    "hubspot-contacts.csv": one(
        {
            "Record ID": WHOLE,
            "Create Date": time("%Y-%m-%d %H:%M"),
            "Became a Lead Date": time("%Y-%m-%d %H:%M"),
            "Became a Customer Date": time("%Y-%m-%d %H:%M"),
        }
    ),
    "mailchimp-audience.csv": one({"MEMBER_RATING": WHOLE, "LEID": WHOLE, "OPTIN_TIME": time(), "CONFIRM_TIME": time()}),
    "mailchimp-campaigns.csv": one(
        {
            "Send Date": time("%b %d, %Y %I:%M %p"),
            "Open Rate": DECIMAL,
            "Click Rate": DECIMAL,
            "Total Recipients": WHOLE,
            "Successful Deliveries": WHOLE,
            "Unique Opens": WHOLE,
            "Unique Clicks": WHOLE,
        }
    ),
    "meta-ads-campaigns.csv": one(
        {
            "Reporting starts": day("%Y-%m-%d"),
            "Reporting ends": day("%Y-%m-%d"),
            "Impressions": WHOLE,
            "Reach": WHOLE,
            "Amount spent (USD)": DECIMAL,
            "Link clicks": WHOLE,
            "Post reactions": WHOLE,
            "Leads": WHOLE,
        },
        encoding="utf-8-sig",
        left_out=(2,),
    ),
    "nps-survey.csv": one(
        {"Submitted at": time("%d/%m/%Y %H:%M"), "How likely are you to recommend us? (0-10)": WHOLE},
        encoding="utf-8-sig",
        delimiter=";",
    ),
    "odoo19-export-crm.lead.csv": one(ODOO_LEADS),
    "odoo19-export-crm.lead.xlsx": one(ODOO_LEADS | {"Expected Revenue": WHOLE}),
    "odoo19-export-res.partner.csv": one({"Created on": time()}),
    "odoo19-export-res.partner.xlsx": one({"Created on": time()}),
    "pipedrive-deals.csv": one({"Deal - Value": WHOLE, "Deal - Deal created": time(), "Deal - Won time": time()}),
    "reviews.csv": one({"Datum": day("%d.%m.%Y"), "Bewertung": COMMA}, encoding="latin-1", delimiter=";"),
    "salesforce-opportunities.latin1.csv": one(
        {"Amount": DECIMAL, "Close Date": day("%m/%d/%Y")}, encoding="latin-1", rows=(2, 30), left_out=(33, 34, 35, 36)
    ),
    "shopify-orders.csv": one(SHOPIFY),
    "stripe-payments.csv": one(STRIPE),
}


def lines(path: Path, export: Export) -> dict[int, list[Any]]:
    """The file's rows by the line they begin on."""
    if path.suffix == ".xls":
        # Written by the same program from the same records; nothing in the standard library reads BIFF.
        path = path.with_suffix(".xlsx")
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[0]
        return dict(enumerate(([cell.value for cell in row] for row in sheet.iter_rows()), 1))
    text = path.read_bytes().decode(export.encoding)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=export.delimiter)
    found, begin = {}, 1
    for row in reader:
        found[begin] = row
        begin = reader.line_num + 1
    return found


def snake_case(header: str) -> str:
    """A header as a column's name."""
    name = "".join(character.lower() if character.isalnum() else " " for character in header)
    name = "_".join(name.split())
    return f"_{name}" if name[:1].isnumeric() else name


def text_of(cell: Any) -> str:
    """A cell as text; a missing one is empty."""
    return "" if cell is None else str(cell)


def measures(table: Table, found: dict[int, list[Any]]) -> Iterator[tuple[str, str, Decimal | int]]:
    """What each column must give: a name, the SQL aggregate, the value."""
    first, last = table.rows or (table.header + 1, max(found))
    headers = found[table.header]
    rows = [row for line, row in found.items() if first <= line <= last and line not in table.left_out and any(map(text_of, row))]
    yield "rows", "count(*)", len(rows)
    for index, header in enumerate(headers):
        kind, column = table.kinds.get(header, TEXT), snake_case(header)
        cells = [row[index] for row in rows]
        texts = kind is TEXT or kind is LONG_ID
        values = [cell for cell in cells if text_of(cell).strip() not in ({""} if texts else EMPTY_WORDS)]
        if texts and all(text_of(value).strip() in EMPTY_WORDS for value in values):
            continue  # Nothing but words for nothing: whether they are texts is for the reader to say.
        yield f"{header}: values", f"count({column})", len(values)
        read = [kind.value(value) for value in values]
        if texts:
            yield f"{header}: characters", f"sum(char_length({column}))", sum(map(len, read))
            yield f"{header}: distinct", f"count(distinct {column})", len(set(read))
        elif kind is TRUTH:
            yield f"{header}: true", f"sum(case when {column} then 1 else 0 end)", sum(read)
        elif kind.shown[0] in ("date", "time", "time with zone"):
            yield f"{header}: first", f"min(date_part('epoch', {column}))", min(read)
            yield f"{header}: last", f"max(date_part('epoch', {column}))", max(read)
        elif read:
            yield f"{header}: sum", f"sum({column})", sum(read)
            yield f"{header}: least", f"min({column})", min(read)
            yield f"{header}: greatest", f"max({column})", max(read)
    if table.covers:
        for name, column, at in zip(("from", "to"), ("_from", "_to"), table.covers):
            seconds = int(datetime(at.year, at.month, at.day, tzinfo=timezone.utc).timestamp())
            yield name, f"min(date_part('epoch', {column}))", seconds
            yield f"{name} of all rows", f"count({column})", len(rows)


def quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)


CLIENT = """[client]
name = "Sample"
currency = "USD"
timezone = "UTC"
[report]
period = "month"
history = 1
as_of = "2026-11-01"
[source.sample]
plugin = {plugin}
path = {path}
"""

METRIC = """[[metric]]
stage = "aware"
name = {name}
from = {table}
value = {value}
unit = "number"
at = "DATE '2026-10-15'"
"""


def asked(cvj: Path, words: list[str]) -> str | None:
    """Runs cvj; its standard output, or None with its message printed."""
    done = subprocess.run([str(cvj), *words], capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=120)
    if done.returncode == 0:
        return done.stdout
    print("  " + done.stderr.strip().replace("\n", "\n  "))
    return None


def problems(cvj: Path, path: Path, export: Export, client: Path) -> Iterator[str]:
    """The differences between the file as declared and as cvj reads it."""
    (client / "exports").mkdir(parents=True)
    (client / "exports" / path.name).write_bytes(path.read_bytes())
    plugin = "csv" if path.suffix in (".csv", ".tsv") else "xlsx"
    toml = CLIENT.format(plugin=quoted(plugin), path=quoted(f"exports/{path.name}"))
    # Types first, with only the rows counted, so that no definition asks for one.
    counts = "".join(METRIC.format(name=quoted(f"{t.name}"), table=quoted(place(t)), value=quoted("count(*)")) for t in export.tables)
    (client / "cvj.toml").write_text(toml + counts, encoding="utf-8")
    seen = asked(cvj, ["check", str(client), "--json"])
    if seen is None:
        yield "cvj check failed"
        return
    tables = {table["name"]: table for table in json.loads(seen)["sources"][0]["tables"]}
    wanted = {table.name or "sample" for table in export.tables}
    if set(tables) != wanted:
        yield f"tables {sorted(tables)}, expected {sorted(wanted)}"
        return
    found = lines(path, export)
    expected: dict[str, Decimal | int] = {}
    metrics = ""
    for table in export.tables:
        name = table.name or "sample"
        types = {column["header"]: column["type"] for column in tables[name]["columns"] if column["header"] is not None}
        for label, sql, value in measures(table, found):
            expected[f"{name} {label}"] = value
            metrics += METRIC.format(name=quoted(f"{name} {label}"), table=quoted(place(table)), value=quoted(sql))
        for header in found[table.header]:
            shown = table.kinds.get(header, TEXT).shown
            # A column without a value has no type.
            if types.get(header) not in shown and expected.get(f"{name} {header}: values"):
                yield f"{name}: `{header}` is {types.get(header)}, expected {' or '.join(shown)}"
    (client / "cvj.toml").write_text(toml + metrics, encoding="utf-8")
    if asked(cvj, ["report", str(client), "--format", "json", "--out", str(client / "out")]) is None:
        yield "cvj report failed"
        return
    report = json.loads((client / "out" / "report.json").read_text(encoding="utf-8"), parse_float=Decimal)
    actual = {metric["name"]: metric["actual"] for metric in report["overall"]["stages"][0]["metrics"]}
    for name, value in expected.items():
        if actual.get(name) is None or abs(Decimal(actual[name]) - value) > Decimal("1e-9") * max(1, abs(value)):
            yield f"{name}: {actual.get(name)}, expected {value}"
    account = {table["name"]: table for table in report["sources"][0]["tables"]}
    for table in export.tables:
        told = account[table.name or "sample"]
        left_out = told["rows_left_out"]
        counted = {"read": told["rows_read"], "rejected": told["rows_rejected"], "left_out": sum(reason["rows"] for reason in left_out)}
        rows = int(expected[f"{table.name or 'sample'} rows"])
        yield from differences({"read": rows, "rejected": 0, "left_out": len(table.left_out)}, counted, table.name or "sample")
        yield from (f"rows left out without a reason: {reason}" for reason in left_out if not reason["why"].strip())


def place(table: Table) -> str:
    """The table in `from`."""
    return f"sample.{table.name}" if table.name else "sample"


def main() -> int:
    """Reads every declared file that is in one of the folders; a file there that is not declared is a failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cvj", type=Path, required=True, help="the built command")
    parser.add_argument("--only", default="", help="only files with this in their name")
    parser.add_argument("folders", type=Path, nargs="+", help="where the samples are; one that is not there has no files")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        if not folder.is_dir():
            print(f"there is no {folder.name} folder of samples beside the checkout: fewer files")
    # The same file in two folders is one sample: the first is read.
    files: dict[str, Path] = {}
    for folder in arguments.folders:
        for path in sorted(folder.glob("*")):
            if path.suffix in (".csv", ".tsv", ".xls", ".xlsx", ".ods") and arguments.only in path.name:
                files.setdefault(path.name, path)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="cvj-samples-") as scratch:
        for name, path in files.items():
            print(f"{name}:", flush=True) if arguments.only else None
            if name in SAMPLES:
                found = list(problems(arguments.cvj.resolve(), path, SAMPLES[name], Path(scratch) / name))
            else:
                found = ["not declared in samples.py"]
            passed, failed = passed + (not found), failed + bool(found)
            if found:
                print(f"{name}: {len(found)} problems")
                for problem in found:
                    print(f"  {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
