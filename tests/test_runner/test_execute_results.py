"""Rows of tests that passed: told in one piece, and meaning what they mean one by one."""

import unittest
from io import StringIO
from typing import Any, cast

from runner.events import Ended, Event, PassedInARow, TestFanOut, TestFinished, TestKey, TestStarted
from runner.execute.lane import Lane
from runner.execute.ledger import Ledger
from runner.execute.process import WorkerProcess
from runner.execute.results import passes_from, take_row
from runner.execute.schedule import Schedule, Suite
from runner.report.live import VERBOSE, TextReporter
from runner.report.tally import Tallier

KEYS: list[TestKey] = [("m.A.test_a", 0), ("m.A.test_b", 0)]
ROW = PassedInARow(KEYS, 3, [0.5, 0.25])


class Events:
    """A sink that keeps what it is given, and knows no rows."""

    def __init__(self) -> None:
        self.taken: list[Event] = []

    def emit(self, event: Event, /) -> None:
        self.taken.append(event)


class PassesFrom(unittest.TestCase):
    """What belongs to a row."""

    def test_starts_and_passes_in_turn(self) -> None:
        """A row is as long as each start is followed by the pass of the same test."""
        messages: list[list[Any]] = [["u"], ["s", 1], ["p", 1, 0.5], ["s", 2], ["p", 2, 0.25], ["s", 3], ["d", 3]]
        self.assertEqual(passes_from(messages, 1), [["p", 1, 0.5], ["p", 2, 0.25]])
        self.assertEqual(passes_from(messages, 0), [])

    def test_a_start_without_its_end(self) -> None:
        """A test that started and did not end yet, or that ended before another, is in no row."""
        self.assertEqual(passes_from([["s", 1], ["p", 1, 0.5], ["s", 2]], 0), [["p", 1, 0.5]])
        self.assertEqual(passes_from([["s", 1], ["s", 2], ["p", 2, 0.5], ["p", 1, 0.5]], 0), [])


class Rows(unittest.TestCase):
    """A row in the account and in the sinks."""

    def test_the_account(self) -> None:
        """Each test of a row ends once, counts once, and reaches the sink under its key."""
        ledger, events = Ledger(), Events()
        ledger.pass_to(events)
        ledger.open(Schedule(Suite([key for key, _ in KEYS], [0])))
        lane = Lane(3, 0, cast("WorkerProcess", None))
        take_row(ledger, lane, [["p", 0, 0.5], ["p", 1, 0.25]])
        self.assertEqual(ledger.close(None, None).counts, {"passed": 2})
        self.assertEqual([event for event in events.taken if isinstance(event, (TestStarted, TestFinished))], list(ROW.events()))
        self.assertEqual((lane.finished, lane.last), (2, 1))

    def test_one_by_one(self) -> None:
        """A sink that knows no rows is told of each test, also behind one that does."""
        events, tallier = Events(), Tallier()
        TestFanOut(events, tallier).emit_row(ROW)
        self.assertEqual(events.taken, [
            TestStarted(KEYS[0], 3), TestFinished(KEYS[0], "passed", 3, duration_s=0.5),
            TestStarted(KEYS[1], 3), TestFinished(KEYS[1], "passed", 3, duration_s=0.25),
        ])  # fmt: skip
        self.assertEqual(tallier.tally.last_line, "2 passed, 0 failed, 0 skipped")

    def test_the_same_text(self) -> None:
        """A row is written as its tests would be one by one: dots, lines, and among the slowest."""
        for verbosity, durations in ((0, None), (1, None), (1, 0), (VERBOSE, None), (VERBOSE, 1)):
            texts = []
            for is_row in (True, False):
                stream = StringIO()
                reporter = TextReporter(stream, verbosity, durations)
                for event in ROW.events() if not is_row else ():
                    reporter.emit(event)
                if is_row:
                    reporter.emit_row(ROW)
                reporter.emit(Ended(1.0))
                texts.append(stream.getvalue())
            self.assertEqual(texts[0], texts[1])


if __name__ == "__main__":
    unittest.main()
