"""Two runs of a registry to their diff."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from registry.diff import Diff, compare_runs
from registry.origin import TestKey
from registry.records import RunKind
from runner.commands.sources import read_sources
from runner.errors import NothingToCompare

if TYPE_CHECKING:
    from registry.comparing.facts import RunComparison
    from registry.expected.expectations import Kept
    from registry.records import Checkpoint, Run
    from registry.regress import Tolerance
    from registry.store import Registry


@dataclass(frozen=True, slots=True)
class HeldTo:
    """What B is held to besides A.

    Attributes:
        limits: How much worse a metric may become, by name.
        confirmed: Tests, as (id, ordinal), that were measured again in B and were as slow.
        reference: What was typed for A, or for the night of which A is a part: a baseline holds metrics to its bars.
        kept: Bars and known failures that hold in the place of today's.
    """

    limits: Mapping[str, Tolerance] = field(default_factory=dict)
    confirmed: Collection[TestKey] = ()
    reference: str | None = None
    kept: Kept | None = None


def diff_of(registry: Registry, a: Run, b: Run, root: Path, held_to: HeldTo | None = None) -> Diff:
    """Return what changed from A to B.

    Args:
        registry: Where both are.
        a: The reference.
        b: What is looked at.
        root: The project's root.
        held_to: What B is held to besides A.

    Raises:
        NothingToCompare: They are of two kinds, or there is nothing in them.
    """
    held_to = held_to or HeldTo()
    comparison = _comparison(registry, a, b)
    return compare_runs(
        comparison,
        max_abs_delta=_max_abs_delta(comparison),
        limits=held_to.limits,
        confirmed=held_to.confirmed,
        sources=read_sources(root, comparison),
        expectations=registry.expectations(held_to.reference or str(a.id), a, b, held_to.kept),
    )


def diff_against(registry: Registry, reference: str, b: Run, root: Path) -> Diff:
    """Return what changed to B from what a reference means, with the bars of a baseline and the medians of the last runs.

    Raises:
        RunNotFound: The reference means no run.
        NothingToCompare: They are of two kinds, or there is nothing in them.
    """
    return diff_of(registry, registry.find_run(reference, like=b), b, root, HeldTo(reference=reference))


def _comparison(registry: Registry, a: Run, b: Run) -> RunComparison:
    if a.kind is not b.kind and RunKind.NIGHTLY in (a.kind, b.kind):
        night, other = (a, b) if a.kind is RunKind.NIGHTLY else (b, a)
        raise NothingToCompare(f"{night.name} is a night, which has parts, and {other.name} is none; name a part of it")
    if a.kind is RunKind.NIGHTLY:
        raise NothingToCompare(
            f"a night has parts, which are compared one by one; use `runner report {b.name} --against {a.name}` for nights"
        )
    if a.kind is not b.kind:
        raise NothingToCompare(f"{a.name} is a {a.kind} run and {b.name} a {b.kind} run; compare runs of one kind")
    comparison = registry.compare(a, b)
    if _is_empty(comparison):
        raise NothingToCompare(f"neither {a.name} nor {b.name} holds a test result or a metric; there is nothing to compare")
    return comparison


def _is_empty(comparison: RunComparison) -> bool:
    sides = (comparison.a, comparison.b)
    tests = comparison.changed or comparison.unchanged or any(side.fixtures for side in sides)
    return not tests and not any(side.metrics for side in sides)


def _max_abs_delta(comparison: RunComparison) -> float | None:
    """Read both files where they still are what was recorded and hold other contents."""
    last = [side.checkpoints[-1] for side in (comparison.a, comparison.b) if side.checkpoints]
    if len(last) < len((comparison.a, comparison.b)) or last[0].content_hash == last[1].content_hash:
        return None
    if not all(_is_intact(checkpoint) for checkpoint in last):
        return None
    from mnist.checkpoint import compare
    from mnist.errors import CheckpointMismatch

    try:
        return compare(Path(last[0].path), Path(last[1].path)).max_abs_delta
    except CheckpointMismatch:
        # The hashes are recorded and tell the rest; a dtype that torch lacks only has no difference in numbers.
        return None


def _is_intact(checkpoint: Checkpoint) -> bool:
    from registry.storage.content import file_sha256

    path = Path(checkpoint.path)
    try:
        return checkpoint.content_hash is not None and path.is_file() and file_sha256(path) == checkpoint.file_sha256
    except OSError:
        # What is gone or closed to us is not at hand, and the recorded hashes tell the rest.
        return False
