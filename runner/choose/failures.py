"""The tests that failed when they were last recorded: only those, or those first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry.encoding import key_text
from runner.choose.chain import class_of
from runner.events import TestKey

if TYPE_CHECKING:
    from registry.past.latest import LastFailures

_FAILED_IMPORT = "unittest.loader._FailedTest."


class OnlyFailed:
    """The step of --last-failed."""

    def __init__(self, last: LastFailures) -> None:
        self._last = last

    def __call__(self, keys: Sequence[TestKey], positions: Sequence[int]) -> tuple[list[int], str]:
        """Keep the tests that failed, in the order they are in."""
        kept = [position for position in positions if _failed(self._last, keys[position])]
        if kept:
            return kept, f"last failed: {len(kept)} of {len(positions)} tests"
        names = [name for name, _ in sorted(self._last.tests)] + sorted(self._last.units)
        return kept, (
            f"none of the {len(positions)} selected tests failed when it was last recorded; what did fail is not among them, "
            f"such as {names[0]}"
        )


class FailedFirst:
    """The step of --failed-first."""

    def __init__(self, last: LastFailures) -> None:
        self._last = last

    def __call__(self, keys: Sequence[TestKey], positions: Sequence[int]) -> tuple[list[int], str]:
        """Put failed tests first in their class, such classes first in their module, and such modules first.

        Classes and modules stay whole, so that no fixture runs twice.
        """
        failed = {position for position in positions if _failed(self._last, keys[position])}
        classes = {class_of(keys[position][0]) for position in failed}
        modules = {class_of(name) for name in classes}
        places = {name: place for place, name in reversed(list(enumerate(_blocks(keys, positions))))}

        def rank(position: int) -> tuple[bool, int, bool, int, bool]:
            owner = class_of(keys[position][0])
            module = class_of(owner)
            return module not in modules, places[module], owner not in classes, places[owner], position not in failed

        return sorted(positions, key=rank), f"failed first: {len(failed)} of {len(positions)} tests"


def _blocks(keys: Sequence[TestKey], positions: Sequence[int]) -> list[str]:
    """Return modules and classes in the order in which they come up, some of them more than once."""
    return [name for position in positions for owner in [class_of(keys[position][0])] for name in (class_of(owner), owner)]


def _failed(last: LastFailures, key: TestKey) -> bool:
    test_id, ordinal = key
    stored = key_text(test_id), ordinal
    if stored in last.tests or test_id.startswith(_FAILED_IMPORT):
        return True
    return any(test_id.startswith(f"{unit}.") and stored not in since for unit, since in last.units.items())
