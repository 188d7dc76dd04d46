"""Long lists of keys in parts, for a database takes only so many values in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Key = TypeVar("Key")

CHUNK = 1_000
"""Keys looked up by one statement."""


def chunks(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Yield the keys in their order, `CHUNK` at a time."""
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
