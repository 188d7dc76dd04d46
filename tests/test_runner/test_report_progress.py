"""How far a run is, at moments that the tests choose."""

from __future__ import annotations

import unittest

from runner.events import Collected, Event, TestKey, TestStarted, Workers
from runner.report.progress import Progress
from runner.report.safe import width_of

from .factories import HOSTILE, make_finished, make_fixture_event

TESTS = tuple((f"mod.Case.test_{number}", 0) for number in range(4))
TWO = Workers(2, "fork")
EACH_TEN = {f"test_{number}": 10.0 for number in range(4)}


def progress(*events: tuple[float, Event], **expected: float) -> Progress:
    """Return what is known after events at these seconds; the tests were found at 1.0, and expected=seconds comes last."""
    found = Progress(0.0)
    for now, event in ((1.0, Collected(TESTS)), *events):
        found.take(event, now)
    found.expect(history(**expected))
    return found


def history(**expected: float) -> dict[TestKey, float]:
    """Return expected durations, given as test_0=seconds."""
    return {(f"mod.Case.{name}", 0): seconds for name, seconds in expected.items()}


def started(number: int, worker: int = 0) -> TestStarted:
    """Return the start of a test."""
    return TestStarted(TESTS[number], worker)


def ended(number: int, outcome: str = "passed", worker: int = 0, attempt: int = 1) -> Event:
    """Return the end of a test."""
    return make_finished(outcome, TESTS[number][0], worker=worker, attempt=attempt)


class WhatRuns(unittest.TestCase):
    """The rows of the workers."""

    def test_loading(self):
        """Before the tests are known the view says so, and for how long already."""
        self.assertEqual(Progress(0.0).lines(12.0, 80), ["   12 s  loading the tests"])

    def test_the_running_test_and_since_when(self):
        """The test that runs is named, with its class and for how long it has run."""
        rows = progress((2.0, started(0))).lines(67.0, 80)
        self.assertEqual(rows, ["   1:07  0 of 4", "   1:05  test_0 (mod.Case)"])

    def test_several_workers(self):
        """Each worker has its row and its number."""
        rows = progress((1.0, TWO), (2.0, started(0, 0)), (3.0, started(1, 1))).lines(4.0, 80)
        self.assertEqual(rows[1:], ["    2 s  [0] test_0 (mod.Case)", "    1 s  [1] test_1 (mod.Case)"])

    def test_many_workers(self):
        """Twenty workers do not fill the screen."""
        rows = progress(*((2.0, TestStarted((f"m.C.t{number}", 0), number)) for number in range(20))).lines(4.0, 80)
        self.assertEqual((len(rows), rows[-1].strip()), (9, "and 13 more"))

    def test_between_tests(self):
        """Where no test runs for seconds, the view says after which one."""
        known = progress((2.0, started(0)), (3.0, ended(0)))
        self.assertEqual(known.lines(4.0, 80)[1:], [])
        self.assertEqual(known.lines(9.0, 80)[1:], ["    6 s  between tests, after test_0 (mod.Case)"])

    def test_before_the_first_test(self):
        """A class fixture that takes its time before any test is seen to do so."""
        self.assertEqual(progress().lines(2.0, 80)[1:], [])
        self.assertEqual(progress().lines(9.0, 80)[1:], ["    8 s  before the first test"])

    def test_idle_workers(self):
        """A worker for which nothing is left, or that died, has no row beside those that run tests."""
        known = progress((1.0, TWO), (2.0, started(0, 0)), (3.0, started(1, 1)), (3.0, ended(0, "crashed", worker=0)))
        self.assertEqual(known.lines(30.0, 80)[1:], ["   27 s  [1] test_1 (mod.Case)"])

    def test_lines_are_safe_and_fit(self):
        """Names of tests do not act on the terminal, and no line is wider than it."""
        name = f"mod.{HOSTILE}." + "\u7d50" * 100
        rows = progress((2.0, TestStarted((name, 1), 0))).lines(3.0, 80)
        self.assertEqual([row for row in rows if width_of(row) > 80 or set(row) & set("\x1b\x9b\n\r\u202e")], [])


