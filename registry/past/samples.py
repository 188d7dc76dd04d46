"""What a verdict needs of earlier runs: durations of the tests that may have become slower, and the other seeds of a training.

Only for candidates: to read twenty nights of every test costs many times what the comparison itself does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, select

from registry import models
from registry.comparing.facts import EarlierDurations
from registry.encoding import decode_whole, decoding, outcome_code
from registry.past.measured import last_values, params_of
from registry.past.night import AGAIN
from registry.records import Outcome, RunStatus
from registry.storage.chunks import chunks

NIGHTS = 20
"""Earlier runs whose durations are looked at."""

SEEDS = 50
"""Runs that are looked through for the other seeds of a training."""

_PROBES = 5

Seeds = dict[str, dict[int, float]]


def earlier_durations(connection: Connection, a: int, b: int, tests: Sequence[int]) -> dict[int, EarlierDurations]:
    """Return what each test took in finished runs on B's machine, up to A, and in the last one between A and B.

    Only where it passed at the first try; nothing where A ran on another machine than B, or with another number of workers.
    """
    machine_a, machine_b = (connection.execute(_machine_of(run)).one_or_none() for run in (a, b))
    if not tests or machine_b is None or machine_a != machine_b:
        return {}
    run, comparable = models.run.c, _comparable(b, machine_b).where(_holds_one_of(tests), ~_is_again())
    up_to_a = connection.execute(comparable.where(run.id <= a).limit(NIGHTS)).scalars().all()
    between = connection.execute(comparable.where(run.id > a, run.id < b).limit(1)).scalar()
    durations: dict[int, dict[int, float]] = {test: {} for test in tests}
    with decoding("the list of durations"):
        for row in _passed(connection, [*up_to_a, *([between] if between else [])], tests):
            durations[row.test_id][row.run_id] = float(row.duration_s)
    return {
        test: EarlierDurations(tuple(found[run] for run in up_to_a if run in found), found.get(between) if between else None)
        for test, found in durations.items()
    }


def _machine_of(run_id: int) -> Select[Any]:
    run, environment = models.run, models.environment
    columns = (run.c.kind, environment.c.machine, _workers().label("workers"))
    return select(*columns).select_from(run.join(environment)).where(run.c.id == run_id)


def _workers() -> ScalarSelect[Any]:
    """Select the number of workers that shared a run: beside others a test takes longer."""
    param = models.run_param.c
    return select(param.value).where(param.run_id == models.run.c.id, param.key == "jobs").scalar_subquery()


def _comparable(b: int, like: Row[Any]) -> Select[Any]:
    run, environment = models.run, models.environment
    finished = (run.c.status == str(RunStatus.FINISHED), run.c.kind == like.kind, environment.c.machine == like.machine)
    alike = (*finished, _workers().is_not_distinct_from(like.workers), run.c.id != b)
    return select(run.c.id).select_from(run.join(environment)).where(*alike).order_by(run.c.id.desc())


def _holds_one_of(tests: Sequence[int]) -> ColumnElement[bool]:
    """Select the runs of the same suite: where several are recorded, the others know nothing of these tests."""
    result = models.test_result.c
    return select(result.run_id).where(result.run_id == models.run.c.id, result.test_id.in_(tests[:_PROBES])).exists()


def _is_again() -> ColumnElement[bool]:
    """Select the second measurements of nights: a few tests alone are quicker than among all."""
    part = models.run_part.c
    return select(part.run_id).where(part.run_id == models.run.c.id, part.role.endswith(AGAIN, autoescape=True)).exists()


def _passed(connection: Connection, runs: Sequence[int], tests: Sequence[int]) -> Iterator[Row[Any]]:
    result = models.test_result
    statement: Select[Any] = select(result.c.run_id, result.c.test_id, result.c.duration_s)
    first_try = (result.c.attempt == 1, result.c.outcome == outcome_code(Outcome.PASSED), result.c.duration_s.is_not(None))
    for chunk in chunks(tests):
        yield from connection.execute(statement.where(result.c.run_id.in_(runs), result.c.test_id.in_(chunk), *first_try)).all()


def seeds_of(connection: Connection, run_id: int) -> Seeds:
    """Return the last value of each metric by seed, over the finished runs that differ from a run in nothing but the seed.

    That is: of equal code, commit, configuration, data and numerics. Empty where the run has no seed or no code was recorded.
    """
    run, environment = models.run, models.environment
    joined = run.join(environment)
    deciding = (run.c.kind, run.c.code_id, run.c.dataset_id, run.c.git_commit, environment.c.fingerprint)
    own = connection.execute(select(run.c.seed, *deciding).select_from(joined).where(run.c.id == run_id)).one_or_none()
    if own is None or own.seed is None or own.code_id is None:
        return {}
    alike = [column.is_not_distinct_from(value) for column, value in zip(deciding, own[1:], strict=True)]
    statement = (
        select(run.c.id, run.c.seed)
        .select_from(joined)
        .where(*alike, run.c.seed.is_not(None), run.c.status == str(RunStatus.FINISHED))
        .order_by(run.c.id.desc())
        .limit(SEEDS)
    )
    seeds = {row.id: decode_whole(row.seed) for row in connection.execute(statement)}
    params = params_of(connection, [*seeds, run_id])
    same = {number: seed for number, seed in seeds.items() if seed is not None and params.get(number) == params.get(run_id)}
    return _last_values(connection, same)


def _last_values(connection: Connection, seeds: Mapping[int, int]) -> Seeds:
    found: Seeds = {}
    for run_id, name, value in last_values(connection, list(seeds)):
        found.setdefault(name, {})[seeds[run_id]] = value
    return found
