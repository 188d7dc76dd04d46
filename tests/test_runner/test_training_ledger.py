"""Real trainings, recorded and compared: what no recorded fact explains is lost determinism, or noise of the evaluation."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest import mock

import torch

from mnist import train
from registry.diff import Diff, compare_runs
from registry.records import NewRun, RunKind, RunStatus
from registry.regress import Verdict
from runner.record_training import TrainRecorder
from tests.test_mnist.factories import make_tensors, one_thread, run_training
from tests.test_registry.factories import ENVIRONMENT, RegistryCase

CODE = {"mnist/train.py": "1" * 64}

setUpModule = one_thread


def patched(name: str, replacement: Any) -> AbstractContextManager[object]:
    """Put something in the place of a function of the training, as no code fingerprint shows."""
    return mock.patch.object(train, name, replacement)


class Ledger(RegistryCase):
    def setUp(self):
        super().setUp()
        self.train("a")

    def train(self, name: str) -> None:
        """Record a training of two epochs."""
        data = make_tensors(64, 32, 32)
        new = NewRun(RunKind.TRAIN, name, seed=42, environment=ENVIRONMENT, code=CODE)
        with self.registry.start(new) as run:
            _, events = run_training(data, epochs=2)
            recorder = TrainRecorder(run)
            for event in events:
                recorder.emit(event)
            run.finish(RunStatus.FINISHED)

    def diff(self) -> Diff:
        """Record another training and compare it with the first."""
        self.train("b")
        return compare_runs(self.registry.compare(*map(self.registry.find_run, ("a", "b"))))

    def test_held(self):
        """The same again has the same weights, random states and answers."""
        diff = self.diff()
        checkpoints = diff.checkpoints
        self.assertEqual((checkpoints.determinism, checkpoints.parting, diff.verdict), ("held", None, Verdict.UNCHANGED))
        self.assertEqual(
            [(part.split, part.lost, part.gained) for part in diff.flips], [("test", (), ()), ("validation", (), ())]
        )

    def test_weights_that_part(self):
        """Weights that something nudged in the second epoch are lost determinism, parted there, the random numbers not."""
        calls = []

        def nudged(model: torch.nn.Module, *arguments: Any) -> torch.Tensor:
            calls.append(model)
            if len(calls) > 2:  # of the four steps
                with torch.no_grad():
                    model.fc2.bias[0] += 1e-3
            return step(model, *arguments)

        step = train.take_step
        with patched("take_step", nudged):
            diff = self.diff()
        parting = diff.checkpoints.parting
        self.assertEqual((diff.checkpoints.determinism, diff.verdict), ("lost", Verdict.SUSPECTED))
        self.assertEqual((parting.epoch, parting.random_state, parting.weights), (2, False, True))

    def test_random_numbers_that_part(self):
        """A number that something drew shows in the first epoch, although the weights did not follow."""

        def drawn(*arguments: Any) -> torch.Tensor:
            torch.rand(1)
            return step(*arguments)

        step = train.take_step
        with patched("take_step", drawn):
            diff = self.diff()
        parting = diff.checkpoints.parting
        self.assertEqual((diff.checkpoints.determinism, parting.epoch), ("held", 1))
        self.assertEqual((parting.random_state, parting.weights), (True, False))

    def test_evaluation_noise(self):
        """Another loss from the same weights is noise, and no regression."""
        evaluate = train.evaluate
        with patched("evaluate", lambda *given: replace(found := evaluate(*given), loss=found.loss + 1)):
            diff = self.diff()
        noisy = [change.name for change in diff.metrics if change.is_noise]
        self.assertEqual((noisy, diff.verdict), (["test_loss", "validation_loss"], Verdict.UNCHANGED))
