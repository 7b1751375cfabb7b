"""The form of the answers, so that they can be compared: numbers by `product/stage/…`."""

from typing import Iterable

STAGES = ["aware", "engage", "subscribe", "convert", "excite", "ascend", "advocate", "promote"]


def people_answer(rows: Iterable[tuple]) -> dict[str, float]:
    """From rows of product, stage, month, people, revenue."""
    answer: dict[str, float] = {}
    for product, stage, month, people, revenue in rows:
        answer[f"{product}/{stage}/{month}/people"] = people
        answer[f"{product}/{stage}/{month}/revenue"] = float(revenue)
    return answer


def funnel_answer(rows: Iterable[tuple]) -> dict[str, float]:
    """From rows of product, people at each stage, median days to each stage after the first; unknown medians are left out."""
    answer: dict[str, float] = {}
    for product, *numbers in rows:
        counts, days = numbers[: len(STAGES)], numbers[len(STAGES) :]
        for stage, count in zip(STAGES, counts):
            answer[f"{product}/{stage}/people"] = count
        for stage, value in zip(STAGES[1:], days):
            if value is not None:
                answer[f"{product}/{stage}/days"] = value
    return answer


def totals_answer(revenue: Iterable[tuple], people: Iterable[tuple]) -> dict[str, float]:
    """From rows of product, stage, month, revenue and of product, stage, people; `all` is every product."""
    answer = {f"{product}/{stage}/{month}/revenue": float(value) for product, stage, month, value in revenue}
    return answer | {f"{product}/{stage}/people": count for product, stage, count in people}
