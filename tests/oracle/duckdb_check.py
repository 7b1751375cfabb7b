"""Some of the sample's numbers, computed by DuckDB from the exports: `duckdb_check.py examples/northwind REPORT_JSON`.

A third way beside the generator's and the oracle's, and one that reads CSV with a reader of its own. Needs the `duckdb` package.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

START, END = "2026-10-01", "2026-11-01"
"""The reported month. Chicago's offset is five hours all month, so that times in UTC shift by a constant."""

PRODUCTS = {"Local move": "local", "Long distance": "long", "Storage": "stor"}
"""What a spelling of the product contains, after `/`, `-` and case are gone."""

PATTERN = "lower(replace({column}, '-', ' ')) LIKE '%{part}%'"


def exports(folder: Path) -> duckdb.DuckDBPyConnection:
    """The exports as views of text, but for what is summed."""
    db = duckdb.connect()
    folder = folder / "exports"

    def view(name: str, path: str, delimiter: str = ",") -> None:
        source = str(folder / path).replace("'", "''")
        db.execute(
            f"CREATE VIEW {name} AS SELECT * FROM read_csv('{source}', delim='{delimiter}', header=true, all_varchar=true, quote='\"')"
        )

    view("web", "ga4-landing-pages-*.csv")
    view("ads", "meta-ads.csv")
    view("events", "events.csv")
    view("newsletter", "newsletter.csv", ";")
    view("shop", "shop-orders.csv")
    view("onboarding", "onboarding.csv")
    view("referrals", "referrals.csv")
    return db


QUERIES: dict[tuple[str, str, str], tuple[str, str | None]] = {
    ("aware", "Sessions", "actual"): (
        f"SELECT sum(CAST(Sessions AS BIGINT)) FROM web WHERE \"Session medium\" <> 'internal' AND Date >= '{START}' AND Date < '{END}'",
        '"Landing page"',
    ),
    ("aware", "Ad spend", "actual"): (
        f"SELECT coalesce(sum(TRY_CAST(\"Amount spent (USD)\" AS DECIMAL(18, 2))), 0) FROM ads WHERE Day >= '{START}' AND Day < '{END}'",
        '"Campaign name"',
    ),
    ("subscribe", "Opt-in rate", "actual"): (
        "SELECT sum(CAST(\"Key events\" AS BIGINT)) / sum(CAST(\"Total users\" AS BIGINT)) FROM web "
        f"WHERE \"Session medium\" <> 'internal' AND Date >= '{START}' AND Date < '{END}'",
        '"Landing page"',
    ),
    ("convert", "Orders", "actual"): (
        "SELECT count(DISTINCT Name) FROM shop WHERE \"Financial Status\" <> 'refunded' "
        f"AND \"Created at\"[:10] >= '{START}' AND \"Created at\"[:10] < '{END}'",
        '"Lineitem name"',
    ),
    ("convert", "Average order value", "actual"): (
        "SELECT sum(TRY_CAST(\"Lineitem price\" AS DECIMAL(18, 2))) / count(DISTINCT Name) FROM shop "
        "WHERE \"Financial Status\" <> 'refunded' AND TRY_CAST(\"Lineitem price\" AS DECIMAL(18, 2)) IS NOT NULL "
        f"AND \"Created at\"[:10] >= '{START}' AND \"Created at\"[:10] < '{END}'",
        '"Lineitem name"',
    ),
    ("excite", "On-time moves", "actual"): (
        "SELECT count(*) FILTER (WHERE Arrival = 'on time') / count(*) FROM onboarding "
        f"WHERE TRY_STRPTIME(\"Completed at\", '%m/%d/%Y %H:%M') >= '{START}' "
        f"AND TRY_STRPTIME(\"Completed at\", '%m/%d/%Y %H:%M') < '{END}'",
        None,
    ),
    ("promote", "Referral rewards", "actual"): (
        "SELECT sum(CAST(\"Reward (USD)\" AS DECIMAL(18, 2))) FROM referrals "
        f"WHERE \"Referred on\" >= '{START}' AND \"Referred on\" < '{END}'",
        None,
    ),
    ("engage", "people", "any"): (
        "SELECT count(DISTINCT lower(trim(contact_email))) FROM events WHERE lower(trim(stage)) IN ('engage', 'engagement') "
        "AND trim(contact_email) <> '' "
        f"AND TRY_CAST(occurred_at AS TIMESTAMP) - INTERVAL 5 HOUR < '{END}'",
        "product",
    ),
    ("subscribe", "people", "any"): (
        "SELECT count(DISTINCT lower(trim(\"E-Mail\"))) FROM newsletter WHERE trim(\"E-Mail\") <> '' "
        f"AND TRY_STRPTIME(\"Signed up\", '%d.%m.%Y %H:%M') < '{END}'",
        "Interest",
    ),
    ("promote", "people", "any"): (
        f"SELECT count(DISTINCT lower(trim(\"Referrer email\"))) FROM referrals WHERE \"Referred on\" < '{END}'",
        "Service",
    ),
}
"""By stage, metric and field: the query, and the column that names the product (none: overall only)."""


def reported(stages: list[dict[str, Any]], stage: str, name: str, field: str) -> Any:
    """A number of the report; nothing where the scope has no such number."""
    found = next(entry for entry in stages if entry["stage"] == stage)
    if name == "people":
        return found["people"] and found["people"][field]
    return next((metric[field] for metric in found["metrics"] if metric["name"] == name), None)


def main() -> int:
    """Compares every query overall and for each product."""
    folder, path = (Path(argument) for argument in sys.argv[1:3])
    report = json.loads(path.read_text(encoding="utf-8"))
    scopes = [("Overall", None, report["overall"]["stages"])]
    scopes += [(product["name"], PRODUCTS[product["name"]], product["stages"]) for product in report["products"]]
    db = exports(folder)
    compared = wrong = 0
    for (stage, name, field), (query, column) in QUERIES.items():
        for scope, part, stages in scopes:
            if part is not None and column is None:
                continue
            condition = "" if part is None else " AND " + PATTERN.format(column=column, part=part)
            row = db.execute(query + condition).fetchone()
            computed = None if row is None or row[0] is None else float(row[0])
            # A stage that nobody reached has no count of people in the report.
            expected = reported(stages, stage, name, field) or 0.0
            compared += 1
            if abs((computed or 0.0) - expected) > 1e-9 * max(1.0, abs(expected)):
                wrong += 1
                print(f"{scope}, {stage}, {name}: DuckDB has {computed}, the report {expected}")
    print(f"{compared} numbers compared, {wrong} differ")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
