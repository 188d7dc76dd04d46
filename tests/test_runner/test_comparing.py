"""Two runs of a registry to their diff: what of them is still at hand."""

from __future__ import annotations

from pathlib import Path

from registry.records import Checkpoint, NewRun, Run, RunKind, RunStatus
from runner.commands.comparing import diff_of
from runner.errors import NothingToCompare
from tests.test_registry.factories import RegistryCase


class Nights(RegistryCase):
    """What a night can be compared with."""

    def test_the_cure_fits(self):
        """Two nights are sent to the command for nights, a night and a training to a part of the night."""
        kinds = (RunKind.NIGHTLY, RunKind.NIGHTLY, RunKind.TRAIN)
        one, other, training = (self.enterContext(self.registry.start(NewRun(kind))).run for kind in kinds)
        with self.assertRaisesRegex(NothingToCompare, "`runner report nightly-2 --against nightly-1`"):
            diff_of(self.registry, one, other, Path.cwd())
        for pair in ((one, training), (training, one)):
            with self.assertRaisesRegex(NothingToCompare, "nightly-1 is a night.*train-3 is none.*name a part of it"):
                diff_of(self.registry, *pair, Path.cwd())


class Checkpoints(RegistryCase):
    """Files of two trainings."""

    def training(self, path: str, content_hash: str) -> Run:
        """Record a training with a checkpoint."""
        with self.registry.start(NewRun(RunKind.TRAIN, seed=1)) as run:
            run.log_metric("test_accuracy", 0.9)
            run.log_checkpoint(Checkpoint(path, 16, "f" * 64, content_hash))
            run.finish(RunStatus.FINISHED)
        return self.registry.find_run(run.run.name)

    def test_a_path_that_cannot_be_looked_at(self):
        """A path of another machine, which cannot even be looked at here, is as good as gone."""
        a, b = (self.training("x" * 5_000, digit * 64) for digit in "ab")
        found = diff_of(self.registry, a, b, Path.cwd()).checkpoints
        self.assertEqual((found.same, found.max_abs_delta), (False, None))
