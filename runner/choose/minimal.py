"""Delta debugging: the smallest part of a list that still does what the whole list does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")


def minimal(items: Sequence[Item], does_it: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """Return a part of the list, in its order, that does it and from which nothing can be left out.

    Source: A. Zeller and R. Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28(2), 2002 (ddmin).

    Args:
        items: The whole list, which does it.
        does_it: Asked for no part twice in a row; about twice the logarithm of the length where one item is to blame.
    """
    kept, parts = list(items), 2
    while len(kept) > 1:
        cuts = [len(kept) * part // parts for part in range(parts + 1)]
        borders = list(pairwise(cuts))
        chunks = [kept[start:stop] for start, stop in borders]
        smaller = next((chunk for chunk in chunks if does_it(chunk)), None)
        if smaller is not None:
            kept, parts = smaller, 2
            continue
        # Of two parts, what is left without one is the other.
        rests = [kept[:start] + kept[stop:] for start, stop in borders] if len(borders) > 2 else []  # noqa: PLR2004
        rest = next((rest for rest in rests if does_it(rest)), None)
        if rest is not None:
            kept, parts = rest, max(parts - 1, 2)
        elif parts == len(kept):
            break
        else:
            parts = min(2 * parts, len(kept))
    return kept
