"""What was recorded around two runs and differs: the candidates for the cause. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from registry.records import Run, RunDetails


@dataclass(frozen=True, slots=True)
class Reason:
    """One recorded thing that differs between the runs; `what` is a group such as "code" or "package"."""

    what: str
    key: str
    a: str | None
    b: str | None


def recorded_differences(a: RunDetails, b: RunDetails) -> Iterator[Reason]:
    """Yield what was recorded differently about two runs, the likeliest cause first."""
    if a.run.code and b.run.code:
        yield from _mapping_reasons("code", a.run.code, b.run.code)
    yield from _git_reasons(a.run, b.run)
    before, after = a.run.environment, b.run.environment
    if before is not None and after is not None:
        yield from _mapping_reasons("package", before.packages, after.packages)
    if a.run.seed != b.run.seed:
        yield Reason("seed", "seed", _text(a.run.seed), _text(b.run.seed))
    yield from _mapping_reasons("config", a.run.params, b.run.params)
    yield from _dataset_reasons(a, b)
    if before is not None and after is not None:
        yield from _mapping_reasons(
            "environment",
            {"python": before.python, "platform": before.platform, **before.machine, **before.variables},
            {"python": after.python, "platform": after.platform, **after.machine, **after.variables},
        )
        yield from _mapping_reasons("numerics", before.numerics, after.numerics)


def _mapping_reasons(what: str, a: Mapping[str, object], b: Mapping[str, object]) -> Iterator[Reason]:
    for key in sorted(a.keys() | b.keys()):
        before, after = a.get(key), b.get(key)
        # NaN is unequal to itself, and a reason that reads the same on both sides says nothing.
        if before != after and _text(before) != _text(after):
            yield Reason(what, key, _text(before), _text(after))


def _git_reasons(a: Run, b: Run) -> Iterator[Reason]:
    # Where git could not tell about one side, its branch and its changes are unknown, not different.
    known = a.git.commit is not None and b.git.commit is not None
    for key in ("commit", "branch", "dirty") if known else ("commit",):
        before, after = getattr(a.git, key), getattr(b.git, key)
        if before != after:
            yield Reason("git", key, _text(before), _text(after))


def _dataset_reasons(a: RunDetails, b: RunDetails) -> Iterator[Reason]:
    for key in ("name", "fingerprint", "train", "validation", "test"):
        before, after = (getattr(side.dataset, key, None) for side in (a, b))
        if before != after:
            yield Reason("dataset", key, _text(before), _text(after))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
