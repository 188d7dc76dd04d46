"""Tests that were red and green: the candidates are found in SQL, so that only their results leave the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, Subquery, and_, func, select

from registry import models
from registry.encoding import OUTCOMES, decoding, outcome_code
from registry.past.reliability import FLIPS_SUSPECTED, WINDOW, Reliability, Trial, Unreliable, reliability
from registry.records import Outcome, RunKind

LOOKED_AT = 300
"""Candidates whose results are read, at most."""

_RECENT_RUNS = 10 * WINDOW
_QUIET = (Outcome.SKIPPED, Outcome.NOT_RUN)
_DECIDING = ("python_flags", "shuffle", "shuffle_seed")


def unreliable_tests(connection: Connection) -> Unreliable:
    """Return the tests that are proven to be flaky, then those that are suspected; those that are red most often first.

    Proven is a test that was green only when it was tried again, or that was green in one run and red in another of the same
    code, commit, environment and seed. A test that was red and green and neither of it is not among them.
    """
    conditions = _conditions(connection)
    candidates = {*_retried(connection), *_contradicting(connection, conditions), *_flipping(connection)}
    # One night in which everything fails makes every test a candidate; those that fail in other nights too are worth a look.
    looked_at = sorted(_most_red(connection, candidates)) if len(candidates) > LOOKED_AT else sorted(candidates)
    with decoding("the list of results"):
        rows = groupby(connection.execute(_trials(looked_at)), key=lambda row: row.test_id)
        found = [_reliability(list(group), conditions) for _, group in rows]
    told = [test for test in found if test.is_proven or test.is_suspected]
    told.sort(key=lambda test: (not test.is_proven, -test.rate, -test.flips, test.test_id, test.ordinal))
    return Unreliable(tuple(told), len(candidates) - len(looked_at))


def _most_red(connection: Connection, candidates: Collection[int]) -> list[int]:
    """Return those of the candidates that were red in the most runs."""
    red = _red()
    often = select(red.c.test_id).group_by(red.c.test_id).order_by(func.count().desc(), red.c.test_id)
    return [test for test in connection.scalars(often) if test in candidates][:LOOKED_AT]


def _red(*conditions: ColumnElement[bool]) -> Subquery:
    """Return the tests that were red and the runs in which they were, each pair once.

    The pairs are found in one way through the table, run by run: who groups the table itself by test has each of its rows looked
    up by an index, which takes six times as long, and few are red.
    """
    result = models.test_result.c
    return select(result.run_id, result.test_id).where(result.outcome.in_(_codes(is_red=True)), *conditions).distinct().subquery()


def _codes(*, is_red: bool) -> list[int]:
    """Return the outcomes that tell that a test is red, or green; a test that did not run is neither."""
    return [outcome_code(outcome) for outcome in OUTCOMES if outcome.is_red is is_red and outcome not in _QUIET]


def _conditions(connection: Connection) -> dict[int, object]:
    """Return what decides the outcome of a test, by run; nothing for a run of which it is not all known."""
    run, param = models.run.c, models.run_param.c
    flags = [select(param.value).where(param.run_id == run.id, param.key == key).scalar_subquery() for key in _DECIDING]
    # The code is that in Python; of the other files that a test may read the commit tells.
    columns = (run.id, run.code_id, run.environment_id, run.seed, run.git_commit, *flags)
    known = (run.kind == str(RunKind.TEST), run.code_id.is_not(None), run.environment_id.is_not(None))
    return {row.id: tuple(row[1:]) for row in connection.execute(select(*columns).where(*known))}


def _retried(connection: Connection) -> Iterable[int]:
    """Return the tests that were red, and green when they were tried again in the same run."""
    again, before, after = (models.test_result.alias(name) for name in ("again", "before", "after"))
    # An index holds run, test and attempt of every result, so that only tests that were tried again are looked at themselves.
    tried = select(again.c.run_id, again.c.test_id, again.c.attempt).where(again.c.attempt > 1).subquery()

    def other(result: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(result.c.run_id == tried.c.run_id, result.c.test_id == tried.c.test_id, *conditions)

    red = other(before, before.c.attempt < tried.c.attempt, before.c.outcome.in_(_codes(is_red=True)))
    green = other(after, after.c.attempt == tried.c.attempt, after.c.outcome.in_(_codes(is_red=False)))
    return connection.scalars(select(tried.c.test_id).select_from(tried.join(after, green).join(before, red)).distinct()).all()


def _contradicting(connection: Connection, conditions: dict[int, object]) -> set[int]:
    """Return the tests that were red in one run and green in another under the same conditions."""
    groups: dict[object, list[int]] = {}
    for run_id, key in conditions.items():
        groups.setdefault(key, []).append(run_id)
    found: set[int] = set()
    for runs in groups.values():
        if len(runs) > 1:
            found.update(_both(connection, runs))
    return found


def _both(connection: Connection, runs: Sequence[int]) -> Iterable[int]:
    """Return the tests that were red in one of some runs and green in another."""
    red, green = models.test_result.alias("red"), models.test_result.alias("green")
    ever_red = select(red.c.test_id).where(red.c.run_id.in_(runs), red.c.outcome.in_(_codes(is_red=True))).distinct().subquery()
    # Few are ever red: for each of them one step of an index tells whether it was green.
    was_green = select(green.c.test_id).where(
        green.c.test_id == ever_red.c.test_id, green.c.run_id.in_(runs), green.c.outcome.in_(_codes(is_red=False))
    )
    return connection.scalars(select(ever_red.c.test_id).where(was_green.exists())).all()


def _flipping(connection: Connection) -> Iterable[int]:
    """Return the tests that were red in so many of the latest runs that they may have flipped, and green in one."""
    run = models.run.c
    newest = select(run.id).where(run.kind == str(RunKind.TEST)).order_by(run.id.desc()).limit(_RECENT_RUNS)
    runs = connection.scalars(newest).all()
    if not runs:
        return []
    red = _red(models.test_result.c.run_id >= min(runs))
    often = select(red.c.test_id).group_by(red.c.test_id).having(func.count() >= FLIPS_SUSPECTED).subquery()
    green = models.test_result.alias("green")
    was_green = select(green.c.test_id).where(
        green.c.test_id == often.c.test_id, green.c.run_id >= min(runs), green.c.outcome.in_(_codes(is_red=False))
    )
    return connection.scalars(select(often.c.test_id).where(was_green.exists())).all()


def _trials(tests: Sequence[int]) -> Select[Any]:
    result, test, run = models.test_result, models.test, models.run
    columns = (result.c.test_id, result.c.run_id, result.c.outcome, test.c.name, test.c.ordinal, run.c.name.label("run"))
    joined = result.join(test).join(run, run.c.id == result.c.run_id)
    order = (result.c.test_id, result.c.run_id, result.c.attempt)
    return select(*columns).select_from(joined).where(result.c.test_id.in_(tests)).order_by(*order)


def _reliability(rows: Sequence[Row[Any]], conditions: dict[int, object]) -> Reliability:
    trials = []
    for run_id, group in groupby(rows, key=lambda row: row.run_id):
        attempts = list(group)
        outcomes = tuple(OUTCOMES[row.outcome] for row in attempts)
        trials.append(Trial(run_id, attempts[0].run, conditions.get(run_id), outcomes))
    return reliability(rows[0].name, rows[0].ordinal, trials)
