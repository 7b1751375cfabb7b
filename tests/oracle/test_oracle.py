"""Tests of the oracle itself: published vectors for its statistics, hand-made journeys, and a comparison that can fail."""

from __future__ import annotations

import tempfile
import unittest
from datetime import date
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from clock import DAY, Period, local_date, midnight, parsed
from compare import differences
from generate import generate
from intervals import chart_verdict, median_time, newcombe, rate_verdict, target_status, wilson
from journey import Journey, Touchpoint, occurrences
from oracle import Client, Refused, expected
from products import Catalogue, matches
from rows import Reading, aggregated, holds


class Statistics(unittest.TestCase):
    """Wilson, Newcombe, XmR, Kaplan-Meier and targets."""

    def test_wilson_gives_the_published_intervals(self) -> None:
        for counts, low, high in [((5, 250), 0.00857, 0.04596), ((0, 20), 0.0, 0.16113), ((8, 106), 0.03874, 0.14190)]:
            found = wilson(*counts)
            assert found is not None
            self.assertAlmostEqual(found[0], low, places=5)
            self.assertAlmostEqual(found[1], high, places=5)
        self.assertIsNone(wilson(0, 0))

    def test_newcombe_gives_the_published_intervals(self) -> None:
        low, high = newcombe((56, 70), (48, 80))
        self.assertAlmostEqual(low, 0.0524, places=4)
        self.assertAlmostEqual(high, 0.3339, places=4)
        low, high = newcombe((20, 3000), (31, 3000))
        self.assertAlmostEqual(low, -0.00856, places=5)
        self.assertAlmostEqual(high, 0.00105, places=5)
        self.assertEqual(rate_verdict((56, 70), (48, 80)), "up")
        self.assertEqual(rate_verdict((56, 70), None), "none")

    def test_a_chart_needs_six_earlier_values(self) -> None:
        earlier: list[Fraction | None] = [Fraction(value) for value in (10, 12, 11, 13, 12)]
        self.assertEqual(chart_verdict(Fraction(99), earlier), "none")
        self.assertEqual(chart_verdict(Fraction(99), [None, *earlier, Fraction(11)]), "up")
        self.assertEqual(chart_verdict(Fraction(12), [Fraction(12)] * 6), "too_close")
        self.assertEqual(chart_verdict(Fraction(11), [Fraction(12)] * 6), "down")

    def test_a_median_counts_those_still_waiting(self) -> None:
        self.assertEqual(median_time([(Fraction(1), True), (Fraction(2), True), (Fraction(3), False)]), 2)
        self.assertIsNone(median_time([(Fraction(1), True), (Fraction(2), False), (Fraction(3), False)]))
        self.assertEqual(median_time([(Fraction(1), True), (Fraction(1), False)]), 1)

    def test_targets(self) -> None:
        self.assertEqual([target_status(Fraction(n), Fraction(100), "up") for n in (100, 95, 80)], ["on_track", "at_risk", "off_track"])
        self.assertEqual([target_status(Fraction(n), Fraction(100), "down") for n in (100, 105, 120)], ["on_track", "at_risk", "off_track"])


class Time(unittest.TestCase):
    """Clock changes and periods."""

    def test_gaps_move_forward_and_folds_come_first(self) -> None:
        chicago = ZoneInfo("America/Chicago")
        self.assertEqual(parsed("2026-03-08T02:30:00", chicago), parsed("2026-03-08T03:30:00-05:00", chicago))
        self.assertEqual(parsed("2025-11-02T01:30:00", chicago), parsed("2025-11-02T01:30:00-05:00", chicago))
        lord_howe = ZoneInfo("Australia/Lord_Howe")
        self.assertEqual(parsed("2025-10-05T02:15:00", lord_howe), parsed("2025-10-05T02:45:00+11:00", lord_howe))

    def test_a_day_begins_at_local_midnight(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        day = date(2026, 3, 29)
        self.assertEqual(midnight(date(2026, 3, 30), berlin) - midnight(day, berlin), DAY * 23 // 24)
        self.assertEqual(local_date(midnight(day, berlin), berlin), day)

    def test_labels_read_back(self) -> None:
        for label in ("2026-10", "2026-W01", "2020-W53", "2026-Q3"):
            self.assertEqual(Period.labelled(label).label, label)
            self.assertEqual(Period.labelled(label).shifted(-5).shifted(5).label, label)


class Rows(unittest.TestCase):
    """Conditions, aggregates and products."""

    def test_conditions_have_three_values(self) -> None:
        other = {"op": "<>", "column": "a", "text": "x"}
        self.assertIsNone(holds(other, {"a": None}))
        self.assertIs(holds({"op": "or", "parts": [other, {"op": "is null", "column": "a"}]}, {"a": None}), True)
        self.assertIs(holds({"op": "not", "part": other}, {"a": "x"}), True)

    def test_nothing_sums_to_zero_but_has_no_average(self) -> None:
        self.assertEqual(aggregated({"function": "sum", "column": "a"}, [{"a": None}]), 0)
        self.assertIsNone(aggregated({"function": "avg", "column": "a"}, [{"a": None}]))
        self.assertEqual(aggregated({"function": "count", "column": "a"}, [{"a": None}, {"a": "x"}]), 1)

    def test_products_match_in_order_and_by_wildcard(self) -> None:
        catalogue = Catalogue([{"name": "Box", "aliases": ["new*box"]}, {"name": "Other", "aliases": ["*"]}], [])
        self.assertEqual([catalogue.resolve(text) for text in (" BOX", "New big box", "x", None)], [0, 0, 1, None])
        self.assertFalse(matches("ab*ba", "aba"))


class Journeys(unittest.TestCase):
    """Small journeys whose numbers are counted by hand."""

    @staticmethod
    def journey(points: list[tuple[str, int, int]], windows: dict[str, int], as_of: int, end: int) -> Journey:
        touchpoints = [Touchpoint(person, stage, day * DAY, None, None, 0) for person, stage, day in points]
        return Journey(touchpoints, windows, as_of * DAY, end * DAY)

    def test_three_readings(self) -> None:
        journey = self.journey([("a", 1, 2), ("a", 3, 1), ("b", 1, 1), ("b", 3, 1)], {}, 100, 50)
        self.assertEqual(journey.people(1), {"any": 2, "ordered": 1, "strict": 1})
        self.assertEqual(journey.people(3), {"any": 2, "ordered": 2, "strict": 1})
        self.assertIsNone(journey.people(0))

    def test_a_step_counts_skips_and_waits(self) -> None:
        points = [("a", 0, 0), ("a", 3, 5), ("b", 0, 0), ("b", 1, 7), ("c", 0, 1)]
        step = self.journey(points, {"engage": 7}, 8, 8).step(0, 0, 5 * DAY)
        assert step is not None
        counts = {key: step[key] for key in ("to", "entered", "matured", "advanced", "skipped", "median_days")}
        self.assertEqual(counts, {"to": "engage", "entered": 3, "matured": 3, "advanced": 1, "skipped": 1, "median_days": None})

    def test_first_and_later_orders(self) -> None:
        def row(order: str, at: int, value: int | None) -> tuple[Reading, int | None]:
            amount = None if value is None else Fraction(value)
            return Reading(0, {}, True, at, None, None, "a", "convert", amount, order), 0

        used = [row("B", 5, 10), row("A", 5, 1), row("A", 6, 2), row("", 9, None)]
        first = occurrences({"occurrence": "first", "order": "o"}, 0, used)
        later = occurrences({"occurrence": "later", "order": "o"}, 0, used)
        self.assertEqual([(point.at, point.value) for point in first], [(5, 3)])
        self.assertEqual([(point.at, point.value) for point in later], [(5, 10), (9, None)])


class Account(unittest.TestCase):
    """Rejected and unassigned rows, and rows read through views."""

    ROWS = [("tbd", "x", "1"), ("5", "x", "2"), ("5", "", "tbd"), ("7", "y", None)]

    def client(self, definitions: list[dict[str, object]], views: list[dict[str, object]]) -> Client:
        def cell(text: str | None) -> object:
            return None if text is None else {"unreadable": text} if text == "tbd" else {"number": text}

        rows = [
            {"day": {"time": "2026-10-05T00:00:00"}, "users": cell(users), "page": page or None, "spend": cell(spend)}
            for users, page, spend in self.ROWS
        ]
        types = {"day": "time", "users": "number", "page": "text", "spend": "number"}
        common = {"kind": "metric", "stage": "aware", "unit": "count", "at": "day", "product": {"column": "page"}}
        return Client(
            {
                "timezone": "UTC",
                "period": "month",
                "history": 1,
                "as_of": "2026-11-01",
                "products": [{"name": "y"}],
                "tables": [{"source": "web", "table": "web", "types": types, "rows": rows}],
                "views": views,
                "definitions": [{**common, **definition} for definition in definitions],
            }
        )

    def test_a_rejected_row_is_not_also_unassigned(self) -> None:
        definitions = [
            {"source": "web", "table": "web", "name": column, "value": {"function": "sum", "column": column}} for column in ("users", "spend")
        ]
        report = self.client(definitions, []).report()
        self.assertEqual(report["sources"][0]["tables"], [{"name": "web", "rows_read": 4, "rows_rejected": 2}])
        self.assertEqual(report["unassigned"], [{"source": "web", "table": "web", "value": "x", "rows": 1}])

    def test_a_view_rejects_in_the_table_behind_it(self) -> None:
        condition = {"op": ">=", "column": "users", "number": "0"}
        view = {"name": "view0", "parts": [{"source": "web", "table": "web", "where": condition}]}
        definition = {"source": "view0", "table": "view0", "name": "Rows", "value": {"function": "count"}}
        report = self.client([definition], [view]).report()
        tables = [table for source in report["sources"] for table in source["tables"]]
        self.assertEqual([tuple(table.values()) for table in tables], [("web", 4, 1), ("view0", 3, 0)])
        # `spend` is not needed, so what cannot be read in it does not matter.
        self.assertEqual(report["overall"]["stages"][0]["metrics"][0]["actual"], 3)
        self.assertEqual([tuple(entry.values()) for entry in report["unassigned"]], [("view0", "view0", "", 1), ("view0", "view0", "x", 1)])

    def test_a_row_has_every_value_that_a_definition_gives_it(self) -> None:
        definition = {"source": "web", "table": "web", "value": {"function": "count"}}
        two = [{**definition, "name": "a"}, {**definition, "name": "b", "product": {"literal": "Solo"}}]
        report = self.client(two, []).report()
        found = [(entry["value"], entry["rows"]) for entry in report["unassigned"]]
        self.assertEqual(found, [("Solo", 4), ("x", 2), ("", 1)])


class Comparison(unittest.TestCase):
    """The comparison finds what is wrong, and only that."""

    def test_null_is_not_zero(self) -> None:
        self.assertEqual(list(differences({"actual": None}, {"actual": 0})), ["$.actual: expected null, found 0"])
        self.assertTrue(list(differences({"actual": 0}, {"actual": None})))
        self.assertFalse(list(differences({"actual": 1}, {"actual": 1.0000000001})))
        self.assertTrue(list(differences({"actual": 1}, {"actual": 1.00000001})))

    def test_counts_and_verdicts_are_exact(self) -> None:
        self.assertTrue(list(differences({"rows": 10**10}, {"rows": 10**10 + 1})))
        self.assertTrue(list(differences({"verdict": "up"}, {"verdict": "down"})))
        self.assertFalse(list(differences({"verdict": {"any_of": ["up", "too_close"]}}, {"verdict": "up"})))

    def test_lists_are_matched_by_name(self) -> None:
        metrics = {"metrics": [{"name": "a", "actual": 1}, {"name": "b", "actual": 2}]}
        swapped = {"metrics": [{"name": "b", "actual": 2}, {"name": "a", "actual": 1}]}
        self.assertTrue(any("order" in found for found in differences(metrics, swapped)))
        self.assertTrue(any("missing" in found for found in differences(metrics, {"metrics": [{"name": "a", "actual": 1}]})))
        self.assertTrue(any("not expected" in found for found in differences({"metrics": []}, metrics)))

    def test_a_seed_is_the_same_every_time(self) -> None:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            for folder in (one, two):
                generate(7, Path(folder))
            files = [sorted(path for path in Path(folder).rglob("*") if path.is_file()) for folder in (one, two)]
            self.assertEqual([path.read_bytes() for path in files[0]], [path.read_bytes() for path in files[1]])
            try:
                report = expected(Path(one))
            except Refused as refusal:
                self.fail(f"seed 7 has a report: {refusal}")
            self.assertFalse(list(differences(report, report)))
            self.assertEqual(len(report["overall"]["stages"]), 8)


if __name__ == "__main__":
    unittest.main()
