"""One test, or one metric, over many runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from registry import models
from registry.details import result_record, with_texts
from registry.encoding import decode_number, decode_whole, decoding, key_text
from registry.errors import AmbiguousName, TestNotFound
from registry.near import near_names
from registry.past.pasts import HistoryEntry, MetricPast, MetricPoint
from registry.records import Direction

_MOST_NAMED = 5
_LOOKED_AT = 200_000


def find_subject(connection: Connection, name: str, location: str, *, is_metric: bool | None = None) -> tuple[str, bool]:
    """Return the id of the test or the name of the metric that is meant, and whether it is a metric.

    The end of an id is enough where it is that of one test only.

    Raises:
        AmbiguousName: A test and a metric, or several tests, are called so.
        TestNotFound: Nothing is; the message names near ones.
    """
    test, key = models.test.c, models.metric_key.c
    stored = key_text(name)
    as_test = is_metric is not True and connection.execute(select(test.id).where(test.name == stored).limit(1)).first()
    as_metric = is_metric is not False and connection.execute(select(key.id).where(key.name == stored)).first()
    if as_test and as_metric:
        raise AmbiguousName(f"{name!r} is a test and a metric in {location}; say which with --test or --metric")
    if as_test or as_metric:
        return stored, bool(as_metric)
    newest = select(test.name).order_by(test.id.desc()).limit(_LOOKED_AT)
    tests = [] if is_metric else list(dict.fromkeys(connection.scalars(newest)))
    ending = [one for one in tests if one.endswith(f".{stored}")]
    if len(ending) == 1:
        return ending[0], False
    if ending:
        more = f" and {len(ending) - _MOST_NAMED:,} more" if len(ending) > _MOST_NAMED else ""
        named = ", ".join(ending[:_MOST_NAMED])
        raise AmbiguousName(f"{len(ending):,} tests in {location} end in {name!r}: {named}{more}; give more of the id")
    near = near_names(stored, [*connection.scalars(select(key.name)), *tests[: _LOOKED_AT // 10]])
    hint = f"near ones are {', '.join(near)}" if near else "`runner show RUN` lists those of a run"
    raise TestNotFound(f"no run in {location} knows a test or a metric {name!r}; {hint}")


def history(connection: Connection, test_id: str, limit: int) -> list[HistoryEntry]:
    """Return the latest attempts at the tests of an id, newest run first; subtests stay in the database."""
    result, test, run = models.test_result, models.test, models.run
    joined, texts = with_texts(test.join(result).join(run, run.c.id == result.c.run_id), result)
    statement = (
        select(result, test.c.name, test.c.ordinal, *texts, run.c.name.label("run_name"), run.c.started_us, run.c.git_commit)
        .select_from(joined)
        .where(test.c.name == key_text(test_id))
        .order_by(result.c.run_id.desc(), test.c.ordinal, result.c.attempt)
        .limit(limit)
    )
    return [_history_entry(row) for row in connection.execute(statement)]


def _history_entry(row: Row[Any]) -> HistoryEntry:
    with decoding(f"run {row.run_name}"):
        return HistoryEntry(
            run_id=row.run_id,
            run_name=row.run_name,
            started_at=datetime.fromtimestamp(row.started_us / 1e6, UTC),
            commit=row.git_commit,
            result=result_record(row),
            cause=row.cause,
        )


def metric_history(connection: Connection, name: str, limit: int) -> MetricPast:
    """Return the last value of a metric in each of the latest runs that have it, newest first."""
    table, key, run = models.metric_summary, models.metric_key, models.run
    number = select(key.c.id).where(key.c.name == key_text(name)).scalar_subquery()
    columns = (run.c.id, run.c.name, run.c.started_us, run.c.git_commit, run.c.seed, run.c.duration_s)
    statement: Select[Any] = (
        select(*columns, table.c.last, table.c.last_kind, table.c.direction, table.c.unit)
        .select_from(run.join(table, (table.c.run_id == run.c.id) & (table.c.key_id == number)))
        .order_by(run.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(statement).all()
    direction = next((row.direction for row in rows if row.direction is not None), None)
    with decoding(f"the metric {name}"):
        better = None if direction is None else Direction(direction)
    return MetricPast(
        name=name,
        direction=better,
        unit=next((row.unit for row in rows if row.unit is not None), None),
        points=tuple(_metric_point(row) for row in rows),
    )


def _metric_point(row: Row[Any]) -> MetricPoint:
    with decoding(f"run {row.name}"):
        return MetricPoint(
            run_id=row.id,
            run_name=row.name,
            started_at=datetime.fromtimestamp(row.started_us / 1e6, UTC),
            commit=row.git_commit,
            seed=decode_whole(row.seed),
            value=decode_number(row.last, row.last_kind),
            duration_s=row.duration_s,
        )
