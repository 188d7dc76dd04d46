"""Events to the registry: what is handed on, and what happens when the registry fails."""

from __future__ import annotations

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mnist.events import Answered, EpochFinished, StepsFinished, TrainingFinished, TrainingStarted
from registry.answers import Answers
from registry.errors import RegistryLocked
from registry.records import (
    Coverage,
    Direction,
    FixtureRecord,
    Metric,
    Outcome,
    PollutionRecord,
    RunStatus,
    SubtestRecord,
    TensorDigest,
    TestRecord,
)
from runner.events import Collected, Ended, PassedInARow, Polluted, StateChange, SubtestProblem, TestStarted
from runner.record import TestCollector, TestRecorder, fixture_record, pollution_records, test_record
from runner.record_training import TrainRecorder

from .factories import FACTS, MNIST, NAME, TRACEBACK, make_finished, make_fixture_event, make_written

WRITING = {
    "add_results",
    "add_passed",
    "add_fixtures",
    "add_pollution",
    "set_coverage",
    "finish",
    "log_numerics",
    "log_dataset",
    "log_metrics",
    "log_checkpoint",
    "log_answers",
}
POLLUTED = Polluted("m.A", (StateChange("sys.path", "one more"),))


class FakeRun:
    """A run of a registry that keeps what it was given, and fails from a certain call on."""

    def __init__(self, fails_at: str = "") -> None:
        self.calls: list[tuple[str, Any]] = []
        self._fails_at = fails_at

    def __getattr__(self, name: str) -> Any:
        if name not in WRITING:
            raise AttributeError(name)

        def call(*given: Any, **named: Any) -> None:
            self.calls.append((name, (*given, named) if named else given if len(given) > 1 else given[0]))
            if name == self._fails_at:
                raise RegistryLocked("another process held the lock")

        return call


class Records(unittest.TestCase):
    """An event and its record hold the same."""

    def test_a_test(self):
        """Every fact of a finished test reaches its record, with its outcomes as such."""
        event = make_finished(
            "failed", ordinal=2, attempt=3, worker=1, message="m", traceback=TRACEBACK, description="not recorded",
            subtests=(SubtestProblem("(n=1)", "errored", "m", "t"),), subtests_passed=4, seed=7, output="printed",
        )  # fmt: skip
        subtest = SubtestRecord("(n=1)", Outcome.ERRORED, "m", "t")
        expected = TestRecord(NAME, Outcome.FAILED, 2, 3, 0.25, "m", TRACEBACK, 1, 7, (subtest,), 4, "printed")
        self.assertEqual(test_record(event), expected)
        self.assertIs(test_record(event).outcome, Outcome.FAILED)

    def test_a_test_that_never_ran(self):
        """A test that never ran has neither a worker nor a duration."""
        record = test_record(make_finished("not_run", worker=None, duration_s=None, message="stopped"))
        self.assertEqual((record.outcome, record.worker, record.duration_s), (Outcome.NOT_RUN, None, None))

    def test_a_fixture(self):
        """A fixture keeps its name, outcome, message and traceback."""
        record = fixture_record(make_fixture_event("crashed", message="m", traceback="t", fixture_id="import pkg"))
        self.assertEqual(record, FixtureRecord("import pkg", Outcome.CRASHED, "m", "t"))

    def test_output_of_what_ended_well(self):
        """What a test or a fixture printed is kept only where it did not end well."""
        self.assertIsNone(test_record(make_finished("skipped", output="x")).output)
        self.assertIsNone(fixture_record(make_fixture_event("skipped", output="x")).output)
        self.assertEqual(fixture_record(make_fixture_event("crashed", output="x")).output, "x")

    def test_pollution(self):
        """Each change that was left behind is a record of its own."""
        event = Polluted("m.A", (StateChange("sys.path", "one more"), StateChange("torch", "2 threads")))
        expected = (PollutionRecord("m.A", "sys.path", "one more"), PollutionRecord("m.A", "torch", "2 threads"))
        self.assertEqual(pollution_records(event), expected)

    def test_an_unknown_outcome(self):
        """An outcome that nobody knows is an error, not a record."""
        with self.assertRaises(ValueError):
            test_record(make_finished("exploded"))


