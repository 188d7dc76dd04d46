"""Glyphs of causes, and digits as PNG."""

from __future__ import annotations

import base64
import hashlib
import struct
import unittest
import zlib

from runner.report.glyphs import DIGIT_SIDE, glyph_path, png_uri


def causes(number: int) -> list[str]:
    """Return hashes as causes have them."""
    return [hashlib.sha256(str(n).encode()).hexdigest()[:16] for n in range(number)]


class Glyphs(unittest.TestCase):
    """A picture a cause."""

    def test_it_is_always_the_same(self):
        """The glyph of a cause hangs on nothing but the cause: tomorrow's report has the same."""
        self.assertEqual(glyph_path("0123456789abcdef"), glyph_path("0123456789abcdef"))
        self.assertEqual(hashlib.sha256(glyph_path("0123456789abcdef").encode()).hexdigest()[:8], "2036715a")

    def test_causes_can_be_told_apart(self):
        """Of the glyphs of a hundred causes nearly all differ, and none is nearly empty or nearly full."""
        paths = [glyph_path(cause) for cause in causes(100)]
        self.assertGreater(len(set(paths)), 95)
        squares = [path.count("M") for path in paths]
        self.assertGreaterEqual(min(squares), 6)
        self.assertLessEqual(max(squares), 22)

    def test_it_is_mirrored(self):
        """A glyph is the same from left and from right, which makes it a face one remembers."""
        for cause in causes(20):
            squares = {tuple(map(int, part[:3].split())) for part in glyph_path(cause).split("M")[1:]}
            self.assertEqual({(4 - x, y) for x, y in squares}, squares)


class Digits(unittest.TestCase):
    """28 x 28 bytes of grey."""

    def test_the_pixels_come_back(self):
        """A PNG decoder gets the pixels back as they were."""
        pixels = bytes(number % 256 for number in range(DIGIT_SIDE * DIGIT_SIDE))
        png = base64.b64decode(png_uri(pixels).removeprefix("data:image/png;base64,"))
        self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
        found = chunks(png[8:])
        self.assertEqual(found[b"IHDR"], struct.pack(">IIBBBBB", DIGIT_SIDE, DIGIT_SIDE, 8, 0, 0, 0, 0))
        rows = zlib.decompress(found[b"IDAT"])
        self.assertEqual(b"".join(rows[start + 1 : start + 29] for start in range(0, len(rows), 29)), pixels)


def chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a PNG by their names, of which the sums are right."""
    found = {}
    while data:
        (length,) = struct.unpack(">I", data[:4])
        name, body, checksum = data[4:8], data[8 : 8 + length], data[8 + length : 12 + length]
        if checksum != struct.pack(">I", zlib.crc32(name + body)):
            raise AssertionError(name)
        found[name], data = body, data[12 + length :]
    return found


if __name__ == "__main__":
    unittest.main()
