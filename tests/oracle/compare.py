"""Compares an expected part of a report with a report.json: `compare.py EXPECTED REPORT`; differences by path, exit code 1.

Whatever the expected side names must be there and equal: whole numbers, words and nulls exactly, other numbers to 1e-9 (relative or
absolute), `{"any_of": […]}` as one of several. What it does not name is not looked at. Lists have equal length and order, but sources
and tables are matched by name, metrics by name within a stage (and their order), unassigned values by table and value (and their order).
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Iterator

TOLERANCE = 1e-9

COUNTS = {"any", "ordered", "strict", "entered", "matured", "advanced", "skipped", "rows", "rows_read", "rows_rejected", "window_days"}
"""Fields that are whole and compared exactly, whatever type the expected side has."""

MATCHED_BY: dict[str, tuple[str, ...]] = {
    "sources": ("name",),
    "tables": ("name",),
    "metrics": ("name",),
    "unassigned": ("source", "table", "value"),
}
"""Lists whose elements are matched by what they are."""

ORDERED = {"metrics", "unassigned"}
"""Those whose order is told, too."""


def differences(expected: Any, actual: Any, path: str = "$") -> Iterator[str]:
    """Every way in which the actual value is not what is expected."""
    if isinstance(expected, dict) and set(expected) == {"any_of"}:
        if actual not in expected["any_of"]:
            yield f"{path}: {actual!r} is none of {expected['any_of']!r}"
    elif isinstance(expected, dict):
        if not isinstance(actual, dict):
            yield f"{path}: expected an object, found {short(actual)}"
            return
        for key, value in expected.items():
            if key not in actual:
                if value is not None:
                    yield f"{path}.{key}: missing; expected {short(value)}"
            else:
                yield from differences(value, actual[key], f"{path}.{key}")
    elif isinstance(expected, list):
        yield from list_differences(expected, actual, path)
    elif not equal(expected, actual, path.rsplit(".", 1)[-1]):
        yield f"{path}: expected {short(expected)}, found {short(actual)}"


def list_differences(expected: list[Any], actual: Any, path: str) -> Iterator[str]:
    """Lists: by key where their elements have one, else position by position."""
    if not isinstance(actual, list):
        yield f"{path}: expected a list, found {short(actual)}"
        return
    keys = MATCHED_BY.get(path.rsplit(".", 1)[-1])
    if keys is None:
        if len(expected) != len(actual):
            yield f"{path}: expected {len(expected)} elements, found {len(actual)}"
        for number, (left, right) in enumerate(zip(expected, actual)):
            yield from differences(left, right, f"{path}[{name_of(left, number)}]")
        return
    found: dict[Any, Any] = {}
    for element in actual:
        key = key_of(element, keys)
        if key in found:
            yield f"{path}: {key!r} is there twice"
        found[key] = element
    wanted = [key_of(element, keys) for element in expected]
    for key, element in zip(wanted, expected):
        if key not in found:
            yield f"{path}: {key!r} is missing; expected {short(element)}"
        else:
            yield from differences(element, found[key], f"{path}[{'/'.join(map(str, key))}]")
    for key in found:
        if key not in wanted:
            yield f"{path}: {key!r} was not expected: {short(found[key])}"
    common = [key for key in found if key in wanted]
    if path.rsplit(".", 1)[-1] in ORDERED and common != [key for key in wanted if key in found]:
        yield f"{path}: expected the order {wanted!r}, found {list(found)!r}"


def key_of(element: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    """What a list's element is matched by."""
    return tuple(element.get(key) for key in keys)


def name_of(element: Any, number: int) -> str:
    """How a path names a list's element."""
    if isinstance(element, dict):
        return str(element.get("name") or element.get("stage") or element.get("period") or number)
    return str(number)


def equal(expected: Any, actual: Any, field: str) -> bool:
    """Whether two plain values are the same; null is never 0."""
    if expected is None or actual is None or isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, (int, float)) and isinstance(actual, (int, float)):
        if field in COUNTS:
            return expected == actual
        return abs(expected - actual) <= TOLERANCE * max(1.0, abs(expected), abs(actual))
    if field == "as_of" and isinstance(actual, str):
        left, right = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (expected, actual))
        return left == right and left.utcoffset() == right.utcoffset()
    return bool(expected == actual)


def short(value: Any) -> str:
    """A value for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "…"


def main() -> int:
    """Compares two files."""
    expected, actual = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:3])
    found = list(differences(expected, actual))
    for difference in found:
        print(difference)
    print(f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
