"""The shards of one test run as one run. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from registry.errors import InvalidValue
from registry.records import Coverage, FileCoverage, Points, Run, RunDetails, RunKind, RunStatus, TestRecord

TAG = "shard"
"""The tag of a run that is part I of N: `I/N`."""

PLAN = "shard_plan"
"""The parameter that is equal for the shards of one cut."""

MERGED = "shards"
"""The tag of a merged run: how many shards it is made of, `I,J of N` where some are missing."""

_FORM = re.compile(r"(\d{1,5})/(\d{1,5})")
_WORST_FIRST = (RunStatus.CRASHED, RunStatus.RUNNING, RunStatus.FAILED, RunStatus.INTERRUPTED)


def shard_of(run: Run) -> tuple[int, int] | None:
    """Return which part of how many a run is; None for a whole run."""
    match = _FORM.fullmatch(run.tags.get(TAG, "")) if run.kind is RunKind.TEST else None
    return (int(match[1]), int(match[2])) if match else None


def groups(runs: Iterable[Run]) -> list[dict[int, Run]]:
    """Return the shards that belong together, by their index: of equal code, cut and tags, the first of each index, and so on."""
    found: dict[tuple[object, ...], dict[int, list[Run]]] = {}
    for run in sorted(runs, key=lambda run: (run.started_at, run.uid)):
        shard = shard_of(run)
        if shard is not None:
            found.setdefault((shard[1], *_common(run)), {}).setdefault(shard[0], []).append(run)
    return [
        {index: run for index, run in zip(by_index, rounds, strict=True) if run is not None}
        for by_index in found.values()
        for rounds in zip_longest(*by_index.values())
    ]


def missing(shards: Mapping[int, Run]) -> list[int]:
    """Return the indices that a group lacks."""
    count = max(shard[1] for run in shards.values() if (shard := shard_of(run)) is not None)
    return [index for index in range(1, count + 1) if index not in shards]


def merged_uid(shards: Iterable[Run]) -> str:
    """Return the uid of the run that these shards make: always the same one."""
    return hashlib.sha256("\n".join(sorted(run.uid for run in shards)).encode()).hexdigest()[:32]


def merge(shards: Sequence[RunDetails], *, is_complete: bool) -> RunDetails:
    """Return shards, in order of their index, as one run; what can only be one is that of the first.

    Raises:
        InvalidValue: A test was run by two of them.
    """
    _require_disjoint(shards)
    first = shards[0]
    return RunDetails(
        run=_run([details.run for details in shards], is_complete=is_complete),
        results=tuple(record for details in shards for record in details.results),
        fixtures=tuple(fixture for details in shards for fixture in details.fixtures),
        pollution=tuple(change for details in shards for change in details.pollution),
        metrics=tuple({metric.name: metric for details in shards for metric in details.metrics}.values()),
        points={name: _points(shards, name) for details in shards for name in details.points},
        checkpoints=tuple(checkpoint for details in shards for checkpoint in details.checkpoints),
        dataset=first.dataset,
        coverage=_coverage([details.coverage for details in shards if details.coverage is not None]),
    )


def _common(run: Run) -> tuple[object, ...]:
    tags = {key: value for key, value in run.tags.items() if key != TAG}
    return run.params.get(PLAN), run.code_fingerprint, run.git.commit, run.seed, tuple(sorted(tags.items()))


def _run(runs: Sequence[Run], *, is_complete: bool) -> Run:
    first = runs[0]
    durations = [run.duration_s for run in runs if run.duration_s is not None]
    names = {run.name for run in runs}
    return replace(
        first,
        uid=merged_uid(runs),
        name=first.name if len(names) == 1 else "",
        status=_status(runs, is_complete=is_complete),
        started_at=min(run.started_at for run in runs),
        duration_s=max(durations) if durations else None,
        green=_green(runs, is_complete=is_complete),
        argv=_without_shard(first.argv),
        tags={key: value for key, value in first.tags.items() if key != TAG} | {MERGED: _parts(runs)},
        params={key: value for key, value in first.params.items() if key != PLAN},
    )


def _without_shard(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command line that runs the whole suite."""
    before = ("", *argv)
    return tuple(
        word
        for word, previous in zip(argv, before, strict=False)
        if previous != "--shard" and word.partition("=")[0] != "--shard"
    )


def _parts(runs: Sequence[Run]) -> str:
    shards = [shard for run in runs if (shard := shard_of(run)) is not None]
    count = max(shard[1] for shard in shards)
    return str(count) if len(shards) == count else f"{','.join(str(shard[0]) for shard in shards)} of {count}"


def _status(runs: Sequence[Run], *, is_complete: bool) -> RunStatus:
    found = {run.status for run in runs} | (set() if is_complete else {RunStatus.INTERRUPTED})
    return next((status for status in _WORST_FIRST if status in found), RunStatus.FINISHED)


def _green(runs: Sequence[Run], *, is_complete: bool) -> bool | None:
    verdicts = [run.green for run in runs if run.green is not None]
    if False in verdicts:
        return False
    return True if verdicts and is_complete else None


def _require_disjoint(shards: Sequence[RunDetails]) -> None:
    tests = Counter(key for details in shards for key in {_key(record) for record in details.results})
    for (test_id, ordinal), number in tests.items():
        if number > 1:
            raise InvalidValue(
                f"{number} shards hold the test {test_id!r} (ordinal {ordinal}), so they are not parts of one cut; "
                "give every shard the same registry as its history"
            )


def _key(record: TestRecord) -> tuple[str, int]:
    return record.test_id, record.ordinal


def _points(shards: Sequence[RunDetails], name: str) -> Points:
    return tuple(point for details in shards for point in details.points.get(name, ()))


def _coverage(parts: Sequence[Coverage]) -> Coverage | None:
    """Return what all parts together covered: a line is missing where each of them misses it; branches are not told apart."""
    if not parts:
        return None
    statements: dict[str, int] = {}
    lines: dict[str, set[int]] = {}
    for part in parts:
        for file in part.files:
            statements[file.path] = max(file.statements, statements.get(file.path, 0))
            lines[file.path] = lines.get(file.path, set(file.missing)) & set(file.missing)
    total = sum(statements.values())
    percent = 100 * (total - sum(map(len, lines.values()))) / total if total else max(part.percent for part in parts)
    files = tuple(FileCoverage(path, statements[path], tuple(sorted(lines[path]))) for path in sorted(statements))
    return Coverage(percent, files)
