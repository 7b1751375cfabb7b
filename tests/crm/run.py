"""CRMs that cvj reports with its plugins' own definitions, held against the records that their emulators have.

    python3 run.py --cvj ../../target/debug/cvj --emulator ../../target/debug/cvj-emulator

Ends with `N passed, N failed`; exit code 1 if any failed. No emulator is left.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import traceback
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import hubspot
import odoo
from journeys import Client, months, same, series, stages_said

ZONE = "Europe/Berlin"
WINDOWS = {"convert": 60, "ascend": 120, "advocate": 200}
SECRET = "CRM_SECRET"


@dataclass(frozen=True)
class Case:
    """One emulator, and what a client says about it."""

    name: str
    emulator: list[str]
    reads: ModuleType
    source: list[str]  # lines of cvj.toml; `{url}` is where it answers
    as_of: str
    period: str


HUBSPOT = ['[source.crm]', 'plugin = "hubspot"', 'base_url = "{url}"', f'token = {{ secret = "{SECRET}" }}', "searches_per_second = 1000",
           "requests_per_second = 1000"]
ODOO = ['[source.odoo]', 'plugin = "odoo"', 'url = "{url}"', 'database = "acme"', 'user = "admin"', f'key = {{ secret = "{SECRET}" }}',
        "calls_per_second = 1000"]
CASES = [
    *(Case(f"HubSpot {version}, portal {seed}", ["hubspot", "--contacts", "6000", "--seed", str(seed), "--limit", "100000"], hubspot,
           [*HUBSPOT, f'version = "{version}"'], "2026-07-01", "2026-06") for seed, version in enumerate(["2026-09", "2026-03", "v3"], 1)),
    *(Case(f"Odoo {version}", ["odoo", "--version", version, "--leads", "4000"], odoo, ODOO, "2026-11-01", "2026-10")
      for version in ("17", "19")),
]


def differences(case: Case, cvj: Path, emulator: Path, folder: Path) -> list[str]:
    """Where the report and the CRM's records differ."""
    with subprocess.Popen([str(emulator), *case.emulator], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            url, secret = process.stdout.readline().split()
            write_client(case, url, folder)
            report = reported(cvj, folder, secret)
            zone = ZoneInfo(ZONE)
            as_of = datetime.fromisoformat(case.as_of).replace(tzinfo=zone).astimezone(timezone.utc)
            client = Client(case.reads.PRODUCTS, zone, months(case.period, 13, zone), as_of, WINDOWS)
            wanted = case.reads.expected(url, secret, client)
        finally:
            process.kill()
    for stage, of_stage in wanted["scopes"]["overall"].items():
        assert of_stage["people"]["any"] >= 20, f"too few people reached {stage} to tell anything: {of_stage['people']}"
    return same(wanted, said_by(case, report, wanted))


def write_client(case: Case, url: str, folder: Path) -> None:
    """A client that has nothing but the plugin's definitions, products and windows."""
    lines = [
        "[client]", 'name = "Northwind"', f'currency = "{case.reads.CURRENCY}"', f'timezone = "{ZONE}"',
        "[report]", f'as_of = "{case.as_of}"',
        *(line.replace("{url}", url) for line in case.source),
        *(line for name in case.reads.PRODUCTS for line in ("[[product]]", f'name = "{name}"')),
        "[window]", *(f"{stage} = {days}" for stage, days in WINDOWS.items()),
    ]
    folder.mkdir()
    (folder / "cvj.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def reported(cvj: Path, folder: Path, secret: str) -> dict:
    """What cvj reports."""
    environment = {**os.environ, SECRET: secret, "CVJ_CACHE": f"{folder}-cache", "CVJ_KEYRING": "off"}
    command = [str(cvj), "report", str(folder), "--format", "json", "--out", f"{folder}-out"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=300, check=False
    )
    assert done.returncode == 0, f"cvj report ended with {done.returncode}:\n{done.stderr}"
    return json.loads(Path(f"{folder}-out", "report.json").read_text(encoding="utf-8"))


def said_by(case: Case, report: dict, wanted: dict) -> dict[str, object]:
    """What report.json says of that which was computed."""
    stages = {stage["stage"]: stage for stage in report["overall"]["stages"]}
    tables = {table["name"]: table for source in report["sources"] for table in source["tables"]}
    scopes = {"overall": report["overall"], **{product["name"]: product for product in report["products"]}}
    return {
        "scopes": {name: stages_said(scope) for name, scope in scopes.items()},
        "metrics": {name: series(stages[stage], name) for name, stage in case.reads.METRICS.items()},
        "rows": {name: tables[name]["rows_read"] for name in wanted["rows"]},
    }


def main() -> int:
    """Runs all cases, each whatever became of the one before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cvj", type=Path, required=True, help="the built command")
    parser.add_argument("--emulator", type=Path, required=True, help="the built emulators")
    arguments = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="cvj-crm-") as scratch:
        for number, case in enumerate(CASES):
            try:
                found = differences(case, arguments.cvj.resolve(), arguments.emulator.resolve(), Path(scratch, str(number)))
            except Exception as failure:  # noqa: BLE001 - a case that breaks has failed, whatever broke it
                found = [str(failure) if isinstance(failure, AssertionError) else traceback.format_exc()]
            passed, failed = passed + (not found), failed + bool(found)
            for line in found[:20]:
                print(f"{case.name}: {line}")
            if len(found) > 20:
                print(f"{case.name}: and {len(found) - 20} more")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
