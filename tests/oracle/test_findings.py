"""Tests of what the oracle finds in journeys: small clients whose every figure is derived by hand beside it."""

from __future__ import annotations

import tempfile
import unittest
from fractions import Fraction
from pathlib import Path
from typing import Any

from breakdowns import breakdowns
from clock import DAY
from dates import DateTrust, persons_in_doubt
from findings import audit, gaps, skip_cost
from funnels import generate
from intervals import newcombe, simultaneous
from journey import Touchpoint
from oracle import Client
from scope import Frame, Scope

AWARE, ENGAGE, SUBSCRIBE, CONVERT, EXCITE = range(5)

Point = tuple[Any, ...]
"""Person, stage, day, and perhaps a value and a channel."""


def scope_of(points: list[Point], as_of: int, windows: dict[str, int] | None = None, **more: Any) -> Scope:
    """A scope of two periods of ten days each, from day 0 on."""
    touchpoints = []
    for person, stage, day, *rest in points:
        value, channel = [*rest, None, None][:2]
        by = (("channel", channel),) if channel else ()
        touchpoints.append(Touchpoint(person, stage, day * DAY, None, None if value is None else Fraction(value), 0, by))
    bounds = [(0, 10 * DAY), (10 * DAY, 20 * DAY)]
    targets = {stage: Fraction(rate) for stage, rate in more.get("targets", {}).items()}
    frame = Frame(["one", "two"], bounds, as_of * DAY, windows or {}, targets, ["channel"])
    known = more.get("known", [[True, True]] * 8)
    return Scope(touchpoints, frame, known, more.get("has_values", True), more.get("doubtful"))


class Readings(unittest.TestCase):
    """Who makes the difference between any, ordered and strict."""

    def test_every_difference_has_a_name(self) -> None:
        points = [("a", 0, 1), ("a", 1, 2), ("a", 3, 3), ("b", 0, 1), ("b", 3, 2), ("c", 3, 2), ("d", 3, 2), ("d", 1, 4)]
        scope = scope_of([*points, ("e", 2, 21)], 30)
        # `e` comes after the period's end: Subscribe is not in the chain.
        self.assertEqual(scope.chain, [AWARE, ENGAGE, CONVERT])
        # At Convert: a strictly, b without Engage, c and d without anything before; at Engage d came back from Convert.
        self.assertEqual(scope.people(CONVERT), {"any": 4, "ordered": 4, "strict": 1})
        missing = [{"stage": "aware", "people": 0}, {"stage": "engage", "people": 1}]
        self.assertEqual(scope.readings(CONVERT), {"backward": 0, "skipped": 1, "no_earlier": 2, "missing": missing})
        self.assertEqual(scope.people(ENGAGE), {"any": 2, "ordered": 1, "strict": 1})
        self.assertEqual(scope.readings(ENGAGE) | {"missing": []}, {"backward": 1, "skipped": 0, "no_earlier": 0, "missing": []})


