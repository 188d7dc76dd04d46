"""Known failures in the database: added, listed, removed, and what a run says about them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select

from registry import models
from registry.details import is_last_attempt
from registry.encoding import OUTCOMES, clean_line, decode_time, decoding, encode_time, key_text, outcome_code
from registry.errors import KnownFailureRefused
from registry.expected.known import KnownFailure, KnownResult, KnownState, state_of
from registry.near import require_test
from registry.records import Run
from registry.storage.chunks import chunks
from registry.storage.database import Database


class KnownFailures:
    """The known failures of a registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, failure: KnownFailure, today: date) -> KnownFailure | None:
        """Add a known failure, and return the one of that test that it takes the place of.

        Raises:
            KnownFailureRefused: A reason or an owner is missing, or the day is over.
            TestNotFound: No run knows the test; the message names near ones.
        """
        reason, owner = ((clean_line(text) or "").strip() for text in (failure.reason, failure.owner))
        if not reason or not owner:
            missing = "owner" if reason else "reason"
            raise KnownFailureRefused(f"the {missing} is empty; say with --{missing} what the next reader needs to know")
        if failure.is_expired(today):
            raise KnownFailureRefused(f"--until {failure.until} is in the past, today is {today}; give today or a later day")
        name, table = key_text(failure.test_id), models.known_failure
        row = {"test": name, "reason": reason, "owner": owner, "until": failure.until.isoformat()}
        with self._database.writing() as connection:
            require_test(connection, name, self._database.location)
            before = next((known for known in listed(connection) if known.test_id == name), None)
            connection.execute(delete(table).where(table.c.test == name))
            connection.execute(insert(table), row | {"added_us": encode_time(failure.added_at)})
        return before

    def listed(self) -> list[KnownFailure]:
        """Return all known failures, in order of test."""
        with self._database.reading() as connection:
            return listed(connection)

    def remove(self, test_id: str) -> KnownFailure:
        """Remove a known failure, and return what it was.

        Raises:
            KnownFailureRefused: The test is none; the message names near ones.
        """
        name = key_text(test_id)
        with self._database.writing() as connection:
            known = {failure.test_id: failure for failure in listed(connection)}
            if name not in known:
                near = difflib.get_close_matches(name, known)
                hint = f"near ones are {', '.join(near)}" if near else "`runner known list` shows those that are"
                raise KnownFailureRefused(f"{test_id!r} is no known failure in {self._database.location}; {hint}")
            connection.execute(delete(models.known_failure).where(models.known_failure.c.test == name))
        return known[name]


def listed(connection: Connection) -> list[KnownFailure]:
    """Return all known failures, in order of test."""
    table = models.known_failure
    with decoding("the list of known failures"):
        return [_failure(row) for row in connection.execute(select(table).order_by(table.c.test)).all()]


def results(connection: Connection, run: Run, reference: Run, failures: Sequence[KnownFailure]) -> tuple[KnownResult, ...]:
    """Return what a run says about the known failures, on the day on which it ran, in order of test.

    Args:
        connection: A connection.
        run: The run.
        reference: What it is compared with.
        failures: The known failures.
    """
    known = {failure.test_id: failure for failure in failures}
    if not known:
        return ()
    day = day_of(run)
    before = {(row.name, row.ordinal): row for row in _last(connection, reference.id, [*known])}
    found = []
    with decoding(f"run {run.name}"):
        for row in _last(connection, run.id, [*known]):
            failure, outcome = known[row.name], OUTCOMES[row.outcome]
            state = state_of(failure, outcome, day, attempts=row.attempt)
            earlier = before.get((row.name, row.ordinal))
            if state is not None:
                then = None if earlier is None else OUTCOMES[earlier.outcome]
                found.append(KnownResult(failure, row.ordinal, outcome, state, row.message, then))
    return tuple(sorted(found, key=lambda result: result.key))


def is_explained(connection: Connection, run_id: int, known: Sequence[KnownFailure]) -> bool:
    """Tell whether a run is red for nothing but known failures, none of which had expired when it ran."""
    result, test, fixture = models.test_result, models.test, models.fixture_result
    red = [outcome_code(outcome) for outcome in OUTCOMES if outcome.is_red]
    if connection.execute(select(fixture.c.seq).where(fixture.c.run_id == run_id, fixture.c.outcome.in_(red)).limit(1)).first():
        return False
    conditions = (result.c.run_id == run_id, result.c.outcome.in_(red), is_last_attempt(result))
    statement = select(test.c.name, result.c.outcome).select_from(result.join(test)).where(*conditions)
    started_us = connection.scalar(select(models.run.c.started_us).where(models.run.c.id == run_id)) or 0
    with decoding(f"run {run_id}"):
        day = decode_time(started_us).astimezone().date()
    may_fail = {failure.test_id: failure for failure in known}
    is_red = False
    # Read one by one: mostly the first tells, and there may be many runs to ask about.
    with decoding(f"run {run_id}"), connection.execute(statement) as rows:
        for row in rows:
            is_red = True
            failure = may_fail.get(row.name)
            if failure is None or state_of(failure, OUTCOMES[row.outcome], day) is not KnownState.MUTED:
                return False
    return is_red


def day_of(run: Run) -> date:
    """Return the day on which a run started, as the clock on the wall says."""
    return run.started_at.astimezone().date()


def _last(connection: Connection, run_id: int, names: Sequence[str]) -> list[Row[Any]]:
    result, test = models.test_result, models.test
    columns = (test.c.name, test.c.ordinal, result.c.outcome, result.c.attempt, result.c.message)
    statement: Select[Any] = (
        select(*columns).select_from(test.join(result)).where(result.c.run_id == run_id, is_last_attempt(result))
    )
    found: list[Row[Any]] = []
    for chunk in chunks(names):
        found += connection.execute(statement.where(test.c.name.in_(chunk))).all()
    return found


def _failure(row: Row[Any]) -> KnownFailure:
    added = decode_time(row.added_us)
    return KnownFailure(row.test, row.reason, row.owner, date.fromisoformat(row.until), added)
