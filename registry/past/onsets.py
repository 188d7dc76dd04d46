"""Since when tests are red and metrics are worse: read from earlier runs, for candidates only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, or_, select

from registry import models
from registry.encoding import OUTCOMES, decode_time, decoding, outcome_code
from registry.origin import Onset, RunPoint
from registry.past.measured import last_values, params_of
from registry.records import Outcome, RunStatus

CANDIDATES = 200
"""Tests whose past is read; of a night in which everything is red, a row of this many says as much."""

BETWEEN = 365
"""Runs between A and B in which a metric is looked up."""

_GOOD = (Outcome.PASSED, Outcome.EXPECTED_FAILURE)


def test_onsets(connection: Connection, b: int, tests: Sequence[int]) -> dict[int, Onset]:
    """Return since when each test is red, of tests that are red in run B; skips and tests that were not reached say nothing."""
    if not tests:
        return {}
    test, red = models.test, tuple(outcome for outcome in OUTCOMES if outcome.is_red)
    last_good = _run_of(test.c.id, _GOOD, models.test_result.c.run_id < b, newest=True)
    # The limit keeps SQLite from working out the last good run again wherever it is named.
    good = select(test.c.id, last_good.label("last_good")).where(test.c.id.in_(tests)).limit(len(tests)).cte("good")
    after_good = models.test_result.c.run_id > func.coalesce(good.c.last_good, 0)
    first_bad = _run_of(good.c.id, red, after_good, models.test_result.c.run_id <= b)
    rows = connection.execute(select(good.c.id, good.c.last_good, first_bad.label("first_bad"))).all()
    points = run_points(connection, {run for row in rows for run in (row.last_good, row.first_bad) if run is not None})
    return {row.id: Onset(points[row.first_bad], points.get(row.last_good)) for row in rows if row.first_bad is not None}


def _run_of(
    test: ColumnElement[int], outcomes: tuple[Outcome, ...], *conditions: ColumnElement[bool], newest: bool = False
) -> ScalarSelect[Any]:
    """Select the first or the newest run in which a test had such an outcome, found by the index from that end."""
    result, run, not_run = models.test_result, models.run, outcome_code(Outcome.NOT_RUN)
    was_finished = select(run.c.id).where(run.c.id == result.c.run_id, run.c.status == str(RunStatus.FINISHED))
    order = result.c.run_id.desc() if newest else result.c.run_id.asc()
    is_told = or_(result.c.outcome != not_run, was_finished.correlate(result).exists())
    return (
        select(result.c.run_id)
        .where(result.c.test_id == test, result.c.outcome.in_(map(outcome_code, outcomes)), is_told, *conditions)
        .order_by(order)
        .limit(1)
        .scalar_subquery()
    )


def tracebacks(connection: Connection, b: int, tests: Sequence[int]) -> dict[int, str]:
    """Return the texts with which tests failed in run B, those of their subtests too."""
    body, found = models.long_text, dict[int, str]()
    for table in (models.test_result, models.subtest_result):
        joined = table.join(body, table.c.traceback_id == body.c.id)
        statement: Select[Any] = select(table.c.test_id, body.c.body).select_from(joined)
        for row in connection.execute(statement.where(table.c.run_id == b, table.c.test_id.in_(tests))):
            found[row.test_id] = f"{found.get(row.test_id, '')}{row.body}\n"
    return found


def metric_series(
    connection: Connection, a: int, b: int, names: Iterable[str]
) -> Mapping[str, tuple[tuple[RunPoint, float], ...]]:
    """Return the last values of metrics from run A to run B, over finished runs between them of B's configuration and seed."""
    wanted = sorted(names)
    if not wanted or a >= b:
        return {}
    runs = [a, *_alike(connection, a, b), b]
    points, found = run_points(connection, runs), dict[str, list[tuple[RunPoint, float]]]()
    for run_id, name, value in last_values(connection, runs, wanted):
        found.setdefault(name, []).append((points[run_id], value))
    return {name: tuple(values) for name, values in found.items()}


def _alike(connection: Connection, a: int, b: int) -> list[int]:
    run, own = models.run.c, models.run.alias()
    is_like_b = (run.kind == own.c.kind, run.seed.is_not_distinct_from(own.c.seed), own.c.id == b)
    between = (run.id > a, run.id < b, run.status == str(RunStatus.FINISHED), *is_like_b)
    runs = connection.execute(select(run.id).where(*between).order_by(run.id.desc()).limit(BETWEEN)).scalars().all()
    params = params_of(connection, [*runs, b])
    return sorted(one for one in runs if params.get(one) == params.get(b))


def run_points(connection: Connection, runs: Iterable[int]) -> dict[int, RunPoint]:
    """Return runs as places in time, by id."""
    with decoding("the list of runs"):
        return {point.id: point for point in _points(connection, sorted(runs))}


def _points(connection: Connection, runs: Sequence[int]) -> Iterator[RunPoint]:
    run = models.run.c
    columns = (run.id, run.name, run.started_us, run.git_commit, run.git_dirty)
    for row in connection.execute(select(*columns).where(run.id.in_(runs))):
        yield RunPoint(row.id, row.name, decode_time(row.started_us), row.git_commit, row.git_dirty)