class Steps(unittest.TestCase):
    """Cohorts, like-aged comparison and waiting, with a window of 5 days and follow-up to day 22."""

    POINTS = [
        # Entered in period one: on the last moment of the window, and a day too late.
        *[("a", 0, 0), ("a", 1, 5), ("b", 0, 9), ("b", 1, 15)],
        # In period two: after two days, not yet, and beyond Engage.
        *[("c", 0, 10), ("c", 1, 12), ("d", 0, 19), ("e", 0, 12), ("e", 3, 14)],
    ]

    def step(self, **more: Any) -> dict[str, Any]:
        found = scope_of(self.POINTS, 22, {"engage": 5}, **more).step(AWARE)
        assert found is not None
        return found

    def test_cohorts(self) -> None:
        one, two = self.step()["cohorts"]
        keys = ("entered", "matured", "advanced", "skipped", "mature", "median_days")
        # Period one ends on day 10, and 10 + 5 ≤ 22. Two waited 5 and 6 days: after 5 the curve is at one half.
        self.assertEqual([one[key] for key in keys], [2, 2, 1, 0, True, 5])
        # Period two ends on day 20, and 20 + 5 > 22. d entered on day 19, so is not matured; e skipped. One of three left: 2/3.
        self.assertEqual([two[key] for key in keys], [3, 2, 1, 1, False, None])

    def test_like_aged(self) -> None:
        step = self.step()
        # From day 20 to day 22 are 2 days: a and b took longer, c just as long.
        self.assertEqual([(cohort["early"]["numerator"], cohort["early"]["denominator"]) for cohort in step["cohorts"]], [(0, 2), (1, 3)])
        # Two and three people are too few for a verdict.
        self.assertEqual((step["like_aged"]["days"], step["like_aged"]["verdict"]), (2, "none"))
        self.assertAlmostEqual(step["like_aged"]["difference"], 1 / 3)
        unknown = self.step(known=[[False, True]] * 8)["like_aged"]
        self.assertEqual(unknown, {"days": 2, "verdict": "none", "difference": None, "interval": None})
        young = scope_of(self.POINTS, 20, {"engage": 5}).step(AWARE)
        assert young is not None
        self.assertIsNone(young["like_aged"])

    def test_waiting(self) -> None:
        waiting = self.step()["waiting"]
        # c came after 2 days; d waits for 22 − 19 = 3 days, e for 10.
        self.assertEqual((waiting["people"], waiting["reached"], waiting["quartiles"]), (3, 1, [2, None, None]))
        self.assertEqual([point["days"] for point in waiting["curve"]], [0, 1, 2, 3, 4, 5])
        self.assertEqual([point["at_risk"] for point in waiting["curve"]], [3, 3, 3, 2, 1, 1])
        self.assertEqual(waiting["curve"][1]["interval"], [1.0, 1.0])
        # Greenwood: 1 ÷ (3 × 2) = 1/6; 1.95996 × √(1/6) ÷ |ln 2/3| = 0.80015 ÷ 0.40547 = 1.97342, e^1.97342 = 7.1953;
        # (2/3)^7.1953 = e^−2.91745 = 0.05407, (2/3)^(1/7.1953) = e^−0.05635 = 0.94521.
        point = waiting["curve"][2]
        self.assertAlmostEqual(point["waiting"], 2 / 3)
        self.assertAlmostEqual(point["interval"][0], 0.05407, places=4)
        self.assertAlmostEqual(point["interval"][1], 0.94521, places=4)

    def test_a_long_curve_has_at_most_sixty_steps(self) -> None:
        step = scope_of([("a", 0, 10), ("b", 0, 11), ("a", 1, 71), ("c", 1, 1)], 141, {"engage": 400}).step(AWARE)
        assert step is not None
        # b waits for 141 − 11 = 130 days, the longest: every ⌈130 ÷ 60⌉ = 3 days, up to 129.
        self.assertEqual([point["days"] for point in step["waiting"]["curve"]], list(range(0, 130, 3)))
        # Both until a goes after 61.
        self.assertEqual((step["waiting"]["curve"][20]["at_risk"], step["waiting"]["curve"][21]["waiting"]), (2, 0.5))
        everyone = scope_of([("a", 0, 10), ("a", 1, 12)], 22, {"engage": 5}).step(AWARE)
        assert everyone is not None
        # Nobody waits for longer than 2 days.
        points = [(point["days"], point["interval"]) for point in everyone["waiting"]["curve"]]
        self.assertEqual(points[1:], [(1, [1.0, 1.0]), (2, [0.0, 0.0])])

    def test_trusted(self) -> None:
        # Without c: d and e entered, e matured and did not advance.
        trusted = self.step(doubtful={"c"})["trusted"]
        self.assertEqual((trusted["entered"], trusted["share"]["numerator"], trusted["share"]["denominator"]), (2, 0, 1))
        self.assertIsNone(self.step()["trusted"])

    def test_a_step_passes_over_stages_without_touchpoints(self) -> None:
        step = scope_of([("a", 0, 1), ("a", 3, 2)], 30).step(AWARE)
        assert step is not None
        self.assertEqual(step["passes_over"], ["engage", "subscribe"])


