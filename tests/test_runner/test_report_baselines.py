"""Baselines and known failures as text and JSON, and hostile texts in all that remembers."""

from __future__ import annotations

import json
import re
import unittest
from datetime import UTC, date, datetime

from registry.diff import Diff
from registry.expected.bars import Bar, BarMove, Baseline, BaselineMove
from registry.expected.expectations import Window
from registry.expected.known import KnownFailure, KnownResult, KnownState
from registry.past.pasts import HistoryEntry, MetricPast, MetricPoint
from registry.past.reliability import Contradiction, Reliability, Unreliable
from registry.records import Outcome
from registry.regress import Verdict
from runner.report.baselines import baselines_document, baselines_text, move_document, move_text
from runner.report.diff_text import diff_text
from runner.report.document import dumps
from runner.report.flaky import flaky_document, flaky_text
from runner.report.history import outcomes_document, outcomes_text, values_document, values_text
from runner.report.known import added_text, known_document, known_text

from .factories import make_record, make_run
from .hostile import TEXTS

WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
TODAY = date(2026, 6, 1)
KEPT = 1_000  # characters of a name, an id or a reason that the registry keeps, or more
ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]|##vso\[|##\[")


def baseline(name: str = "main", run: str = "run-a", *bars: Bar, run_id: int = 1) -> Baseline:
    """Return a baseline."""
    return Baseline(name, run_id, run, WHEN, bars)


def known(until: date, test_id: str = "t") -> KnownFailure:
    """Return a known failure."""
    return KnownFailure(test_id, "waits", "ann", until, WHEN)


class Baselines(unittest.TestCase):
    def test_moves(self):
        """A baseline that is new, moved or set again says so in one line."""
        one, two = baseline(), baseline("main", "run-b", run_id=2)
        self.assertEqual(move_text(BaselineMove(one, None)), "baseline main set to run-a (run 1)\n")
        self.assertEqual(move_text(BaselineMove(two, one)), "baseline main moved from run-a (run 1) to run-b (run 2)\n")
        self.assertEqual(move_text(BaselineMove(one, one)), "baseline main stays at run-a (run 1)\n")

    def test_bars(self):
        """What became of each bar has a line, but for those that are as they were."""
        low, high = Bar("m", 0.5, "run-a"), Bar("m", 0.75, "run-b")
        moves = (
            BarMove("m", high, low, 0.75, "raised"),
            BarMove("m", low, high, 0.5, "lowered"),
            BarMove("m", high, high, 0.5, "stays"),
            BarMove("m", None, high, None, "dropped"),
            BarMove("m", high, high, 0.75, "same"),
        )
        lines = move_text(BaselineMove(baseline(), None, moves)).splitlines()[1:]
        self.assertEqual(lines, [
            "  m: the bar is raised from 0.5 to 0.75",
            "  m: the bar is lowered from 0.75 to 0.5",
            "  m: the bar stays at 0.75 of run-b (0.5 now)",
            "  m: the bar is given up (not measured)",
            "a bar falls only with --lower-bar",
        ])  # fmt: skip

    def test_none(self):
        """Where no baseline is set the list says how to set one."""
        self.assertIn("runner baseline set NAME RUN", baselines_text([]))


class Known(unittest.TestCase):
    def test_expired_first(self):
        """The list begins with what has expired, and marks it."""
        lines = known_text([known(date(2026, 7, 1), "later"), known(date(2026, 5, 1), "over")], TODAY).splitlines()
        self.assertEqual([lines[0], lines[2]], ["over", "later"])
        self.assertEqual(lines[1], "  expired on 2026-05-01, owner ann: waits")

    def test_replaced(self):
        """Adding one again says what it was until now."""
        text = " ".join(added_text(known(date(2026, 7, 1)), known(date(2026, 5, 1))).split())
        self.assertEqual(text, "t may fail until 2026-07-01; until now it was 2026-05-01, owner ann: waits")


class InADiff(unittest.TestCase):
    """What a diff says of them."""

    def lines(self, **facts) -> list[str]:
        """Return the text of a diff with only some facts."""
        return diff_text(Diff(make_run("a"), make_run("b"), Verdict.UNCHANGED, **facts)).splitlines()

    def test_cautions_first(self):
        """What cannot be compared stands directly below the verdict, a paragraph each."""
        lines = self.lines(comparability=("other machine (cpu): durations are not compared", "other Python: 3.11 -> 3.12"))
        self.assertEqual(lines[1], "CAUTION: other machine (cpu): durations are not compared")
        self.assertEqual(lines[2], "CAUTION: other Python: 3.11 -> 3.12")

    def test_medians(self):
        """That A's metrics are medians is said below A, and not where there are no metrics."""
        window = Window(("r9", "r8"), {"m": (1.0, 2.0)})
        self.assertIn("   the metrics of A are medians over 2 runs, r8 to r9", self.lines(window=window))
        self.assertNotIn("medians", " ".join(self.lines(window=Window(("r9",)))))

    def test_known_failures(self):
        """Known failures have a heading of their own: what has expired first, then the muted, then what passes."""
        states = ((KnownState.PASSES, Outcome.PASSED), (KnownState.MUTED, Outcome.FAILED), (KnownState.EXPIRED, Outcome.FAILED))
        results = tuple(KnownResult(known(TODAY, str(state)), 0, outcome, state, "1 != 2") for state, outcome in states)
        text = "\n".join(self.lines(known=results))
        self.assertIn("known failures (3)", text)
        told = ("known failure expired on 2026-06-01", "muted until 2026-06-01", "passes now, remove me")
        places = [text.index(words) for words in told]
        self.assertEqual(places, sorted(places))


class Hostile(unittest.TestCase):
    """Texts that want to be more than text."""

    def test_every_output(self):
        """Of sixty hostile texts no escape and no command is left in any output, and every document parses."""
        for text in TEXTS:
            texts, documents = outputs(text[:KEPT])
            for output in texts:
                self.assertIsNone(ACTIVE.search(output), text[:80])
                output.encode("utf-8")
            for document in documents:
                json.loads(dumps(document), parse_constant=self.fail)


def outputs(text: str) -> tuple[list[str], list[dict[str, object]]]:
    """Return everything that is written of records in which each text is this one."""
    bar = Bar(text, 0.5, text)
    one = baseline(text, text, bar)
    move = BaselineMove(one, one, (BarMove(text, bar, bar, 0.25, "stays"),))
    failure = KnownFailure(text, text, text, TODAY, WHEN)
    entries = [HistoryEntry(1, text, WHEN, text, make_record(Outcome.FAILED, text, message=text), text)]
    past = MetricPast(text, None, text, (MetricPoint(1, text, WHEN, text, 1, 0.5, 1.0),))
    found = Unreliable((Reliability(text, 0, 2, 1, 0, 2, (text,), (Contradiction(text, text),), (Outcome.FAILED,)),), 1)
    texts = [move_text(move), baselines_text([one]), added_text(failure, failure), known_text([failure], TODAY)]
    texts += [outcomes_text(text, entries), values_text(past), flaky_text(found, None)]
    documents = [move_document(move), baselines_document([one]), known_document([failure], TODAY)]
    return texts, [*documents, outcomes_document(text, entries), values_document(past), flaky_document(found, None)]
