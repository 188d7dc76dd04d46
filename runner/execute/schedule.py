"""What is left to run: each test waits, is given to a worker as part of a unit, and ends once."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from runner.errors import WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from runner.events import TestKey
    from runner.execute.options import Selection

_UNFINISHED, _ENDED = range(2)

Range = tuple[int, int]
"""Positions start <= position < stop, in load order."""
Unit = list[Range]
"""Tests that one worker runs in one go, for they share a class or a module fixture; in the order to run."""


def keys_of(ids: Sequence[str], ordinals: Sequence[int] = ()) -> list[TestKey]:
    """Number the tests of each id in load order, which is that of the ids unless their ordinals are given."""
    if ordinals:
        return list(zip(ids, ordinals, strict=True))
    seen: dict[str, int] = {}
    keys = []
    for test_id in ids:
        ordinal = seen.get(test_id, 0)
        seen[test_id] = ordinal + 1
        keys.append((test_id, ordinal))
    return keys


@dataclass(frozen=True, slots=True)
class Suite:
    """The suite as a worker found it.

    Attributes:
        ids: `TestCase.id()` in load order; ids may repeat.
        starts: Positions at which a unit starts, ascending.
        blocks: Positions of the suites that run as a whole.
        exclusive: Positions of the tests of classes that run while no other unit does.
        ordinals: Of each test, which of those of its id it was in load order; empty where the order is that.
    """

    ids: Sequence[str] = ()
    starts: Sequence[int] = ()
    blocks: Sequence[Range] = ()
    exclusive: Sequence[int] = ()
    ordinals: Sequence[int] = ()

    @property
    def keys(self) -> list[TestKey]:
        """The identity of each test."""
        return keys_of(self.ids, self.ordinals)


class Schedule:
    """The tests of a run, by their position in load order, and how far each is.

    Args:
        suite: What was loaded.
        order: The positions to run, in the order in which to run them; None runs all of them in load order.
        shares: Whether units run beside each other; exclusive ones then wait for the end.
    """

    def __init__(self, suite: Suite, order: Sequence[int] | None = None, *, shares: bool = False) -> None:
        self.suite = suite
        self.keys = suite.keys
        borders = list(zip(suite.starts, [*suite.starts[1:], len(self.keys)], strict=False))
        self.order = range(len(self.keys)) if order is None else order
        self.is_ordered = order is not None and list(order) != sorted(order)
        self._states = bytearray(len(self.keys)) if order is None else _only(order, len(self.keys))
        self.collected = self._unfinished = len(self.order)
        self._exclusive = frozenset(suite.exclusive if shares else ())
        everything = [[border] for border in borders] if order is None else _regrouped(order, borders)
        if not self.keys:  # a suite may make its tests only when it runs
            everything = [[(0, 0)]]
        self.units = len(everything)
        self._waiting = deque(unit for unit in everything if not self._is_exclusive(unit))
        self._waiting_alone = deque(unit for unit in everything if self._is_exclusive(unit))

    @property
    def is_complete(self) -> bool:
        """Tell whether every test ended."""
        return self._unfinished == 0

    @property
    def waiting(self) -> int:
        """How many units wait that may run beside others."""
        return len(self._waiting)

    @property
    def waiting_alone(self) -> int:
        """How many units wait that must run alone."""
        return len(self._waiting_alone)

    def start_longest_first(self, expected_s: Mapping[TestKey, float]) -> None:
        """Sort the waiting units by the time that they are expected to take; one of which nothing is known comes first."""

        def duration(unit: Unit) -> float:
            known = [expected_s.get(self.keys[place], -1.0) for start, stop in unit for place in range(start, stop)]
            return float("inf") if all(seconds < 0 for seconds in known) else sum(seconds for seconds in known if seconds > 0)

        self._waiting = deque(sorted(self._waiting, key=duration, reverse=True))

    def take_all(self) -> Unit:
        """Give out everything that waits, for a single worker."""
        ranges = _joined(place for unit in self._waiting for place in unit)
        self._waiting.clear()
        return ranges

    def take(self) -> Unit | None:
        """Give out the next unit that may run beside others."""
        return self._waiting.popleft() if self._waiting else None

    def take_alone(self) -> Unit | None:
        """Give out the next unit that must run alone."""
        return self._waiting_alone.popleft() if self._waiting_alone else None

    def put_back(self, unit: Unit) -> None:
        """Let what was given and did not end wait again, before all others: its worker is dead."""
        rest = runs(place for start, stop in unit for place in range(start, stop) if not self.has_ended(place))
        if rest:
            (self._waiting_alone if self._is_exclusive(rest) else self._waiting).appendleft(rest)

    def has_ended(self, position: int) -> bool:
        """Tell whether the test at this position ended, or is not to run."""
        return self._states[position] == _ENDED

    def end(self, position: int) -> TestKey:
        """Note that a test ended.

        Raises:
            WorkerFailed: It had ended before, which would make the sum wrong.
        """
        key = self.keys[position]
        if self._states[position] == _ENDED:
            raise WorkerFailed(f"internal error, please report it: the test {key[0]} ended twice")
        self._states[position] = _ENDED
        self._unfinished -= 1
        return key

    def add(self, test_id: str) -> int:
        """Add a test that nobody collected, which its suite made while it ran, and return its position."""
        ordinal = sum(1 for known, _ in self.keys if known == test_id)
        self.keys.append((test_id, ordinal))
        self._states.append(_UNFINISHED)
        self._unfinished += 1
        return len(self.keys) - 1

    def unfinished(self) -> list[int]:
        """Return the positions of the tests that did not end."""
        return [position for position, state in enumerate(self._states) if state != _ENDED]

    def _is_exclusive(self, unit: Unit) -> bool:
        # A class that wants to be alone may be any of a module that stays together.
        return bool(self._exclusive) and any(place in self._exclusive for start, stop in unit for place in range(start, stop))


def plan(selection: Selection, suite: Suite, jobs: int) -> Schedule:
    """Return the schedule of what the selection chooses of a suite."""
    choose = selection.choose
    order = None if choose is None else _with_whole_blocks(choose(suite.keys), suite.blocks)
    schedule = Schedule(suite, order, shares=jobs > 1)
    if jobs > 1 and not schedule.is_ordered and not suite.ordinals and selection.expected_durations is not None:
        schedule.start_longest_first(selection.expected_durations())
    return schedule


def without(unit: Unit, lost: Collection[int]) -> Unit:
    """Return the unit less some positions."""
    if not lost:
        return unit
    return runs(place for start, stop in unit for place in range(start, stop) if place not in lost)


def runs(positions: Iterable[int]) -> list[Range]:
    """Join positions into ranges, keeping their order."""
    return _joined((position, position + 1) for position in positions)


def _with_whole_blocks(order: Sequence[int], blocks: Sequence[Range]) -> Sequence[int]:
    """Return the order with the rest of each suite of which it has a part: nobody but that suite can run it."""
    if not blocks:
        return order
    block_of = {place: (start, stop) for start, stop in blocks for place in range(start, stop)}
    whole = (range(*block_of[place]) if place in block_of else (place,) for place in order)
    return list(dict.fromkeys(place for places in whole for place in places))


def _only(order: Iterable[int], number: int) -> bytearray:
    """Return states in which only the chosen positions wait."""
    states = bytearray([_ENDED]) * number
    for position in order:
        states[position] = _UNFINISHED
    return states


def _regrouped(order: Iterable[int], borders: Sequence[Range]) -> list[Unit]:
    """Cut the order where it leaves a unit."""
    starts = [start for start, _ in borders]
    rows = groupby(order, key=lambda position: bisect_right(starts, position))
    return [runs(positions) for _, positions in rows]


def _joined(ranges: Iterable[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, stop in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined
