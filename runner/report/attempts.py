"""Several attempts at one test: the last one decides, and one that is green only then is flaky."""

from __future__ import annotations

from collections.abc import Iterable

from registry.records import TestRecord

Attempts = list[TestRecord]


def by_test(results: Iterable[TestRecord]) -> list[Attempts]:
    """Return the attempts at each test, the first one first; the tests in the order in which they come up."""
    found: dict[tuple[str, int], Attempts] = {}
    for record in results:
        found.setdefault((record.test_id, record.ordinal), []).append(record)
    return [sorted(attempts, key=lambda record: record.attempt) for attempts in found.values()]


def is_flaky(attempts: Attempts) -> bool:
    """Tell whether a test is green only because it was tried again."""
    return attempts[-1].attempt > 1 and not attempts[-1].outcome.is_red
