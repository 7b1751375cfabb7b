"""Which product a row is about."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Iterable

from rows import Reading


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` wildcards matches a whole text; both in lower case."""
    if "*" not in pattern:
        return pattern == text
    first, *rest = pattern.split("*")
    if not text.startswith(first):
        return False
    position = len(first)
    for piece in rest[:-1]:
        found = text.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return len(text) - position >= len(rest[-1]) and text.endswith(rest[-1])


class Catalogue:
    """The client's products in order: as declared, or every distinct value, busiest first."""

    def __init__(self, declared: list[dict[str, Any]], used: Iterable[tuple[dict[str, Any], list[Reading]]]) -> None:
        if declared:
            self.names = [product["name"] for product in declared]
            self.patterns = [
                [pattern.strip().lower() for pattern in [product["name"], *product.get("aliases", [])]] for product in declared
            ]
            return
        spellings: dict[str, Counter[str]] = defaultdict(Counter)
        for definition, readings in used:
            if definition.get("product") is None:
                continue
            for reading in readings:
                if reading.product:
                    spellings[reading.product.lower()][reading.product] += 1
        shown = {key: min(counts, key=lambda spelling: (-counts[spelling], spelling)) for key, counts in spellings.items()}
        keys = sorted(spellings, key=lambda key: (-sum(spellings[key].values()), shown[key]))
        self.names = [shown[key] for key in keys]
        self.patterns = [[key] for key in keys]

    def resolve(self, written: str | None) -> int | None:
        """The position of the first product that a value matches; `None` where none does or none is named."""
        if written is None:
            return None
        key = written.strip().lower()
        for position, patterns in enumerate(self.patterns):
            if any(matches(pattern, key) for pattern in patterns):
                return position
        return None
