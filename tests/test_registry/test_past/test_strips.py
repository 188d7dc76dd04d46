"""The latest runs of a few tests."""

from __future__ import annotations

import unittest

from registry.past.cells import Cell
from registry.past.strips import RUNS
from registry.records import NewRun, Outcome, RunKind, RunStatus
from tests.test_registry.factories import RegistryCase, result

ONE, TWO = ("m.C.test_one", 0), ("m.C.test_two", 0)


class StripsOfTests(RegistryCase):
    """Cells of a run and of those like it before."""

    def test_a_cell_a_run(self):
        """A strip has a cell for each run up to the one that is looked at, oldest first, and none where the test was absent."""
        self.recorded([result(ONE[0]), result(TWO[0])], "first")
        self.recorded([result(TWO[0])], "second")
        looked_at = self.recorded([result(ONE[0], Outcome.FAILED, traceback='File "x.py", line 1, in f')], "third")
        self.recorded([result(ONE[0])], "later")
        strips = self.registry.strips(looked_at, [ONE])
        self.assertEqual([run.name for run in strips.runs], ["first", "second", "third"])
        first, second, third = strips.cells[ONE]
        self.assertEqual((first, second), (Cell(Outcome.PASSED), None))
        self.assertIs(third.outcome, Outcome.FAILED)
        self.assertTrue(third.cause)

    def test_only_tests_that_are_asked_for(self):
        """A test of the same name with another ordinal, and any other test, stay out; an unknown one has empty cells."""
        run = self.recorded([result(ONE[0]), result(ONE[0], Outcome.FAILED, ordinal=1), result(TWO[0])])
        strips = self.registry.strips(run, [ONE, ("nowhere", 0)])
        self.assertEqual(strips.cells, {ONE: (Cell(Outcome.PASSED),), ("nowhere", 0): (None,)})

    def test_without_tests(self):
        """Where no test is asked for, the columns are there all the same."""
        run = self.recorded([result()])
        self.assertEqual([column.id for column in self.registry.strips(run, []).runs], [run.id])

    def test_the_last_attempt_counts(self):
        """A test that was tried again shows its last outcome and how many attempts it took."""
        run = self.recorded([result(ONE[0], Outcome.FAILED), result(ONE[0], attempt=2)])
        self.assertEqual(self.registry.strips(run, [ONE]).cells[ONE], (Cell(Outcome.PASSED, attempts=2),))

    def test_twenty_runs_of_one_kind(self):
        """The latest twenty test runs are columns; trainings are none."""
        for number in range(RUNS + 2):
            run = self.recorded([result()], f"run-{number}")
            with self.registry.start(NewRun(RunKind.TRAIN)) as training:
                training.finish(RunStatus.FINISHED)
        names = [column.name for column in self.registry.strips(run, [ONE]).runs]
        self.assertEqual(names, [f"run-{number}" for number in range(2, RUNS + 2)])

    def test_runs_of_one_role(self):
        """The strip of a part of a night has that part of earlier nights, and no other suite's runs."""
        for night in range(2):
            with self.registry.start(NewRun(RunKind.NIGHTLY)) as whole:
                for role in ("suite a", "suite b"):
                    run = self.recorded([result(ONE[0])], f"{role} {night}")
                    self.registry.nights.add_part(whole.run, role, run)
                whole.finish(RunStatus.FINISHED)
        self.recorded([result(ONE[0])], "by hand")
        run = self.registry.find_run("suite a 1")
        self.assertEqual([column.name for column in self.registry.strips(run, [ONE]).runs], ["suite a 0", "suite a 1"])


if __name__ == "__main__":
    unittest.main()
