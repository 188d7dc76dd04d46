"""Sparklines, histories and flaky tests as text and JSON."""

from __future__ import annotations

import json
import math
import unittest
from datetime import UTC, datetime

from registry.past.pasts import HistoryEntry, MetricPast, MetricPoint
from registry.past.reliability import Contradiction, Reliability, Unreliable
from registry.records import Direction, Outcome
from runner.report.document import dumps
from runner.report.flaky import flaky_document, flaky_text
from runner.report.history import outcomes_document, outcomes_text, values_document, values_text
from runner.report.sparkline import ASCII, BLOCKS, levels_for, sparkline

from .factories import COMMIT, HOSTILE, make_record

WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def entry(number: int, outcome: Outcome = Outcome.PASSED, name: str = "", **facts) -> HistoryEntry:
    """Return a result of a run."""
    cause = "abcdef" if outcome.is_red else None
    return HistoryEntry(number, name or f"run-{number}", WHEN, COMMIT, make_record(outcome, **facts), cause)


def past(*values: float, name: str = "test_accuracy") -> MetricPast:
    """Return a metric, newest value first."""
    points = (MetricPoint(number, f"run-{number}", WHEN, COMMIT, 42, value, 3.2) for number, value in enumerate(values))
    return MetricPast(name, Direction.HIGHER, "share", tuple(points))


class Sparklines(unittest.TestCase):
    def test_from_lowest_to_highest(self):
        """The lowest value has the lowest bar, the highest the highest, in order."""
        self.assertEqual(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), BLOCKS)
        self.assertEqual(sparkline([7.0, 0.0], ASCII), "#_")

    def test_equal_values_and_none(self):
        """Equal values stand in the middle; nothing gives nothing."""
        self.assertEqual((sparkline([0.5, 0.5]), sparkline([])), ("▅▅", ""))

    def test_what_is_no_number(self):
        """NaN and infinities are marked, absent values leave a gap, and huge values do not overflow."""
        self.assertEqual(sparkline([1.0, math.nan, math.inf, None, 2.0]), "▁!! █")
        self.assertEqual(sparkline([-1.7e308, 0.0, 1.7e308]), "▁▅█")
        self.assertEqual(sparkline([math.nan, None]), "! ")

    def test_terminals_without_blocks(self):
        """A stream that cannot show blocks, or whose encoding nobody knows, gets ASCII."""
        found = [levels_for(encoding) for encoding in ("utf-8", "ascii", "latin-1", None, "no-such")]
        self.assertEqual(found, [BLOCKS, ASCII, ASCII, ASCII, ASCII])


class Histories(unittest.TestCase):
    def test_a_test(self):
        """A test has its outcomes and durations as lines, oldest first, and a row a result with the cause's name."""
        entries = [entry(3, Outcome.FAILED, duration_s=0.5), entry(2, attempt=2, duration_s=0.1), entry(1, duration_s=0.1)]
        lines = outcomes_text("pkg.T.test_x", entries).splitlines()
        self.assertEqual(lines[:3], ["pkg.T.test_x: 3 results, 1 red", "  ..F  outcomes", "  ▁▁█  100 ms to 500 ms"])
        self.assertRegex(lines[-3], r"^run-3 +2026-01-02 03:04  01234567  failed +500 ms  abcd$")
        self.assertIn("passed (attempt 2)", lines[-2])

    def test_a_metric(self):
        """A metric has its values as a line, oldest first, its range, and a row a run."""
        lines = values_text(past(0.99, 0.98, math.nan)).splitlines()
        self.assertEqual(lines[0], "test_accuracy: 3 runs, higher is better")
        self.assertEqual(lines[1], "  !▁█  98.00% to 99.00%, oldest first")
        self.assertRegex(lines[4], r"^run-0 +2026-01-02 03:04  01234567  42 +99\.00% +3\.20 s$")

    def test_only_nan(self):
        """A metric that is no number in any run is shown all the same."""
        self.assertIn("!", values_text(past(math.nan)))

    def test_documents(self):
        """The documents are strict JSON with kind, name and entries, newest first."""
        test = json.loads(dumps(outcomes_document("t", [entry(1, Outcome.FAILED)])))
        metric = json.loads(dumps(values_document(past(math.nan, 0.5))))
        self.assertEqual((test["kind"], test["entries"][0]["outcome"], test["entries"][0]["cause"]), ("test", "failed", "abcdef"))
        self.assertEqual((metric["kind"], [one["value"] for one in metric["entries"]]), ("metric", ["nan", 0.5]))

    def test_hostile_names(self):
        """Names that hold escapes stay on their line and act on nothing; no line is wider than the terminal."""
        for text in (outcomes_text("t", [entry(1, name=HOSTILE)]), values_text(past(0.5, name=HOSTILE))):
            self.assertFalse({"\x1b", "\x9b", "\u202e", "\0"} & set(text))
        self.assertLessEqual(max(map(len, outcomes_text("t", [entry(1, name="x" * 300)]).splitlines())), 80)


class Flaky(unittest.TestCase):
    def setUp(self):
        self.proven = Reliability("pkg.T.test_x", 0, 40, 3, 2, 20, ("r7",), (Contradiction("r4", "r5"),), (Outcome.FAILED,))
        self.suspected = Reliability("pkg.T.test_y", 1, 8, 4, 3, 8, (), (), (Outcome.PASSED,))

    def test_text(self):
        """Proven tests stand apart from suspected ones, with rate, interval, flips and the runs that prove it."""
        text = flaky_text(Unreliable((self.proven, self.suspected)), None)
        self.assertLess(text.index("proven flaky (1)"), text.index("suspected (1)"))
        words = " ".join(text.split())
        self.assertIn("red in 3 of 40 runs (7.5%; 95 % interval 2.6% to 19.9%), 2 flips in the latest 20 (score 0.10)", words)
        self.assertIn("same code, environment and seed: green in r4, red in r5", words)
        self.assertIn("green only when tried again in r7", words)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_a_limit(self):
        """Of each list so many are shown, and how many are left out; a list without a test is not headed."""
        self.assertNotIn("suspected", flaky_text(Unreliable((self.proven,)), None))
        self.assertIn("... and 1 more", flaky_text(Unreliable((self.proven, self.proven)), 1))

    def test_none(self):
        """Where nothing is flaky one line says what that means."""
        self.assertIn("no test is flaky", flaky_text(Unreliable(()), None))

    def test_document(self):
        """The document has both lists and their true lengths, whatever the limit."""
        document = json.loads(dumps(flaky_document(Unreliable((self.proven, self.proven, self.suspected), 7), 1)))
        self.assertEqual(document["counts"], {"proven": 2, "suspected": 1, "left_out": 7})
        (test,) = document["proven"]
        self.assertEqual((test["id"], test["runs"], test["red"], test["proven"]), ("pkg.T.test_x", 40, 3, True))
        self.assertEqual((document["suspected"][0]["ordinal"], round(test["low"], 3)), (1, 0.026))
