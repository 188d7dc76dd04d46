"""Runs, metrics and checkpoints with everything filled in that a test does not care about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from registry.comparing.facts import ChangedPair, RunComparison
from registry.records import (
    Checkpoint,
    Dataset,
    Direction,
    Environment,
    FixtureRecord,
    MetricSummary,
    Outcome,
    Run,
    RunDetails,
    RunKind,
    RunStatus,
    TensorDigest,
)

MNIST = Dataset("mnist", "d" * 64, train=54_000, validation=6_000, test=10_000)


def make_run(name: str = "run", **facts: Any) -> Run:
    """Return a finished run."""
    given: dict[str, Any] = {
        "id": 1,
        "uid": "0" * 32,
        "kind": RunKind.TEST,
        "status": RunStatus.FINISHED,
        "started_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "duration_s": 3.21,
    }
    return Run(name=name, **(given | facts))


def make_training(name: str = "train", **facts: Any) -> Run:
    """Return a finished training of which everything is known that decides its bits."""
    known = {"kind": RunKind.TRAIN, "seed": 42, "params": {"epochs": 2}, "fingerprint": "f" * 64, "code_fingerprint": "c" * 64}
    return make_run(name, **(known | facts))


def make_environment(**facts: Any) -> Environment:
    """Return an environment."""
    return Environment(**({"python": "3.11.7", "platform": "Linux x86_64"} | facts))


def make_pair(a: Outcome | None, b: Outcome | None, test_id: str = "pkg.mod.Case.test_one", **facts: Any) -> ChangedPair:
    """Return one test on both sides."""
    return ChangedPair(test_id, facts.pop("ordinal", 0), a, b, **facts)


def make_metric(name: str, last: float, direction: Direction | None = None) -> MetricSummary:
    """Return the summary of a metric with one point."""
    return MetricSummary(name, last, last, last, 1, direction=direction)


def make_checkpoint(*digests: str, content_hash: str | None = "same", **facts: Any) -> Checkpoint:
    """Return a checkpoint with a tensor a digest, called t0, t1 ..."""
    tensors = tuple(TensorDigest(f"t{index}", "F32", (2, 2), digest) for index, digest in enumerate(digests))
    return Checkpoint("model.safetensors", 16, facts.pop("file_sha256", "f1"), content_hash, tensors=tensors, **facts)


def make_fixture(fixture_id: str = "setUpClass (pkg.mod.Case)", outcome: Outcome = Outcome.ERRORED) -> FixtureRecord:
    """Return a fixture that failed."""
    return FixtureRecord(fixture_id, outcome, "OSError: no such file")


def make_comparison(
    *pairs: ChangedPair, a: RunDetails | None = None, b: RunDetails | None = None, unchanged: int = 0
) -> RunComparison:
    """Return the facts about two runs."""
    return RunComparison(a or RunDetails(make_run("a")), b or RunDetails(make_run("b")), pairs, unchanged)
