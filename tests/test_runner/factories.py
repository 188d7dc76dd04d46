"""Runs, records, events and streams with everything filled in that a test does not care about."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from mnist.events import CheckpointWritten, DatasetFacts, TensorFacts
from registry.records import (
    Checkpoint,
    Dataset,
    Environment,
    FixtureRecord,
    GitState,
    MetricSummary,
    Outcome,
    Run,
    RunDetails,
    RunKind,
    RunStatus,
    TestRecord,
)
from runner.events import FixtureFinished, TestFinished

NAME = "pkg.test_mod.Case.test_one"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "test_mod.py", line 7, in test_one\n'
    "    self.assertEqual(1, 2)\n"
    "AssertionError: 1 != 2\n"
)
HOSTILE = "a\x1b[31mred\x1b[0m\u202eevil\nsecond\rline\x00\ud800\u2028end\x9b2J"
"""Colours, a direction override, new lines of four kinds, NUL, a lone surrogate, and a one-byte escape sequence."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MNIST = Dataset("mnist", "d" * 64, train=54_000, validation=6_000, test=10_000)
FACTS = DatasetFacts("mnist", "d" * 64, train=54_000, validation=6_000, test=10_000)


class Terminal(io.StringIO):
    """A stream that says of itself that it is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def mark(text: str, colour: str) -> str:
    """Paint visibly."""
    return f"<{colour}>{text}</>"


def make_run(name: str = "run-a", **facts: Any) -> Run:
    """Return a finished, green test run."""
    given: dict[str, Any] = {
        "id": 1,
        "uid": "0" * 32,
        "kind": RunKind.TEST,
        "status": RunStatus.FINISHED,
        "started_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "duration_s": 3.21,
        "green": True,
        "argv": ("runner", "test", "--record", "--name", name),
        "git": GitState(COMMIT, "main", dirty=False),
        "environment": Environment("3.11.7", "Linux 6.1 x86_64"),
    }
    return Run(name=name, **(given | facts))


def make_training(name: str = "train-a", **facts: Any) -> Run:
    """Return a finished training."""
    known = {
        "kind": RunKind.TRAIN,
        "seed": 42,
        "green": None,
        "argv": ("runner", "train", "--seed", "42", "--name", name),
        "params": {"task": "mnist", "epochs": 2, "batch_size": 128, "learning_rate": None, "device": "cpu", "threads": 2},
    }
    return make_run(name, **(known | facts))


def make_details(run: Run | None = None, **facts: Any) -> RunDetails:
    """Return everything about a run."""
    return RunDetails(run or make_run(), **facts)


def make_record(outcome: Outcome = Outcome.FAILED, test_id: str = NAME, **facts: Any) -> TestRecord:
    """Return a recorded test."""
    return TestRecord(test_id, outcome, **facts)


def make_fixture(fixture_id: str = "setUpClass (pkg.test_mod.Case)", **facts: Any) -> FixtureRecord:
    """Return a fixture that failed."""
    return FixtureRecord(fixture_id, **({"outcome": Outcome.ERRORED, "message": "OSError: no disk"} | facts))


def make_metric(name: str, last: float, **facts: Any) -> MetricSummary:
    """Return the summary of a metric with two points."""
    return MetricSummary(name, last, **({"minimum": last, "maximum": last, "count": 2} | facts))


def make_checkpoint(path: str = "checkpoints/epoch-2.safetensors", **facts: Any) -> Checkpoint:
    """Return a checkpoint."""
    return Checkpoint(path, **({"size_bytes": 1_725_616, "file_sha256": "a" * 64, "content_hash": "b" * 64} | facts))


def make_finished(outcome: str = "passed", test_id: str = NAME, **facts: Any) -> TestFinished:
    """Return the event of a test that ended."""
    return TestFinished((test_id, facts.pop("ordinal", 0)), outcome, **({"worker": 0, "duration_s": 0.25} | facts))


def make_fixture_event(outcome: str = "errored", **facts: Any) -> FixtureFinished:
    """Return the event of a fixture."""
    return FixtureFinished(
        facts.pop("fixture_id", "setUpClass (pkg.test_mod.Case)"), outcome, **({"message": "OSError: no disk"} | facts)
    )


def make_written(path: Any, **facts: Any) -> CheckpointWritten:
    """Return the event of a checkpoint with one tensor."""
    known = {"epoch": 1, "size_bytes": 1_725_616, "file_sha256": "a" * 64, "content_hash": "b" * 64}
    return CheckpointWritten(path=path, tensors=(TensorFacts("fc.weight", "F32", (2, 3), "c" * 64),), **(known | facts))
