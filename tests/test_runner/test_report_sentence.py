"""The one sentence that a report opens with."""

from __future__ import annotations

import unittest
from datetime import UTC, date, datetime
from typing import Any

from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.comparing.transitions import TestChanges
from registry.comparing.why import Reason
from registry.diff import CheckpointChange, Diff
from registry.expected.known import KnownFailure, KnownResult, KnownState
from registry.records import Direction, Outcome
from registry.regress import Verdict
from runner.report.page import Finding
from runner.report.sentence import verdict_sentence, worst
from tests.test_registry.diff_factories import make_run


def make_diff(verdict: Verdict = Verdict.UNCHANGED, **facts: Any) -> Diff:
    """Return a diff of two runs with only some facts."""
    return Diff(make_run("a"), make_run("b"), verdict, **facts)


class Sentence(unittest.TestCase):
    """What stands in it, in order of weight."""

    def test_a_red_night(self):
        """The verdict, what broke and from how many causes, the loss in errors, and what was changed make one line."""
        failing = tuple(ChangedPair(f"t{n}", 0, Outcome.PASSED, Outcome.FAILED, cause_b="1") for n in range(2))
        metric = MetricChange("test_accuracy", 0.9942, 0.9851, -0.0091, None, Verdict.REGRESSED, p=7.81e-29)
        why = (Reason("code", "mnist/model.py", "1", "2"), Reason("package", "torch", "2.14.0", "2.14.1"))
        diffs = [
            make_diff(Verdict.REGRESSED, tests=TestChanges(newly_failing=failing), why=why),
            make_diff(Verdict.REGRESSED, metrics=(metric,), why=why, checkpoints=CheckpointChange(determinism="lost")),
        ]
        self.assertEqual(
            verdict_sentence(diffs),
            "RED: 2 tests newly failing from 1 cause; test_accuracy 99.42% -> 98.51% (errors x2.6, p = 7.8e-29); "
            "determinism lost; changed: mnist/model.py, torch 2.14.0 -> 2.14.1",
        )

    def test_below_the_bar(self):
        """What is as good as the baseline, and worse than its bar, is told with the bar; what is worse than both as any loss."""
        facts = {"direction": Direction.HIGHER, "verdict": Verdict.REGRESSED, "bar": 0.995, "bar_run": "best"}
        for a, words in (
            (0.98, "test_accuracy 98.00%, worse than the bar 99.50%"),
            (0.99, "test_accuracy 99.00% -> 98.00% (errors"),
        ):
            change = MetricChange("test_accuracy", a, 0.98, 0.98 - a, **facts)
            self.assertIn(words, verdict_sentence([make_diff(Verdict.REGRESSED, metrics=(change,))]))

    def test_an_expired_known_failure(self):
        """A known failure that expired is among what broke."""
        failure = KnownFailure("t", "why", "ann", date(2026, 1, 1), datetime.now(UTC))
        known = (KnownResult(failure, 0, Outcome.FAILED, KnownState.EXPIRED),)
        sentence = verdict_sentence([make_diff(Verdict.REGRESSED, known=known)])
        self.assertTrue(sentence.startswith("RED: 1 known failure expired; "), sentence)

    def test_a_quiet_night(self):
        """Where nothing changed the sentence says that, and that nothing recorded was changed."""
        self.assertEqual(
            verdict_sentence([make_diff()]), "UNCHANGED: nothing that is judged changed; changed: nothing that was recorded"
        )

    def test_findings_beside_the_runs(self):
        """A finding of no pair of runs comes first, and its verdict counts."""
        sentence = verdict_sentence([make_diff()], [Finding(Verdict.REGRESSED, "last night is missing")])
        self.assertTrue(sentence.startswith("RED: last night is missing; "), sentence)

    def test_it_stays_short(self):
        """Of many parts and many changes a few are said, and how many are left out; hostile keys stay harmless."""
        metrics = tuple(MetricChange(f"m{n}", 1.0, 2.0, 1.0, verdict=Verdict.SUSPECTED) for n in range(9))
        why = tuple(Reason("config", f"\x1b[31m{n}" + "k" * 2**20, "1", None) for n in range(99))
        sentence = verdict_sentence([make_diff(metrics=metrics, why=why)])
        self.assertIn("and 4 more findings", sentence)
        self.assertTrue(sentence.endswith(", 95 more"), sentence[-80:])
        self.assertLess(len(sentence), 1000)
        self.assertNotIn("\x1b", sentence)

    def test_the_worst_verdict(self):
        """Regressed beats everything, and of nothing there is not enough data."""
        self.assertIs(worst([Verdict.IMPROVED, Verdict.SUSPECTED, Verdict.REGRESSED]), Verdict.REGRESSED)
        self.assertIs(worst([]), Verdict.INSUFFICIENT_DATA)


if __name__ == "__main__":
    unittest.main()
