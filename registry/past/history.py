"""One test, or one metric, over many runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from registry import models
from registry.details import result_record, with_texts
from registry.encoding import decode_number, decode_time, decode_whole, decoding, key_text
from registry.past.pasts import HistoryEntry, MetricPast, MetricPoint
from registry.records import Direction


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
            started_at=decode_time(row.started_us),
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
            started_at=decode_time(row.started_us),
            commit=row.git_commit,
            seed=decode_whole(row.seed),
            value=decode_number(row.last, row.last_kind),
            duration_s=row.duration_s,
        )
