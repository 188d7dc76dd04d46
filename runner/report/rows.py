"""Which of the tests that changed a report shows: the important lists first, each cause a few times, a few hundred rows in all.

A run in which ten thousand tests fail has few causes, and nobody reads ten thousand rows. What is left out is counted. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from registry.comparing.facts import ChangedPair
from registry.diff import Diff
from registry.origin import TestKey
from registry.records import Outcome
from registry.regress import Verdict


class Transition(NamedTuple):
    """A list of `registry.comparing.transitions.TestChanges`: its name there, its words, and the colour in which it is told."""

    name: str
    words: str
    colour: str


TRANSITIONS: Final = (
    Transition("newly_failing", "newly failing", "red"),
    Transition("still_failing_new_cause", "still failing for another cause", "yellow"),
    Transition("still_failing", "still failing", "red"),
    Transition("fixed", "fixed", "green"),
    Transition("removed", "removed", "yellow"),
    Transition("renamed", "probably renamed", "green"),
    Transition("added", "added", "green"),
    Transition("newly_skipped", "newly skipped", "yellow"),
    Transition("no_longer_skipped", "no longer skipped", "green"),
    Transition("expected_to_fail", "now expected to fail", "yellow"),
    Transition("slower", "slower", "yellow"),
    Transition("faster", "faster", "green"),
    Transition("flaky", "flaky", "yellow"),
)
"""The lists in the order of a report."""

MOST_ROWS: Final = 300
MOST_OF_A_LIST: Final = 60
MOST_OF_A_CAUSE: Final = 10


@dataclass(frozen=True, slots=True)
class Rows:
    """The tests of one list that are shown.

    Attributes:
        transition: The list.
        total: How many tests are in it.
        pairs: Those that are shown: by cause where they are red, as in the diff otherwise.
    """

    transition: Transition
    total: int
    pairs: tuple[ChangedPair, ...]

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.total - len(self.pairs)


def rows(diff: Diff) -> tuple[Rows, ...]:
    """Return the lists of a diff that hold something, each with the tests that are shown."""
    room, found = MOST_ROWS, []
    for transition in TRANSITIONS:
        pairs: tuple[ChangedPair, ...] = getattr(diff.tests, transition.name)
        if pairs:
            shown = tuple(_important(pairs, diff))[: min(room, MOST_OF_A_LIST)]
            room -= len(shown)
            found.append(Rows(transition, len(pairs), shown))
    return tuple(found)


def colour_in(diff: Diff, transition: Transition) -> str:
    """Return the colour in which a diff tells a list, empty for none: slower tests alarm nobody before a rule says so."""
    alarming = (Verdict.REGRESSED, Verdict.SUSPECTED)
    if transition.name == "slower" and not any(pace.verdict in alarming for pace in diff.paces.values()):
        return ""
    return transition.colour


def shown_tests(diff: Diff) -> tuple[TestKey, ...]:
    """Return id and ordinal of each test that is shown."""
    return tuple(pair.key for group in rows(diff) for pair in group.pairs)


def by_cause(pairs: Iterable[ChangedPair]) -> list[list[ChangedPair]]:
    """Return the tests that are red for one cause in one way together, any other by itself, in order of the first of each."""
    groups: dict[object, list[ChangedPair]] = {}
    for pair in pairs:
        key = (pair.cause_b, pair.a, pair.b) if pair.cause_b else pair.key
        groups.setdefault(key, []).append(pair)
    return list(groups.values())


def _important(pairs: tuple[ChangedPair, ...], diff: Diff) -> Iterator[ChangedPair]:
    """Yield tests that ran before those that did not, slower ones by their verdict, and of each cause the first few."""
    ranks = list(Verdict)

    def order(pair: ChangedPair) -> tuple[bool, int, float]:
        pace = diff.paces.get(pair.key)
        is_timed = pair.a is pair.b is Outcome.PASSED
        longer_s = abs((pair.duration_b_s or 0.0) - (pair.duration_a_s or 0.0)) if is_timed else 0.0
        return pair.b is Outcome.NOT_RUN, ranks.index(pace.verdict) if pace else len(ranks), -longer_s

    for group in by_cause(sorted(pairs, key=order)):
        yield from group[:MOST_OF_A_CAUSE]
