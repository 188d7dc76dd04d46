"""What hangs on one run: results, fixtures, metrics, checkpoints, data set, coverage."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Table, func, select

from registry import models
from registry.answers import Answers, problem
from registry.encoding import OUTCOMES, decode_lines, decode_number, decode_step, decode_whole, from_json
from registry.records import (
    Checkpoint,
    Coverage,
    Dataset,
    Direction,
    FileCoverage,
    FixtureRecord,
    MetricSummary,
    Outcome,
    Points,
    PollutionRecord,
    Run,
    RunDetails,
    SubtestRecord,
    TensorDigest,
    TestRecord,
)


def read_details(
    connection: Connection, run: Run, *, with_points: bool, with_results: bool, with_counts: bool = True
) -> RunDetails:
    """Return what is recorded about a run; a diff leaves results, their counts and points in the database."""
    return RunDetails(
        run=run,
        counts=_counts(connection, run.id) if with_counts else {},
        results=_results(connection, run.id) if with_results else (),
        fixtures=_fixtures(connection, run.id),
        pollution=_pollution(connection, run.id),
        metrics=_metrics(connection, run.id),
        points=_points(connection, run.id) if with_points else {},
        checkpoints=_checkpoints(connection, run.id),
        dataset=_dataset(connection, run.id),
        coverage=_coverage(connection, run.id),
        answers=_answers(connection, run.id),
    )


def is_last_attempt(result: FromClause) -> ColumnElement[bool]:
    """Return the condition that a result is the last attempt at its test in its run."""
    other = models.test_result.alias()
    same_test = (other.c.run_id == result.c.run_id, other.c.test_id == result.c.test_id)
    last = select(func.max(other.c.attempt)).where(*same_test).correlate(result).scalar_subquery()
    return result.c.attempt == last


def result_record(row: Row[Any], subtests: tuple[SubtestRecord, ...] = ()) -> TestRecord:
    """Return the record of a result that was read with its test's name, its traceback and its output."""
    return TestRecord(
        test_id=row.name,
        ordinal=row.ordinal,
        outcome=OUTCOMES[row.outcome],
        attempt=row.attempt,
        duration_s=row.duration_s,
        message=row.message,
        traceback=row.body,
        worker=row.worker,
        seed=decode_whole(row.seed),
        subtests=subtests,
        subtests_passed=row.subtests_passed,
        output=row.output,
    )


def with_texts(source: FromClause, table: Table) -> tuple[FromClause, tuple[ColumnElement[str | None], ...]]:
    """Return a source joined with traceback and output of a table in it, and these as the columns `body` and `output`."""
    body, output = models.long_text, models.long_text.alias("output_text")
    joined = source.outerjoin(body, table.c.traceback_id == body.c.id).outerjoin(output, table.c.output_id == output.c.id)
    return joined, (body.c.body, output.c.body.label("output"))


def _counts(connection: Connection, run_id: int) -> dict[Outcome, int]:
    """Return how many tests ended in each outcome; of a test that was tried again the last attempt counts."""
    result = models.test_result
    statement = (
        select(result.c.outcome, func.count().label("number"), func.max(result.c.attempt).label("attempts"))
        .where(result.c.run_id == run_id)
        .group_by(result.c.outcome)
        .order_by(result.c.outcome)
    )
    rows = connection.execute(statement).all()
    if any(row.attempts > 1 for row in rows):
        rows = connection.execute(statement.where(is_last_attempt(result))).all()
    return {OUTCOMES[row.outcome]: row.number for row in rows}


def _results(connection: Connection, run_id: int) -> tuple[TestRecord, ...]:
    """Return every attempt, in the order in which the registry got to know the tests."""
    result, test = models.test_result, models.test
    joined, texts = with_texts(result.join(test), result)
    statement = (
        select(result, test.c.name, test.c.ordinal, *texts)
        .select_from(joined)
        .where(result.c.run_id == run_id)
        .order_by(result.c.test_id, result.c.attempt)
    )
    subtests = _subtests(connection, run_id)
    return tuple(result_record(row, subtests.get((row.test_id, row.attempt), ())) for row in connection.execute(statement))


def _subtests(connection: Connection, run_id: int) -> dict[tuple[int, int], tuple[SubtestRecord, ...]]:
    table, body = models.subtest_result, models.long_text
    statement = (
        select(table, body.c.body)
        .select_from(table.outerjoin(body, table.c.traceback_id == body.c.id))
        .where(table.c.run_id == run_id)
        .order_by(table.c.test_id, table.c.attempt, table.c.seq)
    )
    rows = groupby(connection.execute(statement), key=lambda row: (row.test_id, row.attempt))
    return {
        key: tuple(SubtestRecord(row.params, OUTCOMES[row.outcome], row.message, row.body) for row in group)
        for key, group in rows
    }


