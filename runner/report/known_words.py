"""The words in which every format tells of known failures. Pure."""

from __future__ import annotations

from typing import Final

from registry.expected.known import KnownResult, KnownState
from runner.report.words import outcome_words

COLOURS: Final = {
    KnownState.EXPIRED: "red",
    KnownState.OTHER_CAUSE: "yellow",
    KnownState.MUTED: "yellow",
    KnownState.PASSES: "green",
}
"""The colour of each state, by the names that terminals know; the worst first."""

_WHEN: Final = {
    KnownState.EXPIRED: "known failure expired on {}",
    KnownState.OTHER_CAUSE: "fails for another cause than before, known until {}",
    KnownState.MUTED: "muted until {}",
}


def known_test(result: KnownResult) -> str:
    """Return the id of the test, with its ordinal where it has one."""
    return result.failure.test_id + (f" #{result.ordinal}" if result.ordinal else "")


def known_state(result: KnownResult) -> str:
    """Return what the run says about the known failure, such as "muted until 2026-12-31, owner ann: waits for a driver"."""
    failure = result.failure
    if result.state is KnownState.PASSES:
        return f"passes now, remove me: runner known remove {failure.test_id}"
    return f"{_WHEN[result.state].format(failure.until)}, owner {failure.owner}: {failure.reason}"


def known_outcome(result: KnownResult) -> str:
    """Return what became of the test, with its message."""
    told = f"{outcome_words(result.before)} -> {outcome_words(result.outcome)}"
    return f"{told}: {result.message}" if result.message else told
