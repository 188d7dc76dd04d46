"""Take runs over from other registries: each once, by its uid, and the shards of a run as one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, select

from registry import models, queries
from registry.encoding import encode_time
from registry.errors import NameInUse, RegistryUnreachable
from registry.intake import foreign, merging
from registry.naming import NAME_LIMIT, is_reserved
from registry.records import Metric, NewRun, Run, RunDetails, RunStatus
from registry.storage import starting
from registry.storage.chunks import chunks
from registry.storage.database import Database
from registry.storage.rows import (
    MetricState,
    answers_row,
    checkpoint_rows,
    coverage_text,
    dataset_row,
    fixture_row,
    pollution_row,
    result_row,
)
from registry.storage.writing import Batch, write_batch

_UID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Imported:
    """A run that was taken over.

    Attributes:
        shards: Names of the shards that it was made of, such as "1/2"; empty for a whole run.
        missing: Those that are not there.
    """

    run: Run
    results: int
    shards: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        known: How many runs were there already.
        running: Names of runs that are still being recorded and were left out.
    """

    imported: tuple[Imported, ...] = ()
    known: int = 0
    running: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A run of another registry, or the shards of one, by their index; a whole run has the index 0."""

    parts: Mapping[int, tuple[Connection, Run]]
    uid: str
    missing: tuple[int, ...] = ()


def import_runs(database: Database, paths: Sequence[Path], name: str | None) -> ImportReport:
    """Copy the runs of other registries that are not there yet; each is there as a whole or not at all.

    Args:
        database: Where they go.
        paths: Files of registries; they are only read.
        name: What the run that is imported is called; there must be only one then.

    Raises:
        NameInUse: Another run is called so, or there is more than one to import.
        RegistryError: A file is no registry, or cannot be read.
    """
    with ExitStack() as stack:
        sources = [stack.enter_context(foreign.reading(path)) for path in _distinct(database, paths)]
        runs = {run.uid: (source, run) for source in sources for run in queries.list_runs(source, None, None)}
        running = tuple(run.name for _, run in runs.values() if run.status is RunStatus.RUNNING)
        found = list(_found(runs))
        with database.reading() as connection:
            known = _known(connection, [one.uid for one in found])
            new = [one for one in found if one.uid not in known]
            if name is not None and len(new) > 1:
                raise NameInUse(f"the files hold {len(new)} runs, which cannot all be called {name!r}; leave --name out")
            if name is not None:
                starting.require_unused(connection, name)
        # One after the other: a registry may hold more than the memory does.
        imported = tuple(_copy(database, one, _details(one, name)) for one in new)
    return ImportReport(imported, len(known), running)


def _distinct(database: Database, paths: Sequence[Path]) -> list[Path]:
    distinct = list(dict.fromkeys(path.resolve() for path in paths))
    if database.path is not None and database.path.resolve() in distinct:
        raise RegistryUnreachable(f"{database.location} cannot be imported into itself; name another file, or another --registry")
    return distinct


def _found(runs: Mapping[str, tuple[Connection, Run]]) -> Iterator[_Found]:
    """Yield what is to be imported, in the order in which it was recorded."""
    ended = [run for _, run in runs.values() if run.status is not RunStatus.RUNNING]
    whole = [_Found({0: runs[run.uid]}, run.uid) for run in ended if merging.shard_of(run) is None]
    merged = [
        _Found(
            {index: runs[group[index].uid] for index in sorted(group)},
            merging.merged_uid(group.values()),
            tuple(merging.missing(group)),
        )
        for group in merging.groups(ended)
    ]
    yield from sorted([*whole, *merged], key=lambda one: min((run.started_at, run.uid) for _, run in one.parts.values()))


def _known(connection: Connection, uids: Sequence[str]) -> set[str]:
    column = models.run.c.uid
    return {uid for chunk in chunks(uids) for uid in connection.scalars(select(column).where(column.in_(chunk)))}


def _details(one: _Found, name: str | None) -> RunDetails:
    """Return everything about a run, under the name that it will have; an empty one stands for the default."""
    parts = [queries.details(source, run.id, with_points=True) for source, run in one.parts.values()]
    whole = parts[0] if 0 in one.parts else merging.merge(parts, is_complete=not one.missing)
    kept = "" if is_reserved(whole.run.name) else whole.run.name
    return replace(whole, run=replace(whole.run, name=name or kept))


def _copy(database: Database, one: _Found, details: RunDetails) -> Imported:
    run = details.run
    with database.writing() as connection:
        name = _free_name(connection, run)
        new = NewRun(run.kind, name, run.seed, run.argv, run.tags, run.params, run.git, run.environment, run.code)
        run_id = starting.insert_run(connection, new, run.uid)
        write_batch(connection, run_id, _batch(details))
    with database.reading() as connection:
        stored = queries.run_by_id(connection, run_id)
    shard = merging.shard_of(next(run for _, run in one.parts.values()))
    if shard is None:
        return Imported(stored, len(details.results))
    shards, missing = ((f"{index}/{shard[1]}" for index in indices) for indices in (one.parts, one.missing))
    return Imported(stored, len(details.results), tuple(shards), tuple(missing))


def _free_name(connection: Connection, run: Run) -> str | None:
    """Return the run's name, with a part of its uid where another run is called so here; None for the default name."""
    if not run.name:
        return None
    try:
        starting.require_unused(connection, run.name)
    except NameInUse:
        suffix = f"-{run.uid[:_UID_DIGITS]}"
        return run.name[: NAME_LIMIT - len(suffix)] + suffix
    return run.name


def _batch(details: RunDetails) -> Batch:
    batch = Batch(values=_values(details.run))
    batch.dataset = None if details.dataset is None else dataset_row(details.dataset)
    batch.results = [result_row(record) for record in details.results]
    batch.fixtures = [fixture_row(record, seq) for seq, record in enumerate(details.fixtures)]
    batch.pollution = [pollution_row(record, seq) for seq, record in enumerate(details.pollution)]
    for seq, checkpoint in enumerate(details.checkpoints):
        row, tensors = checkpoint_rows(checkpoint, seq)
        batch.checkpoints.append(row)
        batch.tensors += tensors
    batch.answers = {answers.split: answers_row(answers) for answers in details.answers}
    _add_metrics(batch, details)
    if details.coverage is not None:
        batch.coverage = details.coverage.percent, coverage_text(details.coverage)
    return batch


def _values(run: Run) -> dict[str, object]:
    started_us = encode_time(run.started_at)
    crashed = run.status is RunStatus.CRASHED
    return {
        # That a recorder has crashed is found out when reading: it is gone, and its last sign of life is old.
        "status": str(RunStatus.RUNNING if crashed else run.status),
        "process_space": "imported",
        "pid": 0,
        "pid_started": None,
        "started_us": started_us,
        "heartbeat_us": 0 if crashed else started_us + round((run.duration_s or 0) * 1e6),
        "duration_s": run.duration_s,
        "green": run.green,
    }


def _add_metrics(batch: Batch, details: RunDetails) -> None:
    facts = {summary.name: summary for summary in details.metrics}
    for name, points in details.points.items():
        state = MetricState()
        for metric in _metrics(name, points, facts[name].unit):
            batch.points.append((name, state.add(replace(metric, direction=facts[name].direction))))
        batch.summaries[name] = state.row(name)


def _metrics(name: str, points: Iterable[tuple[int | None, float]], unit: str | None) -> Iterator[Metric]:
    return (Metric(name, value, step, unit) for step, value in points)
