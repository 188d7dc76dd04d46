"""One test, or one metric, over many runs."""

from __future__ import annotations

import math

from registry.cause import cause_of
from registry.errors import AmbiguousName, TestNotFound
from registry.records import Direction, Metric, NewRun, Outcome, RunKind, RunStatus
from tests.test_registry.factories import RegistryCase, result


class Subjects(RegistryCase):
    """From what is typed to a test or a metric."""

    def setUp(self):
        super().setUp()
        with self.registry.start(NewRun(RunKind.TEST)) as run:
            run.add_results(
                result(name) for name in ("pkg.a.Case.test_one", "pkg.b.Case.test_one", "pkg.b.Case.test_two", "both")
            )
            run.log_metrics([Metric("loss", 0.5), Metric("both", 1.0)])
            run.finish(RunStatus.FINISHED)

    def test_whole_names(self):
        """An id is a test, a name of a metric a metric."""
        self.assertEqual(self.registry.find_subject("pkg.a.Case.test_one"), ("pkg.a.Case.test_one", False))
        self.assertEqual(self.registry.find_subject("loss"), ("loss", True))

    def test_the_end_of_an_id(self):
        """The end of an id is enough where only one test ends so."""
        self.assertEqual(self.registry.find_subject("test_two"), ("pkg.b.Case.test_two", False))
        self.assertEqual(self.registry.find_subject("b.Case.test_one"), ("pkg.b.Case.test_one", False))

    def test_ambiguous_ends(self):
        """Where several end so, they are named."""
        with self.assertRaisesRegex(AmbiguousName, r"2 tests .* end in 'test_one': .*pkg\.a\.Case\.test_one.*give more"):
            self.registry.find_subject("test_one")

    def test_a_test_and_a_metric(self):
        """A name of both is refused until somebody says which."""
        with self.assertRaisesRegex(AmbiguousName, "--test or --metric"):
            self.registry.find_subject("both")
        self.assertEqual(self.registry.find_subject("both", is_metric=True), ("both", True))
        self.assertEqual(self.registry.find_subject("both", is_metric=False), ("both", False))

    def test_unknown_names(self):
        """An unknown name is refused with near ones of both kinds, a hostile one too."""
        with self.assertRaisesRegex(TestNotFound, "'losss'.*near ones are loss"):
            self.registry.find_subject("losss")
        with self.assertRaisesRegex(TestNotFound, r"pkg\.b\.Case\.test_two"):
            self.registry.find_subject("pkg.b.Case.test_twoo")
        for name in ("", "\0", "\ud800", "%", "'; DROP TABLE run"):
            with self.subTest(name=name), self.assertRaises(TestNotFound):
                self.registry.find_subject(name)


class Metrics(RegistryCase):
    """A metric over runs."""

    def test_newest_first(self):
        """The last value in each run is told, newest first, up to a limit, with seed, direction and unit."""
        for seed, value in enumerate((0.1, math.nan, 0.3)):
            with self.registry.start(NewRun(RunKind.TRAIN, seed=seed)) as run:
                run.log_metrics([Metric("accuracy", 9.0), Metric("accuracy", value, unit="share", direction=Direction.HIGHER)])
                run.finish(RunStatus.FINISHED)
        self.recorded([result()])
        past = self.registry.metric_history("accuracy", limit=2)
        self.assertEqual([(point.run_name, point.seed) for point in past.points], [("train-3", 2), ("train-2", 1)])
        self.assertEqual((past.points[0].value, past.direction), (0.3, Direction.HIGHER))
        self.assertTrue(math.isnan(past.points[1].value))


class Tests(RegistryCase):
    """A test over runs."""

    def test_newest_first(self):
        """Every attempt in every run is told, the newest run first, up to a limit."""
        for outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED):
            self.recorded([result("t", outcome), result("t", attempt=2), result("other")])
        found = self.registry.history("t")
        self.assertEqual(
            [(entry.run_id, entry.result.attempt) for entry in found], [(3, 1), (3, 2), (2, 1), (2, 2), (1, 1), (1, 2)]
        )
        self.assertEqual([entry.result.outcome for entry in self.registry.history("t", limit=1)], [Outcome.SKIPPED])
        self.assertEqual(found[0].run_name, "test-3")

    def test_the_cause(self):
        """A red result comes with its cause, as it was stored."""
        red = result("t", Outcome.FAILED, message="AssertionError: 1 != 2", traceback="AssertionError: 1 != 2\n")
        self.recorded([red])
        (entry,) = self.registry.history("t")
        self.assertEqual(entry.cause, cause_of(red))
        self.assertIsNotNone(entry.cause)

    def test_an_unknown_test(self):
        """A test that no run knows has no history."""
        self.recorded([result("t")])
        self.assertEqual(self.registry.history("nothing"), [])

    def test_it_uses_its_index(self):
        """The history is read through an index, not by going through all results."""
        self.recorded([result("t")])
        with self.registry._database.reading() as connection:
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT * FROM test JOIN test_result ON test_result.test_id = test.id WHERE test.name = 't'"
            ).all()
        self.assertIn("ix_test_result_test_id_run_id", " ".join(str(row[3]) for row in plan))
