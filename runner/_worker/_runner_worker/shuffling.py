"""Shuffle a suite by a seed: modules, in them classes, in these tests, so that what shares fixtures stays together.

The place of each follows from the seed and its own name alone: a part of a suite runs in the order that it has in the whole, and
every worker has the same order.
"""

import hashlib
from itertools import groupby
from unittest.util import strclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .loading import Block, Layout

__unittest = True


def shuffle(layout: "Layout", seed: str) -> None:
    """Put tests, ids and blocks into the order of the seed; `ordinals` keeps which of equal ids a test was in load order."""
    order = _order(layout, _Keys(seed))
    layout.ordinals = _ordinals(layout.ids)
    layout.blocks = _moved(layout.blocks, order)
    place_of = {position: place for place, position in enumerate(order)}
    layout.hollow = {place_of.get(position, position): suites for position, suites in layout.hollow.items()}
    for name in ("tests", "ids", "ordinals"):
        column = getattr(layout, name)
        column[:] = [column[position] for position in order]


class _Keys:
    """What a name is sorted by."""

    def __init__(self, seed: str) -> None:
        self._root = seed.encode("ascii") + b"\0"

    def of(self, name: str) -> bytes:
        return hashlib.blake2b(self._root + name.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _order(layout: "Layout", keys: _Keys) -> list[int]:
    """Return the positions in the new order; what has the same name keeps its order, for sorting is stable."""
    modules: dict[str, list[list[int]]] = {}
    for row in _rows(layout):
        modules.setdefault(type(layout.tests[row[0]]).__module__, []).append(row)
    return [
        position for module in sorted(modules, key=keys.of) for row in modules[module] for position in _within(layout, row, keys)
    ]


def _rows(layout: "Layout") -> list[list[int]]:
    """Cut the suite into blocks, which keep their own order, and rows of tests that lie together in one module."""
    block_of = {position: start for start, block in layout.blocks.items() for position in range(block.start, block.stop)}
    kinds = map(type, layout.tests)
    places = [(block_of.get(position), kind.__module__) for position, kind in enumerate(kinds)]
    return [list(row) for _, row in groupby(range(len(places)), key=places.__getitem__)]


def _within(layout: "Layout", row: list[int], keys: _Keys) -> list[int]:
    block = layout.blocks.get(row[0])
    if block is not None:
        return row
    classes: dict[str, list[int]] = {}
    for position in row:
        classes.setdefault(strclass(type(layout.tests[position])), []).append(position)
    return [
        position
        for name in sorted(classes, key=keys.of)
        for position in sorted(classes[name], key=lambda place: keys.of(layout.ids[place]))
    ]


def _ordinals(ids: list[str]) -> list[int]:
    seen: dict[str, int] = {}
    ordinals = []
    for test_id in ids:
        ordinals.append(seen.get(test_id, 0))
        seen[test_id] = ordinals[-1] + 1
    return ordinals


def _moved(blocks: "dict[int, Block]", order: list[int]) -> "dict[int, Block]":
    moved = {}
    for place, position in enumerate(order):
        block = blocks.get(position)
        if block is not None and block.start == position:
            block.start, block.stop = place, place + block.stop - block.start
            moved[place] = block
    return moved
