"""Nights in a registry: parts, verdicts, the overview, and the removal of old ones."""

from __future__ import annotations

from sqlalchemy import func, insert, select

from registry import models
from registry.past.night import Found
from registry.records import Checkpoint, Metric, NewRun, Outcome, Run, RunKind, RunStatus
from registry.regress import Verdict
from tests.test_registry.factories import RegistryCase, result


class NightCase(RegistryCase):
    """A registry with ways to record nights."""

    def night(self, *, green: bool | None = True, parts: int = 1, **values: float) -> Run:
        with self.registry.start(NewRun(RunKind.NIGHTLY)) as night:
            for number in range(parts):
                part = self.recorded([result(), result("pkg.mod.Case.test_two", Outcome.FAILED)], f"{night.run.name}/{number}")
                self.registry.nights.add_part(night.run, f"suite {number}", part)
            night.log_metrics([Metric(name, value) for name, value in values.items()])
            self.registry.nights.conclude(night.run, Found(Verdict.UNCHANGED, "all is well", "nightly-0"))
            night.finish(RunStatus.FINISHED, green=green)
        return self.registry.find_run(night.run.name)

    def names(self) -> list[str]:
        return [run.name for run in self.registry.runs()]


class Recording(NightCase):
    """What is recorded is read."""

    def test_parts(self):
        """The parts come in their order, with role, run and counts."""
        parts = self.registry.nights.parts(self.night(parts=2))
        self.assertEqual([(part.role, part.run.name) for part in parts], [("suite 0", "nightly-1/0"), ("suite 1", "nightly-1/1")])
        self.assertEqual((parts[0].ran, parts[0].red), (2, 1))

    def test_the_role_of_a_run(self):
        """A part knows its role, any other run has none."""
        night = self.night()
        self.assertEqual(self.registry.nights.role_of(self.registry.find_run("nightly-1/0")), "suite 0")
        self.assertIsNone(self.registry.nights.role_of(night))

    def test_what_was_found(self):
        """Verdict, sentence and reference are kept; a night that did not come to its end has none."""
        self.assertEqual(self.registry.nights.found(self.night()), Found(Verdict.UNCHANGED, "all is well", "nightly-0"))
        with self.registry.start(NewRun(RunKind.NIGHTLY)) as night:
            night.finish(RunStatus.INTERRUPTED)
        self.assertIsNone(self.registry.nights.found(night.run))

    def test_the_nights_before(self):
        """The nights before one are listed newest first, and the last green one among them is found."""
        first, second, third = self.night(), self.night(green=False), self.night()
        self.assertEqual([run.name for run in self.registry.nights.before(third, 5)], [second.name, first.name])
        self.assertEqual(self.registry.nights.before(None, 1)[0].name, third.name)
        self.assertEqual(self.registry.nights.last_green(third), self.registry.find_run(first.name))
        self.assertIsNone(self.registry.nights.last_green(first))

    def test_the_overview(self):
        """The overview has a row a night with verdict and numbers, newest first."""
        self.night(tests_failed=2)
        self.night(tests_failed=0)
        rows = self.registry.nights.overview()
        self.assertEqual([row.values for row in rows], [{"tests_failed": 0.0}, {"tests_failed": 2.0}])
        self.assertEqual(rows[0].found and rows[0].found.sentence, "all is well")
        self.assertEqual(len(self.registry.nights.overview(1)), 1)


class Removing(NightCase):
    """Old nights go as a whole, and only where nothing refers to them."""

    def test_only_the_newest_stay(self):
        """Nights beyond the number go with their parts and results; other runs stay."""
        self.recorded([result()], "mine")
        for _ in range(3):
            self.night()
        removed = self.registry.nights.remove_beyond(2)
        self.assertEqual(removed.nights, ("nightly-2",))
        self.assertEqual(self.names(), ["nightly-6/0", "nightly-6", "nightly-4/0", "nightly-4", "mine"])
        with self.registry._database.reading() as connection:
            self.assertEqual(connection.scalar(select(func.count()).select_from(models.test_result)), 5)
            self.assertEqual(connection.scalar(select(func.count()).select_from(models.night)), 2)

    def test_a_run_that_was_not_linked(self):
        """A run that a killed night could not take as a part any more goes with it, known by its tag."""
        night = self.night(green=False)
        with self.registry.start(NewRun(RunKind.TEST, "late", tags={"night": night.name})) as run:
            run.finish(RunStatus.INTERRUPTED)
        with self.registry.start(NewRun(RunKind.TEST, "other", tags={"night": "nightly-77"})) as run:
            run.finish(RunStatus.FINISHED)
        self.night()
        self.registry.nights.remove_beyond(1)
        self.assertEqual(self.names(), ["nightly-5/0", "nightly-5", "other"])

    def test_the_last_green_night_stays(self):
        """The last green night stays, however old it is."""
        self.night()
        for _ in range(3):
            self.night(green=False)
        self.assertEqual(self.registry.nights.remove_beyond(1).nights, ("nightly-5", "nightly-3"))
        self.assertEqual(self.names()[-2:], ["nightly-1/0", "nightly-1"])

    def test_a_baseline_stays(self):
        """A night of which a baseline means a part stays."""
        for _ in range(3):
            self.night()
        part = self.registry.find_run("nightly-1/0")
        with self.registry._database.writing() as connection:
            connection.execute(insert(models.baseline), {"name": "main", "run_id": part.id, "set_us": 0})
        self.assertEqual(self.registry.nights.remove_beyond(1).nights, ("nightly-3",))

    def test_the_files_are_told(self):
        """The checkpoint files of what was removed are named, and left to who asked."""
        night = self.night()
        with self.registry.start(NewRun(RunKind.TRAIN)) as run:
            run.log_checkpoint(Checkpoint("weights/epoch-1.safetensors", 1, "0" * 64))
        self.registry.nights.add_part(night, "mnist seed 0", run.run)
        self.night()
        self.assertEqual(
            [str(path) for path in self.registry.nights.remove_beyond(1).checkpoints], ["weights/epoch-1.safetensors"]
        )