def crowd(entrants: int, convert: int, excite: int, day: int) -> list[Point]:
    """People who subscribe on a day, of whom some convert a day later for 10, of whom some are excited a day later, for −1."""
    names = [f"{day}-{number}" for number in range(entrants)]
    points: list[Point] = [(name, SUBSCRIBE, day) for name in names]
    points += [(name, CONVERT, day + 1, 10) for name in names[:convert]]
    return points + [(name, EXCITE, day + 2, -1) for name in names[:excite]]


class Gaps(unittest.TestCase):
    """60 of 100 converted in period one and 20 of 100 in period two; of these half went on to Excite."""

    POINTS = [*crowd(100, 60, 30, 1), *crowd(100, 20, 10, 11)]
    WINDOWS = {"convert": 5, "excite": 5}

    def outcomes(self, **more: Any) -> list[str]:
        as_of = more.pop("as_of", 40)
        return [gap["outcome"] for gap in gaps(scope_of(more.pop("points", self.POINTS), as_of, self.WINDOWS, **more))]

    def test_a_claim_and_its_worth(self) -> None:
        convert, excite = gaps(scope_of(self.POINTS, 40, self.WINDOWS))
        # 10 of 20 is no worse than 30 of 60.
        self.assertEqual([convert["outcome"], excite["outcome"]], ["claim", "no_better_period"])
        self.assertEqual((convert["rank"], convert["cohort"], convert["goal"]["period"], excite["cohort"]), (1, "two", "one", "two"))
        # Two steps are compared with one earlier period each.
        low, high = newcombe((60, 100), (20, 100), simultaneous(2))
        self.assertEqual(convert["goal"]["gap"], [low, high])
        # 0.6 − 0.2 of 100 people are 40 more; each is worth 10, and half of them −1 more.
        self.assertAlmostEqual(convert["people"]["value"], 40)
        self.assertAlmostEqual(convert["customers"]["high"], 100 * high)
        self.assertAlmostEqual(convert["money"]["value"], 380)
        # Wilson of 10 out of 20 begins at 0.29930.
        self.assertAlmostEqual(convert["money"]["low"], 100 * low * (10 - 0.29930), places=2)
        self.assertEqual(convert["carried_to"], "excite")

    def test_targets_come_before_better_periods(self) -> None:
        # Wilson of 20 out of 100 ends at 0.2889.
        for target, outcome in [("0.2", "at_target"), ("0.21", "too_close"), ("0.3", "claim")]:
            self.assertEqual(self.outcomes(targets={"convert": target})[0], outcome)
        claim = gaps(scope_of(self.POINTS, 40, self.WINDOWS, targets={"convert": "0.3"}, has_values=False))[0]
        self.assertAlmostEqual(claim["people"]["value"], 10)
        self.assertAlmostEqual(claim["people"]["low"], 100 * (0.3 - 0.28888), places=1)
        self.assertEqual((claim["goal"]["period"], claim["money"]), (None, None))

    def test_nothing_is_claimed_without_evidence(self) -> None:
        self.assertEqual(self.outcomes(known=[[True, False]] * 8), ["not_known", "not_known"])
        # Period two is not over.
        self.assertEqual(self.outcomes(as_of=19), ["not_known", "not_known"])
        # Before day 25 not even period one has had its 15 days; on day 25 it has, and nothing comes before it.
        slow = {"convert": 15, "excite": 15}
        for as_of, outcome in [(24, "immature"), (25, "nothing_to_compare")]:
            self.assertEqual([gap["outcome"] for gap in gaps(scope_of(self.POINTS, as_of, slow))], [outcome, outcome])
        self.assertEqual(self.outcomes(points=crowd(19, 5, 5, 11)), ["too_few", "too_few"])
        self.assertEqual(self.outcomes(points=[point for point in self.POINTS if point[1] != CONVERT]), ["unmeasured"])

    def test_claims_are_ranked_by_money_then_in_order(self) -> None:
        # Subscribe to Convert lacks 40 people as above; Convert to Excite lacks 0.9 − 0.5 of 20 people, of −1 each.
        found = gaps(scope_of([*crowd(100, 60, 54, 1), *crowd(100, 20, 10, 11)], 40, self.WINDOWS))
        self.assertEqual([(gap["outcome"], gap["rank"]) for gap in found], [("claim", 1), ("claim", 2)])
        self.assertIsNone(found[1]["money"])
        self.assertIsNone(found[1]["customers"])

    def test_the_audit_puts_claims_first(self) -> None:
        def metric(status: str, verdict: str, good: str = "up", headline: bool = True) -> dict[str, Any]:
            return {"status": status, "verdict": verdict, "good": good, "headline": headline, "unit": "count", "series": []}

        metrics = {
            # Another stage, at risk, with nothing off track, and no verdict.
            "aware": [metric("on_track", "none"), metric("at_risk", "none"), metric("off_track", "down", headline=False)],
            # Fell, which is good, but rose elsewhere; bad step.
            "subscribe": [metric("none", "down", "down"), metric("none", "down")],
            "convert": [metric("on_track", "up"), metric("none", "too_close")],
        }
        stages = ["aware", "engage", "subscribe", "convert", "excite", "ascend", "advocate", "promote"]
        chain = {"subscribe", "convert", "excite"}
        written = [
            {"stage": stage, "measured": stage in metrics, "people": {} if stage in chain else None, "metrics": metrics.get(stage, [])}
            for stage in stages
        ]
        lines = audit(gaps(scope_of(self.POINTS, 40, self.WINDOWS)), written)
        self.assertEqual([line["stage"] for line in lines[:4]], ["subscribe", "aware", "engage", "convert"])
        found = [(line["measured"], line["target"], line["verdict"], line["step"], line["score"]) for line in lines[:4]]
        self.assertEqual(found[0], ("people", "unknown", "between", "bad", 0.25))
        self.assertEqual(found[1], ("totals", "between", "unknown", "unknown", 0.5))
        self.assertEqual(found[2], ("no", "unknown", "unknown", "unknown", None))
        self.assertEqual(found[3], ("people", "good", "good", "between", 2.5 / 3))


