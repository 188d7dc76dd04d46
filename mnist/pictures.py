"""Single test images as they lie in the package, without torch: for a report that shows some of them."""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

EXAMPLES: Final = 10_000
SIDE: Final = 28

_DATASET: Final = Path(__file__).parent / "dataset"
_IMAGES_AT, _LABELS_AT = 16, 8
"""Where the header of an IDX file ends. Source: "The MNIST database of handwritten digits", section "File formats"."""


class Picture(NamedTuple):
    """One example.

    Attributes:
        label: 0-9.
        pixels: `SIDE` x `SIDE` bytes in row-major order, 0 is paper and 255 ink.
    """

    label: int
    pixels: bytes


def pictures(positions: Iterable[int]) -> dict[int, Picture]:
    """Return the test examples at these positions, from 0 to `EXAMPLES` - 1.

    Raises:
        OSError: The package lacks its data.
        lzma.LZMAError: They are damaged.
    """
    size = SIDE * SIDE
    files = (_DATASET / f"t10k-{name}-ubyte.xz" for name in ("images-idx3", "labels-idx1"))
    images, labels = (lzma.decompress(file.read_bytes()) for file in files)
    starts = {position: _IMAGES_AT + position * size for position in positions if 0 <= position < EXAMPLES}
    return {at: Picture(labels[_LABELS_AT + at], images[start : start + size]) for at, start in starts.items()}
