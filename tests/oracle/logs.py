"""Random touchpoint logs through cvj and through the oracle: `logs.py --cvj target/debug/cvj [--seeds 1..10] [--people 3000]`.

For each seed: generate a client (funnels.py), let cvj report it, compute what docs/journeys.md says (findings.py), compare. Ends with
`N passed, N failed`; exit code 1 if any failed. `--keep DIR` keeps the clients of failed seeds, each with expected.json.

Over the default seeds everything that can be said of a journey must have been said at least once, or the comparison would be blind to it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from compare import differences
from findings import expected
from funnels import generate
from oracle import Client
from run import SHOWN, report

DEFAULT_SEEDS = "1..10"

OUTCOMES = ["claim", "at_target", "too_close", "no_better_period", "nothing_to_compare", "unmeasured", "immature", "too_few", "not_known"]

SAID = {
    *(f"outcome {outcome}" for outcome in OUTCOMES),
    *(f"like-aged {verdict}" for verdict in ("up", "down", "too_close", "none")),
    *(f"attribution {attribution}" for attribution in ("first_touch", "last_touch", "touch_at_stage")),
    *("claim by target", "claim by an earlier period", "customers", "money", "carried to the end"),
    *("skip verdict", "no skip verdict", "money verdict", "others", "without a value", "backward", "no earlier"),
    *(f"{kind} {word}" for kind in ("target", "verdict", "step") for word in ("good", "between", "bad", "unknown")),
    *(f"measured by {word}" for word in ("people", "totals", "no")),
    *("bulk", "not bulk by a hair", "same instant", "before first", "future", "disagree", "trusted", "nothing in doubt", "no early share"),
}
"""What the default seeds have to make the report say."""


def said(wanted: dict[str, Any]) -> set[str]:
    """What an expected report says, in the words of `SAID`."""
    found = set()
    for scope in [wanted["overall"], *wanted["products"]]:
        for stage in scope["stages"]:
            readings, step = stage["readings"], stage["to_next"]
            found |= {word for word, key in (("backward", "backward"), ("no earlier", "no_earlier")) if readings and readings[key]}
            if step:
                found.add("no early share" if step["like_aged"] is None else f"like-aged {step['like_aged']['verdict']}")
                found.add("nothing in doubt" if step["trusted"] is None else "trusted")
        findings = scope["findings"]
        for gap in findings["gaps"]:
            found.add(f"outcome {gap['outcome']}")
            if gap["outcome"] == "claim":
                found.add("claim by target" if gap["goal"]["period"] is None else "claim by an earlier period")
                found |= {key for key in ("customers", "money") if gap[key]}
                found |= {"carried to the end"} if gap["carried_to"] == "promote" else set()
        for line in findings["audit"]:
            found |= {f"{kind} {line[kind]}" for kind in ("target", "verdict", "step")} | {f"measured by {line['measured']}"}
        for cost in findings["skip_costs"]:
            found |= {"no skip verdict" if outcome["verdict"] == "none" else "skip verdict" for outcome in cost["outcomes"]}
            found |= {"money verdict"} if cost["money"] and cost["money"]["verdict"] != "none" else set()
        for breakdown in findings["breakdowns"]:
            found.add(f"attribution {breakdown['attribution']}")
            found |= {"others" for row in breakdown["rows"] if row["others"]}
            found |= {"without a value" for row in breakdown["rows"] if row["others"] is None and row["value"] is None}
    for source in wanted["sources"]:
        dates = source["dates"] or {}
        found |= {word for word in ("bulk", "same_instant", "before_first", "future") if dates.get(word)}
        found |= {"disagree"} if dates.get("current") and dates["current"]["disagree"] else set()
        if source["name"] == "scans" and dates.get("bulk") == 21 + 22 + 40:
            found.add("not bulk by a hair")
    return {word.replace("_", " ") if word in ("same_instant", "before_first") else word for word in found}


def run_seed(cvj: Path, seed: int, people: int, folder: Path) -> tuple[list[str], set[str]]:
    """The differences of one seed, and what its report says."""
    generate(seed, people, folder)
    problem = report(cvj, folder)
    if problem is not None:
        return [problem], set()
    written = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    wanted = expected(Client(json.loads((folder / "truth.json").read_text(encoding="utf-8"))), written)
    (folder / "expected.json").write_text(json.dumps(wanted, indent=1, ensure_ascii=False), encoding="utf-8")
    return list(differences(wanted, written)), said(wanted)


def covers_default(first: int, last: int) -> bool:
    """Whether the default seeds are among those that were run."""
    default = [int(part) for part in DEFAULT_SEEDS.split("..")]
    return first <= default[0] and default[1] <= last


def main() -> int:
    """Runs all seeds on all processors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cvj", type=Path, required=True, help="the built command")
    parser.add_argument("--seeds", default=DEFAULT_SEEDS, help="first..last, both included")
    parser.add_argument("--people", type=int, default=3000, help="people of each client")
    parser.add_argument("--keep", type=Path, help="where clients of failed seeds are kept")
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split(".."))
    cvj = arguments.cvj.resolve()
    passed = failed = 0
    unsaid = set(SAID)
    with tempfile.TemporaryDirectory(prefix="cvj-logs-") as scratch, ProcessPoolExecutor(os.cpu_count()) as pool:
        folders = {seed: Path(scratch) / f"seed-{seed}" for seed in range(first, last + 1)}
        running = {seed: pool.submit(run_seed, cvj, seed, arguments.people, folder) for seed, folder in folders.items()}
        for seed, result in running.items():
            found, words = result.result()
            unsaid -= words
            if not found:
                passed += 1
            else:
                failed += 1
                print(f"seed {seed}: {len(found)} differences")
                for difference in found[:SHOWN]:
                    print(f"  {difference}")
                if len(found) > SHOWN:
                    print(f"  and {len(found) - SHOWN} more")
                if arguments.keep:
                    shutil.copytree(folders[seed], arguments.keep / f"seed-{seed}", dirs_exist_ok=True)
            shutil.rmtree(folders[seed], ignore_errors=True)
    if unsaid and not failed and covers_default(first, last):
        failed += 1
        print(f"blind: no report says: {', '.join(sorted(unsaid))}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
