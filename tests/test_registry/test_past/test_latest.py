"""What each test did when it was last recorded."""

from __future__ import annotations

from registry.records import FixtureRecord, NewRun, Outcome, RunKind, RunStatus, TestRecord
from tests.test_registry.factories import RegistryCase, result

FAILED_IMPORT = "unittest.loader._FailedTest."


class LatestCase(RegistryCase):
    """A test case that records runs with fixtures."""

    def record(self, *results: TestRecord, fixtures: tuple[str, ...] = ()) -> None:
        """Record one run."""
        with self.registry.start(NewRun(RunKind.TEST)) as run:
            run.add_results(results)
            run.add_fixtures(FixtureRecord(name, Outcome.ERRORED) for name in fixtures)
            run.finish(RunStatus.FINISHED)


class Tests(LatestCase):
    """The tests that were red."""

    def test_nothing_is_recorded(self):
        """An empty registry says so; a recorded test makes the difference."""
        self.assertFalse(self.registry.last_failures().is_anything_recorded)
        self.record(result("m.C.t"))
        self.assertTrue(self.registry.last_failures().is_anything_recorded)

    def test_each_outcome(self):
        """Each red outcome counts as failed, not_run among them, and no other."""
        self.record(*(result(f"m.C.{outcome}", outcome) for outcome in Outcome))
        expected = {(f"m.C.{outcome}", 0) for outcome in Outcome if outcome.is_red}
        self.assertEqual(self.registry.last_failures().tests, expected)

    def test_the_last_run_of_each_test_decides(self):
        """A test that later runs left out keeps its outcome; one that passed since is green."""
        self.record(result("m.C.left_out", Outcome.FAILED), result("m.C.mended", Outcome.FAILED), result("m.C.broken"))
        self.record(result("m.C.mended"), result("m.C.broken", Outcome.CRASHED))
        self.assertEqual(self.registry.last_failures().tests, {("m.C.left_out", 0), ("m.C.broken", 0)})

    def test_the_last_attempt_decides(self):
        """A test that passed when it was tried again is green; one that failed at last is red."""
        self.record(
            result("m.C.flaky", Outcome.FAILED),
            result("m.C.flaky", attempt=2),
            result("m.C.broken", Outcome.FAILED),
            result("m.C.broken", Outcome.ERRORED, attempt=2),
        )
        self.assertEqual(self.registry.last_failures().tests, {("m.C.broken", 0)})

    def test_equal_ids(self):
        """Of two tests with one id only the one that failed is red."""
        self.record(result("m.C.t"), result("m.C.t", Outcome.FAILED, ordinal=1))
        self.assertEqual(self.registry.last_failures().tests, {("m.C.t", 1)})


class AroundTests(LatestCase):
    """Imports and teardowns that failed."""

    def test_a_failed_import_stands_for_its_module(self):
        """The stand-in for a module that could not be imported is no test; the module counts, but for tests recorded since."""
        self.record(result(FAILED_IMPORT + "pkg.m", Outcome.ERRORED))
        self.record(result("pkg.m.C.since"), result("pkg.mend.C.other"))
        last = self.registry.last_failures()
        self.assertEqual((last.tests, last.units), (frozenset(), {"pkg.m": {("pkg.m.C.since", 0)}}))

    def test_a_failed_teardown(self):
        """A teardown that failed counts for its class or module, whose tests all passed."""
        self.record(result("m.C.t"), fixtures=("tearDownClass (m.C)", "tearDownModule (m)", "import (n)", "setUpClass (m.D)"))
        self.assertEqual(self.registry.last_failures().units, {"m.C": frozenset(), "m": frozenset(), "n": frozenset()})

    def test_a_teardown_that_was_mended(self):
        """A test of the class that was recorded in a later run is judged by that run."""
        self.record(result("m.C.t"), result("m.C.u"), fixtures=("tearDownClass (m.C)",))
        self.record(result("m.C.t"))
        self.assertEqual(self.registry.last_failures().units, {"m.C": {("m.C.t", 0)}})


class Cost(LatestCase):
    """What it costs to ask."""

    def test_it_steps_through_indices(self):
        """For each test one step of an index finds its last run: results are never read through."""
        self.record(result("m.C.a"))
        from registry.past import latest

        statement = latest._last_results("name")
        with self.registry._database.reading() as connection:
            compiled = statement.compile(dialect=connection.dialect)
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
        steps = [str(row[3]) for row in plan]
        self.assertEqual([step for step in steps if step.startswith("SCAN") and "test_result" in step], [], steps)
