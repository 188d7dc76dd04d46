"""Two runs side by side: joins in SQL, so that only what is asked for leaves the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

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
    func,
    literal,
    null,
    or_,
    select,
)

from registry import models
from registry.comparing.facts import ChangedPair, RunComparison
from registry.details import is_last_attempt
from registry.encoding import OUTCOMES, decoding, outcome_code
from registry.origin import Trail
from registry.past.onsets import CANDIDATES, metric_series, test_onsets, tracebacks
from registry.past.samples import earlier_durations, seeds_of
from registry.queries import details
from registry.records import Outcome, RunDetails
from registry.regress import DURATION_FLOOR_S, DURATION_RATIO


class _Sides(NamedTuple):
    """Two runs. Where tests were tried again their last attempt counts, which costs a look at each test's others."""

    a: int
    b: int
    is_retried: bool = False

    def last_of_a(self, result: FromClause) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that a result of A is the last attempt at its test."""
        return (is_last_attempt(result),) if self.is_retried else ()

    def last_of_b(self, result: FromClause) -> ColumnElement[bool]:
        """Return the condition that a result of B is the last attempt at its test."""
        return is_last_attempt(result) if self.is_retried else result.c.attempt == 1


def compare(connection: Connection, a: int, b: int) -> RunComparison:
    """Return the facts about runs A and B that a diff is made from.

    Raises:
        RunNotFound: One of them is not there.
    """
    side_a, side_b = (details(connection, run, with_results=False, with_counts=False) for run in (a, b))
    with decoding(f"run {a} or {b}"):
        results_b, timed = _results_and_timed(connection, b)
        rows, unchanged = _once_tried(connection, a, b, results_b) or _changed(connection, _Sides(a, b, is_retried=True))
        changed = tuple(sorted(map(_pair, rows), key=lambda pair: pair.key))
    slower = {row.id: (row.name, row.ordinal) for row in rows if _is_slower(row)}
    differing = _differing_metrics(side_a, side_b)
    return RunComparison(
        a=side_a,
        b=side_b,
        changed=changed,
        unchanged=unchanged,
        timed=timed if slower else 0,
        earlier={slower[test]: found for test, found in earlier_durations(connection, a, b, list(slower)).items()},
        seeds_a=seeds_of(connection, a),
        seeds_b=seeds_of(connection, b),
        trail=replace(_trail(connection, b, rows), series=metric_series(connection, a, b, differing)),
    )


def _once_tried(connection: Connection, a: int, b: int, results_b: int) -> tuple[list[Row[Any]], int] | None:
    """Return what `_changed` does where no test was tried again, which is found out on the way; None where one was.

    To look for one attempt by its whole key costs a fifth less than to look for all.
    """
    runs = _Sides(a, b)
    results_a = _number(connection, a)
    rows = _rows(connection, _from_a(runs))
    in_both = results_a - sum(row.b is None for row in rows)
    if any(row.attempts_a > 1 for row in rows) or (results_b > in_both and _is_retried(connection, b)):
        return None
    # Looking for what is new costs as much as the join, and mostly the numbers tell that there is nothing.
    return rows + (_rows(connection, _only_b(runs)) if results_b > in_both else []), results_a - len(rows)


def _changed(connection: Connection, runs: _Sides) -> tuple[list[Row[Any]], int]:
    """Return the tests that changed, and the number of the others in A."""
    rows = _rows(connection, _from_a(runs))
    return rows + _rows(connection, _only_b(runs)), _number(connection, runs.a, of_tests=True) - len(rows)


def _number(connection: Connection, run_id: int, *, of_tests: bool = False) -> int:
    """Return how many results a run has, or of how many tests."""
    result = models.test_result
    number = func.count(result.c.test_id.distinct()) if of_tests else func.count()
    return int(connection.execute(select(number).select_from(result).where(result.c.run_id == run_id)).scalar_one())


def _results_and_timed(connection: Connection, b: int) -> tuple[int, int]:
    """Return how many results B has, and how many are of tests that passed and took long enough to be slower by the floors."""
    result = models.test_result
    could_be_slower = and_(result.c.duration_s > DURATION_FLOOR_S, result.c.outcome == outcome_code(Outcome.PASSED))
    numbers = select(func.count(), func.count().filter(could_be_slower)).select_from(result).where(result.c.run_id == b)
    results, timed = connection.execute(numbers).one()
    return int(results), int(timed)


def _is_retried(connection: Connection, run_id: int) -> bool:
    result = models.test_result
    again = select(result.c.run_id).where(result.c.run_id == run_id, result.c.attempt > 1).limit(1)
    return connection.execute(again).first() is not None


def _differing_metrics(a: RunDetails, b: RunDetails) -> set[str]:
    before = {metric.name: metric.last for metric in a.metrics}
    return {metric.name for metric in b.metrics if metric.name in before and before[metric.name] != metric.last}


def _trail(connection: Connection, b: int, rows: Sequence[Row[Any]]) -> Trail:
    """Return the past of tests that are red in B: the newly failing first, and of each cause one before any has two."""
    red = [row for row in rows if row.b is not None and OUTCOMES[row.b].is_red]
    seen = Counter[object]()
    ranked = []
    for row in red:
        cause = row.cause_b or row.id
        ranked.append((seen[cause], row.a is not None and OUTCOMES[row.a].is_red, row.name, row.ordinal, row.id))
        seen[cause] += 1
    tests = {test: (name, ordinal) for *_, name, ordinal, test in sorted(ranked)[:CANDIDATES]}
    return Trail(
        {tests[test]: onset for test, onset in test_onsets(connection, b, list(tests)).items()},
        {tests[test]: text for test, text in tracebacks(connection, b, list(tests)).items()},
    )


def _is_slower(row: Row[Any]) -> bool:
    is_timed = row.duration_a_s is not None and row.duration_b_s is not None
    return is_timed and row.a == row.b == outcome_code(Outcome.PASSED) and row.duration_a_s < row.duration_b_s


def _rows(connection: Connection, pairs: Select[tuple[object, ...]]) -> list[Row[Any]]:
    """Return pairs with the names of their tests."""
    found, test = pairs.subquery(), models.test
    names = ("a", "b", "message", "duration_a_s", "duration_b_s", "attempts_a", "attempts_b", "cause_a", "cause_b")
    statement = select(test.c.id, test.c.name, test.c.ordinal, *(found.c[name] for name in names))
    return list(connection.execute(statement.select_from(found.join(test, test.c.id == found.c.test_id))).all())


def _pair(row: Row[Any]) -> ChangedPair:
    return ChangedPair(
        test_id=row.name,
        ordinal=row.ordinal,
        a=_outcome(row.a),
        b=_outcome(row.b),
        message=row.message,
        duration_a_s=row.duration_a_s,
        duration_b_s=row.duration_b_s,
        attempts_b=row.attempts_b,
        cause_a=row.cause_a,
        cause_b=row.cause_b,
    )


def _from_a(runs: _Sides) -> Select[tuple[object, ...]]:
    """Select the tests of A that changed or are absent in B."""
    left, right = models.test_result.alias("result_a"), models.test_result.alias("result_b")
    partner = and_(right.c.run_id == runs.b, right.c.test_id == left.c.test_id, runs.last_of_b(right))
    return (
        select(
            left.c.test_id,
            left.c.outcome.label("a"),
            right.c.outcome.label("b"),
            case((right.c.test_id.is_(None), left.c.message), else_=right.c.message).label("message"),
            left.c.duration_s.label("duration_a_s"),
            right.c.duration_s.label("duration_b_s"),
            func.coalesce(left.c.attempt, 1).label("attempts_a"),
            func.coalesce(right.c.attempt, 1).label("attempts_b"),
            left.c.cause.label("cause_a"),
            right.c.cause.label("cause_b"),
        )
        .select_from(left.outerjoin(right, partner))
        .where(left.c.run_id == runs.a, *runs.last_of_a(left), _is_changed(left, right, is_retried=runs.is_retried))
    )


def _only_b(runs: _Sides) -> Select[tuple[object, ...]]:
    """Select the tests of B that are absent in A."""
    right, left = models.test_result.alias("result_b"), models.test_result.alias("result_a")
    in_a = select(left.c.test_id).where(left.c.run_id == runs.a, left.c.test_id == right.c.test_id).correlate(right).exists()
    return select(
        right.c.test_id,
        cast(null(), SmallInteger).label("a"),
        right.c.outcome.label("b"),
        right.c.message,
        cast(null(), Double).label("duration_a_s"),
        right.c.duration_s.label("duration_b_s"),
        literal(1).label("attempts_a"),
        right.c.attempt.label("attempts_b"),
        cast(null(), String).label("cause_a"),
        right.c.cause.label("cause_b"),
    ).where(right.c.run_id == runs.b, runs.last_of_b(right), ~in_a)


def _is_changed(left: FromClause, right: FromClause, *, is_retried: bool) -> ColumnElement[bool]:
    """Return what is asked of each pair; nearly all passed twice and come to the last question, so those before are cheap."""
    passed, before, after = outcome_code(Outcome.PASSED), left.c.duration_s, right.c.duration_s
    red = [outcome_code(outcome) for outcome in OUTCOMES if outcome.is_red]
    return or_(
        # Another outcome, or none in B.
        left.c.outcome.is_distinct_from(right.c.outcome),
        *((right.c.attempt > 1,) if is_retried else ()),
        # Only to find out whether any test was tried again in A: then all is asked once more, exactly.
        *(() if is_retried else (left.c.attempt > 1,)),
        and_(left.c.outcome != passed, left.c.outcome.in_(red)),
        and_(
            or_(after > DURATION_FLOOR_S, before > DURATION_FLOOR_S),
            left.c.outcome == passed,
            func.abs(after - before) > DURATION_FLOOR_S,
            or_(after > DURATION_RATIO * before, before > DURATION_RATIO * after),
        ),
    )


def _outcome(code: int | None) -> Outcome | None:
    return None if code is None else OUTCOMES[code]
