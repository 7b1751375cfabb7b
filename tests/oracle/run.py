"""Random clients through cvj and through the oracle: `run.py --cvj target/debug/cvj --seeds 1..60`.

For each seed: generate a client, let cvj report it, compute what §5 says, compare. Ends with `N passed, N failed`; exit code 1 if any failed.
`--keep DIR` keeps the clients of failed seeds (each with expected.json) to look into.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from compare import differences
from generate import generate
from oracle import Refused, expected

SHOWN = 12


def report(cvj: Path, folder: Path) -> str | None:
    """Lets cvj write the report; its message if it failed."""
    asked = json.loads((folder / "truth.json").read_text(encoding="utf-8")).get("asked_period")
    command = [str(cvj), "report", str(folder), "--format", "json", "--out", str(folder / "out")]
    command += ["--period", asked] if asked else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=120)
    except subprocess.TimeoutExpired:
        return "cvj did not end within 120 seconds"
    return None if done.returncode == 0 else f"cvj ended with {done.returncode}:\n{done.stderr.strip()}"


def run_seed(cvj: Path, seed: int, folder: Path) -> list[str]:
    """The differences of one seed."""
    generate(seed, folder)
    try:
        wanted = expected(folder)
    except Refused as refusal:
        problem = report(cvj, folder)
        return [] if problem is not None and problem.startswith("cvj ended with 1:") else [f"no refusal, though {refusal}: {problem}"]
    (folder / "expected.json").write_text(json.dumps(wanted, indent=1, ensure_ascii=False), encoding="utf-8")
    problem = report(cvj, folder)
    if problem is not None:
        return [problem]
    written = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    return list(differences(wanted, written))


def main() -> int:
    """Runs all seeds on all processors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cvj", type=Path, required=True, help="the built command")
    parser.add_argument("--seeds", default="1..60", help="first..last, both included")
    parser.add_argument("--keep", type=Path, help="where clients of failed seeds are kept")
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split(".."))
    cvj = arguments.cvj.resolve()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="cvj-oracle-") as scratch, ProcessPoolExecutor(os.cpu_count()) as pool:
        folders = {seed: Path(scratch) / f"seed-{seed}" for seed in range(first, last + 1)}
        running = {seed: pool.submit(run_seed, cvj, seed, folder) for seed, folder in folders.items()}
        for seed, result in running.items():
            found = result.result()
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
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
