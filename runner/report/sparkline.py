"""Numbers as one line of small bars, oldest first. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

BLOCKS: Final = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
ASCII: Final = "_.-:=+*#"
_UNKNOWN: Final = " "
_NOT_FINITE: Final = "!"


def sparkline(values: Sequence[float | None], levels: str = BLOCKS) -> str:
    """Return a character a value, from the lowest to the highest; `!` where it is not finite, a space where there is none.

    Values that are all equal stand in the middle: nothing moved.

    Args:
        values: Oldest first.
        levels: The characters, lowest first.
    """
    finite = [value for value in values if value is not None and math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    return "".join(_character(value, low, high, levels) for value in values)


def levels_for(encoding: str | None) -> str:
    """Return the characters that a stream of an encoding can show: blocks, or ASCII where it lacks them."""
    try:
        BLOCKS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def _character(value: float | None, low: float, high: float, levels: str) -> str:
    if value is None:
        return _UNKNOWN
    if not math.isfinite(value):
        return _NOT_FINITE
    if high == low:
        return levels[len(levels) // 2]
    # Halved, for the difference of two huge numbers may be infinite.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return levels[min(int(share * len(levels)), len(levels) - 1)]
