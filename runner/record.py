"""Events to the registry: the only module that knows both worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mnist.events import (
    CheckpointWritten,
    DatasetFacts,
    EpochFinished,
    StepsFinished,
    TrainingFinished,
    TrainingStarted,
)
from mnist.events import Event as TrainEvent
from registry.errors import RegistryError
from registry.records import (
    Checkpoint,
    Coverage,
    Dataset,
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
from runner.events import Event as TestEvent
from runner.events import FixtureFinished, Polluted, TestFinished

if TYPE_CHECKING:
    from registry.recording import ActiveRun


class TestRecorder:
    """A sink that records the results of a test run."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._held: list[TestRecord] = []
        self.error: RegistryError | None = None

    def emit(self, event: TestEvent, /) -> None:
        """Take the event where it is a result; the tests go on when the registry fails, and `error` says why."""
        if isinstance(event, TestFinished):
            self._held.append(test_record(event))
        elif isinstance(event, FixtureFinished):
            self.flush()
            self._attempt(lambda: self._run.add_fixtures((fixture_record(event),)))
        elif isinstance(event, Polluted):
            self._attempt(lambda: self._run.add_pollution(pollution_records(event)))

    def flush(self) -> None:
        """Hand the results over that were taken since the last time."""
        if self._held:
            held, self._held = self._held, []
            self._attempt(lambda: self._run.add_results(held))

    def note(self, params: Mapping[str, object]) -> None:
        """Record what became known of the run's configuration only now."""
        self._attempt(lambda: self._run.log_params(params))

    def finish(self, status: RunStatus, green: bool | None, duration_s: float, coverage: Coverage | None) -> None:
        """Close the run; `error` says why where it could not be closed."""
        self.flush()
        if coverage is not None:
            self._attempt(lambda: self._run.set_coverage(coverage))
        self._attempt(lambda: self._run.finish(status, green=green, duration_s=duration_s))

    def _attempt(self, write: Callable[[], None]) -> None:
        if self.error is not None:
            return
        try:
            write()
        except RegistryError as error:
            self.error = error


class TestCollector:
    """A sink that keeps the results of a test run which is not recorded."""

    def __init__(self) -> None:
        self.results: list[TestRecord] = []
        self.fixtures: list[FixtureRecord] = []
        self.pollution: list[PollutionRecord] = []

    def emit(self, event: TestEvent, /) -> None:
        """Keep the event where it is a result."""
        if isinstance(event, TestFinished):
            self.results.append(test_record(event))
        elif isinstance(event, FixtureFinished):
            self.fixtures.append(fixture_record(event))
        elif isinstance(event, Polluted):
            self.pollution += pollution_records(event)


class TrainRecorder:
    """A sink that records metrics, data and checkpoints of a training."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run

    def emit(self, event: TrainEvent, /) -> None:
        """Hand the event to the registry."""
        match event:
            case TrainingStarted():
                self._run.log_numerics(event.numerics)
                self._run.log_dataset(_dataset(event.dataset))
            case StepsFinished() | EpochFinished() | TrainingFinished():
                self._run.log_metrics(_metrics(event))
            case CheckpointWritten():
                self._run.log_checkpoint(_checkpoint(event))


def test_record(event: TestFinished) -> TestRecord:
    """Return the record of a finished test; what it printed is kept where it did not end well."""
    test_id, ordinal = event.key
    outcome = Outcome(event.outcome)
    return TestRecord(
        test_id=test_id,
        ordinal=ordinal,
        outcome=outcome,
        attempt=event.attempt,
        duration_s=event.duration_s,
        message=event.message,
        traceback=event.traceback,
        worker=event.worker,
        subtests=tuple(
            SubtestRecord(problem.params, Outcome(problem.outcome), problem.message, problem.traceback)
            for problem in event.subtests
        ),
        subtests_passed=event.subtests_passed,
        seed=event.seed,
        output=event.output if outcome.is_red else None,
    )


def fixture_record(event: FixtureFinished) -> FixtureRecord:
    """Return the record of a fixture that failed or was skipped."""
    outcome = Outcome(event.outcome)
    output = event.output if outcome.is_red else None
    return FixtureRecord(event.fixture_id, outcome, event.message, event.traceback, output)


def pollution_records(event: Polluted) -> tuple[PollutionRecord, ...]:
    """Return a record for each change that was left behind."""
    return tuple(PollutionRecord(event.place, change.what, change.change) for change in event.changes)


def _dataset(facts: DatasetFacts) -> Dataset:
    return Dataset(facts.name, facts.fingerprint, facts.train, facts.validation, facts.test)


def _metrics(event: StepsFinished | EpochFinished | TrainingFinished) -> tuple[Metric, ...]:
    match event:
        case StepsFinished(step=step):
            return (_loss("train_loss", event.train_loss, step), _speed(event.images_per_s, step))
        case EpochFinished(step=step):
            return (
                _loss("train_loss", event.train_loss, step),
                _loss("validation_loss", event.validation_loss, step),
                _accuracy("validation_accuracy", event.validation_accuracy, step),
                _speed(event.images_per_s, step),
            )
        case TrainingFinished():
            return (_loss("test_loss", event.test_loss, None), _accuracy("test_accuracy", event.test_accuracy, None))


def _loss(name: str, value: float, step: int | None) -> Metric:
    return Metric(name, value, step, direction=Direction.LOWER)


def _accuracy(name: str, value: float, step: int | None) -> Metric:
    return Metric(name, value, step, unit="fraction", direction=Direction.HIGHER)


def _speed(value: float, step: int | None) -> Metric:
    return Metric("images_per_s", value, step, unit="1/s", direction=Direction.HIGHER)


def _checkpoint(event: CheckpointWritten) -> Checkpoint:
    return Checkpoint(
        path=str(Path(event.path).resolve()),
        size_bytes=event.size_bytes,
        file_sha256=event.file_sha256,
        content_hash=event.content_hash,
        epoch=event.epoch,
        tensors=tuple(TensorDigest(tensor.name, tensor.dtype, tensor.shape, tensor.sha256) for tensor in event.tensors),
    )
