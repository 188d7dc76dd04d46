"""How long a test will probably take."""

from __future__ import annotations

import sqlite3

from registry.errors import RegistryDamaged
from registry.records import NewRun, Outcome, RunKind
from tests.test_registry.factories import RegistryCase, result

QUICK, SLOW = ("quick", 0), ("slow", 0)


class ExpectedDurations(RegistryCase):
    """The median of what was recorded last."""

    def test_nothing_recorded(self):
        """An empty registry expects nothing."""
        self.assertEqual(self.registry.expected_durations(), {})

    def test_the_median_of_the_last_five(self):
        """Five results count, the newest; one slow day among them changes nothing."""
        for duration_s in (90.0, 1.0, 2.0, 60.0, 3.0, 4.0):
            self.recorded([result("slow", duration_s=duration_s)])
        self.assertEqual(self.registry.expected_durations(), {SLOW: 3.0})

    def test_of_whole_runs(self):
        """Where one shard of a suite must know no other durations than the next, runs that were shards do not count."""
        self.recorded([result("slow", duration_s=2.0)])
        with self.registry.start(NewRun(RunKind.TEST, tags={"shard": "1/2"})) as run:
            run.add_results([result("slow", duration_s=8.0), result("quick", duration_s=1.0)])
        self.assertEqual(self.registry.expected_durations(), {SLOW: 5.0, QUICK: 1.0})
        self.assertEqual(self.registry.expected_durations(of_whole_runs=True), {SLOW: 2.0})

    def test_each_ordinal_has_its_own(self):
        """Two tests of one id are two tests."""
        self.recorded([result("slow", duration_s=1.0), result("slow", ordinal=1, duration_s=5.0)])
        self.assertEqual(self.registry.expected_durations(), {SLOW: 1.0, ("slow", 1): 5.0})

    def test_what_did_not_run_says_nothing(self):
        """A test that was skipped, crashed or never ran keeps the duration of its earlier runs; a time-out counts."""
        self.recorded([result("slow", duration_s=2.0), result("quick", duration_s=0.1)])
        silent = (Outcome.SKIPPED, Outcome.CRASHED, Outcome.NOT_RUN)
        for outcome in silent:
            self.recorded([result("slow", outcome, duration_s=0.0), result("other", outcome)])
        self.recorded([result("quick", Outcome.TIMED_OUT, duration_s=9.9)])
        self.assertEqual(self.registry.expected_durations(), {SLOW: 2.0, QUICK: 5.0})

    def test_many_runs_of_one_test_hide_no_other(self):
        """After thirty runs of a single test the others are still known."""
        tests = [result(f"t{number}", duration_s=1.0) for number in range(8)]
        self.recorded([*tests, result("slow", duration_s=7.0)])
        for _ in range(30):
            self.recorded([result("quick", duration_s=0.1)])
        self.assertEqual(len(self.registry.expected_durations()), 10)

    def test_attempts_count_each(self):
        """Each attempt at a test is a result."""
        self.recorded([result("slow", Outcome.FAILED, duration_s=1.0), result("slow", attempt=2, duration_s=4.0)])
        self.assertEqual(self.registry.expected_durations(), {SLOW: 2.5})

    def test_only_the_latest_results_are_read(self):
        """Five results for each known test are read, whatever the number of runs: what lies further back is forgotten."""
        self.recorded([result("slow", duration_s=7.0)])
        for _ in range(9):
            self.recorded([result("quick", duration_s=0.1)])
        self.assertEqual(self.registry.expected_durations(), {SLOW: 7.0, QUICK: 0.1})
        self.recorded([result("quick", duration_s=0.1)])
        self.assertEqual(self.registry.expected_durations(), {QUICK: 0.1})

    def test_damage_is_named(self):
        """A duration that is no number is damage, told in a sentence."""
        self.recorded([result("slow", duration_s=1.0)])
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE test_result SET duration_s = 'long'")
        connection.close()
        with self.assertRaisesRegex(RegistryDamaged, "durations"):
            self.registry.expected_durations()
