"""What a training tells the outside: frozen events, and the sink they are given to. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What was trained and tested on; `fingerprint` is a sha256 over all bytes in order and the split."""

    name: str
    fingerprint: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """Sent once, before the first step.

    Attributes:
        numerics: What decides the bits: torch version, device, threads, CPU capability, deterministic flags, as text.
        total_steps: Optimiser steps of the whole training.
    """

    dataset: DatasetFacts
    numerics: Mapping[str, str]
    epochs: int
    total_steps: int


@dataclass(frozen=True, slots=True)
class StepsFinished:
    """Sent every N optimiser steps.

    `train_loss` is taken with label smoothing 0.05, unlike `validation_loss` and `test_loss`, which are taken without.

    Attributes:
        step: Optimiser steps done so far in the whole training, from 1.
        train_loss: Mean loss per example over the steps since the last such event.
        images_per_s: Images trained per second over the same steps.
        remaining_s: Estimated time left for the whole training.
    """

    epoch: int
    step: int
    train_loss: float
    images_per_s: float
    remaining_s: float


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """Sent after each pass, validation included. Losses are means per example; accuracies are 0-1.

    `train_loss` is taken with label smoothing 0.05 and `validation_loss` without, so the two do not compare.
    """

    epoch: int
    step: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    images_per_s: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Sent after the validation of each pass, and after the test set was read.

    Attributes:
        split: "validation" or "test".
        examples: How many there were.
        right: Which were answered rightly: a bit an example in the order of the data, highest bit of a byte first.
    """

    split: str
    examples: int
    right: bytes


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """Identity of one tensor: safetensors dtype name, shape, sha256 of its little-endian row-major bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class CheckpointWritten:
    """Sent after the file is whole on the disk.

    Attributes:
        random_state: sha256 over the states of all random generators of the training at that moment; None where unknown.
    """

    epoch: int
    path: Path
    size_bytes: int
    file_sha256: str
    content_hash: str
    tensors: tuple[TensorFacts, ...]
    random_state: str | None = None


@dataclass(frozen=True, slots=True)
class TrainingFinished:
    """Sent once, after the test set was read for the only time."""

    test_loss: float
    test_accuracy: float
    duration_s: float


Event = TrainingStarted | StepsFinished | EpochFinished | Answered | CheckpointWritten | TrainingFinished


class EventSink(Protocol):
    """Anything that takes events: a recorder, a progress bar, a list in a test."""

    def emit(self, event: Event, /) -> None:
        """Take one event; events of one training come in order, from one thread."""


@dataclass(slots=True)
class EventList:
    """A sink that keeps what it was given."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event, /) -> None:
        """Append the event."""
        self.events.append(event)