class Counts(unittest.TestCase):
    """The line of the whole run."""

    def test_what_ended(self):
        """Ended, failed and skipped tests are counted; a failed fixture is a failure."""
        known = progress((2.0, ended(0)), (2.0, ended(1, "failed")), (2.0, ended(2, "skipped")), (2.0, make_fixture_event()))
        self.assertEqual(known.lines(3.0, 80)[0], "    3 s  3 of 4, 2 failed, 1 skipped")

    def test_a_retry_counts_once(self):
        """A test that failed and then passed has passed."""
        known = progress((2.0, ended(0, "failed")), (3.0, ended(0, "passed", attempt=2)))
        self.assertEqual(known.lines(4.0, 80)[0], "    4 s  1 of 4")

    def test_tests_that_nobody_collected(self):
        """Tests that come up while the suite runs never make it end with more than there were."""
        known = progress(*((2.0, make_finished(test_id=f"m.C.new{number}")) for number in range(5)))
        self.assertIn("5 of 5", known.lines(3.0, 80)[0])


class TimeLeft(unittest.TestCase):
    """What history tells."""

    def test_without_history_nothing_is_said(self):
        """Nothing is guessed where nothing is known, or of fewer than half of the tests that wait."""
        self.assertIsNone(progress((2.0, started(0))).left_s(3.0))
        self.assertIsNone(progress((2.0, started(0)), test_3=10.0).left_s(3.0))

    def test_the_sum_of_what_waits(self):
        """At first the expected seconds of what waits are added up, less what the running test has done of its own."""
        known = progress((1.0, started(0)), **EACH_TEN)
        self.assertAlmostEqual(known.left_s(2.0), 39.0)
        self.assertIn("about 39 s left", known.lines(2.0, 80)[0])

    def test_workers_share_it(self):
        """Two workers need half the time."""
        known = progress((1.0, TWO), (1.0, started(0)), (1.0, started(1, 1)), **EACH_TEN)
        self.assertAlmostEqual(known.left_s(1.0), 20.0)

    def test_a_slow_day(self):
        """Where tests take twice as long as they did, so will the others."""
        known = progress((1.0, started(0)), (21.0, ended(0)), **EACH_TEN)
        self.assertAlmostEqual(known.left_s(21.0), 60.0)

    def test_it_does_not_matter_when_history_is_known(self):
        """History that is known from the start tells the same as history that comes later."""
        late = progress((1.0, started(0)), (21.0, ended(0)), **EACH_TEN)
        early = Progress(0.0)
        early.take(Collected(TESTS), 1.0)
        early.expect(history(**EACH_TEN))
        early.take(started(0), 1.0)
        early.take(ended(0), 21.0)
        self.assertEqual(early.left_s(25.0), late.left_s(25.0))

    def test_unknown_tests_take_the_mean(self):
        """A new test is expected to take what the others take."""
        known = progress((1.0, started(3)), test_0=1.0, test_1=2.0, test_2=3.0)
        self.assertAlmostEqual(known.left_s(1.0), 8.0)

    def test_an_overdue_test_leaves_no_less_than_the_rest(self):
        """A test that takes longer than ever before makes the rest neither negative nor unknown."""
        known = progress((1.0, started(0)), test_0=1.0, test_1=0.5, test_2=0.5, test_3=0.0)
        self.assertGreaterEqual(known.left_s(300.0), 0.0)

    def test_the_last_second(self):
        """Where less than a second is left, nothing is promised any more."""
        known = progress((1.0, started(0)), **dict.fromkeys(EACH_TEN, 0.1))
        self.assertNotIn("left", known.lines(1.0, 80)[0])
