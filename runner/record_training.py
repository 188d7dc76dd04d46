"""The events of a training to the registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnist.events import (
    Answered,
    CheckpointWritten,
    DatasetFacts,
    EpochFinished,
    StepsFinished,
    TrainingFinished,
    TrainingStarted,
)
from mnist.events import Event as TrainEvent
from registry.answers import Answers
from registry.records import Checkpoint, Dataset, Direction, Metric, TensorDigest

if TYPE_CHECKING:
    from registry.recording import ActiveRun


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
                self._run.log_metrics(metrics_of(event))
            case Answered():
                self._run.log_answers(Answers(event.split, event.examples, event.right))
            case CheckpointWritten():
                self._run.log_checkpoint(_checkpoint(event))


def _dataset(facts: DatasetFacts) -> Dataset:
    return Dataset(facts.name, facts.fingerprint, facts.train, facts.validation, facts.test)


def metrics_of(event: StepsFinished | EpochFinished | TrainingFinished) -> tuple[Metric, ...]:
    """Return the metrics that an event of a training holds."""
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
        random_state=event.random_state,
        tensors=tuple(TensorDigest(tensor.name, tensor.dtype, tensor.shape, tensor.sha256) for tensor in event.tensors),
    )
