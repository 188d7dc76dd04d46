"""What the registry tells about two runs side by side: the facts that a diff is made from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.origin import TestKey, Trail
from registry.records import Outcome, RunDetails


@dataclass(frozen=True, slots=True)
class ChangedPair:
    """One test whose last attempt differs between two runs, as the self-join returns it; None on a side where it is absent.

    Attributes:
        attempts_b: How many attempts B took.
        cause_a: Hash of why it is red in A; None where it is not, or where that was not recorded. Likewise `cause_b`.
        renamed_from: The id that it probably had in A.
    """

    test_id: str
    ordinal: int
    a: Outcome | None
    b: Outcome | None
    message: str | None = None
    duration_a_s: float | None = None
    duration_b_s: float | None = None
    attempts_b: int = 1
    cause_a: str | None = None
    cause_b: str | None = None
    renamed_from: str | None = None

    @property
    def key(self) -> TestKey:
        """Id and ordinal of the test."""
        return self.test_id, self.ordinal

    @property
    def is_flaky(self) -> bool:
        """Tell whether the test was green in B only when it was tried again."""
        return self.b is not None and not self.b.is_red and self.attempts_b > 1


@dataclass(frozen=True, slots=True)
class EarlierDurations:
    """How long a test took in earlier runs on the machine of B.

    Attributes:
        before: Seconds in the latest runs up to A, newest first.
        between_s: Seconds in the last run between A and B; None where there is none.
    """

    before: tuple[float, ...] = ()
    between_s: float | None = None


@dataclass(frozen=True, slots=True)
class RunComparison:
    """The facts about runs A and B that a diff is made from.

    Attributes:
        changed: Pairs of tests with another outcome, red on both sides, tried again in B, or with durations past the floors.
        unchanged: How many tests are in none of those pairs.
        timed: How many tests of B passed and took long enough to be slower by the floors; 0 where none is slower.
        earlier: Earlier durations of those that are slower, by id and ordinal.
        seeds_a: Last values of A's metrics by name and seed, over all runs that differ from A in the seed only. So `seeds_b`.
    """

    a: RunDetails
    b: RunDetails
    changed: tuple[ChangedPair, ...] = ()
    unchanged: int = 0
    timed: int = 0
    earlier: Mapping[TestKey, EarlierDurations] = field(default_factory=dict)
    seeds_a: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    seeds_b: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)
