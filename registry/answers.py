"""Which examples of a data set were answered rightly, as bitmaps, and what differs between two of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_BITS = 8
_HIGHEST = 0x80


@dataclass(frozen=True, slots=True)
class Answers:
    """What a training answered rightly at its end.

    Attributes:
        split: Part of the data set: "test" or "validation".
        examples: Number of examples.
        bits: A bit an example in the order of the data set, highest bit of a byte first, as `numpy.packbits` has it: 1 is right.
            The bits that are left over are 0.
    """

    split: str
    examples: int
    bits: bytes

    @property
    def right(self) -> int:
        """Return how many were answered rightly."""
        return int.from_bytes(self.bits).bit_count()


@dataclass(frozen=True, slots=True)
class Flips:
    """Examples that one of two trainings answered rightly and the other did not.

    Attributes:
        split: Part of the data set.
        examples: Size of that part.
        lost: Positions, from 0, of what was right in A and is wrong in B, ascending.
        gained: Positions of what was wrong in A and is right in B, ascending.
    """

    split: str
    examples: int
    lost: tuple[int, ...] = ()
    gained: tuple[int, ...] = ()


def problem(answers: Answers) -> str | None:
    """Return what is wrong with a bitmap, in words; None for a sound one."""
    needed = -(-answers.examples // _BITS)
    if answers.examples < 1 or len(answers.bits) != needed:
        return f"the answers of {answers.split} have {len(answers.bits):,} bytes for {answers.examples:,} examples"
    spare = needed * _BITS - answers.examples
    if answers.bits[-1] & ((1 << spare) - 1):
        return f"the answers of {answers.split} go past their {answers.examples:,} examples"
    return None


def flips(a: Answers, b: Answers) -> Flips:
    """Return what A and B, of the same part and size, answered differently."""
    return Flips(a.split, a.examples, tuple(_only(a.bits, b.bits)), tuple(_only(b.bits, a.bits)))


def _only(first: bytes, second: bytes) -> Iterator[int]:
    """Yield the positions of the bits that are set in the first alone."""
    for position, (one, other) in enumerate(zip(first, second, strict=True)):
        found = one & ~other
        if found:
            yield from (position * _BITS + bit for bit in range(_BITS) if found & (_HIGHEST >> bit))
