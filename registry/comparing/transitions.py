"""Tests on both sides sorted by what became of them, and their failures by cause. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registry.comparing.facts import ChangedPair
from registry.comparing.renaming import with_renames
from registry.records import Outcome


@dataclass(frozen=True, slots=True)
class TestChanges:
    """The tests that differ, each in exactly one list; a test that is new and red is newly failing.

    `renamed` holds those that probably have another name now and are otherwise as they were; such a test that changed its outcome
    stands in that list instead, and tells its earlier name.
    """

    newly_failing: tuple[ChangedPair, ...] = ()
    still_failing: tuple[ChangedPair, ...] = ()
    still_failing_new_cause: tuple[ChangedPair, ...] = ()
    fixed: tuple[ChangedPair, ...] = ()
    added: tuple[ChangedPair, ...] = ()
    removed: tuple[ChangedPair, ...] = ()
    renamed: tuple[ChangedPair, ...] = ()
    newly_skipped: tuple[ChangedPair, ...] = ()
    no_longer_skipped: tuple[ChangedPair, ...] = ()
    expected_to_fail: tuple[ChangedPair, ...] = ()
    slower: tuple[ChangedPair, ...] = ()
    faster: tuple[ChangedPair, ...] = ()
    flaky: tuple[ChangedPair, ...] = ()
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """The tests that are red in B for one cause.

    Attributes:
        is_new: Whether no test was red for it in A; None where the causes of A are not all known.
        example: One of the tests.
    """

    cause: str
    tests: int
    is_new: bool | None
    example: ChangedPair


def clusters(pairs: Iterable[ChangedPair]) -> tuple[Cluster, ...]:
    """Return the causes for which tests are red in B, the new ones first, then the one of most tests."""
    before: set[str | None] = set()
    members: dict[str, list[ChangedPair]] = {}
    for pair in sorted(pairs, key=lambda pair: pair.key):
        if pair.a is not None and pair.a.is_red:
            before.add(pair.cause_a)
        if pair.b is not None and pair.b.is_red and pair.cause_b is not None:
            members.setdefault(pair.cause_b, []).append(pair)
    unknown = None if None in before else True
    found = [Cluster(cause, len(red), False if cause in before else unknown, red[0]) for cause, red in members.items()]
    return tuple(sorted(found, key=lambda cluster: (cluster.is_new is False, -cluster.tests, cluster.example.test_id)))


def classify(pairs: Iterable[ChangedPair], unchanged: int = 0) -> TestChanges:
    """Sort changed pairs into the lists of `TestChanges`, each in order of test id."""
    lists: dict[str, list[ChangedPair]] = {}
    for pair in sorted(with_renames(pairs), key=lambda pair: pair.key):
        lists.setdefault("flaky" if pair.is_flaky else _transition(pair), []).append(pair)
    unchanged += len(lists.pop("unchanged", ()))
    return TestChanges(unchanged=unchanged, **{name: tuple(members) for name, members in lists.items()})


def _transition(pair: ChangedPair) -> str:
    if pair.a is None:
        return _first_seen(pair.b)
    if pair.b is None:
        return "removed"
    if pair.b.is_red:
        return _to_red(pair, pair.a, pair.b)
    if pair.a is pair.b:
        return _pace(pair) if pair.renamed_from is None else "renamed"
    if Outcome.SKIPPED in (pair.a, pair.b):
        return "newly_skipped" if pair.b is Outcome.SKIPPED else "no_longer_skipped"
    return "expected_to_fail" if pair.b is Outcome.EXPECTED_FAILURE else "fixed"


def _first_seen(b: Outcome | None) -> str:
    if b is None:
        return "unchanged"
    return "newly_failing" if b.is_red else "added"


def _to_red(pair: ChangedPair, a: Outcome, b: Outcome) -> str:
    if not a.is_red:
        return "newly_failing"
    # A result of an older release has no cause, and that of a test's own code names the test, so that under another name it tells
    # nothing: then only the outcome can.
    is_unknown = None in (pair.cause_a, pair.cause_b) or pair.renamed_from is not None
    is_same = a is b and (is_unknown or pair.cause_a == pair.cause_b)
    return "still_failing" if is_same else "still_failing_new_cause"


def _pace(pair: ChangedPair) -> str:
    a, b = pair.duration_a_s, pair.duration_b_s
    if pair.a is Outcome.SKIPPED or a is None or b is None or not (a < b or b < a):
        return "unchanged"
    return "slower" if b > a else "faster"
