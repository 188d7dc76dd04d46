"""Small data, models and fakes for the tests of `mnist`."""

from __future__ import annotations

import atexit
import hashlib
import tempfile
import unittest
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from mnist.config import TrainConfig
from mnist.data import ImageSplit, MnistTensors, TensorLoader, create_dummy_data, ensure_mnist, load_mnist_tensors
from mnist.events import Event, EventList
from mnist.model import MNISTClassifier
from mnist.train import Trainer, TrainSummary, train_on


def one_thread() -> None:
    """Give torch one thread in a module's tests: with more, small batches crawl where other processes want the cores too."""
    unittest.addModuleCleanup(torch.set_num_threads, torch.get_num_threads())
    torch.set_num_threads(1)


@dataclass
class SteppingClock:
    """A clock on which a second passes at every look."""

    now: float = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@dataclass(frozen=True)
class CountedSplit(ImageSplit):
    """Examples that tell how often they were made ready for the model, and what had happened by then."""

    sink: EventList = field(default_factory=EventList)
    seen_after: list[list[str]] = field(default_factory=list)

    def normalised(self) -> TensorDataset:
        """Note the events so far, then go on."""
        self.seen_after.append([type(event).__name__ for event in self.sink.events])
        return ImageSplit.normalised(self)


class TableModel(nn.Module):
    """Gives a row of a fixed table as logits: the one that the first pixel of the image names."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table = nn.Parameter(table)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, (N, classes)."""
        return self.table[images[:, 0, 0, 0].long()]


class DropoutModel(nn.Module):
    """A classifier whose answer depends on its mode: dropout, and batch statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, (N, 10)."""
        logits: Tensor = self.head(self.norm(images))
        return logits


def make_model(seed: int = 0) -> MNISTClassifier:
    """Return a fresh model; equal seeds give equal weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MNISTClassifier()


def make_trainer(model: nn.Module | None = None, learning_rate: float = 0.05) -> Trainer:
    """Return a trainer with plain gradient descent on the CPU."""
    model = make_model() if model is None else model
    return Trainer(model, torch.optim.SGD(model.parameters(), lr=learning_rate), "cpu")


def make_loader(count: int = 24, batch_size: int = 8, *, shuffle_seed: int | None = None) -> TensorLoader:
    """Return batches of noise."""
    generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
    return TensorLoader(TensorDataset(*create_dummy_data(count)), batch_size, generator)


def make_split(count: int, seed: int = 0) -> ImageSplit:
    """Return learnable images: a bright patch on noise, whose place is the label."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 10, (count,), generator=generator)
    images = torch.randint(0, 80, (count, 28, 28), generator=generator, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        row, column = divmod(label, 4)
        image[7 * row : 7 * row + 7, 7 * column : 7 * column + 7] += 150
    return ImageSplit(images, labels)


def make_tensors(train: int = 320, validation: int = 64, test: int = 64) -> MnistTensors:
    """Return learnable images in three parts."""
    return MnistTensors(make_split(train, 1), make_split(validation, 2), make_split(test, 3))


def run_training(data: MnistTensors | None = None, **values: object) -> tuple[TrainSummary, list[Event]]:
    """Train on little, in one thread and small batches unless told otherwise, and return the summary and the events."""
    sink = EventList()
    config = TrainConfig(**{"epochs": 1, "batch_size": 32, "threads": 1, "device": "cpu"} | values)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        summary = train_on(data or make_tensors(), config, Path(folder), sink, SteppingClock())
    return summary, sink.events


def digests_of(model: nn.Module) -> dict[str, str]:
    """Return the sha256 of the bytes of every weight: as good as the bytes, and short where a test prints a difference."""
    tensors = {name: tensor.detach().contiguous().numpy() for name, tensor in model.state_dict().items()}
    return {name: hashlib.sha256(tensor.tobytes()).hexdigest() for name, tensor in tensors.items()}


@cache
def real_data_dir() -> Path:
    """Return a folder with the real data, unpacked once in a process and removed at its end."""
    folder = tempfile.TemporaryDirectory(prefix="mnist-")
    atexit.register(folder.cleanup)
    ensure_mnist(Path(folder.name))
    return Path(folder.name)


@cache
def real_tensors() -> MnistTensors:
    """Return the 70,000 real images."""
    return load_mnist_tensors(real_data_dir())
