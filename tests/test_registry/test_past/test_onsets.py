"""Since when tests are red and metrics are worse, from recorded runs."""

from __future__ import annotations

import unittest
from datetime import UTC, datetime

from registry.comparing.suspects import metric_onset
from registry.origin import Onset, RunPoint
from registry.past.onsets import CANDIDATES
from registry.records import GitState, NewRun, Outcome, Run, RunKind, RunStatus
from tests.test_registry.factories import RegistryCase, result

P, F, S, N = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_RUN


class Tests(RegistryCase):
    """Tests that are red in B."""

    def nights(self, *outcomes: Outcome | None, test_id: str = "t") -> list[Run]:
        """Record a run for each outcome, None leaving the test out."""
        return [
            self.recorded([result("other"), *([result(test_id, one)] if one else [])], f"night-{number}")
            for number, one in enumerate(outcomes)
        ]

    def onset(self, a: Run, b: Run, test_id: str = "t") -> tuple[str | None, str]:
        """Return the names of the last good and the first bad run."""
        onset = self.registry.compare(a, b).trail.onsets[test_id, 0]
        return onset.last_good and onset.last_good.name, onset.first_bad.name

    def test_newly_failing(self):
        """Between A and B the last green run and the first red one after it are found."""
        runs = self.nights(P, P, F, P, F, F)
        self.assertEqual(self.onset(runs[0], runs[-1]), ("night-3", "night-4"))

    def test_still_failing(self):
        """Of a test that is red in A too, the runs before A tell since when."""
        runs = self.nights(P, F, F, F)
        self.assertEqual(self.onset(runs[2], runs[3]), ("night-0", "night-1"))

    def test_never_green(self):
        """A test that no run saw green has no last good run."""
        runs = self.nights(None, F, F)
        self.assertEqual(self.onset(runs[1], runs[2]), (None, "night-1"))

    def test_what_says_nothing(self):
        """A skip, a run without the test, and an interrupted run that did not come to it are neither good nor bad."""
        runs = self.nights(P, S, None)
        with self.registry.start(NewRun(RunKind.TEST, "stopped")) as run:
            run.add_results([result("t", N)])
            run.finish(RunStatus.INTERRUPTED)
        red = self.recorded([result("t", F)], "red")
        self.assertEqual(self.onset(runs[0], red), ("night-0", "red"))

    def test_not_run_for_a_broken_fixture(self):
        """In a run that came to its end, a test that was not run is red."""
        runs = self.nights(P, N, F)
        self.assertEqual(self.onset(runs[0], runs[2]), ("night-0", "night-1"))

    def test_later_runs_do_not_count(self):
        """What came after B is not looked at."""
        runs = self.nights(P, F, P, F)
        self.assertEqual(self.onset(runs[0], runs[1]), ("night-0", "night-1"))

    def test_a_flaky_run_is_good(self):
        """A run in which the test passed at its second attempt is no part of the red row."""
        before = self.recorded([result("t", F)], "before")
        self.recorded([result("t", F), result("t", P, attempt=2)], "flaky")
        self.assertEqual(self.onset(before, self.recorded([result("t", F)], "after")), ("flaky", "after"))

    def test_tracebacks_of_candidates(self):
        """The text of a failure comes along, that of its subtests too; green tests have none."""
        good = self.recorded([result("t"), result("u")])
        bad = self.recorded([result("t", F, traceback='File "a.py", line 1, in x'), result("u")])
        trail = self.registry.compare(good, bad).trail
        self.assertEqual(trail.tracebacks, {("t", 0): 'File "a.py", line 1, in x\n'})

    def test_so_many_are_dated(self):
        """Of very many red tests only some are looked up, and of each cause one comes before any has two."""
        alike = {"message": "all alike", "traceback": '  File "/src/a.py", line 1, in a\n    a()\n'}
        many = [result(f"a{number:04}", F, **alike) for number in range(CANDIDATES + 50)]
        one = result("z", F, message="another", traceback='  File "/src/z.py", line 1, in z\n    z()\n')
        good, bad = self.recorded(), self.recorded([*many, one])
        onsets = self.registry.compare(good, bad).trail.onsets
        self.assertEqual((len(onsets), ("z", 0) in onsets), (CANDIDATES, True))


class Metrics(RegistryCase):
    """Metrics from A to B."""

    def training(self, name: str, loss: float, **facts) -> Run:
        """Record a training."""
        with self.registry.start(NewRun(RunKind.TRAIN, name, **({"params": {"lr": 1}, "git": GitState(name)} | facts))) as run:
            run.log_metric("loss", loss)
        return self.registry.find_run(name)

    def test_runs_between(self):
        """Between A and B the trainings of B's configuration and seed are read, in order; A belongs to them anyway."""
        a = self.training("a", 1.0, params={"lr": 2})
        self.training("alike", 1.1)
        self.training("other", 1.2, params={"lr": 3})
        self.training("seeded", 1.3, seed=7)
        self.recorded([result()])
        b = self.training("b", 2.0)
        series = self.registry.compare(a, b).trail.series["loss"]
        self.assertEqual([(point.name, point.commit, value) for point, value in series], [
            ("a", "a", 1.0), ("alike", "alike", 1.1), ("b", "b", 2.0),
        ])  # fmt: skip

    def test_backwards(self):
        """Where B is older than A there is nothing between them."""
        older, newer = self.training("older", 1.0), self.training("newer", 2.0)
        self.assertEqual(self.registry.compare(newer, older).trail.series, {})


class MetricOnsets(unittest.TestCase):
    """From values to the first bad run: pure."""

    def onset(self, *values: float) -> Onset | None:
        """Return the onset of a series whose runs are called by their positions."""
        when = datetime(2026, 1, 2, tzinfo=UTC)
        return metric_onset([(RunPoint(number, str(number), when), value) for number, value in enumerate(values)])

    def test_nearer_to_b(self):
        """Bad is what is nearer to B's value than to A's; the last row of bad ones counts."""
        found = self.onset(0.99, 0.90, 0.98, 0.91, 0.92)
        self.assertEqual((found.last_good.name, found.first_bad.name), ("2", "3"))

    def test_nan(self):
        """Only NaN is as bad as NaN, and any number is worse than none where B is one."""
        found = self.onset(0.3, 5.0, float("nan"), float("nan"))
        self.assertEqual((found.last_good.name, found.first_bad.name), ("1", "2"))
        self.assertEqual(self.onset(float("nan"), 1.0).first_bad.name, "1")

    def test_infinity(self):
        """Infinity in B is as bad as infinity between, and no number is."""
        found = self.onset(0.3, 5.0, float("inf"), float("inf"))
        self.assertEqual((found.last_good.name, found.first_bad.name), ("1", "2"))

    def test_one_side_only(self):
        """With one value nothing can be said."""
        self.assertIsNone(self.onset(0.3))


if __name__ == "__main__":
    unittest.main()
