"""Small pictures of a report: a glyph a cause, the same in every report, and digits as PNG. Pure.

A glyph is a pattern of five by five squares, mirrored, made from the cause's hash: the eye finds the same failure again in
another row or another night, where sixteen digits would have to be compared.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import Final

SIDE: Final = 5
"""Squares of a glyph a side."""

DIGIT_SIDE: Final = 28
"""Pixels of a digit a side."""

_HALF: Final = (SIDE + 1) // 2
_FEWEST, _MOST = 6, 11
_GREYSCALE_8_BIT: Final = b"\x08\0\0\0\0"


def glyph_path(cause: str) -> str:
    """Return the outline of a cause's glyph as the `d` of an SVG path in a square of `SIDE` units."""
    return "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(_squares(cause)) for x, is_set in enumerate(row) if is_set)


def _squares(cause: str) -> list[list[bool]]:
    """Return the first pattern of the hash that is neither nearly empty nor nearly full, for those look alike."""
    for bits in _patterns(cause):
        if _FEWEST <= bits.count("1") <= _MOST:
            break
    halves = [[bit == "1" for bit in bits[start : start + _HALF]] for start in range(0, SIDE * _HALF, _HALF)]
    return [[*half, *half[-2::-1]] for half in halves]


def _patterns(cause: str) -> Iterator[str]:
    digest = hashlib.sha256(cause.encode("utf-8", "backslashreplace")).digest()
    for start in range(0, len(digest) - 1, 2):
        yield f"{int.from_bytes(digest[start : start + 2]):016b}"[: SIDE * _HALF]


def png_uri(pixels: bytes) -> str:
    """Return a digit as a PNG in a `data:` address.

    Args:
        pixels: `DIGIT_SIDE` x `DIGIT_SIDE` bytes of grey in row-major order.
    """
    rows = (pixels[start : start + DIGIT_SIDE] for start in range(0, len(pixels), DIGIT_SIDE))
    header = struct.pack(">II", DIGIT_SIDE, len(pixels) // DIGIT_SIDE) + _GREYSCALE_8_BIT
    image = zlib.compress(b"".join(b"\0" + row for row in rows), level=9)
    png = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", image) + _chunk(b"IEND", b"")
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
