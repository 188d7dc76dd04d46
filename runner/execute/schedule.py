"""What is left to run: each collected test waits, is given to a worker, and ends once."""

from __future__ import annotations

from bisect import bisect_right
from itertools import groupby
from typing import TYPE_CHECKING

from runner.errors import WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.events import TestKey

_WAITING, _GIVEN, _ENDED = range(3)

Range = tuple[int, int]
"""Positions start <= position < stop, in load order."""


def keys_of(ids: Iterable[str]) -> list[TestKey]:
    """Number the tests of each id in load order."""
    seen: dict[str, int] = {}
    keys = []
    for test_id in ids:
        ordinal = seen.get(test_id, 0)
        seen[test_id] = ordinal + 1
        keys.append((test_id, ordinal))
    return keys


class Schedule:
    """The tests of a run, by their position in load order, and how far each is.

    A unit is a row of tests that one worker runs in one go, for they share a class or a module fixture.

    Args:
        ids: `TestCase.id()` in load order; ids may repeat.
        units: Positions at which a unit starts, ascending.
        order: The positions to run, in the order in which to run them; None runs all of them in load order.
    """

    def __init__(self, ids: Sequence[str], units: Sequence[int], order: Sequence[int] | None = None) -> None:
        self.keys = keys_of(ids)
        borders = list(zip(units, [*units[1:], len(self.keys)], strict=False))
        self.order = range(len(self.keys)) if order is None else order
        self._units = [[border] for border in borders] if order is None else _regrouped(order, borders)
        self._states = bytearray(len(self.keys)) if order is None else _only(order, len(self.keys))
        self.collected = self._unfinished = len(self.order)

    @property
    def is_complete(self) -> bool:
        """Tell whether every test ended."""
        return self._unfinished == 0

    def take(self, limit: int | None = None) -> list[Range]:
        """Give out what waits in the first units that have something, at most `limit` units, as ranges in the order to run."""
        ranges: list[Range] = []
        for unit in self._units:
            if limit is not None and limit <= 0:
                break
            waiting = runs(place for start, stop in unit for place in range(start, stop) if self._states[place] == _WAITING)
            for first, last in waiting:
                self._states[first:last] = bytes([_GIVEN]) * (last - first)
            ranges += waiting
            limit = limit - bool(waiting) if limit is not None else None
        return _joined(ranges)

    def give_back(self) -> None:
        """Let what was given and did not end wait again: its worker is dead."""
        for position, state in enumerate(self._states):
            if state == _GIVEN:
                self._states[position] = _WAITING

    def has_ended(self, position: int) -> bool:
        """Tell whether the test at this position ended."""
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
        self._states.append(_GIVEN)
        self._unfinished += 1
        return len(self.keys) - 1

    def unfinished(self) -> list[int]:
        """Return the positions of the tests that did not end."""
        return [position for position, state in enumerate(self._states) if state != _ENDED]


def runs(positions: Iterable[int]) -> list[Range]:
    """Join positions into ranges, keeping their order."""
    return _joined((position, position + 1) for position in positions)


def _only(order: Iterable[int], number: int) -> bytearray:
    """Return states in which only the chosen positions wait."""
    states = bytearray([_ENDED]) * number
    for position in order:
        states[position] = _WAITING
    return states


def _regrouped(order: Iterable[int], borders: Sequence[Range]) -> list[list[Range]]:
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
