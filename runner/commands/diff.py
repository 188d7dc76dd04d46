"""`runner diff`: what changed from run A to run B, and whether to worry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.diff import Diff, compare_runs
from registry.regress import Verdict
from runner.commands.delivery import deliver
from runner.commands.report_file import ReportFile
from runner.commands.sections import gathered
from runner.commands.sources import read_sources
from runner.commands.surroundings import open_registry
from runner.errors import ExitCode, NothingToCompare
from runner.report.sentence import page_of
from runner.settings import read_settings

if TYPE_CHECKING:
    from registry.records import Checkpoint, RunComparison
    from registry.store import Registry

FAIL_ON = {
    "regressed": frozenset({Verdict.REGRESSED}),
    "suspected": frozenset({Verdict.REGRESSED, Verdict.SUSPECTED}),
    "never": frozenset[Verdict](),
}
"""Which verdicts give exit code 1."""


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What the command line asks for."""

    a: str
    b: str
    form: str = "text"
    output: str | None = None
    fail_on: str = "regressed"
    registry: str | None = None
    colour: str = "auto"


def run_diff(request: DiffRequest) -> int:
    """Write the diff of two runs to standard output or to a file, and return the exit code."""
    file = None if request.output is None else ReportFile(request.output, "the report", "--output")
    settings = read_settings(Path.cwd())
    with open_registry(request.registry, settings, must_exist=True) as registry:
        diff = _diff(request, registry, settings.root)
        page = page_of(gathered(registry, diff, request.form))
    deliver(page, request.form, file, request.colour)
    return ExitCode.RED if diff.verdict in FAIL_ON[request.fail_on] else ExitCode.OK


def _diff(request: DiffRequest, registry: Registry, root: Path) -> Diff:
    a, b = registry.find_run(request.a), registry.find_run(request.b)
    if a.kind is not b.kind:
        raise NothingToCompare(f"{a.name} is a {a.kind} run and {b.name} a {b.kind} run; compare runs of one kind")
    comparison = registry.compare(a, b)
    if _is_empty(comparison):
        raise NothingToCompare(f"neither {a.name} nor {b.name} holds a test result or a metric; there is nothing to compare")
    sources = read_sources(root, comparison)
    return compare_runs(comparison, max_abs_delta=_max_abs_delta(comparison), sources=sources)


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
    from registry.content import file_sha256

    path = Path(checkpoint.path)
    return checkpoint.content_hash is not None and path.is_file() and file_sha256(path) == checkpoint.file_sha256