class Skips(unittest.TestCase):
    """What became of those who skipped Engage, in a chain up to Convert: 2 + 3 + 5 days for Convert, 10 for Ascend."""

    WINDOWS = {"engage": 2, "subscribe": 3, "convert": 5, "ascend": 10}
    POINTS = [
        # Skipped Engage; Aware on day 1, converted ten days later to the moment. An Aware that comes after does not count.
        *[("s", AWARE, 1, 3), ("s", SUBSCRIBE, 2), ("s", CONVERT, 11, "7.25"), ("s", AWARE, 12, 100)],
        # Took it, and converted a day after the ten were over.
        *[("t", AWARE, 0), ("t", ENGAGE, 1), ("t", SUBSCRIBE, 2), ("t", CONVERT, 11, 50)],
        # Took it, but day 15 + 10 is beyond the end of follow-up.
        *[("u", AWARE, 15), ("u", ENGAGE, 15), ("u", SUBSCRIBE, 16)],
        # Neither: never before, never beyond, before the history.
        *[("v", ENGAGE, 0), ("v", SUBSCRIBE, 1), ("w", AWARE, 0), ("x", AWARE, -1), ("x", SUBSCRIBE, 1)],
    ]

    def test_groups_outcomes_and_money(self) -> None:
        cost = skip_cost(scope_of(self.POINTS, 22, self.WINDOWS), ENGAGE)
        self.assertEqual((cost["stage"], cost["skipped"], cost["took"]), ("engage", 1, 2))
        [outcome] = cost["outcomes"]
        self.assertEqual((outcome["stage"], outcome["window_days"], outcome["verdict"]), ("convert", 10, "none"))
        shares = [(outcome[group]["numerator"], outcome[group]["denominator"]) for group in ("skipped", "took")]
        self.assertEqual((shares, outcome["difference"]), ([(1, 1), (0, 1)], 1.0))
        # The 100 and the 50 came after the ten days.
        money = cost["money"]
        self.assertEqual((money["skipped"], money["took"]), ({"people": 1, "mean": 10.25}, {"people": 1, "mean": 0.0}))
        self.assertEqual((money["window_days"], money["difference"], money["interval"], money["verdict"]), (10, 10.25, None, "none"))

    def test_the_following_stage_is_no_outcome(self) -> None:
        # Convert follows Subscribe. s and t reached an earlier and a later stage, and Subscribe.
        cost = skip_cost(scope_of(self.POINTS, 22, self.WINDOWS), SUBSCRIBE)
        self.assertEqual((cost["outcomes"], cost["skipped"], cost["took"]), ([], 0, 2))

    def test_money_has_an_interval_by_unequal_variances(self) -> None:
        points: list[Point] = []
        for number in range(40):
            name, worth = f"p{number}", 10 + number % 2 * 2 + (100 if number < 20 else 0)
            points += [(name, AWARE, 0), (name, SUBSCRIBE, 1, worth), *([(name, ENGAGE, 0)] if number >= 20 else []), (name, CONVERT, 3)]
        money = skip_cost(scope_of(points, 22, {"convert": 10, "ascend": 10}), ENGAGE)["money"]
        # Each group: half 1 below its mean and half 1 above, so variance 20 ÷ 19, of the mean 1 ÷ 19; √(2 ÷ 19) = 0.32444.
        self.assertEqual((money["difference"], money["verdict"]), (100.0, "up"))
        self.assertAlmostEqual(money["interval"][0], 100 - 1.95996 * 0.32444, places=4)


class Breakdowns(unittest.TestCase):
    """Which value stands for a person."""

    @staticmethod
    def people(points: list[Point], attribution: str) -> dict[tuple[str | None, int | None], list[int]]:
        found = next(entry for entry in breakdowns(scope_of(points, 30, {"engage": 5})) if entry["attribution"] == attribution)
        return {(row["value"], row["others"]): [stage["people"] for stage in row["stages"]] for row in found["rows"]}

    def test_attributions(self) -> None:
        points: list[Point] = [
            # a's Engage has two values at one moment, in any order; a's last comes after Engage and counts for nothing here.
            *[("a", 0, 1, None, "mail"), ("a", 1, 2, None, "web"), ("a", 1, 2, None, "ads"), ("a", 0, 3, None, "zoo")],
            # b's first touchpoint with a value is at Engage.
            *[("b", 0, 1), ("b", 1, 3, None, "web")],
        ]
        # b's value is not known at Aware, where those who never came to Engage have none either.
        self.assertEqual(self.people(points, "first_touch"), {("mail", None): [1, 1], ("web", None): [0, 1], (None, None): [1, 0]})
        self.assertEqual(self.people(points, "last_touch"), {("web", None): [0, 2], ("mail", None): [1, 0], (None, None): [1, 0]})
        self.assertEqual(
            self.people(points, "touch_at_stage"),
            {("ads", None): [0, 1], ("mail", None): [1, 0], ("web", None): [0, 1], (None, None): [1, 0]},
        )

    def test_steps_are_of_the_reported_period(self) -> None:
        points = [(name, 0, day, None, "mail") for name, day in (("a", 1), ("b", 11), ("c", 12), ("d", 28))]
        [row] = breakdowns(scope_of([*points, ("b", 1, 12), ("e", 1, 1, None, "mail")], 30, {"engage": 5}))[0]["rows"]
        first, last = row["stages"]
        self.assertEqual((first["people"], first["entered"], first["step"]["numerator"], first["step"]["denominator"]), (3, 2, 1, 2))
        self.assertEqual((last["people"], last["entered"], last["step"]), (2, 1, None))

    def test_ten_values_are_eight_and_others(self) -> None:
        points = [(f"{value}{number}", 0, 1, None, value) for value in "abcdefghij" for number in range(2 if value == "j" else 1)]
        found = self.people(points, "first_touch")
        self.assertEqual([value for value, _ in found], ["j", *"abcdefg", None])
        self.assertEqual(found[None, 2], [2])
        self.assertEqual(len(self.people(points[1:10], "first_touch")), 9)


class Dates(unittest.TestCase):
    """A CRM and a shop in Berlin, reported for October 2026, with follow-up to 3 November."""

    @staticmethod
    def client() -> Client:
        def row(who: str, stage: str, at: str, now: str | None = None) -> dict[str, Any]:
            return {"who": who, "stage": stage, "at": {"time": at}, "now": now}

        # 20 at Engage within 09:30, and one at another stage then; 20 more within the first minute of a day, 1 of them with a time.
        log = [row(f"p{number}", "engage", f"2026-10-05T09:30:{number:02}") for number in range(20)]
        log += [row("p0", "subscribe", "2026-10-05T09:30:00", "convert"), row("p1", "aware", "2026-10-06T10:00:00", "Nurture")]
        log += [row(f"q{number}", "engage", "2026-10-07T00:00:00") for number in range(19)] + [row("q0", "engage", "2026-10-07T00:00:30")]
        # Two stages of one person at one midnight are no doubt; the day is over in Berlin though not in London.
        log += [row("q1", "aware", "2026-10-07T00:00:00", "Engagement"), row("q2", "subscribe", "2026-11-03T00:00:00", "promote")]
        shop = [row("p2", "", "2026-10-05T09:30:02"), row("p1", "", "2026-10-06T09:00:00"), row("p1", "", "2026-12-01T00:00:00")]
        common = {"kind": "touchpoint", "person": "who", "at": "at"}
        definitions = [
            {**common, "source": "crm", "table": "crm", "stage": {"column": "stage"}, "current": "now"},
            {**common, "source": "shop", "table": "shop", "stage": "convert", "occurrence": "first"},
            {**common, "source": "shop", "table": "shop", "stage": "ascend", "occurrence": "later"},
        ]
        tables = [{"source": name, "table": name, "rows": rows} for name, rows in (("crm", log), ("shop", shop), ("web", []))]
        common = {"timezone": "Europe/Berlin", "period": "month", "history": 1, "as_of": "2026-11-03"}
        return Client({**common, "products": [], "tables": tables, "definitions": definitions})

    def test_what_is_doubtful(self) -> None:
        trust = DateTrust(self.client())
        crm, shop = trust.of_source("crm"), trust.of_source("shop")
        assert crm is not None and shop is not None
        self.assertIsNone(trust.of_source("web"))
        self.assertEqual((crm["touchpoints"], crm["bulk"], crm["future"]), (43, 20, 1))
        self.assertEqual(crm["bulk_minutes"], [{"minute": "2026-10-05T09:30:00+02:00", "stage": "engage", "touchpoints": 20}])
        # p0 has Engage and Subscribe at one moment; so has p2 Engage and Convert, each in another source.
        self.assertEqual((crm["same_instant"], shop["same_instant"]), (3, 1))
        # p1 was first aware on 6 October at 10:00, after the Engage of the 5th and the order of 09:00.
        self.assertEqual((crm["before_first"], shop["before_first"]), (1, 1))
        self.assertEqual((shop["touchpoints"], shop["future"]), (2, 1))
        # p0 is said to be at Convert, and has come to Subscribe; q1 is where it is said to be; q2's is of the future.
        self.assertEqual((crm["current"], shop["current"]), ({"people": 2, "disagree": 1}, None))
        self.assertEqual(persons_in_doubt(trust, None), {f"p{number}" for number in range(20)})

    def test_a_crowded_day_needs_more(self) -> None:
        client = self.client()
        # 2,880 at Engage within two minutes of a day of theirs: the 20 are 20 × 1,440 ≥ 10 × 2,880 in a day, and not with one more.
        for extra, bulk in ((2860, True), (2861, False)):
            base = [point for point in client.touchpoints if point.stage == ENGAGE and point.at % DAY // 60_000_000 == 7 * 60 + 30]
            crowd = [Touchpoint(f"z{n}", ENGAGE, base[0].at + (n % 1000 + 1) * 30_000_000 + 30_000_000, None, None, 0) for n in range(extra)]
            self.assertEqual(len(base), 20)
            client.touchpoints = base + crowd
            minutes = DateTrust(client).bulk_minutes
            self.assertEqual(any(minute == base[0].at // 60_000_000 for _, _, minute in minutes), bulk)


class Generator(unittest.TestCase):
    """A seed is a seed."""

    def test_a_seed_is_the_same_every_time(self) -> None:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            for folder in (one, two):
                generate(9, 50, Path(folder))
            files = [sorted(path for path in Path(folder).rglob("*") if path.is_file()) for folder in (one, two)]
            self.assertEqual([path.read_bytes() for path in files[0]], [path.read_bytes() for path in files[1]])


if __name__ == "__main__":
    unittest.main()