class Recorder(unittest.TestCase):
    """The sink of a recorded test run."""

    def test_results_and_fixtures_are_handed_on(self):
        """Results, fixtures and pollution go to the registry in order, other events do not."""
        run = FakeRun()
        recorder = TestRecorder(run)
        for event in (Collected(()), TestStarted((NAME, 0), 0), make_finished(), make_fixture_event(), POLLUTED, Ended(1.0)):
            recorder.emit(event)
        self.assertEqual(run.calls, [
            ("add_results", [test_record(make_finished())]), ("add_fixtures", (fixture_record(make_fixture_event()),)),
            ("add_pollution", pollution_records(POLLUTED)),
        ])  # fmt: skip
        self.assertIsNone(recorder.error)

    def test_results_are_handed_on_together(self):
        """Results are held until no event waits, and then go to the registry in one call."""
        run = FakeRun()
        recorder = TestRecorder(run)
        for _ in range(3):
            recorder.emit(make_finished())
        self.assertEqual(run.calls, [])
        recorder.flush()
        self.assertEqual([(name, len(records)) for name, records in run.calls], [("add_results", 3)])

    def test_a_row_of_passed_tests(self):
        """A row goes to the registry in its place among the other results."""
        run = FakeRun()
        recorder = TestRecorder(run)
        recorder.emit(make_finished())
        recorder.emit_row(PassedInARow([(NAME, 1)], 2, [0.5]))
        self.assertEqual([name for name, _ in run.calls], ["add_results", "add_passed"])
        self.assertEqual(run.calls[1][1], ([(NAME, 1)], [0.5], 2))

    def test_finish(self):
        """At the end coverage, where it was measured, and then the state of the run are written."""
        for coverage, first in ((Coverage(91.5), [("set_coverage", Coverage(91.5))]), (None, [])):
            run = FakeRun()
            TestRecorder(run).finish(RunStatus.FINISHED, green=True, duration_s=1.5, coverage=coverage)
            self.assertEqual(run.calls, [*first, ("finish", (RunStatus.FINISHED, {"green": True, "duration_s": 1.5}))])

    def test_a_registry_that_fails(self):
        """The first failure of the registry is kept, nothing is raised, and nothing more is written."""
        run = FakeRun(fails_at="add_results")
        recorder = TestRecorder(run)
        for event in (make_finished(), make_finished(), make_fixture_event()):
            recorder.emit(event)
            recorder.flush()
        recorder.finish(RunStatus.FINISHED, green=True, duration_s=1.0, coverage=None)
        self.assertEqual([name for name, _ in run.calls], ["add_results"])
        self.assertIsInstance(recorder.error, RegistryLocked)

    def test_a_registry_that_fails_at_the_end(self):
        """A run that could not be closed says why."""
        recorder = TestRecorder(FakeRun(fails_at="finish"))
        recorder.emit(make_finished())
        self.assertIsNone(recorder.error)
        recorder.finish(RunStatus.FINISHED, green=True, duration_s=1.0, coverage=None)
        self.assertIsInstance(recorder.error, RegistryLocked)


class Collector(unittest.TestCase):
    """The sink of a run that is not recorded."""

    def test_it_keeps_what_would_be_recorded(self):
        """Results and fixtures are kept in order as the records that they would be."""
        collector = TestCollector()
        for event in (Collected(()), make_finished(), make_finished("skipped"), make_fixture_event(), POLLUTED, Ended(1.0)):
            collector.emit(event)
        self.assertEqual([record.outcome for record in collector.results], [Outcome.PASSED, Outcome.SKIPPED])
        self.assertEqual(collector.fixtures, [fixture_record(make_fixture_event())])
        self.assertEqual(collector.pollution, [PollutionRecord("m.A", "sys.path", "one more")])


class Training(unittest.TestCase):
    """The sink of a recorded training."""

    def calls(self, *events) -> list[tuple[str, Any]]:
        run = FakeRun()
        recorder = TrainRecorder(run)
        for event in events:
            recorder.emit(event)
        return run.calls

    def test_the_start(self):
        """What decides the bits, and the data, are recorded before the first step."""
        calls = self.calls(TrainingStarted(FACTS, {"threads": "2"}, 1, 10))
        self.assertEqual(calls, [("log_numerics", {"threads": "2"}), ("log_dataset", MNIST)])

    def test_steps(self):
        """Steps give the training loss and the speed, at their step."""
        ((_, metrics),) = self.calls(StepsFinished(1, 7, 0.5, 100.0, 3.0))
        loss = Metric("train_loss", 0.5, 7, direction=Direction.LOWER)
        speed = Metric("images_per_s", 100.0, 7, unit="1/s", direction=Direction.HIGHER)
        self.assertEqual(metrics, (loss, speed))

    def test_an_epoch(self):
        """An epoch gives both losses, the validation accuracy and the speed."""
        ((_, metrics),) = self.calls(EpochFinished(1, 9, 0.5, 0.25, 0.99, 100.0))
        self.assertEqual({metric.name: (metric.value, metric.step) for metric in metrics}, {
            "train_loss": (0.5, 9), "validation_loss": (0.25, 9), "validation_accuracy": (0.99, 9), "images_per_s": (100.0, 9),
        })  # fmt: skip

    def test_the_end(self):
        """The test set's loss and accuracy are recorded without a step."""
        ((_, metrics),) = self.calls(TrainingFinished(0.125, 0.9925, 60.0))
        accuracy = Metric("test_accuracy", 0.9925, unit="fraction", direction=Direction.HIGHER)
        self.assertEqual(metrics, (Metric("test_loss", 0.125, direction=Direction.LOWER), accuracy))

    def test_answers(self):
        """Which examples were answered rightly is recorded with the part of the data set."""
        calls = self.calls(Answered("test", 10, b"\xff\xc0"))
        self.assertEqual(calls, [("log_answers", Answers("test", 10, b"\xff\xc0"))])

    def test_a_checkpoint(self):
        """A checkpoint is recorded with its resolved path, its hashes, the random state and the digest of each tensor."""
        with TemporaryDirectory() as folder:
            real = Path(folder).resolve()
            (real / "link").symlink_to(real)
            ((name, checkpoint),) = self.calls(make_written(real / "link" / "model.safetensors", epoch=3, random_state="r" * 64))
        self.assertEqual((name, checkpoint.path, checkpoint.epoch), ("log_checkpoint", str(real / "model.safetensors"), 3))
        self.assertEqual((checkpoint.file_sha256, checkpoint.content_hash), ("a" * 64, "b" * 64))
        self.assertEqual(checkpoint.random_state, "r" * 64)
        self.assertEqual(checkpoint.tensors, (TensorDigest("fc.weight", "F32", (2, 3), "c" * 64),))

    def test_a_registry_that_fails_stops_the_training(self):
        """A training whose past cannot be kept does not go on in silence."""
        with self.assertRaises(RegistryLocked):
            TrainRecorder(FakeRun(fails_at="log_metrics")).emit(TrainingFinished(0.1, 0.99, 1.0))


if __name__ == "__main__":
    unittest.main()
