"""Random shops through cvj and through the oracle: `value_logs.py --cvj target/debug/cvj [--seeds 1..20] [--keep DIR]`.

For each seed: a client whose customers order (several products at once, again at once, negative amounts, before and after the history),
bring others (themselves, twice, after they came, at that very moment) and answer surveys on right and wrong scales; with and without
products, rungs, values and settings. cvj reports it, value.py computes what docs/journeys.md says, and both are compared.
Ends with `N passed, N failed`; exit code 1 if any failed, or if the default seeds leave a number unmeasured or always measured.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clock import Period
from compare import differences
from exports import Style, Table, local_time, money, write
from oracle import Client
from run import SHOWN, report
from value import expected

DEFAULT_SEEDS = "1..20"

PRODUCTS = [("Trial", ["trial*"]), ("Kit", ["box"]), ("Course", []), ("Club", ["club"])]
SPELLINGS = ["Trial", "trial-2", " KIT", "box", "Course", "Club", "unheard of", None]


class Shop:
    """One seed's random client."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.zone_name = rng.choice(["UTC", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe"])
        self.zone = ZoneInfo(self.zone_name)
        self.kind = rng.choice(["week", "month", "month", "quarter"])
        self.history = rng.choice([1, 3, 6, 13])
        self.end = Period.containing(self.kind, date(2024, 1, 1) + timedelta(days=rng.randrange(600))).start
        self.as_of = self.end + timedelta(days=rng.choice([0, 1, 3]))
        first = Period.containing(self.kind, self.end).shifted(-self.history)
        self.begin = first.start - timedelta(days=rng.choice([0, 40]))
        self.days = (self.as_of - self.begin).days + 2
        self.people = [f"p{number}@example.com" for number in range(rng.choice([3, 40, 250]))]
        self.products = PRODUCTS if rng.random() < 0.7 else []
        self.definitions: list[dict[str, Any]] = []

    def style(self) -> Style:
        """How an export is written."""
        style = Style.drawn(self.rng)
        style.time = self.rng.choice(["iso", "iso space", "iso day", "zoned"])
        return style

    def moment(self) -> datetime:
        """A local time, often a tie."""
        rng = self.rng
        day = self.begin + timedelta(days=rng.randrange(self.days))
        return datetime(day.year, day.month, day.day, *rng.choice([(0, 0), (9, 0), (rng.randrange(24), rng.randrange(60))]))

    def maybe(self, share: float, **keys: Any) -> dict[str, Any]:
        """These keys, or none."""
        return keys if self.rng.random() < share else {}

    def product(self, column: str) -> dict[str, Any]:
        """Mostly the column."""
        return self.maybe(0.85, product={"column": column})

    def define(self, kind: str, table: str, stage: str, at: str, **keys: Any) -> None:
        """Adds a definition."""
        self.definitions.append({"kind": kind, "source": table, "table": table, "stage": stage, "at": at, **keys})

    def shop(self) -> Table:
        """Orders, a row per line; some customers come back at once, on the day their time is over, or a second after it."""
        rng = self.rng
        style = self.style()
        table = Table("shop", ["order_id", "email", "created_at", "item", "amount"], style)
        self.ordered: list[tuple[str, datetime]] = []
        number = 0
        for person in rng.sample(self.people, len(self.people) * 2 // 3):
            at = self.moment()
            for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 6])):
                number += 1
                self.ordered.append((person, at))
                time = local_time(rng, style, at, self.zone)
                for _ in range(rng.choice([1, 1, 2, 3])):
                    amount = money(rng, True) if rng.random() < 0.95 else None
                    row = {"order_id": f"R{number}", "email": rng.choice([person, person.upper()]), "item": rng.choice(SPELLINGS)}
                    table.rows.append(row | {"created_at": time, "amount": amount})
                at += rng.choice([timedelta(0), timedelta(days=7), timedelta(days=7, seconds=1), timedelta(days=rng.randrange(90))])
        keys: dict[str, Any] = {"person": "email", **self.product("item"), **self.maybe(0.8, value="amount"), **self.maybe(0.8, order="order_id")}
        if rng.random() < 0.7:
            self.define("touchpoint", "shop", "convert", "created_at", occurrence="first", **keys)
            self.define("touchpoint", "shop", "ascend", "created_at", occurrence="later", **keys)
        else:
            self.define("touchpoint", "shop", rng.choice(["convert", "convert", "ascend", "excite"]), "created_at", **keys)
        return table

    def referrals(self) -> Table:
        """Who brought whom: customers mostly, often at the moment of an order or a day from it."""
        rng = self.rng
        style = self.style()
        table = Table("programme", ["who", "whom", "since", "service"], style)
        for _ in range(rng.choice([1, len(self.people) // 2, len(self.people)])):
            whom, at = rng.choice(self.ordered)
            if rng.random() < 0.5:
                whom, at = rng.choice([*self.people, "stranger@example.com", None]), self.moment()
            who = whom if rng.random() < 0.05 else rng.choice(self.people)
            time = local_time(rng, style, at + timedelta(days=rng.choice([-1, -3, 0, 0, 1])), self.zone)
            table.rows.append({"who": who, "whom": whom, "since": time, "service": rng.choice(SPELLINGS)})
        self.define("touchpoint", "programme", "promote", "since", person="who", **self.product("service"), **self.maybe(0.9, referred="whom"))
        return table

    def ads(self) -> Table:
        """Spend by day; the fee is nobody's product."""
        rng = self.rng
        style = self.style()
        table = Table("ads", ["day", "campaign", "spend"], style)
        for _ in range(rng.choice([5, 300])):
            time = local_time(rng, style, self.moment(), self.zone)
            table.rows.append({"day": time, "campaign": rng.choice(SPELLINGS), "spend": money(rng, False)})
        spent = {"function": "sum", "column": "spend", "sql": "sum(spend)"}
        for name, product in (("Ad spend", {"product": {"column": "campaign"}}), ("Fee", {})):
            self.define("metric", "ads", rng.choice(["aware", "convert"]), "day", name=name, unit="money", value=spent, **product)
        return table

    def survey(self) -> Table:
        """Answers on a scale from 0, from 1, or up to a hundred."""
        rng = self.rng
        style = self.style()
        table = Table("survey", ["day", "service", "score"], style)
        low, high = rng.choice([(0, 10), (0, 10), (1, 10), (3, 10), (0, 100), (-1, 5)])
        moods = rng.choice([((low, high), (low, high)), ((low, low + 6), (high - 2, high)), ((high - 2, high), (low, low + 6))])
        latest = Period.containing(self.kind, self.end).shifted(-1).start
        for _ in range(rng.choice([3, 19, 20, 400, 400])):
            at = self.moment()
            worst, best = moods[at.date() >= latest]
            answer = f"{rng.randint(worst, best)}" if rng.random() < 0.9 else f"{rng.randint(worst, best - 1)}.5"
            row = {"service": rng.choice(SPELLINGS), "score": {"number": answer} if rng.random() < 0.9 else None}
            table.rows.append(row | {"day": local_time(rng, style, at, self.zone)})
        keys = {"name": "NPS", "unit": "nps", "value": "score", **self.maybe(0.5, target=rng.randint(-60, 60))}
        combined = self.maybe(0.3, combine="sum")
        self.define("metric", "survey", "advocate", "day", **keys, **combined, **self.product("service"))
        if combined:
            self.define("metric", "survey", "advocate", "day", **keys, **combined)
        return table

    def settings(self) -> dict[str, Any]:
        """`[value]`."""
        rng = self.rng
        found = self.maybe(0.9, spend=rng.choice([["Ad spend"], ["Ad spend"], ["Ad spend", "Fee"]]))
        found |= self.maybe(0.3, lag=rng.randrange(self.history)) | self.maybe(0.8, margin=rng.choice([0.0, 0.35, 1.0]))
        return found | self.maybe(0.8, lifespan=rng.choice([0.5, 4])) | self.maybe(0.6, repeat_days=rng.choice([1, 7, 30]))

    def rungs(self) -> list[dict[str, Any]]:
        """`[[rung]]`: none, or some of the products."""
        found = [{"name": "Entry", "products": ["trial*" if self.products else "Trial"], "price": 9.5}]
        found += [{"name": "Core", "products": ["Kit", "Club"]}, {"name": "Top", "products": ["Course"]}]
        return self.rng.choice([[], found, found[::-1][:2]])

    def client(self, out: Path) -> None:
        """Writes cvj.toml, exports/*.csv and truth.json."""
        tables = [self.shop(), self.referrals(), self.ads(), self.survey()]
        (out / "exports").mkdir(parents=True, exist_ok=True)
        value, rungs = self.settings(), self.rungs()
        lines = ["[client]", 'name = "Random shop"', 'currency = "EUR"', f'timezone = "{self.zone_name}"', "[report]"]
        lines += [f'period = "{self.kind}"', f"history = {self.history}", f'as_of = "{self.as_of}"']
        for name, aliases in self.products:
            lines += ["[[product]]", f"name = {json.dumps(name)}", f"aliases = {json.dumps(aliases)}"]
        for table in tables:
            path = write(table, out / "exports")
            lines += [f"[source.{table.name}]", 'plugin = "csv"', f'path = "{path}"', *table.style.config()]
        for definition in self.definitions:
            lines.append(f"[[{definition['kind']}]]")
            for key, given in {**definition, "from": definition["source"]}.items():
                if key not in ("kind", "source", "table"):
                    written = given.get("sql", given.get("column")) if isinstance(given, dict) else given
                    lines.append(f"{key} = {json.dumps(written)}")
        lines += ["[value]", *(f"{key} = {json.dumps(given)}" for key, given in value.items())]
        for rung in rungs:
            lines += ["[[rung]]", *(f"{key} = {json.dumps(given)}" for key, given in rung.items())]
        (out / "cvj.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        truth = {
            "timezone": self.zone_name,
            "period": self.kind,
            "history": self.history,
            "as_of": self.as_of.isoformat(),
            "windows": {},
            "value": value,
            "rungs": rungs,
            "products": [{"name": name, "aliases": aliases} for name, aliases in self.products],
            "tables": [{"source": table.name, "table": table.name, "types": table.types(), "rows": table.rows} for table in tables],
            "definitions": [{"unit": "count", **definition} for definition in self.definitions],
        }
        (out / "truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")


def run_seed(cvj: Path, seed: int, folder: Path) -> tuple[list[str], set[str]]:
    """The differences of one seed, and what its report says."""
    Shop(seed).client(folder)
    wanted = expected(Client(json.loads((folder / "truth.json").read_text(encoding="utf-8"))))
    (folder / "expected.json").write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    problem = report(cvj, folder)
    if problem is not None:
        return [problem], set()
    written = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    found = list(differences(wanted, written))
    said = {f"ladder {written['ladder'] and written['ladder']['declared']}"}
    for scope in [written["overall"], *written["products"]]:
        for metric in scope["findings"]["value"]:
            said.add(f"{metric['name']} {'not measured' if metric['value'] is None else 'measured'}")
            if (metric["value"] is None) != (metric["missing"] is not None):
                found.append(f"{metric['name']}: {metric['value']} and yet {metric['missing']!r}")
        for metric in [metric for stage in scope["stages"] for metric in stage["metrics"] if metric["unit"] == "nps"]:
            said |= {f"NPS {metric['verdict']}", f"scale doubtful {metric.get('nps') and metric['nps']['scale_doubtful']}"}
    return found, said


def unsaid(said: set[str]) -> list[str]:
    """What the default seeds must make reports say, and do not."""
    metrics = {word.removesuffix(" measured").removesuffix(" not") for word in said if word.endswith(" measured")}
    wanted = {f"{metric} {state}" for metric in metrics for state in ("measured", "not measured")}
    wanted |= {"ladder None", "ladder True", "ladder False", "NPS up", "NPS down", "NPS too_close", "NPS none"}
    return sorted((wanted | {"scale doubtful True", "scale doubtful False", "scale doubtful None"}) - said)


def main() -> int:
    """Runs all seeds on all processors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cvj", type=Path, required=True, help="the built command")
    parser.add_argument("--seeds", default=DEFAULT_SEEDS, help="first..last, both included")
    parser.add_argument("--keep", type=Path, help="where clients of failed seeds are kept")
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split(".."))
    cvj = arguments.cvj.resolve()
    passed = failed = 0
    said: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="cvj-shops-") as scratch, ProcessPoolExecutor(os.cpu_count()) as pool:
        folders = {seed: Path(scratch) / f"seed-{seed}" for seed in range(first, last + 1)}
        running = {seed: pool.submit(run_seed, cvj, seed, folder) for seed, folder in folders.items()}
        for seed, result in running.items():
            found, words = result.result()
            said |= words
            passed, failed = (passed, failed + 1) if found else (passed + 1, failed)
            if found:
                print(f"seed {seed}: {len(found)} differences")
                for difference in found[:SHOWN]:
                    print(f"  {difference}")
                if arguments.keep:
                    shutil.copytree(folders[seed], arguments.keep / f"seed-{seed}", dirs_exist_ok=True)
            shutil.rmtree(folders[seed], ignore_errors=True)
    if arguments.seeds == DEFAULT_SEEDS and not failed and (missing := unsaid(said)):
        failed += 1
        print(f"blind: no report says: {', '.join(missing)}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
