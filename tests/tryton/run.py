"""A real Tryton, filled, reported by cvj with the plugin's own definitions, and the report held against the database.

    python3 run.py --cvj ../../target/debug/cvj --work ../../target/tryton

Installs Tryton below the work folder at the first run. Ends with `N passed, N failed`; exit code 1 if any failed. Whatever happens, no server is left.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable
from zoneinfo import ZoneInfo

sys.path.append(str(Path(__file__).resolve().parent.parent / "crm"))

import seed  # noqa: E402 - what is imported needs the path
from expected import expected  # noqa: E402
from journeys import Client, months, same, series, stages_said  # noqa: E402
from server import DATABASE, USER, Installed, Server  # noqa: E402

ZONE = "Europe/Berlin"
AS_OF = "2026-11-01"
PERIOD = "2026-10"
WINDOWS = {"convert": 60, "ascend": 120}
SECRET = "TRYTON_PASSWORD"


class Run:
    """One client over one server's database."""

    def __init__(self, cvj: Path, work: Path, installed: Installed):
        self.cvj = cvj
        self.client = work / "client"
        self.out = work / "out"
        self.cache = work / "cache"
        self.database = work / "database" / f"{DATABASE}.sqlite"
        self.server = Server(installed, work / "database")
        self.messages = ""

    def cvj_says(self, *arguments: str, password: str | None = None) -> tuple[int, str]:
        """Runs cvj over the client; its exit code and messages."""
        environment = {**os.environ, SECRET: password or self.server.password, "CVJ_CACHE": str(self.cache)}
        command = [str(self.cvj), arguments[0], str(self.client), *arguments[1:]]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=300, check=False
        )
        # `cvj check` shows people their own rows on purpose.
        self.messages += done.stderr if arguments[0] == "check" else done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    def write_client(self) -> None:
        """A client that has nothing but the plugin's definitions, products and windows."""
        self.client.mkdir(parents=True, exist_ok=True)
        lines = [
            "[client]", 'name = "Northwind"', 'currency = "EUR"', f'timezone = "{ZONE}"',
            "[report]", f'as_of = "{AS_OF}"',
            "[source.crm]", 'plugin = "tryton"', f'url = "{self.server.url}"', f'database = "{DATABASE}"', f'user = "{USER}"',
            f'password = {{ secret = "{SECRET}" }}',
            *(line for name, _ in seed.PRODUCTS for line in ("[[product]]", f'name = "{name}"')),
            "[window]", *(f"{stage} = {days}" for stage, days in WINDOWS.items()),
        ]
        (self.client / "cvj.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def report(self, name: str, *flags: str) -> bytes:
        """Lets cvj report; report.json."""
        code, said = self.cvj_says("report", "--out", str(self.out / name), *flags)
        assert code == 0, f"cvj report ended with {code}:\n{said}"
        return (self.out / name / "report.json").read_bytes()


def said_by(report: dict) -> dict[str, object]:
    """What report.json says of that which `expected` computes."""
    scopes = {"overall": report["overall"], **{product["name"]: product for product in report["products"]}}
    tables = {table["name"]: table for source in report["sources"] if source["name"] == "crm" for table in source["tables"]}
    lost = series(next(stage for stage in report["overall"]["stages"] if stage["stage"] == "convert"), "Opportunities lost")
    return {
        "scopes": {name: stages_said(scope) for name, scope in scopes.items()},
        "lost": {label: round(value) for label, value in lost.items()},
        "rows": {name: table["rows_read"] for name, table in tables.items()},
    }


def check(run: Run) -> list[tuple[str, Callable[[], None]]]:
    """The checks in order; the first ones with the server up, the last ones without it."""
    wanted = expected(run.database, Client(
        [name for name, _ in seed.PRODUCTS],
        ZoneInfo(ZONE),
        months(PERIOD, 13, ZoneInfo(ZONE)),
        datetime.fromisoformat(AS_OF).replace(tzinfo=ZoneInfo(ZONE)).astimezone(timezone.utc),
        WINDOWS,
    ))
    online: list[bytes] = []

    def credentials() -> None:
        code, said = run.cvj_says("check")
        assert code == 0, said
        code, said = run.cvj_says("check", password="not the password")
        assert code != 0 and "refuses the login" in said, said

    def numbers() -> None:
        online.append(run.report("online"))
        found = said_by(json.loads(online[0]))
        differences = same(wanted, found)
        assert not differences, "\n".join(differences[:20])
        converted = wanted["scopes"]["overall"]["convert"]["people"]["any"]
        assert converted > 100, f"only {converted} people converted: too few to tell anything"

    def totals() -> None:
        tables = next(source for source in json.loads(online[0])["sources"] if source["name"] == "crm")["tables"]
        counted = {table["name"]: table["rows_expected"] for table in tables if table["name"] != "opportunity_stages"}
        assert counted == {name: rows for name, rows in wanted["rows"].items() if name in counted} and len(counted) == 3, counted

    def offline() -> None:
        run.server.__exit__()
        assert run.report("offline", "--offline") == online[0], "report.json differs from the one made online"

    def private() -> None:
        texts = {path: path.read_bytes() for path in run.out.rglob("*") if path.suffix in (".json", ".html", ".svg", ".txt")}
        texts[Path("messages")] = run.messages.encode()
        for path, text in texts.items():
            assert run.server.password.encode() not in text, f"the password is in {path}"
            found = re.search(rb"[\w.]+@example\.(com|org)", text, re.IGNORECASE)
            assert not found, f"an e-mail address is in {path}"

    return [
        ("credentials", credentials),
        ("numbers", numbers),
        ("control totals", totals),
        ("offline", offline),
        ("no password and no e-mail address", private),
    ]


def main() -> int:
    """Runs all checks, each whatever became of the one before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cvj", type=Path, required=True, help="the built command")
    parser.add_argument("--work", type=Path, required=True, help="where Tryton is installed, and the client and its reports lie")
    parser.add_argument("--seed", type=int, default=1, help="which story to tell")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    installed = Installed(work)
    scratch = work / "run"
    shutil.rmtree(scratch, ignore_errors=True)
    run = Run(arguments.cvj.resolve(), scratch, installed)
    with run.server:
        deals = seed.fill(run.server, arguments.seed)
    seed.backdate(run.database, deals)
    passed = failed = 0
    with run.server:
        run.write_client()
        for name, does in check(run):
            try:
                does()
                passed += 1
            except Exception as failure:  # noqa: BLE001 - a check that breaks has failed, whatever broke it
                failed += 1
                trace = "" if isinstance(failure, AssertionError) else traceback.format_exc()
                print(f"{name}: {failure}\n{trace}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
