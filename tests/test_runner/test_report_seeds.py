"""What runs under several seeds show together."""

from __future__ import annotations

import unittest

from runner.report.seeds import SeedReport, seeds_document, seeds_text

from .factories import HOSTILE, make_finished, make_fixture_event


def reported(*runs: dict[str, str]) -> SeedReport:
    """Return the report on runs under the seeds 0, 1 and so on, each given as outcome by test."""
    report = SeedReport()
    for seed, outcomes in enumerate(runs):
        sink = report.of_seed(seed)
        for name, outcome in outcomes.items():
            sink.emit(make_finished(outcome, name))
    return report


class Verdicts(unittest.TestCase):
    """Fails for some, fails for all."""

    def test_some_and_all(self):
        """A test that fails for some seeds is told from one that fails for all; each counts once in the last line."""
        runs = [{"a": "passed" if n else "failed", "b": "errored", "c": "passed", "d": "skipped"} for n in range(3)]
        lines = seeds_text(reported(*runs)).splitlines()
        self.assertEqual(lines[1], "3 seeds: 0, 1, 2")
        self.assertEqual(lines[2:4], ["fails for some seeds: a: 1 of 3 (seed 0)", "fails for all 3 seeds: b"])
        self.assertEqual(lines[-1], "1 passed, 2 failed, 1 skipped")

    def test_as_a_document(self):
        """A program reads the same, seed by seed."""
        document = seeds_document(reported({"a": "failed", "b": "crashed"}, {"a": "passed", "b": "failed"}))
        self.assertEqual((document["schema"], document["seeds"]), (1, [0, 1]))
        some = {"id": "a", "ordinal": 0, "fails_for": "some", "failed": [0], "tried": 2}
        self.assertEqual(document["tests"], [some, {"id": "b", "ordinal": 0, "fails_for": "all", "failed": [0, 1], "tried": 2}])

    def test_the_last_attempt_counts(self):
        """A test that was green when tried again did not fail for that seed."""
        report = SeedReport()
        sink = report.of_seed(0)
        for event in (make_finished("failed"), make_finished("passed", attempt=2)):
            sink.emit(event)
        self.assertEqual(list(report.verdicts()), [])

    def test_a_test_that_is_not_always_there(self):
        """A test that only some runs had is judged by those."""
        (verdict,) = reported({"a": "failed"}, {}).verdicts()
        self.assertEqual((verdict.red, verdict.tried, verdict.is_always), ((0,), 1, True))

    def test_fixtures(self):
        """A fixture that breaks for some seeds is told like a test."""
        report = reported({"a": "passed"}, {"a": "passed"})
        report.sinks[1].emit(make_fixture_event(fixture_id="tearDownClass (m.A)"))
        self.assertIn("fails for some seeds: tearDownClass (m.A): 1 of 2 (seed 1)\n1 passed, 1 failed", seeds_text(report))

    def test_many_seeds(self):
        """A long list of seeds is cut, and no name can act upon the terminal."""
        text = seeds_text(reported(*[{HOSTILE: "failed" if n % 2 else "passed"} for n in range(100)]))
        self.assertIn("50 of 100 (seeds 1, 3,", text)
        self.assertIn(" and 30 more)", text)
        self.assertFalse(set(text) & set("\x1b\x00\r"))
