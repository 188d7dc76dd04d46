"""What each test did when it was last recorded: one step of an index for each test, however many runs there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, FromClause, ScalarSelect, Select, func, select

from registry import models
from registry.details import is_last_attempt
from registry.encoding import OUTCOMES, outcome_code

_FAILED_IMPORT = "unittest.loader._FailedTest."
# Nothing of these makes a test of its own fail: a teardown comes after them, and what an import would have brought is not there.
_AROUND_TESTS = re.compile(r"(?:tearDownClass|tearDownModule|import) \((.+)\)")


@dataclass(frozen=True, slots=True)
class LastFailures:
    """What failed when it was last recorded; ids are as the registry stores them (`registry.encoding.key_text`).

    Attributes:
        tests: (id, ordinal) of each test that was red.
        units: Modules and classes of which an import or a teardown failed, with those of their tests that were recorded since.
    """

    is_anything_recorded: bool
    tests: frozenset[tuple[str, int]] = frozenset()
    units: Mapping[str, frozenset[tuple[str, int]]] = field(default_factory=dict)


def last_failures(connection: Connection) -> LastFailures:
    """Return the tests that were red when they were last recorded, and what failed around tests since then."""
    red = [outcome_code(outcome) for outcome in OUTCOMES if outcome.is_red]
    result = models.test_result
    rows = connection.execute(_last_results("name", "ordinal", "run_id").where(result.c.outcome.in_(red))).all()
    imports = ((name.removeprefix(_FAILED_IMPORT), run_id) for name, _, run_id in rows if name.startswith(_FAILED_IMPORT))
    return LastFailures(
        is_anything_recorded=connection.execute(select(result.c.run_id).limit(1)).first() is not None,
        tests=frozenset((name, ordinal) for name, ordinal, _ in rows if not name.startswith(_FAILED_IMPORT)),
        units={unit: _recorded_after(connection, unit, run_id) for unit, run_id in [*imports, *_failed_around(connection, red)]},
    )


def _last_results(*columns: str) -> Select[Any]:
    """Select columns of each test's last result; `name` and `ordinal` are the test's.

    The tests are grouped, each by itself, so that SQLite walks through them and not through all results.
    """
    test, result = models.test, models.test_result
    tests = select(test.c.id, test.c.name, test.c.ordinal, _last_run(test).label("last_run")).group_by(test.c.id).subquery()
    joined = tests.join(result, (result.c.test_id == tests.c.id) & (result.c.run_id == tests.c.last_run))
    chosen = [tests.c[name] if name in tests.c else result.c[name] for name in columns]
    return select(*chosen).select_from(joined).where(is_last_attempt(result))


def _last_run(test: FromClause) -> ScalarSelect[Any]:
    any_result = models.test_result.alias()
    return select(func.max(any_result.c.run_id)).where(any_result.c.test_id == test.c.id).correlate(test).scalar_subquery()


def _failed_around(connection: Connection, red: Iterable[int]) -> Iterator[tuple[str, int]]:
    """Yield modules and classes of which an import or a teardown failed, each with the last run in which it did."""
    table = models.fixture_result
    statement = select(table.c.name, func.max(table.c.run_id)).where(table.c.outcome.in_(red)).group_by(table.c.name)
    for name, run_id in connection.execute(statement).all():
        found = _AROUND_TESTS.fullmatch(name)
        if found:
            yield found[1], run_id


def _recorded_after(connection: Connection, unit: str, run_id: int) -> frozenset[tuple[str, int]]:
    """Return the tests of a module or class whose own result says more than what failed around them in a run."""
    test = models.test
    below = test.c.name.startswith(f"{unit}.", autoescape=True)
    rows = connection.execute(select(test.c.name, test.c.ordinal).where(below, _last_run(test) > run_id))
    return frozenset((name, ordinal) for name, ordinal in rows)
