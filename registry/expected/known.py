"""Known failures: tests that may fail for a while. They still run and are recorded, and only their failing is muted. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from registry.comparing.facts import ChangedPair
from registry.comparing.transitions import TestChanges
from registry.origin import TestKey
from registry.records import Outcome


class KnownState(StrEnum):
    """What a run says about a known failure."""

    MUTED = "muted"
    OTHER_CAUSE = "other_cause"
    EXPIRED = "expired"
    PASSES = "passes"


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A test that may fail, why, who looks after it, and the last day on which it may."""

    test_id: str
    reason: str
    owner: str
    until: date
    added_at: datetime

    def is_expired(self, day: date) -> bool:
        """Tell whether the test may not fail any more on a day."""
        return day > self.until


@dataclass(frozen=True, slots=True)
class KnownResult:
    """A known failure in one run.

    Attributes:
        before: Its outcome in the run that this one is compared with; None where it is not there, or where none is.
    """

    failure: KnownFailure
    ordinal: int
    outcome: Outcome
    state: KnownState
    message: str | None = None
    before: Outcome | None = None

    @property
    def key(self) -> TestKey:
        """Id and ordinal of the test."""
        return self.failure.test_id, self.ordinal


def state_of(failure: KnownFailure, outcome: Outcome, day: date, *, attempts: int = 1) -> KnownState | None:
    """Return what an outcome says about a known failure; None where it says nothing.

    A test that did not run has not failed for a reason that anybody knows, and one that is green only when it is tried again
    has not become sound.

    Args:
        failure: The known failure.
        outcome: How the last attempt at the test ended.
        day: The day of the run.
        attempts: How many attempts it took.
    """
    if outcome.is_red:
        if outcome is Outcome.NOT_RUN:
            return None
        return KnownState.EXPIRED if failure.is_expired(day) else KnownState.MUTED
    return KnownState.PASSES if outcome is Outcome.PASSED and attempts == 1 else None


def with_causes(known: Iterable[KnownResult], tests: TestChanges) -> tuple[KnownResult, ...]:
    """Return what is known with those marked that fail for another cause than before, which nobody knew of.

    A test that did not run before had no cause.
    """
    other = {pair.key for pair in tests.still_failing_new_cause if pair.a is not Outcome.NOT_RUN}
    return tuple(
        replace(result, state=KnownState.OTHER_CAUSE) if result.state is KnownState.MUTED and result.key in other else result
        for result in known
    )


def muted(tests: TestChanges, known: Iterable[KnownResult]) -> TestChanges:
    """Return the lists of a diff without the failures that are muted."""
    keys = {result.key for result in known if result.state is KnownState.MUTED}
    if not keys:
        return tests
    return replace(
        tests,
        newly_failing=_without(tests.newly_failing, keys),
        still_failing=_without(tests.still_failing, keys),
        still_failing_new_cause=_without(tests.still_failing_new_cause, keys),
    )


def renamed(tests: TestChanges, failures: Iterable[KnownFailure]) -> tuple[ChangedPair, ...]:
    """Return the tests that probably are known failures of another name, under which nobody knows them yet."""
    known = {failure.test_id for failure in failures}
    lists = (tests.newly_failing, tests.still_failing, tests.still_failing_new_cause, tests.fixed)
    pairs = (pair for members in lists for pair in members)
    return tuple(pair for pair in pairs if pair.renamed_from in known and pair.test_id not in known)


def unmuted(pairs: Iterable[ChangedPair], known: Iterable[KnownResult]) -> tuple[ChangedPair, ...]:
    """Return the pairs of a comparison without those whose failure is muted."""
    return _without(pairs, {result.key for result in known if result.state is KnownState.MUTED})


def _without(pairs: Iterable[ChangedPair], keys: set[TestKey]) -> tuple[ChangedPair, ...]:
    return tuple(pair for pair in pairs if pair.key not in keys)
