"""The statistics of the report, written from their published formulas and from nothing else.

Sources: Wilson (1927) score interval; Newcombe (1998), method 10, for the difference of two rates;
Kaplan & Meier (1958) for the median with people still waiting; the XmR chart's factor 2.66 (Wheeler).
"""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from statistics import NormalDist
from typing import Sequence

Z = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""

NEAR = 1e-9
"""Closer than this to a limit, floating point may fall on either side: both verdicts are then accepted."""


def simultaneous(comparisons: int) -> float:
    """The point of the normal distribution at which so many intervals hold all at once with 95 % (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.025 / max(comparisons, 1))


def wilson(successes: int, total: int, z: float = Z) -> list[float] | None:
    """The Wilson score interval of `successes / total`, of 95 % by default; `None` without any trial."""
    if total == 0:
        return None
    share = successes / total
    centre = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == total else (centre + spread) / scale
    return [low, high]


def newcombe(now: tuple[int, int], before: tuple[int, int], z: float = Z) -> tuple[float, float]:
    """The interval of the difference of two rates (now less before), each as (successes, total)."""
    rate_now, rate_before = now[0] / now[1], before[0] / before[1]
    low_now, high_now = wilson(*now, z) or [0.0, 1.0]
    low_before, high_before = wilson(*before, z) or [0.0, 1.0]
    difference = rate_now - rate_before
    low = difference - sqrt((rate_now - low_now) ** 2 + (high_before - rate_before) ** 2)
    high = difference + sqrt((high_now - rate_now) ** 2 + (rate_before - low_before) ** 2)
    return low, high


def rate_verdict(now: tuple[int, int] | None, before: tuple[int, int] | None) -> str | list[str]:
    """`up`, `down`, `too_close`, or `none` where either rate is unknown. A list where rounding could decide."""
    if now is None or before is None or now[1] == 0 or before[1] == 0:
        return "none"
    low, high = newcombe(now, before)
    if abs(low) < NEAR:
        return ["up", "too_close"]
    if abs(high) < NEAR:
        return ["down", "too_close"]
    if low > 0:
        return "up"
    return "down" if high < 0 else "too_close"


def chart_verdict(actual: Fraction | None, earlier: Sequence[Fraction | None]) -> str | list[str]:
    """Whether `actual` lies strictly outside the XmR limits of the earlier values (unknown ones skipped, six needed)."""
    known = [value for value in earlier if value is not None]
    if actual is None or len(known) < 6:
        return "none"
    mean = sum(known, Fraction(0)) / len(known)
    ranges = [abs(after - before) for before, after in zip(known, known[1:])]
    reach = Fraction(266, 100) * sum(ranges, Fraction(0)) / len(ranges)
    low, high = mean - reach, mean + reach
    all_whole = all(value.denominator == 1 for value in known) and reach == 0
    if not all_whole:
        tolerance = NEAR * max(1.0, abs(float(mean)), abs(float(actual)))
        if abs(float(actual - high)) < tolerance:
            return ["up", "too_close"]
        if abs(float(actual - low)) < tolerance:
            return ["down", "too_close"]
    if actual > high:
        return "up"
    return "down" if actual < low else "too_close"


def net_score(promoters: int, passives: int, detractors: int) -> tuple[float, float] | None:
    """A Net Promoter Score by the adjusted Wald method, as fractions: the middle of its interval, and its variance."""
    total = promoters + passives + detractors
    if total == 0:
        return None
    more, less = (promoters + 0.75) / (total + 3), (detractors + 0.75) / (total + 3)
    adjusted = more - less
    return adjusted, (more * (1 - adjusted) ** 2 + less * (1 + adjusted) ** 2 + (1 - more - less) * adjusted**2) / (total + 3)


def net_interval(score: tuple[float, float]) -> list[float]:
    """The 95 % interval around an adjusted score, on the scale from -1 to 1."""
    spread = Z * sqrt(score[1])
    return [max(-1.0, score[0] - spread), min(1.0, score[0] + spread)]


def net_verdict(now: tuple[float, float] | None, before: tuple[float, float] | None) -> str | list[str]:
    """Whether two adjusted scores differ. A list where rounding could decide."""
    if now is None or before is None:
        return "none"
    difference, spread = now[0] - before[0], Z * sqrt(now[1] + before[1])
    if abs(difference - spread) < NEAR:
        return ["up", "too_close"]
    if abs(difference + spread) < NEAR:
        return ["down", "too_close"]
    if difference > spread:
        return "up"
    return "down" if difference < -spread else "too_close"


def median_time(observed: Sequence[tuple[Fraction, bool]]) -> Fraction | None:
    """The Kaplan-Meier median of (time, whether the event came); events go before censorings at equal times.

    The first time at which the curve is at most one half; `None` while over half are still waiting.
    """
    curve = Fraction(1)
    at_risk = len(observed)
    for time in sorted({time for time, _ in observed}):
        events = sum(1 for other, came in observed if other == time and came)
        leaving = sum(1 for other, _ in observed if other == time)
        if events:
            curve *= Fraction(at_risk - events, at_risk)
            if curve <= Fraction(1, 2):
                return time
        at_risk -= leaving
    return None


def target_status(actual: Fraction | None, target: Fraction | None, good: str) -> str | list[str]:
    """`on_track` when reached, `at_risk` within a tenth of the target's size, else `off_track`; `good = "down"` mirrors it."""
    if actual is None or target is None:
        return "none"
    margin = actual - target if good == "up" else target - actual
    risk_margin = margin + abs(target) / 10
    near = NEAR * max(1.0, abs(float(target)))
    whole = actual.denominator == 1 and target.denominator == 1
    if not whole and abs(float(margin)) < near:
        return ["on_track", "at_risk"]
    if margin >= 0:
        return "on_track"
    if abs(float(risk_margin)) < near:
        return ["at_risk", "off_track"]
    return "at_risk" if risk_margin >= 0 else "off_track"
