"""Two runs side by side, and one test over many runs: joins in SQL, so that only what is asked for leaves the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    FromClause,
    Row,
    Select,
    SmallInteger,
    String,
    and_,
    case,
    cast,
    distinct,
    func,
    null,
    or_,
    select,
    union_all,
)

from registry import models
from registry.details import is_last_attempt, result_record, with_texts
from registry.encoding import OUTCOMES, decoding, key_text, outcome_code
from registry.queries import details
from registry.records import ChangedPair, HistoryEntry, Outcome, RunComparison

DURATION_FLOOR_S = 0.2
"""Both durations of a test that passed twice are told only where they differ by more seconds than this ..."""

DURATION_RATIO = 1.25
"""... and by more than this factor."""


def compare(connection: Connection, a: int, b: int) -> RunComparison:
    """Return the facts about runs A and B that a diff is made from.

    Raises:
        RunNotFound: One of them is not there.
    """
    with decoding(f"run {a} or {b}"):
        changed = _changed(connection, a, b)
    in_both = sum(pair.a is not None and pair.b is not None for pair in changed)
    return RunComparison(
        a=details(connection, a, with_results=False),
        b=details(connection, b, with_results=False),
        changed=changed,
        unchanged=_in_both(connection, a, b) - in_both,
    )


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
        )


def _changed(connection: Connection, a: int, b: int) -> tuple[ChangedPair, ...]:
    pairs = union_all(_from_a(a, b), _only_b(a, b)).subquery()
    test = models.test
    names = ("a", "b", "message", "duration_a_s", "duration_b_s", "attempts_b", "cause_a", "cause_b")
    facts = [pairs.c[name] for name in names]
    statement = (
        select(test.c.name, test.c.ordinal, *facts)
        .select_from(pairs.join(test, test.c.id == pairs.c.test_id))
        .order_by(test.c.name, test.c.ordinal)
    )
    return tuple(_pair(row) for row in connection.execute(statement))


def _pair(row: Row[Any]) -> ChangedPair:
    return ChangedPair(
        test_id=row.name,
        ordinal=row.ordinal,
        a=_outcome(row.a),
        b=_outcome(row.b),
        message=row.message,
        duration_a_s=row.duration_a_s,
        duration_b_s=row.duration_b_s,
        attempts_b=row.attempts_b or 1,
        cause_a=row.cause_a,
        cause_b=row.cause_b,
    )


def _from_a(a: int, b: int) -> Select[tuple[object, ...]]:
    """Select the tests of A that changed or are absent in B."""
    left, right = models.test_result.alias("result_a"), models.test_result.alias("result_b")
    partner = and_(right.c.run_id == b, right.c.test_id == left.c.test_id, is_last_attempt(right))
    return (
        select(
            left.c.test_id,
            left.c.outcome.label("a"),
            right.c.outcome.label("b"),
            case((right.c.test_id.is_(None), left.c.message), else_=right.c.message).label("message"),
            left.c.duration_s.label("duration_a_s"),
            right.c.duration_s.label("duration_b_s"),
            right.c.attempt.label("attempts_b"),
            left.c.cause.label("cause_a"),
            right.c.cause.label("cause_b"),
        )
        .select_from(left.outerjoin(right, partner))
        .where(left.c.run_id == a, is_last_attempt(left), _is_changed(left, right))
    )


def _only_b(a: int, b: int) -> Select[tuple[object, ...]]:
    """Select the tests of B that are absent in A."""
    right, left = models.test_result.alias("result_b"), models.test_result.alias("result_a")
    in_a = select(left.c.test_id).where(left.c.run_id == a, left.c.test_id == right.c.test_id).correlate(right).exists()
    return select(
        right.c.test_id,
        cast(null(), SmallInteger).label("a"),
        right.c.outcome.label("b"),
        right.c.message,
        cast(null(), Double).label("duration_a_s"),
        right.c.duration_s.label("duration_b_s"),
        right.c.attempt.label("attempts_b"),
        cast(null(), String).label("cause_a"),
        right.c.cause.label("cause_b"),
    ).where(right.c.run_id == b, is_last_attempt(right), ~in_a)


def _is_changed(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    before, after = left.c.duration_s, right.c.duration_s
    red = [outcome_code(outcome) for outcome in OUTCOMES if outcome.is_red]
    slower = and_(after - before > DURATION_FLOOR_S, after > DURATION_RATIO * before)
    faster = and_(before - after > DURATION_FLOOR_S, before > DURATION_RATIO * after)
    return or_(
        right.c.test_id.is_(None),
        left.c.outcome != right.c.outcome,
        left.c.outcome.in_(red),
        right.c.attempt > 1,
        and_(left.c.outcome == outcome_code(Outcome.PASSED), or_(slower, faster)),
    )


def _in_both(connection: Connection, a: int, b: int) -> int:
    left, right = models.test_result.alias("result_a"), models.test_result.alias("result_b")
    joined = left.join(right, and_(right.c.run_id == b, right.c.test_id == left.c.test_id))
    statement = select(func.count(distinct(left.c.test_id))).select_from(joined).where(left.c.run_id == a)
    return int(connection.execute(statement).scalar_one())


def _outcome(code: int | None) -> Outcome | None:
    return None if code is None else OUTCOMES[code]
