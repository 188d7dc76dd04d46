"""Scripts that start the real program with a training of no cost, or of little."""

from __future__ import annotations

FAKE = '''
"""The real `runner` with a stand-in for mnist.train: real events, no torch. lr 1 spoils the accuracy, 2 breaks it, 5 diverges."""
import hashlib, os, pathlib, sys, time, types

from mnist.events import *
from mnist.errors import DataDamaged


def train(config, data_dir, checkpoint_dir, sink):
    sink.emit(TrainingStarted(DatasetFacts("fake", "f" * 64, 800, 100, 10_000), {"device": "cpu", "threads": "2"}, 1, 100))
    if config.learning_rate == 2:
        raise DataDamaged("train-images is damaged; delete it")
    if config.learning_rate == 3:
        raise ZeroDivisionError("a bug of the task")
    accuracy = 0.90 if config.learning_rate == 1 else 0.99
    sink.emit(StepsFinished(1, 50, 0.5, 1000.0, 1.0))
    if config.learning_rate == 4:
        pathlib.Path("asleep").touch()
        time.sleep(60)
    sink.emit(StepsFinished(1, 100, float("nan"), 1000.0, 0.0))
    sink.emit(EpochFinished(1, 100, 0.25, 0.2, accuracy, 1000.0))
    checkpoint_dir.mkdir(parents=True, exist_ok=True)
    path = checkpoint_dir / "epoch-1.safetensors"
    path.write_bytes(b"weights of seed %d" % config.seed)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    tensors = (TensorFacts("conv1.weight", "F32", (32, 1, 3, 3), digest),)
    sink.emit(CheckpointWritten(1, path, path.stat().st_size, "0" * 64, digest, tensors))
    sink.emit(TrainingFinished(float("nan") if config.learning_rate == 5 else 0.03, accuracy, 1.5))


sys.modules["mnist.train"] = types.ModuleType("mnist.train")
sys.modules["mnist.train"].train = train

from runner.cli import main

main()
'''

SMALL = '''
"""The real `runner` and the real training, on the first few hundred of the real images."""
import torch

import mnist.train
from mnist.data import MnistTensors, load_mnist_tensors


def few(*arguments):
    data = load_mnist_tensors(*arguments)
    return MnistTensors(*(part.take(torch.arange(400)) for part in (data.train, data.validation, data.test)))


mnist.train.load_mnist_tensors = few

from runner.cli import main

main()
'''