def _fixtures(connection: Connection, run_id: int) -> tuple[FixtureRecord, ...]:
    table = models.fixture_result
    joined, texts = with_texts(table, table)
    statement = select(table, *texts).select_from(joined).where(table.c.run_id == run_id).order_by(table.c.seq)
    return tuple(
        FixtureRecord(row.name, OUTCOMES[row.outcome], row.message, row.body, row.output) for row in connection.execute(statement)
    )


def _pollution(connection: Connection, run_id: int) -> tuple[PollutionRecord, ...]:
    table = models.pollution
    statement = select(table.c.place, table.c.what, table.c.change).where(table.c.run_id == run_id).order_by(table.c.seq)
    return tuple(PollutionRecord(*row) for row in connection.execute(statement))


def _metrics(connection: Connection, run_id: int) -> tuple[MetricSummary, ...]:
    table, key = models.metric_summary, models.metric_key
    statement = select(table, key.c.name).select_from(table.join(key)).where(table.c.run_id == run_id).order_by(key.c.name)
    return tuple(
        MetricSummary(
            name=row.name,
            last=decode_number(row.last, row.last_kind),
            minimum=None if row.minimum_kind is None else decode_number(row.minimum, row.minimum_kind),
            maximum=None if row.maximum_kind is None else decode_number(row.maximum, row.maximum_kind),
            count=row.count_,
            last_step=decode_step(row.last_step),
            unit=row.unit,
            direction=None if row.direction is None else Direction(row.direction),
        )
        for row in connection.execute(statement.add_columns(table.c["count"].label("count_")))
    )


def _points(connection: Connection, run_id: int) -> dict[str, Points]:
    """Return step and value of each point, in the order of logging."""
    table, key = models.metric_point, models.metric_key
    statement = (
        select(key.c.name, table.c.step, table.c.value, table.c.kind)
        .select_from(table.join(key))
        .where(table.c.run_id == run_id)
        .order_by(key.c.name, table.c.seq)
    )
    rows = groupby(connection.execute(statement), key=lambda row: str(row.name))
    return {name: tuple((decode_step(row.step), decode_number(row.value, row.kind)) for row in group) for name, group in rows}


def _checkpoints(connection: Connection, run_id: int) -> tuple[Checkpoint, ...]:
    table, tensor = models.checkpoint, models.checkpoint_tensor
    statement = select(tensor).where(tensor.c.run_id == run_id).order_by(tensor.c.checkpoint_seq, tensor.c.seq)
    grouped = groupby(connection.execute(statement), key=lambda row: row.checkpoint_seq)
    tensors = {
        seq: tuple(TensorDigest(row.name, row.dtype, _shape(row.shape), row.sha256) for row in rows) for seq, rows in grouped
    }
    return tuple(
        Checkpoint(
            path=row.path,
            size_bytes=row.size_bytes,
            file_sha256=row.file_sha256,
            content_hash=row.content_hash,
            epoch=row.epoch,
            tensors=tensors.get(row.seq, ()),
            random_state=row.random_state,
        )
        for row in connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.seq))
    )


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in text.split(",")) if text else ()


def _dataset(connection: Connection, run_id: int) -> Dataset | None:
    table = models.dataset
    row = connection.execute(select(table).select_from(models.run.join(table)).where(models.run.c.id == run_id)).one_or_none()
    return None if row is None else Dataset(row.name, row.fingerprint, row.train, row.validation, row.test)


def _answers(connection: Connection, run_id: int) -> tuple[Answers, ...]:
    table = models.answers
    statement = select(table.c.split, table.c.examples, table.c.bits).where(table.c.run_id == run_id).order_by(table.c.split)
    found = tuple(Answers(row.split, row.examples, bytes(row.bits)) for row in connection.execute(statement))
    for wrong in filter(None, map(problem, found)):
        raise ValueError(wrong)
    return found


def _coverage(connection: Connection, run_id: int) -> Coverage | None:
    table, body = models.coverage, models.long_text
    statement = select(table.c.percent, body.c.body).select_from(table.join(body)).where(table.c.run_id == run_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    files = from_json(row.body)
    if not isinstance(files, dict):
        return Coverage(row.percent)
    return Coverage(row.percent, tuple(FileCoverage(path, count, decode_lines(lines)) for path, (count, lines) in files.items()))
